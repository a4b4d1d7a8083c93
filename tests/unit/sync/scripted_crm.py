"""A CRM that answers as a test scripts it, and the small world around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from builders import START, a_definition, days
from leadledger.domain.changes import Counts, FieldChange, Handover, Plan, RecordChange
from leadledger.domain.decisions import Decision, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.intents import IntentState, Outcome
from leadledger.domain.records import RecordRef
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.ports import FieldInfo, Kind, Org, RunRecord, Stream
from leadledger.stores.ledger import SqliteLedger
from leadledger.sync.context import Context

TARGET = WriteTarget(
    "salesforce",
    "Lead",
    (
        FieldMapping("MQLs", "mql_counter"),
        FieldMapping("First", "mql_first_at"),
        FieldMapping("Stamp", "stamp"),
        FieldMapping("OwnerId", "owner"),
    ),
)
Answer = Outcome | Exception


@dataclass(slots=True)
class ScriptedCrm:
    """`rows` are the present values; `answers` says what becomes of a record's write (confirmed by default)."""

    rows: dict[str, dict[str, str | None]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    fields: Mapping[str, FieldInfo] = field(default_factory=dict)
    batch_size: int = 200
    name: str = "salesforce"
    account_prefix: str = "Account"
    answers_with_values: bool = True
    writes: list[dict[str, Mapping[str, str | None]]] = field(default_factory=list)
    down: Exception | None = None
    on_write: Callable[[], object] = lambda: None

    def org(self) -> Org:
        return Org("00D1", "Acme", days(30))

    introduce = org

    def streams(self, _definition: Definition) -> Sequence[Stream]:
        return (Stream("salesforce", "Lead", Kind.PEOPLE, ("Email",)),)

    def describe(self, _object: str) -> Mapping[str, FieldInfo]:
        return self.fields

    def read(
        self, _object: str, ids: Sequence[str], fields: Sequence[str]
    ) -> dict[str, dict[str, str | None]]:
        if self.down is not None:
            raise self.down
        return {id_: {f: self.rows[id_].get(f) for f in fields} for id_ in ids if id_ in self.rows}

    def write(self, object_: str, rows: Mapping[str, Mapping[str, str | None]]) -> list[Outcome]:
        self.on_write()
        self.writes.append(dict(rows))
        outcomes = []
        for id_, values in rows.items():
            answer = self.answers.get(id_, Outcome(RecordRef(self.name, object_, id_), IntentState.CONFIRMED))
            if isinstance(answer, Exception):
                raise answer
            if answer.state is IntentState.CONFIRMED:
                self.rows[id_].update(values)
            outcomes.append(answer)
        return outcomes

    def calls(self) -> Mapping[str, int]:
        return {}


class NoMirror:
    """Takes every note and holds nothing."""

    def __init__(self) -> None:
        self.prepared: list[Stream] = []
        self.noted: list[Outcome] = []

    def note_written(self, _crm: str, _object: str, outcomes: Sequence[Outcome]) -> None:
        self.noted += outcomes

    def prepare(self, streams: Sequence[Stream]) -> None:
        self.prepared += streams

    def watermark(self, _stream: Stream) -> None:
        return None


class Clock:
    def now_us(self) -> int:
        return days(40)


class Silent:
    def step(self, name: str, done: int, total: int = 0) -> None:
        pass


def a_context(crm: ScriptedCrm, **changes: Any) -> Context:
    """A context around one CRM, with a ledger in memory in which the run `r1` is open."""
    definition = a_definition(targets=(TARGET,), **changes)
    ledger = SqliteLedger(":memory:")
    ledger.begin_run(RunRecord("r1", "run", definition.name, "1", definition.digest, START))
    parts = cast("Any", (definition, {"salesforce": crm}, NoMirror(), ledger, None, Clock(), Silent()))
    return Context(*parts)


def lead(id_: str) -> RecordRef:
    return RecordRef("salesforce", "Lead", id_)


def a_decision(id_: str, **more: Any) -> Decision:
    entry = Transition("mql", "", days(1), "hand_raise", f"visit/{id_}", counter="mql_counter", cycle=1)
    values: dict[str, Any] = {
        "records": (lead(id_),),
        "stage": "mql",
        "transitions": (entry,),
        "stage_since_us": days(1),
        **more,
    }
    return Decision(str(lead(id_)), as_of_us=days(30), **values)


def a_change(id_: str, old: str | None = None, new: str = "1") -> RecordChange:
    return RecordChange(
        lead(id_),
        str(lead(id_)),
        (
            FieldChange("MQLs", old, new, "mql_counter", "mql by hand_raise"),
            FieldChange("Stamp", None, f"v1:{id_}:1:0000", "stamp", ""),
        ),
    )


def a_plan(
    *changes: RecordChange,
    decisions: Sequence[Decision] = (),
    handovers: Sequence[Handover] = (),
    people: int = 0,
) -> Plan:
    return Plan(
        plan_id="p1",
        definition="test",
        definition_version="1",
        definition_digest="0" * 64,
        as_of_us=days(30),
        orgs={"salesforce": "00D1"},
        changes=changes,
        decisions=tuple(decisions) or tuple(a_decision(c.record.id) for c in changes),
        handovers=tuple(handovers),
        counts=Counts(people=people or len(changes)),
    )
