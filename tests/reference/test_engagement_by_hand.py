"""The sentences of the contract about engagement, each calculated by hand, asked of the reference model."""

from __future__ import annotations

import pytest

from leadledger.domain.conditions import Op, Space
from leadledger.domain.instants import DAY, HOUR
from leadledger.domain.scoring import (
    Burst,
    Calendar,
    Category,
    Engagement,
    EngagementRule,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    PointsBy,
    Steps,
)
from reference.history import Activity, Person
from reference.judge import judge
from reference.small import a_definition, asks, at, by_type, happened, of_type, points, rule


def engagement_of(engagement, person, as_of):
    outcome = judge(a_definition(engagement), person, as_of)
    assert sum(outcome.lines.values()) == outcome.score
    return points(outcome)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-1, 0), (0, 10), (59, 10), (60, 0)], ids=["early", "at", "last", "end"]
)
def test_an_award_counts_from_its_instant_until_its_window_ends(minutes, expected):
    model = Engagement((rule("visit", 10, window=HOUR),))

    assert engagement_of(model, happened(("visit", at())), at(minutes=minutes)) == expected


@pytest.mark.parametrize(
    ("decay", "days", "expected"),
    [
        (HalfLife(10 * DAY), 10, 50),
        (HalfLife(10 * DAY), 5, 70.710678),
        (HalfLife(10 * DAY), 20, 25),
        (Linear(4 * DAY), 1, 75),
        (Linear(4 * DAY), 4, 0),
        (Linear(4 * DAY), 5, 0),
        (Steps(10, 7 * DAY), 6.99, 100),
        (Steps(10, 7 * DAY), 7, 90),
        (Steps(10, 7 * DAY), 14, 81),
        (Steps(33.3, DAY), 3, 29.674096),
    ],
)
def test_an_award_decays_by_its_own_age(decay, days, expected):
    model = Engagement((rule("visit", 100, decay=decay),))

    assert engagement_of(model, happened(("visit", at())), at(days)) == expected


def test_a_straight_line_falls_by_whole_seconds():
    model = Engagement((rule("visit", 100, decay=Linear(100_000_000)),))

    assert engagement_of(model, happened(("visit", at())), at() + 1_999_999) == 99


def test_steps_of_negative_points_are_rounded_half_up():
    model = Engagement((rule("visit", -0.000003, decay=Steps(50, DAY)),), floor=-10)

    assert engagement_of(model, happened(("visit", at())), at(1)) == -0.000001


def test_points_hang_on_an_attribute_whatever_its_case():
    by = PointsBy("asset", {"Pricing": 20}, default=1)
    model = Engagement((rule("visit", 0, points_by=by),))
    person = Person(
        activities=(
            Activity("1", at(), "visit", asset="PRICING"),
            Activity("2", at(), "visit", asset="blog"),
            Activity("3", at(), "visit"),
        )
    )

    assert engagement_of(model, person, at(1)) == 22


def test_an_activity_that_is_worth_nothing_gives_no_award():
    by = PointsBy("asset", {"pricing": 20})
    model = Engagement((rule("visit", 0, points_by=by, limit=Limit(1, Calendar.EVER)),))
    person = Person(
        activities=(
            Activity("1", at(), "visit", asset="blog"),
            Activity("2", at(1), "visit", asset="pricing"),
        )
    )

    assert engagement_of(model, person, at(2)) == 20


def test_the_nth_activity_of_a_burst_gives_the_award_and_uses_the_others_up():
    model = Engagement((rule("visit", 30, burst=Burst(3, 2 * HOUR)),))
    visits = [("visit", at(minutes=30 * k)) for k in range(5)]

    assert engagement_of(model, happened(*visits[:2]), at(1)) == 0
    assert engagement_of(model, happened(*visits[:3]), at(1)) == 30
    assert engagement_of(model, happened(*visits), at(1)) == 30


def test_a_burst_looks_back_over_less_than_its_whole_span():
    model = Engagement((rule("visit", 30, burst=Burst(2, 2 * HOUR)),))

    assert engagement_of(model, happened(("visit", at()), ("visit", at(hours=2))), at(1)) == 0


def test_a_refused_burst_uses_its_activities_up_all_the_same():
    model = Engagement((rule("visit", 30, burst=Burst(2, DAY), limit=Limit(1, 4 * HOUR)),))
    hours = (0, 1, 2, 3, 4.5, 5.5)

    # The pair at 2 and 3 is refused; the pair at 4.5 and 5.5 is new.
    assert engagement_of(model, happened(*(("visit", at(hours=h)) for h in hours[:5])), at(1)) == 30
    assert engagement_of(model, happened(*(("visit", at(hours=h)) for h in hours)), at(1)) == 60


