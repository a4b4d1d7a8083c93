"""How files write time: spans with a unit, calendar units, business hours, days and time zones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from leadledger.definition.documents.strict import refuse
from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND, WEEK

_UNITS: Mapping[str, int] = {
    "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "y": 365 * DAY,
}  # fmt: skip
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhdwy])")
_HINT = "Write a number and a unit: 15m, 48h, 30d, 2w or 2y."
_FINE_HINT = "Write a number and a unit: 30s, 15m or 48h."
_LONGEST = 100 * 365 * DAY


def _span(value: Any, hint: str = _HINT) -> int:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        example = "Seconds" if hint == _FINE_HINT else "Days"
        raise refuse(
            "is a span of time without a unit", f"{hint} {example} would be `{value}{example[0].lower()}`."
        )
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or (found[2] == "s" and hint != _FINE_HINT):
        raise refuse("should be a span of time", hint)
    span = int(found[1]) * _UNITS[found[2]]
    if span > _LONGEST:
        raise refuse("is longer than 100 years")
    return span


def _between(least: int, most: int, says: str, hint: str = _HINT) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        span = _span(value, hint)
        if not least <= span <= most:
            raise refuse(says)
        return span

    return check


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


Span = Annotated[int, PlainValidator(_span), _pattern("[1-9][0-9]{0,5}[mhdwy]")]
"""Microseconds, written with a unit."""

SpanOfDays = Annotated[
    int,
    PlainValidator(_between(DAY, _LONGEST, "should be a day (1d) or longer")),
    _pattern("[1-9][0-9]{0,5}[mhdwy]"),
]
"""Microseconds, at least those of a day."""

FineSpan = Annotated[
    int,
    PlainValidator(_between(SECOND, DAY, "should be a day (1d) or shorter", _FINE_HINT)),
    _pattern("[1-9][0-9]{0,5}[smhd]"),
]
"""Microseconds, at most those of a day; seconds are a unit too."""

CALENDAR = ("day", "week", "month", "ever")


def _per(value: Any) -> int | str:
    if isinstance(value, str) and value in CALENDAR:
        return value
    try:
        return _span(value)
    except PydanticCustomError as error:
        text = (error.context or {}).get("text", "")
        raise refuse(str(text), f"{_HINT} Or: {', '.join(CALENDAR)}.") from None


Per = Annotated[
    int | str,
    PlainValidator(_per),
    WithJsonSchema(
        {"anyOf": [{"enum": list(CALENDAR)}, {"type": "string", "pattern": "^[1-9][0-9]{0,5}[mhdwy]$"}]}
    ),
]
"""A calendar unit, or microseconds of a rolling span."""


@dataclass(frozen=True, slots=True)
class BusinessSpan:
    """`2 business days`, `4 business hours`; how long a business day is, the business hours say."""

    count: int
    unit: str
    """`day` or `hour`."""


_BUSINESS = re.compile(r"([1-9][0-9]{0,2}) business (day|hour)s?")


def _timer_span(value: Any) -> int | BusinessSpan:
    found = _BUSINESS.fullmatch(value) if isinstance(value, str) else None
    if found:
        return BusinessSpan(int(found[1]), found[2])
    try:
        return _span(value)
    except PydanticCustomError as error:
        text = (error.context or {}).get("text", "")
        raise refuse(str(text), f"{_HINT} Or: 2 business days, 4 business hours.") from None


TimerSpan = Annotated[
    int | BusinessSpan,
    PlainValidator(_timer_span),
    _pattern("[1-9][0-9]{0,5}[mhdwy]|[1-9][0-9]{0,2} business (?:day|hour)s?"),
]
"""Microseconds, or a number of business days or hours."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_HINT = "Write mon-fri, or a list such as [mon, tue, thu]."


def _days(value: Any) -> tuple[int, ...]:
    """Positions in the week, 0 for Monday; a range may go round (sun-thu)."""
    if isinstance(value, str):
        first, dash, last = value.partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise refuse("should be days of the week", _DAYS_HINT)
        begin = WEEKDAYS.index(first)
        count = (WEEKDAYS.index(last) - begin) % 7 if dash else 0
        return tuple(sorted((begin + n) % 7 for n in range(count + 1)))
    if not isinstance(value, tuple) or not value or not all(day in WEEKDAYS for day in value):
        raise refuse("should be days of the week", _DAYS_HINT)
    if len({*value}) < len(value):
        raise refuse("names a day twice")
    return tuple(sorted(WEEKDAYS.index(str(day)) for day in value))


Days = Annotated[
    tuple[int, ...],
    PlainValidator(_days),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^(?:{'|'.join(WEEKDAYS)})(?:-(?:{'|'.join(WEEKDAYS)}))?$"},
                {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1},
            ]
        }
    ),
]
"""Days of the week, 0 for Monday."""


def _time_of_day(value: Any) -> int:
    found = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])|24:00", value) if isinstance(value, str) else None
    if found is None:
        raise refuse("should be a time of day", 'Write "09:00", at most "24:00".')
    return 24 * 60 if found[1] is None else int(found[1]) * 60 + int(found[2])


TimeOfDay = Annotated[int, PlainValidator(_time_of_day), _pattern("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")]
"""Minutes since midnight."""


def _day(value: Any) -> date:
    try:
        if isinstance(value, str) and re.fullmatch("(?:19[7-9]|20[0-9])[0-9]-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise refuse("should be a day", "Write 2026-12-25, of the years 1970 to 2099.")


Day = Annotated[date, PlainValidator(_day), _pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}")]


def _time_zone(value: Any) -> str:
    try:
        return ZoneInfo(value if isinstance(value, str) else "").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refuse("should be a time zone of the IANA list", "For example Europe/Berlin or UTC.") from None


TimeZone = Annotated[str, PlainValidator(_time_zone), WithJsonSchema({"type": "string"})]
