"""`leadledger explain` and `status`: read the ledger, also while a run writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger import bootstrap
from leadledger.cli.options import config_option, emit, json_option
from leadledger.errors import UsageError

if TYPE_CHECKING:
    from leadledger.definition.load import Loaded
    from leadledger.insight.explain import Explanation


@click.command("explain")
@click.argument("whom", metavar="ID", required=False)
@click.option(
    "--example", "example", metavar="TEXT", help="Explain an example of examples.yaml instead; offline."
)
@config_option
@json_option
def explain_command(whom: str | None, example: str | None, folder: Path, *, as_json: bool) -> None:
    """Why a lead has its score, stage and owner: every rule, its evidence, what was taken away, and what comes next.

    ID is a CRM id (00Q…, 512), a record (salesforce/Lead/00Q…), or a person id. With --example, some words of an
    example's name.
    """
    loaded = bootstrap.load_definition(folder)
    if (whom is None) == (example is None):
        raise UsageError("Give the ID of a lead, or --example with words of an example's name.")
    found = _of_example(loaded, example) if example is not None else _of_ledger(loaded, str(whom))
    if as_json:
        emit(found.to_json())
        return
    from leadledger.cli import explained, render

    explained.explanation(render.console(), found)


def _of_example(loaded: Loaded, words: str) -> Explanation:
    """The first example whose name has these words."""
    for result in bootstrap.examples(loaded):
        if words.lower() in result.example.name.lower():
            return result.explanation
    names = "; ".join(example.name for example in loaded.examples)
    raise UsageError(f"No example's name has {words!r}. Their names: {names or 'there are none'}.")


def _of_ledger(loaded: Loaded, whom: str) -> Explanation:
    from leadledger.settings import read_settings

    found = bootstrap.explanation(read_settings(), loaded, whom)
    if found is None:
        msg = f"The ledger knows nobody by {whom!r}. It learns people when a plan is applied; `leadledger status` tells when that was."
        raise UsageError(msg)
    return found


@click.command("status")
@config_option
@json_option
def status_command(folder: Path, *, as_json: bool) -> None:
    """The last runs, the funnel, and what is still open."""
    from leadledger.domain.instants import iso
    from leadledger.settings import read_settings

    loaded = bootstrap.load_definition(folder)
    settings = read_settings()
    with bootstrap.opened_ledger(settings, loaded.definition.name) as ledger:
        runs, totals, rejected = ledger.runs(5), ledger.totals(), ledger.rejected(5)
    stages = {
        name.removeprefix("stage:"): count for name, count in totals.items() if name.startswith("stage:")
    }
    counts = {name: count for name, count in totals.items() if not name.startswith("stage:")}
    if as_json:
        emit(
            {
                "definition": loaded.definition.name,
                "totals": counts,
                "stages": stages,
                "runs": [
                    {
                        "run_id": r.run_id,
                        "command": r.command,
                        "outcome": r.outcome,
                        "started": iso(r.started_us),
                        "ended": iso(r.ended_us) if r.ended_us else None,
                        "summary": r.summary,
                    }
                    for r in runs
                ],
                "rejected": [
                    {"record": str(row.record), "reason": row.reason, "last_seen": iso(last)}
                    for row, _, last in rejected
                ],
            }
        )
        return
    from leadledger.cli import render
    from leadledger.cli.text import number

    out = render.console()
    out.print(
        f"[bold]{loaded.definition.name}[/]   ledger {bootstrap.state_files(settings, loaded.definition.name).ledger}",
        soft_wrap=True,
    )
    out.print(
        "ledger    "
        + ", ".join(f"{name.replace('_', ' ')} {number(count)}" for name, count in counts.items()),
        soft_wrap=True,
    )
    render.funnel(out, stages, {}, loaded.definition)
    for r in runs:
        took = f"{(r.ended_us - r.started_us) / 1e6:.1f} s" if r.ended_us else "not ended"
        written = r.summary.get("written", {}).get("confirmed", 0) if r.summary else 0
        out.print(
            f"run       {iso(r.started_us)[:19]}Z  {r.command:<6} {r.outcome:<9} {took:>9}  {number(written)} records written"
        )
    for left in next((r.summary["left_out"] for r in runs if r.summary.get("left_out")), [])[:10]:
        told = f"{left['what']:<9} {left['record']}: {left['reason']}"
        out.print(render.harmless(told, 150), soft_wrap=True)
    for row, _, _ in rejected:
        out.print(
            f"rejected  {render.harmless(str(row.record), 60)}: {render.harmless(row.reason, 90)}",
            soft_wrap=True,
        )
    if totals.get("open_intents"):
        out.print(
            f"[yellow]open      {totals['open_intents']} writes without an outcome; the next run settles them first[/]"
        )
