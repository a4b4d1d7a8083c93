"""What people do and are asked to do: tasks, events, campaigns, web visits."""

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
from leadledger.sandbox.salesforce.standard_fields import (
    PERSON,
    PERSON_OR_QUEUE,
    SYSTEM,
    create_only,
    read_only,
)

_WHO = link("WhoId", "Contact", "Lead")
_WHAT = link("WhatId", "Account", "Opportunity", "Campaign", "Visit__c")
_ARCHIVED = read_only(link("AccountId", "Account"), check("IsArchived"))

TASK = sobject(
    "Task",
    "Task",
    "00T",
    (
        *SYSTEM,
        _WHO,
        _WHAT,
        choice("Subject", "Call", "Email", "Send Letter", "Other", kind=Kind.COMBOBOX),
        day("ActivityDate"),
        choice(
            "Status",
            "Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred",
            required=True,
            default="Not Started",
        ),
        choice("Priority", "High", "Normal", "Low", required=True, default="Normal"),
        *read_only(check("IsClosed"), check("IsHighPriority"), moment("CompletedDateTime")),
        PERSON_OR_QUEUE,
        choice("Type", "Call", "Email", "Meeting", "Other"),
        create_only(
            choice("TaskSubtype", "Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn", restricted=True)
        ),
        choice("CallType", "Internal", "Inbound", "Outbound", restricted=True),
        whole("CallDurationInSeconds"),
        text("CallDisposition"),
        text("CallObject"),
        check("IsRecurrence"),
        long_text("Description"),
        *_ARCHIVED,
    ),
)  # fmt: skip

EVENT = sobject(
    "Event",
    "Event",
    "00U",
    (
        *SYSTEM,
        _WHO,
        _WHAT,
        choice("Subject", "Call", "Email", "Meeting", "Send Letter/Quote", "Other", kind=Kind.COMBOBOX),
        text("Location"),
        check("IsAllDayEvent"),
        moment("ActivityDateTime"),
        day("ActivityDate"),
        whole("DurationInMinutes"),
        moment("StartDateTime"),
        moment("EndDateTime"),
        choice("Type", "Email", "Meeting", "Other", "Call"),
        choice("ShowAs", "Busy", "OutOfOffice", "Free", restricted=True),
        create_only(choice("EventSubtype", "Event", restricted=True)),
        PERSON,
        check("IsPrivate"),
        check("IsRecurrence"),
        *read_only(check("IsChild"), check("IsGroupEvent")),
        *read_only(choice("GroupEventType", "0", "1", "2", restricted=True)),
        long_text("Description"),
        *_ARCHIVED,
    ),
)

CAMPAIGN = sobject(
    "Campaign",
    "Campaign",
    "701",
    (
        *SYSTEM,
        text("Name", 80, required=True),
        link("ParentId", "Campaign"),
        choice(
            "Type",
            "Conference",
            "Webinar",
            "Trade Show",
            "Email",
            "Advertisement",
            "Referral Program",
            "Other",
        ),
        choice("Status", "Planned", "In Progress", "Completed", "Aborted"),
        day("StartDate"),
        day("EndDate"),
        number("ExpectedRevenue", kind=Kind.CURRENCY),
        number("BudgetedCost", kind=Kind.CURRENCY),
        number("ActualCost", kind=Kind.CURRENCY),
        check("IsActive"),
        long_text("Description"),
        *read_only(whole("NumberOfLeads"), whole("NumberOfContacts"), whole("NumberOfResponses")),
        PERSON,
        link("RecordTypeId", "RecordType"),
    ),
)

CAMPAIGN_MEMBER = sobject(
    "CampaignMember",
    "Campaign Member",
    "00v",
    (
        *SYSTEM,
        create_only(link("CampaignId", "Campaign", required=True)),
        create_only(link("LeadId", "Lead")),
        create_only(link("ContactId", "Contact")),
        *read_only(link("LeadOrContactId", "Contact", "Lead", relationship="LeadOrContact")),
        choice("Status", "Sent", "Responded", "Registered", "Attended", default="Sent"),
        *read_only(check("HasResponded"), day("FirstRespondedDate")),
    ),
)

VISIT = sobject(
    "Visit__c",
    "Visit",
    "a01",
    (
        *SYSTEM,
        text("Name", 80),
        PERSON_OR_QUEUE,
        link("Lead__c", "Lead"),
        link("Contact__c", "Contact"),
        moment("Visited_At__c"),
        text("URL__c", kind=Kind.URL),
        number("Dwell__c"),
        text("Referrer__c"),
    ),
)
