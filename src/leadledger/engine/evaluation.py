"""Turns the fold's arrays back into decisions with evidence, block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leadledger.domain.conditions import in_words
from leadledger.domain.decisions import (
    ADOPTED,
    BY_DEFINITION,
    SET_BY_A_PERSON,
    Baseline,
    Contribution,
    Decision,
    LastActivity,
    Transition,
)
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import DealEvent, DealTrigger
from leadledger.domain.outlook import Outlook
from leadledger.domain.records import RecordRef
from leadledger.domain.scoring import Band
from leadledger.engine import tables as t
from leadledger.engine.adoption import baseline
from leadledger.engine.facts import Judged
from leadledger.engine.heard import StageSet
from leadledger.engine.outlook import Block, outlook, story_of
from leadledger.engine.program import Coding
from leadledger.engine.told import Told
from leadledger.engine.words import signal_in_words, timer_in_words
from leadledger.engine.worths import micro
from leadledger.errors import BugError
from leadledger.ports import Known, Sql

_BLOCK = 4096
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
    told: Told
    who: t.People
    frozen: Mapping[int, Sequence[Transition]]
    single: Block | None
    """What the fold was called with, where it was called once."""
    found: Mapping[int, Mapping[str, Sequence[str]]]
    spared_entries: Mapping[str, int] = field(default_factory=dict)
    """Counter -> entries that there would be more without the bot guard."""

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
        return int(self.sql.execute("SELECT count(*) FROM happened").fetchall()[0][0])

    @property
    def suspected_bots(self) -> int:
        """Activities that the bot guard left out."""
        return int(self.sql.execute("SELECT count(*) FROM suspected").fetchall()[0][0])

    def entries(self) -> Counter[str]:
        """Counter -> entries that are new."""
        stages, transitions = self.definition.lifecycle.stages, self.told.transitions
        counted = transitions[transitions[:, t.T_COUNTS] == 1, t.T_STAGE]
        return Counter(counter for s in counted.tolist() if (counter := stages[s].counter))

    @property
    def funnel(self) -> Mapping[str, int]:
        """Stage -> people in it; the empty text for nobody's stage yet."""
        stages = self.definition.lifecycle.stages
        count = Counter(self.told.people[:, t.P_STAGE].tolist())
        return {"" if s < 0 else stages[s].id: count[s] for s in sorted(count)}

    def outlook(self, person_id: str) -> Outlook:
        """What would change a person's stage, and what will change by itself. Raises ValueError for a stranger."""
        p = list(self.ids).index(person_id)
        if self.single is None:
            msg = "an outlook is for few people, evaluated by themselves"
            raise BugError(msg)
        return outlook(story_of(self.definition, self.coding, self.single, p))

    def decisions(self) -> Iterator[Decision]:
        """All decisions in person order."""
        transitions, lines = self.told.transitions, self.told.lines
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
        told, rules = evaluation.told, max(1, len(evaluation.coding.rules))
        first, last = np.searchsorted(told.newest_of, [low * rules, high * rules])
        self.newest: dict[tuple[int, int], list[int]] = {}
        for key, idx in zip(
            told.newest_of[first:last].tolist(), told.newest[first:last].tolist(), strict=True
        ):
            self.newest.setdefault(divmod(key, rules), []).append(2 * idx)
        references = new[:, t.T_EVENT]
        activities = references[(references >= 0) & (references % 2 == 0)] // 2
        sql.register("wanted", {"idx": np.unique(np.concatenate([told.newest[first:last], activities]))})
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
        self.suspected = dict(
            sql.execute(f"SELECT p, count(*) FROM suspected WHERE {within} GROUP BY p").fetchall()
        )
        self.first_sales = dict(
            sql.execute(
                f"SELECT p, first_sales_us FROM person WHERE {within} AND first_sales_us IS NOT NULL"
            ).fetchall()
        )
        self.first_origin = self._first_origin(within)
        self.records: dict[int, list[RecordRef]] = {}
        self.account_owners: dict[int, str] = {}
        for p, crm, object_, id_, owner in sql.execute(
            f"SELECT p, crm, object, id, account_owner FROM record WHERE writable AND {within} ORDER BY rec"
        ).fetchall():
            self.records.setdefault(p, []).append(RecordRef(crm, object_, id_))
            if owner:
                self.account_owners.setdefault(p, owner)

    def decision(self, p: int, new: Any, lines: Any) -> Decision:
        e = self.e
        engagement, stage, since, cycle, due = (int(x) for x in e.told.people[p])
        excluded = bool(e.judged.excluded[p])
        person_id = e.ids[p]
        before = tuple(e.frozen.get(p, ()))
        transitions = before + tuple(self._transition(p, row, int(e.judged.fit[p])) for row in new)
        classification, disposition = "", ""
        if not excluded:
            classification, disposition = self._classified(int(e.judged.fit[p]), engagement)
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
            definition=e.definition.digest,
            activated_us=int(e.who.activated[p]),
            next_due_us=due,
            classification=classification,
            disposition=disposition,
            suspected_bots=self.suspected.get(p, 0),
            models={} if excluded else self._models(p),
            category_points={
                name: int(e.told.categories[p, c])
                for c, name in enumerate(e.coding.categories)
                if name and not excluded
            },
            first_origin=self.first_origin.get(p, ""),
        )

    def _first_origin(self, within: str) -> dict[int, str]:
        """Person -> origin of the first activity, where the definition asks for it."""
        columns = {row[0] for row in self.e.sql.execute("DESCRIBE fact").fetchall()}
        if "fact:first_origin" not in columns:
            return {}
        rows = self.e.sql.execute(f'SELECT p, "fact:first_origin" FROM fact WHERE {within}').fetchall()
        return {p: origin or "" for p, origin in rows}

    def _grade(self, p: int) -> str:
        letters = self.e.judged.letters(p)
        rank = int(self.e.judged.grade[p])
        return letters[len(letters) - 1 - rank] if rank >= 0 else ""

    def _models(self, p: int) -> dict[str, tuple[int, str]]:
        found = {}
        for model in self.e.definition.models:
            fit, grade = self.e.judged.models[model.id]
            letters = model.fit.letters()
            rank = int(grade[p])
            found[model.id] = (int(fit[p]), letters[len(letters) - 1 - rank] if rank >= 0 else "")
        return found

    def _classified(self, fit: int, engagement: int) -> tuple[str, str]:
        """The cell of the classification, and what is to be done with it."""
        of = self.e.definition.classification
        if of is None:
            return "", ""
        cell = _band(of.fit, fit) + _band(of.engagement, engagement)
        return cell, of.disposition.get(cell, "")

    def _baseline(self, p: int, person_id: str, transitions: Sequence[Transition]) -> Baseline:
        held = self.e.known.baselines.get(person_id)
        if held is not None:
            return held  # type: ignore[no-any-return]  # Known.baselines holds Baseline values
        if p not in self.e.found:
            return Baseline()
        entries = {
            name: sum(tr.counter == name for tr in transitions) for name in self.e.definition.counters()
        }
        return baseline(self.e.found[p], self.e.definition, entries, self.e.as_of_us)

    def _evidence(self, reference: int) -> str:
        idx, of_signal = divmod(reference, 2)
        return str(self.signals[idx] if of_signal else self.activities[idx])

    def _transition(self, p: int, row: Any, fit: int) -> Transition:
        stages = self.e.definition.lifecycle.stages
        stage, source = stages[int(row[t.T_STAGE])], int(row[t.T_FROM])
        event, at_us = int(row[t.T_EVENT]), int(row[t.T_AT])
        kind, argument = int(row[t.T_KIND]), int(row[t.T_ARGUMENT])
        inferred = int(row[t.T_FROZEN_AS]) == t.AS_INFERRED
        return Transition(
            stage=stage.id,
            from_stage=stages[source].id if source >= 0 else "",
            at_us=at_us,
            trigger=self._trigger(kind, argument),
            evidence=self._evidence(event) if event >= 0 else "",
            inferred=inferred,
            counter=stage.counter if stage.counter and row[t.T_COUNTS] else "",
            cycle=int(row[t.T_CYCLE]),
            score=int(row[t.T_ENGAGEMENT]) + fit,
            engagement=int(row[t.T_ENGAGEMENT]),
            fit=fit,
            no_sales_touch=kind == t.KIND_SIGNAL and not inferred and self._untouched(p, argument, at_us),
        )

    def _untouched(self, p: int, code: int, at_us: int) -> bool:
        """Whether a deal was won although sales had done nothing up to then."""
        which = code - len(self.e.coding.activity_conditions)
        if which < 0 or self.e.coding.signals[which] != DealTrigger(DealEvent.WON):
            return False
        touched_at = self.first_sales.get(p)
        return touched_at is None or touched_at > at_us

    def _trigger(self, kind: int, argument: int) -> str:
        """What made a transition, in words that an admin finds again in lifecycle.yaml."""
        coding = self.e.coding
        match kind:
            case t.KIND_LEVEL:
                return in_words(coding.levels[argument].condition)
            case t.KIND_DEFINITION:
                return f"{BY_DEFINITION}: {in_words(coding.levels[argument].condition)}"
            case t.KIND_HAND_RAISE:
                return f"hand_raise: {coding.rules[argument].id}"
            case t.KIND_ADOPTED:
                return ADOPTED
            case t.KIND_TIMER:
                return timer_in_words(coding.timers[argument])
            case _:
                one = [*coding.meanings, *coding.signals][argument]
                return SET_BY_A_PERSON if isinstance(one, StageSet) else signal_in_words(one)

    def _engagement_lines(self, p: int, lines: Any) -> Iterator[Contribution]:
        rules = self.e.coding.rules
        for row in lines:
            which = int(row[t.L_RULE])
            if which >= len(rules):
                kind, name = self._kind_of_line(which - len(rules))
                yield Contribution(kind, name, int(row[t.L_POINTS]), count=int(row[t.L_COUNT]))
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

    def _kind_of_line(self, which: int) -> tuple[str, str]:
        """What a line is that belongs to no rule, and its name."""
        coding = self.e.coding
        if which < len(coding.categories):
            return "category", coding.categories[which]
        which -= len(coding.categories)
        others = (("inactivity", ""), ("restore", ""), ("floor", ""), ("max", ""))
        return others[which] if which < len(others) else ("add", coding.adds[which - len(others)])

    def _fit_lines(self, p: int) -> Iterator[Contribution]:
        """The rules of the person's own model; its bounds make the rest."""
        total = 0
        for rule, outcome, points in self.e.judged.lines(p):
            total += points
            if points or outcome == 1:
                yield Contribution(
                    "fit",
                    rule,
                    points=points,
                    raw=points,
                    count=int(outcome == 1),
                    matched=int(outcome != -1),
                )
        if total != int(self.e.judged.fit[p]):
            yield Contribution("fit_bounds", "", points=int(self.e.judged.fit[p]) - total)


def _band(bands: Sequence[Band], value: int) -> str:
    return next((b.name for b in bands if b.at_least is None or value >= micro(b.at_least)), "")
