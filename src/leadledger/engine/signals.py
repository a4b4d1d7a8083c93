"""Finds what the lifecycle listens to besides activities: deals, conversions, assignments, changes of CRM fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from leadledger.domain.definition import Definition
from leadledger.domain.instants import EARLIEST, MINUTE
from leadledger.domain.lifecycle import (
    AssignedTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    StatusTrigger,
)
from leadledger.engine.canonical import Canonical
from leadledger.engine.conditions import fact_column, folded, literal, quoted
from leadledger.engine.heard import OtherSignal, StageSet, turn_of
from leadledger.engine.records import normal, raw
from leadledger.engine.texts import country_code, speller
from leadledger.engine.words import signal_in_words
from leadledger.ports import Kind, Known, Sql, Stream

OWN_WRITE = 15 * MINUTE
"""How far the CRM's time of a change may lie from the moment at which we sent it: clocks differ, calls last."""

_OWNERS = {
    # A history of Salesforce holds two rows per change of owner, one with the names, which are no user ids.
    "salesforce": "h.field IN ('Owner', 'OwnerId') AND h.new LIKE '005%'",
    "hubspot": "h.field = 'hubspot_owner_id' AND h.new <> ''",
}
"""CRM -> which change of a record's history makes a user its owner."""

_DEALS = {
    DealEvent.CREATED: ("d.created_us", "true"),
    DealEvent.WON: ("d.closed_us", "d.won"),
    DealEvent.LOST: ("d.closed_us", "d.closed AND NOT d.won"),
}
"""What happened to a deal -> when, and of which deals it is true."""


def write_signals(canonical: Canonical, signals: Sequence[OtherSignal], first: int) -> None:
    """Make the table `signal` (idx, turn, p, at_us, code, id); the first signal has the code `first`.

    `idx` counts in the order of person, instant, kind, id: what one change sets off under several codes has one
    `idx`, since it is one signal. `turn` counts the rows. What lies before 1970 or after the instant of
    evaluation is left out; for fields that people fill in, so is what lies before the history that is looked at.
    """
    _note_own_writes(canonical.sql, canonical.known)
    since = EARLIEST
    if canonical.definition.history_span is not None:
        since = max(since, canonical.as_of_us - canonical.definition.history_span)
    nothing = "NULL::INTEGER AS p, NULL::BIGINT AS at_us, NULL::INTEGER AS kind, NULL::INTEGER AS code"
    selects = [f"SELECT {nothing}, NULL::VARCHAR AS id WHERE false"]
    for code, signal in enumerate(signals, start=first):
        timeless = isinstance(signal, DealTrigger | ConvertedTrigger | StageSet)
        selects += [
            f"SELECT p, at_us, {turn_of(signal)} AS kind, {code} AS code, id FROM ({select}) WHERE at_us >= {EARLIEST if timeless else since}"
            for select in _rows(canonical, signal)
        ]
    canonical.sql.execute(
        "CREATE OR REPLACE TEMP TABLE signal AS "
        "SELECT (dense_rank() OVER (ORDER BY p, at_us, kind, id) - 1)::INTEGER AS idx, "
        "row_number() OVER (ORDER BY p, at_us, kind, id, code)::INTEGER AS turn, p, at_us, code, id FROM "
        f"(SELECT DISTINCT * FROM ({' UNION ALL '.join(selects)}) WHERE at_us <= {canonical.as_of_us})"
    )


def _rows(canonical: Canonical, signal: OtherSignal) -> Iterator[str]:
    """Queries of (p, at_us, id)."""
    match signal:
        case ConvertedTrigger():
            yield "SELECT p, converted_us AS at_us, ref AS id FROM record WHERE converted_us IS NOT NULL"
        case DealTrigger(event):
            yield from _of_deals(canonical, event)
        case AssignedTrigger():
            for stream in canonical.of_kind(Kind.HISTORY):
                if stream.crm in _OWNERS:
                    yield _changes(stream, _OWNERS[stream.crm])
        case StatusTrigger(field, becomes):
            for stream in canonical.of_kind(Kind.HISTORY):
                yield _changes(stream, f"h.field = {literal(field)} AND {_is_one_of(becomes)}")
        case FactTrigger(fact, becomes):
            changes = list(_of_fact(canonical, fact, becomes))
            yield from changes
            yield _first_seen(canonical, signal, changes)
        case StageSet(stage):
            yield from _of_stage(canonical, stage)


def _of_deals(canonical: Canonical, event: DealEvent) -> Iterator[str]:
    at, which = _DEALS[event]
    for stream in canonical.of_kind(Kind.DEALS):
        for links in canonical.of_kind(Kind.DEAL_PEOPLE):
            if links.crm == stream.crm:
                yield (
                    f"SELECT l.p, {at} AS at_us, {literal(stream.table + '/')} || d.id AS id "
                    f"FROM {raw(stream)} d JOIN {raw(links)} x ON x.deal = d.id AND NOT x.deleted "
                    f"JOIN link l ON l.crm = {literal(stream.crm)} AND l.id = x.person "
                    f"WHERE NOT d.deleted AND {which} AND {at} IS NOT NULL"
                )


