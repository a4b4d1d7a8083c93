"""Everybody who is promised to live in the sandbox does, in a population of 500 already."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from leadledger.domain.instants import DAY, SECOND, from_us
from leadledger.sandbox.story.kinds import DealState, LeadState, Persona, Queue, Standing
from leadledger.sandbox.story.telling import story


def test_every_persona_is_there(told):
    assert set(Counter(person.persona for person in told.people)) == set(Persona)


def test_activities_are_heavy_tailed_and_about_twenty_per_person(told, in_salesforce):
    total = sum(len(in_salesforce[name]) for name in ("Task", "Event", "CampaignMember", "Visit__c"))
    each = [len(journey.visits) + len(journey.sends) + len(journey.responses) for journey in told.journeys]

    assert 15 <= total / 500 <= 27
    assert sum(count <= 5 for count in each) >= 100
    assert max(each) >= 100


def test_hubspot_tells_about_as_much_mostly_in_histories(in_hubspot):
    histories = Counter()
    for row in in_hubspot["contacts"]:
        histories.update({name: len(entries) for name, entries in row["history"].items()})
    engagements = sum(len(in_hubspot[name]) for name in ("calls", "emails", "meetings"))

    assert 14 <= (histories.total() + engagements + len(in_hubspot["form_submissions"])) / 500 <= 28
    assert all(count / 500 <= 25 for count in histories.values())
    assert len(in_hubspot["form_submissions"]) <= 0.8 * 500
    assert engagements <= 1.2 * 500


def test_august_is_quiet_and_so_are_weekends_where_people_live(told):
    months = Counter()
    weekdays = Counter()
    for person, journey in zip(told.people, told.journeys, strict=True):
        zone = ZoneInfo(person.time_zone)
        for visit in journey.visits:
            local = from_us(visit.at_us).astimezone(zone)
            months[local.year, local.month] += 1
            weekdays[local.weekday()] += 1

    assert months[2026, 8] < 0.8 * months[2026, 7]
    assert weekdays[5] + weekdays[6] < 0.12 * weekdays.total()


def test_most_visits_of_working_people_fall_into_their_day(told):
    hours = Counter()
    for person, journey in zip(told.people, told.journeys, strict=True):
        if person.persona is Persona.TECHNICAL_EVALUATOR:
            zone = ZoneInfo(person.time_zone)
            hours.update(from_us(visit.at_us).astimezone(zone).hour for visit in journey.visits)

    assert sum(count for hour, count in hours.items() if 7 <= hour < 19) > 0.85 * hours.total()


def test_scanners_follow_every_link_within_a_second_of_delivery(told):
    scans = 0
    for journey in told.journeys:
        by_mailing = defaultdict(list)
        for click in journey.clicks:
            if click.by_scanner:
                by_mailing[click.mailing].append(click)
        for send in journey.sends:
            clicks = by_mailing.get(send.mailing)
            if clicks:
                scans += 1
                assert {click.url for click in clicks} == set(told.mailings[send.mailing].links)
                assert all(0 <= click.at_us - send.at_us <= SECOND for click in clicks)

    assert scans >= 50


def test_humans_click_later_than_scanners(told):
    waits = [
        click.at_us - send.at_us
        for journey in told.journeys
        for click in journey.clicks
        for send in journey.sends
        if not click.by_scanner and click.mailing == send.mailing
    ]

    assert len(waits) >= 20
    assert min(waits) >= 8 * SECOND


def test_job_seekers_look_at_careers_and_students_use_private_addresses(told):
    looked = Counter()
    domains = set()
    for person, journey in zip(told.people, told.journeys, strict=True):
        if person.persona is Persona.JOB_SEEKER:
            looked.update("/careers" in visit.url for visit in journey.visits)
        if person.persona is Persona.STUDENT and person.email:
            domains.add(person.email.partition("@")[2])

    assert looked[True] > looked[False]
    assert domains & {"gmail.com", "outlook.com", "gmx.de"}


def test_hand_raisers_look_at_the_price_list_in_the_two_days_before(told):
    raises = [(journey, fill) for journey in told.journeys for fill in journey.fills if fill.is_hand_raise]
    burst = sum(
        sum("/pricing" in visit.url and 0 <= fill.at_us - visit.at_us <= 2 * DAY for visit in journey.visits)
        >= 2
        for journey, fill in raises
    )

    assert len(raises) >= 40
    assert burst > 0.9 * len(raises)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Status", "Open - Not Contacted"),
        ("Status", "Working - Contacted"),
        ("Status", "Accepted"),
        ("Status", "Recycle"),
        ("Status", "Disqualified"),
        ("Status", "Closed - Converted"),
        ("IsConverted", True),
        ("IsDeleted", True),
        ("HasOptedOutOfEmail", True),
        ("Industry", None),
        ("NumberOfEmployees", None),
        ("Email", None),
        ("LastName", "Null"),
        ("LastName", "O'Brien"),
        ("FirstName", None),
        ("Company", "[not provided]"),
    ],
)
def test_some_lead_has(in_salesforce, column, value):
    assert any(
        row[column] == value for row in in_salesforce["Lead"] + in_salesforce["Contact"] if column in row
    )


def test_a_company_name_is_as_long_as_salesforce_takes(in_salesforce, told):
    assert max(len(company.name) for company in told.companies) == 255
    assert max(len(row["Name"]) for row in in_salesforce["Account"]) <= 255


def test_hubspot_knows_null_and_empty_firmographics_apart(in_hubspot):
    industries = {row["properties"]["industry"] for row in in_hubspot["companies"]}

    assert {None, ""} <= industries


@pytest.mark.parametrize(
    ("script", "first", "last"),
    [("Japanese", "一", "鿿"), ("Cyrillic", "\u0410", "\u044f"), ("Arabic", "ء", "ي"), ("accents", "à", "ž"), ("emoji", "🌀", "🫶")],
)  # fmt: skip
def test_names_come_in_other_scripts(told, script, first, last):
    texts = [f"{person.first_name}{person.last_name}{person.title}" for person in told.people]

    assert any(first <= char <= last for text in texts for char in text), script


def test_a_merged_lead_points_at_its_winner(in_salesforce):
    leads = {row["Id"]: row for row in in_salesforce["Lead"]}
    losers = [row for row in leads.values() if row["MasterRecordId"] is not None]

    assert losers
    for loser in losers:
        winner = leads[loser["MasterRecordId"]]
        assert loser["IsDeleted"]
        assert not winner["IsDeleted"]
        assert not winner["IsConverted"]
        assert loser["Email"] == winner["Email"]


def test_twins_share_an_address_in_every_spelling(told):
    twins = [person for person in told.people if person.standing is Standing.TWIN and person.email]
    pairs = [(person.email, person.contact_email) for person in twins]

    assert any(lead == contact for lead, contact in pairs)
    assert any(lead != contact and lead == contact.lower() for lead, contact in pairs)
    assert any(lead != contact and lead == contact.strip() for lead, contact in pairs)
    assert any(contact.endswith("@gmail.com") and not lead.endswith("@gmail.com") for lead, contact in pairs)
    assert any("+" in contact for _, contact in pairs)


def test_a_twin_is_two_contacts_in_hubspot_only_when_the_addresses_differ(told, in_hubspot):
    contacts = {row["properties"]["email"] for row in in_hubspot["contacts"]}
    people = [person for person in told.people if person.in_hubspot]
    addresses = {email.strip().lower() for p in people for email in (p.email, p.contact_email) if email}

    assert contacts == addresses
    assert len(contacts) > len(people)


def test_people_live_in_one_crm_or_in_both(told):
    places = Counter((person.standing is not Standing.NONE, person.in_hubspot) for person in told.people)

    assert places[True, True] > 400
    assert places[True, False] >= 5
    assert places[False, True] >= 5


def test_recycled_leads_come_back(told):
    for handling in told.handlings:
        for earlier, later in zip(handling.states, handling.states[1:], strict=False):
            if earlier.new is LeadState.RECYCLE and later.new is LeadState.OPEN:
                assert later.at_us > earlier.at_us
                return
    pytest.fail("no recycled lead came back")


def test_deals_are_won_lost_open_and_some_are_older_than_their_lead(told):
    older = [
        deal
        for deal in told.deals
        if any(told.people[member.person].created_us > deal.created_us for member in deal.people)
        and "Sales generated" in deal.name
    ]

    assert {deal.state for deal in told.deals} == set(DealState)
    assert older


def test_some_buy_without_a_word_to_sales(told):
    buyers = [deal.people[0].person for deal in told.deals if deal.self_service]

    assert buyers
    assert all(not told.handlings[key].touches for key in buyers)
    assert all(told.handlings[key].conversion.by is None for key in buyers)


def test_reps_who_left_still_own_leads(told, in_salesforce):
    inactive = {row["Id"] for row in in_salesforce["User"] if not row["IsActive"]}
    owners = Counter(row["OwnerId"] for row in in_salesforce["Lead"])

    assert len(inactive) == 3
    assert all(owners[id_] for id_ in inactive)


def test_nobody_worked_after_leaving(told):
    for handling in told.handlings:
        for touch in handling.touches:
            assert told.reps[touch.rep].works_at(touch.at_us)
        for change in handling.states:
            assert change.by is None or told.reps[change.by].works_at(change.at_us)


def test_both_queues_own_leads(told):
    assert {handling.owner for handling in told.handlings} >= set(Queue)


def test_three_percent_bring_a_counter_from_earlier_manual_work(in_salesforce, in_hubspot, told):
    counted = [person for person in told.people if person.earlier_mql]
    rows = [row for row in in_salesforce["Lead"] + in_salesforce["Contact"] if row["MQL_Counter__c"]]

    assert len(counted) == 15
    assert rows
    assert all(row["First_MQL_Date__c"] <= row["Last_MQL_Date__c"] for row in rows)
    assert any(row["properties"]["mql_counter"] for row in in_hubspot["contacts"])


def test_accounts_have_several_people_and_own_employees_are_among_them(in_salesforce, told):
    accounts = Counter(row["AccountId"] for row in in_salesforce["Contact"])
    del accounts[None]

    assert max(accounts.values()) >= 4
    assert any((person.email or "").endswith("@northwind.example") for person in told.people)


def test_a_meeting_with_a_colleague_has_a_child_event(in_salesforce):
    children = [row for row in in_salesforce["Event"] if row["IsChild"]]
    parents = {(row["WhoId"], row["StartDateTime"]) for row in in_salesforce["Event"] if row["IsGroupEvent"]}

    assert children
    assert all((row["WhoId"], row["StartDateTime"]) in parents for row in children)


def test_the_end_of_the_story_can_be_chosen():
    until = datetime(2026, 3, 3, 12, tzinfo=UTC)

    told = story(1, 40, until)

    assert from_us(told.until_us) == until
    assert all(visit.at_us <= told.until_us for journey in told.journeys for visit in journey.visits)


def test_reps_are_the_same_people_in_both_crms(in_salesforce, in_hubspot):
    reps = {row["Email"]: row["IsActive"] for row in in_salesforce["User"]}
    owners = {row["email"]: not row["archived"] for row in in_hubspot["owners"]}

    assert len(owners) == 14
    assert {email: reps[email] for email in owners} == owners
