"""Stages, their triggers and what entering one does. Semantics section 4."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leadledger.domain.conditions import Condition


@dataclass(frozen=True, slots=True)
class WhenTrigger:
    """Level-triggered: holds while the condition on computed values and facts holds."""

    condition: Condition


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


Trigger = WhenTrigger | HandRaiseTrigger | ActivityTrigger | StatusTrigger | DealTrigger | ConvertedTrigger


@dataclass(frozen=True, slots=True)
class Stage:
    """A forward stage (in the definition's order) or a side stage (`sources` says from where it is entered).

    `counter` names the counter that an entry raises by one, which also opens a new cycle. `reenter_from` names
    the side stages from which a forward stage may be entered again. `resets_engagement`: only awards after the
    entry count from then on. `routes`: entering it asks for an owner.
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


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Forward stages in order, then side stages."""

    stages: tuple[Stage, ...] = ()

    def index(self, stage_id: str) -> int:
        """Position of a stage. Raises KeyError for an unknown id."""
        for position, stage in enumerate(self.stages):
            if stage.id == stage_id:
                return position
        raise KeyError(stage_id)
