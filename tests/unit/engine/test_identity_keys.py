"""What else makes records one person: addresses without their tags, and references between CRMs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.domain.sources import Identity
from leadledger.ports import Known
from mirrors import CONTACT, HUBSPOT, LEAD, Mirror, a_definition

TAGLESS = a_definition(identity=Identity(plus_tags=False))
LINKED = a_definition(identity=Identity(by_email=False, references=("hubspot_id", "salesforce_id")))


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    yield made
    made.sql.close()


def groups(mirror: Mirror) -> list[list[str]]:
    return [[ref.rpartition("/")[2] for ref in refs] for refs in mirror.people().values()]


def test_a_tag_makes_another_address_unless_the_definition_says_otherwise(mirror):
    mirror.add(LEAD, "00Q1", Email="ana@acme.test")
    mirror.add(LEAD, "00Q2", Email=" Ana+News@acme.test")
    mirror.add(LEAD, "00Q3", Email="ana+a+b@acme.test")

    mirror.build()
    assert groups(mirror) == [["00Q1"], ["00Q2"], ["00Q3"]]

    mirror.build(TAGLESS)
    assert groups(mirror) == [["00Q1", "00Q2", "00Q3"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+a@acme.test", "+b@acme.test"),
        ("ana@a+b.test", "ana@a+c.test"),
        ("ana+x", "ana+y@"),
        ("ana+x@acme.test", "ana@other.test"),
    ],
)
def test_only_the_tag_of_a_local_part_is_left_out(mirror, one, other):
    mirror.add(LEAD, "00Q1", Email=one)
    mirror.add(LEAD, "00Q2", Email=other)

    mirror.build(TAGLESS)

    assert groups(mirror) == [["00Q1"], ["00Q2"]]


def test_the_address_is_shown_with_its_tag(mirror):
    mirror.add(LEAD, "00Q1", Email="Ana+News@acme.test")

    mirror.build(TAGLESS)

    assert mirror.sql.execute('SELECT "fact:email", "fact:email_domain" FROM fact').fetchall() == [
        ("ana+news@acme.test", "acme.test")
    ]


def test_an_activity_that_came_to_a_tagged_address_finds_the_person(mirror):
    mirror.add(LEAD, "00Q1", Email="ana+news@acme.test")
    mirror.visit("visit", 1, None, "v1", person_email="Ana+web@acme.test ")

    mirror.build()
    assert mirror.ids() == []

    mirror.build(TAGLESS)
    assert mirror.ids() == ["v1"]


def test_a_reference_joins_the_records_of_two_crms_from_either_side(mirror):
    mirror.add(LEAD, "00Q1", HubSpot_ID__c="501")
    mirror.add(HUBSPOT, "501")
    mirror.add(CONTACT, "0035e00000AbCdEFGH")
    mirror.add(HUBSPOT, "502", salesforceid="0035e00000AbCdE")
    mirror.add(HUBSPOT, "503", salesforceid="0035e00000abCdE")

    mirror.build(LINKED)

    assert groups(mirror) == [["501", "00Q1"], ["502", "0035e00000AbCdEFGH"], ["503"]]


def test_a_reference_in_the_longer_form_finds_the_shorter_id(mirror):
    mirror.add(CONTACT, "0035e00000AbCdE")
    mirror.add(HUBSPOT, "502", salesforceid="0035e00000AbCdEFGH")

    mirror.build(LINKED)

    assert groups(mirror) == [["502", "0035e00000AbCdE"]]


def test_ids_of_eighteen_digits_are_compared_whole(mirror):
    mirror.add(LEAD, "00Q1", HubSpot_ID__c="123456789012345678")
    mirror.add(HUBSPOT, "123456789012345999")

    mirror.build(LINKED)

    assert len(groups(mirror)) == 2


def test_a_reference_into_the_same_crm_says_nothing(mirror):
    mirror.add(LEAD, "00Q1", HubSpot_ID__c="00Q2")
    mirror.add(LEAD, "00Q2")

    mirror.build(LINKED)

    assert len(groups(mirror)) == 2


def test_a_fact_that_no_reference_names_joins_nobody(mirror):
    mirror.add(LEAD, "00Q1", HubSpot_ID__c="501")
    mirror.add(HUBSPOT, "501")

    mirror.build(a_definition(identity=Identity(by_email=False)))

    assert len(groups(mirror)) == 2


def test_a_reference_of_or_to_a_record_that_is_gone_says_nothing(mirror):
    mirror.add(LEAD, "00Q1", HubSpot_ID__c="501", deleted=True)
    mirror.add(LEAD, "00Q2")
    mirror.add(HUBSPOT, "501", salesforceid="00Q3")
    mirror.add(LEAD, "00Q3", deleted=True)

    mirror.build(LINKED)

    assert groups(mirror) == [["501"], ["00Q2"]]


def test_a_reference_to_the_loser_of_a_merge_leads_to_the_winner(mirror):
    mirror.add(LEAD, "00Q1", deleted=True, merged_into="00Q2")
    mirror.add(LEAD, "00Q2")
    mirror.add(HUBSPOT, "501", salesforceid="00Q1")

    mirror.build(LINKED)

    assert groups(mirror) == [["501", "00Q1", "00Q2"]]


def test_all_ways_together_make_one_person_with_one_id(mirror):
    mirror.add(LEAD, "00Q1", Email="a@acme.test", converted_to="0031")
    mirror.add(CONTACT, "0031", Email="b@acme.test")
    mirror.add(HUBSPOT, "501", email="B@acme.test", salesforceid="00Q9")
    mirror.add(LEAD, "00Q9", Email="c@acme.test", deleted=True, merged_into="00Q8")
    mirror.add(LEAD, "00Q8", Email="d@acme.test")

    mirror.build(
        a_definition(identity=Identity(references=("salesforce_id",))),
        Known({"salesforce/Lead/00Q8": "salesforce/Lead/00Q8"}),
    )

    assert list(mirror.people()) == ["salesforce/Lead/00Q8"]
    assert groups(mirror) == [["501", "0031", "00Q1", "00Q8", "00Q9"]]
