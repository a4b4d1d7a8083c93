"""How HubSpot's limits are kept, and what happens when somebody else uses them up."""

from __future__ import annotations

import pytest
import responses

from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.api import BUCKETS
from leadledger.crm.hubspot.crm import HubSpotCrm
from leadledger.errors import CrmUnavailableError, RetryLaterError
from leadledger.ports import Kind, Stream

CONTACTS = Stream("hubspot", "contacts", Kind.PEOPLE, ("email",))
LIST = "/crm/objects/2026-09/contacts"


def statuses(account) -> set[int]:
    return {entry.status for entry in account.sandbox.journal.entries()}


def test_a_long_read_never_meets_the_limit(make_account, record) -> None:
    account = make_account([("contacts", record(i)) for i in range(1, 301)])

    for _ in range(120):
        account.crm.read("contacts", [str(i) for i in range(1, 301)], ["email"])

    assert account.crm.calls()["objects/read"] == 360
    assert statuses(account) == {200}
    assert 10 < sum(account.time.slept) < 30


def test_many_searches_never_meet_their_own_limit(make_account, record) -> None:
    account = make_account([("contacts", record(1))])
    account.pull(CONTACTS)

    for _ in range(20):
        account.pull(CONTACTS)

    assert statuses(account) == {200}
    assert 4 <= sum(account.time.slept) <= 6


def test_searches_do_not_draw_from_the_bucket_of_the_others() -> None:
    burst, search = BUCKETS

    assert (burst.calls, burst.seconds, search.calls, search.seconds) == (171, 10, 4, 1)
    assert burst.apis is not None
    assert search.apis is not None
    assert burst.apis.isdisjoint(search.apis)


@pytest.mark.parametrize("form", ["documented", "category"])
@pytest.mark.parametrize("retry_after", ["absent", "present"])
def test_a_neighbour_who_empties_the_bucket_makes_us_wait(
    make_account, record, form: str, retry_after: str
) -> None:
    account = make_account(
        [("contacts", record(1))], switches={"form_of_429": form, "retry_after": retry_after}
    )
    neighbour = account.connector()
    for _ in range(160):
        neighbour.read("contacts", ["1"], ["email"])

    for _ in range(60):
        account.crm.read("contacts", ["1"], ["email"])

    assert sum(account.time.slept) >= 5
    assert account.crm._api.governor.share("burst") < 1
    neighbour.close()


def test_low_remaining_headers_slow_us_down_before_hubspot_refuses(make_account, record) -> None:
    account = make_account([("contacts", record(1))])
    account.answers(
        "*/batch/read",
        200,
        {"status": "COMPLETE", "results": []},
        times=3,
        X_HubSpot_RateLimit_Max="100",
        X_HubSpot_RateLimit_Remaining="2",
    )

    for _ in range(3):
        account.crm.read("contacts", ["1"], ["email"])

    assert account.crm._api.governor.share("burst") == pytest.approx(0.7, abs=0.01)
    assert sum(account.time.slept) >= 1


def test_the_daily_limit_ends_the_run_and_is_not_asked_again(make_account, record) -> None:
    account = make_account([("contacts", record(1))], daily=3)
    for _ in range(3):
        account.crm.read("contacts", ["1"], ["email"])

    with pytest.raises(RetryLaterError, match="none is left"):
        account.crm.read("contacts", ["1"], ["email"])

    assert len(account.requests()) == 3


def test_a_daily_limit_that_others_used_up_is_met_once(make_account, record) -> None:
    account = make_account([("contacts", record(1))])
    account.answers("*/batch/read", 429, {"errorType": "RATE_LIMIT", "policyName": "DAILY"})

    with pytest.raises(RetryLaterError, match="midnight"):
        account.crm.read("contacts", ["1"], ["email"])

    assert len(account.requests()) == 1


def test_writes_leave_a_fifth_of_the_day_to_the_others(make_account, record) -> None:
    account = make_account([("contacts", record(1))], daily=100)
    account.crm.describe("contacts")
    for _ in range(79):
        account.crm.read("contacts", ["1"], ["email"])

    with pytest.raises(RetryLaterError, match="reserve"):
        account.crm.write("contacts", {"1": {"lead_score": "1"}})

    assert account.crm.read("contacts", ["1"], ["email"])


def test_a_migration_ends_the_run_with_its_time(make_account) -> None:
    account = make_account()
    account.answers(LIST, 477, {"status": "error"}, Retry_After="7200")

    with pytest.raises(RetryLaterError) as raised:
        account.pull(CONTACTS)

    assert raised.value.after_s == 7200
    assert len(account.requests(LIST)) == 1


def test_a_lock_on_a_read_is_waited_for(make_account, record) -> None:
    account = make_account([("contacts", record(1))])
    account.answers(LIST, 423, {"status": "error"})

    account.pull(CONTACTS)

    assert 2 in account.time.slept
    assert list(account.table("contacts")) == ["1"]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 523, 524])
def test_an_outage_is_waited_for_and_then_reported(make_account, status: int) -> None:
    account = make_account()
    account.answers(LIST, status, "<html>oops</html>", times=-1)

    with pytest.raises(CrmUnavailableError, match=str(status)):
        account.pull(CONTACTS)

    assert len(account.requests(LIST)) == 6
    assert len(account.time.slept) >= 5


@responses.activate
def test_a_redirect_is_not_followed() -> None:
    responses.get(
        "https://api.hubapi.com/account-info/2026-09/details",
        status=302,
        headers={"Location": "https://elsewhere.example/"},
    )
    crm = HubSpotCrm(HubSpotAccess("pat-x"), sleeper=_NoSleep(), monotonic=lambda: 0.0)

    with pytest.raises(CrmUnavailableError, match="another address"):
        crm.org()

    assert len(responses.calls) == 1
    crm.close()


@responses.activate
def test_without_a_date_header_the_account_still_answers() -> None:
    responses.get(
        "https://api.hubapi.com/account-info/2026-09/details", json={"portalId": 7, "accountType": "STANDARD"}
    )
    crm = HubSpotCrm(HubSpotAccess("pat-x"), sleeper=_NoSleep(), monotonic=lambda: 0.0)

    org = crm.org()

    assert (org.id, org.name, org.sandbox) == ("7", "HubSpot account 7", False)
    crm.close()


class _NoSleep:
    def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)
