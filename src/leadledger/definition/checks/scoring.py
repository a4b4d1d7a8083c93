"""scoring.yaml as a whole: ids, personas, lists, and who is excluded."""

from __future__ import annotations

from collections.abc import Iterator

from leadledger.definition.checks.conditions import Place, check_condition, duplicates
from leadledger.definition.checks.engagement import check_engagement
from leadledger.definition.checks.fit import check_classification, check_fits
from leadledger.definition.checks.names import Documents
from leadledger.definition.conditions import Path_, questions
from leadledger.definition.documents.scoring import ScoringDocument
from leadledger.definition.named_lists import NAMES
from leadledger.definition.problems import Report
from leadledger.domain.conditions import Space

FILE = "scoring"


def check_scoring(names: Documents, report: Report) -> None:
    """Every rule, alone and among the others."""
    scoring = names.scoring
    if scoring is None:
        return
    check_condition(scoring.exclude_when, FILE, ("exclude_when",), Place.FACTS, names, report)
    if scoring.engagement:
        check_engagement(scoring.engagement, names, report)
    check_fits(scoring, names, report)
    check_classification(scoring.classification, report)
    _personas(scoring, names, report)
    _lists(scoring, report)
    rules = list(_rule_ids(scoring, names))
    for position, first in duplicates(id_ for _, id_ in rules).items():
        line = report.files[FILE].place((*rules[first][0], "id"))[0]
        text = f"the id `{rules[position][1]}` is taken (line {line})"
        report.error(FILE, (*rules[position][0], "id"), text, "Each rule needs its own.")


def _rule_ids(scoring: ScoringDocument, names: Documents) -> Iterator[tuple[Path_, str]]:
    """(path, id) of every rule and criterion; a contribution is told by its id alone, so they share one space."""
    if scoring.engagement:
        yield from ((("engagement", "rules", n), r.id) for n, r in enumerate(scoring.engagement.rules))
    for path, fit in names.fits():
        yield from (((*path, "rules", n), r.id) for n, r in enumerate(fit.rules))
        criteria = fit.profile.criteria if fit.profile else ()
        yield from (((*path, "profile", "criteria", n), c.id) for n, c in enumerate(criteria))


def _personas(scoring: ScoringDocument, names: Documents, report: Report) -> None:
    for position, persona in enumerate(scoring.personas):
        path: Path_ = ("personas", position)
        check_condition(persona.when, FILE, (*path, "when"), Place.FACTS, names, report)
        for question in questions(persona.when, (*path, "when")):
            if question.space is Space.FACT and question.name == "persona":
                text = "a persona cannot hang on the persona"
                report.error(FILE, question.path, text, "Ask for other facts.")
    for position in duplicates(persona.id for persona in scoring.personas):
        text = f"the persona `{scoring.personas[position].id}` stands here twice"
        report.error(FILE, ("personas", position, "id"), text, "Join their conditions with any.")


def _lists(scoring: ScoringDocument, report: Report) -> None:
    for name in scoring.lists:
        if name in NAMES:
            text = f"`{name}` is a list that leadledger brings"
            report.error(FILE, ("lists", name), text, "Choose another name.", key=True)
