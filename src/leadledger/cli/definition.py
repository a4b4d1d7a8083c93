"""`leadledger validate`: the definition alone, offline; with --examples also the admin's own tests."""

from __future__ import annotations

from pathlib import Path

import click

from leadledger import bootstrap
from leadledger.cli.options import config_option, emit, json_option
from leadledger.cli.text import coloured, plain
from leadledger.errors import ConfigError


@click.command("validate")
@config_option
@click.option("--examples", is_flag=True, help="Also run the examples of examples.yaml, offline.")
@json_option
def validate_command(folder: Path, *, examples: bool, as_json: bool) -> None:
    """Check a definition without any network: shape, names, and what belongs together.

    All problems are told at once, as file:line:column. With --examples the admin's own tests run too.
    """
    loaded = bootstrap.load_definition(folder)
    warnings = [str(problem) for problem in loaded.warnings]
    results = list(bootstrap.examples(loaded)) if examples else []
    problems = [problem for result in results for problem in result.problems]
    if problems:
        failed = sum(bool(result.problems) for result in results)
        msg = f"{failed} of {len(results)} examples do not hold"
        raise ConfigError(msg, problems)
    d = loaded.definition
    counts = {
        "engagement_rules": len(d.engagement.rules),
        "fit_rules": len(d.fit.rules),
        "stages": len(d.lifecycle.stages),
        "pools": len(d.routing.pools),
        "mapped_fields": sum(len(target.fields) for target in d.targets),
    }
    if as_json:
        emit(
            {"definition": d.name, "version": d.version, **counts, "examples": len(results)},
            warnings=warnings,
        )
        return
    for warning in warnings:
        click.echo(coloured("warning: ", "yellow") + plain(warning), err=True)
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    click.echo(f"{d.name} {d.version}: {words}. No problems.")
    for result in results:
        click.echo(coloured("  ok  ", "green") + plain(result.example.name))
    if examples:
        click.echo(
            f"{len(results)} examples hold." if results else "There is no examples.yaml, so no example ran."
        )
