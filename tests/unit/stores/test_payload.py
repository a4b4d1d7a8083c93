"""The text in which the ledger keeps a decision."""

from __future__ import annotations

from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.records import RecordRef
from leadledger.stores.sqlite import payload

texts = st.text(max_size=4)
numbers = st.integers(-(2**60), 2**60)
few = st.just(0) | numbers
counts = st.dictionaries(texts, numbers, max_size=2)
contributions = st.builds(
    Contribution,
    kind=texts,
    rule=texts,
    **dict.fromkeys(("points", "raw", "count", "matched", "last_at_us"), few),
    **dict.fromkeys(("by_limit", "by_window", "by_decay", "by_cap", "by_reset"), few),
    evidence=st.lists(texts, max_size=2).map(tuple),
)
decisions = st.builds(
    Decision,
    person_id=texts,
    records=st.lists(st.builds(RecordRef, texts, texts, texts), max_size=2).map(tuple),
    as_of_us=numbers,
    excluded=st.booleans(),
    contributions=st.lists(contributions, max_size=3).map(tuple),
    transitions=st.lists(
        st.builds(
            Transition,
            texts,
            texts,
            numbers,
            texts,
            texts,
            inferred=st.booleans(),
            no_sales_touch=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    missing_facts=st.lists(texts, max_size=2).map(tuple),
    last_activity=st.none() | st.builds(LastActivity, texts, texts, numbers),
    baseline=st.builds(Baseline, counts, counts, counts, texts, numbers),
    rule_holds=st.lists(st.none() | st.booleans(), max_size=2).map(tuple),
    models=st.dictionaries(texts, st.tuples(numbers, texts), max_size=2),
    category_points=counts,
    definition=texts,
)


@given(decisions)
def test_a_decision_survives_its_columns_and_its_text(decision):
    columns = attrgetter(*payload.COLUMNS)(decision)

    again = payload.decode(columns, payload.encode(decision))

    assert again == decision
    assert again.digest() == decision.digest()


@given(st.builds(Baseline, counts, counts, counts, texts, numbers))
def test_a_baseline_survives_its_text(baseline):
    assert payload.decode_baseline(payload.encode_baseline(baseline)) == baseline
    assert payload.holds_something(baseline) == (baseline != Baseline())


def test_every_field_of_a_decision_is_kept_somewhere():
    named = {"records", "contributions", "transitions", "last_activity", "baseline"}

    assert {*payload.COLUMNS, *payload.PLAIN, *named} == set(Decision.__dataclass_fields__)
    assert set(payload.CONTRIBUTION) == set(Contribution.__dataclass_fields__)
    assert list(payload.TRANSITION) == list(Transition.__dataclass_fields__)
    assert list(payload.BASELINE) == list(Baseline.__dataclass_fields__)
