"""Runs the admin's examples offline, with the same engine as a run: a person in, expected values out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadledger.domain.conditions import All, Compare, Op, Space
from leadledger.domain.decisions import Decision
from leadledger.domain.definition import Definition
from leadledger.domain.examples import Example, Expected
from leadledger.domain.instants import iso, parse_instant
from leadledger.domain.lifecycle import DealEvent
from leadledger.domain.sources import ActivitySource, Normalise, PeopleSource
from leadledger.domain.values import ValueKind, value_of
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.errors import Problem
from leadledger.insight.explain import Explanation
from leadledger.ports import Engine, Kind, Known, Mirror, Page, Row, Stream

PERSON = "example"
_MARK = "\x1e"
_STAGE_FIELD = "Stage of the example"
_USER = "005000000000001"


@dataclass(frozen=True, slots=True)
class Result:
    """One example and what was wrong with it; nothing when it holds."""

    example: Example
    problems: tuple[Problem, ...]
    explanation: Explanation


def run_examples(
    examples: Sequence[Example], definition: Definition, engine: Engine, mirror: Mirror
) -> Iterator[Result]:
    """Evaluate each example alone, as of its own instant. The mirror is one in memory, for this only."""
    for example in examples:
        changed, streams = _world(example, definition)
        mirror.prepare(streams)
        for stream, rows in zip(streams, _rows(example, streams), strict=True):
            mirror.store(stream, Page(rows, replaces="all"))
        evaluation = engine.evaluate(mirror.sql(), changed, streams, Known(), example.as_of_us)
        decision = next(iter(evaluation.decisions()))
        explanation = Explanation(decision, (), (), definition.labels, evaluation.outlook(decision.person_id))
        yield Result(example, tuple(_compare(example, decision, definition)), explanation)


def _world(example: Example, definition: Definition) -> tuple[Definition, tuple[Stream, ...]]:
    """The definition with the sources replaced by the example's own rows: facts and canonical activities."""
    facts = definition.facts()
    attributes = sorted({name for activity in example.activities for name in activity.attributes})
    kinds = dict.fromkeys((a.type, a.origin, a.intent) for a in example.activities)
    streams = (
        Stream(example.crm, example.object, Kind.PEOPLE, facts),
        Stream(example.crm, "activity", Kind.ACTIVITIES, ("kind", "asset", "campaign", *attributes)),
        Stream(example.crm, "history", Kind.HISTORY),
        Stream(example.crm, "deal", Kind.DEALS),
        Stream(example.crm, "deal_people", Kind.DEAL_PEOPLE),
    )
    changed = replace(
        definition,
        people=(PeopleSource(example.crm, example.object, {name: name for name in facts}),),
        activities=tuple(
            ActivitySource(
                example.crm,
                "activity",
                type_,
                when=All((Compare(Space.FIELD, "kind", Op.IS, _MARK.join((type_, origin, intent))),)),
                asset="asset",
                campaign="campaign",
                origin=origin,
                intent=intent,
                attributes={name: name for name in attributes},
            )
            for type_, origin, intent in kinds
        ),
        # The facts of an example are in their final form already, but for the e-mail's case.
        normalise={name: Normalise("none") for name in facts if name != "email"},
        targets=(*(t for t in definition.targets if not _has_stage(t)), _stage_target(example, definition)),
        # What an example tells is its whole story, also where the definition begins with the first run.
        from_now=False,
    )
    return changed, streams


def _has_stage(target: WriteTarget) -> bool:
    return target.mapping("stage") is not None


def _stage_target(example: Example, definition: Definition) -> WriteTarget:
    """The example's object with all its fields and a stage field, which people may set in the example."""
    given = next((t for t in definition.targets if (t.crm, t.object) == (example.crm, example.object)), None)
    fields = [mapping for mapping in (given.fields if given else ()) if mapping.value != "stage"]
    # What is expected is computed, also where no field of the CRM asks for it.
    asked = [
        FieldMapping(f"{name} of the example", name) for name in example.expect if name == "first_origin"
    ]
    return WriteTarget(example.crm, example.object, (*fields, *asked, FieldMapping(_STAGE_FIELD, "stage")))


