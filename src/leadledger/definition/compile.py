"""Turns the documents of one folder into the domain's `Definition`. Expects documents that passed all checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from leadledger.definition.checks.names import CRMS, gate_names
from leadledger.definition.compile_lifecycle import lifecycle_of
from leadledger.definition.compile_scoring import (
    classification_of,
    engagement_of,
    fit_of,
    labels_of,
    models_of,
    personas_of,
)
from leadledger.definition.conditions import ConditionDocument, to_domain
from leadledger.definition.documents.activities import (
    ActivitiesDocument,
    FormPattern,
    RowDocument,
)
from leadledger.definition.documents.leadledger import LeadledgerDocument
from leadledger.definition.documents.lifecycle import LifecycleDocument
from leadledger.definition.documents.people import PeopleDocument, SpellingsDocument
from leadledger.definition.documents.routing import MemberDocument, RoutingDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.documents.writeback import MappingDocument, WritebackDocument
from leadledger.definition.named_lists import NAMES, Lists, named_list
from leadledger.definition.yaml_files import Plain
from leadledger.domain.conditions import ALWAYS, All, Compare, Condition, Op, Space
from leadledger.domain.definition import Definition, Guards
from leadledger.domain.routing import AccountOwner, Fallback, Member, Pool, RouteRule, Routing
from leadledger.domain.sources import ActivitySource, Identity, Normalise, PeopleSource
from leadledger.domain.writeback import FieldMapping, Policy, WriteTarget

YIELDING = ("stage", "owner")
"""Values that people win by default."""


def compile_definition(
    top: LeadledgerDocument,
    people: PeopleDocument,
    activities: ActivitiesDocument,
    scoring: ScoringDocument,
    lifecycle: LifecycleDocument,
    routing: RoutingDocument,
    writeback: WritebackDocument,
    plain: Mapping[str, Plain],
) -> Definition:
    """The definition; `plain` holds the plain content of every file, for the digest."""
    lists = Lists(dict(scoring.lists))
    sources = tuple(_people(people, top.connections, lists))
    counters = [stage.counter for stage in lifecycle.stages if stage.counter]
    resets = [reset.enters for reset in (scoring.engagement.reset_on if scoring.engagement else ())]
    return Definition(
        name=top.name,
        version=top.definition_version,
        digest=digest(plain),
        time_zone=ZoneInfo(top.time_zone),
        connections=tuple(top.connections),
        people=sources,
        activities=tuple(_activities(activities, lists)),
        engagement=engagement_of(scoring, gate_names(counters), lists),
        fit=fit_of(scoring.fit, lists),
        lifecycle=lifecycle_of(lifecycle, [stage for stage in resets if stage], lists),
        routing=_routing(routing, lists),
        targets=tuple(_targets(writeback)),
        exclude_when=_condition(scoring.exclude_when, lists),
        identity=_identity(top),
        normalise=_normalise(people),
        authority=_authority(people, sources),
        history_span=top.history.since if top.history else None,
        from_now=top.history is not None and top.history.mode == "from_now",
        models=models_of(scoring, lists),
        personas=personas_of(scoring, lists),
        classification=classification_of(scoring.classification),
        guards=_guards(top),
        labels=labels_of(scoring),
    )


def digest(plain: Mapping[str, Plain]) -> str:
    """SHA-256 in hex over the content of every file but the examples, and of the lists that leadledger brings.

    The definition's own lists are part of its files.

    Comments, spacing and quotes make no difference; the order of keys does, since it is meant.
    """
    content = {name: value for name, value in sorted(plain.items()) if name != "examples"}
    lists = {name: named_list(name) for name in NAMES}
    text = json.dumps([content, lists], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _condition(
    document: ConditionDocument | None, lists: Lists, names_in: Space = Space.FACT
) -> Condition | None:
    return None if document is None else to_domain(document, names_in, lists)


def _identity(top: LeadledgerDocument) -> Identity:
    if top.identity is None:
        return Identity()
    return Identity(
        by_email=top.identity.by == "email",
        ignore_domains=tuple(domain.lower() for domain in top.identity.ignore_domains),
        plus_tags=top.identity.plus_tags,
        references=tuple(top.identity.references),
        same_activity=top.identity.same_activity or 0,
    )


def _guards(top: LeadledgerDocument) -> Guards:
    guards = top.guards
    if guards is None:
        return Guards()
    return Guards(guards.max_people_changing_stage, guards.max_owner_changes, guards.max_emptied_fields)


def _people(people: PeopleDocument, connections: Sequence[str], lists: Lists) -> Iterator[PeopleSource]:
    for crm in connections:
        for object_, entry in (getattr(people, crm) or {}).items():
            yield PeopleSource(crm, object_, dict(entry.facts), _condition(entry.where, lists, Space.FIELD))


def _normalise(people: PeopleDocument) -> dict[str, Normalise]:
    return {
        fact: Normalise("map", dict(how.map)) if isinstance(how, SpellingsDocument) else Normalise(how)
        for fact, how in people.normalise.items()
    }


def _authority(people: PeopleDocument, sources: Sequence[PeopleSource]) -> tuple[str, ...]:
    """The order that was given; objects that it leaves out follow as people.yaml has them."""
    return tuple(dict.fromkeys([*people.authority, *(f"{s.crm}.{s.object}" for s in sources)]))


def _activities(activities: ActivitiesDocument, lists: Lists) -> Iterator[ActivitySource]:
    for stream, entries in (activities.salesforce or {}).items():
        for entry in entries:
            yield _row_source("salesforce", stream, entry, lists)
    if activities.hubspot is None:
        return
    for form in activities.hubspot.form_submissions:
        source = _row_source("hubspot", "form_submissions", form, lists)
        yield replace(source, when=_with_form(form.form, source.when), asset=source.asset or "form")
    for change in activities.hubspot.property_history:
        yield ActivitySource(
            crm="hubspot",
            stream="property_history",
            type=change.type,
            origin=change.origin,
            intent=change.intent,
            property=change.property,
        )
    for engagement in activities.hubspot.engagements:
        yield _row_source("hubspot", engagement.object, engagement, lists)


def _row_source(crm: str, stream: str, entry: RowDocument, lists: Lists) -> ActivitySource:
    person = getattr(entry, "person", None)
    return ActivitySource(
        crm=crm,
        stream=stream,
        type=entry.type,
        when=_condition(entry.when, lists, Space.FIELD),
        at=getattr(entry, "at", None),
        person=",".join(person) if isinstance(person, tuple) else person,
        asset=entry.asset,
        campaign=entry.campaign,
        origin=entry.origin,
        intent=entry.intent,
        attributes=dict(entry.attributes),
    )


def _with_form(form: str | tuple[str, ...] | FormPattern | None, when: Condition | None) -> Condition | None:
    """The adapter gives the name of the form in the column `form`."""
    match form:
        case None:
            return when
        case FormPattern():
            named = Compare(Space.FIELD, "form", Op.MATCHES, form.matches)
        case tuple():
            named = Compare(Space.FIELD, "form", Op.IN, form)
        case _:
            named = Compare(Space.FIELD, "form", Op.IS, form)
    return named if when is None else All((named, when))


def _routing(routing: RoutingDocument, lists: Lists) -> Routing:
    owner = routing.account_owner
    return Routing(
        sticky=tuple(routing.sticky),
        account_owner=(AccountOwner(_condition(owner.unless, lists)) if owner and owner.first else None),
        pools=tuple(
            Pool(id_, tuple(_member(member) for member in pool.members))
            for id_, pool in routing.pools.items()
        ),
        rules=tuple(
            RouteRule(rule.id, _condition(rule.when, lists) or ALWAYS, rule.pool) for rule in routing.rules
        ),
        fallback=_fallback(routing),
    )


def _fallback(routing: RoutingDocument) -> Fallback | None:
    fallback = routing.fallback
    if fallback is None:
        return None
    return Fallback(queue=fallback.queue, user=fallback.user.lower() if fallback.user else None)


def _member(member: str | MemberDocument) -> Member:
    if isinstance(member, MemberDocument):
        return Member(member.user.lower(), member.weight)
    return Member(member.lower())


def _targets(writeback: WritebackDocument) -> Iterator[WriteTarget]:
    for crm in CRMS:
        for object_, fields in (getattr(writeback, crm) or {}).items():
            yield WriteTarget(crm, object_, tuple(_mapping(field, to) for field, to in fields.items()))


def _mapping(field: str, target: str | MappingDocument) -> FieldMapping:
    mapping = target if isinstance(target, MappingDocument) else MappingDocument(value=target)
    default = Policy.YIELD if mapping.value in YIELDING else Policy.OWN
    return FieldMapping(
        field=field,
        value=mapping.value,
        policy=Policy(mapping.policy) if mapping.policy else default,
        min_change=mapping.min_change,
        at_most_every=mapping.at_most_every,
        values=dict(mapping.values),
        decimals=mapping.decimals,
    )
