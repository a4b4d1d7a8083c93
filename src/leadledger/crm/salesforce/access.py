"""Logs in to one Salesforce organisation and keeps the token, in memory only.

simple-salesforce does the OAuth exchange over our session; it is used for nothing that needs its own retries,
which lose the headers of a call (facts section 9, a and b).
"""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from leadledger.crm.session import LOOPBACK, calling
from leadledger.crm.transport import Transport
from leadledger.errors import AuthError, ConfigError, CrmUnavailableError

API_VERSION = "68.0"
"""Winter '27, supported for at least three years. The only place where the version stands."""

SALESFORCE_HOSTS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")
SANDBOX_DOMAIN = "sandbox.my"
"""The My Domain that our loopback server plays: the library can only build `https://<domain>.salesforce.com`."""
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path

_ID = re.compile(r"^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$")


@dataclass(frozen=True, slots=True)
class SalesforceAccess:
    """How to log in: client credentials (`client_secret`) or JWT bearer (`username` and `private_key_file`).

    `url` is the My Domain address; JWT also takes https://login.salesforce.com or https://test.salesforce.com.
    Secrets are kept out of `repr`, logs and messages.
    """

    url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key_file: Path | None = None

    @property
    def on_loopback(self) -> bool:
        """Whether this is a sandbox on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def domain(self) -> str:
        """The host without `.salesforce.com`, as simple-salesforce wants it. Raises ConfigError."""
        host = urlsplit(self.url).hostname or ""
        if host in LOOPBACK:
            return SANDBOX_DOMAIN
        if not host.endswith(".salesforce.com"):
            msg = (
                f"{host or 'The Salesforce URL'} is not a My Domain address. "
                "Set LEADLEDGER_SALESFORCE__URL to https://<name>.my.salesforce.com"
            )
            raise ConfigError(msg)
        return host.removesuffix(".salesforce.com")

    @property
    def audience_domain(self) -> str:
        """The `aud` of a JWT: `test` for sandbox organisations, else `login` (facts section 1)."""
        return "test" if self.domain == "test" or ".sandbox." in f"{self.domain}." else "login"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a login gave. `origin` is where the organisation lives."""

    token: str = field(repr=False)
    origin: str
    org_id: str
    user_id: str


