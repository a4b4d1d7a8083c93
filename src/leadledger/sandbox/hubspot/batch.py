"""`/crm/objects/{v}/{type}/batch/{read|update|create|archive}`: up to 100 records in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call, object_list, text_list
from leadledger.sandbox.hubspot.associations import inline
from leadledger.sandbox.hubspot.errors import (
    BadValue,
    RefusedError,
    invalid,
    invalid_values,
    values_message,
)
from leadledger.sandbox.hubspot.object_types import ObjectType
from leadledger.sandbox.hubspot.objects import (
    LARGEST_WITH_HISTORY,
    archive,
    find,
    full_body,
    shown,
)
from leadledger.sandbox.hubspot.records import Record, record_id
from leadledger.sandbox.hubspot.stamps import stamp
from leadledger.sandbox.hubspot.writing import apply, checked, create, require_free_email, texts

_LARGEST = 100  # inputs per call (using object APIs)


@dataclass(frozen=True, slots=True)
class _Row:
    """One input of a batch/update that has a record, with its values checked."""

    record: Record
    good: Mapping[str, str]
    bad: Sequence[BadValue]
    written: Sequence[str]
    id: str
    trace: str


def _answer(
    account: Account, started_ms: int, results: list[JsonObject], errors: list[JsonObject], status: int = 200
) -> Response:
    body: JsonObject = {"status": "COMPLETE", "results": results}
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    # A strict consumer stumbles over a batch answer without these two (facts: response shapes).
    body["startedAt"] = stamp(started_ms)
    body["completedAt"] = stamp(account.now_ms())
    return Response.json(207 if errors else status, body)


def _missing(type_: ObjectType, ids: Sequence[str], traces: Sequence[str] = ()) -> JsonObject:
    context: JsonObject = {"ids": list(ids)}
    if any(traces):
        context["objectWriteTraceId"] = [trace for trace in traces if trace]
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {type_.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "context": context,
    }


def batch_read(account: Account, call: Call, type_: ObjectType) -> Response:
    """Records by id or e-mail. Ids that are not there come in one error entry with status 207."""
    started = account.now_ms()
    body = call.json()
    history = account.known(type_.name, text_list(body, "propertiesWithHistory"))
    inputs = object_list(body, "inputs", LARGEST_WITH_HISTORY if history else _LARGEST)
    names = shown(account, type_, text_list(body, "properties"))
    id_property = str(body.get("idProperty") or "")
    archived = call.flag("archived")
    wanted = list(dict.fromkeys(str(item.get("id", "")) for item in inputs))
    known: dict[int, Record] = {}
    if not id_property:
        numbers = [number for id_ in wanted if (number := record_id(id_)) is not None]
        known = account.store.records(type_, numbers)
    found: dict[int, Record] = {}
    missing = []
    for id_ in wanted:
        record = known.get(record_id(id_) or 0)
        if record is None or record.archived != archived:
            record = find(account, type_, id_, id_property, archived=archived)
        if record is None:
            missing.append(id_)
        else:
            found[record.id] = record
    results = [record.body(names, history) for record in found.values()]
    return _answer(account, started, results, [_missing(type_, missing)] if missing else [])


def batch_update(account: Account, call: Call, type_: ObjectType) -> Response:
    """Change up to 100 records.

    A bad value refuses the whole batch with 400 unless the switch `bad_row` says per_row. Ids that do not
    exist are error entries of a 207. An absorbed id is dropped without a word (switch `absorbed_id`).
    """
    started = account.now_ms()
    inputs = object_list(call.json(), "inputs", _LARGEST)
    _refuse_repeated([str(item.get("id", "")) for item in inputs])
    rows: list[_Row] = []
    missing: list[tuple[str, str]] = []
    for item in inputs:
        id_, trace = str(item.get("id", "")), str(item.get("objectWriteTraceId") or "")
        changes = texts(account, item.get("properties", {}))
        record = find(account, type_, id_, str(item.get("idProperty") or ""))
        if record is not None and not item.get("idProperty") and record.id != record_id(id_):
            if account.switches["absorbed_id"] == "dropped":
                continue
            record = None if account.switches["absorbed_id"] == "207" else record
        if record is None:
            missing.append((id_, trace))
            continue
        good, bad = checked(account, record, changes, call.version)
        rows.append(_Row(record, good, bad, list(changes), id_, trace))
    _refuse_repeated([str(row.record.id) for row in rows])
    per_row = account.switches["bad_row"] == "per_row"
    if not per_row and (first := next((row for row in rows if row.bad), None)):
        raise invalid_values(first.bad)
    results: list[JsonObject] = []
    errors: list[JsonObject] = []
    for row in rows:
        error = _row_error(account, row, per_row=per_row)
        if error is not None:
            errors.append(error)
            continue
        apply(account, row.record, row.good, call.source, started)
        account.save(row.record, started)
        results.append(_traced(full_body(row.record, row.written), row.trace))
    if missing:
        errors.append(_missing(type_, [id_ for id_, _ in missing], [trace for _, trace in missing]))
    return _answer(account, started, results, errors)


def _row_error(account: Account, row: _Row, *, per_row: bool) -> JsonObject | None:
    if row.bad:
        return _failed("VALIDATION_ERROR", values_message(row.bad), [row.id], row.trace)
    try:
        require_free_email(account, row.record, row.good)
    except RefusedError:
        if not per_row:
            raise
        return _failed("CONFLICT", "Contact already exists.", [row.id], row.trace)
    return None


def _failed(category: str, message: str, ids: Sequence[str], trace: str) -> JsonObject:
    context: JsonObject = {"ids": list(ids)} if ids else {}
    if trace:
        context["objectWriteTraceId"] = [trace]
    return {"status": "error", "category": category, "message": message, "context": context}


def _traced(body: JsonObject, trace: str) -> JsonObject:
    return {**body, "objectWriteTraceId": trace} if trace else body


def _refuse_repeated(ids: Sequence[str]) -> None:
    repeated = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if repeated:
        raise invalid(f"Duplicate IDs found in batch input: [{', '.join(repeated)}]. IDs must be unique")


def batch_create(account: Account, call: Call, type_: ObjectType) -> Response:
    """Create up to 100 records with inline associations.

    One that is refused refuses all, unless every input has an objectWriteTraceId: then it is one error entry
    of a 207 (using object APIs).
    """
    started = account.now_ms()
    inputs = object_list(call.json(), "inputs", _LARGEST)
    traced = bool(inputs) and all(item.get("objectWriteTraceId") for item in inputs)
    results: list[JsonObject] = []
    errors: list[JsonObject] = []
    for item in inputs:
        trace = str(item.get("objectWriteTraceId") or "")
        properties = texts(account, item.get("properties", {}))
        try:
            with account.store.transaction():
                record = create(account, type_, properties, call.source, call.version)
                account.store.link(inline(account, record, item.get("associations")))
        except RefusedError as refused:
            if not traced:
                raise
            errors.append(_failed(refused.category, refused.message, (), trace))
            continue
        results.append(_traced(full_body(record, properties), trace))
    return _answer(account, started, results, errors, status=201)


def batch_archive(account: Account, call: Call, type_: ObjectType) -> Response:
    """204 for up to 100 ids, whether they exist or not."""
    for item in object_list(call.json(), "inputs", _LARGEST):
        record = find(account, type_, str(item.get("id", "")), "")
        if record is not None:
            archive(account, record)
    return Response(204)
