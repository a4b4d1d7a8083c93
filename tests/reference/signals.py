"""What happened to the person besides activities: deals, conversion, assignment, field histories, stages set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import (
    AssignedTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    Signal,
    StatusTrigger,
    TimerTrigger,
    Trigger,
)
from reference.history import Person

KINDS = ("deal created", "deal won", "deal lost", "converted", "assigned", "fact", "status", "stage")
"""In the order in which signals of one instant are walked."""


@dataclass(frozen=True)
class Happening:
    """One signal by itself. `field` and `value`: of a history; `value` alone: the stage that a person set."""

    at_us: int
    kind: str
    id: str
    field: str = ""
    value: str = ""

    def order(self) -> tuple[int, int, str, str]:
        """By instant, then kind, then id."""
        return self.at_us, KINDS.index(self.kind), self.id, self.field


def happenings(definition: Definition, person: Person, as_of_us: int) -> list[Happening]:
    """All signals up to an instant that the lifecycle listens to, in their order."""
    listening = [t for t in _listened(definition) if not isinstance(t, TimerTrigger)]
    stages = {stage.id for stage in definition.lifecycle.stages}
    found = [
        one
        for one in _everything(definition, person)
        if one.at_us <= as_of_us
        and (
            one.value in stages
            if one.kind == "stage"
            else any(answers(trigger, one, definition) for trigger in listening)
        )
    ]
    return sorted(dict.fromkeys(found), key=Happening.order)


def answers(trigger: Trigger, one: Happening, definition: Definition) -> bool:
    """Whether a trigger listens to this signal."""
    match trigger:
        case DealTrigger(event):
            return one.kind == f"deal {event.value}"
        case ConvertedTrigger():
            return one.kind == "converted"
        case AssignedTrigger():
            return one.kind == "assigned"
        case StatusTrigger(field, becomes):
            return one.kind == "status" and one.field == field and _among(one.value, becomes)
        case FactTrigger(fact, becomes):
            return one.kind == "fact" and one.field == fact and _among(one.value, becomes)
        case _:
            return False


def _among(value: str, becomes: tuple[str, ...]) -> bool:
    return value.lower() in {word.lower() for word in becomes}


def _everything(definition: Definition, person: Person) -> Iterator[Happening]:
    for event in DealEvent:
        for what, at, id_ in person.deals:
            if what is event:
                yield Happening(at, f"deal {event.value}", id_)
    if person.converted_us is not None:
        yield Happening(person.converted_us, "converted", "")
    for at, id_ in person.assigned:
        yield Happening(at, "assigned", id_)
    for field, value, at, id_ in person.statuses:
        yield Happening(at, "status", id_, field, value)
        for fact, fields in _fields(definition).items():
            if field in fields:
                yield Happening(at, "fact", id_, fact, value)
    for trigger in _listened(definition):
        if isinstance(trigger, FactTrigger):
            yield from _first_seen(trigger, definition, person)
    for stage, at, id_ in person.stages_set:
        yield Happening(at, "stage", id_, "", stage)


def _first_seen(trigger: FactTrigger, definition: Definition, person: Person) -> Iterator[Happening]:
    """A fact of today that no history tells of: it is seen when the record last changed."""
    today = person.facts.get(trigger.fact)
    fields = _fields(definition).get(trigger.fact, frozenset())
    told = any(field in fields and _among(value, trigger.becomes) for field, value, _, _ in person.statuses)
    if today is not None and _among(today, trigger.becomes) and not told and person.changed_us is not None:
        yield Happening(person.changed_us, "fact", f"fact:{trigger.fact}", trigger.fact, today)


def _fields(definition: Definition) -> Mapping[str, frozenset[str]]:
    """Fact -> the CRM fields that it comes from."""
    found: dict[str, set[str]] = {}
    for source in definition.people:
        for fact, field in source.facts.items():
            found.setdefault(fact, set()).add(field)
    return {fact: frozenset(fields) for fact, fields in found.items()}


def _listened(definition: Definition) -> Iterator[Trigger | Signal]:
    """All triggers, and what timers wait without."""
    for stage in definition.lifecycle.stages:
        for trigger in stage.triggers:
            yield trigger
            if isinstance(trigger, TimerTrigger):
                yield from trigger.without
