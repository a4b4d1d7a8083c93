"""Conditions as values: what they look at, and how they read."""

from __future__ import annotations

import pytest

from builders import a_definition, asks, computed, stages, when
from leadledger.domain.conditions import (
    ALWAYS,
    All,
    AnyOf,
    Compare,
    Not,
    Op,
    Space,
    comparisons,
    in_words,
    names,
)
from leadledger.domain.examples import Example, ExampleActivity, ExampleDeal, ExampleStatus
from leadledger.domain.lifecycle import DealEvent, Lifecycle

VISIT = when("type", "visit")
BIG = asks("employees", Op.AT_LEAST, 50.0)
HOT = computed("score", Op.OVER, 100.0)


def test_comparisons_come_in_the_order_of_writing():
    condition = All((VISIT, AnyOf((Not(BIG), HOT)), ALWAYS))

    assert list(comparisons(condition)) == [VISIT, BIG, HOT]


def test_names_are_those_of_one_space():
    condition = All((VISIT, BIG, asks("title", Op.KNOWN, True)))

    assert names(condition, Space.FACT) == {"employees", "title"}
    assert names(condition, Space.FIELD) == frozenset()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (HOT, "score over 100"),
        (BIG, "employees at least 50"),
        (Compare(Space.FACT, "budget", Op.BELOW, 2.5), "budget below 2.5"),
        (asks("consent", Op.IS, True), "consent is true"),
        (asks("title", Op.WORDS, ("VP", "Head")), "title words VP, Head"),
        (asks("size", Op.IS, 5), "size is 5"),
        (All((VISIT, HOT)), "type is visit and score over 100"),
        (AnyOf((VISIT, All((BIG, HOT)))), "type is visit or (employees at least 50 and score over 100)"),
        (Not(All((BIG, HOT))), "not (employees at least 50 and score over 100)"),
        (Not(HOT), "not score over 100"),
        (All((AnyOf((HOT,)), BIG)), "score over 100 and employees at least 50"),
        (ALWAYS, "always"),
    ],
)
def test_a_condition_reads_like_the_yaml(condition, words):
    assert in_words(condition) == words


def test_a_definition_knows_its_facts_and_counters():
    definition = a_definition(people=a_definition().people * 2)

    assert definition.facts() == ("email", "company", "title", "employees", "country")
    assert definition.counters() == ("mql_counter",)


def test_a_stage_has_its_place_in_the_order():
    assert stages().index("sql") == 2
    with pytest.raises(KeyError, match="nowhere"):
        Lifecycle().index("nowhere")


def test_an_example_is_what_goes_in_and_what_must_come_out():
    example = Example(
        "buyer", "salesforce", "Lead", {"email": None}, (ExampleActivity("visit", 1),), (ExampleStatus("Status", "New", 2),),
        (ExampleDeal(DealEvent.WON, 3),), 4, {"stage": "customer"}, "examples.yaml", 1, {"stage": 2},
    )  # fmt: skip

    assert example.activities[0].origin == "marketing"
    assert (example.statuses[0].line, example.deals[0].line) == (0, 0)
