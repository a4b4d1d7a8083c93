from __future__ import annotations

import json

import pytest

from leadledger.sandbox.hubspot.requirements import Requirement
from unit.sandbox.hubspot.hub import Hub, MakeHub, a_contact

_CONTACTS = "/crm/objects/2026-09/contacts"


def test_a_patch_answers_with_the_new_values_and_moves_the_stamps(hub: Hub) -> None:
    answer = hub.patch(f"{_CONTACTS}/501", lead_score="42", firstname="")

    assert answer.status == 200
    assert answer.body["properties"]["lead_score"] == "42"
    assert answer.body["properties"]["firstname"] is None
    assert answer.body["properties"]["lastmodifieddate"] == "2026-03-02T12:00:00.000Z"
    assert answer.body["updatedAt"] == "2026-03-02T12:00:00.000Z"


def test_an_unchanged_value_moves_the_stamps_but_writes_no_history(hub: Hub) -> None:
    before = hub.history("501", "firstname")

    hub.patch(f"{_CONTACTS}/501", firstname="Ada")

    assert hub.value("501", "lastmodifieddate") == "2026-03-02T12:00:00.000Z"
    assert hub.history("501", "firstname") == before


def test_other_objects_move_hs_lastmodifieddate(hub: Hub) -> None:
    hub.patch("/crm/objects/2026-09/companies/12", name="Acme Inc")

    assert hub.value("12", "hs_lastmodifieddate", "companies") == "2026-03-02T12:00:00.000Z"


def test_history_names_the_app_newest_first(hub: Hub) -> None:
    hub.patch(f"{_CONTACTS}/501", lead_score="1")
    hub.clock.pass_seconds(1.5)
    hub.patch(f"{_CONTACTS}/501", lead_score="2")

    newest, oldest = hub.history("501", "lead_score")

    assert newest == {
        "value": "2",
        "timestamp": "2026-03-02T12:00:01.500Z",
        "sourceType": "INTEGRATION",
        "sourceId": "7100001",
        "sourceLabel": "leadledger",
    }
    assert oldest["value"] == "1"


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("lead_score", " 12.5 ", "12.5"),
        ("lead_score", 7, "7"),
        ("contact_me", True, "true"),
        ("last_mql_date", "1772452800123", "2026-03-02T12:00:00.123Z"),
        ("last_mql_date", "2026-03-02T13:00:00+01:00", "2026-03-02T12:00:00.000Z"),
        ("last_mql_date", "2026-03-02", "2026-03-02T00:00:00.000Z"),
        ("hs_lead_status", "IN_PROGRESS", "IN_PROGRESS"),
        ("hubspot_owner_id", "31", "31"),
        ("email", "New@Acme.Example", "new@acme.example"),
        ("why_now", "いま", "いま"),
        ("why_now", None, None),
    ],
)
def test_values_are_stored_in_hubspots_own_form(
    hub: Hub, name: str, value: object, stored: str | None
) -> None:
    assert hub.patch(f"{_CONTACTS}/501", **{name: value}).status == 200
    assert hub.value("501", name) == stored


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("no_such_thing", "1", "PROPERTY_DOESNT_EXIST"),
        ("hs_analytics_num_page_views", "1", "READ_ONLY_VALUE"),
        ("hs_lifecyclestage_lead_date", "2026-01-01", "READ_ONLY_VALUE"),
        ("lead_score", "many", "INVALID_INTEGER"),
        ("lead_score", "inf", "INVALID_INTEGER"),
        ("last_mql_date", "tomorrow", "INVALID_LONG"),
        ("last_mql_date", "9" * 30, "INVALID_LONG"),
        ("hs_lead_status", "in_progress", "INVALID_OPTION"),
        ("lifecyclestage", "mql", "INVALID_OPTION"),
        ("contact_me", "maybe", "INVALID_OPTION"),
        ("hubspot_owner_id", "99", "INVALID_OWNER_ID"),
        ("hubspot_owner_id", "32", "INVALID_OWNER_ID"),
        ("email", "not an address", "INVALID_EMAIL"),
        ("why_now", "x" * 65_537, "VALUE_TOO_LONG"),
    ],
)
def test_a_bad_value_is_refused_with_its_code_and_changes_nothing(
    hub: Hub, name: str, value: str, code: str
) -> None:
    answer = hub.patch(f"{_CONTACTS}/501", firstname="Eve", **{name: value})

    assert (answer.status, answer.body["category"]) == (400, "VALIDATION_ERROR")
    (error,) = answer.body["errors"]
    assert (error["code"], error["context"]) == (code, {"propertyName": [name]})
    listed = json.loads(answer.body["message"].partition(": ")[2])
    assert (listed[0]["error"], listed[0]["name"], listed[0]["isValid"]) == (code, name, False)
    assert hub.value("501", "firstname") == "Ada"


