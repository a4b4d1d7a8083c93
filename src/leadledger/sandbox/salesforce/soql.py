"""Parses the subset of SOQL that the sandbox answers into a frozen tree; the rest is refused, never ignored.

Source: SOQL and SOSL Reference, "SOQL SELECT Syntax" and "Condition Expression Syntax (WHERE Clause)". As
there, NOT stands at the start of a condition, and AND and OR are mixed only with parentheses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum

from leadledger.sandbox.salesforce.errors import ApiError
from leadledger.sandbox.salesforce.soql_lexer import (
    Token,
    TokenKind,
    like_pattern,
    malformed,
    tokenize,
    unescape,
)

MAX_DEPTH = 50
MAX_OFFSET = 2_000
MAX_STRING_CHARS = 4_000
_YEARS = range(1700, 4001)
_COMPARE = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_RESERVED = frozenset(
    {
        *("SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "ORDER", "LIMIT", "OFFSET", "NULL"),
        *("TRUE", "FALSE", "GROUP", "HAVING", "WITH", "USING", "FOR", "INCLUDES", "EXCLUDES", "ASC", "DESC"),
        *("NULLS", "TYPEOF"),
    }
)


class ValueKind(Enum):
    """How a literal was written."""

    TEXT = "string"
    PATTERN = "pattern"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    DATE = "date"
    DATETIME = "dateTime"


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. DATE is `YYYY-MM-DD`; DATETIME is an aware UTC datetime; PATTERN is an SQL LIKE pattern."""

    kind: ValueKind
    value: str | float | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Path:
    """A field, with the relationships that lead to it: `("Owner", "Name")`."""

    parts: tuple[str, ...]
    position: int

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field op value`; op is =, !=, <, <=, >, >= or LIKE."""

    path: Path
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """`field [NOT] IN (values)`."""

    path: Path
    negated: bool
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All terms hold."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One term holds."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: Condition


Condition = Comparison | Membership | And | Or | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY. Nulls come first unless the query says otherwise."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `count` stands for SELECT COUNT(), and then `fields` is empty."""

    text: str
    fields: tuple[Path, ...]
    count: bool
    from_: str
    from_position: int
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0


def parse(text: str) -> Query:
    """The tree of a query. Raises ApiError, mostly MALFORMED_QUERY."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._index = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _advance(self) -> Token:
        token = self._next
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def _unexpected(self, token: Token | None = None) -> ApiError:
        token = token or self._next
        return self._error(token, f"unexpected token: '{token.text[:40]}'")

    def _error(self, token: Token, complaint: str, code: str = "MALFORMED_QUERY") -> ApiError:
        return malformed(self._text, token.position, complaint, code)

    def _word(self, *words: str) -> bool:
        """Take keywords if they all come next."""
        for ahead, word in enumerate(words):
            if not self._tokens[min(self._index + ahead, len(self._tokens) - 1)].is_word(word):
                return False
        self._index += len(words)
        return True

    def _sign(self, sign: str) -> bool:
        if self._next.kind is TokenKind.SIGN and self._next.text == sign:
            self._index += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise self._unexpected()

    def query(self) -> Query:
        if not self._word("SELECT"):
            raise self._unexpected()
        fields, count = self._select()
        if not self._word("FROM"):
            raise self._unexpected()
        source = self._path()
        if len(source.parts) > 1:
            raise self._error(self._tokens[self._index - 1], "unexpected token: '.'")
        where = self._condition() if self._word("WHERE") else None
        order = self._order() if not count and self._word("ORDER", "BY") else ()
        limit = self._number("LIMIT") if self._word("LIMIT") else None
        offset = self._offset() if not count and self._word("OFFSET") else 0
        if self._next.kind is not TokenKind.END:
            raise self._unexpected()
        return Query(self._text, fields, count, source.parts[0], source.position, where, order, limit, offset)

    def _select(self) -> tuple[tuple[Path, ...], bool]:
        if self._next.is_word("COUNT") and self._tokens[self._index + 1].text == "(":
            self._index += 2
            self._expect(")")
            return (), True
        fields = [self._path()]
        while self._sign(","):
            fields.append(self._path())
        return tuple(fields), False

    def _path(self) -> Path:
        token = self._advance()
        if token.kind is not TokenKind.NAME or token.text.upper() in _RESERVED:
            raise self._unexpected(token)
        if self._next.text == "(" and self._next.kind is TokenKind.SIGN:
            raise self._unexpected()
        return Path(tuple(token.text.split(".")), token.position)

    def _condition(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(self._next, "the condition is nested too deeply")
        if self._word("NOT"):
            condition: Condition = Not(self._simple())
        else:
            condition = self._chain()
        self._depth -= 1
        return condition

    def _chain(self) -> Condition:
        terms = [self._simple()]
        word = next((word for word in ("AND", "OR") if self._next.is_word(word)), "")
        while word and self._word(word):
            terms.append(self._simple())
        if word and (self._next.is_word("AND") or self._next.is_word("OR")):
            raise self._unexpected()
        if len(terms) == 1:
            return terms[0]
        return And(tuple(terms)) if word == "AND" else Or(tuple(terms))

    def _simple(self) -> Condition:
        if self._sign("("):
            inner = self._condition()
            self._expect(")")
            return inner
        path = self._path()
        if self._word("NOT"):
            if not self._word("IN"):
                raise self._unexpected()
            return Membership(path, negated=True, values=self._values())
        if self._word("IN"):
            return Membership(path, negated=False, values=self._values())
        if self._word("LIKE"):
            return Comparison(path, "LIKE", self._value(pattern=True))
        token = self._advance()
        if token.kind is not TokenKind.SIGN or token.text not in _COMPARE:
            raise self._unexpected(token)
        return Comparison(path, _COMPARE[token.text], self._value())

    def _values(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while self._sign(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self, *, pattern: bool = False) -> Value:
        token = self._advance()
        if token.kind is TokenKind.STRING:
            return self._string(token, pattern=pattern)
        if token.kind is TokenKind.NUMBER:
            # Beyond 18 digits SQLite has no integers; a float compares well enough with any stored number.
            is_whole = token.text.lstrip("+-").isdigit() and len(token.text) <= 18
            return Value(ValueKind.NUMBER, int(token.text) if is_whole else float(token.text))
        if token.kind is TokenKind.DATE:
            self._instant(token, token.text)
            return Value(ValueKind.DATE, token.text)
        if token.kind is TokenKind.DATETIME:
            return Value(ValueKind.DATETIME, self._instant(token, token.text))
        for word, value in (("TRUE", True), ("FALSE", False)):
            if token.is_word(word):
                return Value(ValueKind.BOOLEAN, value)
        if token.is_word("NULL"):
            return Value(ValueKind.NULL, None)
        raise self._unexpected(token)

    def _string(self, token: Token, *, pattern: bool) -> Value:
        if len(token.text) > MAX_STRING_CHARS:
            raise self._error(token, f"a string may not be longer than {MAX_STRING_CHARS} characters")
        try:
            if pattern:
                return Value(ValueKind.PATTERN, like_pattern(token.text))
            return Value(ValueKind.TEXT, unescape(token.text))
        except ValueError as exc:
            raise self._error(token, str(exc)) from exc

    def _instant(self, token: Token, text: str) -> datetime:
        """The instant of a date or datetime literal, cut to the second as Salesforce compares it."""
        try:
            # Python reads at most six digits of a second.
            cut = re.sub(r"\.\d+", "", text)
            moment = datetime.fromisoformat(cut) if "T" in text else _midnight(text)
            if moment.year in _YEARS:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self._error(token, f"Invalid date: {text}", "INVALID_QUERY_FILTER_OPERATOR")

    def _order(self) -> tuple[Order, ...]:
        keys = [self._order_key()]
        while self._sign(","):
            keys.append(self._order_key())
        return tuple(keys)

    def _order_key(self) -> Order:
        path = self._path()
        descending = self._word("DESC")
        if not descending:
            self._word("ASC")
        nulls_last = self._word("NULLS", "LAST")
        if not nulls_last:
            self._word("NULLS", "FIRST")
        return Order(path, descending, nulls_last)

    def _number(self, what: str) -> int:
        token = self._advance()
        if token.kind is not TokenKind.NUMBER or not token.text.isdigit():
            raise self._unexpected(token)
        if len(token.text) > 10:
            raise self._error(token, f"{what} is out of range", "NUMBER_OUTSIDE_VALID_RANGE")
        return int(token.text)

    def _offset(self) -> int:
        token = self._next
        offset = self._number("OFFSET")
        if offset > MAX_OFFSET:
            complaint = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise self._error(token, complaint, "NUMBER_OUTSIDE_VALID_RANGE")
        return offset


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), tzinfo=UTC)
