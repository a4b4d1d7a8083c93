"""The plan as a value: which field of which record changes from what to what, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadledger.domain.decisions import Decision, plain
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner, Skip


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, in the CRM's own text form. None is an empty field. `value` names the computed value."""

    field: str
    old: str | None
    new: str | None
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that we would set otherwise, left alone: a person's value, a throttle, a policy."""

    record: RecordRef
    field: str
    theirs: str | None
    ours: str | None
    why: str


@dataclass(frozen=True, slots=True)
class RecordChange:
    """All changes of one record, sent in one row of one request."""

    record: RecordRef
    person_id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """One assignment with its receipt. `key` is the transition that asked for it."""

    person_id: str
    key: str
    crm: str
    owner: Owner
    way: str
    rule: str = ""
    pool: str = ""
    skipped: tuple[Skip, ...] = ()
    credits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """Where every person of the population went.

    people = touched + due + untouched = changed + unchanged + excluded. Whoever is untouched is as the ledger
    has it.
    """

    people: int = 0
    touched: int = 0
    """Something new was read about them, or something is still to be written."""
    due: int = 0
    """Not touched, but something was to change by itself."""
    untouched: int = 0
    changed: int = 0
    unchanged: int = 0
    excluded: int = 0
    rejected: int = 0
    moving: int = 0
    """People whom the ledger knew before and who enter a stage now: what the guard counts."""
    unassigned: int = 0
    """Hand-overs for which nobody was found; the next run tries again."""
    entering_stage: Mapping[str, int] = field(default_factory=dict)
    """Stage -> new transitions of this plan."""
    funnel: Mapping[str, int] = field(default_factory=dict)
    """Stage -> people in it now; "" for nobody's stage yet."""
    suspected_bots: int = 0
    """Activities of those who were evaluated that the bot guard left out."""
    spared_entries: Mapping[str, int] = field(default_factory=dict)
    """Counter -> entries of theirs that there would be more without the bot guard."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `plan` shows and `apply` writes, nothing else. JSON and back without loss."""

    plan_id: str
    definition: str
    definition_version: str
    definition_digest: str
    as_of_us: int
    orgs: Mapping[str, str]
    """CRM -> org id that the plan was made against."""
    changes: tuple[RecordChange, ...]
    decisions: tuple[Decision, ...]
    """The decisions that are new or differ from the ledger's, in person order."""
    handovers: tuple[Handover, ...] = ()
    kept: tuple[Kept, ...] = ()
    counts: Counts = Counts()
    waiting: tuple[str, ...] = ()
    """Records that must be looked at again without any news: a change is due later, or an owner was not found."""
    gone: tuple[str, ...] = ()
    """Person ids of those whom the ledger knows and the CRMs hold no record of any more."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the inverse is `from_json`."""
        return {
            **{
                name: getattr(self, name)
                for name in ("plan_id", "definition", "definition_version", "definition_digest", "as_of_us")
            },
            "format": 1,
            "orgs": dict(self.orgs),
            "changes": [
                {
                    "record": str(c.record),
                    "person_id": c.person_id,
                    "fields": [plain(field) for field in c.fields],
                }
                for c in self.changes
            ],
            "decisions": [decision.to_json() for decision in self.decisions],
            "handovers": [
                {**plain(h), "owner": plain(h.owner), "skipped": [plain(skip) for skip in h.skipped]}
                for h in self.handovers
            ],
            "kept": [{**plain(kept), "record": str(kept.record)} for kept in self.kept],
            "counts": plain(self.counts),
            "waiting": list(self.waiting),
            "gone": list(self.gone),
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Plan:
        """Build a plan from what `to_json` gave. Raises KeyError, TypeError or ValueError for anything else."""
        if payload["format"] != 1:
            msg = f"plan format {payload['format']} is not known"
            raise ValueError(msg)
        return cls(
            plan_id=payload["plan_id"],
            definition=payload["definition"],
            definition_version=payload["definition_version"],
            definition_digest=payload["definition_digest"],
            as_of_us=payload["as_of_us"],
            orgs=payload["orgs"],
            changes=tuple(
                RecordChange(
                    RecordRef.parse(c["record"]), c["person_id"], tuple(FieldChange(**f) for f in c["fields"])
                )
                for c in payload["changes"]
            ),
            decisions=tuple(Decision.from_json(d) for d in payload["decisions"]),
            handovers=tuple(
                Handover(
                    **{
                        **h,
                        "owner": Owner(**{**h["owner"], "objects": tuple(h["owner"]["objects"])}),
                        "skipped": tuple(Skip(**s) for s in h["skipped"]),
                    }
                )
                for h in payload["handovers"]
            ),
            kept=tuple(Kept(**{**k, "record": RecordRef.parse(k["record"])}) for k in payload["kept"]),
            counts=Counts(**payload["counts"]),
            waiting=tuple(payload["waiting"]),
            gone=tuple(payload["gone"]),
        )
