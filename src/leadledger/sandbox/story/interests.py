"""The periods in which somebody is interested, between which they are silent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from leadledger.domain.instants import DAY, HOUR
from leadledger.sandbox.story.habits import Habit
from leadledger.sandbox.story.model import Person
from leadledger.sandbox.story.seasons import Seasons


@dataclass(frozen=True, slots=True)
class Interest:
    start_us: int
    end_us: int


def plan_interests(rng: Random, person: Person, habit: Habit, calendar: Seasons) -> list[Interest]:
    """Periods of interest; the first begins when the person was met, or at some time if that is long ago."""
    start_us = person.created_us
    if start_us < calendar.start_us:
        start_us = calendar.moment(rng, person.time_zone, calendar.start_us, calendar.until_us)
    interests: list[Interest] = []
    while start_us < calendar.until_us - HOUR and len(interests) < 5:
        length_us = int(min(150, rng.lognormvariate(2.7, 0.8)) * DAY)
        interests.append(Interest(start_us, min(start_us + length_us, calendar.until_us)))
        if rng.random() >= habit.returns:
            break
        start_us += length_us + rng.randrange(60, 300) * DAY
    return interests
