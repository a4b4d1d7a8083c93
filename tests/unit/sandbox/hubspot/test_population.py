from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from leadledger.sandbox.http import Storage
from leadledger.sandbox.hubspot.app import HubSpotApp
from unit.sandbox.hubspot.hub import Hub, MakeHub, StillClock, a_contact, a_record, an_owner

_CONTACTS = "/crm/objects/2026-09/contacts"


def test_an_account_is_empty_until_a_story_is_loaded() -> None:
    app = HubSpotApp(Storage(sqlite3.connect(":memory:", check_same_thread=False)), StillClock())

    before = app.is_empty()
    app.load([])

    assert (before, app.is_empty()) == (True, False)


def test_a_load_replaces_what_was_there(hub: Hub) -> None:
    hub.post(
        "/crm/properties/2026-09/contacts",
        {"name": "tier", "label": "T", "type": "string", "fieldType": "text", "groupName": "leadledger"},
    )

    hub.app.load([a_contact(7)])

    assert [record["id"] for record in hub.get(_CONTACTS).body["results"]] == ["7"]
    assert hub.get("/crm/owners/2026-09").body["results"] == []
    assert hub.get("/crm/properties/2026-09/contacts/tier").status == 404


def test_a_load_that_fails_changes_nothing(hub: Hub) -> None:
    before = hub.app.dump()

    with pytest.raises(ValueError, match="unicorns"):
        hub.app.load([a_contact(7), ("unicorns", {"id": "1"})])

    assert hub.app.dump() == before


def test_the_same_state_dumps_to_the_same_bytes_and_loads_again(hub: Hub, make_hub: MakeHub) -> None:
    hub.patch(f"{_CONTACTS}/501", lifecyclestage="lead", hubspot_owner_id="31")
    hub.call("DELETE", f"{_CONTACTS}/502")
    hub.post(
        "/crm/properties/2026-09/contacts",
        {"name": "tier", "label": "T", "type": "string", "fieldType": "text", "groupName": "leadledger"},
    )
    state = hub.app.dump()

    twin = make_hub(*((object_, row) for object_, rows in state.items() for row in rows.values()))

    assert json.dumps(twin.app.dump()) == json.dumps(state)
    assert list(state["contacts"]) == ["501", "502", "503", "504", "505"]
    assert twin.get("/crm/properties/2026-09/contacts/tier").status == 200


@pytest.mark.parametrize("isolation", ["", None])
def test_a_file_keeps_the_state_over_a_restart(tmp_path: Path, isolation: str | None) -> None:
    def opened() -> tuple[sqlite3.Connection, Hub]:
        connection = sqlite3.connect(
            tmp_path / "state.sqlite", check_same_thread=False, isolation_level=isolation
        )
        app = HubSpotApp(Storage(connection), StillClock(), limits=False)
        return connection, Hub(app, StillClock(), None)

    connection, first = opened()
    first.app.load([a_contact(1), an_owner("31")])
    first.patch(f"{_CONTACTS}/1", lead_score="9")
    first.post(
        "/crm/properties/2026-09/contacts",
        {"name": "tier", "label": "T", "type": "string", "fieldType": "text", "groupName": "leadledger"},
    )
    connection.close()
    connection, second = opened()

    assert not second.app.is_empty()
    assert second.value("1", "lead_score") == "9"
    assert second.patch(f"{_CONTACTS}/1", tier="gold").status == 200
    connection.close()


def test_a_person_edits_with_stamps_and_history(hub: Hub) -> None:
    hub.app.edit("contacts", "501", {"firstname": "Eve", "lastname": None}, by="rep31@ours.example")

    newest = hub.history("501", "firstname")[0]
    assert (newest["value"], newest["sourceType"]) == ("Eve", "CRM_UI")
    assert (newest["sourceId"], newest["updatedByUserId"]) == ("userId:40031", 40_031)
    assert hub.value("501", "lastmodifieddate") == "2026-03-02T12:00:00.000Z"


