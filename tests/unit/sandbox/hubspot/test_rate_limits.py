from __future__ import annotations

from leadledger.sandbox.hubspot.auth import READER
from unit.sandbox.hubspot.hub import MakeHub, a_contact

_LIST = "/crm/objects/2026-09/contacts?limit=1"


def test_the_191st_call_in_ten_seconds_is_refused_and_the_window_rolls(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1))

    statuses = {hub.get(_LIST).status for _ in range(190)}
    refused = hub.get(_LIST)
    hub.ticker.seconds += 10.0
    later = hub.get(_LIST)

    assert statuses == {200}
    assert refused.status == 429
    assert refused.body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refused.body["errorType"] == "RATE_LIMIT"
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in refused.headers
    assert later.status == 200


def test_each_token_has_a_bucket_of_its_own(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1))
    for _ in range(190):
        hub.get(_LIST)

    hub.key = READER

    assert hub.get(_LIST).status == 200


def test_answers_carry_the_rate_headers(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1), daily=1_000)

    hub.get(_LIST)
    headers = hub.get(_LIST).headers

    assert headers["X-HubSpot-RateLimit-Max"] == "190"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "188"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "1000"
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == "998"
    assert headers["X-HubSpot-RateLimit-Secondly-Remaining"] == "17"


def test_errors_of_an_endpoint_carry_the_rate_headers_too(make_hub: MakeHub) -> None:
    hub = make_hub()

    assert hub.get("/crm/objects/2026-09/contacts/9").headers["X-HubSpot-RateLimit-Remaining"] == "189"


def test_the_sixth_search_in_a_second_is_refused_whoever_asks(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1))

    allowed = [hub.search("contacts" if n % 2 else "deals") for n in range(5)]
    hub.key = READER
    refused = hub.search()
    hub.ticker.seconds += 1.0
    later = hub.search()

    assert {answer.status for answer in allowed} == {200}
    assert (refused.status, later.status) == (429, 200)
    assert refused.body["message"] == "You have reached your secondly limit."
    assert refused.body["category"] == "RATE_LIMITS"
    assert "policyName" not in refused.body


def test_searches_send_no_rate_headers_and_leave_the_ten_second_bucket_alone(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1))

    searched = hub.search()
    listed = hub.get(_LIST)

    assert not [name for name in searched.headers if name.startswith("X-HubSpot-RateLimit")]
    assert listed.headers["X-HubSpot-RateLimit-Remaining"] == "189"


def test_the_daily_limit_counts_searches_and_ends_at_midnight_of_the_account(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1), daily=3, time_zone="Europe/Berlin")

    before = [hub.get(_LIST).status, hub.search().status, hub.get(_LIST).status]
    refused, refused_search = hub.get(_LIST), hub.search()
    hub.clock.pass_seconds(11 * 3600 - 1)  # 23:59:59 in Berlin
    still = hub.get(_LIST)
    hub.clock.pass_seconds(1)
    hub.ticker.seconds += 60
    after = hub.get(_LIST)

    assert before == [200, 200, 200]
    assert (refused.status, refused.body["policyName"]) == (429, "DAILY")
    assert refused.body["message"] == "You have reached your daily limit."
    assert refused_search.status == 429
    assert not [name for name in refused_search.headers if name.startswith("X-HubSpot-RateLimit")]
    assert (still.status, after.status) == (429, 200)


def test_switches_give_the_other_429_body_and_retry_after(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1), switches={"form_of_429": "category", "retry_after": "present"})
    for _ in range(190):
        hub.get(_LIST)

    refused = hub.get(_LIST)

    assert refused.body["category"] == "RATE_LIMITS"
    assert "policyName" not in refused.body
    assert refused.headers["Retry-After"] == "10"


def test_without_limits_calls_are_counted_but_not_refused(make_hub: MakeHub) -> None:
    hub = make_hub(a_contact(1), limits=False)

    statuses = {hub.get(_LIST).status for _ in range(200)} | {hub.search().status for _ in range(10)}

    assert statuses == {200}
    assert hub.get(_LIST).headers["X-HubSpot-RateLimit-Remaining"] == "0"
