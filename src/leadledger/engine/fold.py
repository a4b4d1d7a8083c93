"""The fold: one person's events in time order become points, stages and an explanation.

One array kernel. numba compiles it where the extra `fast` is installed; without it the same functions run as
plain Python, with identical results: points are whole millionths, and the only floating-point step, the
half-life, is computed here from additions and multiplications alone. Contract: semantics sections 2 and 4.
"""

from __future__ import annotations

import math
from typing import Any

from leadledger.engine.tables import (
    ANY_STAGE,
    ARGUMENT,
    AUTO,
    CATEGORY,
    COMPARISON,
    CONSTANT,
    COUNTER,
    FIRST,
    HALF_LIFE,
    HAS_MAX,
    HAS_MIN,
    KIND_HAND_RAISE,
    KIND_LEVEL,
    KIND_SIGNAL,
    LENGTH,
    LIMIT,
    MAX,
    MAX_POINTS,
    MIN,
    NO_STAGE,
    OP,
    PER,
    POINTS,
    REENTER,
    RESETS,
    SIDE,
    SOURCES,
    STAGE,
    TIMES,
    WINDOW,
)

try:
    from numba.extending import register_jitable

    # The fold allocates nothing: without numba's reference counting every array access is four times as fast.
    part_of_the_fold = register_jitable(_nrt=False)
except ImportError:  # the extra `fast` is not installed

    def part_of_the_fold(function: Any) -> Any:  # type: ignore[misc]  # numba is optional
        """Leave the function as it is."""
        return function


LIMIT_NONE, LIMIT_ROLLING, LIMIT_DAY, LIMIT_WEEK, LIMIT_MONTH, LIMIT_EVER = range(6)
"""Kinds of limit in the column LIMIT of the rules."""

AWARDED, LIMITED, RESET = 1, 2, 3
"""What became of an event: it gave points, its rule was at its limit, or a reset took its points back.
0: it was no award."""

OP_SCORE, OP_ENGAGEMENT, OP_FIT, OP_GRADE, OP_COUNTER, OP_STATIC, OP_AND, OP_OR, OP_NOT = range(9)
"""Instructions of a level trigger's postfix program: comparisons push, AND / OR / NOT pop."""

GE, LE, GT, LT, EQ, NE = range(6)
"""Comparisons inside a program."""

NEVER = 2**62

(
    CURRENT, POSITION, SINCE, CYCLE, ADJUSTMENT, FRESH, RESET_FROM, LATE_SIGNALS, LATE_LEVELS, WRITTEN, FULL,
) = range(11)  # fmt: skip
"""A person's state while walking: stage, forward position, since when, cycles opened, what the floor gave, awards
since the last side stage, first event after the last reset, bit sets of the stages that late evidence leads to;
then transitions written, and "buffer full"."""
_LN2 = math.log(2.0)
_SERIES = 16
_FORGOTTEN = 60
"""After 60 half-lives nothing is left of an award: less than a millionth of any allowed score."""


@part_of_the_fold
def decayed(points: int, age: int, half_life: int) -> int:
    """`points` millionths after `age` microseconds, rounded half up to a millionth."""
    if age >= half_life * _FORGOTTEN:
        return 0
    halves = age / half_life
    whole = int(halves)
    y = (halves - whole) * _LN2
    rest = 1.0
    for k in range(_SERIES, 0, -1):
        rest = 1.0 - y * rest / k
    return int(math.floor(points * math.ldexp(rest, -whole) + 0.5))


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
def engagement(t: int, left: bool, program: Any, at: Any, lists: Any, state: Any, sums: Any) -> int:
    """The sum over categories at `t`, or its left limit, before floor and maximum.

    An award counts while `at <= t < at + window`. Awards of a rule hang in a list from `head[r]` through
    `later`; those that have ended are dropped from its front, and from the rule's `running` sum. A penalty
    that ends takes along what the floor gave for it.
    """
    rules, later, head, running = program.rules, lists.later, lists.head, lists.running
    sums[:] = 0
    for r in range(len(rules)):
        e = head[r]
        if e < 0:
            continue
        window = rules[r, WINDOW]
        half_life = rules[r, HALF_LIFE]
        while e >= 0:
            age = t - at[e]
            ended = window > 0 and (age > window if left else age >= window)
            if not ended and not (half_life > 0 and age >= half_life * _FORGOTTEN):
                break
            running[r] -= rules[r, POINTS]
            state[ADJUSTMENT] -= lists.forgiven[e]
            e = later[e]
        head[r] = e
        if e < 0:
            continue
        value = running[r]
        if half_life > 0:
            value = 0
            while e >= 0:
                value += decayed(rules[r, POINTS], t - at[e], half_life)
                e = later[e]
        sums[rules[r, CATEGORY]] += clipped(value, rules[r, MAX_POINTS])
    total = 0
    for c in range(len(sums)):
        total += bounded(sums[c], program.categories[c])
    return total


