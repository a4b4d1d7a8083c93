"""A changed definition: who meets a level only because of it, since when, and what comes after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
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
from leadledger.domain.decisions import BY_DEFINITION
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle, OnChange, Stage

OLD, NEW = "0" * 64, "1" * 64


@pytest.fixture
def lead(world: World) -> World:
    """Sixty points since day 5."""
    world.lead()
    for day in range(6):
        world.activity("visit", days(day))
    return world


def bound(at_least: float, digest: str, change: OnChange = OnChange.ENTER, *more: Stage) -> Definition:
    mql = level("mql", computed("engagement", Op.AT_LEAST, at_least), counter="mql_counter")
    return a_definition(
        digest=digest,
        engagement=rules(a_rule("visit", 10), a_rule("careers", -30, window=2 * DAY), a_rule("form", 1)),
        lifecycle=Lifecycle((mql, *more), on_change=change),
    )


def changed(lead: World, to: Definition, *instants: int, before: int = days(10)):
    """A run with the old bound of 100, then runs with the new definition."""
    first = lead.decide(bound(100, OLD), before)
    assert first.transitions == ()
    return lead.runs(to, *instants, known=known_after([first]))


def test_who_meets_a_level_by_the_change_alone_enters_at_the_activation_with_that_cause(lead):
    (decision,) = changed(lead, bound(50, NEW), days(12))

    (entry,) = new(decision)
    assert (entry.stage, entry.at_us, entry.counter) == ("mql", days(12), "mql_counter")
    assert entry.trigger == f"{BY_DEFINITION}: engagement at least 50"
    assert entry.evidence == ""
    assert (decision.activated_us, decision.definition) == (days(12), NEW)


def test_on_hold_nobody_enters_by_the_change_alone(lead):
    decisions = changed(lead, bound(50, NEW, OnChange.HOLD), days(12), days(13), days(20))

    assert [d.transitions for d in decisions] == [(), (), ()]
    assert {d.activated_us for d in decisions} == {days(12)}


def test_on_hold_a_new_award_is_not_enough(lead):
    second = changed(lead, bound(50, NEW, OnChange.HOLD), days(12), days(13))[-1]
    lead.activity("visit", days(14))

    assert lead.decide(bound(50, NEW, OnChange.HOLD), days(15), known_after([second])).transitions == ()


def test_on_hold_a_level_that_was_false_once_leads_somewhere_again(lead):
    held = bound(50, NEW, OnChange.HOLD)
    (_, second) = changed(lead, held, days(12), days(13))
    lead.activity("careers", days(14))  # 30 for two days

    after = lead.runs(held, days(15), days(17), known=known_after([second]))

    assert after[0].transitions == ()
    assert path(after[1]) == [("mql", days(16))]


def test_who_reaches_the_new_bound_after_the_activation_enters_like_anybody(lead):
    held = bound(70, NEW, OnChange.HOLD)
    (first,) = changed(lead, held, days(12))
    lead.activity("visit", days(13))

    after = lead.decide(held, days(14), known_after([first]))

    assert [(t.stage, t.at_us, t.trigger) for t in new(after)] == [
        ("mql", days(13), "engagement at least 70")
    ]


@pytest.mark.parametrize("change", list(OnChange))
def test_an_award_between_the_last_run_and_the_activation_counts_with_the_new_definition(lead, change):
    first = lead.decide(bound(100, OLD), days(10))
    lead.activity("visit", days(11))

    (decision,) = lead.runs(bound(70, NEW, change), days(12), known=known_after([first]))

    assert [t.at_us for t in decision.transitions] == [days(11)]


def test_scores_are_restated_at_once_and_stages_are_never_taken_back(lead):
    first = lead.decide(bound(50, OLD), days(10))
    dearer = replace(bound(500, NEW), engagement=rules(a_rule("visit", 2)))

    second = lead.decide(dearer, days(11), known_after([first]))

    assert points(second) == 12
    assert second.transitions == first.transitions
    assert second.stage == "mql"


def test_a_signal_of_the_past_that_only_the_new_definition_listens_to_counts_like_a_late_one(lead):
    first = lead.decide(bound(50, OLD), days(10))
    sql = by_type("sql", "visit", counter="sqls")

    after = lead.runs(bound(50, NEW, OnChange.ENTER, sql), days(11), days(12), known=known_after([first]))

    assert [(t.stage, t.at_us) for t in new(after[0])] == [("sql", path(first)[-1][1])]
    assert after[1].transitions == after[0].transitions


def test_a_definition_that_comes_back_is_activated_once_more(lead):
    first = lead.decide(bound(100, OLD), days(10))
    second = lead.decide(bound(90, NEW), days(11), known_after([first]))

    third = lead.decide(bound(100, OLD), days(12), known_after([second]))

    assert (first.activated_us, second.activated_us, third.activated_us) == (-1, days(11), days(12))


@pytest.mark.parametrize("change", list(OnChange))
def test_several_runs_after_the_change_give_the_same_as_one(lead, change):
    to = bound(50, NEW, change, by_type("sql", "form"))
    for day, kind in ((14, "careers"), (18, "visit"), (20, "form")):
        lead.activity(kind, days(day))
    at_once = changed(lead, to, days(12), days(40))[-1]

    in_steps = changed(lead, to, *(days(d) for d in (12, 13, 14, 15, 16, 17, 20, 25, 40)))[-1]

    assert in_steps.transitions == at_once.transitions
    assert in_steps.contributions == at_once.contributions


@pytest.mark.parametrize("change", list(OnChange))
def test_late_data_after_the_change_takes_nothing_back_and_settles_in_one_run(lead, change):
    to = bound(65, NEW, change, by_type("sql", "form"))
    (first,) = changed(lead, to, days(12))
    lead.activity("visit", days(8))
    lead.activity("form", days(9))

    after = lead.runs(to, days(13), days(14), known=known_after([first]))

    assert after[0].transitions[: len(first.transitions)] == first.transitions
    assert after[1].transitions == after[0].transitions
    assert after[0].stage == "sql"
