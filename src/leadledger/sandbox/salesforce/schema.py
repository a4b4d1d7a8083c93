"""The types in which the org's objects and fields are written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The `type` of a field in a describe."""

    ID = "id"
    REFERENCE = "reference"
    STRING = "string"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    PICKLIST = "picklist"
    COMBOBOX = "combobox"
    TEXTAREA = "textarea"
    ANY = "anyType"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"


IDS = frozenset({Kind.ID, Kind.REFERENCE})
NUMBERS = frozenset({Kind.INT, Kind.DOUBLE, Kind.CURRENCY, Kind.PERCENT})
TEXTS = frozenset(
    {
        Kind.STRING,
        Kind.EMAIL,
        Kind.PHONE,
        Kind.URL,
        Kind.PICKLIST,
        Kind.COMBOBOX,
        Kind.TEXTAREA,
        Kind.ANY,
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field as describe tells it. `references` are object names, `relationship` the name of the parent.

    `default` is what a new row gets when the call leaves the field out.
    """

    name: str
    kind: Kind
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    calculated: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    references: tuple[str, ...] = ()
    relationship: str = ""
    default: Any = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def label(self) -> str:
        plain = self.name.removesuffix("__c").replace("_", " ")
        if not self.custom:
            plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
        return plain.removesuffix(" Id") + (" ID" if self.kind in IDS and self.kind is not Kind.ID else "")


@dataclass(frozen=True, slots=True)
class SObject:
    """One object. `fields` keep their order; `find` is case-insensitive, as SOQL and REST are.

    `tracked` maps a field to the name under which its changes appear in the history object.
    """

    name: str
    label: str
    key_prefix: str
    fields: tuple[Field, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    history: str = ""
    tracked: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, Field] = field(default_factory=dict, compare=False, repr=False)
    by_relationship: Mapping[str, Field] = field(default_factory=dict, compare=False, repr=False)

    @property
    def table(self) -> str:
        return f"sf_{self.name}"

    def find(self, name: str) -> Field | None:
        """The field of a name in any case."""
        return self.by_name.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind a relationship name in any case."""
        return self.by_relationship.get(relationship.lower())

    def has(self, name: str) -> bool:
        return name.lower() in self.by_name


def sobject(
    name: str,
    label: str,
    key_prefix: str,
    fields: tuple[Field, ...],
    *,
    createable: bool = True,
    updateable: bool = True,
    deletable: bool = True,
    history: str = "",
    tracked: Mapping[str, str] | None = None,
) -> SObject:
    """An object with its indexes by name."""
    by_name = {item.name.lower(): item for item in fields}
    if len(by_name) != len(fields):
        raise ValueError(f"{name} has two fields of the same name.")
    return SObject(
        name,
        label,
        key_prefix,
        fields,
        createable,
        updateable,
        deletable,
        history,
        tracked or {},
        by_name,
        {item.relationship.lower(): item for item in fields if item.relationship},
    )


def text(name: str, length: int = 255, *, kind: Kind = Kind.STRING, required: bool = False) -> Field:
    """A text of up to `length` characters."""
    return Field(name, kind, length=length, nillable=not required)


def long_text(name: str, length: int = 32_000) -> Field:
    """A long text area, which SOQL can neither filter nor sort by."""
    return Field(name, Kind.TEXTAREA, length=length, filterable=False)


def choice(
    name: str,
    *values: str,
    restricted: bool = False,
    required: bool = False,
    default: str | None = None,
    kind: Kind = Kind.PICKLIST,
) -> Field:
    """A picklist. Only a restricted one refuses values that are not on the list."""
    return Field(
        name,
        kind,
        length=255,
        nillable=not required,
        values=values,
        restricted=restricted,
        default=default,
    )


def check(name: str, *, default: bool = False) -> Field:
    """A checkbox, never null."""
    return Field(name, Kind.BOOLEAN, nillable=False, default=default)


def number(name: str, *, kind: Kind = Kind.DOUBLE, precision: int = 18, scale: int = 0) -> Field:
    """A number with `precision` digits, `scale` of them behind the point."""
    return Field(name, kind, precision=precision, scale=scale)


def whole(name: str) -> Field:
    """A standard integer field."""
    return Field(name, Kind.INT, precision=9)


def day(name: str, *, required: bool = False) -> Field:
    """A date without a time."""
    return Field(name, Kind.DATE, nillable=not required)


def moment(name: str) -> Field:
    """A datetime, to the second."""
    return Field(name, Kind.DATETIME)


def link(name: str, *references: str, relationship: str = "", required: bool = False) -> Field:
    """A lookup. The relationship is the name without `Id`, or with `__r` for a custom one."""
    default = f"{name.removesuffix('__c')}__r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name,
        Kind.REFERENCE,
        length=18,
        nillable=not required,
        references=references,
        relationship=(relationship or default) if references else "",
    )
