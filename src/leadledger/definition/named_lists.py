"""The lists that a condition may name instead of writing them out: `{fact: email_domain, not_in: freemail}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from leadledger.domain.conditions import Scalar

NAMES = ("freemail",)


@cache
def named_list(name: str) -> tuple[str, ...]:
    """The entries of a shipped list, sorted. Raises KeyError for a name that is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    text = files("leadledger.definition").joinpath("lists", f"{name}.txt").read_text("utf-8")
    return tuple(sorted({line for line in text.splitlines() if line and not line.startswith("#")}))


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one definition: its own (`lists` of scoring.yaml), and those that leadledger brings."""

    own: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """What a condition may name."""
        return (*NAMES, *self.own)

    def entries(self, name: str) -> tuple[Scalar, ...]:
        """The entries of a list. Raises KeyError."""
        return self.own[name] if name in self.own else named_list(name)


SHIPPED = Lists()
"""Only the lists that leadledger brings."""
