"""HubSpot as a `ports.Crm`: contacts, companies, deals, engagements, forms and histories in, contacts out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.api import BATCH_LIMIT, Api, JsonObject
from leadledger.crm.hubspot.histories import Histories, pull_histories
from leadledger.crm.hubspot.owners import pull_owners
from leadledger.crm.hubspot.records import RecordsPull, until_us
from leadledger.crm.hubspot.rows import UnusableError, text
from leadledger.crm.hubspot.source import source_of
from leadledger.crm.hubspot.streams import ACCOUNT_PREFIX, CRM, DEALS, HISTORY, streams
from leadledger.crm.hubspot.submissions import SubmissionsPull
from leadledger.crm.hubspot.values import field_infos
from leadledger.crm.hubspot.vendor import VendorClient
from leadledger.crm.hubspot.write import BatchWrite
from leadledger.domain.definition import Definition
from leadledger.domain.intents import Outcome
from leadledger.errors import BugError, CrmUnavailableError
from leadledger.ports import FieldInfo, Kind, Org, Page, Pull, Seen, Sleeper, Stream, Watermark


@dataclass(slots=True)
class DealsPulled:
    """The deals that this run brought, for the links to their people. Only the id and the stamps are kept."""

    since_us: int
    pull: RecordsPull | None = None
    touched: list[JsonObject] = field(default_factory=list)

    def keep(self, records: Sequence[JsonObject]) -> None:
        """Remember some deals."""
        for record in records:
            modified = {"hs_lastmodifieddate": record["properties"].get("hs_lastmodifieddate")}
            self.touched.append(
                {"id": record["id"], "properties": modified, "updatedAt": record.get("updatedAt")}
            )


class HubSpotCrm:
    """One HubSpot account. See `ports.Crm` for what each method promises.

    `sleeper` and `monotonic` are the only time there is. An http:// address is admitted on loopback only.
    """

    name = CRM
    account_prefix = ACCOUNT_PREFIX
    batch_size = BATCH_LIMIT
    answers_with_values = True

    def __init__(
        self,
        access: HubSpotAccess,
        *,
        sleeper: Sleeper,
        monotonic: Callable[[], float] = time.monotonic,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._api = Api(
            access,
            sleeper=sleeper,
            monotonic=monotonic,
            proxies=proxies,
            ca_bundle=ca_bundle,
            jitter=jitter,
        )
        proxy = (proxies or {}).get("https")
        self._vendor = VendorClient(access, self._api, sleeper, proxy=proxy, ca_bundle=ca_bundle)
        self._org: Org | None = None
        self._zone = ZoneInfo("UTC")
        self._infos: dict[str, Mapping[str, FieldInfo]] = {}
        self._histories: Histories | None = None
        self._deals: DealsPulled | None = None

    def org(self) -> Org:
        """The account of the key, asked once; `now_us` is its own clock, carried on from its latest answer."""
        if self._org is None:
            account = self._api.account()
            portal = account.get("portalId")
            if not isinstance(portal, int) or isinstance(portal, bool):
                msg = "HubSpot account: the answer names no portalId. Check the configured URL and run again"
                raise CrmUnavailableError(msg)
            kind = str(account.get("accountType", "STANDARD"))
            name = f"HubSpot account {portal}" + ("" if kind == "STANDARD" else f" ({kind})")
            self._org = Org(str(portal), name, self._api.now_us(), sandbox=kind != "STANDARD")
        return replace(self._org, now_us=self._api.now_us())

    def introduce(self) -> Org:
        """The account answers with its kind at once."""
        return self.org()

    def streams(self, definition: Definition) -> Sequence[Stream]:
        """The streams that a definition needs. Its time zone is the one in which dates without time are read."""
        self._zone = definition.time_zone
        return streams(definition)

    def pull(self, stream: Stream, since: Watermark | None, seen: Seen) -> Pull:
        """What changed since a watermark, or everything.

        Two streams live on what another one of this run brought: property_history on contacts, deal_people on
        deals. Pulled without it they read for themselves.
        """
        self.org()
        match stream.kind:
            case Kind.HISTORY:
                kept, self._histories = self._histories, None
                return pull_histories(self._api, stream, since, seen, kept, self._zone)
            case Kind.OWNERS:
                return pull_owners(self._vendor, stream, since)
            case Kind.DEAL_PEOPLE:
                return self._deal_people(stream, since, seen)
            case Kind.ACTIVITIES if stream.name == "form_submissions":
                return SubmissionsPull(self._api, stream, since, self._zone).pull()
            case _:
                return self._records(stream, since, seen)

    def describe(self, object_: str) -> Mapping[str, FieldInfo]:
        """The properties of an object, asked once."""
        if object_ not in self._infos:
            self._infos[object_] = field_infos(self._vendor.properties(object_))
        return self._infos[object_]

    def read(
        self, object_: str, ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None]]:
        """Present values from the database. An absorbed id answers with the survivor: that is another record."""
        asked = list(dict.fromkeys(ids))
        found: dict[str, Mapping[str, str | None]] = {}
        for records in self._api.read(object_, asked, fields):
            for record in records:
                if record["id"] in asked:
                    found[record["id"]] = {
                        name: _value(record["properties"].get(name), name) for name in fields
                    }
        return {id_: found[id_] for id_ in asked if id_ in found}

    def write(self, object_: str, rows: Mapping[str, Mapping[str, str | None]]) -> Sequence[Outcome]:
        """Set absolute values of at most `batch_size` records, each request sent once."""
        if len(rows) > self.batch_size:
            msg = f"{len(rows)} rows in one write; HubSpot takes {self.batch_size}"
            raise BugError(msg)
        if not rows:
            return []
        return BatchWrite(self._api, object_, self.describe(object_), self._zone).write(rows)

    def calls(self) -> Mapping[str, int]:
        """Requests so far by API, those of hubspot-api-client included."""
        return dict(self._api.governor.calls)

    def close(self) -> None:
        """Give all connections back."""
        self._vendor.close()
        self._api.close()

    def _records(self, stream: Stream, since: Watermark | None, seen: Seen) -> Pull:
        source = source_of(stream, self._api, self._zone)
        keep: Callable[[Sequence[JsonObject]], None] | None = None
        if stream.kind is Kind.PEOPLE:
            self._histories = None
            if since is None and stream.options:
                history = Stream(CRM, HISTORY, Kind.HISTORY, options=stream.options)
                self._histories = Histories(history, self._zone)
                keep = self._histories.keep
        if stream.name == DEALS:
            self._deals = DealsPulled(until_us(since))
            keep = self._deals.keep
        pull = RecordsPull(source, since, seen, keep)
        if self._deals is not None and stream.name == DEALS:
            self._deals.pull = pull
        return Pull(pull.pages(), pull.watermark)

    def _deal_people(self, stream: Stream, since: Watermark | None, seen: Seen) -> Pull:
        source = source_of(stream, self._api, self._zone)
        deals, self._deals = self._deals, None
        if deals is None or deals.pull is None or not deals.pull.done or deals.since_us != until_us(since):
            pull = RecordsPull(source, since, seen)
            return Pull(pull.pages(), pull.watermark)
        touched, reached = deals.touched, deals.pull.watermark()

        def pages() -> Iterator[Page]:
            for start in range(0, len(touched), source.together):
                records = touched[start : start + source.together]
                yield source.page(records, first=since is None, total=len(touched))

        return Pull(pages(), lambda: {**reached, "recent": {}})


def _value(value: object, name: str) -> str | None:
    try:
        return text(value, name)
    except UnusableError:
        # A value that we could not hold is certainly not one that we wrote.
        return ""
