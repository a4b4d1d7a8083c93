"""Who needs an owner now, and who gets it: hand-overs of one plan, dealt in one deterministic pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.domain.changes import Handover
from leadledger.domain.decisions import Decision, Transition
from leadledger.domain.definition import Definition
from leadledger.domain.policies import THEIRS
from leadledger.domain.routing import Dealer, Owner, Request
from leadledger.ports import Ledger, Mirror


@dataclass(frozen=True, slots=True)
class Ask:
    """One person in one CRM whose latest entry into a routed stage asks for an owner."""

    decision: Decision
    transition: Transition
    crm: str
    new: bool
    """Whether the ledger has not seen this transition before."""
    first_contact: bool
    """Whether the ledger has not seen this person before."""
    owner_id: str
    """The present owner in the CRM, or empty."""

    @property
    def key(self) -> str:
        """The key of the transition."""
        return self.transition.key(self.decision.person_id)

    @property
    def name(self) -> str:
        """The key of the hand-over: one per transition and CRM."""
        return f"{self.key}/{self.crm}"


def asks(
    decision: Decision, definition: Definition, owners_now: Mapping[str, str], *, first_contact: bool
) -> list[Ask]:
    """The hand-overs that a decision may ask for: the person is in a routed stage, once per entry and CRM.

    A stage that a person set back is a correction and asks for nobody. `owners_now`: CRM -> present owner's id.
    """
    stage = next((s for s in definition.lifecycle.stages if s.id == decision.stage), None)
    if stage is None or not stage.routes or decision.excluded:
        return []
    order = [s.id for s in definition.lifecycle.stages if not s.side]
    position = max(
        (
            k
            for k, t in enumerate(decision.transitions)
            if t.stage == stage.id and not t.inferred and not _corrects(t, order)
        ),
        default=-1,
    )
    if position < 0:
        return []
    return [
        Ask(
            decision,
            decision.transitions[position],
            crm,
            new=position >= decision.frozen,
            first_contact=first_contact,
            owner_id=owners_now.get(crm, ""),
        )
        for crm in sorted({record.crm for record in decision.records})
        if any(t.crm == crm and t.mapping("owner") for t in definition.targets)
    ]


def _corrects(transition: Transition, order: Sequence[str]) -> bool:
    """Whether a person set the stage back."""
    stages = (transition.stage, transition.from_stage)
    return (
        transition.trigger in THEIRS
        and all(stage in order for stage in stages)
        and order.index(transition.stage) < order.index(transition.from_stage)
    )


@dataclass(frozen=True, slots=True)
class Dealt:
    """The hand-overs of a batch by `<transition key>/<crm>`."""

    handovers: Mapping[str, Handover]
    fresh: frozenset[str]
    """Those dealt just now; the others stood in the ledger."""
    unassigned: frozenset[str]
    """Those that nobody could be found for."""


def deal_batch(found: Sequence[Ask], definition: Definition, ledger: Ledger, mirror: Mirror) -> Dealt:
    """Deal all of them. A pick that the ledger holds is used again, never drawn anew.

    At first contact a lead that already has an active owner keeps it: its hand-over happened before we came. An
    earlier entry for which nobody was found is tried again while the lead has no active owner.
    """
    dealt = dict(ledger.handovers([ask.name for ask in found]))
    fresh: set[str] = set()
    unassigned: set[str] = set()
    owners: dict[str, Sequence[Owner]] = {crm: mirror.owners(crm) for crm in {ask.crm for ask in found}}
    rotation = ledger.credits()
    dealers = {crm: Dealer(definition.routing, owners[crm], rotation) for crm in owners}
    present = {crm: {owner.id: owner for owner in known} for crm, known in owners.items()}
    for ask in sorted(found, key=lambda a: (a.transition.at_us, a.decision.person_id, a.crm)):
        if ask.name in dealt:
            continue
        holder = present[ask.crm].get(ask.owner_id)
        owned = holder is not None and holder.active and not holder.queue
        if owned and (ask.first_contact or not ask.new):
            continue
        objects = sorted(record.object for record in ask.decision.records if record.crm == ask.crm)
        assignment = dealers[ask.crm].assign(
            Request(
                person_id=ask.decision.person_id,
                stage=ask.transition.stage,
                object=objects[0],  # "Contact" sorts before "Lead", and may never be owned by a queue
                rule_holds=ask.decision.rule_holds,
                account_owner_id=ask.decision.account_owner_id,
                account_owner_refused=ask.decision.account_owner_refused,
                previous_owner_id=ask.owner_id if ask.transition.cycle > 1 else "",
            )
        )
        if assignment is None:
            unassigned.add(ask.name)
            continue
        fresh.add(ask.name)
        dealt[ask.name] = Handover(
            ask.decision.person_id,
            ask.key,
            ask.crm,
            assignment.owner,
            assignment.way,
            assignment.rule,
            assignment.pool,
            assignment.skipped,
            assignment.credits,
        )
    return Dealt(dealt, frozenset(fresh), frozenset(unassigned))
