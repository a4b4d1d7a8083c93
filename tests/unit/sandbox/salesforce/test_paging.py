from __future__ import annotations

import pytest


@pytest.fixture
def org(make_org, ids):
    return make_org(*(ids.a_lead(f"{number:05d}") for number in range(450)))


def _first(org, size=200, soql="SELECT Name FROM Lead ORDER BY Id"):
    return org.query(soql, headers={"sforce-query-options": f"batchSize={size}"})


def _follow(org, page):
    records = list(page["records"])
    while not page["done"]:
        page = org.call("GET", page["nextRecordsUrl"]).body
        records += page["records"]
    return records


def test_a_long_answer_comes_in_pages(org):
    first = _first(org).body

    records = _follow(org, first)

    assert first["totalSize"] == 450
    assert len(first["records"]) == 200
    assert first["nextRecordsUrl"].startswith("/services/data/v68.0/query/0r8")
    assert first["nextRecordsUrl"].endswith("-200")
    assert [record["Name"] for record in records] == [f"{number:05d}" for number in range(450)]


def test_the_last_page_has_no_next_address(org):
    page = _first(org).body
    while not page["done"]:
        page = org.call("GET", page["nextRecordsUrl"]).body

    assert "nextRecordsUrl" not in page


@pytest.mark.parametrize(("asked", "given"), [(1, 200), (300, 300), (99_999, 450)])
def test_the_page_size_stays_between_200_and_2_000(org, asked, given):
    assert len(_first(org, asked).body["records"]) == given


def test_rows_that_change_between_pages_stay_in_the_answer(org, ids):
    first = _first(org, soql="SELECT Name FROM Lead WHERE Rating = null ORDER BY Id").body
    assert org.patch("00449", {"Rating": "Hot"}).status == 204

    records = _follow(org, first)

    assert len(records) == 450


def test_a_page_may_be_asked_for_twice(org):
    url = _first(org).body["nextRecordsUrl"]

    assert org.call("GET", url).body == org.call("GET", url).body


@pytest.mark.parametrize("locator", ["0r8000000000099AAA-200", "nonsense", "0r8-1"])
def test_an_unknown_locator_is_refused(org, locator):
    assert org.call("GET", f"query/{locator}").code == "INVALID_QUERY_LOCATOR"


def test_an_offset_beyond_the_answer_is_refused(org):
    url = _first(org).body["nextRecordsUrl"].replace("-200", "-450")

    assert org.call("GET", url).code == "INVALID_QUERY_LOCATOR"


def test_a_locator_dies_after_two_days(org):
    url = _first(org).body["nextRecordsUrl"]
    org.clock.advance_s(2 * 86_400 + 1)
    org.login()

    assert org.call("GET", url).code == "INVALID_QUERY_LOCATOR"


def test_a_locator_dies_with_the_rows_behind_it(org):
    url = _first(org).body["nextRecordsUrl"]
    org.app.load([])

    assert org.call("GET", url).code == "INVALID_QUERY_LOCATOR"