@part_of_the_fold
def reflect(
    t: int,
    left: bool,
    value: int,
    next_event: int,
    program: Any,
    events: Any,
    awards: Any,
    lists: Any,
    state: Any,
) -> None:
    """Let the floor give what `value` is short of it, for the newest penalties that still count.

    What a penalty could not take is forgiven for good: it is remembered per award, because it must not come
    back as points when the penalty ends.
    """
    missing = program.floor - value - state[ADJUSTMENT]
    if missing <= 0:
        return
    state[ADJUSTMENT] += missing
    e = next_event - 1
    while missing > 0 and e >= state[RESET_FROM]:
        if awards[e] == AWARDED:
            points = program.rules[events.code[e], POINTS]
            window = program.rules[events.code[e], WINDOW]
            age = t - events.at[e]
            if points < 0 and (window == 0 or age < window or (left and age == window)):
                part = min(missing, -points - lists.forgiven[e])
                lists.forgiven[e] += part
                missing -= part
        e -= 1


@part_of_the_fold
def may_award(e: int, rule: Any, events: Any, ring: Any, offset: int, awarded: int) -> bool:
    """Whether the rule is below its limit: its `times`-th latest award must lie outside the span of this event."""
    kind = rule[LIMIT]
    times = rule[TIMES]
    if kind == LIMIT_NONE or awarded < times:
        return True
    before = ring[offset + awarded % times]
    if kind == LIMIT_ROLLING:
        return bool(events.at[before] <= events.at[e] - rule[PER])
    if kind == LIMIT_DAY:
        return bool(events.day[before] != events.day[e])
    if kind == LIMIT_WEEK:  # 1970-01-01 was a Thursday; weeks begin on Monday
        return bool((events.day[before] + 3) // 7 != (events.day[e] + 3) // 7)
    if kind == LIMIT_MONTH:
        return bool(events.month[before] != events.month[e])
    return False


@part_of_the_fold
def compared(value: int, comparison: int, constant: int) -> int:
    """1 when the comparison holds, else -1."""
    met = False
    if comparison == GE:
        met = value >= constant
    elif comparison == LE:
        met = value <= constant
    elif comparison == GT:
        met = value > constant
    elif comparison == LT:
        met = value < constant
    elif comparison == EQ:
        met = value == constant
    else:
        met = value != constant
    return 1 if met else -1


@part_of_the_fold
def holds(
    level: Any, code: Any, stack: Any, value: int, fit: int, grade: int, static: Any, counted: Any
) -> bool:
    """Whether a level trigger's condition is true. Kleene: AND is the smaller, OR the larger, NOT the negative."""
    top = 0
    for k in range(level[FIRST], level[FIRST] + level[LENGTH]):
        op = code[k, OP]
        if op == OP_AND or op == OP_OR:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = min(a, b) if op == OP_AND else max(a, b)
        elif op == OP_NOT:
            stack[top - 1] = -stack[top - 1]
        else:
            if op == OP_STATIC:
                result = static[code[k, ARGUMENT]]
            elif op == OP_SCORE:
                result = compared(value + fit, code[k, COMPARISON], code[k, CONSTANT])
            elif op == OP_ENGAGEMENT:
                result = compared(value, code[k, COMPARISON], code[k, CONSTANT])
            elif op == OP_FIT:
                result = compared(fit, code[k, COMPARISON], code[k, CONSTANT])
            elif op == OP_GRADE:
                result = 0 if grade < 0 else compared(grade, code[k, COMPARISON], code[k, CONSTANT])
            else:
                result = compared(counted[code[k, ARGUMENT]], code[k, COMPARISON], code[k, CONSTANT])
            stack[top] = result
            top += 1
    return bool(stack[0] == 1)


@part_of_the_fold
def target(signals: int, levels: int, current: int, position: int, fresh: bool, stages: Any) -> int:
    """The stage that one signal leads to from here, or NO_STAGE.

    The highest forward stage above the present one; from a side stage, one that may be re-entered from it,
    for level triggers only after a new award (`fresh`). Failing that, the first side stage that may be entered.
    """
    aside = current >= 0 and stages[current, SIDE] == 1
    for s in range(len(stages) - 1, -1, -1):
        bit = 1 << s
        if stages[s, SIDE] == 1 or not (signals | levels) & bit:
            continue
        if aside:
            if stages[s, REENTER] & (1 << current) and (signals & bit or fresh):
                return s
        elif s > position:
            return s
    for s in range(len(stages)):
        bit = 1 << s
        if stages[s, SIDE] == 0 or s == current or not (signals | levels) & bit:
            continue
        if stages[s, SOURCES] == ANY_STAGE or (current >= 0 and stages[s, SOURCES] & (1 << current)):
            return s
    return NO_STAGE


@part_of_the_fold
def note(stage_set: int, kind_of: int, argument: int, event: int, why: Any) -> None:
    """Remember what triggered these stages, should one of them be entered."""
    for s in range(len(why)):
        if stage_set & (1 << s):
            why[s, 0], why[s, 1], why[s, 2] = kind_of, argument, event


@part_of_the_fold
def take_activities(
    i: int, end: int, t: int, program: Any, events: Any, awards: Any, lists: Any, state: Any, why: Any
) -> tuple[int, int, int]:
    """Award, or refuse at the limit, all activities of one instant.

    Returns (next event, bit set of the stages they trigger, newest award or -1). They act together: triggers
    see the value after the last one.
    """
    rules = program.rules
    signals, newest = 0, -1
    while i < end and events.at[i] == t and events.code[i] < program.activity_codes:
        code = events.code[i]
        if code >= len(rules):
            signals |= program.signals[code]
            note(program.signals[code], KIND_SIGNAL, code, i, why)
        elif may_award(i, rules[code], events, lists.ring, program.ring[code], lists.awarded[code]):
            awards[i] = AWARDED
            if rules[code, LIMIT] != LIMIT_NONE:
                lists.ring[program.ring[code] + lists.awarded[code] % rules[code, TIMES]] = i
            lists.awarded[code] += 1
            lists.later[i] = -1
            lists.forgiven[i] = 0
            if lists.head[code] < 0:
                lists.head[code] = i
            else:
                lists.later[lists.tail[code]] = i
            lists.tail[code] = i
            lists.running[code] += rules[code, POINTS]
            state[FRESH] += 1
            newest = i
            if rules[code, AUTO]:
                signals |= program.hand_raise
                note(program.hand_raise, KIND_HAND_RAISE, code, i, why)
        else:
            awards[i] = LIMITED
        i += 1
    return i, signals, newest


@part_of_the_fold
def settle(
    s: int,
    t: int,
    next_event: int,
    counts: bool,
    stages: Any,
    awards: Any,
    lists: Any,
    state: Any,
    counted: Any,
) -> None:
    """Be in stage `s` from `t` on, with what entering it does; `counts` is false for an inferred stamp.

    The ledger of a merged person may hold a lower stage after a higher one: the higher one stands.
    """
    lists.entered[s] = 1
    if not counts:
        return
    if stages[s, COUNTER] >= 0:
        counted[stages[s, COUNTER]] += 1
        state[CYCLE] += 1
    if stages[s, SIDE] == 0 and s < state[POSITION]:
        return
    state[CURRENT], state[SINCE], state[POSITION] = s, t, s
    if stages[s, SIDE] == 1:
        state[POSITION] = -1
        state[FRESH] = 0
    if stages[s, RESETS] == 1:
        for k in range(state[RESET_FROM], next_event):
            if awards[k] == AWARDED:
                awards[k] = RESET
        state[RESET_FROM] = next_event
        state[ADJUSTMENT] = 0
        lists.head[:] = -1
        lists.tail[:] = -1
        lists.running[:] = 0


@part_of_the_fold
def write_transition(
    p: int, s: int, t: int, inferred: int, cycle: int, value: int, why: Any, state: Any, transitions: Any
) -> None:
    """One row of the output, or the flag that there is no room for it."""
    if state[WRITTEN] >= len(transitions):
        state[FULL] = 1
        return
    row = transitions[state[WRITTEN]]
    row[0], row[1], row[2], row[3] = p, s, state[CURRENT], t
    row[4], row[5], row[6] = why[0], why[1], why[2]
    row[7], row[8], row[9] = inferred, cycle, value
    state[WRITTEN] += 1


@part_of_the_fold
def enter(
    p: int,
    s: int,
    t: int,
    next_event: int,
    value: int,
    program: Any,
    awards: Any,
    lists: Any,
    state: Any,
    counted: Any,
    why: Any,
    transitions: Any,
) -> None:
    """Enter stage `s`; a forward stage that was skipped and never entered gets an inferred stamp first."""
    stages = program.stages
    aside = state[CURRENT] >= 0 and stages[state[CURRENT], SIDE] == 1
    if stages[s, SIDE] == 0 and not aside:
        for skipped in range(state[POSITION] + 1, s):
            if stages[skipped, SIDE] == 0 and lists.entered[skipped] == 0:
                write_transition(p, skipped, t, 1, state[CYCLE], value, why[s], state, transitions)
                settle(skipped, t, next_event, False, stages, awards, lists, state, counted)
    opened = 1 if stages[s, COUNTER] >= 0 else 0
    write_transition(p, s, t, 0, state[CYCLE] + opened, value, why[s], state, transitions)
    settle(s, t, next_event, True, stages, awards, lists, state, counted)


@part_of_the_fold
def replay(
    f: int,
    stop: int,
    next_event: int,
    stages: Any,
    awards: Any,
    lists: Any,
    frozen: Any,
    state: Any,
    counted: Any,
) -> int:
    """Settle the ledger's transitions from `f` up to `stop`, and return `stop`.

    Late evidence for a stage that was reached, or left behind, after it leads nowhere any more.
    """
    for k in range(f, stop):
        s = frozen.stage[k]
        settle(s, frozen.at[k], next_event, not frozen.inferred[k], stages, awards, lists, state, counted)
        if frozen.inferred[k]:
            continue
        for passed in range(len(stages)):
            if stages[passed, SIDE] == 1 or (stages[s, SIDE] == 0 and passed <= s):
                state[LATE_SIGNALS] &= ~(1 << passed)
                state[LATE_LEVELS] &= ~(1 << passed)
    return stop


@part_of_the_fold
def replay_end(goal: int, f: int, f_end: int, t: int, frozen: Any) -> int:
    """Behind the ledger's entry into `goal` at `t`, or `f` when it holds none; for NO_STAGE behind all of `t`."""
    k = f
    while k < f_end and frozen.at[k] == t:
        k += 1
        if frozen.stage[k - 1] == goal:
            return k
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
def explain(
    p: int,
    begin: int,
    end: int,
    value: int,
    program: Any,
    events: Any,
    awards: Any,
    state: Any,
    sums: Any,
    line: Any,
    lines: Any,
    n: int,
) -> int:
    """Write the contributions of one person; they add up to `value` exactly. Returns the new count of lines."""
    rules, as_of = program.rules, program.as_of
    line[:, :] = 0
    for e in range(begin, end):
        r = events.code[e]
        if r >= len(rules) or awards[e] == 0:
            continue
        row = line[r]
        points, half_life = rules[r, POINTS], rules[r, HALF_LIFE]
        row[1] += points
        row[8] += 1
        if awards[e] == LIMITED:
            row[2] -= points
        elif awards[e] == RESET:
            row[6] -= points
        elif rules[r, WINDOW] > 0 and as_of - events.at[e] >= rules[r, WINDOW]:
            row[3] -= points
        else:
            now = decayed(points, as_of - events.at[e], half_life) if half_life > 0 else points
            row[0] += now
            row[4] += now - points
            row[7] += 1
            row[9] = events.at[e]
    total = 0
    sums[:] = 0
    for r in range(len(rules)):
        row = line[r]
        if row[8] == 0:
            continue
        kept = clipped(row[0], rules[r, MAX_POINTS])
        row[5] = kept - row[0]
        row[0] = kept
        sums[rules[r, CATEGORY]] += kept
        lines[n, 0], lines[n, 1] = p, r
        for column in range(10):
            lines[n, 2 + column] = row[column]
        n += 1
    for c in range(len(sums)):
        within = bounded(sums[c], program.categories[c])
        total += within
        if within != sums[c]:
            lines[n, :] = 0
            lines[n, 0], lines[n, 1], lines[n, 2] = p, len(rules) + c, within - sums[c]
            n += 1
    if state[ADJUSTMENT] != 0:
        lines[n, :] = 0
        lines[n, 0], lines[n, 1], lines[n, 2] = p, len(rules) + len(sums), state[ADJUSTMENT]
        n += 1
    total += state[ADJUSTMENT]
    if total != value:
        lines[n, :] = 0
        lines[n, 0], lines[n, 1], lines[n, 2] = p, len(rules) + len(sums) + 1, value - total
        n += 1
    return n


@part_of_the_fold
def next_instant(
    i: int,
    end: int,
    f: int,
    f_end: int,
    p: int,
    after: int,
    has_negative: bool,
    program: Any,
    events: Any,
    people: Any,
    frozen: Any,
    head: Any,
) -> int:
    """The next breakpoint: an event, a frozen transition, the end of a negative award, or the instants at which
    the person appeared and at which its facts last changed.
    """
    t = NEVER
    if i < end:
        t = events.at[i]
    if f < f_end:
        t = min(t, frozen.at[f])
    if people.created[p] > after:
        t = min(t, people.created[p])
    if people.changed[p] > after:
        t = min(t, people.changed[p])
    if people.catch_up[p] > after:
        t = min(t, people.catch_up[p])
    if has_negative:
        for r in range(len(program.rules)):
            window = program.rules[r, WINDOW]
            if program.rules[r, POINTS] < 0 and window > 0 and head[r] >= 0:
                t = min(t, events.at[head[r]] + window)
    return t


@part_of_the_fold
def reached_levels(
    program: Any,
    value: int,
    newest: int,
    signals: int,
    p: int,
    people: Any,
    counted: Any,
    stack: Any,
    why: Any,
) -> int:
    """Bit set of the stages whose level trigger holds now."""
    reached = 0
    for k in range(len(program.levels)):
        bit = 1 << program.levels[k, STAGE]
        if not reached & bit and holds(
            program.levels[k],
            program.code,
            stack,
            value,
            people.fit[p],
            people.grade[p],
            people.static[p],
            counted,
        ):
            reached |= bit
            note(bit & ~signals, KIND_LEVEL, k, newest, why)
    return reached


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
    n_rules, n_categories = len(program.rules), len(program.categories)
    sums, counted, stack, state = lists.sums, lists.counted, lists.stack, lists.state
    why, late, line = lists.why, lists.late, lists.line
    state[WRITTEN] = n_transitions
    has_negative = program.floor > 0
    for c in range(n_categories):
        if program.categories[c, HAS_MIN] == 1 and program.categories[c, MIN] < program.floor:
            has_negative = True
    for r in range(n_rules):
        if program.rules[r, POINTS] < 0:
            has_negative = True

    for p in range(first, len(people.fit)):
        if n_lines + n_rules + n_categories + 2 > len(output.lines):
            return p, n_transitions, n_lines
        begin, end = events.start[p], events.start[p + 1]
        f, f_end = frozen.start[p], frozen.start[p + 1]
        last_frozen = frozen.at[f_end - 1] if f_end > f else -1
        lists.head[:] = -1
        lists.tail[:] = -1
        lists.running[:] = 0
        lists.awarded[:] = 0
        lists.entered[:] = 0
        for c in range(program.counters):
            counted[c] = people.counters[p, c]
        state[CURRENT], state[POSITION], state[SINCE], state[CYCLE] = NO_STAGE, -1, 0, 0
        state[ADJUSTMENT], state[FRESH], state[RESET_FROM], state[FULL] = 0, 0, begin, 0
        state[LATE_SIGNALS], state[LATE_LEVELS] = 0, 0
        stages, awards = program.stages, output.awards
        i, t, latest = begin, -1, -1
        if people.excluded[p]:
            f = replay(f, f_end, begin, stages, awards, lists, frozen, state, counted)
            i = end

        while not people.excluded[p]:
            t = next_instant(
                i, end, f, f_end, p, t, has_negative, program, events, people, frozen, lists.head
            )
            if t > program.as_of:
                break
            if has_negative:  # the floor reflects continuously; the left limit of each breakpoint is enough
                value = engagement(t, True, program, events.at, lists, state, sums)
                reflect(t, True, value, i, program, events, awards, lists, state)
            i, signals, newest = take_activities(i, end, t, program, events, awards, lists, state, why)
            value = engagement(t, False, program, events.at, lists, state, sums)
            if has_negative:
                reflect(t, False, value, i, program, events, awards, lists, state)
            value = min(value + state[ADJUSTMENT], program.maximum)
            latest = max(latest, newest)
            levels, entered_at = 0, t
            if t > people.judged[p]:
                levels = reached_levels(program, value, newest, signals, p, people, counted, stack, why)
            elif t == people.catch_up[p]:
                levels = reached_levels(program, value, latest, signals, p, people, counted, stack, why)
                if (
                    latest >= 0 and newest < 0
                ):  # what came late carries its own time, not that of the decision
                    entered_at = max(events.at[latest], last_frozen)
            goal = target(signals, levels, state[CURRENT], state[POSITION], state[FRESH] > 0, stages)

            # Inside the frozen past nothing new is entered: each signal settles what the ledger holds for it. What
            # would have been entered and was not (an award arrived late) waits for the latest transition.
            if goal >= 0 and t > last_frozen:
                enter(
                    p,
                    goal,
                    entered_at,
                    i,
                    value,
                    program,
                    awards,
                    lists,
                    state,
                    counted,
                    why,
                    output.transitions,
                )
            elif goal >= 0:
                stop = replay_end(goal, f, f_end, t, frozen)
                if stop == f:
                    wait(goal, signals, levels, state, why, late)
                f = replay(f, stop, i, stages, awards, lists, frozen, state, counted)

            # Deals, statuses and conversions: each is a signal in its own right.
            while i < end and events.at[i] == t:
                signals = program.signals[events.code[i]]
                goal = target(signals, 0, state[CURRENT], state[POSITION], state[FRESH] > 0, stages)
                i += 1
                if goal < 0:
                    continue
                note(1 << goal, KIND_SIGNAL, events.code[i - 1], i - 1, why)
                if t > last_frozen:
                    enter(
                        p, goal, t, i, value, program, awards, lists, state, counted, why, output.transitions
                    )
                    continue
                stop = replay_end(goal, f, f_end, t, frozen)
                if stop == f:
                    wait(goal, signals, 0, state, why, late)
                f = replay(f, stop, i, stages, awards, lists, frozen, state, counted)

            # Transitions whose evidence is gone, or was not of this definition.
            f = replay(
                f, replay_end(NO_STAGE, f, f_end, t, frozen), i, stages, awards, lists, frozen, state, counted
            )
            if t == last_frozen:
                signals, levels = state[LATE_SIGNALS], state[LATE_LEVELS]
                goal = target(signals, levels, state[CURRENT], state[POSITION], state[FRESH] > 0, stages)
                if goal >= 0:
                    enter(
                        p, goal, t, i, value, program, awards, lists, state, counted, late, output.transitions
                    )

        if state[FULL]:
            for k in range(begin, end):
                awards[k] = 0
            return p, n_transitions, n_lines
        n_transitions = state[WRITTEN]
        value = 0
        if not people.excluded[p]:
            t = program.as_of
            if has_negative:
                value = engagement(t, True, program, events.at, lists, state, sums)
                reflect(t, True, value, i, program, events, awards, lists, state)
            value = engagement(t, False, program, events.at, lists, state, sums)
            if has_negative:
                reflect(t, False, value, i, program, events, awards, lists, state)
            value = min(value + state[ADJUSTMENT], program.maximum)
            n_lines = explain(
                p, begin, end, value, program, events, awards, state, sums, line, output.lines, n_lines
            )
        row = output.people[p]
        row[0], row[1], row[2], row[3] = value, state[CURRENT], state[SINCE], state[CYCLE]
    return len(people.fit), n_transitions, n_lines
