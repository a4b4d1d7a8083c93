"""How an award loses its points by its own age: by halves, along a line, in steps."""

from __future__ import annotations

import pytest

from builders import START, World, a_definition, a_rule, days, line, points, rules
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import MICRO, Category, Decay, HalfLife, Linear, PointsBy, Steps


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def engagement(lead: World, at: int, *which, **bounds) -> float:
    return points(lead.decide(a_definition(engagement=rules(*which, **bounds), lifecycle=Lifecycle()), at))


@pytest.mark.parametrize(
    ("decay", "age", "expected"),
    [
        (HalfLife(10 * DAY), 5 * DAY, 70.710678),
        (HalfLife(10 * DAY), 600 * DAY - 1, 0),
        (Linear(4 * DAY), 0, 100),
        (Linear(4 * DAY), DAY, 75),
        (Linear(4 * DAY), DAY + SECOND - 1, 75),
        (Linear(4 * DAY), DAY + SECOND, 74.999711),
        (Linear(4 * DAY), 4 * DAY - 1, 0.000289),
        (Linear(4 * DAY), 4 * DAY, 0),
        (Linear(4 * DAY), 40 * DAY, 0),
        (Steps(10, 7 * DAY), 7 * DAY - 1, 100),
        (Steps(10, 7 * DAY), 7 * DAY, 90),
        (Steps(10, 7 * DAY), 14 * DAY, 81),
        (Steps(33.3, DAY), 3 * DAY, 29.674096),
        (Steps(100, DAY), DAY, 0),
        (Steps(0, DAY), 400 * DAY, 100),
    ],
)
def test_an_award_is_worth_less_by_its_own_age(lead, decay: Decay, age, expected):
    lead.activity("visit", START)

    assert engagement(lead, START + age, a_rule("visit", 100, decay=decay)) == expected


def test_each_award_has_an_age_of_its_own(lead):
    for day in (0, 2):
        lead.activity("visit", days(day))

    assert engagement(lead, days(3), a_rule("visit", 100, decay=Linear(4 * DAY))) == 25 + 75


def test_each_step_is_rounded_half_up_before_the_next(lead):
    lead.activity("visit", START)
    rule = a_rule("visit", 0.000005, decay=Steps(50, DAY))

    # 5 -> 2.5 -> 3 -> 1.5 -> 2 -> 1 -> 0.5 -> 1: half up holds the last millionth for ever.
    assert [round(engagement(lead, days(n), rule) * MICRO) for n in range(6)] == [5, 3, 2, 1, 1, 1]


def test_negative_points_step_towards_zero_and_never_over_it(lead):
    lead.activity("visit", START)
    rule = a_rule("visit", -0.000005, decay=Steps(50, DAY))

    assert [round(engagement(lead, days(n), rule, floor=-1) * MICRO) for n in range(5)] == [-5, -2, -1, 0, 0]


def test_a_window_ends_an_award_that_still_decays(lead):
    lead.activity("visit", START)
    rule = a_rule("visit", 100, decay=Steps(50, 2 * DAY), window=3 * DAY)

    assert [engagement(lead, days(n), rule) for n in (1, 2, 2.999, 3)] == [100, 50, 50, 0]


def test_what_time_took_stands_in_the_line_of_the_rule(lead):
    lead.activity("visit", START)
    definition = a_definition(engagement=rules(a_rule("visit", 100, decay=Linear(4 * DAY))))

    fading, gone = (
        line(lead.decide(definition, days(1)), "visit"),
        line(lead.decide(definition, days(5)), "visit"),
    )

    assert (fading.raw, fading.by_decay, fading.points, fading.count) == (
        100 * MICRO, -25 * MICRO, 75 * MICRO, 1,
    )  # fmt: skip
    assert (gone.raw, gone.by_window + gone.by_decay, gone.points, gone.count) == (
        100 * MICRO, -100 * MICRO, 0, 0,
    )  # fmt: skip


def test_caps_bound_what_decay_left(lead):
    for _ in range(3):
        lead.activity("visit", START)
    rule = a_rule("visit", 50, decay=HalfLife(DAY), max_points=100, category="web")

    assert engagement(lead, days(0), rule, categories=(Category("web", max=60),)) == 60
    assert engagement(lead, days(1), rule, categories=(Category("web", max=60),)) == 60
    assert engagement(lead, days(2), rule, categories=(Category("web", max=60),)) == 37.5


def test_points_by_an_attribute_decay_from_what_they_were(lead):
    for url in ("/Pricing", "/blog", "/jobs", None):
        lead.activity("visit", START, Url=url)
    by = PointsBy("asset", {"/pricing": 20, "/jobs": -8}, default=2)
    rule = a_rule("visit", 0, points_by=by, decay=Steps(50, DAY))

    assert engagement(lead, days(0), rule) == 20 + 2 - 8 + 2
    assert engagement(lead, days(1), rule) == 10 + 1 - 4 + 1
