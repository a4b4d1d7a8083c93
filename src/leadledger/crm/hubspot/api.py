"""HubSpot's endpoints as functions over the governed transport: pages in, plain JSON out.

Every reply is checked for its shape here, so that a foreign page is an error and never "no rows".
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from leadledger.crm.governor import Bucket, Governor
from leadledger.crm.hubspot import paths
from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.errors import body_of, classify, codes
from leadledger.crm.replies import Reply
from leadledger.crm.transport import Transport
from leadledger.domain.instants import SECOND, to_us
from leadledger.errors import CrmUnavailableError
from leadledger.ports import Sleeper

JsonObject = dict[str, Any]

LIST_LIMIT = 100
HISTORY_LIMIT = 50
SEARCH_LIMIT = 200
BATCH_LIMIT = 100
ASSOCIATION_LIMIT = 1000
SUBMISSION_LIMIT = 50
SEARCH_BODY_CHARACTERS = 3000
QUERY_CHARACTERS = 5000
"""Above about 15,000 characters HubSpot answers 414; a third of it leaves room for proxies."""

ACCOUNT, LIST, SEARCH, READ, UPDATE = (
    "account",
    "objects/list",
    "objects/search",
    "objects/read",
    "objects/update",
)
ASSOCIATIONS, FORMS, SUBMISSIONS = "associations", "forms", "submissions"
OWNERS, PROPERTIES, PIPELINES = "owners", "properties", "pipelines"

_BURST_APIS = frozenset(
    {ACCOUNT, LIST, READ, UPDATE, ASSOCIATIONS, FORMS, SUBMISSIONS, OWNERS, PROPERTIES, PIPELINES}
)
BUCKETS = (
    # 190 per rolling 10 s and app (Professional, Enterprise), less a tenth for the clocks' difference.
    Bucket("burst", 171, 10.0, _BURST_APIS),
    # 5 per second and account for all search endpoints together, which do not draw from the other bucket.
    Bucket("search", 4, 1.0, frozenset({SEARCH})),
)
HEADROOM = 0.05
"""Below this share of the announced limit somebody else is calling too, or the tier's limit is smaller."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a search. `total` counts all matches of the whole search."""

    total: int
    results: Sequence[JsonObject]


