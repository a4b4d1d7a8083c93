"""`next_due_at`: the first instant at which something changes by itself; true when it comes, and not a moment before."""

from __future__ import annotations

import pytest

from builders import World, a_definition, a_rule, by_type, computed, days, known_after, level, rules
from leadledger.domain.conditions import Op
from leadledger.domain.decisions import Decision
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import (
    Band,
    Classification,
    HalfLife,
    Inactivity,
    Linear,
    PointsBy,
    Steps,
)
from leadledger.domain.writeback import FieldMapping, WriteTarget

NOTHING = Lifecycle()


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def showing(*fields: FieldMapping) -> tuple[WriteTarget, ...]:
    return (WriteTarget("salesforce", "Lead", fields),)


def definition(*which, lifecycle=NOTHING, targets=(), classification=None, **bounds) -> Definition:
    return a_definition(
        engagement=rules(*which, **bounds),
        lifecycle=lifecycle,
        targets=targets,
        classification=classification,
    )


SCORE = showing(FieldMapping("Score__c", "score"))


def seen(decision: Decision, of: Definition) -> tuple[object, ...]:
    """What a run would write or enter."""
    scores = []
    for mapping in (mapping for target in of.targets for mapping in target.fields):
        unit = 10 ** (6 - mapping.decimals)
        scores.append((2 * decision.score + unit) // (2 * unit))
    return scores, decision.classification, [(t.stage, t.at_us) for t in decision.transitions]


def proven(lead: World, of: Definition, at: int) -> int:
    """The instant that is announced, once shown to be the first whole second at which something is different."""
    now = lead.decide(of, at)
    due = now.next_due_us
    if due:
        known = known_after([now])
        assert seen(lead.decide(of, due - SECOND, known), of) == seen(now, of)
        assert seen(lead.decide(of, due, known), of) != seen(now, of)
    return due


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (a_rule("visit", 10), 0),
        (a_rule("visit", 10, window=9 * DAY), days(9)),
        (a_rule("visit", 10, decay=Steps(50, 4 * DAY)), days(4)),
        (a_rule("visit", 10, decay=Steps(0.1, 4 * DAY), window=40 * DAY), days(40)),
        (a_rule("visit", 0.4, window=9 * DAY), 0),
        (a_rule("visit", 0.5, window=9 * DAY), days(9)),
    ],
)
def test_a_score_that_is_shown_changes_when_its_rounded_value_does(lead, rule, due):
    lead.activity("visit", days(0))

    assert proven(lead, definition(rule, targets=SCORE), days(1)) == due
    assert lead.decide(definition(rule), days(1)).next_due_us == 0  # nobody shows it


@pytest.mark.parametrize("decay", [HalfLife(10 * DAY), Linear(40 * DAY)])
@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_a_score_that_fades_changes_in_the_second_that_is_announced(lead, decay, decimals):
    lead.activity("visit", days(0))
    of = definition(
        a_rule("visit", 10, decay=decay), targets=showing(FieldMapping("S", "score", decimals=decimals))
    )

    due = proven(lead, of, days(1))

    assert days(1) < due < days(3)
    assert due % SECOND == 0


def test_a_change_below_the_smallest_that_is_written_is_none(lead):
    lead.activity("visit", days(0))
    fading = a_rule("visit", 10, decay=Steps(10, DAY))

    def due(min_change: float | None) -> int:
        fields = showing(FieldMapping("S", "engagement", min_change=min_change))
        return lead.decide(definition(fading, targets=fields), days(0.5)).next_due_us

    # 10, 9, 8.1, 7.29, 6.561: shown as 10, 9, 8, 7, 7
    assert due(None) == due(1.0) == days(1)
    assert due(2.0) == days(2)
    assert due(3.0) == days(3)


def test_points_that_come_back_are_a_change(lead):
    lead.activity("form", days(0))
    lead.activity("visit", days(1))
    which = a_rule("form", 30), a_rule("visit", -10, window=5 * DAY)

    assert proven(lead, definition(*which, targets=SCORE), days(2)) == days(6)


def test_what_ends_and_what_comes_back_at_one_instant_is_no_change(lead):
    for url in ("/jobs", "/pricing"):
        lead.activity("visit", days(0), Url=url)
    lead.activity("form", days(0))
    both = a_rule("visit", 0, points_by=PointsBy("asset", {"/jobs": -7, "/pricing": 7}), window=5 * DAY)

    assert proven(lead, definition(both, a_rule("form", 20), targets=SCORE), days(1)) == 0


def test_deductions_are_announced_until_the_floor(lead):
    lead.activity("visit", days(0))
    quiet = Inactivity(-6, 30 * DAY, 10 * DAY, ("visit",))
    of = definition(a_rule("visit", 10), inactivity=quiet, targets=SCORE)

    assert proven(lead, of, days(1)) == days(30)
    assert proven(lead, of, days(30)) == days(40)
    assert proven(lead, of, days(40)) == 0


def test_a_band_of_the_classification_is_looked_at_where_nothing_is_shown(lead):
    bands = Classification((Band("A", 0),), (Band("1", 5), Band("2", 2.5), Band("3", None)))
    lead.activity("visit", days(0))
    of = definition(a_rule("visit", 10, decay=HalfLife(10 * DAY)), classification=bands)

    # Half a millionth before the half-life is over, 5 points are still there.
    assert days(10) - SECOND <= proven(lead, of, days(1)) <= days(10) + SECOND
    assert proven(lead, of, days(30)) == 0


def test_a_side_stage_that_a_falling_value_leads_to_is_announced_to_the_second(lead):
    cold = level("cold", computed("engagement", Op.BELOW, 4), side=True, sources=("one",))
    lead.activity("visit", days(0))
    of = definition(
        a_rule("visit", 10, decay=Linear(10 * DAY)), lifecycle=Lifecycle((by_type("one", "visit"), cold))
    )

    due = proven(lead, of, days(1))

    assert due == days(6) + SECOND


def test_a_condition_that_only_becomes_false_announces_nothing(lead):
    hot = level("hot", computed("engagement", Op.AT_LEAST, 4))
    lead.activity("visit", days(0))
    of = definition(a_rule("visit", 10, decay=Linear(10 * DAY)), lifecycle=Lifecycle((hot,)))

    assert lead.decide(of, days(1)).next_due_us == 0


def test_of_several_changes_the_first_is_announced(lead):
    cold = level("cold", computed("engagement", Op.BELOW, 4), side=True, sources=("one",))
    lead.activity("visit", days(0))
    of = definition(
        a_rule("visit", 10, window=20 * DAY),
        lifecycle=Lifecycle((by_type("one", "visit"), cold)),
        targets=SCORE,
        inactivity=Inactivity(-1, 12 * DAY, 3 * DAY, ("visit",)),
    )

    found, at = [], days(1)
    while (at := proven(lead, of, at)) and len(found) < 9:
        found.append((at - days(0)) // DAY)

    assert found == [12, 15, 18, 20]


def test_nothing_is_announced_for_the_excluded_and_for_those_who_never_did_anything(lead):
    assert lead.decide(definition(a_rule("visit", 10), targets=SCORE)).next_due_us == 0


def test_a_change_further_away_than_this_century_is_none(lead):
    lead.activity("visit", days(0))
    of = definition(a_rule("visit", 10, decay=HalfLife(730_000 * DAY)), targets=SCORE)

    assert lead.decide(of, days(1)).next_due_us == 0
