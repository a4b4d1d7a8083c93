from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.definition.yaml_files import MAX_BYTES, MAX_NODES, YamlFile, parse_yaml, read_yaml
from leadledger.errors import Problem


def parsed(text: str) -> YamlFile:
    read = parse_yaml(text.encode(), "file.yaml")
    assert isinstance(read, YamlFile), read
    return read


def refused(data: str | bytes) -> list[Problem]:
    read = parse_yaml(data.encode() if isinstance(data, str) else data, "file.yaml")
    assert isinstance(read, list)
    return read


@pytest.mark.parametrize(
    "text",
    ["NO", "no", "on", "off", "yes", "y", "010", "0o17", "0x1F", "1e3", "1_000", "12:30", "12:30:45", ".5", "5.",
     "+5", ".inf", ".nan", "2026-03-01", "2026-03-01T10:00Z", "0123456789012345", "1234567890123456", "=", "1.2.3"],
)  # fmt: skip
def test_what_only_looks_like_another_type_stays_text(text: str):
    assert parsed(f"a: {text}").root.plain == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-5", -5), ("0", 0), ("1.5", 1.5), ("-0.25", -0.25), ("true", True), ("False", False), ("~", None),
     ("null", None), ("", None), ('"5"', "5"), ("'true'", "true"), ("|\n  two\n  lines\n", "two\nlines\n")],
)  # fmt: skip
def test_numbers_booleans_null_and_quotes_are_read_as_yaml_1_2(text: str, value: object):
    plain = parsed(f"a: {text}").root.plain

    assert plain == {"a": value}
    assert isinstance(plain, dict)
    assert type(plain["a"]) is type(value)


def test_every_key_and_value_has_its_line_and_column():
    file = parsed("rules:\n  - {id: first, points: 5}\n  - id: second\n    points:   7\n")

    assert file.place(("rules",)) == (2, 3)
    assert file.place(("rules",), key=True) == (1, 1)
    assert file.place(("rules", 0, "points")) == (2, 25)
    assert file.place(("rules", 1, "points")) == (4, 15)
    assert file.place(("rules", 1, "points"), key=True) == (4, 5)


def test_the_place_of_a_missing_value_is_that_of_what_surrounds_it():
    file = parsed("rules:\n  - id: first\n")

    assert file.place(("rules", 0, "points")) == (2, 5)
    assert file.place(("nothing", 5, "here")) == (1, 1)


def test_columns_count_characters_not_bytes():
    assert parsed("näme: [ü, {x: 営業, y: 1}]").place(("näme", 1, "y")) == (1, 22)


def test_an_alias_stands_for_the_value_of_its_anchor():
    file = parsed("Lead: &person {a: b}\nContact: *person\n")

    assert file.root.plain == {"Lead": {"a": "b"}, "Contact": {"a": "b"}}
    assert file.place(("Contact", "a")) == (1, 19)


def test_sequences_are_tuples_and_mappings_keep_their_order():
    assert parsed("{b: [1, [2]], a: []}").root.plain == {"b": (1, (2,)), "a": ()}
    assert list(parsed("{b: 1, a: 2}").root.plain or ()) == ["b", "a"]  # type: ignore[arg-type]  # a mapping


def test_a_byte_order_mark_at_the_start_is_no_problem():
    assert parsed("\ufeffa: 1").root.plain == {"a": 1}


def test_windows_line_ends_count_as_one_line():
    (problem,) = refused("a: 1\r\nb:\t2\r\n")

    assert (problem.line, problem.column) == (2, 3)


def test_every_duplicate_key_is_told_at_once():
    first, second = refused("a: 1\na: 2\nb: {c: 1, c: 2}\n")

    assert (first.line, second.line) == (2, 3)
    assert "`a` stands here twice (first in line 1)" in first.text


def test_an_alias_bomb_is_refused_fast():
    lines = ["l0: &l0 [x]"] + [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 40)]
    began = time.perf_counter()

    (problem,) = refused("\n".join(lines))

    assert f"more than {MAX_NODES:,} values" in problem.text
    assert time.perf_counter() - began < 5


def test_a_wide_file_is_refused():
    (problem,) = refused("a: [" + "1," * (MAX_NODES + 1) + "]")

    assert "more than" in problem.text


def test_a_file_of_one_mebibyte_is_read_and_one_byte_more_is_not():
    filled = b"a: 1\n#" + b"x" * (MAX_BYTES - 6)

    assert isinstance(parse_yaml(filled, "f"), YamlFile)
    assert isinstance(parse_yaml(filled + b"x", "f"), list)


@pytest.mark.parametrize("data", [b"a: \xff", b"\xff\xfea\x00", b"a: \xc3", b"a: \xed\xa0\x80"])
def test_bytes_that_are_not_utf_8_are_told_with_their_place(data: bytes):
    (problem,) = refused(data)

    assert problem.text == "is not UTF-8 here"
    assert problem.line == 1


@pytest.mark.parametrize("character", ["\u00a0", "\u200b", "\u202f", "\u3000", "\ufeff", "\t"])
def test_what_looks_like_a_space_is_told_but_not_in_comments(character: str):
    assert refused(f"a: b{character}c")[0].column == 5
    assert parsed(f"a: b # c{character}d\n#{character}e").root.plain == {"a": "b"}


@pytest.mark.parametrize(
    "character", ["\u0085", "\u2028", "\x00", "\x07", "\x1b", "\x7f", "\u202e", "\u2066"]
)
def test_control_characters_are_told_everywhere(character: str):
    assert refused(f"a: b # {character}")[0].column == 8


@pytest.mark.parametrize(
    "text",
    ["a: !!str b", "a: !mine b", "!!map {a: b}", "a: !!python/object/apply:os.system [ls]", "%TAG ! x\n---\na: b",
     "%YAML 1.1\n---\na: b", "--- a\n--- b\n", "&a [*a]", "{&a b: *a, *a : c}", "? {a: b}\n: c", "? [a]\n: c",
     "{: a}", "", "# nothing", "~", "a: *unknown", "[" * 41 + "]" * 41, 'a: "\\ud800"', 'a: "\\0"', '"\\0": a'],
)  # fmt: skip
def test_what_a_definition_never_needs_is_refused(text: str):
    assert refused(text)


def test_an_unreadable_file_is_a_problem(tmp_path: Path):
    read = read_yaml(tmp_path / "nowhere.yaml", "nowhere.yaml")

    assert isinstance(read, list)
    assert read[0].text == "cannot be read (No such file or directory)"


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str):
    read = parse_yaml(text.encode("utf-8", "replace"), "file.yaml")

    assert isinstance(read, YamlFile) or all(problem.text for problem in read)


@given(st.text(alphabet="ab:,-[]{}&*!|>'\"%@?#\n \t\\0x", max_size=120))
def test_any_punctuation_is_parsed_or_refused(text: str):
    read = parse_yaml(text.encode(), "file.yaml")

    assert isinstance(read, YamlFile) or all(problem.text for problem in read)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(data: bytes):
    assert parse_yaml(data, "file.yaml")


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@given(PRINTABLE)
def test_quoted_text_comes_back_as_it_was(text: str):
    quoted = "'" + text.replace("'", "''") + "'"

    assert parsed(f"a: {quoted}").root.plain == {"a": text}


def test_a_message_shows_names_of_a_file_shortened_and_printable():
    (problem,) = refused("{" + f"{'x' * 300}: 1, {'x' * 300}: 2" + "}")

    assert re.search(r"`x{59}…`", problem.text)
