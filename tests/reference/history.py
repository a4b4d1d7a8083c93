"""One person's input, as the reference model reads it: facts of today and everything that ever happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadledger.domain.lifecycle import DealEvent


@dataclass(frozen=True)
class Activity:
    """Something that happened to the person. `attributes` hold those that are known."""

    id: str
    at_us: int
    type: str
    origin: str = "marketing"
    asset: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    campaign: str = ""
    intent: str = "none"

    def value(self, name: str) -> str | None:
        """One of its own values or an attribute by name; None when nobody knows it."""
        own = {
            "type": self.type,
            "origin": self.origin,
            "asset": self.asset,
            "campaign": self.campaign,
            "intent": self.intent,
        }
        return own[name] if name in own else self.attributes.get(name)


@dataclass(frozen=True)
class Person:
    """All instants are microseconds UTC; the tuples may stand in any order.

    `deals`: (event, at, id). `statuses`: (CRM field, new value, at, id), the history of the person's fields.
    `stages_set`: (stage, at, id), stages that a person set in the CRM. `assigned`: (at, id).
    """

    facts: Mapping[str, str | None] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    deals: tuple[tuple[DealEvent, int, str], ...] = ()
    converted_us: int | None = None
    assigned: tuple[tuple[int, str], ...] = ()
    statuses: tuple[tuple[str, str, int, str], ...] = ()
    stages_set: tuple[tuple[str, int, str], ...] = ()
    created_us: int | None = None
    changed_us: int | None = None
