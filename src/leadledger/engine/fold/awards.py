"""What becomes of the activities of one instant: gates, bursts, limits, awards, and what they set off."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.clock import same_unit
from leadledger.engine.fold.conditions import holds
from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import (
    ACCEPT_FROM,
    ACTIVE,
    CANCELLED,
    DEDUCTED,
    DEDUCTIONS,
    EXTRA,
    FRESH,
    GIFT,
    IN_DEBT,
    NEXT_DEDUCTION,
    PENALTY,
    RESET_FROM,
    RESTORED,
)
from leadledger.engine.tables import (
    AUTO,
    AWARDED,
    BURST,
    C_POINTS,
    C_ROLE,
    C_RULE,
    GATE,
    GATE_LENGTH,
    KIND_HAND_RAISE,
    KIND_SIGNAL,
    LIMIT,
    LIMIT_EVER,
    LIMIT_NONE,
    LIMIT_ROLLING,
    LIMITED,
    MATERIAL,
    PER,
    RESET,
    ROLE_ACCEPTED,
    ROLE_COUNTS,
    ROLE_RESET,
    TIMES,
    WITHIN,
)


@part_of_the_fold
def note(stage_set: int, kind_of: int, argument: int, event: int, why: Any) -> None:
    """Remember what triggered these stages, should one of them be entered."""
    for s in range(len(why)):
        if stage_set & (1 << s):
            why[s, 0], why[s, 1], why[s, 2] = kind_of, argument, event


@part_of_the_fold
def within_limit(before: int, t: int, kind: int, per: int, program: Any) -> bool:
    """Whether an award at `before` is far enough from `t`."""
    if kind == LIMIT_ROLLING:
        return before <= t - per
    if kind == LIMIT_EVER:
        return False
    return not same_unit(before, t, kind, program)


@part_of_the_fold
def may_award(e: int, r: int, program: Any, events: Any, lists: Any) -> bool:
    """Whether the rule is below its limit: its `times`-th latest award must lie outside the span of this event."""
    kind, times = program.rules[r, LIMIT], program.rules[r, TIMES]
    if kind == LIMIT_NONE or lists.awarded[r] < times:
        return True
    before = lists.ring[program.ring[r] + lists.awarded[r] % times]
    return within_limit(events.at[before], events.at[e], kind, program.rules[r, PER], program)


@part_of_the_fold
def completes_burst(e: int, r: int, program: Any, events: Any, lists: Any) -> bool:
    """Whether this is the n-th unused activity inside the span; then they are used up."""
    times, within = program.rules[r, BURST], program.rules[r, WITHIN]
    heap, first, stock = lists.heap, program.heap[r], lists.stock[r]
    gone = 0
    while gone < stock and events.at[heap[first + gone]] <= events.at[e] - within:
        gone += 1
    stock -= gone
    if stock + 1 == times:
        lists.stock[r] = 0
        return True
    for k in range(stock):
        heap[first + k] = heap[first + k + gone]
    heap[first + stock] = e
    lists.stock[r] = stock + 1
    return False


@part_of_the_fold
def award(e: int, r: int, program: Any, events: Any, awards: Any, lists: Any, state: Any) -> None:
    """Hang an award into its rule's list."""
    awards[e] = AWARDED
    if program.rules[r, LIMIT] != LIMIT_NONE:
        lists.ring[program.ring[r] + lists.awarded[r] % program.rules[r, TIMES]] = e
    lists.awarded[r] += 1
    lists.later[e] = -1
    lists.forgiven[e] = 0
    if lists.head[r] < 0:
        lists.head[r] = e
        lists.active[state[ACTIVE]] = r
        state[ACTIVE] += 1
    else:
        lists.later[lists.tail[r]] = e
    lists.tail[r] = e
    points = program.codes[events.code[e], C_POINTS]
    lists.running[r] += points
    if points < 0:
        lists.before[e] = state[PENALTY]
        state[PENALTY] = e
        state[IN_DEBT] = 1
    state[FRESH] += 1


@part_of_the_fold
def try_rule(
    e: int,
    r: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> bool:
    """Award an activity that meets the rule, or say in `awards` why not."""
    rules = program.rules
    gate = rules[r, GATE_LENGTH]
    if gate > 0 and not holds(rules[r, GATE], gate, 0, p, program, people, lists, state):
        return False
    if rules[r, BURST] > 0 and not completes_burst(e, r, program, events, lists):
        awards[e] = MATERIAL
        return False
    if not may_award(e, r, program, events, lists):
        awards[e] = LIMITED
        return False
    award(e, r, program, events, awards, lists, state)
    return True


@part_of_the_fold
def take_activities(
    i: int,
    end: int,
    t: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> tuple[int, int, int]:
    """Award, or refuse, all activities of one instant; then reset, if one of them asks for it.

    Returns (next event, bit set of the stages they trigger, newest award or -1). They act together: triggers
    see the value after the last one.
    """
    codes, why = program.codes, lists.why
    signals, newest = 0, -1
    resets = False
    while i < end and events.at[i] == t and events.code[i] < len(codes):
        code = events.code[i]
        role = codes[code, C_ROLE]
        heard = True
        if role == ROLE_RESET:
            resets = True
        elif role == ROLE_COUNTS:
            state[NEXT_DEDUCTION] = t + program.inactivity[1]
        elif role == ROLE_ACCEPTED:
            heard = 0 <= state[ACCEPT_FROM] < t
            if heard:
                state[ACCEPT_FROM] = -1
        if heard:
            state[CANCELLED] |= program.cancels[code]
            if program.signals[code]:
                signals |= program.signals[code]
                note(program.signals[code], KIND_SIGNAL, code, i, why)
        r = codes[code, C_RULE]
        if r >= 0 and try_rule(i, r, p, program, events, people, awards, lists, state):
            newest = i
            if program.rules[r, AUTO]:
                signals |= program.hand_raise
                state[CANCELLED] |= program.hand_raise_cancels
                note(program.hand_raise, KIND_HAND_RAISE, r, i, why)
        i += 1
    if resets:
        reset(i, awards, lists, state)
    return i, signals, newest


@part_of_the_fold
def reset(next_event: int, awards: Any, lists: Any, state: Any) -> None:
    """From here on only later awards count; what does not decay is gone as well."""
    for k in range(state[RESET_FROM], next_event):
        if awards[k] == AWARDED:
            awards[k] = RESET
    forget(lists, state)
    state[RESET_FROM] = next_event


@part_of_the_fold
def forget(lists: Any, state: Any) -> None:
    """No award counts, and nothing that does not decay."""
    lists.head[:] = -1
    lists.tail[:] = -1
    lists.running[:] = 0
    lists.added[:] = 0
    state[ACTIVE] = 0
    state[IN_DEBT] = 0
    state[GIFT] = 0
    state[EXTRA] = 0
    state[DEDUCTED] = 0
    state[DEDUCTIONS] = 0
    state[RESTORED] = 0
    state[PENALTY] = -1
