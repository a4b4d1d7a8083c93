"""Contacts: the first load, then only what changed."""

from __future__ import annotations

import json

import pytest

from leadledger.domain.instants import HOUR, MINUTE, SECOND
from leadledger.errors import CrmUnavailableError
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Stream

CONTACTS = Stream("hubspot", "contacts", Kind.PEOPLE, ("email", "jobtitle"))
LIST = "/crm/objects/2026-09/contacts"
SEARCH = f"{LIST}/search"


def many(record, count: int, modified: str = "2026-10-01T08:00:00.000Z", first: int = 1):
    return [
        ("contacts", record(i, modified, email=f"p{i}@acme.example")) for i in range(first, first + count)
    ]


def test_the_first_load_reads_everybody_through_the_list(make_account, record) -> None:
    account = make_account(many(record, 250))

    calls = account.pull(CONTACTS)

    assert len(account.table("contacts")) == 250
    assert calls == {"account": 1, "objects/search": 1, "objects/list": 3}


def test_the_first_page_announces_how_many_there_are(make_account, record) -> None:
    account = make_account(many(record, 120))

    account.pull(CONTACTS)

    assert [page.total for page in account.mirror.stored] == [120, 120]


def test_a_row_has_the_columns_of_its_kind_and_the_fields_of_its_stream(make_account, record) -> None:
    row = record(
        7,
        "2026-10-02T08:00:00.250Z",
        email="Jo@acme.example",
        createdate="2026-01-02T03:04:05.678Z",
        hubspot_owner_id="55",
        associatedcompanyid="77",
    )
    account = make_account([("contacts", row)])

    account.pull(CONTACTS)

    (got,) = account.table("contacts").values()
    assert set(got) == {*COMMON_COLUMNS, *COLUMNS[Kind.PEOPLE], "email", "jobtitle"}
    assert (got["id"], got["account"], got["owner"]) == ("7", "77", "55")
    assert (got["email"], got["jobtitle"]) == ("Jo@acme.example", None)
    assert got["created_us"] == 1767323045678000
    assert got["modified_us"] % SECOND == 250_000


def test_an_idle_pull_is_one_call(make_account, record) -> None:
    account = make_account(many(record, 30, "2026-11-02T09:50:00.000Z"))
    account.pull(CONTACTS)

    calls = account.pull(CONTACTS)

    assert calls == {"objects/search": 1}
    assert account.mirror.stored == []


def test_an_idle_pull_after_our_own_writes_is_one_call(make_account, record) -> None:
    account = make_account(many(record, 30))
    account.pull(CONTACTS)
    account.later(60)
    for outcome in account.crm.write("contacts", {str(i): {"lead_score": "5"} for i in range(1, 31)}):
        account.table("contacts")[outcome.record.id]["modified_us"] = outcome.modified_us

    calls = account.pull(CONTACTS)

    assert calls == {"objects/search": 1}
    assert account.mirror.stored == []


def test_a_change_comes_with_the_next_pull_and_nothing_else_does(make_account, record) -> None:
    account = make_account(many(record, 30, "2026-11-02T09:50:00.000Z"))
    account.pull(CONTACTS)
    account.later(60)
    account.app.edit("contacts", "9", {"jobtitle": "CEO"}, by="1")

    calls = account.pull(CONTACTS)

    assert calls == {"objects/search": 1}
    assert [row["id"] for page in account.mirror.stored for row in page.rows] == ["9"]
    assert account.table("contacts")["9"]["jobtitle"] == "CEO"


