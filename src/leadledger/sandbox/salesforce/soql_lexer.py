"""Cuts SOQL into tokens and reads its string escapes.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Date Formats and Date Literals".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from leadledger.sandbox.salesforce.errors import ApiError, refuse

MAX_QUERY_CHARS = 100_000


class TokenKind(Enum):
    """What a token is. Names include keywords and dotted paths."""

    NAME = "name"
    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query. A STRING keeps its escapes, because LIKE reads them differently."""

    kind: TokenKind
    text: str
    position: int

    def is_word(self, word: str) -> bool:
        """Whether this is a keyword, in any case."""
        return self.kind is TokenKind.NAME and self.text.upper() == word


_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | '(?P<string>(?:[^'\\]|\\.)*)'
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))(?![\w.-])
    | (?P<date>\d{4}-\d\d-\d\d)(?![\w.-])
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.-])
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),:])
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_PLAIN |= {name.upper(): char for name, char in _PLAIN.items() if name.isalpha()}


def tokenize(query: str) -> tuple[Token, ...]:
    """All tokens, closed by an END. Raises ApiError MALFORMED_QUERY."""
    if len(query) > MAX_QUERY_CHARS:
        raise refuse(
            "MALFORMED_QUERY", f"SOQL statements cannot be longer than {MAX_QUERY_CHARS} characters."
        )
    tokens: list[Token] = []
    position = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise malformed(query, position, _complaint(query, position))
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(TokenKind(kind), match[kind], position))
        position = match.end()
    tokens.append(Token(TokenKind.END, "<EOF>", len(query)))
    return tuple(tokens)


def malformed(query: str, position: int, complaint: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """An error that shows the place, as Salesforce words it."""
    row = query.count("\n", 0, position) + 1
    column = position - (query.rfind("\n", 0, position) + 1) + 1
    around = query[max(0, position - 40) : position + 40].replace("\n", " ")
    pointer = " " * min(position, 40) + "^"
    return refuse(code, f"\n{around}\n{pointer}\nERROR at Row:{row}:Column:{column}\n{complaint}")


def unescape(raw: str) -> str:
    """The text of a string literal. Raises ValueError for an escape that SOQL does not know."""
    return _whole_characters(_ESCAPE.sub(lambda match: _unit(match[1]), raw))


def like_pattern(raw: str) -> str:
    r"""The SQL LIKE pattern of a string literal, with `\` as its escape character.

    `\_` and `\%` stay escaped, and a literal backslash becomes one. Raises ValueError like `unescape`.
    """

    def one(match: re.Match[str]) -> str:
        if match[1] in {"_", "%"}:
            return match[0]
        plain = _unit(match[1])
        return f"\\{plain}" if plain in {"_", "%", "\\"} else plain

    return _whole_characters(_ESCAPE.sub(one, raw))


def _unit(escape: str) -> str:
    if len(escape) == 5:
        return chr(int(escape[1:], 16))
    if escape not in _PLAIN:
        raise ValueError(f"Illegal escape sequence '\\{escape}'")
    return _PLAIN[escape]


def _whole_characters(text: str) -> str:
    r"""Join the halves of characters that were written as two `\u` escapes. Raises ValueError for a lone half."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as exc:
        raise ValueError("Illegal escape sequence: half of a character") from exc


def _complaint(query: str, position: int) -> str:
    if query[position] == "'":
        return "line is not terminated: a string has no closing quote"
    return f"unexpected token: '{query[position : position + 20]}'"
