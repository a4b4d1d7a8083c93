"""Compiles conditions on a person's state into the postfix programs that the fold runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Space, comparisons
from leadledger.domain.definition import Definition
from leadledger.domain.scoring import MICRO, Band, Classification
from leadledger.engine import tables as t
from leadledger.errors import BugError

_COMPARISONS = {
    Op.AT_LEAST: t.GE,
    Op.AT_MOST: t.LE,
    Op.OVER: t.GT,
    Op.BELOW: t.LT,
    Op.IS: t.EQ,
    Op.IS_NOT: t.NE,
}
_VALUES = {"score": t.OP_SCORE, "engagement": t.OP_ENGAGEMENT, "fit": t.OP_FIT}
_OF_VALUE = (t.OP_SCORE, t.OP_ENGAGEMENT, t.OP_CATEGORY)
"""What changes with the value."""

Code = tuple[int, int, int, int]


class Postfix:
    """One table of instructions for all conditions of a definition, and the conditions on facts alone."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.code: list[Code] = []
        self.statics: list[Condition] = []

    def add(self, condition: Condition) -> tuple[int, int]:
        """Append a condition; gives (first instruction, how many)."""
        first = len(self.code)
        self._append(condition)
        return first, len(self.code) - first

    def _append(self, condition: Condition) -> None:
        if all(c.space is not Space.COMPUTED for c in comparisons(condition)):
            if condition not in self.statics:
                self.statics.append(condition)
            self.code.append((t.OP_STATIC, 0, self.statics.index(condition), 0))
            return
        match condition:
            case All(of) | AnyOf(of):
                self._joined(of, t.OP_AND if isinstance(condition, All) else t.OP_OR)
            case AtLeast(count, of):
                for part in of:
                    self._append(part)
                self.code.append((t.OP_AT_LEAST, 0, len(of), count))
            case Not(of):
                self._append(of)
                self.code.append((t.OP_NOT, 0, 0, 0))
            case Compare():
                self._compare(condition)
            case _:
                assert_never(condition)

    def _joined(self, of: Sequence[Condition], op: int) -> None:
        for k, part in enumerate(of):
            self._append(part)
            if k:
                self.code.append((op, 0, 0, 0))

    def _compare(self, compare: Compare) -> None:
        if compare.op in {Op.IN, Op.NOT_IN} and isinstance(compare.value, tuple):
            one_of = AnyOf(tuple(Compare(compare.space, compare.name, Op.IS, v) for v in compare.value))
            self._append(one_of if compare.op is Op.IN else Not(one_of))
            return
        if compare.name == "classification":
            self._classification(compare)
            return
        op, argument = self._variable(compare.name)
        if compare.op not in _COMPARISONS:
            msg = (
                f"{compare.op} cannot be asked of {compare.name}; the definition's checks should have said so"
            )
            raise BugError(msg)
        self.code.append((op, _COMPARISONS[compare.op], argument, self._constant(op, argument, compare)))

    def _variable(self, name: str) -> tuple[int, int]:
        definition = self.definition
        models = [model.id for model in definition.models]
        categories = [category.id for category in definition.engagement.categories]
        if name in _VALUES:
            return _VALUES[name], 0
        if name in definition.counters():
            return t.OP_COUNTER, definition.counters().index(name)
        kind, _, rest = name.partition("_")
        match kind:
            case "grade":
                return (t.OP_MODEL_GRADE, models.index(rest)) if rest else (t.OP_GRADE, 0)
            case "fit":
                return t.OP_MODEL_FIT, models.index(rest)
            case "engagement":
                return t.OP_CATEGORY, categories.index(rest)
            case "cycle":
                return t.OP_CYCLE, 0
            case "stage":
                return t.OP_STAGE, 0
            case _:
                msg = f"{name} is no computed value; the definition's checks should have said so"
                raise BugError(msg)

    def _constant(self, op: int, argument: int, compare: Compare) -> int:
        value = compare.value
        if op == t.OP_STAGE:
            return self.definition.lifecycle.index(str(value))
        if op in {t.OP_GRADE, t.OP_MODEL_GRADE}:
            fit = self.definition.fit if op == t.OP_GRADE else self.definition.models[argument].fit
            letters = fit.letters() or self._letters_of_models()
            return len(letters) - 1 - letters.index(str(value))
        number = float(value)  # type: ignore[arg-type]  # a number, by the definition's checks
        return int(number) if op in {t.OP_COUNTER, t.OP_CYCLE} else round(number * MICRO)

    def _letters_of_models(self) -> tuple[str, ...]:
        """Where only models grade, the person's grade is that of a model."""
        return next((m.fit.letters() for m in self.definition.models if m.when and m.fit.letters()), ())

    def _classification(self, compare: Compare) -> None:
        """A cell, as the bounds of its two bands."""
        of = self.definition.classification
        if of is None or compare.op not in {Op.IS, Op.IS_NOT}:
            msg = "a classification is compared with cells; the definition's checks should have said so"
            raise BugError(msg)
        cell = _cell(of, str(compare.value))
        self._append(cell if compare.op is Op.IS else Not(cell))


