from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from leadledger.definition.load import Loaded
from leadledger.domain.conditions import ALWAYS, All, Compare, Op, Space
from leadledger.domain.definition import Guards
from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND, WEEK
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.routing import AccountOwner, Fallback, Member, Pool, RouteRule
from leadledger.domain.scoring import Calendar, Category, EngagementRule, Fit, Grade, HalfLife, Limit
from leadledger.domain.sources import ActivitySource, Identity, Normalise, PeopleSource
from leadledger.domain.writeback import FieldMapping, Policy

Load = Callable[..., Loaded]

HUBSPOT = {
    "leadledger": "version: 1\nname: h\ndefinition_version: '7'\ntime_zone: Asia/Tokyo\nconnections: [hubspot]\n",
    "people": "version: 1\nhubspot: {contacts: {facts: {email: email, title: jobtitle, employees: company.size}}}\n",
    "writeback": "hubspot: {contacts: {hubspot_owner_id: owner}}\n",
}


def test_leadledger_yaml_becomes_the_head_of_the_definition(loaded_with: Load):
    definition = loaded_with(
        leadledger="""
version: 1
name: small
definition_version: 2026-11-01
time_zone: Europe/Berlin
connections: [salesforce]
identity: {by: record, ignore_domains: [Example.COM]}
history: {mode: replay, since: 2y}
guards: {max_people_changing_stage: 20%, max_owner_changes: 500, max_emptied_fields: 0}
"""
    ).definition

    assert (definition.name, definition.version) == ("small", "2026-11-01")
    assert definition.time_zone == ZoneInfo("Europe/Berlin")
    assert definition.connections == ("salesforce",)
    assert definition.identity == Identity(by_email=False, ignore_domains=("example.com",))
    assert definition.history_span == 730 * DAY
    assert definition.guards == Guards(0.2, 500, 0)


def test_identity_and_history_may_say_more(loaded_with: Load):
    definition = loaded_with(
        leadledger="""
version: 1
name: small
definition_version: first
time_zone: UTC
connections: [salesforce]
identity: {by: email, plus_tags: false, references: [title], same_activity: 90s}
history: {mode: from_now}
"""
    ).definition

    assert definition.identity == Identity(plus_tags=False, references=("title",), same_activity=90 * SECOND)
    assert definition.from_now


def test_what_leadledger_yaml_leaves_out_has_the_domains_defaults(loaded_with: Load):
    definition = loaded_with().definition

    assert definition.identity == Identity()
    assert definition.history_span is None
    assert definition.guards == Guards()
    assert definition.exclude_when is None


def test_people_yaml_becomes_sources_in_order(loaded_with: Load):
    definition = loaded_with(
        people="""
salesforce:
  Lead: {facts: {email: Email, employees: NumberOfEmployees}, where: {field: RecordType.Name, is: B2B}}
  Contact: {facts: {email: Email, title: Title, employees: Account.NumberOfEmployees}}
normalise: {email: email, title: {map: {Boss: CEO}}}
authority: [salesforce.Contact]
"""
    ).definition

    assert definition.people == (
        PeopleSource(
            "salesforce",
            "Lead",
            {"email": "Email", "employees": "NumberOfEmployees"},
            Compare(Space.FIELD, "RecordType.Name", Op.IS, "B2B"),
        ),
        PeopleSource(
            "salesforce",
            "Contact",
            {"email": "Email", "title": "Title", "employees": "Account.NumberOfEmployees"},
        ),
    )
    assert definition.normalise == {"email": Normalise("email"), "title": Normalise("map", {"Boss": "CEO"})}
    assert definition.authority == ("salesforce.Contact", "salesforce.Lead")
    assert definition.facts() == ("email", "employees", "title")


def test_rows_of_a_custom_object_may_lead_to_one_of_several_persons(loaded_with: Load):
    definition = loaded_with(
        activities="""
salesforce:
  Task: [{type: call, at: CompletedDateTime, origin: sales, attributes: {seconds: CallDurationInSeconds}}]
  Visit__c:
    - {type: page_view, person: [Lead__c, Contact__c], at: At__c, asset: URL__c, campaign: Campaign__c, intent: product}
"""
    ).definition

    assert definition.activities == (
        ActivitySource(
            "salesforce", "Task", "call", at="CompletedDateTime", origin="sales",
            attributes={"seconds": "CallDurationInSeconds"},
        ),
        ActivitySource(
            "salesforce", "Visit__c", "page_view", at="At__c", person="Lead__c,Contact__c", asset="URL__c",
            campaign="Campaign__c", intent="product",
        ),
    )  # fmt: skip


