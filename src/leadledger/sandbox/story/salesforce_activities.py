"""Salesforce rows of what happened: campaign members, tasks, events and page views."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from leadledger.domain.instants import DAY, MINUTE, SECOND
from leadledger.sandbox.story.kinds import LeadState, Standing, TouchKind
from leadledger.sandbox.story.model import Person, Response, Touch
from leadledger.sandbox.story.salesforce_book import (
    AUTOMATION_ID,
    Book,
    audit,
    campaign_id,
    contact_id,
    lead_id,
    opportunity_id,
    org_date,
    owner_id,
    thrown_away,
    user_id,
)
from leadledger.sandbox.story.salesforce_ids import record_id
from leadledger.sandbox.story.stamps import quarter_hour, salesforce_stamp

Row = tuple[str, dict[str, Any]]


def activity_rows(book: Book) -> Iterator[Row]:
    """CampaignMember, Task, Event and Visit__c rows."""
    yield from _members(book)
    yield from _tasks(book)
    yield from _events(book)
    yield from _visits(book)


def _in_salesforce(book: Book) -> Iterator[Person]:
    return (person for person in book.story.people if person.standing is not Standing.NONE)


def _members(book: Book) -> Iterator[Row]:
    numbers = count(1)
    for person in _in_salesforce(book):
        for turn, response in enumerate(book.story.journeys[person.key].responses):
            at_us = max(response.at_us, person.created_us)
            lead, contact = book.person_at(person, at_us, turn)
            if book.story.handlings[person.key].conversion is not None:
                # A converted lead's membership keeps the lead and gains the contact.
                lead, contact = lead_id(person.key), contact_id(person.key)
            pairs = [(lead, contact)]
            if person.standing is Standing.TWIN and person.key % 3 == 0:
                # Both halves of the twin were on the list: the same response twice.
                since_us = book.contact_since_us(person)
                pairs = [(lead_id(person.key), None)]
                pairs += (
                    [(None, contact_id(person.key))] if since_us is not None and at_us >= since_us else []
                )
            for lead_of, contact_of in pairs:
                row = _member(next(numbers), response, at_us) | {
                    "LeadId": lead_of,
                    "ContactId": contact_of,
                    "LeadOrContactId": contact_of or lead_of,
                }
                yield "CampaignMember", _with_person(book, person, row)


def _member(number: int, response: Response, at_us: int) -> dict[str, Any]:
    responded = None if response.responded_us is None else org_date(response.responded_us)
    return {
        "Id": record_id("CampaignMember", number),
        "CampaignId": campaign_id(response.campaign),
        "Status": response.status,
        "HasResponded": responded is not None,
        "FirstRespondedDate": responded,
        **audit(at_us, max(at_us, response.changed_us), AUTOMATION_ID, AUTOMATION_ID),
    }


def _with_person(book: Book, person: Person, row: dict[str, Any]) -> dict[str, Any]:
    """Whoever is deleted takes members, tasks and events along."""
    return thrown_away(row, book.removed_us(person)) if person.deleted else row


def _tasks(book: Book) -> Iterator[Row]:
    numbers = count(1)
    for person in _in_salesforce(book):
        journey = book.story.journeys[person.key]
        handling = book.story.handlings[person.key]
        for turn, send in enumerate(journey.sends):
            who = book.who(person, turn)
            row = _task(book, person, next(numbers), who, send.at_us, AUTOMATION_ID)
            row["TaskSubtype"] = "ListEmail"
            row["Subject"] = f"List Email: {book.story.mailings[send.mailing].name}"
            yield "Task", _with_person(book, person, row)
        for turn, touch in enumerate(handling.touches):
            if touch.kind is not TouchKind.MEETING:
                who = book.who(person, turn)
                number = next(numbers)
                row = _touch(book, person, number, who, touch)
                if number % 23 == 7 and not person.deleted:
                    # Logged by mistake and thrown away the day after.
                    made_us = max(touch.at_us, book.who_since_us(person, who))
                    row = thrown_away(row, max(made_us, min(made_us + DAY, book.story.until_us - MINUTE)))
                yield "Task", _with_person(book, person, row)
        if handling.state is LeadState.WORKING and handling.conversion is None:
            yield "Task", _with_person(book, person, _open_task(book, person, next(numbers)))


def _task(book: Book, person: Person, number: int, who: str, at_us: int, owner: str) -> dict[str, Any]:
    """A completed task; the caller adds what kind it is."""
    made_us = max(at_us, book.who_since_us(person, who))
    return {
        "Id": record_id("Task", number),
        "WhoId": who,
        "WhatId": None,
        "AccountId": book.account_of(person) if who.startswith("003") else None,
        "TaskSubtype": "Task",
        "Subject": None,
        "Status": "Completed",
        "IsClosed": True,
        "Priority": "Normal",
        "ActivityDate": org_date(at_us),
        "CompletedDateTime": salesforce_stamp(at_us),
        "CallType": None,
        "CallDurationInSeconds": None,
        "CallDisposition": None,
        "IsArchived": at_us < book.story.until_us - 365 * DAY,
        "IsRecurrence": False,
        "OwnerId": owner,
        **audit(made_us, made_us, owner, owner),
    }


def _touch(book: Book, person: Person, number: int, who: str, touch: Touch) -> dict[str, Any]:
    row = _task(book, person, number, who, touch.at_us, user_id(touch.rep))
    row["Subject"] = touch.subject
    row["WhatId"] = _about(book, person, who)
    if touch.kind is TouchKind.CALL:
        row["TaskSubtype"] = "Call"
        row["CallType"] = "Outbound"
        row["CallDurationInSeconds"] = touch.minutes * 60
        row["CallDisposition"] = touch.outcome
    else:
        row["TaskSubtype"] = "Email"
    return row


def _about(book: Book, person: Person, who: str) -> str | None:
    """A lead's task is about nothing else (Salesforce allows no `WhatId` beside a lead)."""
    if who.startswith("00Q"):
        return None
    conversion = book.story.handlings[person.key].conversion
    if conversion is not None and conversion.deal is not None:
        return opportunity_id(conversion.deal)
    return book.account_of(person)


