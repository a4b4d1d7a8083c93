"""Decides field by field what is written: our value, the CRM's, and what we last confirmed. Pure.

Semantics section 6: `own`, `yield`, `fill`, `never_lower`, `min_change`, `at_most_every`; a first date that we did
not write is never changed; a counter is never lowered; companions go along with another change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.domain.changes import FieldChange, Kept
from leadledger.domain.decisions import Decision
from leadledger.domain.definition import Definition
from leadledger.domain.records import RecordRef
from leadledger.domain.values import Value, ValueKind, mapped_text, same, value_of
from leadledger.domain.writeback import COMPANIONS, FieldMapping, Policy, WriteTarget

Confirmed = Mapping[str, tuple[str | None, int]]
"""Field -> (value that we last knew the CRM to have taken from us, when in microseconds)."""

THEIRS = frozenset({"set by a person", "adopted"})
"""Triggers of the entries that follow the CRM's own stage field."""


@dataclass(frozen=True, slots=True)
class Present:
    """One record as the mirror holds it: field -> text, and what we last confirmed there."""

    record: RecordRef
    values: Mapping[str, str | None]
    confirmed: Confirmed


@dataclass(frozen=True, slots=True)
class Desired:
    """What this decision asks of one record: the changes, and what was left alone with the reason."""

    changes: tuple[FieldChange, ...]
    kept: tuple[Kept, ...]
    waiting: bool = False
    """Whether a change was held back by `at_most_every` alone: it is due later, whatever happens."""


def diff(
    target: WriteTarget,
    present: Present,
    decision: Decision,
    definition: Definition,
    owner_id: str | None,
    stamp: str,
) -> Desired:
    """Compare one record with one decision. `owner_id` is set only when a hand-over is due.

    No change gives no write: companions and held-back numbers alone are no reason to touch a record.
    """
    certain: list[FieldChange] = []
    held: list[FieldChange] = []
    companions: list[FieldChange] = []
    kept: list[Kept] = []
    waiting = False
    for mapping in target.fields:
        value = _value(mapping, decision, definition, owner_id, stamp)
        if value is None:
            continue
        theirs, ours = present.values.get(mapping.field), mapped_text(mapping, value)
        if mapping.value == "stage" and mapping.values and value.text not in mapping.values:
            continue  # a stage that the CRM has no word for is not written
        if value.text is None and mapping.value not in COMPANIONS:
            continue  # having nothing to say is no reason to empty a field
        if same(value.kind, theirs, ours, definition.time_zone):
            if theirs is None and ours is not None:  # an empty number that is 0 to us
                held.append(_change(mapping, None, ours, decision, definition))
            continue
        change = _change(mapping, theirs, ours, decision, definition)
        if mapping.value in COMPANIONS:
            companions.append(change)
            continue
        why = _objection(mapping, value, theirs, ours, present, decision, definition)
        if why:
            kept.append(Kept(present.record, mapping.field, theirs, ours, why))
        elif _small(mapping, theirs, ours):
            held.append(change)
        elif _soon(mapping, theirs, present, decision):
            held.append(change)
            waiting = True
        else:
            certain.append(change)
    return Desired((*certain, *held, *companions) if certain else (), tuple(kept), waiting and not certain)


def _value(
    mapping: FieldMapping, decision: Decision, definition: Definition, owner_id: str | None, stamp: str
) -> Value | None:
    if mapping.value == "owner":
        return Value(ValueKind.TEXT, owner_id) if owner_id else None
    if mapping.value == "stamp":
        return Value(ValueKind.TEXT, stamp)
    return value_of(mapping.value, decision, definition, mapping.decimals)


def _change(
    mapping: FieldMapping, theirs: str | None, ours: str | None, decision: Decision, definition: Definition
) -> FieldChange:
    return FieldChange(
        mapping.field, theirs, ours, mapping.value, _reason(mapping.value, decision, definition)
    )


