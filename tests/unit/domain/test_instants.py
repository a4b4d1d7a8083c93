"""Time as whole microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.domain.instants import (
    EARLIEST,
    HOUR,
    LATEST,
    SECOND,
    from_us,
    iso,
    local_date,
    parse_instant,
    to_us,
)

BERLIN = ZoneInfo("Europe/Berlin")
instants = st.integers(EARLIEST, LATEST - 1)


@given(instants)
def test_an_instant_survives_text_and_datetime(at):
    assert parse_instant(iso(at), BERLIN) == to_us(from_us(at)) == at


@given(instants)
def test_an_instant_is_the_same_in_every_zone(at):
    assert to_us(from_us(at).astimezone(timezone(timedelta(hours=-11)))) == at


@given(instants, instants)
def test_text_sorts_like_time_to_the_second(one, other):
    one, other = one - one % SECOND, other - other % SECOND

    assert (iso(one) < iso(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-02T09:30:00Z", "2026-03-02T09:30:00+00:00"),
        ("2026-03-02T09:30:00.000+0000", "2026-03-02T09:30:00+00:00"),
        ("2026-03-02T09:30:00.123456+02:00", "2026-03-02T07:30:00.123456+00:00"),
        ("2026-03-02T09:30:00", "2026-03-02T08:30:00+00:00"),
        ("2026-07-02", "2026-07-01T22:00:00+00:00"),
        ("2026-01-02", "2026-01-01T23:00:00+00:00"),
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00+00:00"),  # an hour that Berlin's clocks skip
    ],
)
def test_dates_and_local_times_are_read_in_the_definitions_zone(text, utc):
    assert from_us(parse_instant(text, BERLIN)) == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    "text", ["", "soon", "02.03.2026", "2026-13-01", "2026-02-30", "1767225600000", "2026-03-02T25:00:00Z"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        parse_instant(text, BERLIN)


@pytest.mark.parametrize(
    "text", ["9999-12-31", "1969-12-31", "0001-01-01", "2100-01-02", "0001-01-01T00:00:00+14:00"]
)
def test_years_that_only_a_typing_error_gives_are_refused(text):
    with pytest.raises(ValueError, match="lies outside the years 1970 to 2099"):
        parse_instant(text, BERLIN)


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="naive"):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_the_day_of_an_instant_is_that_of_the_zone():
    late = to_us(datetime(2026, 1, 1, 23, 30, tzinfo=UTC))

    assert (local_date(late, BERLIN), local_date(late, ZoneInfo("UTC"))) == ("2026-01-02", "2026-01-01")
    assert local_date(late + HOUR, ZoneInfo("America/New_York")) == "2026-01-01"


def test_whole_seconds_have_no_fraction():
    assert (iso(0), iso(1)) == ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z")
