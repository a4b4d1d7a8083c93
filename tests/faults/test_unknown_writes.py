"""Writes whose outcome nobody saw: confirmed by their stamp, or sent again with the same values, never doubled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installed import COUNTER, FRESH, STAMP, WRITES, Org, Stories, differences, sent
from leadledger.domain.intents import IntentState
from leadledger.stores.plan_file import read_plan

HTML = "<html><body><h1>503 Service Unavailable</h1></body></html>"


@pytest.fixture
def twin(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """The same org without any fault, with the plan written."""
    made = stories.open(crm, tmp_path / "twin", applied=True)
    yield made
    made.sandbox.stop()


def states(org: Org) -> dict[IntentState, int]:
    with org.ledger() as ledger:
        intents = [i for person in set(ledger.known().person_of.values()) for i in ledger.intents_of(person)]
    return {state: sum(i.state is state for i in intents) for state in {i.state for i in intents}}


@pytest.mark.parametrize("action", ["drop_after", "truncate", "truncate_json"])
def test_an_applied_write_whose_answer_was_lost_is_confirmed_and_not_sent_again(
    org: Org, twin: Org, action: str
) -> None:
    path = org.planned()
    org.fault(action, path_glob=WRITES[org.crm], times=-1)
    broken = org.here("apply", str(path), "--json")
    assert broken.code == 3, broken.told
    written = broken.result["written"]
    assert written["unknown"] == written["planned"] > 50
    assert len(org.open_intents()) == written["unknown"]
    org.sandbox.faults.clear()
    org.forget_calls()
    done = org.here("run", "--json")
    assert done.code == 0, done.told
    assert done.result["recovered"]["confirmed"] == done.result["recovered"]["found"] == written["unknown"]
    assert org.calls(writing=True) == []
    assert differences(org, twin) == []
    assert org.counters() == twin.counters()


@pytest.mark.parametrize(
    "fault", [{"action": "drop_before"}, {"action": "respond", "status": 503, "body": HTML}]
)
def test_a_write_that_never_arrived_is_sent_again_with_the_same_values(
    org: Org, twin: Org, fault: dict[str, Any]
) -> None:
    path = org.planned()
    org.fault(**fault, path_glob=WRITES[org.crm], times=-1)
    assert org.here("apply", str(path)).code == 3
    first = sent(org)
    org.sandbox.faults.clear()
    org.forget_calls()
    done = org.here("run", "--json")
    assert done.code == 0, done.told
    assert sent(org) == first, "the same values, all of them, and no others"
    assert done.result["recovered"]["confirmed"] == len(read_plan(path).changes)
    assert differences(org, twin) == []
    assert org.counters() == twin.counters()
    assert org.open_intents() == []


def test_only_the_batch_that_was_lost_is_in_doubt(org: Org, twin: Org) -> None:
    path = org.planned()
    org.fault("drop_after", path_glob=WRITES[org.crm], times=1)
    broken = org.here("apply", str(path), "--json").result["written"]
    assert broken["unknown"] + broken["confirmed"] == broken["planned"]
    assert org.here("run").code == 0
    assert differences(org, twin) == []
    assert states(org) == {IntentState.CONFIRMED: broken["planned"]}


def without_stamp(org: Org) -> Path:
    folder = org.home / "definition"
    shutil.copytree(org.folder, folder)
    file = folder / "writeback.yaml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if STAMP[org.crm] not in line))
    return folder


@pytest.mark.parametrize(("action", "writes"), [("drop_after", 0), ("drop_before", 1)])
def test_without_a_stamp_field_the_values_tell_what_became_of_a_write(
    org: Org, action: str, writes: int
) -> None:
    org.folder = without_stamp(org)
    path = org.planned()
    planned = len(read_plan(path).changes)
    org.fault(action, path_glob=WRITES[org.crm], times=-1)
    assert org.here("apply", str(path)).code == 3
    org.sandbox.faults.clear()
    org.forget_calls()
    done = org.here("run", "--json")
    assert done.code == 0, done.told
    recovered = done.result["recovered"]
    assert (recovered["found"], recovered["confirmed"], recovered["conflict"]) == (planned, planned, 0)
    assert bool(org.calls(writing=True)) is bool(writes)


def one_in_doubt(org: Org, action: str) -> tuple[str, str]:
    """An org with one record's write in doubt; returns object and id of the record."""
    record = org.who("").records[0]
    org.raise_hand(record)
    org.fault(action, path_glob=WRITES[org.crm])
    assert org.here("run").code == 3
    assert len(org.open_intents()) == 1
    return record.object, record.id


