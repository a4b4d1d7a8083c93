"""lifecycle.yaml: the stages, what leads into them, and what entering one does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from leadledger.definition.documents.conditions import Condition, Texts
from leadledger.definition.documents.strict import (
    Document,
    FieldName,
    Id,
    Points,
    Version,
    exactly_one,
    refuse,
)
from leadledger.definition.documents.times import Day, Days, Per, Span, TimeOfDay, TimerSpan

SIGNAL_KEYS = ("activity", "status", "fact", "deal")


class StatusDocument(Document):
    """A CRM field that somebody set."""

    field: FieldName = Field(description="API name of the person's field.")
    becomes: Texts = Field(description="The value it takes, or a list of values.")


def _texts_of(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    if not values or not all(isinstance(v, (str, bool, int, float)) and v != "" for v in values):
        raise refuse("should be a value, or a list of values")
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


FactValues = Annotated[
    tuple[str, ...],
    PlainValidator(_texts_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": 1},
            ]
        }
    ),
]
"""Values of a fact as text."""


class FactChangeDocument(Document):
    """A fact that changed."""

    fact: Id = Field(description="A fact of people.yaml.")
    becomes: FactValues = Field(description="The value it takes, or a list of values.")


class SignalDocument(Document):
    """Something that happens; exactly one of the keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    activity: Condition | None = Field(None, description="An activity that meets this: {type: form_submit}.")
    status: StatusDocument | None = Field(None, description="A field that somebody sets in the CRM.")
    fact: FactChangeDocument | None = Field(None, description="A fact that becomes a value.")
    deal: Literal["created", "won", "lost"] | None = Field(
        None, description="What happened to a deal of the person."
    )

    @model_validator(mode="after")
    def _one_key(self) -> SignalDocument:
        exactly_one(self, self.one_of(), "Make one list entry of each.")
        return self

    @classmethod
    def one_of(cls) -> tuple[str, ...]:
        """The keys of which one must be given."""
        return SIGNAL_KEYS


def _text_or_mapping(value: Any) -> str:
    return "<text>" if isinstance(value, str) else "<mapping>"


def _one_or_several(value: Any) -> str:
    return "<list>" if isinstance(value, tuple) else "<one>"


