"""Remembers which calls arrived: a bounded log with bodies, and counts per CRM, API family and method."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from leadledger.domain.instants import iso
from leadledger.sandbox.http import JsonObject, Request

KEEP_REQUESTS = 5_000
KEEP_BODY_BYTES = 64 * 1024
KEEP_ALL_BODIES_BYTES = 128 * 1024 * 1024
WITHHELD = "(withheld)"

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_VERSION = re.compile(r"v\d+(\.\d+)?|\d{4}-\d{2}")
_ID = re.compile(r"\d+|0r8\w+(-\d+)?|(?=\w*\d)[A-Za-z0-9]{15}|(?=\w*\d)[A-Za-z0-9]{18}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `status` 0 means that the connection was closed without an answer."""

    number: int
    at_us: int
    crm: str
    request: Request
    status: int
    response_bytes: int
    duration_us: int
    fault: str = ""

    def as_json(self) -> JsonObject:
        """The call as GET /_sandbox/requests shows it, without tokens and secrets."""
        headers = {k: WITHHELD if k in _SECRET_HEADERS else v for k, v in self.request.headers.items()}
        body, note = _shown(self.request)
        return {
            "number": self.number,
            "at": iso(self.at_us),
            "crm": self.crm,
            "family": family(self.request.path),
            "method": self.request.method,
            "path": self.request.path,
            "query": [list(pair) for pair in self.request.query],
            "headers": headers,
            "body": body,
            "body_note": note,
            "status": self.status,
            "response_bytes": self.response_bytes,
            "duration_ms": self.duration_us / 1_000,
            "fault": self.fault,
        }


@dataclass(slots=True)
class Journal:
    """The last 5,000 calls and the counts since the last reset. Thread-safe."""

    _entries: deque[Entry] = field(default_factory=deque)
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0
    _bytes: int = 0

    def record(
        self,
        crm: str,
        request: Request,
        *,
        at_us: int,
        status: int,
        response_bytes: int,
        duration_us: int,
        fault: str = "",
    ) -> None:
        """Append a call. A body beyond 64 KB is counted in the log but not kept."""
        kept = request
        if len(request.body) > KEEP_BODY_BYTES:
            kept = Request(request.method, request.path, request.query, request.headers, b"")
        with self._lock:
            self._number += 1
            entry = Entry(self._number, at_us, crm, kept, status, response_bytes, duration_us, fault)
            self._entries.append(entry)
            self._bytes += len(kept.body)
            self._counts[crm, family(request.path), request.method] += 1
            while len(self._entries) > KEEP_REQUESTS or self._bytes > KEEP_ALL_BODIES_BYTES:
                self._bytes -= len(self._entries.popleft().request.body)

    def entries(
        self, *, crm: str = "", method: str = "", path_glob: str = "", since: int = 0
    ) -> tuple[Entry, ...]:
        """The calls that are still kept, oldest first; empty arguments mean "any"."""
        with self._lock:
            entries = tuple(self._entries)
        return tuple(
            entry
            for entry in entries
            if entry.number > since
            and crm in {"", entry.crm}
            and method in {"", entry.request.method}
            and (not path_glob or fnmatchcase(entry.request.path, path_glob))
        )

    def counts(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
        """Calls since the last reset: `{crm: {family: {method: n}}}`, sorted by name."""
        with self._lock:
            counted = sorted(self._counts.items())
        nested: dict[str, dict[str, dict[str, int]]] = {}
        for (crm, name, method), count in counted:
            nested.setdefault(crm, {}).setdefault(name, {})[method] = count
        return nested

    def reset_counts(self) -> None:
        """Start counting from zero; the log stays."""
        with self._lock:
            self._counts.clear()

    def clear(self) -> None:
        """Forget log and counts."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()
            self._bytes = 0


def family(path: str) -> str:
    """The API that a path belongs to, without versions, ids and Salesforce object names.

    `/services/data/v68.0/query/0r8…-2000` is `query`, `/services/data/v68.0/sobjects/Lead/describe` is
    `sobjects/describe`, `/crm/v3/objects/contacts/batch/update` is `crm/objects/contacts/batch/update`.
    """
    parts = [part for part in path.split("/") if part]
    salesforce = bool(parts) and parts[0] == "services"
    if salesforce:
        parts = parts[2:] if parts[1:2] == ["data"] else parts[1:]
    named = [part for part in parts if not _VERSION.fullmatch(part) and not _ID.fullmatch(part)]
    if not salesforce:
        return "/".join(named) or "/"
    if "sobjects" in named:
        end = named.index("sobjects") + 1
        named = named[:end] + [part for part in named[end:] if part in {"describe", "updated", "deleted"}]
    return "/".join(named) or ("resources" if parts else "versions")


def _shown(request: Request) -> tuple[str | None, str]:
    """The body as text and a note why it is not there."""
    length = request.headers.get("content-length", "")
    if "/oauth" in request.path:
        return None, WITHHELD
    if not request.body:
        longer = length.isdigit() and int(length) > KEEP_BODY_BYTES
        return None, f"longer than {KEEP_BODY_BYTES} bytes" if longer else ""
    try:
        return request.body.decode(), ""
    except UnicodeDecodeError:
        return request.body.decode(errors="replace"), "not UTF-8: foreign bytes are replaced"
