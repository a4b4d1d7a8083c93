"""The fold: one person's events in time order become points, stages, an explanation, and the next change to come.

One array kernel. numba compiles it where the extra `fast` is installed; without it the same functions run as
plain Python, with identical results. Contract: docs/explanation/semantics.md.
"""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.awards import forget, note, take_activities
from leadledger.engine.fold.breakpoints import next_breakpoint, next_fall, only_counts
from leadledger.engine.fold.explain import explain
from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.levels import hold_levels, reached_levels, rearm
from leadledger.engine.fold.past import behind_levels, entered_last, replay, replay_end, wait
from leadledger.engine.fold.stages import enter, target
from leadledger.engine.fold.state import (
    ACCEPT_FROM,
    AHEAD,
    CANCELLED,
    COOL_AT,
    CURRENT,
    CYCLE,
    DEDUCTED,
    DEDUCTIONS,
    DUE,
    ENTERED_NOW,
    EXTRA,
    FALLS,
    FIRED,
    FULL,
    HELD,
    IN_DEBT,
    LATE_LEVELS,
    LATE_SIGNALS,
    NEXT_DEDUCTION,
    POSITION,
    RESET_FROM,
    SINCE,
    SPENT,
    VALUE,
    WRITTEN,
)
from leadledger.engine.fold.value import value_at
from leadledger.engine.tables import (
    AS_ADOPTED,
    AS_ENTRY,
    AS_SET,
    F_ARGUMENT,
    F_BOUND,
    F_OP,
    KIND_ADOPTED,
    KIND_DEFINITION,
    KIND_LEVEL,
    KIND_SET,
    KIND_SIGNAL,
    KIND_TIMER,
    NEVER,
    NO_STAGE,
    OP_ENGAGEMENT,
    OP_SCORE,
    S_CHANGE,
    S_FIT,
    S_UNIT,
    SIDE,
    T_INTO,
)

_LATEST = 4_102_444_800_000_000
"""2100-01-01: nobody waits longer for a change."""


@part_of_the_fold
def deduct(t: int, value: int, program: Any, state: Any) -> None:
    """The deduction for a quiet period that is over, never below the floor."""
    if program.inactivity[0] == 0 or state[NEXT_DEDUCTION] != t:
        return
    taken = min(-program.inactivity[0], max(0, value - program.floor))
    if taken > 0:
        state[DEDUCTED] -= taken
        state[EXTRA] -= taken
        state[DEDUCTIONS] += 1
        state[IN_DEBT] = 1
    state[NEXT_DEDUCTION] += program.inactivity[2]


@part_of_the_fold
def look_again(
    t: int,
    entered_at: int,
    next_event: int,
    newest: int,
    p: int,
    program: Any,
    events: Any,
    people: Any,
    awards: Any,
    lists: Any,
    state: Any,
    transitions: Any,
) -> int:
    """After an entry at `entered_at`: level triggers once more, each stage at most once an instant. Returns the
    value.
    """
    while True:
        value = value_at(t, False, program, events, lists, state)
        rearm(value, p, program, people, lists, state)
        if t <= people.judged[p] and t != people.catch_up[p]:
            break
        levels = reached_levels(value, KIND_LEVEL, newest, 0, p, program, people, lists, state)
        goal = target(0, levels & ~state[ENTERED_NOW], t, program.stages, state)
        if goal < 0:
            break
        enter(
            goal, entered_at, AS_ENTRY, value, next_event, p, lists.why[goal],
            program, events, people, awards, lists, state, transitions,
        )  # fmt: skip
    return value


@part_of_the_fold
def differs(value: int, p: int, program: Any, people: Any, state: Any) -> bool:
    """Whether a mapped score or the classification shows something else than at the evaluation."""
    for k in range(len(program.shown)):
        unit, change = program.shown[k, S_UNIT], program.shown[k, S_CHANGE]
        fit = people.fit[p] if program.shown[k, S_FIT] else 0
        now = (2 * (value + fit) + unit) // (2 * unit)
        then = (2 * (state[VALUE] + fit) + unit) // (2 * unit)
        if abs(now - then) * unit >= change:
            return True
    for k in range(len(program.bands)):
        if (value >= program.bands[k]) != (state[VALUE] >= program.bands[k]):
            return True
    return False


