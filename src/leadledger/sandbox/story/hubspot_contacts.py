"""HubSpot rows of contacts: what is known about them, and the histories that serve as an event log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadledger.domain.instants import DAY, MINUTE
from leadledger.sandbox.story.hubspot_book import FORM_IDS, Book, Entry, company_id, normal, owner_id, record
from leadledger.sandbox.story.kinds import DealState, LeadState, Persona, Standing
from leadledger.sandbox.story.model import FormFill, Person, Story
from leadledger.sandbox.story.stamps import hubspot_stamp

_STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
_SOURCES = {
    "Web": "DIRECT_TRAFFIC",
    "Google": "ORGANIC_SEARCH",
    "google": "PAID_SEARCH",
    "Webinar": "EMAIL_MARKETING",
    "Trade Show": "OFFLINE",
    "Referral": "REFERRALS",
    "Partner Referral": "REFERRALS",
    "Purchased List": "OFFLINE",
    "LinkedIn": "SOCIAL_MEDIA",
    "Linked In": "PAID_SOCIAL",
}
_WORKING = ("IN_PROGRESS", "OPEN", "CONNECTED")

Histories = dict[str, list[Entry]]


def contact_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """One or two contacts for everybody whom HubSpot knows."""
    deals = _deal_signals(book.story)
    for person in book.story.people:
        ids = book.contact_ids(person)
        if not ids:
            continue
        for index, id_ in enumerate(ids):
            yield "contacts", _contact(book, person, index, id_, deals.get(person.key, []))


def _contact(
    book: Book, person: Person, index: int, id_: str, deals: list[tuple[int, str]]
) -> dict[str, Any]:
    created_us = book.second_since_us(person) if index else person.created_us
    email = normal((person.contact_email if index else person.email) or "")
    handling = book.story.handlings[person.key]
    company = None if person.company is None else book.story.companies[person.company]
    fills = book.story.journeys[person.key].fills if index == 0 else ()
    histories = _digital(book, person, index)
    histories["lifecyclestage"] = _lifecycle(book.story, person, index, created_us, deals)
    histories["hs_lead_status"] = _lead_status(book.story, person, created_us)
    answers = {name: value for fill in fills for name, value in fill.answers if value}
    earlier = person.earlier_mql if index == 0 else None
    asked = person.key % 5 != 0
    views = len(histories["hs_analytics_last_url"])
    changed_us = max(
        [created_us, *(entries[-1].at_us for entries in histories.values() if entries)]
        + [fill.at_us for fill in fills]
        + [change.at_us for change in handling.owners]
        + ([earlier.last_us] if earlier else [])
    )
    if person.deleted:
        changed_us = min(changed_us + (2 + person.key % 40) * DAY, book.story.until_us - MINUTE)
    properties: dict[str, str | None] = {
        "email": email,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "jobtitle": person.title,
        "company": person.company_text,
        "industry": company.industry if company and asked else None,
        "numberofemployees": _number(company.employees) if company and asked else None,
        "annualrevenue": _number(company.revenue) if company and asked else None,
        "country": person.country,
        "website": company.domain if company and asked else None,
        "phone": person.phone,
        "hubspot_owner_id": owner_id(handling.owner),
        "createdate": hubspot_stamp(created_us),
        "lastmodifieddate": hubspot_stamp(changed_us),
        "associatedcompanyid": None if company is None else company_id(company.key),
        "hs_analytics_source": _SOURCES.get(person.source or "", "OFFLINE"),
        "hs_analytics_num_page_views": str(views),
        "hs_email_optout": "true" if person.opted_out else None if person.key % 3 else "false",
        "num_conversion_events": str(len(fills)),
        "recent_conversion_event_name": f"{fills[-1].form}: Northwind" if fills else None,
        "recent_conversion_date": hubspot_stamp(fills[-1].at_us) if fills else None,
        "purchase_timeframe": answers.get("purchase_timeframe"),
        "budget": answers.get("budget"),
        "contact_me": answers.get("contact_me"),
        "mql_counter": None if earlier is None else str(earlier.count),
        "first_mql_date": None if earlier is None else hubspot_stamp(earlier.first_us),
        "last_mql_date": None if earlier is None else hubspot_stamp(earlier.last_us),
        "hs_analytics_last_timestamp": _last_seen(histories["hs_analytics_last_url"]),
        **{name: entries[-1].value if entries else None for name, entries in histories.items()},
    }
    return record(
        id_,
        properties,
        created_us,
        changed_us,
        history=histories,
        associations={"companies": [] if company is None else [company_id(company.key)]},
        archived=person.deleted,
    )


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _last_seen(views: list[Entry]) -> str | None:
    return hubspot_stamp(views[-1].at_us) if views else None


def _digital(book: Book, person: Person, index: int) -> Histories:
    """Page views, mailings and clicks, each the history of a `last …` property."""
    journey = book.story.journeys[person.key]
    mailings = book.story.mailings
    urls = [
        Entry(visit.at_us, visit.url, "ANALYTICS", "WebAnalyticsPropertyCalculation")
        for turn, visit in enumerate(journey.visits)
        if book.contact_at(person, visit.at_us, turn) == index
    ]
    mine = {
        send.mailing
        for turn, send in enumerate(journey.sends)
        if book.contact_at(person, send.at_us, turn) == index
    }
    sends = [send for send in journey.sends if send.mailing in mine]
    clicks = sorted(
        (click for click in journey.clicks if click.mailing in mine), key=lambda click: click.at_us
    )
    return {
        "hs_analytics_last_url": urls,
        "hs_email_last_email_name": [
            Entry(send.at_us, mailings[send.mailing].name, "EMAIL", str(90_001 + send.mailing))
            for send in sends
        ],
        "hs_email_last_send_date": [
            Entry(send.at_us, hubspot_stamp(send.at_us), "EMAIL", str(90_001 + send.mailing))
            for send in sends
        ],
        "hs_email_last_click_date": [
            Entry(click.at_us, hubspot_stamp(click.at_us), "EMAIL", str(90_001 + click.mailing))
            for click in clicks
        ],
    }


def _deal_signals(story: Story) -> dict[int, list[tuple[int, str]]]:
    """Person -> (instant, stage that HubSpot's deal sync sets)."""
    signals: dict[int, list[tuple[int, str]]] = {}
    for deal in story.deals:
        for member in deal.people:
            found = signals.setdefault(member.person, [])
            found.append((deal.created_us, "opportunity"))
            if deal.state is DealState.WON:
                found.append((deal.close_us, "customer"))
    return signals


def _lifecycle(
    story: Story, person: Person, index: int, created_us: int, deals: list[tuple[int, str]]
) -> list[Entry]:
    """Forward only, as HubSpot's own automation moves it."""
    fills: tuple[FormFill, ...] = story.journeys[person.key].fills
    begins_as_lead = person.persona is not Persona.READER or bool(fills and fills[0].at_us <= created_us)
    moves = [
        (
            created_us,
            "lead" if begins_as_lead else "subscriber",
            "FORM",
            FORM_IDS[fills[0].form] if fills else "import",
        )
    ]
    moves += [(fill.at_us, "lead", "FORM", FORM_IDS[fill.form]) for fill in fills[:1]]
    if person.earlier_mql is not None and index == 0:
        moves.append((person.earlier_mql.first_us, "marketingqualifiedlead", "CRM_UI", "userId:51003"))
    if person.persona is Persona.CUSTOMER:
        moves.append((created_us, "customer", "COMPANY_SYNC", "lifecycle"))
    moves += [(at_us, stage, "DEALS", "deal-sync") for at_us, stage in deals]
    entries: list[Entry] = []
    reached = -1
    for at_us, stage, source, source_id in sorted(
        moves, key=lambda move: (max(move[0], created_us), _STAGES.index(move[1]))
    ):
        if _STAGES.index(stage) > reached:
            reached = _STAGES.index(stage)
            entries.append(Entry(max(at_us, created_us), stage, source, source_id))
    return entries


def _lead_status(story: Story, person: Person, created_us: int) -> list[Entry]:
    """What reps said, in HubSpot's words. Contacts that never were leads have no status."""
    if person.standing is Standing.CONTACT:
        return []
    words = {
        LeadState.OPEN: "NEW",
        LeadState.WORKING: _WORKING[person.key % 3],
        LeadState.ACCEPTED: "ACCEPTED",
        LeadState.RECYCLE: "RECYCLE" if person.key % 4 else "BAD_TIMING",
        LeadState.DISQUALIFIED: "UNQUALIFIED",
    }
    entries = [Entry(created_us, "NEW", "AUTOMATION_PLATFORM", "new-contact")]
    for change in story.handlings[person.key].states:
        word = words.get(change.new)
        if word is not None and word != entries[-1].value and change.at_us >= created_us:
            source, source_id = (
                ("AUTOMATION_PLATFORM", "recycled-return")
                if change.by is None
                else ("CRM_UI", f"userId:{51_001 + change.by}")
            )
            entries.append(Entry(change.at_us, word, source, source_id))
    return entries
