"""Says what a definition looks at: facts, attributes, words. Whatever is not asked for is not computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import FactTrigger
from leadledger.domain.scoring import PointsBy
from leadledger.domain.writeback import FieldMapping

FIRST_ORIGIN = "first_origin"


def parts(value: object) -> Iterator[object]:
    """A value and all values inside it, however deep, so that a new kind of rule cannot be forgotten here."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from parts(item)


def asked_words(definition: Definition, space: Space) -> tuple[str, ...]:
    """Names of one space whose texts are searched for whole words, sorted."""
    return _sorted(
        part.name
        for part in parts(definition)
        if isinstance(part, Compare) and part.space is space and part.op is Op.WORDS
    )


def asked_attributes(definition: Definition, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Attributes of activities that a rule looks at, sorted; `columns` are what every activity has anyway."""
    found = parts(definition)
    names = (
        part.name if isinstance(part, Compare) else part.attribute
        for part in found
        if isinstance(part, PointsBy) or (isinstance(part, Compare) and part.space is Space.ACTIVITY)
    )
    return _sorted(name for name in names if name not in columns)


def asks_first_origin(definition: Definition) -> bool:
    """Whether anything looks at, or writes, the origin of a person's first activity."""
    return any(
        (isinstance(part, Compare) and part.space is Space.FACT and part.name == FIRST_ORIGIN)
        or (isinstance(part, FactTrigger) and part.fact == FIRST_ORIGIN)
        or (isinstance(part, FieldMapping) and part.value == FIRST_ORIGIN)
        for part in parts(definition)
    )


def _sorted(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
