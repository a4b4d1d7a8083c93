"""Reads rows afresh by id and writes them in batches: sObject Collections (facts section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.crm.salesforce.errors import fault_of
from leadledger.crm.salesforce.rows import lookup, text_of
from leadledger.crm.salesforce.schema import Column, to_json
from leadledger.crm.salesforce.streams import CRM, NAME
from leadledger.domain.intents import IntentState, Outcome
from leadledger.domain.records import RecordRef
from leadledger.errors import (
    BugError,
    ConfigError,
    CrmUnavailableError,
    RecordRejectedError,
    WriteInDoubtError,
)

READ_ROWS = 2000
"""Ids per call: sObject Collections, retrieve with a body."""
WRITE_ROWS = 200
"""Rows per call: sObject Collections, update."""
COLLECTIONS = "composite/sobjects"

log = structlog.get_logger()
Values = Mapping[str, str | None]


def read_rows(
    api: SalesforceApi, object_: str, ids: Sequence[str], fields: Sequence[str]
) -> dict[str, dict[str, str | None]]:
    """Present values by id, in our text form; an id that is gone or hidden is missing."""
    _check_names(object_, fields)
    found: dict[str, dict[str, str | None]] = {}
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), READ_ROWS):
        part = wanted[start : start + READ_ROWS]
        body = {"ids": part, "fields": ["Id", *fields]}
        reply = api.read("POST", f"/{COLLECTIONS}/{object_}", api=f"{COLLECTIONS} read", json=body)
        records = reply.json()
        if not isinstance(records, list) or len(records) != len(part):
            msg = f"{reply.describe()}: {object_} came back with another number of rows than asked for. Run again"
            raise CrmUnavailableError(msg)
        for id_, record in zip(part, records, strict=True):
            if record is not None:
                found[id_] = {field: text_of(lookup(record, field)) for field in fields}
    return found


def write_rows(
    api: SalesforceApi,
    object_: str,
    rows: Mapping[str, Values],
    columns: Mapping[str, Column],
    zone: ZoneInfo,
) -> list[Outcome]:
    """One outcome per row, in the rows' order. Values that a field cannot hold are refused before anything leaves."""
    if len(rows) > WRITE_ROWS:
        msg = f"{len(rows)} rows in one write; Salesforce takes {WRITE_ROWS}"
        raise BugError(msg)
    _check_names(object_, {field for values in rows.values() for field in values})
    outcomes: dict[str, Outcome] = {}
    ready: dict[str, dict[str, Any]] = {}
    for id_, values in rows.items():
        ref = RecordRef(CRM, object_, id_)
        try:
            ready[id_] = {
                field: to_json(_column(columns, object_, field), text, str(ref), zone)
                for field, text in values.items()
            }
        except RecordRejectedError as error:
            outcomes[id_] = Outcome(ref, IntentState.REFUSED, error.reason)
    if ready:
        sent = _sent(api, object_, ready)
        outcomes |= {outcome.record.id: outcome for outcome in sent}
    log.info(
        "write.answered",
        crm=CRM,
        object=object_,
        count=len(rows),
        **{state.value: sum(o.state is state for o in outcomes.values()) for state in _STATES},
    )
    return [outcomes[id_] for id_ in rows]


_STATES = (IntentState.CONFIRMED, IntentState.REFUSED, IntentState.UNKNOWN)


def _sent(api: SalesforceApi, object_: str, rows: Mapping[str, Mapping[str, Any]]) -> list[Outcome]:
    records = [{"attributes": {"type": object_}, "id": id_, **values} for id_, values in rows.items()]
    try:
        reply = api.send(
            "PATCH", f"/{COLLECTIONS}", api=COLLECTIONS, body={"allOrNone": False, "records": records}
        )
    except WriteInDoubtError as error:
        return [Outcome(RecordRef(CRM, object_, id_), IntentState.UNKNOWN, str(error)) for id_ in rows]
    except ConfigError as error:
        return [Outcome(RecordRef(CRM, object_, id_), IntentState.REFUSED, str(error)) for id_ in rows]
    except BugError as error:
        # The whole call was refused for something inside it: halve it until only the bad row is refused.
        if len(rows) == 1:
            return [Outcome(RecordRef(CRM, object_, id_), IntentState.REFUSED, str(error)) for id_ in rows]
        items = list(rows.items())
        middle = len(items) // 2
        return _sent(api, object_, dict(items[:middle])) + _sent(api, object_, dict(items[middle:]))
    return _outcomes(object_, rows, reply.json() if reply.body else None)


def _outcomes(object_: str, rows: Mapping[str, Mapping[str, Any]], results: Any) -> list[Outcome]:
    ids = list(rows)
    if not isinstance(results, list) or len(results) > len(ids):
        results = []
    # Order is kept, and a failed row may come without its id: the position tells which row is meant.
    padded = [*results, *[None] * (len(ids) - len(results))]
    return [_outcome(object_, id_, result, rows[id_]) for id_, result in zip(ids, padded, strict=True)]


def _outcome(object_: str, id_: str, result: Any, sent: Mapping[str, Any]) -> Outcome:
    ref = RecordRef(CRM, object_, id_)
    success = result.get("success") if isinstance(result, dict) else None
    if success is True and str(result.get("id") or id_)[:15] == id_[:15]:
        return Outcome(ref, IntentState.CONFIRMED)
    if success is False:
        errors = result.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        secrets = [str(value) for value in sent.values() if isinstance(value, str)]
        return Outcome(ref, IntentState.REFUSED, fault_of(first, secrets).as_reason())
    return Outcome(ref, IntentState.UNKNOWN, "Salesforce's answer does not say what became of this row")


def _column(columns: Mapping[str, Column], object_: str, field: str) -> Column:
    if field in columns:
        return columns[field]
    found = next((column for name, column in columns.items() if name.lower() == field.lower()), None)
    if found is None:
        raise RecordRejectedError(
            object_, f"{field}: no such field, or the integration user may not see it. Correct writeback.yaml"
        )
    return found


def _check_names(object_: str, fields: Sequence[str] | set[str]) -> None:
    bad = [name for name in (object_, *sorted(fields)) if not NAME.match(name)]
    if bad:
        msg = f"{bad[0][:80]!r} is no name of a Salesforce object or field. Correct it in the definition"
        raise ConfigError(msg)
