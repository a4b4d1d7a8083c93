"""Who gets the lead: rules, pools, and the weighted rotation that deals. Semantics section 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from leadledger.domain.conditions import Condition
from leadledger.domain.scoring import MICRO


@dataclass(frozen=True, slots=True)
class Member:
    """A user of the CRM by e-mail, with a whole weight: twice the weight, twice the leads."""

    user: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Pool:
    """People who share leads by weighted round robin."""

    id: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RouteRule:
    """The first rule whose condition holds gives the pool."""

    id: str
    when: Condition
    pool: str


@dataclass(frozen=True, slots=True)
class AccountOwner:
    """The owner of the person's account gets the lead first, unless the condition holds."""

    unless: Condition | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where a lead goes that no rule claims: a queue by its developer name, or a user by e-mail."""

    queue: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """All of routing. `sticky` names the stages whose re-entry keeps the owner of the earlier cycle."""

    sticky: tuple[str, ...] = ()
    account_owner: AccountOwner | None = None
    pools: tuple[Pool, ...] = ()
    rules: tuple[RouteRule, ...] = ()
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A user or a queue as the CRM knows it. `email` is lower-case; a queue has a `name` instead."""

    id: str
    email: str
    name: str
    active: bool
    queue: bool = False
    objects: tuple[str, ...] = ()
    """For a queue: the objects that it may own."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Somebody who was passed over, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """The receipt of one hand-over: who gets it, by which way, and who was passed over.

    `way` is `sticky`, `account_owner`, `pool` or `fallback`; `rule` and `pool` are set for a pool.
    `credits` is the pool's rotation after this pick, member -> credit, for the ledger.
    """

    owner: Owner
    way: str
    rule: str = ""
    pool: str = ""
    skipped: tuple[Skip, ...] = ()
    credits: Mapping[str, int] = field(default_factory=dict)


def deal(pool: Pool, credits: Mapping[str, int], available: Mapping[str, bool]) -> tuple[str, dict[str, int]]:
    """Weighted round robin: pick one member and return the rotation's new credits, in millionths of a lead.

    Every available member gains its share of this lead; whoever is owed something and will be owed a whole lead
    first (ties: earlier in the pool) is picked and pays one. While the same members are available, nobody is ever
    more than one lead away from the share (R. Tijdeman, The chairman assignment problem, 1980). Counting in leads
    rather than in weights keeps that true for those who stay while a heavier colleague comes and goes.
    Members who are away keep their credit as it is, so they return with neither backlog nor penalty, and a new
    member starts at 0 without touching the others. Raises LookupError when nobody is available.
    """
    present = [member for member in pool.members if available.get(member.user, False)]
    if not present:
        msg = f"nobody of pool {pool.id} is available"
        raise LookupError(msg)
    after = {member.user: credits.get(member.user, 0) for member in pool.members}
    total = sum(member.weight for member in present)
    share = max(1, MICRO // total)
    for member in present:
        after[member.user] += member.weight * share
    lead = total * share
    owed = [member for member in present if after[member.user] > 0] or present
    picked = min(owed, key=lambda member: Fraction(lead - after[member.user], member.weight))
    after[picked.user] -= lead
    return picked.user, after


@dataclass(frozen=True, slots=True)
class Request:
    """One person who needs an owner now, with what routing may look at.

    `rule_holds` has one entry per route rule: True, False, or None for unknown. `account_owner_id` and
    `previous_owner_id` are ids in the CRM or empty; `account_owner_refused` is the `unless` of the account owner.
    """

    person_id: str
    stage: str
    object: str
    rule_holds: tuple[bool | None, ...]
    account_owner_id: str = ""
    account_owner_refused: bool = False
    previous_owner_id: str = ""


@dataclass(slots=True)
class Dealer:
    """Deals a whole batch in one deterministic pass; the caller gives the requests in their order.

    `credits` holds the rotation of each pool as the ledger knows it and moves on with every pick.
    """

    routing: Routing
    owners: Sequence[Owner]
    credits: dict[str, dict[str, int]]

    def assign(self, request: Request) -> Assignment | None:
        """The assignment of one request; None when there is no fallback that may own the record."""
        skipped: list[Skip] = []
        by_id = {owner.id: owner for owner in self.owners}
        if request.stage in self.routing.sticky and request.previous_owner_id:
            kept = by_id.get(request.previous_owner_id)
            if kept and kept.active and not kept.queue:
                return Assignment(kept, "sticky")
            skipped.append(_passed_over("previous owner", kept, request.previous_owner_id))
        if self.routing.account_owner and request.account_owner_id and not request.account_owner_refused:
            owner = by_id.get(request.account_owner_id)
            if owner and owner.active and not owner.queue:
                return Assignment(owner, "account_owner", skipped=tuple(skipped))
            skipped.append(_passed_over("account owner", owner, request.account_owner_id))
        return self._from_pool(request, skipped) or self._fallback(request, skipped)

    def _from_pool(self, request: Request, skipped: list[Skip]) -> Assignment | None:
        # One address may belong to several users of the CRM: an active one stands for it.
        ranked = sorted(self.owners, key=lambda owner: (owner.active, owner.id))
        users = {owner.email: owner for owner in ranked if owner.email and not owner.queue}
        rule = next(
            (r for r, holds in zip(self.routing.rules, request.rule_holds, strict=True) if holds), None
        )
        if rule is None:
            return None
        pool = next(p for p in self.routing.pools if p.id == rule.pool)
        available = {}
        for member in pool.members:
            user = users.get(member.user)
            available[member.user] = user is not None and user.active
            if user is None:
                skipped.append(Skip(member.user, "not a user of this CRM"))
            elif not user.active:
                skipped.append(Skip(member.user, "inactive in the CRM"))
        if not any(available.values()):
            skipped.append(Skip(f"pool {pool.id}", "nobody is available"))
            return None
        picked, after = deal(pool, self.credits.get(pool.id, {}), available)
        self.credits[pool.id] = after
        return Assignment(users[picked], "pool", rule.id, pool.id, tuple(skipped), dict(after))

    def _fallback(self, request: Request, skipped: list[Skip]) -> Assignment | None:
        fallback = self.routing.fallback
        if fallback is None:
            return None
        for owner in self.owners:
            if fallback.queue and owner.queue and owner.name == fallback.queue:
                if request.object in owner.objects:
                    return Assignment(owner, "fallback", skipped=tuple(skipped))
                skipped.append(Skip(owner.name, f"a {request.object} cannot be owned by this queue"))
        for owner in self.owners:
            if fallback.user and owner.email == fallback.user and owner.active and not owner.queue:
                return Assignment(owner, "fallback", skipped=tuple(skipped))
        return None


def _passed_over(whose: str, owner: Owner | None, owner_id: str) -> Skip:
    if owner is None:
        return Skip(owner_id, f"{whose} is inactive")
    return Skip(owner.email or owner.name, f"{whose} is {'a queue' if owner.queue else 'inactive'}")
