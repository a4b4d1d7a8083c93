"""Decides which streams a definition needs of Salesforce, and with which fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from leadledger.domain.conditions import Space, names
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import AssignedTrigger, DealTrigger, FactTrigger, StatusTrigger
from leadledger.domain.sources import ActivitySource, PeopleSource
from leadledger.errors import ConfigError, Problem
from leadledger.ports import Kind, Stream

CRM = "salesforce"
PEOPLE_OBJECTS = ("Lead", "Contact")
ACCOUNT = "Account."
PERSON_OF = {"Task": ("WhoId",), "Event": ("WhoId",), "CampaignMember": ("ContactId", "LeadId")}
"""Where the person stands in the objects that everybody has; the first that is set wins."""
HISTORY = "LeadHistory"
OWNER_CHANGE = "Owner"
"""As the history calls the field OwnerId."""
ZONE = "zone="
CREATED = "created"
"""Option of an activity stream: an entry names no time, so the row's creation is the time."""

NAME = re.compile(r"^[A-Za-z]\w*(\.\w+)*$", re.ASCII)


def streams_of(definition: Definition) -> Sequence[Stream]:
    """The streams, owners and accounts first. Raises ConfigError with all problems."""
    people = [source for source in definition.people if source.crm == CRM]
    activities = [source for source in definition.activities if source.crm == CRM]
    problems = [*_problems_of_people(people), *_problems_of_activities(activities)]
    if problems:
        text = "The definition names what Salesforce does not have"
        raise ConfigError(text, problems)
    if not people:
        return ()
    return (
        *_owners(definition),
        *_accounts(definition, people),
        *(_people(definition, source.object, people) for source in _distinct_objects(people)),
        *_activities(definition, activities),
        *_history(definition, people, activities),
        *_deals(definition, people),
    )


def zone_of(stream: Stream) -> str:
    """The time zone in which the stream's dates begin."""
    return next((o.removeprefix(ZONE) for o in stream.options if o.startswith(ZONE)), "UTC")


def person_fields(stream: Stream) -> tuple[str, ...]:
    """The fields that may hold an activity's person, the one that wins first."""
    if stream.person_field:
        return tuple(part.strip() for part in stream.person_field.split(","))
    return PERSON_OF[stream.name]


def _owners(definition: Definition) -> Iterator[Stream]:
    routing = definition.routing
    routed = routing.rules or routing.pools or routing.fallback or routing.account_owner
    written = any(
        m.value == "owner" for target in definition.targets for m in target.fields if target.crm == CRM
    )
    if routed or written:
        yield Stream(CRM, "Owner", Kind.OWNERS)


def _accounts(definition: Definition, people: Sequence[PeopleSource]) -> Iterator[Stream]:
    fields = sorted(
        {
            path.removeprefix(ACCOUNT)
            for source in people
            for path in _paths_of(source)
            if path.startswith(ACCOUNT)
        }
    )
    if fields or definition.routing.account_owner:
        yield Stream(CRM, "Account", Kind.ACCOUNTS, tuple(fields))


def _people(definition: Definition, object_: str, people: Sequence[PeopleSource]) -> Stream:
    fields = {
        path
        for source in people
        if source.object == object_
        for path in _paths_of(source)
        if not path.startswith(ACCOUNT)
    }
    for target in definition.targets:
        if (target.crm, target.object) == (CRM, object_):
            fields |= {mapping.field for mapping in target.fields}
    first = next(o for o in PEOPLE_OBJECTS if any(source.object == o for source in people))
    if object_ == first:
        fields |= _status_fields(definition, people)
    return Stream(CRM, object_, Kind.PEOPLE, tuple(sorted(fields)), options=(_zone(definition),))


def _status_fields(definition: Definition, people: Sequence[PeopleSource]) -> set[str]:
    """Fields of status triggers that are Salesforce's: in a definition for two CRMs, those it maps elsewhere."""
    known = {path for source in people for path in _paths_of(source)}
    known |= {m.field for target in definition.targets if target.crm == CRM for m in target.fields}
    wanted = {signal.field for signal in definition.lifecycle.signals() if isinstance(signal, StatusTrigger)}
    return wanted if set(definition.connections) <= {CRM} else wanted & known


def _activities(definition: Definition, activities: Sequence[ActivitySource]) -> Iterator[Stream]:
    for name in dict.fromkeys(source.stream for source in activities if source.stream != HISTORY):
        entries = [source for source in activities if source.stream == name]
        fields: set[str] = set()
        for entry in entries:
            fields |= set(_paths_of_activity(entry))
        options = [_zone(definition)]
        if any(entry.at is None for entry in entries):
            options.append(CREATED)
        yield Stream(
            CRM,
            name,
            Kind.ACTIVITIES,
            tuple(sorted(fields)),
            instants=frozenset(entry.at for entry in entries if entry.at),
            person_field=next((entry.person for entry in entries if entry.person), None),
            options=tuple(options),
        )