def test_hubspot_activities_become_streams(loaded_with: Load):
    definition = loaded_with(
        **HUBSPOT,
        activities="""
hubspot:
  form_submissions:
    - {type: call, form: contact-sales, intent: hand_raise}
    - {type: download, form: [a, b], when: {field: page_url, matches: "*/de/*"}, asset: page_url}
    - {type: webinar, form: {matches: "webinar-*"}}
    - {type: form_submit}
  property_history: [{type: email_click, property: hs_email_last_click_date}]
  engagements: [{type: meeting_held, object: meetings, when: {field: hs_meeting_outcome, is: COMPLETED}, origin: sales}]
""",
    ).definition

    form = "form_submissions"
    assert definition.activities == (
        ActivitySource(
            "hubspot", form, "call", Compare(Space.FIELD, "form", Op.IS, "contact-sales"), asset="form",
            intent="hand_raise",
        ),
        ActivitySource(
            "hubspot", form, "download",
            All((Compare(Space.FIELD, "form", Op.IN, ("a", "b")), Compare(Space.FIELD, "page_url", Op.MATCHES, ("*/de/*",)))),
            asset="page_url",
        ),
        ActivitySource("hubspot", form, "webinar", Compare(Space.FIELD, "form", Op.MATCHES, ("webinar-*",)), asset="form"),
        ActivitySource("hubspot", form, "form_submit", asset="form"),
        ActivitySource("hubspot", "property_history", "email_click", property="hs_email_last_click_date"),
        ActivitySource(
            "hubspot", "meetings", "meeting_held", Compare(Space.FIELD, "hs_meeting_outcome", Op.IS, "COMPLETED"),
            origin="sales",
        ),
    )  # fmt: skip


def test_scoring_yaml_becomes_rules_with_spans_in_microseconds(loaded_with: Load):
    definition = loaded_with(
        scoring="""
engagement:
  floor: -5
  max: 200
  categories: {web: {max: 60, min: -10}}
  rules:
    - {id: a, label: Talked to us, when: {type: call}, points: 2.5, category: web, limit: {times: 3, per: 48h},
       window: 2w, decay: {half_life: 90m}, max_points: 20, auto_qualify: true}
    - {id: b, when: {type: call}, points: -10, limit: {times: 1, per: day}}
fit:
  min: 0
  max: 70
  rules: [{id: size, label: Big, when: {fact: employees, over: 5}, points: 20, points_unknown: 3}]
  grades: {A+: 60, A: 45.5, F: below}
exclude_when: {fact: title, is: Student}
"""
    ).definition

    call = Compare(Space.ACTIVITY, "type", Op.IS, "call")
    assert definition.engagement.rules == (
        EngagementRule(
            "a",
            call,
            2.5,
            "web",
            Limit(3, 48 * HOUR),
            2 * WEEK,
            HalfLife(90 * MINUTE),
            20.0,
            auto_qualify=True,
        ),
        EngagementRule("b", call, -10.0, limit=Limit(1, Calendar.DAY)),
    )
    assert definition.engagement.categories == (Category("web", 60.0, -10.0),)
    assert (definition.engagement.floor, definition.engagement.max) == (-5.0, 200.0)
    assert definition.fit.grades == (Grade("A+", 60.0), Grade("A", 45.5), Grade("F", None))
    assert (definition.fit.min, definition.fit.max) == (0.0, 70.0)
    assert (definition.fit.rules[0].points, definition.fit.rules[0].points_unknown) == (20.0, 3.0)
    assert definition.exclude_when == Compare(Space.FACT, "title", Op.IS, "Student")
    assert definition.labels == {"a": "Talked to us", "size": "Big"}


def test_scoring_yaml_may_leave_out_fit_or_engagement(loaded_with: Load):
    assert loaded_with(scoring="engagement: {}\n").definition.fit == Fit()


def test_lifecycle_yaml_becomes_forward_stages_and_side_stages(loaded_with: Load):
    definition = loaded_with(
        lifecycle="""
stages:
  - {id: inquiry, triggers: [{activity: {type: call}}, converted]}
  - {id: mql, triggers: [hand_raise, {when: {score: {over: 100}, engagement: {over: 0}}}], counter: mql_counter,
     reenter_from: [recycled], on_enter: [route]}
  - {id: lost, triggers: [{deal: lost}]}
side_stages:
  - {id: recycled, from: [mql, lost], triggers: [{status: {field: Status, becomes: [Recycle, Later]}}],
     on_enter: [{reset: engagement}]}
  - {id: out, from: any, triggers: [{status: {field: Status, becomes: Out}}], on_enter: [route]}
"""
    ).definition

    assert definition.lifecycle.stages == (
        Stage(
            "inquiry", (ActivityTrigger(Compare(Space.ACTIVITY, "type", Op.IS, "call")), ConvertedTrigger())
        ),
        Stage(
            "mql",
            (
                HandRaiseTrigger(),
                WhenTrigger(
                    All(
                        (
                            Compare(Space.COMPUTED, "score", Op.OVER, 100),
                            Compare(Space.COMPUTED, "engagement", Op.OVER, 0),
                        )
                    )
                ),
            ),
            counter="mql_counter",
            reenter_from=("recycled",),
            routes=True,
        ),
        Stage("lost", (DealTrigger(DealEvent.LOST),)),
        Stage(
            "recycled",
            (StatusTrigger("Status", ("Recycle", "Later")),),
            side=True,
            sources=("mql", "lost"),
            resets_engagement=True,
        ),
        Stage("out", (StatusTrigger("Status", ("Out",)),), side=True, sources=None, routes=True),
    )