@pytest.mark.parametrize(("by", "source"), [("40099", "userId:40099"), ("somebody", "somebody")])
def test_a_person_outside_the_owners_is_named_as_given(hub: Hub, by: str, source: str) -> None:
    hub.app.edit("contacts", "501", {"firstname": "Eve"}, by=by)

    assert hub.history("501", "firstname")[0]["sourceId"] == source


def test_a_person_may_move_a_stage_backward(hub: Hub) -> None:
    hub.patch(f"{_CONTACTS}/501", lifecyclestage="customer")

    hub.app.edit("contacts", "501", {"lifecyclestage": "lead"}, by="40031")

    assert hub.value("501", "lifecyclestage") == "lead"


def test_a_person_archives_and_restores(hub: Hub) -> None:
    hub.app.edit("contacts", "501", {"archived": True}, by="40031")
    gone = hub.get(f"{_CONTACTS}/501").status
    hub.app.edit("contacts", "501", {"archived": False}, by="40031")

    assert (gone, hub.get(f"{_CONTACTS}/501").status) == (404, 200)


def test_an_owner_can_be_assigned_no_more_once_deactivated_and_again_when_back(hub: Hub) -> None:
    hub.app.edit("owners", "31", {"archived": True}, by="40031")
    refused = hub.patch(f"{_CONTACTS}/501", hubspot_owner_id="31")
    hub.app.edit("owners", "31", {"archived": "false"}, by="40031")
    accepted = hub.patch(f"{_CONTACTS}/501", hubspot_owner_id="31")

    assert refused.body["errors"][0]["code"] == "INVALID_OWNER_ID"
    assert accepted.status == 200


@pytest.mark.parametrize(("object_", "id_"), [("contacts", "999"), ("unicorns", "1"), ("owners", "99")])
def test_an_edit_of_nothing_raises_key_error(hub: Hub, object_: str, id_: str) -> None:
    with pytest.raises(KeyError, match=id_):
        hub.app.edit(object_, id_, {"firstname": "x"}, by="40031")


def test_an_edit_with_a_bad_value_raises_and_changes_nothing(hub: Hub) -> None:
    with pytest.raises(ValueError, match="lead_score: INVALID_INTEGER"):
        hub.app.edit("contacts", "501", {"firstname": "Eve", "lead_score": "much"}, by="40031")

    assert hub.value("501", "firstname") == "Ada"


def test_an_unknown_association_target_type_stops_a_load(make_hub: MakeHub) -> None:
    object_, row = a_contact(1)
    row["associations"] = {"unicorns": ["1"]}

    with pytest.raises(ValueError, match="unicorns"):
        make_hub((object_, row))


def test_the_first_company_of_a_contact_is_its_primary_one(make_hub: MakeHub) -> None:
    object_, row = a_contact(1)
    row["associations"] = {"companies": ["8", "7"]}
    hub = make_hub((object_, row), a_record("companies", 7, name="A"), a_record("companies", 8, name="B"))

    targets = hub.get(f"{_CONTACTS}/1/associations/companies").body["results"]

    primary = [
        target["toObjectId"]
        for target in targets
        if any(kind["label"] == "Primary" for kind in target["associationTypes"])
    ]
    assert primary == [8]


def test_a_long_story_is_loaded_whole(make_hub: MakeHub) -> None:
    rows = []
    for id_ in range(1, 2_501):
        object_, row = a_contact(id_)
        row["associations"] = {"companies": ["7"]}
        rows.append((object_, row))

    hub = make_hub(*rows, a_record("companies", 7, name="Acme"))

    assert hub.search(limit=1).body["total"] == 2_500
    state = hub.app.dump()
    assert len(state["companies"]["7"]["associations"]["contacts"]) == 2_500
    assert state["contacts"]["2500"]["associations"] == {"companies": ["7"]}
