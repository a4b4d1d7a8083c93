"""The engine and the reference model say the same about everybody, whatever the definition and the history."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from leadledger.engine.fold.jit import compiled
from leadledger.engine.fold.walk import fold as plain_fold
from reference.agreement import run
from reference.generate import cases
from reference.judge import judge

FOLDS = {"plain": lambda: plain_fold, "compiled": lambda: compiled(plain_fold)}
PARTS = 4
"""Of the ten thousand people, so that two processes may share them."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "seed"), [("plain", 1), ("compiled", 2)])
def test_some_hundred_people_are_judged_alike(name, seed):
    table = run(300, seed, FOLDS[name]())

    assert (table.people, table.differing) == (300, 0), table.told


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("part", range(PARTS))
def test_four_thousand_people_are_judged_alike(name, part):
    table = run(4_000 // PARTS, 3 + part, FOLDS[name]())

    assert (table.people, table.differing) == (4_000 // PARTS, 0), table.told


@settings(max_examples=30, deadline=None)
@given(cases())
def test_the_reference_model_is_told_in_any_order_and_adds_up(case):
    for person in case.people.values():
        outcome = judge(case.definition, person, case.as_of_us)
        turned = replace(
            person,
            activities=person.activities[::-1],
            deals=person.deals[::-1],
            statuses=person.statuses[::-1],
            stages_set=person.stages_set[::-1],
        )

        assert sum(outcome.lines.values()) == outcome.score
        assert judge(case.definition, turned, case.as_of_us) == outcome
        for name, count in outcome.counters.items():
            assert count == sum(entry.counter == name for entry in outcome.entries)
