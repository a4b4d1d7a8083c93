"""Keeps the org's rows: one SQLite table per object, with a typed column per field."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from leadledger.sandbox.http import JsonObject, Storage
from leadledger.sandbox.salesforce import org
from leadledger.sandbox.salesforce.objects import OBJECTS
from leadledger.sandbox.salesforce.schema import IDS, NUMBERS, TEXTS, Field, Kind, SObject
from leadledger.sandbox.salesforce.values import from_story
from leadledger.sandbox.storage import transaction

_CHUNK = 5_000
_INDEXED = (
    ("Task", "WhoId"),
    ("Event", "WhoId"),
    ("Visit__c", "Lead__c"),
    ("Visit__c", "Contact__c"),
    ("CampaignMember", "LeadId"),
    ("CampaignMember", "ContactId"),
    ("LeadHistory", "LeadId"),
    ("ContactHistory", "ContactId"),
    ("Contact", "AccountId"),
    ("Opportunity", "AccountId"),
    ("OpportunityContactRole", "ContactId"),
    ("Lead", "Email"),
    ("Contact", "Email"),
)


def prepare(storage: Storage) -> None:
    """Create what is missing, and teach the connection to compare texts of all scripts without their case."""
    with storage.lock:
        storage.connection.create_function("sf_fold", 1, _fold, deterministic=True)
    with transaction(storage) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS sf_counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
        )
        for sobject in OBJECTS.values():
            columns = ", ".join(_column(field) for field in sobject.fields)
            connection.execute(
                f'CREATE TABLE IF NOT EXISTS "{sobject.table}" (n INTEGER PRIMARY KEY, {columns})'
            )
        for name, definition in _indexes():
            connection.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON {definition}')


def load(storage: Storage, rows: Iterable[tuple[str, JsonObject]]) -> None:
    """Replace everything by the rows of a story. Raises ValueError for an object, field or id that cannot be."""
    with transaction(storage) as connection:
        for name, _ in _indexes():
            connection.execute(f'DROP INDEX IF EXISTS "{name}"')
        for sobject in OBJECTS.values():
            connection.execute(f'DELETE FROM "{sobject.table}"')
        connection.execute("DELETE FROM sf_counter")
        waiting: dict[str, list[tuple[Any, ...]]] = {}
        inserts = {name: _Insert(sobject) for name, sobject in OBJECTS.items()}
        for name, row in rows:
            insert = inserts.get(name)
            if insert is None:
                raise ValueError(f"The Salesforce sandbox has no object {name!r}.")
            chunk = waiting.setdefault(name, [])
            chunk.append(insert.values(row))
            if len(chunk) >= _CHUNK:
                connection.executemany(insert.sql, chunk)
                chunk.clear()
        for name, chunk in waiting.items():
            connection.executemany(inserts[name].sql, chunk)
        _seed(connection)
        for name, definition in _indexes():
            connection.execute(f'CREATE INDEX "{name}" ON {definition}')


def is_empty(storage: Storage) -> bool:
    """Whether no object has a row."""
    with storage.lock:
        return not any(
            storage.connection.execute(f'SELECT 1 FROM "{sobject.table}" LIMIT 1').fetchone()
            for sobject in OBJECTS.values()
        )


def dump(storage: Storage) -> JsonObject:
    """Everything as `{object: {id: {field: value}}}`, objects in schema order, rows in id order."""
    state: JsonObject = {}
    with storage.lock:
        for name, sobject in OBJECTS.items():
            columns = ", ".join(f'"{field.name}"' for field in sobject.fields)
            found = storage.connection.execute(f'SELECT {columns} FROM "{sobject.table}" ORDER BY "Id"')
            state[name] = {row[0]: as_json(sobject, row) for row in found}
    return state


def fetch(connection: sqlite3.Connection, sobject: SObject, record_id: str) -> JsonObject | None:
    """One row in API form; None when there is no such id."""
    columns = ", ".join(f'"{field.name}"' for field in sobject.fields)
    row = connection.execute(
        f'SELECT {columns} FROM "{sobject.table}" WHERE "Id" = ?', (record_id,)
    ).fetchone()
    return None if row is None else as_json(sobject, row)


def insert(connection: sqlite3.Connection, sobject: SObject, row: Mapping[str, Any]) -> None:
    """Add a row whose values are in column form."""
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    connection.execute(f'INSERT INTO "{sobject.table}" ({names}) VALUES ({marks})', tuple(row.values()))


def update(
    connection: sqlite3.Connection, sobject: SObject, record_id: str, columns: Mapping[str, Any]
) -> None:
    """Change columns of a row; the values are in column form."""
    changes = ", ".join(f'"{name}" = ?' for name in columns)
    connection.execute(
        f'UPDATE "{sobject.table}" SET {changes} WHERE "Id" = ?', (*columns.values(), record_id)
    )


def as_json(sobject: SObject, row: tuple[Any, ...]) -> JsonObject:
    """A row of all columns, in field order, in API form."""
    return {
        field.name: bool(value) if field.kind is Kind.BOOLEAN else value
        for field, value in zip(sobject.fields, row, strict=True)
    }


class _Insert:
    """How a story's rows of one object become tuples."""

    def __init__(self, sobject: SObject) -> None:
        self._sobject = sobject
        self._known = {field.name for field in sobject.fields} | {"IsDeleted", "attributes"}
        self._converters = tuple((field.name, from_story(field)) for field in sobject.fields)
        names = ", ".join(f'"{field.name}"' for field in sobject.fields)
        marks = ", ".join("?" for _ in sobject.fields)
        self.sql = f'INSERT INTO "{sobject.table}" ({names}) VALUES ({marks})'
        self._named = sobject.has("LastName") and sobject.has("Name")

    def values(self, row: JsonObject) -> tuple[Any, ...]:
        """The column values of a row. Raises ValueError."""
        if not self._known.issuperset(row):
            unknown = sorted(set(row) - self._known)
            raise ValueError(f"{self._sobject.name} of the Salesforce sandbox has no field {unknown[0]!r}.")
        record_id = row.get("Id", "")
        if len(record_id) != 18 or not record_id.startswith(self._sobject.key_prefix):
            raise ValueError(
                f"A {self._sobject.name} needs an Id of 18 characters that starts with {self._sobject.key_prefix}."
            )
        values = tuple(convert(row.get(name)) for name, convert in self._converters)
        if self._named and not row.get("Name"):
            full = full_name(row)
            return tuple(
                full if name == "Name" else value
                for (name, _), value in zip(self._converters, values, strict=True)
            )
        return values


