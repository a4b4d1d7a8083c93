"""The arrays that the fold takes and gives, with their shapes and units.

R rules, C categories, S stages, L level triggers, T timers, P people, E events, J conditions on facts alone, M fit
models. Points are int64 millionths, times int64 microseconds UTC. An event is one activity that meets one code
(a rule, a trigger, a reset, …), or one other signal; the events of person p stand at `start[p]:start[p + 1]`, in
time order, activities before other signals of the same instant, ties by activity id, then code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# Columns of Program.codes: what an event of an activity's code means
C_RULE, C_POINTS, C_STEPS, C_LENGTH, C_ROLE = range(5)
ROLE_NONE, ROLE_RESET, ROLE_COUNTS, ROLE_ACCEPTED = range(4)
# Columns of Program.rules
(
    CATEGORY, WINDOW, DECAY, SPAN, MAX_POINTS, LIMIT, TIMES, PER, AUTO, BURST, WITHIN, GATE, GATE_LENGTH, NEGATIVE,
) = range(14)  # fmt: skip
DECAY_NONE, DECAY_HALF, DECAY_LINEAR, DECAY_STEPS = range(4)
LIMIT_NONE, LIMIT_ROLLING, LIMIT_DAY, LIMIT_WEEK, LIMIT_MONTH, LIMIT_EVER = range(6)
# Columns of Program.categories
HAS_MIN, MIN, HAS_MAX, MAX = range(4)
# Columns of Program.stages
(
    SIDE, SOURCES, COUNTER, REENTER, RESETS, ROUTES, COOLDOWN, STAMPED, RESTORES, RESTORE_WITHIN, ADDS, ADDS_LENGTH,
) = range(12)  # fmt: skip
# Columns of Program.adds
A_POINTS, A_IF, A_IF_LENGTH, A_LIMIT, A_PER = range(5)
# Columns of Program.levels
STAGE, FIRST, LENGTH, UNTIL, UNTIL_LENGTH = range(5)
# Columns of Program.timers
T_INTO, T_SPAN, T_IN, T_BUSINESS = range(4)
# Columns of Program.code
OP, COMPARISON, ARGUMENT, CONSTANT = range(4)
(
    OP_SCORE, OP_ENGAGEMENT, OP_CATEGORY, OP_FIT, OP_GRADE, OP_COUNTER, OP_CYCLE, OP_STAGE, OP_MODEL_FIT,
    OP_MODEL_GRADE, OP_STATIC, OP_AND, OP_OR, OP_NOT, OP_AT_LEAST,
) = range(15)  # fmt: skip
"""Instructions of a condition's postfix program: comparisons push, the others pop. AT_LEAST: ARGUMENT parts, of
which CONSTANT must hold."""
GE, LE, GT, LT, EQ, NE = range(6)
"""Comparisons inside a program."""
# Columns of Program.falls: the comparisons that a falling value can change: true from `value <= F_BOUND` on
F_OP, F_ARGUMENT, F_BOUND = range(3)
# Columns of Program.shown
S_UNIT, S_CHANGE, S_FIT = range(3)
# Columns of Output.transitions
(
    T_PERSON, T_STAGE, T_FROM, T_AT, T_KIND, T_ARGUMENT, T_EVENT, T_FROZEN_AS, T_CYCLE, T_ENGAGEMENT, T_COUNTS,
) = range(11)  # fmt: skip
# Columns of Output.lines
L_PERSON, L_RULE, L_POINTS, L_RAW, L_LIMIT, L_WINDOW, L_DECAY, L_CAP, L_RESET, L_COUNT, L_MATCHED, L_LAST = (
    range(12)
)
# Columns of Output.people
P_ENGAGEMENT, P_STAGE, P_SINCE, P_CYCLE, P_DUE = range(5)

KIND_LEVEL, KIND_SIGNAL, KIND_HAND_RAISE, KIND_DEFINITION, KIND_ADOPTED, KIND_SET, KIND_TIMER = range(7)
"""What made a transition; `T_ARGUMENT` is the level, the code, the rule, the level, nothing, the code, the timer."""

AS_ENTRY, AS_INFERRED, AS_ADOPTED, AS_SET = range(4)
"""How a transition moves the person: an entry, a stamp only, taken over, set by a person in any direction."""

AWARDED, LIMITED, RESET, MATERIAL = 1, 2, 3, 4
"""What became of an event: it gave points, its rule was at its limit, a reset took its points back, or it is
material for a burst. 0: it was no award."""

NO_STAGE = -1
ANY_STAGE = -1
NEVER = 2**62
UNBOUNDED = 2**62


class Program(NamedTuple):
    """The definition as numbers; made by `compile_program`."""

    codes: Any
    """int64 [activity codes, 5]. C_RULE -1: no rule. C_STEPS, C_LENGTH: the code's worth after each step of decay."""
    steps: Any
    """int64 [n]"""
    rules: Any
    """int64 [R, 14]. WINDOW, SPAN, BURST, GATE_LENGTH 0: none. MAX_POINTS negative: none."""
    categories: Any
    """int64 [C, 4]; every rule has one (a rule without a category has one of its own)."""
    stages: Any
    """int64 [S, 12]; SOURCES and REENTER are bit sets of stages, ANY_STAGE for all; COUNTER, RESTORES -1: none."""
    adds: Any
    """int64 [n, 5]"""
    signals: Any
    """int64 [codes]: bit set of the stages that an event of this code triggers."""
    sets: Any
    """int64 [codes]: the stage that a person set, or -1."""
    cancels: Any
    """int64 [codes]: bit set of the timers that an event of this code cancels."""
    hand_raise: int
    """Bit set of the stages that a hand-raise triggers."""
    hand_raise_cancels: int
    levels: Any
    """int64 [L, 5]: which stage, and its postfix programs in `code`."""
    timers: Any
    """int64 [T, 4]: T_IN is a bit set of stages."""
    code: Any
    """int64 [n, 4]"""
    falls: Any
    """int64 [n, 3]; empty where no falling value can lead anywhere."""
    every_breakpoint: int
    """1 where ends and steps of positive awards are instants of their own, too."""
    shown: Any
    """int64 [n, 3]: the mapped scores: smallest step that is shown, smallest change, 1 where fit is part of it."""
    bands: Any
    """int64 [n]: engagement from which on each band of the classification holds, rising."""
    penalties: int
    """1 where something can be below the floor."""
    lifts: int
    """1 where that can be without any penalty: by a floor above 0, or a category that is held below 0."""
    inactivity: Any
    """int64 [3]: points (negative), after, every; points 0: none."""
    floor: int
    maximum: int
    """UNBOUNDED for no maximum."""
    counters: int
    as_of: int
    begins: int
    """Nothing is entered before this instant (`history: from_now`); -1 for all of the past."""
    holds_on_change: int
    routes: int
    """1 where some stage routes."""
    ring: Any
    """int64 [R + 1]: offsets into the scratch ring of each rule's latest awards."""
    heap: Any
    """int64 [R + 1]: offsets into the scratch ring of each burst's material."""
    zone_at: Any
    zone_offset: Any
    """int64 [n]: from when on the local clock is so many microseconds ahead of UTC; the first is the earliest."""
    open_from: Any
    open_until: Any
    open_before: Any
    """int64 [n]: stretches of business time, and the business time before each."""


