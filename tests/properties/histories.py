"""Random definitions and histories: on a grid of hours, so that ties and exact window ends do occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from builders import START, World, a_definition, a_rule, computed, hours, stages, when, with_calls
from leadledger.domain.conditions import Condition, Op
from leadledger.domain.definition import Definition
from leadledger.domain.instants import HOUR
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    Add,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Restore,
    Signal,
    Stage,
    StatusTrigger,
    TimerTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import (
    Burst,
    Calendar,
    Category,
    Decay,
    Engagement,
    EngagementRule,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    Steps,
)
from leadledger.domain.writeback import FieldMapping, WriteTarget

KINDS = ("visit", "form", "demo", "careers", "call")
FORWARD = ("inquiry", "mql", "sql", "hot", "customer")
SIDE = ("recycled", "out")
SPAN = 24 * 12
"""Hours of a history."""


@dataclass(frozen=True)
class Happening:
    """One row for one person."""

    person: int
    kind: str
    hour: int
    id: str


hours_ = st.integers(0, SPAN) | st.integers(0, 6)
lengths = st.integers(1, 100).map(lambda hours: hours * HOUR)
spans = st.none() | lengths
limits = st.none() | st.builds(
    Limit,
    st.integers(1, 3),
    st.sampled_from(tuple(Calendar)) | st.integers(1, 60).map(lambda hours: hours * HOUR),
)
caps = st.none() | st.integers(0, 60).map(float)


def sometimes(draw: st.DrawFn, one_in: int) -> bool:
    """True in one of so many cases; what shrinks is false."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def decays(points: int) -> st.SearchStrategy[Decay | None]:
    """Negative points may have steps, and nothing continuous."""
    steps = st.builds(Steps, st.sampled_from((10.0, 33.3, 50.0, 100.0)), lengths)
    if points < 0:
        return st.none() | steps
    return st.none() | st.builds(HalfLife, lengths) | st.builds(Linear, lengths) | steps


values = st.sampled_from(("score", "engagement", "engagement_a"))
bounds = st.sampled_from((0, 5, 10, 20, 33.333333, 60))
high = st.builds(computed, values, st.sampled_from((Op.OVER, Op.AT_LEAST)), bounds)
low = st.builds(computed, values, st.sampled_from((Op.BELOW, Op.AT_MOST)), bounds)
gates = st.sampled_from(
    (
        computed("stage", Op.IS, "mql"),
        computed("stage", Op.IS_NOT, "recycled"),
        computed("cycle", Op.AT_LEAST, 1),
        computed("mql_counter", Op.BELOW, 2),
        computed("fit", Op.AT_LEAST, 10),
    )
)


@st.composite
def a_random_rule(draw: st.DrawFn, position: int) -> EngagementRule:
    """Any rule that the definition's checks let through."""
    points = draw(st.integers(-60, 80).filter(bool))
    return a_rule(
        f"r{position}",
        points / draw(st.sampled_from((1, 3))),
        draw(st.sampled_from(KINDS)),
        category=draw(st.sampled_from((None, None, "a", "b"))),
        limit=draw(limits),
        window=draw(spans),
        decay=draw(decays(points)),
        max_points=draw(caps) if points > 0 else None,
        auto_qualify=sometimes(draw, 5),
        burst=Burst(draw(st.integers(2, 3)), draw(lengths)) if sometimes(draw, 4) else None,
        gate=draw(gates) if sometimes(draw, 5) else None,
    )


@st.composite
def quiet_periods(draw: st.DrawFn) -> Inactivity:
    """Deductions after hours or days without one of some types."""
    types = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True))
    return Inactivity(-draw(st.sampled_from((2.5, 10.0))), draw(lengths), draw(lengths), tuple(types))


@st.composite
def engagements(draw: st.DrawFn) -> Engagement:
    """Some rules, in categories with bounds, over a floor."""
    count = draw(st.integers(1, 5))
    low, high = sorted((draw(st.integers(-40, 0)), draw(st.integers(0, 90))))
    return Engagement(
        tuple(draw(a_random_rule(k)) for k in range(count)),
        (
            Category(
                "a", max=draw(st.none() | st.just(float(high))), min=draw(st.none() | st.just(float(low)))
            ),
            Category("b", max=draw(caps)),
        ),
        floor=draw(st.sampled_from((0.0, 0.0, -30.0, 5.0))),
        max=draw(st.none() | st.sampled_from((50.0, 100.0))),
        inactivity=draw(quiet_periods()) if sometimes(draw, 3) else None,
        reset_on=(when("type", "careers"),) if sometimes(draw, 8) else (),
    )


happenings = st.lists(
    st.builds(
        Happening,
        person=st.integers(0, 2),
        kind=st.sampled_from(
            (*KINDS, *KINDS, *KINDS, "recycle", "out", "deal", "won", "set mql", "set sql", "set out")
        ),
        hour=hours_,
        id=st.integers(0, 99).map(lambda number: f"{number:02}"),
    ),
    min_size=12,
    max_size=60,
    unique_by=lambda h: h.id,
)


def signals() -> st.SearchStrategy[Signal]:
    """What may stop a timer."""
    return st.sampled_from(
        (
            AcceptedTrigger(),
            HandRaiseTrigger(),
            DealTrigger(DealEvent.CREATED),
            StatusTrigger("Status", ("Out",)),
            ActivityTrigger(when("type", "visit")),
        )
    )


