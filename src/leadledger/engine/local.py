"""The engine on one machine: canonical tables and match in DuckDB, then the fold, then decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadledger.domain.conditions import in_words
from leadledger.domain.decisions import ADOPTED, BY_DEFINITION, SET_BY_A_PERSON, Baseline, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import WhenTrigger
from leadledger.engine.adoption import found_values, united
from leadledger.engine.canonical import Canonical
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.facts import Judged, judge_facts
from leadledger.engine.fold.jit import Fold, compiled
from leadledger.engine.fold.walk import fold as kernel
from leadledger.engine.match import Matched, prepare_match
from leadledger.engine.outlook import Block
from leadledger.engine.program import Coding, compile_program
from leadledger.engine.reach import reach
from leadledger.engine.tables import (
    AS_ADOPTED,
    AS_ENTRY,
    AS_INFERRED,
    AS_SET,
    Events,
    Frozen,
    Output,
    People,
    Program,
    lines_each,
    room,
    scratch,
)
from leadledger.engine.told import Told, gather, together
from leadledger.errors import BugError
from leadledger.ports import Decided, Known, Sql, Stream

_TURNS = 200_000
"""More entries than timers of an hour can make in twenty years."""


@dataclass(slots=True)
class LocalEngine:
    """Evaluates everybody in the mirror. `fold` can be replaced by the plain function for comparison."""

    fold: Fold | None = None
    block_activities: int = 4_000_000
    """Memory follows the people of a block, who have so many activities together."""

    def evaluate(
        self,
        sql: Sql,
        definition: Definition,
        streams: Sequence[Stream],
        known: Known,
        as_of_us: int,
        scope: frozenset[str] | None = None,
    ) -> LocalEvaluation:
        """Score and stage everybody, or the people of `scope`, as of an instant.

        Leaves temporary tables that the evaluation reads.
        """
        evaluation = self._evaluate(sql, definition, streams, known, as_of_us, scope)
        if definition.engagement.bot_guard is not None:
            evaluation.spared_entries = self._spared(sql, definition, streams, as_of_us)
        return evaluation

    def _spared(
        self, sql: Sql, definition: Definition, streams: Sequence[Stream], as_of_us: int
    ) -> Mapping[str, int]:
        """Counter -> entries of the whole past that the bot guard prevents, by deciding about the suspects twice."""
        suspects = sql.execute("SELECT ref FROM record WHERE p IN (SELECT p FROM suspected)").fetchall()
        if not suspects:
            return {}
        apart = sql.cursor()  # with temporary tables of its own
        refs = frozenset(str(ref) for (ref,) in suspects)
        unguarded = replace(definition, engagement=replace(definition.engagement, bot_guard=None))
        guarded, without = (
            self._evaluate(apart, one, streams, Known(), as_of_us, refs).entries()
            for one in (definition, unguarded)
        )
        apart.close()
        return {name: without[name] - guarded[name] for name in without if without[name] > guarded[name]}

    def _evaluate(
        self,
        sql: Sql,
        definition: Definition,
        streams: Sequence[Stream],
        known: Known,
        as_of_us: int,
        scope: frozenset[str] | None,
    ) -> LocalEvaluation:
        canonical = Canonical(sql, definition, streams, known, as_of_us, scope)
        canonical.build()
        begins = -1
        if definition.from_now:
            begins = known.began_us or as_of_us
        coding = compile_program(definition, as_of_us, begins)
        judged = judge_facts(sql, definition, coding.statics)
        match = prepare_match(canonical, coding)
        people = sql.execute("SELECT person_id, created_us, changed_us FROM person ORDER BY p").fetchnumpy()
        ids = [str(person_id) for person_id in people["person_id"].tolist()]
        known = _united(sql, ids, known)
        found = found_values(sql, definition, streams, known)
        frozen, frozen_rows = _frozen(ids, known, definition)
        past = _past(ids, known, definition, judged.fit, _instants(people["changed_us"]), as_of_us)
        who = People(
            fit=judged.fit,
            grade=judged.grade,
            **_models(judged, definition),
            static=judged.statics,
            created=_instants(people["created_us"]),
            **past,
            adopted=_adopted(ids, known, found, definition),
            excluded=judged.excluded,
            counters=_baseline_counters(ids, known, definition),
        )
        fold, parts, single = self.fold or compiled(kernel), [], None
        blocks = list(canonical.blocks(self.block_activities))
        for low, high in blocks or [(0, len(ids))]:
            canonical.block(low, high)
            part, block = _told(fold, match.events(low, high), low, high, coding, who, frozen)
            parts.append(part)
            single = block if len(blocks) <= 1 else None
        canonical.block(0, len(ids))
        return LocalEvaluation(
            sql=sql,
            definition=definition,
            coding=coding,
            known=known,
            as_of_us=as_of_us,
            ids=ids,
            judged=judged,
            told=together(parts),
            who=who,
            frozen=frozen_rows,
            single=single,
            found=found,
        )

    def reach(
        self, sql: Sql, definition: Definition, streams: Sequence[Stream], records: frozenset[str]
    ) -> frozenset[str]:
        """The records, and all that are the same people by the mirror's data."""
        return reach(sql, definition, streams, records)


