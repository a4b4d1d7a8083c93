"""Whether a condition on a person's state holds now: runs its postfix program on a small stack."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import CURRENT, CYCLE
from leadledger.engine.tables import (
    ARGUMENT,
    COMPARISON,
    CONSTANT,
    EQ,
    GE,
    GT,
    LE,
    LT,
    OP,
    OP_AND,
    OP_AT_LEAST,
    OP_CATEGORY,
    OP_COUNTER,
    OP_CYCLE,
    OP_ENGAGEMENT,
    OP_FIT,
    OP_GRADE,
    OP_MODEL_FIT,
    OP_MODEL_GRADE,
    OP_NOT,
    OP_OR,
    OP_SCORE,
    OP_STAGE,
    OP_STATIC,
)


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
def at_least(stack: Any, top: int, parts: int, count: int) -> int:
    """1 when `count` of the topmost parts hold, -1 when too few can, else 0."""
    true, possible = 0, 0
    for k in range(top - parts, top):
        if stack[k] == 1:
            true += 1
        if stack[k] >= 0:
            possible += 1
    if true >= count:
        return 1
    return -1 if possible < count else 0


@part_of_the_fold
def looked_up(op: int, argument: int, value: int, p: int, people: Any, lists: Any, state: Any) -> int:
    """The number that a comparison looks at."""
    if op == OP_SCORE:
        return int(value + people.fit[p])
    if op == OP_ENGAGEMENT:
        return value
    if op == OP_CATEGORY:
        return int(lists.sums[argument])
    if op == OP_FIT:
        return int(people.fit[p])
    if op == OP_GRADE:
        return int(people.grade[p])
    if op == OP_COUNTER:
        return int(lists.counted[argument])
    if op == OP_CYCLE:
        return int(state[CYCLE])
    if op == OP_MODEL_FIT:
        return int(people.model_fit[p, argument])
    if op == OP_MODEL_GRADE:
        return int(people.model_grade[p, argument])
    return int(state[CURRENT])


@part_of_the_fold
def holds(
    first: int, length: int, value: int, p: int, program: Any, people: Any, lists: Any, state: Any
) -> bool:
    """Whether a program's result is true. Kleene: AND is the smaller, OR the larger, NOT the negative."""
    code, stack = program.code, lists.stack
    top = 0
    for k in range(first, first + length):
        op = code[k, OP]
        if op == OP_AND or op == OP_OR:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = min(a, b) if op == OP_AND else max(a, b)
        elif op == OP_NOT:
            stack[top - 1] = -stack[top - 1]
        elif op == OP_AT_LEAST:
            result = at_least(stack, top, code[k, ARGUMENT], code[k, CONSTANT])
            top -= code[k, ARGUMENT] - 1
            stack[top - 1] = result
        else:
            if op == OP_STATIC:
                stack[top] = people.static[p, code[k, ARGUMENT]]
            else:
                found = looked_up(op, code[k, ARGUMENT], value, p, people, lists, state)
                unknown = found < 0 and (op == OP_GRADE or op == OP_MODEL_GRADE or op == OP_STAGE)
                stack[top] = 0 if unknown else compared(found, code[k, COMPARISON], code[k, CONSTANT])
            top += 1
    return bool(stack[0] == 1)
