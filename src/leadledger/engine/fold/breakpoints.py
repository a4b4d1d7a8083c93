"""The next instant at which something about a person can change."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.conditions import looked_up
from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import (
    AHEAD,
    CANCELLED,
    COOL_AT,
    FALLS,
    FIRED,
    NEXT_DEDUCTION,
)
from leadledger.engine.fold.value import value_at, value_between
from leadledger.engine.fold.worth import FORGOTTEN
from leadledger.engine.tables import (
    C_LENGTH,
    C_POINTS,
    C_ROLE,
    DECAY,
    DECAY_HALF,
    DECAY_LINEAR,
    DECAY_STEPS,
    F_ARGUMENT,
    F_BOUND,
    F_OP,
    NEGATIVE,
    NEVER,
    ROLE_COUNTS,
    SPAN,
    WINDOW,
)

_SECOND = 1_000_000


@part_of_the_fold
def sooner(t: int, candidate: int, after: int) -> int:
    """The earlier of two instants, if the candidate lies ahead."""
    return candidate if after < candidate < t else t


@part_of_the_fold
def next_of_awards(t: int, after: int, every: bool, program: Any, events: Any, lists: Any) -> int:
    """The next end or step of an award: of all of them, or only of negative ones."""
    rules, codes = program.rules, program.codes
    for r in range(len(rules)):
        e = lists.head[r]
        if e < 0 or not (every or rules[r, NEGATIVE]):
            continue
        window, decay, span = rules[r, WINDOW], rules[r, DECAY], rules[r, SPAN]
        if decay != DECAY_STEPS and not rules[r, NEGATIVE]:
            # Awards of a rule end in the order in which they were made.
            if window > 0:
                t = sooner(t, events.at[e] + window, after)
            if decay == DECAY_LINEAR:
                t = sooner(t, events.at[e] + span, after)
            elif decay == DECAY_HALF:
                t = sooner(t, events.at[e] + span * FORGOTTEN, after)
            continue
        while e >= 0:
            code = events.code[e]
            if every or codes[code, C_POINTS] < 0:
                if window > 0:
                    t = sooner(t, events.at[e] + window, after)
                if decay == DECAY_STEPS:
                    step = max(0, after - events.at[e]) // span + 1
                    if step < codes[code, C_LENGTH]:
                        t = sooner(t, events.at[e] + step * span, after)
            e = lists.later[e]
    return t


@part_of_the_fold
def next_breakpoint(
    i: int,
    end: int,
    f: int,
    f_end: int,
    p: int,
    after: int,
    value: int,
    program: Any,
    events: Any,
    people: Any,
    frozen: Any,
    lists: Any,
    state: Any,
) -> int:
    """The next event, entry of the ledger, end or step of an award, deduction, end of a cooldown, timer, or instant
    at which the facts are looked at. `value` is the present one: at the floor nothing can be deducted.
    """
    t = NEVER
    if state[AHEAD] == 0:
        if i < end:
            t = events.at[i]
        if f < f_end:
            t = min(t, frozen.at[f])
        t = sooner(t, people.created[p], after)
        t = sooner(t, people.changed[p], after)
        t = sooner(t, people.catch_up[p], after)
        t = sooner(t, people.activated[p], after)
        t = sooner(t, program.begins, after)
        if people.adopted[p] >= 0:
            t = sooner(t, program.as_of, after)
    t = sooner(t, state[COOL_AT], after)
    for k in range(len(program.timers)):
        if not (state[FIRED] | state[CANCELLED]) & (1 << k):
            t = sooner(t, max(lists.fires[k], after + 1), after)
    if program.inactivity[0] < 0 and state[NEXT_DEDUCTION] < NEVER:
        while state[NEXT_DEDUCTION] <= after:
            state[NEXT_DEDUCTION] += program.inactivity[2]
        if value > program.floor:
            t = sooner(t, state[NEXT_DEDUCTION], after)
    every = program.every_breakpoint == 1 or state[AHEAD] == 1
    if every or program.penalties:
        t = next_of_awards(t, after, every, program, events, lists)
    return t


@part_of_the_fold
def only_counts(
    i: int, end: int, t: int, p: int, program: Any, events: Any, people: Any, lists: Any, state: Any
) -> int:
    """Behind the activities of an instant at which nothing happens but that they end a quiet period; else `i`."""
    if i >= end or events.at[i] != t:
        return i
    if state[AHEAD] or program.every_breakpoint or state[NEXT_DEDUCTION] == t or state[COOL_AT] == t:
        return i
    if t == people.created[p] or t == people.changed[p] or t == people.catch_up[p]:
        return i
    if t == people.activated[p] or t == program.begins or t == program.as_of:
        return i
    for k in range(len(program.timers)):
        if lists.fires[k] <= t:
            return i
    stop = i
    while stop < end and events.at[stop] == t:
        code = events.code[stop]
        if code >= len(program.codes) or program.codes[code, C_ROLE] != ROLE_COUNTS:
            return i
        stop += 1
    return stop


@part_of_the_fold
def seen_at(k: int, t: int, p: int, program: Any, events: Any, people: Any, lists: Any, state: Any) -> int:
    """What comparison `k` of the falling ones looks at, at an instant between breakpoints."""
    value = value_between(t, program, events, lists, state)
    return looked_up(lists.falls[k, F_OP], lists.falls[k, F_ARGUMENT], value, p, people, lists, state)


@part_of_the_fold
def falls_at(
    low: int, high: int, k: int, p: int, program: Any, events: Any, people: Any, lists: Any, state: Any
) -> int:
    """The first whole second in `(low, high]` at which comparison `k` has changed; it has not at `low`, but at
    `high` (whole seconds all of them).
    """
    bound = lists.falls[k, F_BOUND]
    above = seen_at(k, low * _SECOND, p, program, events, people, lists, state)
    below = seen_at(k, high * _SECOND, p, program, events, people, lists, state)
    by_line = True
    while high - low > 1:
        middle = (low + high) // 2
        # A straight line guesses well where half-lives are long; every other guess halves what is left.
        if by_line and above > below:
            share = (above - bound) / (above - below)
            middle = min(max(low + int(share * (high - low)), low + 1), high - 1)
        by_line = not by_line
        value = seen_at(k, middle * _SECOND, p, program, events, people, lists, state)
        if value <= bound:
            high, below = middle, value
        else:
            low, above = middle, value
    return high


@part_of_the_fold
def next_fall(
    after: int, until: int, p: int, program: Any, events: Any, people: Any, lists: Any, state: Any
) -> int:
    """The first whole second between two breakpoints at which a comparison changes, or `until`."""
    first, last = after // _SECOND + 1, (until - 1) // _SECOND
    if after < 0 or last < first:
        return until
    found = False
    for k in range(state[FALLS]):
        bound = lists.falls[k, F_BOUND]
        value = value_at(after, False, program, events, lists, state)
        now = looked_up(lists.falls[k, F_OP], lists.falls[k, F_ARGUMENT], value, p, people, lists, state)
        if now <= bound:
            continue
        if seen_at(k, last * _SECOND, p, program, events, people, lists, state) > bound:
            continue
        found = True
        if seen_at(k, first * _SECOND, p, program, events, people, lists, state) <= bound:
            return first * _SECOND
        last = falls_at(first, last, k, p, program, events, people, lists, state)
    return last * _SECOND if found else until
