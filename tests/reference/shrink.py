"""Makes a case that fails as small as it gets, and writes it down as Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import Stage, WhenTrigger
from leadledger.domain.scoring import EngagementRule, Fit
from reference.generate import Case, sources
from reference.history import Person
from reference.small import a_definition

Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails) -> Case:
    """Drop what is not needed for the failure, greedily, until nothing more can be dropped."""
    again = True
    while again:
        again = False
        for smaller in _smaller(case):
            if fails(smaller):
                case, again = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """The case without one thing. What is left may name what is gone: then it fails in another way, or not."""
    for record in case.people if len(case.people) > 1 else ():
        yield replace(case, people={record: case.people[record]})
    for record, person in case.people.items():
        for less in _persons(person):
            yield replace(case, people={**case.people, record: less})
    for definition in _definitions(case.definition):
        yield replace(case, definition=definition)


def _persons(person: Person) -> Iterator[Person]:
    for name in ("activities", "deals", "assigned", "statuses", "stages_set"):
        held = getattr(person, name)
        if len(held) > 4:
            half = len(held) // 2
            yield replace(person, **{name: held[:half]})
            yield replace(person, **{name: held[half:]})
        for place in range(len(held)):
            yield replace(person, **{name: held[:place] + held[place + 1 :]})
    if person.converted_us is not None:
        yield replace(person, converted_us=None)
    for fact in person.facts:
        if fact != "email":
            yield replace(person, facts={name: held for name, held in person.facts.items() if name != fact})


def _definitions(d: Definition) -> Iterator[Definition]:
    nothing: dict[str, Any] = {"models": (), "personas": (), "classification": None, "exclude_when": None}
    for name, empty in nothing.items():
        if getattr(d, name) != empty:
            yield replace(d, **{name: empty})
    if d.fit != Fit():
        yield replace(d, fit=Fit())
    for fit_rule in d.fit.rules:
        yield replace(d, fit=replace(d.fit, rules=tuple(r for r in d.fit.rules if r is not fit_rule)))
    for target in d.targets:
        for mapping in target.fields[1:]:
            kept = tuple(m for m in target.fields if m is not mapping)
            yield replace(d, targets=(replace(target, fields=kept),))
    engagement = d.engagement
    bounds: dict[str, Any] = {"inactivity": None, "reset_on": (), "max": None, "floor": 0.0}
    for name, empty in bounds.items():
        if getattr(engagement, name) != empty:
            yield replace(d, engagement=replace(engagement, **{name: empty}))
    for place, rule in enumerate(engagement.rules):
        others = engagement.rules[:place], engagement.rules[place + 1 :]
        for less in ((), *((r,) for r in _rules(rule))):
            yield replace(d, engagement=replace(engagement, rules=(*others[0], *less, *others[1])))
    stages = d.lifecycle.stages
    for place, stage in enumerate(stages):
        for fewer in ((), *((s,) for s in _stages(stage))):
            kept_stages = (*stages[:place], *fewer, *stages[place + 1 :])
            yield replace(d, lifecycle=replace(d.lifecycle, stages=kept_stages))


def _rules(rule: EngagementRule) -> Iterator[EngagementRule]:
    nothing: dict[str, Any] = dict.fromkeys(
        ("category", "limit", "window", "decay", "max_points", "burst", "gate")
    )
    for name, empty in nothing.items():
        if getattr(rule, name) is not None:
            yield replace(rule, **{name: empty})
    if rule.auto_qualify:
        yield replace(rule, auto_qualify=False)


def _stages(stage: Stage) -> Iterator[Stage]:
    for place, trigger in enumerate(stage.triggers):
        others = stage.triggers[:place], stage.triggers[place + 1 :]
        yield replace(stage, triggers=(*others[0], *others[1]))
        if isinstance(trigger, WhenTrigger) and trigger.until is not None:
            yield replace(stage, triggers=(*others[0], replace(trigger, until=None), *others[1]))
    effects: dict[str, Any] = {"adds": (), "restores": None, "cooldown": 0, "routes": False, "counter": None}
    effects |= {"resets_engagement": False, "stamped_when_skipped": True}
    for name, empty in effects.items():
        if getattr(stage, name) != empty:
            yield replace(stage, **{name: empty})


def source(value: Any) -> str:
    """A value as Python that builds it again; fields that hold their default are left out."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, ZoneInfo):
        return f"ZoneInfo({value.key!r})"
    if isinstance(value, date):
        return f"date({value.year}, {value.month}, {value.day})"
    if isinstance(value, Definition):
        plain = a_definition()
        changed = {f.name: getattr(value, f.name) for f in fields(value)}
        written = {n: source(held) for n, held in changed.items() if held != getattr(plain, n)}
        if value.activities == sources():
            written["activities"] = "sources()"
        return f"a_definition({', '.join(f'{name}={text}' for name, text in written.items())})"
    if is_dataclass(value) and not isinstance(value, type):
        given = ", ".join(
            f"{f.name}={source(getattr(value, f.name))}"
            for f in fields(value)
            if f.default is MISSING or getattr(value, f.name) != f.default
        )
        return f"{type(value).__name__}({given})"
    if isinstance(value, tuple):
        return "(" + "".join(f"{source(part)}, " for part in value) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{source(key)}: {source(held)}" for key, held in value.items()) + "}"
    return repr(value)
