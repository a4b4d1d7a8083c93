"""Transitions in the ledger are facts: never moved, never removed, never told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
    asks,
    computed,
    days,
    known_after,
    new,
    path,
    rules,
    stages,
    when,
)
from leadledger.domain.conditions import Op
from leadledger.domain.decisions import Baseline, Transition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    DealEvent,
    DealTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import MICRO
from leadledger.ports import Known

PERSON = "salesforce/Lead/00Q1"


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def held(*transitions: Transition) -> Known:
    return Known({PERSON: PERSON}, {PERSON: transitions})


def entered(stage: str, at: int, evidence: str = "gone", **more) -> Transition:
    return Transition(stage, more.pop("from_stage", ""), at, "when", evidence, **more)


def test_the_same_data_again_adds_nothing(lead):
    lead.activity("form", days(1))
    lead.activity("demo", days(2))
    lead.status("Recycle", days(3))
    lead.activity("demo", days(4))
    lead.deal(days(5), won=days(6))
    first = lead.decide()

    again = lead.decide(known=known_after([first]))

    assert first.frozen == 0
    assert again.frozen == len(first.transitions) == 6
    assert again.transitions == first.transitions
    assert (again.stage, again.stage_since_us, again.cycle) == (
        first.stage,
        first.stage_since_us,
        first.cycle,
    )
    assert (again.engagement, again.contributions) == (first.engagement, first.contributions)
    assert again.digest() == first.digest()


def test_signals_of_one_instant_are_replayed_in_their_order(lead):
    lead.activity("demo", days(1))
    lead.deal(days(2))
    lead.deal(days(3))  # a second deal, in the very second in which the lead was recycled: no signal then,
    lead.status("Recycle", days(3))  # and none later, although a recycled lead may enter sql again
    first = lead.decide()

    again = lead.decide(known=known_after([first]))

    assert path(first)[-2:] == [("sql", days(2)), ("recycled", days(3))]
    assert new(again) == ()
    assert again.stage == "recycled"


def test_an_award_and_a_recycling_of_one_instant_are_replayed_in_their_order(lead):
    lead.activity("demo", days(1))
    lead.activity("demo", days(3))
    lead.status("Recycle", days(3))
    first = lead.decide()

    again = lead.decide(known=known_after([first]))

    assert path(first)[-1] == ("recycled", days(3))
    assert new(again) == ()


def test_a_late_award_enters_not_before_the_latest_transition(lead):
    lead.activity("form", days(5))
    before = lead.decide()
    late = lead.activity("demo", days(2))

    after = lead.decide(known=known_after([before]))

    assert path(before) == [("inquiry", days(5))]
    assert path(after) == [("inquiry", days(5)), ("mql", days(5))]
    (entry,) = new(after)
    assert (entry.evidence, entry.trigger) == (f"salesforce.Visit__c/{late}", "hand_raise: demo")
    assert after.engagement == 80 * MICRO


def test_a_late_award_that_reaches_a_threshold_enters_with_the_newest_award_as_evidence(lead):
    definition = a_definition(engagement=rules(a_rule("form", 60), a_rule("visit", 1)))
    lead.activity("form", days(1))
    lead.activity("visit", days(5))
    before = lead.decide(definition, known=held(entered("inquiry", days(5))))
    lead.activity("form", days(2))

    after = lead.decide(definition, known=known_after([before]))

    (entry,) = new(after)
    assert (entry.stage, entry.at_us) == ("mql", days(5))
    assert entry.evidence == before.contributions[1].evidence[0]


def test_a_late_award_after_the_latest_transition_enters_at_its_own_time(lead):
    lead.activity("form", days(5))
    before = lead.decide()
    lead.activity("demo", days(6))
    lead.activity("visit", days(7))

    assert path(lead.decide(known=known_after([before])))[-1] == ("mql", days(6))


def test_a_late_award_of_a_stage_that_was_reached_all_the_same_changes_nothing(lead):
    lead.activity("demo", days(5))
    before = lead.decide()
    lead.activity("demo", days(2))

    after = lead.decide(known=known_after([before]))

    assert new(after) == ()
    assert after.counter("mql_counter") == 1


def test_a_late_hand_raise_before_a_recycling_does_not_undo_it(lead):
    lead.activity("demo", days(5))
    lead.status("Recycle", days(6))
    before = lead.decide()
    lead.activity("demo", days(2))

    after = lead.decide(known=known_after([before]))

    assert new(after) == ()
    assert (after.stage, after.counter("mql_counter")) == ("recycled", 1)


def test_a_late_deal_enters_at_the_latest_transition(lead):
    lead.activity("demo", days(5))
    before = lead.decide()
    lead.deal(days(3))

    (entry,) = new(lead.decide(known=known_after([before])))

    assert (entry.stage, entry.at_us, entry.trigger) == ("sql", days(5), "deal: created")


def test_evidence_that_is_gone_takes_its_points_and_leaves_the_transition(lead):
    lead.activity("demo", days(5))
    before = lead.decide()
    lead.connection.execute('DELETE FROM raw."salesforce.Visit__c"')

    after = lead.decide(known=known_after([before]))

    assert after.transitions == before.transitions
    assert (after.stage, after.counter("mql_counter"), after.engagement) == ("mql", 1, 0)


def test_a_reset_in_the_ledger_still_resets(lead):
    lead.activity("form", days(1))
    lead.activity("visit", days(9))
    known = held(entered("mql", days(2), counter="mql_counter", cycle=1), entered("recycled", days(3)))

    decision = lead.decide(known=known)

    assert (decision.stage, decision.engagement) == ("recycled", 10 * MICRO)


def test_a_stage_that_the_definition_lost_stays_in_the_ledger_and_in_the_counter(lead):
    lead.activity("form", days(9))
    known = held(entered("hot", days(2), counter="mql_counter", cycle=1))

    decision = lead.decide(known=known)

    assert path(decision) == [("hot", days(2)), ("inquiry", days(9))]
    assert decision.counter("mql_counter") == 1


def test_transitions_after_the_instant_asked_for_are_kept_but_not_walked(lead):
    decision = lead.decide(as_of=days(1), known=held(entered("mql", days(2), counter="mql_counter", cycle=1)))

    assert decision.stage == ""
    assert decision.frozen == 1


def test_excluded_people_keep_what_the_ledger_holds(lead):
    lead.lead("00Q1b", Email="00q1@acme.test", Company="Ours")
    known = held(entered("mql", days(2), counter="mql_counter", cycle=1))
    definition = a_definition(exclude_when=asks("company", Op.IS, "Ours"))

    decision = lead.decide(definition, known=known)

    assert decision.excluded
    assert (decision.stage, decision.cycle, decision.counter("mql_counter")) == ("mql", 1, 1)
    assert decision.transitions == known.transitions[PERSON]


def test_an_inferred_stamp_in_the_ledger_is_not_given_again(lead):
    lead.deal(days(1))
    first = lead.decide()
    lead.activity("visit", days(2))
    definition = a_definition(
        lifecycle=Lifecycle(
            (*stages().stages, Stage("back", (ActivityTrigger(when("type", "visit")),), side=True))
        )
    )

    again = lead.decide(definition, known=known_after([first]))

    assert path(again) == [("inquiry?", days(1)), ("mql?", days(1)), ("sql", days(1)), ("back", days(2))]


def test_a_new_threshold_moves_nobody_back(lead):
    lead.activity("form", days(1))
    lead.activity("form", days(2))
    before = lead.decide(a_definition(lifecycle=stages(50)))

    after = lead.decide(a_definition(lifecycle=stages(500)), known=known_after([before]))

    assert before.stage == after.stage == "mql"
    assert after.transitions == before.transitions


def test_two_steps_give_the_same_as_one(lead):
    for day in (1, 4, 9):
        lead.activity("demo", days(day))
        lead.status("Recycle", days(day + 1))
    lead.deal(days(12), won=days(20))

    at_once = lead.decide()
    known = Known()
    for day in range(0, 31, 3):
        known = known_after([lead.decide(as_of=days(day), known=known)])

    assert tuple(known.transitions[PERSON]) == at_once.transitions


def test_a_merged_person_keeps_the_transitions_of_both(world):
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")
    world.activity("demo", days(1), "00Q2")
    one, other = PERSON, "salesforce/Lead/00Q2"
    mql = entered("mql", days(1), "salesforce.Visit__c/Visit__c-000003", counter="mql_counter", cycle=1)
    known = Known(
        {one: one, other: other},
        {one: (entered("inquiry", days(5)),), other: (mql,)},
    )

    decision = world.decide(known=known)

    assert decision.person_id == one
    assert path(decision) == [("mql", days(1)), ("inquiry", days(5))]
    assert (decision.frozen, decision.counter("mql_counter"), decision.stage) == (2, 1, "mql")


def test_a_level_that_fell_is_not_entered_by_a_frozen_instant(lead):
    definition = a_definition(
        engagement=rules(a_rule("form", 120, window=DAY)),
        lifecycle=Lifecycle(
            (
                Stage("mql", (stages().stages[1].triggers[1],), counter="mql_counter"),
                Stage("sql", (DealTrigger(DealEvent.CREATED),)),
                Stage("out", (StatusTrigger("Status", ("Out",)),), side=True),
            )
        ),
    )
    lead.status("Out", days(8))
    lead.activity("form", days(9))

    decision = lead.decide(definition, known=held(entered("out", days(8))))

    assert decision.stage == "out"
    assert replace(decision, frozen=0).transitions == (entered("out", days(8)),)


def test_counters_in_conditions_begin_with_the_baseline(lead):
    hot = Stage("hot", (WhenTrigger(computed("mql_counter", Op.AT_LEAST, 4)),))
    definition = a_definition(lifecycle=Lifecycle((*stages().stages[:3], hot, stages().stages[-1])))
    lead.activity("demo", days(1))
    lead.activity("visit", days(2))

    fresh = lead.decide(definition)
    known = lead.decide(definition, known=Known({PERSON: PERSON}, {}, {PERSON: Baseline({"mql_counter": 3})}))

    assert fresh.stage == "mql"
    assert (known.stage, known.counter("mql_counter")) == ("hot", 4)


def test_a_fact_that_is_filled_in_today_makes_nobody_an_mql_in_the_past(world: World) -> None:
    definition = a_definition(engagement=rules(a_rule("visit", 45, window=20 * DAY)))
    world.lead(Employees=None)
    for day in (1, 2, 40, 41):
        world.activity("visit", days(day))
    before = world.decide(definition, as_of=days(60))
    world.connection.execute(
        'UPDATE raw."salesforce.Lead" SET "Employees" = \'200\', modified_us = ?', [days(70)]
    )

    after = world.decide(definition, days(80), known_after([before]))
    world.activity("visit", days(81))
    world.activity("visit", days(81))
    later = world.decide(definition, days(90), known_after([after]))

    assert path(before) == []
    assert path(after) == []
    assert path(later) == [("inquiry?", days(81)), ("mql", days(81))]


def test_a_fact_that_is_filled_in_today_counts_from_its_own_time_on(world: World) -> None:
    definition = a_definition(engagement=rules(a_rule("visit", 45)))
    world.lead(Employees=None)
    world.activity("visit", days(1))
    world.activity("visit", days(2))
    before = world.decide(definition, as_of=days(60))
    world.connection.execute(
        'UPDATE raw."salesforce.Lead" SET "Employees" = \'200\', modified_us = ?', [days(70)]
    )

    after = world.decide(definition, days(80), known_after([before]))

    assert path(after) == [("inquiry?", days(70)), ("mql", days(70))]


def test_an_award_that_arrives_after_a_decision_carries_its_own_time(world: World) -> None:
    definition = a_definition(engagement=rules(a_rule("visit", 60)))
    world.lead()
    world.activity("visit", days(10))
    before = world.decide(definition, as_of=days(60))
    world.activity("visit", days(30))

    after = world.decide(definition, days(61), known_after([before]))

    assert path(after) == [("inquiry?", days(30)), ("mql", days(30))]
