from __future__ import annotations

import pytest

from leadledger.sandbox.salesforce.org import ASSIGNMENT_QUEUE_ID, INTEGRATION_USER_ID

NOW = "2026-09-21T14:13:20.000+0000"


@pytest.fixture
def org(make_org, ids):
    return make_org(
        ids.a_lead("1", FirstName="Ann"),
        ids.a_lead("2", IsConverted=True, ConvertedContactId=ids.record("003", 1)),
        ids.a_lead("3", IsDeleted=True),
        (
            "Contact",
            ids.system(Id=ids.record("003", 1), LastName="Con", OwnerId=ids.ada),
        ),
    )


def test_a_patch_answers_204_and_stamps_the_row(org):
    answer = org.patch("1", {"Lead_Score__c": 41.257, "Lifecycle_Stage__c": "MQL", "MQL_Counter__c": "2"})

    row = org.lead("1")
    assert (answer.status, answer.body) == (204, None)
    assert (row["Lead_Score__c"], row["Lifecycle_Stage__c"], row["MQL_Counter__c"]) == (41.26, "MQL", 2.0)
    assert (row["LastModifiedDate"], row["SystemModstamp"], row["LastModifiedById"]) == (
        NOW,
        NOW,
        INTEGRATION_USER_ID,
    )


def test_a_patch_that_changes_nothing_still_moves_the_stamps(org):
    org.patch("1", {"FirstName": "Ann"})

    assert org.lead("1")["SystemModstamp"] == NOW
    assert org.history() == []


def test_a_change_of_a_tracked_field_leaves_history(org, ids):
    org.patch(
        "1", {"Status": "Working - Contacted", "OwnerId": ids.bob, "Lifecycle_Stage__c": "SAL", "Title": "x"}
    )

    assert sorted(org.history(), key=str) == [
        ("Lifecycle_Stage__c", None, "SAL", INTEGRATION_USER_ID),
        ("Owner", ids.ada, ids.bob, INTEGRATION_USER_ID),
        ("Status", "Open - Not Contacted", "Working - Contacted", INTEGRATION_USER_ID),
    ]


def test_an_empty_text_is_null(org):
    org.patch("1", {"FirstName": ""})

    assert org.lead("1")["FirstName"] is None
    assert org.lead("1")["Name"] == "1"


def test_a_lead_written_without_the_header_goes_to_the_default_queue(org, ids):
    answer = org.call("PATCH", f"sobjects/Lead/{ids.lead('1')}", {"Lead_Score__c": 1})

    assert answer.status == 204
    assert org.lead("1")["OwnerId"] == ASSIGNMENT_QUEUE_ID
    assert ("Owner", ids.ada, ASSIGNMENT_QUEUE_ID, INTEGRATION_USER_ID) in org.history()


def test_the_assignment_rule_leaves_contacts_alone(org, ids):
    org.call("PATCH", f"sobjects/Contact/{ids.record('003', 1)}", {"Lead_Score__c": 1})

    assert org.row("Contact", ids.record("003", 1))["OwnerId"] == ids.ada


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD", None),
        ({"SystemModstamp": NOW, "Name": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp", "Name"]),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsConverted"]),
        ({"Lead_Grade__c": "AAA"}, "STRING_TOO_LONG", ["Lead_Grade__c"]),
        ({"Lifecycle_Stage__c": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Lifecycle_Stage__c"]),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"Lead_Score__c": "many"}, "JSON_PARSER_ERROR", ["Lead_Score__c"]),
        ({"Lead_Score__c": True}, "JSON_PARSER_ERROR", ["Lead_Score__c"]),
        ({"Lead_Score__c": 1e17}, "NUMBER_OUTSIDE_VALID_RANGE", ["Lead_Score__c"]),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", ["NumberOfEmployees"]),
        ({"NumberOfEmployees": 2**31}, "JSON_PARSER_ERROR", ["NumberOfEmployees"]),
        ({"Company": {"a": 1}}, "JSON_PARSER_ERROR", ["Company"]),
        ({"Company": 5}, "JSON_PARSER_ERROR", ["Company"]),
        ({"Company": "\ud800"}, "JSON_PARSER_ERROR", ["Company"]),
        ({"Contact_Me__c": None}, "JSON_PARSER_ERROR", ["Contact_Me__c"]),
        ({"First_MQL_Date__c": "yesterday"}, "JSON_PARSER_ERROR", ["First_MQL_Date__c"]),
        ({"First_MQL_Date__c": "9999-12-31T00:00:00Z"}, "JSON_PARSER_ERROR", ["First_MQL_Date__c"]),
        ({"First_MQL_Date__c": "2026-01-01T00:00:00"}, "JSON_PARSER_ERROR", ["First_MQL_Date__c"]),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": "0059S000000NobdQAC"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"OwnerId": "0019S000000NobdQAC"}, "FIELD_INTEGRITY_EXCEPTION", ["OwnerId"]),
    ],
)
def test_a_bad_field_refuses_the_row_and_names_the_field(org, fields, code, named):
    before = org.lead("1")

    answer = org.patch("1", fields)

    assert answer.status == 400
    assert answer.code == code
    assert answer.body[0].get("fields") == named
    assert org.lead("1") == before


