from __future__ import annotations

from typing import Any

import pytest

from leadledger.crm.salesforce.rows import LONGEST_TEXT, lookup, queues_of, rows_of, text_of
from leadledger.domain.instants import to_us
from leadledger.errors import CrmUnavailableError
from leadledger.ports import Kind, Row, Stream

LEAD = Stream("salesforce", "Lead", Kind.PEOPLE, ("Company", "Score__c"), options=("zone=Europe/Berlin",))
TASK = Stream(
    "salesforce",
    "Task",
    Kind.ACTIVITIES,
    ("ActivityDate",),
    frozenset({"ActivityDate"}),
    options=("zone=Europe/Berlin",),
)
VISIT = Stream(
    "salesforce",
    "Visit__c",
    Kind.ACTIVITIES,
    person_field="Lead__c,Contact__c",
    options=("zone=UTC", "created"),
)
STAMP = "2026-09-24T03:26:07.000+0000"


def lead(**changed: Any) -> dict[str, Any]:
    return {
        "attributes": {"type": "Lead"},
        "Id": "00Q000000000001AAA",
        "SystemModstamp": STAMP,
        "IsDeleted": False,
        "OwnerId": "005000000000001AAA",
        "CreatedDate": STAMP,
        "MasterRecordId": None,
        "IsConverted": False,
        "ConvertedContactId": None,
        "ConvertedDate": None,
        "Company": "Acme",
        "Score__c": 42.0,
        **changed,
    }


def task(**changed: Any) -> dict[str, Any]:
    return {
        "Id": "00T000000000001AAA",
        "SystemModstamp": STAMP,
        "IsDeleted": False,
        "WhoId": "00Q000000000001AAA",
        "ActivityDate": "2026-03-29",
        **changed,
    }


def one(stream: Stream, record: dict[str, Any], *, increment: bool = False) -> Row:
    rows, rejected = rows_of(stream, [record], increment=increment)
    assert rejected == []
    return rows[0]


def rejection(stream: Stream, record: dict[str, Any]) -> str:
    rows, [rejected] = rows_of(stream, [record], increment=False)
    assert rows == []
    return f"{rejected.record}: {rejected.reason}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        ("NO", "NO"),
        ("007", "007"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (42.0, "42"),
        (-0.5, "-0.5"),
        (1e300, "1e+300"),
        (STAMP, "2026-09-24T03:26:07Z"),
        ("9999-12-31T00:00:00.000+0000", "9999-12-31T00:00:00.000+0000"),
        ({"city": "Berlin"}, None),
    ],
)
def test_values_become_text_without_losing_null_empty_or_zeros(value: Any, text: str | None) -> None:
    assert text_of(value) == text


def test_a_field_is_found_in_any_spelling_and_below_a_null_parent_is_null() -> None:
    record = {"Email": "x", "Campaign": {"Type": "Webinar"}, "Owner": None}

    assert lookup(record, "email") == "x"
    assert lookup(record, "campaign.type") == "Webinar"
    assert lookup(record, "Owner.Name") is None


def test_a_column_that_was_asked_for_and_did_not_come_is_not_a_null() -> None:
    with pytest.raises(CrmUnavailableError, match="Company"):
        lookup({"Id": "1"}, "Company")


def test_a_converted_lead_names_its_contact_and_its_day_in_the_definitions_zone() -> None:
    row = one(
        LEAD, lead(IsConverted=True, ConvertedContactId="003000000000001AAA", ConvertedDate="2026-03-29")
    )

    assert row["converted_to"] == "003000000000001AAA"
    from datetime import UTC, datetime

    assert row["converted_us"] == to_us(datetime(2026, 3, 28, 23, tzinfo=UTC))


def test_a_row_of_nulls_is_a_row() -> None:
    row = one(LEAD, {**dict.fromkeys(lead()), "Id": "00Q000000000001AAA"})

    assert row["id"] == "00Q000000000001AAA"
    assert row["deleted"] is False
    assert {value for key, value in row.items() if key not in {"id", "deleted"}} == {None}


