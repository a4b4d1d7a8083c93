from __future__ import annotations

import pytest

from leadledger.sandbox.salesforce.org import ASSIGNMENT_QUEUE_ID


@pytest.fixture
def org(make_org, ids):
    return make_org(
        ids.a_lead("1"),
        ids.a_lead("2"),
        ids.a_lead("3", IsConverted=True),
        ids.a_lead("4", IsDeleted=True),
        ("Contact", ids.system(Id=ids.record("003", 1), LastName="Con", OwnerId=ids.ada)),
    )


@pytest.fixture
def write(ids):
    """A record of a collection call."""

    def one(key: str, **fields):
        return {"attributes": {"type": "Lead"}, "id": ids.lead(key), **fields}

    return one


def _codes(answer):
    return [item["errors"][0]["statusCode"] if item["errors"] else "" for item in answer.body]


def test_each_row_has_its_own_result_in_order(org, ids, write):
    answer = org.collect(
        [
            write("1", Lead_Score__c=5),
            write("3", Lead_Score__c=5),
            write("4", Lead_Score__c=5),
            write("2", Nope__c=5),
            write("2", Lead_Score__c="many"),
            write("99", Lead_Score__c=5),
            {"attributes": {"type": "Contact"}, "id": ids.record("003", 1), "OwnerId": ids.queue},
            {"attributes": {"type": "Nope"}, "id": ids.lead("1")},
            {"attributes": {"type": "Lead"}, "id": "nonsense"},
            {"attributes": {"type": "Lead"}, "Lead_Score__c": 1},
        ]
    )

    assert answer.status == 200
    assert answer.body[0] == {"id": ids.lead("1"), "success": True, "errors": []}
    assert _codes(answer) == [
        "",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "ENTITY_IS_DELETED",
        "INVALID_FIELD",
        "DUPLICATE_VALUE",
        "INVALID_CROSS_REFERENCE_KEY",
        "FIELD_INTEGRITY_EXCEPTION",
        "INVALID_TYPE",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
    ]
    assert org.lead("1")["Lead_Score__c"] == 5.0


def test_an_error_names_its_fields_under_status_code(org, write):
    (item,) = org.collect([write("1", Lead_Grade__c="AAA")]).body

    assert item["success"] is False
    assert item["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert item["errors"][0]["fields"] == ["Lead_Grade__c"]


def test_a_wrong_type_has_its_own_code_in_collections(org, write):
    assert _codes(org.collect([write("1", MQL_Counter__c="many")])) == ["INVALID_TYPE_ON_FIELD_IN_RECORD"]


def test_the_same_id_twice_is_refused_the_second_time(org, write):
    answer = org.collect([write("1", MQL_Counter__c=1), write("1", MQL_Counter__c=2)])

    assert _codes(answer) == ["", "DUPLICATE_VALUE"]
    assert org.lead("1")["MQL_Counter__c"] == 1.0


def test_all_or_none_writes_nothing_when_one_row_fails(org, write):
    before = org.app.dump()

    answer = org.collect([write("1", MQL_Counter__c=1), write("3", MQL_Counter__c=1)], allOrNone=True)

    assert _codes(answer) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "CANNOT_UPDATE_CONVERTED_LEAD"]
    assert org.app.dump() == before


def test_all_or_none_writes_everything_when_all_rows_are_good(org, write):
    answer = org.collect([write("1", MQL_Counter__c=1), write("2", MQL_Counter__c=1)], allOrNone=True)

    assert _codes(answer) == ["", ""]
    assert org.lead("2")["MQL_Counter__c"] == 1.0


def test_leads_written_without_the_header_are_re_owned(org, write):
    org.call("PATCH", "composite/sobjects", {"records": [write("1", MQL_Counter__c=1)]})

    assert org.lead("1")["OwnerId"] == ASSIGNMENT_QUEUE_ID


def test_rows_can_be_created_together(org):
    record = {"attributes": {"type": "Lead"}, "LastName": "New", "Company": "Co"}

    answer = org.collect([record, {**record, "Company": None}], method="POST")

    assert answer.body[0]["id"].startswith("00Q")
    assert _codes(answer) == ["", "REQUIRED_FIELD_MISSING"]


def test_rows_can_be_deleted_together(org, ids):
    query = {"ids": f"{ids.lead('1')},{ids.lead('4')}", "allOrNone": "false"}

    answer = org.call("DELETE", "composite/sobjects", query=query)

    assert _codes(answer) == ["", "ENTITY_IS_DELETED"]
    assert org.lead("1")["IsDeleted"] is True


def test_200_rows_are_the_limit(org, write):
    answer = org.collect([write("1")] * 201)

    assert (answer.status, answer.code) == (400, "EXCEEDED_ID_LIMIT")


def test_types_may_change_ten_times_only(org, ids, write):
    contact = {"attributes": {"type": "Contact"}, "id": ids.record("003", 1)}

    answer = org.collect([write("1"), contact] * 6)

    assert (answer.status, answer.code) == (400, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "body",
    [{}, {"records": []}, {"records": "x"}, {"records": [1]}, {"records": [{"id": "x"}]}, {"rows": []}],
)
def test_a_malformed_call_is_refused_as_a_whole(org, body):
    assert org.call("PATCH", "composite/sobjects", body).status == 400


def test_a_read_answers_in_order_with_null_for_what_is_missing(org, ids):
    body = {"ids": [ids.lead("2"), ids.lead("4"), ids.lead("99"), ids.lead("1")], "fields": ["name", "Id"]}

    posted = org.call("POST", "composite/sobjects/Lead", body)
    got = org.call(
        "GET", "composite/sobjects/Lead", query={"ids": ",".join(body["ids"]), "fields": "name,Id"}
    )

    assert [row and row["Name"] for row in posted.body] == ["2", None, None, "1"]
    assert got.body == posted.body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ids": [], "fields": ["Id"]}, "MISSING_ARGUMENT"),
        ({"ids": ["x"], "fields": ["Id"]}, "MALFORMED_ID"),
        ({"ids": ["00Q9S0000000001AAA"], "fields": ["Nope"]}, "INVALID_FIELD"),
        ({"ids": ["00Q9S0000000001AAA"] * 2001, "fields": ["Id"]}, "EXCEEDED_ID_LIMIT"),
        ({"ids": "x"}, "MISSING_ARGUMENT"),
    ],
)
def test_a_malformed_read_is_refused(org, body, code):
    assert org.call("POST", "composite/sobjects/Lead", body).code == code