@pytest.mark.parametrize(
    ("per", "hours", "expected"),
    [
        (2 * HOUR, (0, 1, 2), 20),
        (2 * HOUR, (0, 1, 1.9), 10),
        # Midnight in Berlin is 23:00 UTC; START is a Thursday.
        (Calendar.DAY, (22.9, 23), 20),
        (Calendar.DAY, (0, 22.9), 10),
        (Calendar.WEEK, (0, 4 * 24 - 1.1), 10),
        (Calendar.WEEK, (0, 4 * 24 - 1), 20),
        (Calendar.MONTH, (0, 31 * 24 - 1.1), 10),
        (Calendar.MONTH, (0, 31 * 24 - 1), 20),
        (Calendar.EVER, (0, 9000), 10),
    ],
)
def test_a_limit_refuses_awards(per, hours, expected):
    model = Engagement((rule("visit", 10, limit=Limit(1, per)),))

    assert engagement_of(model, happened(*(("visit", at(hours=h)) for h in hours)), at(400)) == expected


def test_rules_and_categories_are_clipped():
    model = Engagement(
        (
            rule("visit", 10, max_points=25, category="web"),
            rule("form", 10, category="web"),
            rule("careers", -10, category="out"),
        ),
        (Category("web", max=30), Category("out", min=-15)),
        floor=-100,
    )
    visits = [("visit", at(k)) for k in range(3)]

    assert engagement_of(model, happened(*visits), at(9)) == 25
    assert engagement_of(model, happened(*visits, ("form", at(4))), at(9)) == 30
    assert engagement_of(model, happened(("careers", at()), ("careers", at(1))), at(9)) == -15


def test_max_points_clips_a_negative_sum_as_well():
    model = Engagement((rule("careers", -10, max_points=15),), floor=-100)

    assert engagement_of(model, happened(("careers", at()), ("careers", at(1))), at(9)) == -15


def test_old_debt_never_eats_later_points():
    model = Engagement((rule("careers", -50), rule("visit", 10)))

    assert engagement_of(model, happened(("careers", at()), ("visit", at(1))), at(2)) == 10


def test_the_end_of_a_penalty_brings_only_points_that_were_earned():
    model = Engagement((rule("visit", 10), rule("careers", -50, window=5 * DAY)))
    person = happened(("visit", at()), ("careers", at(1)), ("visit", at(2)))

    # 10 - 50 + 40 of the floor = 0; then 10 more; at the penalty's end the 10 that it had taken come back.
    assert engagement_of(model, person, at(1)) == 0
    assert engagement_of(model, person, at(3)) == 10
    assert engagement_of(model, person, at(6)) == 20


def test_a_penalty_that_shrinks_gives_back_the_part_that_the_floor_held():
    model = Engagement((rule("visit", 10), rule("careers", -40, decay=Steps(50, DAY))))
    person = happened(("visit", at()), ("careers", at()))

    # 10 - 40 + 30; then 10 - 20 + 20 (the attributed 30 are cut to 20, and 10 are missing no more).
    assert engagement_of(model, person, at()) == 0
    assert engagement_of(model, person, at(1)) == 10
    assert engagement_of(model, person, at(2)) == 10


def test_what_is_missing_is_attributed_to_the_newest_penalty_first():
    model = Engagement(
        (rule("visit", 30), rule("careers", -20, window=10 * DAY), rule("bounce", -20, window=2 * DAY))
    )
    person = happened(("visit", at()), ("careers", at(1)), ("bounce", at(2)))

    # 30 - 20 - 20 + 10, the 10 against the bounce. When that ends, 10 of it come back; later the other 20.
    assert engagement_of(model, person, at(3)) == 0
    assert engagement_of(model, person, at(4)) == 10
    assert engagement_of(model, person, at(11)) == 30


def test_what_decays_under_a_penalty_is_given_just_before_the_next_award():
    model = Engagement((rule("visit", 10, decay=HalfLife(DAY)), rule("careers", -10), rule("form", 5)))
    person = happened(("visit", at()), ("careers", at(1)), ("form", at(2)))

    # 5 - 10 + 5 at the first day; just before the second one 2.5 - 10 + 7.5; then the form.
    assert engagement_of(model, person, at(1)) == 0
    assert engagement_of(model, person, at(2)) == 5


