"""How high and how low the score of a definition can get, from its rules, bounds and adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from leadledger.definition.checks.names import Documents
from leadledger.definition.documents.engagement import (
    CategoryDocument,
    EngagementDocument,
    EngagementRuleDocument,
)
from leadledger.definition.documents.fit import ClassificationDocument, FitDocument
from leadledger.definition.documents.lifecycle import StepDocument
from leadledger.definition.ranges import Bands, Limits, Range
from leadledger.domain.scoring import PROFILE_SCALE


def limits_of(names: Documents, *, by_rules: bool = False) -> Limits:
    """What the computed values can be at most; nothing of what a broken file would tell.

    Engagement by its declared bounds, or also `by_rules`: by what all rules give together, if they are bounded.
    """
    scoring = names.scoring
    counts = dict.fromkeys(("cycle", *(names.counters() or ())), Range(low=0))
    if scoring is None:
        return Limits(counts)
    engagement = scoring.engagement or EngagementDocument()
    ranges = dict(counts)
    ranges["engagement"] = _engagement(engagement, names, by_rules=by_rules)
    ranges["fit"] = _persons_fit(names)
    ranges["score"] = ranges["engagement"].plus(ranges["fit"])
    for id_ in engagement.categories:
        ranges[f"engagement_{id_}"] = _category(id_, engagement)
    for id_, model in scoring.models.items():
        ranges[f"fit_{id_}"] = _fit(model.fit)
    bands = {"grade": _grades([fit for _, fit in names.persons_fits()], "fit")}
    bands |= {f"grade_{id_}": _grades([model.fit], f"fit_{id_}") for id_, model in scoring.models.items()}
    if scoring.classification is not None:
        bands["classification"] = _cells(scoring.classification, ranges)
    return Limits(ranges, bands)


def _steps(names: Documents) -> list[StepDocument]:
    return [s for _, stage in names.staged() for s in stage.on_enter if isinstance(s, StepDocument)]


def nothing_lowers_engagement(names: Documents) -> bool:
    """Whether engagement, once it is there, stays for ever."""
    if names.scoring is None or names.lifecycle is None:
        return False
    engagement = names.scoring.engagement or EngagementDocument()
    steps = _steps(names)
    fades = any(r.window or r.decay or min(r.possible_points()) < 0 for r in engagement.rules)
    resets = bool(engagement.reset_on) or any(step.reset for step in steps)
    taken = engagement.inactivity is not None or any(step.add and step.add.points < 0 for step in steps)
    return not (fades or resets or taken)


def _engagement(engagement: EngagementDocument, names: Documents, *, by_rules: bool) -> Range:
    high = inf if engagement.max is None else engagement.max
    low = min(engagement.floor, high)
    steps = _steps(names)
    # The floor gives points where penalties took more than there was, and those stay beside later ones.
    adds_nothing = names.lifecycle is not None and not any(step.add or step.restore for step in steps)
    if by_rules and adds_nothing and all(min(rule.possible_points()) >= 0 for rule in engagement.rules):
        alone = sum(_rule(rule) for rule in engagement.rules if rule.category is None)
        sums = sum(_category(id_, engagement).high for id_ in engagement.categories)
        high = min(high, max(engagement.floor, 0.0) + alone + sums)
    return Range(low, max(low, high))


def _rule(rule: EngagementRuleDocument) -> float:
    """The most that a rule can give."""
    most = max(rule.possible_points())
    if most <= 0:
        return 0.0
    bounds = [inf if rule.max_points is None else max(rule.max_points, 0.0)]
    if rule.limit is not None and rule.limit.per == "ever":
        bounds.append(most * rule.limit.times)
    return min(bounds)


def _category(id_: str, engagement: EngagementDocument) -> Range:
    category = engagement.categories.get(id_, CategoryDocument())
    rules = [rule for rule in engagement.rules if rule.category == id_]
    high = sum(_rule(rule) for rule in rules)
    low = -inf if any(min(rule.possible_points()) < 0 for rule in rules) else 0.0
    return _clamped(Range(low, high), category.min, category.max)


def _clamped(sums: Range, least: float | None, most: float | None) -> Range:
    low = -inf if least is None else least
    high = inf if most is None else most
    return Range(min(max(sums.low, low), high), min(max(sums.high, low), high))


def _persons_fit(names: Documents) -> Range:
    fits = names.persons_fits()
    ranges = [_fit(fit) for _, fit in fits]
    if all(path != ("fit",) for path, _ in fits):
        # Where no model is the person's, there are no fit points.
        ranges.append(Range(0.0, 0.0))
    found = ranges[0]
    for other in ranges[1:]:
        found = found.span(other)
    return found


def _fit(fit: FitDocument) -> Range:
    high = sum(max(rule.possible_points()) for rule in fit.rules)
    low = sum(min(rule.possible_points()) for rule in fit.rules)
    return _clamped(Range(low, high), fit.min, fit.max)


def _by_bounds(bounds: Mapping[str, float | str]) -> dict[str, Range]:
    """Name -> the points in which it holds."""
    lows = [-inf if isinstance(bound, str) else bound for bound in bounds.values()]
    highs = [inf, *lows[:-1]][: len(lows)]
    return {
        name: Range(low, high, open_high=high < inf)
        for name, low, high in zip(bounds, lows, highs, strict=True)
    }


def _grades(fits: Sequence[FitDocument], name: str) -> Bands:
    where: dict[str, tuple[Mapping[str, Range], ...]] = {}
    for fit in fits:
        for letter, reached in _letters(fit).items():
            ways = () if reached.empty() else ({name: reached},)
            where[letter] = (*where.get(letter, ()), *ways)
    return Bands(where, ordered=True)


def _letters(fit: FitDocument) -> dict[str, Range]:
    """Letter -> the fit points in which somebody can have it."""
    own = _fit(fit)
    if fit.profile is None:
        return {letter: bound.meet(own) for letter, bound in _by_bounds(fit.grades).items()}
    thirds = [criterion.thirds for criterion in fit.profile.criteria]
    start = PROFILE_SCALE.index(fit.profile.start)
    best = start - sum(t for t in thirds if t > 0)
    worst = start - sum(t for t in thirds if t < 0)
    # Beyond the end of the scale the last letter stands for more.
    last = len(PROFILE_SCALE) - 1
    nobody = Range(inf, -inf)
    return {
        letter: own if max(0, best) <= position <= min(last, worst) else nobody
        for position, letter in enumerate(PROFILE_SCALE)
    }


def _cells(classification: ClassificationDocument, ranges: Mapping[str, Range]) -> Bands:
    where: dict[str, tuple[Mapping[str, Range], ...]] = {}
    for fit, by_fit in _by_bounds(classification.fit).items():
        for engagement, by_engagement in _by_bounds(classification.engagement).items():
            way = {"fit": by_fit.meet(ranges["fit"]), "engagement": by_engagement.meet(ranges["engagement"])}
            where[fit + engagement] = () if any(r.empty() for r in way.values()) else (way,)
    return Bands(where)
