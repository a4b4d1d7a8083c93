"""What a definition's lifecycle listens to, and in which order signals of one instant act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadledger.domain.conditions import Compare, Condition, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    AssignedTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    Signal,
    Stage,
    StatusTrigger,
    TimerTrigger,
    WhenTrigger,
)


@dataclass(frozen=True, slots=True)
class StageSet:
    """The mapped stage field of a record took the word of this stage, set by somebody else than us."""

    stage: str


OtherSignal = DealTrigger | ConvertedTrigger | AssignedTrigger | FactTrigger | StatusTrigger | StageSet
"""Signals that are no activities."""

_TURN = (DealTrigger, ConvertedTrigger, AssignedTrigger, FactTrigger, StatusTrigger, StageSet)
"""At one instant they act in this order, whatever the order of the stages."""


def heard_signals(stages: Sequence[Stage]) -> tuple[Signal, ...]:
    """Everything that some trigger or timer listens to."""
    found: dict[Signal, None] = {}
    for stage in stages:
        for trigger in stage.triggers:
            if isinstance(trigger, TimerTrigger):
                found.update(dict.fromkeys(trigger.without))
            elif not isinstance(trigger, WhenTrigger):
                found[trigger] = None
    return tuple(found)


def other_signals(
    heard: Sequence[Signal], stages: Sequence[Stage], definition: Definition
) -> tuple[OtherSignal, ...]:
    found: list[OtherSignal] = [
        signal
        for signal in heard
        if isinstance(signal, DealTrigger | ConvertedTrigger | AssignedTrigger | FactTrigger | StatusTrigger)
    ]
    if any(target.mapping("stage") for target in definition.targets):
        found += [StageSet(stage.id) for stage in stages]
    found.sort(key=turn_of)
    return tuple(found)


def turn_of(signal: OtherSignal) -> int:
    """When a signal of this kind acts among those of one instant."""
    deals = list(DealEvent)
    if isinstance(signal, DealTrigger):
        return deals.index(signal.event)
    return len(deals) + _TURN.index(type(signal))


def condition_of(signal: ActivityTrigger | AcceptedTrigger) -> Condition:
    if isinstance(signal, ActivityTrigger):
        return signal.when
    return Compare(Space.ACTIVITY, "origin", Op.IS, "sales")
