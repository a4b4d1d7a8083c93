"""Quiet periods take points away, and what was taken stays taken."""

from __future__ import annotations

import pytest

from builders import World, a_definition, a_rule, by_status, computed, days, level, path, points, rules
from leadledger.domain.conditions import Op
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import MICRO, HalfLife, Inactivity

QUIET = Inactivity(-10, after=30 * DAY, every=30 * DAY, counts=("visit", "form"))


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def definition(*which, lifecycle=None, **bounds):
    bounds.setdefault("inactivity", QUIET)
    which = which or (a_rule("visit", 25), a_rule("careers", 40))
    return a_definition(engagement=rules(*which, **bounds), lifecycle=lifecycle or Lifecycle())


@pytest.mark.parametrize(
    ("day", "expected"), [(29.999, 25), (30, 15), (59.999, 15), (60, 5), (89, 5), (90, 0), (900, 0)]
)
def test_each_full_quiet_period_takes_points_never_below_the_floor(lead, day, expected):
    lead.activity("visit", days(0))

    assert points(lead.decide(definition(), days(day))) == expected


def test_the_clock_starts_with_the_first_counted_activity_and_again_with_each(lead):
    lead.activity("careers", days(0))
    assert points(lead.decide(definition(), days(400))) == 40

    lead.activity("visit", days(100))
    lead.activity("visit", days(125))

    assert points(lead.decide(definition(), days(154.9))) == 90
    assert points(lead.decide(definition(), days(155))) == 80


def test_what_was_taken_stays_taken_when_the_person_comes_back(lead):
    lead.activity("visit", days(0))
    lead.activity("visit", days(70))

    assert points(lead.decide(definition(), days(99))) == 25 - 20 + 25


def test_a_deduction_comes_before_the_activities_of_its_instant(lead):
    lead.activity("visit", days(0))
    lead.activity("visit", days(30))

    # 25 - 10 + 25, and not less: the visit at the end of the quiet period does not prevent it.
    assert points(lead.decide(definition(), days(30))) == 40


def test_a_deduction_takes_at_most_what_is_there_and_owes_nothing(lead):
    lead.activity("visit", days(0))
    rule = a_rule("visit", 4)

    assert points(lead.decide(definition(rule), days(30))) == 0
    lead.activity("visit", days(200))

    assert points(lead.decide(definition(rule), days(201))) == 4


def test_a_deduction_takes_from_the_value_just_before_it(lead):
    lead.activity("visit", days(0))
    rule = a_rule("visit", 16, decay=HalfLife(30 * DAY))

    # 8 are left just before the deduction of 10: all of them go, and later decay owes nothing.
    assert points(lead.decide(definition(rule), days(30))) == 0
    assert points(lead.decide(definition(rule, floor=-100), days(30))) == -2


def test_every_may_differ_from_after(lead):
    lead.activity("visit", days(0))
    quiet = Inactivity(-1, after=10 * DAY, every=2 * DAY, counts=("visit",))

    assert points(lead.decide(definition(inactivity=quiet), days(15.9))) == 25 - 3


def test_deductions_have_a_line_of_their_own_with_their_number(lead):
    lead.activity("visit", days(0))

    (quiet,) = (c for c in lead.decide(definition(), days(70)).contributions if c.kind == "inactivity")

    assert (quiet.points, quiet.count) == (-20 * MICRO, 2)


def test_a_reset_takes_deductions_with_it_and_the_clock_goes_on(lead):
    lead.activity("visit", days(0))
    lead.status("Recycle", days(40))
    lead.activity("careers", days(41))
    aside = Lifecycle((by_status("recycled", "Recycle", side=True, resets_engagement=True),))

    assert points(lead.decide(definition(lifecycle=aside), days(59))) == 40
    assert points(lead.decide(definition(lifecycle=aside), days(60))) == 30


def test_a_deduction_may_lead_into_a_side_stage(lead):
    lead.activity("visit", days(0))
    cold = Lifecycle((level("cold", computed("engagement", Op.AT_MOST, 5), side=True),))

    decision = lead.decide(definition(lifecycle=cold), days(80))

    assert path(decision)[-1] == ("cold", days(60))


def test_a_deduction_is_the_next_change_that_comes_by_itself(lead):
    lead.activity("visit", days(0))
    cold = Lifecycle((level("cold", computed("engagement", Op.BELOW, 6), side=True),))
    lead.connection.execute('UPDATE raw."salesforce.Lead" SET created_us = NULL, modified_us = NULL')

    assert lead.decide(definition(lifecycle=cold), days(31)).next_due_us == days(60)
