"""The names that the files of a definition give to each other."""

from __future__ import annotations

from dataclasses import dataclass

from leadledger.definition.documents.activities import ActivitiesDocument, ActivityDocument
from leadledger.definition.documents.examples import ExamplesDocument
from leadledger.definition.documents.leadledger import LeadledgerDocument
from leadledger.definition.documents.lifecycle import LifecycleDocument, SideStageDocument, StageDocument
from leadledger.definition.documents.people import PeopleDocument, PeopleObject
from leadledger.definition.documents.routing import RoutingDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.documents.writeback import WritebackDocument

CRMS = ("salesforce", "hubspot")
ACTIVITY_NAMES = ("type", "asset", "campaign", "origin", "intent")
SCORES = ("score", "engagement", "fit")
COMPUTED = (
    *SCORES, "grade", "stage", "stage_since", "cycle", "reasons", "why_now", "missing_facts", "completeness",
    "owner", "definition_version", "stamp",
)  # fmt: skip
"""Values that every definition computes, besides the counters and what `stage_values` gives."""
RESERVED = ("fact", "field", "all", "any", "not", "and")
"""Keys of conditions; an attribute of this name could not be asked for."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one folder. None: the file is missing or broken, so nothing is known of its names."""

    leadledger: LeadledgerDocument | None = None
    people: PeopleDocument | None = None
    activities: ActivitiesDocument | None = None
    scoring: ScoringDocument | None = None
    lifecycle: LifecycleDocument | None = None
    routing: RoutingDocument | None = None
    writeback: WritebackDocument | None = None
    examples: ExamplesDocument | None = None

    def people_objects(self, crm: str) -> dict[str, PeopleObject]:
        """Object -> its facts, for one CRM."""
        objects = getattr(self.people, crm) if self.people else None
        return dict(objects or {})

    def facts(self) -> frozenset[str] | None:
        """Every fact of every CRM, and those derived from them."""
        if self.people is None:
            return None
        mapped = {fact for crm in CRMS for o in self.people_objects(crm).values() for fact in o.facts}
        return frozenset(mapped | ({"email_domain"} if "email" in mapped else set()))

    def sources(self) -> dict[str, tuple[tuple[tuple[str | int, ...], ActivityDocument], ...]]:
        """CRM -> (path, entry) of each kind of activity."""
        if self.activities is None:
            return {}
        salesforce = tuple(
            (("salesforce", stream, position), entry)
            for stream, entries in (self.activities.salesforce or {}).items()
            for position, entry in enumerate(entries)
        )
        hubspot = self.activities.hubspot
        places = ("form_submissions", "property_history", "engagements")
        return {
            "salesforce": salesforce,
            "hubspot": tuple(
                (("hubspot", place, position), entry)
                for place in places
                if hubspot
                for position, entry in enumerate(getattr(hubspot, place))
            ),
        }

    def activity_values(self, name: str) -> frozenset[str] | None:
        """What the sources give as `type`, `origin` or `intent`."""
        if self.activities is None:
            return None
        return frozenset(getattr(e, name) for entries in self.sources().values() for _, e in entries)

    def attributes(self) -> frozenset[str] | None:
        """The attributes that some source gives."""
        if self.activities is None:
            return None
        entries = [e for entries in self.sources().values() for _, e in entries]
        return frozenset(name for e in entries for name in getattr(e, "attributes", {}))

    def grades(self) -> tuple[str, ...] | None:
        """The letters as they are written, best first."""
        if self.scoring is None:
            return None
        return tuple(self.scoring.fit.grades) if self.scoring.fit else ()

    def staged(self) -> tuple[tuple[tuple[str | int, ...], StageDocument | SideStageDocument], ...]:
        """(path, stage) of the forward stages, then of the side stages."""
        if self.lifecycle is None:
            return ()
        return (
            *((("stages", position), stage) for position, stage in enumerate(self.lifecycle.stages)),
            *(
                (("side_stages", position), stage)
                for position, stage in enumerate(self.lifecycle.side_stages)
            ),
        )

    def routed(self) -> tuple[tuple[str | int, ...], ...]:
        """The paths to `on_enter` of the stages that ask for an owner."""
        return tuple((*path, "on_enter") for path, stage in self.staged() if "route" in stage.on_enter)

    def stages(self) -> tuple[str, ...] | None:
        """Forward stages, then side stages."""
        if self.lifecycle is None:
            return None
        return tuple(stage.id for _, stage in self.staged())

    def counters(self) -> tuple[str, ...] | None:
        """The counters of the stages."""
        if self.lifecycle is None:
            return None
        return tuple(s.counter for s in self.lifecycle.stages if s.counter)

    def computed(self) -> frozenset[str] | None:
        """Everything that may be written to a CRM or expected of an example."""
        if self.lifecycle is None:
            return None
        return frozenset({*COMPUTED, *(self.counters() or ()), *stage_values(self.stages() or ())})


def stage_values(stages: tuple[str, ...]) -> frozenset[str]:
    """`mql_first_at`, `mql_last_at`, `mql_count` for every stage."""
    return frozenset(f"{stage}_{what}" for stage in stages for what in ("first_at", "last_at", "count"))
