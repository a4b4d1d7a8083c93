"""How rows of a CRM become activities of a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import START, World, a_definition, a_rule, days, line, path, points, rules, stages, when
from leadledger.domain.conditions import Op, Space
from leadledger.domain.decisions import LastActivity
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import ActivityTrigger, Lifecycle, Stage
from leadledger.domain.scoring import MICRO
from leadledger.domain.sources import ActivitySource

KIND = {"crm": "salesforce", "stream": "Visit__c", "at": "At"}


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def source(type_: str, kind: str | None = None, **more) -> ActivitySource:
    condition = when("Kind", kind, space=Space.FIELD) if kind else None
    return ActivitySource(type=type_, when=condition, **{**KIND, **more})


def total(world: World, *sources: ActivitySource, **points_of: float) -> float:
    which = [a_rule(name, value) for name, value in points_of.items()]
    definition = a_definition(activities=sources, engagement=rules(*which), lifecycle=Lifecycle())
    return points(world.decide(definition))


def test_the_first_source_that_matches_names_the_activity(lead):
    lead.activity("visit", days(1))
    lead.activity("form", days(1))

    assert total(lead, source("special", "visit"), source("any"), special=1, any=10) == 11
    assert total(lead, source("any"), source("special", "visit"), special=1, any=10) == 20


def test_rows_that_no_source_matches_are_no_activities(lead):
    lead.activity("other", days(1))
    lead.connection.execute('UPDATE raw."salesforce.Visit__c" SET "Kind" = NULL')

    assert lead.evaluate().activities == 0


def test_an_activity_of_nobody_we_know_is_left_out(lead):
    lead.activity("visit", days(1), person="00QX")
    lead.activity("visit", days(1), person=None)

    assert lead.evaluate().activities == 0


def test_deleted_activities_and_those_without_an_instant_are_left_out(lead):
    lead.activity("visit", days(1), deleted=True)
    lead.activity("visit", None)

    assert lead.evaluate().activities == 0


def test_an_activity_with_only_an_address_belongs_to_whoever_has_it(lead):
    lead.activity("visit", days(1), person=None, person_email=" 00Q1@ACME.test ")
    lead.activity("visit", days(1), person=None, person_email="stranger@acme.test")

    assert points(lead.decide(a_definition(lifecycle=Lifecycle()))) == 10


def test_an_id_says_more_than_an_address(lead):
    lead.lead("00Q2")
    lead.activity("visit", days(1), person="00Q2", person_email="00q1@acme.test")

    assert [points(d) for d in lead.everybody().values()] == [0, 10]


def test_an_address_that_several_people_share_means_one_of_them(world):
    from leadledger.domain.sources import Identity

    world.lead("00Q2", Email="info@acme.test")
    world.lead("00Q1", Email="info@acme.test")
    world.activity("visit", days(1), person=None, person_email="info@acme.test")

    found = world.everybody(a_definition(identity=Identity(by_email=False)))

    assert [points(d) for d in found.values()] == [10, 0]


def test_one_event_of_two_records_of_a_person_counts_once(world):
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")
    world.activity("visit", days(1), "00Q1", id_="v1")
    world.activity("visit", days(1), "00Q2", id_="v1")

    decision = world.decide()

    assert points(decision) == 10
    assert line(decision, "visit").evidence == ("salesforce.Visit__c/v1",)


def test_the_future_does_not_count_yet(lead):
    lead.activity("visit", days(5))
    lead.deal(days(6))

    assert lead.decide(as_of=days(5) - 1).engagement == 0
    assert lead.decide(as_of=days(5)).engagement == 10 * MICRO
    assert lead.decide(as_of=days(6) - 1).stage == ""
    assert lead.decide(as_of=days(6)).stage == "sql"


def test_history_begins_with_the_span_that_is_looked_at(lead):
    lead.activity("visit", days(10))
    lead.activity("visit", days(10) - 1)

    decision = lead.decide(a_definition(history_span=20 * DAY), as_of=days(30))

    assert points(decision) == 10
    assert decision.stage == ""


def test_asset_campaign_origin_and_intent_can_be_asked_for(lead):
    lead.activity("visit", days(1), Url="/Pricing", Seconds="Spring")
    entry = source("visit", asset="Url", campaign="Seconds", origin="sales", intent="content")
    which = (
        a_rule("asset", 1, when=when("asset", "/pricing*", Op.MATCHES)),
        a_rule("campaign", 10, when=when("campaign", "spring")),
        a_rule("origin", 100, when=when("origin", "sales")),
        a_rule("intent", 1000, when=when("intent", ("content", "product"), Op.IN)),
        a_rule("none", 10000, when=when("intent", "none")),
    )

    decision = lead.decide(a_definition(activities=(entry,), engagement=rules(*which), lifecycle=Lifecycle()))

    assert points(decision) == 1111


def test_what_is_not_given_is_empty_and_not_unknown(lead):
    lead.activity("visit", days(1))
    which = (
        a_rule("other", 1, when=when("asset", "/pricing", Op.IS_NOT)),
        a_rule("empty", 10, when=when("asset", "")),
    )

    assert points(lead.decide(a_definition(engagement=rules(*which), lifecycle=Lifecycle()))) == 11


def test_attributes_can_be_asked_for(lead):
    lead.activity("visit", days(1), Seconds="90")
    lead.activity("visit", days(1), Seconds="10")
    lead.activity("visit", days(1))
    lead.activity("form", days(1), Seconds="90")
    sources = (source("visit", "visit", attributes={"seconds": "Seconds"}), source("form", "form"))
    long = a_rule("long", 1, when=when("seconds", 60, Op.AT_LEAST))
    definition = a_definition(activities=sources, engagement=rules(long), lifecycle=Lifecycle())

    decision = lead.decide(definition)

    assert points(decision) == 1  # the form's source maps no seconds


def test_changes_of_a_property_are_activities_too(lead):
    lead.add("LeadHistory", "h1", person="00Q1", field="Rating", old="Cold", new="Hot", at_us=days(1))
    lead.add("LeadHistory", "h2", person="00Q1", field="Rating", old="Hot", new="", at_us=days(2))
    lead.add("LeadHistory", "h3", person="00Q1", field="Rating", old="Hot", new=None, at_us=days(2))
    lead.add("LeadHistory", "h4", person="00Q1", field="Status", old="", new="Hot", at_us=days(3))
    entry = ActivitySource("salesforce", "LeadHistory", "rated", property="Rating")
    hot = Stage("hot", (ActivityTrigger(when("asset", "hot")),))
    definition = a_definition(
        activities=(entry,), engagement=rules(a_rule("rated", 5)), lifecycle=Lifecycle((hot,))
    )

    decision = lead.decide(definition)

    assert points(decision) == 5
    assert path(decision) == [("hot", days(1))]
    assert decision.last_activity == LastActivity("rated", "Hot", days(1))


def test_properties_and_other_sources_of_a_history_stand_side_by_side(lead):
    lead.add("LeadHistory", "h1", person="00Q1", field="Rating", new="Hot", at_us=days(1))
    lead.add("LeadHistory", "h2", person="00Q1", field="Topic", new="Data", at_us=days(2))
    entries = tuple(
        ActivitySource("salesforce", "LeadHistory", n.lower(), property=n) for n in ("Rating", "Topic")
    )
    definition = a_definition(activities=entries, engagement=rules(a_rule("rating", 1), a_rule("topic", 10)))

    assert points(lead.decide(definition)) == 11


def test_a_source_whose_stream_is_not_there_gives_nothing(lead):
    lead.activity("visit", days(1))
    entries = (ActivitySource("salesforce", "Task", "call"), source("visit"))

    assert points(lead.decide(a_definition(activities=entries))) == 10


def test_without_any_activity_source_only_facts_count(lead):
    lead.activity("visit", days(1))
    entries = (source("visit", attributes={"seconds": "Seconds"}),)

    assert lead.evaluate(a_definition(activities=())).activities == 0
    assert (
        lead.evaluate(
            replace(a_definition(activities=entries), activities=(replace(entries[0], stream="X"),))
        ).activities
        == 0
    )


def test_the_newest_activity_is_the_last_that_counts_as_one(lead):
    lead.activity("visit", days(2), Url="/old")
    lead.activity("form", days(4), Url="/new")
    lead.activity("form", days(9))

    assert lead.decide(as_of=days(8)).last_activity == LastActivity("form", "/new", days(4))
    assert lead.decide(as_of=START).last_activity is None


def test_a_rule_over_words_of_many_activities_counts_each(lead):
    for number in range(20):
        lead.activity("visit" if number % 2 else "form", days(1), Url=f"/{number}")

    decision = lead.decide(a_definition(lifecycle=stages(10_000)))

    assert line(decision, "visit").matched == line(decision, "form").matched == 10
