"""The part `engagement` of scoring.yaml: rules, categories, resets, quiet periods and the bot guard."""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.definition.checks.conditions import Place, check_condition
from leadledger.definition.checks.names import ACTIVITY_NAMES, Documents
from leadledger.definition.conditions import Path_
from leadledger.definition.documents.engagement import EngagementDocument, EngagementRuleDocument
from leadledger.definition.problems import Report, nearest
from leadledger.definition.yaml_files import shortened

FILE = "scoring"
MOST_RULES = 500
"""Of engagement, and of each fit; more than people can agree on, and as much as is tested."""


def check_engagement(engagement: EngagementDocument, names: Documents, report: Report) -> None:
    """Every rule and what stands beside the rules."""
    for position, rule in enumerate(engagement.rules):
        _rule(rule, ("engagement", "rules", position), engagement, names, report)
    if len(engagement.rules) > MOST_RULES:
        text = f"there are {len(engagement.rules)} rules, at most {MOST_RULES} are possible"
        report.error(FILE, ("engagement", "rules"), text, "Join rules that give the same points.", key=True)
    _categories(engagement, report)
    _inactivity(engagement, names, report)
    _resets(engagement, names, report)
    _bot_guard(engagement, names, report)
    if engagement.max is not None and engagement.floor > engagement.max:
        report.error(FILE, ("engagement", "floor"), "is more than max")


def _rule(
    rule: EngagementRuleDocument,
    path: Path_,
    engagement: EngagementDocument,
    names: Documents,
    report: Report,
) -> None:
    check_condition(rule.when, FILE, (*path, "when"), Place.RULE, names, report)
    if rule.category is not None and rule.category not in engagement.categories:
        report.unknown(FILE, (*path, "category"), "category", rule.category, engagement.categories)
    _points_by(rule, path, names, report)
    worst = min(rule.possible_points())
    if worst < 0 and rule.decay is not None and rule.decay.percent is None:
        way = "half-life" if rule.decay.half_life is not None else "straight line"
        text = f"negative points have no {way}: the score would rise again without an event"
        report.error(FILE, (*path, "decay"), text, "Use `window` or `percent` instead.", key=True)
    if rule.max_points is not None and max(rule.possible_points()) < 0:
        report.error(FILE, (*path, "max_points"), "caps nothing, since the points are negative", key=True)
    if not _bounded(rule, engagement):
        text = f"nothing bounds `{rule.id}`: its points add up without end"
        report.warning(
            FILE, path, text, "Give it a limit, window, decay, max_points, or a category with max."
        )


def _points_by(rule: EngagementRuleDocument, path: Path_, names: Documents, report: Report) -> None:
    if rule.points_by is None:
        return
    attributes = names.attributes()
    name = rule.points_by.attribute
    if attributes is not None and name not in {*ACTIVITY_NAMES, *attributes}:
        known = {*ACTIVITY_NAMES, *attributes}
        report.unknown(FILE, (*path, "points_by", "attribute"), "attribute", name, known)
    first: dict[str, str] = {}
    for text in rule.points_by.values:
        if first.setdefault(text.casefold(), text) != text:
            told = "stands here twice, since case does not matter"
            report.error(FILE, (*path, "points_by", "values", text), told, "Keep one of them.", key=True)


def _bounded(rule: EngagementRuleDocument, engagement: EngagementDocument) -> bool:
    category = engagement.categories.get(rule.category or "")
    bounds = (rule.limit, rule.window, rule.decay, rule.max_points, engagement.max, category and category.max)
    return max(rule.possible_points()) <= 0 or any(bound is not None for bound in bounds)


def _categories(engagement: EngagementDocument, report: Report) -> None:
    used = {rule.category for rule in engagement.rules}
    for name, category in engagement.categories.items():
        path = ("engagement", "categories", name)
        if name not in used:
            report.warning(FILE, path, f"no rule is in the category `{name}`", key=True)
        if category.min is not None and category.max is not None and category.min > category.max:
            report.error(FILE, (*path, "min"), "is more than max")


def _inactivity(engagement: EngagementDocument, names: Documents, report: Report) -> None:
    if engagement.inactivity is not None:
        _types(("engagement", "inactivity", "counts"), engagement.inactivity.counts, names, report)


def _resets(engagement: EngagementDocument, names: Documents, report: Report) -> None:
    stages = names.stages()
    for position, reset in enumerate(engagement.reset_on):
        path = ("engagement", "reset_on", position)
        check_condition(reset.activity, FILE, (*path, "activity"), Place.ACTIVITY, names, report)
        if reset.enters is not None and stages is not None and reset.enters not in stages:
            report.unknown(FILE, (*path, "enters"), "stage", reset.enters, stages)


def _bot_guard(engagement: EngagementDocument, names: Documents, report: Report) -> None:
    guard = engagement.bot_guard
    if guard is None:
        return
    path = ("engagement", "bot_guard")
    _types((*path, "types"), guard.types, names, report)
    check_condition(guard.scanner, FILE, (*path, "scanner"), Place.ACTIVITY, names, report)
    if guard.delivered is not None:
        here = (*path, "delivered", "type")
        _type(here, guard.delivered.type, names, report)
        if guard.delivered.type in guard.types:
            report.error(FILE, here, "a delivery cannot be suspected itself", "Remove it from `types`.")


def _types(path: Path_, types: Sequence[str], names: Documents, report: Report) -> None:
    for position, type_ in enumerate(types):
        _type((*path, position), type_, names, report)


def _type(path: Path_, type_: str, names: Documents, report: Report) -> None:
    given = names.activity_values("type")
    if given is not None and type_ not in given:
        text = f"no source in activities.yaml gives the activity type `{shortened(type_)}`"
        report.error(FILE, path, text, nearest(type_, given))
