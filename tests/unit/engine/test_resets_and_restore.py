"""What a reset takes, what it leaves, and what a restore brings back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
    by_status,
    by_type,
    computed,
    days,
    hours,
    known_after,
    level,
    line,
    new,
    path,
    points,
    rules,
    when,
)
from leadledger.domain.conditions import Op
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Add, HandRaiseTrigger, Lifecycle, Restore, Stage
from leadledger.domain.scoring import MICRO, Calendar, Limit

BY_FORM = rules(a_rule("visit", 10), a_rule("careers", -4), reset_on=(when("type", "form"),))


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def test_an_activity_of_reset_on_takes_all_awards_up_to_its_instant(lead):
    lead.activity("visit", days(0))
    lead.activity("visit", days(1), id_="z")
    lead.activity("form", days(1), id_="a")
    lead.activity("visit", days(2))
    definition = a_definition(engagement=BY_FORM, lifecycle=Lifecycle())

    decision = lead.decide(definition)

    assert points(decision) == 10
    assert (line(decision, "visit").by_reset, line(decision, "visit").count) == (-20 * MICRO, 1)


def test_a_reset_takes_penalties_and_what_the_floor_gave(lead):
    lead.activity("careers", days(0))
    lead.activity("form", days(1))
    definition = a_definition(engagement=BY_FORM, lifecycle=Lifecycle())

    decision = lead.decide(definition)

    assert [c.kind for c in decision.contributions if c.points] == []


def test_triggers_see_the_value_after_the_reset(lead):
    lead.activity("visit", days(1), id_="a")
    lead.activity("form", days(1), id_="b")
    definition = a_definition(
        engagement=BY_FORM, lifecycle=Lifecycle((level("mql", computed("engagement", Op.OVER, 5)),))
    )

    assert path(lead.decide(definition)) == []


def test_limits_go_on_over_a_reset(lead):
    lead.activity("visit", days(0))
    lead.activity("form", days(1))
    lead.activity("visit", days(2))
    once = rules(a_rule("visit", 10, limit=Limit(1, Calendar.EVER)), reset_on=(when("type", "form"),))

    assert points(lead.decide(a_definition(engagement=once, lifecycle=Lifecycle()))) == 0


@pytest.mark.parametrize(("within", "expected"), [(8 * DAY, 50), (8 * DAY - 1, 0)])
def test_a_lead_that_is_sent_back_early_has_again_what_it_had(lead, within, expected):
    back = by_status("recycled", "Back", side=True, resets_engagement=True, restores=Restore("sal", within))
    sal = by_status("sal", "Accepted", resets_engagement=True)
    lead.activity("demo", days(1))
    lead.status("Accepted", days(2))
    lead.status("Back", days(10))

    decision = lead.decide(a_definition(lifecycle=Lifecycle((sal, back))))

    assert points(decision) == expected
    assert {c.kind: c.points for c in decision.contributions if c.kind == "restore"} == (
        {"restore": 50 * MICRO} if expected else {}
    )


def test_less_than_what_is_there_is_not_restored(lead):
    back = by_status("recycled", "Back", side=True, restores=Restore("sal", 30 * DAY))
    lead.activity("visit", days(1))
    lead.status("Accepted", days(2))
    lead.activity("demo", days(3))
    lead.status("Back", days(4))

    assert points(lead.decide(a_definition(lifecycle=Lifecycle((by_status("sal", "Accepted"), back))))) == 60


def test_a_restore_fills_up_to_what_was_held_and_does_not_decay(lead):
    back = by_status("recycled", "Back", side=True, restores=Restore("sal", 30 * DAY))
    lead.activity("visit", days(1))
    lead.status("Accepted", days(2))
    lead.status("Back", days(4))
    fading = a_definition(
        engagement=rules(a_rule("visit", 10, window=2 * DAY)),
        lifecycle=Lifecycle((by_status("sal", "Accepted"), back)),
    )

    assert [points(lead.decide(fading, days(d))) for d in (2, 3, 4, 29)] == [10, 0, 10, 10]


def test_what_was_held_is_what_was_there_before_the_stages_own_reset_and_add(lead):
    sal = by_status("sal", "Accepted", resets_engagement=True, adds=(Add(3),))
    back = by_status("recycled", "Back", side=True, restores=Restore("sal", 30 * DAY))
    lead.activity("demo", days(1))
    lead.status("Accepted", days(2))
    lead.status("Back", days(4))

    assert points(lead.decide(a_definition(lifecycle=Lifecycle((sal, back))))) == 50


def test_a_stage_may_restore_what_it_held_itself_the_last_time(lead):
    mql = by_type(
        "mql", "demo", resets_engagement=True, reenter_from=("out",), restores=Restore("mql", 30 * DAY)
    )
    lead.activity("visit", days(0))
    lead.activity("demo", days(1))
    lead.status("Out", days(2))
    lead.activity("demo", days(3))
    definition = a_definition(lifecycle=Lifecycle((mql, by_status("out", "Out", side=True))))

    # At the first entry 60 were held; the second one had 50 of its own, which went, and 60 came back.
    assert points(lead.decide(definition)) == 60


def test_a_second_reset_takes_restored_points_as_well(lead):
    back = by_status("recycled", "Back", side=True, restores=Restore("sal", 30 * DAY))
    lead.activity("demo", days(1))
    lead.status("Accepted", days(2))
    lead.status("Back", days(4))
    lead.status("Accepted", days(5))
    sal = by_status("sal", "Accepted", resets_engagement=True, reenter_from=("recycled",))

    assert points(lead.decide(a_definition(lifecycle=Lifecycle((sal, back))))) == 0


def test_the_ledger_restores_and_resets_like_the_first_time(lead):
    back = by_status("recycled", "Back", side=True, resets_engagement=True, restores=Restore("sal", 30 * DAY))
    sal = by_status("sal", "Accepted", resets_engagement=True, reenter_from=("recycled",), adds=(Add(7),))
    lead.activity("demo", days(1))
    for day, value in ((2, "Accepted"), (4, "Back"), (6, "Accepted"), (8, "Back")):
        lead.status(value, days(day))
    definition = a_definition(lifecycle=Lifecycle((sal, back)))

    at_once = lead.decide(definition)
    in_steps = lead.runs(definition, *(days(d) for d in (2, 3, 4, 7, 8, 30)))[-1]

    assert in_steps.transitions == at_once.transitions
    assert in_steps.contributions == at_once.contributions
    assert new(lead.decide(definition, known=known_after([at_once]))) == ()


def test_a_stage_that_resets_by_a_level_is_not_entered_again_at_once(lead):
    mql = Stage("mql", (HandRaiseTrigger(),))
    cold = level("cold", computed("engagement", Op.AT_LEAST, 50), side=True, resets_engagement=True)
    lead.activity("demo", hours(1))

    decision = lead.decide(a_definition(lifecycle=Lifecycle((replace(mql, reenter_from=("cold",)), cold))))

    assert path(decision) == [("mql", hours(1)), ("cold", hours(1))]
    assert points(decision) == 0
