"""The sellers of Northwind: the same people, with the same e-mail addresses, in both CRMs."""

from __future__ import annotations

from random import Random

from leadledger.domain.instants import DAY
from leadledger.sandbox.story.kinds import Region
from leadledger.sandbox.story.model import Rep

OWN_DOMAIN = "northwind.example"

# (first name, last name, region, time zone, days before the end of the story on which they left)
_TEAM: tuple[tuple[str, str, Region, str, int | None], ...] = (
    ("Ana", "Lima", Region.EMEA, "Europe/Lisbon", None),
    ("Bo", "Jensen", Region.EMEA, "Europe/Copenhagen", None),
    ("Clara", "Vogt", Region.EMEA, "Europe/Berlin", None),
    ("Dmytro", "Koval", Region.EMEA, "Europe/Warsaw", None),
    ("Elif", "Arslan", Region.EMEA, "Europe/Berlin", 210),
    ("Farid", "Haddad", Region.EMEA, "Asia/Dubai", None),
    ("Grace", "Okafor", Region.EMEA, "Europe/London", None),
    ("Hank", "Murphy", Region.AMER, "America/New_York", None),
    ("Ines", "Rocha", Region.AMER, "America/Sao_Paulo", None),
    ("Jorge", "Salas", Region.AMER, "America/Chicago", 95),
    ("Kate", "Lindqvist", Region.AMER, "America/Los_Angeles", None),
    ("Liam", "Chen", Region.APAC, "Australia/Sydney", None),
    ("Mio", "Hayashi", Region.APAC, "Asia/Tokyo", None),
    ("Nikhil", "Rao", Region.APAC, "Asia/Kolkata", 32),
)


def hire_reps(until_us: int) -> tuple[Rep, ...]:
    """The team of 14, three of whom have left."""
    return tuple(
        Rep(
            key=key,
            first_name=first,
            last_name=last,
            region=region,
            time_zone=zone,
            started_us=until_us - (2600 - 37 * key) * DAY,
            left_us=None if left is None else until_us - left * DAY,
        )
        for key, (first, last, region, zone, left) in enumerate(_TEAM)
    )


def pick_rep(rng: Random, reps: tuple[Rep, ...], region: Region, at_us: int) -> Rep:
    """Somebody of the region who still worked here at that time."""
    return rng.choice([rep for rep in reps if rep.region is region and rep.works_at(at_us)])