class Events(NamedTuple):
    """All events of some people."""

    start: Any
    at: Any
    code: Any
    joined: Any
    """int8 [E]: 1 where an event is the same signal as the one before it, under another code."""


class People(NamedTuple):
    """What is known about each person besides events."""

    fit: Any
    grade: Any
    """int64 [P]: rank of the grade, higher is better; -1 for none."""
    model_fit: Any
    model_grade: Any
    """int64 [P, M]"""
    static: Any
    """int8 [P, J]: conditions on facts alone: 1 true, 0 unknown, -1 false."""
    created: Any
    judged: Any
    """int64 [P]: instant of the ledger's decision, -1 for none. Today's facts say nothing about level triggers up
    to it: they were judged then, with the facts of then."""
    catch_up: Any
    """int64 [P]: `judged` where fit and definition are still the same, else -1: level triggers are looked at once
    more there, because an award may have arrived late."""
    changed: Any
    """int64 [P]: latest change of a record: when a fact may have become what it is."""
    activated: Any
    """int64 [P]: since when this definition decides about a person whom another one decided about before, else -1."""
    adopted: Any
    """int64 [P]: the stage that stands in the CRM at first contact, else -1."""
    excluded: Any
    counters: Any
    """int64 [P, counters]: baseline of each counter."""


class Frozen(NamedTuple):
    """Transitions that the ledger holds: facts for every later fold."""

    start: Any
    at: Any
    stage: Any
    moves: Any
    """int64: AS_ENTRY, …"""
    counts: Any
    """bool: whether it raised its stage's counter."""
    by_level: Any
    """bool: whether a level trigger made it."""


