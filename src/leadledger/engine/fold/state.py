"""The places of a person's state while walking, in one int64 array."""

from __future__ import annotations

(
    CURRENT, POSITION, SINCE, CYCLE,
    GIFT, EXTRA, DEDUCTED, DEDUCTIONS, NEXT_DEDUCTION, RESTORED,
    PENALTY, RESET_FROM,
    FRESH, WAS_BACK, ACCEPT_FROM, COOL_AT,
    SPENT, HELD, CANCELLED, FIRED, ENTERED_NOW,
    LATE_SIGNALS, LATE_LEVELS,
    WRITTEN, FULL, FALLS, AHEAD, DUE, VALUE,
    ACTIVE, IN_DEBT,
) = range(31)  # fmt: skip
"""Stage, forward position, since when, cycles opened; what the floor gave, what does not decay (deductions, adds,
restored), deductions alone, how many, when the next is due, restored alone; newest penalty that can still be
forgiven, first event after the last reset; awards since the last side stage or move back, whether there
was one, from when on a sale's activity accepts, when level triggers may lead out of the side stage; bit sets of the
level triggers that are spent or held, of the timers that are cancelled or fired, of the stages entered at this
instant; of the stages that late evidence leads to; transitions written, "buffer full", comparisons that a falling
value can change, 1 after `as_of`, the instant of the first change after it, the value at `as_of`;
rules with awards that count, whether the value may be below the floor."""