def _open_task(book: Book, person: Person, number: int) -> dict[str, Any]:
    """What a rep wanted to do next and has not done."""
    handling = book.story.handlings[person.key]
    at_us = handling.states[-1].at_us
    row = _task(book, person, number, lead_id(person.key), at_us, owner_id(handling.owner))
    due_us = min(at_us + 7 * DAY, book.story.until_us - MINUTE)
    return row | {
        "Subject": "Call back",
        "Status": "Not Started",
        "IsClosed": False,
        "CompletedDateTime": None,
        "ActivityDate": org_date(due_us),
        "IsArchived": False,
    }


def _events(book: Book) -> Iterator[Row]:
    numbers = count(1)
    for person in _in_salesforce(book):
        for turn, touch in enumerate(book.story.handlings[person.key].touches):
            if touch.kind is TouchKind.MEETING:
                event = _event(book, person, next(numbers), book.who(person, turn), touch)
                event = _with_person(book, person, event)
                yield "Event", event
                if touch.colleague is not None:
                    # The invited colleague's calendar holds a copy: the same meeting, not another one.
                    yield (
                        "Event",
                        event
                        | {
                            "Id": record_id("Event", next(numbers)),
                            "IsChild": True,
                            "OwnerId": user_id(touch.colleague),
                        },
                    )


def _event(book: Book, person: Person, number: int, who: str, touch: Touch) -> dict[str, Any]:
    begin_us = quarter_hour(touch.at_us)
    booked_us = max(book.who_since_us(person, who), begin_us - (1 + number % 4) * DAY)
    end_us = begin_us + touch.minutes * MINUTE
    changed_us = min(max(booked_us, end_us), book.story.until_us - MINUTE)
    owner = user_id(touch.rep)
    begin = salesforce_stamp(begin_us)
    return {
        "Id": record_id("Event", number),
        "WhoId": who,
        "WhatId": _about(book, person, who),
        "AccountId": book.account_of(person) if who.startswith("003") else None,
        "Subject": f"No show: {touch.subject}" if touch.outcome == "NO_SHOW" else touch.subject,
        "EventSubtype": "Event",
        "StartDateTime": begin,
        "EndDateTime": salesforce_stamp(end_us),
        "ActivityDateTime": begin,
        "ActivityDate": org_date(begin_us),
        "DurationInMinutes": touch.minutes,
        "IsAllDayEvent": False,
        "IsChild": False,
        "IsGroupEvent": touch.colleague is not None,
        "ShowAs": "Busy",
        "IsArchived": begin_us < book.story.until_us - 365 * DAY,
        "OwnerId": owner,
        **audit(min(booked_us, changed_us), changed_us, owner, owner),
        "IsDeleted": touch.outcome == "CANCELED",
    }


def _visits(book: Book) -> Iterator[Row]:
    """Page views, and the redirects that a mail scanner followed (dwell 0: nobody read the page)."""
    numbers = count(1)
    until_us = book.story.until_us
    mailings = book.story.mailings
    for person in _in_salesforce(book):
        journey = book.story.journeys[person.key]
        seen = [(visit.at_us, visit.url, visit.dwell_s, visit.referrer) for visit in journey.visits]
        seen += [
            (click.at_us, click.url, 0, f"email:{mailings[click.mailing].name}")
            for click in journey.clicks
            if click.by_scanner
        ]
        for turn, (at_us, url, dwell_s, referrer) in enumerate(sorted(seen, key=lambda view: view[0])):
            number = next(numbers)
            lead, contact = book.person_at(person, at_us, turn)
            # The tracker sends page views in bundles, some of them a day late.
            late_us = DAY if number % 53 == 0 else (number % 40) * SECOND
            stamp = salesforce_stamp(min(max(at_us + late_us, person.created_us), until_us - SECOND))
            yield (
                "Visit__c",
                {
                    "Id": record_id("Visit__c", number),
                    "Name": f"V-{number:07}",
                    "OwnerId": AUTOMATION_ID,
                    "Lead__c": lead,
                    "Contact__c": contact,
                    "Visited_At__c": salesforce_stamp(at_us),
                    "URL__c": url,
                    "Dwell__c": dwell_s,
                    "Referrer__c": referrer or None,
                    "CreatedDate": stamp,
                    "CreatedById": AUTOMATION_ID,
                    "LastModifiedDate": stamp,
                    "LastModifiedById": AUTOMATION_ID,
                    "SystemModstamp": stamp,
                    "IsDeleted": False,
                },
            )
