"""Engagements, deals, form submissions and property histories."""

from __future__ import annotations

import pytest

from leadledger.domain.instants import parse_instant
from leadledger.errors import CrmUnavailableError
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Stream

HISTORY_OF = ("hs_lead_status", "jobtitle")
CONTACTS = Stream("hubspot", "contacts", Kind.PEOPLE, ("email",), options=HISTORY_OF)
HISTORY = Stream("hubspot", "property_history", Kind.HISTORY, options=HISTORY_OF)
MEETINGS = Stream(
    "hubspot",
    "meetings",
    Kind.ACTIVITIES,
    ("hs_meeting_outcome", "hs_meeting_start_time"),
    frozenset({"hs_meeting_start_time"}),
)
CALLS = Stream("hubspot", "calls", Kind.ACTIVITIES)
DEALS = Stream("hubspot", "deals", Kind.DEALS)
DEAL_PEOPLE = Stream("hubspot", "deal_people", Kind.DEAL_PEOPLE)
COMPANIES = Stream("hubspot", "companies", Kind.ACCOUNTS, ("industry",))
SUBMISSIONS = Stream("hubspot", "form_submissions", Kind.ACTIVITIES, ("form", "page_url"))
NOW_MS = 1793613600000


def us(text: str) -> int:
    from zoneinfo import ZoneInfo

    return parse_instant(text, ZoneInfo("UTC"))


def entry(value: str, at: str, **more: object) -> dict[str, object]:
    return {"value": value, "timestamp": at, "sourceType": "CRM_UI", "sourceId": "x", **more}


def a_form(id_: str, name: str, **more: object) -> tuple[str, dict[str, object]]:
    return "forms", {"id": id_, "name": name, **more}


def a_submission(form: str, id_: str, at_ms: int, email: str | None = "Jo@Acme.example ", **values: str):
    answers = {**({"email": email} if email is not None else {}), **values}
    return "form_submissions", {
        "formId": form,
        "conversionId": id_,
        "submittedAt": at_ms,
        "pageUrl": f"https://acme.example/{form}",
        "values": [{"name": n, "objectTypeId": "0-1", "value": v} for n, v in answers.items()],
    }


# engagements


def test_an_engagement_is_one_row_per_contact(make_account, record) -> None:
    meeting = record(
        501,
        hs_timestamp="2026-05-05T08:00:00Z",
        hs_meeting_outcome="COMPLETED",
        hs_meeting_start_time="2026-05-05T08:15:00Z",
        associations={"contacts": [12, 3]},
    )
    account = make_account(
        [("contacts", record(3)), ("contacts", record(12)), ("meetings", meeting), ("meetings", record(502))]
    )

    account.pull(MEETINGS)

    rows = account.table("meetings")
    assert {id_: row["person"] for id_, row in rows.items()} == {"501": "3", "501/2": "12"}
    assert rows["501"]["at_us"] == us("2026-05-05T08:00:00Z")
    assert rows["501"]["hs_meeting_start_time"] == us("2026-05-05T08:15:00Z")
    assert set(rows["501"]) == {*COMMON_COLUMNS, *COLUMNS[Kind.ACTIVITIES], *MEETINGS.fields}


def test_associations_are_read_a_thousand_at_a_time(make_account, record) -> None:
    rows = [("contacts", record(1))]
    rows += [("calls", record(1000 + i, associations={"contacts": [1]})) for i in range(1050)]
    account = make_account(rows)

    calls = account.pull(CALLS)

    assert len(account.table("calls")) == 1050
    assert calls["associations"] == 2
    assert max(len(body["inputs"]) for body in account.requests("*/associations/*")) == 1000


def test_an_engagement_with_more_contacts_than_a_page_of_associations_loses_none(
    make_account, record
) -> None:
    account = make_account([("calls", record(7, hs_timestamp="2026-05-05T08:00:00Z"))])
    path = "/crm/associations/2026-09/calls/contacts/batch/read"
    page = {"from": {"id": "7"}, "to": [{"toObjectId": 1}], "paging": {"next": {"after": "x"}}}
    account.answers(path, 200, {"status": "COMPLETE", "results": [page]})
    account.answers(
        path, 207, {"status": "COMPLETE", "results": [{"from": {"id": "7"}, "to": [{"toObjectId": 2}]}]}
    )

    account.pull(CALLS)

    assert {row["person"] for row in account.table("calls").values()} == {"1", "2"}
    assert account.requests(path)[1] == {"inputs": [{"id": "7", "after": "x"}]}


