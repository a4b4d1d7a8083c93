"""Scoring rules as frozen values: engagement from activities, fit from facts. Semantics sections 2 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class Burst:
    """One award at the `times`-th matching activity in `(t - within, t]`; each activity is used once."""

    times: int
    within: int


@dataclass(frozen=True, slots=True)
class HalfLife:
    """After each `span` (microseconds) half of an award is left."""

    span: int


@dataclass(frozen=True, slots=True)
class Linear:
    """An award falls in a straight line, second by second, and is worth 0 from age `over` (microseconds) on."""

    over: int


@dataclass(frozen=True, slots=True)
class Steps:
    """With each full `every` (microseconds) an award loses `percent` (0 to 100) of what is left of it."""

    percent: float
    every: int


Decay = HalfLife | Linear | Steps


@dataclass(frozen=True, slots=True)
class PointsBy:
    """Points by the text of an attribute (case does not matter); `default` for any other, also for none."""

    attribute: str
    values: Mapping[str, float]
    default: float = 0.0


@dataclass(frozen=True, slots=True)
class EngagementRule:
    """Points for an activity that meets `when`.

    `points` may be negative; with `points_by` they hang on an attribute instead. `gate` is a condition on the
    person's state just before the activity's instant (counters, `stage`, `cycle`, `fit`, `grade`). `window`
    (microseconds) ends an award; `max_points` caps the rule's sum at any instant. Without a category a rule
    stands alone.
    """

    id: str
    when: Condition
    points: float = 0.0
    category: str | None = None
    limit: Limit | None = None
    window: int | None = None
    decay: Decay | None = None
    max_points: float | None = None
    auto_qualify: bool = False
    points_by: PointsBy | None = None
    burst: Burst | None = None
    gate: Condition | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """Bounds on the sum of a category's rules."""

    id: str
    max: float | None = None
    min: float | None = None


@dataclass(frozen=True, slots=True)
class Inactivity:
    """`points` (negative) at the end of each full quiet period: `after` the last counted activity, then `every`.

    `counts` are the activity types that end a quiet period. Spans in microseconds.
    """

    points: float
    after: int
    every: int
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BotGuard:
    """Which opens and clicks are a machine's: kept, but without points. A hand-raise never is.

    `types` may be suspected. `within` (microseconds) after an activity of type `delivery` with the same asset or
    campaign; `times` activities or more inside `burst` (microseconds); or one that meets `scanner`.
    """

    types: tuple[str, ...]
    delivery: str | None = None
    within: int = 0
    times: int = 0
    burst: int = 0
    scanner: Condition | None = None


@dataclass(frozen=True, slots=True)
class Engagement:
    """All engagement rules; the total never stays below `floor`, and is clamped at `max`.

    `reset_on`: conditions on an activity after whose instant only later awards count.
    """

    rules: tuple[EngagementRule, ...] = ()
    categories: tuple[Category, ...] = ()
    floor: float = 0.0
    max: float | None = None
    inactivity: Inactivity | None = None
    reset_on: tuple[Condition, ...] = ()
    bot_guard: BotGuard | None = None


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points for facts that meet `when`; `points_unknown` when a fact it needs is not known.

    `personas` replaces `points` for people of a persona.
    """

    id: str
    when: Condition
    points: float
    points_unknown: float = 0.0
    personas: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter from `at_least` fit points on. The lowest grade of a scale has no bound (`None`)."""

    letter: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of profile grading: moves the grade by `thirds` of a letter when it holds."""

    id: str
    when: Condition
    thirds: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Profile grading: everybody starts at `start` and moves by thirds of a letter, between A+ and F."""

    start: str
    criteria: tuple[Criterion, ...]


PROFILE_SCALE = (
    "A+", "A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D+", "D", "D-", "F",
)  # fmt: skip
"""The grades of profile grading, best first; one step is a third of a letter."""


@dataclass(frozen=True, slots=True)
class Fit:
    """All fit rules, bounds of their sum, and the grades in descending order (or a profile)."""

    rules: tuple[FitRule, ...] = ()
    min: float | None = None
    max: float | None = None
    grades: tuple[Grade, ...] = ()
    profile: Profile | None = None

    def letters(self) -> tuple[str, ...]:
        """The grades that a person can have, best first."""
        return PROFILE_SCALE if self.profile else tuple(grade.letter for grade in self.grades)


@dataclass(frozen=True, slots=True)
class FitModel:
    """One of several fit models side by side (a segment, a product, a region).

    Its own values are `fit_<id>` and `grade_<id>` for everybody. The first model whose `when` holds for a
    person is the person's: it gives `fit` and `grade`. None: only side by side.
    """

    id: str
    fit: Fit
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """A buyer persona: the first one whose `when` holds is the person's, and the fact `persona`."""

    id: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Band:
    """A name from `at_least` points on; the lowest has no bound (`None`)."""

    name: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class Classification:
    """Bands of fit x bands of engagement (`A1` … `D4`), best first, and what to do with each cell."""

    fit: tuple[Band, ...]
    engagement: tuple[Band, ...]
    disposition: Mapping[str, str] = field(default_factory=dict)
    """Cell -> `assign`, `nurture` or `discard`."""