def _reason(value: str, decision: Decision, definition: Definition) -> str:
    """Why this field has this value, in a few words; the whole story is in `explain`."""
    stage = value.removesuffix("_first_at").removesuffix("_last_at").removesuffix("_count")
    stage = value.partition("_at_")[2] or stage
    if value in definition.counters():
        stage = next(s.id for s in definition.lifecycle.stages if s.counter == value)
    if value in {"stage", "stage_since", "cycle"}:
        stage = decision.stage
    entries = [t for t in decision.transitions if t.stage == stage]
    if entries:
        latest = entries[-1]
        return f"{latest.stage} by {latest.trigger}" + (" (inferred)" if latest.inferred else "")
    if value in {"score", "engagement"}:
        counted = sum(c.count for c in decision.contributions if c.kind == "engagement")
        return f"{counted} activities count"
    if value in {"fit", "grade"}:
        return f"{decision.facts_known} of {decision.facts_asked} facts known"
    if value == "owner":
        return "hand-over"
    return ""


def _objection(
    mapping: FieldMapping,
    value: Value,
    theirs: str | None,
    ours: str | None,
    present: Present,
    decision: Decision,
    definition: Definition,
) -> str:
    """Why a differing value is left alone; empty when it may be written."""
    if not theirs:
        return ""
    base = present.confirmed.get(mapping.field)
    confirmed_us = base[1] if base else 0
    untouched = base is not None and same(value.kind, theirs, base[0], definition.time_zone)
    if mapping.policy is Policy.FILL:
        return "the field is filled already"
    if mapping.value.endswith("_first_at") and not untouched:
        return "a first date that was set by others is never changed"
    lower = value.kind is ValueKind.NUMBER and _number(theirs) > _number(ours)
    if lower and (mapping.policy is Policy.NEVER_LOWER or mapping.value in definition.counters()):
        return "the CRM's number is larger, and this field is never lowered"
    if mapping.policy is not Policy.YIELD or mapping.value == "owner" or untouched:
        return ""
    if mapping.value == "stage":
        return _stage_objection(mapping, theirs, decision, definition, confirmed_us)
    return "set by a person" if base else "set before we came"


def _stage_objection(
    mapping: FieldMapping, theirs: str, decision: Decision, definition: Definition, confirmed_us: int
) -> str:
    """A person's stage stands until new evidence moves the lead on.

    Where the CRM keeps the field's history, a person's stage is an entry of ours: ours says the same, and a rule
    that moves on later is written, wherever it leads. Otherwise we only ever move on from it forward.
    """
    order = [stage.id for stage in definition.lifecycle.stages if not stage.side]
    words = {text: stage for stage, text in mapping.values.items()} or {
        stage.id: stage.id for stage in definition.lifecycle.stages
    }
    found = words.get(theirs)
    if found is not None and _was_theirs(decision, found, confirmed_us):
        return ""
    if confirmed_us and decision.stage_since_us <= confirmed_us:
        return "set by a person since our last write"
    if found is None and confirmed_us:
        return ""  # a word that the definition does not know (HubSpot's `subscriber`) is no stage that it could be behind
    if found in order and decision.stage in order and order.index(found) < order.index(decision.stage):
        return ""
    return (
        "set by a person, and not behind ours" if confirmed_us else "set before we came, and not behind ours"
    )


def _was_theirs(decision: Decision, stage: str, confirmed_us: int) -> bool:
    """Whether the person entered a stage as the CRM said, not before our last write, and has moved on since."""
    return any(
        t.stage == stage and t.trigger in THEIRS and t.at_us >= confirmed_us
        for t in decision.transitions[:-1]
    )


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _small(mapping: FieldMapping, theirs: str | None, ours: str | None) -> bool:
    """A change below `min_change` waits until more has come together, or something else of the record changes."""
    return (
        theirs is not None
        and mapping.min_change is not None
        and abs(_number(ours) - _number(theirs)) < mapping.min_change
    )


def _soon(mapping: FieldMapping, theirs: str | None, present: Present, decision: Decision) -> bool:
    """A change within `at_most_every` of the last one waits until the time is over."""
    base = present.confirmed.get(mapping.field)
    return bool(
        theirs is not None
        and mapping.at_most_every is not None
        and base
        and decision.as_of_us - base[1] < mapping.at_most_every
    )


def emptied(changes: Sequence[FieldChange]) -> int:
    """How many fields these changes would empty."""
    return sum(change.old is not None and change.new is None for change in changes)
