"""Hand-overs with their receipts, and the rotation of each pool, which moves in the same transaction."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from leadledger.domain.changes import Handover
from leadledger.domain.routing import Owner, Skip
from leadledger.stores.sqlite.statements import load

SQL = load("assignments.sql")


def record(connection: sqlite3.Connection, run_id: str, handovers: Iterable[Handover]) -> None:
    """Store new picks and what they did to the pools; a pick that is there already changes nothing."""
    for h in handovers:
        row = (h.person_id, h.key, h.crm, h.owner.id, h.way, h.rule, h.pool, _encode(h), run_id)
        if connection.execute(SQL["insert"], row).rowcount and h.pool:
            connection.execute(SQL["empty_pool"], (h.pool,))
            connection.executemany(
                SQL["insert_credit"], ((h.pool, member, credit) for member, credit in h.credits.items())
            )


def credits(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Pool -> member -> credit."""
    pools: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for pool, member, credit in connection.execute(SQL["credits"]):
        pools[pool][member] = credit
    return dict(pools)


def by_key(connection: sqlite3.Connection, keys: Sequence[str]) -> Mapping[str, Handover]:
    """`<transition key>/<crm>` -> pick, for those that exist."""
    wanted = json.dumps([key.rpartition("/")[::2] for key in keys])
    return {
        key: _decode(person_id, transition_key, payload)
        for key, person_id, transition_key, payload in connection.execute(SQL["by_key"], (wanted,))
    }


def of_person(connection: sqlite3.Connection, person_id: str) -> Sequence[Handover]:
    """All picks of a person, oldest first."""
    return [_decode(*row) for row in connection.execute(SQL["of_person"], (person_id,))]


def _encode(handover: Handover) -> str:
    payload = asdict(handover)
    del payload["person_id"], payload["key"]
    return json.dumps(payload, separators=(",", ":"))


def _decode(person_id: str, key: str, payload: str) -> Handover:
    # Person and key come from their columns: a merge re-points them and leaves the receipt as it was.
    fields = json.loads(payload)
    owner = fields["owner"]
    return Handover(
        **{
            **fields,
            "person_id": person_id,
            "key": key,
            "owner": Owner(**{**owner, "objects": tuple(owner["objects"])}),
            "skipped": tuple(Skip(**skip) for skip in fields["skipped"]),
        }
    )
