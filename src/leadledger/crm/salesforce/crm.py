"""Salesforce as the program sees it: the port over the parts of this package."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.governor import Governor
from leadledger.crm.salesforce.access import SalesforceAccess
from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.crm.salesforce.pull import pull_stream
from leadledger.crm.salesforce.rows import lookup
from leadledger.crm.salesforce.schema import Column, describe
from leadledger.crm.salesforce.streams import CRM, streams_of
from leadledger.crm.salesforce.write import WRITE_ROWS, read_rows, write_rows
from leadledger.domain.definition import Definition
from leadledger.domain.intents import Outcome
from leadledger.errors import AuthError
from leadledger.ports import FieldInfo, Org, Pull, Seen, Sleeper, Stream, Watermark

CONCURRENCY = 4
"""Below the 5 long calls that a developer organisation allows (facts section 2)."""


class SalesforceCrm:
    """One Salesforce organisation. Implements `leadledger.ports.Crm`; safe to share between threads."""

    name = CRM
    account_prefix = "Account"
    batch_size = WRITE_ROWS
    answers_with_values = False

    def __init__(
        self,
        access: SalesforceAccess,
        *,
        sleeper: Sleeper,
        monotonic: Callable[[], float] = time.monotonic,
        governor: Governor | None = None,
        **transport: Any,
    ) -> None:
        """`transport`: `page_rows`, and further arguments of Transport (time-outs, proxies, ca_bundle, jitter)."""
        self.governor = governor or Governor(monotonic=monotonic, sleeper=sleeper, concurrency=CONCURRENCY)
        transport.setdefault("allow_http_loopback", access.on_loopback)
        self._api = SalesforceApi(access, self.governor, sleeper, **transport)
        self._org: Org | None = None
        self._columns: dict[str, Mapping[str, Column]] = {}
        self._zone = ZoneInfo("UTC")

    def org(self) -> Org:
        """Log in if necessary and say who answered: one call, then none. The name is empty until `introduce`."""
        if self._org is None:
            grant = self._api.login.grant()
            self._org = Org(id=grant.org_id, name="", now_us=self._api.server_now_us)
        return replace(self._org, now_us=self._api.server_now_us)

    def introduce(self) -> Org:
        """The organisation with its name and whether it is a sandbox: one query after the login, then none."""
        org = self.org()
        if not org.name:
            soql = "SELECT Id, Name, IsSandbox FROM Organization"
            records = [record for page in self._api.query(soql, deleted=False) for record in page.records]
            own = next((record for record in records if str(lookup(record, "Id"))[:15] == org.id[:15]), None)
            if own is None:
                msg = (
                    "Salesforce does not show the organisation that the login belongs to. "
                    "Check the integration user's permissions"
                )
                raise AuthError(msg)
            name = str(lookup(own, "Name") or org.id)
            self._org = org = replace(org, name=name, sandbox=lookup(own, "IsSandbox") is True)
        return org

    def streams(self, definition: Definition) -> Sequence[Stream]:
        """Owners, accounts, people, activities, history, deals. Raises ConfigError with all problems."""
        self._zone = definition.time_zone
        return streams_of(definition)

    def pull(self, stream: Stream, since: Watermark | None, seen: Seen) -> Pull:  # noqa: ARG002 - the port's form
        """One query, paged by its cursor in id order; an idle increment is one call (owners: two)."""
        return pull_stream(self._api, stream, since)

    def describe(self, object_: str) -> Mapping[str, FieldInfo]:
        """All fields of an object that the integration user may see, by name; asked once per process."""
        return {name: column.info for name, column in self._described(object_).items()}

    def read(
        self, object_: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None]]:
        """The present values by id, from the rows themselves; an id that is gone is missing."""
        return read_rows(self._api, object_, ids, fields)

    def write(self, object_: str, rows: Mapping[str, Mapping[str, str | None]]) -> Sequence[Outcome]:
        """Set absolute values by id, at most 200 rows, each with its own outcome."""
        return write_rows(self._api, object_, rows, self._described(object_), self._zone)

    def calls(self) -> Mapping[str, int]:
        """API calls made so far, by API family."""
        return dict(self._api.transport.calls)

    def close(self) -> None:
        """Give connections back."""
        self._api.transport.close()

    def _described(self, object_: str) -> Mapping[str, Column]:
        if object_ not in self._columns:
            self._columns[object_] = describe(self._api, object_)
        return self._columns[object_]
