"""Property histories of contacts as rows: handed on from the contacts' list, or read for those that were touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from leadledger.crm.hubspot.api import Api, JsonObject
from leadledger.crm.hubspot.rows import UnusableError, instant, rejected, text
from leadledger.crm.hubspot.streams import CONTACTS
from leadledger.ports import Page, Pull, Rejected, Row, Seen, Stream, Watermark

LARGEST_KEPT = 2_000_000
"""Entries that are kept in memory between the two streams (about 0.5 GB); beyond that they are read again."""
ROWS_PER_PAGE = 5_000


class _Entry(NamedTuple):
    id: str
    field: str
    old: str | None
    new: str | None
    at_us: int
    author: str


class Histories:
    """The histories that came along with the contacts' list pages of this run, until they are handed on."""

    def __init__(self, stream: Stream, zone: ZoneInfo) -> None:
        self.stream = stream
        self.zone = zone
        self.complete = True
        """False once there were too many to keep: then none is kept."""
        self.people: dict[str, tuple[list[_Entry], list[Rejected]]] = {}
        self._kept = 0

    def keep(self, records: Sequence[JsonObject]) -> None:
        """Remember the histories of some contacts."""
        if not self.complete:
            return
        for record in records:
            entries, bad = _entries(self.stream, record, self.zone)
            self.people[record["id"]] = (entries, bad)
            self._kept += len(entries)
        if self._kept > LARGEST_KEPT:
            self.complete = False
            self.people.clear()


def pull_histories(
    api: Api, stream: Stream, since: Watermark | None, seen: Seen, kept: Histories | None, zone: ZoneInfo
) -> Pull:
    """Histories of everybody the first time, afterwards of the people whom this run has touched.

    A person's history comes whole in one page and replaces the old one. `kept` costs no call.
    """
    until_us = api.now_us()
    usable = kept is not None and kept.complete and kept.stream.options == stream.options
    at_hand = kept.people if kept is not None and usable else {}

    def pages() -> Iterator[Page]:
        yield from _pages(iter(at_hand.items()), len(at_hand))
        if since is None:
            if not at_hand:
                for records in api.listed(CONTACTS, (), history=stream.options):
                    yield from _pages(_read(stream, records, zone), 0)
            return
        missing = [id_ for id_ in seen.touched_people() if id_ not in at_hand]
        for records in api.read(CONTACTS, missing, (), history=stream.options):
            yield from _pages(_read(stream, records, zone), len(missing))

    return Pull(pages(), lambda: {"until_us": until_us})


_Person = tuple[str, tuple[list[_Entry], list[Rejected]]]


def _read(stream: Stream, records: Sequence[JsonObject], zone: ZoneInfo) -> Iterator[_Person]:
    for record in records:
        yield record["id"], _entries(stream, record, zone)


def _pages(people: Iterator[_Person], total: int) -> Iterator[Page]:
    rows: list[Row] = []
    bad: list[Rejected] = []
    for person, (entries, unusable) in people:
        rows += [_row(person, entry) for entry in entries]
        bad += unusable
        if len(rows) >= ROWS_PER_PAGE:
            yield Page(rows, bad, total, replaces="person")
            rows, bad = [], []
    if rows or bad:
        yield Page(rows, bad, total, replaces="person")


def _row(person: str, entry: _Entry) -> Row:
    return {
        "id": entry.id,
        "modified_us": entry.at_us,
        "deleted": False,
        "person": person,
        "field": entry.field,
        "old": entry.old,
        "new": entry.new,
        "at_us": entry.at_us,
        "author": entry.author,
    }


def _entries(stream: Stream, record: JsonObject, zone: ZoneInfo) -> tuple[list[_Entry], list[Rejected]]:
    histories = record.get("propertiesWithHistory") or {}
    found: list[_Entry] = []
    bad: list[Rejected] = []
    for name in stream.options:
        usable: list[tuple[int, Mapping[str, Any]]] = []
        # Newest first, as HubSpot seems to give them, becomes oldest first also within one millisecond.
        for entry in reversed(histories.get(name) or []):
            id_ = f"{record['id']}/{name}/{entry.get('timestamp')}"
            try:
                at_us = instant(entry.get("timestamp"), "timestamp", zone)
                text(entry.get("value"), name)
            except UnusableError as error:
                bad.append(rejected(stream, id_, str(error)))
                continue
            if at_us is None:
                bad.append(rejected(stream, id_, "timestamp is empty"))
                continue
            usable.append((at_us, entry))
        usable.sort(key=lambda one: one[0])
        before: str | None = None
        ids: set[str] = set()
        for at_us, entry in usable:
            value = text(entry.get("value"), name)
            id_ = f"{record['id']}/{name}/{entry['timestamp']}"
            while id_ in ids:
                id_ += "+"
            ids.add(id_)
            author = entry.get("updatedByUserId") or entry.get("sourceType") or ""
            found.append(_Entry(id_, name, before, value, at_us, str(author)))
            before = value
    return found, bad
