"""activities.yaml: which rows of the CRMs are activities, and of which type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from leadledger.definition.documents.conditions import Condition, Patterns
from leadledger.definition.documents.strict import (
    Document,
    FieldName,
    FieldPath,
    Id,
    ObjectName,
    Text,
    Version,
)

Origin = Literal["marketing", "sales", "product"]
Intent = Literal["hand_raise", "product", "content", "none"]


class ActivityDocument(Document):
    """What every activity has."""

    type: Id = Field(description="The activity's type; rules look for it.")
    origin: Origin = Field("marketing", description="Who caused it: marketing (default), sales or product.")
    intent: Intent = Field(
        "none", description="What it says about buying: hand_raise, product, content or none (default)."
    )


class RowDocument(ActivityDocument):
    """An activity that is read from a row with fields."""

    when: Condition | None = Field(None, description="Only rows that meet this: {field: …, is: …}.")
    asset: FieldPath | None = Field(None, description="Field with the page, form or campaign name.")
    campaign: FieldPath | None = Field(None, description="Field with the campaign.")
    attributes: dict[Id, FieldPath] = Field(
        default_factory=dict, description="More values that rules may look at: name -> field."
    )


class SalesforceActivity(RowDocument):
    """Rows of a Salesforce object."""

    at: FieldPath = Field(description="Field with the time (or the day) at which it happened.")
    person: Persons | None = Field(
        None,
        description="Lookup field to the person, or a list of them. Not for CampaignMember, Task, Event.",
    )


class FormSubmission(RowDocument):
    """Submissions of a HubSpot form."""

    form: Forms | None = Field(None, description="The form's name, a list of names, or {matches: pattern}.")


class FormPattern(Document):
    """Forms by a pattern of their names."""

    matches: Patterns = Field(description="A pattern over the whole name (`*`, `?`), or several.")


class PropertyChange(ActivityDocument):
    """Changes of a HubSpot contact property; the new value is the asset."""

    property: FieldName = Field(description="The property whose every change is an activity.")


class HubSpotEngagement(RowDocument):
    """Calls, meetings and other engagements of HubSpot."""

    object: Literal["calls", "meetings", "emails", "notes", "tasks"] = Field(
        description="The HubSpot object."
    )
    at: FieldPath | None = Field(None, description="Field with the time; hs_timestamp by default.")


class HubSpotActivities(Document):
    """The three places where HubSpot keeps what happened."""

    form_submissions: tuple[FormSubmission, ...] = Field((), description="Form submissions.")
    property_history: tuple[PropertyChange, ...] = Field((), description="Changes of contact properties.")
    engagements: tuple[HubSpotEngagement, ...] = Field(
        (), description="Calls, meetings, e-mails, notes, tasks."
    )


def _text_or_list(value: Any) -> str:
    if isinstance(value, (dict, FormPattern)):
        return "<pattern>"
    return "<list>" if isinstance(value, tuple) else "<text>"


Persons = Annotated[
    Annotated[FieldName, Tag("<text>")]
    | Annotated[Annotated[tuple[FieldName, ...], Field(min_length=1)], Tag("<list>")],
    Discriminator(lambda value: "<list>" if isinstance(value, tuple) else "<text>"),
]
Forms = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[Annotated[tuple[Text, ...], Field(min_length=1)], Tag("<list>")]
    | Annotated[FormPattern, Tag("<pattern>")],
    Discriminator(_text_or_list),
]


class ActivitiesDocument(Document):
    """The whole file."""

    version: Version | None = None
    salesforce: dict[ObjectName, Annotated[tuple[SalesforceActivity, ...], Field(min_length=1)]] | None = (
        Field(
            None,
            min_length=1,
            description="Salesforce object -> its kinds of rows. They are tried in order; the first that fits names the row.",
        )
    )
    hubspot: HubSpotActivities | None = Field(None, description="What HubSpot knows of its contacts.")


for _model in (SalesforceActivity, FormSubmission, ActivitiesDocument):
    _model.model_rebuild()
