"""Writes the field history of leads and contacts: one row per change of a tracked field."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from leadledger.sandbox.salesforce.ids import new_id
from leadledger.sandbox.salesforce.objects import OBJECTS
from leadledger.sandbox.salesforce.schema import IDS, Kind, SObject
from leadledger.sandbox.salesforce.tables import insert


def record_creation(
    connection: sqlite3.Connection, sobject: SObject, record_id: str, *, by: str, at: str
) -> None:
    """The row that every tracked record starts with. Does nothing for an object without history."""
    if sobject.history:
        _write(connection, sobject, record_id, {"Field": "created", "DataType": "Text"}, by=by, at=at)


def record_changes(
    connection: sqlite3.Connection,
    sobject: SObject,
    before: Mapping[str, Any],
    columns: Mapping[str, Any],
    *,
    by: str,
    at: str,
) -> None:
    """One row per tracked field whose value differs. Real orgs write two for an owner (name and id): here the ids."""
    for field_name, shown_as in sobject.tracked.items():
        if field_name not in columns or columns[field_name] == before[field_name]:
            continue
        field = sobject.by_name[field_name.lower()]
        kind = "EntityId" if field.kind in IDS else "Boolean" if field.kind is Kind.BOOLEAN else "DynamicEnum"
        change = {
            "Field": shown_as,
            "DataType": kind,
            "OldValue": _text(before[field_name]),
            "NewValue": _text(columns[field_name], boolean=field.kind is Kind.BOOLEAN),
        }
        _write(connection, sobject, before["Id"], change, by=by, at=at)


def _write(
    connection: sqlite3.Connection,
    sobject: SObject,
    record_id: str,
    change: Mapping[str, Any],
    *,
    by: str,
    at: str,
) -> None:
    history = OBJECTS[sobject.history]
    row = {
        "Id": new_id(connection, history.key_prefix),
        f"{sobject.name}Id": record_id,
        **change,
        "CreatedById": by,
        "CreatedDate": at,
        "IsDeleted": 0,
    }
    insert(connection, history, row)


def _text(value: object, *, boolean: bool = False) -> str | None:
    if value is None:
        return None
    if boolean or isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
