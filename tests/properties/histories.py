"""Random definitions and histories: on a grid of hours, so that ties and exact window ends do occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from builders import START, World, a_definition, a_rule, computed, hours, stages, when
from leadledger.domain.conditions import Op
from leadledger.domain.definition import Definition
from leadledger.domain.instants import HOUR
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import Calendar, Category, Engagement, EngagementRule, HalfLife, Limit

KINDS = ("visit", "form", "demo", "careers")
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
spans = st.none() | st.integers(1, 100).map(lambda hours: hours * HOUR)
half_lives = st.none() | st.integers(1, 100).map(lambda hours: HalfLife(hours * HOUR))
limits = st.none() | st.builds(
    Limit,
    st.integers(1, 3),
    st.sampled_from(tuple(Calendar)) | st.integers(1, 60).map(lambda hours: hours * HOUR),
)
caps = st.none() | st.integers(0, 60).map(float)


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
        decay=draw(half_lives) if points > 0 else None,
        max_points=draw(caps) if points > 0 else None,
        auto_qualify=draw(st.integers(0, 4)) == 0,
    )


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
    )


happenings = st.lists(
    st.builds(
        Happening,
        person=st.integers(0, 2),
        kind=st.sampled_from((*KINDS, *KINDS, "recycle", "out", "deal", "won")),
        hour=hours_,
        id=st.integers(0, 99).map(lambda number: f"{number:02}"),
    ),
    min_size=12,
    max_size=60,
    unique_by=lambda h: h.id,
)


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    """inquiry, mql, sql, customer, with side stages that do or do not reset, and lead back."""
    _, mql, sql, customer, recycled = stages(draw(st.sampled_from((0, 20, 60)))).stages
    back = tuple(draw(st.sets(st.sampled_from(("recycled", "out")))))
    inquiry = Stage("inquiry", (ActivityTrigger(when("type", "form")),), reenter_from=back[:1])
    mql = replace(
        mql,
        triggers=(HandRaiseTrigger(), *mql.triggers[1:]) if draw(st.booleans()) else mql.triggers[1:],
        reenter_from=back,
        resets_engagement=draw(st.booleans()),
    )
    recycled = replace(recycled, resets_engagement=draw(st.booleans()))
    out = Stage(
        "out",
        (StatusTrigger("Status", ("Out",)), DealTrigger(DealEvent.LOST)),
        side=True,
        sources=draw(st.sampled_from((None, ("recycled",), ("mql", "customer")))),
    )
    hot = Stage("hot", (WhenTrigger(computed("mql_counter", Op.AT_LEAST, 2)),), counter="hot_counter")
    return Lifecycle((inquiry, mql, replace(sql, reenter_from=back), hot, customer, recycled, out))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition with rules and stages."""
    return a_definition(engagement=draw(engagements()), lifecycle=draw(lifecycles()))


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
