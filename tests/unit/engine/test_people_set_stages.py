"""What a person sets in the CRM is a fact: entered whatever the order, never undone."""

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
    known_after,
    level,
    new,
    path,
    points,
    rules,
)
from leadledger.domain.conditions import Op
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle, Stage, TimerTrigger
from leadledger.domain.writeback import FieldMapping, WriteTarget

TARGET = WriteTarget("salesforce", "Lead", (FieldMapping("Stage__c", "stage", values={"mql": "Marketing"}),))
HOT = computed("engagement", Op.AT_LEAST, 50)
COLD = computed("engagement", Op.BELOW, 20)
RECORD = "salesforce/Lead/00Q1"


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def definition(*stages: Stage, **more) -> Definition:
    stages = stages or (
        by_type("inquiry", "form", counter="inquiries"),
        by_type("mql", "demo", counter="mqls", resets_engagement=True),
        by_status("sql", "SQL"),
        by_status("out", "Out", side=True),
    )
    return a_definition(lifecycle=Lifecycle(stages), targets=(TARGET,), **more)


def chooses(lead: World, word: str, at: int) -> str:
    return lead.add("LeadHistory", person="00Q1", field="Stage__c", new=word, at_us=at)


def test_forward_it_counts_resets_and_stamps_like_any_entry(lead):
    lead.activity("visit", days(1))
    change = chooses(lead, "marketing", days(2))

    decision = lead.decide(definition())

    assert path(decision) == [("inquiry?", days(2)), ("mql", days(2))]
    assert (decision.counter("mqls"), decision.counter("inquiries"), points(decision)) == (1, 0, 0)
    assert decision.transitions[-1].trigger.startswith("set by a person")
    assert decision.transitions[-1].evidence == f"salesforce.LeadHistory/{change}"


def test_backward_it_is_a_correction_that_neither_counts_nor_resets(lead):
    lead.status("SQL", days(1))
    lead.activity("visit", days(2))
    chooses(lead, "Marketing", days(3))

    decision = lead.decide(definition())

    assert (decision.stage, decision.stage_since_us) == ("mql", days(3))
    assert (decision.counter("mqls"), decision.cycle, points(decision)) == (0, 0, 10)


def test_from_a_side_stage_it_counts_whether_or_not_it_may_be_re_entered(lead):
    lead.status("Out", days(1))
    chooses(lead, "Marketing", days(2))

    decision = lead.decide(definition())

    assert (decision.stage, decision.counter("mqls")) == ("mql", 1)


def test_the_stage_where_the_person_is_already_is_no_signal(lead):
    lead.activity("demo", days(1))
    chooses(lead, "Marketing", days(2))

    assert path(lead.decide(definition()))[-1] == ("mql", days(1))


def test_what_holds_already_does_not_undo_it(lead):
    hot = level("hot", HOT)
    cold = level("cold", COLD, side=True)
    one = by_type("one", "form")
    lead.activity("demo", days(1))
    chooses(lead, "one", days(2))
    which = rules(a_rule("demo", 60), a_rule("visit", 1))
    definition_ = definition(one, hot, cold, engagement=which)

    assert path(lead.decide(definition_))[-1] == ("one", days(2))

    lead.activity("visit", days(3))  # a new award: the rule may move on from there

    assert path(lead.decide(definition_))[-1] == ("hot", days(3))


def test_what_holds_already_beside_the_way_is_spent_until_it_was_false(lead):
    cold = level("cold", COLD, side=True)
    one = by_type("one", "form")
    which = rules(a_rule("demo", 60, window=5 * DAY))
    chooses(lead, "one", days(2))
    lead.activity("demo", days(10))

    decision = lead.decide(definition(one, cold, engagement=which))

    # Cold since the record was there; one by choice although still cold; cold again after it was hot.
    assert path(decision)[-2:] == [("one", days(2)), ("cold", days(15))]


def test_a_timer_runs_from_the_instant_of_the_choice(lead):
    late = Stage("late", (TimerTrigger(3 * DAY, ("one",)),), side=True)
    chooses(lead, "one", days(2))

    assert path(lead.decide(definition(by_type("one", "form"), late))) == [
        ("one", days(2)),
        ("late", days(5)),
    ]


def test_of_two_choices_of_one_instant_the_one_with_the_later_id_stands(lead):
    chooses(lead, "Marketing", days(2))
    chooses(lead, "inquiry", days(2))

    assert [stage for stage, _ in path(lead.decide(definition()))] == ["inquiry?", "mql", "inquiry"]


def test_what_we_wrote_ourselves_is_nobodys_choice(lead):
    lead.status("SQL", days(1))
    before = lead.decide(definition(), days(2))
    chooses(lead, "Marketing", days(3))
    known = replace(known_after([before]), stage_writes={RECORD: [("Marketing", days(3))]})

    assert lead.decide(definition(), days(4), known).stage == "sql"
    assert lead.decide(definition(), days(4), known_after([before])).stage == "mql"


def test_choices_are_replayed_in_later_runs_as_they_were(lead):
    lead.status("SQL", days(1))
    lead.activity("visit", days(2))
    chooses(lead, "inquiry", days(3))
    lead.activity("demo", days(4))
    chooses(lead, "out", days(5))
    chooses(lead, "sql", days(6))
    at_once = lead.decide(definition())

    steps = lead.runs(definition(), *(days(d) for d in (1, 3, 3.5, 5, 6, 30)))

    assert steps[-1].transitions == at_once.transitions
    assert (at_once.stage, at_once.cycle) == ("sql", steps[-1].cycle)
    assert new(lead.decide(definition(), known=known_after([at_once]))) == ()


def test_a_choice_that_arrives_late_is_not_entered_before_the_latest_entry(lead):
    lead.activity("demo", days(5))
    before = lead.decide(definition(), days(6))
    chooses(lead, "sql", days(2))

    after = lead.runs(definition(), days(7), days(8), known=known_after([before]))

    assert after[1].transitions == after[0].transitions
    assert all(entry.at_us >= days(5) for entry in new(after[0]))
