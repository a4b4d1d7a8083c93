"""Whether a condition asks for things that exist where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from leadledger.definition.checks.names import ACTIVITY_NAMES, GATE, Documents, gate_names
from leadledger.definition.checks.state import check_state_name, compared_with
from leadledger.definition.conditions import (
    ORDERED,
    ConditionDocument,
    Path_,
    Question,
    conjuncts,
    questions,
)
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
    RULE = "rule"
    """An activity, the person who did it, and the person's state just before."""
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
        _named_list(question, file, names, report)
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
    if place is Place.RULE:
        _unmixed(condition, file, path, names, report)


def _unmixed(condition: ConditionDocument, file: str, path: Path_, names: Documents, report: Report) -> None:
    """The state is asked apart from the activity, since it is that of the moment before."""
    states = gate_names(names.counters() or ())
    for here, asked in conjuncts(condition, path):
        of_state = {question.space is None and question.name in states for question in asked}
        if len(of_state) > 1:
            text = "asks for the person's state and for something else at once"
            hint = f"Give {_listed(states)} an any, not or of to themselves, beside the rest with `and`."
            report.error(file, here, text, hint, key=isinstance(here[-1], str))


def _listed(states: Iterable[str]) -> str:
    return ", ".join([*GATE, *sorted({*states} - {*GATE})])


def _named_list(question: Question, file: str, names: Documents, report: Report) -> None:
    if question.op not in {Op.IN, Op.NOT_IN} or not isinstance(question.value, str):
        return
    known = names.lists().names()
    if names.scoring is not None and question.value not in known:
        hint = nearest(question.value, known)
        text = "should be a list of values, or the name of one: freemail, or of `lists` in scoring.yaml"
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
        if place in {Place.ACTIVITY, Place.RULE}:
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
        case Place.RULE if question.name in gate_names(names.counters() or ()):
            check_state_name(question, file, names, report)
        case Place.ACTIVITY | Place.RULE:
            _activity(question, file, place, names, report)
        case Place.STATE:
            check_state_name(question, file, names, report)


FEEDS_ON_ITSELF = ("score", "engagement", "classification")


def _activity(question: Question, file: str, place: Place, names: Documents, report: Report) -> None:
    models = names.model_values() or frozenset()
    if question.name in {*FEEDS_ON_ITSELF, *models}:
        text = f"`{shortened(question.name)}` is not known here"
        hint = "Points cannot hang on the score that they make; a rule may ask for fit, grade, stage, cycle and counters."
        report.error(file, question.path, text, hint, key=True)
        return
    if place is Place.ACTIVITY and question.name in gate_names(names.counters() or ()):
        text = f"`{shortened(question.name)}` is not known here, only the activity and facts are"
        hint = "In lifecycle.yaml, write {when: …}; the rules of scoring.yaml know it."
        report.error(file, question.path, text, hint, key=True)
        return
    _needs_number(question, file, report)
    attributes = names.attributes()
    if question.name not in ACTIVITY_NAMES:
        may_be_a_counter = place is Place.RULE and names.counters() is None
        if attributes is not None and question.name not in attributes and not may_be_a_counter:
            states = gate_names(names.counters() or ()) if place is Place.RULE else ()
            known = {*ACTIVITY_NAMES, *attributes, *states, "fact", "all", "any", "not", "and", "of"}
            report.unknown(file, question.path, "attribute", question.name, known, key=True)
        return
    given = names.activity_values(question.name) if question.name in {"type", "origin", "intent"} else None
    if given is None or question.op not in {Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN}:
        return
    for value in compared_with(question, names):
        if value not in given:
            what = {"type": "activity type", "origin": "origin", "intent": "intent"}[question.name]
            text = f"no source in activities.yaml gives the {what} `{shortened(str(value))}`"
            report.error(file, question.value_path, text, nearest(str(value), given))


def duplicates(values: Iterable[str]) -> dict[int, int]:
    """Position of a repetition -> position of the first one."""
    first: dict[str, int] = {}
    return {
        position: first[value]
        for position, value in enumerate(values)
        if first.setdefault(value, position) != position
    }
