"""People in the ledger: which records they are, and how their decisions with all they bring are stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from leadledger.domain.decisions import Decision, Transition
from leadledger.errors import UsageError
from leadledger.stores.sqlite.known import transition
from leadledger.stores.sqlite.payload import decode, encode, encode_baseline, holds_something
from leadledger.stores.sqlite.statements import load

SQL = load("people.sql")

SALESFORCE_ID = frozenset({15, 18})
"""Lengths of one Salesforce id: 15 case-sensitive characters, then three that only repeat their case."""
NAMED = 10
"""Records that an error names at most."""


def record(
    connection: sqlite3.Connection, run_id: str, decisions: Sequence[Decision], alive: Collection[str]
) -> int:
    """Store decisions with all they bring; returns the number of new transitions.

    `alive`: ids of all who are decided upon together, of whom these are a part. What is there already is not
    written again, but for the decisions themselves.
    """
    if not decisions:
        return 0
    connection.execute(SQL["begin"], (decisions[0].as_of_us,))
    nums, fresh = _numbered(connection, decisions)
    now = {f"{r.crm}/{r.object}/{r.id}": d.person_id for d in decisions for r in d.records}
    before = dict(connection.execute(SQL["people_of_records"], (json.dumps(list(now)),)).fetchall())
    united = _unite(connection, run_id, now, before, nums, alive)
    moved = [(text, nums[person_id]) for text, person_id in now.items() if before.get(text) != person_id]
    connection.executemany(SQL["point_record"], sorted(moved))
    # The engine saw both halves when it decided on the whole person, so its baseline stands for both.
    connection.executemany(SQL["forget_baseline"], ((nums[person_id],) for person_id in united))
    connection.executemany(
        SQL["insert_baseline"],
        (
            (nums[d.person_id], encode_baseline(d.baseline))
            for d in decisions
            if (d.person_id in fresh or d.person_id in united) and holds_something(d.baseline)
        ),
    )
    new = connection.executemany(
        SQL["insert_transition"],
        (_transition_row(nums[d.person_id], t, run_id) for d in decisions for t in d.transitions),
    ).rowcount
    definitions = _definitions(connection, decisions)
    connection.executemany(
        SQL["replace_decision"],
        (
            (
                nums[d.person_id],
                d.stage,
                d.engagement + d.fit,
                d.engagement,
                d.fit,
                d.grade,
                d.excluded,
                d.as_of_us,
                definitions[d.definition],
                d.activated_us,
                d.next_due_us,
                d.digest(),
                run_id,
            )
            for d in decisions
        ),
    )
    connection.executemany(SQL["replace_payload"], ((nums[d.person_id], encode(d)) for d in decisions))
    return max(new, 0)


def settle(connection: sqlite3.Connection, person_ids: Iterable[str]) -> None:
    """Mark the decisions of these people as settled."""
    connection.executemany(SQL["settle_decision"], ((person_id,) for person_id in person_ids))


def mark_gone(connection: sqlite3.Connection, person_ids: Iterable[str]) -> None:
    """Mark the decisions of these people as those of nobody who is there."""
    connection.executemany(SQL["mark_gone"], ((person_id,) for person_id in person_ids))


def find(connection: sqlite3.Connection, person_or_record: str) -> int | None:
    """The number of a person, by person id (also one that was merged away), record, or bare CRM id.

    Raises UsageError when a bare id belongs to several people.
    """
    for name in ("surviving_person", "person_of_record"):
        exact = connection.execute(SQL[name], (person_or_record,)).fetchone()
        if exact:
            return int(exact[0])
    place, _, id_ = person_or_record.rpartition("/")
    matches: dict[int, str] = {}
    for one in [place] if place else _places(connection):
        matches |= {num: text for text, num in _records_of_id(connection, one, id_)}
    if len(matches) > 1:
        names = ", ".join(sorted(matches.values())[:NAMED])
        raise UsageError(f"{person_or_record} is the id of several people. Name one of: {names}.")
    return next(iter(matches), None)


def decision(connection: sqlite3.Connection, person_or_record: str) -> Decision | None:
    """The stored decision of whoever `find` finds."""
    num = find(connection, person_or_record)
    row = num and connection.execute(SQL["decision_of_person"], (num,)).fetchone()
    return decode(row[:-1], row[-1]) if row else None


def _places(connection: sqlite3.Connection) -> list[str]:
    """All `crm/object` that there are records of: a few steps along the index, whatever their number."""
    places: list[str] = []
    (record,) = connection.execute(SQL["next_record"], ("",)).fetchone()
    while record:
        places.append(record.rsplit("/", 1)[0] if record.count("/") == 2 else "/".join(record.split("/")[:2]))
        (record,) = connection.execute(SQL["next_record"], (f"{places[-1]}0",)).fetchone()
    return places


def _records_of_id(connection: sqlite3.Connection, place: str, id_: str) -> list[tuple[str, int]]:
    """(record, person) of an id in one place; a Salesforce id is known in both of its forms."""
    first = f"{place}/{id_}"
    if not place.startswith("salesforce/") or len(id_) not in SALESFORCE_ID:
        return list(connection.execute(SQL["records_between"], (first, f"{first}\x00")))
    short = f"{place}/{id_[:15]}"
    found = connection.execute(SQL["records_between"], (short, f"{short}\x7f"))
    return [row for row in found if len(row[0]) - len(place) - 1 in SALESFORCE_ID]


def _numbered(
    connection: sqlite3.Connection, decisions: Sequence[Decision]
) -> tuple[dict[str, int], set[str]]:
    """The numbers of all of these people, and who of them is new to the ledger and got one now."""
    ids = list(dict.fromkeys(d.person_id for d in decisions))
    nums: dict[str, int] = {}
    for person_id, num, merged in connection.execute(SQL["people_of_ids"], (json.dumps(ids),)).fetchall():
        nums[person_id] = num
        if merged:
            connection.execute(SQL["revive_person"], (num,))
    fresh = [person_id for person_id in ids if person_id not in nums]
    (last,) = connection.execute(SQL["last_number"]).fetchone()
    given = {person_id: num for num, person_id in enumerate(fresh, last + 1)}
    connection.executemany(SQL["insert_person"], ((num, person_id) for person_id, num in given.items()))
    return nums | given, set(fresh)


def _unite(
    connection: sqlite3.Connection,
    run_id: str,
    now: Mapping[str, str],
    before: Mapping[str, str],
    nums: Mapping[str, int],
    alive: Collection[str],
) -> set[str]:
    """Merge the people who turned out to be one; returns the ids of those who gained somebody.

    `now`, `before`: record -> person id. A record that was known under another person means a merge, unless that other person is decided upon
    too: then it lives on and only the record moves.
    """
    survivors: dict[str, str] = {}
    for text, person_id in now.items() if before else ():
        old = before.get(text, person_id)
        if old not in alive:
            survivors.setdefault(old, person_id)
    for old, new in survivors.items():
        (num,) = connection.execute(SQL["number_of_person"], (old,)).fetchone()
        _merge(connection, run_id, (old, num), (new, nums[new]))
    return set(survivors.values())


def _merge(connection: sqlite3.Connection, run_id: str, old: tuple[str, int], new: tuple[str, int]) -> None:
    """Copy the transitions of `old` (id, number) to `new` (equal events collapse) and re-point the rest.

    The originals stay under the old one: the history is only ever added to.
    """
    (old_id, old_num), (new_id, new_num) = old, new
    nums = {"old": old_num, "new": new_num}
    for *columns, origin_run in connection.execute(SQL["transitions_of_person"], (old_num,)).fetchall():
        entry = transition(columns)
        connection.execute(SQL["insert_transition"], _transition_row(new_num, entry, origin_run, old_id))
        connection.execute(
            SQL["merge_assignment"],
            {"new": new_id, "new_key": entry.key(new_id), "old_key": entry.key(old_id)},
        )
    connection.execute(SQL["merge_person"], nums)
    connection.execute(SQL["merge_records"], nums)
    connection.execute(SQL["merge_intents"], (new_id, old_id))
    connection.execute(SQL["forget_decision"], (old_num,))
    connection.execute(SQL["note_merge"], (old_id, new_id, run_id))


def _definitions(connection: sqlite3.Connection, decisions: Sequence[Decision]) -> dict[str, int]:
    """Digest of a definition -> its number."""
    numbers: dict[str, int] = {}
    for digest in dict.fromkeys(d.definition for d in decisions):
        connection.execute(SQL["insert_definition"], (digest,))
        (numbers[digest],) = connection.execute(SQL["number_of_definition"], (digest,)).fetchone()
    return numbers


def _transition_row(num: int, t: Transition, run_id: str, merged_from: str | None = None) -> tuple[Any, ...]:
    return (
        num,
        t.stage,
        t.from_stage,
        t.at_us,
        t.trigger,
        t.evidence,
        t.inferred,
        t.counter,
        t.cycle,
        t.score,
        t.engagement,
        t.fit,
        t.no_sales_touch,
        run_id,
        merged_from,
    )
