"""leadledger.yaml, people.yaml and activities.yaml against each other."""

from __future__ import annotations

from leadledger.definition.checks.conditions import Place, check_condition
from leadledger.definition.checks.names import (
    ACTIVITY_NAMES,
    CLASSED,
    CRMS,
    RESERVED,
    SCORES,
    Documents,
    gate_names,
)
from leadledger.definition.documents.activities import RowDocument, SalesforceActivity
from leadledger.definition.problems import Report

LINKED_BY_SALESFORCE = ("CampaignMember", "Task", "Event")
"""Their person is known without a `person:` key (LeadId, ContactId, WhoId)."""


DERIVED_FROM = {
    "email_domain": "`email`",
    "first_origin": "the person's first activity",
    "persona": "`personas` in scoring.yaml",
}


def check_sources(names: Documents, report: Report) -> None:
    """Connections, people and activities."""
    _connections(names, report)
    _people(names, report)
    _activities(names, report)


def _connections(names: Documents, report: Report) -> None:
    if names.leadledger is None:
        return
    connections = names.leadledger.connections
    for position, name in enumerate(connections):
        path = ("connections", position)
        if name in connections[:position]:
            report.error("leadledger", path, f"`{name}` is listed twice")
        if names.people and not names.people_objects(name):
            hint = f"Add `{name}:` to people.yaml, or remove the connection."
            report.error("leadledger", path, f"people.yaml has nobody of {name}", hint)
    _references(names, report)
    for file in ("people", "activities", "writeback"):
        for crm in CRMS:
            if crm not in connections and getattr(getattr(names, file), crm, None):
                hint = f"Add {crm} to connections in leadledger.yaml, or remove this part."
                report.error(file, (crm,), f"{crm} is not among the connections", hint, key=True)


def _references(names: Documents, report: Report) -> None:
    identity = names.leadledger.identity if names.leadledger else None
    if names.leadledger is None or identity is None:
        return
    facts = names.mapped_facts()
    for position, fact in enumerate(identity.references):
        if facts is not None and fact not in facts:
            report.unknown("leadledger", ("identity", "references", position), "fact", fact, facts)
    if identity.references and len({*names.leadledger.connections}) < 2:
        text = "there is only one connection, so no fact leads to a record of another CRM"
        report.warning("leadledger", ("identity", "references"), text, key=True)


def _people(names: Documents, report: Report) -> None:
    if names.people is None:
        return
    derived = names.derived_facts()
    objects = [f"{crm}.{object_}" for crm in CRMS for object_ in names.people_objects(crm)]
    for crm in CRMS:
        for object_, entry in names.people_objects(crm).items():
            check_condition(entry.where, "people", (crm, object_, "where"), Place.ROW, names, report)
            for fact in entry.facts:
                if fact in derived:
                    text = f"`{fact}` is derived from {DERIVED_FROM[fact]}"
                    path = (crm, object_, "facts", fact)
                    report.error("people", path, text, "Choose another name.", key=True)
            if "email" not in entry.facts and _joins_by_email(names):
                text = "`email` is not mapped, so these records are never joined with others"
                hint = "Map email, or set identity to {by: record} in leadledger.yaml."
                report.warning("people", (crm, object_, "facts"), text, hint, key=True)
    facts = (names.mapped_facts() or frozenset()) - derived
    for fact in names.people.normalise:
        if fact not in facts:
            report.unknown("people", ("normalise", fact), "fact", fact, facts, key=True)
    for position, name in enumerate(names.people.authority):
        if name not in objects:
            report.unknown("people", ("authority", position), "object", name, objects)
        elif name in names.people.authority[:position]:
            report.error("people", ("authority", position), f"`{name}` is listed twice")


def _joins_by_email(names: Documents) -> bool:
    identity = names.leadledger.identity if names.leadledger else None
    return identity is None or identity.by == "email"


def _activities(names: Documents, report: Report) -> None:
    taken = {
        *ACTIVITY_NAMES, *RESERVED, *SCORES, *CLASSED, *gate_names(names.counters() or ()),
        *(names.model_values() or ()),
    }  # fmt: skip
    _same_persons(names, report)
    for entries in names.sources().values():
        for path, entry in entries:
            if not isinstance(entry, RowDocument):
                continue
            check_condition(entry.when, "activities", (*path, "when"), Place.ROW, names, report)
            for name in entry.attributes:
                if name in taken:
                    text = f"`{name}` cannot be the name of an attribute"
                    report.error("activities", (*path, "attributes", name), text, "Choose another.", key=True)
            if isinstance(entry, SalesforceActivity):
                _person(entry, path, report)


def _same_persons(names: Documents, report: Report) -> None:
    """One stream is pulled once, so all of its entries find the person in the same field."""
    first: dict[str, object] = {}
    for path, entry in names.sources().get("salesforce", ()):
        if (
            isinstance(entry, SalesforceActivity)
            and first.setdefault(str(path[1]), entry.person) != entry.person
        ):
            text = f"the entries of {path[1]} name different persons"
            report.error("activities", (*path, "person"), text, "Give all of them the same `person`.")


def _person(entry: SalesforceActivity, path: tuple[str | int, ...], report: Report) -> None:
    linked = path[1] in LINKED_BY_SALESFORCE
    if linked and entry.person is not None:
        text = f"{path[1]} knows its person by itself"
        report.error("activities", (*path, "person"), text, "Remove this key.", key=True)
    elif not linked and entry.person is None:
        text = f"`person` is missing: which field of {path[1]} leads to the Lead or Contact"
        report.error("activities", path, text, "For example person: Lead__c, or a list of fields.")