def full_name(row: Mapping[str, Any]) -> str | None:
    """The Name of a person: salutation is not part of it."""
    return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part) or None


def _seed(connection: sqlite3.Connection) -> None:
    """The rows that every org has, unless the story brought them."""
    stamps = {
        "CreatedDate": org.SEED_STAMP,
        "LastModifiedDate": org.SEED_STAMP,
        "SystemModstamp": org.SEED_STAMP,
    }
    by = {"CreatedById": org.INTEGRATION_USER_ID, "LastModifiedById": org.INTEGRATION_USER_ID}
    seeds: list[tuple[str, dict[str, Any]]] = [
        (
            "User",
            {
                "Id": org.INTEGRATION_USER_ID,
                "Username": org.INTEGRATION_USERNAME,
                "LastName": "Integration",
                "Name": "Integration",
                "Email": org.INTEGRATION_USERNAME,
                "Alias": "integ",
                "IsActive": 1,
                "UserType": "Standard",
                "TimeZoneSidKey": "GMT",
            },
        ),
        (
            "Organization",
            {
                "Id": org.ORG_ID,
                "Name": "Leadledger Sandbox",
                "OrganizationType": "Developer Edition",
                "IsSandbox": 1,
                "TimeZoneSidKey": "GMT",
            },
        ),
        (
            "Group",
            {
                "Id": org.ASSIGNMENT_QUEUE_ID,
                "Name": "Default Lead Queue",
                "DeveloperName": "Default_Lead_Queue",
                "Type": "Queue",
            },
        ),
        (
            "QueueSobject",
            {"Id": "03g9S000000DfltEAE", "QueueId": org.ASSIGNMENT_QUEUE_ID, "SobjectType": "Lead"},
        ),
    ]
    if connection.execute('SELECT 1 FROM "sf_LeadStatus" LIMIT 1').fetchone() is None:
        status = OBJECTS["Lead"].by_name["status"]
        seeds += [
            (
                "LeadStatus",
                {
                    "Id": f"01J9S000000St0{order}EAE",
                    "MasterLabel": label,
                    "ApiName": label,
                    "SortOrder": order,
                    "IsDefault": int(label == status.default),
                    "IsConverted": int(label == "Closed - Converted"),
                },
            )
            for order, label in enumerate(status.values, start=1)
        ]
    for name, row in seeds:
        sobject = OBJECTS[name]
        if fetch(connection, sobject, row["Id"]) is None:
            insert(connection, sobject, {**row, **stamps, **by})


def _column(field: Field) -> str:
    if field.kind is Kind.ID:
        return '"Id" TEXT NOT NULL UNIQUE'
    if field.kind is Kind.BOOLEAN:
        return f'"{field.name}" INTEGER NOT NULL DEFAULT 0'
    if field.kind is Kind.INT:
        return f'"{field.name}" INTEGER'
    if field.kind in NUMBERS:
        return f'"{field.name}" REAL'
    collation = " COLLATE NOCASE" if field.kind in TEXTS and field.kind not in IDS else ""
    return f'"{field.name}" TEXT{collation}'


def _indexes() -> Iterable[tuple[str, str]]:
    for sobject in OBJECTS.values():
        cursor = "SystemModstamp" if sobject.has("SystemModstamp") else "CreatedDate"
        yield f"{sobject.table}_cursor", f'"{sobject.table}" ("{cursor}", "Id")'
    for name, column in _INDEXED:
        yield f"sf_{name}_{column}", f'"sf_{name}" ("{column}")'


def _fold(value: str | float | None) -> str | float | None:
    return value.lower() if isinstance(value, str) else value
