"""Looking at some people alone: who belongs to them, and blocks of everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.domain.sources import Identity
from leadledger.engine.reach import reach
from mirrors import CONTACT, HUBSPOT, LEAD, STREAMS, Mirror, a_definition

DEFINITION = a_definition(
    identity=Identity(ignore_domains=("shared.test",), plus_tags=False, references=("salesforce_id",))
)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    yield made
    made.sql.close()


def reached(mirror: Mirror, *records: str) -> list[str]:
    found = reach(mirror.sql, DEFINITION, STREAMS, frozenset(records))
    return sorted(ref.rpartition("/")[2] for ref in found)


def test_a_record_reaches_all_records_of_its_person_and_nobody_else(mirror):
    mirror.add(LEAD, "00Q1", Email="a@acme.test")
    mirror.add(LEAD, "00Q2", Email="a+tag@acme.test", converted_to="0031")
    mirror.add(CONTACT, "0031", Email="b@acme.test")
    mirror.add(CONTACT, "0032", deleted=True, merged_into="0031")
    mirror.add(HUBSPOT, "501", salesforceid="0032")
    mirror.add(LEAD, "00Q9", Email="stranger@acme.test")

    everyone = ["0031", "0032", "00Q1", "00Q2", "501"]
    for start in ("salesforce/Lead/00Q1", "salesforce/Contact/0032", "hubspot/contact/501"):
        assert reached(mirror, start) == everyone


def test_a_record_that_the_mirror_does_not_have_reaches_itself(mirror):
    mirror.add(LEAD, "00Q1")

    assert reached(mirror, "salesforce/Lead/00QX") == ["00QX"]
    assert reached(mirror) == []


def test_a_shared_address_reaches_others_only_where_an_activity_came_to_it(mirror):
    for number in "12":
        mirror.add(LEAD, f"00Q{number}", Email="info@shared.test")
    assert reached(mirror, "salesforce/Lead/00Q2") == ["00Q2"]

    mirror.visit("visit", 1, None, person_email="Info@shared.test")

    assert reached(mirror, "salesforce/Lead/00Q2") == ["00Q1", "00Q2"]


def test_a_scope_of_people_who_are_gone_is_empty(mirror):
    mirror.add(LEAD, "00Q1", deleted=True)
    mirror.visit("visit", 1)

    canonical = mirror.build(scope=frozenset({"salesforce/Lead/00Q1", "salesforce/Lead/00Q2"}))

    assert canonical.people() == 0
    assert mirror.ids() == []


def test_blocks_hold_the_activities_of_their_people_under_the_same_numbers(mirror):
    for number in "123":
        mirror.add(LEAD, f"00Q{number}")
        for at in range(int(number)):
            mirror.visit("visit", at, f"00Q{number}")
    canonical = mirror.build()
    query = "SELECT p, idx, id, at_us, class FROM activity"
    everything = sorted(mirror.sql.execute(query).fetchall())

    parts = []
    for low, high in ((0, 1), (1, 3)):
        canonical.block(low, high)
        part = mirror.sql.execute(query).fetchall()
        assert {row[0] for row in part} == set(range(low, high))
        parts += part
    canonical.block(0, 3)

    assert sorted(parts) == everything == sorted(mirror.sql.execute(query).fetchall())
    assert list(canonical.blocks(2)) == [(0, 3)]
