"""Orgs for the fault tests: each test gets its own sandbox, port and state directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import CRMS, Org, Stories


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """Made once per worker."""
    return Stories(tmp_path_factory.mktemp("stories"))


@pytest.fixture(params=CRMS)
def crm(request: pytest.FixtureRequest) -> str:
    """Both CRMs, one after the other."""
    name: str = request.param
    return name


@pytest.fixture
def org(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """An org that we have never met."""
    made = stories.open(crm, tmp_path / "home", applied=False)
    yield made
    made.sandbox.stop()


@pytest.fixture
def settled(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """An org whose first plan was written."""
    made = stories.open(crm, tmp_path / "home", applied=True)
    yield made
    made.sandbox.stop()
