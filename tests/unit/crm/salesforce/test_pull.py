from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.crm.salesforce.pull import soql_of
from leadledger.domain.instants import to_us
from leadledger.errors import BugError
from leadledger.ports import Kind, Stream
from leadledger.sandbox.salesforce.soql import parse

ME = "005000000000001AAA"
LEAD = Stream("salesforce", "Lead", Kind.PEOPLE, ("Email", "OwnerId"))
TASK = Stream("salesforce", "Task", Kind.ACTIVITIES, ("CreatedDate",))


def at(text: str) -> int:
    from datetime import datetime

    return to_us(datetime.fromisoformat(text))


def test_a_full_read_of_people_takes_everything_in_id_order() -> None:
    assert soql_of(LEAD, None, me=ME) == (
        "SELECT Email, OwnerId, Id, SystemModstamp, IsDeleted, CreatedDate, MasterRecordId, IsConverted, "
        "ConvertedContactId, ConvertedDate FROM Lead ORDER BY Id"
    )


def test_an_increment_looks_back_ten_minutes_for_what_others_committed_late() -> None:
    query = soql_of(LEAD, at("2026-09-24T10:00:00Z"), me=ME)

    assert query.partition(" WHERE ")[2] == (
        "(SystemModstamp >= 2026-09-24T10:00:00Z OR "
        f"(SystemModstamp >= 2026-09-24T09:50:00Z AND LastModifiedById != '{ME}')) ORDER BY Id"
    )


def test_an_increment_of_activities_looks_back_whoever_wrote_them() -> None:
    query = soql_of(TASK, at("2026-09-24T10:00:00Z"), me=ME)

    assert query.endswith(" FROM Task WHERE SystemModstamp >= 2026-09-24T09:50:00Z ORDER BY Id")


def test_a_full_read_of_tasks_asks_only_for_those_with_a_person() -> None:
    assert soql_of(TASK, None, me=ME).endswith(" WHERE WhoId != null ORDER BY Id")


def test_child_events_are_never_asked_for() -> None:
    event = Stream("salesforce", "Event", Kind.ACTIVITIES)

    assert "IsChild = false" in soql_of(event, None, me=ME)
    assert "IsChild = false" in soql_of(event, 0, me=ME)


def test_the_history_is_filtered_to_the_fields_and_leaves_out_our_own_changes() -> None:
    history = Stream("salesforce", "LeadHistory", Kind.HISTORY, options=("Lifecycle__c", "Status"))

    query = soql_of(history, at("2026-09-24T10:00:00Z"), me=ME)

    assert query.endswith(
        f"WHERE Field IN ('Lifecycle__c','Status') AND CreatedById != '{ME}' "
        "AND CreatedDate >= 2026-09-24T09:50:00Z ORDER BY Id"
    )
    assert "SystemModstamp" not in query


def test_a_pull_that_lost_its_cursor_goes_on_after_the_last_row() -> None:
    assert soql_of(LEAD, None, me=ME, after_id="00Q1").endswith(" WHERE Id > '00Q1' ORDER BY Id")


def test_no_field_is_selected_twice_whatever_its_spelling() -> None:
    query = soql_of(Stream("salesforce", "Lead", Kind.PEOPLE, ("ownerid", "OWNERID")), None, me=ME)

    assert query.lower().count("ownerid") == 1


@pytest.mark.parametrize("name", ["Email FROM Contact --", "x'", "Name,Email", "", "1x", "a..b", "Ä"])
def test_a_name_that_is_none_never_reaches_a_query(name: str) -> None:
    with pytest.raises(BugError):
        soql_of(Stream("salesforce", "Lead", Kind.PEOPLE, (name,)), None, me=ME)


@given(st.text(max_size=40))
def test_no_value_changes_the_shape_of_a_query(value: str) -> None:
    history = Stream("salesforce", "LeadHistory", Kind.HISTORY, options=("Status",))
    plain = parse(soql_of(history, None, me=ME, after_id="x"))

    query = parse(soql_of(history, None, me=value, after_id=value))

    assert type(query.where) is type(plain.where)
    assert query.fields == plain.fields
