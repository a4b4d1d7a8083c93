"""Puts the people of a case into raw CRM tables, as the mirror would hold them."""

from __future__ import annotations

from typing import Any

from builders import World
from leadledger.domain.lifecycle import DealEvent
from reference.generate import WORDS, Case
from reference.history import Person
from reference.small import FIELDS

A_USER = "005000000000001"


def told(case: Case) -> World:
    """A world where all that happened to the people of a case."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for record, person in case.people.items():
        for stream, row in _rows(record, person):
            rows.setdefault(stream, []).append(row)
    world = World()
    for stream, added in rows.items():
        world.add_all(stream, added)
    return world


def _rows(record: str, person: Person) -> list[tuple[str, dict[str, Any]]]:
    def own(id_: str) -> str:
        """Ids are unique in a CRM; the person stands first, so that the order within a person stays."""
        return f"{record}-{id_}"

    lead = {field: person.facts.get(fact) for fact, field in FIELDS.items()}
    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "Lead",
            {
                "id": record,
                "created_us": person.created_us,
                "modified_us": person.changed_us,
                "converted_us": person.converted_us,
                **lead,
            },
        )
    ]
    for a in person.activities:
        seconds = a.attributes.get("seconds")
        row = {"id": own(a.id), "person": record, "Kind": a.type, "At": a.at_us, "Url": a.asset}
        rows.append(("Visit__c", {**row, "Seconds": seconds}))
    changes = [
        *(("Stage__c", WORDS.get(stage, stage), at, id_) for stage, at, id_ in person.stages_set),
        *(("OwnerId", A_USER, at, id_) for at, id_ in person.assigned),
        *person.statuses,
    ]
    for field, value, at, id_ in changes:
        row = {"id": own(id_), "person": record, "field": field, "new": value, "at_us": at}
        rows.append(("LeadHistory", row))
    for event, at, id_ in person.deals:
        created = event is DealEvent.CREATED
        deal = {
            "id": own(id_),
            "created_us": at if created else None,
            "closed_us": None if created else at,
            "won": event is DealEvent.WON,
            "closed": not created,
        }
        rows += [("Opportunity", deal), ("Role", {"id": own(id_), "deal": own(id_), "person": record})]
    return rows
