"""Points that a stage adds when it is entered."""

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
    level,
    path,
    points,
    rules,
)
from leadledger.domain.conditions import Op
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Add, Lifecycle
from leadledger.domain.scoring import MICRO, Calendar
from leadledger.domain.writeback import FieldMapping, WriteTarget

OUT = by_status("out", "Out", side=True)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def coming_and_going(lead: World, *add: Add, times: tuple[float, ...] = (1, 3, 40), **more):
    """Enters mql at these days, and leaves it a day later."""
    for day in times:
        lead.activity("form", days(day))
        lead.status("Out", days(day + 1))
    mql = by_type("mql", "form", counter="mql_counter", reenter_from=("out",), adds=add, **more)
    return a_definition(engagement=rules(a_rule("visit", 1)), lifecycle=Lifecycle((mql, OUT)))


@pytest.mark.parametrize(
    ("per", "expected"),
    [(None, 30), (Calendar.EVER, 10), (Calendar.MONTH, 20), (2 * DAY, 30), (2 * DAY + 1, 20), (60 * DAY, 10)],
)
def test_an_add_is_given_once_per_span(lead, per, expected):
    assert points(lead.decide(coming_and_going(lead, Add(10, per=per)), days(60))) == expected


def test_adds_have_lines_of_their_own_and_do_not_decay(lead):
    definition = coming_and_going(lead, Add(10), Add(2.5), times=(1,))

    lines = [(c.kind, c.rule, c.points) for c in lead.decide(definition, days(900)).contributions]

    assert lines == [("add", "mql", 10 * MICRO), ("add", "mql", 2_500_000)]


def test_an_add_is_given_only_while_its_condition_holds_just_after_the_entry(lead):
    second = computed("mql_counter", Op.AT_LEAST, 2)

    assert points(lead.decide(coming_and_going(lead, Add(10, second)), days(60))) == 20


def test_a_condition_of_an_add_sees_what_the_adds_before_it_gave(lead):
    definition = coming_and_going(lead, Add(10), Add(5, computed("engagement", Op.AT_LEAST, 10)), times=(1,))

    assert points(lead.decide(definition)) == 15


def test_an_add_whose_condition_did_not_hold_does_not_use_its_limit_up(lead):
    second = computed("mql_counter", Op.AT_LEAST, 2)

    assert points(lead.decide(coming_and_going(lead, Add(10, second, Calendar.EVER)), days(60))) == 10


def test_an_add_comes_after_the_reset_of_its_own_stage(lead):
    definition = coming_and_going(lead, Add(10), resets_engagement=True)

    assert points(lead.decide(definition, days(60))) == 10


def test_a_negative_add_does_not_take_below_the_floor_nor_from_later_points(lead):
    definition = coming_and_going(lead, Add(-10), times=(1,))
    lead.activity("visit", days(5))

    assert points(lead.decide(definition)) == 1


def test_an_add_may_lift_the_person_into_the_next_stage_at_the_same_instant(lead):
    lead.activity("form", days(1))
    one = by_type("one", "form", adds=(Add(10),))
    two = level("two", computed("engagement", Op.AT_LEAST, 40))

    assert path(lead.decide(a_definition(lifecycle=Lifecycle((one, two))))) == [
        ("one", days(1)),
        ("two", days(1)),
    ]


def test_adds_that_lead_in_a_circle_end(lead):
    lead.activity("form", days(1))
    up = level("up", computed("engagement", Op.AT_LEAST, 30), side=True, adds=(Add(-20),))
    down = level("down", computed("engagement", Op.BELOW, 30), side=True, adds=(Add(20),))

    decision = lead.decide(a_definition(lifecycle=Lifecycle((by_type("in", "form"), up, down))))

    stages = [t.stage for t in decision.transitions if t.at_us == days(1)]
    assert len(stages) == len(set(stages))
    assert sum(c.points for c in decision.contributions) == decision.score


def test_adds_in_the_ledger_are_given_like_the_first_time(lead):
    definition = coming_and_going(lead, Add(10, per=Calendar.MONTH), Add(1))

    at_once = lead.decide(definition, days(60))

    assert (
        lead.runs(definition, days(2), days(3), days(20), days(60))[-1].contributions == at_once.contributions
    )


def test_a_correction_by_a_person_adds_nothing(lead):
    lifecycle = Lifecycle((by_type("one", "form", adds=(Add(10),)), by_type("two", "demo", adds=(Add(5),))))
    target = WriteTarget("salesforce", "Lead", (FieldMapping("Stage__c", "stage"),))
    definition = replace(a_definition(engagement=rules(), lifecycle=lifecycle), targets=(target,))
    lead.activity("demo", days(1))
    lead.add("LeadHistory", person="00Q1", field="Stage__c", new="one", at_us=days(2))

    decision = lead.decide(definition)

    assert (decision.stage, points(decision)) == ("one", 5)
