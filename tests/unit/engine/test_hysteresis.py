"""`until`, side stages and cooldowns: who was somewhere does not bounce back on what held already."""

from __future__ import annotations

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
    by_status,
    by_type,
    computed,
    days,
    known_after,
    level,
    new,
    path,
    rules,
)
from leadledger.domain.conditions import Op
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.lifecycle import HandRaiseTrigger, Lifecycle, Stage
from leadledger.domain.scoring import HalfLife, Linear

HOT = computed("engagement", Op.AT_LEAST, 50)
COLD = computed("engagement", Op.BELOW, 20)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def definition(*stages: Stage, **more):
    which = more.pop("which", (a_rule("visit", 60, window=10 * DAY), a_rule("form", 5, window=30 * DAY)))
    return a_definition(engagement=rules(*which, **more), lifecycle=Lifecycle(stages))


OUT = by_status("out", "Out", side=True)


def test_a_trigger_with_until_is_not_met_again_before_until_was_true(lead):
    hot = level("hot", HOT, COLD, reenter_from=("out",))
    lead.activity("visit", days(0))
    lead.status("Out", days(1))
    lead.activity("visit", days(2))  # a new award, and the value never fell below 20
    lead.activity("visit", days(20))  # below 20 since day 12

    decision = lead.decide(definition(hot, OUT))

    assert path(decision) == [("hot", days(0)), ("out", days(1)), ("hot", days(20))]


def test_without_until_a_new_award_is_enough(lead):
    lead.activity("visit", days(0))
    lead.status("Out", days(1))
    lead.activity("visit", days(2))

    assert path(lead.decide(definition(level("hot", HOT, reenter_from=("out",)), OUT)))[-1] == (
        "hot",
        days(2),
    )


def test_until_is_seen_while_the_value_falls(lead):
    hot = level("hot", HOT, COLD, reenter_from=("out",))
    fading = (a_rule("visit", 60, decay=HalfLife(DAY)),)
    lead.activity("visit", days(0))
    lead.status("Out", days(0.1))
    lead.activity("visit", days(1.5))  # 21.2 just before
    assert path(lead.decide(definition(hot, OUT, which=fading)))[-1] == ("out", days(0.1))

    lead.connection.execute('DELETE FROM raw."salesforce.Visit__c" WHERE "At" > ?', [days(1)])
    lead.activity("visit", days(1.6))  # 19.8 just before

    assert path(lead.decide(definition(hot, OUT, which=fading)))[-1] == ("hot", days(1.6))


def test_a_side_trigger_that_held_is_spent_until_it_was_false(lead):
    cold = level("cold", COLD, side=True, sources=("mql",))
    mql = by_type("mql", "demo", reenter_from=("cold",))
    lead.activity("demo", days(1))
    lead.activity("demo", days(2))
    lead.activity("visit", days(3))

    decision = lead.decide(definition(mql, cold))

    # Cold at once, back by the second demo, and cold again only after the visit's points were over 20 and ended.
    assert path(decision) == [("mql", days(1)), ("cold", days(1)), ("mql", days(2)), ("cold", days(13))]


def test_a_side_trigger_is_spent_in_later_runs_as_well(lead):
    cold = level("cold", COLD, side=True, sources=("mql",))
    mql = by_type("mql", "demo", reenter_from=("cold",))
    lead.activity("demo", days(1))
    lead.activity("demo", days(2))
    lead.activity("form", days(4))
    at_once = lead.decide(definition(mql, cold))

    steps = lead.runs(definition(mql, cold), days(1), days(2), days(3), days(5), days(30))

    assert steps[-1].transitions == at_once.transitions
    assert path(at_once)[-1] == ("mql", days(2))


def test_two_side_stages_that_take_turns_at_one_instant_are_entered_once_by_every_run(lead):
    lead.connection.execute('DELETE FROM raw."salesforce.Lead"')
    lead.lead(created_us=days(1), modified_us=days(1))
    one = level("one", computed("engagement", Op.AT_LEAST, 0), side=True)
    two = level("two", COLD, side=True, sources=("one",))

    first = lead.decide(definition(one, two))
    again = lead.decide(definition(one, two), known=known_after([first]))

    assert path(first) == [("one", days(1)), ("two", days(1))]
    assert new(again) == ()


def test_a_cooldown_holds_level_triggers_up_and_lets_them_out_at_its_end(lead):
    out = by_status("out", "Out", side=True, cooldown=3 * DAY)
    lead.activity("visit", days(0))
    lead.status("Out", days(1))
    lead.activity("visit", days(2))
    hot = level("hot", HOT, reenter_from=("out",))

    assert path(lead.decide(definition(hot, out), days(4) - 1))[-1] == ("out", days(1))
    assert lead.decide(definition(hot, out), days(3)).next_due_us == days(4)
    assert path(lead.decide(definition(hot, out), days(4)))[-1] == ("hot", days(4))


def test_at_the_end_of_a_cooldown_old_points_are_still_old(lead):
    out = by_status("out", "Out", side=True, cooldown=3 * DAY)
    lead.activity("visit", days(0))
    lead.status("Out", days(1))

    assert path(lead.decide(definition(level("hot", HOT, reenter_from=("out",)), out)))[-1] == (
        "out",
        days(1),
    )


def test_a_hand_raise_is_not_held_up_by_a_cooldown(lead):
    out = by_status("out", "Out", side=True, cooldown=30 * DAY)
    mql = Stage("mql", (HandRaiseTrigger(),), reenter_from=("out",))
    which = (a_rule("demo", 1, auto_qualify=True),)
    lead.activity("demo", days(0))
    lead.status("Out", days(1))
    lead.activity("demo", days(2))

    assert path(lead.decide(definition(mql, out, which=which)))[-1] == ("mql", days(2))


def test_a_value_that_falls_along_a_line_enters_in_the_very_second(lead):
    cold = level("cold", COLD, side=True, sources=("mql",))
    which = (a_rule("demo", 100, decay=Linear(100 * SECOND)),)
    lead.activity("demo", days(1))

    assert path(lead.decide(definition(by_type("mql", "demo"), cold, which=which))) == [
        ("mql", days(1)), ("cold", days(1) + 81 * SECOND),
    ]  # fmt: skip


def test_an_exact_value_that_is_passed_in_a_fall_is_seen_only_at_whole_seconds(lead):
    exactly = level("exactly", computed("engagement", Op.IS, 40), side=True)
    which = (a_rule("demo", 100, decay=Linear(100 * SECOND)),)
    lead.activity("demo", days(1) + 250_000)

    # 40 from 60.25 to 61.25 seconds after day 1: the first whole second inside is 61.
    assert path(lead.decide(definition(exactly, which=which))) == [("exactly", days(1) + 61 * SECOND)]
