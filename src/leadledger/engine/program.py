"""Translates scoring and lifecycle into the numbers that the fold runs on.

Codes number what an event may mean: the engagement rules first, then activity triggers, then deals, statuses
and conversions. The same numbering is used by `match.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Space, comparisons
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    StatusTrigger,
    Trigger,
    WhenTrigger,
)
from leadledger.domain.scoring import MICRO, Calendar, EngagementRule
from leadledger.engine import fold
from leadledger.engine.tables import ANY_STAGE, UNBOUNDED, Program
from leadledger.errors import BugError

Signal = StatusTrigger | DealTrigger | ConvertedTrigger


@dataclass(frozen=True, slots=True)
class Coding:
    """Which code means what, and the compiled program. `statics` are the conditions on facts alone."""

    rules: tuple[EngagementRule, ...]
    activity_triggers: tuple[ActivityTrigger, ...]
    signals: tuple[Signal, ...]
    levels: tuple[WhenTrigger, ...]
    statics: tuple[Condition, ...]
    categories: tuple[str, ...]
    """Names of the categories; a rule without one has its own, named by an empty text."""
    program: Program


def micro(points: float) -> int:
    """Points as whole millionths."""
    return round(points * MICRO)


def compile_program(definition: Definition, as_of_us: int) -> Coding:
    """All numbers for one definition and one instant."""
    stages = definition.lifecycle.stages
    rules = definition.engagement.rules
    activity_triggers = _triggers(definition, ActivityTrigger)
    signals = _signals(definition)
    coded: list[Trigger] = [*activity_triggers, *signals]
    masks = [0] * len(rules) + [
        sum(1 << s for s, stage in enumerate(stages) if trigger in stage.triggers) for trigger in coded
    ]
    names, rows, category = _categories(definition)
    position = {stage.id: s for s, stage in enumerate(stages)}
    counters = definition.counters()

    def bits(ids: Sequence[str]) -> int:
        return sum(1 << position[name] for name in ids)

    statics: list[Condition] = []
    levels: list[tuple[int, int, int]] = []
    code: list[tuple[int, int, int, int]] = []
    when: list[WhenTrigger] = []
    for s, stage in enumerate(stages):
        for trigger in stage.triggers:
            if isinstance(trigger, WhenTrigger):
                start = len(code)
                _postfix(trigger.condition, definition, statics, code)
                levels.append((s, start, len(code) - start))
                when.append(trigger)
    ring = np.cumsum([0, *(rule.limit.times if rule.limit else 0 for rule in rules)])
    maximum = definition.engagement.max
    program = Program(
        rules=_matrix([_rule(rule, of) for rule, of in zip(rules, category, strict=True)], 9),
        categories=_matrix(rows, 4),
        stages=_matrix(
            [
                (
                    int(stage.side),
                    ANY_STAGE if stage.sources is None else bits(stage.sources),
                    counters.index(stage.counter) if stage.counter else -1,
                    bits(stage.reenter_from),
                    int(stage.resets_engagement),
                )
                for stage in stages
            ],
            5,
        ),
        signals=np.array(masks, np.int64),
        hand_raise=sum(1 << s for s, stage in enumerate(stages) if HandRaiseTrigger() in stage.triggers),
        levels=_matrix(levels, 3),
        code=_matrix(code, 4),
        activity_codes=len(rules) + len(activity_triggers),
        floor=micro(definition.engagement.floor),
        maximum=UNBOUNDED if maximum is None else micro(maximum),
        counters=len(counters),
        as_of=as_of_us,
        ring=ring.astype(np.int64),
    )
    return Coding(rules, activity_triggers, signals, tuple(when), tuple(statics), names, program)


def _triggers(definition: Definition, kind: type[ActivityTrigger]) -> tuple[ActivityTrigger, ...]:
    return tuple(
        dict.fromkeys(
            t for stage in definition.lifecycle.stages for t in stage.triggers if isinstance(t, kind)
        )
    )


def _signals(definition: Definition) -> tuple[Signal, ...]:
    """Deals, conversions, statuses: at one instant they act in this order, whatever the order of the stages."""
    found: dict[Signal, None] = dict.fromkeys(
        trigger
        for stage in definition.lifecycle.stages
        for trigger in stage.triggers
        if isinstance(trigger, StatusTrigger | DealTrigger | ConvertedTrigger)
    )
    events = list(DealEvent)

    def turn(signal: Signal) -> tuple[int, int]:
        match signal:
            case DealTrigger(event):
                return 0, events.index(event)
            case ConvertedTrigger():
                return 1, 0
            case StatusTrigger():
                return 2, 0
            case _:
                assert_never(signal)

    return tuple(sorted(found, key=turn))


def _matrix(rows: Sequence[Sequence[int]], columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array(rows, np.int64).reshape(len(rows), columns)


def _categories(definition: Definition) -> tuple[tuple[str, ...], list[tuple[int, int, int, int]], list[int]]:
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


def _rule(rule: EngagementRule, category: int) -> tuple[int, ...]:
    kind, per, times = fold.LIMIT_NONE, 0, 1
    if rule.limit is not None:
        times = rule.limit.times
        match rule.limit.per:
            case Calendar.DAY:
                kind = fold.LIMIT_DAY
            case Calendar.WEEK:
                kind = fold.LIMIT_WEEK
            case Calendar.MONTH:
                kind = fold.LIMIT_MONTH
            case Calendar.EVER:
                kind = fold.LIMIT_EVER
            case int():
                kind, per = fold.LIMIT_ROLLING, rule.limit.per
    cap = -1 if rule.max_points is None else micro(rule.max_points)
    return (
        micro(rule.points), category, rule.window or 0, rule.half_life or 0, cap, kind, times, per, int(rule.auto_qualify),
    )  # fmt: skip


_COMPARISONS = {
    Op.AT_LEAST: fold.GE,
    Op.AT_MOST: fold.LE,
    Op.OVER: fold.GT,
    Op.BELOW: fold.LT,
    Op.IS: fold.EQ,
    Op.IS_NOT: fold.NE,
}
_VARIABLES = {
    "score": fold.OP_SCORE,
    "engagement": fold.OP_ENGAGEMENT,
    "fit": fold.OP_FIT,
    "grade": fold.OP_GRADE,
}


def _postfix(
    condition: Condition,
    definition: Definition,
    statics: list[Condition],
    code: list[tuple[int, int, int, int]],
) -> None:
    if all(c.space is not Space.COMPUTED for c in comparisons(condition)):
        if condition not in statics:
            statics.append(condition)
        code.append((fold.OP_STATIC, 0, statics.index(condition), 0))
        return
    match condition:
        case All(of) | AnyOf(of):
            for k, part in enumerate(of):
                _postfix(part, definition, statics, code)
                if k:
                    code.append((fold.OP_AND if isinstance(condition, All) else fold.OP_OR, 0, 0, 0))
        case Not(of):
            _postfix(of, definition, statics, code)
            code.append((fold.OP_NOT, 0, 0, 0))
        case Compare():
            _compare(condition, definition, code)
        case _:
            assert_never(condition)


def _compare(compare: Compare, definition: Definition, code: list[tuple[int, int, int, int]]) -> None:
    if compare.op in {Op.IN, Op.NOT_IN} and isinstance(compare.value, tuple):
        for k, value in enumerate(compare.value):
            _compare(Compare(compare.space, compare.name, Op.IS, value), definition, code)
            if k:
                code.append((fold.OP_OR, 0, 0, 0))
        if compare.op is Op.NOT_IN:
            code.append((fold.OP_NOT, 0, 0, 0))
        return
    variable = _VARIABLES.get(compare.name, fold.OP_COUNTER)
    argument = definition.counters().index(compare.name) if variable == fold.OP_COUNTER else 0
    if compare.op not in _COMPARISONS:
        msg = f"{compare.op} cannot be asked of {compare.name}; the definition's checks should have said so"
        raise BugError(msg)
    if variable == fold.OP_GRADE:
        constant = grade_rank(definition, str(compare.value))
    elif variable == fold.OP_COUNTER:
        constant = int(compare.value)  # type: ignore[arg-type]  # a number, by the definition's checks
    else:
        constant = micro(float(compare.value))  # type: ignore[arg-type]  # as above
    code.append((variable, _COMPARISONS[compare.op], argument, constant))


def grade_rank(definition: Definition, letter: str) -> int:
    """Rank of a grade, higher is better, the lowest is 0."""
    letters = [grade.letter for grade in definition.fit.grades]
    return len(letters) - 1 - letters.index(letter)
