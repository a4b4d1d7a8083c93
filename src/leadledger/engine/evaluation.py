"""Turns the fold's arrays back into decisions with evidence, block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from leadledger.domain.conditions import in_words
from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import ConvertedTrigger, DealTrigger, StatusTrigger
from leadledger.domain.records import RecordRef
from leadledger.engine import tables as t
from leadledger.engine.adoption import baseline
from leadledger.engine.fold import AWARDED
from leadledger.engine.match import Judged, Matched
from leadledger.engine.program import Coding, micro
from leadledger.ports import Known, Sql

_BLOCK = 4096
_EVIDENCE = 10
_TRUTH = {1: True, 0: None, -1: False}


@dataclass(slots=True)
class LocalEvaluation:
    """The arrays of one evaluation. Valid until the next one on the same connection."""

    sql: Sql
    definition: Definition
    coding: Coding
    known: Known
    as_of_us: int
    ids: Sequence[str]
    judged: Judged
    grades: Any
    matched: Matched
    starts: Any
    frozen: Mapping[int, Sequence[Transition]]
    output: t.Output
    found: Mapping[int, Mapping[str, Sequence[str]]]

    @property
    def people(self) -> int:
        """How many people were evaluated."""
        return len(self.ids)

    @property
    def excluded(self) -> int:
        """How many of them the definition excludes."""
        return int(self.judged.excluded.sum())

    @property
    def activities(self) -> int:
        """Activities that belong to somebody and lie inside the history that is looked at."""
        return int(self.sql.execute("SELECT count(*) FROM activity").fetchall()[0][0])

    @property
    def funnel(self) -> Mapping[str, int]:
        """Stage -> people in it; the empty text for nobody's stage yet."""
        stages = self.definition.lifecycle.stages
        count = Counter(self.output.people[:, t.P_STAGE].tolist())
        return {"" if s < 0 else stages[s].id: count[s] for s in sorted(count)}

    def decisions(self) -> Iterator[Decision]:
        """All decisions in person order."""
        transitions, lines = self.output.transitions, self.output.lines
        # Of several newest activities at one instant, the class that sorts last: the same in every run.
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE latest AS SELECT a.p, a.at_us, max(a.class) AS class FROM activity a "
            "JOIN (SELECT p, max(at_us) AS at_us FROM activity GROUP BY p) m ON m.p = a.p AND m.at_us = a.at_us "
            "GROUP BY a.p, a.at_us"
        )
        for low in range(0, self.people, _BLOCK):
            high = min(low + _BLOCK, self.people)
            new = np.searchsorted(transitions[:, t.T_PERSON], np.arange(low, high + 1))
            block = _Block(self, low, high, transitions[new[0] : new[-1]])
            told = np.searchsorted(lines[:, t.L_PERSON], np.arange(low, high + 1))
            for p in range(low, high):
                k = p - low
                yield block.decision(p, transitions[new[k] : new[k + 1]], lines[told[k] : told[k + 1]])


