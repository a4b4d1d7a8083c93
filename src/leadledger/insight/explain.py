"""Explains one person's decision: every line of the score, the way through the stages, what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadledger.domain.changes import Handover
from leadledger.domain.decisions import Contribution, Decision, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.instants import iso
from leadledger.domain.intents import Intent
from leadledger.domain.outlook import Outlook
from leadledger.domain.scoring import MICRO
from leadledger.ports import Engine, Ledger, Mirror, Stream


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with the hand-overs and writes of the person; `labels` gives rules their words."""

    decision: Decision
    handovers: tuple[Handover, ...]
    intents: tuple[Intent, ...]
    labels: Mapping[str, str]
    outlook: Outlook | None = None
    """What would lead on and what changes by itself; None where there was no data to replay."""

    @property
    def adds_up(self) -> bool:
        """Whether the lines sum to the score exactly. Anything else is a bug of ours."""
        return sum(line.points for line in self.decision.contributions) == self.decision.score

    def words(self, line: Contribution) -> str:
        """What a line is called."""
        fixed = {
            "category": f"limit of category {line.rule}",
            "inactivity": f"inactivity ({line.count}x)",
            "add": f"for entering {line.rule}",
            "restore": "restored",
            "floor": "raised to the floor",
            "max": "cut at the maximum",
            "fit_bounds": "bounds of the fit score",
        }
        return fixed.get(line.kind) or self.labels.get(line.rule, line.rule)

    def trigger(self, transition: Transition) -> str:
        """What made a transition, a rule by its label."""
        kind, colon, rule = transition.trigger.partition(": ")
        label = self.labels.get(rule) if kind == "hand_raise" else None
        return f"{kind}{colon}{label}" if label else transition.trigger

    def losses(self, line: Contribution) -> Sequence[tuple[str, int]]:
        """What was taken from the raw points of a line, by cause; only what is not zero."""
        named = (
            ("limit", line.by_limit),
            ("window over", line.by_window),
            ("decay", line.by_decay),
            ("cap", line.by_cap),
            ("reset", line.by_reset),
        )
        return [(name, points) for name, points in named if points]

    def to_json(self) -> dict[str, Any]:
        """The stable shape of `explain --json`; points are numbers with up to six decimals."""
        d = self.decision
        return {
            "person": d.person_id,
            "records": [str(record) for record in d.records],
            "as_of": iso(d.as_of_us),
            "score": d.score / MICRO,
            "engagement": d.engagement / MICRO,
            "fit": d.fit / MICRO,
            "grade": d.grade,
            "stage": d.stage,
            "excluded": d.excluded,
            "missing_facts": list(d.missing_facts),
            "adds_up": self.adds_up,
            "classification": d.classification,
            "disposition": d.disposition,
            "suspected_bots": d.suspected_bots,
            "next_change_at": iso(d.next_due_us) if d.next_due_us else None,
            "outlook": _outlook(self.outlook) if self.outlook else None,
            "contributions": [
                {
                    "kind": line.kind,
                    "rule": line.rule,
                    "label": self.words(line),
                    "points": line.points / MICRO,
                    "raw": line.raw / MICRO,
                    "lost": {name: points / MICRO for name, points in self.losses(line)},
                    "activities": line.count,
                    "evidence": list(line.evidence),
                }
                for line in d.contributions
            ],
            "transitions": [
                {
                    "stage": t.stage,
                    "from": t.from_stage,
                    "at": iso(t.at_us),
                    "trigger": t.trigger,
                    "evidence": t.evidence,
                    "inferred": t.inferred,
                    "cycle": t.cycle,
                    "score": t.score / MICRO,
                    "no_sales_touch": t.no_sales_touch,
                }
                for t in d.transitions
            ],
            "baseline": {
                "counters": dict(d.baseline.counters),
                "first_at": {stage: iso(at) for stage, at in d.baseline.first_at_us.items()},
                "last_at": {stage: iso(at) for stage, at in d.baseline.last_at_us.items()},
            },
            "handovers": [
                {
                    "crm": h.crm,
                    "owner": h.owner.email or h.owner.name,
                    "way": h.way,
                    "rule": h.rule,
                    "pool": h.pool,
                    "skipped": [{"who": s.who, "why": s.why} for s in h.skipped],
                }
                for h in self.handovers
            ],
            "writes": [
                {
                    "intent": i.intent_id,
                    "record": str(i.record),
                    "state": i.state.value,
                    "fields": dict(i.target),
                }
                for i in self.intents
            ],
        }


def _outlook(outlook: Outlook) -> dict[str, Any]:
    return {
        "as_of": iso(outlook.as_of_us),
        "next": {"at": iso(outlook.next_at_us), "what": outlook.next_what} if outlook.next_at_us else None,
        "gaps": [
            {
                "stage": gap.stage,
                "condition": gap.condition,
                "points_short": gap.points / MICRO,
                "enough": [{"rule": remedy.rule, "times": remedy.times} for remedy in gap.remedies],
            }
            for gap in outlook.gaps
        ],
        "falls": [{"comparison": fall.comparison, "until": iso(fall.at_us)} for fall in outlook.falls],
    }


def explain(ledger: Ledger, person_or_record: str, labels: Mapping[str, str]) -> Explanation | None:
    """Everything the ledger holds about a person id, a record, or a bare CRM id; None when it is not known."""
    decision = ledger.decision(person_or_record)
    if decision is None:
        return None
    person = decision.person_id
    return Explanation(decision, tuple(ledger.handovers_of(person)), tuple(ledger.intents_of(person)), labels)


def with_outlook(
    explanation: Explanation,
    ledger: Ledger,
    definition: Definition,
    engine: Engine,
    mirror: Mirror,
    streams: Sequence[Stream],
) -> Explanation:
    """The same with the outlook, as of the stored decision and by the data pulled last.

    Without it where that data gives another score by now: the next run decides anew.
    """
    decision = explanation.decision
    own = frozenset(str(record) for record in decision.records)
    scope = engine.reach(mirror.sql(), definition, streams, own)
    evaluation = engine.evaluate(
        mirror.sql(), definition, streams, ledger.known(scope), decision.as_of_us, scope
    )
    again = next((d for d in evaluation.decisions() if d.person_id == decision.person_id), None)
    if again is None or (again.score, again.stage) != (decision.score, decision.stage):
        return explanation
    return replace(explanation, outlook=evaluation.outlook(decision.person_id))
