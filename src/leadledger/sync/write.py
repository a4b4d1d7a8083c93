"""Write: intent into the ledger, request, outcome into the ledger; batch by batch, each record read fresh before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import structlog

from leadledger.domain.changes import FieldChange, Plan, RecordChange
from leadledger.domain.decisions import Decision
from leadledger.domain.definition import Definition
from leadledger.domain.intents import Intent, IntentState, Outcome
from leadledger.domain.records import RecordRef
from leadledger.domain.values import ValueKind, same, value_of
from leadledger.domain.writeback import COMPANIONS
from leadledger.errors import RetryLaterError, WriteInDoubtError
from leadledger.ports import Crm
from leadledger.sync.context import Context
from leadledger.sync.plan import write_id

log = structlog.get_logger()

LISTED = 100
"""Records that a summary names one by one; the ledger holds them all."""


@dataclass(slots=True)
class Written:
    """Where every planned change went; `planned` is the sum of the others."""

    planned: int = 0
    confirmed: int = 0
    already: int = 0
    """The CRM said so before we wrote: nothing was sent."""
    refused: int = 0
    unknown: int = 0
    drifted: int = 0
    """Changed by others since the plan: skipped, and looked at again by the next run."""
    deferred: int = 0
    """Not sent because a limit was reached."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Reason of a refusal or a skip -> how often."""
    left_out: list[dict[str, str]] = field(default_factory=list)
    """What was refused, unknown or skipped as drifted, at most `LISTED`: record, what, reason."""
    unsettled: set[str] = field(default_factory=set)
    """People of whom something is still to be written."""

    def note(self, change: RecordChange, what: str, reason: str = "") -> None:
        """Count one planned change under `what`."""
        setattr(self, what, getattr(self, what) + 1)
        if reason:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if what not in {"confirmed", "already"}:
            self.unsettled.add(change.person_id)
        if what in {"refused", "unknown", "drifted"} and len(self.left_out) < LISTED:
            self.left_out.append({"record": str(change.record), "what": what, "reason": reason})


def write_plan(context: Context, plan: Plan, run_id: str) -> Written:
    """Send the changes of a plan, exactly them. Rows that drifted are skipped; a limit defers the rest.

    The decisions and hand-overs of the plan must be in the ledger already.
    """
    written = Written(planned=len(plan.changes))
    groups: dict[tuple[str, str], list[RecordChange]] = defaultdict(list)
    for change in plan.changes:
        groups[change.record.crm, change.record.object].append(change)
    done = 0
    for (crm, object_), changes in groups.items():
        writer = _Writer(context, context.crms[crm], object_, plan, run_id, written)
        later: RetryLaterError | None = None
        for batch in _batches(changes, context.crms[crm].batch_size):
            if later is None:
                try:
                    writer.send(batch)
                except RetryLaterError as exc:
                    later = exc
            if later is not None:
                for change in batch:
                    if change.record not in writer.settled:
                        written.note(change, "deferred", str(later))
            done += len(batch)
            context.progress.step("write", done, len(plan.changes))
    return written


