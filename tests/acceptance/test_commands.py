"""The command as a citizen of the shell: streams, JSON, colours, signals, one writer at a time, quick help."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installed import CRMS, MAPPINGS, PROGRAM, WRITES, Org, Stories, differences

KEYS = {"status", "code", "result", "warnings", "schema_version"}
COLOUR = re.compile(r"\x1b\[[\d;]*3\d")
HEAVY = (
    "duckdb",
    "requests",
    "numpy",
    "numba",
    "pydantic",
    "rich",
    "ruamel.yaml",
    "simple_salesforce",
    "hubspot",
    "structlog",
)


class Held:
    """Lets one call of the CRM wait until the test is done with looking."""

    def __init__(self, org: Org, path_glob: str) -> None:
        self.arrived = threading.Event()
        self.go_on = threading.Event()
        org.sandbox._sleep = self._wait
        org.fault("delay", path_glob=path_glob, seconds=1)

    def _wait(self, _seconds: float) -> None:
        self.arrived.set()
        assert self.go_on.wait(60)


@pytest.fixture
def twin(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """The same org, undisturbed."""
    made = stories.open(crm, tmp_path / "twin", applied=True)
    yield made
    made.sandbox.stop()


# JSON and streams


@pytest.mark.parametrize(
    "words", [("plan",), ("run",), ("status",), ("validate",), ("validate", "--examples")]
)
def test_json_is_one_object_with_the_promised_keys_and_nothing_beside_it(
    settled: Org, words: tuple[str, ...]
) -> None:
    done = settled.here(*words, "--json")
    assert done.code == 0, done.told
    assert done.json.keys() >= KEYS
    assert (done.json["status"], done.json["code"], done.json["schema_version"]) == ("ok", 0, 1)
    assert done.err == ""
    assert done.out.count("\n") == 1


def test_apply_and_explain_have_json_too(org: Org) -> None:
    path = org.planned()
    applied = org.here("apply", str(path), "--json")
    assert applied.json.keys() >= KEYS
    person = org.who("mql")
    explained = org.here("explain", str(person.records[0]), "--json")
    assert explained.json.keys() >= KEYS
    assert explained.result["adds_up"] is True
    assert sum(line["points"] for line in explained.result["contributions"]) == pytest.approx(
        explained.result["score"]
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("explain", "nobody", "--json"), 64),
        (("plann", "--json"), 64),
        (("plan", "--json", "--no-such-option"), 64),
        (("apply", "missing.json", "--json"), 64),
        (("plan", "-c", "nowhere", "--json"), 78),
    ],
)
@pytest.mark.parametrize("crm", ["salesforce"])
def test_errors_are_json_too_where_json_was_asked_for(
    settled: Org, words: tuple[str, ...], code: int
) -> None:
    done = settled.here(*words)
    assert done.code == code, done.told
    assert done.json.keys() >= {*KEYS, "message"}
    assert (done.json["status"], done.json["code"], done.json["result"]) == ("error", code, None)
    assert done.json["message"]
    assert done.err == ""


@pytest.mark.parametrize("crm", ["salesforce"])
def test_problems_of_a_definition_are_listed_in_json(org: Org) -> None:
    folder = org.home / "definition"
    shutil.copytree(org.folder, folder)
    (folder / "scoring.yaml").write_text("engagement: [1]\n")
    org.folder = folder
    done = org.here("validate", "--json")
    assert done.code == 78
    assert done.json["problems"]
    assert all("scoring.yaml:" in problem or ".yaml:" in problem for problem in done.json["problems"])


@pytest.mark.parametrize("crm", ["salesforce"])
def test_a_reader_that_goes_away_after_the_first_line_is_no_error(settled: Org) -> None:
    for words in (("status",), ("plan", "--all"), ("explain", settled.who("mql").records[0].id)):
        process = settled.start(*words)
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert err == ""


def in_terminal(org: Org, *words: str, **variables: str) -> str:
    """What a person sees on a terminal."""
    ours, theirs = pty.openpty()
    environment = {**org.environment, "TERM": "xterm-256color", **variables}
    process = subprocess.Popen(
        [str(PROGRAM), *org.words(words)], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.wait(timeout=60)
    os.close(ours)
    return shown.decode()


@pytest.mark.parametrize("crm", ["salesforce"])
def test_colour_is_for_terminals_that_want_it(settled: Org) -> None:
    for words in (("status",), ("explain", "nobody")):
        assert COLOUR.search(in_terminal(settled, *words))
        assert not COLOUR.search(in_terminal(settled, *words, NO_COLOR="1"))
        assert "\x1b" not in settled.run(*words).told


# One writer


def test_a_second_process_stops_and_names_the_first(settled: Org) -> None:
    record = settled.who("").records[0]
    settled.raise_hand(record)
    held = Held(settled, WRITES[settled.crm])
    first = settled.start("run")
    assert held.arrived.wait(60)
    for words in (("run",), ("plan",)):
        second = settled.here(*words)
        assert second.code == 4, second.told
        assert f"process {first.pid}" in second.err
        assert second.out == ""
    assert settled.here("explain", record.id).code == 0, "reading is allowed while a run writes"
    assert settled.here("status").code == 0
    held.go_on.set()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, out + err


# Signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_of_writing_leaves_a_state_from_which_the_next_run_goes_on(
    org: Org, twin: Org, number: signal.Signals, code: int
) -> None:
    path = org.planned()
    held = Held(org, WRITES[org.crm])
    process = org.start("apply", str(path))
    assert held.arrived.wait(60)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    held.go_on.set()
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    assert "run again" in err
    assert out == ""
    done = org.here("run")
    assert done.code == 0, done.told
    assert differences(org, twin) == []
    assert org.counters() == twin.counters()
    assert org.here("run", "--json").result["planned_records"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("crm", ["hubspot"])
def test_a_signal_while_reading_ends_the_program_at_once(org: Org, number: signal.Signals) -> None:
    held = Held(org, "*/crm/*")
    process = org.start("plan", "--json")
    assert held.arrived.wait(60)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    held.go_on.set()
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[number], out + err
    assert json.loads(out)["status"] == "error"
    assert "Traceback" not in err


# validate and help


@pytest.mark.parametrize("preset", CRMS)
def test_the_examples_of_the_presets_hold(preset: str, tmp_path: Path) -> None:
    process = subprocess.run(
        [str(PROGRAM), "validate", "--examples", "-c", str(MAPPINGS / preset)],
        capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "13 examples hold" in process.stdout
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


@pytest.mark.parametrize("crm", ["salesforce"])
def test_an_example_that_does_not_hold_is_told_with_its_place_and_both_values(org: Org) -> None:
    folder = org.home / "definition"
    shutil.copytree(org.folder, folder)
    file = folder / "examples.yaml"
    text = file.read_text()
    assert text.count("expect: {score: 101, stage: mql") == 1
    file.write_text(text.replace("expect: {score: 101, stage: mql", "expect: {score: 77, stage: customer"))
    line = next(n for n, row in enumerate(file.read_text().splitlines(), start=1) if "score: 77" in row)
    org.folder = folder
    done = org.here("validate", "--examples")
    assert done.code == 78
    assert done.out == ""
    assert f"examples.yaml:{line}" in done.err
    assert "expected 77, found 101" in done.err
    assert "expected customer, found mql" in done.err
    assert "1 of 13 examples do not hold" in done.err


def imported_by(*words: str) -> set[str]:
    """Which of the heavy packages a command brings in."""
    code = (
        "import sys\nfrom leadledger.cli.main import _run\n"
        f"code = _run({list(words)!r})\nassert code == 0, code\n"
        f"print('IMPORTED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return set(process.stdout.split("IMPORTED")[-1].split())


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help") == set()
    assert imported_by("--version") == set()


def test_validate_needs_neither_database_nor_network_library() -> None:
    heavy = imported_by("validate", "-c", str(MAPPINGS / "salesforce"))
    assert heavy & {"duckdb", "requests", "numpy", "numba", "simple_salesforce", "hubspot"} == set()


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("plan", "--help"), ("sandbox", "serve", "--help")])
def test_help_tells_what_a_command_does(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    from leadledger.cli.main import _run

    assert _run(list(words)) == 0
    shown = capsys.readouterr()
    assert "Usage: leadledger" in shown.out
    assert shown.err == ""


def test_no_option_of_any_command_takes_a_secret() -> None:
    import click

    from leadledger.cli.main import COMMANDS, cli

    def options(command: click.Command) -> Iterator[str]:
        yield from (name for param in command.params for name in param.opts)
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                child = command.get_command(click.Context(command), name)
                assert child is not None
                yield from options(child)

    names = set(options(cli))
    assert len(names) > len(COMMANDS)
    assert not [name for name in names for word in ("secret", "token", "password", "key") if word in name]


# The sandbox as a command


@pytest.mark.parametrize("crm", ["hubspot"])
def test_the_sandbox_command_writes_the_variables_that_point_a_run_at_it(org: Org) -> None:
    variables = org.home / "sandbox.env"
    process = org.start(
        "sandbox", "serve", "--port", "0", "--people", "20", "--crm", "hubspot", "--env-file", str(variables)
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        printed = dict(line.strip().split("=", 1) for line in lines)
        assert printed.keys() == {"LEADLEDGER_HUBSPOT__URL", "LEADLEDGER_HUBSPOT__TOKEN"}
        assert dict(line.split("=", 1) for line in variables.read_text().splitlines()) == printed
        assert variables.stat().st_mode & 0o077 == 0, "it holds a token"
        org.variables = printed
        plan: dict[str, Any] = org.here("plan", "--json").result
        assert plan["counts"]["people"] > 10
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
