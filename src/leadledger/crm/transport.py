"""Talks HTTP to a CRM: reads are repeated until they succeed or the patience ends, a write is sent once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
import tenacity

from leadledger.crm.governor import LONGEST_PAUSE_S, Governor
from leadledger.crm.replies import Reply
from leadledger.crm.session import (
    DISPLAY_NAMES,
    FinalAnswerError,
    GovernedSession,
    UnreachableError,
    calling,
    origin_of,
)
from leadledger.errors import CrmUnavailableError, LeadledgerError, RetryLaterError, WriteInDoubtError
from leadledger.ports import Sleeper

ATTEMPTS = 6
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
PATIENCE_S = LONGEST_PAUSE_S
"""A limit that passes within this time is waited for; a longer advice goes to the caller as RetryLaterError."""

T = TypeVar("T")

log = structlog.get_logger()


class Transport:
    """Calls to one CRM at one pinned origin.

    `authorize` gives the headers of each call (asked anew for each). `classify` is the CRM's own table: it maps
    a reply to the error it means, or None for one that the caller can use. CrmUnavailableError and a
    RetryLaterError with `after_s` are worth another try of a read; everything else is raised at once.
    `observe` sees the headers of every answer, also of those that a vendor's library asked for.

    `deadline_s` bounds one exchange, body included: Salesforce lets a call run for 10 minutes.
    """

    def __init__(
        self,
        *,
        crm: str,
        base_url: str,
        governor: Governor,
        sleeper: Sleeper,
        authorize: Callable[[], Mapping[str, str]],
        classify: Callable[[Reply], Exception | None],
        connect_timeout_s: float = 10,
        read_timeout_s: float = 60,
        deadline_s: float = 600,
        allow_http_loopback: bool = False,
        headers: Mapping[str, str] | None = None,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        observe: Callable[[Mapping[str, str]], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.crm = crm
        self.governor = governor
        self.base_url = origin_of(base_url, allow_http_loopback=allow_http_loopback, setting=f"the {crm} URL")
        self.session = GovernedSession(
            crm=crm,
            governor=governor,
            timeout_s=(connect_timeout_s, read_timeout_s),
            deadline_s=deadline_s,
            headers=headers or {},
            proxies=proxies,
            ca_bundle=ca_bundle,
            observe=observe,
        )
        self.session.open(self.base_url)
        self._allow_http_loopback = allow_http_loopback
        self._sleeper = sleeper
        self._authorize = authorize
        self._classify = classify
        self._jitter = jitter

    @property
    def calls(self) -> Counter[str]:
        """Requests made so far by API, those of vendors' libraries and every repetition included."""
        return self.governor.calls

    def pin(self, url: str) -> None:
        """From now on call this origin (the instance that a login named)."""
        self.base_url = origin_of(
            url, allow_http_loopback=self._allow_http_loopback, setting=f"the {self.crm} instance"
        )
        self.session.open(self.base_url)

    def read(
        self,
        method: str,
        path: str,
        *,
        api: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A call that changes nothing, repeated while that may help.

        Raises what `classify` says, CrmUnavailableError when no whole answer came, RetryLaterError for a limit
        that does not pass within `PATIENCE_S`.
        """

        def exchange() -> Reply:
            authorized = {**(headers or {}), **self._authorize()}
            reply = self._classified(method, path, api=api, params=params, json=json, headers=authorized)
            if reply.status == 200:
                reply.json()  # half a document, or a portal's page with status 200, is worth another try
            return reply

        return self.patiently(exchange)

    def patiently(self, call: Callable[[], T]) -> T:
        """Repeat a reading call, one of a vendor's library too, while its error says that this may help."""
        retrying = tenacity.Retrying(
            sleep=self._sleeper.sleep,
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._wait_s,
            retry=tenacity.retry_if_exception(self._worth_another_try),
            reraise=True,
        )
        return retrying(call)

    def send(
        self,
        method: str,
        path: str,
        *,
        api: str,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A write: exactly one request.

        Raises UnreachableError when nothing was sent, AuthError or RetryLaterError when the CRM said that it did
        not apply it, WriteInDoubtError for anything that is not a whole answer.
        """
        label = f"{DISPLAY_NAMES.get(self.crm, self.crm)} {api}"
        authorized = {**(headers or {}), **self._authorize()}
        try:
            reply = self._classified(method, path, api=api, json=json, headers=authorized, write=True)
            if reply.status == 200 or reply.body:
                reply.json()
        except UnreachableError:
            raise
        except CrmUnavailableError as error:
            msg = f"{label}: the write may or may not have been applied. {error}"
            raise WriteInDoubtError(msg) from None
        return reply

    def close(self) -> None:
        """Give the connections back."""
        self.session.close()

    def _classified(
        self,
        method: str,
        path: str,
        *,
        api: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        write: bool = False,
    ) -> Reply:
        with calling(api, write=write):
            response = self.session.request(
                method, self.url_of(path), params=params, json=json, headers=headers
            )
        label = f"{DISPLAY_NAMES.get(self.crm, self.crm)} {api}"
        reply = Reply(response.status_code, response.headers, response.content, label)
        error = self._classify(reply)
        if isinstance(error, RetryLaterError):
            self.governor.slow_down(api, error.after_s)
        elif error is None:
            self.governor.succeeded(api)
        if error is not None:
            raise error
        return reply

    def url_of(self, link: str) -> str:
        """A path, or a link from a reply, at the pinned origin: its own host is ignored (SSRF)."""
        parts = urlsplit(link)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.base_url}/{parts.path.lstrip('/')}{query}"

    def _worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, FinalAnswerError):
            return False
        if isinstance(error, UnreachableError) and not self.session.answered:
            return False
        if isinstance(error, RetryLaterError):
            passes = error.after_s is not None and error.after_s <= PATIENCE_S
            return passes and self.governor.may_retry()
        return isinstance(error, CrmUnavailableError) and self.governor.may_retry()

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        advice = error.after_s if isinstance(error, RetryLaterError) else None
        backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (state.attempt_number - 1))
        wait_s = backoff * (0.5 + self._jitter() / 2) if advice is None else advice
        kind = type(error).__name__ if isinstance(error, LeadledgerError) else "unknown"
        log.info(
            "read.retried",
            crm=self.crm,
            attempt=state.attempt_number,
            wait_s=round(wait_s, 3),
            error_kind=kind,
        )
        return wait_s
