"""Pulls one object of HubSpot: the whole list the first time, then what changed, and once a day what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from leadledger.crm.hubspot.api import JsonObject, fits_query
from leadledger.crm.hubspot.increments import OVERLAP, SETTLING, Increment
from leadledger.crm.hubspot.rows import MILLISECOND, UnusableError, instant
from leadledger.crm.hubspot.source import Source
from leadledger.domain.instants import DAY
from leadledger.ports import Page, Row, Seen, Watermark

REMEMBERED = 1000
"""Records of the overlap whose last change the watermark keeps; beyond that the mirror's count has to do."""


class RecordsPull:
    """One pull of one source. `keep` is shown every record that is given out; `done` tells that it saw all."""

    def __init__(
        self,
        source: Source,
        since: Watermark | None,
        seen: Seen,
        keep: Callable[[Sequence[JsonObject]], None] | None = None,
    ) -> None:
        self.source = source
        self.since = since
        self.seen = seen
        self.done = False
        self._keep = keep
        self._watermark: dict[str, Any] = {}

    def watermark(self) -> Watermark:
        """Up to where the pages reach."""
        return self._watermark

    def pages(self) -> Iterator[Page]:
        """The rows; see `ports.Crm.pull`."""
        yield from self._everything() if self.since is None else self._changes(self.since)
        self.done = True

    def _everything(self) -> Iterator[Page]:
        source, api = self.source, self.source.api
        total = api.search(source.object, [], (), 1).total
        start_us = api.server_us
        recent: dict[str, int] = {}
        waiting: list[JsonObject] = []
        narrow = not fits_query(source.properties)
        asked = (source.modified,) if narrow else source.properties
        for listed in api.listed(source.object, asked, history=source.history):
            records = self._completed(listed) if narrow else listed
            self._remember(records, recent, start_us - OVERLAP)
            waiting += records
            if len(waiting) >= source.together:
                yield self._page(
                    waiting[: source.together] if source.together > 1 else waiting, total, first=True
                )
                waiting = waiting[source.together :] if source.together > 1 else []
        if waiting:
            yield self._page(waiting, total, first=True)
        kept = recent if len(recent) <= REMEMBERED else {}
        self._watermark = {
            "until_us": start_us,
            "walked_us": start_us - SETTLING,
            "recent": kept,
            "archived_us": start_us,
        }

    def _changes(self, since: Watermark) -> Iterator[Page]:
        source = self.source
        until_us = int(since["until_us"])
        walked_us = int(since.get("walked_us", until_us - SETTLING))
        increment = Increment(source, until_us, since.get("recent") or {}, self.seen, walked_us)
        waiting: list[JsonObject] = []
        total = 0
        for announced, records in increment.records():
            total = announced
            waiting += records
            while len(waiting) >= source.together:
                size = source.together if source.together > 1 else len(waiting)
                yield self._page(waiting[:size], total, first=False)
                waiting = waiting[size:]
                if not waiting:
                    break
        if waiting:
            yield self._page(waiting, total, first=False)
        archived_us = int(since.get("archived_us", 0))
        if increment.lost or increment.until_us // DAY != archived_us // DAY:
            yield from self._deleted(archived_us - OVERLAP)
            archived_us = increment.until_us
        self._watermark = {
            "until_us": increment.until_us,
            "walked_us": increment.walked_us,
            "recent": increment.recent,
            "archived_us": archived_us,
        }

    def _page(self, records: list[JsonObject], total: int, *, first: bool) -> Page:
        if self._keep is not None:
            self._keep(records)
        return self.source.page(records, first=first, total=total)

    def _completed(self, listed: list[JsonObject]) -> list[JsonObject]:
        source = self.source
        histories = {record["id"]: record.get("propertiesWithHistory") for record in listed}
        whole = source.api.read(source.object, list(histories), source.properties)
        return [
            {**record, "propertiesWithHistory": histories.get(record["id"])}
            for page in whole
            for record in page
        ]

    def _remember(self, records: list[JsonObject], recent: dict[str, int], low_us: int) -> None:
        for record in records:
            try:
                modified_us = self.source.modified_us(record)
            except UnusableError:
                continue
            if modified_us >= low_us and len(recent) <= REMEMBERED:
                recent[record["id"]] = modified_us // MILLISECOND

    def _deleted(self, low_us: int) -> Iterator[Page]:
        """Tombstones of what was put into the recycle bin; a search never shows these."""
        source = self.source
        for records in source.api.listed(source.object, (source.modified,), archived=True):
            rows: list[Row] = []
            for record in records:
                try:
                    archived_us = instant(record.get("archivedAt"), "archivedAt", source.zone)
                except UnusableError:
                    archived_us = None
                if archived_us is None or archived_us >= low_us:
                    rows += source.gone(record["id"], archived_us or source.api.server_us)
            if rows:
                yield Page(rows)


def until_us(watermark: Mapping[str, Any] | None) -> int:
    """Up to where a watermark of this module reaches; 0 for none."""
    return int(watermark["until_us"]) if watermark else 0
