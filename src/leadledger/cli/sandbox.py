"""`leadledger sandbox serve`: the pretended CRMs in a terminal of their own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import click

from leadledger import bootstrap
from leadledger.errors import UsageError


@click.group("sandbox")
def sandbox_command() -> None:
    """A Salesforce- and a HubSpot-compatible server on loopback, with people who have a story."""


@sandbox_command.command("serve")
@click.option("--port", default=8740, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="The story's seed: same seed, same bytes.")
@click.option(
    "--people", default=2000, show_default=True, type=click.IntRange(0, 1_000_000), help="How many people."
)
@click.option(
    "--crm", type=click.Choice(["both", "salesforce", "hubspot"]), default="both", show_default=True
)
@click.option(
    "--latency",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 60_000),
    help="Milliseconds added to every call.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the state in this file, across restarts.",
)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the LEADLEDGER_ variables here.",
)
@click.option("--no-limits", is_flag=True, help="HubSpot's rate limits are not enforced.")
def serve_command(
    port: int,
    seed: int,
    people: int,
    crm: str,
    latency: float,
    state: Path | None,
    env_file: Path | None,
    *,
    no_limits: bool,
) -> None:
    """Serve until Ctrl-C. Prints the variables that point a run at it; /_sandbox/help lists the controls."""
    crms = ("salesforce", "hubspot") if crm == "both" else (crm,)
    click.echo(f"Telling the story of {people:,} people (seed {seed}) …", err=True)
    server = bootstrap.sandbox(
        seed=seed, people=people, crms=crms, latency_ms=latency, state=state, limits=not no_limits
    )
    try:
        base = server.start(port)
    except OSError as exc:
        msg = f"Port {port} is taken, perhaps by another sandbox. Try `--port 0`, which takes a free one."
        raise UsageError(msg) from exc
    variables = "".join(f"{name}={value}\n" for name, value in server.environment().items())
    if env_file is not None:
        descriptor = os.open(env_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(variables)
        shown = env_file if env_file.is_absolute() else f"./{env_file}"
        click.echo(
            f"Variables written to {env_file}. In another terminal:  set -a; . {shown}; set +a", err=True
        )
    click.echo(variables, nl=False)
    click.echo(
        f"Serving {' and '.join(crms)} on {base}   controls: {base}/_sandbox/help   end with Ctrl-C", err=True
    )
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        server.stop()
