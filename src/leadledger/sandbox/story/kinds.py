"""The kinds of people, companies, deeds and states that a story knows; where it can, in the words of a CRM."""

from __future__ import annotations

from enum import StrEnum


class Persona(StrEnum):
    """Why somebody is here; it decides how they behave and what sales makes of them."""

    ECONOMIC_BUYER = "economic buyer"
    TECHNICAL_EVALUATOR = "technical evaluator"
    READER = "newsletter reader"
    CUSTOMER = "existing customer"
    SCANNED = "person behind a mail scanner"
    STUDENT = "student"
    JOB_SEEKER = "job seeker"
    CONSULTANT = "consultant"
    PARTNER = "partner"
    COMPETITOR = "competitor"
    EMPLOYEE = "own employee"


class CompanyKind(StrEnum):
    """What a company is to Northwind."""

    OWN = "own"
    PROSPECT = "prospect"
    CUSTOMER = "customer"
    PARTNER = "partner"
    COMPETITOR = "competitor"
    UNIVERSITY = "university"


class Region(StrEnum):
    """The sales territory a country belongs to."""

    EMEA = "EMEA"
    AMER = "AMER"
    APAC = "APAC"


class Standing(StrEnum):
    """As which rows somebody entered Salesforce. A conversion may add a contact later."""

    LEAD = "lead"
    CONTACT = "contact"
    TWIN = "lead and contact"
    NONE = "not in Salesforce"


class Queue(StrEnum):
    """Owners that are not people (developer names)."""

    INBOUND = "Inbound_Queue"
    RECYCLE = "Recycle_Queue"


Owner = int | Queue
"""A rep's key or a queue."""


class LeadState(StrEnum):
    """What a rep says about a lead, in Salesforce's words."""

    OPEN = "Open - Not Contacted"
    WORKING = "Working - Contacted"
    ACCEPTED = "Accepted"
    RECYCLE = "Recycle"
    DISQUALIFIED = "Disqualified"
    CONVERTED = "Closed - Converted"


class FormName(StrEnum):
    """The forms of the web site."""

    CONTACT_SALES = "contact-sales"
    PRICING_REQUEST = "pricing-request"
    WHITEPAPER = "whitepaper-lead-scoring"
    WEBINAR = "webinar-registration"


class CampaignKind(StrEnum):
    """The type of a campaign, in Salesforce's words."""

    WEBINAR = "Webinar"
    CONTENT = "Content"
    TRADE_SHOW = "Trade Show"
    WEB_FORM = "Web Form"
    EMAIL = "Email"


class TouchKind(StrEnum):
    """What a rep did."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"


class DealState(StrEnum):
    """How a deal stands at the end of the story."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
