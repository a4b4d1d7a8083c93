from __future__ import annotations

import pytest

from unit.sandbox.hubspot.hub import Hub, MakeHub, a_contact, a_record

_CONTACTS = "/crm/objects/2026-09/contacts"


def test_a_page_ends_with_the_id_of_the_next_record(hub: Hub) -> None:
    first = hub.get(f"{_CONTACTS}?limit=2&properties=firstname")
    after = first.body["paging"]["next"]["after"]
    rest = hub.get(f"{_CONTACTS}?limit=3&after={after}")

    assert [result["id"] for result in first.body["results"]] == ["501", "502"]
    assert after == "503"
    assert first.body["paging"]["next"]["link"] == (
        "http://127.0.0.1:8080/crm/objects/2026-09/contacts?limit=2&properties=firstname&after=503"
    )
    assert [result["id"] for result in rest.body["results"]] == ["503", "504", "505"]
    assert "paging" not in rest.body


def test_ids_are_ordered_as_numbers(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1000), a_contact(99), a_contact(500))

    assert [result["id"] for result in hub.get(_CONTACTS).body["results"]] == ["99", "500", "1000"]


def test_the_page_size_is_10_by_default_and_100_at_most_and_50_with_history(make_hub: MakeHub) -> None:
    hub = make_hub(*(a_contact(id_) for id_ in range(1, 121)), limits=False)

    sizes = {
        query: len(hub.get(f"{_CONTACTS}?{query}").body.get("results", []))
        for query in ("", "limit=100", "limit=50&propertiesWithHistory=email")
    }
    refused = [
        hub.get(f"{_CONTACTS}?{query}")
        for query in ("limit=101", "limit=51&propertiesWithHistory=email", "limit=0", "limit=x", "after=x")
    ]

    assert list(sizes.values()) == [10, 100, 50]
    assert {(answer.status, answer.body["category"]) for answer in refused} == {(400, "VALIDATION_ERROR")}


def test_a_record_has_string_values_null_for_unset_and_no_unknown_names(hub: Hub) -> None:
    record = hub.get(f"{_CONTACTS}/501?properties=firstname,lastname&properties=no_such_thing").body

    assert record == {
        "id": "501",
        "properties": {
            "createdate": "2026-01-01T00:00:00.000Z",
            "firstname": "Ada",
            "hs_object_id": "501",
            "lastmodifieddate": "2026-02-01T00:00:00.000Z",
            "lastname": None,
        },
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-02-01T00:00:00.000Z",
        "archived": False,
    }


@pytest.mark.parametrize(
    ("type_", "id_", "names"),
    [
        ("contacts", "501", "createdate email firstname hs_object_id lastmodifieddate lastname"),
        ("companies", "12", "createdate domain hs_lastmodifieddate hs_object_id name"),
        (
            "deals",
            "77",
            "amount closedate createdate dealname dealstage hs_lastmodifieddate hs_object_id pipeline",
        ),
    ],
)
def test_without_names_a_type_shows_its_own_choice(hub: Hub, type_: str, id_: str, names: str) -> None:
    body = hub.get(f"/crm/objects/2026-09/{type_}/{id_}").body

    assert list(body["properties"]) == names.split()


def test_associations_come_with_their_types_and_only_where_there_are_some(hub: Hub) -> None:
    first, second = hub.get(f"{_CONTACTS}?limit=2&associations=companies,deals").body["results"]

    assert first["associations"] == {
        "companies": {
            "results": [
                {"id": "12", "type": "contact_to_company"},
                {"id": "12", "type": "contact_to_company_unlabeled"},
            ]
        }
    }
    assert "associations" not in second


def test_loaded_history_comes_newest_first(make_hub: MakeHub) -> None:
    object_, row = a_contact(1, lifecyclestage="lead")
    row["history"] = {
        "lifecyclestage": [
            {
                "value": "subscriber",
                "timestamp": "2026-01-02T00:00:00Z",
                "sourceType": "FORM",
                "sourceId": "f",
            },
            {"value": "lead", "timestamp": "2026-01-05T10:00:00.5Z", "sourceType": "CRM_UI", "sourceId": "u"},
        ]
    }
    hub = make_hub((object_, row))

    entries = hub.history("1", "lifecyclestage")

    assert [(entry["value"], entry["timestamp"]) for entry in entries] == [
        ("lead", "2026-01-05T10:00:00.500Z"),
        ("subscriber", "2026-01-02T00:00:00.000Z"),
    ]


def test_a_value_without_loaded_history_has_been_there_since_creation(hub: Hub) -> None:
    (entry,) = hub.history("501", "firstname")

    assert (entry["value"], entry["timestamp"]) == ("Ada", "2026-01-01T00:00:00.000Z")
    assert hub.history("501", "lastname") == []


def test_a_record_can_be_read_by_email_in_any_letter_case(hub: Hub) -> None:
    assert hub.get(f"{_CONTACTS}/Person503@ACME.example?idProperty=email").body["id"] == "503"


@pytest.mark.parametrize("id_", ["999", "abc", "9" * 40, "nobody@acme.example?idProperty=email"])
def test_a_record_that_is_not_there_is_404(hub: Hub, id_: str) -> None:
    answer = hub.get(f"{_CONTACTS}/{id_}")

    assert (answer.status, answer.body["category"]) == (404, "OBJECT_NOT_FOUND")
    assert answer.body["message"] == "resource not found"


def test_archived_records_are_listed_on_their_own_and_are_404_otherwise(hub: Hub) -> None:
    gone = hub.call("DELETE", f"{_CONTACTS}/502")
    again = hub.call("DELETE", f"{_CONTACTS}/502")

    living = hub.get(_CONTACTS).body["results"]
    bin_ = hub.get(f"{_CONTACTS}?archived=true").body["results"]

    assert (gone.status, again.status, gone.body) == (204, 204, "")
    assert [record["id"] for record in living] == ["501", "503", "504", "505"]
    assert [(record["id"], record["archived"], record["archivedAt"]) for record in bin_] == [
        ("502", True, "2026-03-02T12:00:00.000Z")
    ]
    assert hub.get(f"{_CONTACTS}/502").status == 404
    assert hub.get(f"{_CONTACTS}/502?archived=true").status == 200


def test_a_gdpr_delete_leaves_nothing(hub: Hub) -> None:
    answer = hub.post(f"{_CONTACTS}/gdpr-delete", {"objectId": "501"})

    assert answer.status == 204
    assert hub.get(f"{_CONTACTS}/501?archived=true").status == 404
    assert hub.get("/crm/objects/2026-09/companies/12/associations/contacts").body["results"] == []


def test_an_absorbed_id_answers_with_the_survivor(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(9, hs_merged_object_ids="4;5"))

    assert hub.get(f"{_CONTACTS}/4").body["id"] == "9"
    assert hub.get(f"{_CONTACTS}/5").body["id"] == "9"


def test_a_company_reads_its_own_modification_property(make_hub: MakeHub) -> None:
    hub = make_hub(a_record("companies", 3, name="Acme"))

    properties = hub.get("/crm/objects/2026-09/companies/3").body["properties"]

    assert properties["hs_lastmodifieddate"] == "2026-02-01T00:00:00.000Z"