def test_a_changed_engagement_that_lost_a_contact_loses_its_row(make_account, record) -> None:
    meeting = record(501, hs_timestamp="2026-05-05T08:00:00Z", associations={"contacts": [3, 12]})
    account = make_account([("contacts", record(3)), ("contacts", record(12)), ("meetings", meeting)])
    account.pull(MEETINGS)
    account.later(60)
    account.app.edit("meetings", "501", {"hs_meeting_outcome": "COMPLETED"}, by="1")
    one = {"status": "COMPLETE", "results": [{"from": {"id": "501"}, "to": [{"toObjectId": 12}]}]}
    account.answers("*/associations/*", 200, one)

    account.pull(MEETINGS)

    assert {id_: row["person"] for id_, row in account.living("meetings").items()} == {"501": "12"}


def test_a_deleted_engagement_takes_all_its_rows_along(make_account, record) -> None:
    meeting = record(501, hs_timestamp="2026-05-05T08:00:00Z", associations={"contacts": [3, 12]})
    account = make_account([("contacts", record(3)), ("contacts", record(12)), ("meetings", meeting)])
    account.pull(MEETINGS)
    account.later(60)
    account.app.edit("meetings", "501", {"archived": "true"}, by="1")
    account.later(24 * 3600)

    account.pull(MEETINGS)

    assert account.living("meetings") == {}


def test_idle_engagements_are_one_call_however_many_contacts_they_have(make_account, record) -> None:
    meeting = record(
        501,
        "2026-11-02T09:50:00.000Z",
        hs_timestamp="2026-05-05T08:00:00Z",
        associations={"contacts": [3, 12]},
    )
    account = make_account([("contacts", record(3)), ("contacts", record(12)), ("meetings", meeting)])
    account.pull(MEETINGS)

    assert account.pull(MEETINGS) == {"objects/search": 1}


def test_engagements_are_searched_by_hs_lastmodifieddate(make_account, record) -> None:
    account = make_account([("contacts", record(3))])
    account.pull(CALLS)

    account.pull(CALLS)

    (asked,) = account.requests("*/calls/search")[-1]["filterGroups"][0]["filters"]
    assert asked["propertyName"] == "hs_lastmodifieddate"


# companies and deals


def test_companies_are_accounts_with_owner_and_fields(make_account, record) -> None:
    account = make_account([("companies", record(77, industry="Retail", hubspot_owner_id="5"))])

    account.pull(COMPANIES)

    row = account.table("companies")["77"]
    assert (row["owner"], row["industry"]) == ("5", "Retail")
    assert set(row) == {*COMMON_COLUMNS, *COLUMNS[Kind.ACCOUNTS], "industry"}


def deal(record, id_: int, stage: str, people: list[int], **more: str):
    closed = {"closedwon": ("true", "true"), "closedlost": ("true", "false")}.get(stage, ("false", "false"))
    return "deals", record(
        id_,
        dealstage=stage,
        hs_is_closed=closed[0],
        hs_is_closed_won=closed[1],
        createdate="2026-03-01T00:00:00Z",
        closedate="2026-04-01T00:00:00Z",
        associations={"contacts": people},
        **more,
    )


def test_a_deal_knows_when_it_was_created_and_how_it_ended(make_account, record) -> None:
    account = make_account(
        [
            ("contacts", record(3)),
            deal(record, 1, "contractsent", [3]),
            deal(record, 2, "closedwon", [3]),
            deal(record, 3, "closedlost", [3]),
        ]
    )

    account.pull(DEALS)

    rows = account.table("deals")
    assert [(rows[i]["closed"], rows[i]["won"]) for i in "123"] == [
        (False, False),
        (True, True),
        (True, False),
    ]
    assert rows["1"]["created_us"] == us("2026-03-01T00:00:00Z")


def test_an_open_deal_has_no_closing_time_though_hubspot_shows_the_expected_one(make_account, record) -> None:
    account = make_account(
        [("contacts", record(3)), deal(record, 1, "contractsent", [3]), deal(record, 2, "closedwon", [])]
    )

    account.pull(DEALS)

    closed = {id_: row["closed_us"] for id_, row in account.table("deals").items()}
    assert closed == {"1": None, "2": us("2026-04-01T00:00:00Z")}


