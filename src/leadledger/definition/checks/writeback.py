"""writeback.yaml: computed values and the objects that they are written to."""

from __future__ import annotations

from collections.abc import Iterable

from leadledger.definition.checks.names import CLASSED, CRMS, DISPOSITIONS, SCORES, Documents
from leadledger.definition.documents.writeback import MappingDocument
from leadledger.definition.problems import Report
from leadledger.definition.yaml_files import shortened

FILE = "writeback"
Path_ = tuple[str | int, ...]


def check_writeback(names: Documents, report: Report) -> None:
    """Every mapped field."""
    if names.writeback is None:
        return
    owner = False
    for crm in CRMS:
        for object_, fields in (getattr(names.writeback, crm) or {}).items():
            objects = names.people_objects(crm)
            if objects and object_ not in objects:
                report.unknown(FILE, (crm, object_), "object", object_, objects, key=True)
            for field, target in fields.items():
                path = (crm, object_, field)
                mapping = target if isinstance(target, MappingDocument) else MappingDocument(value=target)
                value_path = (*path, "value") if isinstance(target, MappingDocument) else path
                _value(mapping.value, value_path, names, report)
                _mapping(mapping, path, names, report)
                owner = owner or mapping.value == "owner"
    _owner(names, report, mapped=owner)


def _value(value: str, path: Path_, names: Documents, report: Report) -> None:
    computed = names.computed()
    if computed is not None and value not in computed and not names.may_be_of_scoring(value):
        report.unknown(FILE, path, "computed value", value, computed)
    elif value == "grade" and names.grades() == ():
        report.error(FILE, path, "there are no grades", "Give fit.grades in scoring.yaml.")
    elif value in CLASSED and names.cells() == ():
        report.error(FILE, path, "there is no classification", "Give classification in scoring.yaml.")
    elif value == "disposition" and _no_dispositions(names):
        hint = "Give classification.disposition in scoring.yaml."
        report.error(FILE, path, "there are no dispositions", hint)


def _no_dispositions(names: Documents) -> bool:
    classification = names.scoring.classification if names.scoring else None
    return classification is not None and classification.disposition is None


def _mapping(mapping: MappingDocument, path: Path_, names: Documents, report: Report) -> None:
    known = names.computed()
    points = mapping.value in names.points()
    if not points and (known is None or mapping.value in known):
        for key in ("min_change", "at_most_every", "decimals"):
            if getattr(mapping, key):
                text = f"`{key}` is for points ({', '.join(SCORES)} …), not for `{shortened(mapping.value)}`"
                report.error(FILE, (*path, key), text, "Remove this key.", key=True)
    elif mapping.min_change is not None and mapping.min_change < 0:
        report.error(FILE, (*path, "min_change"), "should be 0 or more")
    counts = ("completeness", "cycle", "priority", *(names.counters() or ()))
    is_number = points or mapping.value in counts or mapping.value.endswith("_count")
    if mapping.policy == "never_lower" and names.lifecycle and not is_number:
        report.error(FILE, (*path, "policy"), "`never_lower` needs a number")
    if mapping.values:
        _values(mapping, path, names, report)


def _values(mapping: MappingDocument, path: Path_, names: Documents, report: Report) -> None:
    known: Iterable[str] | None
    match mapping.value:
        case "stage":
            known = names.stages()
        case "classification":
            known = names.cells()
        case "disposition":
            known = DISPOSITIONS
        case value if value == "grade" or value.startswith("grade_"):
            known = names.grades(value)
        case _:
            text = "only stages, grades, cells and dispositions have values to translate"
            report.error(FILE, (*path, "values"), text, key=True)
            return
    if known is None:
        return
    for name in mapping.values:
        if name not in known:
            report.unknown(FILE, (*path, "values", name), mapping.value, name, known, key=True)
    left_out = [name for name in known if name not in mapping.values]
    if left_out:
        text = f"no value for {mapping.value} {', '.join(left_out)}, which is therefore written as it is"
        report.warning(FILE, (*path, "values"), text, "Add what the field's picklist calls it.", key=True)


def _owner(names: Documents, report: Report, *, mapped: bool) -> None:
    if names.lifecycle is None:
        return
    routed = names.routed()
    if mapped and not routed:
        report.warning(FILE, (), "an owner is mapped, but no stage of lifecycle.yaml has on_enter: [route]")
    for path in () if mapped else routed:
        text = "asks for an owner, but writeback.yaml writes no owner"
        report.warning("lifecycle", path, text, "Map `owner` to the owner field.", key=True)
