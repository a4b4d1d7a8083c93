"""Write-ahead intents and the values that the CRM is known to have taken from us.

Which moves between states are allowed stands in the table `intent_move`; a trigger refuses any other.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leadledger.domain.intents import Intent, IntentState
from leadledger.domain.records import RecordRef
from leadledger.errors import BugError
from leadledger.stores.sqlite.statements import load
from leadledger.stores.text import storable

SQL = load("intents.sql")


def plan(connection: sqlite3.Connection, intents: Sequence[Intent]) -> None:
    """Store new intents. One that was planned before is refused, whatever became of it."""
    connection.executemany(
        SQL["insert"],
        (
            (
                i.intent_id,
                i.run_id,
                i.person_id,
                str(i.record),
                _encode(i.expected),
                _encode(i.target),
                i.stamp,
                i.state.value,
                i.reason,
                i.sent_at_us,
            )
            for i in intents
        ),
    )


def send(connection: sqlite3.Connection, intent_ids: Iterable[str], sent_at_us: int) -> None:
    """Mark as sent. Raises BugError for an id that was never planned."""
    for intent_id in intent_ids:
        if not connection.execute(SQL["send"], (sent_at_us, intent_id)).rowcount:
            raise _unplanned(intent_id)


def settle(
    connection: sqlite3.Connection, outcomes: Iterable[tuple[str, IntentState, str]], at_us: int
) -> None:
    """Move intents on; saying the same again changes nothing. A confirmation also confirms the target values."""
    for intent_id, state, reason in outcomes:
        words = connection.execute(SQL["words"], (intent_id,)).fetchone()
        if words is None:
            raise _unplanned(intent_id)
        before, record, target = words
        if before == state:
            continue
        connection.execute(SQL["settle"], (state.value, storable(reason), at_us, intent_id))
        if state is IntentState.CONFIRMED:
            connection.executemany(
                SQL["confirm_value"],
                (
                    (record, field, None if value is None else storable(value), at_us)
                    for field, value in json.loads(target).items()
                ),
            )


def open_(connection: sqlite3.Connection) -> Sequence[Intent]:
    """Those not in a terminal state, oldest first."""
    return [_intent(row) for row in connection.execute(SQL["open"])]


def of_person(connection: sqlite3.Connection, person_id: str) -> Sequence[Intent]:
    """All of a person, oldest first."""
    return [_intent(row) for row in connection.execute(SQL["of_person"], (person_id,))]


def confirmed(
    connection: sqlite3.Connection, record: RecordRef | None
) -> Mapping[str, Mapping[str, tuple[str | None, int]]]:
    """Record -> field -> (value, when), of one record or of all."""
    rows = (
        connection.execute(SQL["confirmed"])
        if record is None
        else connection.execute(SQL["confirmed_of_record"], (str(record),))
    )
    values: defaultdict[str, dict[str, tuple[str | None, int]]] = defaultdict(dict)
    for name, field, value, at_us in rows:
        values[name][field] = (value, at_us)
    return dict(values)


def _unplanned(intent_id: str) -> BugError:
    return BugError(f"intent {intent_id} was never planned")


def _encode(values: Mapping[str, str | None]) -> str:
    return json.dumps(dict(values), separators=(",", ":"))


def _intent(row: Sequence[Any]) -> Intent:
    intent_id, run_id, person_id, record, expected, target, stamp, state, reason, sent_at_us = row
    return Intent(
        intent_id,
        run_id,
        person_id,
        RecordRef.parse(record),
        json.loads(expected),
        json.loads(target),
        stamp,
        IntentState(state),
        reason,
        sent_at_us,
    )
