"""What the reference model says about one person: everything that the engine must say as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One entry into a stage, or an inferred stamp. `kinds` are all kinds of triggers that led there at once."""

    stage: str
    from_stage: str
    at_us: int
    inferred: bool = False
    counter: str = ""
    cycle: int = 0
    engagement: int = 0
    kinds: frozenset[str] = frozenset()
    no_sales_touch: bool = False


@dataclass(frozen=True)
class Outcome:
    """As of one instant. Points are millionths; `lines` are (kind, rule) -> points and sum to the score."""

    excluded: bool = False
    engagement: int = 0
    fit: int = 0
    grade: str = ""
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)
    first_at_us: Mapping[str, int] = field(default_factory=dict)
    last_at_us: Mapping[str, int] = field(default_factory=dict)
    stage: str = ""
    stage_since_us: int = 0
    cycle: int = 0
    classification: str = ""
    disposition: str = ""
    models: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    next_due_us: int = 0

    @property
    def score(self) -> int:
        """Engagement plus fit."""
        return self.engagement + self.fit
