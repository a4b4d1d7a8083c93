"""The border between the sandbox's HTTP server and the two CRM applications behind it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived. Header names are lower-case; `query` keeps order and repetition."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back. The server adds Date, Content-Length and compression."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def json(cls, status: int, value: object, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        """A JSON document in UTF-8."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, (("Content-Type", "application/json;charset=UTF-8"), *headers))


@dataclass(slots=True)
class Storage:
    """One SQLite database (a file, or `:memory:`) shared by the threads of the server, and its lock."""

    connection: sqlite3.Connection
    lock: threading.RLock = field(default_factory=threading.RLock)


class SandboxClock(Protocol):
    """The time of the pretended CRM. It starts where the story ends, ticks with real time, and can be set."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        ...


class App(Protocol):
    """One pretended CRM."""

    crm: str
    """`salesforce` or `hubspot`."""

    def handles(self, path: str) -> bool:
        """Whether a path belongs to this CRM's API."""
        ...

    def handle(self, request: Request) -> Response:
        """Answer one call. Thread-safe."""
        ...

    def load(self, rows: Iterable[tuple[str, JsonObject]]) -> None:
        """Fill the CRM with (object, row) pairs of a story, replacing what was there."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing has been loaded yet (a fresh state file)."""
        ...

    def dump(self) -> JsonObject:
        """The whole state as `{object: {id: row}}`, in id order: the same state gives the same bytes."""
        ...

    def edit(self, object_: str, record_id: str, fields: Mapping[str, Any], *, by: str) -> None:
        """Change a row as a human user would, with stamps and history. Raises KeyError if it is not there."""
        ...

    def environment(self, base_url: str) -> Mapping[str, str]:
        """The LEADLEDGER_ variables that point a run at this CRM on `base_url`."""
        ...
