"""The committed JSON Schemas are those of the documents, and the presets follow them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from leadledger.definition.load import MODELS
from leadledger.definition.schema import schema_files, write_schemas
from leadledger.definition.yaml_files import YamlFile, read_yaml

MAPPINGS = Path(__file__).parents[2] / "mappings"
BAD = Path(__file__).parent / "bad"
HOW = "refresh with: python -m leadledger.definition.schema mappings/schema"


def test_the_committed_schemas_are_current():
    committed = {file.name: file.read_text("utf-8") for file in (MAPPINGS / "schema").glob("*.json")}

    assert committed == schema_files(), HOW


def test_schemas_are_written_where_asked(tmp_path: Path):
    write_schemas(tmp_path)

    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.json" for name in MODELS}


@pytest.mark.parametrize("file", sorted(MAPPINGS.rglob("*.yaml")), ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_a_preset_follows_its_schema(file: Path):
    schema = json.loads((MAPPINGS / "schema" / f"{file.stem}.json").read_text("utf-8"))
    read = read_yaml(file, str(file))
    assert isinstance(read, YamlFile)

    assert complaint(read.root.plain, schema, schema) is None


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("shape_unknown_key", "scoring"),
        ("shape_span_without_unit", "scoring"),
        ("shape_key_named_like_a_form", "people"),
        ("shape_object", "people"),
        ("shape_trigger_with_two_keys", "lifecycle"),
        ("shape_names", "writeback"),
        ("shape_word_not_in_list", "lifecycle"),
        ("hubspot_stream_unknown", "activities"),
    ],
)
def test_an_editor_sees_what_the_program_refuses(case: str, name: str):
    schema = json.loads((MAPPINGS / "schema" / f"{name}.json").read_text("utf-8"))
    read = read_yaml(BAD / case / f"{name}.yaml", case)
    assert isinstance(read, YamlFile)

    assert complaint(read.root.plain, schema, schema) is not None


_TYPES: dict[str, Any] = {
    "object": dict, "array": tuple, "string": str, "number": (int, float), "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip


def complaint(value: Any, schema: Any, root: Any, path: str = "$") -> str | None:
    """What a draft-07 validator would say: of its keywords, those that our schemas use."""
    if isinstance(schema, bool):
        return None if schema else f"{path}: nothing may stand here"
    unknown = schema.keys() - _KEYWORDS
    assert not unknown, f"the little validator of this test does not know {unknown}"
    if "$ref" in schema:
        return complaint(value, root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    for part in schema.get("allOf", []):
        if said := complaint(value, part, root, path):
            return said
    if "anyOf" in schema:
        said = [complaint(value, part, root, path) for part in schema["anyOf"]]
        if all(said):
            return " | ".join(str(s) for s in said)
    if "not" in schema and complaint(value, schema["not"], root, path) is None:
        return f"{path}: forbidden"
    return (
        _kind(value, schema, path)
        or _object(value, schema, root, path)
        or _array(value, schema, root, path)
        or _scalar(value, schema, path)
    )


def _kind(value: Any, schema: Any, path: str) -> str | None:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        return None
    if isinstance(value, bool):
        return None if "boolean" in kinds else f"{path}: not a {kinds}"
    return None if isinstance(value, tuple(_flat(kinds))) else f"{path}: not a {kinds}"


def _flat(kinds: list[str]) -> list[type]:
    classes: list[type] = []
    for kind in kinds:
        found = _TYPES[kind]
        classes.extend(found if isinstance(found, tuple) else (found,))
    return classes


def _object(value: Any, schema: Any, root: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    if missing := set(schema.get("required", [])) - value.keys():
        return f"{path}: {missing} missing"
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        return f"{path}: too few or too many keys"
    for key, inside in value.items():
        rules = [schema.get("properties", {}).get(key)]
        rules += [
            rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, key)
        ]
        known = [rule for rule in rules if rule is not None] or [schema.get("additionalProperties", True)]
        if said := complaint(key, schema.get("propertyNames", True), root, f"{path}.{key}"):
            return said
        for rule in known:
            if said := complaint(inside, rule, root, f"{path}.{key}"):
                return said
    return None


def _array(value: Any, schema: Any, root: Any, path: str) -> str | None:
    if not isinstance(value, tuple):
        return None
    if len(value) < schema.get("minItems", 0):
        return f"{path}: empty"
    for position, inside in enumerate(value):
        if said := complaint(inside, schema.get("items", True), root, f"{path}[{position}]"):
            return said
    return None


def _scalar(value: Any, schema: Any, path: str) -> str | None:
    if "const" in schema and value != schema["const"]:
        return f"{path}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: none of {schema['enum']}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{path}: does not match"
        if len(value) < schema.get("minLength", 0):
            return f"{path}: too short"
    is_number = isinstance(value, (int, float))
    if is_number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{path}: out of range"
    return None


_KEYWORDS = {
    "$schema", "$ref", "definitions", "title", "description", "default", "type", "properties", "required",
    "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties", "items", "minItems", "anyOf",
    "allOf", "not", "const", "enum", "pattern", "minLength", "minimum", "maximum",
}  # fmt: skip