@dataclass(slots=True)
class _Writer:
    """Writes the changes of one object of one CRM."""

    context: Context
    crm: Crm
    object: str
    plan: Plan
    run_id: str
    written: Written
    settled: set[RecordRef] = field(default_factory=set)

    def send(self, batch: Sequence[RecordChange]) -> None:
        """Read fresh, compare, store the intents, send, store the outcomes."""
        fields = sorted({change.field for row in batch for change in row.fields})
        fresh = self.crm.read(self.object, [row.record.id for row in batch], fields)
        ready = [row for row in batch if self._still_as_planned(row, fresh.get(row.record.id))]
        if not ready:
            return
        intents = [self._intent(row, fresh[row.record.id]) for row in ready]
        self.context.ledger.plan_intents(intents)
        self.context.ledger.mark_sent([i.intent_id for i in intents], self.crm.org().now_us)
        outcomes = send_intents(self.crm, self.object, intents)
        self._settle(ready, intents, outcomes)

    def _still_as_planned(self, row: RecordChange, fresh: Mapping[str, str | None] | None) -> bool:
        if fresh is None:
            self._note(row, "drifted", "the record is gone")
            return False
        different = [c for c in row.fields if c.value not in COMPANIONS]
        if all(self._same(c, fresh.get(c.field), c.new) for c in different):
            self._note(row, "already")
            return False
        drifted = [c.field for c in different if not self._same(c, fresh.get(c.field), c.old)]
        if drifted:
            self._skip(row, f"changed since the plan: {', '.join(drifted)}")
            return False
        return True

    def _skip(self, row: RecordChange, reason: str) -> None:
        """Remember what was meant for a record that others changed: the next plan must not take it for news."""
        self._note(row, "drifted", reason)
        intent = self._intent(row, {c.field: c.old for c in row.fields})
        self.context.ledger.plan_intents([intent])
        self.context.ledger.settle_intents(
            [(intent.intent_id, IntentState.ABANDONED, reason)], self.crm.org().now_us
        )

    def _same(self, change: FieldChange, theirs: str | None, ours: str | None) -> bool:
        definition = self.context.definition
        return same(kind_of(change.value, definition), theirs, ours, definition.time_zone)

    def _intent(self, row: RecordChange, fresh: Mapping[str, str | None]) -> Intent:
        return Intent(
            intent_id=f"{write_id(self.plan.plan_id, row.record)}-{self.run_id}",
            run_id=self.run_id,
            person_id=row.person_id,
            record=row.record,
            expected={c.field: fresh.get(c.field) for c in row.fields},
            target={c.field: c.new for c in row.fields},
            stamp=next((c.new or "" for c in row.fields if c.value == "stamp"), ""),
        )

    def _settle(
        self, ready: Sequence[RecordChange], intents: Sequence[Intent], outcomes: Mapping[RecordRef, Outcome]
    ) -> None:
        rows = []
        for row, intent in zip(ready, intents, strict=True):
            outcome = outcomes[row.record]
            rows.append((intent.intent_id, outcome.state, outcome.reason))
            self._note(row, outcome.state.value, outcome.reason)
        # By the CRM's clock: policies compare this with the times of evidence, which are the CRM's too.
        self.context.ledger.settle_intents(rows, self.crm.org().now_us)
        confirmed = [
            _as_written(row, outcomes[row.record])
            for row in ready
            if outcomes[row.record].state is IntentState.CONFIRMED
        ]
        self.context.mirror.note_written(self.crm.name, self.object, confirmed)
        log.info("batch.written", crm=self.crm.name, object=self.object, count=len(rows))

    def _note(self, row: RecordChange, what: str, reason: str = "") -> None:
        self.settled.add(row.record)
        self.written.note(row, what, reason)


def _as_written(row: RecordChange, outcome: Outcome) -> Outcome:
    """What the mirror may take over: what the CRM answered, or else what was sent and confirmed."""
    sent = {change.field: change.new for change in row.fields}
    sent |= {change.value: change.new for change in row.fields if change.value == "owner"}
    return replace(outcome, values={**(outcome.values or {}), **sent})


def kind_of(value: str, definition: Definition) -> ValueKind:
    """What a computed value is by its name, whoever it belongs to."""
    if value in {"owner", "stamp"}:
        return ValueKind.TEXT
    return value_of(value, Decision("", (), 0), definition).kind


def send_intents(crm: Crm, object_: str, intents: Sequence[Intent]) -> Mapping[RecordRef, Outcome]:
    """One request for some intents of one object; every intent gets an outcome, UNKNOWN when in doubt."""
    try:
        outcomes = crm.write(object_, {i.record.id: i.target for i in intents})
    except WriteInDoubtError as exc:
        outcomes = [Outcome(i.record, IntentState.UNKNOWN, str(exc)) for i in intents]
    found = {outcome.record: outcome for outcome in outcomes}
    for intent in intents:
        found.setdefault(
            intent.record, Outcome(intent.record, IntentState.UNKNOWN, "the CRM did not mention this row")
        )
    return found


def _batches(changes: Sequence[RecordChange], size: int) -> Iterator[list[RecordChange]]:
    rows = iter(changes)
    while batch := list(islice(rows, size)):
        yield batch
