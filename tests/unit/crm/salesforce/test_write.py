from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import responses

from leadledger.crm.governor import Governor
from leadledger.crm.salesforce.access import SalesforceAccess
from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.crm.salesforce.schema import Column
from leadledger.crm.salesforce.write import read_rows, write_rows
from leadledger.domain.intents import IntentState, Outcome
from leadledger.errors import BugError, ConfigError, CrmUnavailableError
from leadledger.ports import FieldInfo

HOST = "https://acme.my.salesforce.com"
COLLECTIONS = f"{HOST}/services/data/v68.0/composite/sobjects"
COLUMNS = {
    "Score__c": Column(FieldInfo("Score__c", "number", writable=True, precision=6)),
    "Note__c": Column(FieldInfo("Note__c", "text", writable=True, length=20)),
}
CONFIRMED, REFUSED, UNKNOWN = IntentState.CONFIRMED, IntentState.REFUSED, IntentState.UNKNOWN


class NoNap:
    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(
            f"{HOST}/services/oauth2/token",
            json={
                "access_token": "t",
                "instance_url": HOST,
                "id": "https://login.salesforce.com/id/00D000000000001AAA/005000000000001AAA",
            },
        )
        yield mock


@pytest.fixture
def api() -> SalesforceApi:
    nap = NoNap()
    access = SalesforceAccess(HOST, "key", client_secret="secret")
    return SalesforceApi(access, Governor(monotonic=lambda: 0.0, sleeper=nap), nap)


def ids(count: int) -> list[str]:
    return [f"00Q{number:012d}AAA" for number in range(count)]


def write(api: SalesforceApi, rows: Mapping[str, Mapping[str, str | None]]) -> list[Outcome]:
    return write_rows(api, "Lead", rows, COLUMNS, ZoneInfo("UTC"))


def sent(http: responses.RequestsMock) -> list[Sequence[Mapping[str, Any]]]:
    return [json.loads(call.request.body)["records"] for call in http.calls if call.request.method == "PATCH"]


def test_rows_go_out_as_one_call_with_types_and_without_all_or_none(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    first, second = ids(2)
    http.patch(COLLECTIONS, json=[{"id": first, "success": True}, {"id": second, "success": True}])

    outcomes = write(api, {first: {"Score__c": "42"}, second: {"Note__c": None}})

    assert [outcome.state for outcome in outcomes] == [CONFIRMED, CONFIRMED]
    assert json.loads(http.calls[1].request.body) == {
        "allOrNone": False,
        "records": [
            {"attributes": {"type": "Lead"}, "id": first, "Score__c": 42},
            {"attributes": {"type": "Lead"}, "id": second, "Note__c": None},
        ],
    }
    assert http.calls[1].request.headers["Sforce-Auto-Assign"] == "FALSE"


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({"id": ids(1)[0], "success": True, "errors": []}, CONFIRMED),
        ({"id": ids(1)[0][:15], "success": True}, CONFIRMED),
        ({"success": True}, CONFIRMED),
        ({"id": "00Q000000000999AAA", "success": True}, UNKNOWN),
        ({"success": False, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "too long"}]}, REFUSED),
        ({"success": False}, REFUSED),
        ({"success": "yes"}, UNKNOWN),
        ({}, UNKNOWN),
        (None, UNKNOWN),
        ("ok", UNKNOWN),
    ],
)
def test_only_a_clear_answer_about_this_very_row_counts(
    http: responses.RequestsMock, api: SalesforceApi, result: Any, state: IntentState
) -> None:
    http.patch(COLLECTIONS, json=[result])

    [outcome] = write(api, {ids(1)[0]: {"Score__c": "1"}})

    assert outcome.state is state
    assert bool(outcome.reason) is (state is not CONFIRMED)


@pytest.mark.parametrize("answer", [{}, [], "ok", [{"success": True}] * 3])
def test_an_answer_that_is_no_list_of_results_leaves_every_row_unknown(
    http: responses.RequestsMock, api: SalesforceApi, answer: Any
) -> None:
    http.patch(COLLECTIONS, json=answer)

    outcomes = write(api, {id_: {"Score__c": "1"} for id_ in ids(2)})

    assert [outcome.state for outcome in outcomes] == [UNKNOWN, UNKNOWN]


