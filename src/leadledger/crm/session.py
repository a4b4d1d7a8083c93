"""The one `requests.Session` that talks to a CRM: time-outs, egress, deadline and permits in one place.

It is also handed to the vendors' libraries, so that their calls obey the same rules. The rules answer measured
behaviour of requests 2.34 (design of security, "Other requests behaviour"): no default time-out, `~/.netrc`
replaces our Authorization, a redirected PATCH becomes a GET, a dripping body never times out.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from leadledger.crm.governor import Governor
from leadledger.errors import ConfigError, CrmUnavailableError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CHUNK_BYTES = 1 << 16
LARGEST_BODY_BYTES = 256 << 20
"""No page of either CRM comes near this (2,000 rows or 16 MB); beyond it something else is talking to us."""
DISPLAY_NAMES = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


class UnreachableError(CrmUnavailableError):
    """No connection came about, so nothing was sent and a write was certainly not applied."""


class FinalAnswerError(CrmUnavailableError):
    """Asking again would not change this answer."""


class RedirectRefusedError(FinalAnswerError):
    """The answer points elsewhere. It is not followed: a PATCH would arrive there as a GET."""


@dataclass(frozen=True, slots=True)
class _Call:
    api: str = "other"
    write: bool = False


_current: ContextVar[_Call] = ContextVar("call")
_UNLABELLED = _Call()


@contextmanager
def calling(api: str, *, write: bool = False) -> Iterator[None]:
    """Name the calls that are made inside the block, for permits, counts and messages."""
    token = _current.set(_Call(api, write))
    try:
        yield
    finally:
        _current.reset(token)


def origin_of(url: str, *, allow_http_loopback: bool, setting: str) -> str:
    """Scheme, host and port of a URL, or ConfigError: https everywhere, http only to this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        if allow_http_loopback:
            return urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        msg = f"{setting} is http://, which is allowed for a local sandbox only. Use the https:// address"
        raise ConfigError(msg)
    msg = f"{setting} must be an https:// address (http:// only for 127.0.0.1). Check it in the environment"
    raise ConfigError(msg)


