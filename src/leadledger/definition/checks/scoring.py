"""scoring.yaml: rules, categories and grades."""

from __future__ import annotations

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.names import Documents
from leadledger.definition.documents.scoring import EngagementDocument, EngagementRuleDocument, FitDocument
from leadledger.definition.problems import Report

FILE = "scoring"


def check_scoring(names: Documents, report: Report) -> None:
    """Every rule, alone and among the others."""
    scoring = names.scoring
    if scoring is None:
        return
    check_condition(scoring.exclude_when, FILE, ("exclude_when",), Place.FACTS, names, report)
    if scoring.engagement:
        _engagement(scoring.engagement, names, report)
    if scoring.fit:
        _fit(scoring.fit, names, report)
    rules = [
        *(
            (("engagement", "rules", n), r.id)
            for n, r in enumerate(scoring.engagement.rules if scoring.engagement else ())
        ),
        *((("fit", "rules", n), r.id) for n, r in enumerate(scoring.fit.rules if scoring.fit else ())),
    ]
    for position, first in duplicates(id_ for _, id_ in rules).items():
        line = report.files[FILE].place((*rules[first][0], "id"))[0]
        text = f"the id `{rules[position][1]}` is taken (line {line})"
        report.error(FILE, (*rules[position][0], "id"), text, "Each rule needs its own.")


def _engagement(engagement: EngagementDocument, names: Documents, report: Report) -> None:
    for position, rule in enumerate(engagement.rules):
        path = ("engagement", "rules", position)
        check_condition(rule.when, FILE, (*path, "when"), Place.ACTIVITY, names, report)
        if rule.category is not None and rule.category not in engagement.categories:
            report.unknown(FILE, (*path, "category"), "category", rule.category, engagement.categories)
        if rule.points < 0 and rule.decay is not None:
            text = "negative points have no half-life: the score would rise again without an event"
            report.error(FILE, (*path, "decay"), text, "Use `window` instead.", key=True)
        if rule.max_points is not None and rule.points < 0:
            report.error(FILE, (*path, "max_points"), "caps nothing, since the points are negative", key=True)
        if not _bounded(rule, engagement):
            text = f"nothing bounds `{rule.id}`: its points add up without end"
            report.warning(
                FILE, path, text, "Give it a limit, window, decay, max_points, or a category with max."
            )
    used = {rule.category for rule in engagement.rules}
    for name, category in engagement.categories.items():
        path_ = ("engagement", "categories", name)
        if name not in used:
            report.warning(FILE, path_, f"no rule is in the category `{name}`", key=True)
        if category.min is not None and category.max is not None and category.min > category.max:
            report.error(FILE, (*path_, "min"), "is more than max")
    if engagement.max is not None and engagement.floor > engagement.max:
        report.error(FILE, ("engagement", "floor"), "is more than max")


def _bounded(rule: EngagementRuleDocument, engagement: EngagementDocument) -> bool:
    category = engagement.categories.get(rule.category or "")
    bounds = (rule.limit, rule.window, rule.decay, rule.max_points, engagement.max, category and category.max)
    return rule.points <= 0 or any(bound is not None for bound in bounds)


def _fit(fit: FitDocument, names: Documents, report: Report) -> None:
    for position, rule in enumerate(fit.rules):
        check_condition(rule.when, FILE, ("fit", "rules", position, "when"), Place.FACTS, names, report)
    if fit.min is not None and fit.max is not None and fit.min > fit.max:
        report.error(FILE, ("fit", "min"), "is more than max")
    grades = list(fit.grades.items())
    for position, (letter, bound) in enumerate(grades):
        path = ("fit", "grades", letter)
        before = grades[position - 1][1] if position else None
        last = position == len(grades) - 1
        if isinstance(bound, str) and not last:
            report.error(FILE, path, "`below` belongs to the last grade")
        elif last and not isinstance(bound, str):
            report.error(FILE, path, "the last grade should be `below`", "Otherwise a low fit has no grade.")
        elif isinstance(bound, float) and isinstance(before, float) and bound >= before:
            report.error(FILE, path, "should be less than the grade before it", "Write the best grade first.")
