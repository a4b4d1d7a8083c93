"""Halved points are rounded half up exactly, as arithmetic with sixty digits says; lines and steps as well."""

from __future__ import annotations

import math
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from leadledger.domain.instants import DAY, HOUR, SECOND
from leadledger.engine.fold.worth import FORGOTTEN, along_a_line, halved, halved_exactly

MOST_POINTS = 1_000_000 * 1_000_000
"""A million points in millionths: more than the definition's checks let through."""


def exactly(points: int, age: int, half_life: int) -> int:
    """Half up, with sixty digits; whole half-lives are exact in any case."""
    whole, part = divmod(age, half_life)
    if part == 0:
        return math.floor(Fraction(points, 2**whole) + Fraction(1, 2))
    with localcontext() as context:
        context.prec = 60
        worth = Decimal(points) * (-(Decimal(2).ln()) * Decimal(age) / Decimal(half_life)).exp()
        return int((worth + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


def cases(count: int) -> list[tuple[int, int, int]]:
    """Points, ages and half-lives: a third of them at whole half-lives, where exact ties are."""
    random = Random(1)
    found = []
    for number in range(count):
        half_life = random.choice(
            (HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY, random.randint(SECOND, 400 * DAY))
        )
        points = random.choice(
            (random.randint(1, MOST_POINTS), random.randint(1, 200) * 1_000_000, 2 ** random.randint(0, 39))
        )
        if number % 3 == 0:
            points += random.choice((0, 1, 2 ** random.randint(0, 20)))
            age = random.randint(0, 40) * half_life
        else:
            age = random.randint(0, FORGOTTEN * half_life)
        found.append((points, age, half_life))
    return found


def test_ten_thousand_random_awards_are_halved_as_sixty_digits_say():
    wrong = [case for case in cases(10_000) if halved(*case) != exactly(*case)]

    assert wrong == []


def test_the_long_way_alone_says_the_same():
    wrong = [
        (points, age, half_life)
        for points, age, half_life in cases(1_500)
        if age < half_life * FORGOTTEN
        and halved_exactly(points, age % half_life, half_life, age // half_life)
        != exactly(points, age, half_life)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("points", "halvings", "expected"),
    [(1, 1, 1), (3, 1, 2), (5, 1, 3), (1, 2, 0), (3, 2, 1), (2, 2, 1), (6, 2, 2), (2**39 + 2**38, 39, 2)],
)
def test_a_tie_is_rounded_up(points, halvings, expected):
    assert halved(points, halvings * DAY, DAY) == expected == exactly(points, halvings * DAY, DAY)


def test_worth_never_rises_with_age():
    for points in (1_000_000, 33_333_333, 999_999_999_999):
        worths = [halved(points, age * HOUR, 10 * DAY + 1) for age in range(0, 24 * 90, 7)]
        assert worths == sorted(worths, reverse=True)


def test_numbers_of_arrays_are_halved_like_whole_numbers():
    for points, age, half_life in cases(300):
        given = np.array([points, age, half_life], np.int64)
        assert halved(*given) == exactly(points, age, half_life)


def test_a_line_is_exact_with_its_two_limbs():
    random = Random(2)
    for _ in range(10_000):
        points, over = random.randint(1, MOST_POINTS), random.randint(1, 50 * 365 * 86_400)
        age = random.randint(0, over + 5)
        left = Fraction(points * max(0, over - age), over)
        assert along_a_line(points, age, over) == math.floor(left + Fraction(1, 2))
