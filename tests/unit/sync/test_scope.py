"""Who is evaluated by a plan, and where everybody else is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from builders import days
from leadledger.domain.changes import Plan
from leadledger.domain.decisions import Decision
from leadledger.ports import Kind, Known, Org, Page, Stream
from leadledger.stores.mirror import DuckDbMirror
from leadledger.sync.context import Context
from leadledger.sync.plan import make_plan
from leadledger.sync.pull import Pulled
from unit.sync.scripted_crm import ScriptedCrm, a_context, lead

LEADS = Stream("salesforce", "Lead", Kind.PEOPLE, ("MQLs", "First", "Stamp", "OwnerId"))
IDS = tuple(f"00Q{n}" for n in range(8))
TODAY = days(30)


@dataclass(slots=True)
class ScriptedEvaluation:
    """Some decisions, already made."""

    made: Sequence[Decision]
    activities: int = 0
    suspected_bots: int = 2
    spared_entries: Mapping[str, int] = field(default_factory=lambda: {"mql_counter": 1})

    @property
    def people(self) -> int:
        return len(self.made)

    @property
    def excluded(self) -> int:
        return sum(d.excluded for d in self.made)

    @property
    def funnel(self) -> dict[str, int]:
        stages = [d.stage for d in self.made]
        return {stage: stages.count(stage) for stage in stages}

    def decisions(self) -> Iterator[Decision]:
        return iter(self.made)


@dataclass(slots=True)
class ScriptedEngine:
    """`made`: person id -> decision. `same`: records that the mirror says are one person."""

    made: dict[str, Decision]
    same: list[frozenset[str]] = field(default_factory=list)
    scopes: list[frozenset[str] | None] = field(default_factory=list)
    knew: list[Known] = field(default_factory=list)

    def reach(self, _sql: object, _definition: object, _streams: object, records: frozenset[str]) -> Any:
        return records.union(*(group for group in self.same if group & records))

    def evaluate(
        self,
        _sql: object,
        _definition: object,
        _streams: object,
        known: Known,
        as_of_us: int,
        scope: frozenset[str] | None = None,
    ) -> ScriptedEvaluation:
        self.scopes.append(scope)
        self.knew.append(known)
        return ScriptedEvaluation(
            [
                replace(d, as_of_us=as_of_us, frozen=len(known.transitions.get(d.person_id, ())))
                for _, d in sorted(self.made.items())
                if scope is None or any(str(record) in scope for record in d.records)
            ]
        )


def a_person(*ids: str, **more: Any) -> Decision:
    records = tuple(map(lead, ids))
    return Decision(str(records[0]), records, TODAY, **{"definition": "0" * 64, **more})


@dataclass(slots=True)
class Place:
    """A mirror and a ledger in memory, both of which hold eight people, and nothing is open."""

    context: Context
    engine: ScriptedEngine
    stored: int = 0

    def store(self, *ids: str, deleted: bool = False) -> None:
        """Rows that were not there like this before."""
        self.stored += 1
        rows = [
            {"id": id_, "modified_us": 1, "deleted": deleted, "MQLs": f"{self.stored}", "created_us": 1}
            for id_ in ids
        ]
        self.context.mirror.store(LEADS, Page(rows))

    def plan(self, *, first: bool = False) -> Plan:
        pulled = Pulled([LEADS], {"salesforce": Org("00D1", "Acme", TODAY)}, first=first)
        return make_plan(self.context, pulled, "r1")

    def write(self, plan: Plan, *unsettled: str) -> None:
        ledger = self.context.ledger
        ledger.record_decisions("r1", plan.decisions, plan.handovers)
        ledger.mark_gone(plan.gone)
        ledger.settle_decisions(d.person_id for d in plan.decisions if d.person_id not in unsettled)
        self.context.mirror.settle_touched(plan.waiting)


@pytest.fixture
def place() -> Iterator[Place]:
    mirror = DuckDbMirror(":memory:")
    mirror.prepare([LEADS])
    engine = ScriptedEngine({str(lead(id_)): a_person(id_) for id_ in IDS})
    context = replace(a_context(ScriptedCrm()), mirror=mirror, engine=cast("Any", engine))
    made = Place(context, engine)
    made.store(*IDS)
    made.write(made.plan())
    engine.scopes.clear()
    yield made
    context.ledger.close()
    mirror.close()


def scope_of(*ids: str) -> frozenset[str]:
    return frozenset(str(lead(id_)) for id_ in ids)


def told(plan: Plan) -> tuple[int, ...]:
    c = plan.counts
    assert c.people == c.touched + c.due + c.untouched == c.changed + c.unchanged + c.excluded
    assert sum(c.funnel.values()) == c.people
    return c.people, c.touched, c.due, c.changed, c.excluded


def test_at_first_contact_everybody_is_evaluated(place: Place) -> None:
    fresh = replace(place.context, ledger=a_context(ScriptedCrm()).ledger)
    plan = Place(fresh, place.engine).plan()
    assert place.engine.scopes == [None]
    assert told(plan) == (8, 0, 0, 8, 0)
    assert len(plan.decisions) == 8
    fresh.ledger.close()


def test_nobody_is_evaluated_when_nobody_is_touched_and_nothing_is_due(place: Place) -> None:
    plan = place.plan()
    assert place.engine.scopes == []
    assert (plan.decisions, plan.changes, plan.gone) == ((), (), ())
    assert told(plan) == (8, 0, 0, 0, 0)
    assert plan.counts.funnel == {"": 8}


def test_who_was_pulled_is_evaluated_and_nobody_else(place: Place) -> None:
    place.engine.made[str(lead(IDS[0]))] = a_person(IDS[0], stage="mql", fit=1_000_000)
    place.store(IDS[0], IDS[1])
    plan = place.plan()
    assert place.engine.scopes == [scope_of(IDS[0], IDS[1])]
    assert set(place.engine.knew[-1].person_of) == scope_of(IDS[0], IDS[1])
    assert told(plan) == (8, 2, 0, 1, 0)
    assert plan.counts.funnel == {"": 7, "mql": 1}
    assert [d.person_id for d in plan.decisions] == sorted(scope_of(IDS[0], IDS[1]))


def test_who_is_due_is_evaluated_and_stored_even_if_nothing_changed(place: Place) -> None:
    place.engine.made[str(lead(IDS[2]))] = a_person(IDS[2], next_due_us=TODAY)
    place.store(IDS[2])
    place.write(place.plan())
    place.engine.made[str(lead(IDS[2]))] = a_person(IDS[2], next_due_us=days(40))
    plan = place.plan()
    assert place.engine.scopes[-1] == scope_of(IDS[2])
    assert told(plan) == (8, 0, 1, 0, 0)
    place.write(plan)
    assert place.context.ledger.due(days(39)) == []


def test_who_has_unsettled_writes_counts_as_touched(place: Place) -> None:
    place.store(IDS[3])
    place.write(place.plan(), str(lead(IDS[3])))
    plan = place.plan()
    assert place.engine.scopes[-1] == scope_of(IDS[3])
    assert told(plan) == (8, 1, 0, 1, 0)


def test_records_of_one_person_are_evaluated_together_whoever_knows_that_they_are_one(place: Place) -> None:
    together = a_person(IDS[0], IDS[1])
    place.engine.made = {**place.engine.made, together.person_id: together}
    del place.engine.made[str(lead(IDS[1]))]
    place.engine.same = [scope_of(IDS[0], IDS[1])]
    place.store(IDS[0])
    place.write(place.plan())
    assert place.engine.scopes[-1] == scope_of(IDS[0], IDS[1])
    place.engine.same = [scope_of(IDS[1], IDS[2])]
    place.store(IDS[0])
    place.plan()
    assert place.engine.scopes[-1] == scope_of(IDS[0], IDS[1], IDS[2]), "the ledger leads on to the mirror"


def test_a_new_definition_decides_about_everybody_and_each_is_stored(place: Place) -> None:
    place.context = replace(place.context, definition=replace(place.context.definition, digest="1" * 64))
    place.engine.made = {k: replace(d, definition="1" * 64) for k, d in place.engine.made.items()}
    plan = place.plan()
    assert place.engine.scopes == [None]
    assert told(plan) == (8, 0, 0, 0, 0)
    assert len(plan.decisions) == 8
    place.write(plan)
    place.plan()
    assert place.engine.scopes == [None], "once"


def test_a_refilled_mirror_is_evaluated_as_a_whole(place: Place) -> None:
    plan = place.plan(first=True)
    assert place.engine.scopes == [None]
    assert plan.decisions == ()


def test_who_left_the_crm_is_not_counted_any_more_and_does_not_come_up_again(place: Place) -> None:
    place.engine.made[str(lead(IDS[4]))] = a_person(IDS[4], next_due_us=TODAY)
    place.store(IDS[4])
    place.write(place.plan())
    del place.engine.made[str(lead(IDS[4]))]
    place.store(IDS[4], deleted=True)
    plan = place.plan()
    assert plan.gone == (str(lead(IDS[4])),)
    assert told(plan) == (7, 0, 0, 0, 0)
    place.write(plan)
    place.engine.scopes.clear()
    assert told(place.plan()) == (7, 0, 0, 0, 0)
    assert place.engine.scopes == []


def test_excluded_people_who_are_not_looked_at_are_still_counted_as_excluded(place: Place) -> None:
    place.engine.made[str(lead(IDS[5]))] = a_person(IDS[5], excluded=True)
    place.store(IDS[5])
    place.write(place.plan())
    assert told(place.plan()) == (8, 0, 0, 0, 1)
    place.store(IDS[0])
    assert told(place.plan()) == (8, 1, 0, 0, 1)


def test_what_the_bot_guard_left_out_is_counted(place: Place) -> None:
    place.store(IDS[0])
    counts = place.plan().counts
    assert (counts.suspected_bots, counts.spared_entries) == (2, {"mql_counter": 1})
