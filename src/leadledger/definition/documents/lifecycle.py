"""lifecycle.yaml: the stages, what leads into them, and what entering one does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from leadledger.definition.documents.conditions import Condition, Texts
from leadledger.definition.documents.strict import Document, FieldName, Id, Version, refuse


class StatusDocument(Document):
    """A CRM field that somebody set."""

    field: FieldName = Field(description="API name of the person's field.")
    becomes: Texts = Field(description="The value it takes, or a list of values.")


class TriggerDocument(Document):
    """One thing that leads into a stage; exactly one of the keys."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    when: Condition | None = Field(None, description="Computed values and facts: {score: {over: 100}}.")
    activity: Condition | None = Field(None, description="An activity that meets this: {type: form_submit}.")
    status: StatusDocument | None = Field(None, description="A field that somebody sets in the CRM.")
    deal: Literal["created", "won", "lost"] | None = Field(
        None, description="What happened to a deal of the person."
    )

    @model_validator(mode="after")
    def _one_key(self) -> TriggerDocument:
        given = [key for key in ("when", "activity", "status", "deal") if getattr(self, key) is not None]
        if len(given) != 1:
            raise refuse(
                "should have exactly one of when, activity, status, deal", "Make one list entry of each."
            )
        return self


class ResetDocument(Document):
    """What starts again."""

    reset: Literal["engagement"] = Field(
        description="Only activities after the entry give points from then on."
    )


def _text_or_mapping(value: Any) -> str:
    return "<text>" if isinstance(value, str) else "<mapping>"


Trigger = Annotated[
    Annotated[Literal["hand_raise", "converted"], Tag("<text>")]
    | Annotated[TriggerDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]
OnEnter = Annotated[
    Annotated[Literal["route"], Tag("<text>")] | Annotated[ResetDocument, Tag("<mapping>")],
    Discriminator(_text_or_mapping),
]


class StageDocument(Document):
    """A stage on the way to the customer."""

    id: Id = Field(description="The stage's name.")
    triggers: tuple[Trigger, ...] = Field(
        (),
        description="What leads into it; one is enough: hand_raise, converted, {when}, {activity}, {status}, {deal}.",
    )
    counter: Id | None = Field(
        None, description="A counter that each entry raises by one; it also opens a new cycle."
    )
    reenter_from: tuple[Id, ...] = Field(
        (), description="Side stages from which the stage may be entered again."
    )
    on_enter: tuple[OnEnter, ...] = Field(
        (), description="`route` asks for an owner; {reset: engagement} lets engagement start again."
    )


class SideStageDocument(Document):
    """A stage beside the way: recycled, disqualified."""

    id: Id = Field(description="The stage's name.")
    from_: FromStages = Field(alias="from", description="The stages it is entered from, or `any`.")
    triggers: tuple[Trigger, ...] = Field((), description="What leads into it; one is enough.")
    on_enter: tuple[OnEnter, ...] = Field((), description="`route`, or {reset: engagement}.")


FromStages = Annotated[
    Annotated[Literal["any"], Tag("<text>")]
    | Annotated[Annotated[tuple[Id, ...], Field(min_length=1)], Tag("<list>")],
    Discriminator(lambda value: "<text>" if isinstance(value, str) else "<list>"),
]
SideStageDocument.model_rebuild()


class LifecycleDocument(Document):
    """The whole file."""

    version: Version | None = None
    stages: tuple[StageDocument, ...] = Field(
        min_length=1, description="The stages in order; people move upwards only."
    )
    side_stages: tuple[SideStageDocument, ...] = Field((), description="Stages beside the way.")