def _day_property(hub: Hub) -> None:
    made = hub.post(
        "/crm/properties/2026-09/contacts",
        {"name": "day", "label": "Day", "type": "date", "fieldType": "date", "groupName": "leadledger"},
    )
    assert made.status == 201


@pytest.mark.parametrize(
    ("value", "status", "stored"),
    [
        ("2026-03-02", 200, "2026-03-02"),
        ("1772409600000", 200, "2026-03-02"),
        ("1772409600001", 400, None),
        ("2026-03-02T12:00:00Z", 400, None),
        ("2026-02-30", 400, None),
    ],
)
def test_a_date_is_a_day_or_exactly_midnight_utc(
    hub: Hub, value: str, status: int, stored: str | None
) -> None:
    _day_property(hub)

    answer = hub.patch(f"{_CONTACTS}/501", day=value)

    assert answer.status == status
    assert hub.value("501", "day") == stored
    assert status == 200 or answer.body["errors"][0]["code"] == "INVALID_DATE"


def test_a_checkbox_holds_several_options_and_a_leading_semicolon_appends(hub: Hub) -> None:
    options = [{"label": word, "value": word, "displayOrder": n} for n, word in enumerate(("a", "b", "c"))]
    hub.post(
        "/crm/properties/2026-09/contacts",
        {
            "name": "topics",
            "label": "Topics",
            "type": "enumeration",
            "fieldType": "checkbox",
            "groupName": "leadledger",
            "options": options,
        },
    )

    hub.patch(f"{_CONTACTS}/501", topics="a;b")
    hub.patch(f"{_CONTACTS}/501", topics=";c")
    refused = hub.patch(f"{_CONTACTS}/501", topics="a;z")

    assert hub.value("501", "topics") == "a;b;c"
    assert refused.body["errors"][0]["code"] == "INVALID_OPTION"


@pytest.mark.parametrize("properties", [["x"], "x", {"firstname": {"a": 1}}, {"firstname": ["x"]}])
def test_properties_that_are_no_flat_object_are_refused(hub: Hub, properties: object) -> None:
    assert hub.call("PATCH", f"{_CONTACTS}/501", {"properties": properties}).status == 400


def test_switches_decide_what_null_and_numbers_and_clearing_do(hub: Hub) -> None:
    hub.app.switches.update({"null_value": "ignored", "number_value": "400", "cleared_value": "empty"})

    ignored = hub.patch(f"{_CONTACTS}/501", firstname=None)
    number = hub.patch(f"{_CONTACTS}/501", lead_score=1)
    hub.patch(f"{_CONTACTS}/502", firstname="")
    hub.app.switches["null_value"] = "400"

    assert (ignored.status, number.status) == (200, 400)
    assert hub.value("501", "firstname") == "Ada"
    assert hub.value("502", "firstname") == ""
    assert hub.patch(f"{_CONTACTS}/501", firstname=None).status == 400


def test_an_owner_change_is_stamped(hub: Hub) -> None:
    hub.patch(f"{_CONTACTS}/501", hubspot_owner_id="31")

    assert hub.value("501", "hubspot_owner_assigneddate") == "2026-03-02T12:00:00.000Z"


def test_a_deal_that_closes_says_so(hub: Hub) -> None:
    hub.patch("/crm/objects/2026-09/deals/77", dealstage="closedwon")

    deal = hub.get("/crm/objects/2026-09/deals/77?properties=hs_is_closed,hs_is_closed_won,closedate").body
    assert deal["properties"]["hs_is_closed"] == "true"
    assert deal["properties"]["hs_is_closed_won"] == "true"
    assert deal["properties"]["closedate"] == "2026-03-02T12:00:00.000Z"


def test_patch_by_email(hub: Hub) -> None:
    answer = hub.patch(f"{_CONTACTS}/person502@acme.example?idProperty=email", lead_score="3")

    assert answer.body["id"] == "502"


def test_a_create_answers_201_and_is_there_at_once(hub: Hub) -> None:
    answer = hub.post(_CONTACTS, {"properties": {"email": "Neu@acme.example", "lastname": "Neu"}})

    assert answer.status == 201
    assert answer.body["id"] == "506"
    assert answer.body["properties"]["email"] == "neu@acme.example"
    assert hub.get(f"{_CONTACTS}/506").body["createdAt"] == "2026-03-02T12:00:00.000Z"


def test_a_create_with_a_taken_email_is_a_conflict_that_names_the_other(hub: Hub) -> None:
    answer = hub.post(_CONTACTS, {"properties": {"email": "PERSON503@acme.example"}})

    assert (answer.status, answer.body["category"]) == (409, "CONFLICT")
    assert answer.body["message"] == "Contact already exists. Existing ID: 503"


