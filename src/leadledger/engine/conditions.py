"""Compiles conditions to DuckDB SQL: the one and only evaluator.

SQL's own three-valued logic is the definition's: a comparison with null is unknown, AND / OR / NOT follow
Kleene. No timestamp arithmetic reaches SQL; patterns become LIKE, words become `contains` over text that
`word_text` prepared, regular expressions are RE2's, whose time grows with the text and never explodes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import assert_never

from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Scalar

Column = Callable[[Compare], str | None]
"""Gives the SQL expression (text, or null) of what a comparison looks at; None where that cannot be seen, which
makes the comparison unknown, whatever it asks."""


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float) -> str:
    """An SQL literal: text in quotes, numbers as DOUBLE."""
    if isinstance(value, (int, float)):
        return f"{float(value)!r}::DOUBLE"
    return "'" + value.replace("'", "''") + "'"


def folded(text: str) -> str:
    """A text literal in the lower case of DuckDB, which is not Python's: a final sigma, a dotted capital I."""
    return f"lower({literal(text)})"


def word_text(text: str) -> str:
    """Lower-case words between single spaces, with a space at both ends, so that ` vp ` finds whole words.

    Letters and digits of every script are words; all else separates. Accents stay.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    return " " + " ".join("".join(c if c.isalnum() else " " for c in folded).split()) + " "


def fact_column(name: str) -> str:
    """The name of the column that holds a fact; admins choose the names of facts, and `id` is one of them."""
    return f"fact:{name}"


def words_column(name: str) -> str:
    """The name of the column that holds `word_text` of a fact."""
    return f"{name}:words"


def like_pattern(pattern: str) -> str:
    """`*` and `?` as LIKE's `%` and `_`, everything else as itself (escape character `!`)."""
    escaped = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return escaped.replace("*", "%").replace("?", "_")


def sql(condition: Condition, column: Column) -> str:
    """One boolean SQL expression that is true, false or null."""
    match condition:
        case All(of):
            return "(" + " AND ".join(sql(part, column) for part in of) + ")" if of else "true"
        case AnyOf(of):
            return "(" + " OR ".join(sql(part, column) for part in of) + ")" if of else "false"
        case Not(of):
            return f"(NOT {sql(of, column)})"
        case AtLeast(count, of):
            return _at_least(count, [sql(part, column) for part in of])
        case Compare():
            seen = column(condition)
            return "NULL::BOOLEAN" if seen is None else _compare(condition, seen)
        case _:
            assert_never(condition)


def _at_least(count: int, parts: Sequence[str]) -> str:
    """The outcome is looked up by (true parts, unknown parts), so that each part is evaluated, and written, once."""
    total = len(parts)
    outcomes = [
        "true" if true >= count else "false" if true + unknown < count else "NULL"
        for true in range(total + 1)
        for unknown in range(total + 1)
    ]
    place = " + ".join(f"coalesce({part}::INTEGER * {total + 1}, 1)" for part in parts) or "0"
    return f"(([{', '.join(outcomes)}]::BOOLEAN[])[1 + {place}])"


def _compare(compare: Compare, column: str) -> str:
    value = compare.value
    match compare.op:
        case Op.IS:
            return _equal(column, _one(value))
        case Op.IS_NOT:
            return f"(NOT {_equal(column, _one(value))})"
        case Op.IN:
            return _is_in(column, _many(value))
        case Op.NOT_IN:
            return f"(NOT {_is_in(column, _many(value))})"
        case Op.AT_LEAST:
            return _number(column, ">=", value)
        case Op.AT_MOST:
            return _number(column, "<=", value)
        case Op.OVER:
            return _number(column, ">", value)
        case Op.BELOW:
            return _number(column, "<", value)
        case Op.MATCHES:
            likes = (f"lower({column}) LIKE {folded(like_pattern(str(p)))} ESCAPE '!'" for p in _many(value))
            return "(" + " OR ".join(likes) + ")"
        case Op.REGEX:
            # On a million rows of 200,000 distinct texts this took 0.1 s; doing each text once, 0.3 s.
            found = (f"regexp_matches({column}, {literal(str(p))}, 'i')" for p in _many(value))
            return "(" + " OR ".join(found) + ")"
        case Op.WORDS:
            return (
                "("
                + " OR ".join(f"contains({column}, {literal(word_text(str(w)))})" for w in _many(value))
                + ")"
            )
        case Op.KNOWN:
            return f"(coalesce({column}::VARCHAR, '') {'<>' if value else '='} '')"
        case _:
            assert_never(compare.op)


def _one(value: Scalar | tuple[Scalar, ...]) -> Scalar:
    return value[0] if isinstance(value, tuple) else value


def _many(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _equal(column: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return f"(lower({column}) = {literal(str(value).lower())})"
    if isinstance(value, (int, float)):
        return f"({_as_number(column)} = {literal(value)})"
    return f"(lower({column}) = {folded(value)})"


def _is_in(column: str, values: tuple[Scalar, ...]) -> str:
    texts = [v for v in values if isinstance(v, str)]
    others = [v for v in values if not isinstance(v, str)]
    parts = [_equal(column, value) for value in others]
    if texts:
        parts.append(f"(lower({column}) IN ({', '.join(map(folded, texts))}))")
    return "(" + " OR ".join(parts) + ")" if parts else "false"


def _number(column: str, sign: str, value: Scalar | tuple[Scalar, ...]) -> str:
    return f"({_as_number(column)} {sign} {literal(float(_one(value)))})"


def _as_number(column: str) -> str:
    """A finite number, or null. What is infinite would pass any bound, and so would NaN, which DuckDB sorts above
    every number.
    """
    number = f"TRY_CAST({column} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"
