"""The control panel under /_sandbox/: what arrived, what is stored, what time it is, what shall go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from leadledger.domain.instants import LATEST, iso, parse_instant
from leadledger.sandbox.faults import Act, Faults, read_fault
from leadledger.sandbox.http import App, JsonObject, Request, Response, SandboxClock
from leadledger.sandbox.journal import Journal

CONTROL_PREFIX = "/_sandbox/"

HELP: tuple[tuple[str, str, str], ...] = (
    ("GET", "help", "This list."),
    ("GET", "requests", "Calls that arrived, oldest first. Filters: crm, method, path_glob, since, limit."),
    ("DELETE", "requests", "Forget the log and the counts."),
    ("GET", "counts", "Calls per CRM, API family and method since the last reset of the counts."),
    ("POST", "counts/reset", "Count from zero."),
    ("GET", "state", "Every stored row: {crm: {object: {id: row}}}. Filters: crm, object."),
    ("POST", "reset", "Load the story again; clock, log, counts and faults start afresh."),
    ("GET", "clock", "The time of the sandbox."),
    ("POST", "clock", 'Change it: {"set": "2026-11-01T09:00:00Z"} or {"advance_s": 3600}.'),
    ("GET", "faults", "The faults that may still act, in order."),
    ("POST", "faults", "Append a fault (one object, or a list): match, times, after, action."),
    ("DELETE", "faults", "Forget all faults."),
    ("POST", "edit", "Change a row as a person would: {crm, object, id, fields, by}."),
    ("POST", "trust", "Trust a public key for JWT logins: {crm, public_key} with a PEM text."),
)


class ControlError(ValueError):
    """A call that the panel cannot carry out. The message says what to send instead."""


@runtime_checkable
class SettableClock(Protocol):
    """A clock that the control panel may move."""

    def set_to(self, instant_us: int) -> None: ...
    def advance(self, delta_us: int) -> None: ...
    def restart(self) -> None: ...


@runtime_checkable
class ExpiresTokens(Protocol):
    """An app whose access tokens end."""

    def expire_tokens(self) -> None: ...


@runtime_checkable
class TrustsKeys(Protocol):
    """An app that takes logins signed with a private key."""

    def trust(self, public_key_pem: str) -> None: ...


class Control:
    """Answers /_sandbox/… in JSON. Errors are 4xx with `{"error", "message"}`."""

    def __init__(
        self,
        apps: Sequence[App],
        clock: SandboxClock,
        journal: Journal,
        faults: Faults,
        reload: Callable[[], None] | None,
    ) -> None:
        self._apps = {app.crm: app for app in apps}
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._reload = reload
        self._routes: Mapping[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "help"): self._help,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._clear_requests,
            ("GET", "counts"): self._counts,
            ("POST", "counts/reset"): self._reset_counts,
            ("GET", "state"): self._state,
            ("POST", "reset"): self._reset,
            ("GET", "clock"): self._time,
            ("POST", "clock"): self._set_time,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "edit"): self._edit,
            ("POST", "trust"): self._trust,
        }

    def handle(self, request: Request) -> Response:
        """Answer one call. Refuses a Host that is not loopback, so that no web page can reach the panel."""
        host = request.headers.get("host", "127.0.0.1").rsplit(":", 1)[0]
        if host not in {"127.0.0.1", "localhost"}:
            return _problem(403, "The control panel answers on 127.0.0.1 and localhost only.")
        name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
        route = self._routes.get((request.method, name))
        if route is None:
            known = [method for method, other, _ in HELP if other == name]
            if known:
                return _problem(405, f"{name} takes {' and '.join(known)}.")
            return _problem(404, f"There is no {name!r} here. GET {CONTROL_PREFIX}help lists what there is.")
        try:
            return route(request)
        except ValueError as exc:
            return _problem(400, f"{exc}.")
        except KeyError as exc:
            return _problem(404, str(exc.args[0]) if exc.args else "Not found.")

    def expire_tokens(self, crm: str) -> None:
        """Forget the access tokens of a CRM that has some."""
        app = self._apps[crm]
        if isinstance(app, ExpiresTokens):
            app.expire_tokens()

    def _help(self, _: Request) -> Response:
        endpoints = [
            {"method": method, "path": CONTROL_PREFIX + name, "what": what} for method, name, what in HELP
        ]
        return Response.json(200, {"endpoints": endpoints, "fault_actions": list(Act)})

    def _requests(self, request: Request) -> Response:
        entries = self._journal.entries(
            crm=request.one("crm"),
            method=request.one("method").upper(),
            path_glob=request.one("path_glob"),
            since=_number(request.one("since", "0"), "since"),
        )
        limit = _number(request.one("limit", "0"), "limit")
        chosen = entries[-limit:] if limit else entries
        return Response.json(200, {"requests": [entry.as_json() for entry in chosen]})

    def _clear_requests(self, _: Request) -> Response:
        self._journal.clear()
        return Response.json(200, {"ok": True})

    def _counts(self, _: Request) -> Response:
        return Response.json(200, self._journal.counts())

    def _reset_counts(self, _: Request) -> Response:
        self._journal.reset_counts()
        return Response.json(200, {"ok": True})

    def _state(self, request: Request) -> Response:
        crm, object_ = request.one("crm"), request.one("object")
        apps = self._apps if not crm else {crm: self._app(crm)}
        state: JsonObject = {}
        for name in sorted(apps):
            dump = apps[name].dump()
            state[name] = {object_: dump.get(object_, {})} if object_ else dump
        return Response.json(200, state)

    def _reset(self, _: Request) -> Response:
        if self._reload is None:
            return _problem(409, "This sandbox was started without a story that it could load again.")
        if isinstance(self._clock, SettableClock):
            self._clock.restart()
        self._reload()
        self._faults.clear()
        self._journal.clear()
        return Response.json(200, {"ok": True})

    def _time(self, _: Request) -> Response:
        return Response.json(200, {"now": iso(self._clock.now_us())})

    def _set_time(self, request: Request) -> Response:
        body = _body(request)
        if not isinstance(self._clock, SettableClock):
            return _problem(409, "This sandbox runs on a clock that cannot be set.")
        if set(body) == {"set"} and isinstance(body["set"], str):
            self._clock.set_to(parse_instant(body["set"], ZoneInfo("UTC")))
        elif set(body) == {"advance_s"} and _is_number(body["advance_s"]):
            self._clock.advance(_step_us(self._clock.now_us(), float(body["advance_s"])))
        else:
            raise ControlError('Send either {"set": "2026-11-01T09:00:00Z"} or {"advance_s": 3600}')
        return self._time(request)

    def _list_faults(self, _: Request) -> Response:
        return Response.json(200, {"faults": [fault.as_json() for fault in self._faults.pending()]})

    def _add_faults(self, request: Request) -> Response:
        document = _json(request)
        wanted = [
            read_fault(item if isinstance(item, dict) else {})
            for item in (document if isinstance(document, list) else [document])
        ]
        for fault in wanted:
            if fault.crm:
                self._app(fault.crm)
            if fault.act is Act.EXPIRE_TOKEN and not any(
                isinstance(app, ExpiresTokens) for app in self._apps.values() if fault.crm in {"", app.crm}
            ):
                raise ControlError("expire_token is for a CRM whose tokens end")
        added = [self._faults.add(fault).as_json() for fault in wanted]
        return Response.json(201, {"faults": added})

    def _clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return Response.json(200, {"ok": True})

    def _edit(self, request: Request) -> Response:
        body = _body(request)
        texts = [body.get(key) for key in ("crm", "object", "id", "by")]
        fields = body.get("fields")
        if not all(isinstance(text, str) for text in texts) or not isinstance(fields, dict):
            raise ControlError("An edit needs the texts crm, object, id and by, and the object fields")
        crm, object_, record_id, by = (str(text) for text in texts)
        app = self._app(crm)
        try:
            app.edit(object_, record_id, fields, by=by)
        except KeyError as exc:
            raise KeyError(
                f"{crm} has no such row or field to edit: {exc.args[0] if exc.args else ''}."
            ) from exc
        return Response.json(200, {"ok": True})

    def _trust(self, request: Request) -> Response:
        body = _body(request)
        app = self._app(str(body.get("crm", "")))
        if not isinstance(app, TrustsKeys) or not isinstance(body.get("public_key"), str):
            raise ControlError("trust needs a crm with JWT login and a public_key as PEM text")
        app.trust(body["public_key"])
        return Response.json(200, {"ok": True})

    def _app(self, crm: str) -> App:
        if crm not in self._apps:
            raise ControlError(f"crm is one of: {', '.join(sorted(self._apps))}")
        return self._apps[crm]


def _problem(status: int, message: str) -> Response:
    names = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
    return Response.json(status, {"error": names.get(status, "conflict"), "message": message})


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as exc:
        raise ControlError("The body has to be JSON") from exc


def _body(request: Request) -> JsonObject:
    document = _json(request)
    if not isinstance(document, dict):
        raise ControlError("The body has to be a JSON object")
    return document


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ControlError(f"{name} is a whole number")
    return int(text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _step_us(now_us: int, seconds: float) -> int:
    """A step of the clock in microseconds. Raises ControlError when it leaves the years 1970 to 2099."""
    if not abs(seconds) < LATEST / 1_000_000 or not 0 <= now_us + seconds * 1_000_000 < LATEST:
        raise ControlError("advance_s may not leave the years 1970 to 2099")
    return int(seconds * 1_000_000)
