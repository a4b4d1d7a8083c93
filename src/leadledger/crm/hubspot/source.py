"""What one object of HubSpot means as rows: contacts, companies, deals, engagements, links of deals to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.hubspot.api import Api, JsonObject
from leadledger.crm.hubspot.rows import UnusableError, fields, flag, instant, rejected, text, tombstone
from leadledger.crm.hubspot.streams import CONTACTS, DEALS
from leadledger.ports import Kind, Page, Rejected, Row, Stream

SLOTS = 5
"""An engagement's n-th contact has the row `<id>/<n>`; so many are cleared when fewer contacts are left."""


@dataclass(frozen=True, slots=True)
class Source:
    """One stream over one object. `together`: records per page, for those that need their associations."""

    api: Api
    stream: Stream
    zone: ZoneInfo
    object: str
    properties: tuple[str, ...]
    history: tuple[str, ...] = ()
    together: int = 1

    @property
    def modified(self) -> str:
        """The property that tells the last change. On contacts, `hs_lastmodifieddate` silently finds nothing."""
        return "lastmodifieddate" if self.object == CONTACTS else "hs_lastmodifieddate"

    @property
    def one_to_one(self) -> bool:
        """Whether every record is exactly one row, so that rows of the mirror can be counted against records."""
        return self.stream.kind in {Kind.PEOPLE, Kind.ACCOUNTS, Kind.DEALS}

    def modified_us(self, record: JsonObject) -> int:
        """When a record changed last. Raises UnusableError."""
        value = record["properties"].get(self.modified) or record.get("updatedAt")
        modified_us = instant(value, self.modified, self.zone)
        if modified_us is None:
            msg = f"{self.modified} is empty"
            raise UnusableError(msg)
        return modified_us

    def page(self, records: Sequence[JsonObject], *, first: bool, total: int = 0) -> Page:
        """The rows of some records. On the first load there is nothing old to clear away."""
        people: dict[str, list[str]] = {}
        if self.together > 1:
            people = self.api.associated(self.object, CONTACTS, [record["id"] for record in records])
        rows: list[Row] = []
        bad: list[Rejected] = []
        for record in records:
            try:
                rows += self._rows(record, people.get(record["id"], []), first=first)
            except UnusableError as error:
                bad.append(rejected(self.stream, record["id"], str(error)))
        return Page(rows, bad, total)

    def gone(self, id_: str, modified_us: int) -> list[Row]:
        """The rows of a record that was deleted. Links of a deal need none: the deal's own row tells it."""
        if self.stream.kind is Kind.DEAL_PEOPLE:
            return []
        ids = [id_]
        if self.stream.kind is Kind.ACTIVITIES:
            ids += [f"{id_}/{slot}" for slot in range(2, SLOTS + 1)]
        return [tombstone(self.stream, one, modified_us) for one in ids]

    def _rows(self, record: JsonObject, people: Sequence[str], *, first: bool) -> list[Row]:
        id_, properties, modified_us = record["id"], record["properties"], self.modified_us(record)
        common = {"id": id_, "modified_us": modified_us, "deleted": False}
        match self.stream.kind:
            case Kind.DEAL_PEOPLE:
                return [{**common, "id": f"{id_}/{p}", "deal": id_, "person": p} for p in people]
            case Kind.PEOPLE:
                return self._person(common, properties)
            case Kind.ACCOUNTS:
                return [{**common, "owner": _id(properties, "hubspot_owner_id"), **self._fields(properties)}]
            case Kind.DEALS:
                return [{**common, **self._deal(properties), **self._fields(properties)}]
            case _:
                return self._engagement(common, properties, people, first=first)

    def _fields(self, properties: dict[str, Any]) -> dict[str, str | int | None]:
        return fields(self.stream, properties, self.zone)

    def _person(self, common: dict[str, Any], properties: dict[str, Any]) -> list[Row]:
        row = {
            **common,
            "account": _id(properties, "associatedcompanyid"),
            "owner": _id(properties, "hubspot_owner_id"),
            "created_us": instant(properties.get("createdate"), "createdate", self.zone),
            "converted_to": None,
            "converted_us": None,
            "merged_into": None,
            **self._fields(properties),
        }
        merged = (text(properties.get("hs_merged_object_ids"), "hs_merged_object_ids") or "").split(";")
        absorbed = [id_.strip() for id_ in merged if id_.strip() and id_.strip() != common["id"]]
        return [
            row,
            *(tombstone(self.stream, a, common["modified_us"], merged_into=common["id"]) for a in absorbed),
        ]

    def _deal(self, properties: dict[str, Any]) -> dict[str, Any]:
        # HubSpot fills closedate of an open deal with the day on which somebody hopes to close it.
        closed = flag(properties.get("hs_is_closed"))
        return {
            "created_us": instant(properties.get("createdate"), "createdate", self.zone),
            "closed_us": instant(properties.get("closedate"), "closedate", self.zone) if closed else None,
            "won": flag(properties.get("hs_is_closed_won")),
            "closed": closed,
            "owner": _id(properties, "hubspot_owner_id"),
        }

    def _engagement(
        self, common: dict[str, Any], properties: dict[str, Any], people: Sequence[str], *, first: bool
    ) -> list[Row]:
        id_ = common["id"]
        at_us = instant(properties.get("hs_timestamp"), "hs_timestamp", self.zone)
        own = self._fields(properties)
        rows: list[Row] = [
            {
                **common,
                "id": id_ if slot == 1 else f"{id_}/{slot}",
                "person": person,
                "person_email": None,
                "at_us": at_us,
                **own,
            }
            for slot, person in enumerate(people, 1)
        ]
        if not first:
            # A merge or a removed association leaves fewer contacts; their old rows must not stay behind.
            for slot in range(len(people) + 1, SLOTS + 1):
                gone = id_ if slot == 1 else f"{id_}/{slot}"
                rows.append(tombstone(self.stream, gone, common["modified_us"]))
        return rows


def source_of(stream: Stream, api: Api, zone: ZoneInfo) -> Source:
    """The source of a stream of records. Raises KeyError for a stream of another kind."""
    fixed: dict[Kind, tuple[str, ...]] = {
        Kind.PEOPLE: (
            "associatedcompanyid",
            "createdate",
            "hs_merged_object_ids",
            "hubspot_owner_id",
            "lastmodifieddate",
        ),
        Kind.ACCOUNTS: ("hs_lastmodifieddate", "hubspot_owner_id"),
        Kind.DEALS: (
            "closedate",
            "createdate",
            "hs_is_closed",
            "hs_is_closed_won",
            "hs_lastmodifieddate",
            "hubspot_owner_id",
        ),
        Kind.DEAL_PEOPLE: ("hs_lastmodifieddate",),
        Kind.ACTIVITIES: ("hs_lastmodifieddate", "hs_timestamp"),
    }
    return Source(
        api,
        stream,
        zone,
        object=DEALS if stream.kind is Kind.DEAL_PEOPLE else stream.name,
        properties=tuple(sorted({*fixed[stream.kind], *stream.fields})),
        history=stream.options if stream.kind is Kind.PEOPLE else (),
        together=1000 if stream.kind in {Kind.DEAL_PEOPLE, Kind.ACTIVITIES} else 1,
    )


def _id(properties: dict[str, Any], name: str) -> str | None:
    return text(properties.get(name), name) or None