def test_the_master_of_a_merge_is_kept() -> None:
    row = one(LEAD, lead(IsDeleted=True, MasterRecordId="00Q000000000002AAA"))

    assert (row["deleted"], row["merged_into"]) == (True, "00Q000000000002AAA")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"CreatedDate": "9999-12-31T00:00:00.000+0000"}, "CreatedDate: not a date between 1970 and 2099"),
        (
            {"SystemModstamp": "0001-01-01T00:00:00.000+0000"},
            "SystemModstamp: not a date between 1970 and 2099",
        ),
        ({"CreatedDate": 17}, "CreatedDate: not a date between 1970 and 2099"),
        (
            {"Company": "x" * (LONGEST_TEXT + 1)},
            f"Company: text of {LONGEST_TEXT + 1} characters; at most {LONGEST_TEXT} are read",
        ),
        ({"Company": "a\0b"}, "Company: text with NUL or half a character"),
        ({"Company": "a\ud800b"}, "Company: text with NUL or half a character"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_with_its_reason(changed: dict[str, Any], reason: str) -> None:
    assert rejection(LEAD, lead(**changed)) == f"salesforce/Lead/00Q000000000001AAA: {reason}"


def test_one_bad_row_does_not_take_the_others_with_it() -> None:
    rows, rejected = rows_of(LEAD, [lead(), lead(Company="\0"), lead(Company="山田 👋")], increment=False)

    assert [row["Company"] for row in rows] == ["Acme", "山田 👋"]
    assert len(rejected) == 1


def test_the_longest_text_of_salesforce_is_read() -> None:
    assert len(one(LEAD, lead(Company="x" * LONGEST_TEXT))["Company"]) == LONGEST_TEXT


def test_a_date_of_an_activity_begins_at_local_midnight_also_on_the_day_of_the_clock_change() -> None:
    from datetime import UTC, datetime

    assert one(TASK, task())["ActivityDate"] == to_us(datetime(2026, 3, 28, 23, tzinfo=UTC))


def test_an_activity_without_a_person_is_left_out_of_a_full_read_and_removed_by_an_increment() -> None:
    orphan = task(WhoId=None)

    full, _ = rows_of(TASK, [orphan], increment=False)
    increment, _ = rows_of(TASK, [orphan], increment=True)

    assert full == []
    assert [(row["person"], row["deleted"]) for row in increment] == [(None, True)]


@pytest.mark.parametrize(
    ("lead_id", "contact_id", "person"),
    [("00Q1", "0031", "00Q1"), (None, "0031", "0031"), ("00Q1", None, "00Q1")],
)
def test_the_first_person_that_is_set_wins(lead_id: str | None, contact_id: str | None, person: str) -> None:
    record = {
        "Id": "a01",
        "SystemModstamp": STAMP,
        "IsDeleted": False,
        "CreatedDate": STAMP,
        "Lead__c": lead_id,
        "Contact__c": contact_id,
    }

    row = one(VISIT, record)

    assert row["person"] == person
    assert row["at_us"] == row["modified_us"]


@pytest.mark.parametrize(
    ("state", "stage_change", "moment"),
    [("won", STAMP, STAMP), ("won", None, "2026-09-30T00:00:00.000+0000"), ("open", STAMP, None)],
)
def test_a_deal_is_closed_at_its_stage_change_else_on_its_close_date(
    state: str, stage_change: str | None, moment: str | None
) -> None:
    from datetime import datetime

    stream = Stream("salesforce", "Opportunity", Kind.DEALS, options=("zone=UTC",))
    record = {
        "Id": "006",
        "SystemModstamp": STAMP,
        "IsDeleted": False,
        "CreatedDate": STAMP,
        "IsWon": state == "won",
        "IsClosed": state == "won",
        "LastStageChangeDate": stage_change,
        "CloseDate": "2026-09-30",
        "OwnerId": "005",
    }

    expected = None if moment is None else to_us(datetime.fromisoformat(moment))
    assert one(stream, record)["closed_us"] == expected


def test_a_queue_lists_the_objects_that_it_may_own() -> None:
    def row(object_: str) -> dict[str, Any]:
        return {
            "QueueId": "00G1",
            "SobjectType": object_,
            "Queue": {"DeveloperName": "Inbound", "Name": "In"},
        }

    [queue] = queues_of([row("Lead"), row("Case")])

    assert (queue["name"], queue["objects"], queue["queue"]) == ("Inbound", "Case,Lead", True)


def test_a_record_without_id_is_an_outage() -> None:
    with pytest.raises(CrmUnavailableError, match="without an Id"):
        rows_of(LEAD, [lead(Id=None)], increment=False)
