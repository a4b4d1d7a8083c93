"""The engine on one machine: canonical tables and match in DuckDB, then the fold, then decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import numpy as np

from leadledger.domain.decisions import Baseline, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.scoring import Calendar
from leadledger.engine import fold as kernel
from leadledger.engine.adoption import found_values, united
from leadledger.engine.canonical import Canonical
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.match import Matched, judge_facts, match_events
from leadledger.engine.program import Coding, compile_program
from leadledger.engine.tables import Events, Frozen, Output, People, Program, room, scratch
from leadledger.errors import BugError
from leadledger.ports import Known, Sql, Stream

_QUARTER = 900 * SECOND

Fold = Callable[..., tuple[int, int, int]]


@cache
def compiled_fold() -> Fold:
    """The fold compiled by numba, or as plain Python where the extra `fast` is not installed.

    Compiling takes about ten seconds once; the result is kept beside the source, or in NUMBA_CACHE_DIR.
    """
    try:
        from numba import njit  # noqa: PLC0415  # 0.3 s to import, and optional
    except ImportError:
        return kernel.fold
    options: dict[str, Any] = {"_nrt": False}  # see `part_of_the_fold`
    try:
        return cast("Fold", njit(cache=True, **options)(kernel.fold))
    except RuntimeError:  # nowhere to keep the compiled code (a read-only container without NUMBA_CACHE_DIR)
        return cast("Fold", njit(**options)(kernel.fold))


@dataclass(slots=True)
class LocalEngine:
    """Evaluates everybody in the mirror. `fold` can be replaced by the plain function for comparison."""

    fold: Fold | None = None

    def evaluate(
        self, sql: Sql, definition: Definition, streams: Sequence[Stream], known: Known, as_of_us: int
    ) -> LocalEvaluation:
        """Score and stage everybody as of an instant. Leaves temporary tables that the evaluation reads."""
        canonical = Canonical(sql, definition, streams, known, as_of_us)
        canonical.build()
        coding = compile_program(definition, as_of_us)
        matched = match_events(canonical, coding)
        judged = judge_facts(sql, definition, coding.statics)
        people = sql.execute("SELECT person_id, created_us, changed_us FROM person ORDER BY p").fetchnumpy()
        ids = [str(person_id) for person_id in people["person_id"].tolist()]
        known = _united(sql, ids, known)
        found = found_values(sql, definition, streams, known)
        grades = _grades(judged.fit, definition)
        events = _events(matched, len(ids), definition, coding)
        frozen, frozen_rows = _frozen(ids, known, definition)
        output = run_fold(
            self.fold or compiled_fold(),
            coding.program,
            events,
            People(
                fit=judged.fit,
                grade=grades,
                static=judged.statics,
                created=_instants(people["created_us"]),
                **_decided(ids, known, judged.fit, _instants(people["changed_us"]), as_of_us),
                excluded=judged.excluded,
                counters=_baseline_counters(ids, known, definition),
            ),
            frozen,
        )
        return LocalEvaluation(
            sql=sql,
            definition=definition,
            coding=coding,
            known=known,
            as_of_us=as_of_us,
            ids=ids,
            judged=judged,
            grades=grades,
            matched=matched,
            starts=events.start,
            frozen=frozen_rows,
            output=output,
            found=found,
        )


def _decided(ids: Sequence[str], known: Known, fit: Any, changed: Any, as_of_us: int) -> dict[str, Any]:
    """The instants that separate what was judged before from what is new; see `People`.

    A fit that changed although no record did (the account's facts) is news of today.
    """
    held = (
        [known.decided.get(person_id, (-1, 0)) for person_id in ids]
        if known.decided
        else [(-1, 0)] * len(ids)
    )
    judged = np.array([instant for instant, _ in held], np.int64)
    same = (judged >= 0) & (fit == np.array([before for _, before in held], np.int64))
    unseen = (judged >= 0) & ~same & (changed <= judged)
    return {
        "judged": judged,
        "catch_up": np.where(same, judged, -1),
        "changed": np.where(unseen, as_of_us, changed),
    }


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
    most = stages * breakpoints, total * (len(program.rules) + len(program.categories) + 2)
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


def _grades(fit: Any, definition: Definition) -> Any:
    """Rank of each person's grade; -1 where no grades are defined."""
    grades = definition.fit.grades
    rank = np.full(len(fit), -1, np.int64)
    for position, grade in enumerate(reversed(grades)):
        if grade.at_least is None:
            rank[rank < position] = position
        else:
            rank[fit >= round(grade.at_least * 1_000_000)] = position
    return rank


def _events(matched: Matched, people: int, definition: Definition, coding: Coding) -> Events:
    start = np.searchsorted(matched.p, np.arange(people + 1)).astype(np.int64)
    units = {rule.limit.per for rule in coding.rules if rule.limit}
    day = month = np.zeros(0, np.int32)
    if units & {Calendar.DAY, Calendar.WEEK, Calendar.MONTH}:
        local = matched.at + _offsets(matched.at, definition)
        day = (local // DAY).astype(np.int32)
        month = local.astype("datetime64[us]").astype("datetime64[M]").astype(np.int32)
    return Events(start, matched.at.astype(np.int64), matched.code.astype(np.int64), day, month)


def _offsets(at: Any, definition: Definition) -> Any:
    """Microseconds to add to UTC for the local clock, looked up once per quarter of an hour: no zone changes its
    clock inside one.
    """
    if not len(at):
        return np.zeros(0, np.int64)
    slots = at // _QUARTER
    first, last = int(slots.min()), int(slots.max())
    offsets = np.array(
        [
            (
                datetime.fromtimestamp(slot * 900, UTC).astimezone(definition.time_zone).utcoffset()
                or timedelta()
            )
            // timedelta(microseconds=1)
            for slot in range(first, last + 1)
        ],
        np.int64,
    )
    return offsets[slots - first]


def _frozen(
    ids: Sequence[str], known: Known, definition: Definition
) -> tuple[Frozen, Mapping[int, Sequence[Transition]]]:
    """The ledger's transitions as arrays, and by person number. A stage that the definition no longer has is no
    longer walked, but stays in the ledger and in the counters.
    """
    position = {stage.id: s for s, stage in enumerate(definition.lifecycle.stages)}
    start = np.zeros(len(ids) + 1, np.int64)
    rows: dict[int, Sequence[Transition]] = {}
    at, stage, inferred = [], [], []
    if known.transitions:
        for p, person_id in enumerate(ids):
            transitions = known.transitions.get(person_id, ())
            if transitions:
                rows[p] = transitions
                for transition in transitions:
                    if transition.stage in position:
                        at.append(transition.at_us)
                        stage.append(position[transition.stage])
                        inferred.append(transition.inferred)
            start[p + 1] = len(at)
    return Frozen(
        start, np.array(at, np.int64), np.array(stage, np.int64), np.array(inferred, np.bool_)
    ), rows


def _baseline_counters(ids: Sequence[str], known: Known, definition: Definition) -> Any:
    counters = definition.counters()
    table = np.zeros((len(ids), len(counters)), np.int64)
    for p, person_id in enumerate(ids if known.baselines else ()):
        held: Baseline | None = known.baselines.get(person_id)
        if held is not None and held.counters:
            table[p] = [held.counters.get(name, 0) for name in counters]
    return table