def _past(
    ids: Sequence[str], known: Known, definition: Definition, fit: Any, changed: Any, as_of_us: int
) -> dict[str, Any]:
    """The instants that separate what was judged before from what is new; see `People`.

    A fit that changed although no record did (the account's facts) is news of today.
    """
    nobody = Decided(-1, 0)
    held = (
        [known.decided.get(person_id, nobody) for person_id in ids] if known.decided else [nobody] * len(ids)
    )
    judged = np.array([one.as_of_us for one in held], np.int64)
    met = judged >= 0
    alike = np.array([one.definition in {"", definition.digest} for one in held], bool)
    activated = np.array([one.activated_us for one in held], np.int64)
    same_fit = fit == np.array([one.fit for one in held], np.int64)
    return {
        "judged": judged,
        "catch_up": np.where(met & alike & same_fit, judged, -1),
        "changed": np.where(met & alike & ~same_fit & (changed <= judged), as_of_us, changed),
        "activated": np.where(met & ~alike, as_of_us, activated),
    }


def _models(judged: Judged, definition: Definition) -> dict[str, Any]:
    """Fit and grade rank of every model, int64 [P, M]."""
    count = len(judged.fit)
    each = [judged.models[model.id] for model in definition.models]
    nothing = np.zeros((count, 0), np.int64)
    return {
        "model_fit": np.stack([fit for fit, _ in each], axis=1) if each else nothing,
        "model_grade": np.stack([grade for _, grade in each], axis=1) if each else nothing,
    }


def _adopted(
    ids: Sequence[str], known: Known, found: Mapping[int, Mapping[str, Sequence[str]]], definition: Definition
) -> Any:
    """The stage that stands in the CRM, for people whom nobody decided about yet: the furthest, if records differ."""
    position = {stage.id: s for s, stage in enumerate(definition.lifecycle.stages)}
    adopted = np.full(len(ids), -1, np.int64)
    for p, values in found.items():
        stages = [position[text] for text in values.get("stage", ()) if text in position]
        if stages and ids[p] not in known.decided:
            adopted[p] = max(stages)
    return adopted


def _united(sql: Sql, ids: Sequence[str], known: Known) -> Known:
    """What the ledger knows, with everything it holds about a person under the one id that the person has now.

    Transitions are a set: what both halves hold counts once. Baselines unite like the records' values did.
    """
    several = sql.execute(
        "SELECT p, list(person_id ORDER BY person_id) FROM formerly GROUP BY p HAVING count(*) > 1"
    ).fetchall()
    if not several:
        return known
    transitions, baselines = dict(known.transitions), dict(known.baselines)
    for p, former in several:
        together = dict.fromkeys(t for one in former for t in known.transitions.get(one, ()))
        once = {(t.stage, t.at_us, t.evidence): t for t in reversed(together)}
        transitions[ids[p]] = tuple(
            sorted((t for t in together if once[t.stage, t.at_us, t.evidence] is t), key=lambda t: t.at_us)
        )
        held = [known.baselines[one] for one in former if one in known.baselines]
        if held:
            baselines[ids[p]] = united(held)
    return replace(known, transitions=transitions, baselines=baselines)


