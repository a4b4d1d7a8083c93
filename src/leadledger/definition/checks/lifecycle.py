"""lifecycle.yaml: stages, what leads into them, and names that must not clash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.names import COMPUTED, Documents, stage_values
from leadledger.definition.documents.lifecycle import SideStageDocument, StageDocument, TriggerDocument
from leadledger.definition.problems import Report

FILE = "lifecycle"
Path_ = tuple[str | int, ...]


def check_lifecycle(names: Documents, report: Report) -> None:
    """Every stage, alone and among the others."""
    lifecycle = names.lifecycle
    if lifecycle is None:
        return
    stages = names.staged()
    _unique_ids(stages, report)
    for path, stage in stages:
        _triggers(path, stage, names, report)
        known = names.stages() or ()
        if isinstance(stage, StageDocument):
            side = [s.id for s in lifecycle.side_stages]
            _stage_names((*path, "reenter_from"), stage.reenter_from, side, "side stage", report)
        elif stage.from_ != "any":
            _stage_names((*path, "from"), stage.from_, [s for s in known if s != stage.id], "stage", report)
    _counters(names, report)
    _hand_raises(stages, names, report)


def _unique_ids(stages: Sequence[tuple[Path_, StageDocument | SideStageDocument]], report: Report) -> None:
    for position, first in duplicates(stage.id for _, stage in stages).items():
        line = report.files[FILE].place((*stages[first][0], "id"))[0]
        path = (*stages[position][0], "id")
        text = f"the id `{stages[position][1].id}` is taken (line {line})"
        report.error(FILE, path, text, "Each stage needs its own.")


def _triggers(
    path: Path_, stage: StageDocument | SideStageDocument, names: Documents, report: Report
) -> None:
    if not stage.triggers:
        hint = "Give triggers, such as {deal: won} or {when: {score: {over: 100}}}."
        report.error(FILE, path, f"nobody can reach the stage `{stage.id}`: it has no triggers", hint)
    for position, trigger in enumerate(stage.triggers):
        if not isinstance(trigger, TriggerDocument):
            continue
        here = (*path, "triggers", position)
        check_condition(trigger.when, FILE, (*here, "when"), Place.STATE, names, report)
        check_condition(trigger.activity, FILE, (*here, "activity"), Place.ACTIVITY, names, report)


def _stage_names(path: Path_, given: Sequence[str], known: Iterable[str], what: str, report: Report) -> None:
    for position, name in enumerate(given):
        if name not in known:
            report.unknown(FILE, (*path, position), what, name, known)


def _counters(names: Documents, report: Report) -> None:
    if names.lifecycle is None:
        return
    taken = {*COMPUTED, *stage_values(names.stages() or ())}
    first: dict[str, str] = {}
    for position, stage in enumerate(names.lifecycle.stages):
        path = ("stages", position, "counter")
        if stage.counter is None:
            continue
        if stage.counter in taken:
            report.error(FILE, path, f"`{stage.counter}` is already a computed value", "Choose another name.")
        elif stage.counter in first:
            text = f"`{stage.counter}` already counts the entries of {first[stage.counter]}"
            report.error(FILE, path, text, "Each stage needs its own counter.")
        first.setdefault(stage.counter, stage.id)


def _hand_raises(
    stages: Sequence[tuple[Path_, StageDocument | SideStageDocument]], names: Documents, report: Report
) -> None:
    if names.scoring is None:
        return
    rules = names.scoring.engagement.rules if names.scoring.engagement else ()
    qualifying = [n for n, rule in enumerate(rules) if rule.auto_qualify]
    triggers = [
        (*path, "triggers", n)
        for path, stage in stages
        for n, t in enumerate(stage.triggers)
        if t == "hand_raise"
    ]
    if triggers and not qualifying:
        text = "no rule of scoring.yaml has auto_qualify, so nothing is a hand-raise"
        for path in triggers:
            report.warning(FILE, path, text)
    if qualifying and not triggers:
        for position in qualifying:
            path = ("engagement", "rules", position, "auto_qualify")
            report.warning("scoring", path, "no stage has the trigger hand_raise", key=True)
