from __future__ import annotations

import pytest

from unit.sandbox.hubspot.hub import Hub, MakeHub, a_contact, a_record


@pytest.fixture
def people(make_hub: MakeHub) -> Hub:
    stages = ("lead", "customer", None)
    rows = [
        a_contact(
            id_,
            firstname=f"Name {id_}",
            jobtitle="Head of Growth" if id_ % 2 else "growth engineer",
            lifecyclestage=stages[id_ % 3],
            numberofemployees=str(id_ * 10),
            last_mql_date=f"2026-02-0{id_}T12:00:00.000Z",
        )
        for id_ in range(1, 7)
    ]
    for position, (_, row) in enumerate(rows):
        row["updatedAt"] = f"2026-02-01T00:00:0{position}.000Z"
    return make_hub(*rows, limits=False)


@pytest.mark.parametrize(
    ("name", "operator", "operand", "ids"),
    [
        ("firstname", "EQ", {"value": "name 2"}, "2"),
        ("firstname", "NEQ", {"value": "Name 2"}, "1 3 4 5 6"),
        ("firstname", "IN", {"values": ["name 2", "name 3"]}, "2 3"),
        ("firstname", "IN", {"values": ["Name 2"]}, ""),
        ("firstname", "NOT_IN", {"values": ["name 2", "name 3"]}, "1 4 5 6"),
        ("lifecyclestage", "EQ", {"value": "customer"}, "1 4"),
        ("lifecyclestage", "EQ", {"value": "Customer"}, ""),
        ("lifecyclestage", "IN", {"values": ["customer", "lead"]}, "1 3 4 6"),
        ("lifecyclestage", "HAS_PROPERTY", {}, "1 3 4 6"),
        ("lifecyclestage", "NOT_HAS_PROPERTY", {}, "2 5"),
        ("lifecyclestage", "NEQ", {"value": "customer"}, "3 6"),
        ("numberofemployees", "LT", {"value": "20"}, "1"),
        ("numberofemployees", "LTE", {"value": "20"}, "1 2"),
        ("numberofemployees", "GT", {"value": "9.5e1"}, ""),
        ("numberofemployees", "GT", {"value": "50"}, "6"),
        ("numberofemployees", "GTE", {"value": 50}, "5 6"),
        ("numberofemployees", "BETWEEN", {"value": "20", "highValue": "40"}, "2 3 4"),
        ("hs_object_id", "GT", {"value": "4"}, "5 6"),
        ("hs_object_id", "IN", {"values": ["4", "6", "99"]}, "4 6"),
        ("hs_object_id", "HAS_PROPERTY", {}, "1 2 3 4 5 6"),
        ("jobtitle", "CONTAINS_TOKEN", {"value": "GROWTH"}, "1 2 3 4 5 6"),
        ("jobtitle", "CONTAINS_TOKEN", {"value": "hea*"}, "1 3 5"),
        ("jobtitle", "NOT_CONTAINS_TOKEN", {"value": "head"}, "2 4 6"),
        ("email", "CONTAINS_TOKEN", {"value": "*@acme.example"}, "1 2 3 4 5 6"),
        ("last_mql_date", "GT", {"value": "2026-02-05"}, "5 6"),
        ("last_mql_date", "EQ", {"value": "1770033600000"}, "2"),
        ("lastmodifieddate", "GTE", {"value": "1769904003000"}, "4 5 6"),
        ("lastmodifieddate", "LT", {"value": "2026-02-01T00:00:01.000000Z"}, "1"),
        ("lastmodifieddate", "BETWEEN", {"value": "1769904001000", "highValue": "1769904002000"}, "2 3"),
    ],
)
def test_every_operator_finds_what_it_says(
    people: Hub, name: str, operator: str, operand: dict[str, object], ids: str
) -> None:
    assert people.found(name, operator, **operand) == ids.split()


