"""Engagement once more, written from semantics.md section 2 alone: slow, plain, and sharing no code with the engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from leadledger.domain.scoring import Calendar, Engagement, EngagementRule


@dataclass(frozen=True)
class Award:
    at: int
    id: str
    position: int
    rule: EngagementRule

    def lives(self, t: int, *, left: bool) -> bool:
        """Whether it counts at `t`, or just before `t`."""
        if left:
            return self.at < t and (self.rule.window is None or t <= self.at + self.rule.window)
        return self.at <= t and (self.rule.window is None or t < self.at + self.rule.window)

    def worth(self, t: int) -> float:
        if self.rule.decay is None:
            return self.rule.points
        return math.floor(self.rule.points * 2 ** (-(t - self.at) / self.rule.decay.span) * 1e6 + 0.5) / 1e6


def engagement(
    model: Engagement, activities: Sequence[tuple[int, str, str]], t: int, zone: ZoneInfo
) -> float:
    """Points at `t` for activities of (instant, id, type)."""
    awards = [
        award
        for position, rule in enumerate(model.rules)
        for award in _awards(
            rule, position, sorted(a for a in activities if a[2] == rule.when.value and a[0] <= t), zone
        )
    ]
    newest_first = sorted(awards, key=lambda a: (a.at, a.id, a.position), reverse=True)
    ends = [a.at + a.rule.window for a in awards if a.rule.window is not None]
    forgiven = dict.fromkeys(awards, 0.0)
    lifted = 0.0
    value = 0.0
    for instant in sorted({*(a.at for a in awards), *(end for end in ends if end <= t), t}):
        for left in (True, False):
            living = [a for a in newest_first if a.lives(instant, left=left)]
            value = _bounded_sum(model, living, instant) + lifted + sum(forgiven[a] for a in living)
            short = max(0.0, model.floor - value)
            value += short
            for penalty in (a for a in living if a.rule.points < 0):
                part = min(short, -penalty.rule.points - forgiven[penalty])
                forgiven[penalty] += part
                short -= part
            lifted += short
    return value if model.max is None else min(value, model.max)


def _awards(
    rule: EngagementRule, position: int, matching: Sequence[tuple[int, str, str]], zone: ZoneInfo
) -> list[Award]:
    found: list[Award] = []
    for at, id_, _ in matching:
        if (
            rule.limit is None
            or sum(_together(a.at, at, rule.limit.per, zone) for a in found) < rule.limit.times
        ):
            found.append(Award(at, id_, position, rule))
    return found


def _together(before: int, at: int, per: Calendar | int, zone: ZoneInfo) -> bool:
    if not isinstance(per, Calendar):
        return at - per < before
    one, other = (
        (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=x)).astimezone(zone).date()
        for x in (before, at)
    )
    match per:
        case Calendar.DAY:
            return one == other
        case Calendar.WEEK:
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        case Calendar.MONTH:
            return (one.year, one.month) == (other.year, other.month)
        case Calendar.EVER:
            return True


def _bounded_sum(model: Engagement, living: Sequence[Award], t: int) -> float:
    bounds = {c.id: c for c in model.categories}
    sums: dict[str, float] = {}
    for rule in model.rules:
        points = sum(a.worth(t) for a in living if a.rule is rule)
        if rule.max_points is not None:
            points = min(points, rule.max_points)
        group = rule.category or f"alone:{rule.id}"
        sums[group] = sums.get(group, 0.0) + points
    for id_, category in bounds.items():
        points = sums.get(id_, 0.0)
        if category.max is not None:
            points = min(points, category.max)
        if category.min is not None:
            points = max(points, category.min)
        sums[id_] = points
    return sum(sums.values())
