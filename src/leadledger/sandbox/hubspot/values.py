"""Which property values HubSpot takes, and the text that it stores for them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.errors import BadValue, invalid
from leadledger.sandbox.hubspot.stamps import DAY_MS, day_of, instant_ms, is_day, stamp

LONGEST_TEXT = 65_536  # characters of a string property (properties guide)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")

IsOwner = Callable[[str], bool]
"""Whether an id belongs to an owner that is not deactivated."""


def as_texts(properties: object, *, null: str, number: str) -> dict[str, str]:
    """The `properties` of a body as texts; `null` and `number` are the switches of the same names.

    Raises 400 for anything that is no flat object of values.
    """
    if not isinstance(properties, dict):
        raise invalid("Invalid input JSON: properties must be an object of names and string values.")
    texts: dict[str, str] = {}
    for name, value in properties.items():
        if isinstance(value, str):
            texts[name] = value
        elif value is None:
            if null == "400":
                raise invalid(f"Invalid input JSON: the value of {name} must not be null.")
            if null == "clears":
                texts[name] = ""
        elif isinstance(value, (bool, int, float)) and number == "accepted":
            texts[name] = str(value).lower() if isinstance(value, bool) else repr(value)
        else:
            raise invalid(
                f"Invalid input JSON: Cannot deserialize the value of {name}: a string is expected."
            )
    return texts


def check_all(
    definitions: Mapping[str, JsonObject],
    changes: Mapping[str, str],
    current: Mapping[str, str],
    is_owner: IsOwner,
) -> tuple[dict[str, str], list[BadValue]]:
    """The values as they would be stored, and everything that is wrong with the others."""
    good: dict[str, str] = {}
    bad: list[BadValue] = []
    for name, text in changes.items():
        definition = definitions.get(name)
        if definition is None or definition["archived"]:
            bad.append(BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif definition["modificationMetadata"]["readOnlyValue"]:
            bad.append(
                BadValue(
                    name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
                )
            )
        else:
            checked = stored_text(definition, text, current.get(name) or "", is_owner)
            if isinstance(checked, BadValue):
                bad.append(checked)
            else:
                good[name] = checked
    return good, bad


def stored_text(definition: JsonObject, text: str, current: str, is_owner: IsOwner) -> str | BadValue:
    """The text that HubSpot keeps for a value of a property, or why it takes none. Empty text clears."""
    text = text.strip() if definition["type"] != "string" else text
    if not text:
        return ""
    kind = definition["type"]
    if definition.get("referencedObjectType") == "OWNER":
        return _owner(definition, text, is_owner)
    if kind == "number":
        return _number(definition, text)
    if kind in {"date", "datetime"}:
        return _instant(definition, text)
    if kind in {"enumeration", "bool"}:
        return _option(definition, text, current)
    return _string(definition, text)


def _owner(definition: JsonObject, text: str, is_owner: IsOwner) -> str | BadValue:
    if is_owner(text):
        return text
    return BadValue(
        definition["name"], "INVALID_OWNER_ID", f"Owner {text} does not exist or has been deactivated"
    )


def _number(definition: JsonObject, text: str) -> str | BadValue:
    try:
        finite = math.isfinite(float(text)) and "_" not in text
    except ValueError:
        finite = False
    if finite:
        return text
    return BadValue(definition["name"], "INVALID_INTEGER", f"{text} was not a valid number.")


def _instant(definition: JsonObject, text: str) -> str | BadValue:
    name, is_date = definition["name"], definition["type"] == "date"
    if is_date and is_day(text):
        return text
    try:
        at = instant_ms(text)
        written = stamp(at)
    except (ValueError, OverflowError):
        code = "INVALID_DATE" if is_date else "INVALID_LONG"
        return BadValue(name, code, f"{text} was not a valid {'date' if is_date else 'long'}.")
    if not is_date:
        return written
    if at % DAY_MS:
        return BadValue(name, "INVALID_DATE", f"{text} is at {written}, not at midnight UTC.")
    return day_of(at)


def _option(definition: JsonObject, text: str, current: str) -> str | BadValue:
    allowed = {option["value"] for option in definition["options"]}
    # Only checkboxes hold several values: `a;b`, and a leading `;` appends (properties guide).
    if definition["fieldType"] != "checkbox":
        wanted = [text]
    else:
        wanted = [value for value in text.split(";") if value]
        if text.startswith(";"):
            wanted = list(dict.fromkeys([*(value for value in current.split(";") if value), *wanted]))
    for value in wanted:
        if value not in allowed:
            listed = ", ".join(option["value"] for option in definition["options"])
            return BadValue(
                definition["name"],
                "INVALID_OPTION",
                f"{value} was not one of the allowed options: [{listed}]",
            )
    return ";".join(wanted)


def _string(definition: JsonObject, text: str) -> str | BadValue:
    name = definition["name"]
    if name == "email" and definition["hubspotDefined"]:
        address = text.strip().lower()
        if _EMAIL.fullmatch(address):
            return address
        return BadValue(name, "INVALID_EMAIL", f"Email address {text} is invalid")
    if len(text) > LONGEST_TEXT:
        return BadValue(
            name, "VALUE_TOO_LONG", f"{name} has {len(text)} characters, the most allowed are {LONGEST_TEXT}."
        )
    return text
