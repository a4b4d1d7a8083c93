"""Scoring rules as frozen values: engagement from activities, fit from facts. Semantics sections 2 and 3."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leadledger.domain.conditions import Condition

MICRO = 1_000_000
"""Points are whole millionths inside the engine, so that sums are exact in any order."""


class Calendar(StrEnum):
    """A limit per calendar unit of the definition's time zone (weeks begin on Monday), or per lifetime."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` awards of one rule per calendar unit, or in the span `(t - per, t]` of microseconds."""

    times: int
    per: Calendar | int


@dataclass(frozen=True, slots=True)
class EngagementRule:
    """Points for an activity that meets `when`.

    `points` may be negative. `window` (microseconds) ends an award, `half_life` (microseconds) halves it again
    and again; `max_points` caps the rule's sum at any instant. Without a category a rule stands alone.
    """

    id: str
    when: Condition
    points: float
    category: str | None = None
    limit: Limit | None = None
    window: int | None = None
    half_life: int | None = None
    max_points: float | None = None
    auto_qualify: bool = False


@dataclass(frozen=True, slots=True)
class Category:
    """Bounds on the sum of a category's rules."""

    id: str
    max: float | None = None
    min: float | None = None


@dataclass(frozen=True, slots=True)
class Engagement:
    """All engagement rules; the total never stays below `floor`, and is clamped at `max`."""

    rules: tuple[EngagementRule, ...] = ()
    categories: tuple[Category, ...] = ()
    floor: float = 0.0
    max: float | None = None


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points for facts that meet `when`; `points_unknown` when a fact it needs is not known."""

    id: str
    when: Condition
    points: float
    points_unknown: float = 0.0


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter from `at_least` fit points on. The lowest grade of a scale has no bound (`None`)."""

    letter: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class Fit:
    """All fit rules, bounds of their sum, and the grades in descending order."""

    rules: tuple[FitRule, ...] = ()
    min: float | None = None
    max: float | None = None
    grades: tuple[Grade, ...] = ()
