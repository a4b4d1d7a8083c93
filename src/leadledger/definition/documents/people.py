"""people.yaml: which records are people, and what is known of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.strict import CrmObject, Document, FieldPath, Id, Text, Version


class PeopleObject(Document):
    """One CRM object whose rows are people."""

    facts: dict[Id, FieldPath] = Field(
        min_length=1, description="Fact -> field. The account's fields with its prefix: Account.Industry."
    )
    where: Condition | None = Field(
        None, description="Only rows that meet this are people: {field: …, is: …}."
    )


class SpellingsDocument(Document):
    """A mapping of spellings."""

    map: dict[Text, Text] = Field(min_length=1, description="Spelling in the CRM -> the one that rules use.")


def _normal_form(value: Any) -> str:
    return "<map>" if isinstance(value, (dict, SpellingsDocument)) else "<word>"


NormaliseDocument = Annotated[
    Annotated[Literal["email", "iso_country"], Tag("<word>")] | Annotated[SpellingsDocument, Tag("<map>")],
    Discriminator(_normal_form),
]


class PeopleDocument(Document):
    """The whole file."""

    version: Version | None = None
    salesforce: dict[Literal["Lead", "Contact"], PeopleObject] | None = Field(
        None, min_length=1, description="Salesforce objects: Lead, Contact."
    )
    hubspot: dict[Literal["contacts"], PeopleObject] | None = Field(
        None, min_length=1, description="HubSpot objects: contacts."
    )
    normalise: dict[Id, NormaliseDocument] = Field(
        default_factory=dict, description="Fact -> `email`, `iso_country`, or {map: {Spelling: spelling}}."
    )
    authority: tuple[CrmObject, ...] = Field(
        (), description="Where records of one person disagree, the object named first wins."
    )
