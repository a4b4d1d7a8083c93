"""Which stage a signal leads to, and what entering one does."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.awards import reset, within_limit
from leadledger.engine.fold.clock import after_business_time
from leadledger.engine.fold.conditions import holds
from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import (
    ACCEPT_FROM,
    CANCELLED,
    COOL_AT,
    CURRENT,
    CYCLE,
    ENTERED_NOW,
    EXTRA,
    FIRED,
    FRESH,
    FULL,
    IN_DEBT,
    POSITION,
    RESTORED,
    SINCE,
    SPENT,
    WAS_BACK,
    WRITTEN,
)
from leadledger.engine.fold.value import value_at
from leadledger.engine.tables import (
    A_IF,
    A_IF_LENGTH,
    A_LIMIT,
    A_PER,
    A_POINTS,
    ADDS,
    ADDS_LENGTH,
    ANY_STAGE,
    AS_ADOPTED,
    AS_ENTRY,
    AS_INFERRED,
    AS_SET,
    COOLDOWN,
    COUNTER,
    FIRST,
    LENGTH,
    LIMIT_NONE,
    NEVER,
    NO_STAGE,
    REENTER,
    RESETS,
    RESTORE_WITHIN,
    RESTORES,
    ROUTES,
    SIDE,
    SOURCES,
    STAGE,
    STAMPED,
    T_BUSINESS,
    T_IN,
    T_SPAN,
)


@part_of_the_fold
def target(signals: int, levels: int, t: int, stages: Any, state: Any) -> int:
    """The stage that one signal leads to from here, or NO_STAGE.

    The highest forward stage above the present one; from a side stage, one that may be re-entered from it.
    Failing that, the first side stage that may be entered. Level triggers lead out of a side stage only after its
    cooldown, and into a forward stage, once the lead was aside or moved back, only after a new award.
    """
    current = state[CURRENT]
    aside = current >= 0 and stages[current, SIDE] == 1
    if aside and t < state[COOL_AT]:
        levels = 0
    if signals | levels == 0:
        return NO_STAGE
    reached = signals
    if not state[WAS_BACK] or state[FRESH] > 0:
        reached |= levels
    for s in range(len(stages) - 1, -1, -1):
        if stages[s, SIDE] == 1 or not reached & (1 << s):
            continue
        if aside:
            if stages[s, REENTER] & (1 << current):
                return s
        elif s > state[POSITION]:
            return s
    for s in range(len(stages)):
        if stages[s, SIDE] == 0 or s == current or not (signals | levels) & (1 << s):
            continue
        if stages[s, SOURCES] == ANY_STAGE or (current >= 0 and stages[s, SOURCES] & (1 << current)):
            return s
    return NO_STAGE


@part_of_the_fold
def is_back(s: int, stages: Any, state: Any) -> bool:
    """Whether a stage lies behind the present one on the way."""
    return bool(stages[s, SIDE] == 0 and s < state[POSITION])


@part_of_the_fold
def spend_side_levels(value: int, p: int, program: Any, people: Any, lists: Any, state: Any) -> None:
    """What a person chose is not undone by what holds already: only by what becomes true after it was false."""
    levels = program.levels
    for k in range(len(levels)):
        if program.stages[levels[k, STAGE], SIDE] == 1 and holds(
            levels[k, FIRST], levels[k, LENGTH], value, p, program, people, lists, state
        ):
            state[SPENT] |= 1 << k


@part_of_the_fold
def set_timers(t: int, program: Any, lists: Any, state: Any) -> None:
    """When the timers of the stage that was entered at `t` fire."""
    state[CANCELLED] = 0
    state[FIRED] = 0
    timers = program.timers
    for k in range(len(timers)):
        lists.fires[k] = NEVER
        if timers[k, T_IN] & (1 << state[CURRENT]):
            if timers[k, T_BUSINESS]:
                lists.fires[k] = after_business_time(t, timers[k, T_SPAN], program)
            else:
                lists.fires[k] = t + timers[k, T_SPAN]


@part_of_the_fold
def bring_in(
    s: int,
    t: int,
    next_event: int,
    before: int,
    held: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> None:
    """Reset, restore and add what entering `s` does.

    `before`, `held`: when the stage to restore from was last entered, and the engagement then.
    """
    stage = program.stages[s]
    if stage[RESETS] == 0 and stage[RESTORES] < 0 and stage[ADDS_LENGTH] == 0:
        return
    if stage[RESETS]:
        reset(next_event, awards, lists, state)
    value = value_at(t, False, program, events, lists, state)
    if stage[RESTORES] >= 0 and before >= 0 and t - before <= stage[RESTORE_WITHIN] and held > value:
        state[RESTORED] += held - value
        state[EXTRA] += held - value
        value = value_at(t, False, program, events, lists, state)
    for k in range(stage[ADDS], stage[ADDS] + stage[ADDS_LENGTH]):
        add = program.adds[k]
        if add[A_IF_LENGTH] > 0 and not holds(
            add[A_IF], add[A_IF_LENGTH], value, p, program, people, lists, state
        ):
            continue
        made_at = lists.added_at[k]
        limited = add[A_LIMIT] != LIMIT_NONE and made_at >= 0
        if limited and not within_limit(made_at, t, add[A_LIMIT], add[A_PER], program):
            continue
        lists.added[k] += add[A_POINTS]
        lists.added_at[k] = t
        state[EXTRA] += add[A_POINTS]
        if add[A_POINTS] < 0:
            state[IN_DEBT] = 1
        value = value_at(t, False, program, events, lists, state)


@part_of_the_fold
def settle(
    s: int,
    t: int,
    moves: int,
    counts: bool,
    value: int,
    next_event: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> None:
    """Be in stage `s` from `t` on, with what entering it does.

    The ledger of a merged person may hold a lower stage after a higher one: the higher one stands, unless a
    person chose the lower one.
    """
    stages = program.stages
    lists.entered[s] = 1
    if moves == AS_INFERRED:
        return
    if counts and stages[s, COUNTER] >= 0:
        lists.counted[stages[s, COUNTER]] += 1
        state[CYCLE] += 1
    back = is_back(s, stages, state)
    if back and moves != AS_SET:
        return
    from_stage = stages[s, RESTORES]
    before = lists.entered_at[from_stage] if from_stage >= 0 else -1
    held = lists.held[from_stage] if from_stage >= 0 else 0
    lists.entered_at[s] = t
    lists.held[s] = value
    state[ENTERED_NOW] |= 1 << s
    state[CURRENT], state[SINCE], state[POSITION] = s, t, s
    state[COOL_AT] = t
    chosen = moves == AS_SET or moves == AS_ADOPTED
    if chosen or stages[s, SIDE] == 1:
        state[WAS_BACK] = 1
        state[FRESH] = 0
    if stages[s, SIDE] == 1:
        state[POSITION] = -1
        state[COOL_AT] = t + stages[s, COOLDOWN]
    if stages[s, ROUTES] or not program.routes:
        state[ACCEPT_FROM] = t
    set_timers(t, program, lists, state)
    if not back and moves != AS_ADOPTED:
        bring_in(s, t, next_event, before, held, p, program, events, people, awards, lists, state)
    if chosen:
        value = value_at(t, False, program, events, lists, state)
        spend_side_levels(value, p, program, people, lists, state)


@part_of_the_fold
def write_transition(
    p: int, s: int, t: int, moves: int, counts: int, value: int, why: Any, state: Any, transitions: Any
) -> None:
    """One row of the output, or the flag that there is no room for it."""
    if state[WRITTEN] >= len(transitions):
        state[FULL] = 1
        return
    row = transitions[state[WRITTEN]]
    row[0], row[1], row[2], row[3] = p, s, state[CURRENT], t
    row[4], row[5], row[6] = why[0], why[1], why[2]
    row[7], row[8], row[9], row[10] = moves, state[CYCLE] + counts, value, counts
    state[WRITTEN] += 1


@part_of_the_fold
def enter(
    s: int,
    t: int,
    moves: int,
    value: int,
    next_event: int,
    p: int,
    why: Any,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
    transitions: Any,
) -> None:
    """Enter stage `s`; a forward stage that was skipped and never entered gets an inferred stamp first."""
    stages = program.stages
    if stages[s, SIDE] == 0 and moves != AS_ADOPTED:
        for skipped in range(state[POSITION] + 1, s):
            if stages[skipped, SIDE] == 0 and stages[skipped, STAMPED] and lists.entered[skipped] == 0:
                write_transition(p, skipped, t, AS_INFERRED, 0, value, why, state, transitions)
                lists.entered[skipped] = 1
    counts = stages[s, COUNTER] >= 0 and (
        moves == AS_ENTRY or (moves == AS_SET and not is_back(s, stages, state))
    )
    write_transition(p, s, t, moves, 1 if counts else 0, value, why, state, transitions)
    settle(s, t, moves, counts, value, next_event, p, program, events, people, awards, lists, state)