def test_routing_yaml_becomes_rules_pools_and_lower_case_addresses(loaded_with: Load):
    routing = loaded_with(
        routing="""
sticky: [mql]
account_owner: {first: true, unless: {fact: title, is: Partner}}
pools: {emea: {strategy: round_robin, members: [{user: Ana@Ours.example, weight: 2}, bo@ours.example]}}
rules: [{id: known, when: {fact: title, known: true}, pool: emea}, {id: rest, pool: emea}]
fallback: {queue: Inbound_Queue, user: Ana@ours.example}
"""
    ).definition.routing

    assert routing.sticky == ("mql",)
    assert routing.account_owner == AccountOwner(Compare(Space.FACT, "title", Op.IS, "Partner"))
    assert routing.pools == (Pool("emea", (Member("ana@ours.example", 2), Member("bo@ours.example"))),)
    assert routing.rules == (
        RouteRule("known", Compare(Space.FACT, "title", Op.KNOWN, True), "emea"),
        RouteRule("rest", ALWAYS, "emea"),
    )
    assert routing.fallback == Fallback("Inbound_Queue", "ana@ours.example")


def test_the_account_owner_may_be_switched_off(loaded_with: Load):
    text = "account_owner: {first: false}\nfallback: {user: a@b.example}\n"

    assert loaded_with(routing=text).definition.routing.account_owner is None


def test_writeback_yaml_becomes_mappings_and_people_win_on_stage_and_owner(loaded_with: Load):
    definition = loaded_with(
        writeback="""
salesforce:
  Lead:
    MQL_Counter__c: mql_counter
    Score__c: {value: score, min_change: 5, at_most_every: 1d, decimals: 2, policy: never_lower}
    Stage__c: {value: stage, values: {mql: MQL, customer: Customer, recycled: Back}}
    Stage2__c: {value: stage, policy: own}
    OwnerId: owner
    First__c: {value: mql_first_at, policy: fill}
"""
    ).definition

    (target,) = definition.targets
    assert (target.crm, target.object) == ("salesforce", "Lead")
    assert target.fields == (
        FieldMapping("MQL_Counter__c", "mql_counter"),
        FieldMapping("Score__c", "score", Policy.NEVER_LOWER, 5.0, DAY, decimals=2),
        FieldMapping("Stage__c", "stage", Policy.YIELD, values={"mql": "MQL", "customer": "Customer", "recycled": "Back"}),
        FieldMapping("Stage2__c", "stage", Policy.OWN),
        FieldMapping("OwnerId", "owner", Policy.YIELD),
        FieldMapping("First__c", "mql_first_at", Policy.FILL),
    )  # fmt: skip


def test_an_anchor_serves_two_objects(loaded_with: Load):
    definition = loaded_with(
        people="salesforce:\n  Lead: {facts: &f {email: Email, title: Title, employees: N}}\n  Contact: {facts: *f}\n",
        writeback="salesforce:\n  Lead: &person {MQL__c: mql_counter, OwnerId: owner}\n  Contact: *person\n",
    ).definition

    lead, contact = definition.targets
    assert lead.fields == contact.fields


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("points: 10", "points:    10", True),
        ("points: 10", "points: 11", False),
        ("id: call", "id: 'call'", True),
        ("id: call", "id: calls", False),
    ],
)
def test_the_digest_follows_the_content_not_its_looks(
    loaded_with: Load, before: str, after: str, *, same: bool
):
    text = "engagement: {rules: [{id: call, when: {type: call}, points: 10, limit: {times: 1, per: 7d}}]}\n"

    first = loaded_with(scoring=text).definition.digest
    second = loaded_with(scoring="# a comment\n" + text.replace(before, after)).definition.digest

    assert (first == second) is same
    assert len(first) == 64


def test_the_definitions_own_lists_are_part_of_the_digest(loaded_with: Load):
    text = "fit: {rules: [{id: rival, when: {fact: title, in: rivals}, points: 1}]}\nlists: {rivals: [acme.com]}\n"

    first = loaded_with(scoring=text).definition.digest
    second = loaded_with(scoring=text.replace("acme.com", "acme.org")).definition.digest

    assert first != second


def test_examples_do_not_change_the_digest(loaded_with: Load):
    without = loaded_with().definition.digest

    assert (
        loaded_with(examples="[{name: x, as_of: 2026-01-01, expect: {score: 0}}]").definition.digest
        == without
    )
