"""Instants as integer microseconds since 1970 in UTC, the only form of time inside the program.

Why integers: they compare, sort and hash the same in Python, numpy, DuckDB and SQLite, and no library can
shift them by a session time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

EARLIEST = 0
"""1970-01-01: no CRM of ours is older, and an earlier date is a typing error."""
LATEST = 4_102_444_800 * SECOND
"""2100-01-01: the same at the other end (9999-12-31 is what people type for "never")."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(instant: datetime) -> int:
    """Microseconds of an aware datetime. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        msg = "a naive datetime has no place here: give it a time zone"
        raise ValueError(msg)
    return (instant - _EPOCH) // timedelta(microseconds=1)


def from_us(instant_us: int) -> datetime:
    """The aware UTC datetime of microseconds."""
    return _EPOCH + timedelta(microseconds=instant_us)


def iso(instant_us: int) -> str:
    """ISO-8601 with `Z`, to the second when nothing smaller is there: `2026-03-02T09:30:00Z`."""
    return from_us(instant_us).isoformat().replace("+00:00", "Z")


def parse_instant(text: str, zone: ZoneInfo) -> int:
    """Microseconds of an ISO-8601 date or datetime.

    A date, and a datetime without offset, are read in `zone` (a date is its 00:00 there). Raises ValueError
    for anything else and for years outside 1970-2099.
    """
    moment: datetime
    if len(text) == 10:
        moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=zone)
    else:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
    instant_us = to_us(moment)
    if not EARLIEST <= instant_us < LATEST:
        msg = f"{text} lies outside the years 1970 to 2099"
        raise ValueError(msg)
    return instant_us


def local_date(instant_us: int, zone: ZoneInfo) -> str:
    """The calendar day of an instant in `zone`, as `YYYY-MM-DD`."""
    return from_us(instant_us).astimezone(zone).date().isoformat()


def span_in_words(span_us: int) -> str:
    """A span as the definition writes it: `14d`, `36h`, `90m`, `45s`."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if span_us and span_us % unit == 0:
            return f"{span_us // unit}{name}"
    return f"{span_us // SECOND}s"
