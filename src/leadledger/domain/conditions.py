"""Conditions: what a rule asks of a fact, an activity, a CRM field or a computed value.

A condition is three-valued, as in SQL: what it needs and does not know makes it unknown, neither true nor
false. There is one evaluator, the SQL compiler in `engine/conditions.py`; these are only its input.

Text compares without regard to case. A number in the definition compares as a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

Scalar = str | float | int | bool


class Space(StrEnum):
    """Where the name of a comparison is looked up."""

    FACT = "fact"
    """A mapped fact of the person (`employees`), or a derived one (`email_domain`)."""
    ACTIVITY = "activity"
    """`type`, `asset`, `campaign`, `origin`, `intent`, or an attribute by its own name."""
    FIELD = "field"
    """A field of the CRM row itself (`Campaign.Type`), while it is mapped."""
    COMPUTED = "computed"
    """`score`, `engagement`, `fit`, `grade`, `classification`, `stage`, `cycle`, a counter by its name, the sum of
    a category as `engagement_<category>`, or another fit model's `fit_<model>`, `grade_<model>`."""


class Op(StrEnum):
    """What is asked. `over` and `below` are strict, `at_least` and `at_most` include the bound."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    OVER = "over"
    BELOW = "below"
    MATCHES = "matches"
    """A pattern over the whole text: `*` is any run of characters, `?` is one."""
    REGEX = "regex"
    """An RE2 pattern that is found somewhere in the text."""
    WORDS = "words"
    """Any of these words or phrases stands in the text as whole words."""
    KNOWN = "known"
    """`known: true` holds when there is a value; the only test that is never unknown."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`name` in `space` against `value`: a scalar, a tuple for in / not_in / words / matches."""

    space: Space
    name: str
    op: Op
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is true; unknown when none is false and one is unknown."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when one part is true; unknown when none is true and one is unknown."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when `count` of the parts or more are true; false when too few can be; else unknown (BANT k of 4)."""

    count: int
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false; unknown stays unknown."""

    of: Condition


Condition = Compare | All | AnyOf | AtLeast | Not

ALWAYS: Condition = All(())


def comparisons(condition: Condition) -> Iterator[Compare]:
    """Every comparison inside a condition, in the order in which it was written."""
    match condition:
        case Compare():
            yield condition
        case All(of) | AnyOf(of) | AtLeast(_, of):
            for part in of:
                yield from comparisons(part)
        case Not(of):
            yield from comparisons(of)


def names(condition: Condition, space: Space) -> frozenset[str]:
    """The names of one space that a condition looks at."""
    return frozenset(c.name for c in comparisons(condition) if c.space is space)


def in_words(condition: Condition) -> str:
    """A condition as a reader of the YAML would say it: `score over 100 and grade at least B`."""
    match condition:
        case Compare(_, name, op, value):
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else _shown(value)
            return f"{name} {op.value.replace('_', ' ')} {shown}"
        case All(of) | AnyOf(of):
            word = " and " if isinstance(condition, All) else " or "
            return word.join(_inside(part) for part in of) or "always"
        case AtLeast(count, of):
            return f"at least {count} of ({', '.join(map(in_words, of))})"
        case Not(of):
            return f"not {_inside(of)}"


def _inside(condition: Condition) -> str:
    """In brackets where the words would otherwise run together."""
    several = isinstance(condition, All | AnyOf) and len(condition.of) > 1
    return f"({in_words(condition)})" if several else in_words(condition)


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