def _of_fact(canonical: Canonical, fact: str, becomes: Sequence[str]) -> Iterator[str]:
    """Changes of the fields that a fact is read from, brought into the fact's form before they are compared."""
    form = _form(canonical.definition, fact)
    for source in canonical.definition.people:
        path = source.facts.get(fact)
        for stream in canonical.of_kind(Kind.HISTORY) if path else ():
            if stream.crm != source.crm:
                continue
            field = f"h.field = {literal(str(path))}"
            value = _is_one_of(becomes)
            if form is not None:
                wanted = {text.lower() for text in becomes}
                texts = canonical.sql.execute(
                    f"SELECT DISTINCT trim(h.new) FROM {raw(stream)} h WHERE {field} AND h.new <> '' ORDER BY 1"
                ).fetchall()
                alike = [literal(text) for (text,) in texts if form(text).lower() in wanted]
                value = f"trim(h.new) IN ({', '.join(alike)})" if alike else "false"
            yield _changes(stream, f"{field} AND {value}", source.object)


def _first_seen(canonical: Canonical, trigger: FactTrigger, changes: Sequence[str]) -> str:
    """The latest change of the record of people who have the value although no history says since when.

    Once: a record changes again and again, and an entry that the ledger holds is not made anew by that.
    """
    words = signal_in_words(trigger)
    entered = [
        person_id
        for person_id, transitions in canonical.known.transitions.items()
        if any(transition.trigger == words for transition in transitions)
    ]
    canonical.sql.execute("CREATE TEMP TABLE IF NOT EXISTS entered (words VARCHAR, person_id VARCHAR)")
    canonical.sql.execute(f"DELETE FROM entered WHERE words = {literal(words)}")
    if entered:
        canonical.sql.register("seen", {"person_id": np.array(entered, dtype=object)})
        canonical.sql.execute(f"INSERT INTO entered SELECT {literal(words)}, person_id FROM seen")
        canonical.sql.unregister("seen")
    column = f"f.{quoted(fact_column(trigger.fact))}"
    known = "".join(f" AND n.p NOT IN (SELECT p FROM ({change}))" for change in changes)
    return (
        f"SELECT n.p, coalesce(n.changed_us, n.created_us) AS at_us, {literal(f'fact:{trigger.fact}')} AS id "
        f"FROM person n JOIN fact f ON f.p = n.p "
        f"WHERE lower(trim({column})) IN ({', '.join(map(folded, trigger.becomes))}){known} "
        f"AND n.person_id NOT IN (SELECT person_id FROM entered WHERE words = {literal(words)}) "
        "AND coalesce(n.changed_us, n.created_us) IS NOT NULL"
    )


def _form(definition: Definition, fact: str) -> Callable[[str], str] | None:
    rule = normal(definition, fact)
    if rule.kind == "iso_country":
        return country_code
    return speller(rule.map) if rule.map else None


def _of_stage(canonical: Canonical, stage: str) -> Iterator[str]:
    """Changes of a mapped stage field to the word of a stage that are not our own writes.

    A word that several stages share means the first of them.
    """
    stages = [one.id for one in canonical.definition.lifecycle.stages]
    for target in canonical.definition.targets:
        mapping = target.mapping("stage")
        if mapping is None:
            continue
        words = {name: mapping.values.get(name, name) for name in stages}
        if any(words[name].lower() == words[stage].lower() for name in stages[: stages.index(stage)]):
            continue
        test = f"h.field = {literal(mapping.field)} AND {_is_one_of((words[stage],))}"
        for stream in canonical.of_kind(Kind.HISTORY):
            if stream.crm == target.crm:
                yield _changes(stream, f"{test} AND NOT {_OURS}", target.object)


_OURS = (
    "EXISTS (SELECT 1 FROM own_write o WHERE o.ref = r.ref AND lower(o.value) = lower(h.new) "
    f"AND h.at_us BETWEEN o.sent_us - {OWN_WRITE} AND o.sent_us + {OWN_WRITE})"
)


def _note_own_writes(sql: Sql, known: Known) -> None:
    """Make the table `own_write`: what we wrote ourselves to the stage field of a record, and when."""
    writes = [
        (ref, value, sent_us) for ref, held in known.stage_writes.items() for value, sent_us in held if value
    ]
    sql.execute("CREATE OR REPLACE TEMP TABLE own_write (ref VARCHAR, value VARCHAR, sent_us BIGINT)")
    if not writes:
        return
    refs, values, sent = zip(*writes, strict=True)
    sql.register(
        "written",
        {
            "ref": np.array(refs, dtype=object),
            "value": np.array(values, dtype=object),
            "sent_us": np.array(sent, np.int64),
        },
    )
    sql.execute("INSERT INTO own_write SELECT ref, value, sent_us FROM written")
    sql.unregister("written")


def _changes(stream: Stream, which: str, object_: str | None = None) -> str:
    """Changes of fields of a person's records, of one CRM object where it is named."""
    of_object = f" AND r.object = {literal(object_)}" if object_ else ""
    return (
        f"SELECT r.p, h.at_us, {literal(stream.table + '/')} || h.id AS id FROM {raw(stream)} h "
        f"JOIN record r ON r.crm = {literal(stream.crm)} AND r.id = h.person{of_object} "
        f"WHERE NOT h.deleted AND {which}"
    )


def _is_one_of(values: Sequence[str]) -> str:
    return f"lower(trim(h.new)) IN ({', '.join(map(folded, values))})" if values else "false"
