"""Decides which streams and properties of HubSpot a definition needs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from leadledger.domain.conditions import All, AnyOf, Compare, Condition, Op, Space, names
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import AssignedTrigger, DealTrigger, FactTrigger, StatusTrigger
from leadledger.domain.sources import ActivitySource
from leadledger.errors import ConfigError, Problem
from leadledger.ports import Kind, Stream

CRM = "hubspot"
ACCOUNT_PREFIX = "company"

CONTACTS, COMPANIES, DEALS, DEAL_PEOPLE, OWNERS = "contacts", "companies", "deals", "deal_people", "owners"
HISTORY, SUBMISSIONS = "property_history", "form_submissions"
ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")
ACTIVITY_STREAMS = (SUBMISSIONS, HISTORY, *ENGAGEMENTS)

FORM, PAGE_URL = "form", "page_url"
OWNER = "hubspot_owner_id"

_INTERNAL_NAME = re.compile(r"(?!.*__c$)[a-z][a-z0-9_]*")


def streams(definition: Definition) -> list[Stream]:
    """The streams in the order in which they must be pulled: histories after contacts, links after deals.

    Raises ConfigError with every object and stream that HubSpot does not have.
    """
    problems = list(_problems(definition))
    if problems:
        msg = (
            f"{len(problems)} problem(s) with the HubSpot part of definition {definition.name}: "
            + " ".join(str(problem) for problem in problems)
        )
        raise ConfigError(msg, problems)
    activities = [source for source in definition.activities if source.crm == CRM]
    if not activities and not any(source.crm == CRM for source in definition.people):
        return []
    history = _history(definition, activities)
    found = [_contacts(definition, history)]
    if history:
        found.append(Stream(CRM, HISTORY, Kind.HISTORY, options=history))
    account_fields = _account_fields(definition)
    if account_fields or definition.routing.account_owner:
        found.append(Stream(CRM, COMPANIES, Kind.ACCOUNTS, account_fields))
    if any(isinstance(signal, DealTrigger) for signal in definition.lifecycle.signals()):
        found += [Stream(CRM, DEALS, Kind.DEALS), Stream(CRM, DEAL_PEOPLE, Kind.DEAL_PEOPLE)]
    for name in ENGAGEMENTS:
        entries = [source for source in activities if source.stream == name]
        if entries:
            found.append(_engagement(name, entries))
    entries = [source for source in activities if source.stream == SUBMISSIONS]
    if entries:
        found.append(_submissions(entries))
    found.append(Stream(CRM, OWNERS, Kind.OWNERS))
    return found


def _contacts(definition: Definition, history: Sequence[str]) -> Stream:
    # The histories come with the contacts' own list pages, so their names belong to the shape of this stream.
    mapped = [m for t in definition.targets if t.crm == CRM for m in t.fields]
    wanted = [
        *(path for path in _people_paths(definition) if not path.startswith(f"{ACCOUNT_PREFIX}.")),
        *_status_fields(definition),
        *(mapping.field for mapping in mapped),
    ]
    return Stream(CRM, CONTACTS, Kind.PEOPLE, _in_order(wanted), options=tuple(history))


def _people_paths(definition: Definition) -> Iterator[str]:
    for source in definition.people:
        if source.crm == CRM:
            yield from source.facts.values()
            if source.where is not None:
                yield from names(source.where, Space.FIELD)


def _account_fields(definition: Definition) -> tuple[str, ...]:
    prefix = f"{ACCOUNT_PREFIX}."
    return _in_order(
        path.removeprefix(prefix) for path in _people_paths(definition) if path.startswith(prefix)
    )


def _status_fields(definition: Definition) -> Iterator[str]:
    # A status trigger names a field without its CRM. HubSpot's internal names are lower-case throughout, those
    # of Salesforce begin with a capital or end in __c, so the two cannot be taken for each other.
    for signal in definition.lifecycle.signals():
        if isinstance(signal, StatusTrigger) and _INTERNAL_NAME.fullmatch(signal.field):
            yield signal.field


def _heard_fields(definition: Definition) -> Iterator[str]:
    """Properties whose changes are an assignment, or a fact that a stage waits for."""
    for signal in definition.lifecycle.signals():
        if isinstance(signal, AssignedTrigger):
            yield OWNER
        elif isinstance(signal, FactTrigger):
            paths = (source.facts.get(signal.fact, "") for source in definition.people if source.crm == CRM)
            # A company's properties have no history with the contact.
            yield from (path for path in paths if path and not path.startswith(f"{ACCOUNT_PREFIX}."))


def _history(definition: Definition, activities: Sequence[ActivitySource]) -> tuple[str, ...]:
    stage_fields = [
        mapping.field
        for target in definition.targets
        if target.crm == CRM
        for mapping in target.fields
        if mapping.value == "stage"
    ]
    changed = [source.property for source in activities if source.stream == HISTORY and source.property]
    return _in_order([*changed, *_status_fields(definition), *_heard_fields(definition), *stage_fields])


def _engagement(name: str, entries: Sequence[ActivitySource]) -> Stream:
    at = frozenset(entry.at for entry in entries if entry.at)
    fields = _in_order([*at, *_fields_of(entries)])
    return Stream(CRM, name, Kind.ACTIVITIES, fields, at)


def _submissions(entries: Sequence[ActivitySource]) -> Stream:
    fields = _in_order([FORM, PAGE_URL, *_fields_of(entries)])
    forms: set[str] = set()
    for entry in entries:
        named = _forms_of(entry)
        if not named:
            # A pattern, or no condition on the form at all: every form may match.
            return Stream(CRM, SUBMISSIONS, Kind.ACTIVITIES, fields)
        forms |= named
    return Stream(CRM, SUBMISSIONS, Kind.ACTIVITIES, fields, options=tuple(sorted(forms)))


def _forms_of(entry: ActivitySource) -> set[str]:
    """The forms that an entry can only match; empty when it may match any."""
    if entry.when is None:
        return set()
    return _only_forms(entry.when) or set()


def _only_forms(condition: Condition) -> set[str] | None:
    """The forms outside of which a condition cannot hold; None when it says nothing about that."""
    match condition:
        case Compare(Space.FIELD, name, Op.IS | Op.IN, value) if name == FORM:
            return {str(one) for one in (value if isinstance(value, tuple) else (value,))}
        case All(of):
            return next((forms for part in of if (forms := _only_forms(part)) is not None), None)
        case AnyOf(of):
            parts = [_only_forms(part) for part in of]
            known = [forms for forms in parts if forms is not None]
            return set().union(*known) if known and len(known) == len(parts) else None
        case _:
            return None


def _fields_of(entries: Iterable[ActivitySource]) -> Iterator[str]:
    for entry in entries:
        if entry.when is not None:
            yield from names(entry.when, Space.FIELD)
        yield from (path for path in (entry.asset, entry.campaign, entry.person) if path)
        yield from entry.attributes.values()


def _in_order(wanted: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(wanted)))


def _problems(definition: Definition) -> Iterator[Problem]:
    for source in definition.people:
        if source.crm == CRM and source.object != CONTACTS:
            yield Problem(
                "people.yaml", 0, 0, f"{CRM}.{source.object}", f"HubSpot has no people object {source.object}",
                f"Write {CONTACTS}.",
            )  # fmt: skip
    for activity in definition.activities:
        if activity.crm != CRM:
            continue
        path = f"{CRM}.{activity.stream}"
        if activity.stream not in ACTIVITY_STREAMS:
            near = difflib.get_close_matches(activity.stream, ACTIVITY_STREAMS, 1, 0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Choose one of {', '.join(ACTIVITY_STREAMS)}."
            yield Problem("activities.yaml", 0, 0, path, f"HubSpot has no stream {activity.stream}", hint)
        elif activity.stream == HISTORY and not activity.property:
            yield Problem("activities.yaml", 0, 0, path, "an entry names no property", "Add `property:`.")
    for target in definition.targets:
        if target.crm == CRM and target.object != CONTACTS:
            yield Problem(
                "writeback.yaml", 0, 0, f"{CRM}.{target.object}", "only contacts can be written in HubSpot",
                f"Move the fields to {CONTACTS}.",
            )  # fmt: skip
