"""The outlook comes true: what would be enough is enough, and what will be passed is passed in that second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    World,
    a_definition,
    a_rule,
    asks,
    by_status,
    by_type,
    computed,
    days,
    known_after,
    level,
    rules,
    stages,
)
from leadledger.domain.conditions import All, AnyOf, Op
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.lifecycle import Lifecycle, Stage, TimerTrigger
from leadledger.domain.outlook import Gap, Outlook
from leadledger.domain.scoring import MICRO, Burst, Calendar, HalfLife, Inactivity, Limit, Linear, Steps
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.ports import Known

PERSON = "salesforce/Lead/00Q1"
OVER_100 = computed("score", Op.OVER, 100)
MQL = (level("mql", OVER_100),)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def outlook(lead: World, of: Definition, at: int, known: Known | None = None) -> Outlook:
    return lead.evaluate(of, at, known).outlook(PERSON)


def definition(*which, stages_=MQL, **more) -> Definition:
    return a_definition(engagement=rules(*which), lifecycle=Lifecycle(stages_), **more)


def gap(found: Outlook, stage: str = "mql") -> Gap:
    (one,) = (gap for gap in found.gaps if gap.stage == stage)
    return one


RULES = (
    (a_rule("visit", 10), a_rule("form", 30), a_rule("demo", 50)),
    (a_rule("visit", 10, limit=Limit(2, Calendar.DAY)), a_rule("form", 45, limit=Limit(1, Calendar.EVER))),
    (a_rule("visit", 90, burst=Burst(3, DAY)), a_rule("form", 90, max_points=40)),
    (a_rule("visit", 28, decay=HalfLife(5 * DAY)), a_rule("form", 35, decay=Steps(50, DAY), window=9 * DAY)),
    (
        a_rule("visit", 120, gate=computed("stage", Op.IS, "mql")),
        a_rule("form", 70, gate=computed("fit", Op.IS, 0)),
    ),
)


@pytest.mark.parametrize("which", RULES)
def test_so_many_activities_more_lead_into_the_stage_and_one_less_does_not(lead, which):
    for day in (1, 2, 3):
        lead.activity("visit", days(day))
    lead.activity("form", days(2))
    of = definition(*which)
    at = days(4)
    before = lead.decide(of, at)
    assert before.stage == ""

    found = gap(outlook(lead, of, at))

    assert found.condition == "score over 100"
    assert found.points == 100 * MICRO + 1 - before.score
    assert all(1 <= remedy.times <= 5 for remedy in found.remedies)
    for remedy in found.remedies:
        ids = []
        for number in range(remedy.times):
            assert lead.decide(of, at).stage == "", number
            ids.append(lead.activity(remedy.rule, at))
        assert lead.decide(of, at).stage == "mql"
        for id_ in ids:
            lead.connection.execute('DELETE FROM raw."salesforce.Visit__c" WHERE id = ?', [id_])


def test_what_five_more_do_not_do_is_no_remedy(lead):
    of = definition(a_rule("visit", 10), a_rule("form", 25), a_rule("demo", 100, limit=Limit(1, DAY)))

    # Five forms are 125; five visits only 50; one demo is 100, which is not over 100.
    assert [(r.rule, r.times) for r in gap(outlook(lead, of, days(1))).remedies] == [("form", 5)]


def test_the_fewest_activities_stand_first_and_three_at_most(lead):
    of = definition(
        *(
            a_rule(name, points)
            for name, points in (("visit", 30), ("form", 60), ("demo", 110), ("careers", 101))
        )
    )

    assert [(r.rule, r.times) for r in gap(outlook(lead, of, days(1))).remedies] == [
        ("careers", 1), ("demo", 1), ("form", 2),
    ]  # fmt: skip


def test_a_hand_raise_is_a_remedy_whatever_it_is_worth(lead):
    of = a_definition()

    assert ("demo", 1) in [(r.rule, r.times) for r in gap(outlook(lead, of, days(1))).remedies]


def test_where_more_than_points_are_missing_no_points_are_named(lead):
    both = level("mql", All((OVER_100, asks("country", Op.IS, "DE"))))
    either = level("sql", AnyOf((OVER_100, computed("cycle", Op.AT_LEAST, 1))))

    found = outlook(lead, definition(a_rule("demo", 60), stages_=(both, either)), days(1))

    assert [(g.stage, g.points, [r.times for r in g.remedies]) for g in found.gaps] == [
        ("mql", 0, []), ("sql", 0, [2]),
    ]  # fmt: skip


def test_stages_behind_and_beside_are_no_gap(lead):
    lead.status("SQL", days(1))
    of = definition(
        a_rule("demo", 60),
        stages_=(
            level("mql", OVER_100),
            by_status("sql", "SQL"),
            level("hot", OVER_100),
            level("out", OVER_100, side=True),
        ),
    )

    assert [g.stage for g in outlook(lead, of, days(2)).gaps] == ["hot"]


def test_from_beside_the_way_new_points_are_asked_for(lead):
    lead.activity("demo", days(1))
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    *forward, recycled = stages().stages
    keeps = replace(recycled, resets_engagement=False)
    of = a_definition(
        lifecycle=Lifecycle((*forward, keeps)), engagement=rules(a_rule("demo", 60), a_rule("visit", 1))
    )

    found = gap(outlook(lead, of, days(3)))

    assert found.points == 0
    assert [(r.rule, r.times) for r in found.remedies] == [("demo", 1), ("visit", 1)]


def test_the_ledger_is_part_of_the_outlook(lead):
    lead.activity("visit", days(1))
    of = definition(a_rule("visit", 60))
    before = lead.decide(of, days(2))

    found = outlook(lead, of, days(3), known_after([before]))

    assert [(r.rule, r.times) for r in gap(found).remedies] == [("visit", 1)]


FALLING = (
    (a_rule("visit", 150, decay=HalfLife(5 * DAY)),),
    (a_rule("visit", 150, decay=Linear(30 * DAY)),),
    (a_rule("visit", 150, decay=Steps(10, 2 * DAY)),),
    (a_rule("visit", 70, window=9 * DAY), a_rule("form", 80, window=6 * DAY)),
    (
        a_rule("visit", 150, decay=HalfLife(5 * DAY), max_points=120),
        a_rule("form", 10, decay=Linear(3 * DAY)),
    ),
)


@pytest.mark.parametrize("which", FALLING)
@pytest.mark.parametrize("op", [Op.OVER, Op.AT_LEAST])
def test_a_bound_is_passed_in_the_second_that_is_named(lead, which, op):
    lead.activity("visit", days(1))
    lead.activity("form", days(2))
    of = definition(*which, stages_=(level("mql", computed("score", op, 100)),))
    known = known_after([lead.decide(of, days(3))])

    (fall,) = outlook(lead, of, days(3), known).falls

    def holds(at: int) -> bool:
        score = lead.decide(of, at, known).score
        return score > 100 * MICRO if op is Op.OVER else score >= 100 * MICRO

    assert fall.comparison == f"score {op.value.replace('_', ' ')} 100"
    assert holds(fall.at_us - SECOND)
    assert not holds(fall.at_us)


def test_a_deduction_passes_a_bound_as_well(lead):
    lead.activity("visit", days(1))
    of = a_definition(
        engagement=rules(a_rule("visit", 110), inactivity=Inactivity(-10, 20 * DAY, 10 * DAY, ("visit",))),
        lifecycle=Lifecycle((level("mql", OVER_100),)),
    )

    (fall,) = outlook(lead, of, days(2)).falls

    assert fall.at_us == days(21)


def test_what_never_falls_has_no_date(lead):
    lead.activity("visit", days(1))

    assert outlook(lead, definition(a_rule("visit", 110)), days(2)).falls == ()


@pytest.mark.parametrize(
    ("lifecycle", "words"),
    [
        (
            Lifecycle(
                (by_type("one", "visit"), Stage("late", (TimerTrigger(3 * DAY, ("one",)),), side=True))
            ),
            "enters late",
        ),
        (
            Lifecycle(
                (
                    by_type("one", "visit"),
                    level("cold", computed("engagement", Op.BELOW, 50), side=True, sources=("one",)),
                )
            ),
            "enters cold",
        ),
        (Lifecycle(), "score 100 -> 80"),
    ],
)
def test_the_next_change_is_told_in_words_and_comes_true(lead, lifecycle, words):
    lead.activity("visit", days(1))
    of = a_definition(
        engagement=rules(a_rule("visit", 100, decay=Steps(20, 4 * DAY))),
        lifecycle=lifecycle,
        targets=()
        if lifecycle.stages
        else (WriteTarget("salesforce", "Lead", (FieldMapping("S", "score"),)),),
    )

    found = outlook(lead, of, days(1.5))

    assert found.next_what == words
    before, then = lead.decide(of, found.next_at_us - 1), lead.decide(of, found.next_at_us)
    assert (before.stage, before.score) != (then.stage, then.score)


def test_the_excluded_have_no_outlook(world):
    world.lead(Company="Ours")
    of = a_definition(exclude_when=asks("company", Op.IS, "Ours"))

    assert outlook(world, of, days(1)) == Outlook(days(1))


def test_a_stranger_has_none_either(lead):
    with pytest.raises(ValueError, match="nobody"):
        lead.evaluate().outlook("nobody")