def test_a_change_in_the_very_second_of_a_pull_is_found_by_the_next(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.app.edit("contacts", "2", {"jobtitle": "one"}, by="1")
    account.pull(CONTACTS)
    account.later(0.2)
    account.app.edit("contacts", "2", {"jobtitle": "two"}, by="1")

    account.pull(CONTACTS)

    assert account.table("contacts")["2"]["jobtitle"] == "two"


def test_a_new_contact_comes_with_the_next_pull(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.later(60)
    post = {"properties": {"email": "new@acme.example"}}
    account.crm._api.transport.send("POST", LIST, api="other", json=post)

    account.pull(CONTACTS)

    assert "new@acme.example" in {row["email"] for row in account.table("contacts").values()}


def test_more_changes_than_a_search_can_show_all_come(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.app.load(many(record, 10_450, "2026-11-02T10:00:30.000Z"))
    account.later(60)

    calls = account.pull(CONTACTS)

    assert len(account.living("contacts")) == 10_450
    assert calls["objects/search"] == 1 + 53
    assert all("after" not in body for body in account.requests(SEARCH))


def test_fifteen_thousand_records_of_one_millisecond_all_come(make_account, record) -> None:
    account = make_account()
    account.pull(CONTACTS)
    account.app.load(many(record, 15_000, "2026-11-02T10:00:30.123Z"))
    account.later(60)

    account.pull(CONTACTS)

    assert len(account.living("contacts")) == 15_000


def test_a_busy_window_is_read_before_its_overlap_and_the_overlap_only_when_counts_differ(
    make_account, record
) -> None:
    account = make_account(many(record, 300, "2026-11-02T09:30:00.000Z"))
    account.pull(CONTACTS)
    account.later(600)
    for i in range(1, 251):
        account.app.edit("contacts", str(i), {"jobtitle": "CEO"}, by="1")

    account.pull(CONTACTS)

    given = [row["id"] for page in account.mirror.stored for row in page.rows]
    assert sorted(given, key=int) == [str(i) for i in range(1, 251)]


def write_in_batches(account, count: int, after_batch=lambda _first: None) -> None:
    """Write `lead_score` a second apart and take over into the mirror what the answers tell."""
    for start in range(1, count + 1, 100):
        account.later(1)
        rows = {str(i): {"lead_score": "5"} for i in range(start, start + 100)}
        for outcome in account.crm.write("contacts", rows):
            account.table("contacts")[outcome.record.id]["modified_us"] = outcome.modified_us
        after_batch(start)


def test_many_own_writes_are_compared_once_and_never_given_out(make_account, record) -> None:
    account = make_account(many(record, 500))
    account.pull(CONTACTS)
    write_in_batches(account, 500)

    compared = account.pull(CONTACTS)
    given = list(account.mirror.stored)
    afterwards = account.pull(CONTACTS)

    assert (compared, afterwards) == ({"objects/search": 1 + 3}, {"objects/search": 1})
    assert given == account.mirror.stored == []


def test_an_edit_right_after_many_own_writes_is_seen(make_account, record) -> None:
    account = make_account(many(record, 500))
    account.pull(CONTACTS)
    write_in_batches(account, 500)
    account.app.edit("contacts", "7", {"jobtitle": "CEO"}, by="1")

    account.pull(CONTACTS)

    assert account.table("contacts")["7"]["jobtitle"] == "CEO"


@pytest.mark.parametrize("more_properties", [0, 120])
def test_an_edit_between_many_own_writes_is_given_out_alone(
    make_account, record, more_properties: int
) -> None:
    names = tuple(f"a_rather_long_name_of_a_property_{i:03}" for i in range(more_properties))
    stream = Stream("hubspot", "contacts", Kind.PEOPLE, (*names, "jobtitle"))
    account = make_account(many(record, 500))
    account.pull(stream)

    def edit(first: int) -> None:
        if first == 1:
            account.later(0.5)
            account.app.edit("contacts", "7", {"jobtitle": "CEO"}, by="1")

    write_in_batches(account, 500, edit)

    account.pull(stream)

    assert [row["id"] for page in account.mirror.stored for row in page.rows] == ["7"]
    assert account.table("contacts")["7"]["jobtitle"] == "CEO"


def test_edits_that_the_index_hides_are_read_by_id_with_our_writes_or_found_by_the_next_pull(
    make_account, record
) -> None:
    account = make_account(many(record, 500))
    account.pull(CONTACTS)
    account.app.account.index_lag_seconds = 1.6

    def edit(first: int) -> None:
        if first == 301:
            account.later(0.1)
            account.app.edit("contacts", "7", {"jobtitle": "CEO"}, by="1")
            account.app.edit("contacts", "307", {"jobtitle": "CEO"}, by="1")

    write_in_batches(account, 500, edit)

    account.pull(CONTACTS)
    at_once = [row["id"] for page in account.mirror.stored for row in page.rows]
    account.later(600)
    account.pull(CONTACTS)

    assert at_once == ["307"]
    assert account.table("contacts")["7"]["jobtitle"] == "CEO"


def test_an_edit_between_own_writes_is_found_when_a_very_late_index_shows_them(make_account, record) -> None:
    account = make_account(many(record, 500))
    account.pull(CONTACTS)
    account.app.account.index_lag_seconds = 900

    def edit(first: int) -> None:
        if first == 1:
            account.later(0.1)
            account.app.edit("contacts", "7", {"jobtitle": "CEO"}, by="1")

    write_in_batches(account, 500, edit)
    for _ in range(4):
        account.pull(CONTACTS)
        account.later(280)

    account.pull(CONTACTS)

    assert account.table("contacts")["7"]["jobtitle"] == "CEO"


def test_what_the_index_did_not_show_yet_is_compared_again(make_account, record) -> None:
    account = make_account(many(record, 500))
    account.pull(CONTACTS)
    write_in_batches(account, 100)
    account.app.account.index_lag_seconds = 3.5
    write_in_batches(account, 400)
    account.pull(CONTACTS)
    account.later(600)

    later = account.pull(CONTACTS)
    afterwards = account.pull(CONTACTS)

    assert later["objects/search"] > 1
    assert afterwards == {"objects/search": 1}


def test_a_late_index_loses_nothing_within_the_overlap(make_account, record) -> None:
    account = make_account(many(record, 3), index_lag_seconds=300)
    account.pull(CONTACTS)
    account.later(60)
    account.app.edit("contacts", "2", {"jobtitle": "CEO"}, by="1")
    account.pull(CONTACTS)
    account.later(900)

    account.pull(CONTACTS)

    assert account.table("contacts")["2"]["jobtitle"] == "CEO"


def test_a_second_change_that_the_index_hid_is_not_taken_for_the_first(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.later(60)
    account.app.edit("contacts", "2", {"jobtitle": "one"}, by="1")
    account.pull(CONTACTS)
    account.app.account.index_lag_seconds = 300
    account.later(1)
    account.app.edit("contacts", "2", {"jobtitle": "two"}, by="1")
    account.pull(CONTACTS)
    account.later(900)

    account.pull(CONTACTS)

    assert account.table("contacts")["2"]["jobtitle"] == "two"


def test_searches_ask_by_lastmodifieddate_with_at_most_three_filters(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.app.load(many(record, 500, "2026-11-02T10:00:30.000Z"))
    account.later(60)

    account.pull(CONTACTS)

    bodies = [body for body in account.requests(SEARCH) if body["filterGroups"]]
    filters = [body["filterGroups"][0]["filters"] for body in bodies]
    assert all(len(body["filterGroups"]) == 1 for body in bodies)
    assert max(len(of_one) for of_one in filters) == 3
    assert {f["propertyName"] for of_one in filters for f in of_one} == {"lastmodifieddate", "hs_object_id"}
    assert all(f["value"].isdecimal() for of_one in filters for f in of_one)


def test_a_definition_with_many_properties_still_searches_within_3000_characters(
    make_account, record
) -> None:
    names = tuple(f"a_rather_long_name_of_a_property_{i:03}" for i in range(120))
    wide = Stream("hubspot", "contacts", Kind.PEOPLE, (*names, "email", "jobtitle"))
    account = make_account(many(record, 3))
    account.pull(wide)
    account.later(60)
    account.app.edit("contacts", "2", {"jobtitle": "CEO"}, by="1")

    calls = account.pull(wide)

    assert calls == {"objects/search": 1, "objects/read": 1}
    assert account.table("contacts")["2"]["jobtitle"] == "CEO"
    assert all(len(json.dumps(body)) < 3000 for body in account.requests(SEARCH))


def test_a_list_of_properties_that_no_address_holds_is_read_by_id(make_account, record) -> None:
    names = tuple(f"a_rather_long_name_of_a_property_{i:03}" for i in range(200))
    wide = Stream("hubspot", "contacts", Kind.PEOPLE, (*names, "email"))
    account = make_account(many(record, 130))

    calls = account.pull(wide)

    assert calls["objects/list"] == calls["objects/read"] == 2
    assert account.table("contacts")["130"]["email"] == "p130@acme.example"


def test_a_contact_in_the_recycle_bin_gets_a_tombstone_within_the_hour(make_account, record) -> None:
    account = make_account(many(record, 3, "2026-11-02T09:50:00.000Z"))
    account.pull(CONTACTS)
    account.later(60)
    account.app.edit("contacts", "2", {"archived": "true"}, by="1")

    account.pull(CONTACTS)

    assert account.table("contacts")["2"]["deleted"] is True
    assert sorted(account.living("contacts")) == ["1", "3"]


def test_deleted_contacts_are_looked_for_once_a_day(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.later(2 * 3600)
    account.app.edit("contacts", "2", {"archived": "true"}, by="1")
    same_day = account.pull(CONTACTS)
    account.later(24 * 3600)

    next_day = account.pull(CONTACTS)

    assert same_day == {"objects/search": 1}
    assert next_day == {"objects/search": 1, "objects/list": 1}
    assert account.table("contacts")["2"]["deleted"] is True


def test_an_absorbed_contact_points_at_the_survivor(make_account, record) -> None:
    survivor = record(9, email="a@acme.example", hs_merged_object_ids="3;4")
    account = make_account([("contacts", survivor)])

    account.pull(CONTACTS)

    table = account.table("contacts")
    assert table["9"]["merged_into"] is None
    assert {id_: (table[id_]["merged_into"], table[id_]["deleted"]) for id_ in ("3", "4")} == {
        "3": ("9", True),
        "4": ("9", True),
    }
    assert account.pull(CONTACTS) == {"objects/search": 1}


@pytest.mark.parametrize(
    ("value", "reason"),
    [("x" * 131_073, "longer than 131,072"), ("a\x00b", "NUL"), ("a\ud800b", "surrogate")],
)
def test_a_text_that_nothing_can_hold_rejects_its_row_and_no_other(
    make_account, record, value, reason
) -> None:
    account = make_account()
    page = {
        "results": [
            {"id": "1", "properties": {"jobtitle": value, "lastmodifieddate": "2026-10-01T08:00:00.000Z"}},
            {"id": "2", "properties": {"jobtitle": "CEO", "lastmodifieddate": "2026-10-01T08:00:00.000Z"}},
        ]
    }
    account.answers(LIST, 200, page)

    account.pull(CONTACTS)

    assert list(account.table("contacts")) == ["2"]
    (bad,) = account.mirror.rejected
    assert str(bad.record) == "hubspot/contacts/1"
    assert reason in bad.reason
    assert "jobtitle" in bad.reason


@pytest.mark.parametrize(
    "created", ["9999-12-31T00:00:00.000Z", "0001-01-01T00:00:00Z", "soon", "-5", "9" * 30]
)
def test_an_impossible_instant_rejects_its_row(make_account, created: str) -> None:
    account = make_account()
    properties = {"createdate": created, "lastmodifieddate": "2026-10-01T08:00:00.000Z"}
    account.answers(LIST, 200, {"results": [{"id": "1", "properties": properties}]})

    account.pull(CONTACTS)

    (bad,) = account.mirror.rejected
    assert bad.reason == "createdate is not an instant between 1970 and 2099"
    assert account.table("contacts") == {}


def test_a_rejected_row_does_not_keep_later_pulls_busy(make_account, record) -> None:
    bad = record(1, "2026-11-02T09:59:00.000Z", createdate="9999-12-31T00:00:00.000Z")
    account = make_account([("contacts", bad)])
    account.pull(CONTACTS)

    calls = account.pull(CONTACTS)

    assert calls == {"objects/search": 1}
    assert len(account.mirror.rejected) == 1


@pytest.mark.parametrize("act", ["drop_before", "drop_after", "truncate", "truncate_json"])
def test_a_broken_answer_is_asked_for_again(make_account, record, act: str) -> None:
    account = make_account(many(record, 3))
    account.crm.org()
    account.goes_wrong(LIST, act)

    account.pull(CONTACTS)

    assert len(account.table("contacts")) == 3
    assert account.crm.calls()["objects/list"] == 2


@pytest.mark.parametrize(
    "page",
    [
        {"results": None},
        {"results": [{"id": 5, "properties": {}}]},
        {"results": [{"id": "5"}]},
        {"hello": "world"},
        [1, 2],
        "<html>maintenance</html>",
    ],
)
def test_a_foreign_page_is_an_error_and_never_an_empty_one(make_account, record, page) -> None:
    account = make_account(many(record, 3))
    account.answers(LIST, 200, page, times=-1)

    with pytest.raises(CrmUnavailableError):
        account.pull(CONTACTS)

    assert "contacts" not in account.mirror.watermarks


def test_a_list_that_never_ends_is_noticed(make_account) -> None:
    account = make_account()
    page = {"results": [], "paging": {"next": {"after": "7", "link": "https://elsewhere.example/"}}}
    account.answers(LIST, 200, page, times=-1)

    with pytest.raises(CrmUnavailableError, match="same page"):
        account.pull(CONTACTS)


def test_the_watermark_is_plain_json_and_moves_with_the_accounts_clock(make_account, record) -> None:
    account = make_account(many(record, 3, "2026-11-02T09:50:00.000Z"))
    account.pull(CONTACTS)
    before = json.loads(json.dumps(account.mirror.watermarks["contacts"]))
    account.later(600)

    account.pull(CONTACTS)

    after = account.mirror.watermarks["contacts"]
    assert before == account.mirror.watermarks["contacts"] | before
    assert after["until_us"] - before["until_us"] == 10 * MINUTE + SECOND
    assert len(after["recent"]) == 3


def test_the_window_overlaps_the_last_one_by_an_hour(make_account, record) -> None:
    account = make_account(many(record, 3, "2026-11-02T09:50:00.000Z"))
    account.pull(CONTACTS)
    account.later(3 * 3600)
    account.pull(CONTACTS)
    until_us = account.mirror.watermarks["contacts"]["until_us"]

    account.pull(CONTACTS)

    low = account.requests(SEARCH)[-1]["filterGroups"][0]["filters"][0]["value"]
    assert int(low) * 1000 == until_us - HOUR
    assert account.mirror.watermarks["contacts"]["recent"] == {}


def test_a_search_that_does_not_follow_the_ids_is_noticed(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    stamped = {"lastmodifieddate": "2026-11-02T10:00:00.000Z"}
    page = {"total": 900, "results": [{"id": "5", "properties": stamped}]}
    account.answers(SEARCH, 200, page, times=-1)

    with pytest.raises(CrmUnavailableError, match="order of their ids"):
        account.pull(CONTACTS)


def test_a_search_without_a_total_is_an_error(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.answers(SEARCH, 200, {"results": []})

    with pytest.raises(CrmUnavailableError, match="total"):
        account.pull(CONTACTS)


def test_a_changed_contact_without_a_usable_stamp_is_rejected_and_not_lost(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    page = {"total": 1, "results": [{"id": "5", "properties": {"lastmodifieddate": "soon"}}]}
    account.answers(SEARCH, 200, page)

    account.pull(CONTACTS)

    (bad,) = account.mirror.rejected
    assert bad.reason == "lastmodifieddate is not an instant between 1970 and 2099"


def test_a_busy_window_of_many_properties_is_completed_by_id(make_account, record) -> None:
    names = tuple(f"a_rather_long_name_of_a_property_{i:03}" for i in range(120))
    wide = Stream("hubspot", "contacts", Kind.PEOPLE, (*names, "email"))
    account = make_account(many(record, 3))
    account.pull(wide)
    account.app.load(many(record, 450, "2026-11-02T10:00:30.000Z"))
    account.later(60)

    calls = account.pull(wide)

    assert calls == {"objects/search": 4, "objects/read": 5}
    assert account.table("contacts")["450"]["email"] == "p450@acme.example"


def test_an_overlap_that_the_index_filled_late_is_read_again(make_account, record) -> None:
    account = make_account(many(record, 3))
    account.pull(CONTACTS)
    account.later(600)
    account.pull(CONTACTS)
    account.app.load([*many(record, 3), *many(record, 250, "2026-11-02T10:05:00.000Z", first=10)])

    account.pull(CONTACTS)

    assert len(account.living("contacts")) == 253