def _rows(example: Example, streams: Sequence[Stream]) -> list[list[Row]]:
    first = min((a.at_us for a in example.activities), default=example.as_of_us)
    common = {"modified_us": first, "deleted": False}
    deals: list[Row] = []
    for n, deal in enumerate(example.deals):
        row: dict[str, Any] = {**common, "id": f"deal{n}", "owner": None, "won": False, "closed": False}
        row |= {"created_us": deal.at_us if deal.event is DealEvent.CREATED else None, "closed_us": None}
        if deal.event is not DealEvent.CREATED:
            row |= {"closed_us": deal.at_us, "closed": True, "won": deal.event is DealEvent.WON}
        deals.append(row)
    return [
        [
            {
                **common,
                "id": PERSON,
                **dict.fromkeys(("account", "owner", "converted_to", "merged_into")),
                "converted_us": example.converted_us,
                "created_us": first,
                **{name: _text(example.facts.get(name)) for name in streams[0].fields},
            }
        ],
        [
            {
                **common,
                "id": f"{n:04}",
                "person": PERSON,
                "person_email": None,
                "at_us": a.at_us,
                "kind": _MARK.join((a.type, a.origin, a.intent)),
                "asset": a.asset,
                "campaign": a.campaign,
                **{name: _text(a.attributes.get(name)) for name in streams[1].fields[3:]},
            }
            for n, a in enumerate(example.activities)
        ],
        [
            {
                **common,
                "id": f"{n:04}",
                "person": PERSON,
                "field": field,
                "old": None,
                "new": value,
                "at_us": at_us,
                "author": None,
            }
            for n, (field, value, at_us) in enumerate(_history(example))
        ],
        deals,
        [{**common, "id": f"role{n}", "deal": f"deal{n}", "person": PERSON} for n in range(len(deals))],
    ]


def _history(example: Example) -> Iterator[tuple[str, str, int]]:
    """(field, new value, instant) of what people set: fields, the owner, the stage."""
    owner = {"salesforce": "Owner", "hubspot": "hubspot_owner_id"}[example.crm]
    yield from ((s.field, s.becomes, s.at_us) for s in example.statuses)
    yield from ((owner, _USER, at_us) for at_us in example.assigned_us)
    yield from ((_STAGE_FIELD, s.stage, s.at_us) for s in example.stages)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _compare(example: Example, decision: Decision, definition: Definition) -> Iterator[Problem]:
    for name, expected in example.expect.items():
        found = _found(name, decision, definition)
        if not _agree(found, expected):
            yield Problem(
                example.file,
                example.expect_lines.get(name, example.line),
                0,
                f"{example.name}: {name}",
                f"expected {_shown(name, expected)}, found {_shown(name, found)}",
                _way(decision) if name in {"stage", "score", "engagement", *definition.counters()} else "",
            )


def _found(name: str, decision: Decision, definition: Definition) -> Expected:
    if name == "excluded":
        return decision.excluded
    if name == "missing_facts":
        return tuple(sorted(decision.missing_facts)) or None
    value = value_of(name, decision, definition, decimals=6)
    if value.text is None:
        return None
    if value.kind is ValueKind.NUMBER:
        return float(value.text)
    if value.kind is ValueKind.BOOLEAN:
        return value.text == "true"
    if value.kind is ValueKind.INSTANT:
        return parse_instant(value.text, definition.time_zone)
    return value.text


def _agree(found: Expected, expected: Expected) -> bool:
    if isinstance(expected, tuple):
        return tuple(sorted(expected)) == (found or ())
    if isinstance(found, float) and isinstance(expected, (int, float)):
        return found == float(expected)
    if expected in {None, ""}:
        return found in {None, "", ()}
    return found == expected


def _shown(name: str, value: Expected) -> str:
    if value is None or value in ("", ()):
        return "nothing"
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and (name == "stage_since" or name.endswith("_at"))
    ):
        return iso(value)
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _way(decision: Decision) -> str:
    """How the score came about, as a hint for the admin who expected another one."""
    lines = [f"{c.rule or c.kind} {c.points / 1_000_000:+g}" for c in decision.contributions if c.points]
    return f"The score is made of: {', '.join(lines)}." if lines else "Nothing gave points."
