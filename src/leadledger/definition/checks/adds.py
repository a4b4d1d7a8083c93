"""Whether the points that entering one stage adds can lead into another, and those of that one back again."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.definition.checks.names import Documents
from leadledger.definition.conditions import Path_, questions
from leadledger.definition.documents.lifecycle import (
    SideStageDocument,
    StageDocument,
    StepDocument,
    TriggerDocument,
)
from leadledger.definition.problems import Report
from leadledger.domain.conditions import Op

FILE = "lifecycle"
UP = frozenset({Op.OVER, Op.AT_LEAST})
DOWN = frozenset({Op.BELOW, Op.AT_MOST})
MOVED = ("score", "engagement", "classification")
"""What points of stages move; they belong to no category and to no fit."""

Stage = StageDocument | SideStageDocument


def check_adds(names: Documents, report: Report) -> None:
    """Report each ring of stages once, at the first add of its first stage."""
    forward = [stage.id for stage in names.lifecycle.stages] if names.lifecycle else []
    stages = {stage.id: (path, stage) for path, stage in names.staged()}
    leads = {
        id_: tuple(
            other
            for other, (_, to) in stages.items()
            if other != id_ and _enterable(id_, to, forward) and _lifted(stage, to)
        )
        for id_, (_, stage) in stages.items()
    }
    told: set[str] = set()
    for id_, (path, stage) in stages.items():
        ring = () if id_ in told else _ring(id_, leads)
        if ring:
            told.update(ring)
            text = f"points go round: each of {', '.join(ring)} adds points that lead into the next one"
            hint = "Take the add from one of them, or enter it by something that happens."
            report.error(FILE, _first_add(path, stage), text, hint)


def _steps(stage: Stage) -> list[tuple[int, StepDocument]]:
    return [(n, s) for n, s in enumerate(stage.on_enter) if isinstance(s, StepDocument) and s.add]


def _first_add(path: Path_, stage: Stage) -> Path_:
    return (*path, "on_enter", _steps(stage)[0][0], "add")


def _enterable(source: str, stage: Stage, forward: list[str]) -> bool:
    if isinstance(stage, SideStageDocument):
        return stage.from_ == "any" or source in stage.from_
    if source in stage.reenter_from:
        return True
    return source in forward and forward.index(source) < forward.index(stage.id)


def _lifted(source: Stage, stage: Stage) -> bool:
    """Whether the points that `source` adds may be what a level trigger of `stage` waits for."""
    directions = {step.add.points > 0 for _, step in _steps(source) if step.add}
    return any(_waits(trigger, up=up) for trigger in stage.triggers for up in directions)


def _waits(trigger: str | TriggerDocument, *, up: bool) -> bool:
    if not isinstance(trigger, TriggerDocument) or trigger.when is None:
        return False
    wrong = DOWN if up else UP
    return any(
        question.name in MOVED and (question.op not in wrong or "not" in question.path)
        for question in questions(trigger.when, ())
        if question.space is None
    )


def _ring(start: str, leads: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way from a stage back to itself; empty when there is none."""
    before: dict[str, str] = {}
    waiting = [start]
    for at in waiting:
        for to in leads[at]:
            if to == start:
                way = [at]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if to not in before:
                before[to] = at
                waiting.append(to)
    return ()
