"""What one person does over time: periods of interest, sessions, forms, campaigns and newsletters."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND
from leadledger.sandbox.story.habits import HABITS, Habit
from leadledger.sandbox.story.interests import Interest, plan_interests
from leadledger.sandbox.story.mailbox import open_mail
from leadledger.sandbox.story.market import Market
from leadledger.sandbox.story.model import (
    Click,
    Company,
    Journey,
    Person,
    Visit,
)
from leadledger.sandbox.story.responses import respond
from leadledger.sandbox.story.seasons import Seasons
from leadledger.sandbox.story.site import ROOT, arrival, page

_MOST_SESSIONS = 220


def travel(rng: Random, person: Person, company: Company | None, market: Market) -> Journey:
    """One person's two years."""
    habit = HABITS[person.persona]
    until_us = market.calendar.until_us
    interests = plan_interests(rng, person, habit, market.calendar)
    visits = _browse(rng, person, habit, interests, market.calendar)
    fills, responses, hot_us = respond(rng, person, habit, interests, market)
    for fill in fills:
        if fill.is_hand_raise:
            visits += _pricing_burst(rng, fill.at_us, market.calendar)
        visits.append(
            Visit(fill.at_us - rng.randrange(30, 400) * SECOND, fill.url, rng.randrange(20, 400), None)
        )
    sends, clicks, newsletters = open_mail(rng, person, company, habit, market)
    for click in clicks:
        if not click.by_scanner:
            visits.append(
                Visit(
                    click.at_us + SECOND,
                    click.url,
                    _dwell(rng, habit.dwell_s),
                    f"email:{_issue(click, market)}",
                )
            )
    first_us = market.calendar.start_us
    return Journey(
        visits=tuple(sorted((v for v in visits if first_us <= v.at_us < until_us), key=lambda v: v.at_us)),
        sends=sends,
        clicks=clicks,
        fills=tuple(sorted(fills, key=lambda fill: fill.at_us)),
        responses=tuple(sorted([*responses, *newsletters], key=lambda r: (r.at_us, r.campaign))),
        hot_us=tuple(sorted(hot_us)),
    )


def _issue(click: Click, market: Market) -> str:
    return market.mailings[click.mailing].name


def _browse(
    rng: Random, person: Person, habit: Habit, interests: Sequence[Interest], calendar: Seasons
) -> list[Visit]:
    """Sessions, three in four of them while interested. Pages seen just before being met count too: the cookie
    was known later.
    """
    visits: list[Visit] = []
    if not interests:
        return visits
    known_us = max(person.created_us - 6 * DAY, calendar.start_us)
    # Somebody met last month has not had two years to come back.
    exposure = min(1.0, (calendar.until_us - known_us) / (240 * DAY)) ** 0.7
    sessions = min(_MOST_SESSIONS, int(exposure * rng.lognormvariate(*habit.sessions)))
    for _ in range(sessions):
        if rng.random() < 0.75:
            interest = interests[0] if len(interests) == 1 else rng.choice(interests)
            low_us = max(calendar.start_us, interest.start_us - 2 * DAY)
            at_us = calendar.moment(rng, person.time_zone, low_us, interest.end_us, habit.hours)
        else:
            at_us = calendar.moment(rng, person.time_zone, known_us, calendar.until_us, habit.hours)
        referrer = arrival(rng)
        while True:
            dwell_s = _dwell(rng, habit.dwell_s)
            url = page(rng, habit.taste)
            visits.append(Visit(at_us, url, dwell_s, referrer))
            if rng.random() < 0.36:
                break
            referrer = url
            at_us += ((dwell_s or 20) + rng.randrange(2, 25)) * SECOND
    return visits


def _dwell(rng: Random, median_s: int) -> int | None:
    return None if rng.random() < 0.06 else min(3600, int(median_s * rng.lognormvariate(0, 0.9)))


def _pricing_burst(rng: Random, raised_us: int, calendar: Seasons) -> list[Visit]:
    """Two to five looks at the price list in the two days before somebody asks for a call."""
    return [
        Visit(
            max(calendar.start_us, raised_us - int(rng.random() * 44 * HOUR) - 10 * MINUTE),
            f"{ROOT}/pricing",
            rng.randrange(25, 600),
            None,
        )
        for _ in range(rng.randrange(2, 6))
    ]