def test_contacts_are_never_found_by_the_stamp_of_other_objects_and_vice_versa(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1), a_record("companies", 2, name="Acme"), limits=False)

    assert hub.found("lastmodifieddate", "GT", value="0") == ["1"]
    assert hub.found("hs_lastmodifieddate", "GT", value="0") == []
    assert hub.found("hs_lastmodifieddate", "GT", "companies", value="0") == ["2"]
    assert hub.found("lastmodifieddate", "GT", "companies", value="0") == []


def test_filters_of_a_group_are_all_needed_and_one_group_suffices(people: Hub) -> None:
    answer = people.search(
        filterGroups=[
            {
                "filters": [
                    {"propertyName": "lifecyclestage", "operator": "EQ", "value": "lead"},
                    {"propertyName": "hs_object_id", "operator": "GT", "value": "3"},
                ]
            },
            {"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": "2"}]},
        ]
    )

    assert [result["id"] for result in answer.body["results"]] == ["2", "6"]


def test_top_level_filters_are_one_group(people: Hub) -> None:
    answer = people.search(filters=[{"propertyName": "hs_object_id", "operator": "LT", "value": "2"}])

    assert answer.body["total"] == 1


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("-hs_object_id", "6 5 4 3 2 1"),
        ("numberofemployees", "1 2 3 4 5 6"),
        ({"propertyName": "lastmodifieddate", "direction": "DESCENDING"}, "6 5 4 3 2 1"),
        ({"propertyName": "lifecyclestage", "direction": "ASCENDING"}, "1 4 3 6 2 5"),
    ],
)
def test_one_sort_in_both_forms(people: Hub, sort: object, ids: str) -> None:
    answer = people.search(sorts=[sort], limit=200)

    assert [result["id"] for result in answer.body["results"]] == ids.split()


def test_pages_follow_an_integer_offset_until_paging_is_absent(people: Hub) -> None:
    first = people.search(limit=4)
    second = people.search(limit=4, after=first.body["paging"]["next"]["after"])

    assert (first.body["total"], first.body["paging"]) == (6, {"next": {"after": "4"}})
    assert [result["id"] for result in second.body["results"]] == ["5", "6"]
    assert "paging" not in second.body


def test_a_property_search_pages_consistently_and_sees_a_change_between_pages(people: Hub) -> None:
    criteria = {
        "filterGroups": [{"filters": [{"propertyName": "jobtitle", "operator": "HAS_PROPERTY"}]}],
        "limit": 2,
    }

    before = people.search(**criteria)
    people.patch("/crm/objects/2026-09/contacts/3", jobtitle="")
    after = people.search(**criteria, after="2")

    assert before.body["total"] == 6
    assert after.body["total"] == 5
    assert [result["id"] for result in after.body["results"]] == ["4", "5"]


def test_a_search_shows_the_properties_asked_for(people: Hub) -> None:
    result = people.search(properties=["jobtitle", "nonsense"], limit=1).body["results"][0]

    assert set(result["properties"]) == {"jobtitle", "createdate", "lastmodifieddate", "hs_object_id"}


def test_the_page_size_is_10_by_default_and_200_at_most(make_hub: MakeHub) -> None:
    hub = make_hub(*(a_contact(id_) for id_ in range(1, 221)), limits=False)

    assert len(hub.search().body["results"]) == 10
    assert len(hub.search(limit=200).body["results"]) == 200
    assert hub.search(limit=201).status == 400


def _filters(count: int) -> list[dict[str, str]]:
    return [{"propertyName": "hs_object_id", "operator": "GT", "value": "0"}] * count


