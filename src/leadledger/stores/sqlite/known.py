"""What the ledger knows, for the next evaluation: of everybody, or by index of the people of some records."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

from leadledger.domain.decisions import Baseline, Transition
from leadledger.ports import Decided, Known, Population
from leadledger.stores.sqlite.payload import decode_baseline
from leadledger.stores.sqlite.statements import load

SQL = load("known.sql")


def known(
    connection: sqlite3.Connection, records: Collection[str] | None, stage_fields: Mapping[str, str]
) -> Known:
    """What later evaluations take as given, of everybody for None."""
    people = None if records is None else _people_of(connection, records)
    with _no_collector():
        ids = dict(_rows(connection, "living", people))
        return Known(
            person_of={
                record: ids[num] for record, num in _rows(connection, "records", people) if num in ids
            },
            transitions=_transitions(connection, people, ids),
            baselines=_baselines(connection, people, ids),
            digests={
                ids[num]: digest for num, digest in _rows(connection, "settled_digests", people) if num in ids
            },
            decided={
                ids[num]: Decided(*values)
                for num, *values in _rows(connection, "decided", people)
                if num in ids
            },
            began_us=next((row[0] for row in connection.execute(SQL["began"])), 0),
            stage_writes=_stage_writes(connection, people, stage_fields),
        )


def due(connection: sqlite3.Connection, as_of_us: int) -> Sequence[str]:
    """Records of the people for whom something changes by itself up to this instant."""
    return [record for (record,) in connection.execute(SQL["due"], (as_of_us,))]


def unsettled(connection: sqlite3.Connection) -> Sequence[str]:
    """Records of the people whose decided writes are not all settled."""
    return [record for (record,) in connection.execute(SQL["unsettled"])]


def population(connection: sqlite3.Connection, but: Collection[str]) -> Population:
    """Everybody with a decision, without the people of some records."""
    digests = dict(connection.execute(SQL["definitions"]).fetchall())
    count: Counter[tuple[str, int, int]] = Counter()
    for *group, people in _rows(connection, "population", None):
        count[tuple(group)] += people
    for *group, people in _rows(connection, "population", _people_of(connection, but)) if but else ():
        count[tuple(group)] -= people
    funnel: Counter[str] = Counter()
    for (stage, _, _), people in count.items():
        funnel[stage] += people
    return Population(
        people=count.total(),
        excluded=sum(people for (_, excluded, _), people in count.items() if excluded),
        funnel={stage: people for stage, people in sorted(funnel.items()) if people},
        definitions=frozenset(digests[definition] for _, _, definition in count),
    )


def transition(columns: Sequence[Any]) -> Transition:
    """A transition of its columns from `stage` to `no_sales_touch`."""
    stage, from_stage, at_us, trigger, evidence, inferred, counter, cycle, *points, no_sales_touch = columns
    score, engagement, fit = points
    return Transition(
        stage, from_stage, at_us, trigger, evidence, bool(inferred), counter, cycle, score, engagement, fit,
        bool(no_sales_touch),
    )  # fmt: skip


def _people_of(connection: sqlite3.Connection, records: Collection[str]) -> str:
    """Numbers of the people of records, as JSON."""
    found = connection.execute(SQL["people_of_records"], (json.dumps(list(records)),))
    return json.dumps([num for (num,) in found])


def _rows(connection: sqlite3.Connection, name: str, people: str | None) -> sqlite3.Cursor:
    """The rows of a statement, of the people of `_people_of` or of all."""
    condition = "IS NOT NULL" if people is None else "IN (SELECT value FROM json_each(:people))"
    return connection.execute(SQL[name].replace("{of_these}", condition), {"people": people})


def _transitions(
    connection: sqlite3.Connection, people: str | None, ids: Mapping[int, str]
) -> dict[str, list[Transition]]:
    of_person: defaultdict[str, list[Transition]] = defaultdict(list)
    for num, *columns in _rows(connection, "transitions", people):
        if num in ids:
            of_person[ids[num]].append(transition(columns))
    # Rows come in the order of their arrival, which only a merge makes differ from that of their instants.
    for transitions in of_person.values():
        if len(transitions) > 1:
            transitions.sort(key=attrgetter("at_us"))
    return dict(of_person)


def _baselines(
    connection: sqlite3.Connection, people: str | None, ids: Mapping[int, str]
) -> dict[str, Baseline]:
    return {
        ids[num]: decode_baseline(text) for num, text in _rows(connection, "baselines", people) if num in ids
    }


def _stage_writes(
    connection: sqlite3.Connection, people: str | None, stage_fields: Mapping[str, str]
) -> dict[str, list[tuple[str, int]]]:
    writes: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    statement = SQL["stage_writes" if people is None else "stage_writes_of_these"]
    for place, field in stage_fields.items():
        wanted = {"path": f'$."{field}"', "low": f"{place}/", "high": f"{place}0", "people": people}
        for record, value, sent_us in connection.execute(statement, wanted):
            writes[record].append((value, sent_us))
    return dict(writes)


@contextmanager
def _no_collector() -> Iterator[None]:
    # Hundreds of thousands of values that all stay: the collector would walk them again and again for nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
