"""routing.yaml: rules, pools and members."""

from __future__ import annotations

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.names import Documents
from leadledger.definition.documents.routing import MemberDocument, PoolDocument, RoutingDocument
from leadledger.definition.problems import Report

FILE = "routing"


def check_routing(names: Documents, report: Report) -> None:
    """Every rule and pool; and whether those who ask for an owner find one."""
    if names.routing is not None:
        _routing(names.routing, names, report)
        _somebody(names.routing, names, report)


def _routing(routing: RoutingDocument, names: Documents, report: Report) -> None:
    stages = names.stages()
    for position, name in enumerate(routing.sticky):
        if stages is not None and name not in stages:
            report.unknown(FILE, ("sticky", position), "stage", name, stages)
    if routing.account_owner:
        path = ("account_owner", "unless")
        check_condition(routing.account_owner.unless, FILE, path, Place.FACTS, names, report)
    for position, rule in enumerate(routing.rules):
        path_ = ("rules", position)
        check_condition(rule.when, FILE, (*path_, "when"), Place.FACTS, names, report)
        if rule.pool not in routing.pools:
            report.unknown(FILE, (*path_, "pool"), "pool", rule.pool, routing.pools)
        if rule.when is None and position < len(routing.rules) - 1:
            text = f"`{rule.id}` takes every lead, so the rules below it are never tried"
            report.error(FILE, path_, text, "Give it a `when`, or move it to the end.")
    for position in duplicates(rule.id for rule in routing.rules):
        text = f"the id `{routing.rules[position].id}` is taken"
        report.error(FILE, ("rules", position, "id"), text, "Each rule needs its own.")
    used = {rule.pool for rule in routing.rules}
    for name, pool in routing.pools.items():
        if name not in used:
            text = f"no rule sends a lead to the pool `{name}`"
            report.error(FILE, ("pools", name), text, "Add a rule, or remove the pool.", key=True)
        _members(name, pool, report)


def _members(name: str, pool: PoolDocument, report: Report) -> None:
    users = [(m.user if isinstance(m, MemberDocument) else m).lower() for m in pool.members]
    for position in duplicates(users):
        text = f"this member stands in the pool `{name}` twice"
        report.error(FILE, ("pools", name, "members", position), text, "Use `weight` to give more leads.")


def _somebody(routing: RoutingDocument, names: Documents, report: Report) -> None:
    if names.lifecycle is None:
        return
    routes = bool(names.routed())
    if routes and routing.fallback is None and all(rule.when for rule in routing.rules):
        text = "a lead that no rule claims gets no owner"
        report.warning(FILE, (), text, "Give a fallback, or end the rules with one without `when`.")
    if not routes and routing.rules:
        report.warning(FILE, ("rules",), "no stage of lifecycle.yaml has on_enter: [route]", key=True)