def test_a_person_who_changes_a_record_after_the_lost_answer_wins(settled: Org) -> None:
    object_, id_ = one_in_doubt(settled, "drop_after")
    settled.edit(object_, id_, **{COUNTER[settled.crm]: "7"})
    done = settled.here("run", "--json")
    assert done.code == 0, done.told
    assert done.result["recovered"]["confirmed"] == 1, "the stamp tells that ours was applied before"
    assert float(settled.row(object_, id_)[COUNTER[settled.crm]]) == 7


def test_a_person_who_changes_a_record_that_was_not_written_makes_it_a_conflict_and_the_next_plan_looks_again(
    settled: Org,
) -> None:
    object_, id_ = one_in_doubt(settled, "drop_before")
    settled.edit(object_, id_, **{COUNTER[settled.crm]: "7"})
    done = settled.here("run", "--json")
    assert done.code == 0, done.told
    assert done.result["recovered"]["conflict"] == 1
    assert float(settled.row(object_, id_)[COUNTER[settled.crm]]) == 7
    assert settled.row(object_, id_)[STAMP[settled.crm]], "the rest was planned anew and written"
    assert settled.here("run", "--json").result["planned_records"] == 0


def test_intents_stay_open_while_the_crm_cannot_be_asked(settled: Org) -> None:
    one_in_doubt(settled, "drop_after")
    settled.fault("respond", times=-1, path_glob=FRESH[settled.crm], status=401)
    assert settled.here("run").code == 5
    assert len(settled.open_intents()) == 1
    settled.sandbox.faults.clear()
    assert settled.here("run").code == 0
    assert settled.open_intents() == []


def limit_of(crm: str) -> dict[str, Any]:
    if crm == "salesforce":
        return {
            "status": 403,
            "body": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
        }
    return {
        "status": 429,
        "body": {"status": "error", "category": "RATE_LIMITS", "policyName": "DAILY", "message": "daily"},
    }


def test_a_limit_in_the_middle_of_writing_defers_the_rest_and_loses_nothing(
    stories: Stories, crm: str, tmp_path: Path
) -> None:
    org = stories.open(crm, tmp_path / "org", applied=False, people=130)
    twin = stories.open(crm, tmp_path / "other", applied=True, people=130)
    try:
        path = org.planned()
        org.fault("respond", path_glob=WRITES[crm], times=-1, after=1, **limit_of(crm))
        broken = org.here("apply", str(path), "--json")
        assert broken.code == 6, broken.told
        written = broken.result["written"]
        assert written["confirmed"] > 0
        assert written["deferred"] > 0
        assert written["confirmed"] + written["deferred"] + written["unknown"] == written["planned"]
        org.sandbox.faults.clear()
        for _ in range(2):
            assert org.here("run").code == 0
        assert differences(org, twin) == []
        assert org.counters() == twin.counters()
    finally:
        org.sandbox.stop()
        twin.sandbox.stop()


@pytest.mark.parametrize("crm", ["salesforce"])
def test_a_session_that_ends_between_two_batches_is_renewed_once(org: Org, twin: Org) -> None:
    path = org.planned()
    org.fault("expire_token", path_glob=WRITES[org.crm], after=1)
    done = org.here("apply", str(path), "--json")
    assert done.code == 0, done.told
    assert differences(org, twin) == []


def test_a_refused_row_is_named_and_does_not_hold_back_the_others(settled: Org) -> None:
    people = [settled.who("")]
    people.append(settled.who("", where=lambda d: d.person_id != people[0].person_id))
    for person in people:
        settled.raise_hand(person.records[0])
    path = settled.planned()
    gone = people[0].records[0]
    if settled.crm == "salesforce":
        settled.edit(gone.object, gone.id, IsDeleted=True)
    else:
        settled.edit(gone.object, gone.id, archived=True)
    done = settled.here("apply", str(path), "--json")
    assert done.code == 3, done.told
    assert [row["record"] for row in done.result["left_out"]] == [str(gone)]
    other = people[1].records[0]
    assert float(settled.row(other.object, other.id)[COUNTER[settled.crm]]) == 1
