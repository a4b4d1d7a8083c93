from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadledger.definition.load import MODELS, Loaded, load
from leadledger.errors import ConfigError, Problem

SMALL = Path(__file__).parents[2] / "mappings" / "small"
SHARED_FOLDER = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What keeps a definition from being loaded; nothing but ConfigError may come out of it."""
    try:
        load(folder)
    except ConfigError as error:
        return error.problems
    return ()


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path):
    with pytest.raises(
        ConfigError, match=r"nowhere is not a folder\. Give the folder that holds leadledger\.yaml\."
    ):
        load(tmp_path / "nowhere")


def test_an_empty_folder_lacks_every_file_that_is_needed(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)

    missing = {Path(problem.file).stem for problem in caught.value.problems}
    assert missing == MODELS.keys() - {"routing", "examples"}


def test_the_present_folder_is_shown_without_a_prefix(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "people.yaml").unlink()
    monkeypatch.chdir(folder)

    with pytest.raises(ConfigError) as caught:
        load(Path())

    assert str(caught.value.problems[0]).startswith("people.yaml: is missing")


def test_hidden_files_and_other_kinds_of_files_are_left_alone(folder: Path):
    (folder / ".draft.yaml").write_text("x")
    (folder / "README.md").write_text("x")

    assert load(folder).warnings == ()


def test_problems_come_sorted_by_file_and_line(folder: Path):
    (folder / "writeback.yaml").write_text("salesforce: {Lead: {A__c: scor, B__c: grad}}\n")
    (folder / "people.yaml").write_text("salesforce: {Lead: {fact: {}}}\n")

    with pytest.raises(ConfigError) as caught:
        load(folder)

    places = [(problem.file, problem.line, problem.column) for problem in caught.value.problems]
    assert places == sorted(places)
    assert len(places) == 3


def test_one_broken_file_does_not_hide_the_problems_between_the_others(folder: Path):
    (folder / "scoring.yaml").write_text("engagement: [\n")
    (folder / "routing.yaml").write_text("sticky: [mgl]\nfallback: {queue: Q}\n")

    with pytest.raises(ConfigError) as caught:
        load(folder)

    assert [Path(problem.file).stem for problem in caught.value.problems] == ["routing", "scoring"]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "text", ["5", "text", "[]", "{}", "[1, {a: b}]", "{a: {b: [c]}}", "null", "true", "- - - x"]
)
def test_a_file_of_the_wrong_shape_is_refused_or_empty(folder: Path, name: str, text: str):
    (folder / f"{name}.yaml").write_text(text)

    assert all(problem.text for problem in problems_of(folder))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
        ["30d", "20%", "A", "below", "score", "mql", "email", "Lead", "route", "any", "freemail", "*", "call"]
    ),
    lambda inside: st.lists(inside, max_size=3)
    | st.dictionaries(
        st.text(max_size=8)
        | st.sampled_from(["id", "when", "fact", "field", "all", "any", "not", "and", "is", "in", "type", "points",
                           "rules", "triggers", "salesforce", "Lead", "facts", "value", "grades", "members", "<fact>"]),
        inside,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


def yaml_of(value: object) -> str:
    """Flow-style YAML of plain values, with every text quoted."""
    match value:
        case dict():
            return (
                "{" + ", ".join(f"{yaml_of(key)}: {yaml_of(inside)}" for key, inside in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(yaml_of, value)) + "]"
        case str():
            escaped = "".join(
                c if c in string.printable and c not in '"\\\t\n\r\x0b\x0c' else f"\\U{ord(c):08x}"
                for c in value
            )
            return f'"{escaped}"'
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


@SHARED_FOLDER
@given(name=st.sampled_from(sorted(MODELS)), value=ANYTHING)
def test_any_value_as_a_file_is_loaded_or_refused(folder: Path, name: str, value: object):
    original = (SMALL / f"{name}.yaml").read_text() if (SMALL / f"{name}.yaml").exists() else None
    (folder / f"{name}.yaml").write_text(yaml_of(value))
    try:
        assert all(str(problem) for problem in problems_of(folder))
    finally:
        (folder / f"{name}.yaml").write_text(original) if original else (folder / f"{name}.yaml").unlink()


PLACES = [
    ("scoring", "call, when", "{}, when"),
    ("scoring", "type: call", "type: {}"),
    ("scoring", "points: 10", "points: {}"),
    ("scoring", "per: 7d", "per: {}"),
    ("scoring", "at_least: 50", "at_least: {}"),
    ("scoring", "at_least: 50", "in: {}"),
    ("scoring", "at_least: 50", "{}: 5"),
    ("scoring", "A: 20", "A: {}"),
    ("scoring", "A: 20", "{}: 20"),
    ("people", "email: Email", "email: {}"),
    ("people", "email: Email", "{}: Email"),
    ("people", "Lead:", "{}:"),
    ("activities", "is: Call", "matches: {}"),
    ("activities", "type: call", "type: {}"),
    ("lifecycle", "deal: won", "deal: {}"),
    ("lifecycle", "from: [mql]", "from: {}"),
    ("lifecycle", "becomes: Recycle", "becomes: {}"),
    ("lifecycle", "score: {over: 100}", "{}: {over: 100}"),
    ("lifecycle", "over: 100", "over: {}"),
    ("routing", "ana@ours.example", "{}"),
    ("routing", "pool: all", "pool: {}"),
    ("writeback", "mql_counter", "{}"),
    ("writeback", "mql_counter", "{value: stage, values: {mql: {}}}"),
    ("leadledger", "UTC", "{}"),
    ("leadledger", "[salesforce]", "{}"),
    ("leadledger", "version: first", "version: {}"),
]


@SHARED_FOLDER
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_any_value_in_any_place_is_loaded_or_refused(
    folder: Path, place: tuple[str, str, str], value: object
):
    name, before, after = place
    file = folder / f"{name}.yaml"
    original = (SMALL / f"{name}.yaml").read_text()
    assert before in original
    file.write_text(original.replace(before, after.replace("{}", yaml_of(value), 1)))
    try:
        assert all(problem.line and problem.text for problem in problems_of(folder))
    finally:
        file.write_text(original)


@pytest.mark.parametrize("depth", [10, 35, 200])
def test_deep_conditions_end_with_a_definition_or_a_message(loaded_with: Callable[..., Loaded], depth: int):
    when = "{not: " * depth + "{fact: title, known: true}" + "}" * depth
    text = f"fit: {{rules: [{{id: deep, when: {when}, points: 5}}]}}\n"

    if depth <= 35:
        assert loaded_with(scoring=text).definition.fit.rules[0].id == "deep"
    else:
        with pytest.raises(ConfigError, match="1 problem"):
            loaded_with(scoring=text)


def test_of_very_many_problems_in_one_file_the_first_hundred_are_told(folder: Path):
    (folder / "scoring.yaml").write_text("".join(f"key{n}: 1\n" for n in range(20_000)))

    problems = problems_of(folder)

    assert len(problems) == 101
    assert problems[0].text == "there are more problems than these 100"
    assert [problem.line for problem in problems[1:4]] == [1, 2, 3]


def rules(count: int) -> str:
    return "".join(
        f"    - {{id: r{n}, when: {{type: call}}, points: 1, window: 90d}}\n" for n in range(count)
    )


def test_five_hundred_rules_load(loaded_with: Callable[..., Loaded]):
    loaded = loaded_with(scoring=f"engagement:\n  rules:\n{rules(500)}")

    assert len(loaded.definition.engagement.rules) == 500


def test_more_rules_than_five_hundred_are_refused(folder: Path):
    fit = "".join(f"    - {{id: f{n}, when: {{fact: title, is: CEO}}, points: 1}}\n" for n in range(501))
    (folder / "scoring.yaml").write_text(f"engagement:\n  rules:\n{rules(501)}fit:\n  rules:\n{fit}")

    assert [(p.path, p.text) for p in problems_of(folder)] == [
        ("engagement.rules", "there are 501 rules, at most 500 are possible"),
        ("fit.rules", "there are 501 rules, at most 500 are possible"),
    ]


def test_more_models_than_twenty_are_refused(folder: Path):
    models = "".join(f"  m{n}: {{fit: {{max: 5}}}}\n" for n in range(21))
    (folder / "scoring.yaml").write_text(f"models:\n{models}")

    assert [(p.path, p.text) for p in problems_of(folder)] == [
        ("models", "there are 21 models, at most 20 are possible"),
    ]


def test_more_stages_than_sixty_are_refused(loaded_with: Callable[..., Loaded], folder: Path):
    def stages(count: int) -> str:
        return "stages:\n" + "".join(f"  - {{id: s{n}, triggers: [{{deal: won}}]}}\n" for n in range(count))

    files = {"writeback": "salesforce: {Lead: {Score__c: score}}\n", "routing": "sticky: []\n"}

    assert len(loaded_with(lifecycle=stages(60), **files).definition.lifecycle.stages) == 60
    (folder / "lifecycle.yaml").write_text(stages(61))
    assert [p.text for p in problems_of(folder)] == ["there are 61 stages, at most 60 are possible"]


@pytest.mark.parametrize(
    "secret",
    [
        "pat-na1-11111111-2222-3333-4444-555555555555",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "00D5g000001abcD!AQEAQHJlbGF5LXRva2Vu",
        "Bearer abcdef",
    ],
)
@pytest.mark.parametrize(
    "place", ["name: {}", "name: x\nsalesforce: {{password: '{}'}}", "name: x\nclient: ['{}']"]
)
def test_a_literal_secret_is_refused_and_never_repeated(folder: Path, secret: str, place: str):
    text = (folder / "leadledger.yaml").read_text().replace("name: small", place.format(secret))
    (folder / "leadledger.yaml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load(folder)

    told = " ".join(map(str, caught.value.problems)) + str(caught.value)
    assert "looks like a secret" in told
    assert secret not in told