@part_of_the_fold
def look_ahead(value: int, p: int, program: Any, people: Any, lists: Any, state: Any) -> None:
    """From here on nothing new comes: what is shown joins the comparisons that a falling value can change."""
    state[AHEAD], state[VALUE], state[DUE] = 1, value, 0
    n = len(program.falls)
    for k in range(len(program.shown)):
        unit, change = program.shown[k, S_UNIT], program.shown[k, S_CHANGE]
        with_fit = program.shown[k, S_FIT]
        fit = people.fit[p] if with_fit else 0
        steps = (change + unit - 1) // unit
        then = (2 * (value + fit) + unit) // (2 * unit)
        # The largest value that rounds to `steps` units less.
        lists.falls[n, F_OP] = OP_SCORE if with_fit else OP_ENGAGEMENT
        lists.falls[n, F_ARGUMENT] = 0
        lists.falls[n, F_BOUND] = (2 * (then - steps) * unit + unit - 1) // 2
        n += 1
    for k in range(len(program.bands)):
        lists.falls[n, F_OP], lists.falls[n, F_ARGUMENT] = OP_ENGAGEMENT, 0
        lists.falls[n, F_BOUND] = program.bands[k] - 1
        n += 1
    state[FALLS] = n


@part_of_the_fold
def begin_person(begin: int, p: int, program: Any, people: Any, lists: Any, state: Any) -> None:
    """The state before anything happened."""
    written = state[WRITTEN]
    state[:] = 0
    state[WRITTEN] = written
    forget(lists, state)
    lists.awarded[:] = 0
    lists.stock[:] = 0
    lists.entered[:] = 0
    lists.entered_at[:] = -1
    lists.added_at[:] = -1
    lists.fires[:] = NEVER
    for c in range(program.counters):
        lists.counted[c] = people.counters[p, c]
    state[CURRENT], state[POSITION], state[COOL_AT] = NO_STAGE, -1, -1
    state[NEXT_DEDUCTION], state[ACCEPT_FROM], state[RESET_FROM] = NEVER, -1, begin
    state[FALLS] = len(program.falls)
    for k in range(len(program.falls)):
        for column in range(3):
            lists.falls[k, column] = program.falls[k, column]


