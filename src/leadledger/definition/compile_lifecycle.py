"""Turns lifecycle.yaml into the domain's stages and triggers. Expects a document that passed all checks."""

from __future__ import annotations

from collections.abc import Collection

from leadledger.definition.conditions import to_domain
from leadledger.definition.documents.lifecycle import (
    AddDocument,
    AfterDocument,
    LifecycleDocument,
    RestoreDocument,
    SideStageDocument,
    SignalDocument,
    StageDocument,
    StepDocument,
    TriggerDocument,
)
from leadledger.definition.documents.times import BusinessSpan
from leadledger.definition.named_lists import Lists
from leadledger.domain.conditions import Space
from leadledger.domain.instants import HOUR, MINUTE
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    Add,
    AssignedTrigger,
    BusinessHours,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    HandRaiseTrigger,
    Lifecycle,
    OnChange,
    Restore,
    Signal,
    Stage,
    StatusTrigger,
    TimerTrigger,
    Trigger,
    WhenTrigger,
)
from leadledger.domain.scoring import Calendar
from leadledger.errors import BugError


def lifecycle_of(lifecycle: LifecycleDocument, resets: Collection[str], lists: Lists) -> Lifecycle:
    """Forward stages, then side stages. `resets`: stages whose entry resets engagement besides their own word."""
    hours = _business_hours(lifecycle)
    ids = (*(s.id for s in lifecycle.stages), *(s.id for s in lifecycle.side_stages))
    forward = tuple(
        Stage(
            id=stage.id,
            triggers=tuple(_trigger(trigger, (), hours, lists) for trigger in stage.triggers),
            counter=stage.counter,
            reenter_from=tuple(stage.reenter_from),
            resets_engagement=stage.id in resets or _resets(stage),
            routes="route" in stage.on_enter,
            stamped_when_skipped=stage.stamped_when_skipped,
            adds=_adds(stage, lists),
            restores=_restores(stage),
        )
        for stage in lifecycle.stages
    )
    side = tuple(
        Stage(
            id=stage.id,
            triggers=tuple(
                _trigger(trigger, left_for(stage, ids), hours, lists) for trigger in stage.triggers
            ),
            side=True,
            sources=None if isinstance(stage.from_, str) else tuple(stage.from_),
            resets_engagement=stage.id in resets or _resets(stage),
            routes="route" in stage.on_enter,
            cooldown=stage.cooldown or 0,
            adds=_adds(stage, lists),
            restores=_restores(stage),
        )
        for stage in lifecycle.side_stages
    )
    return Lifecycle((*forward, *side), OnChange(lifecycle.on_change), hours)


def left_for(stage: SideStageDocument, ids: Collection[str]) -> tuple[str, ...]:
    """The stages from which a side stage is entered; `ids` are all stages."""
    if isinstance(stage.from_, tuple):
        return stage.from_
    return tuple(id_ for id_ in ids if id_ != stage.id)


def _business_hours(lifecycle: LifecycleDocument) -> BusinessHours:
    hours = lifecycle.business_hours
    return (
        BusinessHours() if hours is None else BusinessHours(hours.days, hours.from_, hours.to, hours.holidays)
    )


def _steps(stage: StageDocument | SideStageDocument) -> tuple[StepDocument, ...]:
    return tuple(step for step in stage.on_enter if isinstance(step, StepDocument))


def _resets(stage: StageDocument | SideStageDocument) -> bool:
    return any(step.reset for step in _steps(stage))


def _adds(stage: StageDocument | SideStageDocument, lists: Lists) -> tuple[Add, ...]:
    return tuple(_add(step.add, lists) for step in _steps(stage) if step.add)


def _add(add: AddDocument, lists: Lists) -> Add:
    condition = to_domain(add.if_, Space.COMPUTED, lists) if add.if_ else None
    return Add(add.points, condition, Calendar(add.per) if isinstance(add.per, str) else add.per)


def _restores(stage: StageDocument | SideStageDocument) -> Restore | None:
    found: RestoreDocument | None = next((step.restore for step in _steps(stage) if step.restore), None)
    return None if found is None else Restore(found.stage, found.within)


def _trigger(
    trigger: str | TriggerDocument, left: tuple[str, ...], hours: BusinessHours, lists: Lists
) -> Trigger:
    """`left`: the stages that a timer counts in when it does not name any."""
    if isinstance(trigger, TriggerDocument):
        if trigger.when is not None:
            until = to_domain(trigger.until, Space.COMPUTED, lists) if trigger.until else None
            return WhenTrigger(to_domain(trigger.when, Space.COMPUTED, lists), until)
        if trigger.after is not None:
            return _timer(trigger.after, left, hours, lists)
    return _signal(trigger, lists)


def _signal(signal: str | SignalDocument, lists: Lists) -> Signal:
    match signal:
        case "hand_raise":
            return HandRaiseTrigger()
        case "converted":
            return ConvertedTrigger()
        case "assigned":
            return AssignedTrigger()
        case "accepted":
            return AcceptedTrigger()
        case SignalDocument(activity=activity) if activity is not None:
            return ActivityTrigger(to_domain(activity, Space.ACTIVITY, lists))
        case SignalDocument(status=status) if status is not None:
            return StatusTrigger(status.field, status.becomes)
        case SignalDocument(fact=fact) if fact is not None:
            return FactTrigger(fact.fact, fact.becomes)
        case SignalDocument(deal=deal) if deal is not None:
            return DealTrigger(DealEvent(deal))
        case _:
            msg = "a trigger has no form although it passed all checks"
            raise BugError(msg)


def _timer(after: AfterDocument, left: tuple[str, ...], hours: BusinessHours, lists: Lists) -> TimerTrigger:
    business = isinstance(after.span, BusinessSpan) or bool(after.business)
    return TimerTrigger(
        span=_span(after.span, hours),
        stages=after.stage_names() or left,
        without=tuple(_signal(signal, lists) for signal in after.signals()),
        business=business,
    )


def _span(span: int | BusinessSpan, hours: BusinessHours) -> int:
    """A business day is as long as one day of the business hours."""
    if isinstance(span, int):
        return span
    return span.count * (HOUR if span.unit == "hour" else (hours.end - hours.begin) * MINUTE)
