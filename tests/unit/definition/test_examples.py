from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from leadledger.definition.examples import ExampleActivity, ExampleDeal, ExampleStage, ExampleStatus
from leadledger.definition.load import Loaded
from leadledger.domain.instants import HOUR, parse_instant
from leadledger.domain.lifecycle import DealEvent

Load = Callable[..., Loaded]

EXAMPLES = """
- name: everything that an example may say
  crm: salesforce
  object: Lead
  person: {email: ceo@acme.example, employees: 200, title: null}
  activities:
    - {type: call, at: 2026-03-01T10:00Z}
    - {type: call, at: 2026-03-01, asset: Demo, campaign: C, origin: product, intent: content, attributes: {seconds: 90}}
  statuses: [{field: Status, becomes: Recycle, at: 2026-03-02T10:00:00+01:00}]
  deals: [{event: won, at: 2026-03-03T00:00Z}]
  as_of: 2026-03-04T12:00
  expect:
    stage: mql
    mql_counter: 1
    mql_first_at: 2026-03-02T09:30Z
    stage_since: null
    score: 12.5
    excluded: false
    missing_facts: [title]
- {name: the shortest, as_of: 2026-03-04, expect: {stage: null}}
"""


def us(text: str) -> int:
    return parse_instant(text, ZoneInfo("UTC"))


def test_an_example_becomes_a_frozen_value_with_its_lines(loaded_with: Load):
    example = loaded_with(examples=EXAMPLES).examples[0]

    assert (example.name, example.crm, example.object) == (
        "everything that an example may say",
        "salesforce",
        "Lead",
    )
    assert example.facts == {"email": "ceo@acme.example", "employees": 200, "title": None}
    assert example.activities == (
        ExampleActivity("call", us("2026-03-01T10:00Z"), line=7),
        ExampleActivity("call", us("2026-03-01"), "Demo", "C", "product", "content", {"seconds": 90}, line=8),
    )
    assert example.statuses == (ExampleStatus("Status", "Recycle", us("2026-03-02T09:00Z"), line=9),)
    assert example.deals == (ExampleDeal(DealEvent.WON, us("2026-03-03"), line=10),)
    assert example.as_of_us == us("2026-03-04T12:00Z")
    assert example.expect == {
        "stage": "mql",
        "mql_counter": 1,
        "mql_first_at": us("2026-03-02T09:30Z"),
        "stage_since": None,
        "score": 12.5,
        "excluded": False,
        "missing_facts": ("title",),
    }
    assert example.file.endswith("definition/examples.yaml")
    assert example.line == 2
    assert example.expect_lines["mql_first_at"] == 15


def test_an_example_defaults_to_the_first_connection_and_its_first_object(loaded_with: Load):
    example = loaded_with(examples=EXAMPLES).examples[1]

    assert (example.crm, example.object, example.activities) == ("salesforce", "Lead", ())


def test_instants_without_an_offset_are_read_in_the_definitions_time_zone(loaded_with: Load):
    leadledger = (
        "version: 1\nname: b\ndefinition_version: b\ntime_zone: Europe/Berlin\nconnections: [salesforce]\n"
    )

    example = loaded_with(leadledger=leadledger, examples=EXAMPLES).examples[0]

    assert example.as_of_us == us("2026-03-04T12:00Z") - HOUR
    assert example.activities[1].at_us == us("2026-03-01") - HOUR


def test_origin_and_intent_come_from_the_source_of_the_type(loaded_with: Load):
    activities = "salesforce: {Task: [{type: call, at: At, origin: sales, intent: hand_raise}]}\n"
    examples = (
        "[{name: x, activities: [{type: call, at: 2026-01-01}], as_of: 2026-01-02, expect: {stage: mql}}]"
    )

    (activity,) = loaded_with(activities=activities, examples=examples).examples[0].activities

    assert (activity.origin, activity.intent) == ("sales", "hand_raise")


def test_conversions_assignments_and_stages_that_people_set(loaded_with: Load):
    examples = """
- name: x
  converted: 2026-03-01T10:00Z
  assigned: [{at: 2026-03-02}, {at: 2026-03-03}]
  stages: [{becomes: customer, at: 2026-03-04}]
  as_of: 2026-03-05
  expect: {next_change_at: 2026-04-01, no_sales_touch: true, score_at_mql: 7, engagement_at_mql: 5.5}
"""

    (example,) = loaded_with(examples=examples).examples

    assert example.converted_us == us("2026-03-01T10:00Z")
    assert example.assigned_us == (us("2026-03-02"), us("2026-03-03"))
    assert example.stages == (ExampleStage("customer", us("2026-03-04"), line=5),)
    assert example.expect == {
        "next_change_at": us("2026-04-01"),
        "no_sales_touch": True,
        "score_at_mql": 7,
        "engagement_at_mql": 5.5,
    }


def test_what_an_example_leaves_out_did_not_happen(loaded_with: Load):
    example = loaded_with(examples=EXAMPLES).examples[1]

    assert (example.converted_us, example.assigned_us, example.stages) == (None, (), ())
