"""Hands out access tokens for client credentials, signed assertions and a refresh token, and checks them.

Facts kept: no reply tells when a token expires; use extends its life; errors are objects with status 400.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from jwt.types import Options

from leadledger.domain.instants import SECOND
from leadledger.sandbox.http import JsonObject, Request, Response, SandboxClock
from leadledger.sandbox.salesforce import org
from leadledger.sandbox.salesforce.errors import refuse

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SHARED_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


class _GrantError(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class Auth:
    """The token endpoint and the tokens. Thread-safe.

    `ttl_s` counts in the sandbox's time since the last use of a token; `wall_s` is real time, by which
    signed assertions expire, because the client that signs them does not know the sandbox's clock.
    """

    def __init__(self, clock: SandboxClock, *, ttl_s: float, wall_s: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ttl_us = int(ttl_s * SECOND)
        self._wall_s = wall_s
        self._tokens: dict[str, int] = {}
        self._keys: list[RSAPublicKey] = []
        self._lock = threading.Lock()

    def trust(self, public_key_pem: str) -> None:
        """Accept assertions signed with the private half of this RSA key or certificate. Raises ValueError."""
        key = _public_key(public_key_pem)
        with self._lock:
            self._keys.append(key)

    def expire_all(self) -> None:
        """Forget every token."""
        with self._lock:
            self._tokens.clear()

    def check(self, request: Request) -> None:
        """Raises ApiError INVALID_SESSION_ID unless the call carries a living token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now_us = self._clock.now_us()
        if scheme.lower() in {"bearer", "oauth"}:
            with self._lock:
                used_us = self._tokens.get(token.strip())
                if used_us is not None and now_us - used_us <= self._ttl_us:
                    self._tokens[token.strip()] = now_us
                    return
        raise refuse("INVALID_SESSION_ID", "Session expired or invalid")

    def token(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            return Response.json(200, self._grant(request, form))
        except _GrantError as error:
            return Response.json(400, {"error": error.error, "error_description": str(error)})

    def revoke(self, request: Request) -> Response:
        """POST /services/oauth2/revoke."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        with self._lock:
            known = self._tokens.pop(form.get("token", ""), None)
        if known is None:
            return Response.json(
                400, {"error": "unsupported_token_type", "error_description": "invalid token"}
            )
        return Response(200)

    def _grant(self, request: Request, form: Mapping[str, str]) -> JsonObject:
        match form.get("grant_type", ""):
            case "client_credentials":
                if _host(request) in _SHARED_HOSTS:
                    raise _GrantError("invalid_grant", "request not supported on this domain")
                _check_client(*_client(request, form))
                return self._issue(request, full=True)
            case "refresh_token":
                _check_client(*_client(request, form))
                if not hmac.compare_digest(
                    form.get("refresh_token", "").encode(), org.REFRESH_TOKEN.encode()
                ):
                    raise _GrantError("invalid_grant", "expired access/refresh token")
                return self._issue(request, full=True)
            case grant if grant == JWT_BEARER:
                self._check_assertion(form.get("assertion", ""), _host(request))
                return self._issue(request, full=False)
            case _:
                raise _GrantError("unsupported_grant_type", "grant type not supported")

    def _check_assertion(self, assertion: str, host: str) -> None:
        claims = self._claims(assertion)
        if claims.get("iss") != org.CONSUMER_KEY:
            raise _GrantError("invalid_client_id", "client identifier invalid")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(text, str) and _is_audience(text, host) for text in audiences):
            raise _GrantError("invalid_grant", "audience is invalid")
        try:
            expires_s = float(claims.get("exp", "none"))
        except (TypeError, ValueError):
            raise _GrantError("invalid_grant", "invalid assertion") from None
        # NaN compares false with everything, and must not mean "never".
        if not expires_s > self._wall_s():
            raise _GrantError("invalid_grant", "assertion has expired")
        if claims.get("sub") != org.INTEGRATION_USERNAME:
            raise _GrantError("invalid_grant", "user hasn't approved this consumer")

    def _claims(self, assertion: str) -> JsonObject:
        # The signature is PyJWT's to verify; the claims are ours, because Salesforce reads them its own way.
        unchecked: Options = {
            "verify_exp": False,
            "verify_aud": False,
            "verify_iss": False,
            "verify_sub": False,
            "verify_iat": False,
            "verify_nbf": False,
            "verify_jti": False,
        }
        with self._lock:
            keys = tuple(self._keys)
        for key in keys:
            try:
                claims: JsonObject = jwt.decode(assertion, key, algorithms=["RS256"], options=unchecked)
            except jwt.PyJWTError:
                continue
            return claims
        raise _GrantError("invalid_grant", "invalid assertion")

    def _issue(self, request: Request, *, full: bool) -> JsonObject:
        token = f"{org.ORG_ID[:15]}!AQ{secrets.token_urlsafe(66)}"
        now_us = self._clock.now_us()
        with self._lock:
            self._tokens[token] = now_us
        instance_url = f"http://{request.headers.get('host', '127.0.0.1')}"
        identity = f"https://login.salesforce.com/id/{org.ORG_ID}/{org.INTEGRATION_USER_ID}"
        reply: JsonObject = {
            "access_token": token,
            "scope": "api",
            "instance_url": instance_url,
            "id": identity,
            "token_type": "Bearer",
        }
        if full:
            issued_at = str(now_us // 1_000)
            digest = hmac.new(org.CONSUMER_SECRET.encode(), f"{identity}{issued_at}".encode(), hashlib.sha256)
            reply["signature"] = base64.b64encode(digest.digest()).decode()
            reply["issued_at"] = issued_at
            reply["api_instance_url"] = instance_url
        return reply


def _public_key(text: str) -> RSAPublicKey:
    raw = text.encode()
    try:
        if b"BEGIN CERTIFICATE" in raw:
            key: object = load_pem_x509_certificate(raw).public_key()
        else:
            key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise ValueError("The public key is not a PEM text of a key or certificate") from exc
    if isinstance(key, RSAPublicKey):
        return key
    raise ValueError("The public key has to be RSA: Salesforce takes RS256 only")


def _host(request: Request) -> str:
    return request.headers.get("host", "").rsplit(":", 1)[0].lower()


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Consumer key and secret, from the Basic header or the body."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return key, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _check_client(key: str, secret: str) -> None:
    if key != org.CONSUMER_KEY:
        raise _GrantError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), org.CONSUMER_SECRET.encode()):
        raise _GrantError("invalid_client", "invalid client credentials")


def _is_audience(text: str, host: str) -> bool:
    """The shared login hosts, a My Domain, or the host that was called (a site URL)."""
    named = urlsplit(text).hostname or ""
    return named in _SHARED_HOSTS or named == host or named.endswith(".my.salesforce.com")
