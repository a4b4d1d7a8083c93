"""`history: from_now`: nobody is entered anywhere for what lies before the ledger's first run."""

from __future__ import annotations

import pytest

from builders import (
    World,
    a_definition,
    by_status,
    by_type,
    computed,
    days,
    known_after,
    level,
    new,
    path,
    points,
)
from leadledger.domain.conditions import Op
from leadledger.domain.decisions import BY_DEFINITION
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle, OnChange, Stage, TimerTrigger

MQL = level("mql", computed("engagement", Op.AT_LEAST, 50), counter="mql_counter", reenter_from=("out",))
STAGES = (by_type("inquiry", "form"), MQL, by_status("sql", "SQL"), by_status("out", "Out", side=True))


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def definition(*stages: Stage, change: OnChange = OnChange.ENTER, **more):
    return a_definition(from_now=True, lifecycle=Lifecycle(stages or STAGES, on_change=change), **more)


def test_signals_of_the_past_lead_nowhere_but_their_points_count(lead):
    lead.activity("form", days(1))
    lead.status("SQL", days(2))
    lead.status("Out", days(3))

    decision = lead.decide(definition(), days(10))

    assert (decision.transitions, decision.stage, points(decision)) == ((), "", 30)


def test_who_holds_a_level_at_the_first_run_enters_then_because_of_the_definition(lead):
    lead.activity("demo", days(1))

    (stamp, entry) = lead.decide(definition(), days(10)).transitions

    assert (stamp.stage, stamp.at_us, stamp.inferred) == ("inquiry", days(10), True)
    assert (entry.stage, entry.at_us) == ("mql", days(10))
    assert entry.trigger == f"{BY_DEFINITION}: engagement at least 50"


def test_on_hold_they_do_not(lead):
    lead.activity("demo", days(1))
    held = definition(change=OnChange.HOLD)

    assert [d.transitions for d in lead.runs(held, days(10), days(11))] == [(), ()]


def test_from_the_first_run_on_everything_counts(lead):
    first = lead.decide(definition(), days(10))
    lead.activity("form", days(11))
    lead.status("SQL", days(12))

    assert path(lead.decide(definition(), days(13), known_after([first]))) == [
        ("inquiry", days(11)), ("mql?", days(12)), ("sql", days(12)),
    ]  # fmt: skip


def test_late_data_of_before_the_first_run_leads_nowhere(lead):
    first = lead.decide(definition(), days(10))
    lead.activity("form", days(9))
    lead.status("SQL", days(9))

    decision = lead.decide(definition(), days(13), known_after([first]))

    assert new(decision) == ()


def test_a_record_that_comes_later_is_as_old_as_it_is_but_its_past_does_not_count(world):
    world.lead("00Q1")
    first = world.everybody(definition(), days(10))
    world.lead("00Q2", created_us=days(5), modified_us=days(5))
    world.activity("form", days(6), "00Q2")
    world.activity("form", days(12), "00Q2")

    found = world.everybody(definition(), days(13), known_after(first.values()))["salesforce/Lead/00Q2"]

    assert path(found) == [("inquiry?", days(12)), ("mql", days(12))]


def test_timers_run_from_entries_and_there_are_none_before(lead):
    late = Stage("late", (TimerTrigger(2 * DAY, ("mql",)),), side=True)
    lead.activity("demo", days(1))
    of = definition(MQL.__class__("mql", MQL.triggers), late)

    first = lead.decide(of, days(10))

    assert first.next_due_us == days(12)
    assert path(lead.decide(of, days(13), known_after([first])))[-1] == ("late", days(12))


def test_several_runs_give_the_same_as_two(lead):
    for day, kind in ((1, "form"), (2, "demo"), (11, "form"), (14, "visit")):
        lead.activity(kind, days(day))
    lead.status("Out", days(12))

    few = lead.runs(definition(), days(10), days(30))[-1]
    many = lead.runs(definition(), *(days(d) for d in (10, 11, 12, 13, 14, 15, 30)))[-1]

    assert many.transitions == few.transitions
