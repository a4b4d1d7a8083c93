"""Owners, properties and pipelines, which come through HubSpot's own client."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leadledger.errors import AuthError, CrmUnavailableError, RetryLaterError
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Stream

OWNERS = Stream("hubspot", "owners", Kind.OWNERS)


def an_owner(id_: int, **more: object) -> tuple[str, dict[str, object]]:
    owner = {
        "id": str(id_),
        "email": f"Rep{id_}@Ours.example",
        "firstName": "Rep",
        "lastName": str(id_),
        "userId": 1000 + id_,
        "type": "PERSON",
        "archived": False,
    }
    return "owners", {**owner, **more}


def test_owners_are_one_page_that_replaces_all(make_account) -> None:
    account = make_account([an_owner(1), an_owner(2, type="QUEUE", firstName="Inbound", lastName="Queue")])

    account.pull(OWNERS)

    (page,) = account.mirror.stored
    rows = account.table("owners")
    assert page.replaces == "all"
    assert set(rows["1"]) == {*COMMON_COLUMNS, *COLUMNS[Kind.OWNERS]}
    assert (rows["1"]["email"], rows["1"]["name"], rows["1"]["queue"]) == (
        "rep1@ours.example",
        "Rep 1",
        False,
    )
    assert (rows["2"]["queue"], rows["2"]["objects"]) == (True, "contacts")


def test_who_left_before_the_first_pull_is_inactive(make_account) -> None:
    account = make_account([an_owner(1), an_owner(2, archived=True)])

    calls = account.pull(OWNERS)

    assert {id_: row["active"] for id_, row in account.table("owners").items()} == {"1": True, "2": False}
    assert calls["owners"] == 2


def test_who_leaves_later_becomes_inactive_at_the_price_of_one_call(make_account) -> None:
    account = make_account([an_owner(1), an_owner(2)])
    account.pull(OWNERS)
    account.app.edit("owners", "2", {"archived": True}, by="1")

    calls = account.pull(OWNERS)

    assert {id_: row["active"] for id_, row in account.table("owners").items()} == {"1": True, "2": False}
    assert account.table("owners")["2"]["email"] == "rep2@ours.example"
    assert calls == {"owners": 1}


def test_who_comes_back_is_active_again(make_account) -> None:
    account = make_account([an_owner(1), an_owner(2, archived=True)])
    account.pull(OWNERS)
    account.app.edit("owners", "2", {"archived": False}, by="1")

    account.pull(OWNERS)

    assert account.table("owners")["2"]["active"] is True


def test_more_owners_than_a_page_all_come(make_account) -> None:
    account = make_account([an_owner(i) for i in range(1, 251)])

    calls = account.pull(OWNERS)

    assert len(account.table("owners")) == 250
    assert calls["owners"] == 3 + 1


def test_the_client_keeps_one_connection_and_counts_as_ours(make_account) -> None:
    account = make_account([an_owner(i) for i in range(1, 251)])
    account.pull(OWNERS)

    (api,) = account.crm._vendor._objects.values()

    pools = api.api_client.rest_client.pool_manager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 - a RecentlyUsedContainer cannot be iterated
    assert pool.num_connections == 1
    assert account.crm.calls()["owners"] == len(account.requests("/crm/v3/owners/"))


def test_every_call_of_the_client_has_a_time_out_and_no_retry_of_its_own(make_account) -> None:
    account = make_account([an_owner(1)])
    account.answers("/crm/v3/owners*", 503, "<html>down</html>")

    account.pull(OWNERS)

    (api,) = account.crm._vendor._objects.values()
    assert api.api_client.configuration.retries.total == 0
    assert account.crm.calls()["owners"] == 3
    assert account.time.slept


@pytest.mark.parametrize("act", ["drop_before", "truncate", "truncate_json"])
def test_a_broken_answer_is_asked_for_again(make_account, act: str) -> None:
    account = make_account([an_owner(1)])
    account.goes_wrong("/crm/v3/owners*", act)

    account.pull(OWNERS)

    assert list(account.table("owners")) == ["1"]


@pytest.mark.parametrize("page", [{"hello": "world"}, {"results": None}, [], "<html>log in</html>"])
def test_a_foreign_page_is_an_error_and_never_no_owners(make_account, page) -> None:
    account = make_account([an_owner(1)])
    account.pull(OWNERS)
    account.answers("/crm/v3/owners*", 200, page, times=-1)

    with pytest.raises(CrmUnavailableError):
        account.pull(OWNERS)

    assert list(account.table("owners")) == ["1"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"category": "INVALID_AUTHENTICATION"}, AuthError),
        (403, {"category": "MISSING_SCOPES"}, AuthError),
        (404, {"message": "resource not found"}, CrmUnavailableError),
        (429, {"policyName": "DAILY"}, RetryLaterError),
        (477, {}, RetryLaterError),
    ],
)
def test_every_exception_of_the_client_becomes_one_of_ours(make_account, status: int, body, error) -> None:
    account = make_account([an_owner(1)])
    account.answers("/crm/v3/owners*", status, body)

    with pytest.raises(error) as raised:
        account.pull(OWNERS)

    assert "127.0.0.1" not in str(raised.value)
    assert len(account.requests("/crm/v3/owners*")) == 1


def test_a_dead_server_is_one_clear_line(make_account) -> None:
    account = make_account([an_owner(1)])
    account.crm.org()
    account.sandbox.stop()

    with pytest.raises(CrmUnavailableError) as raised:
        account.crm.describe("contacts")

    assert "\n" not in str(raised.value)
    assert "MaxRetryError" in str(raised.value)


def test_a_short_limit_of_the_client_is_waited_for(make_account) -> None:
    account = make_account([an_owner(1)])
    account.answers("/crm/v3/owners*", 429, {"policyName": "TEN_SECONDLY_ROLLING"})

    account.pull(OWNERS)

    assert 10 in account.time.slept


def test_properties_tell_kind_and_whether_they_may_be_written(make_account) -> None:
    infos = make_account().crm.describe("contacts")

    assert (infos["lead_score"].kind, infos["lead_score"].writable) == ("number", True)
    assert (infos["first_mql_date"].kind, infos["contact_me"].kind) == ("datetime", "boolean")
    assert infos["lifecyclestage"].kind == "picklist"
    assert "marketingqualifiedlead" in infos["lifecyclestage"].values
    assert infos["hubspot_owner_id"].kind == "reference"
    assert infos["hs_object_id"].writable is False
    assert infos["email"].length == 65_536


def test_properties_are_asked_for_once(make_account) -> None:
    account = make_account()

    account.crm.describe("contacts")
    account.crm.describe("contacts")

    assert account.crm.calls() == {"properties": 1}


def test_pipelines_come_with_their_stages(make_account) -> None:
    (pipeline,) = make_account().crm._vendor.pipelines("deals")

    assert {"closedwon", "closedlost"} <= {stage["id"] for stage in pipeline["stages"]}


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, leadledger.crm.hubspot.crm; sys.exit('hubspot' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert done.returncode == 0


def test_an_owner_whose_name_cannot_be_stored_is_rejected_alone(make_account) -> None:
    account = make_account([an_owner(1), an_owner(2)])
    page = {"results": [{"id": "1", "email": "a\x00b"}, {"id": "2", "email": "b@ours.example"}]}
    account.answers("/crm/v3/owners*", 200, page, times=2)

    account.pull(OWNERS)

    assert list(account.table("owners")) == ["2"]
    assert {str(bad.record) for bad in account.mirror.rejected} == {"hubspot/owners/1"}
