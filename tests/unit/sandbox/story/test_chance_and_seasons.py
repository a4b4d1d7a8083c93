"""How lots are drawn and when things happen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from leadledger.domain.instants import DAY, HOUR, from_us, to_us
from leadledger.sandbox.story.chance import deck, some_of, stream, weighted
from leadledger.sandbox.story.seasons import EVENING_HOURS, local_day, next_working_us, seasons
from leadledger.sandbox.story.stamps import hubspot_stamp, salesforce_stamp

_FRIDAY_EVENING = to_us(datetime(2026, 10, 30, 19, 30, tzinfo=UTC))


def test_a_deck_holds_each_card_by_its_share_however_it_is_shuffled():
    cards = deck(Random(1), (("a", 0.5), ("b", 0.3), ("c", 0.2)), 10)

    assert Counter(cards) == {"a": 5, "b": 3, "c": 2}


def test_a_deck_of_an_odd_size_gives_the_rest_to_the_largest_remainders():
    cards = deck(Random(1), (("a", 0.5), ("b", 0.3), ("c", 0.2)), 3)

    assert Counter(cards) == {"a": 1, "b": 1, "c": 1}


def test_a_tiny_share_of_twenty_is_one_and_of_nineteen_may_be_none():
    assert len(some_of(Random(1), range(20), 0.001)) == 1
    assert len(some_of(Random(1), range(19), 0.001)) == 0


def test_topics_draw_from_streams_of_their_own():
    assert stream(1, "people").random() == stream(1, "people").random()
    assert stream(1, "people").random() != stream(1, "deals").random()


def test_a_choice_without_weight_is_never_drawn():
    rng = Random(3)

    assert {weighted(rng, (("never", 0.0), ("always", 1.0))) for _ in range(200)} == {"always"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles"])
def test_reps_answer_in_working_hours_after_the_weekend(zone):
    at_us = next_working_us(Random(1), zone, _FRIDAY_EVENING, 5.0)

    local = from_us(at_us).astimezone(ZoneInfo(zone))
    assert at_us > _FRIDAY_EVENING
    assert local.weekday() < 5
    assert 9 <= local.hour < 17


def test_a_local_day_begins_at_local_midnight():
    late = to_us(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))

    assert local_day("Europe/Berlin", late) == late // DAY + 1
    assert local_day("UTC", late) == late // DAY
    assert local_day("America/New_York", late - 20 * HOUR) == late // DAY - 1


def test_a_span_too_short_for_office_hours_gives_an_instant_within_it():
    start_us = to_us(datetime(2026, 10, 31, 2, tzinfo=UTC))
    calendar = seasons(start_us - 30 * DAY, start_us + 30 * DAY, [start_us])

    at_us = calendar.moment(Random(1), "Europe/Berlin", start_us, start_us + HOUR, EVENING_HOURS)

    assert start_us <= at_us <= start_us + HOUR


def test_stamps_have_the_form_of_each_vendor():
    at_us = to_us(datetime(2026, 9, 24, 3, 26, 7, 123_456, tzinfo=UTC))

    assert salesforce_stamp(at_us) == "2026-09-24T03:26:07.000+0000"
    assert hubspot_stamp(at_us) == "2026-09-24T03:26:07.123Z"
