"""A server with a tiny CRM behind it that echoes and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.http import Request, Response
from leadledger.sandbox.server import Sandbox

NOW_US = 1_790_000_000_000_000


@dataclass
class EchoApp:
    """A CRM under /echo: it remembers what it applied."""

    crm: str = "echo"
    applied: list[Request] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    expired: int = 0

    def handles(self, path: str) -> bool:
        return path.startswith("/echo")

    def handle(self, request: Request) -> Response:
        if request.path == "/echo/bug":
            raise ZeroDivisionError
        self.applied.append(request)
        body = {
            "method": request.method,
            "query": request.query,
            "body": request.body.decode(),
            "pad": "x" * 2000,
        }
        if request.path == "/echo/small":
            body.pop("pad")
        return Response.json(200, body)

    def load(self, rows) -> None:
        self.rows = dict(rows)

    def is_empty(self) -> bool:
        return not self.rows

    def dump(self) -> dict[str, Any]:
        return {"Thing": self.rows}

    def edit(self, object_: str, record_id: str, fields, *, by: str) -> None:
        self.rows[record_id] |= {**fields, "by": by}

    def environment(self, base_url: str) -> dict[str, str]:
        return {"LEADLEDGER_ECHO__URL": base_url}

    def expire_tokens(self) -> None:
        self.expired += 1


class HandMonotonic:
    """Real time that stands still until told otherwise."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us


@pytest.fixture
def ticks() -> HandMonotonic:
    return HandMonotonic()


@pytest.fixture
def story_clock(ticks) -> StoryClock:
    return StoryClock(NOW_US, monotonic_us=ticks)


@pytest.fixture
def echo() -> EchoApp:
    app = EchoApp()
    app.load({"1": {"name": "one"}}.items())
    return app


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def sandbox(echo, story_clock, slept):
    def reload() -> None:
        echo.load({"1": {"name": "one"}}.items())

    with Sandbox([echo], story_clock, reload=reload, sleep=slept.append) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox):
    """Calls the sandbox by path; `panel` is for /_sandbox/."""

    class Http:
        session = requests.Session()

        def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
            return self.session.request(method, sandbox.base_url + path, timeout=10, **kwargs)

        def get(self, path: str, **kwargs: Any) -> requests.Response:
            return self.call("GET", path, **kwargs)

        def panel(self, method: str, name: str, **kwargs: Any) -> requests.Response:
            return self.call(method, f"/_sandbox/{name}", **kwargs)

        def fault(self, action: dict[str, Any], **rule: Any) -> None:
            answer = self.panel("POST", "faults", json={"action": action, **rule})
            assert answer.status_code == 201, answer.text

    http = Http()
    yield http
    http.session.close()
