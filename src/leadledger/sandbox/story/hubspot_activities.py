"""HubSpot rows of engagements (calls, meetings, e-mails) and of form submissions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from leadledger.domain.instants import MINUTE
from leadledger.sandbox.story.hubspot_book import FORM_IDS, Book, company_id, normal, owner_of, record
from leadledger.sandbox.story.kinds import TouchKind
from leadledger.sandbox.story.model import FormFill, Person, Touch
from leadledger.sandbox.story.stamps import hubspot_stamp, quarter_hour

_OBJECTS = {TouchKind.CALL: "calls", TouchKind.EMAIL: "emails", TouchKind.MEETING: "meetings"}
_FIRST_ENGAGEMENT = 1_000_001
# The ids of HubSpot's default call outcomes (calls API guide).
_DISPOSITIONS = {
    "Connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
    "Left voicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
    "No answer": "73a0d17f-1163-4015-bdd5-ec830791da20",
    "Wrong number": "17b47fee-58de-441e-a44c-c6300d46f273",
}


def activity_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """calls, emails, meetings and form_submissions rows."""
    numbers = count(_FIRST_ENGAGEMENT)
    for person in book.story.people:
        ids = book.contact_ids(person)
        if not ids:
            continue
        for turn, touch in enumerate(book.story.handlings[person.key].touches):
            contact = ids[book.contact_at(person, touch.at_us, turn)]
            yield _OBJECTS[touch.kind], _engagement(book, person, str(next(numbers)), contact, touch)
    for person in book.story.people:
        if book.contact_ids(person):
            for turn, fill in enumerate(book.story.journeys[person.key].fills):
                yield "form_submissions", _submission(book, person, turn, fill)


def _engagement(book: Book, person: Person, id_: str, contact: str, touch: Touch) -> dict[str, Any]:
    rep = book.story.reps[touch.rep]
    at_us = quarter_hour(touch.at_us) if touch.kind is TouchKind.MEETING else touch.at_us
    changed_us = min(touch.at_us + touch.minutes * MINUTE, book.story.until_us - MINUTE)
    properties: dict[str, str | None] = {
        "hs_timestamp": hubspot_stamp(at_us),
        "hs_createdate": hubspot_stamp(at_us),
        "hs_lastmodifieddate": hubspot_stamp(changed_us),
        "hubspot_owner_id": owner_of(touch.rep),
    }
    match touch.kind:
        case TouchKind.CALL:
            properties |= {
                "hs_call_title": touch.subject,
                "hs_call_direction": "OUTBOUND",
                "hs_call_disposition": _DISPOSITIONS[touch.outcome],
                "hs_call_duration": str(touch.minutes * 60_000),
                "hs_call_status": "COMPLETED" if touch.outcome == "Connected" else "NO_ANSWER",
            }
        case TouchKind.EMAIL:
            properties |= {
                "hs_email_subject": touch.subject.removeprefix("Email: "),
                "hs_email_direction": "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_from_email": rep.email,
                "hs_email_to_email": normal(person.email or ""),
            }
        case TouchKind.MEETING:
            properties |= {
                "hs_meeting_title": touch.subject,
                "hs_meeting_start_time": hubspot_stamp(at_us),
                "hs_meeting_end_time": hubspot_stamp(at_us + touch.minutes * MINUTE),
                "hs_meeting_outcome": touch.outcome,
            }
    return record(
        id_,
        properties,
        at_us,
        changed_us,
        associations={
            "contacts": [contact],
            "companies": [] if person.company is None else [company_id(person.company)],
        },
    )


def _submission(book: Book, person: Person, turn: int, fill: FormFill) -> dict[str, Any]:
    """One form as it was sent: the address as typed, optional answers missing or empty."""
    form_id = FORM_IDS[fill.form]
    email = person.email or ""
    if (person.key + turn) % 19 == 0:
        email = f"{email.title()} "
    values = [("0-1", "email", email), ("0-1", "lastname", person.last_name)]
    if person.first_name:
        values.insert(1, ("0-1", "firstname", person.first_name))
    if person.company_text is not None:
        values.append(("0-1", "company", person.company_text))
    company = None if person.company is None else book.story.companies[person.company]
    if fill.is_hand_raise and company is not None and company.employees is not None and person.key % 2:
        values.append(("0-2", "numberofemployees", str(company.employees)))
    values += [("0-1", name, value) for name, value in fill.answers]
    return {
        "formId": form_id,
        "conversionId": str(uuid5(NAMESPACE_URL, f"{form_id}/{book.story.seed}/{person.key}/{turn}")),
        "submittedAt": fill.at_us // 1000,
        "pageUrl": fill.url,
        "values": [{"name": name, "objectTypeId": kind, "value": value} for kind, name, value in values],
    }
