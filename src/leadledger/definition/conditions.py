"""Walks the conditions of the documents, and turns them into those of the domain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from leadledger.definition.documents.conditions import (
    Combination,
    FactTest,
    FieldTest,
    NameTests,
    Operators,
    SomeOf,
)
from leadledger.definition.named_lists import SHIPPED, Lists
from leadledger.domain.conditions import (
    All,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    Not,
    Op,
    Scalar,
    Space,
    names,
)

ConditionDocument = FactTest | FieldTest | Combination | SomeOf | NameTests
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
        case SomeOf():
            for position, part in enumerate(condition.of):
                yield from questions(part, (*path, "of", position))
        case NameTests():
            for name, asked in condition.tests().items():
                yield from _tests(asked, (*path, name), (*path, name), None, name)
        case _:
            assert_never(condition)
    for here, part in _besides(condition, path):
        yield from questions(part, here)


def conjuncts(condition: ConditionDocument, path: Path_) -> Iterator[tuple[Path_, tuple[Question, ...]]]:
    """The parts that must all hold, each with its place and its comparisons; any, not and of stay whole."""
    match condition:
        case Combination():
            for position, part in enumerate(condition.all or ()):
                yield from conjuncts(part, (*path, "all", position))
            for key in ("any", "not"):
                whole = (*path, key)
                inside = tuple(q for q in questions(condition, path) if q.path[: len(whole)] == whole)
                if inside:
                    yield whole, inside
        case NameTests():
            for name, asked in condition.tests().items():
                yield (*path, name), tuple(_tests(asked, (*path, name), (*path, name), None, name))
        case SomeOf():
            whole = (*path, "of")
            yield whole, tuple(q for q in questions(condition, path) if q.path[: len(whole)] == whole)
        case FactTest():
            yield path, tuple(_tests(condition, (*path, "fact"), path, Space.FACT, condition.fact))
        case FieldTest():
            yield path, tuple(_tests(condition, (*path, "field"), path, Space.FIELD, condition.field))
        case _:
            assert_never(condition)
    for here, part in _besides(condition, path):
        yield from conjuncts(part, here)


def _besides(condition: ConditionDocument, path: Path_) -> Iterator[tuple[Path_, ConditionDocument]]:
    """What `and` adds, with its place."""
    if isinstance(condition.and_, tuple):
        yield from (((*path, "and", position), part) for position, part in enumerate(condition.and_))
    elif condition.and_ is not None:
        yield (*path, "and"), condition.and_


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


def to_domain(condition: ConditionDocument, names_in: Space, lists: Lists = SHIPPED) -> Condition:
    """The domain's condition. Bare names are looked up in `names_in`. Raises KeyError for an unknown list."""
    parts: list[Condition] = []

    def inside(documents: Iterable[ConditionDocument]) -> tuple[Condition, ...]:
        return tuple(to_domain(part, names_in, lists) for part in documents)

    match condition:
        case FactTest():
            parts.extend(_compares(Space.FACT, condition.fact, condition, lists))
        case FieldTest():
            parts.extend(_compares(Space.FIELD, condition.field, condition, lists))
        case Combination():
            parts.extend(inside(condition.all or ()))
            if condition.any is not None:
                parts.append(AnyOf(inside(condition.any)))
            if condition.not_ is not None:
                parts.append(Not(to_domain(condition.not_, names_in, lists)))
        case SomeOf():
            parts.append(AtLeast(condition.at_least, inside(condition.of)))
        case NameTests():
            for name, asked in condition.tests().items():
                parts.extend(_compares(names_in, name, asked, lists))
        case _:
            assert_never(condition)
    more = condition.and_ if isinstance(condition.and_, tuple) else (condition.and_,)
    parts.extend(inside(part for part in more if part is not None))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _compares(space: Space, name: str, asked: Asked, lists: Lists) -> Iterator[Compare]:
    for op, value in _asked(asked):
        if op in {Op.IN, Op.NOT_IN} and isinstance(value, str):
            yield Compare(space, name, op, lists.entries(value))
        else:
            yield Compare(space, name, op, value)


def split_gate(condition: Condition, states: Collection[str]) -> tuple[Condition, Condition | None]:
    """What is asked of the activity and its person's facts, and apart from it what is asked of the state.

    `states` are the names of the state; they stand in the space ACTIVITY and come back in COMPUTED. Expects a
    condition in which no part mixes the two (see `conjuncts`).
    """
    when: list[Condition] = []
    gate: list[Condition] = []
    for part in _flat(condition):
        (gate if names(part, Space.ACTIVITY) & {*states} else when).append(part)
    if not gate:
        return condition, None
    return _joined(when), _of_state(_joined(gate))


def _flat(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, All):
        for part in condition.of:
            yield from _flat(part)
    else:
        yield condition


def _joined(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _of_state(condition: Condition) -> Condition:
    match condition:
        case Compare(_, name, op, value):
            return Compare(Space.COMPUTED, name, op, value)
        case All(of):
            return All(tuple(map(_of_state, of)))
        case AnyOf(of):
            return AnyOf(tuple(map(_of_state, of)))
        case AtLeast(count, of):
            return AtLeast(count, tuple(map(_of_state, of)))
        case Not(of=part):
            return Not(_of_state(part))
