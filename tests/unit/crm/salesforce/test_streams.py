from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from leadledger.crm.salesforce.streams import streams_of
from leadledger.domain.conditions import All, Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import (
    AssignedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    TimerTrigger,
)
from leadledger.domain.routing import Fallback, Routing
from leadledger.domain.scoring import Engagement, Fit
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.errors import ConfigError
from leadledger.ports import Kind, Stream

B2B = Compare(Space.FIELD, "RecordType.DeveloperName", Op.IS, "B2B")
LEAD = PeopleSource("salesforce", "Lead", {"email": "Email"}, where=B2B)
CONTACT = PeopleSource("salesforce", "Contact", {"email": "Email", "industry": "Account.Industry"})
PLAIN = Definition(
    name="x",
    version="1",
    digest="0",
    time_zone=ZoneInfo("Europe/Berlin"),
    connections=("salesforce",),
    people=(LEAD, CONTACT),
    activities=(),
    engagement=Engagement(),
    fit=Fit(),
    lifecycle=Lifecycle(),
    routing=Routing(),
    targets=(),
)


def named(definition: Definition) -> dict[str, Stream]:
    return {stream.name: stream for stream in streams_of(definition)}


def target(object_: str, **fields: str) -> WriteTarget:
    return WriteTarget("salesforce", object_, tuple(FieldMapping(f, value) for f, value in fields.items()))


def task(**changed: object) -> ActivitySource:
    return ActivitySource(
        **{"crm": "salesforce", "stream": "Task", "type": "call", "at": "CompletedDateTime", **changed}
    )


def test_a_small_definition_needs_only_people_and_their_accounts() -> None:
    assert [(s.name, s.kind) for s in streams_of(PLAIN)] == [
        ("Account", Kind.ACCOUNTS),
        ("Lead", Kind.PEOPLE),
        ("Contact", Kind.PEOPLE),
    ]


def test_account_fields_are_pulled_with_the_account_and_not_with_the_person() -> None:
    streams = named(PLAIN)

    assert streams["Account"].fields == ("Industry",)
    assert streams["Contact"].fields == ("Email",)


def test_a_persons_fields_are_facts_conditions_and_written_fields() -> None:
    definition = replace(
        PLAIN, targets=(target("Lead", Lead_Score__c="score"), target("Contact", X__c="score"))
    )

    assert named(definition)["Lead"].fields == ("Email", "Lead_Score__c", "RecordType.DeveloperName")


def test_an_activity_has_the_union_of_its_entries_fields_with_parents() -> None:
    webinar = Compare(Space.FIELD, "Campaign.Type", Op.IS, "Webinar")
    entries = (
        ActivitySource("salesforce", "CampaignMember", "webinar", All((webinar,)), at="FirstRespondedDate"),
        ActivitySource(
            "salesforce",
            "CampaignMember",
            "form",
            at="CreatedDate",
            asset="Campaign.Name",
            attributes={"s": "Status"},
        ),
    )

    stream = named(replace(PLAIN, activities=entries))["CampaignMember"]

    assert stream.fields == ("Campaign.Name", "Campaign.Type", "CreatedDate", "FirstRespondedDate", "Status")
    assert stream.instants == {"CreatedDate", "FirstRespondedDate"}
    assert stream.person_field is None


def test_an_own_object_names_its_person() -> None:
    visit = ActivitySource("salesforce", "Visit__c", "view", at="At__c", person="Lead__c,Contact__c")

    stream = named(replace(PLAIN, activities=(visit,)))["Visit__c"]

    assert stream.person_field == "Lead__c,Contact__c"


def test_the_history_is_pulled_only_where_a_status_or_a_stage_needs_it() -> None:
    status = Lifecycle((Stage("recycled", (StatusTrigger("Status", ("Recycle",)),), side=True),))

    assert "LeadHistory" not in named(PLAIN)
    assert named(replace(PLAIN, lifecycle=status))["LeadHistory"].options == ("Status",)
    assert "Status" in named(replace(PLAIN, lifecycle=status))["Lead"].fields
    assert "Status" not in named(replace(PLAIN, lifecycle=status))["Contact"].fields
    staged = replace(PLAIN, targets=(target("Lead", Stage__c="stage", Score__c="score"),))
    assert named(staged)["LeadHistory"].options == ("Stage__c",)


