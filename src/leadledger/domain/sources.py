"""Where people, activities and their facts come from in each CRM, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadledger.domain.conditions import Condition


@dataclass(frozen=True, slots=True)
class PeopleSource:
    """One CRM object whose rows are people: `facts` maps fact names to fields of the row.

    A field path that begins with the CRM's name for the account (`Account.Industry`, `company.industry`) is
    read from the person's account. `where` keeps only the rows that meet it.
    """

    crm: str
    object: str
    facts: Mapping[str, str]
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class ActivitySource:
    """Rows of one stream that become activities of one canonical type.

    The entries of a stream are tried in order; the first whose `when` holds names the activity. `at`, `asset`,
    `campaign`, `person` and `attributes` name fields of the row. `at` is None where the stream itself knows the
    time (history, submissions). `asset_text` is a fixed asset instead of a field.
    """

    crm: str
    stream: str
    type: str
    when: Condition | None = None
    at: str | None = None
    person: str | None = None
    asset: str | None = None
    campaign: str | None = None
    origin: str = "marketing"
    intent: str = "none"
    attributes: Mapping[str, str] = field(default_factory=dict)
    property: str | None = None
    """For a history stream: the property whose changes are the activities; its new value is the asset."""


@dataclass(frozen=True, slots=True)
class Normalise:
    """How one fact is brought into one form: `email`, `iso_country`, or a mapping of spellings."""

    kind: str
    map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes records one person: the same normalised e-mail, unless its domain is listed.

    `plus_tags`: `ana+news@acme.com` is another address than `ana@acme.com`. `references` name facts that hold the
    id of the same person's record in the other CRM. `same_activity` (microseconds): activities of a person from
    different streams with equal type and asset, this close to each other, are one.
    """

    by_email: bool = True
    ignore_domains: tuple[str, ...] = ()
    plus_tags: bool = True
    references: tuple[str, ...] = ()
    same_activity: int = 0
