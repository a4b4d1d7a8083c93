"""A write as the ledger sees it: an intent before the request, an outcome after it. See design of delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leadledger.domain.records import RecordRef


class IntentState(StrEnum):
    """planned -> sent | abandoned; sent -> confirmed | refused | unknown; unknown -> confirmed | sent | abandoned | conflict."""

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ABANDONED = "abandoned"
    CONFLICT = "conflict"

    @property
    def open(self) -> bool:
        """Whether the CRM must still be asked what became of it."""
        return self in {IntentState.PLANNED, IntentState.SENT, IntentState.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Intent:
    """One row that is to be written: absolute target values, never increments.

    `stamp` is `v1:<write id>:<entries>:<definition>`, written in the same request where a field is mapped for it;
    the write id is the same in every attempt to apply one plan to one record, the intent id is not. `expected` holds the values read just before.
    """

    intent_id: str
    run_id: str
    person_id: str
    record: RecordRef
    expected: Mapping[str, str | None]
    target: Mapping[str, str | None]
    stamp: str
    state: IntentState = IntentState.PLANNED
    reason: str = ""
    sent_at_us: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the CRM said about one row of a write. `unknown` means: no trustworthy answer."""

    record: RecordRef
    state: IntentState
    """CONFIRMED, REFUSED or UNKNOWN."""
    reason: str = ""
    """The CRM's own error code and message for a refusal, without record content."""
    values: Mapping[str, str | None] | None = None
    """What the CRM holds now, where the answer tells (HubSpot)."""
    modified_us: int = 0
