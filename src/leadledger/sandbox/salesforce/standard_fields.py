"""The fields and picklists that many objects of the org share."""

from __future__ import annotations

from dataclasses import replace

from leadledger.sandbox.salesforce.schema import Field, Kind, check, link, moment, text

INDUSTRIES = (
    "Agriculture", "Banking", "Biotechnology", "Chemicals", "Communications", "Construction", "Consulting",
    "Education", "Electronics", "Energy", "Engineering", "Entertainment", "Finance", "Government",
    "Healthcare", "Hospitality", "Insurance", "Machinery", "Manufacturing", "Media", "Not For Profit",
    "Retail", "Shipping", "Technology", "Telecommunications", "Transportation", "Utilities", "Other",
)  # fmt: skip
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")


def read_only(*fields: Field) -> tuple[Field, ...]:
    return tuple(replace(item, createable=False, updateable=False) for item in fields)


def create_only(item: Field) -> Field:
    return replace(item, updateable=False)


ID = Field("Id", Kind.ID, length=18, nillable=False, createable=False, updateable=False)
CREATED = read_only(moment("CreatedDate"), link("CreatedById", "User"))
MODIFIED = read_only(moment("LastModifiedDate"), link("LastModifiedById", "User"), moment("SystemModstamp"))
DELETED = read_only(check("IsDeleted"))
SYSTEM = (ID, *DELETED, *CREATED, *MODIFIED)
SETUP = (ID, *CREATED, *MODIFIED)
"""Setup objects have no recycle bin."""

PERSON_OR_QUEUE = link("OwnerId", "User", "Group", required=True)
PERSON = link("OwnerId", "User", required=True)

NAMES = (
    text("LastName", 80, required=True),
    text("FirstName", 40),
    text("Salutation", 40),
    *read_only(text("Name", 121)),
)
