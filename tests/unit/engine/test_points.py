"""What an activity is worth, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from builders import START, World, a_definition, a_rule, days, hours, line, points, rules
from leadledger.domain.instants import DAY, HOUR, SECOND, to_us
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import MICRO, Calendar, Category, EngagementRule, HalfLife, Limit


def scored(world: World, *which: EngagementRule, as_of: int = days(30), **bounds: object):
    """The decision under these rules alone, without stages."""
    definition = a_definition(engagement=rules(*which, **bounds), lifecycle=Lifecycle())
    return world.decide(definition, as_of)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def berlin(*when: int) -> int:
    return to_us(datetime(*when, tzinfo=ZoneInfo("Europe/Berlin")))


def test_every_activity_of_a_type_gives_the_points_of_its_rule(lead):
    lead.activity("visit", days(1))
    lead.activity("visit", days(2))
    lead.activity("form", days(3))

    decision = scored(lead, a_rule("visit", 10), a_rule("form", 30.5))

    assert points(decision) == 50.5
    assert line(decision, "visit").points == 20 * MICRO
    assert line(decision, "visit").count == line(decision, "visit").matched == 2
    assert line(decision, "visit").last_at_us == days(2)


def test_an_activity_may_meet_several_rules(lead):
    lead.activity("visit", days(1), Url="/pricing")

    decision = scored(lead, a_rule("visit", 10), a_rule("pricing", 5, "visit"))

    assert points(decision) == 15


def test_a_person_without_activities_has_no_points_and_nothing_to_explain(lead):
    decision = scored(lead, a_rule("visit", 10))

    assert (decision.engagement, decision.contributions) == (0, ())


@pytest.mark.parametrize(
    ("age", "expected"), [(-1, 0), (0, 10), (1, 10), (7 * DAY - 1, 10), (7 * DAY, 0), (7 * DAY + 1, 0)]
)
def test_an_award_counts_from_its_own_instant_until_just_before_its_window_ends(lead, age, expected):
    lead.activity("visit", days(1))

    decision = scored(lead, a_rule("visit", 10, window=7 * DAY), as_of=days(1) + age)

    assert points(decision) == expected


def test_an_award_that_ended_is_shown_as_lost_by_its_window(lead):
    lead.activity("visit", days(1))
    lead.activity("visit", days(9))

    told = line(scored(lead, a_rule("visit", 10, window=7 * DAY), as_of=days(10)), "visit")

    assert (told.raw, told.by_window, told.points) == (20 * MICRO, -10 * MICRO, 10 * MICRO)
    assert (told.matched, told.count, told.last_at_us) == (2, 1, days(9))


@pytest.mark.parametrize(
    ("half_lives", "expected"),
    [
        (0, 100_000_000),
        (0.5, 70_710_678),
        (1, 50_000_000),
        (1.5, 35_355_339),
        (2, 25_000_000),
        (10, 97_656),
        (59, 0),
    ],
)
def test_points_halve_with_every_half_life(lead, half_lives, expected):
    lead.activity("visit", START)

    decision = scored(
        lead, a_rule("visit", 100, decay=HalfLife(10 * DAY)), as_of=START + int(half_lives * 10 * DAY)
    )

    assert decision.engagement == expected


def test_after_sixty_half_lives_nothing_is_left_of_an_award(lead):
    lead.activity("visit", START)
    lead.activity("visit", START + 2)

    decision = scored(lead, a_rule("visit", 1e6, decay=HalfLife(1)), as_of=START + 61)

    assert decision.engagement == round(1e12 * 2**-59)


def test_what_time_took_is_shown_as_decay(lead):
    lead.activity("visit", days(0))
    lead.activity("visit", days(10))

    told = line(scored(lead, a_rule("visit", 100, decay=HalfLife(10 * DAY)), as_of=days(20)), "visit")

    assert (told.raw, told.by_decay, told.points) == (200 * MICRO, -125 * MICRO, 75 * MICRO)


def test_a_window_ends_a_decaying_award(lead):
    lead.activity("visit", days(0))

    decision = scored(lead, a_rule("visit", 100, decay=HalfLife(10 * DAY), window=20 * DAY), as_of=days(20))

    assert decision.engagement == 0
    assert line(decision, "visit").by_window == -100 * MICRO


@pytest.mark.parametrize(("gap", "expected"), [(DAY - 1, 10), (DAY, 20), (DAY + 1, 20)])
def test_a_rolling_limit_looks_back_over_the_span_without_its_oldest_instant(lead, gap, expected):
    lead.activity("visit", days(1))
    lead.activity("visit", days(1) + gap)

    assert points(scored(lead, a_rule("visit", 10, limit=Limit(1, DAY)))) == expected


def test_activities_that_a_limit_refused_do_not_use_it_up(lead):
    for hour in (0, 8, 16, 24, 32, 40, 48):
        lead.activity("visit", hours(hour))

    told = line(scored(lead, a_rule("visit", 10, limit=Limit(2, DAY))), "visit")

    # 0, 8, (16), 24 since 0 has left, 32, (40), 48.
    assert (told.count, told.matched, told.by_limit) == (5, 7, -20 * MICRO)


def test_an_award_whose_window_ended_still_uses_its_limit(lead):
    lead.activity("visit", days(1))
    lead.activity("visit", days(3))

    told = line(
        scored(lead, a_rule("visit", 10, window=DAY, limit=Limit(1, 5 * DAY)), as_of=days(3)), "visit"
    )

    assert (told.count, told.by_window, told.by_limit) == (0, -10 * MICRO, -10 * MICRO)


def test_activities_of_one_instant_take_their_turn_by_id(lead):
    lead.activity("visit", days(1), id_="b", Url="/second")
    lead.activity("visit", days(1), id_="a", Url="/first")

    told = line(scored(lead, a_rule("visit", 10, limit=Limit(1, DAY))), "visit")

    assert told.evidence == ("salesforce.Visit__c/a",)


@pytest.mark.parametrize(
    ("per", "first", "second", "expected"),
    [
        (Calendar.DAY, (2026, 1, 9, 23, 59, 59), (2026, 1, 10), 20),
        (Calendar.DAY, (2026, 1, 10), (2026, 1, 10, 23, 59, 59), 10),
        # Berlin's clock: 23 hours on 29 March, 25 on 25 October.
        (Calendar.DAY, (2026, 3, 29), (2026, 3, 29, 23, 59, 59), 10),
        (Calendar.DAY, (2026, 3, 29), (2026, 3, 30), 20),
        (Calendar.DAY, (2026, 10, 25), (2026, 10, 25, 23, 59, 59), 10),
        (Calendar.DAY, (2026, 10, 25), (2026, 10, 26), 20),
        (Calendar.WEEK, (2026, 1, 5), (2026, 1, 11, 23, 59, 59), 10),  # Monday to Sunday
        (Calendar.WEEK, (2026, 1, 11, 23, 59, 59), (2026, 1, 12), 20),
        (Calendar.WEEK, (2025, 12, 29), (2026, 1, 4, 23), 10),  # over the turn of the year
        (Calendar.MONTH, (2026, 1, 1), (2026, 1, 31, 23, 59, 59), 10),
        (Calendar.MONTH, (2026, 1, 31, 23, 59, 59), (2026, 2, 1), 20),
        (Calendar.MONTH, (2026, 1, 15), (2027, 1, 15), 20),
        (Calendar.EVER, (2020, 1, 1), (2026, 12, 31), 10),
    ],
)
def test_a_calendar_limit_follows_the_clock_on_the_wall(lead, per, first, second, expected):
    lead.activity("visit", berlin(*first))
    lead.activity("visit", berlin(*second))

    decision = scored(lead, a_rule("visit", 10, limit=Limit(1, per)), as_of=berlin(2028, 1, 1))

    assert points(decision) == expected


def test_a_day_is_the_day_of_the_definitions_time_zone(lead):
    lead.activity("visit", to_us(datetime(2026, 1, 9, 22, tzinfo=UTC)))
    lead.activity("visit", to_us(datetime(2026, 1, 9, 23, tzinfo=UTC)))  # midnight in Berlin
    berlins = a_definition(engagement=rules(a_rule("visit", 10, limit=Limit(1, Calendar.DAY))))
    tokyos = replace(berlins, time_zone=ZoneInfo("Asia/Tokyo"))

    assert points(lead.decide(berlins)) == 20
    assert points(lead.decide(tokyos)) == 10


def test_a_limit_allows_as_many_awards_as_it_says(lead):
    for second in range(5):
        lead.activity("visit", days(1) + second * SECOND)

    assert points(scored(lead, a_rule("visit", 10, limit=Limit(3, Calendar.DAY)))) == 30


def test_limits_of_different_rules_do_not_touch(lead):
    for hour in (1, 2):
        lead.activity("visit", hours(hour))
        lead.activity("form", hours(hour))

    decision = scored(lead, a_rule("visit", 1, limit=Limit(1, DAY)), a_rule("form", 10, limit=Limit(2, DAY)))

    assert points(decision) == 21


def test_a_rule_gives_no_more_than_its_cap_at_any_time(lead):
    for day in (1, 2, 3):
        lead.activity("visit", days(day))

    decision = scored(lead, a_rule("visit", 10, max_points=25, window=5 * DAY), as_of=days(4))
    later = scored(lead, a_rule("visit", 10, max_points=25, window=5 * DAY), as_of=days(6))

    assert points(decision) == 25
    assert line(decision, "visit").by_cap == -5 * MICRO
    assert points(later) == 20


def test_a_category_holds_its_rules_within_its_bounds(lead):
    lead.activity("visit", days(1))
    lead.activity("form", days(1))
    lead.activity("careers", days(1))
    web = Category("web", max=35, min=-5)

    decision = scored(
        lead,
        a_rule("visit", 10, category="web"),
        a_rule("form", 30, category="web"),
        a_rule("careers", -20, category="jobs"),
        categories=(web, Category("jobs", min=-5)),
    )

    assert points(decision) == 30
    assert line(decision, "web", "category").points == -5 * MICRO
    assert line(decision, "jobs", "category").points == 15 * MICRO


def test_the_total_is_clamped_at_its_maximum(lead):
    for day in range(5):
        lead.activity("form", days(day))

    decision = scored(lead, a_rule("form", 30), max=100)

    assert points(decision) == 100
    assert line(decision, "", "max").points == -50 * MICRO


def test_old_debt_never_eats_later_points(lead):
    lead.activity("careers", days(1))
    lead.activity("visit", days(2))

    decision = scored(lead, a_rule("careers", -50), a_rule("visit", 10))

    assert points(decision) == 10
    assert line(decision, "careers").points == -50 * MICRO
    assert line(decision, "", "floor").points == 50 * MICRO


def test_a_penalty_takes_only_what_is_there(lead):
    lead.activity("visit", days(1))
    lead.activity("careers", days(2))
    lead.activity("form", days(3))

    decision = scored(lead, a_rule("careers", -50), a_rule("visit", 10), a_rule("form", 30))

    assert points(decision) == 30


def test_the_floor_may_lie_below_zero(lead):
    lead.activity("careers", days(1))
    lead.activity("careers", days(2))
    lead.activity("visit", days(3))

    assert points(scored(lead, a_rule("careers", -50), a_rule("visit", 10), floor=-60)) == -50


def test_a_floor_above_zero_is_where_everybody_starts(lead):
    lead.activity("visit", days(3))

    assert points(scored(lead, a_rule("visit", 10), floor=5, as_of=days(2))) == 5
    assert points(scored(lead, a_rule("visit", 10), floor=5)) == 15


def test_the_floor_holds_while_points_fade_under_a_penalty(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(1))

    decision = scored(lead, a_rule("form", 100, window=5 * DAY), a_rule("careers", -40), as_of=days(10))

    assert points(decision) == 0
    assert line(decision, "", "floor").points == 40 * MICRO


def test_points_that_take_over_where_others_end_leave_no_gap_for_the_floor(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(1))
    lead.activity("form", days(5))

    decision = scored(lead, a_rule("form", 30, window=5 * DAY), a_rule("careers", -20), as_of=days(6))

    assert points(decision) == 10


def test_a_penalty_that_ends_gives_back_what_it_took(lead):
    lead.activity("form", days(0))
    lead.activity("careers", days(1))
    which = (a_rule("form", 30), a_rule("careers", -20, window=5 * DAY))

    assert points(scored(lead, *which, as_of=days(6) - 1)) == 10
    assert points(scored(lead, *which, as_of=days(6))) == 30


def test_a_penalty_that_ends_gives_back_nothing_that_the_floor_forgave(lead):
    lead.activity("visit", days(0))
    lead.activity("careers", days(1))
    lead.activity("form", days(2))
    which = (a_rule("visit", 10), a_rule("form", 30), a_rule("careers", -50, window=5 * DAY))

    assert points(scored(lead, *which, as_of=days(6) - 1)) == 30
    assert points(scored(lead, *which, as_of=days(6))) == 40


def test_looking_at_jobs_alone_is_never_worth_anything(lead):
    for day in range(5):
        lead.activity("careers", days(day))

    for day in (1, 4, 50, 92, 94, 200):
        assert points(scored(lead, a_rule("careers", -10, window=90 * DAY), as_of=days(day))) == 0


def test_what_the_floor_forgave_belongs_to_the_newest_penalty(lead):
    lead.activity("careers", days(0))  # forgiven, ends on day 5
    lead.activity("form", days(1))
    lead.activity("visit", days(2))  # a penalty that never ends, taken in full
    which = (a_rule("careers", -50, window=5 * DAY), a_rule("form", 100), a_rule("visit", -10))

    assert points(scored(lead, *which, as_of=days(3))) == 90
    assert points(scored(lead, *which, as_of=days(6))) == 90


def test_equal_rules_for_equal_instants_give_equal_results_whatever_the_unit(lead):
    lead.activity("visit", hours(1))

    assert points(scored(lead, a_rule("visit", 0.000001))) == 0.000001
    assert points(scored(lead, a_rule("visit", 1e6), as_of=hours(1))) == 1e6
    assert points(scored(lead, a_rule("visit", 1, window=HOUR), as_of=hours(2) - 1)) == 1


def test_the_newest_activities_that_still_count_are_the_evidence(lead):
    for day in range(15):
        lead.activity("visit", days(day), id_=f"v{day:02}")

    everything = line(scored(lead, a_rule("visit", 1)), "visit").evidence
    recent = line(scored(lead, a_rule("visit", 1, window=3 * DAY), as_of=days(14)), "visit").evidence

    assert everything == tuple(f"salesforce.Visit__c/v{day:02}" for day in (14, 13, 12))
    assert recent == tuple(f"salesforce.Visit__c/v{day}" for day in (14, 13, 12))


def test_a_rule_that_gives_nothing_any_more_has_no_evidence(lead):
    lead.activity("visit", days(0))

    assert line(scored(lead, a_rule("visit", 1, window=DAY)), "visit").evidence == ()
