"""The main job: a plan that changes nothing, an apply that writes exactly it, a second run that is silent."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from installed import BATCH, COUNTER, WRITES, Org, Stories, content, sent
from leadledger.domain.intents import IntentState
from leadledger.stores.plan_file import read_plan

ASSIGNMENT_QUEUE = "00G9S000000DfltEAE"


def test_the_first_plan_writes_nothing_to_the_crm_and_no_decision_to_the_ledger(org: Org) -> None:
    before = org.dump()
    done = org.run("plan")
    assert done.code == 0, done.told
    assert org.calls(writing=True) == []
    assert org.dump() == before
    with org.ledger() as ledger:
        totals = ledger.totals()
    assert (totals["people"], totals["transitions"], totals["intents"], totals["assignments"]) == (0, 0, 0, 0)


def test_planning_twice_gives_the_same_plan(org: Org) -> None:
    first, second = org.here("plan", "--json"), org.here("plan", "--json")
    one, two = first.result["plan"], second.result["plan"]
    assert one["changes"]
    for name in ("changes", "handovers", "kept", "counts"):
        assert one[name] == two[name], name


def test_a_plan_of_the_same_instant_is_the_same_plan_to_the_byte(
    org: Org, tmp_path_factory: pytest.TempPathFactory
) -> None:
    org.sandbox.clock._monotonic_us = lambda: 0  # type: ignore[attr-defined]
    first, second = org.planned("one.json"), org.planned("two.json")
    plans = [read_plan(path) for path in (first, second)]
    assert (plans[0].plan_id, plans[0].changes) == (plans[1].plan_id, plans[1].changes)
    if plans[0].as_of_us == plans[1].as_of_us:  # HubSpot's clock is carried on by our own
        assert first.read_bytes() == second.read_bytes()


def test_apply_sends_exactly_the_plan(org: Org) -> None:
    path = org.planned()
    plan = read_plan(path)
    org.forget_calls()
    done = org.run("apply", str(path), "--json")
    assert done.code == 0, done.told
    assert done.result["written"]["confirmed"] == len(plan.changes) > 50
    planned = {(str(c.record), f.field) for c in plan.changes for f in c.fields}
    written = sent(org)
    assert {(record, name) for record, name, _ in written} == planned
    assert len(written) == len(planned), "a field was sent twice with different values"


def test_apply_changes_the_planned_fields_and_no_others(org: Org) -> None:
    path = org.planned()
    before = org.people()
    assert org.here("apply", str(path)).code == 0
    changed = {
        (name, field)
        for name, row in org.people().items()
        for field, value in row.items()
        if value != before[name].get(field)
    }
    fields = [(str(c.record), f) for c in read_plan(path).changes for f in c.fields]
    beside = {name for _, name in changed - {(record, field.field) for record, field in fields}}
    derived = {
        "SystemModstamp",
        "LastModifiedDate",
        "LastModifiedById",
        "lastmodifieddate",
        "hubspot_owner_assigneddate",
    }
    assert {name for name in beside if not name.startswith("hs_")} <= derived
    assert {(record, field.field) for record, field in fields if field.value == "stamp"} <= changed


def test_a_second_run_right_after_plans_nothing_and_sends_no_write(settled: Org) -> None:
    before = content(settled)
    for _ in range(2):
        settled.forget_calls()
        done = settled.here("run", "--json")
        assert done.code == 0, done.told
        assert done.result["planned_records"] == 0
        assert settled.calls(writing=True) == []
    assert content(settled) == before


def test_an_idle_run_makes_at_most_twelve_calls_login_included(settled: Org) -> None:
    settled.here("run")
    settled.forget_calls()
    done = settled.run("run", "--json")
    assert done.code == 0, done.told
    counted = sum(
        n for family in settled.sandbox.journal.counts()[settled.crm].values() for n in family.values()
    )
    assert counted <= 12
    assert sum(done.result["calls"][settled.crm].values()) == counted, "every call is counted"


def test_writes_are_batched_as_far_as_the_crm_allows(org: Org) -> None:
    path = org.planned()
    org.forget_calls()
    assert org.here("apply", str(path)).code == 0
    assert len(org.calls(writing=True)) <= math.ceil(len(read_plan(path).changes) / BATCH[org.crm]) + 3


@pytest.mark.parametrize("crm", ["salesforce"])
def test_every_salesforce_write_keeps_the_assignment_rule_away(org: Org) -> None:
    owned = {id_ for id_, row in org.dump()["Lead"].items() if row["OwnerId"] == ASSIGNMENT_QUEUE}
    path = org.planned()
    org.forget_calls()
    assert org.here("apply", str(path)).code == 0
    writes = org.calls(writing=True)
    assert writes
    assert {call["headers"].get("sforce-auto-assign") for call in writes} == {"FALSE"}
    assert {id_ for id_, row in org.dump()["Lead"].items() if row["OwnerId"] == ASSIGNMENT_QUEUE} <= owned


def test_the_ledgers_counters_are_the_crms_counters_for_every_person(settled: Org) -> None:
    counters = settled.counters()
    assert sum(counters.values()) > 5
    with settled.ledger() as ledger:
        person_of = ledger.known().person_of
    rows = settled.people()
    records = 0
    for name, person in person_of.items():
        row = rows[name]
        if row.get("IsConverted") or "@northwind.example" in str(row.get("Email") or row.get("email")):
            continue
        records += 1
        assert int(float(row.get(COUNTER[settled.crm]) or 0)) == counters[person], name
    assert records > 40


def test_the_sums_of_a_run_add_up(org: Org) -> None:
    planned = org.here("plan", "--json").result
    counts = planned["counts"]
    assert counts["people"] == counts["changed"] + counts["unchanged"] + counts["excluded"]
    assert sum(counts["funnel"].values()) == counts["people"]
    path = org.planned()
    written = org.here("apply", str(path), "--json").result["written"]
    others = ("confirmed", "already", "refused", "unknown", "drifted", "deferred")
    assert written["planned"] == sum(written[name] for name in others) == planned["planned_records"]


def test_every_score_is_the_sum_of_its_lines(settled: Org) -> None:
    with settled.ledger() as ledger:
        people = sorted(set(ledger.known().person_of.values()))
        decisions = [ledger.decision(person) for person in people]
    assert decisions
    for decision in decisions:
        assert decision is not None
        assert sum(line.points for line in decision.contributions) == decision.score


def test_every_write_is_an_intent_with_an_outcome(settled: Org) -> None:
    with settled.ledger() as ledger:
        people = sorted(set(ledger.known().person_of.values()))
        intents = [intent for person in people for intent in ledger.intents_of(person)]
    assert intents
    assert Counter(i.state for i in intents) == {IntentState.CONFIRMED: len(intents)}


def test_the_first_run_on_an_org_only_plans_and_says_how_to_go_on(org: Org) -> None:
    done = org.run("run")
    assert done.code == 0, done.told
    assert org.calls(writing=True) == []
    assert "first run" in done.err
    assert "apply" in done.err
    saved = org.state_dir / "plan.json"
    assert str(saved) in done.err
    assert org.here("apply", str(saved)).code == 0
    assert org.calls(writing=True)


def test_the_second_run_on_an_org_writes_what_the_first_one_planned(org: Org) -> None:
    planned = org.here("run", "--json").result
    assert planned["first_run"]
    done = org.here("run", "--json", "--allow-large")
    assert done.code == 0, done.told
    assert done.result["written"]["confirmed"] == planned["planned_records"]


def test_a_mirror_that_was_deleted_is_pulled_again_and_gives_the_same_plan(org: Org) -> None:
    before = org.here("plan", "--json").result["plan"]
    (org.state_dir / "mirror.duckdb").unlink()
    after = org.here("plan", "--json").result["plan"]
    assert after["changes"] == before["changes"]
    assert after["handovers"] == before["handovers"]


def test_a_mirror_that_was_deleted_after_the_apply_leaves_nothing_to_write(settled: Org) -> None:
    (settled.state_dir / "mirror.duckdb").unlink()
    done = settled.here("run", "--json")
    assert done.code == 0, done.told
    assert done.result["planned_records"] == 0
    assert settled.calls(writing=True) == []


def test_detailed_exitcode_tells_whether_there_is_something_to_write(settled: Org) -> None:
    assert settled.here("plan", "--detailed-exitcode").code == 0
    (settled.state_dir / "ledger.sqlite").unlink()
    for beside in settled.state_dir.glob("ledger.sqlite-*"):
        beside.unlink()
    settled.edit(*_somebody(settled), **{COUNTER[settled.crm]: None})
    assert settled.here("plan", "--detailed-exitcode").code == 2


def _somebody(org: Org) -> tuple[str, str]:
    """A record whose counter we wrote."""
    name = next(
        name
        for name, row in org.people().items()
        if float(row.get(COUNTER[org.crm]) or 0) > 0 and not row.get("IsConverted")
    )
    _, object_, id_ = name.split("/")
    return object_, id_


def test_json_of_a_plan_is_what_apply_reads(org: Org) -> None:
    shown = org.here("plan", "--json").result["plan"]
    path = org.home / "from-json.json"
    path.write_text(json.dumps(shown))
    assert org.here("apply", str(path)).code == 0
    assert org.calls(writing=True)


def test_the_fault_glob_matches_the_writes_of_a_run(org: Org) -> None:
    path = org.planned()
    org.forget_calls()
    org.here("apply", str(path))
    assert len(org.sandbox.journal.entries(path_glob=WRITES[org.crm])) == len(org.calls(writing=True)) > 0


def test_a_first_pass_keeps_within_the_speed_that_hubspot_allows(stories: Stories, tmp_path: Path) -> None:
    org = stories.open("hubspot", tmp_path / "home", applied=False, limits=True)
    try:
        assert org.run("plan", "-q", "-o", "plan.json").code == 0
        assert org.run("apply", "plan.json", "-q").code == 0
        assert org.run("run", "-q").code == 0
        assert {entry.status for entry in org.sandbox.journal.entries()} <= {200, 207}
    finally:
        org.sandbox.stop()
