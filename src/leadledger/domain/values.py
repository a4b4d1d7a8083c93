"""The computed values of one decision, by the names that writeback.yaml may use, and how values compare.

A value has a kind (number, instant, boolean, text) that decides when the CRM's text and ours say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from leadledger.domain.decisions import Contribution, Decision, whole
from leadledger.domain.definition import Definition
from leadledger.domain.instants import iso, local_date, parse_instant
from leadledger.domain.scoring import MICRO
from leadledger.domain.writeback import FieldMapping

REASONS_SHOWN = 5
SECOND = 1_000_000


class ValueKind(StrEnum):
    """What a computed value is, whatever the type of the field that holds it."""

    NUMBER = "number"
    INSTANT = "instant"
    TEXT = "text"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Value:
    """One computed value: its kind and its text (`42`, `2026-03-02T09:30:00Z`, `true`, words), None for nothing."""

    kind: ValueKind
    text: str | None


def value_of(name: str, decision: Decision, definition: Definition, decimals: int = 0) -> Value:
    """One computed value by its name. `owner` and `stamp` do not belong to the decision. Raises KeyError."""
    points = {"score": decision.score, "engagement": decision.engagement, "fit": decision.fit}
    if name in points:
        return Value(ValueKind.NUMBER, _points(points[name], decimals))
    texts = {
        "grade": decision.grade,
        "stage": decision.stage,
        "classification": decision.classification,
        "disposition": decision.disposition,
        "first_origin": decision.first_origin,
        "definition_version": definition.version,
        "missing_facts": ", ".join(decision.missing_facts),
    }
    if name in texts:
        return Value(ValueKind.TEXT, texts[name] or None)
    if name == "reasons":
        return Value(ValueKind.TEXT, reasons(decision, definition) or None)
    if name == "why_now":
        return Value(ValueKind.TEXT, why_now(decision, definition) or None)
    if name in {"stage_since", "next_change_at"}:
        at_us = decision.stage_since_us if name == "stage_since" else decision.next_due_us
        return _instant(at_us or None)
    if name == "no_sales_touch":
        return Value(
            ValueKind.BOOLEAN, "true" if any(t.no_sales_touch for t in decision.transitions) else "false"
        )
    numbers = {"cycle": decision.cycle, "suspected_bot_count": decision.suspected_bots}
    if name in numbers:
        return Value(ValueKind.NUMBER, str(numbers[name]))
    if name == "priority":
        rank = priority(decision, definition)
        return Value(ValueKind.NUMBER, str(rank) if rank else None)
    if name == "completeness":
        share = 100 * decision.facts_known // decision.facts_asked if decision.facts_asked else 100
        return Value(ValueKind.NUMBER, str(share))
    if name in definition.counters():
        return Value(ValueKind.NUMBER, str(decision.counter(name)))
    found = _of_stage(name, decision, definition, decimals) or _of_part(name, decision, definition, decimals)
    if found is None:
        raise KeyError(name)
    return found


def _of_stage(name: str, decision: Decision, definition: Definition, decimals: int) -> Value | None:
    """Values that are there once per stage: `mql_first_at`, `score_at_mql`."""
    for stage in definition.lifecycle.stages:
        if name == f"{stage.id}_first_at":
            return _instant(decision.first_at_us(stage.id))
        if name == f"{stage.id}_last_at":
            return _instant(decision.last_at_us(stage.id))
        entries = [t for t in decision.transitions if t.stage == stage.id and not t.inferred]
        if name == f"{stage.id}_count":
            return Value(ValueKind.NUMBER, str(len(entries)))
        what = name.removesuffix(f"_at_{stage.id}")
        if what != name and what in {"score", "engagement", "fit"}:
            text = _points(getattr(entries[-1], what), decimals) if entries else None
            return Value(ValueKind.NUMBER, text)
    return None


def _of_part(name: str, decision: Decision, definition: Definition, decimals: int) -> Value | None:
    """Values that are there once per category or fit model: `engagement_web`, `fit_emea`, `grade_emea`."""
    what, _, part = name.partition("_")
    if what == "engagement" and any(part == category.id for category in definition.engagement.categories):
        return Value(ValueKind.NUMBER, _points(decision.category_points.get(part, 0), decimals))
    if what in {"fit", "grade"} and any(part == model.id for model in definition.models):
        fit, grade = decision.models.get(part, (0, ""))
        if what == "fit":
            return Value(ValueKind.NUMBER, _points(fit, decimals))
        return Value(ValueKind.TEXT, grade or None)
    return None


def priority(decision: Decision, definition: Definition) -> int:
    """Rank of the person's cell, 1 for the best: by fit band, then by engagement band; 0 without one."""
    scheme = definition.classification
    if scheme is None or not decision.classification:
        return 0
    cells = [fit.name + engagement.name for fit in scheme.fit for engagement in scheme.engagement]
    return cells.index(decision.classification) + 1 if decision.classification in cells else 0


