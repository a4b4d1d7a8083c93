"""A person's engagement at an instant: awards that still count, caps, the floor's gift, the maximum."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import ACTIVE, EXTRA, GIFT, PENALTY
from leadledger.engine.fold.worth import is_over, is_spent, worth
from leadledger.engine.tables import (
    C_POINTS,
    C_RULE,
    CATEGORY,
    DECAY,
    DECAY_NONE,
    HAS_MAX,
    HAS_MIN,
    MAX,
    MAX_POINTS,
    MIN,
    NEGATIVE,
)


@part_of_the_fold
def clipped(value: int, cap: int) -> int:
    """A rule's sum within its own cap, which bounds the amount in either direction; a negative cap is none."""
    if cap < 0:
        return value
    return max(-cap, min(cap, value))


@part_of_the_fold
def bounded(value: int, category: Any) -> int:
    """A category's sum within its bounds."""
    if category[HAS_MAX] and value > category[MAX]:
        value = category[MAX]
    elif category[HAS_MIN] and value < category[MIN]:
        value = category[MIN]
    return value


@part_of_the_fold
def forgive_no_more(e: int, takes: int, lists: Any, state: Any) -> None:
    """A penalty that takes only so much by now: what the floor gave for it is not more than that."""
    if lists.forgiven[e] > takes:
        state[GIFT] -= lists.forgiven[e] - takes
        lists.forgiven[e] = takes


@part_of_the_fold
def total_at(t: int, left: bool, program: Any, events: Any, lists: Any, state: Any) -> int:
    """The sum over categories at `t`, or its left limit, with all that does not decay; before floor and maximum.

    Awards of a rule hang in a list from `head[r]` through `later`; those that have ended are dropped from its
    front. Leaves the categories' sums, within their bounds, in `lists.sums`.
    """
    rules, codes, sums = program.rules, program.codes, lists.sums
    later, head, running = lists.later, lists.head, lists.running
    at, code = events.at, events.code
    sums[:] = 0
    k = 0
    while k < state[ACTIVE]:
        r = lists.active[k]
        e = head[r]
        while e >= 0 and is_spent(code[e], r, t - at[e], left, program):
            running[r] -= codes[code[e], C_POINTS]
            if codes[code[e], C_POINTS] < 0:
                forgive_no_more(e, 0, lists, state)
            e = later[e]
        head[r] = e
        if e < 0:  # the last one takes its place
            state[ACTIVE] -= 1
            lists.active[k] = lists.active[state[ACTIVE]]
            continue
        k += 1
        value = running[r]
        if rules[r, DECAY] != DECAY_NONE:
            value = 0
            while e >= 0:
                now = worth(code[e], r, t - at[e], left, program)
                value += now
                if rules[r, NEGATIVE] and codes[code[e], C_POINTS] < 0:
                    forgive_no_more(e, -now, lists, state)
                e = later[e]
        sums[rules[r, CATEGORY]] += clipped(value, rules[r, MAX_POINTS])
    total = 0
    for c in range(len(sums)):
        sums[c] = bounded(sums[c], program.categories[c])
        total += sums[c]
    return int(total + state[EXTRA])


@part_of_the_fold
def reflect(t: int, left: bool, total: int, program: Any, events: Any, lists: Any, state: Any) -> None:
    """Let the floor give what `total` is short of it, for the newest penalties that still count.

    What a penalty could not take is forgiven for good: it is remembered per award, because it must not come
    back as points when the penalty ends. A penalty that is forgiven in full, or over, is never asked again.
    """
    missing = program.floor - total - state[GIFT]
    if missing <= 0:
        return
    state[GIFT] += missing
    while missing > 0 and state[PENALTY] >= 0:
        e = state[PENALTY]
        r = program.codes[events.code[e], C_RULE]
        age = t - events.at[e]
        if not is_over(r, age, left, program):
            part = min(missing, -worth(events.code[e], r, age, left, program) - lists.forgiven[e])
            lists.forgiven[e] += part
            missing -= part
            if missing == 0:
                return
        state[PENALTY] = lists.before[e]


@part_of_the_fold
def value_at(t: int, left: bool, program: Any, events: Any, lists: Any, state: Any) -> int:
    """Engagement at `t`, or its left limit; the floor has given what was missing."""
    total = total_at(t, left, program, events, lists, state)
    if program.penalties:
        reflect(t, left, total, program, events, lists, state)
    return int(min(total + state[GIFT], program.maximum))


@part_of_the_fold
def value_between(t: int, program: Any, events: Any, lists: Any, state: Any) -> int:
    """Engagement at an instant between two breakpoints, for a look only: nothing is given or remembered."""
    total = total_at(t, False, program, events, lists, state) + state[GIFT]
    return int(min(max(total, program.floor), program.maximum))
