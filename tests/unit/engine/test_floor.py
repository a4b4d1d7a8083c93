"""The floor gives what is missing, for the newest penalties, and takes it back as they end or shrink."""

from __future__ import annotations

import pytest

from builders import World, a_definition, a_rule, days, points, rules
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import MICRO, Category, HalfLife, PointsBy, Steps


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def engagement(lead: World, at: float, *which, **bounds) -> float:
    decision = lead.decide(a_definition(engagement=rules(*which, **bounds), lifecycle=Lifecycle()), days(at))
    assert sum(c.points for c in decision.contributions) == decision.score
    return points(decision)


def test_a_penalty_that_shrinks_keeps_what_was_forgiven_as_long_as_it_takes_that_much(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(1))
    which = a_rule("form", 10), a_rule("careers", -40, decay=Steps(50, 2 * DAY))

    # It asks for 40, of which 30 are forgiven; then for 20, all of them forgiven: the 10 that were earned are back.
    assert [engagement(lead, d, *which) for d in (1, 3, 5, 7)] == [0, 10, 10, 10]


def test_a_penalty_that_shrinks_under_fading_points_never_brings_more_than_was_earned(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(0))
    which = a_rule("form", 16, decay=HalfLife(2 * DAY)), a_rule("careers", -16, decay=Steps(50, 4 * DAY))

    for day in range(20):
        alone = 16 * 2 ** (-day / 2)
        assert 0 <= engagement(lead, day, *which) <= alone + 1e-6


def test_an_old_penalty_is_forgiven_after_the_newer_ones(lead):
    lead.activity("careers", days(0))
    lead.activity("careers", days(1))
    rule = a_rule("careers", -10, window=3 * DAY)
    form = a_rule("form", 15)
    lead.activity("form", days(2))

    # Both penalties were forgiven in full, one after the other, before anything was earned.
    assert [engagement(lead, d, rule, form) for d in (2, 3, 4)] == [15, 15, 15]


def test_what_is_missing_just_before_an_instant_is_given_for_penalties_that_end_there(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(0))
    which = a_rule("form", 20, decay=HalfLife(DAY)), a_rule("careers", -30, window=2 * DAY)

    # The form fades to 5 under a penalty of 30: when that ends, exactly the 5 are there.
    assert engagement(lead, 2, *which) == 5


def test_a_penalty_by_an_attribute_is_a_penalty(lead):
    for day, url in enumerate(("/jobs", "/pricing", "/jobs")):
        lead.activity("visit", days(day), Url=url)
    rule = a_rule("visit", 0, points_by=PointsBy("asset", {"/jobs": -5, "/pricing": 12}))

    assert [engagement(lead, d, rule) for d in (0, 1, 2)] == [0, 12, 7]


def test_a_category_below_its_minimum_is_not_what_the_floor_gives_for(lead):
    for day in range(4):
        lead.activity("careers", days(day))
    lead.activity("form", days(5))
    rule = a_rule("careers", -10, category="jobs")
    jobs = Category("jobs", min=-15)

    assert engagement(lead, 5, rule, a_rule("form", 50), categories=(jobs,)) == 50
    assert engagement(lead, 5, rule, a_rule("form", 50), categories=(jobs,), floor=-100) == 35


def test_a_penalty_takes_from_later_points_only_as_far_as_it_is_newer(lead):
    lead.activity("careers", days(0))
    lead.activity("form", days(1))
    lead.activity("careers", days(2))
    which = a_rule("form", 30), a_rule("careers", -20, window=10 * DAY)

    assert [engagement(lead, d, *which) for d in (0, 1, 2, 10, 12)] == [0, 30, 10, 10, 30]


def test_a_floor_below_zero_is_reached_and_not_passed(lead):
    for day in range(5):
        lead.activity("careers", days(day))

    assert [engagement(lead, d, a_rule("careers", -20), floor=-50) for d in range(5)] == [
        -20,
        -40,
        -50,
        -50,
        -50,
    ]


def test_the_gift_stands_in_a_line_of_its_own(lead):
    lead.activity("careers", days(0))
    decision = lead.decide(a_definition(engagement=rules(a_rule("careers", -20)), lifecycle=Lifecycle()))

    assert {c.kind: c.points for c in decision.contributions if c.points} == {
        "engagement": -20 * MICRO,
        "floor": 20 * MICRO,
    }
