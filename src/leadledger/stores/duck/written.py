"""Takes over into the mirror what the CRM confirmed of our own writes, so that reading it back is no news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import duckdb
import numpy as np

from leadledger.domain.intents import Outcome
from leadledger.ports import Stream
from leadledger.stores.duck.columns import columns
from leadledger.stores.duck.connection import quoted
from leadledger.stores.duck.pages import table


def take_over(connection: duckdb.DuckDBPyConnection, stream: Stream, outcomes: Sequence[Outcome]) -> None:
    """Put the values of confirmed writes into their rows; the caller holds the transaction.

    One statement per distinct set of fields (a batch nearly always writes the same ones). `modified_us` stays
    where the outcome does not tell it.
    """
    texts = {name for name, type_ in columns(stream).items() if type_ == "VARCHAR" and name != "id"}
    groups: dict[tuple[str, ...], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[tuple(sorted(texts & (outcome.values or {}).keys()))].append(outcome)
    for names, told in groups.items():
        rows = {
            "id": np.array([o.record.id for o in told], dtype=object),
            "modified_us": np.array([o.modified_us for o in told], dtype=np.int64),
        }
        for position, name in enumerate(names):
            values = [(o.values or {})[name] for o in told]
            rows[f"v{position}"] = np.ma.masked_array(
                np.array([value or "" for value in values], dtype=object), [value is None for value in values]
            )
        assigned = "".join(
            f"{quoted(name)} = w.v{position}::VARCHAR, " for position, name in enumerate(names)
        )
        connection.register("written_rows", rows)
        try:
            connection.execute(
                f"UPDATE {table(stream)} AS r SET {assigned}"
                "modified_us = CASE WHEN w.modified_us > 0 THEN w.modified_us ELSE r.modified_us END "
                "FROM written_rows w WHERE r.id = w.id"
            )
        finally:
            connection.unregister("written_rows")
