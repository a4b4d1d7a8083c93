"""Opportunities and who plays a part in them."""

from __future__ import annotations

from leadledger.sandbox.salesforce.schema import (
    Kind,
    check,
    choice,
    day,
    link,
    long_text,
    moment,
    number,
    sobject,
    text,
    whole,
)
from leadledger.sandbox.salesforce.standard_fields import LEAD_SOURCES, PERSON, SYSTEM, create_only, read_only

_STAGES = (
    "Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers",
    "Perception Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost",
)  # fmt: skip

OPPORTUNITY = sobject(
    "Opportunity",
    "Opportunity",
    "006",
    (
        *SYSTEM,
        link("AccountId", "Account"),
        text("Name", 120, required=True),
        long_text("Description"),
        choice("StageName", *_STAGES, required=True),
        number("Amount", kind=Kind.CURRENCY, scale=2),
        number("Probability", kind=Kind.PERCENT, precision=3),
        day("CloseDate", required=True),
        choice("Type", "New Business", "Existing Business"),
        text("NextStep"),
        choice("LeadSource", *LEAD_SOURCES),
        *read_only(check("IsClosed"), check("IsWon"), moment("LastStageChangeDate"), whole("PushCount")),
        link("CampaignId", "Campaign"),
        create_only(link("ContactId", "Contact")),
        PERSON,
        *read_only(day("LastActivityDate")),
        link("RecordTypeId", "RecordType"),
    ),
)

CONTACT_ROLE = sobject(
    "OpportunityContactRole",
    "Opportunity Contact Role",
    "00K",
    (
        *SYSTEM,
        create_only(link("OpportunityId", "Opportunity", required=True)),
        link("ContactId", "Contact", required=True),
        choice(
            "Role",
            "Decision Maker",
            "Economic Buyer",
            "Evaluator",
            "Executive Sponsor",
            "Influencer",
            "Other",
        ),
        check("IsPrimary"),
    ),
)
