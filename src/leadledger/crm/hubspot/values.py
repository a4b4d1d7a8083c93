"""Brings values into HubSpot's own text form before a write, and compares what came back with what was sent.

HubSpot refuses a whole batch for one bad value, so every value is checked against the property's definition
before it leaves (facts, sections 4 and 7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.hubspot.rows import UnusableError, instant, text
from leadledger.domain.instants import from_us, local_date, parse_instant
from leadledger.ports import FieldInfo

LONGEST_PROPERTY = 65_536
LARGEST_EXPONENT = 30
"""A number beyond 10^30 is a mistake, and its plain digits could fill a page."""

_KINDS = {
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "enumeration": "picklist",
}


def field_infos(properties: Sequence[Mapping[str, Any]]) -> dict[str, FieldInfo]:
    """What HubSpot's property definitions say, by name."""
    found: dict[str, FieldInfo] = {}
    for one in properties:
        name = str(one.get("name", ""))
        kind = _KINDS.get(str(one.get("type")), "text")
        options = one.get("options") if isinstance(one.get("options"), list) else []
        if kind == "picklist" and (one.get("referencedObjectType") or one.get("externalOptions")):
            # The options of an owner property are the owners, which do not stand in the definition.
            kind, options = "reference", []
        metadata = one.get("modificationMetadata")
        read_only = bool(metadata.get("readOnlyValue")) if isinstance(metadata, Mapping) else False
        found[name] = FieldInfo(
            name=name,
            kind=kind,
            writable=not (read_only or one.get("calculated")),
            length=LONGEST_PROPERTY if kind == "text" else 0,
            values=tuple(str(option.get("value")) for option in options or () if isinstance(option, Mapping)),
        )
    return found


def to_hubspot(value: str | None, info: FieldInfo | None, name: str, zone: ZoneInfo) -> str:
    """The text that is sent. An empty text clears; null is undocumented. Raises UnusableError with the reason."""
    if info is None:
        msg = f"{name} does not exist in this HubSpot account"
        raise UnusableError(msg)
    if not info.writable:
        msg = f"{name} is read-only in HubSpot"
        raise UnusableError(msg)
    given = text(value, name)
    if not given:
        return ""
    match info.kind:
        case "number":
            return _number(given, name)
        case "boolean":
            if given.lower() in {"true", "false"}:
                return given.lower()
            msg = f"{name} takes true or false"
            raise UnusableError(msg)
        case "datetime":
            moment = from_us(_instant(given, name, zone)).astimezone(UTC)
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        case "date":
            return _date(given, name, zone)
        case "picklist":
            return _options(given, info)
        case _:
            if info.length and len(given) > info.length:
                msg = f"{name} takes at most {info.length:,} characters"
                raise UnusableError(msg)
            return given


def is_same(sent: str, came: Any, info: FieldInfo, zone: ZoneInfo) -> bool:
    """Whether a value in an answer is the one that was sent, in whatever spelling HubSpot gives it back."""
    try:
        got = text(came, info.name) or ""
        if got == sent:
            return True
        if not got or not sent:
            return False
        match info.kind:
            case "number":
                return _number(got, info.name) == sent
            case "datetime":
                return instant(got, info.name, zone) == instant(sent, info.name, zone)
            case "date":
                return got[:10] == sent
            case "boolean":
                return got.lower() == sent
            case "picklist":
                return set(got.split(";")) == set(sent.split(";"))
            case _:
                return got.strip() == sent.strip()
    except UnusableError:
        return False


def _number(given: str, name: str) -> str:
    try:
        number = Decimal(given.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT:
        msg = f"{name} takes a number"
        raise UnusableError(msg)
    return "0" if not number else format(number.normalize(), "f")


def _date(given: str, name: str, zone: ZoneInfo) -> str:
    # As a day and never as an epoch: HubSpot takes only midnight UTC there, which is another day elsewhere.
    if len(given) == 10:
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            msg = f"{name} takes a date like 2026-03-02"
            raise UnusableError(msg) from None
    return local_date(_instant(given, name, zone), zone)


def _instant(given: str, name: str, zone: ZoneInfo) -> int:
    try:
        return parse_instant(given, zone)
    except ValueError:
        msg = f"{name} takes an instant between 1970 and 2099, like 2026-03-02T09:30:00Z"
        raise UnusableError(msg) from None


def _options(given: str, info: FieldInfo) -> str:
    if not info.values:
        return given
    unknown = [one for one in given.split(";") if one not in info.values]
    if unknown:
        msg = f"{info.name} does not have this option. Add it in HubSpot or map it in writeback.yaml"
        raise UnusableError(msg)
    return given
