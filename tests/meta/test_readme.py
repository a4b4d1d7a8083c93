"""The README is short, and every command in it exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.strip().split("#")[0].strip() for line in README.splitlines() if line.startswith("    ")]
VERBS = ("validate", "plan", "apply", "run", "explain", "status", "sandbox", "demo", "version")
LEADLEDGER = Path(sys.executable).with_name("leadledger")


def help_of(*words: str) -> str:
    """What `--help` says; fails when there is no such command."""
    done = subprocess.run(
        [LEADLEDGER, *words, "--help"], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_fits_one_screen() -> None:
    assert len(README.splitlines()) <= 45


def test_every_make_target_of_the_readme_exists() -> None:
    asked = {shlex.split(command)[1] for command in COMMANDS if command.startswith("make ")}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert {"demo", "test"} <= asked
    assert asked <= targets


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("leadledger ")])
def test_every_command_of_the_readme_exists_with_its_options(command: str) -> None:
    words = shlex.split(command)[1:]
    verb = words[:2] if words[0] == "sandbox" else words[:1]

    told = help_of(*verb)

    assert {word for word in words if word.startswith("-")} <= set(re.findall(r"--?[a-z][a-z-]*", told))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_the_command_line_is_listed_and_explains_itself(verb: str) -> None:
    assert re.search(rf"^  {verb} ", help_of(), re.MULTILINE)
    assert "Usage:" in help_of(verb)


def test_the_readme_names_only_folders_and_files_that_are_there() -> None:
    named = re.findall(r"\b(?:mappings/\w+(?:\.md)?|docs/[\w./-]+)", README)

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