def test_the_people_of_deals_cost_one_call_for_a_thousand_and_none_when_idle(make_account, record) -> None:
    rows = [("contacts", record(3)), ("contacts", record(4))]
    account = make_account(
        [*rows, deal(record, 1, "contractsent", [3, 4]), deal(record, 2, "closedwon", [4])]
    )

    first = account.pull(DEALS, DEAL_PEOPLE)
    idle = account.pull(DEALS, DEAL_PEOPLE)

    links = {(row["deal"], row["person"]) for row in account.table("deal_people").values()}
    assert links == {("1", "3"), ("1", "4"), ("2", "4")}
    assert first["associations"] == 1
    assert idle == {"objects/search": 1}


def test_links_of_deals_are_not_lost_when_a_run_dies_between_the_two_streams(make_account, record) -> None:
    rows = [("contacts", record(3)), deal(record, 1, "contractsent", [3])]
    account = make_account(rows)
    account.pull(DEALS, DEAL_PEOPLE)
    account.later(60)
    account.app.load(
        [*rows, deal(record, 2, "closedwon", [3], hs_lastmodifieddate="2026-11-02T10:00:30.000Z")]
    )
    account.pull(DEALS)
    account.crm.close()
    account.crm = account.connector()

    account.pull(DEALS, DEAL_PEOPLE)

    assert {row["deal"] for row in account.table("deal_people").values()} == {"1", "2"}


# histories


def history_account(make_account, record, **settings):
    statuses = [
        entry("OPEN", "2026-03-01T00:00:00.000Z", updatedByUserId=42),
        entry("NEW", "2026-02-01T00:00:00.000Z"),
    ]
    first = record(1, email="a@acme.example", hs_lead_status="OPEN", history={"hs_lead_status": statuses})
    return make_account([("contacts", first), ("contacts", record(2, jobtitle="CEO"))], **settings)


def test_histories_come_with_the_contacts_and_cost_nothing_more(make_account, record) -> None:
    account = history_account(make_account, record)

    calls = account.pull(CONTACTS, HISTORY)

    assert calls == {"account": 1, "objects/search": 1, "objects/list": 1}
    assert len(account.table("property_history")) == 3


def test_a_history_row_tells_old_and_new_value_time_and_author(make_account, record) -> None:
    account = history_account(make_account, record)

    account.pull(CONTACTS, HISTORY)

    rows = sorted(
        (r for r in account.table("property_history").values() if r["person"] == "1"),
        key=lambda r: r["at_us"],
    )
    assert [(row["field"], row["old"], row["new"], row["author"]) for row in rows] == [
        ("hs_lead_status", None, "NEW", "CRM_UI"),
        ("hs_lead_status", "NEW", "OPEN", "42"),
    ]
    assert rows[1]["at_us"] == us("2026-03-01T00:00:00Z")
    assert rows[1]["id"] == "1/hs_lead_status/2026-03-01T00:00:00.000Z"


def test_histories_of_touched_contacts_are_read_fifty_at_a_time(make_account, record) -> None:
    rows = [("contacts", record(i, jobtitle="a")) for i in range(1, 131)]
    account = make_account(rows)
    account.pull(CONTACTS, HISTORY)
    account.later(60)
    for i in range(1, 121):
        account.app.edit("contacts", str(i), {"jobtitle": "b"}, by="1")

    calls = account.pull(CONTACTS, HISTORY)

    assert calls == {"objects/search": 1, "objects/read": 3}
    assert len(account.table("property_history")) == 130 + 120
    assert {page.replaces for page in account.mirror.stored if page.rows[0].get("field")} == {"person"}


def test_an_idle_history_costs_nothing(make_account, record) -> None:
    account = history_account(make_account, record)
    account.pull(CONTACTS, HISTORY)

    assert account.pull(CONTACTS, HISTORY) == {"objects/search": 1}


def test_histories_that_were_lost_with_a_dead_run_are_read_again(make_account, record) -> None:
    account = history_account(make_account, record)
    account.pull(CONTACTS)
    account.crm.close()
    account.crm = account.connector()

    account.pull(CONTACTS, HISTORY)

    assert len(account.table("property_history")) == 3


