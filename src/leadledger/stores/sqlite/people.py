"""People in the ledger: which records they are, their transitions, baselines and present decisions."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from operator import attrgetter
from typing import Any

from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.records import RecordRef
from leadledger.errors import UsageError
from leadledger.ports import Known
from leadledger.stores.sqlite.statements import load

SQL = load("people.sql")

SALESFORCE_ID = frozenset({15, 18})
"""Lengths of one Salesforce id: 15 case-sensitive characters, then three that only repeat their case."""


def known(connection: sqlite3.Connection) -> Known:
    """Everything that later evaluations take as given."""
    merged = {row[0] for row in connection.execute(SQL["merged_people"])}
    return Known(
        person_of=dict(connection.execute(SQL["records"]).fetchall()),
        transitions=_transitions(connection, merged),
        baselines=_baselines(connection, merged),
        digests=dict(connection.execute(SQL["settled_digests"]).fetchall()),
        decided={person: (as_of_us, fit) for person, as_of_us, fit in connection.execute(SQL["decided"])},
    )


def record(connection: sqlite3.Connection, run_id: str, decisions: Sequence[Decision]) -> int:
    """Store decisions with all they bring; returns the number of new transitions."""
    connection.executemany(SQL["insert_person"], ((d.person_id,) for d in decisions))
    united = _unite(connection, run_id, decisions)
    connection.executemany(
        SQL["point_record"],
        ((str(ref), d.person_id, id15(ref.crm, ref.id)) for d in decisions for ref in d.records),
    )
    connection.executemany(
        SQL["insert_baseline"],
        ((d.person_id, _baseline_json(d.baseline)) for d in decisions if d.person_id not in united),
    )
    # The engine saw both halves when it decided on the whole person, so its baseline stands for both.
    connection.executemany(
        SQL["replace_baseline"],
        ((d.person_id, _baseline_json(d.baseline)) for d in decisions if d.person_id in united),
    )
    new = connection.executemany(
        SQL["insert_transition"],
        (_transition_row(d.person_id, t, run_id) for d in decisions for t in d.transitions),
    ).rowcount
    connection.executemany(SQL["replace_decision"], (_decision_row(d, run_id) for d in decisions))
    connection.executemany(SQL["replace_payload"], ((d.person_id, _encode(d)) for d in decisions))
    return max(new, 0)


def settle(connection: sqlite3.Connection, person_ids: Iterable[str]) -> None:
    """Mark the decisions of these people as settled."""
    connection.executemany(SQL["settle_decision"], ((person_id,) for person_id in person_ids))


def find(connection: sqlite3.Connection, person_or_record: str) -> str | None:
    """The person id for a person id (also one that was merged away), a record, or a bare CRM id.

    Raises UsageError when a bare id belongs to several people.
    """
    survivor = connection.execute(SQL["surviving_person"], (person_or_record,)).fetchone()
    if survivor:
        return str(survivor[0])
    exact = connection.execute(SQL["person_of_record"], (person_or_record,)).fetchone()
    if exact:
        return str(exact[0])
    place, _, id_ = person_or_record.rpartition("/")
    candidates = connection.execute(SQL["records_of_id"], (id_,)).fetchall()
    if len(id_) in SALESFORCE_ID:
        candidates += [
            row
            for row in connection.execute(SQL["records_of_id"], (id_[:15],)).fetchall()
            if row[0].startswith("salesforce/") and row not in candidates
        ]
    matches = {person_id: text for text, person_id in candidates if not place or text.startswith(f"{place}/")}
    if len(matches) > 1:
        names = ", ".join(sorted(matches.values()))
        raise UsageError(f"{person_or_record} is the id of several people. Name one of: {names}.")
    return next(iter(matches), None)


def decision(connection: sqlite3.Connection, person_or_record: str) -> Decision | None:
    """The stored decision of whoever `find` finds."""
    person_id = find(connection, person_or_record)
    row = person_id and connection.execute(SQL["decision_of_person"], (person_id,)).fetchone()
    return Decision.from_json(json.loads(row[0])) if row else None


def id15(crm: str, id_: str) -> str:
    """The key by which both forms of a Salesforce id are found; any other id is its own key."""
    return id_[:15] if crm == "salesforce" and len(id_) in SALESFORCE_ID else id_


def _unite(connection: sqlite3.Connection, run_id: str, decisions: Sequence[Decision]) -> set[str]:
    """Merge the people who turned out to be one; returns the ids of those who gained somebody.

    A record that was known under another person means a merge, unless that other person is decided upon in
    the same batch: then it lives on and only the record moves.
    """
    alive = {d.person_id for d in decisions}
    wanted = json.dumps([str(ref) for d in decisions for ref in d.records])
    before = dict(connection.execute(SQL["people_of_records"], (wanted,)).fetchall())
    survivors: dict[str, str] = {}
    for d in decisions:
        for ref in d.records:
            old = before.get(str(ref), d.person_id)
            if old not in alive:
                survivors.setdefault(old, d.person_id)
    for old, new in survivors.items():
        _merge(connection, run_id, old, new)
    return set(survivors.values())


def _merge(connection: sqlite3.Connection, run_id: str, old: str, new: str) -> None:
    """Copy the transitions of `old` to `new` under their new keys (equal events collapse) and re-point the rest.

    The originals stay under the old id: the history is only ever added to.
    """
    names: Mapping[str, str] = {"old": old, "new": new}
    for *columns, origin_run, old_key in connection.execute(SQL["transitions_of_person"], (old,)).fetchall():
        row = _transition_row(new, _transition(columns), origin_run, merged_from=old)
        connection.execute(SQL["insert_transition"], row)
        connection.execute(SQL["merge_assignment"], {"new": new, "new_key": row[1], "old_key": old_key})
    connection.execute(SQL["merge_person"], names)
    connection.execute(SQL["merge_records"], names)
    connection.execute(SQL["merge_intents"], names)
    connection.execute(SQL["forget_decision"], (old,))
    connection.execute(SQL["note_merge"], (old, new, run_id))


def _transition(columns: Sequence[Any]) -> Transition:
    stage, from_stage, at_us, trigger, evidence, inferred, *rest = columns
    return Transition(stage, from_stage, at_us, trigger, evidence, bool(inferred), *rest)


def _transition_row(
    person_id: str, t: Transition, run_id: str, merged_from: str | None = None
) -> tuple[Any, ...]:
    return (
        person_id,
        t.key(person_id),
        t.stage,
        t.from_stage,
        t.at_us,
        t.trigger,
        t.evidence,
        int(t.inferred),
        t.counter,
        t.cycle,
        t.score,
        t.engagement,
        t.fit,
        run_id,
        merged_from,
    )


def _decision_row(d: Decision, run_id: str) -> tuple[Any, ...]:
    return (
        d.person_id,
        d.stage,
        d.score,
        d.engagement,
        d.fit,
        d.grade,
        int(d.excluded),
        d.as_of_us,
        d.digest(),
        run_id,
    )


def _transitions(connection: sqlite3.Connection, merged: Collection[str]) -> dict[str, list[Transition]]:
    of_person: defaultdict[str, list[Transition]] = defaultdict(list)
    # Hundreds of thousands of values that all stay: the collector would walk them again and again for nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for row in connection.execute(SQL["transitions"]):
            of_person[row[0]].append(_transition(row[1:]))
    finally:
        if collecting:
            gc.enable()
    for person_id in merged:
        of_person.pop(person_id, None)
    # Rows come in the order of their arrival, which only a merge makes differ from that of their instants.
    for transitions in of_person.values():
        if len(transitions) > 1:
            transitions.sort(key=attrgetter("at_us"))
    return dict(of_person)


def _baselines(connection: sqlite3.Connection, merged: Collection[str]) -> dict[str, Baseline]:
    # Most people share the empty baseline: one value per distinct text keeps 100,000 people fast.
    by_text: dict[str, Baseline] = {}
    baselines = {}
    for person_id, text in connection.execute(SQL["baselines"]):
        if text not in by_text:
            by_text[text] = Baseline(**json.loads(text))
        if person_id not in merged:
            baselines[person_id] = by_text[text]
    return baselines


def _baseline_json(baseline: Baseline) -> str:
    return json.dumps(
        {
            "counters": dict(baseline.counters),
            "first_at_us": dict(baseline.first_at_us),
            "last_at_us": dict(baseline.last_at_us),
        },
        separators=(",", ":"),
    )


_NAMES = {cls: [f.name for f in fields(cls)] for cls in (Decision, LastActivity, Baseline)}
# `from_json` wants to see `evidence`, also an empty one.
_DEFAULTS = {
    cls: {f.name: MISSING if f.name == "evidence" else f.default for f in fields(cls)}
    for cls in (Contribution, Transition)
}


def _plain(value: Any) -> Any:
    """A nested value of a decision for JSON, as `Decision.from_json` reads it.

    Not `to_json`: its deep copy takes four times as long, and the defaults, which `from_json` fills in again,
    are half of the text.
    """
    if isinstance(value, RecordRef):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decision | LastActivity | Baseline):
        return {name: getattr(value, name) for name in _NAMES[type(value)]}
    defaults = _DEFAULTS[type(value)]
    return {name: v for name, default in defaults.items() if (v := getattr(value, name)) != default}


_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode
