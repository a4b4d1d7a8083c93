"""The engine on one machine: buffers that grow, the compiled fold and the plain one, arrays for everybody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from builders import World, a_definition, a_rule, asks, days, hours, rules
from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.lifecycle import Lifecycle, Stage, WhenTrigger
from leadledger.engine.fold.jit import compiled
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.engine.local import LocalEngine, run_fold
from leadledger.engine.program import compile_program
from leadledger.engine.tables import C_POINTS, Output
from leadledger.errors import BugError
from leadledger.ports import Known


@pytest.fixture
def busy(world: World) -> World:
    """Six people, the last of whom comes and goes."""
    for number in range(6):
        world.lead(f"00Q{number}")
        for day in range(number * 3):
            world.activity("demo", days(day), f"00Q{number}")
            world.add(
                "LeadHistory", person=f"00Q{number}", field="Status", new="Recycle", at_us=hours(24 * day + 5)
            )
    return world


def captured(world: World) -> tuple[tuple[Any, ...], Output]:
    """What the fold is called with, and what it gives."""
    seen: list[tuple[Any, ...]] = []

    def remembering(*arguments: Any) -> Any:
        seen.append(arguments[:4])
        return plain_fold(*arguments)

    world.evaluate(fold=remembering)
    return seen[0], run_fold(plain_fold, *seen[0])


@pytest.mark.parametrize(("transitions", "lines"), [(0, 0), (1, 1), (7, 9), (1000, 3), (3, 1000)])
def test_small_buffers_grow_until_everybody_fits(busy, transitions, lines):
    arguments, expected = captured(busy)

    def cramped(program: Any, events: Any, people: Any, frozen: Any, output: Output, *rest: Any) -> Any:
        """The first call gets less room than it asks for, the next ones what the loop made of that."""
        if not calls:
            output = output._replace(transitions=output.transitions[:transitions], lines=output.lines[:lines])
        calls.append((len(output.transitions), len(output.lines)))
        return plain_fold(program, events, people, frozen, output, *rest)

    calls: list[tuple[int, int]] = []
    found = run_fold(cramped, *arguments)

    assert len(calls) > 1
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def test_a_fold_that_never_finishes_is_a_bug(busy):
    arguments, _ = captured(busy)

    def stuck(
        program: Any, events: Any, people: Any, frozen: Any, output: Output, lists: Any, *at: int
    ) -> Any:
        return at

    with pytest.raises(BugError, match="more room than there can be"):
        run_fold(stuck, *arguments)


def test_the_engine_compiles_its_fold_when_none_is_given(busy):
    plain = list(busy.evaluate().decisions())

    compiled = list(
        LocalEngine().evaluate(busy.connection, a_definition(), busy.streams, Known(), days(30)).decisions()
    )

    assert compiled == plain


@pytest.fixture
def fresh() -> Any:
    """Nothing compiled yet, and nothing left of this test for the next one."""
    compiled.cache_clear()
    yield
    compiled.cache_clear()


def test_without_numba_the_same_function_runs_as_it_is(fresh, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)

    assert compiled(plain_fold) is plain_fold


def test_where_compiled_code_cannot_be_kept_it_is_compiled_anew(fresh, monkeypatch):
    def njit(*, cache: bool = False, **_options: Any) -> Callable[..., Any]:
        def compiled(function: Any) -> Any:
            if cache:
                raise RuntimeError("cannot cache function 'fold': no locator available")
            return function

        return compiled

    numba = ModuleType("numba")
    numba.njit = njit
    monkeypatch.setitem(sys.modules, "numba", numba)

    assert compiled(plain_fold) is plain_fold


def test_an_empty_mirror_gives_nobody(world):
    evaluation = world.evaluate()

    assert (evaluation.people, evaluation.excluded, evaluation.activities) == (0, 0, 0)
    assert evaluation.funnel == {}
    assert list(evaluation.decisions()) == []


def test_a_definition_without_rules_or_stages_still_knows_its_people(world):
    world.lead()
    world.activity("visit", days(1))

    decision = world.decide(a_definition(engagement=rules(), lifecycle=Lifecycle()))

    assert (decision.score, decision.stage) == (0, "")
    assert decision.last_activity is not None


def test_more_people_than_fit_into_one_block(world):
    world.connection.execute(
        """INSERT INTO raw."salesforce.Lead" (id, modified_us, deleted, created_us)
           SELECT printf('00Q%05d', k), 0, false, 0 FROM range(4100) r(k)"""
    )
    world.activity("visit", days(1), "00Q04099")

    decisions = list(world.evaluate().decisions())

    assert len(decisions) == 4100
    assert [d.person_id for d in decisions] == sorted(d.person_id for d in decisions)
    assert [bool(d.engagement) for d in decisions[-2:]] == [False, True]


def test_an_evaluation_is_the_same_each_time_it_is_read(busy):
    evaluation = busy.evaluate()

    assert list(evaluation.decisions()) == list(evaluation.decisions())


def test_a_question_that_no_number_answers_is_our_bug():
    strange = WhenTrigger(Compare(Space.COMPUTED, "score", Op.MATCHES, "1*"))

    with pytest.raises(BugError, match="matches cannot be asked of score"):
        compile_program(a_definition(lifecycle=Lifecycle((Stage("x", (strange,)),))), 0)


def test_conditions_that_several_stages_ask_are_evaluated_once():
    asked = asks("country", Op.IS, "DE")
    lifecycle = Lifecycle((Stage("one", (WhenTrigger(asked),)), Stage("two", (WhenTrigger(asked),))))

    assert compile_program(a_definition(lifecycle=lifecycle), 0).statics == (asked,)


def test_points_keep_their_millionths():
    coding = compile_program(a_definition(engagement=rules(a_rule("visit", 0.1), a_rule("form", 1 / 3))), 0)

    assert coding.program.codes[:2, C_POINTS].tolist() == [100_000, 333_333]
