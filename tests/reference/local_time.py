"""Calendar units and business time on the definition's own clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from leadledger.domain.instants import MINUTE, from_us, to_us
from leadledger.domain.lifecycle import BusinessHours
from leadledger.domain.scoring import Calendar


def together(per: Calendar | int, earlier_us: int, t_us: int, zone: ZoneInfo) -> bool:
    """Whether an earlier instant lies in the span `(t - per, t]`, or in the calendar unit of t."""
    if not isinstance(per, Calendar):
        return earlier_us > t_us - per
    if per is Calendar.EVER:
        return True
    one, other = (from_us(at).astimezone(zone).date() for at in (earlier_us, t_us))
    if per is Calendar.DAY:
        return one == other
    if per is Calendar.WEEK:
        return _monday(one) == _monday(other)
    return (one.year, one.month) == (other.year, other.month)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def after_business(start_us: int, span: int, hours: BusinessHours, zone: ZoneInfo) -> int:
    """The first instant by which `span` of business time has passed since `start_us`."""
    day = from_us(start_us).astimezone(zone).date()
    left = span
    while True:
        if day.weekday() in hours.days and day not in hours.holidays:
            opens = max(start_us, _instant(day, hours.begin, zone))
            closes = _instant(day, hours.end, zone)
            if closes - opens >= left:
                return opens + left
            left -= max(0, closes - opens)
        day += timedelta(days=1)


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """When the clock on the wall shows this minute of this day."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=minute // 1440)
    wall = at.replace(hour=minute % 1440 // 60, minute=minute % 60)
    return to_us(wall) // MINUTE * MINUTE
