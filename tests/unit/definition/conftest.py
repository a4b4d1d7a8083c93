"""The small definition as a folder that a test may change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from leadledger.definition.load import Loaded, load

TESTS = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small definition."""
    return copytree(TESTS / "mappings" / "small", tmp_path / "definition")


@pytest.fixture
def loaded_with(folder: Path) -> Callable[..., Loaded]:
    """A function: file texts by name (without .yaml) in place of the small definition's -> what `load` gives."""

    def loaded(**files: str) -> Loaded:
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return load(folder)

    return loaded
