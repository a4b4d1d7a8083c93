"""Turns Salesforce's records into rows of streams, and says which cannot be used and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.salesforce.streams import CREATED, CRM, person_fields, zone_of
from leadledger.domain.instants import iso, parse_instant
from leadledger.domain.records import RecordRef
from leadledger.errors import CrmUnavailableError, RecordRejectedError
from leadledger.ports import Kind, Rejected, Row, Stream

LONGEST_TEXT = 131_072
"""Characters of the longest field that Salesforce has (long text area); more is not data of a CRM."""

Record = Mapping[str, Any]
_UTC = ZoneInfo("UTC")
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_DATETIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$", re.ASCII)


def rows_of(
    stream: Stream, records: Sequence[Record], *, increment: bool
) -> tuple[list[Row], list[Rejected]]:
    """Rows and rejected records of one page, in the page's order."""
    rows: list[Row] = []
    rejected: list[Rejected] = []
    make = _MAKERS[stream.kind]
    for record in records:
        id_ = lookup(record, "Id")
        if not isinstance(id_, str) or not id_:
            msg = f"Salesforce {stream.name}: a record without an Id. Run again"
            raise CrmUnavailableError(msg)
        reader = _Reader(stream, record, id_)
        try:
            row = make(reader)
            row |= {path: reader.value(path) for path in stream.fields}
        except RecordRejectedError as error:
            rejected.append(Rejected(reader.ref, error.reason))
            continue
        if stream.kind is Kind.ACTIVITIES and row["person"] is None:
            # Without a person it is nobody's activity; one that lost its person must leave the mirror.
            if not increment:
                continue
            row["deleted"] = True
        rows.append(row)
    return rows, rejected


def lookup(record: Record, path: str) -> Any:
    """The value at a path; None below a parent that is null.

    Salesforce answers in its own spelling of a name, whatever the case in the query. Raises CrmUnavailableError
    when the record does not hold what was selected: a missing column is not a null.
    """
    if path in record:
        return record[path]
    value: Any = record
    for part in path.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping):
            value = {}
        if part in value:
            value = value[part]
            continue
        spelled = next((name for name in value if name.lower() == part.lower()), None)
        if spelled is None:
            msg = f"Salesforce: a record came without the field {path} that was asked for. Run again"
            raise CrmUnavailableError(msg)
        value = value[spelled]
    return value


def text_of(value: Any) -> str | None:
    """A JSON value in our text form: booleans `true`/`false`, whole numbers without a point, instants with `Z`."""
    if value is None:
        return None
    if type(value) is str:  # by far the commonest, so without a pattern match
        return _canonical(value) if value.endswith("+0000") and _DATETIME.match(value) else value
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case _:
            # Compound values (addresses) are not rows' values; their parts are fields of their own.
            return None


def _canonical(text: str) -> str:
    """The same instant as `iso` writes it; a year that no CRM has stays as it came."""
    try:
        return iso(parse_instant(text, _UTC))
    except ValueError:
        return text


class _Reader:
    """One record, read field by field with the checks of ports and delivery."""

    def __init__(self, stream: Stream, record: Record, id_: str) -> None:
        self.stream = stream
        self.ref = RecordRef(CRM, stream.name, id_)
        self._record = record
        self._zone = ZoneInfo(zone_of(stream))

    def text(self, path: str) -> str | None:
        value = text_of(lookup(self._record, path))
        if value is None:
            return None
        if len(value) > LONGEST_TEXT:
            reason = f"{path}: text of {len(value)} characters; at most {LONGEST_TEXT} are read"
            raise RecordRejectedError(str(self.ref), reason)
        if _UNUSABLE.search(value):
            raise RecordRejectedError(str(self.ref), f"{path}: text with NUL or half a character")
        return value

    def instant(self, path: str) -> int | None:
        value = lookup(self._record, path)
        if value is None or value == "":
            return None
        try:
            return parse_instant(str(value), self._zone)
        except (ValueError, OverflowError):
            raise RecordRejectedError(str(self.ref), f"{path}: not a date between 1970 and 2099") from None

    def flag(self, path: str) -> bool:
        return lookup(self._record, path) is True

    def value(self, path: str) -> str | int | None:
        return self.instant(path) if path in self.stream.instants else self.text(path)

    def first(self, paths: Sequence[str]) -> str | None:
        return next((text for path in paths if (text := self.text(path))), None)

    def common(self, modified: str = "SystemModstamp", *, deleted: bool | None = None) -> dict[str, Any]:
        gone = self.flag("IsDeleted") if deleted is None else deleted
        return {"id": self.ref.id, "modified_us": self.instant(modified), "deleted": gone}


