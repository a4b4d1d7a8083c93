"""Fixtures for everybody: no network but loopback, a clean LEADLEDGER_ environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from builders import World

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("LEADLEDGER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def world() -> Iterator[World]:
    """Empty raw tables."""
    made = World()
    yield made
    made.close()
