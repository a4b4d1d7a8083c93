from __future__ import annotations

import pytest

from leadledger.sandbox.salesforce.org import DAILY_API_REQUESTS


@pytest.fixture
def org(make_org, ids):
    return make_org(
        ids.a_lead("1", SystemModstamp="2026-09-20T10:00:30.000+0000"),
        ids.a_lead("2", SystemModstamp="2026-09-20T11:00:00.000+0000"),
        ids.a_lead("3", SystemModstamp="2026-09-20T10:30:00.000+0000", IsDeleted=True),
    )


def test_the_versions_are_listed_without_a_session_and_without_a_limit(org):
    org.token = ""

    answer = org.call("GET", "/services/data/")

    assert [item["version"] for item in answer.body] == [f"{n}.0" for n in range(58, 69)]
    assert answer.body[-1]["label"] == "Winter '27"
    assert answer.body[-2]["label"] == "Summer '26"
    assert "Sforce-Limit-Info" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/services/data/v58.0/limits", "//services/data/v68.0/limits/", "/services/data/v68.0"]
)
def test_supported_versions_and_loose_slashes_are_accepted(org, path):
    assert org.app.handles(path)
    assert org.call("GET", path).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/data/v57.0/limits", 404),
        ("/services/data/v69.0/limits", 404),
        ("/services/data/v29.0/limits", 410),
        ("/services/data/latest/limits", 404),
        ("/services/data/v68.0/jobs/query", 404),
        ("/services/data/v68.0/composite", 404),
        ("/services/data/v68.0/sobjects/Nope__c/describe", 404),
        ("/services/data/v68.0/sobjects/Lead/Email/x", 404),
        ("/services/data/v68.0/sobjects/Lead/a/b/c", 404),
        ("/services/Soap/u/64.0", 404),
    ],
)
def test_what_is_not_there_is_not_found(org, path, status):
    assert org.call("GET", path).status == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "query"),
        ("PUT", "sobjects/Lead/00Q9S0000000001AAA"),
        ("PATCH", "limits"),
        ("GET", "composite/sobjects"),
        ("GET", "/services/oauth2/token"),
    ],
)
def test_the_wrong_verb_is_refused(org, method, path):
    answer = org.call(method, path, {})

    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")


def test_every_call_is_counted_in_the_limit_header(org):
    first = org.call("GET", "limits")
    second = org.call("GET", "nonsense")

    assert first.headers["Sforce-Limit-Info"] == f"api-usage=1/{DAILY_API_REQUESTS}"
    assert second.headers["Sforce-Limit-Info"] == f"api-usage=2/{DAILY_API_REQUESTS}"
    assert org.call("GET", "limits").body["DailyApiRequests"]["Remaining"] == DAILY_API_REQUESTS - 2


def test_describe_tells_types_lengths_and_permissions(org):
    body = org.call("GET", "sobjects/Lead/describe").body

    fields = {field["name"]: field for field in body["fields"]}
    stage = fields["Lifecycle_Stage__c"]
    assert body["keyPrefix"] == "00Q"
    assert (fields["MQL_Counter__c"]["type"], fields["MQL_Counter__c"]["scale"]) == ("double", 0)
    assert (fields["First_MQL_Date__c"]["type"], fields["Lead_Grade__c"]["length"]) == ("datetime", 2)
    assert stage["restrictedPicklist"]
    assert "Recycled" in [value["value"] for value in stage["picklistValues"]]
    assert fields["SystemModstamp"]["updateable"] is False
    assert fields["Score_Reasons__c"]["filterable"] is False
    assert fields["OwnerId"]["referenceTo"] == ["User", "Group"]
    assert fields["LastModifiedById"]["relationshipName"] == "LastModifiedBy"


def test_a_contact_has_the_same_custom_fields_as_a_lead(org):
    lead, contact = (
        {
            field["name"]
            for field in org.call("GET", f"sobjects/{name}/describe").body["fields"]
            if field["custom"]
        }
        for name in ("Lead", "Contact")
    )

    assert lead == contact
    assert "Why_Now__c" in lead


def test_the_global_describe_lists_all_objects(org):
    names = {item["name"] for item in org.call("GET", "sobjects").body["sobjects"]}

    assert {"Lead", "Task", "LeadHistory", "QueueSobject", "Visit__c"} <= names


def test_updated_ignores_seconds_and_leaves_out_deleted_rows(org, ids):
    query = {"start": "2026-09-20T10:00:59+00:00", "end": "2026-09-20T11:00:59Z"}

    answer = org.call("GET", "sobjects/Lead/updated/", query=query)

    assert answer.body == {"ids": [ids.lead("1")], "latestDateCovered": "2026-09-20T11:00:00.000+0000"}


def test_deleted_tells_ids_and_dates(org, ids):
    query = {"start": "2026-09-20T10:00:00Z", "end": "2026-09-22T00:00:00Z"}

    body = org.call("GET", "sobjects/Lead/deleted", query=query).body

    assert body["deletedRecords"] == [{"id": ids.lead("3"), "deletedDate": "2026-09-20T10:30:00.000+0000"}]
    assert body["latestDateCovered"] == "2026-09-21T14:13:00.000+0000"
    assert body["earliestDateAvailable"] == "2026-09-06T14:13:00.000+0000"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MISSING_ARGUMENT"),
        ({"start": "x", "end": "y"}, "MALFORMED_DATE"),
        ({"start": "2026-09-20T10:00:01Z", "end": "2026-09-20T10:00:59Z"}, "INVALID_REPLICATION_DATE"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-09-20T00:00:00Z"}, "INVALID_REPLICATION_DATE"),
    ],
)
def test_a_bad_window_is_refused(org, query, code):
    assert org.call("GET", "sobjects/Lead/updated", query=query).code == code


def test_a_history_object_has_no_updated_resource(org):
    assert org.call("GET", "sobjects/LeadHistory/updated").status == 404


def test_a_body_that_is_not_json_by_its_own_word_is_refused(org):
    answer = org.call("POST", "sobjects/Lead", b"a=b", headers={"content-type": "text/plain"})

    assert answer.status == 415
