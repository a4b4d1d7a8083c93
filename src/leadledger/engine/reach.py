"""Says which records are the same people as some records, without looking at everybody: for incremental runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from leadledger.domain.definition import Definition
from leadledger.engine.conditions import fact_column, quoted
from leadledger.engine.keys import SPEAKS, email_key, id_key, joins_by
from leadledger.engine.records import RecordRows, raw
from leadledger.ports import Kind, Sql, Stream

_EMAIL = quoted(fact_column("email"))
_KEYS = ("crm", "object", "id")


def reach(
    sql: Sql, definition: Definition, streams: Sequence[Stream], records: Collection[str]
) -> frozenset[str]:
    """The records (`crm/object/id`) and all that are the same people by the mirror's data, to a fixpoint.

    Also who else has an address at which an activity came in that names no record: the activity belongs to one
    of them, and only all of them together say to whom.
    """
    every = _every(definition, streams)
    if not every or not records:
        return frozenset(records)
    parted = [ref.split("/", 2) for ref in records]
    sql.register(
        "fresh_records",
        {name: np.array([part[k] for part in parted], dtype=object) for k, name in enumerate(_KEYS)},
    )
    sql.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT crm, object, id FROM fresh_records")
    sql.unregister("fresh_records")
    sql.execute("CREATE OR REPLACE TEMP TABLE reached AS SELECT * FROM fresh")
    steps = [*_steps(definition), *_shared_addresses(definition, streams)]
    while sql.execute("SELECT count(*) FROM fresh").fetchall()[0][0]:
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE front AS SELECT e.* FROM ({every}) e SEMI JOIN fresh f USING (crm, object, id)"
        )
        found = " UNION ALL ".join(f"SELECT e.crm, e.object, e.id FROM ({every}) e {step}" for step in steps)
        sql.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT DISTINCT crm, object, id "
            f"FROM ({found}) ANTI JOIN reached USING (crm, object, id)"
        )
        sql.execute("INSERT INTO reached SELECT * FROM fresh")
    rows = sql.execute("SELECT crm || '/' || object || '/' || id FROM reached").fetchall()
    for table in ("fresh", "front", "reached"):
        sql.execute(f"DROP TABLE IF EXISTS {table}")
    return frozenset(row[0] for row in rows)


def _every(definition: Definition, streams: Sequence[Stream]) -> str:
    """The query of all records with what joins them to others; empty where the mirror has no people."""
    facts = [name for name in ("email", *definition.identity.references) if name in definition.facts()]
    rows = RecordRows(definition, streams, facts, account_owners=False).query()
    if not rows:
        return ""
    columns = ["crm", "object", "id", "converted_to", "merged_into", f"{SPEAKS} AS speaks"]
    if "email" in facts:
        joins = joins_by(_EMAIL, definition.identity) if definition.identity.by_email else "false"
        columns.append(f"CASE WHEN {SPEAKS} THEN {email_key(_EMAIL, definition.identity)} END AS email")
        columns.append(f"{joins} AS joins")
    columns += [quoted(fact_column(name)) for name in definition.identity.references if name in facts]
    return f"SELECT {', '.join(columns)} FROM ({rows})"


def _steps(definition: Definition) -> list[str]:
    """What leads from the records in `front` to others `e`: joins that filter."""
    steps = [
        "SEMI JOIN (SELECT crm, unnest([converted_to, merged_into]) AS other FROM front) f ON f.crm = e.crm AND f.other = e.id",
        "SEMI JOIN front f ON f.crm = e.crm AND f.id = e.converted_to",
        "SEMI JOIN front f ON f.crm = e.crm AND f.id = e.merged_into",
    ]
    facts = definition.facts()
    if definition.identity.by_email and "email" in facts:
        steps.append("SEMI JOIN (SELECT email FROM front WHERE joins) f ON f.email = e.email WHERE e.joins")
    for name in definition.identity.references:
        if name in facts:
            column = quoted(fact_column(name))
            steps += [
                f"SEMI JOIN front f ON {id_key(f'f.{column}')} = {id_key('e.id')} AND f.crm <> e.crm AND f.speaks AND e.speaks",
                f"SEMI JOIN front f ON {id_key('f.id')} = {id_key(f'e.{column}')} AND f.crm <> e.crm AND f.speaks AND e.speaks",
            ]
    return steps


def _shared_addresses(definition: Definition, streams: Sequence[Stream]) -> list[str]:
    """The step to others with an address that makes nobody one person, but at which an activity came in."""
    tables = {
        raw(stream)
        for stream in streams
        if stream.kind is Kind.ACTIVITIES
        and any((s.crm, s.stream) == (stream.crm, stream.name) for s in definition.activities)
    }
    identity = definition.identity
    apart = bool(identity.ignore_domains) or not identity.by_email
    if not tables or not apart or "email" not in definition.facts():
        return []
    key = email_key("address", identity)
    addresses = " UNION ALL ".join(
        f"SELECT lower(trim(person_email)) AS address FROM {table} WHERE person IS NULL AND person_email IS NOT NULL"
        for table in sorted(tables)
    )
    met = f"SELECT email FROM front WHERE NOT joins AND email IN (SELECT {key} FROM ({addresses}))"
    return [f"SEMI JOIN ({met}) f ON f.email = e.email"]
