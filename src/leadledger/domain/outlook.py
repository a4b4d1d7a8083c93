"""What would change a person's stage, and what will change by itself: both come true when replayed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """So many more activities that meet this rule, now, would lead into the stage."""

    rule: str
    times: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A stage further on and what leads to it. `points`: millionths that are missing, 0 where not only points are.
    `remedies`: the fewest activities first. `waits`: no condition on the score leads there, something must happen.
    """

    stage: str
    condition: str
    points: int
    remedies: tuple[Remedy, ...]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Fall:
    """When a comparison that holds now will hold no more, if nothing happens."""

    comparison: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """One person's outlook as of an instant. `next_at_us` 0: nothing changes by itself."""

    as_of_us: int
    next_at_us: int = 0
    next_what: str = ""
    gaps: tuple[Gap, ...] = ()
    falls: tuple[Fall, ...] = ()
