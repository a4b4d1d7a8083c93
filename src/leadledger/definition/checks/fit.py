"""The parts `fit`, `models` and `classification` of scoring.yaml: rules, grades, bands and cells."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.engagement import MOST_RULES
from leadledger.definition.checks.names import DISPOSITIONS, Documents
from leadledger.definition.conditions import Path_
from leadledger.definition.documents.fit import ClassificationDocument, FitDocument
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.problems import Report

FILE = "scoring"
MOST_MODELS = 20


def check_fits(scoring: ScoringDocument, names: Documents, report: Report) -> None:
    """`fit` and every model, alone and beside each other."""
    for id_, model in scoring.models.items():
        check_condition(model.when, FILE, ("models", id_, "when"), Place.FACTS, names, report)
    if len(scoring.models) > MOST_MODELS:
        text = f"there are {len(scoring.models)} models, at most {MOST_MODELS} are possible"
        report.error(FILE, ("models",), text, "Join models that differ little.", key=True)
    for path, fit in names.fits():
        _fit(fit, path, names, report)
    graded = [(path, fit) for path, fit in names.persons_fits() if fit.letters()]
    for path, fit in graded[1:]:
        if fit.letters() != graded[0][1].letters():
            text = "has other grades than the fit before it, so `grade` could not be compared"
            hint = "Give all fits with `when`, and `fit` itself, the same letters in the same order."
            report.error(FILE, path, text, hint, key=True)


def _fit(fit: FitDocument, path: Path_, names: Documents, report: Report) -> None:
    personas = [persona.id for persona in names.scoring.personas] if names.scoring else []
    for position, rule in enumerate(fit.rules):
        here = (*path, "rules", position)
        check_condition(rule.when, FILE, (*here, "when"), Place.FACTS, names, report)
        for persona in rule.personas:
            if persona not in personas:
                report.unknown(FILE, (*here, "personas", persona), "persona", persona, personas, key=True)
    if len(fit.rules) > MOST_RULES:
        text = f"there are {len(fit.rules)} rules, at most {MOST_RULES} are possible"
        report.error(FILE, (*path, "rules"), text, "Join rules that give the same points.", key=True)
    if fit.min is not None and fit.max is not None and fit.min > fit.max:
        report.error(FILE, (*path, "min"), "is more than max")
    _bounds(fit.grades, (*path, "grades"), "grade", "Otherwise a low fit has no grade.", report)
    for position, criterion in enumerate(fit.profile.criteria if fit.profile else ()):
        here = (*path, "profile", "criteria", position, "when")
        check_condition(criterion.when, FILE, here, Place.FACTS, names, report)


def _bounds(given: Mapping[str, float | str], path: Path_, what: str, why: str, report: Report) -> None:
    """Best first, and the last one takes the rest."""
    bounds = list(given.items())
    for position, (name, bound) in enumerate(bounds):
        here = (*path, name)
        before = bounds[position - 1][1] if position else None
        last = position == len(bounds) - 1
        if isinstance(bound, str) and not last:
            report.error(FILE, here, f"`below` belongs to the last {what}")
        elif last and not isinstance(bound, str):
            report.error(FILE, here, f"the last {what} should be `below`", why)
        elif isinstance(bound, float) and isinstance(before, float) and bound >= before:
            hint = f"Write the best {what} first."
            report.error(FILE, here, f"should be less than the {what} before it", hint)


def check_classification(classification: ClassificationDocument | None, report: Report) -> None:
    """The bands of both sides, and that each cell has exactly one disposition."""
    if classification is None:
        return
    for side in ("fit", "engagement"):
        why = f"Otherwise a low {side} has no band."
        _bounds(getattr(classification, side), ("classification", side), "band", why, report)
    _dispositions(classification, report)


def _dispositions(classification: ClassificationDocument, report: Report) -> None:
    disposition = classification.disposition
    if disposition is None:
        return
    path = ("classification", "disposition")
    cells = classification.cells()
    given = [(what, getattr(disposition, what)) for what in DISPOSITIONS]
    rests = [what for what, named in given if named == "rest"]
    for what in rests[1:]:
        report.error(FILE, (*path, what), f"`rest` is already {rests[0]}")
    named = [
        ((*path, what, position), cell)
        for what, listed in given
        if isinstance(listed, tuple)
        for position, cell in enumerate(listed)
    ]
    for here, cell in named:
        if cell not in cells:
            report.unknown(FILE, here, "cell", cell, cells)
    for position, first in duplicates(cell for _, cell in named).items():
        text = f"the cell `{named[position][1]}` already has a disposition ({named[first][0][-2]})"
        report.error(FILE, named[position][0], text, "Keep one of them.")
    left_out = [cell for cell in cells if cell not in {cell for _, cell in named}]
    if left_out and not rests:
        shown = ", ".join(left_out[:8]) + (" …" if len(left_out) > 8 else "")
        report.error(FILE, path, f"says nothing of {shown}", "Add `nurture: rest`, for example.", key=True)
