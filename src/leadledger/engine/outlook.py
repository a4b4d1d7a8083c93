"""Looks ahead for one person by folding the same history again: with one activity more, or at a later instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadledger.domain.conditions import All, Compare, Condition, Op, Space, comparisons, in_words
from leadledger.domain.decisions import whole
from leadledger.domain.definition import Definition
from leadledger.domain.instants import SECOND
from leadledger.domain.lifecycle import Stage, TimerTrigger, WhenTrigger
from leadledger.domain.outlook import Fall, Gap, Outlook, Remedy
from leadledger.engine import tables as t
from leadledger.engine.fold.walk import fold
from leadledger.engine.match import Matched
from leadledger.engine.program import Coding
from leadledger.engine.words import signal_in_words
from leadledger.engine.worths import micro

MOST_TIMES = 5
REMEDIES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the fold takes for one person, and the codes that an activity of each rule meets together."""

    definition: Definition
    coding: Coding
    events: t.Events
    people: t.People
    frozen: t.Frozen
    together: Mapping[int, Sequence[int]]

    def told(self, program: t.Program, events: t.Events | None = None) -> t.Output:
        """Fold it, with another program or other events."""
        story = events or self.events
        transitions = len(program.stages) * (2 * len(story.at) + len(self.frozen.at) + 8)
        output = t.room(story, 1, program)._replace(transitions=np.zeros((transitions, 11), np.int64))
        _, written, lines = fold(
            program, story, self.people, self.frozen, output, t.scratch(story, program), 0, 0, 0
        )
        return output._replace(transitions=output.transitions[:written], lines=output.lines[:lines])


@dataclass(frozen=True, slots=True)
class Block:
    """What the fold was called with for some people."""

    matched: Matched
    events: t.Events
    people: t.People
    frozen: t.Frozen


def story_of(definition: Definition, coding: Coding, block: Block, p: int) -> Story:
    """The story of person `p` of a block that holds everybody from 0 on."""
    begin, end = int(block.events.start[p]), int(block.events.start[p + 1])
    f, f_end = int(block.frozen.start[p]), int(block.frozen.start[p + 1])
    return Story(
        definition=definition,
        coding=coding,
        events=t.Events(
            np.array([0, end - begin], np.int64), *(column[begin:end] for column in block.events[1:])
        ),
        people=t.People(*(column[p : p + 1] for column in block.people)),
        frozen=t.Frozen(
            np.array([0, f_end - f], np.int64), *(column[f:f_end] for column in block.frozen[1:])
        ),
        together=_together(block.matched, len(coding.activity_conditions)),
    )


def _together(matched: Matched, activity_codes: int) -> Mapping[int, Sequence[int]]:
    """Code -> all codes that some real activity met which meets it: of the one that meets the fewest."""
    met: dict[int, list[int]] = {}
    for idx, code in zip(matched.idx.tolist(), matched.code.tolist(), strict=True):
        if code < activity_codes:
            met.setdefault(idx, []).append(code)
    found: dict[int, Sequence[int]] = {}
    for codes in met.values():
        for code in codes:
            if code not in found or len(codes) < len(found[code]):
                found[code] = codes
    return found


def outlook(story: Story) -> Outlook:
    """The person's outlook at the program's `as_of`."""
    program = story.coding.program
    now = story.told(program)
    if story.people.excluded[0]:
        return Outlook(program.as_of)
    due = int(now.people[0, t.P_DUE])
    return Outlook(
        as_of_us=program.as_of,
        next_at_us=due,
        next_what=_what(story, now, due) if due else "",
        gaps=tuple(_gaps(story, now)),
        falls=tuple(_falls(story, now)),
    )


def _what(story: Story, now: t.Output, due: int) -> str:
    """What happens at the instant of the next change."""
    then = story.told(story.coding.program._replace(as_of=due))
    stages = story.definition.lifecycle.stages
    before, after = int(now.people[0, t.P_STAGE]), int(then.people[0, t.P_STAGE])
    if len(then.transitions) > len(now.transitions):
        return f"enters {stages[after].id}" if after != before else f"enters {stages[after].id} again"
    fit = int(story.people.fit[0])
    scores = [whole(int(o.people[0, t.P_ENGAGEMENT]) + fit) for o in (now, then)]
    return f"score {scores[0]} -> {scores[1]}"


