"""The safety brake: a plan that changes too much stops before its first write."""

from __future__ import annotations

from leadledger.domain.changes import Plan
from leadledger.domain.definition import Guards
from leadledger.domain.policies import emptied
from leadledger.domain.writeback import COMPANIONS
from leadledger.errors import BrakeError


def tripped_guards(plan: Plan, guards: Guards) -> list[str]:
    """Each guard that the plan exceeds, with its figures.

    People whom the ledger meets for the first time do not count as changing stage: their history is replayed,
    and the first plan of an org is looked at by a person anyway.
    """
    owners = sum(field.value == "owner" for change in plan.changes for field in change.fields)
    emptied_fields = sum(
        emptied([field for field in change.fields if field.value not in COMPANIONS])
        for change in plan.changes
    )
    return [
        f"{what}: {count:,} (limit {_limit(limit)})"
        for what, count, limit in (
            ("people changing stage", plan.counts.moving, guards.max_people_changing_stage),
            ("owner changes", owners, guards.max_owner_changes),
            ("fields emptied", emptied_fields, guards.max_emptied_fields),
        )
        if limit is not None and count > (limit * plan.counts.people if isinstance(limit, float) else limit)
    ]


def check_guards(plan: Plan, guards: Guards) -> None:
    """Raise BrakeError, naming each tripped guard."""
    tripped = tripped_guards(plan, guards)
    if tripped:
        msg = (
            f"The plan is larger than the guards in leadledger.yaml allow: {'; '.join(tripped)}. Nothing was written. "
            "Look at it with `leadledger plan`; if it is right, run again with --allow-large."
        )
        raise BrakeError(msg)


def _limit(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:.0%} of all people"
