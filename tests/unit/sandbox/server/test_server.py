from __future__ import annotations

import gzip
import logging
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from leadledger.sandbox.server import Sandbox


@pytest.fixture
def raw(sandbox):
    """Send bytes, get everything until the server closes or stops sending."""

    def exchange(data: bytes) -> bytes:
        address = urlsplit(sandbox.base_url)
        with closing(socket.create_connection((address.hostname, address.port), timeout=10)) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.recv(65_536):
                received += piece
        return received

    return exchange


def test_an_answer_has_length_date_of_the_sandbox_and_keeps_the_connection(http):
    answer = http.get("/echo/small")

    assert answer.headers["Date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Connection"] == "keep-alive"


def test_one_connection_carries_many_requests(raw):
    request = b"GET /echo/small HTTP/1.1\r\nHost: x\r\n\r\n"

    received = raw(request * 3)

    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_a_client_may_ask_to_close(raw):
    request = b"GET /echo/small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    received = raw(request * 2)

    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in received


def test_a_query_keeps_order_repetition_and_empty_values(http):
    body = http.get("/echo/small?a=1&b=&a=2%20x").json()

    assert body["query"] == [["a", "1"], ["b", ""], ["a", "2 x"]]


def test_a_large_answer_is_compressed_only_when_accepted(http):
    packed = http.get("/echo", headers={"Accept-Encoding": "gzip"})
    plain = http.get("/echo", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < 1000
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_small_answer_is_never_compressed(http):
    assert "Content-Encoding" not in http.get("/echo/small").headers


def test_a_compressed_request_is_unpacked(http):
    answer = http.call(
        "POST", "/echo/small", data=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"}
    )

    assert answer.json()["body"] == "hello"


def test_a_chunked_request_is_put_together(http):
    answer = http.call("POST", "/echo/small", data=iter([b"one ", b"two"]))

    assert answer.json()["body"] == "one two"


def test_a_client_that_waits_for_100_continue_gets_it(raw):
    received = raw(b"POST /echo/small HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")

    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /echo HTTP/1.1\r\nno colon\r\n\r\n", b"431"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"413"),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhi", b"400"),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", b"400"),
    ],
)
def test_what_is_not_http_is_refused_and_the_connection_ends(raw, echo, data, status):
    received = raw(data)

    assert received.split(b" ")[1] == status
    assert b"Connection: close" in received
    assert echo.applied == []


def test_a_path_of_no_crm_is_a_json_404(http):
    answer = http.get("/nobody")

    assert answer.status_code == 404
    assert "/_sandbox/help" in answer.json()["message"]


def test_a_bug_behind_a_call_is_told_as_the_sandboxs_own(http, caplog):
    with caplog.at_level(logging.ERROR):
        answer = http.get("/echo/bug")

    assert answer.status_code == 500
    assert answer.json()["sandbox_error"] == "ZeroDivisionError"
    assert "ZeroDivisionError" in caplog.text
    assert http.get("/echo").status_code == 200


def test_latency_is_added_to_every_call_of_a_crm(echo, story_clock, http, sandbox, slept):
    sandbox.latency_ms = 80

    http.get("/echo")
    http.panel("GET", "clock")

    assert slept == [0.08]


def test_a_stopped_sandbox_frees_its_port_and_can_start_again(echo, story_clock):
    sandbox = Sandbox([echo], story_clock)
    port = int(sandbox.start().rsplit(":", 1)[1])
    sandbox.stop()
    sandbox.stop()

    assert sandbox.start(port).endswith(f":{port}")
    sandbox.stop()
    with pytest.raises(RuntimeError, match="start"):
        _ = sandbox.base_url


def test_the_environment_is_the_sum_of_the_apps(sandbox):
    assert sandbox.environment() == {"LEADLEDGER_ECHO__URL": sandbox.base_url}


def test_serving_in_the_foreground_tells_its_address_and_cleans_up(echo, story_clock):
    sandbox = Sandbox([echo], story_clock)
    told = []

    def ready(base_url: str) -> None:
        told.append(base_url)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sandbox.serve(ready=ready)

    assert told[0].startswith("http://127.0.0.1:")
    with pytest.raises(RuntimeError):
        _ = sandbox.base_url
