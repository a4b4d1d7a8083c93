"""HubSpot rows of companies and deals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadledger.sandbox.story.hubspot_book import Book, Entry, company_id, deal_id, owner_of, record
from leadledger.sandbox.story.kinds import CompanyKind, DealState
from leadledger.sandbox.story.model import Company, Deal
from leadledger.sandbox.story.stamps import hubspot_stamp

_OPEN_STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent")
_TYPES = {
    CompanyKind.PROSPECT: "PROSPECT",
    CompanyKind.PARTNER: "PARTNER",
    CompanyKind.COMPETITOR: "OTHER",
    CompanyKind.UNIVERSITY: "OTHER",
}


def company_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """The companies of all contacts. They exist since the first contact or deal, if not before."""
    since: dict[int, int] = {}
    for person in book.story.people:
        if person.company is not None and person.in_hubspot:
            since[person.company] = min(person.created_us, since.get(person.company, person.created_us))
    for deal in book.story.deals:
        if deal.company in since:
            since[deal.company] = min(deal.created_us, since[deal.company])
    for key in sorted(since):
        company = book.story.companies[key]
        yield "companies", _company(company, min(since[key], company.created_us), since[key])


def _company(company: Company, created_us: int, changed_us: int) -> dict[str, Any]:
    properties = {
        "name": company.name,
        "domain": company.domain,
        "industry": company.industry,
        "numberofemployees": None if company.employees is None else str(company.employees),
        "annualrevenue": None if company.revenue is None else str(company.revenue),
        "country": company.country,
        "type": _TYPES.get(company.kind),
        "lifecyclestage": "customer" if company.kind is CompanyKind.CUSTOMER else "lead",
        "hubspot_owner_id": None if company.owner is None else owner_of(company.owner),
        "createdate": hubspot_stamp(created_us),
        "hs_lastmodifieddate": hubspot_stamp(changed_us),
    }
    return record(company_id(company.key), properties, created_us, changed_us)


def deal_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """The deals of people whom HubSpot knows."""
    for deal in book.story.deals:
        contacts = [
            id_ for member in deal.people for id_ in book.contact_ids(book.story.people[member.person])[:1]
        ]
        if contacts:
            yield "deals", _deal(deal, contacts)


def _deal(deal: Deal, contacts: list[str]) -> dict[str, Any]:
    stages = [Entry(deal.created_us, _OPEN_STAGES[0], "CRM_UI", "deal")]
    if deal.state is DealState.OPEN and deal.stage:
        stages.append(
            Entry(max(deal.created_us, deal.changed_us), _OPEN_STAGES[deal.stage], "CRM_UI", "deal")
        )
    elif deal.state is not DealState.OPEN:
        stage = "closedwon" if deal.state is DealState.WON else "closedlost"
        stages.append(Entry(deal.close_us, stage, "CRM_UI", "deal"))
    properties = {
        "dealname": deal.name,
        "dealstage": stages[-1].value,
        "pipeline": "default",
        "amount": None if deal.amount is None else str(deal.amount),
        "createdate": hubspot_stamp(deal.created_us),
        "closedate": hubspot_stamp(deal.close_us),
        "hs_is_closed": "false" if deal.state is DealState.OPEN else "true",
        "hs_is_closed_won": "true" if deal.state is DealState.WON else "false",
        "dealtype": "existingbusiness" if deal.name.endswith(("Renewal", "Expansion")) else "newbusiness",
        "hubspot_owner_id": owner_of(deal.owner),
        "hs_lastmodifieddate": hubspot_stamp(deal.changed_us),
    }
    return record(
        deal_id(deal.key),
        properties,
        deal.created_us,
        deal.changed_us,
        history={"dealstage": stages},
        associations={
            "contacts": contacts,
            "companies": [] if deal.company is None else [company_id(deal.company)],
        },
    )
