"""The definitions that people copy: they load without a problem or a warning, quickly, and agree with each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leadledger.definition.load import MODELS, Loaded, load

MAPPINGS = Path(__file__).parents[2] / "mappings"
PRESETS = ("salesforce", "hubspot")


@pytest.fixture(scope="module", params=PRESETS)
def preset(request: pytest.FixtureRequest) -> Loaded:
    return load(MAPPINGS / request.param)


def test_a_preset_loads_without_warnings(preset: Loaded):
    assert preset.warnings == ()


def test_a_preset_has_enough_to_be_copied(preset: Loaded):
    definition = preset.definition

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
    assert len(preset.examples) >= 8


def test_every_rule_of_a_preset_has_words_for_sales(preset: Loaded):
    definition = preset.definition
    rules = [rule.id for rule in (*definition.engagement.rules, *definition.fit.rules)]

    assert list(definition.labels) == rules


def test_the_presets_give_the_same_points_for_the_same_thing():
    salesforce, hubspot = (load(MAPPINGS / name).definition for name in PRESETS)
    points = {rule.id: rule.points for rule in salesforce.engagement.rules}

    assert {rule.id: rule.points for rule in hubspot.engagement.rules}.items() <= points.items()
    assert hubspot.fit == salesforce.fit


def test_lead_and_contact_get_the_same_fields():
    lead, contact = load(MAPPINGS / "salesforce").definition.targets

    assert (lead.object, contact.object) == ("Lead", "Contact")
    assert lead.fields == contact.fields


@pytest.mark.parametrize("name", PRESETS)
def test_every_file_of_a_preset_names_its_schema_in_the_first_line(name: str):
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
