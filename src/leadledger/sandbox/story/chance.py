"""How the story draws lots: one seeded generator per topic, so that one topic's draws never move another's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, *topic: object) -> Random:
    """A generator of its own for a topic.

    Seeding with text goes through SHA-512, so it depends on no process-wide hash seed.
    """
    return Random("/".join(map(str, (seed, *topic))))


def deck(rng: Random, shares: Sequence[tuple[T, float]], size: int) -> list[T]:
    """`size` cards in random order whose counts follow the shares exactly (largest remainder).

    A deck rather than independent draws, because a small population must hold every kind too.
    """
    total = math.fsum(share for _, share in shares)
    exact = [size * share / total for _, share in shares]
    counts = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: (counts[i] - exact[i], i))
    for index in by_remainder[: size - sum(counts)]:
        counts[index] += 1
    cards = [card for (card, _), count in zip(shares, counts, strict=True) for _ in range(count)]
    rng.shuffle(cards)
    return cards


def some_of(rng: Random, keys: Sequence[int], share: float) -> frozenset[int]:
    """A random share of the keys, at least one once there are 20 to choose from. For membership tests only."""
    count = round(len(keys) * share)
    if count == 0 and len(keys) >= 20:
        count = 1
    return frozenset(rng.sample(keys, count))


def weighted(rng: Random, choices: Sequence[tuple[T, float]]) -> T:
    """One of the choices by weight. Weights need not add up to one."""
    point = rng.random() * math.fsum(weight for _, weight in choices)
    for choice, weight in choices:
        point -= weight
        if point < 0:
            return choice
    return choices[-1][0]
