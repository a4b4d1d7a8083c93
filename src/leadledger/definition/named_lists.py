"""The lists that a condition may name instead of writing them out: `{fact: email_domain, not_in: freemail}`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

NAMES = ("freemail",)


@cache
def named_list(name: str) -> tuple[str, ...]:
    """The entries of a shipped list, sorted. Raises KeyError for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    text = files("leadledger.definition").joinpath("lists", f"{name}.txt").read_text("utf-8")
    return tuple(sorted({line for line in text.splitlines() if line and not line.startswith("#")}))
