"""One CRM record as HubSpot keeps it: current values, their history, and the body that an answer shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.object_types import ObjectType
from leadledger.sandbox.hubspot.stamps import stamp

History = dict[str, list[JsonObject]]
"""Property name -> its values, newest first."""


encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""The compact text of a JSON value. One encoder for all: making one per row doubles the time of a load."""

_LONGEST_ID = 18
"""Decimal digits that surely fit into 64 bits; a longer text is the id of nothing."""


def record_id(text: str) -> int | None:
    """The number in an id's text; None for a text that cannot be an id."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_ID else None


@dataclass(frozen=True, slots=True)
class Source:
    """Who changed a value, in the words of a history entry."""

    type: str
    """`INTEGRATION` for the API, `CRM_UI` for a person, `CALCULATED` for HubSpot itself."""
    id: str
    label: str | None = None
    user_id: int | None = None


@dataclass(slots=True)
class Record:
    """A record while one call works on it. Not frozen: a call changes it step by step, then saves it once."""

    type: ObjectType
    id: int
    properties: dict[str, str]
    created_ms: int
    updated_ms: int
    archived: bool = False
    archived_ms: int | None = None
    history_json: str = "{}"
    _history: History | None = field(default=None, repr=False)

    def value(self, name: str) -> str:
        """The value of a property; an empty text when it has none."""
        return self.properties.get(name) or ""

    @property
    def history(self) -> History:
        """Every recorded change. Read from its text on first use, because most calls never look at it."""
        if self._history is None:
            self._history = json.loads(self.history_json)
        return self._history

    def written_history(self) -> str:
        """The text form for the store."""
        if self._history is None:
            return self.history_json
        return encode(self._history)

    def entries(self, name: str) -> list[JsonObject]:
        """The history of one property, newest first.

        A value that came without history has been there since the record was created.
        """
        known = self.history.get(name)
        if known is not None:
            return known
        value = self.properties.get(name)
        if value is None:
            return []
        return [_entry(value, self.created_ms, Source("IMPORT", "import"))]

    def set(self, name: str, value: str, source: Source, at_ms: int, *, cleared: str | None = None) -> None:
        """Give a property another value and remember it; nothing happens when it has that value already.

        An empty text clears; `cleared` is what the property holds from then on (None or an empty text).
        """
        if self.value(name) == value:
            return
        entries = self.entries(name)
        if value:
            self.properties[name] = value
        elif cleared is None:
            self.properties.pop(name, None)
        else:
            self.properties[name] = cleared
        self.history[name] = [_entry(value, at_ms, source), *entries]

    def body(
        self,
        names: Iterable[str],
        with_history: Sequence[str] = (),
        associations: JsonObject | None = None,
    ) -> JsonObject:
        """The record as an answer shows it. `names` are definitions that exist; unset ones come as null."""
        shown = sorted({*names, *with_history, self.type.created, self.type.modified, "hs_object_id"})
        body: JsonObject = {
            "id": str(self.id),
            "properties": {name: self.properties.get(name) for name in shown},
        }
        if with_history:
            body["propertiesWithHistory"] = {name: self.entries(name) for name in with_history}
        if associations:
            body["associations"] = associations
        body["createdAt"] = stamp(self.created_ms)
        body["updatedAt"] = stamp(self.updated_ms)
        body["archived"] = self.archived
        if self.archived_ms is not None:
            body["archivedAt"] = stamp(self.archived_ms)
        return body


def _entry(value: str, at_ms: int, source: Source) -> JsonObject:
    entry: JsonObject = {
        "value": value,
        "timestamp": stamp(at_ms),
        "sourceType": source.type,
        "sourceId": source.id,
    }
    if source.label is not None:
        entry["sourceLabel"] = source.label
    if source.user_id is not None:
        entry["updatedByUserId"] = source.user_id
    return entry
