"""What each comparison says about a text: true, false, or unknown."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from builders import World, a_definition, a_rule, asks, points, rules, when
from leadledger.domain.conditions import ALWAYS, All, AnyOf, AtLeast, Compare, Condition, Not, Op, Space
from leadledger.domain.lifecycle import Lifecycle
from leadledger.engine.conditions import quoted, sql, word_text


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as made:
        yield made


def outcome(
    connection: duckdb.DuckDBPyConnection, condition: Condition, text: object, type_: str = "VARCHAR"
) -> object:
    """What the condition says about a column that holds `text`."""
    query = f"SELECT {sql(condition, lambda _: 'c')} FROM (SELECT ?::{type_} AS c)"
    return connection.execute(query, [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("op", "value", "text", "expected"),
    [
        # texts, whatever their case and script
        (Op.IS, "Berlin", "BERLIN", True),
        (Op.IS, "Berlin", "Berlin ", False),
        (Op.IS, "", "", True),
        (Op.IS, "x", "", False),
        (Op.IS, "x", None, None),
        (Op.IS, "STRASSE", "straße", False),
        (Op.IS, "Köln", "KÖLN", True),
        (Op.IS, "МОСКВА", "Москва", True),  # noqa: RUF001  # Cyrillic on purpose
        (Op.IS, "ΟΔΟΣ", "ΟΔΟΣ", True),  # Greek on purpose
        (Op.IS, "İstanbul", "İstanbul", True),
        (Op.IS, "it's", "It's", True),
        (Op.IS_NOT, "x", "y", True),
        (Op.IS_NOT, "x", "X", False),
        (Op.IS_NOT, "x", None, None),
        (Op.IN, ("a", "b"), "B", True),
        (Op.IN, ("a", "b"), "c", False),
        (Op.IN, ("a", "b"), None, None),
        (Op.IN, (), "c", False),
        (Op.NOT_IN, ("a", "b"), "c", True),
        (Op.NOT_IN, ("a", "b"), "A", False),
        (Op.NOT_IN, ("a", "b"), None, None),
        (Op.IN, "a", "A", True),
        # numbers in a text
        (Op.IS, 50, "50.0", True),
        (Op.IS, 50, " 50 ", True),
        (Op.IS, 50, "5e1", True),
        (Op.IS, 50, "fifty", None),
        (Op.IS_NOT, 50, "51", True),
        (Op.IN, (1, 2.5), "2.50", True),
        (Op.IN, (1, 2.5), "3", False),
        (Op.IN, ("none", 1), "1.0", True),
        (Op.IN, ("none", 1), "None", True),
        (Op.AT_LEAST, 50, "50", True),
        (Op.AT_LEAST, 50, "49.999", False),
        (Op.AT_LEAST, 50, "", None),
        (Op.AT_LEAST, 50, None, None),
        (Op.AT_LEAST, 50, "many", None),
        (Op.AT_LEAST, 50, "NaN", None),
        (Op.AT_LEAST, 50, "inf", None),
        (Op.BELOW, 50, "-Infinity", None),
        (Op.OVER, 50, "1e999", None),
        (Op.BELOW, 50, "nan", None),
        (Op.IS, 50, "nan", None),
        (Op.AT_MOST, 50, "50", True),
        (Op.AT_MOST, 50, "50.1", False),
        (Op.OVER, 50, "50", False),
        (Op.OVER, 50, "50.000001", True),
        (Op.BELOW, 50, "50", False),
        (Op.BELOW, 50, "-3", True),
        # booleans
        (Op.IS, True, "true", True),
        (Op.IS, True, "True", True),
        (Op.IS, True, "false", False),
        (Op.IS, False, "false", True),
        (Op.IS_NOT, True, "false", True),
        (Op.IS, True, "1", False),
        (Op.IN, (True, "yes"), "YES", True),
        # patterns
        (Op.MATCHES, "*/pricing*", "https://acme.test/Pricing?x=1", True),
        (Op.MATCHES, "/pricing", "/pricing/", False),
        (Op.MATCHES, "*", "", True),
        (Op.MATCHES, "*", None, None),
        (Op.MATCHES, "a?c", "aßc", True),
        (Op.MATCHES, "a?c", "ac", False),
        (Op.MATCHES, "100%", "100%", True),
        (Op.MATCHES, "100%", "1000", False),
        (Op.MATCHES, "a_c", "abc", False),
        (Op.MATCHES, "a_c", "A_C", True),
        (Op.MATCHES, "wow!*", "Wow! really", True),
        (Op.MATCHES, "wow!*", "wow", False),
        (Op.MATCHES, "it's*", "It's done", True),
        (Op.MATCHES, ("*.pdf", "*.docx"), "Guide.PDF", True),
        (Op.MATCHES, ("*.pdf", "*.docx"), "guide.html", False),
        (Op.MATCHES, "*日本*", "東日本支社", True),
        (Op.MATCHES, "ÄRZTE*", "ärzte ohne grenzen", True),
        (Op.MATCHES, "line*end", "line\nend", True),
        # regular expressions
        (Op.REGEX, "v.?p", "Senior VP Sales", True),
        (Op.REGEX, "^vp", "Senior VP Sales", False),
        (Op.REGEX, r"^\d+$", "0815", True),
        (Op.REGEX, "größe", "GRÖSSE", False),
        (Op.REGEX, "ärzt", "ÄRZTEKAMMER", True),
        (Op.REGEX, "it's", "It's", True),
        (Op.REGEX, "", "", True),
        (Op.REGEX, ".", "", False),
        (Op.REGEX, ".", None, None),
        (Op.REGEX, ("^a", "b$"), "xB", True),
        (Op.REGEX, "(a*)*b", "a" * 2000, False),
        # known
        (Op.KNOWN, True, "x", True),
        (Op.KNOWN, True, "", False),
        (Op.KNOWN, True, None, False),
        (Op.KNOWN, False, None, True),
        (Op.KNOWN, False, "", True),
        (Op.KNOWN, False, "0", False),
    ],
)
def test_a_comparison(connection, op, value, text, expected):
    assert outcome(connection, Compare(Space.FACT, "any", op, value), text) is expected


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (("VP", "Head"), "Head of Sales", True),
        (("VP", "Head"), "SVP, Marketing", False),
        (("VP",), "vp", True),
        (("VP",), "Marketing (VP)", True),
        (("vice president",), "Senior Vice-President", True),
        (("vice president",), "president, vice", False),
        (("CEO",), "ＣＥＯ", True),  # noqa: RUF001  # full-width letters
        (("директор",), "Генеральный Директор", True),
        (("geschäftsführer",), "Geschäftsführer/Inhaber", True),
        (("c",), "C++ developer", True),
        (("VP",), "", False),
    ],
)
def test_words_stand_alone_whatever_separates_them(connection, words, text, expected):
    assert outcome(connection, asks("title", Op.WORDS, words), word_text(text)) is expected


def test_words_of_an_unknown_text_are_unknown(connection):
    assert outcome(connection, asks("title", Op.WORDS, ("VP",)), None) is None


@pytest.mark.parametrize(
    ("op", "value", "expected"), [(Op.KNOWN, True, True), (Op.AT_LEAST, 5, True), (Op.IS, 7, True)]
)
def test_an_instant_may_be_asked_for_as_well(connection, op, value, expected):
    assert outcome(connection, Compare(Space.FIELD, "At", op, value), 7, "BIGINT") is expected


TRUE, FALSE, UNKNOWN = (when("any", word) for word in ("yes", "no", "unknown"))


def kleene(connection: duckdb.DuckDBPyConnection, condition: Condition) -> object:
    """The outcome where TRUE holds, FALSE does not, and UNKNOWN is asked of nothing."""
    columns = {"yes": "'yes'", "no": "'yes'", "unknown": "NULL::VARCHAR"}
    return connection.execute(f"SELECT {sql(condition, lambda c: columns[str(c.value)])}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (All((TRUE, TRUE)), True),
        (All((TRUE, UNKNOWN)), None),
        (All((FALSE, UNKNOWN)), False),
        (AnyOf((FALSE, FALSE)), False),
        (AnyOf((FALSE, UNKNOWN)), None),
        (AnyOf((TRUE, UNKNOWN)), True),
        (Not(UNKNOWN), None),
        (Not(FALSE), True),
        (Not(AnyOf((FALSE, Not(TRUE)))), True),
        (ALWAYS, True),
        (AnyOf(()), False),
        (AtLeast(2, (TRUE, FALSE, TRUE, UNKNOWN)), True),
        (AtLeast(2, (TRUE, FALSE, FALSE, UNKNOWN)), None),
        (AtLeast(2, (TRUE, FALSE, FALSE, FALSE)), False),
        (AtLeast(3, (UNKNOWN, UNKNOWN, UNKNOWN)), None),
        (AtLeast(4, (TRUE, TRUE, TRUE)), False),
        (AtLeast(0, (FALSE, UNKNOWN)), True),
        (AtLeast(0, ()), True),
        (AtLeast(1, ()), False),
        (Not(AtLeast(1, (UNKNOWN, FALSE))), None),
        (AtLeast(2, (AtLeast(1, (FALSE, TRUE)), Not(FALSE), UNKNOWN)), True),
    ],
)
def test_unknown_is_neither_true_nor_false(connection, condition, expected):
    assert kleene(connection, condition) is expected


@pytest.mark.parametrize("asked", [Compare(Space.FACT, "x", op, "1") for op in Op])
def test_what_cannot_be_seen_is_unknown_whatever_is_asked_of_it(connection, asked):
    query = f"SELECT {sql(asked, lambda _: None)}, {sql(AnyOf((asked, ALWAYS)), lambda _: None)}"

    assert connection.execute(query).fetchall() == [(None, True)]


def test_a_name_cannot_break_out_of_its_quotes(connection):
    name = 'a"; DROP TABLE x; --'

    assert connection.execute(f"SELECT 1 AS {quoted(name)}").description[0][0] == name


def test_a_rule_without_campaign_asks_whether_there_is_one(world: World):
    world.lead()
    world.activity("visit", at=1_767_225_600_000_000)
    definition = a_definition(
        engagement=rules(
            a_rule("with", 1, when=when("campaign", True, Op.KNOWN)),
            a_rule("without", 10, when=when("campaign", False, Op.KNOWN)),
        ),
        lifecycle=Lifecycle(),
    )

    assert points(world.decide(definition)) == 10