def test_the_history_is_pulled_for_assignments_and_for_facts_that_a_stage_waits_for() -> None:
    lead = PeopleSource("salesforce", "Lead", {"budget": "Budget__c", "industry": "Account.Industry"})
    contact = PeopleSource("salesforce", "Contact", {"budget": "Contact_Budget__c"})
    triggers = (AssignedTrigger(), FactTrigger("budget", ("yes",)), FactTrigger("industry", ("Software",)))
    definition = replace(PLAIN, people=(lead, contact), lifecycle=Lifecycle((Stage("mql", triggers),)))

    assert named(definition)["LeadHistory"].options == ("Budget__c", "Owner")


def test_what_only_a_timer_listens_to_is_pulled_as_well() -> None:
    without = (StatusTrigger("Status", ("Working",)), DealTrigger(DealEvent.CREATED))
    stage = Stage("recycled", (TimerTrigger(14 * DAY, ("mql",), without),), side=True)

    found = named(replace(PLAIN, lifecycle=Lifecycle((stage,))))

    assert found["LeadHistory"].options == ("Status",)
    assert "Opportunity" in found


def test_a_status_of_another_crm_is_not_asked_of_salesforce() -> None:
    status = Lifecycle((Stage("recycled", (StatusTrigger("hs_lead_status", ("Recycle",)),), side=True),))
    both = replace(PLAIN, connections=("salesforce", "hubspot"), lifecycle=status)

    assert "LeadHistory" not in named(both)


def test_deals_are_pulled_only_when_a_stage_listens_to_them() -> None:
    deals = replace(PLAIN, lifecycle=Lifecycle((Stage("sql", (DealTrigger(DealEvent.WON),)),)))

    assert not {"Opportunity", "OpportunityContactRole"} & set(named(PLAIN))
    assert {"Opportunity", "OpportunityContactRole"} <= set(named(deals))


def test_without_contacts_a_deal_is_linked_through_the_converted_lead() -> None:
    deals = replace(
        PLAIN, people=(LEAD,), lifecycle=Lifecycle((Stage("sql", (DealTrigger(DealEvent.WON),)),))
    )

    assert named(deals)["LeadConversion"].kind is Kind.DEAL_PEOPLE
    assert "OpportunityContactRole" not in named(deals)


@pytest.mark.parametrize(
    "changed",
    [
        {"routing": Routing(fallback=Fallback(queue="q"))},
        {"targets": (target("Lead", OwnerId="owner"),)},
    ],
)
def test_owners_are_pulled_first_when_somebody_routes(changed: dict[str, object]) -> None:
    assert streams_of(replace(PLAIN, **changed))[0] == Stream("salesforce", "Owner", Kind.OWNERS)


def test_a_definition_without_salesforce_needs_nothing() -> None:
    assert streams_of(replace(PLAIN, people=(), connections=("hubspot",))) == ()


def test_another_time_zone_means_other_dates_and_so_a_new_full_read() -> None:
    tokyo = replace(PLAIN, time_zone=ZoneInfo("Asia/Tokyo"))

    assert named(tokyo)["Lead"].shape != named(PLAIN)["Lead"].shape


def test_all_problems_are_told_at_once_with_place_and_next_step() -> None:
    wrong = replace(
        PLAIN,
        people=(LEAD, PeopleSource("salesforce", "Campaign", {"name": "Name"})),
        activities=(
            task(asset="Subject; DROP"),
            ActivitySource("salesforce", "Visit__c", "view", at="At__c"),
            ActivitySource("salesforce", "Call Log", "call", at="At__c", person="Lead__c"),
            ActivitySource("salesforce", "LeadHistory", "change"),
        ),
    )

    with pytest.raises(ConfigError) as raised:
        streams_of(wrong)

    assert [(p.file, p.path) for p in raised.value.problems] == [
        ("people.yaml", "salesforce.Campaign"),
        ("activities.yaml", "salesforce.Task"),
        ("activities.yaml", "salesforce.Visit__c"),
        ("activities.yaml", "salesforce.Call Log"),
        ("activities.yaml", "salesforce.LeadHistory"),
    ]
    assert all(problem.hint for problem in raised.value.problems)


def test_entries_of_one_object_agree_on_the_person() -> None:
    entries = (
        ActivitySource("salesforce", "Visit__c", "view", at="At__c", person="Lead__c"),
        ActivitySource("salesforce", "Visit__c", "click", at="At__c", person="Contact__c"),
    )

    with pytest.raises(ConfigError) as raised:
        streams_of(replace(PLAIN, activities=entries))

    assert "different persons" in raised.value.problems[0].text
