"""The names that the files of a definition give to each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadledger.definition.documents.activities import ActivitiesDocument, ActivityDocument
from leadledger.definition.documents.examples import ExamplesDocument
from leadledger.definition.documents.fit import FitDocument
from leadledger.definition.documents.leadledger import LeadledgerDocument
from leadledger.definition.documents.lifecycle import LifecycleDocument, SideStageDocument, StageDocument
from leadledger.definition.documents.people import PeopleDocument, PeopleObject
from leadledger.definition.documents.routing import RoutingDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.documents.writeback import WritebackDocument
from leadledger.definition.named_lists import Lists

CRMS = ("salesforce", "hubspot")
ACTIVITY_NAMES = ("type", "asset", "campaign", "origin", "intent")
SCORES = ("score", "engagement", "fit")
CLASSED = ("classification", "disposition", "priority")
"""Values that need a classification."""
COMPUTED = (
    *SCORES, "grade", *CLASSED, "stage", "stage_since", "cycle", "next_change_at", "reasons", "why_now",
    "missing_facts", "completeness", "first_origin", "no_sales_touch", "suspected_bot_count", "owner",
    "definition_version", "stamp",
)  # fmt: skip
"""Values that every definition computes, besides the counters and what stages, categories and models give."""
DISPOSITIONS = ("assign", "nurture", "discard")
"""What a definition may do with a cell of its classification."""
GATE = ("stage", "cycle", "fit", "grade")
"""What an engagement rule may ask of the person's state, besides the counters."""
RESERVED = ("fact", "field", "all", "any", "not", "and", "of")
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
        """Every fact of every CRM, and the derived ones."""
        mapped = self.mapped_facts()
        return None if mapped is None else mapped | self.derived_facts()

    def mapped_facts(self) -> frozenset[str] | None:
        """The facts that are read from a field."""
        if self.people is None:
            return None
        return frozenset(f for crm in CRMS for o in self.people_objects(crm).values() for f in o.facts)

    def derived_facts(self) -> frozenset[str]:
        """The facts that follow from others in this definition."""
        derived = {"first_origin"}
        if "email" in (self.mapped_facts() or ()):
            derived.add("email_domain")
        if self.scoring is not None and self.scoring.personas:
            derived.add("persona")
        return frozenset(derived)

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

    def fits(self) -> tuple[tuple[tuple[str | int, ...], FitDocument], ...]:
        """(path, fit) of `fit` itself, then of the models."""
        if self.scoring is None:
            return ()
        own: list[tuple[tuple[str | int, ...], FitDocument]] = []
        if self.scoring.fit is not None:
            own.append((("fit",), self.scoring.fit))
        own.extend((("models", id_, "fit"), model.fit) for id_, model in self.scoring.models.items())
        return tuple(own)

    def persons_fits(self) -> tuple[tuple[tuple[str | int, ...], FitDocument], ...]:
        """(path, fit) of those that can give a person's `fit` and `grade`: not the models that stand beside."""
        models = self.scoring.models if self.scoring else {}
        return tuple(
            (path, fit) for path, fit in self.fits() if path == ("fit",) or models[str(path[1])].when
        )

    def grades(self, name: str = "grade") -> tuple[str, ...] | None:
        """The letters of `grade`, or of a model's `grade_<model>`, best first."""
        if self.scoring is None:
            return None
        if name != "grade":
            model = self.scoring.models.get(name.removeprefix("grade_"))
            return model.fit.letters() if model else ()
        return next((fit.letters() for _, fit in self.persons_fits() if fit.letters()), ())

    def cells(self) -> tuple[str, ...] | None:
        """The cells of the classification, by fit and then by engagement."""
        if self.scoring is None:
            return None
        return self.scoring.classification.cells() if self.scoring.classification else ()

    def lists(self) -> Lists:
        """The lists that a condition may name."""
        return Lists(dict(self.scoring.lists) if self.scoring else {})

    def model_values(self) -> frozenset[str] | None:
        """`engagement_<category>`, `fit_<model>`, `grade_<model>` (a model without grades has only the first)."""
        if self.scoring is None:
            return None
        categories = self.scoring.engagement.categories if self.scoring.engagement else ()
        models = self.scoring.models
        return frozenset(
            {
                *(f"engagement_{category}" for category in categories),
                *(f"fit_{model}" for model in models),
                *(f"grade_{id_}" for id_, model in models.items() if model.fit.letters()),
            }
        )

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
        of_stages = (*(self.counters() or ()), *stage_values(self.stages() or ()))
        return frozenset({*COMPUTED, *(self.model_values() or ()), *of_stages})

    def may_be_of_scoring(self, name: str) -> bool:
        """Whether scoring.yaml, which cannot be read, may give a computed value of this name."""
        return self.scoring is None and name.startswith(("engagement_", "fit_", "grade_"))

    def points(self) -> frozenset[str]:
        """The computed values that are points, as far as they are known."""
        of_models = {name for name in self.model_values() or () if not name.startswith("grade_")}
        frozen = {f"{score}_at_{stage}" for score in SCORES for stage in self.stages() or ()}
        return frozenset({*SCORES, *of_models, *frozen})


def stage_values(stages: tuple[str, ...]) -> frozenset[str]:
    """`mql_first_at`, `mql_last_at`, `mql_count`, and `score_at_mql` and its like for every stage."""
    return frozenset(
        {
            *(f"{stage}_{what}" for stage in stages for what in ("first_at", "last_at", "count")),
            *(f"{score}_at_{stage}" for stage in stages for score in SCORES),
        }
    )


def gate_names(counters: Iterable[str]) -> frozenset[str]:
    """The names of the person's state in the condition of an engagement rule."""
    return frozenset({*GATE, *counters} - {*ACTIVITY_NAMES})
