"""A small mirror with two CRMs for tests of the canonical tables alone, and what these tables say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.routing import Routing
from leadledger.domain.scoring import Engagement, Fit
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.engine.canonical import Canonical
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Known, Stream

BEGIN = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z"""
END = BEGIN + 100 * DAY

LEAD = Stream("salesforce", "Lead", Kind.PEOPLE, ("Email", "Title", "HubSpot_ID__c"))
CONTACT = Stream("salesforce", "Contact", Kind.PEOPLE, ("Email", "Title", "HubSpot_ID__c"))
HUBSPOT = Stream("hubspot", "contact", Kind.PEOPLE, ("email", "jobtitle", "salesforceid"))
VISIT = Stream("salesforce", "Visit__c", Kind.ACTIVITIES, ("Kind", "Url", "Mail", "Agent"))
EVENT = Stream("hubspot", "events", Kind.ACTIVITIES, ("kind", "url"))
STREAMS = (LEAD, CONTACT, HUBSPOT, VISIT, EVENT)

_SALESFORCE = {"email": "Email", "title": "Title", "hubspot_id": "HubSpot_ID__c"}
PEOPLE = (
    PeopleSource("salesforce", "Lead", _SALESFORCE),
    PeopleSource("salesforce", "Contact", _SALESFORCE),
    PeopleSource(
        "hubspot", "contact", {"email": "email", "title": "jobtitle", "salesforce_id": "salesforceid"}
    ),
)
KINDS = ("open", "click", "delivery", "visit", "form", "call", "demo")


def source(crm: str, kind: str, **more: Any) -> ActivitySource:
    """Rows of one kind as activities of a type with the same name."""
    stream, field, asset = ("Visit__c", "Kind", "Url") if crm == "salesforce" else ("events", "kind", "url")
    given = {
        "asset": asset,
        "origin": "sales" if kind == "call" else "marketing",
        "intent": "hand_raise" if kind == "demo" else "none",
        **({"campaign": "Mail", "attributes": {"agent": "Agent"}} if crm == "salesforce" else {}),
        **more,
    }
    return ActivitySource(crm, stream, kind, Compare(Space.FIELD, field, Op.IS, kind), **given)


def a_definition(**changes: Any) -> Definition:
    """Leads, contacts and HubSpot's contacts, and activities of both CRMs; no rules at all."""
    given = {
        "name": "test",
        "version": "1",
        "digest": "0" * 64,
        "time_zone": ZoneInfo("UTC"),
        "connections": ("salesforce", "hubspot"),
        "people": PEOPLE,
        "activities": tuple(source(crm, kind) for crm in ("salesforce", "hubspot") for kind in KINDS),
        "engagement": Engagement(),
        "fit": Fit(),
        "lifecycle": Lifecycle(),
        "routing": Routing(),
        "targets": (),
        **changes,
    }
    return Definition(**given)


class Mirror:
    """Raw tables in a DuckDB in memory."""

    def __init__(self) -> None:
        self.sql = duckdb.connect(":memory:", config={"threads": 1})
        self.sql.execute("CREATE SCHEMA raw")
        for stream in STREAMS:
            columns = {**COMMON_COLUMNS, **COLUMNS[stream.kind]} | dict.fromkeys(stream.fields, "VARCHAR")
            made = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self.sql.execute(f'CREATE TABLE raw."{stream.table}" ({made})')
        self._count = 0

    def add(self, stream: Stream, id_: str = "", **values: Any) -> str:
        """Insert one row; ids are numbered where none is given."""
        self._count += 1
        row = {"id": id_ or f"x{self._count:05}", "modified_us": BEGIN, "deleted": False, **values}
        if stream.kind is Kind.PEOPLE:
            row = {"created_us": BEGIN, **row}
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.sql.execute(f'INSERT INTO raw."{stream.table}" ({names}) VALUES ({marks})', list(row.values()))
        return str(row["id"])

    def visit(self, kind: str, at: float, person: str | None = "00Q1", id_: str = "", **values: Any) -> str:
        """One activity in Salesforce, `at` in seconds after BEGIN."""
        return self.add(VISIT, id_, Kind=kind, at_us=BEGIN + round(at * 1e6), person=person, **values)

    def event(self, kind: str, at: float, person: str | None = "1", id_: str = "", **values: Any) -> str:
        """One activity in HubSpot, `at` in seconds after BEGIN."""
        return self.add(EVENT, id_, kind=kind, at_us=BEGIN + round(at * 1e6), person=person, **values)

    def build(
        self,
        definition: Definition | None = None,
        known: Known | None = None,
        scope: frozenset[str] | None = None,
        streams: Sequence[Stream] = STREAMS,
    ) -> Canonical:
        """The canonical tables as of END."""
        canonical = Canonical(
            self.sql, definition or a_definition(), streams, known or Known(), END, scope=scope
        )
        canonical.build()
        return canonical

    def people(self) -> dict[str, list[str]]:
        """Person id -> records, as last built."""
        rows = self.sql.execute(
            "SELECT n.person_id, list(r.ref ORDER BY r.ref) FROM person n JOIN record r ON r.p = n.p "
            "GROUP BY n.person_id ORDER BY n.person_id"
        ).fetchall()
        return dict(rows)

    def activities(self, table: str = "activity") -> dict[str, list[tuple[int, str, str, str]]]:
        """Person id -> (instant, id, type, asset) of `activity` or `suspected`, as last built."""
        rows = self.sql.execute(
            f"SELECT n.person_id, list((a.at_us, a.id, k.type, k.asset) ORDER BY a.at_us, a.id) FROM {table} a "
            "JOIN person n ON n.p = a.p JOIN class k ON k.class = a.class GROUP BY n.person_id ORDER BY n.person_id"
        ).fetchall()
        return {
            person: [tuple(row.values()) if isinstance(row, dict) else row for row in found]
            for person, found in rows
        }

    def ids(self, table: str = "activity") -> list[str]:
        """Ids of the rows of `activity` or `suspected`, without their stream."""
        return sorted(
            row[0].rpartition("/")[2] for row in self.sql.execute(f"SELECT id FROM {table}").fetchall()
        )
