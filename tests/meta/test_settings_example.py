"""deploy/leadledger.env.example names every setting, with its default."""

from __future__ import annotations

from pathlib import Path

from leadledger.settings import example

FILE = Path(__file__).resolve().parents[2] / "deploy" / "leadledger.env.example"


def test_the_example_environment_is_current() -> None:
    refresh = "python -c 'from leadledger.settings import example; print(example(), end=\"\")' > deploy/leadledger.env.example"

    assert FILE.read_text(encoding="utf-8") == example(), f"refresh it: {refresh}"
