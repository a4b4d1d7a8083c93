"""Ranges of numbers, and whether a condition can hold at all while its names stay inside theirs.

The answer errs on one side only: what is said to be impossible is. `not`, patterns and words are taken to be
possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Op, Scalar, Space


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two bounds, which belong to it unless they are open."""

    low: float = -inf
    high: float = inf
    open_low: bool = False
    open_high: bool = False

    def meet(self, other: Range) -> Range:
        """What lies in both."""
        low, open_low = max((self.low, self.open_low), (other.low, other.open_low))
        high, closed = min((self.high, not self.open_high), (other.high, not other.open_high))
        return Range(low, high, open_low, not closed)

    def plus(self, other: Range) -> Range:
        """The sums of a number of each; the ends belong to it, which allows too much at most."""
        return Range(self.low + other.low, self.high + other.high)

    def span(self, other: Range) -> Range:
        """The smallest range around both."""
        return Range(min(self.low, other.low), max(self.high, other.high))

    def empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))


@dataclass(frozen=True, slots=True)
class Bands:
    """Words that hang on numbers, best first: the letters of a grade, the cells of a classification.

    `where` gives for each word the alternatives of ranges (by name) in which somebody has it; none: nobody has.
    """

    where: Mapping[str, tuple[Mapping[str, Range], ...]]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What the computed values can be: numbers by range, words by what they hang on."""

    ranges: Mapping[str, Range] = field(default_factory=dict)
    bands: Mapping[str, Bands] = field(default_factory=dict)


NO_LIMITS = Limits()
EXCLUDES_ITSELF = "excludes itself"


def why_never(condition: Condition, limits: Limits = NO_LIMITS) -> str:
    """Why a condition can never hold, in words; empty when it may."""
    parts = tuple(_flat(condition))
    compares = tuple(part for part in parts if isinstance(part, Compare))
    reason = _of_numbers(compares, limits) or _of_words(compares) or _of_bands(compares, limits)
    if reason:
        return reason
    for part in parts:
        match part:
            case AnyOf(of):
                reasons = [why_never(All((*compares, one)), limits) for one in of]
                if reasons and all(reasons):
                    return reasons[0]
            case AtLeast(count, of):
                reasons = [why_never(All((*compares, one)), limits) for one in of]
                if sum(not reason for reason in reasons) < count:
                    return next(reason for reason in reasons if reason)
            case _:
                pass
    return ""


def _flat(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, All):
        for part in condition.of:
            yield from _flat(part)
    else:
        yield condition


def _numbers(compares: tuple[Compare, ...]) -> dict[tuple[Space, str], Range]:
    """Name -> what all comparisons together leave of the numbers."""
    found: dict[tuple[Space, str], Range] = {}
    for compare in compares:
        asked = _asked(compare)
        if asked is not None:
            key = (compare.space, compare.name)
            found[key] = found.get(key, Range()).meet(asked)
    return found


def _asked(compare: Compare) -> Range | None:
    values = compare.value if isinstance(compare.value, tuple) else (compare.value,)
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        return None
    match compare.op:
        case Op.OVER:
            return Range(low=numbers[0], open_low=True)
        case Op.AT_LEAST:
            return Range(low=numbers[0])
        case Op.BELOW:
            return Range(high=numbers[0], open_high=True)
        case Op.AT_MOST:
            return Range(high=numbers[0])
        case Op.IS | Op.IN if numbers:
            return Range(min(numbers), max(numbers))
        case _:
            return None


def _of_numbers(compares: tuple[Compare, ...], limits: Limits) -> str:
    asked = _numbers(compares)
    for (space, name), wanted in asked.items():
        if wanted.empty():
            return f"what it asks of `{name}` {EXCLUDES_ITSELF}"
        limit = limits.ranges.get(name) if space is Space.COMPUTED else None
        if limit is not None and limit.meet(wanted).empty():
            return _says(name, limit, limits)
    score = asked.get((Space.COMPUTED, "score"))
    if score is not None and {"engagement", "fit"} <= limits.ranges.keys():
        parts = [
            limits.ranges[name].meet(asked.get((Space.COMPUTED, name), Range()))
            for name in ("engagement", "fit")
        ]
        both = parts[0].plus(parts[1])
        if both.meet(score).empty():
            return f"`score` is the sum of engagement and fit, here {_shown(both)}"
    return ""


def _says(name: str, limit: Range, limits: Limits) -> str:
    parts = [limits.ranges.get(part) for part in ("engagement", "fit")]
    detail = ""
    if name == "score" and parts[0] is not None and parts[1] is not None:
        detail = f" (engagement {_shown(parts[0])}, fit {_shown(parts[1])})"
    return f"`{name}` is always {_shown(limit)}{detail}"


def _shown(limit: Range) -> str:
    if limit.low == -inf:
        return f"at most {limit.high:g}"
    if limit.high == inf:
        return f"at least {limit.low:g}"
    return f"between {limit.low:g} and {limit.high:g}" if limit.low < limit.high else f"{limit.low:g}"


def _of_words(compares: tuple[Compare, ...]) -> str:
    left: dict[tuple[Space, str], frozenset[str]] = {}
    for compare in compares:
        if compare.op not in {Op.IS, Op.IN}:
            continue
        values = compare.value if isinstance(compare.value, tuple) else (compare.value,)
        if not all(isinstance(value, str) for value in values):
            continue
        key = (compare.space, compare.name)
        words = frozenset(str(value).casefold() for value in values)
        left[key] = left.get(key, words) & words
        if not left[key]:
            return f"what it asks of `{compare.name}` {EXCLUDES_ITSELF}"
    return ""


def _of_bands(compares: tuple[Compare, ...], limits: Limits) -> str:
    asked = _numbers(compares)
    for name, bands in limits.bands.items():
        own = [c for c in compares if c.space is Space.COMPUTED and c.name == name]
        if not own or not _all_known(own, bands):
            continue
        left = [word for word in bands.where if all(_meets(word, c, bands) for c in own)]
        reachable = any(
            not any(
                limit.meet(asked.get((Space.COMPUTED, what), Range())).empty() for what, limit in way.items()
            )
            for word in left
            for way in bands.where[word]
        )
        if not reachable:
            return f"nobody can have such a {name.partition('_')[0]}"
    return ""


def _all_known(compares: list[Compare], bands: Bands) -> bool:
    """A word that is none is told elsewhere."""
    values = [v for c in compares for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
    return all(value in bands.where for value in values)


def _meets(word: str, compare: Compare, bands: Bands) -> bool:
    values: tuple[Scalar, ...] = compare.value if isinstance(compare.value, tuple) else (compare.value,)
    match compare.op:
        case Op.IS | Op.IN:
            return word in values
        case Op.IS_NOT | Op.NOT_IN:
            return word not in values
        case _:
            return not bands.ordered or _beside(word, compare.op, str(values[0]), list(bands.where))


def _beside(word: str, op: Op, bound_word: str, order: list[str]) -> bool:
    """The same for an order, best first."""
    position, bound = order.index(word), order.index(bound_word)
    match op:
        case Op.AT_LEAST:
            return position <= bound
        case Op.OVER:
            return position < bound
        case Op.AT_MOST:
            return position >= bound
        case Op.BELOW:
            return position > bound
        case _:
            return True
