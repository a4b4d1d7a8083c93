"""Which row of Salesforce stands for which person, company and rep, and the columns that all rows share."""

from __future__ import annotations

from typing import Any, Final

from leadledger.domain.instants import DAY, MINUTE, SECOND
from leadledger.sandbox.story.kinds import Owner, Queue, Standing
from leadledger.sandbox.story.model import Company, Person, Story
from leadledger.sandbox.story.salesforce_ids import record_id
from leadledger.sandbox.story.seasons import local_day
from leadledger.sandbox.story.stamps import day_text, salesforce_stamp

ORG_ZONE = "Europe/Berlin"
"""The organisation's time zone: what a date without a time means here."""
ORG_ID: Final = "00D9S000000LdgrUAC"
INTEGRATION_USER_ID: Final = "0059S000000IntgQAC"
"""The user that leadledger logs in as. No row of a story was made or changed by it."""
AUTOMATION_ID = record_id("User", 2)
"""The marketing automation's user, who makes leads from forms and logs page views."""
_FIRST_REP = 3
QUEUE_IDS = {queue: record_id("Group", number) for number, queue in enumerate(Queue, start=1)}


def user_id(rep: int) -> str:
    return record_id("User", rep + _FIRST_REP)


def owner_id(owner: Owner) -> str:
    return QUEUE_IDS[owner] if isinstance(owner, Queue) else user_id(owner)


def actor_id(rep: int | None) -> str:
    """The user who did something; nobody in particular is the automation."""
    return AUTOMATION_ID if rep is None else user_id(rep)


def lead_id(person: int) -> str:
    return record_id("Lead", person + 1)


def contact_id(person: int) -> str:
    return record_id("Contact", person + 1)


def opportunity_id(deal: int) -> str:
    return record_id("Opportunity", deal + 1)


def campaign_id(campaign: int) -> str:
    return record_id("Campaign", campaign + 1)


def org_date(at_us: int) -> str:
    """The day of an instant in the organisation's time zone."""
    return day_text(local_day(ORG_ZONE, at_us))


def audit(created_us: int, changed_us: int, created_by: str, changed_by: str) -> dict[str, Any]:
    """The columns that every standard object has besides its id."""
    stamp = salesforce_stamp(changed_us)
    return {
        "CreatedDate": salesforce_stamp(created_us),
        "CreatedById": created_by,
        "LastModifiedDate": stamp,
        "LastModifiedById": changed_by,
        "SystemModstamp": stamp,
        "IsDeleted": False,
    }


def thrown_away(row: dict[str, Any], at_us: int) -> dict[str, Any]:
    """The row as it lies in the recycle bin: deletion moves the stamps."""
    stamp = salesforce_stamp(at_us)
    return row | {"IsDeleted": True, "LastModifiedDate": stamp, "SystemModstamp": stamp}


class Book:
    """Look-ups over a story that several groups of rows need."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._account_since = _accounts(story)

    def removed_us(self, person: Person) -> int:
        """When a deleted person went to the recycle bin, or a lead swallowed its duplicates: after all else."""
        journey = self.story.journeys[person.key]
        handling = self.story.handlings[person.key]
        latest_us = max(
            (
                person.created_us,
                *(fill.at_us for fill in journey.fills),
                *(send.at_us for send in journey.sends),
                *(response.changed_us for response in journey.responses),
                *(touch.at_us + touch.minutes * MINUTE for touch in handling.touches),
                *(change.at_us for change in handling.states),
                *(change.at_us for change in handling.owners),
            )
        )
        return max(latest_us, min(latest_us + (3 + person.key % 50) * DAY, self.story.until_us - MINUTE))

    def company_of(self, person: Person) -> Company | None:
        return None if person.company is None else self.story.companies[person.company]

    def has_lead(self, person: Person) -> bool:
        return person.standing in (Standing.LEAD, Standing.TWIN)

    def contact_since_us(self, person: Person) -> int | None:
        """When a person's contact was made; None when there is none. A twin's came days after the lead."""
        conversion = self.story.handlings[person.key].conversion
        if conversion is not None:
            return conversion.at_us
        return _contact_since(person, self.story.until_us)

    def person_at(self, person: Person, at_us: int, turn: int) -> tuple[str | None, str | None]:
        """Lead id and contact id for something that happened, as the tracker of that day knew the person.

        Half of a twin's doings are filed under the lead, half under the contact.
        """
        since_us = self.contact_since_us(person)
        if not self.has_lead(person):
            return None, contact_id(person.key)
        if since_us is None or at_us < since_us:
            return lead_id(person.key), None
        if person.standing is Standing.TWIN and turn % 2:
            return lead_id(person.key), None
        return None, contact_id(person.key)

    def who(self, person: Person, turn: int) -> str:
        """The `WhoId` of a task or event. Conversion moves them all to the contact."""
        if self.has_lead(person) and self.story.handlings[person.key].conversion is None:
            return (
                contact_id(person.key)
                if person.standing is Standing.TWIN and turn % 2
                else lead_id(person.key)
            )
        return contact_id(person.key)

    def who_since_us(self, person: Person, who: str) -> int:
        """When the row of a `WhoId` was made; converted contacts took over older tasks."""
        if self.story.handlings[person.key].conversion is not None or who.startswith("00Q"):
            return person.created_us
        return self.contact_since_us(person) or person.created_us

    def account_since_us(self) -> dict[int, int]:
        """Company key -> when its account was made, for companies that have one, by key."""
        return self._account_since

    def account_of(self, person: Person) -> str | None:
        """The account of a person's contact. Conversion of somebody without a company made one."""
        if person.company is not None:
            return record_id("Account", person.company + 1)
        if self.story.handlings[person.key].conversion is not None:
            return record_id("Account", len(self.story.companies) + person.key + 1)
        return None


def _contact_since(person: Person, until_us: int) -> int | None:
    if person.standing is Standing.CONTACT:
        return person.created_us
    if person.standing is Standing.TWIN:
        return min(person.created_us + (person.key * 7 % 45) * DAY + 1800 * SECOND, until_us - 60 * SECOND)
    return None


def _accounts(story: Story) -> dict[int, int]:
    since = {company.key: company.created_us for company in story.companies if company.known_to_sales}
    for person, handling in zip(story.people, story.handlings, strict=True):
        at_us = handling.conversion.at_us if handling.conversion else _contact_since(person, story.until_us)
        if person.company is not None and at_us is not None:
            since[person.company] = min(at_us, since.get(person.company, at_us))
    for deal in story.deals:
        if deal.company is not None:
            since[deal.company] = min(deal.created_us, since[deal.company])
    return dict(sorted(since.items()))