def _history(
    definition: Definition, people: Sequence[PeopleSource], activities: Sequence[ActivitySource]
) -> Iterator[Stream]:
    if not any(source.object == "Lead" for source in people):
        return
    fields = _status_fields(definition, people) | set(_heard_fields(definition, people))
    for target in definition.targets:
        if (target.crm, target.object) == (CRM, "Lead"):
            fields |= {mapping.field for mapping in target.fields if mapping.value == "stage"}
    fields |= {s.property for s in activities if s.stream == HISTORY and s.property}
    if fields:
        yield Stream(CRM, HISTORY, Kind.HISTORY, options=tuple(sorted(fields)))


def _heard_fields(definition: Definition, people: Sequence[PeopleSource]) -> Iterator[str]:
    """Fields of a lead whose changes are an assignment, or a fact that a stage waits for."""
    for signal in definition.lifecycle.signals():
        if isinstance(signal, AssignedTrigger):
            yield OWNER_CHANGE
        elif isinstance(signal, FactTrigger):
            paths = (source.facts.get(signal.fact, "") for source in people if source.object == "Lead")
            # An account's fields have no history with the lead.
            yield from (path for path in paths if path and not path.startswith(ACCOUNT))


def _deals(definition: Definition, people: Sequence[PeopleSource]) -> Iterator[Stream]:
    if not any(isinstance(signal, DealTrigger) for signal in definition.lifecycle.signals()):
        return
    yield Stream(CRM, "Opportunity", Kind.DEALS, options=(_zone(definition),))
    if any(source.object == "Contact" for source in people):
        # convertLead makes a contact role for the contact, which the converted lead points at: asking the leads
        # for their opportunity as well would tell nothing new and cost a call per run.
        yield Stream(CRM, "OpportunityContactRole", Kind.DEAL_PEOPLE)
    else:
        yield Stream(CRM, "LeadConversion", Kind.DEAL_PEOPLE)


def _paths_of(source: PeopleSource) -> Iterator[str]:
    yield from source.facts.values()
    if source.where is not None:
        yield from sorted(names(source.where, Space.FIELD))


def _paths_of_activity(entry: ActivitySource) -> Iterator[str]:
    if entry.when is not None:
        yield from sorted(names(entry.when, Space.FIELD))
    for path in (entry.at, entry.asset, entry.campaign):
        if path:
            yield path
    yield from entry.attributes.values()


def _problems_of_people(people: Sequence[PeopleSource]) -> Iterator[Problem]:
    for source in people:
        place = f"{CRM}.{source.object}"
        if source.object not in PEOPLE_OBJECTS:
            yield Problem(
                "people.yaml", 0, 0, place, "people are rows of Lead or Contact", "Name one of these objects."
            )
        yield from _bad_names("people.yaml", place, _paths_of(source))


def _problems_of_activities(activities: Sequence[ActivitySource]) -> Iterator[Problem]:
    persons: dict[str, str | None] = {}
    for entry in activities:
        place = f"{CRM}.{entry.stream}"
        if entry.stream == HISTORY:
            if not entry.property:
                yield Problem(
                    "activities.yaml",
                    0,
                    0,
                    place,
                    "no property is named",
                    "Say whose changes are meant: property: Status.",
                )
            continue
        if not NAME.match(entry.stream) or "." in entry.stream:
            yield Problem(
                "activities.yaml",
                0,
                0,
                place,
                "this is no name of an object",
                "Use the API name, as in Visit__c.",
            )
        if entry.stream not in PERSON_OF and not entry.person:
            text = "it is not known which field holds the person"
            yield Problem(
                "activities.yaml", 0, 0, place, text, "Add person: Lead__c (or Lead__c,Contact__c)."
            )
        if entry.person and persons.setdefault(entry.stream, entry.person) != entry.person:
            text = "the entries name different persons"
            yield Problem(
                "activities.yaml", 0, 0, place, text, "Use the same person: in all entries of an object."
            )
        paths = [
            *_paths_of_activity(entry),
            *(p.strip() for p in (entry.person or "").split(",") if p.strip()),
        ]
        yield from _bad_names("activities.yaml", place, paths)


def _bad_names(file: str, place: str, paths: Iterable[str]) -> Iterator[Problem]:
    for path in dict.fromkeys(paths):
        if not NAME.match(path):
            yield Problem(
                file,
                0,
                0,
                place,
                f"{path[:80]!r} is no name of a field",
                "Use the API name, as in Score__c or Campaign.Type.",
            )


def _distinct_objects(people: Sequence[PeopleSource]) -> Iterator[PeopleSource]:
    seen: set[str] = set()
    for source in people:
        if source.object not in seen:
            seen.add(source.object)
            yield source


def _zone(definition: Definition) -> str:
    return f"{ZONE}{definition.time_zone.key}"
