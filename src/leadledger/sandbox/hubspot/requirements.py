"""The admin's validation rules ("conditional required properties") that HubSpot enforces from 2026-09 on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.sandbox.hubspot.errors import BadValue

_DATED = re.compile(r"20\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Requirement:
    """When a record of `object` has `value` in `property`, then `required` must not be empty."""

    object: str
    property: str
    value: str
    required: str


def is_enforced(version: str) -> bool:
    """Whether a version segment checks the rules.

    2026-09 and later do, v3 and 2026-03 do not (changelog/crm-api-write-validation-enforcement).
    """
    return bool(_DATED.match(version)) and version[:7] >= "2026-09"


def unmet(requirements: Sequence[Requirement], object_: str, after: Mapping[str, str]) -> list[BadValue]:
    """The rules that a record would break with the values that it has after a write."""
    return [
        BadValue(
            rule.required,
            "REQUIRED_PROPERTY_MISSING",
            f'Property "{rule.required}" is required when "{rule.property}" is "{rule.value}"',
        )
        for rule in requirements
        if rule.object == object_ and after.get(rule.property) == rule.value and not after.get(rule.required)
    ]
