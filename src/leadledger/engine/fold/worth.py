"""What an award is worth at an age: whole millionths, rounded half up, the same in compiled and plain code."""

from __future__ import annotations

import math
from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.tables import (
    C_LENGTH,
    C_POINTS,
    C_STEPS,
    DECAY,
    DECAY_HALF,
    DECAY_LINEAR,
    DECAY_NONE,
    DECAY_STEPS,
    SPAN,
    WINDOW,
)

_SECOND = 1_000_000
_LN2, _LN2_REST = 0.6931471805599453, 2.3190468138462996e-17
_SERIES, _LONG_SERIES = 16, 28
FORGOTTEN = 60
"""After 60 half-lives nothing is left of an award: less than a millionth of any allowed points."""
_SPLITTER = 134217729.0  # 2^27 + 1: halves a double's digits (Dekker)
_LIMB = 20


@part_of_the_fold
def halved(points: int, age: int, half_life: int) -> int:
    """`points` after `age` microseconds of a half-life."""
    if age >= half_life * FORGOTTEN:
        return 0
    whole = age // half_life
    y = ((age - whole * half_life) / half_life) * _LN2
    rest = 1.0
    for k in range(_SERIES, 0, -1):
        rest = 1.0 - y * rest / k
    value = math.ldexp(points * rest, -int(whole))
    rounded = math.floor(value + 0.5)
    # A double is too short to say on which side of a half a value so near to it lies.
    if abs(value + 0.5 - rounded - 0.5) > 0.5 - (abs(value) * 1e-14 + 1e-9):
        return halved_exactly(points, age - whole * half_life, half_life, whole)
    return int(rounded)


@part_of_the_fold
def product(a: float, b: float) -> tuple[float, float]:
    """a x b and its rounding error (Dekker)."""
    high = a * b
    c = _SPLITTER * a
    a1 = c - (c - a)
    a2 = a - a1
    c = _SPLITTER * b
    b1 = c - (c - b)
    b2 = b - b1
    return high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2


@part_of_the_fold
def total(a: float, b: float) -> tuple[float, float]:
    """a + b and its rounding error (Knuth)."""
    s = a + b
    other = s - a
    return s, (a - (s - other)) + (b - other)


@part_of_the_fold
def long_product(a: float, a_rest: float, b: float, b_rest: float) -> tuple[float, float]:
    """The product of two numbers of twice the digits of a double."""
    high, low = product(a, b)
    return total(high, low + (a * b_rest + a_rest * b))


@part_of_the_fold
def halved_exactly(points: int, part: int, half_life: int, whole: int) -> int:
    """points x 2^-(whole + part / half_life) with 30 digits, rounded half up."""
    f = part / half_life
    high, low = product(f, float(half_life))
    y, y_rest = long_product(f, ((part - high) - low) / half_life, _LN2, _LN2_REST)
    rest, rest_rest = 1.0, 0.0
    for k in range(_LONG_SERIES, 0, -1):
        a, b = long_product(y, y_rest, rest, rest_rest)
        quotient = a / k
        high, low = product(quotient, float(k))
        error = (((a - high) - low) + b) / k
        rest, rest_rest = total(1.0, -quotient)
        rest, rest_rest = total(rest, rest_rest - error)
    value, error = long_product(rest, rest_rest, float(points), 0.0)
    value, error = math.ldexp(value, -int(whole)), math.ldexp(error, -int(whole))
    above, lost = total(value, 0.5)
    down = float(math.floor(above))
    fraction = (above - down) + (lost + error)
    if fraction < 0.0:
        down -= 1.0
    elif fraction >= 1.0:
        down += 1.0
    return int(down)


@part_of_the_fold
def along_a_line(points: int, age: int, over: int) -> int:
    """points x (over - age) / over, in seconds, rounded half up; in two limbs, because the product has 72 bits."""
    if age >= over:
        return 0
    left = over - age
    high = (points >> _LIMB) * left
    rest = ((high % over) << _LIMB) + (points & ((1 << _LIMB) - 1)) * left
    value = ((high // over) << _LIMB) + rest // over
    if 2 * (rest % over) >= over:
        value += 1
    return int(value)


@part_of_the_fold
def worth(code: int, rule: int, age: int, left: bool, program: Any) -> int:
    """What an award of a code is worth at an age, or just before it; its window apart."""
    points = program.codes[code, C_POINTS]
    decay = program.rules[rule, DECAY]
    if decay == DECAY_NONE:
        return int(points)
    span = program.rules[rule, SPAN]
    if decay == DECAY_HALF:
        return halved(points, age, span)
    if left and age > 0:
        age -= 1
    if decay == DECAY_LINEAR:
        return along_a_line(points, age // _SECOND, span // _SECOND)
    step = min(age // span, program.codes[code, C_LENGTH] - 1)
    return int(program.steps[program.codes[code, C_STEPS] + step])


@part_of_the_fold
def is_over(rule: int, age: int, left: bool, program: Any) -> bool:
    """Whether an award of this age counts no more; just before the instant with `left`."""
    window = program.rules[rule, WINDOW]
    if window > 0 and (age > window if left else age >= window):
        return True
    decay = program.rules[rule, DECAY]
    if decay == DECAY_HALF:
        return bool(age >= program.rules[rule, SPAN] * FORGOTTEN)
    span = program.rules[rule, SPAN]
    return bool(decay == DECAY_LINEAR and (age > span if left else age >= span))


@part_of_the_fold
def is_spent(code: int, rule: int, age: int, left: bool, program: Any) -> bool:
    """Whether nothing is left of an award, for good: it is over, or it went its last step, down to nothing."""
    if is_over(rule, age, left, program):
        return True
    return bool(program.rules[rule, DECAY] == DECAY_STEPS and worth(code, rule, age, left, program) == 0)