def _instant(at_us: int | None) -> Value:
    return Value(ValueKind.INSTANT, None if at_us is None else iso(at_us - at_us % SECOND))


def _points(points: int, decimals: int) -> str:
    if decimals <= 0:
        return str(whole(points))
    scaled = whole(points * 10**decimals)
    return f"{scaled / 10**decimals:.{decimals}f}"


def mapped_text(mapping: FieldMapping, value: Value) -> str | None:
    """A value in the words of one CRM field (stage ids as picklist values)."""
    return None if value.text is None else mapping.values.get(value.text, value.text)


def same(kind: ValueKind, theirs: str | None, ours: str | None, zone: ZoneInfo) -> bool:
    """Whether the CRM already says what we would write.

    Numbers compare as numbers; an empty number is 0, and an empty checkbox is not ticked. A date-only field holds the day of our instant in the
    definition's zone; times compare to the second, the resolution of Salesforce. Text that cannot be read as
    what it should be is different.
    """
    if (theirs or None) == (ours or None):
        return True
    try:
        if kind is ValueKind.NUMBER:
            return float(theirs or 0) == float(ours or 0)
        if kind is ValueKind.BOOLEAN:
            return (theirs or "false").lower() == (ours or "false")
        if kind is ValueKind.INSTANT and theirs and ours:
            at = parse_instant(ours, zone)
            if len(theirs) == len("2026-03-02"):
                return theirs == local_date(at, zone)
            return parse_instant(theirs, zone) // SECOND == at // SECOND
    except ValueError:
        return False
    return False


def reasons(decision: Decision, definition: Definition) -> str:
    """The largest contributions in words: `Pricing page +25 (3x); Company size +20`."""
    told = [c for c in decision.contributions if c.kind in {"engagement", "fit"} and whole(c.points)]
    told.sort(key=lambda c: (-abs(c.points), c.kind, c.rule))
    shown = "; ".join(_line(c, definition) for c in told[:REASONS_SHOWN])
    more = len(told) - REASONS_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown


def _line(contribution: Contribution, definition: Definition) -> str:
    label = definition.labels.get(contribution.rule, contribution.rule)
    times = (
        f" ({contribution.count}x)" if contribution.kind == "engagement" and contribution.count > 1 else ""
    )
    return f"{label} {whole(contribution.points):+d}{times}"


def why_now(decision: Decision, definition: Definition) -> str:
    """What happened last: `page_view /pricing on 2026-03-02`."""
    last = decision.last_activity
    if last is None:
        return ""
    asset = f" {last.asset}" if last.asset else ""
    return f"{last.type}{asset} on {local_date(last.at_us, definition.time_zone)}"


def points_text(points: int) -> str:
    """Millionths as people write them: `25`, `12.5`, `0.000001`."""
    return f"{points / MICRO:.6f}".rstrip("0").rstrip(".") if points % MICRO else str(points // MICRO)
