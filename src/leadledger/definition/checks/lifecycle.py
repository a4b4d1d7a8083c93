"""lifecycle.yaml: stages, what leads into them, and names that must not clash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.names import (
    ACTIVITY_NAMES,
    COMPUTED,
    RESERVED,
    Documents,
    stage_values,
)
from leadledger.definition.checks.triggers import check_triggers
from leadledger.definition.conditions import Path_
from leadledger.definition.documents.lifecycle import SideStageDocument, StageDocument, StepDocument
from leadledger.definition.problems import Report

FILE = "lifecycle"
MOST_STAGES = 60
"""The stages that a person was in are kept as the bits of one whole number."""


def check_lifecycle(names: Documents, report: Report) -> None:
    """Every stage, alone and among the others."""
    lifecycle = names.lifecycle
    if lifecycle is None:
        return
    stages = names.staged()
    _ids(stages, report)
    for path, stage in stages:
        check_triggers(path, stage, names, report)
        _on_enter(path, stage, names, report)
        known = names.stages() or ()
        if isinstance(stage, StageDocument):
            side = [s.id for s in lifecycle.side_stages]
            _stage_names((*path, "reenter_from"), stage.reenter_from, side, "side stage", report)
        elif stage.from_ != "any":
            _stage_names((*path, "from"), stage.from_, [s for s in known if s != stage.id], "stage", report)
    _counters(names, report)
    _models(names, report)
    _hand_raises(stages, names, report)


def _ids(stages: Sequence[tuple[Path_, StageDocument | SideStageDocument]], report: Report) -> None:
    for position, first in duplicates(stage.id for _, stage in stages).items():
        line = report.files[FILE].place((*stages[first][0], "id"))[0]
        path = (*stages[position][0], "id")
        text = f"the id `{stages[position][1].id}` is taken (line {line})"
        report.error(FILE, path, text, "Each stage needs its own.")
    if len(stages) > MOST_STAGES:
        text = f"there are {len(stages)} stages, at most {MOST_STAGES} are possible"
        report.error(FILE, ("stages",), text, "Join stages that nobody tells apart.", key=True)


def _on_enter(
    path: Path_, stage: StageDocument | SideStageDocument, names: Documents, report: Report
) -> None:
    known = names.stages() or ()
    restores = 0
    for position, step in enumerate(stage.on_enter):
        here = (*path, "on_enter", position)
        if not isinstance(step, StepDocument):
            continue
        if step.restore is not None:
            restores += 1
            if step.restore.stage not in known:
                report.unknown(FILE, (*here, "restore", "stage"), "stage", step.restore.stage, known)
            if restores > 1:
                report.error(
                    FILE, here, "engagement can be restored from one stage only", "Keep one of them."
                )
        if step.add is not None:
            check_condition(step.add.if_, FILE, (*here, "add", "if"), Place.STATE, names, report)
            if step.add.points == 0:
                report.error(FILE, (*here, "add", "points"), "should not be 0", "Remove this step.")


def _stage_names(path: Path_, given: Sequence[str], known: Iterable[str], what: str, report: Report) -> None:
    for position, name in enumerate(given):
        if name not in known:
            report.unknown(FILE, (*path, position), what, name, known)


def _counters(names: Documents, report: Report) -> None:
    if names.lifecycle is None:
        return
    taken = {
        *COMPUTED, *ACTIVITY_NAMES, *RESERVED, *stage_values(names.stages() or ()), *(names.model_values() or ()),
    }  # fmt: skip
    first: dict[str, str] = {}
    for position, stage in enumerate(names.lifecycle.stages):
        path = ("stages", position, "counter")
        if stage.counter is None:
            continue
        if stage.counter in taken:
            what = "already a computed value" if stage.counter in COMPUTED else "taken"
            report.error(FILE, path, f"`{stage.counter}` is {what}", "Choose another name.")
        elif stage.counter in first:
            text = f"`{stage.counter}` already counts the entries of {first[stage.counter]}"
            report.error(FILE, path, text, "Each stage needs its own counter.")
        first.setdefault(stage.counter, stage.id)


def _models(names: Documents, report: Report) -> None:
    """A category or model called `at_mql` would give the name of a stage's own value."""
    if names.scoring is None:
        return
    taken = stage_values(names.stages() or ())
    engagement = names.scoring.engagement
    for path, prefix, ids in (
        (("engagement", "categories"), "engagement", engagement.categories if engagement else {}),
        (("models",), "fit", names.scoring.models),
    ):
        for id_ in ids:
            if f"{prefix}_{id_}" in taken:
                text = f"`{prefix}_{id_}` is already a computed value"
                report.error("scoring", (*path, id_), text, "Choose another name.", key=True)


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