def test_an_award_that_ends_at_the_instant_of_another_acts_together_with_it():
    model = Engagement((rule("visit", 10, window=2 * DAY), rule("careers", -10), rule("form", 5)))
    person = happened(("visit", at()), ("careers", at(1)), ("form", at(2)))

    # Just before 10 - 10 = 0, nothing is missing; at it -10 + 5, and 5 are missing.
    assert engagement_of(model, person, at(2)) == 0


def test_a_floor_below_zero_holds_the_value_there():
    model = Engagement((rule("careers", -50), rule("visit", 10)), floor=-30)

    assert engagement_of(model, happened(("careers", at())), at(1)) == -30
    assert engagement_of(model, happened(("careers", at()), ("visit", at(1))), at(1)) == -20


def test_a_floor_above_zero_is_given_from_the_beginning():
    model = Engagement((rule("visit", 10),), floor=5)

    assert engagement_of(model, happened(), at(1)) == 5
    assert engagement_of(model, happened(("visit", at())), at(1)) == 15


def test_the_maximum_clamps_at_last():
    model = Engagement((rule("visit", 60), rule("careers", -30)), max=100)
    person = happened(("visit", at()), ("visit", at(1)), ("careers", at(2)))

    assert engagement_of(model, person, at(1)) == 100
    assert engagement_of(model, person, at(2)) == 90


def test_each_full_quiet_period_takes_points_that_do_not_come_back():
    quiet = Inactivity(-10, after=3 * DAY, every=2 * DAY, counts=("visit",))
    model = Engagement((rule("visit", 25), rule("form", 0)), inactivity=quiet)
    person = happened(("visit", at()), ("form", at(4)))

    assert [engagement_of(model, person, at(d)) for d in (2.9, 3, 4.9, 5, 7, 9)] == [25, 15, 15, 5, 0, 0]


def test_an_activity_at_the_end_of_a_quiet_period_comes_after_the_deduction():
    quiet = Inactivity(-10, after=3 * DAY, every=2 * DAY, counts=("visit",))
    model = Engagement((rule("visit", 25),), inactivity=quiet)
    person = happened(("visit", at()), ("visit", at(3)))

    assert [engagement_of(model, person, at(d)) for d in (3, 5, 6)] == [40, 40, 30]


def test_nothing_is_deducted_before_the_first_counted_activity():
    quiet = Inactivity(-10, after=3 * DAY, every=2 * DAY, counts=("visit",))
    model = Engagement((rule("form", 25),), inactivity=quiet)

    assert engagement_of(model, happened(("form", at())), at(30)) == 25


def test_a_reset_by_an_activity_takes_everything_up_to_its_instant_and_no_limit():
    model = Engagement(
        (rule("visit", 10, limit=Limit(2, Calendar.EVER)), rule("form", 5)),
        reset_on=(of_type("unsubscribe"),),
    )
    person = happened(("visit", at()), ("unsubscribe", at(1)), ("form", at(1)), ("visit", at(2)))

    assert engagement_of(model, person, at(1)) == 0
    assert engagement_of(model, person, at(2)) == 10
    assert engagement_of(model, happened(("visit", at(-1)), *_same(person)), at(2)) == 0


def _same(person):
    return [(a.type, a.at_us) for a in person.activities]


def test_a_gate_sees_the_state_just_before_the_instant():
    first_mql = asks("stage", Op.IS, "mql")
    model = Engagement((rule("form", 10, gate=first_mql),))
    definition = a_definition(model, by_type("mql", "form"))

    entering = judge(definition, happened(("form", at()), ("form", at())), at(1))
    later = judge(definition, happened(("form", at()), ("form", at(1))), at(1))

    assert points(entering) == 0
    assert points(later) == 10


def test_activities_of_one_instant_are_walked_by_id():
    model = Engagement(
        (rule("visit", 0, points_by=PointsBy("asset", {"a": 1, "b": 2}), limit=Limit(1, DAY)),)
    )
    person = Person(
        activities=(Activity("9", at(), "visit", asset="a"), Activity("10", at(), "visit", asset="b"))
    )

    assert engagement_of(model, person, at()) == 2


def test_a_condition_on_an_attribute_that_is_not_there_is_unknown():
    seconds = asks("seconds", Op.AT_LEAST, 30, Space.ACTIVITY)
    model = Engagement((EngagementRule("long", seconds, 10),))
    person = Person(
        activities=(
            Activity("1", at(), "visit", attributes={"seconds": "30"}),
            Activity("2", at(), "visit", attributes={"seconds": "long"}),
            Activity("3", at(), "visit"),
        )
    )

    assert engagement_of(model, person, at()) == 10
