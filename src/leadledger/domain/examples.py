"""The admin's own tests as frozen values: what goes in, what must come out, and where each stands in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadledger.domain.conditions import Scalar
from leadledger.domain.lifecycle import DealEvent

Expected = Scalar | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ExampleActivity:
    """Something the person did. Origin and intent are those of the activity's source where not given."""

    type: str
    at_us: int
    asset: str | None = None
    campaign: str | None = None
    origin: str = "marketing"
    intent: str = "none"
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExampleStatus:
    """A CRM field that somebody set."""

    field: str
    becomes: str
    at_us: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExampleDeal:
    """Something that happened to a deal of the person."""

    event: DealEvent
    at_us: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class ExampleStage:
    """A stage that somebody set in the CRM."""

    stage: str
    at_us: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One example. `facts`: by fact name, None for not known. `expect`: computed value -> what it must be.

    In `expect`, the dates of stages, `stage_since` and `next_change_at` are microseconds UTC; `missing_facts` is a tuple, in any
    order; None means that there is none. `excluded` may stand there too.
    """

    name: str
    crm: str
    object: str
    facts: Mapping[str, Scalar | None]
    activities: tuple[ExampleActivity, ...]
    statuses: tuple[ExampleStatus, ...]
    deals: tuple[ExampleDeal, ...]
    as_of_us: int
    expect: Mapping[str, Expected]
    file: str
    line: int
    expect_lines: Mapping[str, int]
    """Computed value -> the line of its expectation."""
    converted_us: int | None = None
    """When the person's lead was converted."""
    assigned_us: tuple[int, ...] = ()
    """When the person got an owner, each time."""
    stages: tuple[ExampleStage, ...] = ()
    """The stages that somebody set, in the order of the file."""
