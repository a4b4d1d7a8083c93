"""examples.yaml: whether the examples speak of things that the definition has."""

from __future__ import annotations

from leadledger.definition.checks.names import DISPOSITIONS, Documents
from leadledger.definition.checks.sources import DERIVED_FROM
from leadledger.definition.documents.examples import ExampleDocument
from leadledger.definition.problems import Report, nearest
from leadledger.definition.yaml_files import shortened

FILE = "examples"
INSTEAD = {
    "email_domain": "Give the e-mail.",
    "first_origin": "Give an activity.",
    "persona": "Give the facts that make one.",
}
"""What to give instead of a derived fact."""


def check_examples(names: Documents, report: Report) -> None:
    """Every example; instants are read later, in the definition's time zone."""
    for position, example in enumerate(names.examples.root if names.examples else ()):
        _whom(position, example, names, report)
        _what(position, example, names, report)
        _expectations(position, example, names, report)


def _whom(position: int, example: ExampleDocument, names: Documents, report: Report) -> None:
    connections = names.leadledger.connections if names.leadledger else None
    crm = example.crm or (connections[0] if connections else None)
    if example.crm and connections and example.crm not in connections:
        report.error(FILE, (position, "crm"), f"{example.crm} is not among the connections")
    objects = names.people_objects(crm) if crm else {}
    if example.object and objects and example.object not in objects:
        report.unknown(FILE, (position, "object"), "object", example.object, objects)
    facts = names.facts()
    for fact in example.person:
        if fact in names.derived_facts():
            text = f"`{fact}` is derived from {DERIVED_FROM[fact]}"
            report.error(FILE, (position, "person", fact), text, INSTEAD[fact], key=True)
        elif facts is not None and fact not in facts:
            report.unknown(FILE, (position, "person", fact), "fact", fact, facts, key=True)


def _what(position: int, example: ExampleDocument, names: Documents, report: Report) -> None:
    types = names.activity_values("type")
    attributes = names.attributes()
    for number, activity in enumerate(example.activities):
        path = (position, "activities", number)
        if types is not None and activity.type not in types:
            text = f"no source in activities.yaml gives the activity type `{shortened(activity.type)}`"
            report.error(FILE, (*path, "type"), text, nearest(activity.type, types))
        for name in activity.attributes:
            if attributes is not None and name not in attributes:
                report.unknown(FILE, (*path, "attributes", name), "attribute", name, attributes, key=True)

    stages = names.stages()
    for number, stage in enumerate(example.stages):
        if stages is not None and stage.becomes not in stages:
            report.unknown(FILE, (position, "stages", number, "becomes"), "stage", stage.becomes, stages)


def _expectations(position: int, example: ExampleDocument, names: Documents, report: Report) -> None:
    computed = names.computed()
    if computed is None:
        return
    for name, value in example.expect.items():
        path = (position, "expect", name)
        if name not in {*computed, "excluded"} and not names.may_be_of_scoring(name):
            report.unknown(FILE, path, "computed value", name, {*computed, "excluded"}, key=True)
        elif name in YES_OR_NO and not isinstance(value, bool):
            report.error(FILE, path, "should be true or false")
        elif isinstance(value, tuple) != (name == "missing_facts"):
            report.error(
                FILE, path, "should be a list of facts" if name == "missing_facts" else "should be one value"
            )
        elif value is not None:
            _word(path, name, value, names, report)


YES_OR_NO = ("excluded", "no_sales_touch")


def _word(path: tuple[str | int, ...], name: str, value: object, names: Documents, report: Report) -> None:
    """Of values with a limited set of words, one of them."""
    what, known = {
        "stage": ("stage", names.stages()),
        "grade": ("grade", names.grades()),
        "classification": ("cell", names.cells()),
        "disposition": ("disposition", DISPOSITIONS),
    }.get(name, ("", None))
    if name.startswith("grade_"):
        what, known = "grade", names.grades(name)
    if known and value not in known:
        report.unknown(FILE, path, what, str(value), known)
