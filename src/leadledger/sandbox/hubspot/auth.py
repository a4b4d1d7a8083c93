"""Who is calling: private-app tokens with their scopes, and OAuth access tokens with an expiry."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from leadledger.sandbox.http import JsonObject, Request, Response, SandboxClock
from leadledger.sandbox.hubspot.errors import PORTAL_ID, correlation_id, missing_scopes, not_authenticated
from leadledger.sandbox.hubspot.switches import Switches

READ_SCOPES = frozenset(
    {
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.companies.read",
        "crm.objects.deals.read",
        "crm.objects.owners.read",
        "crm.schemas.contacts.read",
        "crm.schemas.companies.read",
        "crm.schemas.deals.read",
        "sales-email-read",
        "forms",
    }
)
ALL_SCOPES = READ_SCOPES | {
    "crm.objects.contacts.write",
    "crm.objects.companies.write",
    "crm.objects.deals.write",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.write",
    "crm.schemas.deals.write",
}

WRITER = "pat-sandbox-0000-writer"
"""The private-app key with every scope that leadledger needs."""
READER = "pat-sandbox-0000-reader"
"""A private-app key that may read everything and write nothing."""
CLIENT_ID = "sandbox-client-id"
CLIENT_KEY = "sandbox-client-secret"
REFRESH = "sandbox-refresh-token"

_LIFETIME_SECONDS = 1800  # OAuth access tokens of HubSpot (facts: authentication)
_PRIVATE_APP_BURST = 190  # Professional and Enterprise, per 10 s and app (usage guidelines)
_OAUTH_BURST = 110


@dataclass(frozen=True, slots=True)
class Caller:
    """The app behind a token. `key` names its rate bucket; never the token itself in an answer."""

    key: str
    app_id: str
    app_name: str
    scopes: frozenset[str]
    burst: int
    has_daily_limit: bool

    def require(self, alternatives: Iterable[Iterable[str]]) -> None:
        """Each member must be satisfied by any one of its scopes. Raises 403 MISSING_SCOPES."""
        for any_of in alternatives:
            if self.scopes.isdisjoint(any_of):
                raise missing_scopes(any_of)


_PRIVATE = {
    WRITER: Caller("writer", "7100001", "leadledger", ALL_SCOPES, _PRIVATE_APP_BURST, has_daily_limit=True),
    READER: Caller("reader", "7100002", "reader", READ_SCOPES, _PRIVATE_APP_BURST, has_daily_limit=True),
}
_OAUTH = Caller("oauth", "7100003", "leadledger OAuth", ALL_SCOPES, _OAUTH_BURST, has_daily_limit=False)


class Tokens:
    """The tokens of the account. OAuth access tokens live in memory and end with the process."""

    def __init__(self, clock: SandboxClock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._access: dict[str, int] = {}
        self._refresh = {REFRESH}
        self._issued = 0

    def caller(self, request: Request) -> Caller:
        """The app of the Bearer token. Raises 401."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise not_authenticated()
        presented = text.strip()
        if presented in _PRIVATE:
            return _PRIVATE[presented]
        with self._lock:
            expires_us = self._access.get(presented)
        if expires_us is None:
            raise not_authenticated()
        if expires_us <= self._clock.now_us():
            raise not_authenticated(expired=True)
        return _OAUTH

    def expire(self) -> None:
        """End every OAuth access token now. Private-app keys have no end."""
        with self._lock:
            self._access = dict.fromkeys(self._access, 0)

    def grant(self, request: Request) -> Response:
        """`POST /oauth/{v}/token` with grant_type=refresh_token; the others are refused with 400."""
        try:
            form = parse_qs(request.body.decode())
        except UnicodeDecodeError:
            form = {}
        given = {name: values[-1] for name, values in form.items()}
        if given.get("grant_type") != "refresh_token":
            return _refused("BAD_GRANT_TYPE", "the sandbox grants access for a refresh_token only")
        if given.get("client_id") != CLIENT_ID:
            return _refused("BAD_CLIENT_ID", "missing or unknown client id")
        if given.get("client_secret") != CLIENT_KEY:
            return _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        with self._lock:
            if given.get("refresh_token") not in self._refresh:
                return _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
            self._issued += 1
            access = f"sandbox-access-{self._issued:06d}"
            self._access[access] = self._clock.now_us() + _LIFETIME_SECONDS * 1_000_000
            refresh = given["refresh_token"]
            if self._switches["oauth_rotation"] == "on":
                self._refresh.discard(refresh)
                refresh = f"{REFRESH}-{self._issued:06d}"
                self._refresh.add(refresh)
        body: JsonObject = {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": _LIFETIME_SECONDS,
            "token_type": "bearer",
            "token_use": "access_token",
            "hub_id": PORTAL_ID,
            "user_id": 1,
            "scopes": sorted(ALL_SCOPES),
        }
        return Response.json(200, body)


def _refused(status: str, message: str) -> Response:
    # HubSpot answers its own form, not the `error` of RFC 6749 (facts: authentication).
    return Response.json(400, {"status": status, "message": message, "correlationId": correlation_id()})