def test_an_email_of_another_contact_cannot_be_taken_over(hub: Hub) -> None:
    answer = hub.patch(f"{_CONTACTS}/501", email="person502@acme.example")

    assert answer.status == 409


def test_a_task_needs_its_due_time(hub: Hub) -> None:
    answer = hub.post("/crm/objects/2026-09/tasks", {"properties": {"hs_task_subject": "Call"}})

    assert answer.status == 400
    assert answer.body["errors"][0]["context"] == {"properties": ["hs_timestamp"]}


@pytest.mark.parametrize(
    ("type_", "type_id", "subject"), [("tasks", 204, "hs_task_subject"), ("notes", 202, "hs_note_body")]
)
def test_tasks_and_notes_are_created_with_inline_associations(
    hub: Hub, type_: str, type_id: int, subject: str
) -> None:
    made = hub.post(
        f"/crm/objects/2026-09/{type_}",
        {
            "properties": {"hs_timestamp": "1772452800000", subject: "Call Ada", "hubspot_owner_id": "31"},
            "associations": [
                {
                    "to": {"id": "501"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
                }
            ],
        },
    )
    linked = hub.get(f"{_CONTACTS}/501/associations/{type_}")

    assert made.status == 201
    assert [target["toObjectId"] for target in linked.body["results"]] == [int(made.body["id"])]


@pytest.mark.parametrize(
    "associations",
    [
        [{"to": {"id": "999"}, "types": [{"associationTypeId": 204}]}],
        [{"to": {"id": "501"}, "types": [{"associationTypeId": 9999}]}],
        [{"to": {"id": "501"}}],
        ["501"],
        {"to": "501"},
    ],
)
def test_a_create_with_a_bad_association_creates_nothing(hub: Hub, associations: object) -> None:
    answer = hub.post(
        "/crm/objects/2026-09/tasks",
        {"properties": {"hs_timestamp": "1772452800000"}, "associations": associations},
    )

    assert answer.status == 400
    assert hub.get("/crm/objects/2026-09/tasks").body["results"] == []


@pytest.mark.parametrize(("version", "status"), [("2026-09", 400), ("2026-03", 200), ("v3", 200)])
def test_validation_rules_are_enforced_from_2026_09_on(make_hub: MakeHub, version: str, status: int) -> None:
    rule = Requirement("contacts", "hs_lead_status", "UNQUALIFIED", "why_now")
    hub = make_hub(a_contact(1), requirements=[rule])

    answer = hub.patch(f"/crm/objects/{version}/contacts/1", hs_lead_status="UNQUALIFIED")
    complete = hub.patch(
        f"/crm/objects/{version}/contacts/1", hs_lead_status="UNQUALIFIED", why_now="no budget"
    )

    assert (answer.status, complete.status) == (status, 200)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"properties": {"firstname": "\\ud83d"}}',
        b'{"properties": {"lead_score": ' + b"9" * 5_000 + b"}}",
        b'{"properties": {"lead_score": NaN}}',
        b"[" * 100_000,
    ],
    ids=["empty", "null", "half a character", "endless number", "nan", "deep"],
)
def test_a_strange_body_is_refused_with_400(hub: Hub, body: bytes) -> None:
    assert hub.call("PATCH", f"{_CONTACTS}/501", body).status == 400


def test_a_whole_character_in_escapes_is_kept(hub: Hub) -> None:
    hub.call("PATCH", f"{_CONTACTS}/501", b'{"properties": {"firstname": "\\ud83d\\ude00"}}')

    assert hub.value("501", "firstname") == "\U0001f600"


def test_a_write_by_an_absorbed_id_reaches_the_survivor(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(9, hs_merged_object_ids="4"))

    assert hub.patch(f"{_CONTACTS}/4", lead_score="1").body["id"] == "9"


def test_a_new_id_is_never_one_that_was_merged_away(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(9, hs_merged_object_ids="40"))

    assert hub.post(_CONTACTS, {"properties": {}}).body["id"] == "41"


@pytest.mark.parametrize("target", ["999", "nobody@acme.example?idProperty=email"])
def test_a_patch_of_nothing_is_404(hub: Hub, target: str) -> None:
    assert hub.patch(f"{_CONTACTS}/{target}", lead_score="1").status == 404


def test_an_id_property_without_unique_values_is_refused(hub: Hub) -> None:
    assert hub.patch(f"{_CONTACTS}/Ada?idProperty=firstname", lead_score="1").status == 400


def test_a_created_deal_goes_into_the_default_pipeline(hub: Hub) -> None:
    made = hub.post(
        "/crm/objects/2026-09/deals", {"properties": {"dealname": "New", "dealstage": "contractsent"}}
    )

    assert (made.status, made.body["properties"]["pipeline"]) == (201, "default")
    assert made.body["properties"]["hs_is_closed"] == "false"
