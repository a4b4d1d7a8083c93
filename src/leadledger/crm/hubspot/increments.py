"""Reads what changed since a watermark through HubSpot's search, cheaply when nothing did and completely when much did.

Search lags behind, stops at 10,000 results and knows no order for very recent records (facts, sections 3.1 to
3.3). Hence: a window of time that overlaps the last one by an hour, walked by ascending record id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadledger.crm.hubspot.api import SEARCH_LIMIT, JsonObject, fits_search
from leadledger.crm.hubspot.rows import MILLISECOND, UnusableError
from leadledger.crm.hubspot.source import Source
from leadledger.domain.instants import HOUR, MINUTE, SECOND
from leadledger.errors import CrmUnavailableError
from leadledger.ports import Seen

OVERLAP = HOUR
"""Others run a second, complete stream an hour behind the first; this is the same hour."""
SETTLING = 2 * MINUTE
"""What a busy run reads again in any case: a change that was not in the index yet when the last run asked for it.
The lag is "a few moments"; the rest of the overlap is read again only when its count differs."""
ENDLESS = 1 << 62


@dataclass(slots=True)
class Increment:
    """One increment of one source. `until_us`, `walked_us` and `recent` are valid once `records` are exhausted.

    `recent` maps the ids of the overlap to their last change in milliseconds: what was given out before. It is
    empty when there were too many to remember.
    """

    source: Source
    since_us: int
    known: Mapping[str, int]
    seen: Seen
    walked_us: int
    """Up to where the index was compared with the mirror record by record, and was seen to be complete."""
    until_us: int = 0
    recent: dict[str, int] = field(default_factory=dict)
    lost: bool = False
    """The mirror holds more than HubSpot does: something was deleted or merged away."""

    @property
    def low_us(self) -> int:
        """Where the window begins; HubSpot was seen to answer 500 to a search from the very epoch."""
        return max(SECOND, self.since_us - OVERLAP)

    def records(self) -> Iterator[tuple[int, list[JsonObject]]]:
        """(records announced, some of them). Records may come again; none that is in the index is left out."""
        api = self.source.api
        wide = fits_search(self.source.properties)
        asked = self.source.properties if wide else (self.source.modified,)
        modified = self.source.modified
        window = [self._filter("GTE", self.low_us)]
        probe = api.search(self.source.object, window, asked, SEARCH_LIMIT, newest_by=modified)
        # The second that HubSpot's clock shows belongs to this window as a whole; what still happens in it is
        # found by the next overlap.
        self.until_us = max(self.since_us, api.server_us + SECOND)
        walked_us = max(self.low_us, self.walked_us)
        self.walked_us = self.until_us - SETTLING
        if probe.total == len(probe.results):
            fresh = self._unknown(probe.results, probe.total)
            if self.lost:
                # Gone, or only not in the index yet: then edits of others may be hidden as well.
                self.walked_us = walked_us
            if fresh:
                yield probe.total, fresh if wide else self._whole(fresh)
            return
        newest_ms = {record["id"]: self._modified_ms(record) for record in probe.results}
        reaches_back = min(newest_ms.values(), default=-1) * MILLISECOND < walked_us
        if self._is_held(probe.total, newest_ms) and reaches_back:
            self.walked_us = max(self.walked_us, walked_us)
            return
        complete_us = yield from self._walk(walked_us, self.until_us, wide=wide, total=probe.total)
        self.walked_us = max(walked_us, complete_us)
        if self.source.one_to_one:
            held = self.seen.count(self.low_us, ENDLESS)
            self.lost = held > probe.total
            if held == probe.total:
                return
        yield from self._walk(self.low_us, walked_us, wide=wide, total=probe.total)

    def _unknown(self, results: Sequence[JsonObject], total: int) -> list[JsonObject]:
        """The records of a small window that the mirror does not hold as they are now."""
        changed_ms = {record["id"]: self._modified_ms(record) for record in results}
        self.recent = changed_ms
        if self._is_held(total, changed_ms):
            return []
        return [record for record in results if self.known.get(record["id"]) != changed_ms[record["id"]]]

    def _is_held(self, total: int, newest_ms: Mapping[str, int]) -> bool:
        """Whether the mirror already holds the window: as many rows, and as many at each of the newest instants.

        The number alone would not do: what changed again moved inside the window and is still one record. What
        is older than the newest 200 is trusted by its number, but only where it was walked through before.
        """
        if not self.source.one_to_one:
            return False
        held = self.seen.count(self.low_us, ENDLESS)
        self.lost = held > total
        if held != total:
            return False
        instants = Counter(newest_ms.values())
        # Of the oldest instant on a full page there may be more records than the page shows.
        cut_off = min(instants) if len(newest_ms) < total else None
        for ms, records in instants.items():
            rows = self.seen.count(ms * MILLISECOND, (ms + 1) * MILLISECOND)
            if rows < records or (rows > records and ms != cut_off):
                return False
        return True

    def _walk(
        self, low_us: int, high_us: int, *, wide: bool, total: int
    ) -> Generator[tuple[int, list[JsonObject]], None, int]:
        """What the mirror does not hold as it is now. Returns the instant up to which the index is complete.

        Our own writes, whose time of change the mirror took over from their answers, tell how far the index is:
        those that it does not show yet are read by id, since an edit of others may have followed them.
        """
        held_us = self.seen.modified(low_us, high_us) if self.source.one_to_one else {}
        behind_ms = {id_: modified_us // MILLISECOND for id_, modified_us in held_us.items()}
        held_ms = dict(behind_ms)
        for records in self._listed(low_us, high_us, wide=wide):
            changed = []
            for record in records:
                id_, ms = record["id"], self._modified_ms(record)
                if 0 <= ms < held_ms.get(id_, 0):
                    continue  # the index's past, not news
                behind_ms.pop(id_, None)
                if ms != held_ms.get(id_):
                    changed.append(record)
            if changed:
                yield total, changed if wide else self._whole(changed)
        shown_us = max((us for id_, us in held_us.items() if id_ not in behind_ms), default=0)
        complete_us = max(self.until_us - SETTLING, shown_us)
        if behind_ms:
            whole = self._whole([{"id": id_} for id_ in behind_ms])
            changed = [record for record in whole if self._modified_ms(record) != held_ms.get(record["id"])]
            if changed:
                yield total, changed
            behind_us = [held_us[record["id"]] for record in whole if record["id"] in held_us]
            complete_us = min([complete_us, *behind_us])
        return complete_us

    def _listed(self, low_us: int, high_us: int, *, wide: bool) -> Iterator[Sequence[JsonObject]]:
        # A keyset over record ids: no page is ever asked for by its offset, so neither the end at 10,000 nor
        # thousands of records with one and the same millisecond matter.
        last = 0
        asked = self.source.properties if wide else (self.source.modified,)
        while low_us < high_us:
            filters = [
                self._filter("GTE", low_us),
                self._filter("LT", high_us),
                {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
            ]
            found = self.source.api.search(self.source.object, filters, asked, SEARCH_LIMIT)
            if not found.results:
                return
            yield found.results
            reached = max(int(record["id"]) for record in found.results)
            if reached <= last:
                msg = (
                    f"HubSpot objects/search of {self.source.object}: the records do not come in the order of their "
                    "ids, so none could be told to be the last. Run again; if it stays, report it"
                )
                raise CrmUnavailableError(msg)
            last = reached
            if found.total <= len(found.results):
                return

    def _whole(self, records: Sequence[JsonObject]) -> list[JsonObject]:
        ids = [record["id"] for record in records]
        source = self.source
        return [one for page in source.api.read(source.object, ids, source.properties) for one in page]

    def _filter(self, operator: str, bound_us: int) -> dict[str, str]:
        # Epoch milliseconds as text is the documented form; ISO dates only happen to work.
        value = str(-(-bound_us // MILLISECOND))
        return {"propertyName": self.source.modified, "operator": operator, "value": value}

    def _modified_ms(self, record: JsonObject) -> int:
        try:
            return self.source.modified_us(record) // MILLISECOND
        except UnusableError:
            return -1
