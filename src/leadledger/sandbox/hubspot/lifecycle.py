"""What HubSpot does when a lifecycle stage changes: forward only, and a stamp for each stage entered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from leadledger.sandbox.hubspot.records import Record, Source
from leadledger.sandbox.hubspot.stamps import stamp

STAGE = "lifecyclestage"
_CALCULATED = Source("CALCULATED", "lifecycle-stage")


def moves_backward(order: Mapping[str, int], from_: str, to: str) -> bool:
    """Whether a stage lies before the current one in display order. Clearing is never backward."""
    return bool(from_ and to) and order.get(to, 0) < order.get(from_, 0)


def set_stage(
    record: Record,
    stage: str,
    source: Source,
    at_ms: int,
    *,
    definitions: Collection[str],
    keep_dates: bool,
    cleared: str | None,
) -> None:
    """Enter a stage, or leave all of them with an empty text, and keep the stamps about it.

    `definitions` are the names of the properties that exist: `hs_lifecyclestage_*_date` does so for the
    eight default stages only. With `keep_dates` the first time of entering a stage is never overwritten.
    """
    left = record.value(STAGE)
    if stage == left:
        return
    record.set(STAGE, stage, source, at_ms, cleared=cleared)
    now = stamp(at_ms)
    changes = {}
    if left:
        changes[f"hs_v2_date_exited_{left}"] = now
    changes["hs_v2_date_entered_current_stage"] = now if stage else ""
    if stage:
        for name in (f"hs_lifecyclestage_{stage}_date", f"hs_v2_date_entered_{stage}"):
            if not (keep_dates and record.value(name)):
                changes[name] = now
    for name, value in changes.items():
        if name in definitions:
            record.set(name, value, _CALCULATED, at_ms)
