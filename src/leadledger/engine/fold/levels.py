"""Level triggers: which hold now, which are spent, and which a changed definition holds."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.awards import note
from leadledger.engine.fold.conditions import holds
from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.fold.state import CURRENT, HELD, SPENT
from leadledger.engine.tables import FIRST, LENGTH, SIDE, STAGE, UNTIL, UNTIL_LENGTH


@part_of_the_fold
def rearm(value: int, p: int, program: Any, people: Any, lists: Any, state: Any) -> None:
    """Spend the level triggers that hold while the person is in their stage, and free those that may be used again.

    Those with `until` when that is true, those into a side stage when they are false; and those that a changed
    definition holds when they are false.
    """
    levels = program.levels
    for k in range(len(levels)):
        bit = 1 << k
        s, until = levels[k, STAGE], levels[k, UNTIL_LENGTH]
        spendable = until > 0 or program.stages[s, SIDE] == 1
        if not spendable and not state[HELD] & bit:
            continue
        true = holds(levels[k, FIRST], levels[k, LENGTH], value, p, program, people, lists, state)
        if not true:
            state[HELD] &= ~bit
        if state[SPENT] & bit:
            again = not true
            if again and until > 0:
                again = holds(levels[k, UNTIL], until, value, p, program, people, lists, state)
            if again:
                state[SPENT] &= ~bit
        if spendable and true and state[CURRENT] == s:
            state[SPENT] |= bit


@part_of_the_fold
def reached_levels(
    value: int,
    kind: int,
    newest: int,
    signals: int,
    p: int,
    program: Any,
    people: Any,
    lists: Any,
    state: Any,
) -> int:
    """Bit set of the stages whose level trigger holds now, is not spent and is not held."""
    levels = program.levels
    reached = 0
    for k in range(len(levels)):
        bit = 1 << levels[k, STAGE]
        if reached & bit or (state[SPENT] | state[HELD]) & (1 << k):
            continue
        if holds(levels[k, FIRST], levels[k, LENGTH], value, p, program, people, lists, state):
            reached |= bit
            note(bit & ~signals, kind, k, newest, lists.why)
    return reached


@part_of_the_fold
def hold_levels(value: int, p: int, program: Any, people: Any, lists: Any, state: Any) -> None:
    """A changed definition leads nobody anywhere by itself: what holds at its activation waits until it was false."""
    levels = program.levels
    for k in range(len(levels)):
        if holds(levels[k, FIRST], levels[k, LENGTH], value, p, program, people, lists, state):
            state[HELD] |= 1 << k
