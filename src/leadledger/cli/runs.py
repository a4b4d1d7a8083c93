"""`leadledger plan`, `apply`, `run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger import bootstrap
from leadledger.cli.options import config_option, emit, json_option, large_option, quiet_option
from leadledger.errors import ExitCode

if TYPE_CHECKING:
    from leadledger.definition.load import Loaded
    from leadledger.settings import Settings
    from leadledger.sync.run import Report


def prepared(folder: Path) -> tuple[Settings, Loaded]:
    """Settings and definition of a command that talks to a CRM; logs are set up."""
    from leadledger import logs
    from leadledger.settings import read_settings

    loaded = bootstrap.load_definition(folder)
    settings = read_settings()
    logs.set_up(settings.log_level, settings.log_format)
    return settings, loaded


@click.command("plan")
@config_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply`."
)
@click.option("--all", "everything", is_flag=True, help="Show every record, not the first 20.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when the plan has changes.")
@json_option
@quiet_option
def plan_command(
    folder: Path,
    output: Path | None,
    *,
    everything: bool,
    detailed_exitcode: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Pull, decide, and show what would change in the CRM: record, field, old, new, and why.

    Nothing is written to the CRM, and the ledger learns no decision. A saved plan is written by `apply`, exactly.
    """
    from leadledger.cli.progress import progress
    from leadledger.sync import run as use_cases

    settings, loaded = prepared(folder)
    with progress(quiet=quiet or as_json) as bar, bootstrap.opened(settings, loaded, bar) as context:
        report = use_cases.plan(context)
    assert report.plan is not None
    if output is not None:
        bootstrap.save_plan(output, report.plan)
    code = ExitCode.PLAN_HAS_CHANGES if detailed_exitcode and report.plan.changes else ExitCode.OK
    if as_json:
        emit({**report.summary(), "plan": report.plan.to_json()}, code)
        return code
    from leadledger.cli import render

    out = render.console()
    render.plan_table(out, report.plan, len(report.plan.changes) if everything else 20)
    render.report(out, report, loaded.definition)
    if output is not None:
        out.print(
            f"saved     {output}   write it with: leadledger apply {output} -c {folder}", soft_wrap=True
        )
    return code


@click.command("apply")
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path, dir_okay=False))
@config_option
@large_option
@json_option
@quiet_option
def apply_command(plan_file: Path, folder: Path, *, allow_large: bool, as_json: bool, quiet: bool) -> int:
    """Write exactly a saved plan. Records that others changed since are skipped and named (exit 3)."""
    from leadledger.cli.progress import progress
    from leadledger.sync import run as use_cases

    settings, loaded = prepared(folder)
    plan = bootstrap.read_plan(plan_file)
    with progress(quiet=quiet or as_json) as bar, bootstrap.opened(settings, loaded, bar) as context:
        report = use_cases.apply(context, plan, allow_large=allow_large)
    return _finish(report, loaded, as_json=as_json)


@click.command("run")
@config_option
@large_option
@json_option
@quiet_option
def run_command(folder: Path, *, allow_large: bool, as_json: bool, quiet: bool) -> int:
    """Plan and apply in one, for a schedule. The first run on an org only plans."""
    from leadledger.cli.progress import progress
    from leadledger.sync import run as use_cases

    settings, loaded = prepared(folder)
    with progress(quiet=quiet or as_json) as bar, bootstrap.opened(settings, loaded, bar) as context:
        report = use_cases.run(context, allow_large=allow_large)
    if report.first_run and report.plan is not None:
        path = bootstrap.state_files(settings, loaded.definition.name).plan
        bootstrap.save_plan(path, report.plan)
        if not as_json:
            click.echo(
                f"This is the first run on this org, so nothing was written. Look at the plan (`leadledger plan -c {folder}`), then write "
                f"it with `leadledger apply {path} -c {folder}`; every later run writes by itself.",
                err=True,
            )
    return _finish(report, loaded, as_json=as_json)


def _finish(report: Report, loaded: Loaded, *, as_json: bool) -> int:
    code = {"rejected": ExitCode.FINISHED_WITH_REJECTED, "deferred": ExitCode.LATER}.get(
        report.outcome, ExitCode.OK
    )
    if as_json:
        emit(report.summary(), code)
        return code
    from leadledger.cli import render

    render.report(render.console(), report, loaded.definition)
    return code
