"""Beside the way: where side stages are entered from, and what leads back."""

from __future__ import annotations

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
    asks,
    by_status,
    by_type,
    computed,
    days,
    known_after,
    level,
    new,
    path,
    rules,
    with_calls,
)
from leadledger.domain.conditions import Not, Op
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import AcceptedTrigger, HandRaiseTrigger, Lifecycle, Stage

HOT = computed("engagement", Op.AT_LEAST, 50)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def definition(*stages: Stage, **more):
    return a_definition(lifecycle=Lifecycle(stages), **more)


def test_forward_comes_before_aside_where_one_signal_triggers_both(lead):
    lead.activity("form", days(1))

    assert path(lead.decide(definition(by_type("on", "form"), by_type("off", "form", side=True))))[0] == (
        "on", days(1),
    )  # fmt: skip


def test_of_several_side_stages_the_first_that_may_be_entered_is(lead):
    lead.activity("form", days(1))
    first = by_type("first", "form", side=True, sources=("one",))
    second, third = (by_type(name, "form", side=True) for name in ("second", "third"))

    assert path(lead.decide(definition(by_status("one", "One"), first, second, third))) == [
        ("second", days(1))
    ]


def test_from_a_side_stage_no_other_forward_stage_is_entered_than_those_that_name_it(lead):
    out = by_status("out", "Out", side=True)
    one, two = by_type("one", "form", reenter_from=("out",)), by_type("two", "visit")
    lead.status("Out", days(1))
    lead.activity("visit", days(2))
    assert path(lead.decide(definition(one, two, out))) == [("out", days(1))]

    lead.activity("form", days(3))

    assert path(lead.decide(definition(one, two, out)))[-1] == ("one", days(3))


def test_after_the_way_back_the_way_goes_on_from_there(lead):
    out = by_status("out", "Out", side=True)
    one = by_type("one", "form", reenter_from=("out",))
    two = by_type("two", "visit", counter="two_counter")
    for day, kind in ((1, "form"), (2, "visit"), (4, "form"), (5, "visit")):
        lead.activity(kind, days(day))
    lead.status("Out", days(3))

    decision = lead.decide(definition(one, two, out))

    assert [stage for stage, _ in path(decision)] == ["one", "two", "out", "one", "two"]
    assert decision.counter("two_counter") == 2


def test_a_level_leads_back_only_after_a_new_award(lead):
    out = by_status("out", "Out", side=True)
    hot = level("hot", HOT, reenter_from=("out",))
    lead.activity("demo", days(1))
    lead.status("Out", days(2))
    lead.activity("careers", days(3))  # meets no rule
    assert lead.decide(definition(hot, out)).stage == "out"

    lead.activity("visit", days(4))

    assert path(lead.decide(definition(hot, out)))[-1] == ("hot", days(4))


def test_a_negative_award_is_an_award(lead):
    out = by_status("out", "Out", side=True)
    hot = level("hot", HOT, reenter_from=("out",))
    which = rules(a_rule("demo", 60), a_rule("careers", -5))
    lead.activity("demo", days(1))
    lead.status("Out", days(2))
    lead.activity("careers", days(3))

    assert path(lead.decide(definition(hot, out, engagement=which)))[-1] == ("hot", days(3))


def test_a_fact_that_became_true_leads_nobody_back(world):
    out = by_status("out", "Out", side=True)
    hot = level("hot", asks("title", Op.IS, "CEO"), reenter_from=("out",))
    world.lead(Title="CEO", modified_us=days(5))
    world.status("Out", days(2))

    decision = world.decide(definition(by_type("one", "form"), hot, out), days(3))
    again = world.decide(definition(by_type("one", "form"), hot, out), days(9), known_after([decision]))

    assert again.stage == "out"


def test_one_side_stage_may_lead_to_another_by_a_level_without_a_new_award(lead):
    out = by_status("out", "Out", side=True)
    dead = level("dead", Not(HOT), side=True, sources=("out",))
    which = rules(a_rule("demo", 60, window=10 * DAY))
    lead.activity("demo", days(1))
    lead.status("Out", days(2))

    assert path(lead.decide(definition(out, dead, engagement=which))) == [
        ("out", days(2)),
        ("dead", days(11)),
    ]


def test_the_stage_where_somebody_is_is_not_entered_again(lead):
    for day in (1, 2, 3):
        lead.status("Out", days(day))

    assert path(lead.decide(definition(by_status("out", "Out", side=True, counter="outs")))) == [
        ("out", days(1))
    ]


def test_accepted_is_the_first_call_after_a_stage_that_routes(lead):
    mql = Stage("mql", (HandRaiseTrigger(),), routes=True, reenter_from=("out",))
    sal = Stage("sal", (AcceptedTrigger(),))
    out = by_status("out", "Out", side=True)
    for day, kind in (
        (1, "call"),
        (2, "demo"),
        (2, "call"),
        (3, "call"),
        (4, "call"),
        (6, "demo"),
        (7, "call"),
    ):
        lead.activity(kind, days(day))
    lead.status("Out", days(5))

    decision = lead.decide(with_calls(definition(mql, sal, out)))

    assert [step for step in path(decision) if step[0] == "sal"] == [("sal", days(3)), ("sal", days(7))]
    assert decision.transitions[1].trigger == "accepted"


def test_where_no_stage_routes_any_stage_can_be_accepted(lead):
    one, sal = by_type("one", "form"), Stage("sal", (AcceptedTrigger(),))
    for day, kind in ((0.5, "call"), (1, "form"), (2, "call")):
        lead.activity(kind, days(day))

    assert path(lead.decide(with_calls(definition(one, sal)))) == [("one", days(1)), ("sal", days(2))]


def test_a_stage_that_wants_no_stamp_when_skipped_gets_none(lead):
    one, two, three = (
        by_status(name, name, stamped_when_skipped=name != "two") for name in ("one", "two", "three")
    )
    lead.status("three", days(1))

    assert path(lead.decide(definition(one, two, three))) == [("one?", days(1)), ("three", days(1))]


def test_runs_between_change_nothing(lead):
    out = by_status("out", "Out", side=True, cooldown=2 * DAY)
    hot = level("hot", HOT, reenter_from=("out",))
    for day, kind in ((1, "demo"), (3, "visit"), (3.5, "demo"), (8, "form")):
        lead.activity(kind, days(day))
    for day in (2, 6):
        lead.status("Out", days(day))
    at_once = lead.decide(definition(hot, out))

    steps = lead.runs(definition(hot, out), *(days(d) for d in (1, 2, 3, 3.9, 4, 5, 6, 7, 8, 9, 30)))

    assert steps[-1].transitions == at_once.transitions
    assert new(steps[-1]) == ()
