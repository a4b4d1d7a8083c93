"""Definitions for tests: the small one, with the files of a case laid over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def laid_over_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """A function: a case's folder -> the small definition with the case's files in place of its own.

    `absent.txt` in a case names files to leave out, `folder.txt` those to make a folder of, and `padded.txt`
    those to fill up beyond 1 MiB. The path is relative, as people give it on the command line.
    """
    monkeypatch.chdir(tmp_path)

    def lay(case: Path) -> Path:
        target = Path("definition")
        target.mkdir()
        for file in [*(HERE / "small").glob("*.yaml"), *case.glob("*.y*ml")]:
            copy(file, target / file.name)
        for name in _names(case / "absent.txt"):
            (target / name).unlink()
        for name in _names(case / "folder.txt"):
            (target / name).unlink()
            (target / name).mkdir()
        for name in _names(case / "padded.txt"):
            with (target / name).open("a", encoding="utf-8") as file:
                file.write("# filled up\n" * 100_000)
        return target

    return lay


def _names(file: Path) -> list[str]:
    return file.read_text("utf-8").split() if file.exists() else []
