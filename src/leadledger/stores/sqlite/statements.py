"""Loads named SQL statements from the .sql files beside this module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load(file: str) -> Mapping[str, str]:
    """Name -> statement of one file, where each statement follows a line `-- name: …`."""
    text = (resources.files("leadledger.stores.sqlite") / file).read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
