"""What the fold said about a block of people, in a form that outlives the block's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadledger.engine import tables as t
from leadledger.engine.fold.worth import FORGOTTEN
from leadledger.engine.match import Matched
from leadledger.engine.program import Coding

EVIDENCE = 3
"""Activities that each contribution names, the newest ones."""


@dataclass(frozen=True, slots=True)
class Told:
    """The fold's output with global person numbers, and evidence as references.

    A reference is twice the `idx` of an activity, one more for a signal, or -1.
    """

    people: Any
    """int64 [P, 5], see `Output`."""
    categories: Any
    """int64 [P, C]"""
    transitions: Any
    """int64 [n, 11]; T_EVENT is a reference."""
    lines: Any
    """int64 [n, 12]"""
    newest_of: Any
    """int64 [n]: person * R + rule, rising."""
    newest: Any
    """int64 [n]: idx of the newest activities that still give points, newest first for each person and rule."""


def gather(output: t.Output, matched: Matched, low: int, coding: Coding) -> Told:
    """What the fold said about the people from `low` on."""
    transitions, lines = output.transitions.copy(), output.lines.copy()
    transitions[:, t.T_PERSON] += low
    lines[:, t.L_PERSON] += low
    made = transitions[:, t.T_EVENT] >= 0
    events = transitions[made, t.T_EVENT]
    signal = matched.code[events] >= len(coding.activity_conditions)
    transitions[made, t.T_EVENT] = 2 * matched.idx[events].astype(np.int64) + signal
    newest_of, newest = _newest(output, matched, coding)
    return Told(output.people, output.categories, transitions, lines, newest_of, newest)


def together(parts: Sequence[Told]) -> Told:
    """All blocks as one."""
    if len(parts) == 1:
        return parts[0]
    return Told(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("people", "categories", "transitions", "lines", "newest_of", "newest")
        )
    )


def _newest(output: t.Output, matched: Matched, coding: Coding) -> tuple[Any, Any]:
    rules, codes = coding.program.rules, coding.program.codes
    awarded = np.flatnonzero(output.awards == t.AWARDED)
    rule = codes[matched.code[awarded], t.C_RULE]
    ends = lifetimes(rules)[rule] if len(rules) else np.zeros(0, np.int64)
    counts = (ends == 0) | (coding.program.as_of - matched.at[awarded] < ends)
    awarded, rule = awarded[counts], rule[counts]
    group = matched.p[awarded].astype(np.int64) * max(1, len(rules)) + rule
    order = np.argsort(group, kind="stable")
    group, awarded = group[order], awarded[order]
    # The newest come last within their group: count from the end.
    last = np.flatnonzero(np.concatenate([group[1:] != group[:-1], [True]])) if len(group) else group
    size = np.diff(np.concatenate([[-1], last]))
    from_end = np.repeat(last, size) - np.arange(len(group))
    kept = np.flatnonzero(from_end < EVIDENCE)
    kept = kept[np.lexsort((from_end[kept], group[kept]))]
    return group[kept], matched.idx[awarded[kept]].astype(np.int64)


def lifetimes(rules: Any) -> Any:
    """Age at which an award of each rule counts no more, 0 for never; int64 [R]."""
    half = np.where(rules[:, t.DECAY] == t.DECAY_HALF, rules[:, t.SPAN] * FORGOTTEN, 0)
    line = np.where(rules[:, t.DECAY] == t.DECAY_LINEAR, rules[:, t.SPAN], 0)
    ends = np.stack([rules[:, t.WINDOW], half, line])
    soonest = np.where(ends > 0, ends, t.NEVER).min(axis=0)
    return np.where(soonest == t.NEVER, 0, soonest)
