"""What an award is worth at an age, in exact arithmetic; all points are whole millionths."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import floor

from leadledger.domain.instants import SECOND
from leadledger.domain.scoring import Decay, HalfLife, Linear, Steps

MILLIONTHS = 1_000_000
HALF_LIVES = 60

_SIXTY_DIGITS = Context(prec=60)
_LN2 = _SIXTY_DIGITS.ln(Decimal(2))


def exact(number: float) -> Fraction:
    """The number that the admin wrote: 0.1 is one tenth, whatever a float makes of it."""
    return Fraction(str(number))


def half_up(number: Fraction) -> int:
    """The nearest whole number; of two, the larger."""
    return floor(number + Fraction(1, 2))


def micro(points: float) -> int:
    """Points as whole millionths."""
    return half_up(exact(points) * MILLIONTHS)


@lru_cache(maxsize=200_000)
def worth(points: int, decay: Decay | None, window: int | None, age_us: int, *, before: bool) -> int:
    """Millionths that an award still gives at an age; with `before` at the left limit, where the age is above 0."""
    if window is not None and (age_us > window if before else age_us >= window):
        return 0
    match decay:
        case None:
            return points
        case HalfLife(span):
            if age_us > HALF_LIVES * span:
                return 0
            return half_up(points * _half_power(Fraction(age_us, span)))
        case Linear(over):
            elapsed = _full(SECOND, age_us, before=before) * SECOND
            return half_up(Fraction(points * max(0, over - elapsed), over))
        case Steps(percent, every):
            return _stepped(points, percent, _full(every, age_us, before=before))


def last_change(points: int, decay: Decay | None, window: int | None) -> int | None:
    """The age of the award's end; None when it has none."""
    ends = [] if window is None else [window]
    if isinstance(decay, HalfLife):
        ends.append(HALF_LIVES * decay.span)
    if isinstance(decay, Linear):
        ends.append(decay.over)
    return min(ends, default=None)


def next_step(points: int, decay: Decay | None, window: int | None, age_us: int) -> int | None:
    """The first age above this one at which the award ends, or steps to another worth."""
    ages = []
    end = last_change(points, decay, window)
    if end is not None and end > age_us:
        ages.append(end)
    if isinstance(decay, Steps):
        steps = age_us // decay.every
        # A step that rounding undoes gives the same worth for ever after.
        if _stepped(points, decay.percent, steps + 1) != _stepped(points, decay.percent, steps):
            ages.append((steps + 1) * decay.every)
    if not ages or (window is not None and age_us >= window):
        return None
    return min(ages)


def _full(unit: int, age_us: int, *, before: bool) -> int:
    """Full units that have passed; just before an instant the unit that ends there is not full yet."""
    return -(-age_us // unit) - 1 if before else age_us // unit


@lru_cache(maxsize=200_000)
def _half_power(halves: Fraction) -> Fraction:
    exponent = _SIXTY_DIGITS.divide(Decimal(halves.numerator), Decimal(halves.denominator))
    if halves.denominator == 1:
        return Fraction(1, 2**halves.numerator)
    return Fraction(_SIXTY_DIGITS.exp(_SIXTY_DIGITS.multiply(-_LN2, exponent)))


@lru_cache(maxsize=200_000)
def _stepped(points: int, percent: float, steps: int) -> int:
    left = points
    for _ in range(steps):
        next_ = half_up(left * (100 - exact(percent)) / 100)
        if next_ == left:
            break
        left = next_
    return left
