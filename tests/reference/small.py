"""Small definitions and persons for cases that one calculates by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.domain.conditions import Compare, Condition, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR, MINUTE
from leadledger.domain.lifecycle import ActivityTrigger, Lifecycle, Stage, StatusTrigger, WhenTrigger
from leadledger.domain.routing import Routing
from leadledger.domain.scoring import Engagement, EngagementRule, Fit
from leadledger.domain.sources import PeopleSource
from reference.history import Activity, Person
from reference.outcome import Outcome

START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, a Thursday; one o'clock in Berlin."""

FIELDS = {
    "email": "Email",
    "company": "Company",
    "title": "Title",
    "employees": "Employees",
    "country": "Country",
    "consent": "Consent",
}
"""Fact -> field of the lead."""


def at(days: float = 0, hours: float = 0, minutes: float = 0) -> int:
    """An instant after START."""
    return START + int(days * DAY + hours * HOUR + minutes * MINUTE)


def asks(name: str, op: Op, value: Any, space: Space = Space.COMPUTED) -> Condition:
    """One comparison, by default of a computed value."""
    return Compare(space, name, op, value)


def over(points: float, name: str = "engagement") -> Condition:
    """Strictly more."""
    return asks(name, Op.OVER, points)


def below(points: float, name: str = "engagement") -> Condition:
    """Strictly less."""
    return asks(name, Op.BELOW, points)


def of_type(type_: str) -> Condition:
    """An activity of one type."""
    return asks("type", Op.IS, type_, Space.ACTIVITY)


def rule(type_: str, points: float, **more: Any) -> EngagementRule:
    """A rule for all activities of one type, named like it."""
    return EngagementRule(more.pop("id", type_), of_type(type_), points, **more)


def level(id_: str, condition: Condition, until: Condition | None = None, **more: Any) -> Stage:
    """A stage that a level trigger enters."""
    return Stage(id_, (WhenTrigger(condition, until),), **more)


def by_type(id_: str, type_: str, **more: Any) -> Stage:
    """A stage that an activity of one type enters."""
    return Stage(id_, (ActivityTrigger(of_type(type_)),), **more)


def a_definition(engagement: Engagement | None = None, *stages: Stage, **changes: Any) -> Definition:
    """A definition over Salesforce leads in Berlin, without fit rules and without targets."""
    plain = Definition(
        name="reference",
        version="1",
        digest="0" * 64,
        time_zone=ZoneInfo("Europe/Berlin"),
        connections=("salesforce",),
        people=(PeopleSource("salesforce", "Lead", FIELDS),),
        activities=(),
        engagement=engagement or Engagement(),
        fit=Fit(),
        lifecycle=Lifecycle(stages),
        routing=Routing(),
        targets=(),
    )
    return replace(plain, **changes)


def happened(*what: tuple[str, int], **more: Any) -> Person:
    """A person with activities (type, instant), numbered in this order; `facts`, `deals` and so on as they are."""
    activities = tuple(
        Activity(f"a{number}", instant, type_, "sales" if type_ in {"call", "meeting"} else "marketing")
        for number, (type_, instant) in enumerate(what)
    )
    return Person(activities=activities, **more)


def path(outcome: Outcome) -> list[tuple[str, int]]:
    """(stage, instant) of every entry, inferred ones with a question mark."""
    return [(entry.stage + "?" * entry.inferred, entry.at_us) for entry in outcome.entries]


def points(outcome: Outcome) -> float:
    """Engagement as a number of points."""
    return outcome.engagement / 1_000_000


VISITS = Engagement((rule("visit", 10), rule("form", 30), rule("careers", -20), rule("call", 0)))
MQL = level("mql", over(15), counter="mqls", reenter_from=("recycled",))
RECYCLED = Stage(
    "recycled", (StatusTrigger("Status", ("Recycle",)),), side=True, sources=("mql",), resets_engagement=True
)


def recycled(*instants: int) -> tuple[tuple[str, str, int, str], ...]:
    """Changes of the status that send the person back."""
    return tuple(("Status", "recycle", instant, f"s{instant}") for instant in instants)
