"""When things happen: weekdays, working hours in the person's time zone, holidays and campaign peaks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND, to_us

_EPOCH = date(1970, 1, 1)
_SATURDAY, _SUNDAY = 5, 6

# Share of activity per local hour, 0-23.
_OFFICE = (0, 0, 0, 0, 0, 0, 1, 4, 11, 15, 16, 14, 7, 10, 15, 15, 12, 8, 4, 2, 2, 2, 1, 0)
_EVENING = (3, 1, 0, 0, 0, 0, 0, 1, 2, 4, 6, 6, 5, 6, 7, 7, 8, 9, 10, 13, 16, 17, 14, 8)
OFFICE_HOURS = tuple(accumulate(_OFFICE))
EVENING_HOURS = tuple(accumulate(_EVENING))


@lru_cache(maxsize=65_536)
def local_midnight_us(zone: str, day: int) -> int:
    """The instant at which a local day (days since 1970-01-01) begins in a zone."""
    return to_us(datetime.combine(_EPOCH + timedelta(days=day), time(), tzinfo=ZoneInfo(zone)))


def local_day(zone: str, at_us: int) -> int:
    """The calendar day (days since 1970-01-01) of an instant in a zone."""
    day = at_us // DAY
    if local_midnight_us(zone, day + 1) <= at_us:
        return day + 1
    return day - (local_midnight_us(zone, day) > at_us)


def weekday(day: int) -> int:
    """0 is Monday. 1970-01-01 was a Thursday."""
    return (day + 3) % 7


@dataclass(frozen=True, slots=True)
class Seasons:
    """How busy each day between two instants is, as running sums."""

    start_us: int
    until_us: int
    running: tuple[float, ...]

    def day(self, rng: Random, low_us: int, high_us: int) -> int:
        """A day between two instants, busy days more often."""
        first = self.start_us // DAY
        low = max(low_us, self.start_us) // DAY - first
        high = min(max(high_us, low_us), self.until_us) // DAY - first
        below = self.running[low - 1] if low > 0 else 0.0
        point = below + rng.random() * (self.running[high] - below)
        return first + min(bisect_right(self.running, point, low, high), high)

    def moment(
        self, rng: Random, zone: str, low_us: int, high_us: int, hours: tuple[int, ...] = OFFICE_HOURS
    ) -> int:
        """An instant between two instants, at a likely hour of a likely day where the person lives.

        Spans too short to hold such an hour give an instant near their beginning.
        """
        high_us = min(high_us, self.until_us)
        for _ in range(4):
            day = self.day(rng, low_us, high_us)
            hour = bisect_right(hours, rng.random() * hours[-1])
            at_us = local_midnight_us(zone, day) + hour * HOUR + int(rng.random() * 3600_000) * 1000
            if low_us <= at_us <= high_us:
                return at_us
        return low_us + int(rng.random() * max(0, min(high_us - low_us, 2 * HOUR)))


def seasons(start_us: int, until_us: int, peaks_us: Iterable[int]) -> Seasons:
    """The calendar of a market: weekends quiet, August and the end of December quiet, campaign days busy."""
    busy = {at_us // DAY + offset for at_us in peaks_us for offset in (-1, 0, 1)}
    weights = []
    first, last = start_us // DAY, until_us // DAY
    for day in range(first, last + 1):
        weight = 0.08 if weekday(day) in (_SATURDAY, _SUNDAY) else 1.0
        when = _EPOCH + timedelta(days=day)
        if when.month == 8:
            weight *= 0.5
        if (when.month, when.day) >= (12, 18) or (when.month, when.day) <= (1, 4):
            weight *= 0.2
        if day in busy:
            weight *= 1.9
        # The market grows by about a third over the two years.
        weights.append(weight * (1 + 0.33 * (day - first) / max(1, last - first)))
    return Seasons(start_us, until_us, tuple(accumulate(weights)))


def next_working_us(rng: Random, zone: str, after_us: int, hours_later: float) -> int:
    """An instant in working hours (Monday to Friday, 9 to 17 local), at least so many working hours later."""
    day = local_day(zone, after_us)
    left_us = int(hours_later * HOUR) + rng.randrange(40) * MINUTE + rng.randrange(60) * SECOND
    while True:
        opens_us = local_midnight_us(zone, day) + 9 * HOUR
        begin_us = max(opens_us, after_us)
        room_us = opens_us + 8 * HOUR - begin_us
        if weekday(day) < _SATURDAY and room_us > 0:
            if left_us < room_us:
                return begin_us + left_us
            left_us -= room_us
        day += 1
