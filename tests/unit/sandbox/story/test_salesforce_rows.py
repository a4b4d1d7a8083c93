"""The story as Salesforce rows: whole, well-formed, and within the time that it claims."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from leadledger.domain.instants import to_us
from leadledger.sandbox.salesforce import org
from leadledger.sandbox.salesforce.ids import to_18
from leadledger.sandbox.salesforce.objects import OBJECTS
from leadledger.sandbox.story.salesforce import INTEGRATION_USER_ID, ORG_ID
from leadledger.sandbox.story.salesforce_ids import PREFIXES, checksum, record_id

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ID = re.compile(r"[0-9A-Za-z]{18}")
# Dates of plans, which may lie ahead.
_PLANNED = {"CloseDate", "ActivityDate", "EndDate"}


def test_an_id_carries_the_checksum_that_salesforce_documents():
    # The example of the help article "Convert 15 character ids to 18": 001A0000006Vm9r -> IAC.
    assert checksum("001A0000006Vm9r") == "IAC"
    assert record_id("Lead", 123_456) == to_18(record_id("Lead", 123_456)[:15])


def test_numbers_beyond_an_id_are_refused():
    with pytest.raises(ValueError, match="does not fit"):
        record_id("Lead", 62**5)


def test_every_row_has_a_valid_id_of_its_own_with_the_prefix_of_its_object(in_salesforce):
    for name, rows in in_salesforce.items():
        ids = [row["Id"] for row in rows]
        assert len(set(ids)) == len(ids), name
        assert all(id_.startswith(PREFIXES[name]) and to_18(id_[:15]) == id_ for id_ in ids), name


def test_the_fixed_ids_are_those_of_the_pretended_org(in_salesforce):
    assert (ORG_ID, INTEGRATION_USER_ID) == (org.ORG_ID, org.INTEGRATION_USER_ID)
    assert in_salesforce["Organization"][0]["Id"] == ORG_ID
    assert INTEGRATION_USER_ID in {row["Id"] for row in in_salesforce["User"]}


def test_no_row_was_made_or_changed_by_the_user_that_leadledger_logs_in_as(in_salesforce):
    actors = {
        row.get(column)
        for rows in in_salesforce.values()
        for row in rows
        for column in ("CreatedById", "LastModifiedById", "OwnerId")
    }

    assert INTEGRATION_USER_ID not in actors


def test_every_field_exists_in_the_pretended_org_and_fits_it(in_salesforce):
    for name, rows in in_salesforce.items():
        for column in rows[0]:
            field = OBJECTS[name].find(column)
            assert field is not None, f"{name}.{column}"
            values = [row[column] for row in rows]
            assert field.nillable or None not in values, f"{name}.{column}"
            texts = [value for value in values if isinstance(value, str)]
            assert not field.length or all(len(text) <= field.length for text in texts), f"{name}.{column}"


def test_all_rows_of_an_object_have_the_same_columns_and_the_audit_columns(in_salesforce):
    audit = {"Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
    for name, rows in in_salesforce.items():
        assert {frozenset(row) for row in rows} == {frozenset(rows[0])}, name
        if name not in ("QueueSobject", "LeadHistory"):
            assert audit <= set(rows[0]), name


def test_every_reference_points_at_a_row(in_salesforce):
    by_prefix = {PREFIXES[name]: {row["Id"] for row in rows} for name, rows in in_salesforce.items()}
    references = 0
    for name, rows in in_salesforce.items():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, str) and _ID.fullmatch(value) and value[:3] in by_prefix:
                    references += 1
                    assert value in by_prefix[value[:3]], f"{name}.{column} of {row['Id']}"

    assert references > 10_000


def test_owners_are_users_and_only_leads_and_tasks_may_lie_in_a_queue(in_salesforce):
    for name, rows in in_salesforce.items():
        prefixes = {row["OwnerId"][:3] for row in rows if "OwnerId" in row}
        assert prefixes <= ({"005", "00G"} if name in ("Lead", "Task") else {"005"}), name


def test_who_is_a_lead_or_a_contact_and_a_lead_has_no_related_record_beside_it(in_salesforce):
    for name in ("Task", "Event"):
        assert {row["WhoId"][:3] for row in in_salesforce[name]} == {"00Q", "003"}
        assert all(row["WhatId"] is None for row in in_salesforce[name] if row["WhoId"].startswith("00Q"))


def test_nothing_happened_after_the_end_of_the_story(told, in_salesforce):
    seen = 0
    for name, rows in in_salesforce.items():
        for row in rows:
            for column, value in row.items():
                if isinstance(value, str) and _STAMP.fullmatch(value):
                    seen += 1
                    assert to_us(datetime.fromisoformat(value)) <= told.until_us, f"{name}.{column}"
                elif isinstance(value, str) and _DAY.fullmatch(value) and column not in _PLANNED:
                    assert value <= "2026-11-02", f"{name}.{column}"

    assert seen > 10_000


def test_stamps_are_in_order(in_salesforce):
    for name, rows in in_salesforce.items():
        for row in rows:
            if "LastModifiedDate" in row:
                stamps = (row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"])
                assert list(stamps) == sorted(stamps), f"{name} {row['Id']}: {stamps}"


def test_the_last_status_of_the_history_is_the_status_of_the_lead(in_salesforce):
    latest = {}
    for row in in_salesforce["LeadHistory"]:
        if row["Field"] == "Status":
            assert row["OldValue"] == latest.get(row["LeadId"], "Open - Not Contacted")
            latest[row["LeadId"]] = row["NewValue"]

    for lead in in_salesforce["Lead"]:
        assert lead["Status"] == latest.get(lead["Id"], "Open - Not Contacted")


def test_a_converted_lead_names_contact_and_account_and_its_tasks_moved_to_the_contact(in_salesforce):
    contacts = {row["Id"]: row for row in in_salesforce["Contact"]}
    converted = [row for row in in_salesforce["Lead"] if row["IsConverted"]]
    who = {row["WhoId"] for name in ("Task", "Event") for row in in_salesforce[name]}

    assert len(converted) >= 5
    assert any(row["ConvertedContactId"] in who for row in converted)
    for row in converted:
        assert row["Status"] == "Closed - Converted"
        assert contacts[row["ConvertedContactId"]]["AccountId"] == row["ConvertedAccountId"]
        assert row["Id"] not in who


def test_a_converted_membership_keeps_the_lead_and_gains_the_contact(in_salesforce):
    converted = {row["Id"]: row["ConvertedContactId"] for row in in_salesforce["Lead"] if row["IsConverted"]}
    members = [row for row in in_salesforce["CampaignMember"] if row["LeadId"] in converted]

    assert members
    assert all(row["ContactId"] == converted[row["LeadId"]] for row in members)


def test_a_person_is_in_a_campaign_once_per_row_of_theirs(in_salesforce):
    keys = [(row["CampaignId"], row["LeadId"], row["ContactId"]) for row in in_salesforce["CampaignMember"]]

    assert len(set(keys)) == len(keys)
    for row in in_salesforce["CampaignMember"]:
        assert row["HasResponded"] is (row["FirstRespondedDate"] is not None)
