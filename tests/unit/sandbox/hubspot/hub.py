"""A HubSpot account in memory, on a clock that stands still, and the rows that tests fill it with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from leadledger.sandbox.http import Request
from leadledger.sandbox.hubspot.app import HubSpotApp
from leadledger.sandbox.hubspot.auth import WRITER

NOON = 1_772_452_800_000_000
"""2026-03-02T12:00:00Z in microseconds."""


@dataclass
class StillClock:
    us: int = NOON

    def now_us(self) -> int:
        return self.us

    def pass_seconds(self, seconds: float) -> None:
        self.us += round(seconds * 1e6)


@dataclass
class Ticker:
    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Hub:
    """An account and a way to call it."""

    app: HubSpotApp
    clock: StillClock
    ticker: Ticker
    key: str = WRITER

    def call(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        path, _, query = target.partition("?")
        sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        request = Request(
            method,
            path,
            tuple(parse_qsl(query, keep_blank_values=True)),
            {"authorization": f"Bearer {self.key}", "host": "127.0.0.1:8080", **headers},
            sent,
        )
        response = self.app.handle(request)
        text = response.body.decode()
        is_json = dict(response.headers).get("Content-Type", "").startswith("application/json")
        return Answer(response.status, json.loads(text) if is_json else text, dict(response.headers))

    def get(self, target: str) -> Answer:
        return self.call("GET", target)

    def post(self, target: str, body: Any) -> Answer:
        return self.call("POST", target, body)

    def patch(self, target: str, **properties: Any) -> Answer:
        return self.call("PATCH", target, {"properties": properties})

    def search(self, type_: str = "contacts", **body: Any) -> Answer:
        return self.post(f"/crm/objects/2026-09/{type_}/search", body)

    def found(self, name: str, operator: str, type_: str = "contacts", **operand: Any) -> list[str]:
        """Ids that one filter finds."""
        filter_ = {"propertyName": name, "operator": operator, **operand}
        answer = self.search(type_, filterGroups=[{"filters": [filter_]}], limit=200)
        assert answer.status == 200, answer.body
        return [result["id"] for result in answer.body["results"]]

    def value(self, id_: str, name: str, type_: str = "contacts") -> str | None:
        return self.get(f"/crm/objects/2026-09/{type_}/{id_}?properties={name}").body["properties"][name]

    def history(self, id_: str, name: str) -> list[dict[str, Any]]:
        answer = self.get(f"/crm/objects/2026-09/contacts/{id_}?propertiesWithHistory={name}")
        return answer.body["propertiesWithHistory"][name]


def a_contact(id_: int, **properties: str | None) -> tuple[str, dict[str, Any]]:
    return "contacts", {
        "id": str(id_),
        "properties": {"email": f"person{id_}@acme.example", **properties},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-02-01T00:00:00.000Z",
        "archived": False,
    }


def a_record(object_: str, id_: int, **properties: str | None) -> tuple[str, dict[str, Any]]:
    return object_, {**a_contact(id_)[1], "properties": properties}


def an_owner(id_: str, *, archived: bool = False) -> tuple[str, dict[str, Any]]:
    return "owners", {
        "id": id_,
        "email": f"rep{id_}@ours.example",
        "firstName": "Rep",
        "lastName": id_,
        "userId": int(id_) + 40_000,
        "archived": archived,
        "teams": [{"id": "9", "name": "EMEA", "primary": True}],
    }


MakeHub = Callable[..., Hub]