@st.composite
def timers(draw: st.DrawFn) -> TimerTrigger:
    """In calendar or business time, from one stage or two."""
    where = draw(st.lists(st.sampled_from((*FORWARD, *SIDE)), min_size=1, max_size=2, unique=True))
    without = draw(st.lists(signals(), max_size=1))
    return TimerTrigger(draw(lengths), tuple(where), tuple(without), business=sometimes(draw, 3))


@st.composite
def effects(draw: st.DrawFn, id_: str) -> dict[str, Any]:
    """What entering a stage does besides."""
    adds: list[Add] = []
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        condition: Condition | None = draw(st.none() | high | gates)
        per = draw(st.sampled_from((None, Calendar.DAY, Calendar.EVER, 30 * HOUR)))
        adds.append(Add(draw(st.sampled_from((-15.0, 5.0, 22.5))), condition, per))
    others = [name for name in (*FORWARD, *SIDE) if name != id_]
    return {
        "adds": tuple(adds),
        "restores": Restore(draw(st.sampled_from(others)), draw(lengths)) if sometimes(draw, 5) else None,
        "resets_engagement": sometimes(draw, 3),
        "stamped_when_skipped": not sometimes(draw, 5),
        "routes": sometimes(draw, 5),
    }


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    """inquiry, mql, sql, customer, with side stages that lead back or not; any stage may have one trigger more."""
    inquiry, mql, sql, customer, recycled = stages(draw(st.sampled_from((0, 20, 60)))).stages
    back = tuple(draw(st.sets(st.sampled_from(SIDE)).map(sorted)))
    raised = (HandRaiseTrigger(),) if draw(st.booleans()) else ()
    until = draw(low) if sometimes(draw, 3) else None
    over = draw(high)
    hot = Stage("hot", (WhenTrigger(computed("mql_counter", Op.AT_LEAST, 2)),), counter="hot_counter")
    out = Stage(
        "out",
        (StatusTrigger("Status", ("Out",)), DealTrigger(DealEvent.LOST)),
        side=True,
        sources=draw(st.sampled_from((None, ("recycled",), ("mql", "customer")))),
    )
    made = (
        replace(inquiry, reenter_from=back[:1]),
        replace(mql, triggers=(*raised, WhenTrigger(over, until)), reenter_from=back),
        replace(sql, reenter_from=back),
        hot,
        customer,
        recycled,
        out,
    )
    return Lifecycle(tuple(draw(a_stage(stage)) for stage in made))


@st.composite
def a_stage(draw: st.DrawFn, stage: Stage) -> Stage:
    """The stage, perhaps with another trigger, and with what its entry does."""
    more = draw(
        st.just(())
        | st.builds(lambda timer: (timer,), timers())
        | st.builds(lambda condition: (WhenTrigger(condition),), low if stage.side else high)
        | st.just((AcceptedTrigger(),))
    )
    cooldown = draw(lengths) if stage.side and sometimes(draw, 3) else 0
    return replace(stage, triggers=(*stage.triggers, *more), cooldown=cooldown, **draw(effects(stage.id)))


STAGE_FIELD = (
    WriteTarget("salesforce", "Lead", (FieldMapping("Stage__c", "stage"), FieldMapping("S", "score"))),
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition with rules and stages."""
    return with_calls(
        a_definition(engagement=draw(engagements()), lifecycle=draw(lifecycles()), targets=STAGE_FIELD)
    )


def told(history: Sequence[Happening], seed: int | None = None) -> World:
    """A world where that happened to three leads; with a seed the rows are inserted in another order."""
    rows: dict[str, list[dict[str, Any]]] = {
        "Lead": [
            {
                "id": f"00Q{k}",
                "created_us": START,
                "modified_us": hours(100),
                "Email": f"{k}@acme.test",
                "Employees": "99" if k % 2 else None,
            }
            for k in range(3)
        ]
    }
    for happening in history:
        for stream, row in _rows(happening):
            rows.setdefault(stream, []).append(row)
    world = World()
    for stream, added in rows.items():
        if seed is not None:
            Random(seed).shuffle(added)
        world.add_all(stream, added)
    return world


def _rows(h: Happening) -> Iterator[tuple[str, dict[str, Any]]]:
    person, at = f"00Q{h.person}", hours(h.hour)
    if h.kind in KINDS:
        yield "Visit__c", {"id": h.id, "person": person, "Kind": h.kind, "At": at}
    elif h.kind in {"recycle", "out"}:
        yield "LeadHistory", {"id": h.id, "person": person, "field": "Status", "new": h.kind, "at_us": at}
    elif h.kind.startswith("set "):
        stage = h.kind.removeprefix("set ")
        yield "LeadHistory", {"id": h.id, "person": person, "field": "Stage__c", "new": stage, "at_us": at}
    else:
        won = at + 5 * HOUR if h.kind == "won" else None
        yield (
            "Opportunity",
            {
                "id": h.id,
                "created_us": at,
                "closed_us": won,
                "won": won is not None,
                "closed": won is not None,
            },
        )
        yield "Role", {"id": h.id, "deal": h.id, "person": person}
