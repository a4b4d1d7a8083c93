"""Mail scanners: machines that follow every link of an e-mail within a second of its delivery."""

from __future__ import annotations

from random import Random

from leadledger.domain.instants import SECOND
from leadledger.sandbox.story.kinds import Persona
from leadledger.sandbox.story.model import Click, Company, Mailing, Send

_MILLISECOND = SECOND // 1000


def is_scanned(persona: Persona, company: Company | None) -> bool:
    """Whether a scanner stands between this person's mailbox and the world."""
    return persona is Persona.SCANNED or (company is not None and company.scans_mail)


def scan(rng: Random, mailing: Mailing, delivered: Send) -> tuple[Click, ...]:
    """The clicks of one scan: all links, in order, none later than one second after delivery."""
    at_us = delivered.at_us + rng.randrange(40, 300) * _MILLISECOND
    clicks = []
    for url in mailing.links:
        clicks.append(Click(at_us, mailing.key, url, by_scanner=True))
        at_us += rng.randrange(5, 160) * _MILLISECOND
    return tuple(clicks)
