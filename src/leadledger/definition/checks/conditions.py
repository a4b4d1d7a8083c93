"""Whether a condition asks for things that exist where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from leadledger.definition import named_lists
from leadledger.definition.checks.names import ACTIVITY_NAMES, SCORES, Documents
from leadledger.definition.conditions import ORDERED, ConditionDocument, Path_, Question, questions
from leadledger.definition.problems import Report, nearest
from leadledger.definition.yaml_files import shortened
from leadledger.domain.conditions import Op, Space


class Place(Enum):
    """Where a condition stands; it decides what is known there."""

    ROW = "row"
    """A CRM row, while it is mapped: only its fields."""
    FACTS = "facts"
    """A person: only facts."""
    ACTIVITY = "activity"
    """An activity and the person who did it."""
    STATE = "state"
    """A person who has been scored: facts and computed values."""


def check_condition(
    condition: ConditionDocument | None,
    file: str,
    path: Path_,
    place: Place,
    names: Documents,
    report: Report,
) -> None:
    """Report every name and value that cannot work there."""
    if condition is None:
        return
    for question in questions(condition, path):
        _named_list(question, file, report)
        if question.op is Op.WORDS and question.space is not Space.FACT:
            hint = 'Use matches, such as "*pricing*".'
            report.error(file, question.value_path, "`words` looks at facts only", hint, key=True)
            continue
        match question.space:
            case Space.FACT:
                _fact(question, file, place, names, report)
            case Space.FIELD:
                _field(question, file, place, report)
            case _:
                _bare_name(question, file, place, names, report)


def _named_list(question: Question, file: str, report: Report) -> None:
    if question.op not in {Op.IN, Op.NOT_IN} or not isinstance(question.value, str):
        return
    if question.value not in named_lists.NAMES:
        hint = nearest(question.value, named_lists.NAMES)
        text = "should be a list of values, or the name of a list that leadledger brings"
        report.error(file, question.value_path, text, hint)


def _fact(question: Question, file: str, place: Place, names: Documents, report: Report) -> None:
    if place is Place.ROW:
        report.error(
            file,
            question.path,
            "facts are not known here, only fields of the row",
            "Write {field: …}.",
            key=True,
        )
        return
    _needs_number(question, file, report)
    facts = names.facts()
    if facts is not None and question.name not in facts:
        report.unknown(file, question.path, "fact", question.name, facts)


def _field(question: Question, file: str, place: Place, report: Report) -> None:
    if place is not Place.ROW:
        hint = "Map the field to a fact in people.yaml and write {fact: …}."
        if place is Place.ACTIVITY:
            hint = "Map the field to an attribute in activities.yaml and ask for that."
        report.error(file, question.path, "CRM fields are not known here", hint, key=True)
        return
    _needs_number(question, file, report)


def _needs_number(question: Question, file: str, report: Report) -> None:
    if question.op in ORDERED and isinstance(question.value, str):
        report.error(file, question.value_path, "should be a number")


def _bare_name(question: Question, file: str, place: Place, names: Documents, report: Report) -> None:
    match place:
        case Place.ROW:
            text = f"`{shortened(question.name)}` is not known here"
            report.error(file, question.path, text, "Write {field: Field_Name, is: …}.", key=True)
        case Place.FACTS:
            facts = names.facts() or frozenset()
            hint = f"Write {{fact: {question.name}, …}}." if question.name in facts else "Write {fact: …}."
            text = f"`{shortened(question.name)}` is not known here, only facts are"
            report.error(file, question.path, text, hint, key=True)
        case Place.ACTIVITY:
            _activity(question, file, names, report)
        case Place.STATE:
            _computed(question, file, names, report)


def _activity(question: Question, file: str, names: Documents, report: Report) -> None:
    _needs_number(question, file, report)
    attributes = names.attributes()
    if question.name not in ACTIVITY_NAMES:
        if attributes is not None and question.name not in attributes:
            known = {*ACTIVITY_NAMES, *attributes, "fact", "all", "any", "not", "and"}
            report.unknown(file, question.path, "attribute", question.name, known, key=True)
        return
    given = names.activity_values(question.name) if question.name in {"type", "origin", "intent"} else None
    if given is None or question.op not in {Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN}:
        return
    wanted = question.value if isinstance(question.value, tuple) else (question.value,)
    for value in wanted:
        if value not in given:
            what = {"type": "activity type", "origin": "origin", "intent": "intent"}[question.name]
            text = f"no source in activities.yaml gives the {what} `{shortened(str(value))}`"
            report.error(file, question.value_path, text, nearest(str(value), given))


def _computed(question: Question, file: str, names: Documents, report: Report) -> None:
    counters = names.counters()
    if question.name == "grade":
        _grade(question, file, names, report)
    elif question.name in SCORES or (counters is not None and question.name in counters):
        values = question.value if isinstance(question.value, tuple) else (question.value,)
        if question.op in {Op.KNOWN, Op.MATCHES}:
            report.error(file, question.value_path, f"`{question.name}` is a number and always known")
        elif any(isinstance(value, (str, bool)) for value in values):
            report.error(file, question.value_path, "should be a number")
        elif question.name not in SCORES and any(value != int(value) for value in values):
            report.error(file, question.value_path, "should be a whole number, since it counts")
    elif counters is not None:
        facts = names.facts() or frozenset()
        if question.name in facts:
            text = f"`{question.name}` is a fact, not a computed value"
            report.error(file, question.path, text, f"Write {{fact: {question.name}, …}}.", key=True)
            return
        known = {*SCORES, "grade", *counters, "fact", "all", "any", "not", "and"}
        report.unknown(file, question.path, "value", question.name, known, key=True)


def _grade(question: Question, file: str, names: Documents, report: Report) -> None:
    grades = names.grades()
    if question.op in {Op.MATCHES, Op.KNOWN}:
        report.error(
            file, question.value_path, "a grade is compared with is, in, at_least, at_most, over, below"
        )
        return
    if grades is None:
        return
    if not grades:
        report.error(file, question.path, "there are no grades", "Give fit.grades in scoring.yaml.", key=True)
        return
    values = question.value if isinstance(question.value, tuple) else (question.value,)
    for value in values:
        if value not in grades:
            report.unknown(file, question.value_path, "grade", str(value), grades)


def duplicates(values: Iterable[str]) -> dict[int, int]:
    """Position of a repetition -> position of the first one."""
    first: dict[str, int] = {}
    return {
        position: first[value]
        for position, value in enumerate(values)
        if first.setdefault(value, position) != position
    }
