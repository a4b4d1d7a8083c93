from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.domain.changes import RecordChange
from leadledger.domain.intents import Intent, IntentState, Outcome
from leadledger.errors import AuthError, RetryLaterError, WriteInDoubtError
from leadledger.sync.write import Written, write_plan
from unit.sync.scripted_crm import Context, ScriptedCrm, a_change, a_context, a_plan, lead

NAMES = ("confirmed", "already", "refused", "unknown", "drifted", "deferred")


@pytest.fixture
def crm() -> ScriptedCrm:
    return ScriptedCrm(rows={id_: {"MQLs": None} for id_ in ("00Q1", "00Q2", "00Q3", "00Q4")})


@pytest.fixture
def context(crm: ScriptedCrm) -> Iterator[Context]:
    made = a_context(crm)
    yield made
    made.ledger.close()


def written_by(context: Context, *changes: RecordChange) -> Written:
    plan = a_plan(*changes)
    context.ledger.record_decisions("r1", plan.decisions, ())
    written = write_plan(context, plan, "r1")
    assert written.planned == sum(getattr(written, name) for name in NAMES)
    return written


def intents(context: Context) -> dict[str, Intent]:
    found = [i for id_ in ("00Q1", "00Q2", "00Q3", "00Q4") for i in context.ledger.intents_of(str(lead(id_)))]
    return {intent.record.id: intent for intent in found}


def test_every_planned_change_is_counted_once_whatever_became_of_it(
    crm: ScriptedCrm, context: Context
) -> None:
    crm.rows["00Q2"]["MQLs"] = "1"
    crm.rows["00Q3"]["MQLs"] = "7"
    crm.answers["00Q4"] = Outcome(lead("00Q4"), IntentState.REFUSED, "STRING_TOO_LONG")
    written = written_by(context, *(a_change(id_) for id_ in ("00Q1", "00Q2", "00Q3", "00Q4", "00Q5")))
    assert {name: getattr(written, name) for name in NAMES} == {
        "confirmed": 1, "already": 1, "refused": 1, "unknown": 0, "drifted": 2, "deferred": 0,
    }  # fmt: skip
    assert written.reasons == {
        "STRING_TOO_LONG": 1,
        "changed since the plan: MQLs": 1,
        "the record is gone": 1,
    }
    assert [row["record"] for row in written.left_out] == [str(lead(id_)) for id_ in ("00Q3", "00Q5", "00Q4")]
    assert written.unsettled == {str(lead(id_)) for id_ in ("00Q3", "00Q4", "00Q5")}
    assert crm.writes == [
        {"00Q1": {"MQLs": "1", "Stamp": "v1:00Q1:1:0000"}, "00Q4": {"MQLs": "1", "Stamp": "v1:00Q4:1:0000"}}
    ]


def test_a_change_that_the_crm_shows_already_is_not_sent(crm: ScriptedCrm, context: Context) -> None:
    crm.rows["00Q1"]["MQLs"] = "1.0"
    assert written_by(context, a_change("00Q1")).already == 1
    assert crm.writes == []
    assert context.ledger.open_intents() == []


def test_an_explaining_value_that_others_changed_is_no_drift(crm: ScriptedCrm, context: Context) -> None:
    crm.rows["00Q1"]["Stamp"] = "something else"
    assert written_by(context, a_change("00Q1")).confirmed == 1


def test_the_intent_is_stored_before_the_request_and_knows_what_was_there(
    context: Context, crm: ScriptedCrm
) -> None:
    seen: list[Intent] = []
    crm.on_write = lambda: seen.extend(context.ledger.open_intents())
    crm.rows["00Q1"]["Stamp"] = "old"
    written_by(context, a_change("00Q1"))
    (intent,) = seen
    assert intent.state is IntentState.SENT
    assert intent.expected == {"MQLs": None, "Stamp": "old"}
    assert intent.target == {"MQLs": "1", "Stamp": "v1:00Q1:1:0000"}
    assert intent.stamp == "v1:00Q1:1:0000"
    assert intents(context)["00Q1"].state is IntentState.CONFIRMED


def test_a_lost_answer_leaves_the_whole_batch_in_doubt(crm: ScriptedCrm, context: Context) -> None:
    crm.answers["00Q1"] = WriteInDoubtError("no answer")
    written = written_by(context, a_change("00Q1"), a_change("00Q2"))
    assert written.unknown == 2
    assert {i.state for i in context.ledger.open_intents()} == {IntentState.UNKNOWN}


def test_a_row_that_the_answer_does_not_mention_is_in_doubt(crm: ScriptedCrm, context: Context) -> None:
    crm.answers["00Q2"] = Outcome(lead("00Q9"), IntentState.CONFIRMED)
    written = written_by(context, a_change("00Q1"), a_change("00Q2"))
    assert (written.confirmed, written.unknown) == (1, 1)


def test_a_limit_defers_what_was_not_sent_and_counts_what_was(crm: ScriptedCrm, context: Context) -> None:
    crm.batch_size = 2
    crm.answers["00Q3"] = RetryLaterError("used up")
    written = written_by(context, *(a_change(id_) for id_ in ("00Q1", "00Q2", "00Q3", "00Q4")))
    assert (written.confirmed, written.deferred) == (2, 2)
    assert written.reasons == {"used up": 2}
    assert len(crm.writes) == 2, "after the limit nothing is tried any more"


def test_a_drift_beside_a_limit_is_counted_as_drift(crm: ScriptedCrm, context: Context) -> None:
    crm.rows["00Q1"]["MQLs"] = "9"
    crm.answers["00Q2"] = RetryLaterError("used up")
    written = written_by(context, a_change("00Q1"), a_change("00Q2"))
    assert (written.drifted, written.deferred) == (1, 1)


def test_a_refused_access_ends_the_writing_with_the_intents_in_place(
    crm: ScriptedCrm, context: Context
) -> None:
    crm.answers["00Q1"] = AuthError("no longer")
    with pytest.raises(AuthError):
        written_by(context, a_change("00Q1"))
    assert [i.state for i in context.ledger.open_intents()] == [IntentState.SENT]


def test_the_same_plan_can_be_tried_again_after_a_refusal(crm: ScriptedCrm, context: Context) -> None:
    crm.answers["00Q1"] = Outcome(lead("00Q1"), IntentState.REFUSED, "locked")
    assert written_by(context, a_change("00Q1")).refused == 1
    del crm.answers["00Q1"]
    again = write_plan(context, a_plan(a_change("00Q1")), "r2")
    assert again.confirmed == 1


def test_what_was_skipped_is_remembered_with_what_the_plan_expected(
    crm: ScriptedCrm, context: Context
) -> None:
    crm.rows["00Q1"]["MQLs"] = "7"
    written_by(context, a_change("00Q1"))
    intent = intents(context)["00Q1"]
    assert intent.state is IntentState.ABANDONED
    assert intent.expected["MQLs"] is None
    assert "MQLs" in intent.reason


def test_confirmed_values_count_by_the_clock_of_the_crm(context: Context) -> None:
    written_by(context, a_change("00Q1"))
    (at,) = {at for _, at in context.ledger.confirmed(lead("00Q1"))[str(lead("00Q1"))].values()}
    assert at == context.crms["salesforce"].org().now_us != context.clock.now_us()
