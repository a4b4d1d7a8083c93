"""Which field is written, which is left alone, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import a_definition, days
from leadledger.domain.changes import FieldChange, Kept
from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.instants import DAY, iso
from leadledger.domain.policies import Desired, Present, diff, emptied
from leadledger.domain.records import RecordRef
from leadledger.domain.scoring import MICRO
from leadledger.domain.writeback import FieldMapping, Policy, WriteTarget

LEAD = RecordRef("salesforce", "Lead", "00Q1")
MQL = Transition("mql", "", days(10), "hand_raise: demo", "v", counter="mql_counter", cycle=1)
DECISION = Decision(
    "p",
    (LEAD,),
    days(30),
    engagement=40 * MICRO,
    fit=20 * MICRO,
    grade="A",
    stage="mql",
    stage_since_us=days(10),
    cycle=1,
    transitions=(MQL,),
    facts_known=1,
    facts_asked=2,
    contributions=(Contribution("engagement", "demo", 40 * MICRO, count=2),),
    last_activity=LastActivity("demo", "", days(10)),
)
SCORE = FieldMapping("Score__c", "score")
STAGE = FieldMapping("Stage__c", "stage", Policy.YIELD)


def desired(
    *mappings: FieldMapping,
    values: dict[str, str | None] | None = None,
    confirmed: dict[str, tuple[str | None, int]] | None = None,
    decision: Decision = DECISION,
    owner: str | None = None,
) -> Desired:
    present = Present(LEAD, values or {}, confirmed or {})
    return diff(
        WriteTarget("salesforce", "Lead", mappings), present, decision, a_definition(), owner, "v1:stamp"
    )


def written(found: Desired) -> dict[str, str | None]:
    return {change.field: change.new for change in found.changes}


def why(found: Desired) -> dict[str, str]:
    return {kept.field: kept.why for kept in found.kept}


def test_a_value_that_differs_is_written_with_its_reason():
    assert desired(SCORE, values={"Score__c": "55"}).changes == (
        FieldChange("Score__c", "55", "60", "score", "2 activities count"),
    )


def test_a_value_that_is_there_already_is_not_written():
    assert desired(SCORE, values={"Score__c": "60.0"}) == Desired((), ())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("score", "2 activities count"),
        ("engagement", "2 activities count"),
        ("fit", "1 of 2 facts known"),
        ("grade", "1 of 2 facts known"),
        ("stage", "mql by hand_raise: demo"),
        ("stage_since", "mql by hand_raise: demo"),
        ("mql_counter", "mql by hand_raise: demo"),
        ("mql_first_at", "mql by hand_raise: demo"),
        ("mql_count", "mql by hand_raise: demo"),
        ("owner", "hand-over"),
        ("cycle", "mql by hand_raise: demo"),
    ],
)
def test_every_change_says_why(value, reason):
    (change,) = desired(FieldMapping("F", value), owner="005").changes

    assert change.reason == reason


def test_an_inferred_stage_says_so():
    inferred = replace(DECISION, transitions=(replace(MQL, inferred=True),))

    (change,) = desired(FieldMapping("F", "mql_first_at"), decision=inferred).changes

    assert change.reason == "mql by hand_raise: demo (inferred)"


def test_without_a_transition_a_stage_has_no_reason():
    bare = replace(DECISION, transitions=())

    assert desired(FieldMapping("F", "stage"), decision=bare).changes[0].reason == ""


@pytest.mark.parametrize("theirs", [None, "", "55", "5000"])
def test_own_is_ours_and_corrected_when_it_drifts(theirs):
    assert written(desired(SCORE, values={"Score__c": theirs}, confirmed={"Score__c": ("60", days(20))})) == {
        "Score__c": "60"
    }


@pytest.mark.parametrize(("theirs", "kept"), [(None, False), ("", False), ("B", True)])
def test_fill_writes_into_empty_fields_only(theirs, kept):
    found = desired(FieldMapping("Grade__c", "grade", Policy.FILL), values={"Grade__c": theirs})

    assert bool(found.changes) is not kept
    assert why(found) == ({"Grade__c": "the field is filled already"} if kept else {})


@pytest.mark.parametrize(("theirs", "kept"), [("59", False), ("61", True), (None, False), ("text", False)])
def test_never_lower_keeps_the_larger_number(theirs, kept):
    found = desired(FieldMapping("Score__c", "score", Policy.NEVER_LOWER), values={"Score__c": theirs})

    assert bool(found.changes) is not kept
    assert bool(found.kept) is kept


def test_a_counter_is_never_lowered_whatever_the_policy():
    found = desired(FieldMapping("MQLs", "mql_counter", Policy.OWN), values={"MQLs": "7"})

    assert found.changes == ()
    assert found.kept == (
        Kept(LEAD, "MQLs", "7", "1", "the CRM's number is larger, and this field is never lowered"),
    )


def test_yield_lets_people_win():
    grade = FieldMapping("Grade__c", "grade", Policy.YIELD)

    assert why(desired(grade, values={"Grade__c": "B"})) == {"Grade__c": "set before we came"}
    assert why(desired(grade, values={"Grade__c": "B"}, confirmed={"Grade__c": ("C", days(1))})) == {
        "Grade__c": "set by a person"
    }
    assert written(desired(grade, values={"Grade__c": "C"}, confirmed={"Grade__c": ("C", days(1))})) == {
        "Grade__c": "A"
    }
    assert written(desired(grade, values={"Grade__c": None})) == {"Grade__c": "A"}


@pytest.mark.parametrize(
    ("theirs", "confirmed", "expected"),
    [
        ("inquiry", None, "mql"),  # behind ours at first contact
        ("sql", None, None),  # further than ours
        ("recycled", None, None),  # beside the way
        ("Something", None, None),
        (None, None, "mql"),
        ("sql", ("inquiry", days(20)), None),  # set by a person after our entry was written
        ("sql", ("inquiry", days(5)), None),  # further than ours, whatever came since
        ("inquiry", ("sql", days(5)), "mql"),  # new evidence came after our last write, and leads forward
        ("inquiry", ("inquiry", days(20)), "mql"),  # ours, untouched
    ],
)
def test_a_stage_that_a_person_set_stands_until_new_evidence(theirs, confirmed, expected):
    held = {"Stage__c": confirmed} if confirmed else {}

    assert written(desired(STAGE, values={"Stage__c": theirs}, confirmed=held)).get("Stage__c") == expected


def test_stages_compare_in_the_words_of_the_crm():
    words = replace(STAGE, values={"inquiry": "New", "mql": "Qualified", "sql": "Opportunity"})

    assert written(desired(words, values={"Stage__c": "New"})) == {"Stage__c": "Qualified"}
    assert written(desired(words, values={"Stage__c": "Opportunity"})) == {}


PERSONS = Transition("sql", "mql", days(12), "set by a person", "h1")
RECYCLED = Transition("recycled", "sql", days(20), "14 days in sql without accepted", "")


def in_stage(*story: Transition) -> Decision:
    return replace(DECISION, transitions=story, stage=story[-1].stage, stage_since_us=story[-1].at_us)


def test_a_persons_stage_that_is_an_entry_of_ours_is_left_as_it_is():
    found = desired(
        STAGE,
        values={"Stage__c": "sql"},
        confirmed={"Stage__c": ("mql", days(11))},
        decision=in_stage(MQL, PERSONS),
    )

    assert found == Desired((), ())


@pytest.mark.parametrize("trigger", ["set by a person", "adopted"])
@pytest.mark.parametrize("confirmed", [None, ("mql", days(11)), ("mql", days(12))])
def test_a_rule_moves_on_from_a_persons_stage_that_is_an_entry_of_ours(trigger, confirmed):
    moved = in_stage(MQL, replace(PERSONS, trigger=trigger), RECYCLED)

    found = desired(
        STAGE,
        values={"Stage__c": "sql"},
        confirmed={"Stage__c": confirmed} if confirmed else {},
        decision=moved,
    )

    assert written(found) == {"Stage__c": "recycled"}


@pytest.mark.parametrize(
    "story", [(MQL, replace(PERSONS, trigger="deal: created"), RECYCLED), (MQL, RECYCLED)]
)
def test_a_persons_stage_that_no_entry_of_ours_explains_stands(story):
    found = desired(
        STAGE,
        values={"Stage__c": "sql"},
        confirmed={"Stage__c": ("mql", days(11))},
        decision=in_stage(*story),
    )

    assert written(found) == {}
    assert [kept.why for kept in found.kept] == ["set by a person, and not behind ours"]


def test_a_persons_stage_from_before_our_last_write_is_another_one_now():
    """They set it to `sql`, we moved on and wrote `recycled`, and now `sql` stands there once more."""
    found = desired(
        STAGE,
        values={"Stage__c": "sql"},
        confirmed={"Stage__c": ("recycled", days(21))},
        decision=in_stage(MQL, PERSONS, RECYCLED),
    )

    assert [kept.why for kept in found.kept] == ["set by a person since our last write"]


def test_a_stage_that_the_crm_has_no_word_for_is_not_written():
    words = replace(STAGE, values={"inquiry": "New"})

    assert desired(words, values={"Stage__c": "New"}) == Desired((), ())


@pytest.mark.parametrize(
    ("theirs", "confirmed", "written_", "kept"),
    [
        (None, None, True, False),
        ("2024-05-01", None, False, True),
        ("2024-05-01", ("2024-06-01", days(1)), False, True),
        ("2026-01-20", ("2026-01-20", days(20)), True, False),  # ours; earlier evidence came in
        ("2026-01-11", None, False, False),  # the same day
    ],
)
def test_a_first_date_of_others_is_never_changed(theirs, confirmed, written_, kept):
    found = desired(
        FieldMapping("First", "mql_first_at"),
        values={"First": theirs},
        confirmed={"First": confirmed} if confirmed else {},
    )

    assert (bool(found.changes), bool(found.kept)) == (written_, kept)


def test_a_last_date_moves_with_the_evidence():
    assert written(desired(FieldMapping("Last", "mql_last_at"), values={"Last": "2020-01-01"})) == {
        "Last": iso(days(10))
    }


def test_having_nothing_to_say_empties_no_field():
    nobody = replace(DECISION, stage="", grade="", transitions=(), stage_since_us=0)
    fields = (STAGE, FieldMapping("Grade__c", "grade"), FieldMapping("First", "mql_first_at"))

    assert desired(
        *fields, values={"Stage__c": "sql", "Grade__c": "C", "First": "2020-01-01"}, decision=nobody
    ) == Desired((), ())


def test_the_owner_is_written_only_when_a_hand_over_is_due():
    owner = FieldMapping("OwnerId", "owner", Policy.YIELD)

    assert desired(owner, values={"OwnerId": "005A"}) == Desired((), ())
    assert written(desired(owner, values={"OwnerId": "005A"}, owner="005B")) == {"OwnerId": "005B"}


@pytest.mark.parametrize(
    ("theirs", "changes"), [("55.1", False), ("55", True), ("64.9", False), ("65", True), (None, True)]
)
def test_a_change_below_the_minimum_waits(theirs, changes):
    small = replace(SCORE, min_change=5)

    assert bool(desired(small, values={"Score__c": theirs}).changes) is changes


@pytest.mark.parametrize(("age", "changes"), [(DAY - 1, False), (DAY, True)])
def test_a_field_is_written_at_most_so_often(age, changes):
    rare = replace(SCORE, at_most_every=DAY)

    found = desired(rare, values={"Score__c": "55"}, confirmed={"Score__c": ("55", days(30) - age)})

    assert bool(found.changes) is changes
    assert found.waiting is not changes  # it is due later, without any news
    assert desired(rare, values={"Score__c": "55"}).changes  # never written before


def test_what_waits_goes_along_with_another_change():
    small = replace(SCORE, min_change=50)

    found = desired(small, STAGE, values={"Score__c": "55", "Stage__c": "inquiry"})

    assert written(found) == {"Stage__c": "mql", "Score__c": "60"}


def test_an_empty_number_that_is_nought_to_us_waits_for_another_change():
    nought = replace(DECISION, engagement=0, fit=0)

    assert desired(SCORE, values={"Score__c": None}, decision=nought) == Desired((), ())
    assert written(desired(SCORE, STAGE, values={"Score__c": None}, decision=nought)) == {
        "Stage__c": "mql",
        "Score__c": "0",
    }


COMPANIONS = tuple(
    FieldMapping(name, name)
    for name in ("stamp", "reasons", "why_now", "missing_facts", "completeness", "definition_version")
)


def test_companions_never_cause_a_write_of_their_own():
    assert desired(*COMPANIONS, SCORE, values={"Score__c": "60"}) == Desired((), ())


def test_companions_explain_another_change():
    found = written(
        desired(*COMPANIONS, SCORE, values={"Score__c": "1", "missing_facts": "title", "reasons": "old"})
    )

    assert found == {
        "Score__c": "60",
        "stamp": "v1:stamp",
        "reasons": "demo +40 (2x)",
        "why_now": "demo on 2026-01-11",
        "missing_facts": None,  # nothing is missing any more: that is emptied
        "completeness": "50",
        "definition_version": "1",
    }


def test_emptied_fields_are_counted():
    changes = (
        FieldChange("a", "x", None, "reasons", ""),
        FieldChange("b", None, None, "reasons", ""),
        FieldChange("c", "x", "y", "reasons", ""),
    )

    assert emptied(changes) == 1


theirs_ = st.none() | st.sampled_from(
    ("", "0", "1", "3", "60", "x", "2024-05-01", "2026-01-11", "mql", "sql", "Other")
)
fields = st.sampled_from(
    (
        "score",
        "stage",
        "grade",
        "mql_counter",
        "mql_first_at",
        "mql_last_at",
        "reasons",
        "stamp",
        "completeness",
    )
)


@given(
    st.dictionaries(
        fields,
        st.tuples(
            st.sampled_from(list(Policy)),
            theirs_,
            st.none() | st.tuples(theirs_, st.integers(days(0), days(30))),
        ),
    ),
    st.integers(0, 3),
)
def test_after_a_write_there_is_nothing_more_to_write(held, counter):
    mappings = tuple(FieldMapping(name, name, policy) for name, (policy, _, _) in held.items())
    values = {name: theirs for name, (_, theirs, _) in held.items()}
    confirmed = {name: base for name, (_, _, base) in held.items() if base is not None}
    decision = replace(DECISION, baseline=Baseline({"mql_counter": counter}))

    first = desired(*mappings, values=values, confirmed=confirmed, decision=decision)
    after = {**values, **written(first)}
    now = {**confirmed, **{name: (text, days(30)) for name, text in written(first).items()}}
    again = desired(*mappings, values=after, confirmed=now, decision=decision)

    assert again.changes == ()
    assert all(c.old == values.get(c.field) for c in first.changes)
    if (values.get("mql_counter") or "x").isdigit():
        assert int(after["mql_counter"]) >= int(values["mql_counter"])
