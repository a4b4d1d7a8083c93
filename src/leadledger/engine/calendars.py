"""Tables of the definition's clock for the fold: local time, and the stretches of business time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, MINUTE, SECOND, to_us
from leadledger.domain.lifecycle import BusinessHours

_FIRST, _LAST = date(1970, 1, 1), date(2101, 1, 1)
_QUARTER = 900


@cache
def zone_offsets(zone: ZoneInfo) -> tuple[Any, Any]:
    """From when on the local clock is so many microseconds ahead of UTC; two int64 arrays, for 1970 to 2100.

    Days are looked at first, and inside a day that changes the clock its quarters of an hour: no zone changes
    elsewhere.
    """
    at, offsets = [-DAY], [_offset(0, zone)]
    for day in range((_LAST - _FIRST).days):
        begin = day * 86_400
        if _offset(begin + 86_400, zone) == offsets[-1] and _offset(begin + 43_200, zone) == offsets[-1]:
            continue
        for second in range(begin, begin + 86_400 + 1, _QUARTER):
            now = _offset(second, zone)
            if now != offsets[-1]:
                at.append(second * SECOND)
                offsets.append(now)
    return np.array(at, np.int64), np.array(offsets, np.int64)


def _offset(second: int, zone: ZoneInfo) -> int:
    ahead = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset() or timedelta()
    return ahead // timedelta(microseconds=1)


def business_stretches(definition: Definition, *, wanted: bool) -> dict[str, Any]:
    """The arrays `open_from`, `open_until`, `open_before` of `Program`; empty where nobody asks for them."""
    if not wanted:
        nothing = np.zeros(0, np.int64)
        return {"open_from": nothing, "open_until": nothing, "open_before": nothing}
    begins, ends = _stretches(definition.lifecycle.business_hours, definition.time_zone)
    before = np.concatenate([[0], np.cumsum(ends - begins)[:-1]])
    return {"open_from": begins, "open_until": ends, "open_before": before.astype(np.int64)}


@cache
def _stretches(hours: BusinessHours, zone: ZoneInfo) -> tuple[Any, Any]:
    """Begin and end of business on every open day of 1970 to 2100, int64 microseconds UTC."""
    free = set(hours.holidays)
    begins, ends = [], []
    for day in range((_LAST - _FIRST).days):
        today = _FIRST + timedelta(days=day)
        if today.weekday() in hours.days and today not in free:
            begins.append(_instant(today, hours.begin, zone))
            ends.append(_instant(today, hours.end, zone))
    begins_us, ends_us = np.array(begins, np.int64), np.array(ends, np.int64)
    lasting = ends_us > begins_us
    return begins_us[lasting], ends_us[lasting]


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """The instant at which the clock of a day shows so many minutes; 24:00 is the next day's 00:00."""
    day += timedelta(days=minute // (24 * 60))
    clock = time(minute // 60 % 24, minute % 60, tzinfo=zone)
    return to_us(datetime.combine(day, clock)) // MINUTE * MINUTE
