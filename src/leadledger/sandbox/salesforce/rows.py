"""Creates, changes and deletes single rows as Salesforce does: checks, assignment rule, stamps, history."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadledger.sandbox.http import JsonObject, SandboxClock, Storage
from leadledger.sandbox.salesforce import org
from leadledger.sandbox.salesforce.derived import derive
from leadledger.sandbox.salesforce.errors import ApiError, Problem, refuse
from leadledger.sandbox.salesforce.history import record_changes, record_creation
from leadledger.sandbox.salesforce.ids import canonical, new_id
from leadledger.sandbox.salesforce.objects import OBJECTS
from leadledger.sandbox.salesforce.schema import Field, Kind, SObject
from leadledger.sandbox.salesforce.tables import fetch, insert, update
from leadledger.sandbox.salesforce.values import stamp, to_column
from leadledger.sandbox.storage import transaction

_NOT_DATA = frozenset({"attributes", "id"})


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the org. Every method is one transaction, or joins the one that is open."""

    storage: Storage
    clock: SandboxClock

    def read(self, sobject: SObject, record_id: str) -> JsonObject:
        """One row in API form. Raises ApiError NOT_FOUND or ENTITY_IS_DELETED."""
        with self.storage.lock:
            return _existing(self.storage.connection, sobject, record_id)

    def create(self, sobject: SObject, body: Mapping[str, Any], *, auto_assign: bool) -> str:
        """Add a row and return its id. Raises ApiError with all problems of the row."""
        if not sobject.createable:
            raise refuse(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {sobject.label}"
            )
        with transaction(self.storage) as connection:
            at, by = self._now(), org.INTEGRATION_USER_ID
            columns = _writable(sobject, body, creating=True)
            for field in sobject.fields:
                if field.createable and field.name not in columns and field.default is not None:
                    columns[field.name] = to_column(field, field.default)
            if sobject.has("OwnerId"):
                columns.setdefault("OwnerId", by)
            if sobject.name == "Lead" and auto_assign:
                columns["OwnerId"] = org.ASSIGNMENT_QUEUE_ID
            _require(sobject, columns, creating=True)
            _check_references(connection, sobject, {}, columns)
            _check_unique(connection, sobject, columns)
            record_id = new_id(connection, sobject.key_prefix)
            stamps = {"CreatedDate": at, "CreatedById": by, **_modified(sobject, at, by)}
            row = {"Id": record_id, **stamps, **columns, **derive(sobject, {}, columns, at)}
            insert(connection, sobject, row)
            record_creation(connection, sobject, record_id, by=by, at=at)
        return record_id

    def change(self, sobject: SObject, record_id: str, body: Mapping[str, Any], *, auto_assign: bool) -> None:
        """Write fields of a row. Stamps move even when no value does. Raises ApiError with all problems."""
        if not sobject.updateable:
            message = f"entity type cannot be updated: {sobject.label}"
            raise refuse("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        with transaction(self.storage) as connection:
            before = _existing(connection, sobject, record_id)
            if before.get("IsConverted"):
                raise refuse("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
            columns = _writable(sobject, body, creating=False)
            _require(sobject, columns, creating=False)
            if sobject.name == "Lead" and auto_assign:
                columns["OwnerId"] = org.ASSIGNMENT_QUEUE_ID
            _check_references(connection, sobject, before, columns)
            self._apply(connection, sobject, before, columns, by=org.INTEGRATION_USER_ID)

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Move a row to the recycle bin. Raises ApiError."""
        if not sobject.deletable or not sobject.has("IsDeleted"):
            raise refuse("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be deleted: {sobject.label}")
        with transaction(self.storage) as connection:
            before = _existing(connection, sobject, record_id)
            self._apply(connection, sobject, before, {"IsDeleted": 1}, by=org.INTEGRATION_USER_ID)

    def edit(self, sobject: SObject, record_id: str, fields: Mapping[str, Any], *, by: str) -> None:
        """Change a row as a person: read-only fields too, no rule, but stamps and history. Raises KeyError."""
        with transaction(self.storage) as connection:
            before = fetch(connection, sobject, canonical(record_id) or record_id)
            if before is None:
                raise KeyError(f"{sobject.name} {record_id}")
            columns: dict[str, Any] = {}
            for name, value in fields.items():
                field = sobject.find(name)
                if field is None or field.kind is Kind.ID:
                    raise KeyError(f"{sobject.name}.{name}")
                columns[field.name] = to_column(field, value)
            self._apply(connection, sobject, before, columns, by=_user(connection, by))

    def _apply(
        self,
        connection: sqlite3.Connection,
        sobject: SObject,
        before: Mapping[str, Any],
        columns: Mapping[str, Any],
        *,
        by: str,
    ) -> None:
        at = self._now()
        changed = {**derive(sobject, before, columns, at), **columns}
        # A stamp that a person sets by hand in the control panel (to replay an old state) stays as set.
        written = {**_modified(sobject, at, by), **changed}
        update(connection, sobject, before["Id"], written)
        record_changes(connection, sobject, before, changed, by=by, at=at)

    def _now(self) -> str:
        return stamp(self.clock.now_us())


def _existing(connection: sqlite3.Connection, sobject: SObject, text: str) -> JsonObject:
    record_id = canonical(text)
    if record_id is None:
        raise refuse("MALFORMED_ID", f"bad id {text[:30]}")
    row = fetch(connection, sobject, record_id)
    if row is None:
        raise refuse("NOT_FOUND", "The requested resource does not exist")
    if row.get("IsDeleted"):
        raise refuse("ENTITY_IS_DELETED", "entity is deleted")
    return row


def _writable(sobject: SObject, body: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    """The columns of a body. Raises ApiError: unknown fields first, then read-only ones, then all values."""
    columns: dict[str, Any] = {}
    unknown: list[Problem] = []
    read_only: list[str] = []
    wrong: list[Problem] = []
    for name, value in body.items():
        if name.lower() in _NOT_DATA:
            continue
        field = sobject.find(name)
        if field is None:
            unknown.append(
                Problem("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
            )
        elif not (field.createable if creating else field.updateable):
            read_only.append(field.name)
        else:
            try:
                columns[field.name] = to_column(field, value)
            except ApiError as error:
                wrong += error.problems
    if unknown:
        raise ApiError(*unknown)
    if read_only:
        message = (
            f"Unable to create/update fields: {', '.join(read_only)}. Please check the security settings of this"
            " field and verify that it is read/write for your profile or permission set."
        )
        raise refuse("INVALID_FIELD_FOR_INSERT_UPDATE", message, *read_only)
    if wrong:
        raise ApiError(*wrong)
    return columns


def _require(sobject: SObject, columns: Mapping[str, Any], *, creating: bool) -> None:
    missing = [
        field.name
        for field in sobject.fields
        if not field.nillable
        and (field.createable or field.updateable)
        and (creating or field.name in columns)
        and columns.get(field.name) is None
        and field.kind is not Kind.BOOLEAN
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise refuse("REQUIRED_FIELD_MISSING", message, *missing)


def _check_references(
    connection: sqlite3.Connection,
    sobject: SObject,
    before: Mapping[str, Any],
    columns: Mapping[str, Any],
) -> None:
    for name, value in columns.items():
        field = sobject.by_name[name.lower()]
        if field.kind is Kind.REFERENCE and field.references and value and value != before.get(name):
            _check_reference(connection, sobject, field, value)


def _check_reference(connection: sqlite3.Connection, sobject: SObject, field: Field, value: str) -> None:
    targets = [OBJECTS[name] for name in field.references]
    target = next((item for item in targets if value.startswith(item.key_prefix)), None)
    if target is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, field.name)
    row = fetch(connection, target, value)
    if row is None or row.get("IsDeleted"):
        raise refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
    if field.name != "OwnerId":
        return
    if target.name == "User" and not row["IsActive"]:
        message = f"operation performed with inactive user [{value}] as owner of {sobject.name.lower()}"
        raise refuse("INACTIVE_OWNER_OR_USER", message)
    if target.name == "Group" and not _takes(connection, value, sobject):
        message = f"Queue not associated with this SObject type: {value}"
        raise refuse("FIELD_INTEGRITY_EXCEPTION", message, field.name)


def _takes(connection: sqlite3.Connection, queue_id: str, sobject: SObject) -> bool:
    """Whether a group is a queue for this object."""
    return bool(
        connection.execute(
            'SELECT 1 FROM "sf_QueueSobject" q JOIN "sf_Group" g ON g."Id" = q."QueueId"'
            ' WHERE q."QueueId" = ? AND q."SobjectType" = ? AND g."Type" = \'Queue\'',
            (queue_id, sobject.name),
        ).fetchone()
    )


def _check_unique(connection: sqlite3.Connection, sobject: SObject, columns: Mapping[str, Any]) -> None:
    if sobject.name != "CampaignMember":
        return
    taken = connection.execute(
        'SELECT 1 FROM "sf_CampaignMember" WHERE "CampaignId" = ? AND "IsDeleted" = 0'
        ' AND ("LeadId" = ? OR "ContactId" = ?)',
        (columns.get("CampaignId"), columns.get("LeadId"), columns.get("ContactId")),
    ).fetchone()
    if taken:
        raise refuse("DUPLICATE_VALUE", "Already a campaign member.")


def _modified(sobject: SObject, at: str, by: str) -> dict[str, Any]:
    stamps = {"LastModifiedDate": at, "LastModifiedById": by, "SystemModstamp": at}
    return {name: value for name, value in stamps.items() if sobject.has(name)}


def _user(connection: sqlite3.Connection, by: str) -> str:
    """The id of a user who is named by id, username, e-mail address, alias or name. Raises KeyError."""
    found = connection.execute(
        'SELECT "Id" FROM "sf_User" WHERE ? IN ("Id", "Username", "Email", "Alias", "Name") ORDER BY "Id"',
        (canonical(by) or by,),
    ).fetchone()
    if found is None:
        raise KeyError(f"User {by}")
    return str(found[0])
