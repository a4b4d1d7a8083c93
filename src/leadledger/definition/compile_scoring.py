"""Turns scoring.yaml into the domain's rules, models, personas and cells. Expects a document that passed all checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from leadledger.definition.checks.names import DISPOSITIONS
from leadledger.definition.conditions import ConditionDocument, split_gate, to_domain
from leadledger.definition.documents.engagement import (
    BotGuardDocument,
    BurstDocument,
    DecayDocument,
    EngagementDocument,
    EngagementRuleDocument,
    InactivityDocument,
    LimitDocument,
    PointsByDocument,
)
from leadledger.definition.documents.fit import ClassificationDocument, FitDocument, ProfileDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.named_lists import Lists
from leadledger.domain.conditions import Condition, Space
from leadledger.domain.scoring import (
    Band,
    BotGuard,
    Burst,
    Calendar,
    Category,
    Classification,
    Criterion,
    Decay,
    Engagement,
    EngagementRule,
    Fit,
    FitModel,
    FitRule,
    Grade,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    Persona,
    PointsBy,
    Profile,
    Steps,
)


def engagement_of(scoring: ScoringDocument, states: Collection[str], lists: Lists) -> Engagement:
    """Points from activities. `states` are the names that a rule asks of the person's state."""
    engagement = scoring.engagement or EngagementDocument()
    return Engagement(
        rules=tuple(_rule(rule, states, lists) for rule in engagement.rules),
        categories=tuple(
            Category(id_, category.max, category.min) for id_, category in engagement.categories.items()
        ),
        floor=engagement.floor,
        max=engagement.max,
        inactivity=_inactivity(engagement.inactivity),
        reset_on=tuple(
            to_domain(reset.activity, Space.ACTIVITY, lists)
            for reset in engagement.reset_on
            if reset.activity is not None
        ),
        bot_guard=_bot_guard(engagement.bot_guard, lists),
    )


def _rule(rule: EngagementRuleDocument, states: Collection[str], lists: Lists) -> EngagementRule:
    when, gate = split_gate(to_domain(rule.when, Space.ACTIVITY, lists), states)
    return EngagementRule(
        id=rule.id,
        when=when,
        points=rule.points or 0.0,
        category=rule.category,
        limit=_limit(rule.limit),
        window=rule.window,
        decay=_decay(rule.decay),
        max_points=rule.max_points,
        auto_qualify=rule.auto_qualify,
        points_by=_points_by(rule.points_by),
        burst=_burst(rule.at_least),
        gate=gate,
    )


def _limit(limit: LimitDocument | None) -> Limit | None:
    if limit is None:
        return None
    return Limit(limit.times, Calendar(limit.per) if isinstance(limit.per, str) else limit.per)


def _decay(decay: DecayDocument | None) -> Decay | None:
    match decay:
        case DecayDocument(half_life=int(span)):
            return HalfLife(span)
        case DecayDocument(linear_over=int(span)):
            return Linear(span)
        case DecayDocument(percent=float(percent), every=int(every)):
            return Steps(percent, every)
        case _:
            return None


def _points_by(points: PointsByDocument | None) -> PointsBy | None:
    return None if points is None else PointsBy(points.attribute, dict(points.values), points.default)


def _burst(burst: BurstDocument | None) -> Burst | None:
    return None if burst is None else Burst(burst.times, burst.within)


def _inactivity(inactivity: InactivityDocument | None) -> Inactivity | None:
    if inactivity is None:
        return None
    return Inactivity(inactivity.points, inactivity.after, inactivity.every, inactivity.counts)


def _bot_guard(guard: BotGuardDocument | None, lists: Lists) -> BotGuard | None:
    if guard is None:
        return None
    return BotGuard(
        types=guard.types,
        delivery=guard.delivered.type if guard.delivered else None,
        within=guard.delivered.within if guard.delivered else 0,
        times=guard.burst.times if guard.burst else 0,
        burst=guard.burst.within if guard.burst else 0,
        scanner=_condition(guard.scanner, Space.ACTIVITY, lists),
    )


def fit_of(fit: FitDocument | None, lists: Lists) -> Fit:
    """Points from facts, and the way to a grade."""
    if fit is None:
        return Fit()
    return Fit(
        rules=tuple(
            FitRule(
                rule.id,
                to_domain(rule.when, Space.FACT, lists),
                rule.points,
                rule.points_unknown,
                dict(rule.personas),
            )
            for rule in fit.rules
        ),
        min=fit.min,
        max=fit.max,
        grades=tuple(Grade(letter, _bound(bound)) for letter, bound in fit.grades.items()),
        profile=_profile(fit.profile, lists),
    )


def _bound(bound: float | str) -> float | None:
    return None if isinstance(bound, str) else bound


def _profile(profile: ProfileDocument | None, lists: Lists) -> Profile | None:
    if profile is None:
        return None
    return Profile(
        profile.start,
        tuple(Criterion(c.id, to_domain(c.when, Space.FACT, lists), c.thirds) for c in profile.criteria),
    )


def models_of(scoring: ScoringDocument, lists: Lists) -> tuple[FitModel, ...]:
    """The fit models in their order."""
    return tuple(
        FitModel(id_, fit_of(model.fit, lists), _condition(model.when, Space.FACT, lists))
        for id_, model in scoring.models.items()
    )


def personas_of(scoring: ScoringDocument, lists: Lists) -> tuple[Persona, ...]:
    """The personas in their order."""
    return tuple(Persona(p.id, to_domain(p.when, Space.FACT, lists)) for p in scoring.personas)


def classification_of(classification: ClassificationDocument | None) -> Classification | None:
    """Bands, best first, and what to do with each cell."""
    if classification is None:
        return None
    return Classification(
        fit=_bands(classification.fit),
        engagement=_bands(classification.engagement),
        disposition=_dispositions(classification),
    )


def _bands(bands: Mapping[str, float | str]) -> tuple[Band, ...]:
    return tuple(Band(name, _bound(bound)) for name, bound in bands.items())


def _dispositions(classification: ClassificationDocument) -> dict[str, str]:
    """Cell -> what to do; `rest` takes the cells that no list names. In the order of the cells."""
    if classification.disposition is None:
        return {}
    named: dict[str, str] = {}
    rest = ""
    for what in DISPOSITIONS:
        cells = getattr(classification.disposition, what)
        if cells == "rest":
            rest = what
        else:
            named |= dict.fromkeys(cells or (), what)
    return {cell: named.get(cell, rest) for cell in classification.cells()}


def _condition(document: ConditionDocument | None, names_in: Space, lists: Lists) -> Condition | None:
    return None if document is None else to_domain(document, names_in, lists)


def labels_of(scoring: ScoringDocument) -> dict[str, str]:
    """Rule or criterion -> its words, where it has some."""
    return {id_: label for id_, label in _labelled(scoring) if label is not None}


def _labelled(scoring: ScoringDocument) -> Iterator[tuple[str, str | None]]:
    if scoring.engagement:
        yield from ((rule.id, rule.label) for rule in scoring.engagement.rules)
    for fit in (scoring.fit, *(model.fit for model in scoring.models.values())):
        if fit is not None:
            yield from ((rule.id, rule.label) for rule in fit.rules)
            yield from ((c.id, c.label) for c in (fit.profile.criteria if fit.profile else ()))
