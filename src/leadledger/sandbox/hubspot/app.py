"""The HubSpot-compatible application of the sandbox: one account behind `handle`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leadledger.sandbox.http import JsonObject, Request, Response, SandboxClock, Storage
from leadledger.sandbox.hubspot import population
from leadledger.sandbox.hubspot.account import Account, Call
from leadledger.sandbox.hubspot.auth import WRITER, Tokens
from leadledger.sandbox.hubspot.errors import RefusedError, method_not_allowed, uri_too_long
from leadledger.sandbox.hubspot.limits import Headers, Limits
from leadledger.sandbox.hubspot.requirements import Requirement
from leadledger.sandbox.hubspot.routes import find_route
from leadledger.sandbox.hubspot.schema import Schema
from leadledger.sandbox.hubspot.storage import Store
from leadledger.sandbox.hubspot.switches import Switches

_FAMILIES = (
    "/crm/",
    "/crm-object-schemas/",
    "/marketing/",
    "/form-integrations/",
    "/oauth/",
    "/account-info/",
    "/automation/",
    "/communication-preferences/",
    "/email/",
    "/events/",
)
"""Paths of HubSpot's API; those that the sandbox does not have are refused with its 404."""
_LONGEST_URI = 16 * 1024


class HubSpotApp:
    """One HubSpot account.

    `limits=False` counts calls without ever refusing one. `switches` sets behaviours that HubSpot leaves open
    (sandbox.hubspot.switches) and can be changed through `app.switches[...]` at any time, as can
    `app.account.index_lag_seconds`. `monotonic` is the time of the rate limits, in seconds.
    """

    crm = "hubspot"

    def __init__(
        self,
        storage: Storage,
        clock: SandboxClock,
        *,
        limits: bool = True,
        daily: int = 1_000_000,
        switches: Mapping[str, str] | None = None,
        index_lag_seconds: float = 0.0,
        requirements: Iterable[Requirement] = (),
        time_zone: str = "Europe/Berlin",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        store = Store(storage)
        self.switches = Switches(switches or {})
        self.account = Account(
            store=store,
            schema=Schema(store),
            clock=clock,
            switches=self.switches,
            index_lag_seconds=index_lag_seconds,
            requirements=tuple(requirements),
            time_zone=time_zone,
        )
        self._tokens = Tokens(clock, self.switches)
        self._limits = Limits(
            clock, self.switches, enforced=limits, daily=daily, time_zone=time_zone, monotonic=monotonic
        )

    def handles(self, path: str) -> bool:
        """Whether a path begins like one of HubSpot's."""
        return path.startswith(_FAMILIES)

    def handle(self, request: Request) -> Response:
        """Answer one call; a refused one changes nothing."""
        try:
            return self._answer(request)
        except RefusedError as refused:
            return refused.response

    def _answer(self, request: Request) -> Response:
        length = len(request.path) + sum(len(name) + len(value) + 2 for name, value in request.query)
        if length > _LONGEST_URI:
            raise uri_too_long()
        if _is_token_endpoint(request.path):
            if request.method != "POST":
                raise method_not_allowed(["POST"])
            return self._tokens.grant(request)
        caller = self._tokens.caller(request)
        headers: Headers = ()
        try:
            try:
                route = find_route(request.path)
                endpoint = route.methods.get(request.method)
                if endpoint is None:
                    raise method_not_allowed(route.methods)
            except RefusedError:
                headers = self._limits.admit(caller, search=False)
                raise
            headers = self._limits.admit(caller, search=endpoint.is_search)
            caller.require(endpoint.scopes)
            call = Call(request, caller, route.version)
            with self.account.store.transaction():
                return _with(endpoint.answer(self.account, call), headers)
        except RefusedError as refused:
            raise RefusedError(_with(refused.response, headers)) from None

    def load(self, rows: Iterable[tuple[str, JsonObject]]) -> None:
        """Replace everything by a story's rows (shapes: docs/reference/sandbox-hubspot.md)."""
        population.load(self.account, rows)

    def is_empty(self) -> bool:
        """Whether nothing has been loaded yet."""
        return population.is_empty(self.account)

    def dump(self) -> JsonObject:
        """The whole state as `{object: {id: row}}`, in id order."""
        return population.dump(self.account)

    def edit(self, object_: str, record_id: str, fields: Mapping[str, Any], *, by: str) -> None:
        """Change a record as a person would. KeyError if it is not there, ValueError for a bad value."""
        population.edit(self.account, object_, record_id, fields, by=by)

    def expire_tokens(self) -> None:
        """End every OAuth access token; the private-app keys of `environment` stay valid, as HubSpot's do."""
        self._tokens.expire()

    def environment(self, base_url: str) -> Mapping[str, str]:
        """The variables that point a run at this account."""
        return {"LEADLEDGER_HUBSPOT__URL": base_url, "LEADLEDGER_HUBSPOT__TOKEN": WRITER}


def _is_token_endpoint(path: str) -> bool:
    segments = path.strip("/").split("/")
    return len(segments) == 3 and segments[0] == "oauth" and segments[2] == "token"


def _with(response: Response, headers: Headers) -> Response:
    return Response(response.status, response.body, (*response.headers, *headers))
