"""What the ledger keeps about runs: the organisations it belongs to, each run, rejected rows, totals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from leadledger.domain.records import RecordRef
from leadledger.errors import BugError, StateError
from leadledger.ports import Rejected, RunRecord
from leadledger.stores.sqlite.statements import load
from leadledger.stores.text import storable

SQL = load("runs.sql")


def pin_org(connection: sqlite3.Connection, place: str, crm: str, org_id: str, name: str) -> None:
    """Remember an organisation; its name may change (an empty one leaves it), its id may not."""
    pinned = connection.execute(SQL["pinned_org"], (crm,)).fetchone()
    if pinned and pinned[0] != org_id:
        raise StateError(
            f"{place} belongs to {crm} organisation {pinned[0]}, but {org_id} answered. "
            "Use its own LEADLEDGER_STATE_DIR for each organisation, or the credentials of the pinned one."
        )
    connection.execute(SQL["pin_org"], (crm, org_id, storable(name)))


def begin(connection: sqlite3.Connection, run: RunRecord) -> None:
    """Open a run."""
    connection.execute(
        SQL["begin"],
        (
            run.run_id,
            run.command,
            run.definition,
            run.definition_version,
            run.definition_digest,
            run.started_us,
            run.ended_us,
            run.outcome,
            _encode(run.summary),
        ),
    )


def end(
    connection: sqlite3.Connection, run_id: str, ended_us: int, outcome: str, summary: Mapping[str, Any]
) -> None:
    """Close a run. Raises BugError for one that was never begun."""
    if not connection.execute(SQL["end"], (ended_us, outcome, _encode(summary), run_id)).rowcount:
        raise BugError(f"run {run_id} was never begun")


def latest(connection: sqlite3.Connection, limit: int) -> Sequence[RunRecord]:
    """Newest first."""
    return [
        RunRecord(
            run_id, command, definition, version, digest, started_us, ended_us, outcome, json.loads(summary)
        )
        for (
            run_id,
            command,
            definition,
            version,
            digest,
            started_us,
            ended_us,
            outcome,
            summary,
        ) in connection.execute(SQL["latest"], (limit,))
    ]


def reject(connection: sqlite3.Connection, run_id: str, rejected: Sequence[Rejected], at_us: int) -> None:
    """One row per record and reason; seen again, it only gets a new last time."""
    connection.executemany(
        SQL["reject"],
        ((storable(str(r.record)), storable(r.reason), at_us, at_us, run_id) for r in rejected),
    )


def rejected(connection: sqlite3.Connection, limit: int) -> Sequence[tuple[Rejected, int, int]]:
    """(row, first seen, last seen), newest first."""
    return [
        (Rejected(RecordRef.parse(record), reason), first_us, last_us)
        for record, reason, first_us, last_us in connection.execute(SQL["rejected"], (limit,))
    ]


def totals(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Rows per table, open intents, and people per stage (`stage:mql`; `stage:` for nobody's stage yet)."""
    return dict(connection.execute(SQL["totals"]).fetchall())


def _encode(summary: Mapping[str, Any]) -> str:
    return json.dumps(dict(summary), separators=(",", ":"))
