"""`leadledger demo`: the whole way through, on both CRMs, without an account."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger import bootstrap
from leadledger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from leadledger.domain.changes import Plan, RecordChange
    from leadledger.domain.definition import Definition
    from leadledger.ports import Progress
    from leadledger.settings import Settings
    from leadledger.sync.run import Report


@click.command("demo")
@click.option(
    "--people",
    default=2000,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How many people live in the sandbox.",
)
@click.option("--seed", default=1, show_default=True, help="The story's seed.")
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".leadledger/demo"),
    show_default=True,
    help="Where ledgers and plans of the demo go; emptied first.",
)
def demo_command(people: int, seed: int, state_dir: Path) -> None:
    """Start the sandbox, make a full pass against each CRM, and show what was decided and written.

    Plan, apply, a second run that has nothing to do, and what to try next.
    """
    from leadledger.cli import render
    from leadledger.cli.progress import progress

    out = render.console()
    began = time.monotonic()
    _empty(state_dir)
    out.print(
        f"[bold]1. The sandbox[/]: a Salesforce and a HubSpot with {people:,} people who have a story (seed {seed})"
    )
    server = bootstrap.sandbox(
        seed=seed, people=people, crms=("salesforce", "hubspot"), latency_ms=0, state=None
    )
    base = server.start(0)
    os.environ.update(server.environment())
    os.environ["LEADLEDGER_STATE_DIR"] = str(state_dir)
    out.print(f"          {base} (gone when the demo ends)   {time.monotonic() - began:.1f} s\n")
    try:
        for title, crm in (("2. Salesforce", "salesforce"), ("3. HubSpot", "hubspot")):
            with progress(quiet=False) as bar:
                told = _pass(bar, _mappings() / crm)
            _tell(out, title, told)
    finally:
        server.stop()
    out.print(
        f"Done in {time.monotonic() - began:.0f} s. Yours next: copy [bold]mappings/[/], edit it, and try"
    )
    out.print(f"  {_me()} sandbox serve --env-file sandbox.env        (one terminal)", soft_wrap=True)
    out.print(
        "  set -a; . ./sandbox.env; set +a; leadledger plan -c mappings/salesforce        (another)",
        soft_wrap=True,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One CRM's pass: what was planned and applied, and what the second run found to do."""

    folder: Path
    settings: Settings
    definition: Definition
    planned: Report
    applied: Report
    again: Report
    first_s: float
    second_s: float


def _pass(bar: Progress, folder: Path) -> Told:
    """Plan, apply, and run once more."""
    from leadledger.cli.runs import prepared
    from leadledger.sync import run as use_cases

    began = time.monotonic()
    settings, loaded = prepared(folder)
    with bootstrap.opened(settings, loaded, bar) as context:
        planned = use_cases.plan(context)
        assert planned.plan is not None
        applied = use_cases.apply(context, planned.plan)
        first_s = time.monotonic() - began
        again = use_cases.run(context)
    second_s = time.monotonic() - began - first_s
    return Told(folder, settings, loaded.definition, planned, applied, again, first_s, second_s)


def _tell(out: Console, title: str, told: Told) -> None:
    """What happened, five examples, and where to look next."""
    from leadledger.cli import render

    plan, again = told.planned.plan, told.again
    assert plan is not None
    assert again.plan is not None
    out.print(f"[bold]{title}[/]   plan and apply in {told.first_s:.1f} s")
    told.applied.pulled = told.planned.pulled
    render.report(out, told.applied, told.definition)
    shown = render.examples_of(plan, 5)
    out.print("\n[bold]five of them[/]")
    render.plan_table(out, _only(plan, shown), 5)
    writes = again.written.confirmed if again.written else 0
    spent = sum(sum(calls.values()) for calls in again.calls.values()) - sum(
        sum(calls.values()) for calls in told.applied.calls.values()
    )
    out.print(
        f"\n[bold]second run[/]  {len(again.plan.changes)} changes, {writes} writes, {spent} API calls, {told.second_s:.1f} s"
    )
    files = bootstrap.state_files(told.settings, told.definition.name)
    out.print(f"[bold]ledger[/]      {files.ledger}", soft_wrap=True)
    if shown:
        command = f"LEADLEDGER_STATE_DIR={told.settings.state_dir} {_me()} explain {shown[0].record.id} -c {told.folder}"
        out.print(f"[bold]try[/]         {command}\n", soft_wrap=True)


def _me() -> str:
    """How the reader calls this program from here: by its path when it is not on PATH."""
    return "leadledger" if shutil.which("leadledger") else os.path.relpath(sys.argv[0])


def _only(plan: Plan, shown: Sequence[RecordChange]) -> Plan:
    """The same plan with some of its changes, for display."""
    return replace(plan, changes=tuple(shown))


def _mappings() -> Path:
    """The shipped definitions: beside the sources in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for candidate in (Path("mappings"), here.parents[3] / "mappings", here.parents[1] / "mappings"):
        if (candidate / "salesforce" / "leadledger.yaml").exists():
            return candidate
    msg = "The shipped definitions (mappings/) are not where they belong. Install leadledger again."
    raise ConfigError(msg)


def _empty(state_dir: Path) -> None:
    """Begin anew; only files that a demo made are removed."""
    for pattern in ("*/ledger.sqlite*", "*/mirror.duckdb*", "*/plan.json", "*/run.*"):
        for path in state_dir.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
