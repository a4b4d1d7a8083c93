"""docs/reference/definition.md tells of every key, operator and computed value, and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, RootModel

from leadledger.definition.checks.names import COMPUTED
from leadledger.definition.documents.conditions import (
    OPERATORS,
    Combination,
    FactTest,
    FieldTest,
    NameTests,
    Operators,
    SomeOf,
)
from leadledger.definition.documents.strict import Document
from leadledger.definition.load import MODELS
from leadledger.definition.named_lists import NAMES
from leadledger.domain.conditions import Op

REFERENCE = (Path(__file__).parents[3] / "docs" / "reference" / "definition.md").read_text("utf-8")
CONDITIONS = (FactTest, FieldTest, Combination, SomeOf, NameTests, Operators)


def section(heading: str) -> str:
    return REFERENCE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def paths(annotation: Any, prefix: str = "") -> Iterator[str]:
    """Every key below a type: `*` stands for a name that the admin makes up, `[]` for the entries of a list."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from paths(args[0], prefix)
    elif origin in {Union, UnionType}:
        below = [list(paths(arg, prefix)) for arg in args]
        # Where one or a list of the same may stand, the lines of the list tell of both.
        start = f"{prefix}[]"
        told = {
            prefix + path.removeprefix(start) for found in below for path in found if path.startswith(start)
        }
        yield from (path for found in below for path in found if path.startswith(start) or path not in told)
    elif origin is tuple:
        yield from paths(args[0], f"{prefix}[]")
    elif origin is dict:
        yield from paths(args[1], f"{prefix}.*")
    elif isinstance(annotation, type) and issubclass(annotation, RootModel):
        yield from paths(annotation.model_fields["root"].annotation, prefix)
    elif isinstance(annotation, type) and issubclass(annotation, Document) and annotation not in CONDITIONS:
        for name, field in annotation.model_fields.items():
            path = f"{prefix}.{field.alias or name}".removeprefix(".")
            yield path
            yield from paths(field.annotation, path)


@pytest.mark.parametrize(("name", "model"), MODELS.items())
def test_every_key_of_a_file_stands_in_its_table(name: str, model: type[BaseModel]):
    expected = list(dict.fromkeys(paths(model)))

    assert first_cells(section(f"{name}.yaml")) == expected


def test_every_operator_stands_in_the_table_of_conditions():
    assert first_cells(section("Conditions")) == list(OPERATORS) == [op.value for op in Op]


def test_every_computed_value_and_named_list_is_told():
    told = set(re.findall(r"`([^`]+)`", section("Computed values") + section("Conditions")))

    assert {*COMPUTED, *NAMES} <= told


def test_the_condition_forms_and_activity_names_are_told():
    told = section("Conditions")

    assert all(f"`{name}`" in told for name in ("type", "asset", "campaign", "origin", "intent"))
    assert all(f"`{key}`" in told for key in ("fact", "field", "all", "any", "not", "of", "and"))
