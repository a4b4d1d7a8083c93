"""Translates scoring and lifecycle into the numbers that the fold runs on.

Codes number what an event may mean. First those of activities: a rule (with `points_by` one code per value), a
trigger, a reset, an activity that ends a quiet period; then the other signals. `match.py` uses the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from leadledger.domain.conditions import Compare, Condition, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    HandRaiseTrigger,
    OnChange,
    Signal,
    Stage,
    TimerTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import (
    EngagementRule,
    Steps,
)
from leadledger.engine import tables as t
from leadledger.engine.calendars import business_stretches, zone_offsets
from leadledger.engine.heard import OtherSignal, StageSet, condition_of, heard_signals, other_signals
from leadledger.engine.postfix import Postfix, compared_values
from leadledger.engine.worths import by_value, categories_of, decay_of, limit_numbers, micro, worth_by_step
from leadledger.errors import BugError

MOST_BITS = 62
"""Stages, level triggers and timers stand in bit sets of 64 bits."""


@dataclass(frozen=True, slots=True)
class Coding:
    """Which code means what, and the compiled program. `statics` are the conditions on facts alone."""

    rules: tuple[EngagementRule, ...]
    activity_conditions: tuple[Condition, ...]
    """What an activity must meet, per code."""
    meanings: tuple[EngagementRule | Signal | None, ...]
    """Per activity code; None for what only resets or ends a quiet period."""
    signals: tuple[OtherSignal, ...]
    levels: tuple[WhenTrigger, ...]
    timers: tuple[TimerTrigger, ...]
    adds: tuple[str, ...]
    """The stage of each add."""
    statics: tuple[Condition, ...]
    categories: tuple[str, ...]
    """Names of the categories; a rule without one has its own, named by an empty text."""
    program: t.Program


def compile_program(definition: Definition, as_of_us: int, begins_us: int = -1) -> Coding:
    """All numbers for one definition and one instant. `begins_us`: nothing is entered before; -1 for no bound."""
    return _Compiler(definition).coding(as_of_us, begins_us)


@dataclass(slots=True)
class _Compiler:
    """Collects the numbers of one definition."""

    definition: Definition
    conditions: list[Condition] = field(default_factory=list)
    meanings: list[EngagementRule | Signal | None] = field(default_factory=list)
    codes: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def coding(self, as_of_us: int, begins_us: int) -> Coding:
        definition = self.definition
        stages = definition.lifecycle.stages
        postfix = Postfix(definition)
        rules = definition.engagement.rules
        names, categories, of_rule = categories_of(definition)
        rule_rows = [
            self._rule(k, rule, of, postfix) for k, (rule, of) in enumerate(zip(rules, of_rule, strict=True))
        ]
        heard = heard_signals(stages)
        for signal in heard:
            if isinstance(signal, ActivityTrigger | AcceptedTrigger):
                self._code(
                    condition_of(signal),
                    signal,
                    role=t.ROLE_ACCEPTED if isinstance(signal, AcceptedTrigger) else t.ROLE_NONE,
                )
        for condition in definition.engagement.reset_on:
            self._code(condition, None, role=t.ROLE_RESET)
        inactivity = definition.engagement.inactivity
        if inactivity is not None:
            counted = Compare(Space.ACTIVITY, "type", Op.IN, inactivity.counts)
            self._code(counted, None, role=t.ROLE_COUNTS)
        signals = other_signals(heard, stages, definition)
        meanings: list[object] = [*self.meanings, *signals]
        levels, level_rows = _levels(stages, postfix)
        timers = tuple(
            (s, trigger)
            for s, stage in enumerate(stages)
            for trigger in stage.triggers
            if isinstance(trigger, TimerTrigger)
        )
        if max(len(stages), len(levels), len(timers)) > MOST_BITS:
            msg = (
                "more stages, level triggers or timers than bits; the definition's checks should have said so"
            )
            raise BugError(msg)
        adds, add_rows, stage_rows = self._stages(postfix)
        falls = compared_values(postfix, level_rows)
        zone_at, zone_offset = zone_offsets(definition.time_zone)
        maximum = definition.engagement.max
        position = {stage.id: s for s, stage in enumerate(stages)}
        program = t.Program(
            codes=matrix(self.codes, 5),
            steps=np.array(self.steps, np.int64),
            rules=matrix(rule_rows, 14),
            categories=matrix(categories, 4),
            stages=matrix(stage_rows, 12),
            adds=matrix(add_rows, 5),
            signals=np.array(
                [
                    _bits(s for s, stage in enumerate(stages) if meaning in stage.triggers)
                    if meaning is not None
                    else 0
                    for meaning in meanings
                ],
                np.int64,
            ),
            sets=np.array([position[m.stage] if isinstance(m, StageSet) else -1 for m in meanings], np.int64),
            cancels=np.array(
                [
                    _bits(
                        k
                        for k, (_, timer) in enumerate(timers)
                        if meaning is not None and meaning in timer.without
                    )
                    for meaning in meanings
                ],
                np.int64,
            ),
            hand_raise=_bits(s for s, stage in enumerate(stages) if HandRaiseTrigger() in stage.triggers),
            hand_raise_cancels=_bits(
                k for k, (_, timer) in enumerate(timers) if HandRaiseTrigger() in timer.without
            ),
            levels=matrix(level_rows, 5),
            timers=matrix(
                [
                    (s, timer.span, _bits(position[name] for name in timer.stages), int(timer.business))
                    for s, timer in timers
                ],
                4,
            ),
            code=matrix(postfix.code, 4),
            falls=matrix(falls, 3),
            every_breakpoint=int(bool(falls)),
            shown=matrix(_shown(definition), 3),
            bands=np.array(_bands(definition), np.int64),
            penalties=int(_penalties(definition)),
            lifts=int(_lifts(definition)),
            inactivity=np.array(
                [micro(inactivity.points), inactivity.after, inactivity.every] if inactivity else [0, 0, 0],
                np.int64,
            ),
            floor=micro(definition.engagement.floor),
            maximum=t.UNBOUNDED if maximum is None else micro(maximum),
            counters=len(definition.counters()),
            as_of=as_of_us,
            begins=begins_us,
            holds_on_change=int(definition.lifecycle.on_change is OnChange.HOLD),
            routes=int(any(stage.routes for stage in stages)),
            ring=_offsets(rule.limit.times if rule.limit else 0 for rule in rules),
            heap=_offsets(rule.burst.times if rule.burst else 0 for rule in rules),
            zone_at=zone_at,
            zone_offset=zone_offset,
            **business_stretches(definition, wanted=any(timer.business for _, timer in timers)),
        )
        return Coding(
            rules=rules,
            activity_conditions=tuple(self.conditions),
            meanings=tuple(self.meanings),
            signals=signals,
            levels=levels,
            timers=tuple(timer for _, timer in timers),
            adds=adds,
            statics=tuple(postfix.statics),
            categories=names,
            program=program,
        )

    def _code(
        self,
        condition: Condition,
        meaning: EngagementRule | Signal | None,
        *,
        rule: int = -1,
        points: int = 0,
        role: int = t.ROLE_NONE,
    ) -> None:
        first = len(self.steps)
        if isinstance(meaning, EngagementRule) and isinstance(meaning.decay, Steps):
            self.steps.extend(worth_by_step(points, meaning.decay.percent))
        self.conditions.append(condition)
        self.meanings.append(meaning)
        self.codes.append((rule, points, first, len(self.steps) - first, role))

    def _rule(self, k: int, rule: EngagementRule, category: int, postfix: Postfix) -> tuple[int, ...]:
        worths = (
            [(rule.when, micro(rule.points))]
            if rule.points_by is None
            else list(by_value(rule, rule.points_by))
        )
        for condition, points in worths:
            if points or rule.auto_qualify:
                self._code(condition, rule, rule=k, points=points)
        kind, per = limit_numbers(rule.limit.per if rule.limit else None)
        decay, span = decay_of(rule)
        gate = postfix.add(rule.gate) if rule.gate is not None else (0, 0)
        return (
            category,
            rule.window or 0,
            decay,
            span,
            -1 if rule.max_points is None else micro(rule.max_points),
            kind,
            rule.limit.times if rule.limit else 1,
            per,
            int(rule.auto_qualify),
            rule.burst.times if rule.burst else 0,
            rule.burst.within if rule.burst else 0,
            *gate,
            int(any(points < 0 for _, points in worths)),
        )

    def _stages(
        self, postfix: Postfix
    ) -> tuple[tuple[str, ...], list[tuple[int, ...]], list[tuple[int, ...]]]:
        """The stage of each add, the rows of the adds, the rows of the stages."""
        stages = self.definition.lifecycle.stages
        counters = self.definition.counters()
        position = {stage.id: s for s, stage in enumerate(stages)}
        adds: list[str] = []
        add_rows: list[tuple[int, ...]] = []
        rows: list[tuple[int, ...]] = []
        for stage in stages:
            first = len(adds)
            for add in stage.adds:
                adds.append(stage.id)
                condition = postfix.add(add.condition) if add.condition is not None else (0, 0)
                add_rows.append((micro(add.points), *condition, *limit_numbers(add.per)))
            rows.append(
                (
                    int(stage.side),
                    t.ANY_STAGE if stage.sources is None else _bits(position[s] for s in stage.sources),
                    counters.index(stage.counter) if stage.counter else -1,
                    _bits(position[s] for s in stage.reenter_from),
                    int(stage.resets_engagement),
                    int(stage.routes),
                    stage.cooldown,
                    int(stage.stamped_when_skipped),
                    position[stage.restores.stage] if stage.restores else -1,
                    stage.restores.within if stage.restores else 0,
                    first,
                    len(adds) - first,
                )
            )
        return tuple(adds), add_rows, rows


def _levels(
    stages: Sequence[Stage], postfix: Postfix
) -> tuple[tuple[WhenTrigger, ...], list[tuple[int, int, int, int, int]]]:
    triggers, rows = [], []
    for s, stage in enumerate(stages):
        for trigger in stage.triggers:
            if isinstance(trigger, WhenTrigger):
                until = postfix.add(trigger.until) if trigger.until is not None else (0, 0)
                rows.append((s, *postfix.add(trigger.condition), *until))
                triggers.append(trigger)
    return tuple(triggers), rows


def _shown(definition: Definition) -> list[tuple[int, int, int]]:
    """Smallest step, smallest change, with fit or without: of every field that shows a score."""
    rows = {
        (unit, max(unit, micro(mapping.min_change or 0)), int(mapping.value == "score"))
        for target in definition.targets
        for mapping in target.fields
        if mapping.value in {"score", "engagement"}
        for unit in [10 ** (6 - min(6, max(0, mapping.decimals)))]
    }
    return sorted(rows)


def _bands(definition: Definition) -> list[int]:
    if definition.classification is None:
        return []
    return sorted(micro(b.at_least) for b in definition.classification.engagement if b.at_least is not None)


def _lifts(definition: Definition) -> bool:
    """Whether the value can be below the floor without any penalty."""
    engagement = definition.engagement
    return engagement.floor > 0 or any((c.max or 0) < 0 for c in engagement.categories)


def _penalties(definition: Definition) -> bool:
    """Whether anything can pull the value below the floor."""
    engagement = definition.engagement
    return (
        _lifts(definition)
        or engagement.inactivity is not None
        or any(
            rule.points < 0
            or (rule.points_by and min(rule.points_by.default, *rule.points_by.values.values()) < 0)
            for rule in engagement.rules
        )
        or any(add.points < 0 for stage in definition.lifecycle.stages for add in stage.adds)
    )


def _bits(positions: Iterable[int]) -> int:
    return sum(1 << position for position in set(positions))


def _offsets(lengths: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.cumsum([0, *lengths]).astype(np.int64)


def matrix(rows: Sequence[Sequence[int]], columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """int64 [n, columns], also for no rows."""
    return np.array(rows, np.int64).reshape(len(rows), columns)