def test_a_broken_connection_leaves_every_row_unknown_after_one_call(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    http.patch(COLLECTIONS, body=requests.ReadTimeout())

    outcomes = write(api, {id_: {"Score__c": "1"} for id_ in ids(2)})

    assert [outcome.state for outcome in outcomes] == [UNKNOWN, UNKNOWN]
    assert len(sent(http)) == 1


def test_a_value_that_does_not_fit_is_refused_before_anything_leaves(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    first, second = ids(2)
    http.patch(COLLECTIONS, json=[{"id": second, "success": True}])

    outcomes = write(api, {first: {"Note__c": "x" * 21}, second: {"Note__c": "x" * 20}})

    assert [outcome.state for outcome in outcomes] == [REFUSED, CONFIRMED]
    assert outcomes[0].reason == "Note__c: 21 characters, the field takes 20"
    assert [[record["id"] for record in call] for call in sent(http)] == [[second]]


def test_nothing_is_sent_when_every_row_is_refused_beforehand(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    [outcome] = write(api, {ids(1)[0]: {"Hidden__c": "1"}})

    assert outcome.state is REFUSED
    assert "no such field" in outcome.reason
    assert sent(http) == []


def test_a_field_that_went_away_refuses_the_batch_with_one_call(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    error = [{"errorCode": "INVALID_FIELD", "message": "No such column 'Score__c' on sobject of type Lead"}]
    http.patch(COLLECTIONS, status=400, json=error)

    outcomes = write(api, {id_: {"Score__c": "1"} for id_ in ids(8)})

    assert {outcome.state for outcome in outcomes} == {REFUSED}
    assert "'Score__c'" in outcomes[0].reason
    assert len(sent(http)) == 1


def test_one_poisonous_row_is_found_by_halving_and_the_others_are_written(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    rows = ids(64)
    poison = rows[13]

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        records = [record["id"] for record in json.loads(request.body or b"")["records"]]
        if poison in records:
            return 400, {}, json.dumps([{"errorCode": "JSON_PARSER_ERROR", "message": "at line 1"}])
        return 200, {}, json.dumps([{"id": id_, "success": True} for id_ in records])

    http.add_callback("PATCH", COLLECTIONS, answer)

    outcomes = write(api, {id_: {"Score__c": "1"} for id_ in rows})

    assert [o.record.id for o in outcomes if o.state is REFUSED] == [poison]
    assert [o.record.id for o in outcomes] == rows
    assert len(sent(http)) <= 2 * 6 + 1


def test_a_reason_shows_nothing_that_was_sent(http: responses.RequestsMock, api: SalesforceApi) -> None:
    error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Ana Schmidt is not allowed here"}
    http.patch(COLLECTIONS, json=[{"success": False, "errors": [error]}])

    [outcome] = write(api, {ids(1)[0]: {"Note__c": "Ana Schmidt"}})

    assert outcome.reason == "FIELD_CUSTOM_VALIDATION_EXCEPTION: … is not allowed here"


def test_more_rows_than_one_call_takes_are_a_bug(api: SalesforceApi) -> None:
    with pytest.raises(BugError, match="200"):
        write(api, {id_: {"Score__c": "1"} for id_ in ids(201)})


@pytest.mark.parametrize("name", ["Score__c, Id", "x'", ""])
def test_a_name_that_is_none_is_never_sent(api: SalesforceApi, name: str) -> None:
    with pytest.raises(ConfigError):
        write(api, {ids(1)[0]: {name: "1"}})
    with pytest.raises(ConfigError):
        read_rows(api, "Lead", ids(1), [name])


def test_many_ids_are_read_two_thousand_at_a_time_and_each_once(
    http: responses.RequestsMock, api: SalesforceApi
) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or b"")["ids"]
        return 200, {}, json.dumps([{"Id": id_, "Score__c": 1.0} for id_ in asked])

    http.add_callback("POST", f"{COLLECTIONS}/Lead", answer)

    found = read_rows(api, "Lead", [*ids(2500), *ids(10)], ["Score__c"])

    assert len(found) == 2500
    assert set(map(tuple, (values.items() for values in found.values()))) == {(("Score__c", "1"),)}
    assert len(http.calls) == 3


@pytest.mark.parametrize("answer", [{}, [], [None, None]])
def test_a_read_with_another_number_of_rows_is_an_outage(
    http: responses.RequestsMock, api: SalesforceApi, answer: Any
) -> None:
    http.post(f"{COLLECTIONS}/Lead", json=answer)

    with pytest.raises(CrmUnavailableError, match="another number of rows"):
        read_rows(api, "Lead", ids(1), ["Score__c"])
