"""Random definitions and people from a seed: on a grid, so that ties and exact ends of spans do occur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND, from_us, to_us
from leadledger.domain.lifecycle import DealEvent
from leadledger.domain.sources import ActivitySource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from reference import generate_scoring as scoring
from reference import generate_stages as staging
from reference.generate_scoring import ASSETS, FACTS, ORIGINS, TYPES, chance
from reference.history import Activity, Person
from reference.small import a_definition

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")
# Winter, and the weeks in which the clocks of the zones go forward and back.
BEGINNINGS = tuple(
    to_us(datetime(2026, *day, tzinfo=UTC)) for day in ((1, 1), (3, 5), (3, 20), (10, 1), (10, 20))
)
HISTORY_DAYS = 45
WORDS = {"mql": "Marketing Qualified"}
"""Stage -> the word that the CRM has for it."""


@dataclass(frozen=True)
class Case:
    """One definition, its people by record id, and the instant of evaluation."""

    definition: Definition
    people: Mapping[str, Person]
    as_of_us: int


def a_case(seed: int, people: int) -> Case:
    """The case of a seed: always the same."""
    random = Random(seed)
    begin = random.choice(BEGINNINGS)
    definition = random_definition(random, begin)
    times = Times(random, begin)
    as_of = begin + random.choices((0, 20, HISTORY_DAYS, HISTORY_DAYS + 30), (1, 6, 12, 5))[0] * DAY
    if chance(random, 0.3):
        as_of = times.pick() + random.choice((0, 0, -1, 1, 7 * SECOND, 30 * DAY))
    ids = [f"00q{n:05}" for n in range(people)]
    return Case(definition, {id_: random_person(random, times, id_, as_of) for id_ in ids}, as_of)


def cases(people: int = 1) -> st.SearchStrategy[Case]:
    """For Hypothesis, which then only looks for seeds."""
    return st.integers(0, 2**32).map(lambda seed: a_case(seed, people))


def random_definition(random: Random, begin_us: int) -> Definition:
    """Rules, facts, stages and mappings that belong together."""
    personas = scoring.personas(random)
    fit = scoring.fit(random, "f", personas=bool(personas))
    models = scoring.models(random, personas=bool(personas))
    bands = scoring.classification(random)
    # A grade belongs to the model of the person; scales of several kinds have no common order.
    grades = fit.letters() if not any(m.fit.letters() != fit.letters() for m in models) else ()
    names = staging.state_names(random, grades, classified=bands is not None, models=bool(models))
    rules = tuple(
        scoring.engagement_rule(
            random, place, staging.position(random, names) if chance(random, 0.15) else None
        )
        for place in range(random.randint(2, 8))
    )
    zone = random.choice(ZONES)
    excluded = Compare(Space.FACT, "company", Op.IS, "Umbrella") if chance(random, 0.15) else None
    return a_definition(
        scoring.engagement(random, rules),
        time_zone=ZoneInfo(zone),
        activities=sources(),
        fit=fit,
        models=models,
        personas=personas,
        classification=bands,
        exclude_when=excluded,
        lifecycle=staging.lifecycle(random, names, from_us(begin_us).date()),
        targets=targets(random),
    )


def sources() -> tuple[ActivitySource, ...]:
    """Every type of activity from the one stream `Visit__c`."""
    return tuple(
        ActivitySource(
            "salesforce",
            "Visit__c",
            type_,
            Compare(Space.FIELD, "Kind", Op.IS, type_),
            at="At",
            asset="Url",
            origin=ORIGINS.get(type_, "marketing"),
            attributes={"seconds": "Seconds"},
        )
        for type_ in TYPES
    )


def targets(random: Random) -> tuple[WriteTarget, ...]:
    """The stage, which people may set, and perhaps values that show when something falls due."""
    fields = [FieldMapping("Stage__c", "stage", values=WORDS)]
    for value in ("score", "engagement"):
        if chance(random, 0.4):
            change = random.choice((None, None, 5.0, 2.5))
            fields.append(
                FieldMapping(f"{value}__c", value, min_change=change, decimals=random.choice((0, 0, 1, 2)))
            )
    return (WriteTarget("salesforce", "Lead", tuple(fields)),)


class Times:
    """Instants on a grid, from a small set again and again."""

    def __init__(self, random: Random, begin_us: int) -> None:
        self.random = random
        hours = [random.randint(0, HISTORY_DAYS * 24) for _ in range(10)]
        self.popular = [begin_us + hour * HOUR for hour in hours]
        self.begin_us = begin_us

    def pick(self) -> int:
        """A popular hour, so many days after one, or anything."""
        random = self.random
        popular = random.choice(self.popular)
        choice = random.random()
        if choice < 0.35:
            return popular
        if choice < 0.65:
            return popular + random.choice(scoring.SPANS[:8])
        if choice < 0.9:
            return self.begin_us + random.randint(0, HISTORY_DAYS * 24) * HOUR
        return self.begin_us + random.randint(0, HISTORY_DAYS * 1440) * MINUTE


def random_person(random: Random, times: Times, id_: str, as_of_us: int) -> Person:
    """A person with up to some thirty activities, and a few of each other signal."""
    numbers = random.sample(range(16**4), 80)
    ids = iter(f"{number:04x}" for number in numbers)

    def few(share: float, most: int = 2) -> range:
        return range(random.randint(1, most) if chance(random, share) else 0)

    facts: dict[str, str | None] = {
        fact: random.choice(values) if chance(random, 0.7) else None for fact, values in FACTS.items()
    }
    facts["email"] = f"{id_}@{random.choice(('acme.test', 'mail.test'))}"
    activities = tuple(
        an_activity(random, next(ids), times.pick()) for _ in range(random.choice((0, 3, 6, 10, 15, 30)))
    )
    statuses = [("Status", random.choice(staging.STATUSES), times.pick(), next(ids)) for _ in few(0.5, 4)] + [
        ("Consent", random.choice(("yes", "no")), times.pick(), next(ids)) for _ in few(0.2)
    ]
    # A record that is read exists, and its last change is over; what happened to it may lie later.
    created = min(times.begin_us if chance(random, 0.7) else times.pick(), as_of_us)
    return Person(
        facts=facts,
        activities=activities,
        deals=tuple((random.choice(tuple(DealEvent)), times.pick(), next(ids)) for _ in few(0.5)),
        converted_us=times.pick() if chance(random, 0.1) else None,
        assigned=tuple((times.pick(), next(ids)) for _ in few(0.2)),
        statuses=tuple(statuses),
        stages_set=tuple(
            (random.choice(staging.FORWARD + staging.SIDE), times.pick(), next(ids)) for _ in few(0.25, 3)
        ),
        created_us=created,
        changed_us=min(max(created, times.pick()), as_of_us),
    )


def an_activity(random: Random, id_: str, at_us: int) -> Activity:
    """Any type, with or without an asset and seconds."""
    type_ = random.choice(TYPES)
    seconds = {"seconds": random.choice(("5", "30", "90"))} if chance(random, 0.5) else {}
    return Activity(id_, at_us, type_, ORIGINS.get(type_, "marketing"), random.choice(ASSETS), seconds)
