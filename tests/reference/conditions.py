"""Three-valued conditions: True, False, or None for unknown. Text compares without regard to case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import assert_never

from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Scalar, Space
from reference.worth import exact

Answer = str | Fraction | None
"""What a name stands for: text, a number, or None when nobody knows it."""
Look = Callable[[Space, str], Answer]

_NOT = {True: False, False: True, None: None}


def holds(condition: Condition, look: Look, grades: tuple[str, ...] = ()) -> bool | None:
    """Whether a condition holds; `grades` are the letters of the scale, best first."""
    match condition:
        case All(of):
            return _least(len(of), [holds(part, look, grades) for part in of])
        case AnyOf(of):
            return _least(1, [holds(part, look, grades) for part in of])
        case AtLeast(count, of):
            return _least(count, [holds(part, look, grades) for part in of])
        case Not(of):
            return _NOT[holds(of, look, grades)]
        case Compare():
            found = look(condition.space, condition.name)
            if condition.op is Op.KNOWN:
                return (found is not None and found != "") is bool(condition.value)
            if found is None:
                return None
            if condition.space is Space.COMPUTED and isinstance(found, str) and _ordered(condition.op):
                return _better(found, condition, grades)
            return _compare(found, condition.op, condition.value)
        case _:
            assert_never(condition)


def _least(count: int, parts: list[bool | None]) -> bool | None:
    if parts.count(True) >= count:
        return True
    return False if len(parts) - parts.count(False) < count else None


def _ordered(op: Op) -> bool:
    return op in {Op.AT_LEAST, Op.AT_MOST, Op.OVER, Op.BELOW}


def _better(found: str, compare: Compare, grades: tuple[str, ...]) -> bool | None:
    """Grades in their own order: the best one is the highest."""
    rank = {letter.lower(): Fraction(-place) for place, letter in enumerate(grades)}
    bound = rank.get(str(_one(compare.value)).lower())
    mine = rank.get(found.lower())
    return None if mine is None or bound is None else _sign(mine, compare.op, bound)


def _compare(found: str | Fraction, op: Op, value: Scalar | tuple[Scalar, ...]) -> bool | None:
    match op:
        case Op.IS:
            return _equals(found, _one(value))
        case Op.IS_NOT:
            return _NOT[_equals(found, _one(value))]
        case Op.IN:
            return _least(1, [_equals(found, one) for one in _many(value)])
        case Op.NOT_IN:
            return _NOT[_least(1, [_equals(found, one) for one in _many(value)])]
        case Op.AT_LEAST | Op.AT_MOST | Op.OVER | Op.BELOW:
            number = _number(found)
            return None if number is None else _sign(number, op, exact(float(_one(value))))
        case Op.MATCHES:
            return any(_glob(str(pattern)).fullmatch(str(found)) for pattern in _many(value))
        case Op.REGEX:
            return re.search(str(_one(value)), str(found), re.IGNORECASE) is not None
        case Op.WORDS:
            return any(_words(str(phrase)) in _words(str(found)) for phrase in _many(value))
        case Op.KNOWN:
            return bool(found)
        case _:
            assert_never(op)


def _sign(number: Fraction, op: Op, bound: Fraction) -> bool:
    if op is Op.AT_LEAST:
        return number >= bound
    if op is Op.AT_MOST:
        return number <= bound
    return number > bound if op is Op.OVER else number < bound


def _equals(found: str | Fraction, value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return str(found).lower() == str(value).lower()
    if isinstance(value, int | float):
        number = _number(found)
        return None if number is None else number == exact(value)
    return str(found).lower() == value.lower()


def _number(found: str | Fraction) -> Fraction | None:
    if isinstance(found, Fraction):
        return found
    try:
        return exact(float(found))
    except (ValueError, OverflowError):
        return None


def _one(value: Scalar | tuple[Scalar, ...]) -> Scalar:
    return value[0] if isinstance(value, tuple) else value


def _many(value: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _glob(pattern: str) -> re.Pattern[str]:
    text = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _words(text: str) -> str:
    """Lower-case words between single spaces, with a space at both ends."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return " " + " ".join("".join(c if c.isalnum() else " " for c in plain).split()) + " "
