"""Decides which calls go wrong, and how: programmable rules, for tests and for trying out a runbook."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from leadledger.sandbox.http import JsonObject, Response

FOR_EVER = -1


class FaultError(ValueError):
    """A rule that cannot be understood. The message says what to change."""


class Act(StrEnum):
    """What a fault does to a call."""

    RESPOND = "respond"
    """Answer `status`, `headers` and `body` without asking the CRM."""
    DROP_BEFORE = "drop_before"
    """Close the connection; nothing was applied."""
    DROP_AFTER = "drop_after"
    """Apply the call, then close without an answer: the ambiguous outcome."""
    TRUNCATE = "truncate"
    """Apply, announce the whole length, send half of the body, close."""
    TRUNCATE_JSON = "truncate_json"
    """Apply, answer 200 with half of the document and the right length for that half."""
    DELAY = "delay"
    """Wait `seconds`, then answer as usual."""
    EXPIRE_TOKEN = "expire_token"  # noqa: S105 - the name of a fault
    """Forget all access tokens of this CRM, then answer as usual (which is a 401)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule. The first rule in the queue that matches a call, and has waited `after` matches, acts on it.

    `crm`, `method` and `path_glob` empty mean "any". `times` is how often it acts; -1 for ever.
    """

    act: Act
    crm: str = ""
    method: str = ""
    path_glob: str = ""
    times: int = 1
    after: int = 0
    seconds: float = 0.0
    response: Response | None = None
    number: int = 0

    def matches(self, crm: str, method: str, path: str) -> bool:
        """Whether a call is meant. `*` in the glob also matches slashes."""
        return (
            self.crm in {"", crm}
            and self.method in {"", method}
            and (not self.path_glob or fnmatchcase(path, self.path_glob))
        )

    def as_json(self) -> JsonObject:
        """The rule as GET /_sandbox/faults shows it."""
        action: JsonObject = {"type": self.act.value}
        if self.act is Act.DELAY:
            action["seconds"] = self.seconds
        if self.response is not None:
            action["status"] = self.response.status
            action["headers"] = dict(self.response.headers)
            action["body"] = self.response.body.decode(errors="replace")
        match = {"crm": self.crm, "method": self.method, "path_glob": self.path_glob}
        return {
            "number": self.number,
            "match": match,
            "times": self.times,
            "after": self.after,
            "action": action,
        }


@dataclass(slots=True)
class Faults:
    """The queue of rules. Thread-safe."""

    _queue: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0

    def add(self, fault: Fault) -> Fault:
        """Append a rule; the answer carries its number."""
        with self._lock:
            self._count += 1
            numbered = replace(fault, number=self._count)
            self._queue.append(numbered)
            return numbered

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._queue.clear()

    def pending(self) -> tuple[Fault, ...]:
        """The rules that may still act, in order."""
        with self._lock:
            return tuple(self._queue)

    def take(self, crm: str, method: str, path: str) -> Fault | None:
        """The rule that acts on this call, counted down; None leaves the call alone."""
        if not self._queue:
            return None
        with self._lock:
            for position, fault in enumerate(self._queue):
                if not fault.matches(crm, method, path):
                    continue
                if fault.after > 0:
                    self._queue[position] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times == 1:
                    del self._queue[position]
                elif fault.times > 1:
                    self._queue[position] = replace(fault, times=fault.times - 1)
                return fault
        return None


def read_fault(document: Mapping[str, Any]) -> Fault:
    """A rule from `{"match": {crm, method, path_glob}, "times", "after", "action": {"type", …}}`.

    Raises FaultError.
    """
    _only(document, {"match", "times", "after", "action"}, "a fault")
    match = _object(document.get("match", {}), "match")
    action = _object(document.get("action"), "action")
    _only(match, {"crm", "method", "path_glob"}, "match")
    _only(action, {"type", "status", "headers", "body", "seconds"}, "action")
    kind = action.get("type", Act.RESPOND.value if "status" in action else "")
    if kind not in set(Act):
        raise FaultError(f"action.type is one of: {', '.join(Act)}")
    times = _whole(document.get("times", 1), "times")
    after = _whole(document.get("after", 0), "after")
    if times == 0 or times < FOR_EVER or after < 0:
        raise FaultError("times is 1 or more, or -1 for ever; after is 0 or more")
    seconds = action.get("seconds", 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 600:
        raise FaultError("action.seconds is a number from 0 to 600")
    return Fault(
        act=Act(kind),
        crm=str(match.get("crm", "")),
        method=str(match.get("method", "")).upper(),
        path_glob=str(match.get("path_glob", "")),
        times=times,
        after=after,
        seconds=float(seconds),
        response=_response(action) if kind == Act.RESPOND else None,
    )


def _response(action: Mapping[str, Any]) -> Response:
    status = _whole(action.get("status", 0), "action.status")
    if not 100 <= status <= 599:
        raise FaultError("action.status is an HTTP status from 100 to 599")
    headers = {str(k): str(v) for k, v in _object(action.get("headers", {}), "action.headers").items()}
    if any("\r" in text or "\n" in text for pair in headers.items() for text in pair):
        raise FaultError("action.headers may not contain line breaks")
    body = action.get("body", "")
    if isinstance(body, str):
        raw, kind = body.encode(), "text/html; charset=utf-8"
    else:
        raw, kind = json.dumps(body).encode(), "application/json;charset=UTF-8"
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    return Response(status, raw, tuple(headers.items()))


def _only(document: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(document) - known)
    if unknown:
        raise FaultError(f"{what} has no key {unknown[0]!r}; it has: {', '.join(sorted(known))}")


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise FaultError(f"{what} is a JSON object")
    return value


def _whole(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FaultError(f"{what} is a whole number")
    return value
