"""What a property definition looks like, and the options that several of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadledger.sandbox.http import JsonObject

Option = tuple[str, str]
"""(value, label)."""

BEGINNING = "2024-01-01T00:00:00.000Z"
"""When the pretended account was opened; the stamp of everything that HubSpot itself defined."""

LIFECYCLE_STAGES: Sequence[Option] = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("153180555", "SAL"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("153180554", "Recycled"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
"""In display order: the eight defaults and two stages of the account's own, whose values are numbers."""

BOOLEAN: Sequence[Option] = (("true", "Yes"), ("false", "No"))


def definition(
    name: str,
    label: str,
    type_: str,
    field_type: str,
    group: str,
    *,
    options: Iterable[Option] = (),
    read_only: bool = False,
    calculated: bool = False,
    hubspot_defined: bool = True,
    unique: bool = False,
    referenced: str = "",
) -> JsonObject:
    """A definition as the properties API answers it."""
    if type_ == "bool" and not options:
        options = BOOLEAN
    body: JsonObject = {
        "updatedAt": BEGINNING,
        "createdAt": BEGINNING,
        "name": name,
        "label": label,
        "type": type_,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": [
            {"label": text, "value": value, "description": "", "displayOrder": order, "hidden": False}
            for order, (value, text) in enumerate(options)
        ],
        "displayOrder": -1,
        "calculated": calculated,
        "externalOptions": bool(referenced),
        "hasUniqueValue": unique,
        "hidden": False,
        "hubspotDefined": hubspot_defined,
        "modificationMetadata": {
            "archivable": not hubspot_defined,
            "readOnlyDefinition": hubspot_defined,
            "readOnlyValue": read_only or calculated,
        },
        "formField": not (read_only or calculated),
        "archived": False,
    }
    if referenced:
        body["referencedObjectType"] = referenced
    return body


def table(group: str, rows: str, *, read_only: bool = False, custom: bool = False) -> list[JsonObject]:
    """Definitions from lines `name | label | type/fieldType`, all of one group."""
    made = []
    for line in rows.strip().splitlines():
        name, label, kinds = (part.strip() for part in line.split("|"))
        type_, _, field_type = kinds.partition("/")
        made.append(
            definition(name, label, type_, field_type, group, read_only=read_only, hubspot_defined=not custom)
        )
    return made


def owner(group: str) -> JsonObject:
    """`hubspot_owner_id`: the owner's id (not the user's), checked against the owners of the account."""
    return definition("hubspot_owner_id", "Owner", "enumeration", "select", group, referenced="OWNER")


def lifecycle(group: str) -> list[JsonObject]:
    """`lifecyclestage` and the stamps that HubSpot keeps about it.

    `hs_lifecyclestage_*_date` exists for the eight defaults only, `hs_v2_date_*` for every stage.
    """
    stages = LIFECYCLE_STAGES
    stage = definition("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", group, options=stages)
    became = [
        definition(
            f"hs_lifecyclestage_{value}_date",
            f"Became a {label} Date",
            "datetime",
            "date",
            group,
            read_only=True,
        )
        for value, label in stages
        if not value.isdecimal()
    ]
    moved = [
        definition(
            f"hs_v2_date_{verb}_{value}",
            f'Date {verb} "{label} (Lifecycle Stage Pipeline)"',
            "datetime",
            "date",
            group,
            calculated=True,
        )
        for value, label in stages
        for verb in ("entered", "exited")
    ]
    current = definition(
        "hs_v2_date_entered_current_stage",
        "Date entered current stage",
        "datetime",
        "date",
        group,
        calculated=True,
    )
    return [stage, *became, *moved, current]