def _cell(of: Classification, name: str) -> Condition:
    for fit in range(len(of.fit)):
        for engagement in range(len(of.engagement)):
            if of.fit[fit].name + of.engagement[engagement].name == name:
                return All((*_bounds("fit", of.fit, fit), *_bounds("engagement", of.engagement, engagement)))
    msg = f"{name} is no cell of the classification; the definition's checks should have said so"
    raise BugError(msg)


def _bounds(name: str, bands: Sequence[Band], which: int) -> list[Condition]:
    """At least this band's bound, and below that of the better one."""
    found: list[Condition] = []
    low = bands[which].at_least
    high = bands[which - 1].at_least if which else None
    if low is not None:
        found.append(Compare(Space.COMPUTED, name, Op.AT_LEAST, low))
    if high is not None:
        found.append(Compare(Space.COMPUTED, name, Op.BELOW, high))
    return found


def compared_values(postfix: Postfix, levels: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """The comparisons of level triggers, and of their `until`, that a falling value changes: (what, which, true from this value on down).

    Nothing where no falling value can make a condition true, and no `until` can do so and undo it again: what only
    rises with the value, or only falls with it, shows at the breakpoints.
    """
    bounds: set[tuple[int, int, int]] = set()
    matters = False
    for _, first, length, until, until_length in levels:
        program, waited = postfix.code[first : first + length], postfix.code[until : until + until_length]
        matters = matters or _by_falling(program)[0] or all(_by_falling(waited))
        for op, comparison, argument, constant in (*program, *waited):
            if op in _OF_VALUE:
                if comparison in {t.GE, t.LT, t.EQ, t.NE}:
                    bounds.add((op, argument, constant - 1))
                if comparison in {t.GT, t.LE, t.EQ, t.NE}:
                    bounds.add((op, argument, constant))
    return sorted(bounds) if matters else []


def _by_falling(program: Sequence[Code]) -> tuple[bool, bool]:
    """Whether a condition can become true, and whether it can become false, by a falling value.

    True: an upper bound on the value, not negated, or a lower one, negated.
    """
    stack: list[tuple[bool, bool]] = [(False, False)]
    for op, comparison, argument, _ in program:
        if op in {t.OP_AND, t.OP_OR}:
            one, other = stack.pop(), stack.pop()
            stack.append((one[0] or other[0], one[1] or other[1]))
        elif op == t.OP_AT_LEAST:
            parts = [stack.pop() for _ in range(argument)]
            stack.append((any(p[0] for p in parts), any(p[1] for p in parts)))
        elif op == t.OP_NOT:
            up, down = stack.pop()
            stack.append((down, up))
        elif op in _OF_VALUE:
            stack.append((comparison not in {t.GE, t.GT}, comparison not in {t.LE, t.LT}))
        else:
            stack.append((False, False))
    return stack[-1]
