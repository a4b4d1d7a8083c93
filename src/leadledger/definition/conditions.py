"""Walks the conditions of the documents, and turns them into those of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from leadledger.definition.documents.conditions import Combination, FactTest, FieldTest, NameTests, Operators
from leadledger.definition.named_lists import named_list
from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Not, Op, Scalar, Space

ConditionDocument = FactTest | FieldTest | Combination | NameTests
Asked = Operators | tuple[Scalar, ...] | Scalar
Path_ = tuple[str | int, ...]

ORDERED = (Op.AT_LEAST, Op.AT_MOST, Op.OVER, Op.BELOW)


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison as it is written, with the ways to its name and to its value in the file."""

    path: Path_
    """To the name: of the fact, the field, or the key itself."""
    space: Space | None
    """FACT or FIELD; None for a bare name, whose meaning depends on where the condition stands."""
    name: str
    op: Op
    value: Scalar | tuple[Scalar, ...]
    value_path: Path_


def questions(condition: ConditionDocument, path: Path_) -> Iterator[Question]:
    """Every comparison of a condition that stands at `path`, in the order in which it was written."""
    match condition:
        case FactTest():
            yield from _tests(condition, (*path, "fact"), path, Space.FACT, condition.fact)
        case FieldTest():
            yield from _tests(condition, (*path, "field"), path, Space.FIELD, condition.field)
        case Combination():
            for key, parts in (("all", condition.all), ("any", condition.any)):
                for position, part in enumerate(parts or ()):
                    yield from questions(part, (*path, key, position))
            if condition.not_ is not None:
                yield from questions(condition.not_, (*path, "not"))
        case NameTests():
            for name, asked in condition.tests().items():
                yield from _tests(asked, (*path, name), (*path, name), None, name)
        case _:
            assert_never(condition)
    if isinstance(condition.and_, tuple):
        for position, part in enumerate(condition.and_):
            yield from questions(part, (*path, "and", position))
    elif condition.and_ is not None:
        yield from questions(condition.and_, (*path, "and"))


def _tests(asked: Asked, path: Path_, around: Path_, space: Space | None, name: str) -> Iterator[Question]:
    for op, value in _asked(asked):
        value_path = (*around, op.value) if isinstance(asked, Operators) else around
        yield Question(path, space, name, op, value, value_path)


def _asked(asked: Asked) -> tuple[tuple[Op, Scalar | tuple[Scalar, ...]], ...]:
    match asked:
        case Operators():
            return tuple((Op(name), value) for name, value in asked.asked())
        case tuple():
            return ((Op.IN, asked),)
        case _:
            return ((Op.IS, asked),)


def to_domain(condition: ConditionDocument, names_in: Space) -> Condition:
    """The domain's condition. Bare names are looked up in `names_in`."""
    parts: list[Condition] = []
    match condition:
        case FactTest():
            parts.extend(_compares(Space.FACT, condition.fact, condition))
        case FieldTest():
            parts.extend(_compares(Space.FIELD, condition.field, condition))
        case Combination():
            parts.extend(to_domain(part, names_in) for part in condition.all or ())
            if condition.any is not None:
                parts.append(AnyOf(tuple(to_domain(part, names_in) for part in condition.any)))
            if condition.not_ is not None:
                parts.append(Not(to_domain(condition.not_, names_in)))
        case NameTests():
            for name, asked in condition.tests().items():
                parts.extend(_compares(names_in, name, asked))
        case _:
            assert_never(condition)
    more = condition.and_ if isinstance(condition.and_, tuple) else (condition.and_,)
    parts.extend(to_domain(part, names_in) for part in more if part is not None)
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _compares(space: Space, name: str, asked: Asked) -> Iterator[Compare]:
    for op, value in _asked(asked):
        if op in {Op.IN, Op.NOT_IN} and isinstance(value, str):
            yield Compare(space, name, op, named_list(value))
        else:
            yield Compare(space, name, op, value)
