"""Tells the story: from a seed and a number of people to everybody and everything, the same each time."""

from __future__ import annotations

from datetime import UTC, datetime

from leadledger.domain.instants import DAY, HOUR, to_us
from leadledger.sandbox.story.campaigns import plan_campaigns, plan_mailings
from leadledger.sandbox.story.chance import some_of, stream
from leadledger.sandbox.story.companies import found_companies
from leadledger.sandbox.story.deals import strike_deals
from leadledger.sandbox.story.journeys import travel
from leadledger.sandbox.story.kinds import CampaignKind, Persona, Standing
from leadledger.sandbox.story.market import Market
from leadledger.sandbox.story.model import Person, Story
from leadledger.sandbox.story.people import invite_people
from leadledger.sandbox.story.reps import hire_reps
from leadledger.sandbox.story.sales import handle
from leadledger.sandbox.story.seasons import seasons

UNTIL = datetime(2026, 11, 2, 8, tzinfo=UTC)
"""A Monday morning in Europe: the weekend's visitors wait for sales."""
_SPAN_US = 731 * DAY


def story(seed: int, people: int, until: datetime = UNTIL) -> Story:
    """Two years of Northwind's marketing and sales, ending at `until`.

    The same arguments give equal stories on every machine. Raises ValueError for a naive `until` or a negative
    number of people.
    """
    if people < 0:
        msg = f"a story of {people} people cannot be told: ask for 0 or more"
        raise ValueError(msg)
    until_us = to_us(until) // HOUR * HOUR
    start_us = until_us - _SPAN_US
    reps = hire_reps(until_us)
    campaigns = plan_campaigns(seed, start_us, until_us)
    mailings = plan_mailings(seed, campaigns, start_us, until_us)
    busy = (CampaignKind.WEBINAR, CampaignKind.TRADE_SHOW)
    calendar = seasons(
        start_us,
        until_us,
        [c.start_us for c in campaigns if c.kind in busy] + [mailing.at_us for mailing in mailings],
    )
    companies = found_companies(seed, people, reps, start_us, until_us)
    persons = invite_people(seed, people, companies, calendar)
    market = Market(calendar, campaigns, mailings)
    self_service = _self_service(seed, persons, until_us)
    journeys = []
    handlings = []
    for person in persons:
        company = None if person.company is None else companies[person.company]
        journey = travel(stream(seed, "journey", person.key), person, company, market)
        journeys.append(journey)
        handlings.append(
            handle(
                stream(seed, "sales", person.key),
                person,
                company,
                journey,
                reps,
                until_us,
                self_service=person.key in self_service,
            )
        )
    deals, tied = strike_deals(seed, persons, companies, handlings, reps, start_us, until_us)
    return Story(
        seed=seed,
        start_us=start_us,
        until_us=until_us,
        reps=reps,
        companies=companies,
        people=persons,
        campaigns=campaigns,
        mailings=mailings,
        journeys=tuple(journeys),
        handlings=tied,
        deals=deals,
    )


def _self_service(seed: int, people: tuple[Person, ...], until_us: int) -> frozenset[int]:
    """Who will buy on the web site without a word to sales: a few leads met two months ago or earlier."""
    able = [
        person.key
        for person in people
        if person.standing is Standing.LEAD
        and person.persona in (Persona.ECONOMIC_BUYER, Persona.TECHNICAL_EVALUATOR)
        and not person.deleted
        and not person.merged_from
        and person.created_us < until_us - 60 * DAY
    ]
    return some_of(stream(seed, "self-service"), able, 0.04)
