"""What no file of the repository may hold: a registry's address, a path of one machine, a link to nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREES = (".ci", "benchmarks", "deploy", "docs", "mappings", "src", "tests")
LOCKS = ("requirements.lock", "requirements-dev.lock")
# Written so that this file does not hold what it looks for.
REGISTRY = re.compile(r"--(?:extra-)?[i]ndex-url|--[f]ind-links|[p]ypi\.org|python[h]osted\.org|file:/[/]/")
MACHINE = re.compile(r"(?<![\w.:/}])/(?:[h]ome|[U]sers|[r]oot|[w]ork|[f]arm)/\w")


def files() -> Iterator[Path]:
    """Every text file that belongs to the repository."""
    for path in sorted([*ROOT.iterdir(), *(p for tree in TREES for p in (ROOT / tree).rglob("*"))]):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".coverage"):
            yield path


def found(pattern: re.Pattern[str]) -> list[str]:
    """Every place of a pattern, as `file:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRY) == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert found(MACHINE) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_every_package_by_hash_and_has_no_address(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()

    pins = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]

    assert pins
    assert [line for line in lines if "://" in line] == []
    assert [lines[n] for n in pins if "==" not in lines[n] or "--hash=sha256:" not in lines[n + 1]] == []


def test_the_development_lock_holds_the_runtime_lock() -> None:
    runtime, development = (
        {
            line.removesuffix(" \\")
            for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
            if "==" in line
        }
        for lock in LOCKS
    )

    assert runtime - development == set()


def test_every_link_between_documents_leads_somewhere() -> None:
    dead = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]

    assert dead == []
