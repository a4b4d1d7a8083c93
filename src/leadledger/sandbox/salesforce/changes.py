"""Answers /updated and /deleted: which ids changed, or went away, in a window of time.

Source: REST API Developer Guide, "sObject Get Updated" and "sObject Get Deleted". Seconds are ignored.
"""

from __future__ import annotations

from leadledger.domain.instants import DAY, MINUTE
from leadledger.sandbox.http import JsonObject, Storage
from leadledger.sandbox.salesforce.errors import not_found, refuse
from leadledger.sandbox.salesforce.schema import SObject
from leadledger.sandbox.salesforce.values import read_datetime, stamp

UPDATED_DAYS, DELETED_DAYS = 30, 15


def updated(storage: Storage, sobject: SObject, start: str, end: str, now_us: int) -> JsonObject:
    """`{"ids", "latestDateCovered"}` of rows created or changed in the window. Raises ApiError."""
    low, high = _window(sobject, start, end, now_us, UPDATED_DAYS)
    hidden = ' AND "IsDeleted" = 0' if sobject.has("IsDeleted") else ""
    with storage.lock:
        rows = storage.connection.execute(
            f'SELECT "Id" FROM "{sobject.table}" WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ?{hidden}'
            ' ORDER BY "SystemModstamp", "Id"',
            (low, high),
        ).fetchall()
    return {"ids": [record_id for (record_id,) in rows], "latestDateCovered": _covered(high, now_us)}


def deleted(storage: Storage, sobject: SObject, start: str, end: str, now_us: int) -> JsonObject:
    """`{"deletedRecords", "earliestDateAvailable", "latestDateCovered"}` of the window. Raises ApiError."""
    low, high = _window(sobject, start, end, now_us, DELETED_DAYS)
    rows = []
    if sobject.has("IsDeleted"):
        with storage.lock:
            rows = storage.connection.execute(
                f'SELECT "Id", "SystemModstamp" FROM "{sobject.table}" WHERE "IsDeleted" = 1'
                ' AND "SystemModstamp" >= ? AND "SystemModstamp" < ? ORDER BY "SystemModstamp", "Id"',
                (low, high),
            ).fetchall()
    return {
        "deletedRecords": [{"id": record_id, "deletedDate": at} for record_id, at in rows],
        "earliestDateAvailable": _minute(now_us - DELETED_DAYS * DAY),
        "latestDateCovered": _covered(high, now_us),
    }


def _window(sobject: SObject, start: str, end: str, now_us: int, most_days: int) -> tuple[str, str]:
    if not sobject.has("SystemModstamp"):
        raise not_found()
    if not start or not end:
        raise refuse("MISSING_ARGUMENT", "The start and end parameters are required")
    # An unescaped + arrives as a space; Salesforce is as forgiving.
    low, high = (read_datetime(text.replace(" ", "+")) for text in (start, end))
    if low is None or high is None:
        raise refuse("MALFORMED_DATE", "start and end have to be dates in ISO 8601 with an offset")
    low, high = _cut(low), _cut(high)
    if low >= high:
        message = "startDate must chronologically precede endDate by more than one minute"
        raise refuse("INVALID_REPLICATION_DATE", message)
    if low < _minute(now_us - most_days * DAY):
        message = f"startDate cannot be more than {most_days} days ago"
        raise refuse("INVALID_REPLICATION_DATE", message)
    return low, high


def _cut(text: str) -> str:
    return f"{text[:16]}:00.000+0000"


def _minute(instant_us: int) -> str:
    return stamp(instant_us - instant_us % MINUTE)


def _covered(high: str, now_us: int) -> str:
    return min(high, _minute(now_us))
