"""What made a transition, in words that an admin finds again in lifecycle.yaml."""

from __future__ import annotations

from typing import assert_never

from leadledger.domain.conditions import in_words
from leadledger.domain.instants import span_in_words
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    AssignedTrigger,
    ConvertedTrigger,
    DealTrigger,
    FactTrigger,
    HandRaiseTrigger,
    Signal,
    StatusTrigger,
    TimerTrigger,
)
from leadledger.domain.scoring import EngagementRule


def signal_in_words(signal: Signal | EngagementRule | None) -> str:
    """`deal: won`, `status: Status becomes Accepted`."""
    match signal:
        case None | EngagementRule() | HandRaiseTrigger():
            return "hand_raise"
        case ActivityTrigger(when):
            return f"activity: {in_words(when)}"
        case StatusTrigger(field, becomes):
            return f"status: {field} becomes {' or '.join(becomes)}"
        case FactTrigger(fact, becomes):
            return f"fact: {fact} becomes {' or '.join(becomes)}"
        case DealTrigger(event):
            return f"deal: {event}"
        case ConvertedTrigger():
            return "converted"
        case AssignedTrigger():
            return "assigned"
        case AcceptedTrigger():
            return "accepted"
        case _:
            assert_never(signal)


def timer_in_words(timer: TimerTrigger) -> str:
    """`after 14d in mql without accepted`."""
    kind = " of business time" if timer.business else ""
    without = " or ".join(signal_in_words(signal) for signal in timer.without)
    words = f"after {span_in_words(timer.span)}{kind} in {' or '.join(timer.stages)}"
    return f"{words} without {without}" if without else words
