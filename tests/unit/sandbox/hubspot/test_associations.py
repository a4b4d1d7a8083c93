from __future__ import annotations

import pytest

from unit.sandbox.hubspot.hub import Hub, MakeHub, a_contact, a_record

_TO_COMPANY = "contacts/companies/batch/read"


@pytest.mark.parametrize(
    "base", ["/crm/associations/2026-09", "/crm/v4/associations", "/crm/associations/v4"]
)
def test_a_batch_read_lists_targets_with_their_types(hub: Hub, base: str) -> None:
    answer = hub.post(f"{base}/{_TO_COMPANY}", {"inputs": [{"id": "501"}]})

    assert answer.status == 200
    assert {"status", "startedAt", "completedAt"} <= set(answer.body)
    assert answer.body["results"] == [
        {
            "from": {"id": "501"},
            "to": [
                {
                    "toObjectId": 12,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
                    ],
                }
            ],
        }
    ]


def test_v3_lists_targets_in_its_older_form(hub: Hub) -> None:
    answer = hub.post(f"/crm/v3/associations/{_TO_COMPANY}", {"inputs": [{"id": "501"}]})

    assert answer.body["results"][0]["to"][0] == {"id": "12", "type": "contact_to_company"}


def test_the_other_direction_is_there_too(hub: Hub) -> None:
    answer = hub.post("/crm/associations/2026-09/0-2/0-1/batch/read", {"inputs": [{"id": "12"}]})

    assert answer.body["results"][0]["to"][0]["toObjectId"] == 501


def test_a_record_without_any_is_an_error_entry_of_a_207(hub: Hub) -> None:
    answer = hub.post(
        f"/crm/associations/2026-09/{_TO_COMPANY}", {"inputs": [{"id": "501"}, {"id": "502"}, {"id": "x"}]}
    )

    assert answer.status == 207
    assert answer.body["numErrors"] == 2
    assert answer.body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert answer.body["errors"][0]["context"]["fromObjectId"] == ["502"]


def test_a_switch_leaves_them_out_silently(hub: Hub) -> None:
    hub.app.switches["none_associated"] = "empty"

    answer = hub.post(f"/crm/associations/2026-09/{_TO_COMPANY}", {"inputs": [{"id": "502"}]})

    assert (answer.status, answer.body["results"]) == (200, [])


def test_more_than_500_targets_page_through_after(make_hub: MakeHub) -> None:
    object_, company = a_record("companies", 7, name="Acme")
    company["associations"] = {"contacts": [str(id_) for id_ in range(1, 602)]}
    hub = make_hub((object_, company), *(a_contact(id_) for id_ in range(1, 602)))
    path = "/crm/associations/2026-09/companies/contacts/batch/read"

    (first,) = hub.post(path, {"inputs": [{"id": "7"}]}).body["results"]
    after = first["paging"]["next"]["after"]
    (second,) = hub.post(path, {"inputs": [{"id": "7", "after": after}]}).body["results"]

    ids = [target["toObjectId"] for target in first["to"] + second["to"]]
    assert (len(first["to"]), ids) == (500, list(range(1, 602)))
    assert "paging" not in second


def test_1000_inputs_are_read_and_1001_are_refused(hub: Hub) -> None:
    inputs = [{"id": str(id_)} for id_ in range(1, 1002)]

    assert hub.post(f"/crm/associations/2026-09/{_TO_COMPANY}", {"inputs": inputs[:-1]}).status == 207
    assert hub.post(f"/crm/associations/2026-09/{_TO_COMPANY}", {"inputs": inputs}).status == 400


def test_archived_targets_are_not_shown(hub: Hub) -> None:
    hub.call("DELETE", "/crm/objects/2026-09/companies/12")

    answer = hub.get("/crm/objects/2026-09/contacts/501/associations/companies")

    assert (answer.status, answer.body["results"]) == (200, [])


def test_a_batch_create_links_both_ways(hub: Hub) -> None:
    answer = hub.post(
        "/crm/associations/2026-09/contacts/deals/batch/create",
        {
            "inputs": [
                {
                    "from": {"id": "502"},
                    "to": {"id": "77"},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}],
                }
            ]
        },
    )

    assert answer.status == 201
    assert answer.body["results"][0]["toObjectId"] == "77"
    assert hub.get("/crm/v4/objects/deals/77/associations/contacts").body["results"][0]["toObjectId"] == 502


@pytest.mark.parametrize(
    ("from_", "to", "type_id"), [("999", "77", 4), ("502", "999", 4), ("502", "77", 204), (None, "77", 4)]
)
def test_a_batch_create_with_an_unknown_id_or_type_is_refused(
    hub: Hub, from_: str | None, to: str, type_id: int
) -> None:
    source = {"id": from_} if from_ else "502"
    inputs = [{"from": source, "to": {"id": to}, "types": [{"associationTypeId": type_id}]}]

    answer = hub.post("/crm/associations/2026-09/contacts/deals/batch/create", {"inputs": inputs})

    assert answer.status == 400


def test_the_list_of_an_unknown_record_is_404(hub: Hub) -> None:
    assert hub.get("/crm/objects/2026-09/contacts/999/associations/tasks").status == 404


def test_a_list_pages(make_hub: MakeHub) -> None:
    object_, row = a_contact(1)
    row["associations"] = {"deals": ["5", "6", "7"]}
    hub = make_hub((object_, row), *(a_record("deals", id_, dealname="D") for id_ in (5, 6, 7)))
    path = "/crm/objects/2026-09/contacts/1/associations/deals?limit=2"

    first = hub.get(path).body
    second = hub.get(f"{path}&after={first['paging']['next']['after']}").body

    assert [target["toObjectId"] for target in first["results"] + second["results"]] == [5, 6, 7]
    assert "paging" not in second