def test_too_many_histories_are_not_kept_but_read_again(make_account, record, monkeypatch) -> None:
    monkeypatch.setattr("leadledger.crm.hubspot.histories.LARGEST_KEPT", 2)
    account = history_account(make_account, record)

    calls = account.pull(CONTACTS, HISTORY)

    assert calls["objects/list"] == 2
    assert len(account.table("property_history")) == 3


def test_a_change_with_an_impossible_time_is_rejected_alone(make_account, record) -> None:
    account = make_account()
    entries = [entry("b", "9999-01-01T00:00:00.000Z"), entry("a", "2026-01-01T00:00:00.000Z")]
    page = {
        "results": [
            {
                "id": "1",
                "properties": {"lastmodifieddate": "2026-10-01T08:00:00.000Z"},
                "propertiesWithHistory": {"jobtitle": entries},
            }
        ]
    }
    account.answers("/crm/objects/2026-09/contacts", 200, page)

    account.pull(CONTACTS, HISTORY)

    assert [row["new"] for row in account.table("property_history").values()] == ["a"]
    (bad,) = account.mirror.rejected
    assert str(bad.record) == "hubspot/property_history/1/jobtitle/9999-01-01T00:00:00.000Z"


def test_two_changes_in_one_millisecond_keep_their_order_and_their_rows(make_account) -> None:
    account = make_account()
    same = "2026-01-01T00:00:00.000Z"
    page = {
        "results": [
            {
                "id": "1",
                "properties": {"lastmodifieddate": "2026-10-01T08:00:00.000Z"},
                "propertiesWithHistory": {"jobtitle": [entry("second", same), entry("first", same)]},
            }
        ]
    }
    account.answers("/crm/objects/2026-09/contacts", 200, page)

    account.pull(CONTACTS, HISTORY)

    rows = list(account.table("property_history").values())
    assert [(row["old"], row["new"]) for row in rows] == [(None, "first"), ("first", "second")]


# form submissions


def test_a_submission_belongs_to_the_address_that_was_typed(make_account) -> None:
    account = make_account([a_form("f1", "Demo"), a_submission("f1", "c1", NOW_MS - 5000)])

    account.pull(SUBMISSIONS)

    row = account.table("form_submissions")["c1"]
    assert (row["person"], row["person_email"]) == (None, "jo@acme.example")
    assert (row["form"], row["page_url"]) == ("Demo", "https://acme.example/f1")
    assert row["at_us"] == (NOW_MS - 5000) * 1000


@pytest.mark.parametrize("email", [None, "", "  ", "not an address"])
def test_a_submission_without_an_address_is_rejected(make_account, email) -> None:
    account = make_account([a_form("f1", "Demo"), a_submission("f1", "c1", NOW_MS, email)])

    account.pull(SUBMISSIONS)

    (bad,) = account.mirror.rejected
    assert str(bad.record) == "hubspot/form_submissions/c1"
    assert "without e-mail" in bad.reason


def test_every_submission_of_every_form_comes_once(make_account) -> None:
    rows = [a_form("f1", "Demo"), a_form("f2", "Ebook")]
    rows += [a_submission(f"f{1 + i % 2}", f"c{i}", NOW_MS - i * 60_000) for i in range(230)]
    account = make_account(rows)

    calls = account.pull(SUBMISSIONS)

    assert len(account.table("form_submissions")) == 230
    assert calls["submissions"] == 6
    assert calls["forms"] == 2


def test_idle_forms_cost_one_call_each_and_give_nothing_twice(make_account) -> None:
    rows = [a_form("f1", "Demo"), a_form("f2", "Ebook")]
    rows += [a_submission("f1", f"c{i}", NOW_MS - i * 90_000) for i in range(100)]
    account = make_account(rows)
    account.pull(SUBMISSIONS)

    calls = account.pull(SUBMISSIONS)

    assert calls == {"submissions": 2}
    assert account.mirror.stored == []


