"""How HubSpot writes instants: milliseconds since 1970 inside, `2026-03-02T09:30:00.000Z` outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
DAY_MS = 86_400_000
_FURTHEST_MS = 62_135_596_800_000
"""The year 1, counted back from 1970: what Python's calendar can hold on the shorter side."""


def stamp(at_ms: int) -> str:
    """The text form of an instant, always with three decimals and `Z`."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"


def instant_ms(text: str) -> int:
    """Milliseconds of an ISO-8601 date, datetime (UTC without offset) or epoch-millisecond text.

    Anything below a millisecond is cut, as HubSpot's search does. Raises ValueError for other text.
    """
    if text.lstrip("-").isdecimal():
        number = int(text)
        if abs(number) > _FURTHEST_MS:
            raise ValueError(f"{text} ms lies outside the calendar")
        return number
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


def is_day(text: str) -> bool:
    """Whether the text is a calendar day `YYYY-MM-DD`."""
    if len(text) != 10:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def day_of(at_ms: int) -> str:
    """The UTC calendar day of an instant in milliseconds."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).date().isoformat()


def normal_stamp(text: str) -> str:
    """Any accepted form of an instant in HubSpot's own text form. Raises ValueError."""
    if len(text) == 24 and text[-1] == "Z" and text[19] == ".":
        return text
    return stamp(instant_ms(text))
