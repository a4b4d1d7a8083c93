"""The sentences of the contract about acceptance, timers and what comes by itself, calculated by hand."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from leadledger.domain.conditions import Op
from leadledger.domain.instants import DAY, HOUR, SECOND
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    BusinessHours,
    DealEvent,
    DealTrigger,
    Lifecycle,
    Stage,
    TimerTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import (
    Band,
    Classification,
    Engagement,
    Inactivity,
    Linear,
)
from leadledger.domain.writeback import FieldMapping, WriteTarget
from reference.history import Person
from reference.judge import judge
from reference.local_time import after_business
from reference.small import (
    MQL,
    RECYCLED,
    VISITS,
    a_definition,
    asks,
    at,
    by_type,
    happened,
    level,
    over,
    path,
    points,
    recycled,
    rule,
)


def test_accepted_is_the_first_activity_of_sales_after_a_routed_entry():
    mql = by_type("mql", "form", routes=True, reenter_from=("recycled",))
    definition = a_definition(
        VISITS, mql, Stage("sal", (AcceptedTrigger(),), reenter_from=("recycled",)), RECYCLED
    )
    person = happened(
        ("call", at()), ("form", at(1)), ("call", at(1)), ("call", at(3)), statuses=recycled(at(2))
    )
    once = happened(("form", at(1)), ("call", at(2)), ("call", at(4)), stages_set=(("recycled", at(3), "h"),))

    assert path(judge(definition, person, at(9)))[-1] == ("sal", at(3))
    assert judge(definition, once, at(9)).stage == "recycled"


def test_a_timer_runs_while_the_person_is_there_and_nothing_came():
    timer = TimerTrigger(2 * DAY, ("mql",), without=(AcceptedTrigger(),))
    mql = by_type("mql", "form", routes=True)
    definition = a_definition(VISITS, mql, Stage("recycled", (timer,), side=True))

    assert path(judge(definition, happened(("form", at())), at(9)))[-1] == ("recycled", at(2))
    assert judge(definition, happened(("form", at())), at(1)).next_due_us == at(2)
    assert judge(definition, happened(("form", at()), ("call", at(2))), at(9)).stage == "mql"
    assert judge(definition, happened(("form", at()), ("call", at(2.1))), at(9)).stage == "recycled"


def test_a_signal_that_is_walked_after_the_entry_came_since_at_the_same_instant_as_well():
    timer = TimerTrigger(2 * DAY, ("mql",), without=(DealTrigger(DealEvent.CREATED),))
    definition = a_definition(VISITS, by_type("mql", "form"), Stage("recycled", (timer,), side=True))
    entered_by_deal = a_definition(
        VISITS, Stage("mql", timer.without), Stage("recycled", (timer,), side=True)
    )
    deals = ((DealEvent.CREATED, at(), "d"),)

    # Activities are walked before deals; the deal that enters a stage itself came before the entry.
    assert judge(definition, happened(("form", at()), deals=deals), at(9)).stage == "mql"
    assert judge(entered_by_deal, Person(deals=deals), at(9)).stage == "recycled"


def test_business_time_runs_only_in_business_hours():
    berlin = ZoneInfo("Europe/Berlin")
    hours = BusinessHours(holidays=(date(2026, 1, 5),))

    # START is Thursday, 1:00 in Berlin. Nine o'clock there is 8:00 UTC in winter.
    assert after_business(at(), 2 * HOUR, hours, berlin) == at(hours=10)
    assert after_business(at(), 8 * HOUR, hours, berlin) == at(hours=16)
    assert after_business(at(hours=15), 2 * HOUR, hours, berlin) == at(1, hours=9)
    # Friday 16:00 UTC and on: Monday is a holiday, so Tuesday.
    assert after_business(at(1, hours=15), 2 * HOUR, hours, berlin) == at(5, hours=9)
    # The clock goes forward on 29 March 2026: nine o'clock on Monday is 7:00 UTC.
    assert after_business(at(85, hours=15), 2 * HOUR, hours, berlin) == at(88, hours=8)


def test_classification_is_fit_band_by_engagement_band():
    cells = Classification(
        (Band("A", 10), Band("B", None)), (Band("1", 20), Band("2", None)), {"B1": "assign"}
    )
    definition = a_definition(VISITS, level("mql", asks("classification", Op.IS, "B1")), classification=cells)

    outcome = judge(definition, happened(("visit", at()), ("visit", at(1))), at(9))

    assert (outcome.classification, outcome.disposition) == ("B1", "assign")
    assert path(outcome) == [("mql", at(1))]


def shown(value, **more):
    return (WriteTarget("salesforce", "Lead", (FieldMapping("F", value, **more),)),)


def test_the_next_due_instant_is_when_the_shown_value_differs():
    line = Engagement((rule("visit", 100, decay=Linear(100 * DAY)),))
    person = happened(("visit", at()))

    def due(as_of, **more):
        return judge(a_definition(line, targets=shown("score", **more)), person, as_of).next_due_us

    # 99.5 is shown as 100; below it is 99.
    assert due(at()) == at(0.5) + SECOND
    assert due(at(0.5)) == at(0.5) + SECOND
    assert due(at(), min_change=5) == at(4.5) + SECOND
    assert due(at(), decimals=1) == at(0.05) + SECOND
    assert due(at(100)) == 0


def test_nothing_is_due_where_nothing_is_shown_and_no_stage_comes():
    line = Engagement((rule("visit", 100, decay=Linear(100 * DAY)),))
    quiet = Inactivity(-10, after=3 * DAY, every=2 * DAY, counts=("visit",))
    falling = Engagement((rule("visit", 15),), inactivity=quiet)

    assert judge(a_definition(line), happened(("visit", at())), at()).next_due_us == 0
    targets = shown("engagement")
    assert judge(a_definition(falling, targets=targets), happened(("visit", at())), at(1)).next_due_us == at(
        3
    )
    assert judge(a_definition(falling, targets=targets), happened(("visit", at())), at(5)).next_due_us == 0


def test_only_what_happened_up_to_the_instant_is_known():
    definition = a_definition(VISITS, MQL, lifecycle=Lifecycle((Stage("mql", (WhenTrigger(over(5)),)),)))
    person = happened(("visit", at(1)), ("visit", at(3)), created_us=at(), changed_us=at(5))

    outcome = judge(definition, person, at(2))

    assert (path(outcome), points(outcome)) == ([("mql", at(1))], 10)
