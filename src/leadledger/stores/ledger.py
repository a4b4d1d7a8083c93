"""The ledger in one SQLite file: what was decided, dealt and written, kept for good."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadledger.domain.changes import Handover
from leadledger.domain.decisions import Decision
from leadledger.domain.intents import Intent, IntentState
from leadledger.domain.records import RecordRef
from leadledger.ports import Known, Population, Rejected, RunRecord
from leadledger.stores.sqlite import assignments, people, runs
from leadledger.stores.sqlite import intents as intent_rows
from leadledger.stores.sqlite import known as knowledge
from leadledger.stores.sqlite.connection import LedgerFile

TOGETHER = 50_000
"""Decisions in one transaction: a million in one would need its own size again for the log."""


class SqliteLedger:
    """`ports.Ledger` over a file, or over memory for `":memory:"`.

    One process writes; any number may read with `read_only=True`, also while it writes (SQLite wants them to be
    allowed to write to the directory all the same, for the index of its log). Each method but
    `record_decisions` is one transaction, durable (WAL, synchronous=FULL) when it returns. Any method may raise StateError when the disk
    or the file fails, and LockHeldError when another process writes for longer than five seconds.

    Raises StateError for a file that is damaged, foreign, of a newer schema or not writable; a file that is
    missing is made, unless only reading was asked for.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self._file = LedgerFile(path, read_only=read_only)

    def pin_org(self, crm: str, org_id: str, name: str) -> None:
        """Remember which organisation this ledger belongs to. Raises StateError for another one."""
        with self._file.write() as connection:
            runs.pin_org(connection, self._file.place, crm, org_id, name)

    def begin_run(self, run: RunRecord) -> None:
        """Open a run."""
        with self._file.write() as connection:
            runs.begin(connection, run)

    def end_run(self, run_id: str, ended_us: int, outcome: str, summary: Mapping[str, Any]) -> None:
        """Close a run with its outcome."""
        with self._file.write() as connection:
            runs.end(connection, run_id, ended_us, outcome, summary)

    def runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """The latest runs, newest first."""
        with self._file.read() as connection:
            return runs.latest(connection, limit)

    def known(
        self, records: Collection[str] | None = None, stage_fields: Mapping[str, str] | None = None
    ) -> Known:
        """What later evaluations take as given; only of the people of these records where some are given.

        `stage_fields`: `crm/object` -> the field that the stage is written to, for `Known.stage_writes`.
        """
        with self._file.read() as connection:
            return knowledge.known(connection, records, stage_fields or {})

    def due(self, as_of_us: int) -> Sequence[str]:
        """Records of the people for whom something changes by itself up to this instant."""
        with self._file.read() as connection:
            return knowledge.due(connection, as_of_us)

    def unsettled(self) -> Sequence[str]:
        """Records of the people whose decided writes are not all settled."""
        with self._file.read() as connection:
            return knowledge.unsettled(connection)

    def population(self, but: Collection[str] = ()) -> Population:
        """How many people there are and where they stand, without the people of some records."""
        with self._file.read() as connection:
            return knowledge.population(connection, but)

    def record_decisions(
        self, run_id: str, decisions: Iterable[Decision], handovers: Iterable[Handover]
    ) -> int:
        """Store decisions, what they bring, and picks; returns the number of new transitions.

        Records that were known under another person unite the two, see `stores.sqlite.people`.
        """
        batch, picks = tuple(decisions), tuple(handovers)
        alive = {d.person_id for d in batch}
        picked = {h.person_id for h in picks}
        with self._file.write() as connection:
            new = people.record(connection, run_id, [d for d in batch if d.person_id in picked], alive)
            assignments.record(connection, run_id, picks)
        rest = [d for d in batch if d.person_id not in picked] if picked else batch
        for start in range(0, len(rest), TOGETHER):
            with self._file.write() as connection:
                new += people.record(connection, run_id, rest[start : start + TOGETHER], alive)
        return new

    def mark_gone(self, person_ids: Iterable[str]) -> None:
        """The CRMs hold no record of these people any more."""
        with self._file.write() as connection:
            people.mark_gone(connection, person_ids)

    def settle_decisions(self, person_ids: Iterable[str]) -> None:
        """All writes of these people are settled."""
        with self._file.write() as connection:
            people.settle(connection, person_ids)

    def credits(self) -> dict[str, dict[str, int]]:
        """Pool -> member -> credit of the rotation."""
        with self._file.read() as connection:
            return assignments.credits(connection)

    def handovers(self, keys: Sequence[str]) -> Mapping[str, Handover]:
        """Picks that exist already, by `<transition key>/<crm>`."""
        with self._file.read() as connection:
            return assignments.by_key(connection, keys)

    def plan_intents(self, intents: Sequence[Intent]) -> None:
        """Write-ahead: durable when this returns."""
        with self._file.write() as connection:
            intent_rows.plan(connection, intents)

    def mark_sent(self, intent_ids: Sequence[str], sent_at_us: int) -> None:
        """The request is about to leave. Raises BugError for an intent that is further than planned."""
        with self._file.write() as connection:
            intent_rows.send(connection, intent_ids, sent_at_us)

    def settle_intents(self, outcomes: Sequence[tuple[str, IntentState, str]], at_us: int) -> None:
        """(intent id, state, reason). Raises BugError, and stores nothing, for a move that is not allowed."""
        with self._file.write() as connection:
            intent_rows.settle(connection, outcomes, at_us)

    def open_intents(self) -> Sequence[Intent]:
        """Intents that are not in a terminal state, oldest first."""
        with self._file.read() as connection:
            return intent_rows.open_(connection)

    def confirmed(
        self, record: RecordRef | None = None
    ) -> Mapping[str, Mapping[str, tuple[str | None, int]]]:
        """Record -> field -> (last value that the CRM took from us, when in microseconds)."""
        with self._file.read() as connection:
            return intent_rows.confirmed(connection, record)

    def reject(self, run_id: str, rejected: Sequence[Rejected], at_us: int) -> None:
        """Remember rejected rows, one per record and reason."""
        with self._file.write() as connection:
            runs.reject(connection, run_id, rejected, at_us)

    def rejected(self, limit: int = 1000) -> Sequence[tuple[Rejected, int, int]]:
        """(row, first seen, last seen), newest first."""
        with self._file.read() as connection:
            return runs.rejected(connection, limit)

    def decision(self, person_or_record: str) -> Decision | None:
        """The stored decision of a person id, a record (`crm/object/id`), or a bare CRM id.

        A Salesforce id is found in both of its lengths. Raises UsageError for an id of several people.
        """
        with self._file.read() as connection:
            return people.decision(connection, person_or_record)

    def handovers_of(self, person_id: str) -> Sequence[Handover]:
        """All picks of a person, oldest first."""
        with self._file.read() as connection:
            return assignments.of_person(connection, person_id)

    def intents_of(self, person_id: str) -> Sequence[Intent]:
        """All intents of a person, oldest first."""
        with self._file.read() as connection:
            return intent_rows.of_person(connection, person_id)

    def totals(self) -> Mapping[str, int]:
        """Rows per table, open intents, and people per stage under `stage:<id>`."""
        with self._file.read() as connection:
            return runs.totals(connection)

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._file.close()
