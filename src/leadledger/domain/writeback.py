"""Which computed value goes into which CRM field, and who wins when they differ. Semantics section 6."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """`own`: ours, corrected when it drifts. `yield`: people win. `fill`: only into an empty field.
    `never_lower`: a larger value in the CRM stays.
    """

    OWN = "own"
    YIELD = "yield"
    FILL = "fill"
    NEVER_LOWER = "never_lower"


COMPANIONS = frozenset(
    {"stamp", "reasons", "why_now", "next_change_at", "missing_facts", "completeness", "definition_version"}
)
"""Values that explain a write. They go along with another change and never cause a write of their own, so that
a decaying score does not rewrite its reasons every day."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One CRM field and the computed value that goes into it.

    `min_change` (points) and `at_most_every` (microseconds) hold back small and frequent changes of a number.
    `values` translates (stage ids to picklist values); a value that it does not list is written as it is.
    """

    field: str
    value: str
    policy: Policy = Policy.OWN
    min_change: float | None = None
    at_most_every: int | None = None
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """The field mappings of one CRM object."""

    crm: str
    object: str
    fields: tuple[FieldMapping, ...]

    def mapping(self, value: str) -> FieldMapping | None:
        """The first mapping of a computed value, if there is one."""
        return next((mapping for mapping in self.fields if mapping.value == value), None)