SignalWord = Literal["hand_raise", "converted", "assigned", "accepted"]
Signal = Annotated[
    Annotated[SignalWord, Tag("<text>")] | Annotated[SignalDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]
Signals = Annotated[
    Annotated[Annotated[tuple[Signal, ...], Field(min_length=1)], Tag("<list>")]
    | Annotated[Signal, Tag("<one>")],
    Discriminator(_one_or_several),
]
StageNames = Annotated[
    Annotated[Annotated[tuple[Id, ...], Field(min_length=1)], Tag("<list>")] | Annotated[Id, Tag("<one>")],
    Discriminator(_one_or_several),
]


class AfterDocument(Document):
    """Time that passes in a stage."""

    span: TimerSpan = Field(
        description="So long after the entry: 14d, or `2 business days`, `4 business hours`."
    )
    in_: StageNames | None = Field(
        None,
        alias="in",
        description="The stage or stages that it counts in; for a side stage, those of `from` by default.",
    )
    without: Signals | None = Field(
        None, description="Only if this did not happen since the entry: accepted, {deal: created}, or a list."
    )
    business: bool | None = Field(
        None, description="`true`: the span counts only while the business hours run."
    )

    def stage_names(self) -> tuple[str, ...]:
        """The stages that are named; none when the default is meant."""
        return self.in_ if isinstance(self.in_, tuple) else (self.in_,) if self.in_ else ()

    def signals(self) -> tuple[str | SignalDocument, ...]:
        """What must not have happened."""
        return self.without if isinstance(self.without, tuple) else (self.without,) if self.without else ()


class TriggerDocument(SignalDocument):
    """One thing that leads into a stage; exactly one of the keys, besides `until`."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 1,
            "anyOf": [{"maxProperties": 1}, {"maxProperties": 2, "required": ["when", "until"]}],
        }
    )

    when: Condition | None = Field(None, description="Computed values and facts: {score: {over: 100}}.")
    until: Condition | None = Field(
        None,
        description="With `when`: once it has led into the stage, it does so again only after this held.",
    )
    after: AfterDocument | None = Field(None, description="Time in a stage: {span: 14d, without: accepted}.")

    @model_validator(mode="after")
    def _until_needs_when(self) -> TriggerDocument:
        if self.until is not None and self.when is None:
            raise refuse("`until` goes with `when` only")
        return self

    @classmethod
    def one_of(cls) -> tuple[str, ...]:
        """The keys of which one must be given."""
        return ("when", *SIGNAL_KEYS, "after")


class AddDocument(Document):
    """Points on entering."""

    points: Points = Field(description="Points that are added; negative ones are taken.")
    if_: Condition | None = Field(
        None, alias="if", description="Only while this holds just after the entry: {mql_counter: {over: 1}}."
    )
    per: Per | None = Field(None, description="At most once per span, calendar unit, or ever.")


class RestoreDocument(Document):
    """Engagement that comes back."""

    stage: Id = Field(description="The engagement that was held when this stage was last entered …")
    within: Span = Field(description="… if that is at most so long ago, and more than is held now.")


class StepDocument(Document):
    """What an entry does; exactly one of the keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    reset: Literal["engagement"] | None = Field(
        None, description="Only activities after the entry give points from then on."
    )
    restore: RestoreDocument | None = Field(None, description="Engagement of an earlier entry comes back.")
    add: AddDocument | None = Field(None, description="Points are added once: {points: 20}.")

    @model_validator(mode="before")
    @classmethod
    def _of_a_later_version(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) == 1 and not data.keys().isdisjoint(_HAND_OVER):
            raise refuse("unknown on_enter value", _HAND_OVER_HINT)
        return data

    @model_validator(mode="after")
    def _one_key(self) -> StepDocument:
        exactly_one(self, ("reset", "restore", "add"), "Make one list entry of each.")
        return self


_HAND_OVER = ("notify", "set", "clear")
_HAND_OVER_HINT = (
    "notify, set and clear come with hand-over, in a later version. Known: route, {reset}, {restore}, {add}."
)


def _route(value: Any) -> str:
    if value == "route":
        return "route"
    if value in _HAND_OVER:
        raise refuse("unknown on_enter value", _HAND_OVER_HINT)
    raise refuse("should be route", 'Did you mean "route"?')


Trigger = Annotated[
    Annotated[SignalWord, Tag("<text>")] | Annotated[TriggerDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]
OnEnter = Annotated[
    Annotated[Annotated[str, PlainValidator(_route), WithJsonSchema({"const": "route"})], Tag("<text>")]
    | Annotated[StepDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]
_TRIGGERS = (
    "What leads into it; one is enough: hand_raise, converted, assigned, accepted, "
    "{when}, {activity}, {status}, {fact}, {deal}, {after}."
)
_ON_ENTER = "`route` asks for an owner; {reset}, {restore} and {add} change the engagement."


class StageDocument(Document):
    """A stage on the way to the customer."""

    id: Id = Field(description="The stage's name.")
    triggers: tuple[Trigger, ...] = Field((), description=_TRIGGERS)
    counter: Id | None = Field(
        None, description="A counter that each entry raises by one; it also opens a new cycle."
    )
    reenter_from: tuple[Id, ...] = Field(
        (), description="Side stages from which the stage may be entered again."
    )
    stamped_when_skipped: bool = Field(
        default=True, description="`false`: who passes it by gets no date for it. `true` by default."
    )
    on_enter: tuple[OnEnter, ...] = Field((), description=_ON_ENTER)


class SideStageDocument(Document):
    """A stage beside the way: recycled, disqualified."""

    id: Id = Field(description="The stage's name.")
    from_: FromStages = Field(alias="from", description="The stages it is entered from, or `any`.")
    triggers: tuple[Trigger, ...] = Field((), description=_TRIGGERS)
    cooldown: Span | None = Field(
        None, description="So long no `when` leads out of it again; people and hand-raises do."
    )
    on_enter: tuple[OnEnter, ...] = Field((), description=_ON_ENTER)


FromStages = Annotated[
    Annotated[Literal["any"], Tag("<text>")]
    | Annotated[Annotated[tuple[Id, ...], Field(min_length=1)], Tag("<list>")],
    Discriminator(lambda value: "<text>" if isinstance(value, str) else "<list>"),
]
SideStageDocument.model_rebuild()


class BusinessHoursDocument(Document):
    """When business time runs, on the definition's clock."""

    days: Days = Field((0, 1, 2, 3, 4), description="mon-fri (default), or a list: [mon, tue, thu].")
    from_: TimeOfDay = Field(
        9 * 60, alias="from", description='When a business day begins; "09:00" by default.'
    )
    to: TimeOfDay = Field(17 * 60, description='When it ends; "17:00" by default.')
    holidays: tuple[Day, ...] = Field((), description="Days off: [2026-12-25].")

    @model_validator(mode="after")
    def _has_length(self) -> BusinessHoursDocument:
        if self.from_ >= self.to:
            raise refuse("should begin before it ends")
        return self


class LifecycleDocument(Document):
    """The whole file."""

    version: Version | None = None
    stages: tuple[StageDocument, ...] = Field(
        min_length=1, description="The stages in order; people move upwards only."
    )
    side_stages: tuple[SideStageDocument, ...] = Field((), description="Stages beside the way.")
    on_change: Literal["enter", "hold"] = Field(
        "enter",
        description="Who meets a `when` only because the definition changed: enters at once (default), or is held "
        "until it was false once.",
    )
    business_hours: BusinessHoursDocument | None = Field(
        None, description="When business time runs; mon-fri 09:00-17:00 by default."
    )
