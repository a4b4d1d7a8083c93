from __future__ import annotations

import gzip
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
import responses
import urllib3

from leadledger.crm.governor import Governor
from leadledger.crm.replies import Reply
from leadledger.crm.session import RedirectRefusedError, UnreachableError, calling
from leadledger.crm.transport import ATTEMPTS, Transport
from leadledger.errors import (
    AuthError,
    ConfigError,
    CrmUnavailableError,
    RetryLaterError,
    WriteInDoubtError,
)

URL = "https://acme.my.salesforce.com"


@dataclass
class Naps:
    waited_s: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waited_s.append(seconds)


def classify(reply: Reply) -> Exception | None:
    if reply.status == 429:
        advice = reply.headers.get("Retry-After")
        return RetryLaterError("slow down", after_s=float(advice) if advice else None)
    if reply.status == 401:
        return AuthError("no")
    return CrmUnavailableError("down") if reply.status >= 500 else None


def transport(naps: Naps | None = None, **changed: object) -> Transport:
    sleeper = naps or Naps()
    settings = {
        "crm": "salesforce",
        "base_url": URL,
        "governor": Governor(monotonic=lambda: 0.0, sleeper=sleeper),
        "sleeper": sleeper,
        "authorize": lambda: {"Authorization": "Bearer token"},
        "classify": classify,
        "jitter": lambda: 1.0,
    }
    return Transport(**{**settings, **changed})


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def refused() -> requests.ConnectionError:
    cause = urllib3.exceptions.NewConnectionError(None, "x")
    cause.__cause__ = ConnectionRefusedError()
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/?q=SELECT+ana@x.com", cause))


def test_a_read_is_repeated_while_the_crm_is_down_and_gives_the_first_whole_answer(
    http: responses.RequestsMock,
) -> None:
    naps = Naps()
    for _ in range(2):
        http.get(f"{URL}/x", status=503, body="<html>")
    http.get(f"{URL}/x", json={"done": True})

    reply = transport(naps).read("GET", "/x", api="query")

    assert reply.json() == {"done": True}
    assert naps.waited_s == [0.5, 1.0]


def test_a_read_gives_up_after_its_attempts_with_the_last_error(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", status=503)
    crm = transport()

    with pytest.raises(CrmUnavailableError, match="down"):
        crm.read("GET", "/x", api="query")

    assert crm.calls == {"query": ATTEMPTS}


def test_the_servers_advice_beats_our_own_wait(http: responses.RequestsMock) -> None:
    naps = Naps()
    http.get(f"{URL}/x", status=429, headers={"Retry-After": "7"})
    http.get(f"{URL}/x", json=1)

    transport(naps).read("GET", "/x", api="query")

    assert naps.waited_s[0] == 7.0


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}])
def test_a_limit_that_does_not_pass_soon_is_raised_at_once(
    http: responses.RequestsMock, headers: dict[str, str]
) -> None:
    http.get(f"{URL}/x", status=429, headers=headers)
    crm = transport()

    with pytest.raises(RetryLaterError):
        crm.read("GET", "/x", api="query")

    assert crm.calls["query"] == 1


