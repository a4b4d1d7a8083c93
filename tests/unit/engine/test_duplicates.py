"""Activities that two streams tell of are one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.domain.instants import SECOND
from leadledger.domain.sources import Identity
from mirrors import CONTACT, EVENT, HUBSPOT, LEAD, VISIT, Mirror, a_definition, source


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.add(LEAD, "00Q1", Email="ana@acme.test")
    made.add(HUBSPOT, "1", email="ana@acme.test")
    yield made
    made.sql.close()


def within(seconds: float) -> dict[str, Identity]:
    return {"identity": Identity(same_activity=round(seconds * SECOND))}


def test_of_one_activity_in_both_crms_the_earliest_stays(mirror):
    mirror.visit("form", 10, id_="late", Url="/demo")
    mirror.event("form", 8, id_="early", url="/demo")

    mirror.build(a_definition(**within(2)))

    assert mirror.ids() == ["early"]


@pytest.mark.parametrize(("apart", "left"), [(2, 1), (2.000001, 2)])
def test_the_span_itself_is_still_the_same_activity(mirror, apart, left):
    mirror.visit("form", 10)
    mirror.event("form", 10 + apart)

    mirror.build(a_definition(**within(2)))

    assert len(mirror.ids()) == left


def test_without_a_span_only_the_same_instant_is_the_same_activity(mirror):
    mirror.visit("form", 10, id_="s1")
    mirror.event("form", 10, id_="h1")
    mirror.event("form", 10.000001, id_="h2")

    mirror.build()

    assert mirror.ids() == ["h1", "h2"]


def test_a_chain_is_the_first_of_its_run(mirror):
    for number, at in enumerate((0, 2, 4, 6, 9)):
        add = mirror.visit if number % 2 else mirror.event
        add("visit", at, id_=f"v{number}")

    mirror.build(a_definition(**within(2)))

    assert mirror.ids() == ["v0", "v4"]


def test_what_one_stream_tells_twice_happened_twice(mirror):
    for at in (0, 1, 2):
        mirror.visit("visit", at)

    mirror.build(a_definition(**within(60)))

    assert len(mirror.ids()) == 3


def test_another_type_asset_or_person_is_another_activity(mirror):
    mirror.add(CONTACT, "0031")
    mirror.visit("visit", 5, id_="a", Url="/pricing")
    mirror.event("visit", 5, id_="b", url="/blog")
    mirror.event("form", 5, id_="c", url="/pricing")
    mirror.visit("visit", 5, "0031", id_="d", Url="/pricing")

    mirror.build(a_definition(**within(60)))

    assert mirror.ids() == ["a", "b", "c", "d"]


def test_types_that_one_stream_gives_are_left_as_they_are(mirror):
    mirror.visit("visit", 5, id_="a")
    mirror.event("form", 5, id_="b")

    mirror.build(
        a_definition(activities=(source("salesforce", "visit"), source("hubspot", "form")), **within(60))
    )

    assert mirror.ids() == ["a", "b"]


def test_a_stream_that_the_mirror_does_not_have_tells_nothing(mirror):
    mirror.visit("visit", 5)

    mirror.build(a_definition(**within(60)), streams=(LEAD, CONTACT, HUBSPOT, VISIT))

    assert len(mirror.ids()) == 1
    assert EVENT.table not in mirror.sql.execute("SELECT id FROM activity").fetchall()[0][0]