class Lists(NamedTuple):
    """Scratch of the fold, for one person at a time."""

    later: Any
    """int64 [E]: the next award of the same rule, or -1."""
    forgiven: Any
    """int64 [E]: what the floor gave for this penalty."""
    before: Any
    """int64 [E]: the penalty before this one that can still be forgiven, or -1."""
    head: Any
    tail: Any
    """int64 [R]: oldest and newest award that still counts, or -1."""
    active: Any
    """int64 [R]: the rules that have an award that still counts, `state[ACTIVE]` of them."""
    running: Any
    """int64 [R]: undecayed sum of the awards that still count."""
    awarded: Any
    """int64 [R]: awards so far, for limits."""
    ring: Any
    """int64: the latest awards of each limited rule."""
    heap: Any
    """int64: the unused material of each burst, oldest first."""
    stock: Any
    """int64 [R]: how much material there is."""
    entered: Any
    """int64 [S]: whether a stage was ever entered."""
    entered_at: Any
    """int64 [S]: the latest entry, or -1."""
    held: Any
    """int64 [S]: engagement at the latest entry."""
    added: Any
    """int64 [n]: points of each add that count."""
    added_at: Any
    """int64 [n]: the latest time each add was made, or -1."""
    sums: Any
    """int64 [C]"""
    counted: Any
    """int64 [counters + 1]: the counters at this instant."""
    stack: Any
    """int64: the stack of a condition's program."""
    state: Any
    """int64: see the names of its places in fold/state.py."""
    why: Any
    late: Any
    """int64 [S, 3]: kind, argument and event of what triggers a stage now, or waits for the frozen past's end."""
    line: Any
    """int64 [R, 10]: contributions in the making."""
    falls: Any
    """int64 [n, 3]: `Program.falls` and, after `as_of`, what is shown."""
    fires: Any
    """int64 [T]: when each timer fires, or NEVER."""


class Output(NamedTuple):
    """What the fold writes into."""

    transitions: Any
    """int64 [capacity, 11]: new transitions only, by person and time."""
    lines: Any
    """int64 [capacity, 12]: contributions; L_RULE < R a rule, then categories, inactivity, restored, floor,
    maximum, then adds."""
    people: Any
    """int64 [P, 5]"""
    categories: Any
    """int64 [P, C]: sums within their bounds as of the evaluation."""
    awards: Any
    """int8 [E]: see AWARDED, …"""


PLACES = 32


def scratch(events: Events, program: Program) -> Lists:
    """Scratch space for one call of the fold."""
    rules, stages, adds = len(program.rules), len(program.stages), len(program.adds)
    return Lists(
        later=np.full(len(events.at), -1, np.int64),
        forgiven=np.zeros(len(events.at), np.int64),
        before=np.full(len(events.at), -1, np.int64),
        head=np.full(rules, -1, np.int64),
        tail=np.full(rules, -1, np.int64),
        active=np.zeros(rules, np.int64),
        running=np.zeros(rules, np.int64),
        awarded=np.zeros(rules, np.int64),
        ring=np.zeros(int(program.ring[-1]) + 1, np.int64),
        heap=np.zeros(int(program.heap[-1]) + 1, np.int64),
        stock=np.zeros(rules, np.int64),
        entered=np.zeros(stages, np.int64),
        entered_at=np.full(stages, -1, np.int64),
        held=np.zeros(stages, np.int64),
        added=np.zeros(adds, np.int64),
        added_at=np.full(adds, -1, np.int64),
        sums=np.zeros(len(program.categories), np.int64),
        counted=np.zeros(program.counters + 1, np.int64),
        stack=np.zeros(len(program.code) + 1, np.int64),
        state=np.zeros(PLACES, np.int64),
        why=np.zeros((stages, 3), np.int64),
        late=np.zeros((stages, 3), np.int64),
        line=np.zeros((rules, 10), np.int64),
        falls=np.zeros((len(program.falls) + 2 * len(program.shown) + len(program.bands) + 1, 3), np.int64),
        fires=np.full(len(program.timers), NEVER, np.int64),
    )


def room(events: Events, people: int, program: Program) -> Output:
    """Buffers for a first attempt; the fold says when they are too small."""
    total = len(events.at)
    return Output(
        transitions=np.zeros((people * 2 + total // 8 + 64, 11), np.int64),
        lines=np.zeros((people * 4 + 2 * lines_each(program), 12), np.int64),
        people=np.zeros((people, 5), np.int64),
        categories=np.zeros((people, len(program.categories)), np.int64),
        awards=np.zeros(total, np.int8),
    )


def lines_each(program: Program) -> int:
    """The most contributions that one person can have."""
    return len(program.rules) + len(program.categories) + len(program.adds) + 4
