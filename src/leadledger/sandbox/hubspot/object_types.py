"""Which CRM objects this HubSpot knows: their names, their numbers and how two of them are associated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of CRM object.

    `modified` and `created` are the property names of its two stamps: contacts are the only object whose
    modification stamp is `lastmodifieddate` (facts: search the CRM, 2026-03-30).
    """

    name: str
    singular: str
    type_id: str
    modified: str
    created: str
    shown: tuple[str, ...]
    """The properties of an answer when the caller names none."""
    required: tuple[str, ...]
    """Properties without which a create is refused."""
    searched: tuple[str, ...]
    """The properties that `query` of a search looks at."""
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]
    schema_read_scopes: tuple[str, ...]
    schema_write_scopes: tuple[str, ...]


def _record(name: str, singular: str, type_id: str, **extra: tuple[str, ...]) -> ObjectType:
    is_contact = name == "contacts"
    return ObjectType(
        name=name,
        singular=singular,
        type_id=type_id,
        modified="lastmodifieddate" if is_contact else "hs_lastmodifieddate",
        created="createdate",
        shown=extra["shown"],
        required=extra.get("required", ()),
        searched=extra["searched"],
        read_scopes=(f"crm.objects.{name}.read",),
        write_scopes=(f"crm.objects.{name}.write",),
        schema_read_scopes=(f"crm.schemas.{name}.read", f"crm.objects.{name}.read"),
        schema_write_scopes=(f"crm.schemas.{name}.write",),
    )


def _activity(name: str, singular: str, type_id: str) -> ObjectType:
    return ObjectType(
        name=name,
        singular=singular,
        type_id=type_id,
        modified="hs_lastmodifieddate",
        created="hs_createdate",
        shown=("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        required=("hs_timestamp",),
        searched=(),
        read_scopes=("crm.objects.contacts.read", f"crm.objects.{name}.read"),
        write_scopes=("crm.objects.contacts.write", f"crm.objects.{name}.write"),
        schema_read_scopes=("crm.objects.contacts.read", f"crm.objects.{name}.read"),
        schema_write_scopes=("crm.schemas.contacts.write",),
    )


OBJECT_TYPES: tuple[ObjectType, ...] = (
    _record(
        "contacts",
        "contact",
        "0-1",
        shown=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        searched=("email", "firstname", "lastname", "phone", "company"),
    ),
    _record(
        "companies",
        "company",
        "0-2",
        shown=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
        searched=("name", "domain", "website", "phone"),
    ),
    _record(
        "deals",
        "deal",
        "0-3",
        shown=(
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ),
        required=("dealname", "dealstage"),
        searched=("dealname",),
    ),
    _activity("notes", "note", "0-46"),
    _activity("meetings", "meeting", "0-47"),
    _activity("calls", "call", "0-48"),
    _activity("emails", "email", "0-49"),
    _activity("tasks", "task", "0-27"),
)

_BY_WORD = {word: kind for kind in OBJECT_TYPES for word in (kind.name, kind.singular, kind.type_id)}
_BY_WORD |= {kind.name.upper(): kind for kind in OBJECT_TYPES} | {k.singular.upper(): k for k in OBJECT_TYPES}


def find_type(word: str) -> ObjectType | None:
    """The object type of a name, singular or type id as it stands in a path."""
    return _BY_WORD.get(word)


# Type ids as hubspot-api-client 12.0.0 lists them (crm/association_type.py): one per direction.
_PAIRS: dict[tuple[str, str], int] = {
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
}
for _name, _with_contact, _with_company, _with_deal in (
    ("calls", 193, 181, 205),
    ("emails", 197, 185, 209),
    ("meetings", 199, 187, 211),
    ("notes", 201, 189, 213),
    ("tasks", 203, 191, 215),
):
    for _other, _first in (("contacts", _with_contact), ("companies", _with_company), ("deals", _with_deal)):
        _PAIRS[_other, _name] = _first
        _PAIRS[_name, _other] = _first + 1

_PRIMARY: dict[tuple[str, str], int] = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
}


def association_type_id(from_: ObjectType, to: ObjectType) -> int | None:
    """The HUBSPOT_DEFINED type id of an unlabelled association; None when the pair cannot be associated."""
    return _PAIRS.get((from_.name, to.name))


def primary_type_id(from_: ObjectType, to: ObjectType) -> int | None:
    """The type id of the "Primary" association, for the pairs that have one."""
    return _PRIMARY.get((from_.name, to.name))
