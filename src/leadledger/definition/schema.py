"""JSON Schemas (draft-07) of the files, generated from the documents, so that editors complete and check them.

Draft-07 is what the YAML language server understands best. Refresh with
`python -m leadledger.definition.schema mappings/schema`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leadledger.definition.load import MODELS

Schema = dict[str, Any]


def schema_files() -> dict[str, str]:
    """File name (`scoring.json`) -> its text, the same bytes every time."""
    return {f"{name}.json": json.dumps(_schema(name), indent=2, ensure_ascii=False) + "\n" for name in MODELS}


def write_schemas(folder: Path) -> None:
    """Write all schemas into an existing folder."""
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schema(name: str) -> Schema:
    raw = MODELS[name].model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = raw.pop("$defs", {})
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_draft7(raw), "title": f"{name}.yaml"}
    if definitions:
        schema["definitions"] = {key: _draft7(part) for key, part in sorted(definitions.items())}
    return schema


def _draft7(schema: Any) -> Any:
    """What draft-07 says otherwise: nothing beside a `$ref`; and what only pydantic needs is left out."""
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [_draft7(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            plain[key] = {name: _draft7(part) for name, part in value.items()}
        elif key in {"anyOf", "oneOf"}:
            _add_choices(plain, [_draft7(part) for part in value if part != {"type": "null"}])
        elif key == "title" or (key == "default" and not value) or key == "discriminator":
            continue
        else:
            plain[key] = _draft7(value)
    if "patternProperties" in plain:
        plain["additionalProperties"] = False
    if "$ref" in plain and len(plain) > 1:
        plain["allOf"] = [{"$ref": plain.pop("$ref")}]
    return plain


def _add_choices(schema: Schema, choices: list[Schema]) -> None:
    """The forms of a union may overlap for an editor, so one or more of them may fit (`anyOf`)."""
    if len(choices) > 1:
        schema["anyOf"] = choices
        return
    description = schema.get("description")
    schema.update(choices[0])
    if description:
        schema["description"] = description


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