def test_all_bad_values_of_a_row_are_told_at_once(org):
    answer = org.patch("1", {"Lead_Grade__c": "AAA", "Lifecycle_Stage__c": "Nope"})

    assert [problem["errorCode"] for problem in answer.body] == [
        "STRING_TOO_LONG",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]


def test_an_inactive_user_cannot_become_the_owner(org, ids):
    answer = org.patch("1", {"OwnerId": ids.gone})

    assert answer.code == "INACTIVE_OWNER_OR_USER"
    assert ids.gone in answer.body[0]["message"]


def test_a_lead_takes_a_queue_that_is_made_for_leads(org, ids):
    assert org.patch("1", {"OwnerId": ids.queue}).status == 204
    assert org.patch("1", {"OwnerId": ids.team}).code == "FIELD_INTEGRITY_EXCEPTION"


def test_a_contact_never_belongs_to_a_queue(org, ids):
    answer = org.call("PATCH", f"sobjects/Contact/{ids.record('003', 1)}", {"OwnerId": ids.queue})

    assert answer.code == "FIELD_INTEGRITY_EXCEPTION"


def test_a_converted_lead_cannot_be_written(org):
    answer = org.patch("2", {"Lead_Score__c": 1})

    assert (answer.status, answer.code) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_a_deleted_row_is_gone(org, ids):
    answer = org.patch("3", {"Lead_Score__c": 1})

    assert (answer.status, answer.code) == (404, "ENTITY_IS_DELETED")


@pytest.mark.parametrize(
    ("record_id", "status", "code"),
    [("00Q9S0000000999AAA", 404, "NOT_FOUND"), ("nonsense", 400, "MALFORMED_ID")],
)
def test_an_unknown_id_is_refused(org, record_id, status, code):
    answer = org.call("PATCH", f"sobjects/Lead/{record_id}", {"Lead_Score__c": 1})

    assert (answer.status, answer.code) == (status, code)


def test_an_id_in_the_body_of_a_single_patch_is_refused(org, ids):
    assert org.patch("1", {"Id": ids.lead("1")}).code == "INVALID_FIELD"


def test_a_row_can_be_read_whole_or_by_field(org, ids):
    whole = org.call("GET", f"sobjects/Lead/{ids.lead('1')[:15]}/").body
    part = org.call("GET", f"sobjects/lead/{ids.lead('1')}", query={"fields": "lastname,Company"}).body

    assert whole["attributes"]["type"] == "Lead"
    assert whole["Name"] == "Ann 1"
    assert set(part) == {"attributes", "Id", "LastName", "Company"}


@pytest.mark.parametrize(
    ("since", "status"),
    [("Tue, 01 Sep 2026 07:59:59 GMT", 412), ("Tue, 01 Sep 2026 08:00:00 GMT", 204), ("soon", 400)],
)
def test_a_conditional_patch_is_applied_only_to_the_row_that_was_read(org, since, status):
    answer = org.patch("1", {"Lead_Score__c": 1}, **{"if-unmodified-since": since})

    assert answer.status == status
    assert org.lead("1")["Lead_Score__c"] == (1.0 if status == 204 else None)


def test_a_conditional_read_answers_304_when_nothing_changed(org, ids):
    path = f"sobjects/Lead/{ids.lead('1')}"

    unchanged = org.call("GET", path, headers={"if-modified-since": "Tue, 01 Sep 2026 08:00:00 GMT"})
    changed = org.call("GET", path, headers={"if-modified-since": "Tue, 01 Sep 2026 07:00:00 GMT"})

    assert (unchanged.status, changed.status) == (304, 200)