def _person(reader: _Reader) -> dict[str, Any]:
    lead = reader.stream.name == "Lead"
    return {
        **reader.common(),
        "account": None if lead else reader.text("AccountId"),
        "owner": reader.text("OwnerId"),
        "created_us": reader.instant("CreatedDate"),
        "converted_to": reader.text("ConvertedContactId") if lead else None,
        "converted_us": reader.instant("ConvertedDate") if lead else None,
        "merged_into": reader.text("MasterRecordId"),
    }


def _account(reader: _Reader) -> dict[str, Any]:
    return {**reader.common(), "owner": reader.text("OwnerId")}


def _activity(reader: _Reader) -> dict[str, Any]:
    return {
        **reader.common(),
        "person": reader.first(person_fields(reader.stream)),
        "person_email": None,
        "at_us": reader.instant("CreatedDate") if CREATED in reader.stream.options else None,
    }


def _change(reader: _Reader) -> dict[str, Any]:
    return {
        **reader.common("CreatedDate"),
        "person": reader.text("LeadId"),
        "field": reader.text("Field"),
        "old": reader.text("OldValue"),
        "new": reader.text("NewValue"),
        "at_us": reader.instant("CreatedDate"),
        "author": reader.text("CreatedById") or "",
    }


def _deal(reader: _Reader) -> dict[str, Any]:
    closed = reader.flag("IsClosed")
    return {
        **reader.common(),
        "created_us": reader.instant("CreatedDate"),
        # CloseDate is a forecast that people type; the stage change is the evidence where it is known.
        "closed_us": (reader.instant("LastStageChangeDate") or reader.instant("CloseDate"))
        if closed
        else None,
        "won": reader.flag("IsWon"),
        "closed": closed,
        "owner": reader.text("OwnerId"),
    }


def _deal_person(reader: _Reader) -> dict[str, Any]:
    lead = reader.stream.name == "LeadConversion"
    return {
        **reader.common(),
        "deal": reader.text("ConvertedOpportunityId" if lead else "OpportunityId"),
        "person": reader.text("Id" if lead else "ContactId"),
    }


def _user(reader: _Reader) -> dict[str, Any]:
    return {
        **reader.common(deleted=False),
        "email": (reader.text("Email") or "").lower(),
        "name": reader.text("Name") or "",
        "active": reader.flag("IsActive"),
        "queue": False,
        "objects": "",
    }


_MAKERS: Mapping[Kind, Callable[[_Reader], dict[str, Any]]] = {
    Kind.PEOPLE: _person,
    Kind.ACCOUNTS: _account,
    Kind.ACTIVITIES: _activity,
    Kind.HISTORY: _change,
    Kind.DEALS: _deal,
    Kind.DEAL_PEOPLE: _deal_person,
    Kind.OWNERS: _user,
}


def queues_of(records: Sequence[Record]) -> list[Row]:
    """Rows of the Owner stream from QueueSobject records: one per queue, with the objects that it may own."""
    objects: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for record in records:
        id_ = str(lookup(record, "QueueId"))
        objects.setdefault(id_, set()).add(str(lookup(record, "SobjectType")))
        names[id_] = str(lookup(record, "Queue.DeveloperName") or lookup(record, "Queue.Name") or "")
    return [
        {
            "id": id_,
            "modified_us": 0,
            "deleted": False,
            "email": "",
            "name": names[id_],
            "active": True,
            "queue": True,
            "objects": ",".join(sorted(objects[id_])),
        }
        for id_ in sorted(objects)
    ]
