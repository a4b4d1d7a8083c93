"""What activities are worth, as numbers: points, decay, limits, categories."""

from __future__ import annotations

from collections.abc import Iterable

from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.scoring import MICRO, Calendar, EngagementRule, HalfLife, Linear, PointsBy, Steps
from leadledger.engine import tables as t


def micro(points: float) -> int:
    """Points as whole millionths."""
    return round(points * MICRO)


def by_value(rule: EngagementRule, by: PointsBy) -> Iterable[tuple[Condition, int]]:
    """One condition per value of the attribute, and one for all others."""
    for value, points in by.values.items():
        yield All((rule.when, Compare(Space.ACTIVITY, by.attribute, Op.IS, value))), micro(points)
    if by.default or rule.auto_qualify:
        listed = Compare(Space.ACTIVITY, by.attribute, Op.IN, tuple(by.values))
        missing = Compare(Space.ACTIVITY, by.attribute, Op.KNOWN, value=False)
        yield All((rule.when, AnyOf((Not(listed), missing)))), micro(by.default)


def worth_by_step(points: int, percent: float) -> list[int]:
    """Worth after 0, 1, 2 … steps until it changes no more; each step is rounded half up to a millionth."""
    kept = 100_000 - round(percent * 1000)
    worths = [points]
    while True:
        after = (2 * worths[-1] * kept + 100_000) // 200_000
        if after == worths[-1]:
            return worths
        worths.append(after)


def decay_of(rule: EngagementRule) -> tuple[int, int]:
    match rule.decay:
        case None:
            return t.DECAY_NONE, 0
        case HalfLife(span):
            return t.DECAY_HALF, span
        case Linear(over):
            return t.DECAY_LINEAR, over
        case Steps(_, every):
            return t.DECAY_STEPS, every


def limit_numbers(per: Calendar | int | None) -> tuple[int, int]:
    """Kind of limit, and microseconds of a rolling one."""
    match per:
        case None:
            return t.LIMIT_NONE, 0
        case Calendar.DAY:
            return t.LIMIT_DAY, 0
        case Calendar.WEEK:
            return t.LIMIT_WEEK, 0
        case Calendar.MONTH:
            return t.LIMIT_MONTH, 0
        case Calendar.EVER:
            return t.LIMIT_EVER, 0
        case int():
            return t.LIMIT_ROLLING, per


def categories_of(
    definition: Definition,
) -> tuple[tuple[str, ...], list[tuple[int, int, int, int]], list[int]]:
    """Names, bounds, and the category of every rule; a rule that names none gets one of its own."""
    names = [category.id for category in definition.engagement.categories]
    rows = [
        (int(c.min is not None), micro(c.min or 0), int(c.max is not None), micro(c.max or 0))
        for c in definition.engagement.categories
    ]
    of_rule = []
    for rule in definition.engagement.rules:
        if rule.category is None:
            names.append("")
            rows.append((0, 0, 0, 0))
        of_rule.append(len(names) - 1 if rule.category is None else names.index(rule.category))
    return tuple(names), rows, of_rule