class Api:
    """All calls to one account. `server_us` is the account's own clock as the latest answer showed it."""

    def __init__(
        self,
        access: HubSpotAccess,
        *,
        sleeper: Sleeper,
        monotonic: Callable[[], float],
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.governor = Governor(BUCKETS, monotonic=monotonic, sleeper=sleeper)
        self.server_us = 0
        self._observed_s = 0.0
        self._slowed_at = float("-inf")
        self.transport = Transport(
            crm="hubspot",
            base_url=access.url,
            governor=self.governor,
            sleeper=sleeper,
            authorize=access.headers,
            classify=classify,
            allow_http_loopback=access.on_loopback,
            proxies=proxies,
            ca_bundle=ca_bundle,
            observe=self.observe,
            jitter=jitter,
        )

    def observe(self, headers: Mapping[str, str]) -> None:
        """Learn the account's time and limits from an answer's headers."""
        date = headers.get("Date")
        if date:
            # A proxy's malformed date is no date; the next answer brings another.
            with contextlib.suppress(ValueError):
                self.server_us = to_us(parsedate_to_datetime(date))
                self._observed_s = self.governor.monotonic()
        daily, daily_left = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if daily is not None and daily_left is not None:
            self.governor.observe_quota(daily - daily_left, daily)
        burst, left = _number(headers, "Max"), _number(headers, "Remaining")
        if burst and left is not None and left < burst * HEADROOM:
            now = self.governor.monotonic()
            if now - self._slowed_at >= BUCKETS[0].seconds:
                self._slowed_at = now
                self.governor.slow_down(LIST, 1.0)

    def now_us(self) -> int:
        """The account's time now: its latest Date and the whole seconds since. Never ahead of its true clock."""
        return self.server_us + int(self.governor.monotonic() - self._observed_s) * SECOND

    def account(self) -> JsonObject:
        """Who the key belongs to: portalId, accountType, timeZone."""
        return self._object(self.transport.read("GET", paths.ACCOUNT, api=ACCOUNT))

    def listed(
        self,
        object_: str,
        properties: Sequence[str],
        *,
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> Iterator[list[JsonObject]]:
        """All records of an object in pages, by id; complete at any size, unlike a search."""
        after = ""
        while True:
            params = {
                "limit": str(HISTORY_LIMIT if history else LIST_LIMIT),
                "archived": "true" if archived else "false",
                **({"properties": ",".join(properties)} if properties else {}),
                **({"propertiesWithHistory": ",".join(history)} if history else {}),
                **({"after": after} if after else {}),
            }
            reply = self.transport.read("GET", paths.objects(object_), api=LIST, params=params)
            page = self._object(reply)
            yield self._records(reply, page)
            following = _next(page)
            if not following:
                return
            if following == after:
                raise self._odd(reply, "its next page is the same page")
            after = following

    def search(
        self,
        object_: str,
        filters: Sequence[Mapping[str, str]],
        properties: Sequence[str],
        limit: int,
        *,
        newest_by: str = "",
    ) -> Found:
        """The first page of a search: by ascending id, or by a time with the newest first.

        Never pages by `after`, which ends at 10,000.
        """
        body = search_body(filters, properties, limit)
        if newest_by:
            body["sorts"] = [{"propertyName": newest_by, "direction": "DESCENDING"}]
        reply = self.transport.read("POST", paths.search(object_), api=SEARCH, json=body)
        page = self._object(reply)
        total = page.get("total")
        if not isinstance(total, int):
            raise self._odd(reply, "a search without a total")
        return Found(total, self._records(reply, page))

    def read(
        self, object_: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str] = ()
    ) -> Iterator[list[JsonObject]]:
        """Records by id, straight from the database. Those that are gone are left out."""
        size = HISTORY_LIMIT if history else BATCH_LIMIT
        for start in range(0, len(ids), size):
            body: JsonObject = {
                "properties": list(properties),
                "propertiesWithHistory": list(history),
                "inputs": [{"id": id_} for id_ in ids[start : start + size]],
            }
            reply = self.transport.read(
                "POST", paths.batch_read(object_), api=READ, params={"archived": "false"}, json=body
            )
            yield self._records(reply, self._object(reply))

    def associated(self, from_: str, to: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """Ids of the records of `to` by id of `from_`, in numeric order; none found is an empty list."""
        found: dict[str, set[int]] = {id_: set() for id_ in ids}
        waiting: list[JsonObject] = [{"id": id_} for id_ in ids]
        while waiting:
            batch, waiting = waiting[:ASSOCIATION_LIMIT], waiting[ASSOCIATION_LIMIT:]
            path = paths.associations(from_, to)
            reply = self.transport.read("POST", path, api=ASSOCIATIONS, json={"inputs": batch})
            for result in self._results(reply, self._object(reply)):
                try:
                    id_ = str(result["from"]["id"])
                    found[id_].update(int(target["toObjectId"]) for target in result["to"])
                except (KeyError, TypeError, ValueError):
                    raise self._odd(reply, "an association without its two ends") from None
                following = _next(result)
                if following:
                    waiting.append({"id": id_, "after": following})
        return {id_: [str(target) for target in sorted(targets)] for id_, targets in found.items()}

    def forms(self, *, archived: bool) -> Iterator[JsonObject]:
        """All forms of every type."""
        after = ""
        while True:
            params = {
                "limit": "100",
                "formTypes": "all",
                "archived": "true" if archived else "false",
                **({"after": after} if after else {}),
            }
            reply = self.transport.read("GET", paths.FORMS, api=FORMS, params=params)
            page = self._object(reply)
            yield from self._results(reply, page)
            after = _next(page)
            if not after:
                return

    def submissions(self, form_id: str) -> Iterator[list[JsonObject]]:
        """The submissions of a form in pages, newest first; nothing for a form that has none to give."""
        after = ""
        while True:
            params = {"limit": str(SUBMISSION_LIMIT), **({"after": after} if after else {})}
            path = paths.submissions(form_id)
            reply = self.transport.read("GET", path, api=SUBMISSIONS, params=params)
            # 404: the form was deleted since it was listed. FORM_TYPE_NOT_ALLOWED: blog comments have none.
            if reply.status == 404 or (reply.status == 400 and b"FORM_TYPE_NOT_ALLOWED" in reply.body):
                return
            page = self._object(reply)
            yield self._results(reply, page)
            after = _next(page)
            if not after:
                return

    def update(self, object_: str, inputs: Sequence[JsonObject]) -> Reply:
        """Write up to 100 records in exactly one request; the caller reads the answer row by row."""
        return self.transport.send("POST", paths.batch_update(object_), api=UPDATE, json={"inputs": inputs})

    def close(self) -> None:
        """Give the connections back."""
        self.transport.close()

    def _object(self, reply: Reply) -> JsonObject:
        if reply.status >= 400:
            msg = (
                f"{reply.describe(codes(body_of(reply)))}: HubSpot refuses this request as it is. Check that the "
                "account has this object and its properties; if it has, report it with the request id"
            )
            raise CrmUnavailableError(msg)
        body = reply.json()
        if not isinstance(body, dict):
            raise self._odd(reply, "not a JSON object")
        return body

    def _results(self, reply: Reply, page: JsonObject) -> list[JsonObject]:
        results = page.get("results")
        if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
            raise self._odd(reply, "an answer without results")
        return results

    def _records(self, reply: Reply, page: JsonObject) -> list[JsonObject]:
        results = self._results(reply, page)
        for record in results:
            if not isinstance(record.get("id"), str) or not isinstance(record.get("properties"), dict):
                raise self._odd(reply, "a record without id or properties")
        return results

    def _odd(self, reply: Reply, what: str) -> CrmUnavailableError:
        return CrmUnavailableError(
            f"{reply.describe()}: {what}; this is not what HubSpot documents. Run again; if it stays, report it "
            "with the request id"
        )


def search_body(filters: Sequence[Mapping[str, str]], properties: Sequence[str], limit: int) -> JsonObject:
    """The body of a search: one group, sorted by id, so that `hs_object_id GT` can walk through it."""
    return {
        "filterGroups": [{"filters": [dict(one) for one in filters]}] if filters else [],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(properties),
        "limit": limit,
    }


def fits_search(properties: Sequence[str]) -> bool:
    """Whether a search may ask for these properties: the whole body is at most 3,000 characters.

    500 are kept for the filters, which are added by the caller.
    """
    return len(json.dumps(search_body((), properties, SEARCH_LIMIT))) <= SEARCH_BODY_CHARACTERS - 500


def fits_query(properties: Sequence[str]) -> bool:
    """Whether a list request may carry these names in its address."""
    return sum(len(name) + 3 for name in properties) <= QUERY_CHARACTERS


def _next(page: Mapping[str, Any]) -> str:
    # Only the cursor is used: the link beside it names a host of its own.
    paging = page.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after is not None else ""


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"X-HubSpot-RateLimit-{name}") or ""
    return int(text) if text.isascii() and text.isdecimal() else None