def _gaps(story: Story, now: t.Output) -> Iterator[Gap]:
    """Forward stages that may follow, each trigger on the score with what is missing, and what would be enough."""
    stages = story.definition.lifecycle.stages
    current = int(now.people[0, t.P_STAGE])
    value, fit = int(now.people[0, t.P_ENGAGEMENT]), int(story.people.fit[0])
    for s, stage in enumerate(stages):
        if not _may_follow(stages, current, s):
            continue
        levels = [trigger.condition for trigger in stage.triggers if isinstance(trigger, WhenTrigger)]
        signals = [
            trigger for trigger in stage.triggers if not isinstance(trigger, WhenTrigger | TimerTrigger)
        ]
        if not (levels or signals):
            continue
        remedies = tuple(sorted(_remedies(story, s), key=lambda r: (r.times, r.rule))[:REMEDIES_SHOWN])
        for condition in levels:
            yield Gap(
                stage=stage.id,
                condition=in_words(condition),
                points=_short(condition, value, fit),
                remedies=remedies,
            )
        if signals and not levels:
            words = " or ".join(signal_in_words(signal) for signal in signals)
            yield Gap(stage=stage.id, condition=words, points=0, remedies=remedies, waits=True)


def _short(condition: Condition, value: int, fit: int) -> int:
    """The millionths that the comparisons of a conjunction are short of; 0 where it asks for more than points."""
    parts = condition.of if isinstance(condition, All) else (condition,)
    missing = 0
    for part in parts:
        if not isinstance(part, Compare) or part.name not in {"score", "engagement"}:
            return 0
        if part.op not in {Op.OVER, Op.AT_LEAST}:
            return 0
        bound = micro(float(part.value)) + int(part.op is Op.OVER)  # type: ignore[arg-type]  # a number by then
        missing = max(missing, bound - value - (fit if part.name == "score" else 0))
    return missing


def _may_follow(stages: Sequence[Stage], current: int, s: int) -> bool:
    """Whether a level trigger can lead from the present stage to the forward stage `s`."""
    if stages[s].side:
        return False
    if current < 0:
        return True
    if stages[current].side:
        return stages[current].id in stages[s].reenter_from
    return s > current


def _remedies(story: Story, s: int) -> Iterator[Remedy]:
    """Rules whose activity, once or a few times a second after the evaluation, leads into stage `s`."""
    program = story.coding.program._replace(as_of=story.coding.program.as_of + SECOND)
    before = len(story.told(program).transitions)
    for r, rule in enumerate(story.coding.rules):
        codes = [code for code, row in enumerate(program.codes) if row[t.C_RULE] == r and row[t.C_POINTS] > 0]
        if not codes:
            continue
        best = max(codes, key=lambda code: int(program.codes[code, t.C_POINTS]))
        for times in range(1, MOST_TIMES + 1):
            more = _with(story, story.together.get(best, (best,)), times)
            entered = story.told(program, more).transitions
            new = entered[before:]
            if any(row[t.T_STAGE] == s and row[t.T_FROZEN_AS] != t.AS_INFERRED for row in new):
                yield Remedy(rule.id, times)
                break


def _with(story: Story, codes: Sequence[int], times: int) -> t.Events:
    """The person's events and, a second after the evaluation, some more activities that meet these codes."""
    events, then, place = story.events, story.coding.program.as_of + SECOND, len(story.events.at)
    added = np.array(list(codes) * times, np.int64)
    return t.Events(
        np.array([0, len(events.at) + len(added)], np.int64),
        np.insert(events.at, place, np.full(len(added), then, np.int64)),
        np.insert(events.code, place, added),
        np.insert(events.joined, place, np.zeros(len(added), np.int8)),
    )


def _falls(story: Story, now: t.Output) -> Iterator[Fall]:
    """When the lower bounds on score and engagement that hold now will be passed, of stages that still matter."""
    stages, current = story.definition.lifecycle.stages, int(now.people[0, t.P_STAGE])
    value, fit = int(now.people[0, t.P_ENGAGEMENT]), int(story.people.fit[0])
    bounds: dict[tuple[str, int], str] = {}
    for k, trigger in enumerate(story.coding.levels):
        s = int(story.coding.program.levels[k, t.STAGE])
        if s != current and not _may_follow(stages, current, s):
            continue
        for c in comparisons(trigger.condition):
            if (
                c.space is Space.COMPUTED
                and c.name in {"score", "engagement"}
                and c.op in {Op.OVER, Op.AT_LEAST}
            ):
                bound = micro(float(c.value)) + int(c.op is Op.OVER)  # type: ignore[arg-type]  # a number by then
                bounds.setdefault((c.name, bound), in_words(c))
    for (name, bound), words in sorted(bounds.items()):
        needed = bound - (fit if name == "score" else 0)
        if value >= needed:
            at_us = _passed(story, needed)
            if at_us:
                yield Fall(words, at_us)


def _passed(story: Story, needed: int) -> int:
    """The first instant at which engagement is below `needed`, 0 for never or not before a stage changes."""
    program = story.coding.program._replace(
        shown=np.zeros((0, 3), np.int64), bands=np.array([needed], np.int64)
    )
    at = int(story.told(program).people[0, t.P_DUE])
    if not at:
        return 0
    then: Any = story.told(program._replace(as_of=at)).people[0]
    return at if then[t.P_ENGAGEMENT] < needed else 0
