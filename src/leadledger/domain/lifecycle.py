"""Stages, their triggers and what entering one does. Semantics section 4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from leadledger.domain.conditions import Condition
from leadledger.domain.scoring import Calendar


@dataclass(frozen=True, slots=True)
class WhenTrigger:
    """Level-triggered: holds while the condition on computed values and facts holds.

    With `until` (hysteresis): once its stage was entered while it held, it is spent until `until` holds.
    """

    condition: Condition
    until: Condition | None = None


@dataclass(frozen=True, slots=True)
class HandRaiseTrigger:
    """An award of a rule with `auto_qualify`."""


@dataclass(frozen=True, slots=True)
class ActivityTrigger:
    """An activity that meets the condition."""

    when: Condition


@dataclass(frozen=True, slots=True)
class StatusTrigger:
    """A CRM field of the person that took one of these values, as its history tells."""

    field: str
    becomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactTrigger:
    """A fact that became one of these values: when its field's history says, else when it is first seen."""

    fact: str
    becomes: tuple[str, ...]


class DealEvent(StrEnum):
    """What happened to a deal that is linked to the person."""

    CREATED = "created"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DealTrigger:
    """A deal of the person was created, won or lost."""

    event: DealEvent


@dataclass(frozen=True, slots=True)
class ConvertedTrigger:
    """A Salesforce lead of the person was converted."""


@dataclass(frozen=True, slots=True)
class AssignedTrigger:
    """The owner of a record of the person became a user, as its history tells."""


@dataclass(frozen=True, slots=True)
class AcceptedTrigger:
    """The first activity of origin `sales` after a stage with `routes` was entered (any stage where none routes)."""


Signal = (
    HandRaiseTrigger | ActivityTrigger | StatusTrigger | FactTrigger | DealTrigger | ConvertedTrigger
    | AssignedTrigger | AcceptedTrigger
)  # fmt: skip
"""What happens at an instant, as opposed to a level or a timer."""


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """`span` (microseconds) after the person entered one of `stages`, if still there and `without` did not happen.

    `business`: the span counts only while the definition's business hours run.
    """

    span: int
    stages: tuple[str, ...]
    without: tuple[Signal, ...] = ()
    business: bool = False


Trigger = WhenTrigger | TimerTrigger | Signal


@dataclass(frozen=True, slots=True)
class Add:
    """Points once on entering a stage, at most once per `per`; only while `condition` holds just after the entry."""

    points: float
    condition: Condition | None = None
    per: Calendar | int | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    """Bring back the engagement held when `stage` was last entered, if that is at most `within` microseconds ago."""

    stage: str
    within: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A forward stage (in the definition's order) or a side stage (`sources` says from where it is entered).

    `counter` names the counter that an entry raises by one, which also opens a new cycle. `reenter_from` names
    the side stages from which a forward stage may be entered again. `cooldown` (of a side stage, microseconds):
    level triggers do not lead out of it before that. `stamped_when_skipped`: a skipped forward stage gets an
    inferred stamp. On entering: `resets_engagement` (only later awards count), then `restores`, then `adds`;
    `routes` asks for an owner.
    """

    id: str
    triggers: tuple[Trigger, ...]
    side: bool = False
    sources: tuple[str, ...] | None = None
    """For a side stage: the stages it is entered from; None means from any."""
    counter: str | None = None
    reenter_from: tuple[str, ...] = ()
    resets_engagement: bool = False
    routes: bool = False
    cooldown: int = 0
    stamped_when_skipped: bool = True
    adds: tuple[Add, ...] = ()
    restores: Restore | None = None


class OnChange(StrEnum):
    """What a changed definition does with people who meet a level trigger only because of it."""

    ENTER = "enter"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When business time runs, on the definition's clock: days (0 = Monday), minutes of the day, days off."""

    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    begin: int = 9 * 60
    end: int = 17 * 60
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Forward stages in order, then side stages."""

    stages: tuple[Stage, ...] = ()
    on_change: OnChange = OnChange.ENTER
    business_hours: BusinessHours = BusinessHours()

    def signals(self) -> tuple[Signal, ...]:
        """Everything that a trigger, or the `without` of a timer, listens to; each once."""
        found: dict[Signal, None] = {}
        for stage in self.stages:
            for trigger in stage.triggers:
                if isinstance(trigger, TimerTrigger):
                    found.update(dict.fromkeys(trigger.without))
                elif not isinstance(trigger, WhenTrigger):
                    found[trigger] = None
        return tuple(found)

    def index(self, stage_id: str) -> int:
        """Position of a stage. Raises KeyError for an unknown id."""
        for position, stage in enumerate(self.stages):
            if stage.id == stage_id:
                return position
        raise KeyError(stage_id)
