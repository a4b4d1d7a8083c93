"""Deals won and lost: from conversions, from customers, and from sales that knew the account before the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from leadledger.domain.instants import DAY, HOUR
from leadledger.sandbox.story.chance import some_of, stream, weighted
from leadledger.sandbox.story.kinds import DealState, Persona, Queue, Standing
from leadledger.sandbox.story.model import Company, Conversion, Deal, DealPerson, Handling, Person, Rep
from leadledger.sandbox.story.reps import pick_rep

_ROLES = {
    Persona.ECONOMIC_BUYER: "Decision Maker",
    Persona.TECHNICAL_EVALUATOR: "Evaluator",
    Persona.CUSTOMER: "Executive Sponsor",
}
_CLOSED = 4


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: DealState
    stage: int
    close_us: int
    changed_us: int


def strike_deals(
    seed: int,
    people: tuple[Person, ...],
    companies: tuple[Company, ...],
    handlings: Sequence[Handling],
    reps: tuple[Rep, ...],
    start_us: int,
    until_us: int,
) -> tuple[tuple[Deal, ...], tuple[Handling, ...]]:
    """Every deal, and the handlings with their conversions tied to deals."""
    rng = stream(seed, "deals")
    deals: list[Deal] = []
    converted = dict(_from_conversions(rng, people, companies, handlings, reps, until_us, deals))
    _from_customers(rng, people, companies, handlings, reps, start_us, until_us, deals)
    _before_the_lead(rng, people, companies, handlings, reps, until_us, deals)
    tied = tuple(
        handling
        if handling.conversion is None or handling.conversion.deal is None
        else replace(handling, conversion=replace(handling.conversion, deal=converted[key]))
        for key, handling in enumerate(handlings)
    )
    return tuple(deals), tied


def _from_conversions(
    rng: Random,
    people: tuple[Person, ...],
    companies: tuple[Company, ...],
    handlings: Sequence[Handling],
    reps: tuple[Rep, ...],
    until_us: int,
    deals: list[Deal],
) -> Mapping[int, int]:
    """Person -> deal. A colleague who converts within 60 days joins the deal that is open already."""
    conversions: list[tuple[int, int, Conversion]] = [
        (handling.conversion.at_us, key, handling.conversion)
        for key, handling in enumerate(handlings)
        if handling.conversion is not None and handling.conversion.deal is not None
    ]
    open_deals: dict[int, int] = {}
    found: dict[int, int] = {}
    for at_us, key, conversion in sorted(conversions, key=lambda item: item[:2]):
        person = people[key]
        company = None if person.company is None else companies[person.company]
        known = None if company is None else open_deals.get(company.key)
        if known is not None and at_us - deals[known].created_us < 60 * DAY and conversion.by is not None:
            deal = deals[known]
            deals[known] = replace(
                deal,
                changed_us=max(deal.changed_us, at_us),
                people=(*deal.people, DealPerson(key, _ROLES.get(person.persona), is_primary=False)),
            )
            found[key] = known
            continue
        self_service = conversion.by is None
        outcome = (
            _Outcome(DealState.WON, _CLOSED, at_us, at_us)
            if self_service
            else _outcome(rng, at_us, until_us, won=0.34)
        )
        owner = conversion.by
        if owner is None:
            owner = pick_rep(rng, reps, person.region, at_us).key
        deal = _deal(
            rng, len(deals), company, "New business", at_us, outcome, owner, self_service=self_service
        )
        deals.append(replace(deal, people=(DealPerson(key, _ROLES.get(person.persona), is_primary=True),)))
        found[key] = deal.key
        if company is not None and not self_service:
            open_deals[company.key] = deal.key
    return found


def _from_customers(
    rng: Random,
    people: tuple[Person, ...],
    companies: tuple[Company, ...],
    handlings: Sequence[Handling],
    reps: tuple[Rep, ...],
    start_us: int,
    until_us: int,
    deals: list[Deal],
) -> None:
    """What customers bought when they became customers, and what they renewed or refused since."""
    by_company: dict[int, list[Person]] = {}
    for person in people:
        if person.persona is Persona.CUSTOMER and person.company is not None and _has_contact(person):
            by_company.setdefault(person.company, []).append(person)
    for key, contacts in by_company.items():
        company = companies[key]
        first_us = company.created_us + rng.randrange(10, 90) * DAY
        members = contacts[: rng.randrange(1, 4)]
        owner = _rep_of(rng, members[0], handlings, reps, first_us)
        won_us = min(first_us + rng.randrange(20, 120) * DAY, until_us - DAY)
        won = _Outcome(DealState.WON, _CLOSED, won_us, won_us)
        deals.append(_on_it(_deal(rng, len(deals), company, "New business", first_us, won, owner), members))
        if rng.random() < 0.6:
            # Talks cluster towards the end of the contract year: a quarter of them are going on now.
            since_us = until_us - 50 * DAY if rng.random() < 0.25 else start_us
            at_us = since_us + int(rng.random() * (until_us - since_us - 2 * DAY))
            outcome = _outcome(rng, at_us, until_us, won=0.7)
            kind = rng.choice(("Renewal", "Expansion"))
            owner = _rep_of(rng, members[0], handlings, reps, at_us)
            deals.append(_on_it(_deal(rng, len(deals), company, kind, at_us, outcome, owner), members))


def _before_the_lead(
    rng: Random,
    people: tuple[Person, ...],
    companies: tuple[Company, ...],
    handlings: Sequence[Handling],
    reps: tuple[Rep, ...],
    until_us: int,
    deals: list[Deal],
) -> None:
    """Deals that sales opened weeks before marketing met the people who are now named on them."""
    able = [
        person.key
        for person in people
        if person.standing in (Standing.TWIN, Standing.CONTACT)
        and person.persona in (Persona.ECONOMIC_BUYER, Persona.TECHNICAL_EVALUATOR, Persona.CONSULTANT)
        and person.company is not None
        and not person.deleted
    ]
    for key in sorted(some_of(rng, able, 0.35)):
        person = people[key]
        company = companies[person.company or 0]
        at_us = person.created_us - rng.randrange(5, 80) * DAY - rng.randrange(400) * HOUR // 60
        owner = _rep_of(rng, person, handlings, reps, at_us)
        deal = _deal(
            rng, len(deals), company, "Sales generated", at_us, _outcome(rng, at_us, until_us, won=0.4), owner
        )
        deal = replace(deal, changed_us=max(deal.changed_us, person.created_us))
        deals.append(_on_it(deal, [person]))


def _has_contact(person: Person) -> bool:
    return person.standing in (Standing.CONTACT, Standing.TWIN) and not person.deleted


def _rep_of(
    rng: Random, person: Person, handlings: Sequence[Handling], reps: tuple[Rep, ...], at_us: int
) -> int:
    owner = handlings[person.key].owner
    return pick_rep(rng, reps, person.region, at_us).key if isinstance(owner, Queue) else owner


def _outcome(rng: Random, at_us: int, until_us: int, *, won: float) -> _Outcome:
    """Closed after a sales cycle of weeks to months, or still open because that lies ahead."""
    cycle_us = int(min(300, rng.lognormvariate(4.2, 0.6)) * DAY)
    closed_us = at_us + cycle_us
    if closed_us < until_us - HOUR:
        state = DealState.WON if rng.random() < won else DealState.LOST
        return _Outcome(state, _CLOSED, closed_us, closed_us)
    progress = (until_us - at_us) / cycle_us
    return _Outcome(
        DealState.OPEN,
        min(3, int(progress * 4)),
        closed_us,
        at_us + int((until_us - at_us) * rng.random() * 0.9),
    )


def _deal(
    rng: Random,
    key: int,
    company: Company | None,
    kind: str,
    at_us: int,
    outcome: _Outcome,
    owner: int,
    *,
    self_service: bool = False,
) -> Deal:
    who = (company.name if company else "Private").strip()
    seats = max(1, min(2000, round((company.employees if company and company.employees else 40) ** 0.7)))
    amount = None if rng.random() < 0.06 else seats * weighted(rng, ((120, 1.0), (300, 2.0), (600, 1.0)))
    name = f"{who[:90]} - {'Self-serve' if self_service else kind}"
    return Deal(
        key=key,
        company=None if company is None else company.key,
        name=name,
        amount=amount,
        created_us=at_us,
        changed_us=outcome.changed_us,
        close_us=outcome.close_us,
        state=outcome.state,
        stage=outcome.stage,
        owner=owner,
        self_service=self_service,
        people=(),
    )


def _on_it(deal: Deal, members: Sequence[Person]) -> Deal:
    people = tuple(
        DealPerson(person.key, _ROLES.get(person.persona), is_primary=index == 0)
        for index, person in enumerate(members)
    )
    return replace(deal, people=people)