def run_fold(fold: Fold, program: Program, events: Events, people: People, frozen: Frozen) -> Output:
    """Call the fold until everybody is done, enlarging the buffers when they are too small."""
    total = len(people.fit)
    stages, breakpoints = len(program.stages), 2 * len(events.at) + 2 * total + len(frozen.at)
    # Timers may lead round in circles, once in their span: the buffers grow with that, but not without end.
    most = stages * breakpoints + _TURNS * total, total * lines_each(program)
    output = room(events, total, program)
    lists = scratch(events, program)
    reached, transitions, lines = 0, 0, 0
    while True:
        reached, transitions, lines = fold(
            program, events, people, frozen, output, lists, reached, transitions, lines
        )
        if reached >= total:
            break
        if len(output.transitions) > most[0] and len(output.lines) > most[1]:
            msg = "the fold asks for more room than there can be transitions and contributions"
            raise BugError(msg)
        output = output._replace(
            transitions=_grown(output.transitions, transitions), lines=_grown(output.lines, lines)
        )
    return output._replace(transitions=output.transitions[:transitions], lines=output.lines[:lines])


def _grown(buffer: Any, used: int) -> Any:
    larger = np.zeros((2 * len(buffer) + 1024, buffer.shape[1]), np.int64)
    larger[:used] = buffer[:used]
    return larger


def _instants(column: Any) -> Any:
    """int64 microseconds; -1 for null."""
    return np.ma.filled(np.ma.asarray(column), -1).astype(np.int64)


def _told(
    fold: Fold, matched: Matched, low: int, high: int, coding: Coding, who: People, frozen: Frozen
) -> tuple[Told, Block]:
    """Fold the people low <= p < high, whose events these are."""
    events = _events(matched, low, high, len(coding.activity_conditions))
    people = People(*(column[low:high] for column in who))
    first, last = int(frozen.start[low]), int(frozen.start[high])
    past = Frozen(frozen.start[low : high + 1] - first, *(column[first:last] for column in frozen[1:]))
    output = run_fold(fold, coding.program, events, people, past)
    return gather(output, matched, low, coding), Block(matched, events, people, past)


def _events(matched: Matched, low: int, high: int, activity_codes: int) -> Events:
    start = np.searchsorted(matched.p, np.arange(low, high + 1)).astype(np.int64)
    joined = np.zeros(len(matched.p), np.int8)
    # Signals of one person stand together: an equal idx says that they are one change.
    signal = matched.code >= activity_codes
    joined[1:] = signal[1:] & signal[:-1] & (matched.idx[1:] == matched.idx[:-1])
    return Events(start, matched.at.astype(np.int64, copy=False), matched.code.astype(np.int16), joined)


def _frozen(
    ids: Sequence[str], known: Known, definition: Definition
) -> tuple[Frozen, Mapping[int, Sequence[Transition]]]:
    """The ledger's transitions as arrays, and by person number. A stage that the definition no longer has is no
    longer walked, but stays in the ledger and in the counters.
    """
    position = {stage.id: s for s, stage in enumerate(definition.lifecycle.stages)}
    start = np.zeros(len(ids) + 1, np.int64)
    rows: dict[int, Sequence[Transition]] = {}
    levels = {
        in_words(trigger.condition)
        for stage in definition.lifecycle.stages
        for trigger in stage.triggers
        if isinstance(trigger, WhenTrigger)
    }
    walked: list[tuple[int, int, int, bool, bool]] = []
    if known.transitions:
        for p, person_id in enumerate(ids):
            transitions = known.transitions.get(person_id, ())
            if transitions:
                rows[p] = transitions
                walked.extend(
                    (
                        t.at_us,
                        position[t.stage],
                        _moves(t),
                        bool(t.counter),
                        t.trigger in levels or t.trigger.startswith(BY_DEFINITION),
                    )
                    for t in transitions
                    if t.stage in position
                )
            start[p + 1] = len(walked)
    columns = np.array(walked, np.int64).reshape(len(walked), 5)
    at, stage, moves, counts, by_level = (np.ascontiguousarray(columns[:, k]) for k in range(5))
    return Frozen(start, at, stage, moves, counts.astype(np.bool_), by_level.astype(np.bool_)), rows


def _moves(transition: Transition) -> int:
    """How the person moved; the trigger's words say who moved it."""
    if transition.inferred:
        return AS_INFERRED
    if transition.trigger == ADOPTED:
        return AS_ADOPTED
    return AS_SET if transition.trigger.startswith(SET_BY_A_PERSON) else AS_ENTRY


def _baseline_counters(ids: Sequence[str], known: Known, definition: Definition) -> Any:
    counters = definition.counters()
    table = np.zeros((len(ids), len(counters)), np.int64)
    for p, person_id in enumerate(ids if known.baselines else ()):
        held: Baseline | None = known.baselines.get(person_id)
        if held is not None and held.counters:
            table[p] = [held.counters.get(name, 0) for name in counters]
    return table
