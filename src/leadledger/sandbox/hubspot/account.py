"""The pretended account that all endpoints share, and what one call carries through them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from leadledger.sandbox.http import JsonObject, Request, SandboxClock
from leadledger.sandbox.hubspot.auth import Caller
from leadledger.sandbox.hubspot.errors import PORTAL_ID, invalid
from leadledger.sandbox.hubspot.records import Record, Source, encode, record_id
from leadledger.sandbox.hubspot.requirements import Requirement
from leadledger.sandbox.hubspot.schema import Schema
from leadledger.sandbox.hubspot.storage import Store
from leadledger.sandbox.hubspot.switches import Switches


@dataclass(slots=True)
class Account:
    """Store, definitions, clock and settings of one account."""

    store: Store
    schema: Schema
    clock: SandboxClock
    switches: Switches
    index_lag_seconds: float = 0.0
    """How long the search index still shows a changed record as it was before."""
    requirements: tuple[Requirement, ...] = ()
    """The admin's validation rules, enforced from version 2026-09 on."""
    time_zone: str = "Europe/Berlin"
    portal_id: int = PORTAL_ID
    remembered_search: tuple[object, tuple[int, ...]] = field(default=(None, ()), repr=False)
    """The key and the matching ids of the last search that had to look inside the records."""

    def now_ms(self) -> int:
        """The account's time in milliseconds."""
        return self.clock.now_us() // 1000

    def index_since_ms(self) -> int | None:
        """Changes after this instant are not in the search index yet; None when the index does not lag."""
        if self.index_lag_seconds <= 0:
            return None
        return self.now_ms() - round(self.index_lag_seconds * 1000)

    def save(self, record: Record, at_ms: int) -> None:
        """Store a record after a change."""
        since = self.index_since_ms()
        self.store.save(record, changed_ms=at_ms, index_since_ms=since)

    def known(self, record_type: str, names: Sequence[str]) -> list[str]:
        """The names that have a living definition, once each; HubSpot drops the others without a word."""
        return [name for name in dict.fromkeys(names) if self.schema.living(record_type, name) is not None]


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request on its way through an endpoint."""

    request: Request
    caller: Caller
    version: str
    """The version segment of the path: `2026-09`, `v3` …"""

    @property
    def source(self) -> Source:
        """How the history names a change made by this call."""
        return Source("INTEGRATION", self.caller.app_id, self.caller.app_name)

    def names(self, parameter: str) -> list[str]:
        """A list parameter in both of its forms: `a,b` and repeated."""
        return [
            name.strip()
            for key, value in self.request.query
            if key == parameter
            for name in value.split(",")
            if name.strip()
        ]

    def flag(self, parameter: str) -> bool:
        """A `true`/`false` parameter; false when it is not there."""
        return self.request.one(parameter).lower() == "true"

    def limit(self, default: int, largest: int) -> int:
        """The page size. 400 for no number, less than 1 or more than the endpoint's maximum."""
        text = self.request.one("limit") or str(default)
        size = record_id(text)
        if not size:
            raise invalid("Unable to read limit: it is not a positive integer.")
        if size > largest:
            raise invalid(f"The requested page size was too large. Requested: {size}, max: {largest}.")
        return size

    def after_id(self) -> int:
        """`after` of an endpoint whose cursor is a record id; 0 without one."""
        return read_cursor(self.request.one("after"))

    def next_page(self, after: str) -> JsonObject:
        """The `paging` part of an answer that has a following page."""
        query = [(key, value) for key, value in self.request.query if key != "after"]
        host = self.request.headers.get("host", "api.hubapi.com")
        link = f"http://{host}{self.request.path}?{urlencode([*query, ('after', after)])}"
        return {"next": {"after": after, "link": link}}

    def json(self) -> JsonObject:
        """The body as a JSON object. 400 with the place for anything else."""
        try:
            body = json.loads(self.request.body)
        except UnicodeDecodeError:
            raise invalid("Invalid input JSON: the body is not UTF-8.") from None
        except json.JSONDecodeError as fault:
            raise invalid(
                f"Invalid input JSON on line {fault.lineno}, column {fault.colno}: {fault.msg}"
            ) from None
        except RecursionError:
            raise invalid("Invalid input JSON: nested too deeply.") from None
        except ValueError:
            raise invalid("Invalid input JSON: a number has too many digits.") from None
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON on line 1, column 1: an object is expected.")
        # Half a surrogate pair is a valid escape in JSON and no text that could be stored.
        if b"\\ud" in self.request.body.lower() and not _is_text(body):
            raise invalid("Invalid input JSON: an escape sequence is half of a character.")
        return body


def read_cursor(text: str) -> int:
    """The record id in a cursor; 0 for an empty one. 400 for anything that no answer has sent."""
    after = record_id(text or "0")
    if after is None:
        raise invalid("The cursor given in after is not valid. Send the value of paging.next.after.")
    return after


def _is_text(value: object) -> bool:
    try:
        encode(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def text_list(body: JsonObject, key: str) -> list[str]:
    """A list of names in a body; an absent or null one is empty. 400 for anything else."""
    value = body.get(key) or []
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise invalid(f"Invalid input JSON: {key} must be a list of strings.")
    return value


def object_list(body: JsonObject, key: str, largest: int) -> list[JsonObject]:
    """A list of objects in a body. 400 when it is missing, malformed or too long."""
    value = body.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(f"Invalid input JSON: {key} must be a list of objects.")
    if len(value) > largest:
        raise invalid(f"The maximum number of {key} is {largest}, the request has {len(value)}.")
    return value