class Login:
    """The present token. Single-flight: threads that find it expired at once cause one login."""

    def __init__(self, access: SalesforceAccess, transport: Transport) -> None:
        self._access = access
        self._transport = transport
        self._grant: Grant | None = None
        self._lock = threading.Lock()
        session = transport.session
        if access.on_loopback:
            for domain in (SANDBOX_DOMAIN, "login", "test"):
                session.open(f"https://{domain}.salesforce.com", rewritten_to=transport.base_url)
            session.open(
                transport.base_url.replace("http://", "https://", 1), rewritten_to=transport.base_url
            )

    def grant(self) -> Grant:
        """The present grant, after a login if there is none."""
        with self._lock:
            if self._grant is None:
                self._grant = self._log_in()
            return self._grant

    def headers(self) -> Mapping[str, str]:
        """What every call carries."""
        return {"Authorization": f"Bearer {self.grant().token}"}

    def renew(self, expired: Grant) -> None:
        """Log in again, unless another thread has done so since `expired` was given."""
        with self._lock:
            if self._grant is expired:
                self._grant = None
                self._grant = self._log_in()

    def _log_in(self) -> Grant:
        answers: list[Any] = []
        arguments = self._arguments()

        def keep(response: requests.Response, **_: Any) -> None:
            if TOKEN_PATH in (response.url or "") and response.status_code == 200:
                answers.append(response.content)

        # Imported here: simple_salesforce brings zeep and lxml, 0.2 to 0.7 s that `--help` must not pay.
        from simple_salesforce import login as library  # noqa: PLC0415
        from simple_salesforce.exceptions import SalesforceAuthenticationFailed  # noqa: PLC0415

        # PyJWT is the library's own dependency, so its error is reached through the library.
        unusable_key: type[Exception] = vars(library)["jwt"].PyJWTError
        session = self._transport.session
        session.hooks["response"] = [keep]
        try:
            with calling("oauth2/token"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the library prints the consumer key in a warning
                library.SalesforceLogin(session=session, **arguments)
        except SalesforceAuthenticationFailed as error:
            raise self._refused(error) from None
        except unusable_key:
            msg = (
                f"{self._access.private_key_file} holds no usable RSA private key. "
                "Check LEADLEDGER_SALESFORCE__PRIVATE_KEY_FILE"
            )
            raise AuthError(msg) from None
        except (AttributeError, TypeError, KeyError, json.JSONDecodeError):
            raise self._garbled() from None
        finally:
            session.hooks["response"] = []
        return self._grant_of(answers[-1] if answers else b"")

    def _arguments(self) -> dict[str, Any]:
        access = self._access
        if access.client_secret:
            if access.domain in {"login", "test"}:
                msg = (
                    "The client-credentials login needs the organisation's own address: set "
                    "LEADLEDGER_SALESFORCE__URL to https://<name>.my.salesforce.com"
                )
                raise ConfigError(msg)
            return {
                "consumer_key": access.client_id,
                "consumer_secret": access.client_secret,
                "domain": access.domain,
            }
        if access.username and access.private_key_file is not None:
            return {
                "username": access.username,
                "consumer_key": access.client_id,
                "privatekey": _private_key(access.private_key_file),
                "domain": access.audience_domain,
                "instance_url": access.domain,
            }
        msg = (
            "No Salesforce login is configured: set LEADLEDGER_SALESFORCE__CLIENT_ID with "
            "LEADLEDGER_SALESFORCE__CLIENT_SECRET, or with __USERNAME and __PRIVATE_KEY_FILE for a JWT login"
        )
        raise AuthError(msg)

    def _refused(self, error: Any) -> AuthError | CrmUnavailableError:
        # The library puts the body of an answer that is not JSON into the message: only a code is taken over.
        code = str(getattr(error, "code", ""))
        if not code.replace("_", "").isalpha():
            return self._garbled()
        host = urlsplit(self._access.url).netloc
        if self._access.client_secret:
            step = "Check LEADLEDGER_SALESFORCE__CLIENT_ID and __CLIENT_SECRET, and the Run-As user of the external app"
        else:
            step = (
                "Check the username, that the app is pre-authorised for it, that its certificate belongs to the "
                "private key, and this machine's clock (a token is valid for 3 minutes)"
            )
        return AuthError(f"Salesforce at {host} refused the login ({code}). {step}")

    def _garbled(self) -> CrmUnavailableError:
        host = urlsplit(self._access.url).netloc
        return CrmUnavailableError(
            f"Salesforce at {host}: the answer to the login is not Salesforce's. "
            "Check LEADLEDGER_SALESFORCE__URL and the proxy, then run again"
        )

    def _grant_of(self, body: bytes) -> Grant:
        try:
            answer = json.loads(body)
            token, instance, identity = (answer[key] for key in ("access_token", "instance_url", "id"))
            org_id, user_id = str(identity).rstrip("/").split("/")[-2:]
        except (ValueError, KeyError, TypeError):
            raise self._garbled() from None
        if not (isinstance(token, str) and token and _ID.match(org_id) and _ID.match(user_id)):
            raise self._garbled()
        return Grant(token, self._pinned(str(instance)), org_id, user_id)

    def _pinned(self, instance: str) -> str:
        if self._access.on_loopback:
            return self._transport.base_url
        host = urlsplit(instance).hostname or ""
        own = host == urlsplit(self._access.url).hostname
        if not (own or host.endswith(SALESFORCE_HOSTS)):
            msg = f"The login names {host} as this organisation's address, which is not Salesforce's. Nothing was sent"
            raise AuthError(msg)
        self._transport.pin(f"https://{host}")
        return self._transport.base_url


def _private_key(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        msg = f"The private key {path} cannot be read. Check LEADLEDGER_SALESFORCE__PRIVATE_KEY_FILE"
        raise AuthError(msg) from None
    if mode & 0o077:
        msg = f"The private key {path} can be read by others. Run: chmod 600 {path}"
        raise AuthError(msg)
    if "PRIVATE KEY" not in text:
        msg = f"{path} holds no private key in PEM form. Check LEADLEDGER_SALESFORCE__PRIVATE_KEY_FILE"
        raise AuthError(msg)
    return text
