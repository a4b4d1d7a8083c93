"""Turns HubSpot's records into rows: texts checked, instants as microseconds, and the reason when one is unusable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.domain.instants import EARLIEST, LATEST, parse_instant
from leadledger.domain.records import RecordRef
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Rejected, Stream

LONGEST_TEXT = 131_072
"""Twice what a HubSpot property holds (65,536 characters): anything longer is not a field value."""
MILLISECOND = 1000


class UnusableError(ValueError):
    """A value that makes its row unusable; the text says which field and why, never the value."""


def text(value: object, name: str) -> str | None:
    """A property value as text, or None. Raises UnusableError for what a store or a CRM cannot hold."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        if not isinstance(value, (int, float)):
            msg = f"{name} is not a text"
            raise UnusableError(msg)
        value = str(value)
    if len(value) > LONGEST_TEXT:
        msg = f"{name} is longer than {LONGEST_TEXT:,} characters"
        raise UnusableError(msg)
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        msg = f"{name} holds half a character (a lone surrogate)"
        raise UnusableError(msg)
    if "\x00" in value:
        msg = f"{name} holds a NUL character"
        raise UnusableError(msg)
    return value


def instant(value: object, name: str, zone: ZoneInfo) -> int | None:
    """Microseconds of a HubSpot time: ISO-8601, epoch milliseconds, or a date (its 00:00 in `zone`)."""
    given = text(value, name)
    if not given:
        return None
    try:
        is_epoch = given.lstrip("-").isdecimal()
        instant_us = int(given) * MILLISECOND if is_epoch else parse_instant(given, zone)
    except (ValueError, OverflowError):
        instant_us = -1
    if not EARLIEST <= instant_us < LATEST:
        msg = f"{name} is not an instant between 1970 and 2099"
        raise UnusableError(msg)
    return instant_us


def flag(value: object) -> bool:
    """A HubSpot boolean; an empty one is false."""
    return str(value).lower() == "true"


def fields(stream: Stream, properties: Mapping[str, Any], zone: ZoneInfo) -> dict[str, str | int | None]:
    """The columns of a stream's own fields from a record's properties."""
    return {
        name: instant(properties.get(name), name, zone)
        if name in stream.instants
        else text(properties.get(name), name)
        for name in stream.fields
    }


def tombstone(stream: Stream, id_: str, modified_us: int, **columns: str) -> dict[str, Any]:
    """The row of a record that is gone."""
    fixed = {**COMMON_COLUMNS, **COLUMNS[stream.kind]}
    empty = {name: False if kind == "BOOLEAN" else None for name, kind in fixed.items()}
    return {
        **empty,
        **dict.fromkeys(stream.fields),
        "id": id_,
        "modified_us": modified_us,
        "deleted": True,
        **columns,
    }


def rejected(stream: Stream, id_: str, reason: str) -> Rejected:
    """A row that cannot be used."""
    return Rejected(RecordRef(stream.crm, stream.name, id_), reason)
