from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from leadledger.definition.load import Loaded
from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.instants import DAY, HOUR
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    Add,
    AssignedTrigger,
    BusinessHours,
    DealEvent,
    DealTrigger,
    FactTrigger,
    HandRaiseTrigger,
    OnChange,
    Restore,
    TimerTrigger,
    Trigger,
    WhenTrigger,
)
from leadledger.domain.scoring import Calendar

Load = Callable[..., Loaded]

SIDE = "side_stages: [{id: recycled, from: [mql], triggers: [{status: {field: Status, becomes: Recycle}}]}]\n"


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("assigned", AssignedTrigger()),
        ("accepted", AcceptedTrigger()),
        ("{fact: {fact: title, becomes: CEO}}", FactTrigger("title", ("CEO",))),
        ("{fact: {fact: title, becomes: [CEO, true, 5]}}", FactTrigger("title", ("CEO", "true", "5"))),
        (
            "{when: {score: {over: 100}}, until: {score: {below: 50}}}",
            WhenTrigger(
                Compare(Space.COMPUTED, "score", Op.OVER, 100), Compare(Space.COMPUTED, "score", Op.BELOW, 50)
            ),
        ),
        ("{when: {stage: mql}}", WhenTrigger(Compare(Space.COMPUTED, "stage", Op.IS, "mql"))),
        ("{after: {span: 14d, in: mql}}", TimerTrigger(14 * DAY, ("mql",))),
        (
            "{after: {span: 48h, in: [mql, recycled], without: accepted, business: true}}",
            TimerTrigger(48 * HOUR, ("mql", "recycled"), (AcceptedTrigger(),), business=True),
        ),
        ("{after: {span: 4 business hours, in: mql}}", TimerTrigger(4 * HOUR, ("mql",), business=True)),
        ("{after: {span: 1 business day, in: mql}}", TimerTrigger(8 * HOUR, ("mql",), business=True)),
        (
            "{after: {span: 14d, in: mql, without: [hand_raise, {deal: created}, {activity: {type: call}}]}}",
            TimerTrigger(
                14 * DAY,
                ("mql",),
                (
                    HandRaiseTrigger(),
                    DealTrigger(DealEvent.CREATED),
                    ActivityTrigger(Compare(Space.ACTIVITY, "type", Op.IS, "call")),
                ),
            ),
        ),
    ],
)
def test_every_form_of_a_trigger(loaded_with: Load, trigger: str, expected: Trigger):
    definition = loaded_with(
        lifecycle=f"""
stages:
  - {{id: mql, triggers: [{{deal: created}}], counter: mql_counter, on_enter: [route]}}
  - {{id: customer, triggers: [{trigger}], reenter_from: [recycled]}}
{SIDE}"""
    ).definition

    assert definition.lifecycle.stages[1].triggers == (expected,)


def test_a_side_stages_timer_runs_where_the_stage_is_entered_from(loaded_with: Load):
    stages = loaded_with(
        lifecycle="""
stages:
  - {id: mql, triggers: [{deal: created}], counter: mql_counter, on_enter: [route]}
  - {id: customer, triggers: [{deal: won}]}
side_stages:
  - {id: cold, from: [mql], triggers: [{after: {span: 14d}}]}
  - {id: gone, from: any, triggers: [{after: {span: 2y}}]}
"""
    ).definition.lifecycle.stages

    assert stages[2].triggers == (TimerTrigger(14 * DAY, ("mql",)),)
    assert stages[3].triggers == (TimerTrigger(730 * DAY, ("mql", "customer", "cold")),)


def test_what_an_entry_does(loaded_with: Load):
    lifecycle = loaded_with(
        lifecycle="""
stages:
  - id: mql
    triggers: [{deal: created}]
    counter: mql_counter
    stamped_when_skipped: false
    on_enter:
      - add: {points: 20, if: {mql_counter: {over: 1}}, per: month}
      - add: {points: -5, per: 7d}
      - restore: {stage: mql, within: 90d}
      - route
      - reset: engagement
side_stages:
  - {id: recycled, from: [mql], triggers: [{deal: lost}], cooldown: 30d, on_enter: [{add: {points: 1}}]}
on_change: hold
"""
    ).definition.lifecycle

    mql, recycled = lifecycle.stages
    assert mql.adds == (
        Add(20.0, Compare(Space.COMPUTED, "mql_counter", Op.OVER, 1), Calendar.MONTH),
        Add(-5.0, None, 7 * DAY),
    )
    assert mql.restores == Restore("mql", 90 * DAY)
    assert (mql.routes, mql.resets_engagement, mql.stamped_when_skipped) == (True, True, False)
    assert (recycled.cooldown, recycled.adds) == (30 * DAY, (Add(1.0),))
    assert lifecycle.on_change is OnChange.HOLD


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("{}", BusinessHours()),
        ("{days: sun-thu}", BusinessHours(days=(0, 1, 2, 3, 6))),
        ("{days: sat}", BusinessHours(days=(5,))),
        ("{days: [fri, mon]}", BusinessHours(days=(0, 4))),
        (
            '{days: mon-sun, from: "00:00", to: "24:00", holidays: [2026-12-25, 2027-01-01]}',
            BusinessHours(tuple(range(7)), 0, 1440, (date(2026, 12, 25), date(2027, 1, 1))),
        ),
        ("{from: 08:30, to: 18:00}", BusinessHours(begin=510, end=1080)),
    ],
)
def test_business_hours(loaded_with: Load, hours: str, expected: BusinessHours):
    text = f"""
stages: [{{id: mql, triggers: [{{deal: won}}], counter: mql_counter, on_enter: [route]}}]
business_hours: {hours}
"""

    assert loaded_with(lifecycle=text).definition.lifecycle.business_hours == expected


def test_a_business_day_is_as_long_as_the_business_hours_of_a_day(loaded_with: Load):
    text = """
stages: [{id: mql, triggers: [{deal: won}], counter: mql_counter, on_enter: [route]}]
side_stages: [{id: cold, from: any, triggers: [{after: {span: 2 business days}}]}]
business_hours: {from: "08:00", to: "14:30"}
"""

    cold = loaded_with(lifecycle=text).definition.lifecycle.stages[1]

    assert cold.triggers == (TimerTrigger(13 * HOUR, ("mql",), business=True),)
