"""Timers in calendar and business time, and what stops them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from builders import (
    World,
    a_definition,
    by_status,
    by_type,
    days,
    hours,
    known_after,
    new,
    path,
    when,
    with_calls,
)
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR, to_us
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    BusinessHours,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Signal,
    Stage,
    StatusTrigger,
    TimerTrigger,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def unworked(span: int = 14 * DAY, *without: Signal, business: bool = False, **more) -> Definition:
    """mql by a form; recycled where nothing came for a while."""
    timer = TimerTrigger(span, ("mql",), without, business)
    recycled = Stage("recycled", (timer,), side=True, sources=("mql",))
    mql = by_type("mql", "form", counter="mql_counter", reenter_from=("recycled",), routes=True)
    return with_calls(a_definition(lifecycle=Lifecycle((mql, by_status("sql", "SQL"), recycled), **more)))


def test_a_timer_fires_at_the_very_instant_and_not_before(lead):
    lead.activity("form", days(1))

    assert path(lead.decide(unworked(), days(15) - 1)) == [("mql", days(1))]
    decision = lead.decide(unworked(), days(15))

    assert path(decision) == [("mql", days(1)), ("recycled", days(15))]
    assert decision.transitions[-1].trigger == "after 14d in mql"
    assert decision.transitions[-1].evidence == ""


def test_a_timer_is_the_next_change_that_comes_by_itself(lead):
    lead.activity("form", days(1))

    assert lead.decide(unworked(), days(2)).next_due_us == days(15)
    assert lead.decide(unworked(), days(15)).next_due_us == 0


@pytest.mark.parametrize(("day", "fires"), [(0.5, True), (1, True), (1.5, False), (15, False), (15.1, True)])
def test_a_signal_after_the_entry_and_up_to_its_end_stops_a_timer(lead, day, fires):
    lead.activity("form", days(1))
    lead.activity("visit", days(day))
    definition = unworked(14 * DAY, ActivityTrigger(when("type", "visit")))

    assert (lead.decide(definition).stage == "recycled") is fires


@pytest.mark.parametrize(
    ("signal", "happens"),
    [
        (DealTrigger(DealEvent.CREATED), lambda lead: lead.deal(days(5))),
        (StatusTrigger("Status", ("Working",)), lambda lead: lead.status("working", days(5))),
        (HandRaiseTrigger(), lambda lead: lead.activity("demo", days(5))),
        (AcceptedTrigger(), lambda lead: lead.activity("call", days(5))),
    ],
)
def test_whatever_the_lifecycle_listens_to_may_stop_a_timer(lead, signal, happens):
    lead.activity("form", days(1))
    assert lead.decide(unworked(14 * DAY, signal)).stage == "recycled"

    happens(lead)

    assert lead.decide(unworked(14 * DAY, signal)).stage == "mql"


def test_who_left_the_stage_is_left_alone_by_its_timer(lead):
    lead.activity("form", days(1))
    lead.status("SQL", days(14.9))

    decision = lead.decide(unworked())

    assert path(decision)[-1] == ("sql", days(14.9))


def test_a_timer_runs_anew_with_each_entry(lead):
    lead.activity("form", days(1))
    lead.activity("form", days(16))

    assert path(lead.decide(unworked(), days(40))) == [
        ("mql", days(1)), ("recycled", days(15)), ("mql", days(16)), ("recycled", days(30)),
    ]  # fmt: skip


def test_a_timer_comes_after_all_other_signals_of_its_instant(lead):
    lead.activity("form", days(1))
    lead.status("SQL", days(15))

    assert path(lead.decide(unworked()))[-1] == ("sql", days(15))


def test_a_timer_may_run_in_several_stages_and_lead_forward(lead):
    on = Stage("two", (TimerTrigger(DAY, ("one", "aside")),), reenter_from=("aside",))
    lifecycle = Lifecycle((by_type("one", "form"), on, by_status("aside", "Out", side=True)))
    lead.activity("form", days(1))
    lead.status("Out", days(1.5))

    assert path(lead.decide(a_definition(lifecycle=lifecycle)))[-1] == ("two", days(2.5))


def test_timers_of_one_instant_ring_in_the_order_of_the_stages(lead):
    timer = TimerTrigger(DAY, ("one",))
    two, three = Stage("two", (timer,)), Stage("three", (timer,))
    lead.activity("form", days(1))

    decision = lead.decide(a_definition(lifecycle=Lifecycle((by_type("one", "form"), two, three))))

    assert path(decision) == [("one", days(1)), ("two", days(2))]


@pytest.mark.parametrize(
    ("entered", "due"),
    [
        ("2026-03-27 16:00", "2026-03-30 13:00"),  # the clocks went forward between
        ("2026-10-23 16:00", "2026-10-26 13:00"),  # and back
        ("2026-04-02 15:00", "2026-04-07 12:00"),  # Good Friday and Easter Monday
        ("2026-01-10 12:00", "2026-01-12 14:00"),  # a Saturday
    ],
)
def test_a_timer_in_business_time_stands_still_at_night_on_weekends_and_holidays(world, entered, due):
    office = BusinessHours(holidays=(date(2026, 4, 3), date(2026, 4, 6)))
    begin, end = (to_us(datetime.fromisoformat(text).replace(tzinfo=BERLIN)) for text in (entered, due))
    world.lead(created_us=begin, modified_us=begin)
    world.activity("form", begin)
    definition = unworked(5 * HOUR, business=True, business_hours=office)

    assert world.decide(definition, end - 1).next_due_us == end
    assert path(world.decide(definition, end))[-1] == ("recycled", end)


def test_a_timer_in_calendar_time_does_not_mind_the_clock_on_the_wall(world):
    begin = to_us(datetime(2026, 3, 28, 12, tzinfo=BERLIN))
    world.lead(created_us=begin, modified_us=begin)
    world.activity("form", begin)

    assert path(world.decide(unworked(DAY), begin + 2 * DAY))[-1] == ("recycled", begin + DAY)


def test_runs_between_change_nothing(lead):
    lead.activity("form", days(1))
    lead.activity("form", days(16))
    at_once = lead.decide(unworked(), days(40))

    steps = lead.runs(unworked(), days(1), days(14), days(15), days(20), days(30), days(40))

    assert steps[-1].transitions == at_once.transitions
    assert new(lead.decide(unworked(), days(40), known_after([at_once]))) == ()


def test_a_timer_that_only_the_new_definition_has_fires_when_that_begins(lead):
    lead.activity("form", days(1))
    mql, sql, recycled = unworked().lifecycle.stages
    old = replace(unworked(), lifecycle=Lifecycle((mql, sql, replace(recycled, triggers=()))))
    before = lead.decide(old, days(29))

    changed = replace(unworked(), digest="1" * 64)
    after = lead.runs(changed, days(30), days(31), known=known_after([before]))

    assert path(after[0])[-1] == ("recycled", days(30))
    assert after[1].transitions == after[0].transitions


def test_late_evidence_against_a_timer_does_not_take_its_entry_back(lead):
    lead.activity("form", days(1))
    definition = unworked(14 * DAY, ActivityTrigger(when("type", "visit")))
    before = lead.decide(definition)
    lead.activity("visit", days(3))

    after = lead.decide(definition, days(31), known_after([before]))

    assert after.transitions == before.transitions
    assert after.stage == "recycled"


def test_an_hour_of_business_time_is_an_hour_inside_it(lead):
    lead.activity("form", hours(9))  # ten o'clock in Berlin on a Thursday

    assert path(lead.decide(unworked(HOUR, business=True)))[-1] == ("recycled", hours(10))
