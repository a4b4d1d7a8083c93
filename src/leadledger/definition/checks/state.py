"""Whether a condition asks for a computed value that exists, with an operator and a value that fit it."""

from __future__ import annotations

from leadledger.definition.checks.names import SCORES, Documents
from leadledger.definition.conditions import Question
from leadledger.definition.problems import Report
from leadledger.domain.conditions import Op, Scalar

EQUALITY = frozenset({Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN})
TEXT_ONLY = frozenset({Op.KNOWN, Op.MATCHES, Op.REGEX})


def check_state_name(question: Question, file: str, names: Documents, report: Report) -> None:
    """Report an unknown name, and what cannot be asked of a known one. None of them is ever empty but a grade."""
    models = names.model_values()
    counters = names.counters()
    if question.name == "grade" or (question.name.startswith("grade_") and question.name in (models or ())):
        _grade(question, file, names, report)
    elif question.name == "classification":
        _word(question, file, names.cells(), "cell", names, report)
    elif question.name == "stage":
        _word(question, file, names.stages(), "stage", names, report)
    elif question.name in SCORES or question.name in (models or ()):
        _number(question, file, names, report, whole=False)
    elif question.name == "cycle" or question.name in (counters or ()):
        _number(question, file, names, report, whole=True)
    elif counters is not None and not names.may_be_of_scoring(question.name):
        if question.name in (names.facts() or ()):
            text = f"`{question.name}` is a fact, not a computed value"
            report.error(file, question.path, text, f"Write {{fact: {question.name}, …}}.", key=True)
            return
        values = {*SCORES, "grade", "classification", "stage", "cycle", *counters, *(models or ())}
        known = {*values, "fact", "all", "any", "not", "and", "of"}
        report.unknown(file, question.path, "value", question.name, known, key=True)


def compared_with(question: Question, names: Documents) -> tuple[Scalar, ...]:
    """The values of a question; a named list stands for its entries, and one that nobody knows for none."""
    if isinstance(question.value, tuple):
        return question.value
    if question.op not in {Op.IN, Op.NOT_IN}:
        return (question.value,)
    lists = names.lists()
    return lists.entries(str(question.value)) if question.value in lists.names() else ()


def _number(question: Question, file: str, names: Documents, report: Report, *, whole: bool) -> None:
    values = compared_with(question, names)
    if question.op in TEXT_ONLY:
        report.error(file, question.value_path, f"`{question.name}` is a number and always known")
    elif any(isinstance(value, (str, bool)) for value in values):
        report.error(file, question.value_path, "should be a number")
    elif whole and any(value != int(value) for value in values):
        report.error(file, question.value_path, "should be a whole number, since it counts")


def _grade(question: Question, file: str, names: Documents, report: Report) -> None:
    if question.op in TEXT_ONLY:
        report.error(
            file, question.value_path, "a grade is compared with is, in, at_least, at_most, over, below"
        )
        return
    grades = names.grades(question.name)
    if grades is None:
        return
    if not grades:
        report.error(file, question.path, "there are no grades", "Give fit.grades in scoring.yaml.", key=True)
        return
    values = compared_with(question, names)
    for value in values:
        if value not in grades:
            report.unknown(file, question.value_path, "grade", str(value), grades)


def _word(
    question: Question, file: str, known: tuple[str, ...] | None, what: str, names: Documents, report: Report
) -> None:
    if question.op not in EQUALITY:
        report.error(file, question.value_path, f"a {what} is compared with is, is_not, in, not_in")
        return
    if known is None:
        return
    if not known:
        hint = "Give classification in scoring.yaml."
        report.error(file, question.path, "there is no classification", hint, key=True)
        return
    values = compared_with(question, names)
    for value in values:
        if value not in known:
            report.unknown(file, question.value_path, what, str(value), known)
