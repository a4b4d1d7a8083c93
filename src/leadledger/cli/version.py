"""`leadledger version`."""

from __future__ import annotations

import platform

import click

from leadledger import __version__
from leadledger.cli.options import emit, json_option


@click.command("version")
@json_option
def version_command(*, as_json: bool) -> None:
    """The version of the program and of Python."""
    if as_json:
        emit({"leadledger": __version__, "python": platform.python_version()})
    else:
        click.echo(f"leadledger {__version__} (Python {platform.python_version()})")
