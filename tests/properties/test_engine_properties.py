"""What must hold for every definition and every history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import hours, known_after, new
from leadledger.domain.decisions import SET_BY_A_PERSON
from leadledger.domain.scoring import MICRO
from leadledger.engine.fold.jit import compiled as compile_fold
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.engine.local import run_fold
from leadledger.ports import Known
from properties.histories import SPAN, definitions, happenings, hours_, told

END = hours(SPAN + 200)


@pytest.fixture(scope="module")
def compiled() -> Callable[..., Any]:
    """The fold as numba compiles it; some ten seconds where no cache is."""
    return compile_fold(plain_fold)


class Remembering:
    """The plain fold, and what it was called with."""

    arguments: tuple[Any, ...]

    def __call__(self, *arguments: Any) -> Any:
        self.arguments = arguments[:4]
        return plain_fold(*arguments)


def equal(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


@settings(max_examples=25)
@given(definitions(), happenings, hours_)
def test_the_compiled_fold_gives_what_the_plain_one_gives(compiled, definition, history, hour):
    world = told(history)
    remembering = Remembering()
    earlier = world.evaluate(definition, hours(hour), fold=plain_fold)
    first = list(earlier.decisions())

    world.evaluate(definition, END, known_after(first), remembering)

    world.close()
    assert equal(run_fold(plain_fold, *remembering.arguments), run_fold(compiled, *remembering.arguments))


@settings(max_examples=25)
@given(definitions(), happenings, hours_)
def test_contributions_add_up_to_the_score(compiled, definition, history, hour):
    world = told(history)

    decisions = list(world.evaluate(definition, hours(hour), fold=compiled).decisions())

    world.close()
    for decision in decisions:
        assert sum(c.points for c in decision.contributions) == decision.score
        for c in decision.contributions:
            if c.kind == "engagement":
                losses = (c.by_limit, c.by_window, c.by_decay, c.by_cap, c.by_reset)
                assert c.raw + sum(losses) == c.points
                assert all(loss == 0 or (loss < 0) == (c.raw > 0) for loss in losses)
                assert 0 <= c.count <= c.matched
                assert len(c.evidence) == min(c.count, 3)
            elif c.kind == "max":
                assert c.points < 0
                assert decision.engagement == round(definition.engagement.max * MICRO)
            elif c.kind == "floor":
                assert c.points > 0
            elif c.kind == "inactivity":
                assert c.points < 0 < c.count
        assert decision.engagement >= round(definition.engagement.floor * MICRO)


@settings(max_examples=25)
@given(definitions(), happenings, st.integers(0, 99))
def test_the_order_of_the_rows_changes_nothing(compiled, definition, history, seed):
    world, shuffled = told(history), told(history, seed)

    results = [list(w.evaluate(definition, END, fold=compiled).decisions()) for w in (world, shuffled)]

    for w in (world, shuffled):
        w.close()
    assert results[0] == results[1]


@settings(max_examples=25)
@given(definitions(), happenings, hours_ | st.just(SPAN + 50))
def test_the_same_data_again_adds_nothing(compiled, definition, history, hour):
    world = told(history)
    first = list(world.evaluate(definition, hours(hour), fold=compiled).decisions())

    again = list(world.evaluate(definition, hours(hour), known_after(first), compiled).decisions())

    world.close()
    assert [new(decision) for decision in again] == [()] * len(again)
    assert [d.digest() for d in again] == [d.digest() for d in first]
    for d in again:
        assert len({t.key(d.person_id) for t in d.transitions}) == len(d.transitions)


@settings(max_examples=25)
@given(definitions(), happenings, st.lists(hours_, max_size=3))
def test_any_number_of_runs_gives_the_same_transitions_as_one(compiled, definition, history, stops):
    world = told(history)
    at_once = list(world.evaluate(definition, END, fold=compiled).decisions())

    known = Known()
    for hour in sorted(stops):
        known = known_after(world.evaluate(definition, hours(hour), known, compiled).decisions())
    in_steps = list(world.evaluate(definition, END, known, compiled).decisions())

    world.close()
    assert [d.transitions for d in in_steps] == [d.transitions for d in at_once]
    assert [(d.stage, d.cycle, d.engagement) for d in in_steps] == [
        (d.stage, d.cycle, d.engagement) for d in at_once
    ]


@settings(max_examples=25)
@given(definitions(), happenings, happenings, hours_)
def test_late_data_takes_nothing_back(compiled, definition, history, late, hour):
    """Whatever arrives or disappears later: the frozen past stays, counters never fall, stamps stay in order."""
    world, changed = told(history), told(late)
    before = {d.person_id: d for d in world.evaluate(definition, hours(hour), fold=compiled).decisions()}

    known = known_after(before.values())
    after = list(changed.evaluate(definition, hours(hour), known, compiled).decisions())
    again = list(changed.evaluate(definition, hours(hour), known_after(after), compiled).decisions())

    for w in (world, changed):
        w.close()
    for decision in after:
        was = before[decision.person_id]
        assert decision.transitions[: decision.frozen] == was.transitions
        if was.transitions:
            assert all(t.at_us >= was.transitions[-1].at_us for t in new(decision))
        for counter in definition.counters():
            assert decision.counter(counter) >= was.counter(counter)
        for stage in definition.lifecycle.stages:
            first, last = decision.first_at_us(stage.id), decision.last_at_us(stage.id)
            assert (first is None) == (last is None)
            assert first is None or first <= last
        assert sum(c.points for c in decision.contributions) == decision.score
    assert [new(decision) for decision in again] == [()] * len(again)


@settings(max_examples=25)
@given(definitions(), happenings)
def test_transitions_follow_the_rules_of_the_stages(compiled, definition, history):
    world = told(history)

    decisions = list(world.evaluate(definition, END, fold=compiled).decisions())

    world.close()
    side = {stage.id for stage in definition.lifecycle.stages if stage.side}
    back = {stage.id: stage.reenter_from for stage in definition.lifecycle.stages}
    order = [stage.id for stage in definition.lifecycle.stages]
    for decision in decisions:
        entries = [t for t in decision.transitions if not t.inferred]
        assert [t.at_us for t in decision.transitions] == sorted(t.at_us for t in decision.transitions)
        for before, entry in zip([None, *entries], entries, strict=False):
            assert entry.from_stage == (before.stage if before else "")
            if entry.stage in side or before is None or entry.trigger.startswith(SET_BY_A_PERSON):
                continue
            if before.stage in side:
                assert before.stage in back[entry.stage]
            else:
                assert order.index(entry.stage) > order.index(before.stage)
        assert decision.cycle == sum(bool(t.counter) for t in decision.transitions)
        assert decision.stage == (entries[-1].stage if entries else "")
        assert decision.stage_since_us == (entries[-1].at_us if entries else 0)