def test_new_submissions_are_read_back_to_where_the_last_pull_ended(make_account) -> None:
    rows = [a_form("f1", "Demo")]
    rows += [a_submission("f1", f"old{i}", NOW_MS - 86_400_000 - i * 60_000) for i in range(300)]
    account = make_account(rows)
    account.pull(SUBMISSIONS)
    account.later(600)
    account.app.load([*rows, *(a_submission("f1", f"new{i}", NOW_MS + 1000 + i) for i in range(70))])

    calls = account.pull(SUBMISSIONS)

    assert calls == {"submissions": 2}
    assert len(account.table("form_submissions")) == 370


def test_only_the_named_forms_are_read_without_regard_to_case(make_account) -> None:
    named = Stream("hubspot", "form_submissions", Kind.ACTIVITIES, ("form",), options=("contact sales",))
    rows = [a_form("f1", "Contact Sales"), a_form("f2", "Other")]
    account = make_account([*rows, a_submission("f1", "c1", NOW_MS), a_submission("f2", "c2", NOW_MS)])

    calls = account.pull(named)

    assert list(account.table("form_submissions")) == ["c1"]
    assert calls["submissions"] == 1


def test_a_new_form_is_found_within_a_day_and_read_from_its_beginning(make_account) -> None:
    rows = [a_form("f1", "Demo")]
    account = make_account(rows)
    account.pull(SUBMISSIONS)
    account.app.load([*rows, a_form("f2", "New"), a_submission("f2", "c2", NOW_MS - 86_400_000 * 9)])
    same_day = account.pull(SUBMISSIONS)
    account.later(24 * 3600)

    next_day = account.pull(SUBMISSIONS)

    assert "forms" not in same_day
    assert next_day == {"forms": 1, "submissions": 2}
    assert list(account.table("form_submissions")) == ["c2"]


def test_forms_without_submissions_of_their_own_are_passed_over(make_account) -> None:
    account = make_account(
        [a_form("f1", "Blog", formType="blog_comment"), a_form("f2", "Demo"), a_submission("f2", "c", NOW_MS)]
    )
    account.answers("*/forms/f2", 400, {"category": "FORM_TYPE_NOT_ALLOWED"})

    calls = account.pull(SUBMISSIONS)

    assert calls["submissions"] == 1
    assert account.table("form_submissions") == {}


def test_a_form_that_was_deleted_meanwhile_ends_nothing(make_account) -> None:
    account = make_account([a_form("f1", "Demo"), a_form("f2", "Two"), a_submission("f2", "c", NOW_MS)])
    account.answers("*/forms/f1", 404, {"message": "resource not found"})

    account.pull(SUBMISSIONS)

    assert list(account.table("form_submissions")) == ["c"]


def test_another_refusal_of_a_form_ends_the_pull(make_account) -> None:
    account = make_account([a_form("f1", "Demo")])
    account.answers("*/forms/f1", 400, {"category": "VALIDATION_ERROR"}, times=-1)

    with pytest.raises(CrmUnavailableError, match="VALIDATION_ERROR"):
        account.pull(SUBMISSIONS)


@pytest.mark.parametrize("at", [None, "soon", 99_999_999_999_999])
def test_a_submission_without_a_usable_time_is_rejected(make_account, at: object) -> None:
    account = make_account([a_form("f1", "Demo")])
    values = [{"name": "email", "objectTypeId": "0-1", "value": "jo@acme.example"}]
    account.answers(
        "*/forms/f1", 200, {"results": [{"conversionId": "c1", "submittedAt": at, "values": values}]}
    )

    account.pull(SUBMISSIONS)

    (bad,) = account.mirror.rejected
    assert str(bad.record) == "hubspot/form_submissions/c1"


def test_answers_about_the_contact_come_before_those_about_the_company(make_account) -> None:
    wanted = Stream("hubspot", "form_submissions", Kind.ACTIVITIES, ("form", "name", "size"))
    account = make_account([a_form("f1", "Demo")])
    values = [
        {"name": "name", "objectTypeId": "0-2", "value": "Acme"},
        {"name": "size", "objectTypeId": "0-2", "value": "50"},
        {"name": "name", "objectTypeId": "0-1", "value": "Jo"},
        {"name": "email", "objectTypeId": "0-1", "value": "jo@acme.example"},
    ]
    one = {"conversionId": "c1", "submittedAt": NOW_MS, "values": values}
    account.answers("*/forms/f1", 200, {"results": [one]})

    account.pull(wanted)

    row = account.table("form_submissions")["c1"]
    assert (row["name"], row["size"]) == ("Jo", "50")
