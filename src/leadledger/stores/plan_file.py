"""A plan as a JSON file: what `plan -o` writes and `apply` reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from leadledger.domain.changes import Plan
from leadledger.errors import BugError, ConfigError, StateError, UsageError
from leadledger.stores.durable import replace_file

FORMAT = 1
LIMIT_BYTES = 1 << 30
"""Larger than a plan for a million people; whatever is larger is not a plan and is not read into memory."""


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan, readable by its owner alone. After a crash the old file or the new one is there, whole.

    Raises StateError when the file cannot be written.
    """
    try:
        content = json.dumps(plan.to_json(), separators=(",", ":"), allow_nan=False).encode("ascii")
    except ValueError as exc:
        raise BugError(f"plan {plan.plan_id} holds a number that JSON does not have") from exc
    try:
        replace_file(path, content)
    except OSError as exc:
        raise StateError(
            f"{path} cannot be written ({exc.strerror}). Check the directory and the disk, or name another file."
        ) from exc


def read_plan(path: Path) -> Plan:
    """The plan of a file.

    Raises UsageError when there is no such file, StateError when it is damaged, ConfigError when it is
    something else or a plan of another format.
    """
    payload = _parse(path, _read(path))
    if not isinstance(payload, dict) or "plan_id" not in payload:
        raise ConfigError(f"{path} is not a plan. Make one with `leadledger plan -o {path}`.")
    if payload.get("format") != FORMAT:
        raise ConfigError(
            f"{path} is a plan of another version of leadledger. Make it again with `leadledger plan`."
        )
    try:
        return Plan.from_json(payload)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise _damaged(path, f"{type(exc).__name__} in its content") from exc


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            too_large = os.fstat(file.fileno()).st_size > LIMIT_BYTES
            content = b"" if too_large else file.read()
    except FileNotFoundError as exc:
        raise UsageError(f"{path} does not exist. Make a plan with `leadledger plan -o {path}`.") from exc
    except OSError as exc:
        raise StateError(f"{path} cannot be read ({exc.strerror}). Check the file and its rights.") from exc
    if too_large:
        raise ConfigError(
            f"{path} is larger than 1 GB, so it is not a plan. Name the file that `plan` wrote."
        )
    return content


def _parse(path: Path, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise _damaged(path, "it is not whole JSON") from exc


def _damaged(path: Path, detail: str) -> StateError:
    return StateError(
        f"{path} is damaged ({detail}). Nothing was written; make it again with `leadledger plan`."
    )