class _Block:
    """Some consecutive people, with the texts of their evidence and records at hand."""

    def __init__(self, evaluation: LocalEvaluation, low: int, high: int, new: Any) -> None:
        self.e = evaluation
        sql = evaluation.sql
        self.newest = self._newest_awards(low, high)
        signals = evaluation.coding.program.activity_codes
        events = np.array(
            [*(e for found in self.newest.values() for e in found), *new[:, t.T_EVENT]], np.int64
        )
        events = events[events >= 0]
        idx = evaluation.matched.idx[events[evaluation.matched.code[events] < signals]]
        sql.register("wanted", {"idx": np.unique(idx)})
        self.activities = dict(
            sql.execute("SELECT a.idx, a.id FROM activity a JOIN wanted w ON w.idx = a.idx").fetchall()
        )
        sql.unregister("wanted")
        within = f"p >= {low} AND p < {high}"
        self.signals = dict(sql.execute(f"SELECT idx, id FROM signal WHERE {within}").fetchall())
        self.latest = {
            row[0]: LastActivity(*row[1:])
            for row in sql.execute(
                "SELECT l.p, k.type, k.asset, l.at_us FROM latest l JOIN class k ON k.class = l.class "
                f"WHERE {within}"
            ).fetchall()
        }
        self.records: dict[int, list[RecordRef]] = {}
        self.account_owners: dict[int, str] = {}
        for p, crm, object_, id_, owner in sql.execute(
            f"SELECT p, crm, object, id, account_owner FROM record WHERE writable AND {within} ORDER BY rec"
        ).fetchall():
            self.records.setdefault(p, []).append(RecordRef(crm, object_, id_))
            if owner:
                self.account_owners.setdefault(p, owner)

    def _newest_awards(self, low: int, high: int) -> dict[tuple[int, int], list[int]]:
        """(person, rule) -> the newest events that still give points, newest first, at most ten."""
        e = self.e
        rules = len(e.coding.rules)
        begin, end = int(e.starts[low]), int(e.starts[high])
        code = e.matched.code[begin:end].astype(np.int64)
        window = np.array([rule.window or 0 for rule in e.coding.rules] or [0], np.int64)[
            np.minimum(code, rules - 1)
        ]
        counts = (e.output.awards[begin:end] == AWARDED) & (
            (window == 0) | (e.as_of_us - e.matched.at[begin:end] < window)
        )
        events = np.flatnonzero(counts)
        group = e.matched.p[begin:end][events].astype(np.int64) * rules + code[events]
        order = np.argsort(group, kind="stable")[::-1]
        events, group = events[order], group[order]
        first = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else group
        place = np.arange(len(group)) - np.repeat(first, np.diff([*first, len(group)]))
        kept = place < _EVIDENCE
        found: dict[tuple[int, int], list[int]] = {}
        for key, event in zip(group[kept].tolist(), events[kept].tolist(), strict=True):
            found.setdefault(divmod(key, rules), []).append(begin + event)
        return found

    def decision(self, p: int, new: Any, lines: Any) -> Decision:
        e = self.e
        engagement, stage, since, cycle = (int(x) for x in e.output.people[p])
        excluded = bool(e.judged.excluded[p])
        person_id = e.ids[p]
        before = tuple(e.frozen.get(p, ()))
        transitions = before + tuple(self._transition(row, int(e.judged.fit[p])) for row in new)
        known = [bool(x) for x in e.judged.known[p]]
        return Decision(
            person_id=person_id,
            records=tuple(self.records.get(p, ())),
            as_of_us=e.as_of_us,
            engagement=engagement,
            fit=0 if excluded else int(e.judged.fit[p]),
            grade="" if excluded else self._grade(p),
            stage=e.definition.lifecycle.stages[stage].id if stage >= 0 else "",
            stage_since_us=since,
            cycle=cycle,
            excluded=excluded,
            transitions=transitions,
            frozen=len(before),
            contributions=() if excluded else (*self._engagement_lines(p, lines), *self._fit_lines(p)),
            missing_facts=tuple(
                name for name, is_known in zip(e.judged.asked, known, strict=True) if not is_known
            ),
            facts_known=sum(known),
            facts_asked=len(known),
            last_activity=self.latest.get(p),
            baseline=self._baseline(p, person_id, transitions),
            rule_holds=tuple(_TRUTH[int(x)] for x in e.judged.routes[p]),
            account_owner_refused=bool(e.judged.refused[p]),
            account_owner_id=self.account_owners.get(p, ""),
        )

    def _grade(self, p: int) -> str:
        grades = self.e.definition.fit.grades
        rank = int(self.e.grades[p])
        return grades[len(grades) - 1 - rank].letter if rank >= 0 else ""

    def _baseline(self, p: int, person_id: str, transitions: Sequence[Transition]) -> Baseline:
        held = self.e.known.baselines.get(person_id)
        if held is not None:
            return held  # type: ignore[no-any-return]  # Known.baselines holds Baseline values
        if p not in self.e.found:
            return Baseline()
        entries = {
            name: sum(tr.counter == name for tr in transitions) for name in self.e.definition.counters()
        }
        return baseline(self.e.found[p], self.e.definition, entries)

    def _evidence(self, event: int) -> str:
        idx, code = int(self.e.matched.idx[event]), int(self.e.matched.code[event])
        if code < self.e.coding.program.activity_codes:
            return str(self.activities[idx])
        return str(self.signals[idx])

    def _transition(self, row: Any, fit: int) -> Transition:
        stages = self.e.definition.lifecycle.stages
        stage, source = stages[int(row[t.T_STAGE])], int(row[t.T_FROM])
        event = int(row[t.T_EVENT])
        inferred = bool(row[t.T_INFERRED])
        return Transition(
            stage=stage.id,
            from_stage=stages[source].id if source >= 0 else "",
            at_us=int(row[t.T_AT]),
            trigger=self._trigger(int(row[t.T_KIND]), int(row[t.T_ARGUMENT])),
            evidence=self._evidence(event) if event >= 0 else "",
            inferred=inferred,
            counter=stage.counter if stage.counter and not inferred else "",
            cycle=int(row[t.T_CYCLE]),
            score=int(row[t.T_ENGAGEMENT]) + fit,
            engagement=int(row[t.T_ENGAGEMENT]),
            fit=fit,
        )

    def _trigger(self, kind: int, argument: int) -> str:
        """What made a transition, in words that an admin finds again in lifecycle.yaml."""
        coding = self.e.coding
        if kind == t.KIND_LEVEL:
            return in_words(coding.levels[argument].condition)
        if kind == t.KIND_HAND_RAISE:
            return f"hand_raise: {coding.rules[argument].id}"
        argument -= len(coding.rules)
        if argument < len(coding.activity_triggers):
            return f"activity: {in_words(coding.activity_triggers[argument].when)}"
        signal = coding.signals[argument - len(coding.activity_triggers)]
        match signal:
            case StatusTrigger(field, becomes):
                return f"status: {field} becomes {' or '.join(becomes)}"
            case DealTrigger(event):
                return f"deal: {event}"
            case ConvertedTrigger():
                return "converted"
            case _:
                assert_never(signal)

    def _engagement_lines(self, p: int, lines: Any) -> Iterator[Contribution]:
        rules, categories = self.e.coding.rules, self.e.coding.categories
        for row in lines:
            which = int(row[t.L_RULE])
            if which >= len(rules):
                which -= len(rules)
                kind, name = (
                    ("category", categories[which])
                    if which < len(categories)
                    else (("floor", ""), ("max", ""))[which - len(categories)]
                )
                yield Contribution(kind, name, int(row[t.L_POINTS]))
                continue
            yield Contribution(
                "engagement",
                rules[which].id,
                points=int(row[t.L_POINTS]),
                raw=int(row[t.L_RAW]),
                by_limit=int(row[t.L_LIMIT]),
                by_window=int(row[t.L_WINDOW]),
                by_decay=int(row[t.L_DECAY]),
                by_cap=int(row[t.L_CAP]),
                by_reset=int(row[t.L_RESET]),
                count=int(row[t.L_COUNT]),
                matched=int(row[t.L_MATCHED]),
                last_at_us=int(row[t.L_LAST]),
                evidence=tuple(map(self._evidence, self.newest.get((p, which), ()))),
            )

    def _fit_lines(self, p: int) -> Iterator[Contribution]:
        total = 0
        for outcome, rule in zip(self.e.judged.outcomes[p], self.e.definition.fit.rules, strict=True):
            points = micro(rule.points) if outcome == 1 else micro(rule.points_unknown) if outcome == 0 else 0
            total += points
            if points or outcome == 1:
                yield Contribution(
                    "fit",
                    rule.id,
                    points=points,
                    raw=points,
                    count=int(outcome == 1),
                    matched=int(outcome != -1),
                )
        if total != int(self.e.judged.fit[p]):
            yield Contribution("fit_bounds", "", points=int(self.e.judged.fit[p]) - total)
