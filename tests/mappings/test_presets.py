"""The definitions that people copy: they load without a problem or a warning, quickly, and agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from leadledger import bootstrap
from leadledger.definition.load import MODELS, Loaded, load
from leadledger.domain.conditions import All, Compare, Condition, Op, Scalar, Space
from leadledger.domain.examples import Example, ExampleActivity
from leadledger.domain.instants import SECOND
from leadledger.insight.examples import Result

MAPPINGS = Path(__file__).parents[2] / "mappings"
FULL = ("salesforce", "hubspot")
BOUNDARIES = {
    "all_inquiries": ("twenty page views", "one inquiry is enough"),
    "bant": ("two of four", "three of four"),
    "hand_raise": ("no amount of reading", "who sends the contact form"),
    "handbook": ("are 95 and no MQL", "exactly 100 is an MQL"),
    "mql_at_assignment": ("nobody has it yet", "MQL at the assignment"),
    "pql": ("four uses are not five", "together make a PQL"),
    "sal_after_sql": ("called first is an SGL", "a second earlier"),
    "sal_before_sql": ("a second before the 14 days", "goes back after 14 days"),
    "score_and_grade": ("C+ is not B-", "101 points and B-"),
    "score_over_50": ("exactly 50", "51 is"),
    "sql_at_opportunity": ("before the opportunity exists", "in the same second"),
}
"""Preset -> words of the names of two examples that stand on the two sides of its boundary."""
PRESETS = tuple(BOUNDARIES)


@pytest.fixture(scope="module", params=FULL)
def full(request: pytest.FixtureRequest) -> Loaded:
    return load(MAPPINGS / request.param)


@pytest.fixture(scope="module", params=PRESETS)
def preset(request: pytest.FixtureRequest) -> tuple[str, Loaded, Mapping[str, Result]]:
    """Name, definition, and what its examples came to, by their names."""
    loaded = load(MAPPINGS / "presets" / request.param)
    return request.param, loaded, {result.example.name: result for result in bootstrap.examples(loaded)}


def test_a_full_definition_loads_without_warnings(full: Loaded):
    assert full.warnings == ()


def test_a_full_definition_has_enough_to_be_copied(full: Loaded):
    definition = full.definition

    assert 12 <= len(definition.engagement.rules) <= 18
    assert 6 <= len(definition.fit.rules) <= 8
    assert [grade.letter for grade in definition.fit.grades] == ["A", "B", "C", "D", "F"]
    assert [stage.id for stage in definition.lifecycle.stages] == [
        "inquiry", "mql", "sal", "sql", "customer", "recycled", "disqualified",
    ]  # fmt: skip
    assert definition.counters() == ("mql_counter",)
    assert len(definition.routing.pools) == 2
    assert definition.routing.sticky == ("mql",)
    assert definition.routing.account_owner is not None
    assert definition.routing.fallback is not None
    assert len(full.examples) >= 8


def test_every_rule_of_a_full_definition_has_words_for_sales(full: Loaded):
    definition = full.definition
    rules = [rule.id for rule in (*definition.engagement.rules, *definition.fit.rules)]

    assert list(definition.labels) == rules


def test_the_full_definitions_give_the_same_points_for_the_same_thing():
    salesforce, hubspot = (load(MAPPINGS / name).definition for name in FULL)
    points = {rule.id: rule.points for rule in salesforce.engagement.rules}

    assert {rule.id: rule.points for rule in hubspot.engagement.rules}.items() <= points.items()
    assert hubspot.fit == salesforce.fit


def test_lead_and_contact_get_the_same_fields():
    lead, contact = load(MAPPINGS / "salesforce").definition.targets

    assert (lead.object, contact.object) == ("Lead", "Contact")
    assert lead.fields == contact.fields


@pytest.mark.parametrize("name", FULL)
def test_every_file_of_a_full_definition_names_its_schema_in_the_first_line(name: str):
    first = {file.stem: file.read_text("utf-8").splitlines()[0] for file in (MAPPINGS / name).glob("*.yaml")}

    assert first == {stem: f"# yaml-language-server: $schema=../schema/{stem}.json" for stem in MODELS}


def test_loading_needs_no_heavy_library():
    code = (
        "import sys; from pathlib import Path; from leadledger.definition.load import load; "
        f"load(Path({str(MAPPINGS / 'salesforce')!r})); "
        "print(*sorted({'duckdb', 'numpy', 'requests', 'rich'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == ""


def test_every_preset_is_tested_and_stands_in_the_table():
    readme = (MAPPINGS / "presets" / "README.md").read_text("utf-8")
    folders = {folder.name for folder in (MAPPINGS / "presets").iterdir() if folder.is_dir()}

    assert folders == set(PRESETS)
    assert set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)) == folders


@pytest.mark.parametrize("name", PRESETS)
def test_every_file_of_a_preset_names_its_schema_in_the_first_line(name: str):
    files = sorted((MAPPINGS / "presets" / name).glob("*.yaml"))

    assert {file.stem for file in files} >= MODELS.keys() - {"routing"}
    for file in files:
        line = file.read_text("utf-8").splitlines()[0]
        assert line == f"# yaml-language-server: $schema=../../schema/{file.stem}.json"


def test_a_preset_loads_without_warnings_and_under_a_name_of_its_own(
    preset: tuple[str, Loaded, Mapping[str, Result]],
):
    name, loaded, _ = preset

    assert loaded.warnings == ()
    assert loaded.definition.name == name.replace("_", "-")


def test_every_rule_of_a_preset_has_words_for_sales(preset: tuple[str, Loaded, Mapping[str, Result]]):
    definition = preset[1].definition
    rules = [rule.id for rule in (*definition.engagement.rules, *definition.fit.rules)]

    assert definition.labels.keys() >= set(rules)


def test_all_examples_of_a_preset_hold(preset: tuple[str, Loaded, Mapping[str, Result]]):
    _, loaded, results = preset

    assert len(results) == len(loaded.examples) >= 3
    assert [str(problem) for result in results.values() for problem in result.problems] == []


def test_two_examples_of_a_preset_show_its_boundary(preset: tuple[str, Loaded, Mapping[str, Result]]):
    name, _, results = preset
    here, there = (
        next(result for example, result in results.items() if words in example) for words in BOUNDARIES[name]
    )

    assert here.explanation.decision.stage != there.explanation.decision.stage


def test_the_explanation_of_every_example_adds_up(preset: tuple[str, Loaded, Mapping[str, Result]]):
    explained = [result.explanation for result in preset[2].values()]

    assert all(explanation.adds_up for explanation in explained)


def test_every_remedy_that_an_explanation_names_leads_into_its_stage(
    preset: tuple[str, Loaded, Mapping[str, Result]],
):
    _, loaded, results = preset
    remedied = [
        (_followed(result.example, loaded, remedy.rule, remedy.times), gap.stage)
        for result in results.values()
        if result.explanation.outlook is not None
        for gap in result.explanation.outlook.gaps
        for remedy in gap.remedies
    ]

    reached = bootstrap.examples(replace(loaded, examples=tuple(example for example, _ in remedied)))

    assert [(r.example.name, r.explanation.decision.stage) for r in reached] == [
        (example.name, stage) for example, stage in remedied
    ]


def test_remedies_are_named_where_only_points_are_missing():
    loaded = load(MAPPINGS / "presets" / "score_over_50")

    outlook = next(bootstrap.examples(loaded)).explanation.outlook

    assert outlook is not None
    assert [(gap.stage, len(gap.remedies), gap.waits) for gap in outlook.gaps if gap.remedies] == [
        ("mql", 3, False)
    ]
    assert all(gap.waits for gap in outlook.gaps if not gap.remedies)


def _followed(example: Example, loaded: Loaded, rule_id: str, times: int) -> Example:
    """The example with so many more activities of a rule a second after its end; its name says what was added."""
    then = example.as_of_us + SECOND
    rule = next(rule for rule in loaded.definition.engagement.rules if rule.id == rule_id)
    asked = dict(_asked(rule.when))
    intent = asked.get("intent")
    source = next(
        source
        for source in loaded.definition.activities
        if source.type == asked.get("type", source.type) and source.intent == (intent or source.intent)
    )
    asset = str(asked["asset"]).replace("*", "x") if "asset" in asked else None
    more = ExampleActivity(source.type, then, asset=asset, origin=source.origin, intent=source.intent)
    return replace(
        example,
        name=f"{example.name}, and then {times} x {rule_id}",
        activities=(*example.activities, *(more,) * times),
        as_of_us=then,
    )


def _asked(condition: Condition) -> Mapping[str, Scalar]:
    """A value for each thing that a conjunction asks of an activity; of a list the first."""
    parts = condition.of if isinstance(condition, All) else (condition,)
    compared = [part for part in parts if isinstance(part, Compare) and part.space is Space.ACTIVITY]
    assert all(part.op in {Op.IS, Op.IN, Op.MATCHES} for part in compared)
    return {part.name: part.value[0] if isinstance(part.value, tuple) else part.value for part in compared}
