"""The triggers of lifecycle.yaml: what they name, and whether a timer can lead anywhere."""

from __future__ import annotations

from leadledger.definition.checks.conditions import Place, check_condition
from leadledger.definition.checks.names import Documents
from leadledger.definition.conditions import Path_
from leadledger.definition.documents.lifecycle import (
    AfterDocument,
    SideStageDocument,
    SignalDocument,
    StageDocument,
    TriggerDocument,
)
from leadledger.definition.documents.times import BusinessSpan
from leadledger.definition.problems import Report

FILE = "lifecycle"


def check_triggers(
    path: Path_, stage: StageDocument | SideStageDocument, names: Documents, report: Report
) -> None:
    """Every trigger of one stage; a stage without any could never be entered."""
    if not stage.triggers:
        hint = "Give triggers, such as {deal: won} or {when: {score: {over: 100}}}."
        report.error(FILE, path, f"nobody can reach the stage `{stage.id}`: it has no triggers", hint)
    for position, trigger in enumerate(stage.triggers):
        here = (*path, "triggers", position)
        _signal(here, trigger, names, report)
        if isinstance(trigger, TriggerDocument):
            check_condition(trigger.when, FILE, (*here, "when"), Place.STATE, names, report)
            check_condition(trigger.until, FILE, (*here, "until"), Place.STATE, names, report)
            if trigger.after is not None:
                _timer((*here, "after"), trigger.after, stage, names, report)


def _signal(path: Path_, signal: str | SignalDocument, names: Documents, report: Report) -> None:
    if signal == "converted" and names.leadledger and "salesforce" not in names.leadledger.connections:
        text = "only Salesforce converts leads, and it is not among the connections"
        report.warning(FILE, path, text)
    origins = names.activity_values("origin")
    if signal == "accepted" and origins is not None and "sales" not in origins:
        text = "no source in activities.yaml has the origin sales, so nothing is ever accepted"
        report.warning(FILE, path, text, "Give the calls and meetings of sales `origin: sales`.")
    if not isinstance(signal, SignalDocument):
        return
    check_condition(signal.activity, FILE, (*path, "activity"), Place.ACTIVITY, names, report)
    facts = names.mapped_facts()
    if signal.fact is not None and facts is not None and signal.fact.fact not in facts:
        here = (*path, "fact", "fact")
        if signal.fact.fact in names.derived_facts():
            text = f"`{signal.fact.fact}` is derived, and no field tells when it changed"
            report.error(FILE, here, text, f"Write {{when: {{fact: {signal.fact.fact}, …}}}}.")
        else:
            report.unknown(FILE, here, "fact", signal.fact.fact, facts)


def _timer(
    path: Path_,
    after: AfterDocument,
    stage: StageDocument | SideStageDocument,
    names: Documents,
    report: Report,
) -> None:
    if isinstance(after.span, BusinessSpan) and after.business is False:
        text = "contradicts the span, which counts business time"
        report.error(FILE, (*path, "business"), text, "Remove this key.", key=True)
    if after.without is not None:
        several = isinstance(after.without, tuple)
        for position, signal in enumerate(after.signals()):
            _signal((*path, "without", position) if several else (*path, "without"), signal, names, report)
    if after.in_ is None:
        if isinstance(stage, StageDocument):
            text = "`in` is missing: the stage in which the time passes"
            report.error(FILE, path, text, "For example {span: 14d, in: inquiry}.", key=True)
        return
    known = names.stages() or ()
    for position, name in enumerate(after.stage_names()):
        here = (*path, "in", position) if isinstance(after.in_, tuple) else (*path, "in")
        if name not in known:
            report.unknown(FILE, here, "stage", name, known)
        elif not _leads(name, stage, names):
            text = f"nobody moves from `{name}` to `{stage.id}`, so this timer does nothing"
            hint = "Name a stage before it, or one of its `reenter_from`."
            if isinstance(stage, SideStageDocument):
                hint = "Name one of the stages of `from`."
            report.error(FILE, here, text, hint)


def _leads(source: str, stage: StageDocument | SideStageDocument, names: Documents) -> bool:
    """Whether the stage can be entered from `source`."""
    if source == stage.id:
        return False
    if isinstance(stage, SideStageDocument):
        return stage.from_ == "any" or source in stage.from_
    if source in stage.reenter_from:
        return True
    forward = [s.id for s in names.lifecycle.stages] if names.lifecycle else []
    return source in forward and forward.index(source) < forward.index(stage.id)
