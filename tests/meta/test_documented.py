"""What the code has, the reference names: exit codes, dependencies, log events. And no more than that."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from leadledger import __version__
from leadledger.errors import ExitCode
from leadledger.logs import EVENTS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def first_cells(page: str) -> list[list[str]]:
    """The rows of a page's tables as lists of cells, without the heads."""
    lines = (REFERENCE / page).read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
    heads = {k for k, row in enumerate(rows[1:]) if set("".join(row)) <= set("-: ")}
    return [row for k, row in enumerate(rows) if k not in heads and k - 1 not in heads]


def name(requirement: str) -> str:
    """The package of a requirement."""
    return re.split(r"[^\w.-]", requirement)[0]


def test_every_exit_code_is_documented_by_number_and_name() -> None:
    told = {(row[0], row[1]) for row in first_cells("exit-codes.md")}

    assert told == {(str(code.value), code.name) for code in ExitCode}


def test_every_runtime_dependency_is_documented_with_a_reason() -> None:
    declared = {
        *PROJECT["dependencies"],
        *(d for extra in PROJECT["optional-dependencies"].values() for d in extra),
    }

    told = {row[0]: row[1] for row in first_cells("dependencies.md")}

    assert set(told) == {name(requirement) for requirement in declared}
    assert [package for package, reason in told.items() if len(reason) < 20] == []


def test_every_log_event_is_documented_with_its_meaning() -> None:
    told = {row[0]: row[1] for row in first_cells("log-events.md")}

    assert told == dict(EVENTS)


def test_every_event_that_the_code_logs_is_listed() -> None:
    source_events = {
        found
        for path in (ROOT / "src").rglob("*.py")
        for found in re.findall(r'log\.\w+\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }

    assert source_events == set(EVENTS)


def test_the_version_is_the_same_in_package_project_and_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert PROJECT["version"] == __version__
    assert re.search(rf"^## \[{re.escape(__version__)}\]", changelog, re.MULTILINE)
