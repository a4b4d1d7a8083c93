"""Small worlds for tests: definitions and raw mirror tables, with sensible defaults."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from leadledger.domain.conditions import Compare, Condition, Op, Space
from leadledger.domain.decisions import Contribution, Decision, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.routing import Routing
from leadledger.domain.scoring import MICRO, Engagement, EngagementRule, Fit, FitRule, Grade
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.fold.jit import Fold
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.engine.local import LocalEngine
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Decided, Kind, Known, Stream

START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z"""


def days(count: float) -> int:
    """An instant, so many days after START."""
    return START + int(count * DAY)


def hours(count: float) -> int:
    """An instant, so many hours after START."""
    return START + int(count * HOUR)


def when(name: str, value: Any, op: Op = Op.IS, space: Space = Space.ACTIVITY) -> Condition:
    """One comparison."""
    return Compare(space, name, op, value)


def a_rule(id_: str, points: float, type_: str | None = None, **more: Any) -> EngagementRule:
    """A rule for all activities of one type, by default the type named like the rule."""
    return EngagementRule(id_, more.pop("when", when("type", type_ or id_)), points, **more)


def asks(name: str, op: Op, value: Any) -> Condition:
    """What is asked of a fact."""
    return when(name, value, op, Space.FACT)


def computed(name: str, op: Op, value: Any) -> Condition:
    """What is asked of a score or a counter."""
    return when(name, value, op, Space.COMPUTED)


def rules(*which: EngagementRule, **bounds: Any) -> Engagement:
    """Engagement of these rules; `floor`, `max` and `categories` as in the definition."""
    return Engagement(tuple(which), **bounds)


def points(decision: Decision) -> float:
    """Engagement as a number of points."""
    return decision.engagement / MICRO


def line(decision: Decision, rule: str, kind: str = "engagement") -> Contribution:
    """The one contribution of a rule."""
    (found,) = (c for c in decision.contributions if c.rule == rule and c.kind == kind)
    return found


def path(decision: Decision) -> list[tuple[str, int]]:
    """(stage, instant) of every transition, inferred ones with a question mark."""
    return [(t.stage + "?" * t.inferred, t.at_us) for t in decision.transitions]


def known_after(decisions: Iterable[Decision]) -> Known:
    """What the ledger would know had it stored these decisions."""
    held = list(decisions)
    return Known(
        person_of={str(record): d.person_id for d in held for record in d.records},
        transitions={d.person_id: d.transitions for d in held},
        baselines={d.person_id: d.baseline for d in held},
        digests={d.person_id: d.digest() for d in held},
        decided={
            d.person_id: Decided(d.as_of_us, d.fit, d.definition, d.activated_us, d.next_due_us)
            for d in held
            if not d.excluded
        },
        began_us=min((d.as_of_us for d in held), default=0),
    )


def new(decision: Decision) -> tuple[Transition, ...]:
    """The transitions that the ledger did not know."""
    return decision.transitions[decision.frozen :]


def with_calls(definition: Definition) -> Definition:
    """The definition with calls of sales beside its other activities."""
    call = ActivitySource(
        "salesforce", "Visit__c", "call", when("Kind", "call", space=Space.FIELD), at="At", origin="sales"
    )
    return replace(definition, activities=(*definition.activities, call))


def level(id_: str, condition: Condition, until: Condition | None = None, **more: Any) -> Stage:
    """A stage that a level trigger enters."""
    return Stage(id_, (WhenTrigger(condition, until),), **more)


def by_type(id_: str, type_: str, **more: Any) -> Stage:
    """A stage that activities of one type enter."""
    return Stage(id_, (ActivityTrigger(when("type", type_)),), **more)


def by_status(id_: str, value: str, **more: Any) -> Stage:
    """A stage that the lead's status enters."""
    return Stage(id_, (StatusTrigger("Status", (value,)),), **more)


def stages(threshold: float = 100) -> Lifecycle:
    """inquiry, mql (score over the threshold, or hand-raise), sql, customer; recycled with reset."""
    return Lifecycle(
        (
            Stage("inquiry", (ActivityTrigger(when("type", "form")),)),
            Stage(
                "mql",
                (HandRaiseTrigger(), WhenTrigger(when("score", threshold, Op.OVER, Space.COMPUTED))),
                counter="mql_counter",
                reenter_from=("recycled",),
                routes=True,
            ),
            Stage("sql", (DealTrigger(DealEvent.CREATED),), reenter_from=("recycled",)),
            Stage("customer", (DealTrigger(DealEvent.WON),), reenter_from=("recycled",)),
            Stage(
                "recycled",
                (StatusTrigger("Status", ("Recycle",)),),
                side=True,
                sources=("mql", "sql"),
                resets_engagement=True,
            ),
        )
    )


