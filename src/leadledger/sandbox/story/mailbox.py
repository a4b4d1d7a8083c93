"""Newsletters delivered to somebody, and the links that they or their mail scanner followed."""

from __future__ import annotations

from random import Random

from leadledger.domain.instants import DAY, SECOND
from leadledger.sandbox.story.bots import is_scanned, scan
from leadledger.sandbox.story.habits import Habit
from leadledger.sandbox.story.market import Market
from leadledger.sandbox.story.model import Click, Company, Person, Response, Send


def open_mail(
    rng: Random, person: Person, company: Company | None, habit: Habit, market: Market
) -> tuple[tuple[Send, ...], tuple[Click, ...], list[Response]]:
    if person.email is None or rng.random() >= habit.subscribes:
        return (), (), []
    stops_us = market.calendar.until_us
    if person.opted_out:
        stops_us -= rng.randrange(400) * DAY
    scanned = is_scanned(person.persona, company)
    sends: list[Send] = []
    clicks: list[Click] = []
    programs: dict[int, Response] = {}
    for mailing in market.mailings:
        if not person.created_us + DAY < mailing.at_us < stops_us:
            continue
        sent = Send(mailing.at_us + rng.randrange(900_000) * 1000, mailing.key)
        sends.append(sent)
        clicked = scan(rng, mailing, sent) if scanned else ()
        if rng.random() < habit.clicks and sent.at_us < stops_us - 2 * DAY:
            # Humans take minutes to days; a few are fast, which a bot guard must not take for a machine.
            wait_s = (
                rng.randrange(8, 60)
                if rng.random() < 0.05
                else int(min(40 * 3600, rng.lognormvariate(8.6, 1.5)) + 60)
            )
            url = rng.choice(mailing.links)
            clicked += (Click(sent.at_us + wait_s * SECOND, mailing.key, url, by_scanner=False),)
        clicks += clicked
        first_us = clicked[0].at_us if clicked else None
        known = programs.get(mailing.campaign)
        if known is None:
            programs[mailing.campaign] = Response(
                mailing.campaign,
                sent.at_us,
                first_us or sent.at_us,
                "Clicked" if clicked else "Sent",
                first_us,
            )
        elif known.responded_us is None and first_us:
            programs[mailing.campaign] = Response(
                mailing.campaign, known.at_us, first_us, "Clicked", first_us
            )
    return tuple(sends), tuple(clicks), list(programs.values())
