"""Several activities within a span make one award, and each is used once."""

from __future__ import annotations

import pytest

from builders import World, a_definition, a_rule, hours, line, path, points, rules, when
from leadledger.domain.instants import HOUR
from leadledger.domain.lifecycle import HandRaiseTrigger, Lifecycle, Stage
from leadledger.domain.scoring import MICRO, Burst, Calendar, HalfLife, Limit


def visits(world: World, *at: float) -> World:
    world.lead()
    for number, hour in enumerate(at):
        world.activity("visit", hours(hour), id_=f"v{number}")
    return world


def burst(times: int = 3, within: int = 2, **more):
    return a_rule("visit", 30, burst=Burst(times, within * HOUR), **more)


def engagement(world: World, rule) -> float:
    return points(world.decide(a_definition(engagement=rules(rule), lifecycle=Lifecycle())))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((0, 1), 0),
        ((0, 1, 1.5), 30),
        ((0, 1, 2), 0),  # the span is (t - within, t]
        ((0, 1, 1.999), 30),
        ((0, 1, 2, 2.5), 30),
        ((0, 0.1, 0.2, 0.3, 0.4), 30),  # used once: two more are only two
        ((0, 0.1, 0.2, 0.3, 0.4, 0.5), 60),
        ((0, 0, 0), 30),
    ],
)
def test_the_nth_activity_inside_the_span_makes_the_award(world, at, expected):
    assert engagement(visits(world, *at), burst()) == expected


def test_a_burst_that_the_limit_refuses_uses_its_activities_up(world):
    rule = burst(2, limit=Limit(1, 4 * HOUR))

    assert engagement(visits(world, 0, 1, 2, 3, 4.5), rule) == 30
    world.activity("visit", hours(5.5))

    assert engagement(world, rule) == 60


def test_a_limit_counts_bursts_and_not_activities(world):
    assert engagement(visits(world, 0, 0.1, 0.2, 0.3, 0.4, 0.5), burst(2, limit=Limit(2, Calendar.DAY))) == 60


def test_the_award_is_as_old_as_its_last_activity(world):
    visits(world, 0, 1)
    definition = a_definition(engagement=rules(burst(2, decay=HalfLife(HOUR))), lifecycle=Lifecycle())

    assert points(world.decide(definition, hours(2))) == 15


def test_a_hand_raise_by_a_burst_comes_with_its_last_activity(world):
    visits(world, 0, 1, 1.5)
    definition = a_definition(
        engagement=rules(burst(auto_qualify=True)),
        lifecycle=Lifecycle((Stage("mql", (HandRaiseTrigger(),)),)),
    )

    assert path(world.decide(definition)) == [("mql", hours(1.5))]


def test_the_material_of_a_burst_is_shown_as_matched_and_gives_nothing(world):
    shown = line(
        world.decide(a_definition(engagement=rules(burst()))) if visits(world, 0, 0.5, 1, 9) else None,
        "visit",
    )

    assert (shown.raw, shown.points, shown.count, shown.matched) == (30 * MICRO, 30 * MICRO, 1, 4)
    assert shown.evidence == ("salesforce.Visit__c/v2",)


def test_a_reset_does_not_use_the_material_up(world):
    visits(world, 0, 0.5, 1)
    world.activity("form", hours(0.7))
    definition = a_definition(
        engagement=rules(burst(), reset_on=(when("type", "form"),)), lifecycle=Lifecycle()
    )

    assert points(world.decide(definition)) == 30
