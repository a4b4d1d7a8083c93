"""The contributions of one person: what each rule gave and lost, adding up to the engagement exactly."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import DEDUCTED, DEDUCTIONS, GIFT, RESTORED
from leadledger.engine.fold.value import bounded, clipped
from leadledger.engine.fold.worth import is_over, worth
from leadledger.engine.tables import (
    C_POINTS,
    C_RULE,
    CATEGORY,
    L_COUNT,
    L_PERSON,
    L_POINTS,
    L_RULE,
    LIMITED,
    MATERIAL,
    MAX_POINTS,
    RESET,
)


@part_of_the_fold
def one_line(p: int, which: int, points: int, count: int, lines: Any, n: int) -> int:
    """Write a line that is no rule's, unless it is worth nothing. Returns the new count of lines."""
    if points == 0:
        return n
    lines[n, :] = 0
    lines[n, L_PERSON], lines[n, L_RULE], lines[n, L_POINTS], lines[n, L_COUNT] = p, which, points, count
    return n + 1


@part_of_the_fold
def gather(begin: int, end: int, program: Any, events: Any, awards: Any, line: Any) -> None:
    """Sum what each rule's activities gave and lost, in the columns of `Output.lines` from L_POINTS on."""
    codes, as_of = program.codes, program.as_of
    line[:, :] = 0
    for e in range(begin, end):
        became = awards[e]
        if became == 0:
            continue
        code = events.code[e]
        r = codes[code, C_RULE]
        row = line[r]
        row[8] += 1
        if became == MATERIAL:
            continue
        points = codes[code, C_POINTS]
        age = as_of - events.at[e]
        row[1] += points
        if became == LIMITED:
            row[2] -= points
        elif became == RESET:
            row[6] -= points
        elif is_over(r, age, False, program):
            row[3] -= points
        else:
            now = worth(code, r, age, False, program)
            row[0] += now
            row[4] += now - points
            row[7] += 1
            row[9] = events.at[e]


@part_of_the_fold
def explain(
    p: int,
    begin: int,
    end: int,
    value: int,
    program: Any,
    events: Any,
    awards: Any,
    lists: Any,
    state: Any,
    output: Any,
    n: int,
) -> int:
    """Write the contributions of one person; they add up to `value` exactly. Returns the new count of lines."""
    rules, sums, line, lines = program.rules, lists.sums, lists.line, output.lines
    gather(begin, end, program, events, awards, line)
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
        lines[n, L_PERSON], lines[n, L_RULE] = p, r
        for column in range(10):
            lines[n, 2 + column] = row[column]
        n += 1
    for c in range(len(sums)):
        within = bounded(sums[c], program.categories[c])
        n = one_line(p, len(rules) + c, within - sums[c], 0, lines, n)
        total += within
        output.categories[p, c] = within
    which = len(rules) + len(sums)
    n = one_line(p, which, state[DEDUCTED], state[DEDUCTIONS], lines, n)
    n = one_line(p, which + 1, state[RESTORED], 0, lines, n)
    n = one_line(p, which + 2, state[GIFT], 0, lines, n)
    total += state[DEDUCTED] + state[RESTORED] + state[GIFT]
    for k in range(len(lists.added)):
        n = one_line(p, which + 4 + k, lists.added[k], 0, lines, n)
        total += lists.added[k]
    return one_line(p, which + 3, value - total, 0, lines, n)
