"""Recover: settle what an earlier run left open, before anything else is read or written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from leadledger.domain.definition import Definition
from leadledger.domain.intents import Intent, IntentState
from leadledger.domain.values import ValueKind, same
from leadledger.ports import Crm
from leadledger.sync.context import Context
from leadledger.sync.write import kind_of, send_intents

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many open intents ended how."""

    found: int = 0
    confirmed: int = 0
    """The write had been applied, or the same values were sent again and taken."""
    abandoned: int = 0
    """Proven never to have left the process."""
    conflict: int = 0
    """Somebody else changed the record since: their values stand, the next plan looks again."""
    refused: int = 0
    unknown: int = 0


def recover(context: Context, *, resend: bool = True) -> Recovered:
    """Ask the CRM what became of each open intent; `resend`: whether what was not applied may be sent again.

    Never sent: abandoned. The stamp, or else every value, is there: confirmed. All as before the write: the same
    absolute values are sent again. Anything else was done by others: conflict.
    """
    open_ = context.ledger.open_intents()
    count = dict.fromkeys(IntentState, 0)
    groups: dict[tuple[str, str], list[Intent]] = defaultdict(list)
    for intent in open_:
        if intent.state is IntentState.PLANNED:
            context.ledger.settle_intents(
                [(intent.intent_id, IntentState.ABANDONED, "it never left the process")],
                context.clock.now_us(),
            )
            count[IntentState.ABANDONED] += 1
        else:
            groups[intent.record.crm, intent.record.object].append(intent)
    for (crm, object_), intents in groups.items():
        if crm in context.crms:
            for start in range(0, len(intents), context.crms[crm].batch_size):
                batch = intents[start : start + context.crms[crm].batch_size]
                for state in _settle(context, context.crms[crm], object_, batch, resend=resend):
                    count[state] += 1
    if open_:
        log.info("intents.recovered", count=len(open_), confirmed=count[IntentState.CONFIRMED])
    return Recovered(
        len(open_),
        count[IntentState.CONFIRMED],
        count[IntentState.ABANDONED],
        count[IntentState.CONFLICT],
        count[IntentState.REFUSED],
        count[IntentState.UNKNOWN],
    )


def _settle(
    context: Context, crm: Crm, object_: str, intents: list[Intent], *, resend: bool
) -> list[IntentState]:
    fields = sorted({name for intent in intents for name in intent.target})
    # The process ended, or the answer never came: either way nobody knows yet.
    context.ledger.settle_intents(
        [
            (intent.intent_id, IntentState.UNKNOWN, intent.reason or "no answer was seen")
            for intent in intents
        ],
        crm.org().now_us,
    )
    fresh = crm.read(object_, [intent.record.id for intent in intents], fields)
    rows: list[tuple[str, IntentState, str]] = []
    again: list[Intent] = []
    for intent in intents:
        verdict = verdict_on(intent, fresh.get(intent.record.id), context.definition)
        if verdict is None and resend:
            again.append(intent)
        elif verdict is None:
            rows.append((intent.intent_id, IntentState.UNKNOWN, "not applied; the next run sends it again"))
        else:
            rows.append((intent.intent_id, *verdict))
    if again:
        context.ledger.mark_sent([intent.intent_id for intent in again], crm.org().now_us)
        outcomes = send_intents(crm, object_, again)
        rows += [(i.intent_id, outcomes[i.record].state, outcomes[i.record].reason) for i in again]
    context.ledger.settle_intents(rows, crm.org().now_us)
    return [state for _, state, _ in rows]


def verdict_on(
    intent: Intent, fresh: Mapping[str, str | None] | None, definition: Definition
) -> tuple[IntentState, str] | None:
    """What became of a write, or None when it was not applied and the same values may be sent again."""
    if fresh is None:
        return IntentState.CONFLICT, "the record is gone"
    now = {name: fresh.get(name) or None for name in intent.target}
    if intent.stamp and intent.stamp in now.values():
        return IntentState.CONFIRMED, "its stamp is there"
    kinds = _kinds(intent, definition)
    if all(
        same(kinds[name], now[name], value, definition.time_zone) for name, value in intent.target.items()
    ):
        return IntentState.CONFIRMED, "its values are there"
    before = intent.expected
    if all(same(kinds[name], now[name], before.get(name), definition.time_zone) for name in intent.target):
        return None
    return IntentState.CONFLICT, "changed by others since"


def _kinds(intent: Intent, definition: Definition) -> Mapping[str, ValueKind]:
    """What the fields hold: a CRM says `5.0` for 5, and writes an instant in its own way."""
    record = intent.record
    values = {
        mapping.field: mapping.value
        for target in definition.targets
        if (target.crm, target.object) == (record.crm, record.object)
        for mapping in target.fields
    }
    return {
        name: kind_of(values[name], definition) if name in values else ValueKind.TEXT
        for name in intent.target
    }
