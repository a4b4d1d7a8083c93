"""Calls Salesforce's REST API: one re-login for an expired token, pages of a query, the server's own clock."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from leadledger.crm.governor import Governor
from leadledger.crm.replies import Reply
from leadledger.crm.salesforce.access import API_VERSION, Login, SalesforceAccess
from leadledger.crm.salesforce.errors import SessionExpiredError, classify
from leadledger.crm.transport import Transport
from leadledger.domain.instants import to_us
from leadledger.errors import CrmUnavailableError
from leadledger.ports import Sleeper

PREFIX = f"/services/data/v{API_VERSION}"
LONGEST_URL_BYTES = 12_288
"""Salesforce takes 16,384 bytes of address and headers together (facts section 2); a token alone is over 100."""
PAGE_ROWS = 2000
"""Sforce-Query-Options batchSize, a wish: wide rows come in smaller pages."""

CONSTANT_HEADERS = {
    # REST runs lead assignment rules on *update* unless told otherwise: a score would re-route the lead.
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Mru": "updateMru=false",
    "Sforce-Call-Options": "client=leadledger",
}

_USAGE = re.compile(r"(?:^|[;,]\s*)(?:per-app-)?api-usage=(\d+)/(\d+)")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class QueryPage:
    """Records of one page as they came, and how many the whole query has."""

    records: Sequence[Mapping[str, Any]]
    total: int


class SalesforceApi:
    """One organisation. `user_id` is the integration user; `server_now_us` is Salesforce's own clock."""

    def __init__(
        self,
        access: SalesforceAccess,
        governor: Governor,
        sleeper: Sleeper,
        *,
        page_rows: int = PAGE_ROWS,
        **transport: Any,
    ) -> None:
        self._governor = governor
        self._now_us = 0
        self._page_rows = page_rows
        self.transport = Transport(
            crm="salesforce",
            base_url=access.url,
            governor=governor,
            sleeper=sleeper,
            authorize=self._headers,
            classify=classify,
            headers=CONSTANT_HEADERS,
            observe=self._observe,
            **transport,
        )
        self.login = Login(access, self.transport)

    @property
    def server_now_us(self) -> int:
        """The server's clock at the latest answer, to the second and never ahead of it."""
        if not self._now_us:
            self.login.grant()
        if not self._now_us:
            msg = "Salesforce's answer carries no Date header; a proxy may have removed it. Check the proxy"
            raise CrmUnavailableError(msg)
        return self._now_us

    def read(self, method: str, path: str, *, api: str, **call: Any) -> Reply:
        """A call that changes nothing; `path` begins after the API version."""
        return self.with_session(lambda: self.transport.read(method, _versioned(path), api=api, **call))

    def send(self, method: str, path: str, *, api: str, body: Any) -> Reply:
        """A write. A 401 was not applied, so it alone is repeated, once, after a new login."""
        return self.with_session(lambda: self.transport.send(method, _versioned(path), api=api, json=body))

    def with_session(self, call: Callable[[], T]) -> T:
        """Do a call, and once more after a new login when the session had ended."""
        grant = self.login.grant()
        try:
            return call()
        except SessionExpiredError:
            self.login.renew(grant)
            return call()

    def query(self, soql: str, *, deleted: bool = True) -> Iterator[QueryPage]:
        """All pages of a query; with `deleted` also rows in the recycle bin, merged and archived ones.

        Raises CursorLostError between pages when the cursor is gone.
        """
        resource = "queryAll" if deleted else "query"
        headers = {"Sforce-Query-Options": f"batchSize={self._page_rows}"}
        path = f"/{resource}?{urlencode({'q': soql}, quote_via=quote)}"
        if len(self.transport.url_of(_versioned(path))) > LONGEST_URL_BYTES:
            reply = self._in_a_body(path)
        else:
            reply = self.read("GET", path, api="query", headers=headers)
        while True:
            page = reply.json()
            records, done = _checked(reply, page)
            yield QueryPage(records, int(page.get("totalSize") or 0))
            if done:
                return
            reply = self.read("GET", str(page["nextRecordsUrl"]), api="query", headers=headers)

    def _headers(self) -> Mapping[str, str]:
        return self.login.headers()

    def _in_a_body(self, path: str) -> Reply:
        # A query that is too long for an address goes as the only part of a Composite, where the address stands
        # in the body: one call, and no torn rows as with a select list cut in pieces.
        part = {"method": "GET", "url": _versioned(path), "referenceId": "query"}

        def exchange() -> Reply:
            outer = self.transport.read(
                "POST", _versioned("/composite"), api="query", json={"compositeRequest": [part]}
            )
            try:
                inner = outer.json()["compositeResponse"][0]
                reply = Reply(
                    int(inner["httpStatusCode"]),
                    outer.headers,
                    json.dumps(inner["body"]).encode(),
                    outer.label,
                )
            except (KeyError, IndexError, TypeError, ValueError):
                raise _not_a_page(outer) from None
            if error := classify(reply):
                raise error
            return reply

        return self.with_session(exchange)

    def _observe(self, headers: Mapping[str, str]) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._now_us = max(self._now_us, to_us(parsedate_to_datetime(headers["Date"])))
        usages = [
            (int(used), int(limit)) for used, limit in _USAGE.findall(headers.get("Sforce-Limit-Info", ""))
        ]
        if usages:
            self._governor.observe_quota(*min(usages, key=lambda usage: usage[1] - usage[0]))


def _versioned(path: str) -> str:
    return path if path.startswith(("/services/", "http")) else PREFIX + path


def _checked(reply: Reply, page: Any) -> tuple[Sequence[Mapping[str, Any]], bool]:
    if not isinstance(page, dict):
        raise _not_a_page(reply)
    records, done = page.get("records"), page.get("done")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _not_a_page(reply)
    if not isinstance(done, bool) or not (done or isinstance(page.get("nextRecordsUrl"), str)):
        raise _not_a_page(reply)
    return records, done


def _not_a_page(reply: Reply) -> CrmUnavailableError:
    return CrmUnavailableError(f"{reply.describe()}: the answer is not a page of a query. Run again")
