"""The admin's examples as frozen values: what goes in, what must come out, and where each stands in the file."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from leadledger.definition.documents.examples import ExampleActivity as ActivityDocument
from leadledger.definition.documents.examples import ExampleDocument
from leadledger.definition.problems import Report
from leadledger.domain.definition import Definition
from leadledger.domain.examples import Example, ExampleActivity, ExampleDeal, ExampleStage, ExampleStatus
from leadledger.domain.instants import parse_instant
from leadledger.domain.lifecycle import DealEvent

FILE = "examples"


def to_examples(
    documents: Sequence[ExampleDocument], definition: Definition, report: Report
) -> tuple[Example, ...]:
    """All examples; a moment that is none goes into the report and counts as 1970."""
    return tuple(
        _example(position, document, definition, report) for position, document in enumerate(documents)
    )


def _example(position: int, document: ExampleDocument, definition: Definition, report: Report) -> Example:
    crm = document.crm or definition.connections[0]
    zone = definition.time_zone
    moments = _moments(definition)

    def line(*path: str | int, key: bool = False) -> int:
        return report.files[FILE].place((position, *path), key=key)[0]

    def at(text: str, *path: str | int) -> int:
        return _instant(text, zone, (position, *path), report)

    return Example(
        name=document.name,
        crm=crm,
        object=document.object or next(p.object for p in definition.people if p.crm == crm),
        facts=dict(document.person),
        activities=tuple(
            _activity(a, crm, definition, at(a.at, "activities", n, "at"), line("activities", n))
            for n, a in enumerate(document.activities)
        ),
        statuses=tuple(
            ExampleStatus(s.field, s.becomes, at(s.at, "statuses", n, "at"), line("statuses", n))
            for n, s in enumerate(document.statuses)
        ),
        deals=tuple(
            ExampleDeal(DealEvent(d.event), at(d.at, "deals", n, "at"), line("deals", n))
            for n, d in enumerate(document.deals)
        ),
        as_of_us=at(document.as_of, "as_of"),
        expect={
            name: at(value, "expect", name) if name in moments and isinstance(value, str) else value
            for name, value in document.expect.items()
        },
        file=report.files[FILE].shown,
        line=line(),
        expect_lines={name: line("expect", name, key=True) for name in document.expect},
        converted_us=at(document.converted, "converted") if document.converted is not None else None,
        assigned_us=tuple(at(a.at, "assigned", n, "at") for n, a in enumerate(document.assigned)),
        stages=tuple(
            ExampleStage(s.becomes, at(s.at, "stages", n, "at"), line("stages", n))
            for n, s in enumerate(document.stages)
        ),
    )


def _moments(definition: Definition) -> frozenset[str]:
    """The computed values that are instants."""
    stages = definition.lifecycle.stages
    of_stages = (f"{stage.id}_{which}_at" for stage in stages for which in ("first", "last"))
    return frozenset({"stage_since", "next_change_at", *of_stages})


def _activity(
    activity: ActivityDocument, crm: str, definition: Definition, at_us: int, line: int
) -> ExampleActivity:
    sources = [s for s in definition.activities if s.type == activity.type]
    source = min(sources, key=lambda s: s.crm != crm)
    return ExampleActivity(
        type=activity.type,
        at_us=at_us,
        asset=activity.asset,
        campaign=activity.campaign,
        origin=activity.origin or source.origin,
        intent=activity.intent or source.intent,
        attributes=dict(activity.attributes),
        line=line,
    )


def _instant(text: str, zone: ZoneInfo, path: tuple[str | int, ...], report: Report) -> int:
    try:
        return parse_instant(text, zone)
    except (ValueError, OverflowError):
        hint = "Write 2026-03-01T10:00Z, or a day such as 2026-03-01, of the years 1970 to 2099."
        report.error(FILE, path, "should be an instant", hint)
        return 0
