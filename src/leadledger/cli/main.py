"""The command `leadledger`: words and exit codes, nothing else. Commands are imported when they are called."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from leadledger import __version__
from leadledger.errors import ConfigError, ExitCode, LeadledgerError

COMMANDS = {
    "validate": ("leadledger.cli.definition", "Check a definition without any network."),
    "plan": ("leadledger.cli.runs", "Show what would change in the CRM, and why."),
    "apply": ("leadledger.cli.runs", "Write exactly a plan that was saved."),
    "run": ("leadledger.cli.runs", "Plan and apply in one, for a schedule."),
    "explain": ("leadledger.cli.inspect", "Why a lead has its score, stage and owner."),
    "status": ("leadledger.cli.inspect", "The last run, the funnel, and what is open."),
    "sandbox": ("leadledger.cli.sandbox", "A Salesforce and a HubSpot on your own machine."),
    "demo": ("leadledger.cli.demo", "A full pass against the sandbox, on both CRMs."),
    "version": ("leadledger.cli.version", "The version of the program."),
}
"""Verb -> (module that defines it, the line of `--help`)."""

EXAMPLES = """\b
Examples:
  leadledger demo                                  see it work, no account needed
  leadledger validate --examples -c mappings/salesforce
  leadledger plan -c mappings/salesforce -o plan.json && leadledger apply plan.json -c mappings/salesforce
"""


class LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what was probably meant when a command does not exist."""
        import difflib  # only for a typing error

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Commands: {', '.join(COMMANDS)}."
            msg = f"There is no command {args[0]!r}.{hint}"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="leadledger")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """One honest account of every lead: scores, MQL counters, dates, stages and owners for Salesforce and HubSpot."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    words = list(sys.argv[1:] if argv is None else argv)
    sys.exit(_run(words))


class _TerminatedError(BaseException):
    """SIGTERM arrived. Like KeyboardInterrupt no Exception, so that nobody on the way takes it for one."""


_STOPPED = "{}. What was written is in the ledger; run again to go on."


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise _TerminatedError


def _run(words: list[str]) -> int:
    as_json = "--json" in words
    try:
        result = cli.main(args=words, prog_name="leadledger", standalone_mode=False)
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.ClickException as exc:
        hint = " See `leadledger --help`." if exc.exit_code == 2 else ""
        return _fail(exc.format_message() + hint, ExitCode.USAGE, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return _fail(_STOPPED.format("Interrupted"), ExitCode.INTERRUPTED, as_json=as_json)
    except _TerminatedError:
        return _fail(_STOPPED.format("Terminated"), ExitCode.TERMINATED, as_json=as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except SystemExit:  # rich ends the program like this when nobody reads on
        return ExitCode.OK
    except LeadledgerError as exc:
        problems = [str(problem) for problem in exc.problems] if isinstance(exc, ConfigError) else []
        return _fail(str(exc), exc.exit_code, as_json=as_json, problems=problems)
    except OSError as exc:
        return _fail(
            f"{exc.strerror or exc}{f': {exc.filename}' if exc.filename else ''}.",
            ExitCode.IO,
            as_json=as_json,
        )
    except Exception as exc:  # noqa: BLE001 - the last line of defence
        return _fail(_bug(exc), ExitCode.UNEXPECTED, as_json=as_json)
    return int(result or ExitCode.OK)


def _bug(error: Exception) -> str:
    """What to report of an error that nobody expected: its kind and place. Its text may hold a record's content."""
    if os.environ.get("LEADLEDGER_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(error)
    package = str(Path(__file__).parents[1])
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if frame.filename.startswith(package)]
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return (
        f"Something that should be impossible happened: {type(error).__name__}{place}. Nothing more was written; "
        "please report this. LEADLEDGER_LOG_LEVEL=debug shows where it came from."
    )


def _fail(message: str, code: ExitCode, *, as_json: bool, problems: Sequence[str] = ()) -> int:
    """One clear message on stderr, or one JSON object on stdout where JSON was asked for."""
    from leadledger.cli.text import coloured, plain  # only for a failure

    if as_json:
        body: dict[str, Any] = {"status": "error", "code": int(code), "result": None, "warnings": []}
        click.echo(
            json.dumps({**body, "message": plain(message), "problems": list(problems), "schema_version": 1})
        )
        return code
    for problem in problems:
        click.echo(plain(problem), err=True)
    told = message.splitlines()[0] if problems else message
    click.echo(coloured("error: ", "red") + plain(told), err=True)
    return code
