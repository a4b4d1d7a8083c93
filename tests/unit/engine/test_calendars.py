"""The definition's clock as tables: local time over changes of the clock, and the stretches of business time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from builders import a_definition
from leadledger.domain.instants import HOUR, MINUTE, SECOND, to_us
from leadledger.domain.lifecycle import BusinessHours, Lifecycle, Stage, TimerTrigger
from leadledger.domain.scoring import Calendar
from leadledger.engine.calendars import business_stretches, zone_offsets
from leadledger.engine.fold.clock import after_business_time, local_day, month_of, same_unit
from leadledger.engine.program import compile_program, limit_numbers
from leadledger.engine.tables import NEVER, Program

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "UTC",
)
OFFICE = BusinessHours()


def program(zone: str, hours: BusinessHours = OFFICE) -> Program:
    """A program with business hours."""
    timed = Stage("one", (TimerTrigger(HOUR, ("one",), business=True),))
    definition = a_definition(time_zone=ZoneInfo(zone), lifecycle=Lifecycle((timed,), business_hours=hours))
    return compile_program(definition, 0).program


def at(text: str, zone: str = "Europe/Berlin") -> int:
    """An instant by the clock on the wall."""
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_are_those_of_the_zone_at_any_instant(zone):
    clock, random = program(zone), Random(zone)
    around = [t + d for t in clock.zone_at[1:200].tolist() for d in (-SECOND, 0, SECOND)]

    for t in [*around, *(random.randint(0, 4_102_444_800) * SECOND for _ in range(500))]:
        local = datetime.fromtimestamp(t // SECOND, UTC).astimezone(ZoneInfo(zone)).date()
        assert local_day(t, clock) == (local - date(1970, 1, 1)).days


def test_every_month_of_four_centuries_has_its_number():
    day = date(1970, 1, 1)
    for number in range(0, 365 * 400, 13):
        that = day + timedelta(days=number)
        assert month_of(number) == that.year * 12 + that.month - 1


def test_a_month_before_1970_has_a_number_too():
    assert month_of(-1) == month_of(0) - 1


@pytest.mark.parametrize(
    ("unit", "one", "other", "same"),
    [
        (Calendar.DAY, "2026-03-29 00:00", "2026-03-29 23:59", True),  # a day of 23 hours
        (Calendar.DAY, "2026-03-29 23:59", "2026-03-30 00:00", False),
        (Calendar.DAY, "2026-10-25 00:00", "2026-10-25 23:59", True),  # a day of 25 hours
        (Calendar.WEEK, "2026-03-23 00:00", "2026-03-29 23:59", True),
        (Calendar.WEEK, "2026-03-29 23:59", "2026-03-30 00:00", False),
        (Calendar.MONTH, "2026-02-28 23:59", "2026-03-01 00:00", False),
        (Calendar.MONTH, "2026-03-01 00:00", "2026-03-31 23:59", True),
        (Calendar.MONTH, "2026-03-15 00:00", "2027-03-15 00:00", False),
        (Calendar.EVER, "1971-01-01 00:00", "2099-01-01 00:00", True),
    ],
)
def test_a_unit_of_the_calendar_follows_the_clock_on_the_wall(unit, one, other, same):
    assert same_unit(at(one), at(other), limit_numbers(unit)[0], program("Europe/Berlin")) is same


@pytest.mark.parametrize(
    ("since", "hours", "due"),
    [
        ("2026-01-05 09:00", 8, "2026-01-05 17:00"),  # a Monday; the end of a day is that day's
        ("2026-01-05 09:00", 9, "2026-01-06 10:00"),
        ("2026-01-05 06:00", 1, "2026-01-05 10:00"),
        ("2026-01-05 17:00", 1, "2026-01-06 10:00"),
        ("2026-01-05 20:00", 1, "2026-01-06 10:00"),
        ("2026-01-09 16:30", 1, "2026-01-12 09:30"),  # over a weekend
        ("2026-01-10 12:00", 8, "2026-01-12 17:00"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),  # over the clock's spring change
        ("2026-10-23 16:00", 2, "2026-10-26 10:00"),
        ("2026-04-30 16:00", 2, "2026-05-04 10:00"),  # May 1 is a holiday
        ("2026-01-05 09:00", 40, "2026-01-09 17:00"),
        ("2026-01-05 09:00", 41, "2026-01-12 10:00"),
    ],
)
def test_business_time_runs_in_business_hours_only(since, hours, due):
    hours_of = BusinessHours(holidays=(date(2026, 5, 1),))

    assert after_business_time(at(since), hours * HOUR, program("Europe/Berlin", hours_of)) == at(due)


def test_a_night_that_is_an_hour_short_gives_an_hour_less_of_business_time():
    always = program("Europe/Berlin", BusinessHours(tuple(range(7)), 0, 24 * 60))

    assert after_business_time(at("2026-03-29 00:00"), 23 * HOUR, always) == at("2026-03-30 00:00")
    assert after_business_time(at("2026-10-25 00:00"), 25 * HOUR, always) == at("2026-10-26 00:00")


@pytest.mark.parametrize("zone", ZONES)
def test_business_time_is_that_of_a_count_by_minutes(zone):
    hours = BusinessHours((0, 2, 4, 5, 6), 0, 4 * 60, (date(2026, 4, 5),))
    clock, random = program(zone, hours), Random(zone)
    begin = to_us(datetime(2026, 3, 6, tzinfo=UTC))
    open_minutes = [
        t
        for t in range(begin, begin + 40 * 24 * HOUR, MINUTE)
        for local in [datetime.fromtimestamp(t // SECOND, UTC).astimezone(ZoneInfo(zone))]
        if local.weekday() in hours.days and local.hour < 4 and local.date() not in hours.holidays
    ]
    for _ in range(40):
        since = begin + random.randint(0, 20 * 24 * 60) * MINUTE
        span = random.randint(1, 24 * 60)
        left = [t for t in open_minutes if t >= since]
        assert after_business_time(since, span * MINUTE, clock) == left[span - 1] + MINUTE


def test_stretches_follow_each_other_and_their_sum_is_what_lies_before():
    table = business_stretches(a_definition(lifecycle=Lifecycle(business_hours=OFFICE)), wanted=True)
    begins, ends, before = (table[name].tolist() for name in ("open_from", "open_until", "open_before"))

    assert all(begin < end for begin, end in zip(begins, ends, strict=True))
    assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))
    assert all(b - a == e - s for (a, b), s, e in zip(pairwise(before), begins, ends, strict=False))


def test_where_nobody_asks_for_business_time_there_is_no_table():
    assert all(len(column) == 0 for column in business_stretches(a_definition(), wanted=False).values())


def test_business_that_never_opens_never_ends():
    holidays = BusinessHours(days=())

    assert after_business_time(at("2026-01-05 09:00"), HOUR, program("Europe/Berlin", holidays)) == NEVER


def test_beyond_the_table_nothing_is_ever_due():
    assert after_business_time(at("2099-12-31 09:00"), 10**6 * HOUR, program("Europe/Berlin")) == NEVER


def test_changes_of_the_clock_are_found_on_their_quarter_of_an_hour():
    moments, offsets = zone_offsets(ZoneInfo("Europe/Berlin"))

    found = dict(zip(moments.tolist(), offsets.tolist(), strict=True))
    assert found[to_us(datetime(2026, 3, 29, 1, tzinfo=UTC))] == 2 * HOUR
    assert found[to_us(datetime(2026, 10, 25, 1, tzinfo=UTC))] == HOUR
