"""examples.yaml: the admin's own tests. A person and what happened go in; score, stage and counter come out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, RootModel, WithJsonSchema

from leadledger.definition.documents.activities import Intent, Origin
from leadledger.definition.documents.leadledger import CrmName
from leadledger.definition.documents.strict import (
    Document,
    FieldName,
    Id,
    ObjectName,
    Scalar,
    Text,
    Value,
    ValueName,
    refuse,
)


def _fact(value: Any) -> Scalar | None:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise refuse("should be text, a number, true, false or null")


def _expected(value: Any) -> Scalar | tuple[str, ...] | None:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, tuple) and all(isinstance(name, str) for name in value):
        return value
    raise refuse("should be a value, null, or a list of names")


FactValue = Annotated[
    Scalar | None,
    PlainValidator(_fact),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Expected = Annotated[
    Scalar | tuple[str, ...] | None,
    PlainValidator(_expected),
    WithJsonSchema({"type": ["string", "number", "boolean", "null", "array"], "items": {"type": "string"}}),
]


def _moment(value: Any) -> str:
    if isinstance(value, str) and len(value) <= 40:
        return value
    raise refuse("should be an instant", "Write 2026-03-01T10:00Z, or a day such as 2026-03-01.")


Moment = Annotated[str, PlainValidator(_moment), WithJsonSchema({"type": "string"})]
"""ISO-8601; read in the definition's time zone when it has no offset. Parsed when the zone is known."""


class ExampleActivity(Document):
    """Something the person did."""

    type: Id = Field(description="The activity's type.")
    at: Moment = Field(description="When: 2026-03-01T10:00Z.")
    asset: Text | None = Field(None, description="Page, form or campaign name.")
    campaign: Text | None = Field(None, description="The campaign.")
    origin: Origin | None = Field(
        None, description="marketing, sales or product; that of its source when not given."
    )
    intent: Intent | None = Field(None, description="The intent; that of its source when not given.")
    attributes: dict[Id, Value] = Field(default_factory=dict, description="More values: name -> value.")


class ExampleStatus(Document):
    """A field that somebody set in the CRM."""

    field: FieldName = Field(description="API name of the person's field.")
    becomes: Text = Field(description="The value it took.")
    at: Moment = Field(description="When.")


class ExampleDeal(Document):
    """Something that happened to a deal of the person."""

    event: Literal["created", "won", "lost"] = Field(description="What happened.")
    at: Moment = Field(description="When.")


class ExampleAssignment(Document):
    """The person got an owner."""

    at: Moment = Field(description="When.")


class ExampleStage(Document):
    """A stage that somebody set in the CRM."""

    becomes: Id = Field(description="The stage, by its name in lifecycle.yaml.")
    at: Moment = Field(description="When.")


class ExampleDocument(Document):
    """One example."""

    name: Text = Field(description="What it shows, as a sentence.")
    crm: CrmName | None = Field(None, description="The CRM; the first connection when not given.")
    object: ObjectName | None = Field(
        None, description="The object; the first one of people.yaml when not given."
    )
    person: dict[Id, FactValue] = Field(default_factory=dict, description="Fact -> value; null is not known.")
    activities: tuple[ExampleActivity, ...] = Field((), description="What the person did, in any order.")
    statuses: tuple[ExampleStatus, ...] = Field((), description="What people set in the CRM.")
    deals: tuple[ExampleDeal, ...] = Field((), description="What happened to the person's deals.")
    converted: Moment | None = Field(None, description="When the person's Salesforce lead was converted.")
    assigned: tuple[ExampleAssignment, ...] = Field((), description="When the person got an owner.")
    stages: tuple[ExampleStage, ...] = Field((), description="Stages that somebody set in the CRM.")
    as_of: Moment = Field(description="The instant of the evaluation.")
    expect: dict[ValueName, Expected] = Field(
        min_length=1, description="Computed value -> what it must be; dates as instants, null for none."
    )


class ExamplesDocument(RootModel[tuple[ExampleDocument, ...]]):
    """The whole file: a list."""
