from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.hubspot.hub import Hub

_PROPERTIES = "/crm/properties/2026-09/contacts"


def _new(**changed: Any) -> dict[str, Any]:
    return {
        "name": "tier",
        "label": "Tier",
        "type": "string",
        "fieldType": "text",
        "groupName": "leadledger",
        **changed,
    }


@pytest.mark.parametrize(
    ("name", "type_", "field_type", "read_only"),
    [
        ("lead_score", "number", "number", False),
        ("mql_counter", "number", "number", False),
        ("last_mql_date", "datetime", "date", False),
        ("score_reasons", "string", "textarea", False),
        ("numberofemployees", "number", "number", False),
        ("lifecyclestage", "enumeration", "radio", False),
        ("hs_lifecyclestage_lead_date", "datetime", "date", True),
        ("hs_v2_date_entered_153180554", "datetime", "date", True),
        ("hs_analytics_num_page_views", "number", "number", True),
        ("lastmodifieddate", "datetime", "date", True),
    ],
)
def test_definitions_tell_type_and_what_may_be_written(
    hub: Hub, name: str, type_: str, field_type: str, *, read_only: bool
) -> None:
    body = hub.get(f"{_PROPERTIES}/{name}").body

    assert (body["type"], body["fieldType"]) == (type_, field_type)
    assert body["modificationMetadata"]["readOnlyValue"] is read_only


def test_a_property_is_created_once_and_then_a_conflict(hub: Hub) -> None:
    made = hub.post(_PROPERTIES, _new())
    again = hub.post(_PROPERTIES, _new())
    hub.patch("/crm/objects/2026-09/contacts/501", tier="gold")

    assert (made.status, made.body["hubspotDefined"]) == (201, False)
    assert again.status == 409
    assert again.body["errors"][0]["code"] == "PROPERTY_EXISTS"
    assert hub.value("501", "tier") == "gold"
    assert "tier" in [body["name"] for body in hub.get(_PROPERTIES).body["results"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Tier!"},
        {"name": None},
        {"label": ""},
        {"type": "json"},
        {"fieldType": "number"},
        {"groupName": "nowhere"},
        {"type": "enumeration", "fieldType": "select", "options": "a"},
        {"type": "enumeration", "fieldType": "select", "options": [{"value": "a"}, {"value": "a"}]},
    ],
)
def test_a_definition_that_does_not_fit_is_refused(hub: Hub, changed: dict[str, Any]) -> None:
    assert hub.post(_PROPERTIES, _new(**changed)).status == 400


def test_own_definitions_can_be_changed_and_archived_and_hubspots_cannot(hub: Hub) -> None:
    hub.post(_PROPERTIES, _new(type="enumeration", fieldType="select", options=[{"value": "a"}]))

    changed = hub.call("PATCH", f"{_PROPERTIES}/tier", {"label": "Rank", "options": [{"value": "b"}]})
    retyped = hub.call("PATCH", f"{_PROPERTIES}/tier", {"type": "number"})
    archived = hub.call("DELETE", f"{_PROPERTIES}/tier")
    standard = [
        hub.call("PATCH", f"{_PROPERTIES}/email", {"label": "x"}).status,
        hub.call("DELETE", f"{_PROPERTIES}/email").status,
    ]

    assert (changed.body["label"], changed.body["options"][0]["value"]) == ("Rank", "b")
    assert (retyped.status, archived.status, standard) == (400, 204, [400, 400])
    assert hub.get(f"{_PROPERTIES}/tier").status == 404
    assert hub.get(f"{_PROPERTIES}/tier?archived=true").status == 200
    assert hub.patch("/crm/objects/2026-09/contacts/501", tier="b").status == 400


def test_batch_read_reports_unknown_names(hub: Hub) -> None:
    answer = hub.post(f"{_PROPERTIES}/batch/read", {"inputs": [{"name": "email"}, {"name": "nope"}]})

    assert answer.status == 207
    assert [result["name"] for result in answer.body["results"]] == ["email"]
    assert answer.body["errors"][0]["context"] == {"name": ["nope"]}
    assert {"status", "startedAt", "completedAt"} <= set(answer.body)


def test_batch_create_makes_what_it_can(hub: Hub) -> None:
    answer = hub.post(f"{_PROPERTIES}/batch/create", {"inputs": [_new(), _new(name="email")]})
    whole = hub.post(f"{_PROPERTIES}/batch/create", {"inputs": [_new(name="rank")]})

    assert answer.status == 207
    assert [result["name"] for result in answer.body["results"]] == ["tier"]
    assert whole.status == 201


def test_groups_are_listed_read_and_created(hub: Hub) -> None:
    made = hub.post(f"{_PROPERTIES}/groups", {"name": "scores", "label": "Scores", "displayOrder": 3})
    again = hub.post(f"{_PROPERTIES}/groups", {"name": "scores", "label": "Scores"})
    wrong = hub.post(f"{_PROPERTIES}/groups", {"name": "Not good", "label": "x"})

    assert (made.status, again.status, wrong.status) == (201, 409, 400)
    assert hub.get(f"{_PROPERTIES}/groups/scores").body["label"] == "Scores"
    assert hub.get(f"{_PROPERTIES}/groups/none").status == 404
    names = [group["name"] for group in hub.get(f"{_PROPERTIES}/groups").body["results"]]
    assert {"leadledger", "scores"} <= set(names)


def test_the_deal_pipeline_says_which_stages_are_closed(hub: Hub) -> None:
    (pipeline,) = hub.get("/crm/pipelines/2026-09/deals").body["results"]
    one = hub.get("/crm/pipelines/2026-09/deals/default").body
    stages = hub.get("/crm/v3/pipelines/deals/default/stages").body["results"]

    assert one == pipeline
    assert stages == pipeline["stages"]
    assert [s["id"] for s in stages if s["metadata"]["isClosed"] == "true"] == ["closedwon", "closedlost"]
    assert hub.get("/crm/v3/pipelines/deals/default/stages/closedwon").body["label"] == "Closed Won"
    missing = ("other", "other/stages", "default/stages/other")
    assert {hub.get(f"/crm/v3/pipelines/deals/{path}").status for path in missing} == {404}


def test_living_owners_are_listed_and_deactivated_ones_only_on_request(hub: Hub) -> None:
    living = hub.get("/crm/owners/2026-09").body["results"]
    archived = hub.get("/crm/owners/2026-09?archived=true").body["results"]

    assert [(owner["id"], owner["userId"], owner["type"]) for owner in living] == [("31", 40_031, "PERSON")]
    assert living[0]["teams"] == [{"id": "9", "name": "EMEA", "primary": True}]
    assert [(o["id"], o["userId"], o["userIdIncludingInactive"]) for o in archived] == [("32", None, 40_032)]


def test_owners_are_found_by_email_id_and_user_id(hub: Hub) -> None:
    assert len(hub.get("/crm/owners/2026-09?email=REP31@ours.example").body["results"]) == 1
    assert hub.get("/crm/owners/2026-09?email=x@ours.example").body["results"] == []
    assert hub.get("/crm/owners/2026-09/31").body["id"] == "31"
    assert hub.get("/crm/owners/2026-09/40031?idProperty=userId").body["id"] == "31"
    assert hub.get("/crm/owners/2026-09/32").status == 404
    assert hub.get("/crm/owners/2026-09/32?archived=true").status == 200
    assert hub.get("/crm/owners/2026-09/31?idProperty=email").status == 400
