from __future__ import annotations

import json

import pytest

from leadledger.sandbox.salesforce.org import ASSIGNMENT_QUEUE_ID, CONSUMER_KEY, INTEGRATION_USER_ID


def test_a_fresh_org_is_empty_until_a_story_is_loaded(make_org, tmp_path, ids):
    org = make_org(path=tmp_path / "state.db")

    assert org.app.is_empty()
    org.app.load([ids.a_lead("1")])
    assert not org.app.is_empty()


def test_the_state_survives_a_restart(make_org, tmp_path, ids):
    first = make_org(ids.a_lead("1"), path=tmp_path / "state.db")
    first.patch("1", {"Lead_Score__c": 7, "Status": "Working - Contacted"})
    created = first.call("POST", "sobjects/Campaign", {"Name": "Fair"}).body["id"]
    before = first.app.dump()
    first.app._storage.connection.close()

    second = make_org(path=tmp_path / "state.db")

    assert second.app.dump() == before
    assert second.call("POST", "sobjects/Campaign", {"Name": "Fair"}).body["id"] > created


def test_a_load_replaces_what_was_there(make_org, ids):
    org = make_org(ids.a_lead("1"))

    org.app.load([ids.a_lead("2")])

    assert list(org.app.dump()["Lead"]) == [ids.lead("2")]


def test_every_org_has_its_integration_user_queue_and_statuses(make_org):
    state = make_org().app.dump()

    assert INTEGRATION_USER_ID in state["User"]
    assert state["Group"][ASSIGNMENT_QUEUE_ID]["Type"] == "Queue"
    assert [row["MasterLabel"] for row in state["LeadStatus"].values() if row["IsConverted"]] == [
        "Closed - Converted"
    ]


def test_the_same_rows_dump_to_the_same_bytes(make_org, ids):
    rows = [ids.a_lead("2", FirstName="Ünal 😀"), ids.a_lead("1", Email="")]

    one, two = (json.dumps(make_org(*order).app.dump()) for order in (rows, rows[::-1]))

    assert one == two


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("Nope", {}), "no object 'Nope'"),
        (("Lead", {"Id": "00Q9S0000000001AAA", "Nope": 1}), "no field 'Nope'"),
        (("Lead", {"Id": "00Q9S0000000001"}), "18 characters"),
        (("Lead", {"Id": "0039S0000000001AAA"}), "starts with 00Q"),
        (("Lead", {"Id": "00Q9S0000000001AAA", "CreatedDate": "2026-01-01"}), "not a datetime"),
    ],
)
def test_a_row_that_cannot_be_loaded_is_refused_and_nothing_is_lost(make_org, ids, row, words):
    org = make_org(ids.a_lead("1"))

    with pytest.raises(ValueError, match=words):
        org.app.load([row])

    assert list(org.app.dump()["Lead"]) == [ids.lead("1")]


def test_the_environment_points_a_run_at_the_sandbox(make_org):
    variables = make_org().app.environment("http://127.0.0.1:5000")

    assert variables["LEADLEDGER_SALESFORCE__URL"] == "http://127.0.0.1:5000"
    assert variables["LEADLEDGER_SALESFORCE__CLIENT_ID"] == CONSUMER_KEY
    assert set(variables) == {
        "LEADLEDGER_SALESFORCE__URL",
        "LEADLEDGER_SALESFORCE__CLIENT_ID",
        "LEADLEDGER_SALESFORCE__CLIENT_SECRET",
    }
