"""Salesforce rows that exist before the first lead: organisation, users, queues, statuses and campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadledger.domain.instants import DAY
from leadledger.sandbox.story.kinds import LeadState, Queue
from leadledger.sandbox.story.salesforce_book import (
    AUTOMATION_ID,
    INTEGRATION_USER_ID,
    ORG_ID,
    ORG_ZONE,
    QUEUE_IDS,
    Book,
    audit,
    campaign_id,
    org_date,
    user_id,
)
from leadledger.sandbox.story.salesforce_ids import record_id


def setup_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """Organization, User, Group, QueueSobject, LeadStatus and Campaign rows."""
    opened_us = book.story.start_us - 1500 * DAY
    system = audit(opened_us, opened_us, AUTOMATION_ID, AUTOMATION_ID)
    without_bin = {name: value for name, value in system.items() if name != "IsDeleted"}
    yield "Organization", _organization(without_bin)
    yield from _users(book, without_bin)
    yield from _queues(without_bin)
    for order, state in enumerate(LeadState, start=1):
        yield (
            "LeadStatus",
            {
                "Id": record_id("LeadStatus", order),
                "ApiName": state.value,
                "MasterLabel": state.value,
                "IsConverted": state is LeadState.CONVERTED,
                "IsDefault": state is LeadState.OPEN,
                "SortOrder": order,
                **without_bin,
            },
        )
    yield from _campaigns(book)


def _organization(system: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": ORG_ID,
        "Name": "Northwind",
        "OrganizationType": "Enterprise Edition",
        "InstanceName": "LOOP1",
        "IsSandbox": True,
        "TimeZoneSidKey": ORG_ZONE,
        "DefaultLocaleSidKey": "en_GB",
        "LanguageLocaleKey": "en_US",
        **system,
    }


def _users(book: Book, system: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for id_, first, last, local in (
        (INTEGRATION_USER_ID, "Lead", "Ledger", "integration"),
        (AUTOMATION_ID, "Marketing", "Automation", "automation"),
    ):
        yield (
            "User",
            _user(id_, first, last, f"{local}@northwind.example", ORG_ZONE) | system,
        )
    for rep in book.story.reps:
        row = _user(user_id(rep.key), rep.first_name, rep.last_name, rep.email, rep.time_zone)
        stamps = audit(rep.started_us, rep.left_us or rep.started_us, AUTOMATION_ID, AUTOMATION_ID)
        del stamps["IsDeleted"]
        yield "User", row | stamps | {"IsActive": rep.left_us is None, "Department": f"Sales {rep.region}"}


def _user(id_: str, first: str, last: str, email: str, zone: str) -> dict[str, Any]:
    return {
        "Id": id_,
        "Username": email,
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Alias": (first[:1] + last).lower()[:8],
        "Email": email,
        "IsActive": True,
        "UserType": "Standard",
        "Department": None,
        "UserRoleId": None,
        "ManagerId": None,
        "TimeZoneSidKey": zone,
    }


def _queues(system: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for queue in Queue:
        yield (
            "Group",
            {
                "Id": QUEUE_IDS[queue],
                "Name": queue.value.replace("_", " "),
                "DeveloperName": queue.value,
                "Type": "Queue",
                "Email": None,
                **system,
            },
        )
    for number, queue in enumerate(Queue, start=1):
        yield (
            "QueueSobject",
            {
                "Id": record_id("QueueSobject", number),
                "QueueId": QUEUE_IDS[queue],
                "SobjectType": "Lead",
                "CreatedById": AUTOMATION_ID,
                "SystemModstamp": system["SystemModstamp"],
            },
        )


def _campaigns(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    until_us = book.story.until_us
    for campaign in book.story.campaigns:
        created_us = campaign.start_us - 30 * DAY
        over = campaign.end_us < until_us
        changed_us = campaign.end_us if over else campaign.start_us
        yield (
            "Campaign",
            {
                "Id": campaign_id(campaign.key),
                "Name": campaign.name,
                "Type": campaign.kind.value,
                "Status": "Completed" if over else "In Progress",
                "IsActive": not over,
                "StartDate": org_date(campaign.start_us),
                "EndDate": org_date(campaign.end_us) if over else None,
                "ParentId": None,
                "OwnerId": AUTOMATION_ID,
                **audit(created_us, changed_us, AUTOMATION_ID, AUTOMATION_ID),
            },
        )
