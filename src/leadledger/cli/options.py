"""Options that several commands share, and how a result leaves the program."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from leadledger.errors import ExitCode

F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """`-c/--config FOLDER`, or LEADLEDGER_CONFIG."""
    return click.option(
        "-c",
        "--config",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("mappings/salesforce"),
        show_default=True,
        envvar="LEADLEDGER_CONFIG",
        show_envvar=True,
        help="Folder of the definition.",
    )(function)


def json_option(function: F) -> F:
    """`--json`: one JSON object on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def large_option(function: F) -> F:
    """`--allow-large`: the guards of the definition do not stop the plan."""
    return click.option(
        "--allow-large", is_flag=True, help="Write although a guard of the definition would stop the plan."
    )(function)


def quiet_option(function: F) -> F:
    """`-q`: no progress."""
    return click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")(function)


def emit(result: Any, code: ExitCode = ExitCode.OK, warnings: Sequence[str] = ()) -> None:
    """The one JSON object of a command: keys may be added, never removed without a new schema_version."""
    click.echo(
        json.dumps(
            {
                "status": "ok",
                "code": int(code),
                "result": result,
                "warnings": list(warnings),
                "schema_version": 1,
            },
            ensure_ascii=False,
        )
    )
