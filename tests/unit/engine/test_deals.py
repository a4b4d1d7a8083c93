"""Deals: dated before the lead, found late, won without any touch of sales."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import START, World, a_definition, days, known_after, new, path, stages, with_calls
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import DealEvent, DealTrigger, Lifecycle, Stage

DEFINITION = with_calls(a_definition())


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def test_a_deal_that_is_older_than_the_lead_keeps_its_date(lead):
    lead.deal(START - 10 * DAY)
    lead.activity("demo", days(1))

    decision = lead.decide()

    assert path(decision)[-1] == ("sql", START - 10 * DAY)
    assert decision.counter("mql_counter") == 0


def test_a_deal_of_before_1970_is_none(lead):
    lead.deal(-1)
    lead.deal(-(10**17))

    assert path(lead.decide()) == []


def test_a_deal_of_the_future_is_none_yet(lead):
    lead.deal(days(31))

    assert path(lead.decide()) == []
    assert path(lead.decide(as_of=days(31)))[-1] == ("sql", days(31))


def test_a_deal_that_is_found_late_is_entered_at_the_latest_entry(lead):
    lead.activity("demo", days(5))
    before = lead.decide(as_of=days(6))
    lead.deal(days(3), won=days(4))

    after = lead.runs(a_definition(), days(7), days(8), known=known_after([before]))

    assert path(after[0])[-2:] == [("sql?", days(5)), ("customer", days(5))]
    assert new(after[1]) == ()
    assert after[0].counter("mql_counter") == 1


def test_a_deal_that_is_found_late_but_newer_keeps_its_date(lead):
    lead.activity("demo", days(5))
    before = lead.decide(as_of=days(10))
    lead.deal(days(7))

    assert path(lead.decide(as_of=days(11), known=known_after([before])))[-1] == ("sql", days(7))


def test_a_deal_that_is_won_after_it_was_lost_leads_on(lead):
    lost = Stage("lost", (DealTrigger(DealEvent.LOST),), side=True)
    *forward, recycled = stages().stages
    deal = lead.deal(days(1))
    lead.connection.execute(
        'UPDATE raw."salesforce.Opportunity" SET closed = true, closed_us = ? WHERE id = ?', [days(2), deal]
    )
    definition = a_definition(lifecycle=Lifecycle((*forward, recycled, lost)))
    before = lead.decide(definition, days(3))
    assert before.stage == "lost"
    lead.connection.execute(
        'UPDATE raw."salesforce.Opportunity" SET won = true, closed_us = ? WHERE id = ?', [days(4), deal]
    )

    after = lead.decide(definition, days(5), known_after([before]))

    # customer does not name the side stage: what the ledger holds stands.
    assert after.stage == "lost"
    assert after.transitions == before.transitions


@pytest.mark.parametrize(("call", "untouched"), [(None, True), (2.9, False), (3, False), (3.1, True)])
def test_a_deal_that_was_won_without_sales_says_so(lead, call, untouched):
    lead.deal(days(1), won=days(3))
    if call is not None:
        lead.activity("call", days(call))

    decision = lead.decide(DEFINITION)

    won = decision.transitions[-1]
    assert (won.stage, won.no_sales_touch) == ("customer", untouched)
    assert not any(t.no_sales_touch for t in decision.transitions[:-1])


def test_only_a_won_deal_can_be_without_sales(lead):
    lead.deal(days(1))

    assert not any(t.no_sales_touch for t in lead.decide(DEFINITION).transitions)


def test_two_deals_of_one_instant_enter_a_stage_once(lead):
    lead.deal(days(1), won=days(1))
    lead.deal(days(1), won=days(1))

    assert [stage for stage, _ in path(lead.decide())] == ["inquiry?", "mql?", "sql", "customer"]


def test_a_deal_of_a_converted_lead_is_the_persons(world):
    world.lead(converted_to="0031", converted_us=days(1))
    world.contact("0031")
    world.deal(days(2), person="0031")
    people = a_definition().people
    definition = a_definition(people=(*people, replace(people[0], object="Contact")))

    assert path(world.decide(definition))[-1] == ("sql", days(2))
