"""The whole definition as one frozen value: what sales and marketing agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from leadledger.domain.conditions import Condition
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.routing import Routing
from leadledger.domain.scoring import Classification, Engagement, Fit, FitModel, Persona
from leadledger.domain.sources import ActivitySource, Identity, Normalise, PeopleSource
from leadledger.domain.writeback import WriteTarget


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on one plan. A share is of all people, 0.2 for 20%. None: no limit."""

    max_people_changing_stage: float | int | None = None
    max_owner_changes: float | int | None = None
    max_emptied_fields: float | int | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything that the program is told. `digest` is a hash over all files, in hex."""

    name: str
    version: str
    digest: str
    time_zone: ZoneInfo
    connections: tuple[str, ...]
    people: tuple[PeopleSource, ...]
    activities: tuple[ActivitySource, ...]
    engagement: Engagement
    fit: Fit
    lifecycle: Lifecycle
    routing: Routing
    targets: tuple[WriteTarget, ...]
    exclude_when: Condition | None = None
    identity: Identity = field(default_factory=Identity)
    normalise: Mapping[str, Normalise] = field(default_factory=dict)
    authority: tuple[str, ...] = ()
    """`crm.object` names, the one that wins first."""
    history_span: int | None = None
    """Microseconds of the past whose activities count; None for all."""
    from_now: bool = False
    """Nothing before the ledger's first run is entered; the past gives points only (`history: from_now`)."""
    models: tuple[FitModel, ...] = ()
    """Fit models side by side, besides or instead of `fit`."""
    personas: tuple[Persona, ...] = ()
    classification: Classification | None = None
    guards: Guards = field(default_factory=Guards)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> the words for a human reader; a rule without a label is shown by its id."""

    def facts(self) -> tuple[str, ...]:
        """All fact names in the order of first mention."""
        return tuple(dict.fromkeys(name for source in self.people for name in source.facts))

    def counters(self) -> tuple[str, ...]:
        """The counters that stages raise, in stage order."""
        return tuple(stage.counter for stage in self.lifecycle.stages if stage.counter)
