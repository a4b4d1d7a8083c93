"""What all documents share: unknown keys are refused, nothing is converted, and words of a file keep their kind.

Documents are the shape of the YAML files and nothing more. They never travel inwards: `compile.py` turns them
into domain values. Their descriptions become the editor's help through the JSON Schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

Scalar = str | float | int | bool

REFUSED = "refused"
"""The error type of our own validators: their message is already written for people."""


def refuse(text: str, hint: str = "") -> PydanticCustomError:
    """An error with a message for people; `hint` says what to do."""
    return PydanticCustomError(REFUSED, "{text}", {"text": text, "hint": hint})


def exactly_one(document: BaseModel, keys: Iterable[str], hint: str = "") -> None:
    """Refuse a mapping that has none or several of `keys`, as they are written in a file."""
    fields = {field.alias or name: name for name, field in type(document).model_fields.items()}
    wanted = tuple(keys)
    if sum(getattr(document, fields[key]) is not None for key in wanted) != 1:
        raise refuse(f"should have exactly one of {', '.join(wanted)}", hint)


class Document(BaseModel):
    """One mapping of a file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _note_model(cls, data: Any, info: ValidationInfo) -> Any:
        """Note which model reads which mapping, so that an unknown key can be met with the known ones."""
        if isinstance(info.context, dict) and isinstance(data, dict):
            info.context[id(data)] = cls
        return data

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys as they are written in a file."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())


def _words(pattern: str, says: str, longest: int = 255) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if not isinstance(value, str):
            hint = "Put it in quotes." if isinstance(value, (bool, int, float)) else ""
            raise refuse(f"should be {says}", hint)
        if len(value) > longest:
            raise refuse(f"should be at most {longest} characters long")
        if not compiled.fullmatch(value):
            raise refuse(f"should be {says}")
        return value

    return check


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


_ID = "[a-z][a-z0-9_]{0,59}"
_FIELD = "[A-Za-z][A-Za-z0-9_]{0,99}"
_PATH = rf"{_FIELD}(?:\.{_FIELD}){{0,5}}"
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s.]+"
_DOMAIN = r"[^@\s.]+(?:\.[^@\s.]+)+"

Text = Annotated[
    str,
    PlainValidator(_words(r"(?s:.*\S.*)", "text", 2000)),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
"""Any text that is not blank."""

Id = Annotated[
    str,
    PlainValidator(_words(_ID, "a name of lower-case letters, digits and _, such as `pricing_page`", 60)),
    _schema(_ID),
]
"""A name that the admin makes up: of a rule, a stage, a fact, an activity type."""

_VALUE_NAME = "[a-z][a-z0-9_]{0,79}"
ValueName = Annotated[
    str,
    PlainValidator(
        _words(_VALUE_NAME, "the name of a computed value, such as `score` or `mql_first_at`", 80)
    ),
    _schema(_VALUE_NAME),
]
"""A computed value. Longer than an id, since many are made of one: `engagement_at_mql`."""

ObjectName = Annotated[
    str,
    PlainValidator(_words(_FIELD, "the name of a CRM object, such as `Lead` or `Visit__c`")),
    _schema(_FIELD),
]
FieldName = Annotated[
    str,
    PlainValidator(_words(_FIELD, "the API name of one CRM field, such as `Lead_Score__c`")),
    _schema(_FIELD),
]
FieldPath = Annotated[
    str,
    PlainValidator(_words(_PATH, "the API name of a CRM field, such as `Title` or `Account.Industry`")),
    _schema(_PATH),
]
CrmObject = Annotated[
    str,
    PlainValidator(_words(rf"[a-z]+\.{_FIELD}", "a CRM and an object, such as `salesforce.Lead`")),
    _schema(rf"[a-z]+\.{_FIELD}"),
]
Email = Annotated[str, PlainValidator(_words(_EMAIL, "the e-mail address of a CRM user")), _schema(_EMAIL)]
DomainName = Annotated[
    str, PlainValidator(_words(_DOMAIN, "a mail domain, such as `example.com`")), _schema(_DOMAIN)
]


def _scalar(value: Any) -> Scalar:
    if isinstance(value, str) and len(value) > 1000:
        raise refuse("should be at most 1000 characters long")
    if isinstance(value, (str, bool, int, float)):
        return value
    raise refuse("should be text, a number, true or false")


Value = Annotated[Scalar, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""A value to compare with."""


def _points(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse("should be a number")
    if not -1_000_000 <= value <= 1_000_000:
        raise refuse("should lie between -1,000,000 and 1,000,000")
    return float(value)


Points = Annotated[float, PlainValidator(_points), WithJsonSchema({"type": "number"})]

Times = Annotated[int, Field(ge=1, le=1000)]
"""How often something may happen, or must."""

_PERCENT = re.compile(r"(100|[1-9]?[0-9])(?:\.([0-9]{1,3}))?%")


def _share(value: Any) -> float | int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found is None or float(found[0][:-1]) > 100:
        raise refuse("should be a share such as `20%`, or a whole number")
    return float(found[0][:-1]) / 100


Share = Annotated[
    float | int,
    PlainValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3})?%$"},
            ]
        }
    ),
]
"""A float for a share (0.2 for 20%), an int for a number."""


def _version(value: Any) -> int:
    if value != 1 or isinstance(value, bool):
        raise refuse("should be 1, the version of the format that this program reads")
    return 1


Version = Annotated[
    int,
    PlainValidator(_version),
    WithJsonSchema({"const": 1}),
    Field(description="Version of the file format: 1."),
]
