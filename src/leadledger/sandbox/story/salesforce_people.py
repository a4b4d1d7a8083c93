"""Salesforce rows of accounts, contacts, leads and the history of their status."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from leadledger.domain.instants import DAY, MINUTE
from leadledger.sandbox.story.kinds import CompanyKind, Owner, Queue, Standing
from leadledger.sandbox.story.model import Handling, Person
from leadledger.sandbox.story.salesforce_book import (
    AUTOMATION_ID,
    Book,
    actor_id,
    audit,
    contact_id,
    lead_id,
    opportunity_id,
    org_date,
    owner_id,
    thrown_away,
    user_id,
)
from leadledger.sandbox.story.salesforce_ids import record_id
from leadledger.sandbox.story.stamps import salesforce_stamp

_ACCOUNT_TYPES = {
    CompanyKind.CUSTOMER: "Customer",
    CompanyKind.PARTNER: "Partner",
    CompanyKind.COMPETITOR: "Competitor",
    CompanyKind.PROSPECT: "Prospect",
}
_NOT_PROVIDED = "[not provided]"
"""What Salesforce's web-to-lead writes into a required field that was left empty."""


def people_rows(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """Account, Contact, Lead and LeadHistory rows."""
    yield from _accounts(book)
    for person in book.story.people:
        since_us = book.contact_since_us(person)
        if since_us is not None:
            yield "Contact", _contact(book, person, since_us)
    losers = count(len(book.story.people) + 1)
    for person in book.story.people:
        if book.has_lead(person):
            yield "Lead", _lead(book, person)
            for _ in range(person.merged_from):
                yield "Lead", _merged_lead(book, person, next(losers))
    yield from _histories(book)


def _stored(text: str | None) -> str | None:
    """Salesforce keeps no empty text: it is null."""
    return text or None


def _accounts(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    story = book.story
    for key, since_us in book.account_since_us().items():
        company = story.companies[key]
        changed_us = max(since_us, min(company.created_us, story.until_us))
        owner = company.owner if company.owner is not None else key % len(story.reps)
        yield (
            "Account",
            {
                "Id": record_id("Account", key + 1),
                "Name": company.name,
                "Type": _ACCOUNT_TYPES.get(company.kind),
                "Website": f"https://{company.domain}",
                "Industry": _stored(company.industry),
                "NumberOfEmployees": company.employees,
                "AnnualRevenue": company.revenue,
                "BillingCountry": _stored(company.country),
                "ParentId": None,
                "MasterRecordId": None,
                "OwnerId": user_id(owner),
                **audit(since_us, changed_us, AUTOMATION_ID, user_id(owner)),
            },
        )
    for person in story.people:
        conversion = story.handlings[person.key].conversion
        if conversion is not None and person.company is None:
            yield (
                "Account",
                {
                    "Id": book.account_of(person),
                    "Name": _stored(person.company_text) or _NOT_PROVIDED,
                    "Type": None,
                    "Website": None,
                    "Industry": None,
                    "NumberOfEmployees": None,
                    "AnnualRevenue": None,
                    "BillingCountry": _stored(person.country),
                    "ParentId": None,
                    "MasterRecordId": None,
                    "OwnerId": actor_id(conversion.by),
                    **audit(
                        conversion.at_us, conversion.at_us, actor_id(conversion.by), actor_id(conversion.by)
                    ),
                },
            )


def _person(book: Book, person: Person) -> dict[str, Any]:
    """What a lead and a contact have in common."""
    answers: dict[str, str] = {}
    for fill in book.story.journeys[person.key].fills:
        answers |= {name: value for name, value in fill.answers if value}
    earlier = person.earlier_mql
    touches = book.story.handlings[person.key].touches
    name = f"{person.first_name} {person.last_name}" if person.first_name else person.last_name
    return {
        "FirstName": _stored(person.first_name),
        "LastName": person.last_name,
        "Name": name,
        "Title": _stored(person.title),
        "Phone": person.phone,
        "LeadSource": _stored(person.source),
        "HasOptedOutOfEmail": person.opted_out,
        "DoNotCall": False,
        "LastActivityDate": org_date(touches[-1].at_us) if touches else None,
        "MQL_Counter__c": None if earlier is None else earlier.count,
        "First_MQL_Date__c": None if earlier is None else salesforce_stamp(earlier.first_us),
        "Last_MQL_Date__c": None if earlier is None else salesforce_stamp(earlier.last_us),
        "Lead_Score__c": None,
        "Lifecycle_Stage__c": "MQL" if earlier is not None and person.key % 2 else None,
        "Budget__c": answers.get("budget"),
        "Purchase_Timeframe__c": answers.get("purchase_timeframe"),
        "Contact_Me__c": answers.get("contact_me") == "true",
    }


def _changed_us(book: Book, person: Person) -> int:
    """When somebody last edited the person, apart from status and owner."""
    fills = book.story.journeys[person.key].fills
    edits = [person.created_us, *(fill.at_us for fill in fills)]
    if person.earlier_mql is not None:
        edits.append(person.earlier_mql.last_us)
    if person.merged_from or person.deleted:
        edits.append(book.removed_us(person))
    return max(edits)


def _contact(book: Book, person: Person, since_us: int) -> dict[str, Any]:
    handling = book.story.handlings[person.key]
    company = book.company_of(person)
    owner = _contact_owner(book, person, handling)
    changed_us = max(since_us, _changed_us(book, person))
    creator = actor_id(handling.conversion.by) if handling.conversion else user_id(owner)
    row = {
        "Id": contact_id(person.key),
        "MasterRecordId": None,
        "AccountId": book.account_of(person),
        **_person(book, person),
        "Email": person.contact_email,
        "MailingCountry": _stored(person.country),
        "Department": None,
        "IsEmailBounced": False,
        "OwnerId": user_id(owner),
        **audit(since_us, changed_us, creator, AUTOMATION_ID if changed_us > since_us else creator),
    }
    if company is None and handling.conversion is None:
        row["AccountId"] = None
    if person.standing is Standing.TWIN:
        # The earlier manual work was done on the lead; nobody told the twin.
        row |= dict.fromkeys(
            ("MQL_Counter__c", "First_MQL_Date__c", "Last_MQL_Date__c", "Lifecycle_Stage__c")
        )
    return thrown_away(row, book.removed_us(person)) if person.deleted else row


def _contact_owner(book: Book, person: Person, handling: Handling) -> int:
    """A contact is owned by a person, never by a queue."""
    if handling.conversion is not None and handling.conversion.by is not None:
        return handling.conversion.by
    owner = handling.owner
    if not isinstance(owner, Queue):
        return owner
    company = book.company_of(person)
    if company is not None and company.owner is not None:
        return company.owner
    of_region = [rep.key for rep in book.story.reps if rep.region is person.region and rep.left_us is None]
    return of_region[person.key % len(of_region)]


def _lead(book: Book, person: Person) -> dict[str, Any]:
    story = book.story
    handling = story.handlings[person.key]
    company = book.company_of(person)
    conversion = handling.conversion
    moves = [(change.at_us, change.by) for change in handling.states]
    moves += [(change.at_us, change.by) for change in handling.owners]
    edited_us = _changed_us(book, person)
    last_us, last_by = max(moves, key=lambda move: move[0], default=(0, None))
    if conversion is not None:
        # A converted lead is read-only.
        changed_us, changed_by = conversion.at_us, conversion.by
    else:
        changed_us, changed_by = (last_us, last_by) if last_us >= edited_us else (edited_us, None)
    owner: Owner = handling.owner
    if conversion is not None and isinstance(owner, Queue):
        owner = _contact_owner(book, person, handling)
    deal = None if conversion is None else conversion.deal
    by_hand = not isinstance(handling.first_owner, Queue) and person.key % 4 == 0
    creator = owner_id(handling.first_owner) if by_hand else AUTOMATION_ID
    stamps = audit(person.created_us, changed_us, creator, actor_id(changed_by))
    if person.key % 16 == 3 and conversion is None:
        # A system process (a sharing recalculation, a roll-up) moves this stamp alone.
        stamps["SystemModstamp"] = salesforce_stamp(
            max(changed_us, min(changed_us + 5 * DAY, story.until_us - MINUTE))
        )
    return {
        "Id": lead_id(person.key),
        "MasterRecordId": None,
        **_person(book, person),
        "Email": person.email,
        "Company": _stored(person.company_text) or _NOT_PROVIDED,
        "Website": f"https://{company.domain}" if company and person.key % 3 else None,
        "Industry": _stored(company.industry) if company else None,
        "NumberOfEmployees": company.employees if company else None,
        "AnnualRevenue": company.revenue if company else None,
        "Country": _stored(person.country),
        "Rating": None,
        "Status": handling.state.value,
        "OwnerId": owner_id(owner),
        "IsConverted": conversion is not None,
        "ConvertedDate": None if conversion is None else org_date(conversion.at_us),
        "ConvertedContactId": None if conversion is None else contact_id(person.key),
        "ConvertedAccountId": None if conversion is None else book.account_of(person),
        "ConvertedOpportunityId": None if deal is None else opportunity_id(deal),
        "IsUnreadByOwner": not handling.states,
        **stamps,
        "IsDeleted": person.deleted,
    }


def _merged_lead(book: Book, person: Person, number: int) -> dict[str, Any]:
    """The loser of a merge: deleted, and pointing at the winner."""
    row = _lead(book, person)
    stamp = salesforce_stamp(book.removed_us(person))
    created_us = min(person.created_us + (number % 7) * 3 * DAY // 2, book.removed_us(person))
    row |= {
        "Id": record_id("Lead", number),
        "MasterRecordId": lead_id(person.key),
        "IsDeleted": True,
        "Status": "Open - Not Contacted",
        "OwnerId": owner_id(Queue.INBOUND),
        "Phone": None,
        "CreatedDate": salesforce_stamp(created_us),
        "LastModifiedDate": stamp,
        "SystemModstamp": stamp,
        "LastModifiedById": AUTOMATION_ID,
        "IsConverted": False,
    }
    row |= dict.fromkeys(
        (
            "ConvertedDate",
            "ConvertedContactId",
            "ConvertedAccountId",
            "ConvertedOpportunityId",
            "LastActivityDate",
            "MQL_Counter__c",
            "First_MQL_Date__c",
            "Last_MQL_Date__c",
            "Lifecycle_Stage__c",
        )
    )
    return row


def _histories(book: Book) -> Iterator[tuple[str, dict[str, Any]]]:
    """Status changes, owner changes (two rows each: the name and the id) and conversions of leads."""
    numbers = count(1)
    for person in book.story.people:
        if not book.has_lead(person):
            continue
        handling = book.story.handlings[person.key]
        changes: list[tuple[int, str, str | None, str | None, int | None]] = [
            (c.at_us, "Status", c.old.value, c.new.value, c.by) for c in handling.states
        ]
        for owner in handling.owners:
            names = (_owner_name(book, owner.old), _owner_name(book, owner.new))
            changes.append((owner.at_us, "Owner", *names, owner.by))
            changes.append((owner.at_us, "Owner", owner_id(owner.old), owner_id(owner.new), owner.by))
        if handling.conversion is not None:
            changes.append((handling.conversion.at_us, "leadConverted", None, None, handling.conversion.by))
        for at_us, field, old, new, by in sorted(changes, key=lambda change: change[0]):
            yield (
                "LeadHistory",
                {
                    "Id": record_id("LeadHistory", next(numbers)),
                    "LeadId": lead_id(person.key),
                    "Field": field,
                    "OldValue": old,
                    "NewValue": new,
                    "CreatedDate": salesforce_stamp(at_us),
                    "CreatedById": actor_id(by),
                    "IsDeleted": person.deleted,
                },
            )


def _owner_name(book: Book, owner: Owner) -> str:
    return owner.value.replace("_", " ") if isinstance(owner, Queue) else book.story.reps[owner].name
