from __future__ import annotations

from pathlib import Path

import pytest
import requests

from leadledger.sandbox.control import HELP
from leadledger.sandbox.faults import Act, Fault


def test_the_log_shows_calls_with_bodies_and_without_tokens(http):
    http.call("POST", "/echo/v3/things/123", data=b'{"a":1}', headers={"Authorization": "Bearer s3cret"})

    answer = http.panel("GET", "requests")

    (entry,) = answer.json()["requests"]
    assert (entry["crm"], entry["method"], entry["body"], entry["status"]) == ("echo", "POST", '{"a":1}', 200)
    assert entry["family"] == "echo/things"
    assert "s3cret" not in answer.text


def test_the_body_of_a_login_is_withheld(http):
    http.call("POST", "/echo/oauth/token", data={"client_secret": "s3cret"})

    answer = http.panel("GET", "requests")

    assert answer.json()["requests"][0]["body_note"] == "(withheld)"
    assert "s3cret" not in answer.text


def test_the_log_can_be_filtered(http):
    http.get("/echo/a")
    http.call("POST", "/echo/b")

    def paths(query: str) -> list[str]:
        return [entry["path"] for entry in http.panel("GET", f"requests?{query}").json()["requests"]]

    assert paths("crm=echo&method=post") == ["/echo/b"]
    assert paths("crm=other") == []
    assert paths("since=1") == ["/echo/b"]
    assert paths("limit=1") == ["/echo/b"]
    assert paths("path_glob=*a") == ["/echo/a"]


def test_a_dropped_call_is_in_the_log_with_status_0(http, sandbox):
    sandbox.faults.add(Fault(Act.DROP_BEFORE))

    with pytest.raises(requests.ConnectionError):
        http.get("/echo")

    (entry,) = http.panel("GET", "requests").json()["requests"]
    assert (entry["status"], entry["fault"]) == (0, "drop_before")


def test_calls_are_counted_per_crm_family_and_method(http):
    http.get("/echo/v3/things")
    http.get("/echo/v3/things/77")
    http.call("POST", "/echo/things")
    http.panel("GET", "counts")

    assert http.panel("GET", "counts").json() == {"echo": {"echo/things": {"GET": 2, "POST": 1}}}


def test_counts_can_be_reset_and_the_log_stays(http):
    http.get("/echo")

    http.panel("POST", "counts/reset")

    assert http.panel("GET", "counts").json() == {}
    assert len(http.panel("GET", "requests").json()["requests"]) == 1


def test_the_log_can_be_forgotten(http):
    http.get("/echo")

    http.panel("DELETE", "requests")

    assert http.panel("GET", "requests").json() == {"requests": []}


def test_the_state_is_shown_whole_or_by_object(http):
    assert http.panel("GET", "state").json() == {"echo": {"Thing": {"1": {"name": "one"}}}}
    assert http.panel("GET", "state?crm=echo&object=Nope").json() == {"echo": {"Nope": {}}}


def test_an_edit_reaches_the_app(http, echo):
    body = {"crm": "echo", "object": "Thing", "id": "1", "fields": {"name": "two"}, "by": "Ada"}

    answer = http.panel("POST", "edit", json=body)

    assert answer.status_code == 200
    assert echo.rows["1"] == {"name": "two", "by": "Ada"}
    assert http.panel("POST", "edit", json={**body, "id": "9"}).status_code == 404


def test_a_reset_loads_the_story_and_forgets_the_rest(http, echo, story_clock):
    start = story_clock.now_us()
    http.panel("POST", "clock", json={"advance_s": 5})
    http.fault({"status": 500}, times=-1)
    echo.rows["1"]["name"] = "two"

    assert http.panel("POST", "reset").status_code == 200

    assert echo.rows == {"1": {"name": "one"}}
    assert story_clock.now_us() == start
    assert http.panel("GET", "faults").json() == {"faults": []}
    assert http.panel("GET", "counts").json() == {}


def test_the_clock_can_be_read_set_and_advanced(http):
    assert http.panel("GET", "clock").json() == {"now": "2026-09-21T14:13:20Z"}
    assert http.panel("POST", "clock", json={"advance_s": 1.5}).json() == {
        "now": "2026-09-21T14:13:21.500000Z"
    }
    assert http.panel("POST", "clock", json={"set": "2026-11-01T09:00:00Z"}).json() == {
        "now": "2026-11-01T09:00:00Z"
    }


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("GET", "nope", None, 404),
        ("POST", "state", None, 405),
        ("POST", "clock", {"set": "soon"}, 400),
        ("POST", "clock", {"set": "9999-12-31"}, 400),
        ("POST", "clock", {"advance_s": 1e300}, 400),
        ("POST", "clock", {"advance_s": True}, 400),
        ("POST", "clock", [], 400),
        ("POST", "edit", {"crm": "echo"}, 400),
        ("POST", "edit", {"crm": "x", "object": "a", "id": "b", "by": "c", "fields": {}}, 400),
        ("POST", "faults", {"action": {"status": 500}, "match": {"crm": "nope"}}, 400),
        ("POST", "faults", "x", 400),
        ("POST", "trust", {"crm": "echo", "public_key": "x"}, 400),
        ("GET", "state?crm=nope", None, 400),
        ("GET", "requests?since=x", None, 400),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_with_a_sentence(http, method, name, body, status):
    answer = http.panel(method, name, json=body)

    assert answer.status_code == status
    assert answer.json()["message"]


def test_a_body_that_is_not_json_is_refused(http):
    assert http.panel("POST", "clock", data=b"{").status_code == 400


def test_a_host_from_outside_cannot_reach_the_panel(http):
    assert http.panel("GET", "state", headers={"Host": "evil.example"}).status_code == 403


def test_several_faults_can_be_sent_at_once(http):
    answer = http.panel(
        "POST", "faults", json=[{"action": {"status": 500}}, {"action": {"type": "drop_after"}}]
    )

    assert [fault["number"] for fault in answer.json()["faults"]] == [1, 2]


def test_every_endpoint_of_the_help_exists_and_is_documented(http):
    listed = http.panel("GET", "help").json()

    page = (Path(__file__).parents[4] / "docs/reference/sandbox.md").read_text(encoding="utf-8")
    assert [(item["method"], item["path"]) for item in listed["endpoints"]] == [
        (method, f"/_sandbox/{name}") for method, name, _ in HELP
    ]
    for method, name, _ in HELP:
        assert f"`{method} /_sandbox/{name}`" in page
    for act in Act:
        assert f"`{act}`" in page
