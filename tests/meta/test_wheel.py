"""What is in the wheel: a forgotten data file is found here and not by the first user."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return zipfile.Path(next(folder.glob("*.whl")))


def expected(folder: Path, prefix: str) -> set[str]:
    """Files below a folder as the wheel should name them."""
    return {
        prefix + path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_the_package_and_the_presets(wheel: zipfile.Path) -> None:
    names = set(wheel.root.namelist())

    assert expected(SOURCES, "") - names == set()
    assert expected(ROOT / "mappings", "leadledger/mappings/") - names == set()


def test_the_wheel_holds_nothing_else(wheel: zipfile.Path) -> None:
    names = {name for name in wheel.root.namelist() if ".dist-info/" not in name and not name.endswith("/")}

    assert names - expected(SOURCES, "") - expected(ROOT / "mappings", "leadledger/mappings/") == set()


@pytest.mark.parametrize(
    "name",
    [
        "leadledger/py.typed",
        "leadledger/stores/migrations/0001_ledger.sql",
        "leadledger/mappings/salesforce/leadledger.yaml",
        "leadledger/mappings/hubspot/leadledger.yaml",
        "leadledger/mappings/schema/scoring.json",
    ],
)
def test_a_file_that_a_user_needs_is_in_the_wheel(wheel: zipfile.Path, name: str) -> None:
    assert name in wheel.root.namelist()


def test_the_wheel_carries_its_licence(wheel: zipfile.Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.root.namelist())
