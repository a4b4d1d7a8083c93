"""What is well-formed and can never work: conditions that exclude themselves or ask for more than there is."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.definition.checks.names import Documents, gate_names
from leadledger.definition.conditions import ConditionDocument, Path_, split_gate, to_domain
from leadledger.definition.documents.lifecycle import StepDocument, TriggerDocument
from leadledger.definition.limits import limits_of, nothing_lowers_engagement
from leadledger.definition.problems import Report
from leadledger.definition.ranges import EXCLUDES_ITSELF, NO_LIMITS, Limits, why_never
from leadledger.domain.conditions import All, Condition, Op, Space, comparisons


def check_contradictions(names: Documents, report: Report, *, bounded: bool) -> None:
    """Every condition of scoring, lifecycle and routing.

    `bounded`: the bounds and rules of scoring.yaml are right, so that conditions may be held against them.
    """
    limits = (limits_of(names), limits_of(names, by_rules=True)) if bounded else (NO_LIMITS, NO_LIMITS)
    for file, path, condition in _of_facts(names):
        _never(file, path, _domain(condition, Space.FACT, names), limits, report)
    states = gate_names(names.counters() or ())
    engagement = names.scoring.engagement if names.scoring else None
    for position, rule in enumerate(engagement.rules if engagement else ()):
        whole = _domain(rule.when, Space.ACTIVITY, names)
        if whole is not None:
            when, gate = split_gate(whole, states)
            both = when if gate is None else All((when, gate))
            _never("scoring", ("engagement", "rules", position, "when"), both, limits, report)
    for path, condition in _of_state(names):
        _never("lifecycle", path, _domain(condition, Space.COMPUTED, names), limits, report)
    _untils(names, report)


def _of_facts(names: Documents) -> Iterator[tuple[str, Path_, ConditionDocument]]:
    for path, fit in names.fits():
        yield from (("scoring", (*path, "rules", n, "when"), r.when) for n, r in enumerate(fit.rules))
        for n, criterion in enumerate(fit.profile.criteria if fit.profile else ()):
            yield "scoring", (*path, "profile", "criteria", n, "when"), criterion.when
    if names.scoring is not None:
        for n, persona in enumerate(names.scoring.personas):
            yield "scoring", ("personas", n, "when"), persona.when
        for id_, model in names.scoring.models.items():
            if model.when is not None:
                yield "scoring", ("models", id_, "when"), model.when
    if names.routing is not None:
        for n, rule in enumerate(names.routing.rules):
            if rule.when is not None:
                yield "routing", ("rules", n, "when"), rule.when


def _triggers(names: Documents) -> Iterator[tuple[Path_, TriggerDocument]]:
    for path, stage in names.staged():
        for position, trigger in enumerate(stage.triggers):
            if isinstance(trigger, TriggerDocument):
                yield (*path, "triggers", position), trigger


def _of_state(names: Documents) -> Iterator[tuple[Path_, ConditionDocument]]:
    for path, trigger in _triggers(names):
        if trigger.when is not None:
            yield (*path, "when"), trigger.when
        if trigger.until is not None:
            yield (*path, "until"), trigger.until
    for path, stage in names.staged():
        for position, step in enumerate(stage.on_enter):
            if isinstance(step, StepDocument) and step.add and step.add.if_:
                yield (*path, "on_enter", position, "add", "if"), step.add.if_


def _domain(condition: ConditionDocument, names_in: Space, names: Documents) -> Condition | None:
    """The condition, unless it names a list that does not exist, which is told elsewhere."""
    try:
        return to_domain(condition, names_in, names.lists())
    except KeyError:
        return None


def _never(
    file: str, path: Path_, condition: Condition | None, limits: tuple[Limits, Limits], report: Report
) -> None:
    """An error against what is declared; a warning against what the rules of today give together."""
    declared, by_rules = limits
    if condition is None:
        return
    if reason := why_never(condition, declared):
        report.error(file, path, f"can never hold: {reason}", _hint(reason), key=True)
    elif reason := why_never(condition, by_rules):
        report.warning(file, path, f"can never hold with these rules: {reason}", _hint(reason), key=True)


def _hint(reason: str) -> str:
    if reason.endswith(EXCLUDES_ITSELF):
        return "Change one of the two."
    return "Change the condition, or the points and bounds of scoring.yaml."


def _untils(names: Documents, report: Report) -> None:
    """Warn of an `until` that waits for a fall where nothing falls."""
    if not nothing_lowers_engagement(names):
        return
    falling = {"engagement"} if names.fits() else {"engagement", "score"}
    for path, trigger in _triggers(names):
        condition = _domain(trigger.until, Space.COMPUTED, names) if trigger.until else None
        asked = tuple(comparisons(condition)) if condition is not None else ()
        if asked and all(c.name in falling and c.op in {Op.BELOW, Op.AT_MOST} for c in asked):
            text = "nothing lowers the engagement again, so this hardly ever holds"
            hint = "Give rules a window or decay, or use inactivity or a reset."
            report.warning("lifecycle", (*path, "until"), text, hint, key=True)
