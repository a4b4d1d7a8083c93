"""`leadledger demo`: the whole way through, on both CRMs, without an account."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger import bootstrap
from leadledger.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from leadledger.domain.changes import Plan, RecordChange
    from leadledger.ports import Progress


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
        with progress(quiet=False) as bar:
            for position, crm in enumerate(("salesforce", "hubspot"), start=2):
                _pass(out, bar, f"{position}. {crm.title().replace('Hubspot', 'HubSpot')}", _mappings() / crm)
    finally:
        server.stop()
    out.print(
        f"Done in {time.monotonic() - began:.0f} s. Yours next: copy [bold]mappings/[/], edit it, and try"
    )
    out.print("  leadledger sandbox serve --env-file sandbox.env        (one terminal)", soft_wrap=True)
    out.print(
        "  set -a; . ./sandbox.env; set +a; leadledger plan -c mappings/salesforce        (another)",
        soft_wrap=True,
    )


def _pass(out: Console, bar: Progress, title: str, folder: Path) -> None:
    from leadledger.cli import render
    from leadledger.cli.runs import prepared
    from leadledger.sync import run as use_cases

    began = time.monotonic()
    settings, loaded = prepared(folder)
    with bootstrap.opened(settings, loaded, bar) as context:
        planned = use_cases.plan(context)
        assert planned.plan is not None
        applied = use_cases.apply(context, planned.plan)
        first = time.monotonic() - began
        again = use_cases.run(context)
    out.print(f"[bold]{title}[/]   plan and apply in {first:.1f} s")
    applied.pulled = planned.pulled
    applied.calls = planned.calls
    render.report(out, applied, loaded.definition)
    out.print("\nfive of them:")
    shown = render.examples_of(planned.plan, 5)
    render.plan_table(out, _only(planned.plan, shown), 5)
    assert again.plan is not None
    second = time.monotonic() - began - first
    out.print(
        f"second run: [bold]{len(again.plan.changes)} changes, {again.written.confirmed if again.written else 0} writes[/] in {second:.1f} s"
    )
    files = bootstrap.state_files(settings, loaded.definition.name)
    out.print(f"ledger:     {files.ledger}", soft_wrap=True)
    if shown:
        out.print(
            f"try:        LEADLEDGER_STATE_DIR={settings.state_dir} leadledger explain {shown[0].record.id} -c {folder}\n",
            soft_wrap=True,
        )


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
            path.unlink()
