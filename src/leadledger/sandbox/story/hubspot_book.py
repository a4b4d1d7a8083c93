"""Which row of HubSpot stands for which person, company and rep, and the frame that all records share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from leadledger.domain.instants import DAY, MINUTE
from leadledger.sandbox.story.kinds import FormName, Owner, Queue
from leadledger.sandbox.story.model import Person, Story
from leadledger.sandbox.story.stamps import hubspot_stamp

_FIRST_OWNER = 7001
_FIRST_CONTACT = 10_001
_FIRST_COMPANY = 500_001
_FIRST_DEAL = 800_001
FORM_IDS = {
    form: str(uuid5(NAMESPACE_URL, f"https://www.northwind.example/forms/{form}")) for form in FormName
}
"""The guid of every form."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a property from an instant on, and who set it."""

    at_us: int
    value: str
    source: str
    source_id: str

    def row(self) -> dict[str, str]:
        return {
            "value": self.value,
            "timestamp": hubspot_stamp(self.at_us),
            "sourceType": self.source,
            "sourceId": self.source_id,
        }


def owner_of(rep: int) -> str:
    return str(_FIRST_OWNER + rep)


def owner_id(owner: Owner) -> str | None:
    """A queue is no owner in HubSpot: the contact has none."""
    return None if isinstance(owner, Queue) else owner_of(owner)


def company_id(company: int) -> str:
    return str(_FIRST_COMPANY + company)


def deal_id(deal: int) -> str:
    return str(_FIRST_DEAL + deal)


def normal(email: str) -> str:
    """HubSpot keeps addresses in lower case without blanks, and refuses the same one twice."""
    return email.strip().lower()


def record(
    id_: str,
    properties: Mapping[str, str | None],
    created_us: int,
    changed_us: int,
    *,
    history: Mapping[str, Sequence[Entry]] | None = None,
    associations: Mapping[str, list[str]] | None = None,
    archived: bool = False,
) -> dict[str, Any]:
    """A CRM object. Histories come in time order and go out newest first."""
    return {
        "id": id_,
        "properties": {**properties, "hs_object_id": id_},
        "history": {
            name: [entry.row() for entry in reversed(entries)]
            for name, entries in (history or {}).items()
            if entries
        },
        "associations": {name: ids for name, ids in (associations or {}).items() if ids},
        "createdAt": hubspot_stamp(created_us),
        "updatedAt": hubspot_stamp(changed_us),
        "archived": archived,
    }


class Book:
    """Look-ups over a story that several groups of rows need."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def contact_ids(self, person: Person) -> tuple[str, ...]:
        """The contacts of a person: none, one, or two when they use two addresses."""
        if not person.in_hubspot or person.email is None:
            return ()
        main = str(_FIRST_CONTACT + person.key)
        if person.contact_email is None or normal(person.contact_email) == normal(person.email):
            return (main,)
        return main, str(_FIRST_CONTACT + len(self.story.people) + person.key)

    def second_since_us(self, person: Person) -> int:
        """When a person's second address became known."""
        return min(person.created_us + (person.key * 7 % 45) * DAY, self.story.until_us - MINUTE)

    def contact_at(self, person: Person, at_us: int, turn: int) -> int:
        """0 or 1: which of a person's contacts something is filed under."""
        return int(
            len(self.contact_ids(person)) > 1 and turn % 2 == 1 and at_us >= self.second_since_us(person)
        )
