from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from builders import a_definition
from leadledger.domain.intents import Intent, IntentState, Outcome
from leadledger.errors import CrmUnavailableError, WriteInDoubtError
from leadledger.sync.recover import Recovered, recover, verdict_on
from unit.sync.scripted_crm import TARGET, Context, ScriptedCrm, a_context, lead

DEFINITION = a_definition(targets=(TARGET,))
INTENT = Intent(
    "i1", "r1", str(lead("00Q1")), lead("00Q1"),
    expected={"MQLs": "1", "First": None, "Stamp": "v1:old:1:0"},
    target={"MQLs": "2", "First": "2026-03-02T09:30:00Z", "Stamp": "v1:i1:2:0"},
    stamp="v1:i1:2:0",
)  # fmt: skip
BEFORE = {"MQLs": "1", "First": None, "Stamp": "v1:old:1:0"}
APPLIED = {"MQLs": "2", "First": "2026-03-02T09:30:00Z", "Stamp": "v1:i1:2:0"}


@pytest.mark.parametrize(
    ("fresh", "state"),
    [
        (APPLIED, IntentState.CONFIRMED),
        ({**APPLIED, "MQLs": "9"}, IntentState.CONFIRMED),
        ({**APPLIED, "Stamp": None}, IntentState.CONFLICT),
        (BEFORE, None),
        ({**BEFORE, "MQLs": "1.0"}, None),
        ({**BEFORE, "First": ""}, None),
        ({**BEFORE, "MQLs": "5"}, IntentState.CONFLICT),
        ({**BEFORE, "Stamp": "v1:newer:3:0"}, IntentState.CONFLICT),
        (None, IntentState.CONFLICT),
    ],
    ids=[
        "applied", "applied, then changed by a person", "applied and the stamp emptied", "not applied", "as a number",
        "empty text", "changed by others", "written by another of ours", "gone",
    ],
)  # fmt: skip
def test_the_record_tells_what_became_of_a_write(
    fresh: dict[str, str | None] | None, state: IntentState | None
) -> None:
    verdict = verdict_on(INTENT, fresh, DEFINITION)
    assert (verdict[0] if verdict else None) == state


@pytest.mark.parametrize(
    ("fresh", "state"),
    [
        ({"MQLs": "2.0", "First": "2026-03-02T09:30:00.000+0000"}, IntentState.CONFIRMED),
        ({"MQLs": "2", "First": "2026-03-02"}, IntentState.CONFIRMED),
        ({"MQLs": "1", "First": None}, None),
        ({"MQLs": "2", "First": None}, IntentState.CONFLICT),
    ],
)
def test_without_a_stamp_the_values_tell_in_whatever_form_the_crm_writes_them(
    fresh: dict[str, str | None], state: IntentState | None
) -> None:
    target = {k: v for k, v in INTENT.target.items() if k != "Stamp"}
    verdict = verdict_on(replace(INTENT, target=target, stamp=""), fresh, DEFINITION)
    assert (verdict[0] if verdict else None) == state


@pytest.fixture
def crm() -> ScriptedCrm:
    return ScriptedCrm(rows={"00Q1": dict(BEFORE)})


@pytest.fixture
def context(crm: ScriptedCrm) -> Iterator[Context]:
    made = a_context(crm)
    yield made
    made.ledger.close()


def opened(context: Context, *, sent: bool = True, **changes: Any) -> None:
    intent = replace(INTENT, **changes)
    context.ledger.plan_intents([intent])
    if sent:
        context.ledger.mark_sent([intent.intent_id], 1)


def test_what_was_planned_and_never_sent_is_abandoned_without_asking(
    context: Context, crm: ScriptedCrm
) -> None:
    opened(context, sent=False)
    crm.down = CrmUnavailableError("nobody may ask")
    assert recover(context) == Recovered(found=1, abandoned=1)


def test_what_was_not_applied_is_sent_again_with_the_same_values(context: Context, crm: ScriptedCrm) -> None:
    opened(context)
    assert recover(context) == Recovered(found=1, confirmed=1)
    assert crm.writes == [{"00Q1": dict(INTENT.target)}]
    assert context.ledger.open_intents() == []
    assert recover(context) == Recovered()


def test_a_plan_settles_what_it_can_by_asking_and_sends_nothing(context: Context, crm: ScriptedCrm) -> None:
    opened(context)
    assert recover(context, resend=False) == Recovered(found=1, unknown=1)
    assert crm.writes == []
    crm.rows["00Q1"] = dict(APPLIED)
    assert recover(context, resend=False) == Recovered(found=1, confirmed=1)
    assert crm.writes == []


def test_what_was_applied_is_confirmed_without_a_write(context: Context, crm: ScriptedCrm) -> None:
    crm.rows["00Q1"] = dict(APPLIED)
    opened(context)
    assert recover(context) == Recovered(found=1, confirmed=1)
    assert crm.writes == []
    assert context.ledger.confirmed(lead("00Q1"))[str(lead("00Q1"))]["MQLs"][0] == "2"


def test_a_second_lost_answer_keeps_the_intent_open(context: Context, crm: ScriptedCrm) -> None:
    opened(context)
    crm.answers["00Q1"] = WriteInDoubtError("again no answer")
    assert recover(context) == Recovered(found=1, unknown=1)
    assert [i.state for i in context.ledger.open_intents()] == [IntentState.UNKNOWN]
    del crm.answers["00Q1"]
    assert recover(context) == Recovered(found=1, confirmed=1)


def test_a_refusal_of_the_second_attempt_is_final(context: Context, crm: ScriptedCrm) -> None:
    opened(context)
    crm.answers["00Q1"] = Outcome(lead("00Q1"), IntentState.REFUSED, "locked")
    assert recover(context) == Recovered(found=1, refused=1)
    assert context.ledger.open_intents() == []


def test_a_crm_that_cannot_be_asked_leaves_everything_open(context: Context, crm: ScriptedCrm) -> None:
    opened(context)
    crm.down = CrmUnavailableError("down")
    with pytest.raises(CrmUnavailableError):
        recover(context)
    assert len(context.ledger.open_intents()) == 1
