"""Where a decision of the engine and an outcome of the reference model differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from leadledger.domain.decisions import SET_BY_A_PERSON, Decision, Transition
from leadledger.domain.definition import Definition
from reference.outcome import Entry, Outcome

_STARTS = {
    "hand_raise": "hand_raise",
    "activity: ": "activity",
    "accepted": "accepted",
    "deal: ": "deal",
    "converted": "converted",
    "assigned": "assigned",
    "fact: ": "fact",
    "status: ": "status",
    SET_BY_A_PERSON: "stage",
    "after ": "timer",
}


def differences(decision: Decision, outcome: Outcome, definition: Definition) -> list[str]:
    """One line per difference: what, what the engine says, what the reference says."""
    return [
        f"{what}: engine {engine!r}, reference {reference!r}"
        for what, engine, reference in _pairs(decision, outcome, definition)
        if engine != reference
    ]


def _pairs(d: Decision, o: Outcome, definition: Definition) -> Iterator[tuple[str, Any, Any]]:
    yield "excluded", d.excluded, o.excluded
    yield "score", d.score, o.score
    yield "engagement", d.engagement, o.engagement
    yield "fit", d.fit, o.fit
    yield "grade", d.grade, o.grade
    yield "transitions", len(d.transitions), len(o.entries)
    for number, (transition, entry) in enumerate(zip_longest(d.transitions, o.entries)):
        yield f"transition {number}", _told(transition, entry), _entered(entry)
    yield "stage", d.stage, o.stage
    yield "contributions", _lines(d), {key: points for key, points in o.lines.items() if points}
    if o.excluded:
        return
    yield "stage_since", d.stage_since_us, o.stage_since_us
    yield "cycle", d.cycle, o.cycle
    for name, count in o.counters.items():
        yield f"counter {name}", d.counter(name), count
    for stage in definition.lifecycle.stages:
        yield f"first {stage.id}", d.first_at_us(stage.id), o.first_at_us.get(stage.id)
        yield f"last {stage.id}", d.last_at_us(stage.id), o.last_at_us.get(stage.id)
    yield "classification", (d.classification, d.disposition), (o.classification, o.disposition)
    yield "models", dict(d.models), dict(o.models)
    yield "categories", dict(d.category_points), dict(o.categories)
    yield "next_due", d.next_due_us, o.next_due_us


def _told(t: Transition | None, entry: Entry | None) -> tuple[Any, ...] | None:
    """A transition with the kind of its trigger, where that is one of those that led there together."""
    if t is None:
        return None
    kind = next((kind for start, kind in _STARTS.items() if t.trigger.startswith(start)), "level")
    kinds = entry.kinds if entry is not None and kind in entry.kinds else frozenset({kind})
    of = (t.stage, t.from_stage, t.at_us, t.inferred, t.counter, t.cycle, t.engagement)
    return (*of, t.no_sales_touch, sorted(kinds))


def _entered(e: Entry | None) -> tuple[Any, ...] | None:
    if e is None:
        return None
    of = (e.stage, e.from_stage, e.at_us, e.inferred, e.counter, e.cycle, e.engagement)
    return (*of, e.no_sales_touch, sorted(e.kinds))


def _lines(decision: Decision) -> dict[tuple[str, str], int]:
    """(kind, rule) -> points; several adds of one stage stand in lines of their own."""
    sums: Counter[tuple[str, str]] = Counter()
    for c in decision.contributions:
        sums[c.kind, c.rule] += c.points
    return {key: points for key, points in sums.items() if points}
