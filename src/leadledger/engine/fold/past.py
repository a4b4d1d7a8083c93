"""The frozen past: how the ledger's entries are walked again, and what waits for its end."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.levels import rearm
from leadledger.engine.fold.stages import settle
from leadledger.engine.fold.state import LATE_LEVELS, LATE_SIGNALS, SINCE
from leadledger.engine.fold.value import value_at
from leadledger.engine.tables import AS_INFERRED, NO_STAGE, SIDE


@part_of_the_fold
def replay(
    f: int,
    stop: int,
    value: int,
    next_event: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    frozen: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> int:
    """Settle the ledger's transitions from `f` up to `stop`, and return `stop`.

    Late evidence for a stage that was reached, or left behind, after it leads nowhere any more.
    """
    stages = program.stages
    for k in range(f, stop):
        s = frozen.stage[k]
        settle(
            s, frozen.at[k], frozen.moves[k], frozen.counts[k], value, next_event,
            p, program, events, people, awards, lists, state,
        )  # fmt: skip
        value = value_at(frozen.at[k], False, program, events, lists, state)
        rearm(value, p, program, people, lists, state)
        if frozen.moves[k] == AS_INFERRED:
            continue
        for passed in range(len(stages)):
            if stages[passed, SIDE] == 1 or (stages[s, SIDE] == 0 and passed <= s):
                state[LATE_SIGNALS] &= ~(1 << passed)
                state[LATE_LEVELS] &= ~(1 << passed)
    return stop


@part_of_the_fold
def behind_levels(f: int, f_end: int, t: int, frozen: Any) -> int:
    """Behind the ledger's next entries at `t` that level triggers made: they belong to the signal before them."""
    while f < f_end and frozen.at[f] == t and frozen.by_level[f]:
        f += 1
    return f


@part_of_the_fold
def replay_end(goal: int, f: int, f_end: int, t: int, frozen: Any) -> int:
    """Behind the ledger's entry into `goal` at `t`, or `f` when it holds none; for NO_STAGE behind all of `t`."""
    k = f
    while k < f_end and frozen.at[k] == t:
        k += 1
        if frozen.stage[k - 1] == goal and frozen.moves[k - 1] != AS_INFERRED:
            return behind_levels(k, f_end, t, frozen)
    return k if goal == NO_STAGE else f


@part_of_the_fold
def wait(goal: int, signals: int, levels: int, state: Any, why: Any, late: Any) -> None:
    """Remember a stage that would have been entered inside the frozen past, with its first evidence."""
    bit = 1 << goal
    if not (state[LATE_SIGNALS] | state[LATE_LEVELS]) & bit:
        late[goal, 0], late[goal, 1], late[goal, 2] = why[goal, 0], why[goal, 1], why[goal, 2]
    state[LATE_SIGNALS] |= signals & bit
    state[LATE_LEVELS] |= levels & bit


@part_of_the_fold
def entered_last(lists: Any, state: Any) -> int:
    """Bit set of the stages that were entered at the instant of the latest entry.

    A level trigger into one that was left at once still holds: no award that came late makes it true.
    """
    stages = 0
    for s in range(len(lists.entered_at)):
        if lists.entered_at[s] >= 0 and lists.entered_at[s] == state[SINCE]:
            stages |= 1 << s
    return stages
