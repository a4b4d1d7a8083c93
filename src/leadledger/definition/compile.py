"""Turns the documents of one folder into the domain's `Definition`. Expects documents that passed all checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from leadledger.definition.checks.names import CRMS
from leadledger.definition.conditions import ConditionDocument, to_domain
from leadledger.definition.documents.activities import (
    ActivitiesDocument,
    FormPattern,
    RowDocument,
)
from leadledger.definition.documents.leadledger import LeadledgerDocument
from leadledger.definition.documents.lifecycle import (
    LifecycleDocument,
    ResetDocument,
    SideStageDocument,
    StageDocument,
    TriggerDocument,
)
from leadledger.definition.documents.people import PeopleDocument, SpellingsDocument
from leadledger.definition.documents.routing import MemberDocument, RoutingDocument
from leadledger.definition.documents.scoring import (
    EngagementDocument,
    EngagementRuleDocument,
    FitDocument,
    FitRuleDocument,
    LimitDocument,
    ScoringDocument,
)
from leadledger.definition.documents.writeback import MappingDocument, WritebackDocument
from leadledger.definition.named_lists import NAMES, named_list
from leadledger.definition.yaml_files import Plain
from leadledger.domain.conditions import ALWAYS, All, Compare, Condition, Op, Space
from leadledger.domain.definition import Definition, Guards
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    Trigger,
    WhenTrigger,
)
from leadledger.domain.routing import AccountOwner, Fallback, Member, Pool, RouteRule, Routing
from leadledger.domain.scoring import (
    Calendar,
    Category,
    Engagement,
    EngagementRule,
    Fit,
    FitRule,
    Grade,
    Limit,
)
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
    sources = tuple(_people(people, top.connections))
    return Definition(
        name=top.name,
        version=top.definition_version,
        digest=digest(plain),
        time_zone=ZoneInfo(top.time_zone),
        connections=tuple(top.connections),
        people=sources,
        activities=tuple(_activities(activities)),
        engagement=_engagement(scoring.engagement or EngagementDocument()),
        fit=_fit(scoring.fit or FitDocument()),
        lifecycle=_lifecycle(lifecycle),
        routing=_routing(routing),
        targets=tuple(_targets(writeback)),
        exclude_when=_condition(scoring.exclude_when),
        identity=_identity(top),
        normalise=_normalise(people),
        authority=_authority(people, sources),
        history_span=top.history.since if top.history else None,
        guards=_guards(top),
        labels=_labels(scoring),
    )


def digest(plain: Mapping[str, Plain]) -> str:
    """SHA-256 in hex over the content of every file but the examples, and of the lists that leadledger brings.

    Comments, spacing and quotes make no difference; the order of keys does, since it is meant.
    """
    content = {name: value for name, value in sorted(plain.items()) if name != "examples"}
    lists = {name: named_list(name) for name in NAMES}
    text = json.dumps([content, lists], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _condition(document: ConditionDocument | None, names_in: Space = Space.FACT) -> Condition | None:
    return None if document is None else to_domain(document, names_in)


def _identity(top: LeadledgerDocument) -> Identity:
    if top.identity is None:
        return Identity()
    domains = tuple(domain.lower() for domain in top.identity.ignore_domains)
    return Identity(by_email=top.identity.by == "email", ignore_domains=domains)


def _guards(top: LeadledgerDocument) -> Guards:
    guards = top.guards
    if guards is None:
        return Guards()
    return Guards(guards.max_people_changing_stage, guards.max_owner_changes, guards.max_emptied_fields)


def _people(people: PeopleDocument, connections: Sequence[str]) -> Iterator[PeopleSource]:
    for crm in connections:
        for object_, entry in (getattr(people, crm) or {}).items():
            yield PeopleSource(crm, object_, dict(entry.facts), _condition(entry.where, Space.FIELD))


def _normalise(people: PeopleDocument) -> dict[str, Normalise]:
    return {
        fact: Normalise("map", dict(how.map)) if isinstance(how, SpellingsDocument) else Normalise(how)
        for fact, how in people.normalise.items()
    }


def _authority(people: PeopleDocument, sources: Sequence[PeopleSource]) -> tuple[str, ...]:
    """The order that was given; objects that it leaves out follow as people.yaml has them."""
    return tuple(dict.fromkeys([*people.authority, *(f"{s.crm}.{s.object}" for s in sources)]))


def _activities(activities: ActivitiesDocument) -> Iterator[ActivitySource]:
    for stream, entries in (activities.salesforce or {}).items():
        for entry in entries:
            yield _row_source("salesforce", stream, entry)
    if activities.hubspot is None:
        return
    for form in activities.hubspot.form_submissions:
        source = _row_source("hubspot", "form_submissions", form)
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
        yield _row_source("hubspot", engagement.object, engagement)


def _row_source(crm: str, stream: str, entry: RowDocument) -> ActivitySource:
    person = getattr(entry, "person", None)
    return ActivitySource(
        crm=crm,
        stream=stream,
        type=entry.type,
        when=_condition(entry.when, Space.FIELD),
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


def _engagement(engagement: EngagementDocument) -> Engagement:
    return Engagement(
        rules=tuple(
            EngagementRule(
                id=rule.id,
                when=to_domain(rule.when, Space.ACTIVITY),
                points=rule.points,
                category=rule.category,
                limit=_limit(rule.limit),
                window=rule.window,
                half_life=rule.decay.half_life if rule.decay else None,
                max_points=rule.max_points,
                auto_qualify=rule.auto_qualify,
            )
            for rule in engagement.rules
        ),
        categories=tuple(
            Category(id_, category.max, category.min) for id_, category in engagement.categories.items()
        ),
        floor=engagement.floor,
        max=engagement.max,
    )


def _limit(limit: LimitDocument | None) -> Limit | None:
    if limit is None:
        return None
    return Limit(limit.times, Calendar(limit.per) if isinstance(limit.per, str) else limit.per)


def _fit(fit: FitDocument) -> Fit:
    return Fit(
        rules=tuple(
            FitRule(rule.id, to_domain(rule.when, Space.FACT), rule.points, rule.points_unknown)
            for rule in fit.rules
        ),
        min=fit.min,
        max=fit.max,
        grades=tuple(
            Grade(letter, None if isinstance(bound, str) else bound) for letter, bound in fit.grades.items()
        ),
    )


def _labels(scoring: ScoringDocument) -> dict[str, str]:
    rules: tuple[EngagementRuleDocument | FitRuleDocument, ...] = (
        *(scoring.engagement.rules if scoring.engagement else ()),
        *(scoring.fit.rules if scoring.fit else ()),
    )
    return {rule.id: rule.label for rule in rules if rule.label is not None}


def _lifecycle(lifecycle: LifecycleDocument) -> Lifecycle:
    forward = tuple(
        Stage(
            id=stage.id,
            triggers=_triggers(stage),
            counter=stage.counter,
            reenter_from=tuple(stage.reenter_from),
            resets_engagement=_resets(stage),
            routes="route" in stage.on_enter,
        )
        for stage in lifecycle.stages
    )
    side = tuple(
        Stage(
            id=stage.id,
            triggers=_triggers(stage),
            side=True,
            sources=None if isinstance(stage.from_, str) else tuple(stage.from_),
            resets_engagement=_resets(stage),
            routes="route" in stage.on_enter,
        )
        for stage in lifecycle.side_stages
    )
    return Lifecycle((*forward, *side))


def _resets(stage: StageDocument | SideStageDocument) -> bool:
    return any(isinstance(step, ResetDocument) for step in stage.on_enter)


def _triggers(stage: StageDocument | SideStageDocument) -> tuple[Trigger, ...]:
    return tuple(_trigger(trigger) for trigger in stage.triggers)


def _trigger(trigger: str | TriggerDocument) -> Trigger:
    match trigger:
        case "hand_raise":
            return HandRaiseTrigger()
        case TriggerDocument(when=when) if when is not None:
            return WhenTrigger(to_domain(when, Space.COMPUTED))
        case TriggerDocument(activity=activity) if activity is not None:
            return ActivityTrigger(to_domain(activity, Space.ACTIVITY))
        case TriggerDocument(status=status) if status is not None:
            return StatusTrigger(status.field, status.becomes)
        case TriggerDocument(deal=deal) if deal is not None:
            return DealTrigger(DealEvent(deal))
        case _:
            return ConvertedTrigger()


def _routing(routing: RoutingDocument) -> Routing:
    owner = routing.account_owner
    return Routing(
        sticky=tuple(routing.sticky),
        account_owner=(AccountOwner(_condition(owner.unless)) if owner and owner.first else None),
        pools=tuple(
            Pool(id_, tuple(_member(member) for member in pool.members))
            for id_, pool in routing.pools.items()
        ),
        rules=tuple(RouteRule(rule.id, _condition(rule.when) or ALWAYS, rule.pool) for rule in routing.rules),
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
