"""Salesforce rows of opportunities and their contact roles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from leadledger.sandbox.story.kinds import DealState
from leadledger.sandbox.story.model import Deal
from leadledger.sandbox.story.salesforce_book import (
    Book,
    actor_id,
    audit,
    contact_id,
    opportunity_id,
    org_date,
    user_id,
)
from leadledger.sandbox.story.salesforce_ids import record_id
from leadledger.sandbox.story.stamps import salesforce_stamp

_OPEN_STAGES = (
    ("Prospecting", 10),
    ("Qualification", 25),
    ("Proposal/Price Quote", 60),
    ("Negotiation/Review", 80),
)


def deal_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """Opportunity and OpportunityContactRole rows."""
    for deal in book.story.deals:
        yield "Opportunity", _opportunity(book, deal)
    numbers = count(1)
    for deal in book.story.deals:
        for member in deal.people:
            # A role is added when the contact exists, which may be long after the deal began.
            since_us = book.contact_since_us(book.story.people[member.person]) or deal.created_us
            at_us = max(deal.created_us, since_us)
            yield (
                "OpportunityContactRole",
                {
                    "Id": record_id("OpportunityContactRole", next(numbers)),
                    "OpportunityId": opportunity_id(deal.key),
                    "ContactId": contact_id(member.person),
                    "Role": member.role,
                    "IsPrimary": member.is_primary,
                    **audit(at_us, at_us, user_id(deal.owner), user_id(deal.owner)),
                },
            )


def _opportunity(book: Book, deal: Deal) -> dict[str, Any]:
    if deal.state is DealState.OPEN:
        stage, probability = _OPEN_STAGES[deal.stage]
    else:
        stage, probability = ("Closed Won", 100) if deal.state is DealState.WON else ("Closed Lost", 0)
    maker = actor_id(None if deal.self_service else deal.owner)
    account = (
        book.account_of(book.story.people[deal.people[0].person])
        if deal.company is None
        else record_id("Account", deal.company + 1)
    )
    return {
        "Id": opportunity_id(deal.key),
        "Name": deal.name,
        "AccountId": account,
        "StageName": stage,
        "Probability": probability,
        "Amount": deal.amount,
        "CloseDate": org_date(deal.close_us),
        "IsClosed": deal.state is not DealState.OPEN,
        "IsWon": deal.state is DealState.WON,
        "Type": "Existing Business" if deal.name.endswith(("Renewal", "Expansion")) else "New Business",
        "LeadSource": "Web" if deal.self_service else None,
        "CampaignId": None,
        "LastStageChangeDate": salesforce_stamp(min(deal.changed_us, max(deal.created_us, deal.close_us))),
        "OwnerId": user_id(deal.owner),
        **audit(deal.created_us, deal.changed_us, maker, maker),
    }
