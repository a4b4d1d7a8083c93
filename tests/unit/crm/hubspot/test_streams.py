"""Which streams and properties a definition asks HubSpot for."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from leadledger.crm.hubspot.streams import streams
from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Space
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
from leadledger.domain.routing import AccountOwner, Routing
from leadledger.domain.scoring import Engagement, Fit
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.errors import ConfigError
from leadledger.ports import Kind, Stream

EMPTY = Definition(
    name="test",
    version="1",
    digest="0",
    time_zone=ZoneInfo("Europe/Berlin"),
    connections=("hubspot",),
    people=(PeopleSource("hubspot", "contacts", {"email": "email"}),),
    activities=(),
    engagement=Engagement(),
    fit=Fit(),
    lifecycle=Lifecycle(),
    routing=Routing(),
    targets=(),
)


def asked(**changes: object) -> dict[str, Stream]:
    return {stream.name: stream for stream in streams(replace(EMPTY, **changes))}


def field(name: str, value: str = "x", op: Op = Op.IS) -> Condition:
    return Compare(Space.FIELD, name, op, value)


def submission(when: Condition | None) -> ActivitySource:
    return ActivitySource("hubspot", "form_submissions", "form_submit", when, asset="form")


def test_the_least_that_is_asked_for_are_contacts_and_owners() -> None:
    assert list(asked()) == ["contacts", "owners"]


def test_a_definition_for_another_crm_asks_for_nothing() -> None:
    assert asked(people=(PeopleSource("salesforce", "Lead", {"email": "Email"}),)) == {}


def test_contacts_carry_facts_conditions_statuses_and_written_fields() -> None:
    found = asked(
        people=(
            PeopleSource(
                "hubspot",
                "contacts",
                {"email": "email", "title": "jobtitle", "industry": "company.industry"},
                where=field("hs_language"),
            ),
        ),
        lifecycle=Lifecycle((Stage("recycled", (StatusTrigger("hs_lead_status", ("UNQUALIFIED",)),)),)),
        targets=(
            WriteTarget("hubspot", "contacts", (FieldMapping("lead_score", "score"),)),
            WriteTarget("salesforce", "Lead", (FieldMapping("Lead_Score__c", "score"),)),
        ),
    )

    assert found["contacts"].fields == ("email", "hs_language", "hs_lead_status", "jobtitle", "lead_score")


def test_companies_come_for_facts_of_the_company_and_for_its_owner() -> None:
    by_fact = asked(people=(PeopleSource("hubspot", "contacts", {"industry": "company.industry"}),))
    by_owner = asked(routing=Routing(account_owner=AccountOwner()))

    assert by_fact["companies"].fields == ("industry",)
    assert by_owner["companies"].fields == ()
    assert "companies" not in asked()


def test_deals_come_with_their_people_when_a_stage_listens_to_deals() -> None:
    found = asked(lifecycle=Lifecycle((Stage("sql", (DealTrigger(DealEvent.WON),)),)))

    assert list(found)[1:3] == ["deals", "deal_people"]


def test_histories_come_for_activities_statuses_and_the_stage_after_the_contacts() -> None:
    found = asked(
        activities=(
            ActivitySource("hubspot", "property_history", "click", property="hs_email_last_click_date"),
        ),
        lifecycle=Lifecycle((Stage("recycled", (StatusTrigger("hs_lead_status", ("UNQUALIFIED",)),)),)),
        targets=(WriteTarget("hubspot", "contacts", (FieldMapping("lifecyclestage", "stage"),)),),
    )

    assert list(found)[:2] == ["contacts", "property_history"]
    assert found["property_history"].options == (
        "hs_email_last_click_date",
        "hs_lead_status",
        "lifecyclestage",
    )
    assert found["contacts"].options == found["property_history"].options


def test_histories_come_for_assignments_and_for_facts_that_a_stage_waits_for() -> None:
    people = (PeopleSource("hubspot", "contacts", {"budget": "budget", "industry": "company.industry"}),)
    triggers = (AssignedTrigger(), FactTrigger("budget", ("yes",)), FactTrigger("industry", ("Software",)))

    found = asked(people=people, lifecycle=Lifecycle((Stage("mql", triggers),)))

    assert found["property_history"].options == ("budget", "hubspot_owner_id")


def test_what_only_a_timer_listens_to_is_read_as_well() -> None:
    without = (StatusTrigger("hs_lead_status", ("OPEN",)), DealTrigger(DealEvent.CREATED))
    stage = Stage("recycled", (TimerTrigger(14 * DAY, ("mql",), without),), side=True)

    found = asked(lifecycle=Lifecycle((stage,)))

    assert found["property_history"].options == ("hs_lead_status",)
    assert "deals" in found


@pytest.mark.parametrize("name", ["Status", "Rating__c", "status__c"])
def test_a_status_of_salesforce_is_not_asked_of_hubspot(name: str) -> None:
    found = asked(lifecycle=Lifecycle((Stage("recycled", (StatusTrigger(name, ("Recycle",)),)),)))

    assert name not in found["contacts"].fields
    assert "property_history" not in found


def test_an_engagement_carries_the_fields_that_its_entries_look_at() -> None:
    found = asked(
        activities=(
            ActivitySource(
                "hubspot",
                "meetings",
                "held",
                field("hs_meeting_outcome"),
                at="hs_meeting_start_time",
                asset="hs_meeting_title",
                attributes={"where": "hs_meeting_location"},
            ),
        )
    )

    meetings = found["meetings"]
    assert meetings.kind is Kind.ACTIVITIES
    assert meetings.instants == {"hs_meeting_start_time"}
    assert meetings.fields == (
        "hs_meeting_location",
        "hs_meeting_outcome",
        "hs_meeting_start_time",
        "hs_meeting_title",
    )


@pytest.mark.parametrize(
    ("conditions", "forms"),
    [
        ([field("form", "demo")], ("demo",)),
        ([field("form", "demo"), Compare(Space.FIELD, "form", Op.IN, ("a", "b"))], ("a", "b", "demo")),
        ([All((field("form", "demo"), field("country")))], ("demo",)),
        ([AnyOf((field("form", "a"), field("form", "b")))], ("a", "b")),
        ([AnyOf((field("form", "a"), field("country")))], ()),
        ([field("form", "demo"), Compare(Space.FIELD, "form", Op.MATCHES, ("whitepaper-*",))], ()),
        ([Not(field("form", "demo"))], ()),
        ([field("form", "demo"), None], ()),
    ],
)
def test_only_the_forms_that_an_entry_can_match_are_read(
    conditions: list[Condition | None], forms: tuple[str, ...]
) -> None:
    found = asked(activities=tuple(submission(condition) for condition in conditions))

    assert found["form_submissions"].options == forms
    assert set(found["form_submissions"].fields) >= {"form", "page_url"}


def test_all_that_hubspot_does_not_have_is_told_at_once() -> None:
    definition = replace(
        EMPTY,
        people=(PeopleSource("hubspot", "contact", {"email": "email"}),),
        activities=(
            ActivitySource("hubspot", "meeting", "held"),
            ActivitySource("hubspot", "property_history", "click"),
        ),
        targets=(WriteTarget("hubspot", "companies", (FieldMapping("x", "score"),)),),
    )

    with pytest.raises(ConfigError) as raised:
        streams(definition)

    assert len(raised.value.problems) == 4
    assert "Did you mean meetings?" in str(raised.value)


def test_the_same_definition_gives_the_same_shapes() -> None:
    assert [s.shape for s in streams(EMPTY)] == [s.shape for s in streams(EMPTY)]
