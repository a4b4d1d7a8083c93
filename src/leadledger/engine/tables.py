"""The arrays that the fold takes and gives, with their shapes and units.

R rules, C categories, S stages, P people, E events, J conditions on facts alone. Points are int64 millionths,
times int64 microseconds UTC. An event is one activity that meets one rule or trigger, or one other signal; the
events of person p stand at `start[p]:start[p + 1]`, in time order, activities before other signals of the
same instant, ties by activity id.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# Columns of Program.rules
POINTS, CATEGORY, WINDOW, HALF_LIFE, MAX_POINTS, LIMIT, TIMES, PER, AUTO = range(9)
# Columns of Program.categories
HAS_MIN, MIN, HAS_MAX, MAX = range(4)
# Columns of Program.stages
SIDE, SOURCES, COUNTER, REENTER, RESETS = range(5)
# Columns of Program.levels
STAGE, FIRST, LENGTH = range(3)
# Columns of Program.code
OP, COMPARISON, ARGUMENT, CONSTANT = range(4)
# Columns of Output.transitions
T_PERSON, T_STAGE, T_FROM, T_AT, T_KIND, T_ARGUMENT, T_EVENT, T_INFERRED, T_CYCLE, T_ENGAGEMENT = range(10)
# Columns of Output.lines
L_PERSON, L_RULE, L_POINTS, L_RAW, L_LIMIT, L_WINDOW, L_DECAY, L_CAP, L_RESET, L_COUNT, L_MATCHED, L_LAST = (
    range(12)
)
# Columns of Output.people
P_ENGAGEMENT, P_STAGE, P_SINCE, P_CYCLE = range(4)

KIND_LEVEL, KIND_SIGNAL, KIND_HAND_RAISE = range(3)
"""What made a transition; `T_ARGUMENT` is the level, the signal's code, or the rule."""

NO_STAGE = -1
ANY_STAGE = -1


class Program(NamedTuple):
    """The definition as numbers; made by `compile_program`."""

    rules: Any
    """int64 [R, 9]. WINDOW, HALF_LIFE 0: none. MAX_POINTS negative: none."""
    categories: Any
    """int64 [C, 4]; every rule has one (a rule without a category has one of its own)."""
    stages: Any
    """int64 [S, 5]; SOURCES and REENTER are bit sets of stages, ANY_STAGE for all; COUNTER -1: none."""
    signals: Any
    """int64 [codes]: bit set of the stages that an event of this code triggers; 0 for rules."""
    hand_raise: int
    """Bit set of the stages that a hand-raise triggers."""
    levels: Any
    """int64 [levels, 3]: which stage, and its postfix program in `code`."""
    code: Any
    """int64 [n, 4]"""
    activity_codes: int
    """Codes below it come from activities, the others are signals of their own."""
    floor: int
    maximum: int
    """UNBOUNDED for no maximum."""
    counters: int
    as_of: int
    ring: Any
    """int64 [R + 1]: offsets into the scratch ring of each rule's latest awards."""


UNBOUNDED = 2**62


class Events(NamedTuple):
    """All events of some people."""

    start: Any
    at: Any
    code: Any
    day: Any
    """int32 [E]: local day number, for calendar limits; empty when no rule has one."""
    month: Any


class People(NamedTuple):
    """What is known about each person besides events."""

    fit: Any
    grade: Any
    """int64 [P]: rank of the grade, higher is better; -1 for none."""
    static: Any
    """int8 [P, J]: conditions on facts alone: 1 true, 0 unknown, -1 false."""
    created: Any
    judged: Any
    """int64 [P]: instant of the ledger's decision, -1 for none. Today's facts say nothing about level triggers up
    to it: they were judged then, with the facts of then."""
    catch_up: Any
    """int64 [P]: `judged` where the fit is still the same, else -1: level triggers are looked at once more there,
    because an award may have arrived late."""
    changed: Any
    """int64 [P]: latest change of a record: when a fact may have become what it is."""
    excluded: Any
    counters: Any
    """int64 [P, counters]: baseline of each counter."""


class Frozen(NamedTuple):
    """Transitions that the ledger holds: facts for every later fold."""

    start: Any
    at: Any
    stage: Any
    inferred: Any


class Lists(NamedTuple):
    """Scratch of the fold, for one person at a time."""

    later: Any
    """int64 [E]: the next award of the same rule, or -1."""
    forgiven: Any
    """int64 [E]: what the floor gave for this penalty."""
    head: Any
    tail: Any
    """int64 [R]: oldest and newest award that still counts, or -1."""
    running: Any
    """int64 [R]: undecayed sum of the awards that still count."""
    awarded: Any
    """int64 [R]: awards so far, for limits."""
    ring: Any
    """int64: the latest awards of each limited rule."""
    entered: Any
    """int64 [S]: whether a stage was ever entered."""
    sums: Any
    """int64 [C]"""
    counted: Any
    """int64 [counters + 1]: the counters at this instant."""
    stack: Any
    """int64: the stack of a level trigger's program."""
    state: Any
    """int64 [11]: see the names of its places in fold.py."""
    why: Any
    late: Any
    """int64 [S, 3]: kind, argument and event of what triggers a stage now, or waits for the frozen past's end."""
    line: Any
    """int64 [R, 10]: contributions in the making."""


class Output(NamedTuple):
    """What the fold writes into."""

    transitions: Any
    """int64 [capacity, 10]: new transitions only, by person and time."""
    lines: Any
    """int64 [capacity, 12]: contributions; L_RULE < R a rule, then categories, then floor, then maximum."""
    people: Any
    """int64 [P, 4]"""
    awards: Any
    """int8 [E]: see AWARDED, LIMITED, RESET in fold.py."""


def scratch(events: Events, program: Program) -> Lists:
    """Scratch space for one call of the fold."""
    rules = len(program.rules)
    return Lists(
        later=np.full(len(events.at), -1, np.int64),
        forgiven=np.zeros(len(events.at), np.int64),
        head=np.full(rules, -1, np.int64),
        tail=np.full(rules, -1, np.int64),
        running=np.zeros(rules, np.int64),
        awarded=np.zeros(rules, np.int64),
        ring=np.zeros(int(program.ring[-1]) + 1, np.int64),
        entered=np.zeros(len(program.stages), np.int64),
        sums=np.zeros(len(program.categories), np.int64),
        counted=np.zeros(program.counters + 1, np.int64),
        stack=np.zeros(len(program.code) + 1, np.int64),
        state=np.zeros(11, np.int64),
        why=np.zeros((len(program.stages), 3), np.int64),
        late=np.zeros((len(program.stages), 3), np.int64),
        line=np.zeros((rules, 10), np.int64),
    )


def room(events: Events, people: int, program: Program) -> Output:
    """Buffers for a first attempt; the fold says when they are too small."""
    total = len(events.at)
    return Output(
        transitions=np.zeros((people * 2 + total // 8 + 64, 10), np.int64),
        lines=np.zeros((people * 4 + 2 * (len(program.rules) + len(program.categories) + 2), 12), np.int64),
        people=np.zeros((people, 4), np.int64),
        awards=np.zeros(total, np.int8),
    )
