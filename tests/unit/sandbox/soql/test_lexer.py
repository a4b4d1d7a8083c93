from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_salesforce import format_soql

from leadledger.sandbox.salesforce.errors import ApiError
from leadledger.sandbox.salesforce.soql_lexer import TokenKind, like_pattern, tokenize, unescape

_TEXT = st.text(st.characters(exclude_categories=("Cs",)))


def _kinds(query: str) -> list[str]:
    return [token.kind.value for token in tokenize(query)]


def test_a_query_is_cut_into_names_signs_and_literals():
    tokens = tokenize("SELECT Owner.Name FROM Lead WHERE a >= 2026-01-02T03:04:05Z AND b='x' AND c<-1.5")

    texts = [token.text for token in tokens]
    assert texts[1] == "Owner.Name"
    assert texts[6:8] == [">=", "2026-01-02T03:04:05Z"]
    assert texts[-4:] == ["c", "<", "-1.5", "<EOF>"]


@pytest.mark.parametrize("literal", ["2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05.123-0800"])
def test_a_datetime_may_have_an_offset(literal):
    assert _kinds(literal) == ["datetime", "end"]


@pytest.mark.parametrize("query", ["'open", "a = #", "a & b", "'\\", "a = 5x", "a = 2026-01-02T03:04"])
def test_what_is_not_soql_is_malformed(query):
    with pytest.raises(ApiError) as caught:
        tokenize(query)

    assert caught.value.problems[0].code == "MALFORMED_QUERY"


def test_a_query_beyond_100_000_characters_is_refused():
    with pytest.raises(ApiError, match="100000"):
        tokenize(" " * 100_001)


@given(_TEXT)
def test_whatever_the_vendor_client_escapes_is_read_back_unchanged(text):
    literal = format_soql("{}", text)

    token = tokenize(literal)[0]

    assert token.kind is TokenKind.STRING
    assert unescape(token.text) == text


@given(_TEXT)
def test_a_like_pattern_of_the_vendor_client_has_no_live_wildcards(text):
    literal = format_soql("'{:like}'", text)

    pattern = like_pattern(tokenize(literal)[0].text)

    assert pattern == text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@given(_TEXT)
def test_a_text_of_unicode_escapes_is_read_back(text):
    units = text.encode("utf-16-be")
    raw = "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))

    assert unescape(raw) == text


@given(_TEXT)
def test_any_text_either_becomes_tokens_or_a_malformed_query(text):
    assert _outcome(text) in {"END", "MALFORMED_QUERY"}


def _outcome(text: str) -> str:
    try:
        return tokenize(text)[-1].kind.name
    except ApiError as error:
        return error.problems[0].code


@pytest.mark.parametrize("raw", ["\\x", "\\_", "\\%", "\\u12", "\\ud800"])
def test_an_escape_that_soql_does_not_know_is_an_error(raw):
    with pytest.raises(ValueError, match="Illegal escape"):
        unescape(raw)