class RewritingAdapter(HTTPAdapter):
    """Sends what is addressed elsewhere to one loopback origin.

    simple-salesforce builds `https://<domain>.salesforce.com/…` in any case; this is how it meets the sandbox.
    """

    def __init__(self, origin: str, **kwargs: Any) -> None:
        self._origin = urlsplit(origin)
        super().__init__(**kwargs)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to the loopback origin, path and query as they are."""
        parts = urlsplit(request.url or "")
        request.url = urlunsplit((self._origin.scheme, self._origin.netloc, parts.path, parts.query, ""))
        return super().send(request, *args, **kwargs)


class GovernedSession(requests.Session):
    """A session that reaches only the origins that were opened, asks the governor, and reads whole bodies.

    Raises UnreachableError, RedirectRefusedError or CrmUnavailableError; never an error of requests or urllib3,
    whose texts hold the full URL with its query (SOQL with an e-mail address in it).
    """

    def __init__(
        self,
        *,
        crm: str,
        governor: Governor,
        timeout_s: tuple[float, float],
        deadline_s: float,
        headers: Mapping[str, str],
        proxies: Mapping[str, str] | None,
        ca_bundle: str | None,
        observe: Callable[[Mapping[str, str]], None] | None,
    ) -> None:
        super().__init__()
        self._crm = DISPLAY_NAMES.get(crm, crm)
        self._governor = governor
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._observe = observe
        self._answered = False
        self.trust_env = False
        self.proxies.update(proxies or {})
        self.verify = ca_bundle or True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update({"User-Agent": "leadledger", "Accept-Encoding": "gzip", **headers})
        self.adapters.clear()

    def open(self, origin: str, *, rewritten_to: str | None = None) -> None:
        """Allow calls to an origin (`https://host`); with `rewritten_to` they go to that loopback origin."""
        size = self._governor.concurrency
        if rewritten_to:
            self.mount(f"{origin}/", RewritingAdapter(rewritten_to, pool_maxsize=size, pool_block=True))
        else:
            self.mount(f"{origin}/", HTTPAdapter(pool_maxsize=size, pool_block=True))

    @property
    def answered(self) -> bool:
        """Whether the CRM has ever answered: then a refused connection may pass by itself."""
        return self._answered

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """One exchange: permit, request, whole body within the deadline."""
        call = _current.get(_UNLABELLED)
        kwargs["timeout"] = kwargs.get("timeout") or self._timeout_s
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True
        with self._governor.permit(call.api, write=call.write):
            deadline = self._governor.monotonic() + self._deadline_s
            try:
                response = super().send(request, **kwargs)
                try:
                    self._read_body(response, call.api, deadline)
                finally:
                    response.close()
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise self._translated(error, call.api, urlsplit(request.url or "").netloc) from None
        self._answered = True
        if self._observe is not None:
            self._observe(response.headers)
        if 300 <= response.status_code < 400 and response.status_code != 304:
            msg = (
                f"{self._crm} {call.api}: HTTP {response.status_code} points to another address, which is not "
                "followed. Check the configured URL (for Salesforce: the My Domain address)"
            )
            raise RedirectRefusedError(msg)
        return response

    def _read_body(self, response: requests.Response, api: str, deadline: float) -> None:
        if getattr(response, "_content_consumed", False):  # a response hook was here first
            return
        # read1 gives what one read of the socket brought; read() would wait for a full chunk, and a body that
        # drips a byte now and then would outlive every time-out.
        chunks: list[bytes] = []
        size = 0
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_BODY_BYTES:
                msg = f"{self._crm} {api}: the body is larger than {LARGEST_BODY_BYTES >> 20} MiB; stopped reading"
                raise CrmUnavailableError(msg)
            if self._governor.monotonic() > deadline:
                msg = f"{self._crm} {api}: no whole answer within {self._deadline_s:.0f} s; stopped reading"
                raise CrmUnavailableError(msg)
        response._content = b"".join(chunks)  # noqa: SLF001 - what reading .content would set
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - the same

    def _translated(self, error: Exception, api: str, host: str) -> CrmUnavailableError:
        causes = list(_chain(error))
        where = f"{self._crm} at {host}"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            sandbox = (
                " For the sandbox: leadledger sandbox serve"
                if urlsplit(f"//{host}").hostname in LOOPBACK
                else ""
            )
            return UnreachableError(f"{where} refused the connection. Is it running?{sandbox}")
        if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
            return UnreachableError(
                f"{where} is not known by name (DNS). Check the configured URL and the network"
            )
        if any(
            isinstance(c, urllib3.exceptions.ConnectTimeoutError | requests.ConnectTimeout) for c in causes
        ):
            return UnreachableError(
                f"{where} did not accept a connection in time. Check network and firewall"
            )
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return UnreachableError(
                f"{where} has no trusted TLS certificate. Check the clock, the proxy and the CA bundle"
            )
        if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
            return UnreachableError(f"{where} is not reachable through the proxy. Check the proxy setting")
        if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
            return UnreachableError(f"{where} is not reachable. Check network and firewall")
        if any(isinstance(cause, requests.exceptions.InvalidSchema) for cause in causes):
            return UnreachableError(
                f"{where} is not an address that this program may call. Check the configured URL"
            )
        kind = "timed out" if _timed_out(causes) else "broke off"
        return CrmUnavailableError(f"{where}: the answer to {api} {kind}; no whole answer came. Run again")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error with everything that it wraps: requests keeps urllib3's error as argument, not as cause.

    Not its context: that may be an older error, already dealt with, and would tell of another request.
    """
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [*one.args, getattr(one, "reason", None), one.__cause__]


def _timed_out(causes: list[BaseException]) -> bool:
    kinds = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    return any(isinstance(cause, kinds) for cause in causes)