def test_a_refused_login_is_not_repeated(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", status=401)
    crm = transport()

    with pytest.raises(AuthError):
        crm.read("GET", "/x", api="query")

    assert crm.calls["query"] == 1


def test_half_a_document_with_status_200_is_asked_for_again(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", body='{"records": [{"Id"')
    http.get(f"{URL}/x", json={"records": []})

    assert transport().read("GET", "/x", api="query").json() == {"records": []}


@pytest.mark.parametrize(
    "error",
    [
        requests.ReadTimeout(),
        requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.")),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.SSLError("EOF occurred in violation of protocol"),
    ],
)
def test_a_write_without_a_whole_answer_is_in_doubt_and_sent_once(
    http: responses.RequestsMock, error: Exception
) -> None:
    http.patch(f"{URL}/w", body=error)
    crm = transport()

    with pytest.raises(WriteInDoubtError, match="may or may not have been applied"):
        crm.send("PATCH", "/w", api="update", json={})

    assert crm.calls["update"] == 1


@pytest.mark.parametrize(
    ("status", "body"), [(503, "<html>"), (500, "{}"), (200, '[{"succ'), (200, "<html>")]
)
def test_a_write_that_is_answered_by_something_else_is_in_doubt(
    http: responses.RequestsMock, status: int, body: str
) -> None:
    http.patch(f"{URL}/w", status=status, body=body)

    with pytest.raises(WriteInDoubtError):
        transport().send("PATCH", "/w", api="update", json={})


@pytest.mark.parametrize(("status", "error"), [(401, AuthError), (429, RetryLaterError)])
def test_a_write_that_the_crm_refused_as_a_whole_is_not_in_doubt(
    http: responses.RequestsMock, status: int, error: type[Exception]
) -> None:
    http.patch(f"{URL}/w", status=status)

    with pytest.raises(error):
        transport().send("PATCH", "/w", api="update", json={})


def test_a_write_whose_login_failed_was_not_sent() -> None:
    def no_login() -> dict[str, str]:
        raise CrmUnavailableError("login server is down")

    crm = transport(authorize=no_login)

    with pytest.raises(CrmUnavailableError, match="login server"):
        crm.send("PATCH", "/w", api="update", json={})

    assert crm.calls.total() == 0


def test_a_refused_connection_means_that_a_write_was_not_sent(http: responses.RequestsMock) -> None:
    http.patch(f"{URL}/w", body=refused())

    with pytest.raises(UnreachableError, match=r"refused the connection\. Is it running\?"):
        transport().send("PATCH", "/w", api="update", json={})


def test_a_refused_connection_at_the_very_first_call_is_told_at_once(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", body=refused())
    crm = transport()

    with pytest.raises(UnreachableError):
        crm.read("GET", "/x", api="query")

    assert crm.calls["query"] == 1


def test_a_refused_connection_in_the_middle_of_a_run_may_pass(http: responses.RequestsMock) -> None:
    crm = transport()
    http.get(f"{URL}/x", json=1)
    crm.read("GET", "/x", api="query")
    http.reset()
    http.get(f"{URL}/x", body=refused())
    http.get(f"{URL}/x", json=2)

    assert crm.read("GET", "/x", api="query").json() == 2


def test_an_older_error_that_was_dealt_with_does_not_make_a_write_look_unsent(
    http: responses.RequestsMock,
) -> None:
    http.patch(f"{URL}/w", body=requests.ReadTimeout())

    try:
        raise refused()
    except requests.ConnectionError:
        with pytest.raises(WriteInDoubtError):
            transport().send("PATCH", "/w", api="update", json={})


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_redirect_is_refused_with_its_status(http: responses.RequestsMock, method: str) -> None:
    http.add(method, f"{URL}/x", status=302, headers={"Location": "https://evil.example/x"})
    crm = transport()

    with pytest.raises((RedirectRefusedError, WriteInDoubtError), match="HTTP 302"):
        (crm.read if method == "GET" else crm.send)(method, "/x", api="query")

    assert crm.calls["query"] == 1


@pytest.mark.parametrize(
    "link", ["https://evil.example/next?q=1", "//evil.example/next?q=1", "/next?q=1", "next?q=1"]
)
def test_links_from_replies_stay_on_the_pinned_host(http: responses.RequestsMock, link: str) -> None:
    http.get(f"{URL}/next?q=1", json=[])

    transport().read("GET", link, api="query")

    assert http.calls[0].request.headers["Authorization"] == "Bearer token"


def test_other_hosts_cannot_be_called_even_through_the_session() -> None:
    crm = transport()

    with pytest.raises(UnreachableError, match="not an address that this program may call"):
        crm.session.get("https://acme.my.salesforce.com.evil.example/x")


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "ftp://x", "acme.my.salesforce.com", ""])
def test_only_https_or_loopback_is_accepted(url: str) -> None:
    with pytest.raises(ConfigError, match="https://"):
        transport(base_url=url, allow_http_loopback=True)


def test_http_to_loopback_needs_permission() -> None:
    with pytest.raises(ConfigError, match="local sandbox"):
        transport(base_url="http://127.0.0.1:8080")


def test_every_call_has_time_outs_streams_and_follows_nothing(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", json=1)
    crm = transport(connect_timeout_s=3, read_timeout_s=4)

    crm.session.get(f"{URL}/x")

    kwargs = http.calls[0].request.req_kwargs
    assert (kwargs["timeout"], kwargs["stream"]) == ((3, 4), True)
    assert crm.session.trust_env is False


def test_calls_of_a_vendors_library_are_counted_under_their_label(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", json=1)
    crm = transport()

    with calling("describe"):
        crm.session.get(f"{URL}/x")
    crm.session.get(f"{URL}/x")

    assert crm.calls == {"describe": 1, "other": 1}


def test_a_body_that_never_ends_is_cut_off_by_the_deadline(http: responses.RequestsMock) -> None:
    seconds = itertools.count()
    http.get(f"{URL}/x", body=b" " * (1 << 20))
    crm = transport(governor=Governor(monotonic=lambda: float(next(seconds)), sleeper=Naps()), deadline_s=3)

    with pytest.raises(CrmUnavailableError, match="no whole answer within 3 s"):
        crm.read("GET", "/x", api="query")


def test_a_compressed_answer_is_read(http: responses.RequestsMock) -> None:
    body = gzip.compress(json.dumps(["Žofie"] * 50_000).encode())
    http.get(f"{URL}/x", body=body, headers={"Content-Encoding": "gzip"})

    assert transport().read("GET", "/x", api="query").json() == ["Žofie"] * 50_000


def test_a_damaged_compressed_answer_is_an_outage(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", body=b"\x1f\x8b broken", headers={"Content-Encoding": "gzip"})

    with pytest.raises(CrmUnavailableError, match="no whole answer"):
        transport().read("GET", "/x", api="query")


def test_no_error_shows_the_query(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/query", body=requests.ConnectionError("/query?q=SELECT ana@example.com"))

    with pytest.raises(CrmUnavailableError) as raised:
        transport().read("GET", "/query", api="query", params={"q": "SELECT ana@example.com"})

    assert "SELECT" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_cookies_are_not_kept(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", json=1, headers={"Set-Cookie": "BrowserId=abc; path=/"})
    crm = transport()

    crm.read("GET", "/x", api="query")
    crm.read("GET", "/x", api="query")

    assert "Cookie" not in http.calls[1].request.headers


def test_the_headers_of_every_answer_are_observed(http: responses.RequestsMock) -> None:
    http.get(f"{URL}/x", status=500, headers={"Sforce-Limit-Info": "api-usage=1/2"})
    seen: list[str] = []
    crm = transport(observe=lambda headers: seen.append(headers["sforce-limit-info"]))

    with pytest.raises(CrmUnavailableError):
        crm.read("GET", "/x", api="query")

    assert seen == ["api-usage=1/2"] * ATTEMPTS


@pytest.fixture
def one_answer() -> Iterator[Callable[[bytes], str]]:
    """A loopback server that gives one raw answer and closes; remembers what it was asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def serve(answer: bytes) -> str:
            def run() -> None:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(65_536))
                    connection.sendall(answer)

            threads.append(threading.Thread(target=run))
            threads[-1].start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        asked: list[bytes] = []
        serve.asked = asked  # type: ignore[attr-defined]
        yield serve
        for thread in threads:
            thread.join(10)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n[1, 2]\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1, 2",
        b"HTTP/1.1 200 O",
        b"",
    ],
)
def test_a_body_that_ends_early_is_in_doubt_for_a_write(
    one_answer: Callable[[bytes], str], answer: bytes
) -> None:
    crm = transport(base_url=one_answer(answer), allow_http_loopback=True)

    with pytest.raises(WriteInDoubtError):
        crm.send("PATCH", "/w", api="update", json={})

    crm.close()


def test_a_netrc_with_a_matching_host_changes_nothing(
    one_answer: Callable[[bytes], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    url = one_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
    crm = transport(base_url=url, allow_http_loopback=True)

    crm.read("GET", "/x", api="query")

    assert b"Authorization: Bearer token" in one_answer.asked[0]  # type: ignore[attr-defined]
    crm.close()