@pytest.mark.parametrize(
    "body",
    [
        {"after": "9991", "limit": 10},
        {"after": "x"},
        {"limit": -1},
        {"filterGroups": [{"filters": _filters(1)}] * 6},
        {"filterGroups": [{"filters": _filters(7)}]},
        {"filterGroups": [{"filters": _filters(6)}, {"filters": _filters(6)}] * 2},
        {"filterGroups": "all"},
        {"filters": [{"propertyName": "email", "operator": "LIKE", "value": "x"}]},
        {"filters": [{"propertyName": "no_such_thing", "operator": "EQ", "value": "x"}]},
        {"filters": [{"propertyName": "numberofemployees", "operator": "EQ", "value": "many"}]},
        {"filters": [{"propertyName": "numberofemployees", "operator": "GT", "value": "nan"}]},
        {"filters": [{"propertyName": "lastmodifieddate", "operator": "EQ", "value": "9" * 30}]},
        {"filters": [{"propertyName": "lastmodifieddate", "operator": "CONTAINS_TOKEN", "value": "1"}]},
        {"filters": [{"propertyName": "email", "operator": "EQ"}]},
        {"filters": [{"propertyName": "email", "operator": "IN", "values": []}]},
        {"filters": [{"propertyName": "hs_object_id", "operator": "BETWEEN", "value": "1"}]},
        {"filters": ["x"]},
        {"sorts": ["email", "hs_object_id"]},
        {"sorts": ["no_such_thing"]},
        {"sorts": [{"propertyName": "email", "direction": "UP"}]},
        {"properties": "email"},
        {"properties": ["x" * 3_000]},
    ],
)
def test_a_search_beyond_the_rules_is_refused_with_400(people: Hub, body: dict[str, object]) -> None:
    answer = people.search(**body)

    assert (answer.status, answer.body["category"]) == (400, "VALIDATION_ERROR")


def test_exactly_5_groups_6_filters_and_18_in_all_are_accepted(people: Hub) -> None:
    groups = [{"filters": _filters(count)} for count in (6, 6, 4, 1, 1)]

    assert people.search(filterGroups=groups).status == 200


def test_archived_records_are_not_found(people: Hub) -> None:
    people.call("DELETE", "/crm/objects/2026-09/contacts/2")

    assert people.found("hs_object_id", "LTE", value="3") == ["1", "3"]


def test_a_search_by_association(hub: Hub) -> None:
    assert hub.found("associations.company", "EQ", value="12") == ["501"]
    assert hub.found("associations.contacts", "IN", "companies", values=["501", "502"]) == ["12"]


def test_query_looks_at_the_text_properties(hub: Hub) -> None:
    assert [result["id"] for result in hub.search(query="ADA acme").body["results"]] == ["501"]
    assert hub.search("tasks", query="x").status == 400


def test_a_lagging_index_shows_the_version_before_for_a_while(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1, firstname="Old"), index_lag_seconds=20, limits=False)

    hub.patch("/crm/objects/2026-09/contacts/1", firstname="New")
    hub.post("/crm/objects/2026-09/contacts", {"properties": {"firstname": "New"}})
    hub.clock.pass_seconds(10)
    early = hub.search(filters=[{"propertyName": "firstname", "operator": "HAS_PROPERTY"}])
    early_new = hub.found("firstname", "EQ", value="new")
    early_moved = hub.found("lastmodifieddate", "GT", value="2026-03-01")
    hub.clock.pass_seconds(10)

    assert [result["properties"]["firstname"] for result in early.body["results"]] == ["Old"]
    assert (early_new, early_moved) == ([], [])
    assert hub.found("firstname", "EQ", value="new") == ["1", "2"]
    assert hub.found("lastmodifieddate", "GT", value="2026-03-01") == ["1", "2"]


def test_a_body_that_is_no_json_object_is_refused_with_its_place(hub: Hub) -> None:
    broken = hub.call("POST", "/crm/objects/2026-09/contacts/search", b'{"limit": }')
    listed = hub.post("/crm/objects/2026-09/contacts/search", [1])
    binary = hub.call("POST", "/crm/objects/2026-09/contacts/search", b"\xff\xfe")

    assert broken.body["message"].startswith("Invalid input JSON on line 1, column 11")
    assert {broken.status, listed.status, binary.status} == {400}