@part_of_the_fold
def walk_person(
    p: int,
    n_lines: int,
    program: Any,
    events: Any,
    people: Any,
    frozen: Any,
    output: Any,
    lists: Any,
    state: Any,
) -> int:
    """One person; returns the new count of lines. `state[FULL]` says that a buffer was too small."""
    begin, end = events.start[p], events.start[p + 1]
    f, f_end = frozen.start[p], frozen.start[p + 1]
    last_frozen = frozen.at[f_end - 1] if f_end > f else -1
    begin_person(begin, p, program, people, lists, state)
    adopt_at = -1
    if people.adopted[p] >= 0:  # the stage stands there at the latest since the record was last changed
        adopt_at = people.changed[p] if 0 <= people.changed[p] <= program.as_of else program.as_of
    awards, why, late, stages = output.awards, lists.why, lists.late, program.stages
    i, t, latest, value = begin, -1, -1, 0
    row = output.people[p]
    if people.excluded[p]:
        replay(f, f_end, 0, begin, p, program, events, people, frozen, awards, lists, state)
        row[0], row[1], row[2], row[3], row[4] = 0, state[CURRENT], state[SINCE], state[CYCLE], 0
        return n_lines

    while True:
        before = t
        t = next_breakpoint(i, end, f, f_end, p, before, value, program, events, people, frozen, lists, state)
        if state[FALLS] > 0 and (state[AHEAD] == 1 or program.every_breakpoint == 1):
            until = t if state[AHEAD] == 1 else min(t, program.as_of + 1)
            fall = next_fall(before, min(until, _LATEST), p, program, events, people, lists, state)
            if fall < until:
                t = fall
        if t > program.as_of and state[AHEAD] == 0:
            t = program.as_of
            if before < t:  # what was just before an instant is looked at once, before the instant itself
                value = value_at(t, True, program, events, lists, state)
            value = value_at(t, False, program, events, lists, state)
            if state[FULL]:
                return n_lines
            n_lines = explain(p, begin, end, value, program, events, awards, lists, state, output, n_lines)
            row[0], row[1], row[2], row[3] = value, state[CURRENT], state[SINCE], state[CYCLE]
            look_ahead(value, p, program, people, lists, state)
            continue
        if t >= _LATEST:
            break

        stop = only_counts(i, end, t, p, program, events, people, lists, state)
        if stop > i and before >= 0 and not (f < f_end and frozen.at[f] == t) and t != adopt_at:
            i = stop
            state[NEXT_DEDUCTION] = t + program.inactivity[1]
            continue

        # Just before the instant, where that can tell anything.
        state[ENTERED_NOW] = 0
        owes = program.penalties == 1 and (state[IN_DEBT] == 1 or program.lifts == 1)
        waits = (state[SPENT] | state[HELD]) != 0 or state[AHEAD] == 1
        if owes or waits or state[NEXT_DEDUCTION] == t:
            value = value_at(t, True, program, events, lists, state)
            rearm(value, p, program, people, lists, state)
            deduct(t, value, program, state)

        # Activities act together, and together with the level triggers.
        i, signals, newest = take_activities(i, end, t, p, program, events, people, awards, lists, state)
        value = value_at(t, False, program, events, lists, state)
        latest = max(latest, newest)
        if t == adopt_at and state[AHEAD] == 0:
            s = people.adopted[p]
            furthest = -1
            for one in range(len(stages)):
                if stages[one, SIDE] == 0 and lists.entered[one]:
                    furthest = one
            if s != state[CURRENT] and (stages[s, SIDE] == 1 or s > furthest):
                note(1 << s, KIND_ADOPTED, 0, -1, why)
                enter(
                    s, t, AS_ADOPTED, value, i, p, why[s],
                    program, events, people, awards, lists, state, output.transitions,
                )  # fmt: skip
        rearm(value, p, program, people, lists, state)
        levels, entered_at = 0, t
        kind = KIND_LEVEL
        begins = t == program.begins and (i > begin or 0 <= people.created[p] <= t)
        activates = begins or t == people.activated[p]
        if activates and newest < 0:
            kind = KIND_DEFINITION
        if activates and program.holds_on_change:
            hold_levels(value, p, program, people, lists, state)
        if t > people.judged[p]:
            levels = reached_levels(value, kind, newest, signals, p, program, people, lists, state)
        elif t == people.catch_up[p]:
            levels = reached_levels(value, KIND_LEVEL, latest, signals, p, program, people, lists, state)
            if latest < 0 or events.at[latest] <= state[SINCE]:
                levels &= ~entered_last(lists, state)
            if latest >= 0 and newest < 0:  # what came late carries its own time, not that of the decision
                entered_at = max(events.at[latest], last_frozen, state[SINCE])
        if t < program.begins:
            signals, levels = 0, 0
        elif t == program.begins:
            signals = 0
            if not begins:
                levels = 0
        goal = target(signals, levels, t, stages, state)
        if goal >= 0 and state[AHEAD]:
            state[DUE] = t
            break

        # Inside the frozen past nothing new is entered: each signal settles what the ledger holds for it. What
        # would have been entered and was not (an award arrived late) waits for the latest transition.
        if goal >= 0 and t > last_frozen:
            enter(
                goal, entered_at, AS_ENTRY, value, i, p, why[goal],
                program, events, people, awards, lists, state, output.transitions,
            )  # fmt: skip
            value = look_again(
                t, entered_at, i, newest, p, program, events, people, awards, lists, state, output.transitions
            )
        elif t <= last_frozen:
            stop = f
            if goal >= 0:
                stop = replay_end(goal, f, f_end, t, frozen)
                if stop == f:
                    wait(goal, signals, levels, state, why, late)
            stop = behind_levels(stop, f_end, t, frozen)
            if stop > f:
                f = replay(f, stop, value, i, p, program, events, people, frozen, awards, lists, state)
                value = value_at(t, False, program, events, lists, state)

        # Deals, conversions, assignments, statuses, stages that people set: each is a signal in its own right.
        while i < end and events.at[i] == t:
            code = events.code[i]
            goal = program.sets[code]
            moves = AS_ENTRY if goal < 0 else AS_SET
            signals = 0
            first = i
            while i == first or (i < end and events.joined[i]):
                code = events.code[i]
                state[CANCELLED] |= program.cancels[code]
                signals |= program.signals[code]
                note(program.signals[code], KIND_SIGNAL, code, i, why)
                i += 1
            if moves == AS_SET:
                if goal == state[CURRENT]:
                    continue
                note(1 << goal, KIND_SET, code, first, why)
            else:
                goal = target(signals, 0, t, stages, state)
            if goal < 0 or t <= program.begins:
                continue
            if t > last_frozen:
                enter(
                    goal, t, moves, value, i, p, why[goal],
                    program, events, people, awards, lists, state, output.transitions,
                )  # fmt: skip
                value = look_again(
                    t, t, i, newest, p, program, events, people, awards, lists, state, output.transitions
                )
                continue
            stop = replay_end(goal, f, f_end, t, frozen)
            if stop == f and moves == AS_ENTRY:
                wait(goal, signals, 0, state, why, late)
            f = replay(f, stop, value, i, p, program, events, people, frozen, awards, lists, state)
            value = value_at(t, False, program, events, lists, state)

        for k in range(len(program.timers)):
            bit = 1 << k
            if lists.fires[k] > t or (state[FIRED] | state[CANCELLED]) & bit:
                continue
            goal = target(1 << program.timers[k, T_INTO], 0, t, stages, state)
            state[FIRED] |= bit
            if goal < 0 or t <= program.begins:
                continue
            if state[AHEAD]:
                state[DUE] = t
                break
            if t > last_frozen and t > people.judged[p]:
                note(1 << goal, KIND_TIMER, k, -1, why)
                enter(
                    goal, t, AS_ENTRY, value, i, p, why[goal],
                    program, events, people, awards, lists, state, output.transitions,
                )  # fmt: skip
                value = look_again(
                    t, t, i, newest, p, program, events, people, awards, lists, state, output.transitions
                )
                continue
            stop = replay_end(goal, f, f_end, t, frozen)
            if stop == f and people.activated[p] > t and not program.holds_on_change:
                # Only the changed definition has this timer: it fires when that begins.
                lists.fires[k] = people.activated[p]
                state[FIRED] &= ~bit
            f = replay(f, stop, value, i, p, program, events, people, frozen, awards, lists, state)
            value = value_at(t, False, program, events, lists, state)
        if state[DUE]:
            break
        if state[AHEAD]:
            if differs(value, p, program, people, state):
                state[DUE] = t
                break
            continue

        # Transitions whose evidence is gone, or was not of this definition.
        stop = replay_end(NO_STAGE, f, f_end, t, frozen)
        if stop > f:
            f = replay(f, stop, value, i, p, program, events, people, frozen, awards, lists, state)
            value = value_at(t, False, program, events, lists, state)
        if t == last_frozen:
            signals, levels = state[LATE_SIGNALS], state[LATE_LEVELS]
            goal = target(signals, levels, t, stages, state)
            if goal >= 0:
                enter(
                    goal, t, AS_ENTRY, value, i, p, late[goal],
                    program, events, people, awards, lists, state, output.transitions,
                )  # fmt: skip
                value = look_again(
                    t, t, i, newest, p, program, events, people, awards, lists, state, output.transitions
                )
    row[4] = state[DUE]
    return n_lines


def fold(
    program: Any,
    events: Any,
    people: Any,
    frozen: Any,
    output: Any,
    lists: Any,
    first: int,
    n_transitions: int,
    n_lines: int,
) -> tuple[int, int, int]:
    """Walk the people from `first` on.

    Returns (person reached, transitions written, lines written). When the person reached is not the last, a
    buffer was too small: enlarge it and call again from there.
    """
    each = len(program.rules) + len(program.categories) + len(program.adds) + 4
    state = lists.state
    state[WRITTEN] = n_transitions
    for p in range(first, len(people.fit)):
        if n_lines + each > len(output.lines):
            return p, n_transitions, n_lines
        lines = walk_person(p, n_lines, program, events, people, frozen, output, lists, state)
        if state[FULL]:
            for k in range(events.start[p], events.start[p + 1]):
                output.awards[k] = 0
            return p, n_transitions, n_lines
        n_transitions, n_lines = state[WRITTEN], lines
    return len(people.fit), n_transitions, n_lines
