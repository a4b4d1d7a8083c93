"""Answers sObject Collections: up to 200 writes or 2,000 reads in a call, with a result per row.

Source: REST API Developer Guide, "Use sObject Collections". The key of an error's code is `statusCode` here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.salesforce.errors import ApiError, Problem, refuse
from leadledger.sandbox.salesforce.ids import canonical
from leadledger.sandbox.salesforce.objects import OBJECTS, find_object
from leadledger.sandbox.salesforce.query import read_fields
from leadledger.sandbox.salesforce.rows import Rows
from leadledger.sandbox.salesforce.schema import SObject
from leadledger.sandbox.salesforce.tables import fetch
from leadledger.sandbox.salesforce.values import WRONG_TYPE
from leadledger.sandbox.storage import transaction

MAX_WRITES = 200
MAX_READS = 2_000
MAX_CHUNKS = 10

_ROLLED_BACK = ApiError(
    Problem(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
    )
)


@dataclass(frozen=True, slots=True)
class _Item:
    """One row of a call: its object, its id (none for a create) and the fields."""

    sobject: SObject | None
    record_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SobjectCollections:
    """The collection resources over the rows of the org."""

    rows: Rows

    def update(self, body: JsonObject, *, auto_assign: bool) -> list[JsonObject]:
        """PATCH composite/sobjects: a result per row, in order. Raises ApiError for a malformed call."""
        items, all_or_none = _read_body(body)
        seen: set[str] = set()

        def one(item: _Item) -> str:
            sobject, record_id = _target(item)
            if record_id in seen:
                raise refuse("DUPLICATE_VALUE", f"duplicate id in the request: {record_id}")
            seen.add(record_id)
            self.rows.change(sobject, record_id, item.body, auto_assign=auto_assign)
            return record_id

        return self._each(items, one, all_or_none=all_or_none)

    def create(self, body: JsonObject, *, auto_assign: bool) -> list[JsonObject]:
        """POST composite/sobjects."""
        items, all_or_none = _read_body(body)

        def one(item: _Item) -> str:
            if item.sobject is None:
                raise _no_such_type()
            if item.record_id:
                raise refuse("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
            return self.rows.create(item.sobject, item.body, auto_assign=auto_assign)

        return self._each(items, one, all_or_none=all_or_none)

    def delete(self, ids: str, *, all_or_none: bool) -> list[JsonObject]:
        """DELETE composite/sobjects?ids=…"""
        wanted = [text for text in ids.split(",") if text]
        if not wanted:
            raise refuse("MISSING_ARGUMENT", "The ids parameter is required")
        _limit(wanted, MAX_WRITES)
        items = [_Item(_by_prefix(text), text, {}) for text in wanted]

        def one(item: _Item) -> str:
            sobject, record_id = _target(item)
            self.rows.delete(sobject, record_id)
            return record_id

        return self._each(items, one, all_or_none=all_or_none)

    def read(self, sobject: SObject, ids: Sequence[Any], fields: Sequence[Any]) -> list[JsonObject | None]:
        """GET and POST composite/sobjects/X: rows in the order of the ids, None for what is not there."""
        if not ids or not fields or not all(isinstance(text, str) for text in (*ids, *fields)):
            raise refuse("MISSING_ARGUMENT", "ids and fields are required, as lists of texts")
        _limit(ids, MAX_READS)
        names = read_fields(sobject, fields)
        found: list[JsonObject | None] = []
        with self.rows.storage.lock:
            for text in ids:
                record_id = canonical(text)
                if record_id is None:
                    raise refuse("MALFORMED_ID", f"malformed id {text[:30]}")
                row = fetch(self.rows.storage.connection, sobject, record_id)
                found.append(
                    None if row is None or row.get("IsDeleted") else {n: row[n] for n in ("Id", *names)}
                )
        return found

    def _each(
        self, items: Sequence[_Item], one: Callable[[_Item], str], *, all_or_none: bool
    ) -> list[JsonObject]:
        results: list[JsonObject] = []
        failed = False
        with transaction(self.rows.storage) as connection:
            connection.execute("SAVEPOINT collection")
            for item in items:
                connection.execute("SAVEPOINT row")
                try:
                    results.append({"id": one(item), "success": True, "errors": []})
                except ApiError as error:
                    connection.execute("ROLLBACK TO row")
                    failed = True
                    results.append(_in_collections(error).row(canonical(item.record_id)))
                connection.execute("RELEASE row")
            if failed and all_or_none:
                connection.execute("ROLLBACK TO collection")
                results = [
                    _ROLLED_BACK.row(canonical(item.record_id)) if result["success"] else result
                    for item, result in zip(items, results, strict=True)
                ]
            connection.execute("RELEASE collection")
        return results


def _read_body(body: JsonObject) -> tuple[list[_Item], bool]:
    if unknown := sorted(set(body) - {"allOrNone", "records"}):
        raise refuse("JSON_PARSER_ERROR", f'Unrecognized field "{unknown[0]}" at [line:1, column:1]')
    records, all_or_none = body.get("records"), body.get("allOrNone", False)
    if not isinstance(records, list) or not records or not isinstance(all_or_none, bool):
        raise refuse("MISSING_ARGUMENT", "The records list is required, and allOrNone is true or false")
    _limit(records, MAX_WRITES)
    items = [_read_item(record) for record in records]
    chunks = sum(
        1
        for before, item in zip([None, *items], items, strict=False)
        if not before or before.sobject != item.sobject
    )
    if chunks > MAX_CHUNKS:
        message = f"Cannot have more than {MAX_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking."
        raise refuse("LIMIT_EXCEEDED", message)
    return items, all_or_none


def _read_item(record: object) -> _Item:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(attributes, dict):
        raise refuse("INVALID_INPUT", "Every record needs attributes with a type")
    record_id = next((value for name, value in record.items() if name.lower() == "id"), "")
    return _Item(find_object(str(attributes.get("type", ""))), str(record_id or ""), record)


def _target(item: _Item) -> tuple[SObject, str]:
    if item.sobject is None:
        raise _no_such_type()
    if not item.record_id:
        raise refuse("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
    record_id = canonical(item.record_id)
    if record_id is None:
        raise refuse("MALFORMED_ID", f"Record ID: id value of incorrect type: {item.record_id[:30]}", "Id")
    return item.sobject, record_id


def _no_such_type() -> ApiError:
    return refuse("INVALID_TYPE", "sObject type is not supported")


def _by_prefix(record_id: str) -> SObject | None:
    return next((item for item in OBJECTS.values() if record_id.startswith(item.key_prefix)), None)


def _limit(rows: Sequence[object], most: int) -> None:
    if len(rows) > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise refuse("EXCEEDED_ID_LIMIT", message)


def _in_collections(error: ApiError) -> ApiError:
    """The codes that a row has in Collections where the single-row resource says it otherwise."""
    codes = {WRONG_TYPE: "INVALID_TYPE_ON_FIELD_IN_RECORD", "NOT_FOUND": "INVALID_CROSS_REFERENCE_KEY"}
    return ApiError(
        *(
            replace(
                problem,
                code=codes.get(problem.code, problem.code),
                message="invalid cross reference id" if problem.code == "NOT_FOUND" else problem.message,
            )
            for problem in error.problems
        )
    )
