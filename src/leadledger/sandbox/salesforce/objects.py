"""The org's objects by name: the standard ones that matter to leads, and the custom Visit__c."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.sandbox.salesforce.activity_objects import CAMPAIGN, CAMPAIGN_MEMBER, EVENT, TASK, VISIT
from leadledger.sandbox.salesforce.deal_objects import CONTACT_ROLE, OPPORTUNITY
from leadledger.sandbox.salesforce.person_objects import ACCOUNT, CONTACT, LEAD
from leadledger.sandbox.salesforce.schema import Field, Kind, SObject, choice, link, sobject
from leadledger.sandbox.salesforce.setup_objects import (
    GROUP,
    GROUP_MEMBER,
    LEAD_STATUS,
    ORGANIZATION,
    QUEUE_SOBJECT,
    RECORD_TYPE,
    USER,
)
from leadledger.sandbox.salesforce.standard_fields import CREATED, DELETED, ID, read_only


def _history(name: str, label: str, of: str) -> SObject:
    """A history object: no SystemModstamp, no change after the fact."""
    fields = (
        ID,
        *DELETED,
        *read_only(
            link(f"{of}Id", of, required=True),
            choice("Field", restricted=True, required=True),
            choice("DataType", "Text", "EntityId", "DynamicEnum", "Boolean"),
            Field("OldValue", Kind.ANY, length=255, filterable=False),
            Field("NewValue", Kind.ANY, length=255, filterable=False),
        ),
        *CREATED,
    )
    return sobject(name, label, "017", fields, createable=False, updateable=False, deletable=False)


OBJECTS: Mapping[str, SObject] = {
    item.name: item
    for item in (
        LEAD,
        CONTACT,
        ACCOUNT,
        TASK,
        EVENT,
        CAMPAIGN,
        CAMPAIGN_MEMBER,
        OPPORTUNITY,
        CONTACT_ROLE,
        _history("LeadHistory", "Lead History", "Lead"),
        _history("ContactHistory", "Contact History", "Contact"),
        USER,
        GROUP,
        GROUP_MEMBER,
        QUEUE_SOBJECT,
        RECORD_TYPE,
        LEAD_STATUS,
        ORGANIZATION,
        VISIT,
    )
}
_BY_LOWER_NAME = {name.lower(): item for name, item in OBJECTS.items()}


def find_object(name: str) -> SObject | None:
    """The object of a name in any case."""
    return _BY_LOWER_NAME.get(name.lower())
