"""What the engine decided about one person, with the evidence. All points are whole millionths (`MICRO`)."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadledger.domain.records import RecordRef
from leadledger.domain.scoring import MICRO

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_HALF = MICRO // 2


ADOPTED = "adopted"
"""Trigger of an entry that stood in the CRM at first contact."""
SET_BY_A_PERSON = "set by a person"
"""How the trigger of an entry begins that somebody made in the CRM."""
BY_DEFINITION = "definition"
"""How the trigger of an entry begins that only a changed definition brought."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line of the explanation. The `points` of all lines of a person add up to the score exactly.

    `kind`: `engagement` (a rule over activities), `category` (what a category's bounds took or gave), `inactivity`
    (deductions), `add` (points of entering the stage `rule`), `restore`, `floor`, `max`, `fit` (a rule over
    facts), `fit_bounds`. For `engagement`, `raw` is what the matching activities would give alone, and raw + the five losses = points; a loss is zero or carries the sign that moves
    raw towards points. `count` is the number of awards that still give points, `evidence` the newest of their
    activity ids (at most three), `last_at_us` the time of the newest.
    """

    kind: str
    rule: str
    points: int
    raw: int = 0
    by_limit: int = 0
    by_window: int = 0
    by_decay: int = 0
    by_cap: int = 0
    by_reset: int = 0
    count: int = 0
    matched: int = 0
    last_at_us: int = 0
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry into a stage. `at_us` is the time of the evidence, never of the run.

    `inferred` marks a stage that was skipped: it gets its stamp at the same instant, but raises no counter.
    `counter` is the counter that this entry raised, or empty. `cycle` counts the cycles opened so far.
    """

    stage: str
    from_stage: str
    at_us: int
    trigger: str
    evidence: str
    inferred: bool = False
    counter: str = ""
    cycle: int = 0
    score: int = 0
    engagement: int = 0
    fit: int = 0
    no_sales_touch: bool = False
    """The deal was won without any activity of sales before."""

    def key(self, person_id: str) -> str:
        """The event key: the same event gives the same key in every run, so it can be stored only once."""
        text = "\x1f".join((person_id, self.stage, str(self.at_us), self.evidence))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the CRM already held when we first met the person, per counter or stage. Never derived again."""

    counters: Mapping[str, int] = field(default_factory=dict)
    """Counter -> CRM value less the entries that the replayed history already explains; never negative."""
    first_at_us: Mapping[str, int] = field(default_factory=dict)
    """Stage -> first date that was there before us."""
    last_at_us: Mapping[str, int] = field(default_factory=dict)
    stage: str = ""
    """The stage that stood in the CRM, or empty."""
    at_us: int = 0
    """The instant of first contact, 0 where nothing was found."""


@dataclass(frozen=True, slots=True)
class LastActivity:
    """The newest activity of a person: what `why_now` tells."""

    type: str
    asset: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything computed for one person as of one instant."""

    person_id: str
    records: tuple[RecordRef, ...]
    as_of_us: int
    engagement: int = 0
    fit: int = 0
    grade: str = ""
    stage: str = ""
    stage_since_us: int = 0
    cycle: int = 0
    excluded: bool = False
    transitions: tuple[Transition, ...] = ()
    """All of them, oldest first: those the ledger already holds, then new ones."""
    frozen: int = 0
    """How many of `transitions` were in the ledger before this decision."""
    contributions: tuple[Contribution, ...] = ()
    missing_facts: tuple[str, ...] = ()
    facts_known: int = 0
    facts_asked: int = 0
    last_activity: LastActivity | None = None
    baseline: Baseline = Baseline()
    rule_holds: tuple[bool | None, ...] = ()
    """Per route rule; None for unknown."""
    account_owner_refused: bool = False
    account_owner_id: str = ""
    definition: str = ""
    """Digest of the definition."""
    activated_us: int = -1
    """Since when the person is decided by this definition, where another one had decided before; else -1."""
    next_due_us: int = 0
    """When something changes by itself, 0 for never; see docs/explanation/semantics.md."""
    classification: str = ""
    disposition: str = ""
    suspected_bots: int = 0
    """Activities that the bot guard left out."""
    models: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Fit model -> (fit in millionths, grade)."""
    category_points: Mapping[str, int] = field(default_factory=dict)
    """Category -> its sum within its bounds, millionths."""
    first_origin: str = ""

    @property
    def score(self) -> int:
        """Engagement plus fit; the sum of all contributions."""
        return self.engagement + self.fit

    def counter(self, name: str) -> int:
        """Baseline plus entries in the ledger: derived, never incremented."""
        return self.baseline.counters.get(name, 0) + sum(t.counter == name for t in self.transitions)

    def first_at_us(self, stage: str) -> int | None:
        """First entry into a stage. A date that was there before us is never changed."""
        before = self.baseline.first_at_us.get(stage)
        if before is not None:
            return before
        return min(self._entered(stage), default=None)

    def last_at_us(self, stage: str) -> int | None:
        """Latest entry into a stage; never before a first date that was there before us."""
        times = list(self._entered(stage))
        if stage in self.baseline.last_at_us:
            times.append(self.baseline.last_at_us[stage])
        if times and stage in self.baseline.first_at_us:
            times.append(self.baseline.first_at_us[stage])
        return max(times, default=None)

    def _entered(self, stage: str) -> Iterator[int]:
        """When the stage was entered; of one that stood there before us nobody knows."""
        return (t.at_us for t in self.transitions if t.stage == stage and t.trigger != ADOPTED)

    def digest(self) -> str:
        """A short hash of what a reader would see: points as whole numbers, and not the instant of evaluation.

        Equal digests mean that nothing worth another look was decided. A decaying score changes its digest when
        a whole point is gone, not with every run.
        """
        last, before = self.last_activity, self.baseline
        seen = (
            [(r.crm, r.object, r.id) for r in self.records],
            (self.engagement + _HALF) // MICRO,
            (self.fit + _HALF) // MICRO,
            (self.grade, self.stage, self.stage_since_us, self.cycle, self.excluded),
            [(t.stage, t.at_us, t.inferred) for t in self.transitions],
            [
                (c.kind, c.rule, (c.points + _HALF) // MICRO, c.count, c.last_at_us)
                for c in self.contributions
            ],
            (self.missing_facts, self.facts_known),
            (last.type, last.asset, last.at_us) if last else None,
            [
                sorted(held.items()) if held else None
                for held in (before.counters, before.first_at_us, before.last_at_us)
            ],
            (self.rule_holds, self.account_owner_refused, self.account_owner_id),
            (self.classification, self.disposition, self.suspected_bots, self.first_origin),
            sorted((name, whole(fit), grade) for name, (fit, grade) in self.models.items())
            if self.models
            else None,
            sorted((name, whole(points)) for name, points in self.category_points.items())
            if self.category_points
            else None,
        )
        # Version 2 of the format writes equal values as equal bytes, three times as fast as by `repr`.
        return hashlib.blake2b(marshal.dumps(seen, 2), digest_size=8).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the inverse is `from_json`."""
        return {
            **plain(self),
            "records": [str(record) for record in self.records],
            "transitions": [plain(transition) for transition in self.transitions],
            "contributions": [plain(contribution) for contribution in self.contributions],
            "last_activity": plain(self.last_activity) if self.last_activity else None,
            "baseline": plain(self.baseline),
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Decision:
        """Build a decision from what `to_json` gave, also after a round trip through text."""
        last = payload["last_activity"]
        return cls(
            **{
                **payload,
                "records": tuple(RecordRef.parse(text) for text in payload["records"]),
                "transitions": tuple(Transition(**t) for t in payload["transitions"]),
                "contributions": tuple(
                    Contribution(**{**c, "evidence": tuple(c["evidence"])}) for c in payload["contributions"]
                ),
                "missing_facts": tuple(payload["missing_facts"]),
                "last_activity": LastActivity(**last) if last else None,
                "baseline": Baseline(**payload["baseline"]),
                "rule_holds": tuple(payload["rule_holds"]),
                "models": {name: (fit, grade) for name, (fit, grade) in payload["models"].items()},
            }
        )


def plain(value: DataclassInstance) -> dict[str, Any]:
    """The fields of a frozen value by name, one level deep (`dataclasses.asdict` copies all levels: ten times slower)."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def whole(points: int) -> int:
    """Millionths as a whole number of points, rounded half up as semantics.md section 2 asks."""
    return (2 * points + MICRO) // (2 * MICRO)