def test_a_created_lead_has_an_id_defaults_and_a_history(org):
    answer = org.call(
        "POST",
        "sobjects/Lead/",
        {"LastName": "New", "Company": "Co"},
        headers={"sforce-auto-assign": "false"},
    )

    row = org.row("Lead", answer.body["id"])
    assert (answer.status, answer.body["success"]) == (201, True)
    assert (row["Status"], row["OwnerId"], row["CreatedDate"]) == (
        "Open - Not Contacted",
        INTEGRATION_USER_ID,
        NOW,
    )
    assert [change[0] for change in org.history()] == ["created"]


def test_a_created_lead_without_the_header_is_assigned_by_the_rule(org):
    answer = org.call("POST", "sobjects/Lead", {"LastName": "New", "Company": "Co"})

    assert org.row("Lead", answer.body["id"])["OwnerId"] == ASSIGNMENT_QUEUE_ID


def test_a_create_names_what_is_missing(org):
    answer = org.call("POST", "sobjects/Lead", {"FirstName": "New"})

    assert answer.code == "REQUIRED_FIELD_MISSING"
    assert answer.body[0]["fields"] == ["LastName", "Company"]


def test_a_person_joins_a_campaign_once(org, ids):
    campaign = org.call("POST", "sobjects/Campaign", {"Name": "Fair"}).body["id"]
    member = {"CampaignId": campaign, "LeadId": ids.lead("1"), "Status": "Responded"}

    first = org.call("POST", "sobjects/CampaignMember", member)
    second = org.call("POST", "sobjects/CampaignMember", member)

    row = org.row("CampaignMember", first.body["id"])
    assert (row["HasResponded"], row["FirstRespondedDate"]) == (True, "2026-09-21")
    assert row["LeadOrContactId"] == ids.lead("1")
    assert second.code == "DUPLICATE_VALUE"


def test_a_completed_task_is_closed(org, ids):
    task = org.call("POST", "sobjects/Task", {"WhoId": ids.lead("1"), "Subject": "Call"}).body["id"]

    org.call("PATCH", f"sobjects/Task/{task}", {"Status": "Completed"})

    assert (org.row("Task", task)["IsClosed"], org.row("Task", task)["CompletedDateTime"]) == (True, NOW)


def test_a_delete_hides_the_row(org, ids):
    answer = org.call("DELETE", f"sobjects/Lead/{ids.lead('1')}")

    assert answer.status == 204
    assert org.call("GET", f"sobjects/Lead/{ids.lead('1')}").code == "ENTITY_IS_DELETED"


def test_history_cannot_be_written(org):
    answer = org.call("POST", "sobjects/LeadHistory", {"Field": "Status"})

    assert answer.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(org, ids, body):
    assert org.call("PATCH", f"sobjects/Lead/{ids.lead('1')}", body).code == "JSON_PARSER_ERROR"


def test_an_edit_is_stamped_with_the_person(org, ids):
    org.app.edit("Lead", ids.lead("1"), {"Status": "Closed - Converted", "IsConverted": True}, by="Bob")

    row = org.lead("1")
    assert (row["LastModifiedById"], row["SystemModstamp"], row["OwnerId"]) == (ids.bob, NOW, ids.ada)
    assert ("leadConverted", "false", "true", ids.bob) in org.history()


@pytest.mark.parametrize(
    ("object_", "key", "fields", "by"),
    [
        ("Nope", "1", {"Status": "x"}, "Bob"),
        ("Lead", "99", {"Status": "x"}, "Bob"),
        ("Lead", "1", {"Nope__c": "x"}, "Bob"),
        ("Lead", "1", {"Status": "x"}, "Nobody"),
    ],
)
def test_an_edit_of_something_unknown_is_a_key_error(org, ids, object_, key, fields, by):
    with pytest.raises(KeyError):
        org.app.edit(object_, ids.lead(key), fields, by=by)


def test_an_edit_with_a_wrong_value_is_a_value_error_and_changes_nothing(org, ids):
    with pytest.raises(ValueError, match="JSON_PARSER_ERROR"):
        org.app.edit("Lead", ids.lead("1"), {"Title": "x", "MQL_Counter__c": "many"}, by="Bob")

    assert org.lead("1")["Title"] is None
