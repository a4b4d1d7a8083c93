from __future__ import annotations

import json

import pytest
import requests

from leadledger.sandbox.faults import Act, Fault, FaultError, Faults, read_fault


def test_a_fault_answers_instead_of_the_crm(http, echo):
    http.fault(
        {"type": "respond", "status": 503, "body": "<html>busy</html>", "headers": {"Retry-After": "7"}}
    )

    answer = http.get("/echo")

    assert (answer.status_code, answer.text) == (503, "<html>busy</html>")
    assert answer.headers["Retry-After"] == "7"
    assert answer.headers["Content-Type"].startswith("text/html")
    assert echo.applied == []
    assert http.get("/echo").status_code == 200


def test_a_fault_may_answer_a_json_body(http):
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    http.fault({"status": 403, "body": body})

    assert http.get("/echo").json() == body


def test_a_call_that_is_dropped_before_is_not_applied(http, echo):
    http.fault({"type": "drop_before"})

    with pytest.raises(requests.ConnectionError):
        http.call("POST", "/echo")

    assert echo.applied == []


def test_a_call_that_is_dropped_after_is_applied(http, echo):
    http.fault({"type": "drop_after"})

    with pytest.raises(requests.ConnectionError):
        http.call("POST", "/echo", data=b"x")

    assert [request.body for request in echo.applied] == [b"x"]


def test_a_truncated_answer_breaks_off(http):
    http.fault({"type": "truncate"})

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        http.get("/echo")


def test_half_a_document_may_come_with_a_correct_length(http):
    http.fault({"type": "truncate_json"})

    answer = http.get("/echo")

    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


def test_a_delay_waits_and_then_answers(http, slept):
    http.fault({"type": "delay", "seconds": 30})

    assert http.get("/echo").status_code == 200
    assert slept == [30.0]


def test_an_expired_token_is_the_apps_business(http, echo):
    http.fault({"type": "expire_token"})

    http.get("/echo")

    assert echo.expired == 1


def test_a_fault_acts_only_on_what_it_matches(http):
    match = {"crm": "echo", "method": "patch", "path_glob": "/echo/rows*"}
    http.fault({"status": 500}, match=match)

    statuses = [http.get("/echo/rows/1"), http.call("PATCH", "/echo"), http.call("PATCH", "/echo/rows/1")]

    assert [answer.status_code for answer in statuses] == [200, 200, 500]


def test_a_fault_counts_its_times_and_lets_some_pass_first(http):
    http.fault({"status": 500}, times=2, after=1)

    assert [http.get("/echo").status_code for _ in range(5)] == [200, 500, 500, 200, 200]


def test_a_fault_for_ever_ends_when_it_is_deleted(http):
    http.fault({"status": 500}, times=-1)
    before = [http.get("/echo").status_code for _ in range(3)]

    http.panel("DELETE", "faults")

    assert before == [500, 500, 500]
    assert http.get("/echo").status_code == 200


def test_the_first_rule_that_matches_acts():
    faults = Faults()
    faults.add(Fault(Act.DROP_BEFORE, path_glob="/a/*"))
    faults.add(Fault(Act.DROP_AFTER, times=2))

    acts = [faults.take("x", "GET", path).act for path in ("/b", "/a/1/2", "/a/1/2")]

    assert acts == [Act.DROP_AFTER, Act.DROP_BEFORE, Act.DROP_AFTER]
    assert faults.take("x", "GET", "/a/1") is None
    assert faults.pending() == ()


def test_pending_faults_are_shown_with_what_is_left(http):
    http.fault({"status": 500, "body": "x"}, times=3)
    http.get("/echo")

    (shown,) = http.panel("GET", "faults").json()["faults"]

    assert shown["times"] == 2
    assert shown["action"] == {
        "type": "respond",
        "status": 500,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": "x",
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"action": {"type": "explode"}},
        {"action": {"type": "respond"}},
        {"action": {"status": 99}},
        {"action": {"status": True}},
        {"action": {"status": 500, "headers": {"A": "b\r\nC: d"}}},
        {"action": {"status": 500, "headers": []}},
        {"action": {"status": 500}, "times": 0},
        {"action": {"status": 500}, "times": "often"},
        {"action": {"status": 500}, "after": -1},
        {"action": {"status": 500}, "match": {"url": "x"}},
        {"action": {"status": 500}, "when": 1},
        {"action": {"type": "delay", "seconds": -1}},
        {"action": {"type": "delay", "seconds": "x"}},
    ],
)
def test_a_fault_that_cannot_be_understood_is_refused(document):
    with pytest.raises(FaultError):
        read_fault(document)
