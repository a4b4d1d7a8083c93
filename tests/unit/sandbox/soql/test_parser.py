from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.sandbox.salesforce.errors import ApiError
from leadledger.sandbox.salesforce.soql import (
    And,
    Comparison,
    Membership,
    Not,
    Or,
    Value,
    ValueKind,
    parse,
)


def _where(condition: str):
    return parse(f"SELECT Id FROM Lead WHERE {condition}").where


def _shape(condition) -> object:
    """The condition without positions, to compare with."""
    match condition:
        case And(terms):
            return ("and", *map(_shape, terms))
        case Or(terms):
            return ("or", *map(_shape, terms))
        case Not(term):
            return ("not", _shape(term))
        case Comparison(path, op, value):
            return (str(path), op, value.value)
        case Membership(path, negated, values):
            return (str(path), "not in" if negated else "in", *(value.value for value in values))


def test_every_clause_of_a_query_is_read():
    query = parse(
        "select Id, Owner.Name from Lead where Email = null "
        "order by SystemModstamp desc nulls last, Id limit 10 offset 5"
    )

    assert [str(path) for path in query.fields] == ["Id", "Owner.Name"]
    assert query.from_ == "Lead"
    assert [(str(key.path), key.descending, key.nulls_last) for key in query.order] == [
        ("SystemModstamp", True, True),
        ("Id", False, False),
    ]
    assert (query.limit, query.offset, query.count) == (10, 5, False)


def test_count_is_not_a_field():
    query = parse("SELECT COUNT() FROM Lead")

    assert query.count
    assert query.fields == ()


def test_parentheses_decide_what_belongs_together():
    condition = _where("(a = 1 OR b = 2) AND (NOT c IN ('x', null)) AND d NOT IN (3)")

    assert _shape(condition) == (
        "and",
        ("or", ("a", "=", 1), ("b", "=", 2)),
        ("not", ("c", "in", "x", None)),
        ("d", "not in", 3),
    )


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'it\\'s'", Value(ValueKind.TEXT, "it's")),
        ("TRUE", Value(ValueKind.BOOLEAN, True)),
        ("null", Value(ValueKind.NULL, None)),
        ("-12", Value(ValueKind.NUMBER, -12)),
        ("1.5e3", Value(ValueKind.NUMBER, 1500.0)),
        ("2026-02-28", Value(ValueKind.DATE, "2026-02-28")),
        (
            "2026-01-02T03:04:05.678+02:00",
            Value(ValueKind.DATETIME, datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ),
    ],
)
def test_a_literal_keeps_its_type(literal, value):
    assert _where(f"a = {literal}").value == value


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT Id",
        "SELECT Id FROM",
        "SELECT Id, FROM Lead",
        "SELECT Id FROM Lead WHERE",
        "SELECT Id FROM Lead WHERE a = 1 AND b = 2 OR c = 3",
        "SELECT Id FROM Lead WHERE a = 1 OR b = 2 AND c = 3",
        "SELECT Id FROM Lead WHERE a = 1 AND NOT b = 2",
        "SELECT Id FROM Lead WHERE (a = 1",
        "SELECT Id FROM Lead WHERE a = 1)",
        "SELECT Id FROM Lead WHERE a IN ()",
        "SELECT Id FROM Lead WHERE a NOT LIKE 'x'",
        "SELECT Id FROM Lead WHERE a = :bind",
        "SELECT Id FROM Lead WHERE a = TODAY",
        "SELECT Id FROM Lead WHERE a = LAST_N_DAYS:30",
        "SELECT Id FROM Lead WHERE a INCLUDES ('x')",
        "SELECT Id FROM Lead WHERE Id IN (SELECT WhoId FROM Task)",
        "SELECT Id, (SELECT Id FROM Tasks) FROM Lead",
        "SELECT Status, COUNT(Id) FROM Lead GROUP BY Status",
        "SELECT Id FROM Lead GROUP BY Id",
        "SELECT FIELDS(ALL) FROM Lead LIMIT 200",
        "SELECT TYPEOF Who WHEN Lead THEN Id END FROM Task",
        "SELECT Id FROM Lead FOR UPDATE",
        "SELECT Id FROM Lead l",
        "SELECT Id FROM Lead USING SCOPE mine",
        "SELECT Id FROM Lead WITH SECURITY_ENFORCED",
        "SELECT Id FROM Lead LIMIT -1",
        "SELECT Id FROM Lead LIMIT 'x'",
        "SELECT COUNT() FROM Lead ORDER BY Id",
        "SELECT Id FROM Lead ORDER BY Id LIMIT 1 WHERE Id = null",
        "DELETE FROM Lead",
    ],
)
def test_what_the_sandbox_does_not_answer_is_refused_as_malformed(query):
    with pytest.raises(ApiError) as caught:
        parse(query)

    assert caught.value.problems[0].code == "MALFORMED_QUERY"


def test_an_error_shows_its_place():
    with pytest.raises(ApiError, match="ERROR at Row:2:Column:11"):
        parse("SELECT Id\nFROM Lead GROUP BY Id")


@pytest.mark.parametrize("literal", ["2026-02-30", "1699-12-31", "4001-01-01", "2026-01-01T25:00:00Z"])
def test_a_date_that_cannot_be_is_refused(literal):
    with pytest.raises(ApiError, match="Invalid date"):
        parse(f"SELECT Id FROM Lead WHERE a = {literal}")


def test_an_offset_beyond_2_000_is_refused():
    with pytest.raises(ApiError, match="Maximum SOQL offset") as caught:
        parse("SELECT Id FROM Lead OFFSET 2001")

    assert caught.value.problems[0].code == "NUMBER_OUTSIDE_VALID_RANGE"


def test_deep_nesting_is_refused_rather_than_overflowing():
    with pytest.raises(ApiError, match="nested too deeply"):
        parse(f"SELECT Id FROM Lead WHERE {'(' * 5000}a = 1{')' * 5000}")


_LEAF = st.sampled_from(["a = 1", "b != 'x'", "c IN (1, 2)", "d LIKE 'y%'", "e >= 2026-01-01"])
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda terms: f"({' AND '.join(terms)})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda terms: f"({' OR '.join(terms)})"),
        inner.map(lambda term: f"(NOT {term})"),
    ),
    max_leaves=12,
)


@given(_TREE)
def test_a_parenthesised_tree_of_any_shape_is_read_as_written(text):
    def written(shape) -> str:
        match shape:
            case ("not", term):
                return f"(NOT {written(term)})"
            case ("and" | "or" as word, *terms):
                return f"({f' {word.upper()} '.join(map(written, terms))})"
            case leaf:
                return "·".join(map(str, leaf))

    shape = _shape(_where(text))

    flat = text.replace("'", "").replace("(1, 2)", "1·2")
    for sign in ("=", "!=", "LIKE", ">="):
        flat = flat.replace(f" {sign} ", f"·{sign}·")
    assert written(shape) == flat.replace(" IN ", "·in·")


@given(st.text(st.sampled_from("SELECT FROMLeadWHERE()',=<>!.0123456789\\ ANDORIN"), max_size=60))
def test_a_random_tail_is_read_or_refused_but_never_breaks_the_parser(tail):
    assert _outcome(tail) in {"parsed", "MALFORMED_QUERY", "NUMBER_OUTSIDE_VALID_RANGE"}


def _outcome(tail: str) -> str:
    try:
        parse(f"SELECT Id FROM Lead WHERE a {tail}")
    except ApiError as error:
        return error.problems[0].code
    return "parsed"
