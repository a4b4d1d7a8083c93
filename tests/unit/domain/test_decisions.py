"""A decision as a value: derived numbers, the digest, and JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import days
from leadledger.domain.changes import Counts, FieldChange, Handover, Kept, Plan, RecordChange
from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition, whole
from leadledger.domain.intents import Intent, IntentState
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner, Skip
from leadledger.domain.scoring import MICRO

LEAD = RecordRef("salesforce", "Lead", "00Q1")
MQL = Transition("mql", "", days(1), "hand_raise: demo", "v1", counter="mql_counter", cycle=1, score=5)
AGAIN = replace(MQL, from_stage="recycled", at_us=days(9), evidence="v2", cycle=2)
DECISION = Decision("p1", (LEAD,), days(30), 50 * MICRO, 20 * MICRO, transitions=(MQL, AGAIN))


def test_the_score_is_engagement_and_fit():
    assert DECISION.score == 70 * MICRO


def test_the_counter_is_the_baseline_and_the_entries_in_the_ledger():
    decision = replace(DECISION, baseline=Baseline({"mql_counter": 3}))

    assert decision.counter("mql_counter") == 5
    assert decision.counter("sql_counter") == 0


def test_first_and_last_dates_are_those_of_the_evidence():
    assert (DECISION.first_at_us("mql"), DECISION.last_at_us("mql")) == (days(1), days(9))
    assert (DECISION.first_at_us("sql"), DECISION.last_at_us("sql")) == (None, None)


def test_a_first_date_that_was_there_before_us_stands_whatever_we_found():
    earlier = replace(DECISION, baseline=Baseline({}, {"mql": days(-5)}, {"mql": days(-3)}))
    later = replace(DECISION, baseline=Baseline({}, {"mql": days(20)}, {"mql": days(40)}))

    assert (earlier.first_at_us("mql"), earlier.last_at_us("mql")) == (days(-5), days(9))
    assert (later.first_at_us("mql"), later.last_at_us("mql")) == (days(20), days(40))


def test_the_last_entry_is_never_before_the_first():
    later = replace(DECISION, baseline=Baseline({}, {"mql": days(20)}))
    swapped = replace(DECISION, transitions=(), baseline=Baseline({}, {"mql": days(20)}, {"mql": days(10)}))

    assert later.last_at_us("mql") == days(20)
    assert swapped.last_at_us("mql") == days(20)


def test_a_first_date_alone_says_nothing_about_the_last():
    assert (
        replace(DECISION, transitions=(), baseline=Baseline({}, {"mql": days(20)})).last_at_us("mql") is None
    )


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (0, 0),
        (499_999, 0),
        (500_000, 1),
        (1_500_000, 2),
        (2_500_000, 3),
        (-499_999, 0),
        (-500_000, 0),
        (-500_001, -1),
        (-1_500_000, -1),
    ],
)
def test_points_round_half_up(points, expected):
    assert whole(points) == expected


def test_the_same_event_has_the_same_key_and_another_one_has_not():
    keys = {
        MQL.key("p1"),
        replace(MQL, score=99, cycle=7, trigger="other").key("p1"),
        MQL.key("p2"),
        replace(MQL, at_us=MQL.at_us + 1).key("p1"),
        replace(MQL, evidence="v9").key("p1"),
        replace(MQL, stage="sql").key("p1"),
    }

    assert len(keys) == 5


def test_keys_are_the_same_in_every_version_since_ledgers_hold_them():
    # SHA-256 of person, stage, instant and evidence, separated by U+001F.
    assert MQL.key("p1") == "b7b6f87eb612318cbb21e0ce83b05811d115766868d8a27cb10832ddc2f3c54a"


@pytest.mark.parametrize(
    "unseen",
    [
        {"as_of_us": days(31)},
        {"engagement": 50 * MICRO - 400_000},
        {"frozen": 2},
        {"next_due_us": days(40)},
        {"definition": "d1g", "activated_us": days(2)},
        {"contributions": (Contribution("engagement", "visit", 100, count=0),)},
    ],
)
def test_what_no_reader_would_see_does_not_change_the_digest(unseen):
    shown = replace(DECISION, contributions=(Contribution("engagement", "visit", 0),))

    assert replace(shown, **unseen).digest() == shown.digest()


@pytest.mark.parametrize(
    "seen",
    [
        {"engagement": 49 * MICRO},
        {"fit": 0},
        {"grade": "A"},
        {"stage": "mql"},
        {"stage_since_us": days(1)},
        {"cycle": 3},
        {"excluded": True},
        {"records": ()},
        {"transitions": (MQL,)},
        {"contributions": (Contribution("engagement", "visit", 5 * MICRO),)},
        {"missing_facts": ("title",)},
        {"facts_known": 1},
        {"last_activity": LastActivity("visit", "/x", days(1))},
        {"baseline": Baseline({"mql_counter": 1})},
        {"baseline": Baseline({}, {"mql": days(1)})},
        {"baseline": Baseline({}, {}, {"mql": days(50)})},
        {"rule_holds": (True,)},
        {"account_owner_refused": True},
        {"account_owner_id": "005"},
        {"classification": "A1"},
        {"disposition": "assign"},
        {"suspected_bots": 1},
        {"first_origin": "sales"},
        {"models": {"emea": (5 * MICRO, "A")}},
        {"category_points": {"web": 5 * MICRO}},
    ],
)
def test_what_a_reader_would_see_changes_the_digest(seen):
    assert replace(DECISION, **seen).digest() != DECISION.digest()


texts = st.text(max_size=8)
instants = st.integers(0, 2**52)
micros = st.integers(-(10**12), 10**12)
records = st.builds(
    RecordRef, st.sampled_from(("salesforce", "hubspot")), st.sampled_from(("Lead", "contacts")), texts
)
counts = st.dictionaries(texts, st.integers(0, 99), max_size=2)
decisions = st.builds(
    Decision,
    person_id=texts,
    records=st.lists(records, max_size=2).map(tuple),
    as_of_us=instants,
    engagement=micros,
    fit=micros,
    grade=texts,
    stage=texts,
    stage_since_us=instants,
    cycle=st.integers(0, 9),
    excluded=st.booleans(),
    transitions=st.lists(
        st.builds(
            Transition,
            texts,
            texts,
            instants,
            texts,
            texts,
            st.booleans(),
            texts,
            st.integers(0, 9),
            micros,
            micros,
            micros,
        ),
        max_size=2,
    ).map(tuple),
    frozen=st.integers(0, 9),
    contributions=st.lists(
        st.builds(Contribution, texts, texts, micros, evidence=st.lists(texts, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    missing_facts=st.lists(texts, max_size=2).map(tuple),
    facts_known=st.integers(0, 9),
    facts_asked=st.integers(0, 9),
    last_activity=st.none() | st.builds(LastActivity, texts, texts, instants),
    baseline=st.builds(Baseline, counts, counts, counts, texts, instants),
    rule_holds=st.lists(st.none() | st.booleans(), max_size=3).map(tuple),
    account_owner_refused=st.booleans(),
    account_owner_id=texts,
    definition=texts,
    activated_us=instants,
    next_due_us=instants,
    classification=texts,
    disposition=texts,
    suspected_bots=st.integers(0, 9),
    models=st.dictionaries(texts, st.tuples(micros, texts), max_size=2),
    category_points=st.dictionaries(texts, micros, max_size=2),
    first_origin=texts,
)
owners = st.builds(
    Owner, texts, texts, texts, st.booleans(), st.booleans(), st.lists(texts, max_size=2).map(tuple)
)
maybe = st.none() | texts
plans = st.builds(
    Plan,
    plan_id=texts,
    definition=texts,
    definition_version=texts,
    definition_digest=texts,
    as_of_us=instants,
    orgs=st.dictionaries(texts, texts, max_size=2),
    changes=st.lists(
        st.builds(RecordChange, records, texts, st.lists(st.builds(FieldChange, texts, maybe, maybe, texts, texts), max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    decisions=st.lists(decisions, max_size=2).map(tuple),
    handovers=st.lists(
        st.builds(
            Handover, texts, texts, texts, owners, texts, texts, texts,
            st.lists(st.builds(Skip, texts, texts), max_size=2).map(tuple), counts,
        ),
        max_size=2,
    ).map(tuple),
    kept=st.lists(st.builds(Kept, records, texts, maybe, maybe, texts), max_size=2).map(tuple),
    counts=st.builds(Counts, people=st.integers(0, 9), entering_stage=counts, funnel=counts, spared_entries=counts),
    waiting=st.lists(texts, max_size=2).map(tuple),
    gone=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip


def through_text(value: dict) -> dict:
    return json.loads(json.dumps(value))


@given(decisions)
def test_a_decision_survives_json(decision):
    again = Decision.from_json(through_text(decision.to_json()))

    assert again == decision
    assert again.digest() == decision.digest()


@given(plans)
def test_a_plan_survives_json(plan):
    assert Plan.from_json(through_text(plan.to_json())) == plan


@pytest.mark.parametrize(
    "wrong", [{"format": 2}, {"changes": [{}]}, {"counts": {"sheep": 1}}, {"decisions": None}]
)
def test_a_plan_of_another_form_is_refused(wrong):
    payload = Plan("p", "d", "1", "0", 0, {}, (), ()).to_json()

    with pytest.raises((KeyError, TypeError, ValueError)):
        Plan.from_json({**payload, **wrong})


@given(records)
def test_a_record_survives_its_text(record):
    assert RecordRef.parse(str(record)) == record


@pytest.mark.parametrize("text", ["", "salesforce", "salesforce/Lead"])
def test_a_text_without_three_parts_is_no_record(text):
    with pytest.raises(ValueError, match="unpack"):
        RecordRef.parse(text)


def test_records_sort_by_crm_object_and_id():
    assert min(LEAD, RecordRef("hubspot", "contacts", "9")).crm == "hubspot"
    assert min(LEAD, replace(LEAD, id="00Q0")).id == "00Q0"


def test_an_intent_is_open_while_its_outcome_is_not_known():
    assert {state for state in IntentState if state.open} == {
        IntentState.PLANNED,
        IntentState.SENT,
        IntentState.UNKNOWN,
    }
    assert Intent("i", "r", "p", LEAD, {}, {}, "v1").state.open