def a_definition(**changes: Any) -> Definition:
    """A definition over Salesforce leads and one activity stream `Visit__c`."""
    default = Definition(
        name="test",
        version="1",
        digest="0" * 64,
        time_zone=ZoneInfo("Europe/Berlin"),
        connections=("salesforce",),
        people=(
            PeopleSource(
                "salesforce",
                "Lead",
                {
                    "email": "Email",
                    "company": "Company",
                    "title": "Title",
                    "employees": "Employees",
                    "country": "Country",
                },
            ),
        ),
        activities=(
            ActivitySource(
                "salesforce",
                "Visit__c",
                "visit",
                when("Kind", "visit", space=Space.FIELD),
                at="At",
                asset="Url",
            ),
            ActivitySource(
                "salesforce",
                "Visit__c",
                "form",
                when("Kind", "form", space=Space.FIELD),
                at="At",
                asset="Url",
            ),
            ActivitySource(
                "salesforce",
                "Visit__c",
                "demo",
                when("Kind", "demo", space=Space.FIELD),
                at="At",
                intent="hand_raise",
            ),
            ActivitySource(
                "salesforce", "Visit__c", "careers", when("Kind", "careers", space=Space.FIELD), at="At"
            ),
        ),
        engagement=Engagement(
            (a_rule("visit", 10), a_rule("form", 30), a_rule("demo", 50, auto_qualify=True))
        ),
        fit=Fit(
            (FitRule("size", when("employees", 50, Op.AT_LEAST, Space.FACT), 20),),
            grades=(Grade("A", 20), Grade("F", None)),
        ),
        lifecycle=stages(),
        routing=Routing(),
        targets=(),
    )
    return replace(default, **changes)


PEOPLE_FIELDS = ("Email", "Company", "Title", "Employees", "Country", "Consent", "MQLs", "First", "Last")
STREAMS = (
    Stream("salesforce", "Lead", Kind.PEOPLE, PEOPLE_FIELDS),
    Stream("salesforce", "Contact", Kind.PEOPLE, PEOPLE_FIELDS),
    Stream("salesforce", "Account", Kind.ACCOUNTS, ("Industry", "Employees")),
    Stream("salesforce", "Visit__c", Kind.ACTIVITIES, ("Kind", "At", "Url", "Seconds"), frozenset({"At"})),
    Stream("salesforce", "LeadHistory", Kind.HISTORY),
    Stream("salesforce", "Opportunity", Kind.DEALS),
    Stream("salesforce", "Role", Kind.DEAL_PEOPLE),
)


class World:
    """Raw tables in a DuckDB in memory, filled row by row."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("CREATE SCHEMA raw")
        self.streams: Sequence[Stream] = STREAMS
        for stream in STREAMS:
            columns = {**COMMON_COLUMNS, **COLUMNS[stream.kind]}
            columns |= {name: "BIGINT" if name in stream.instants else "VARCHAR" for name in stream.fields}
            self.connection.execute(
                f'CREATE TABLE raw."{stream.table}" ('
                + ", ".join(f'"{n}" {k}' for n, k in columns.items())
                + ")"
            )
        self._count = 0

    def close(self) -> None:
        """Give the memory back."""
        with contextlib.suppress(duckdb.Error):
            self.connection.close()

    def add(self, stream: str, id_: str | None = None, **values: Any) -> str:
        """Insert one row; ids are numbered where none is given."""
        self._count += 1
        row = {"id": id_ or f"{stream}-{self._count:06}", **values}
        self.add_all(stream, [row])
        return str(row["id"])

    def add_all(self, stream: str, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows with the same columns in one statement, in this order."""
        filled = [{"modified_us": START, "deleted": False, **row} for row in rows]
        names = ", ".join(f'"{name}"' for name in filled[0])
        marks = ", ".join("(" + ", ".join("?" * len(row)) + ")" for row in filled)
        values = [value for row in filled for value in row.values()]
        self.connection.execute(f'INSERT INTO raw."salesforce.{stream}" ({names}) VALUES {marks}', values)

    def lead(self, id_: str = "00Q1", **values: Any) -> str:
        """A lead that exists since START."""
        return self.add("Lead", id_, **{"created_us": START, "Email": f"{id_.lower()}@acme.test", **values})

    def activity(
        self, kind: str, at: int, person: str = "00Q1", id_: str | None = None, **values: Any
    ) -> str:
        """One activity of a lead."""
        return self.add("Visit__c", id_, Kind=kind, At=at, person=person, **values)

    def status(self, value: str, at: int, person: str = "00Q1") -> str:
        """A rep set the lead's status."""
        return self.add("LeadHistory", person=person, field="Status", new=value, at_us=at)

    def contact(self, id_: str = "0031", **values: Any) -> str:
        """A contact that exists since START."""
        return self.add(
            "Contact", id_, **{"created_us": START, "Email": f"{id_.lower()}@acme.test", **values}
        )

    def deal(self, created: int, person: str = "00Q1", *, won: int | None = None) -> str:
        """A deal of a lead."""
        deal = self.add(
            "Opportunity", created_us=created, closed_us=won, won=won is not None, closed=won is not None
        )
        self.add("Role", deal=deal, person=person)
        return deal

    def evaluate(
        self,
        definition: Definition | None = None,
        as_of: int = days(30),
        known: Known | None = None,
        fold: Fold = plain_fold,
    ) -> LocalEvaluation:
        """Evaluate everybody, by default with the plain fold, which needs no compiling."""
        engine = LocalEngine(fold)
        definition = definition or a_definition()
        return engine.evaluate(self.connection, definition, self.streams, known or Known(), as_of)

    def decide(
        self, definition: Definition | None = None, as_of: int = days(30), known: Known | None = None
    ) -> Decision:
        """The decision about the only person."""
        (decision,) = self.evaluate(definition, as_of, known).decisions()
        return decision

    def runs(self, definition: Definition, *instants: int, known: Known | None = None) -> list[Decision]:
        """The decisions about the only person in runs that follow each other, each on what the last one left."""
        found: list[Decision] = []
        for instant in instants:
            found.append(self.decide(definition, instant, known_after(found[-1:]) if found else known))
        return found

    def everybody(
        self, definition: Definition | None = None, as_of: int = days(30), known: Known | None = None
    ) -> dict[str, Decision]:
        """Person id -> decision."""
        return {d.person_id: d for d in self.evaluate(definition, as_of, known).decisions()}
