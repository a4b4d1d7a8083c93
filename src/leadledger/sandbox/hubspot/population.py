"""How a story's rows get into the account, how its whole state gets out, and what people change in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.account import Account
from leadledger.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType, find_type, primary_type_id
from leadledger.sandbox.hubspot.objects import archive
from leadledger.sandbox.hubspot.records import History, Record, Source
from leadledger.sandbox.hubspot.records import record_id as read_id
from leadledger.sandbox.hubspot.stamps import instant_ms, normal_stamp, stamp
from leadledger.sandbox.hubspot.values import check_all
from leadledger.sandbox.hubspot.writing import apply

_MARK = ("state", "loaded")
_BATCH = 2_000
_DOCUMENTS = ("owners", "forms")
_DEFINITIONS = ("property_definitions", "property_groups")


def is_empty(account: Account) -> bool:
    """Whether no story has been loaded into the store yet."""
    return account.store.document(*_MARK) is None


def load(account: Account, rows: Iterable[tuple[str, JsonObject]]) -> None:
    """Replace everything by a story's rows.

    Raises ValueError for a row of an unknown object, or one whose id, stamps or associations cannot be read;
    the account is then as it was.
    """
    try:
        with account.store.transaction():
            account.store.clear()
            records: list[tuple[Record, int]] = []
            links: list[tuple[str, int, str, int, bool]] = []
            submissions: list[JsonObject] = []
            for object_, row in rows:
                type_ = find_type(object_)
                if type_ is not None:
                    records.append(_read(account, type_, row))
                    links.extend(_links(type_, int(row["id"]), row.get("associations") or {}))
                elif object_ == "form_submissions":
                    submissions.append(row)
                else:
                    _keep(account, object_, row)
                if len(records) >= _BATCH:
                    account.store.insert(records)
                    account.store.link(links)
                    records.clear()
                    links.clear()
            account.store.insert(records)
            account.store.link(links)
            account.store.add_submissions(submissions)
            account.store.keep(*_MARK, {"at": stamp(account.now_ms())})
    finally:
        account.schema.reload()


def _keep(account: Account, object_: str, row: JsonObject) -> None:
    if object_ in _DOCUMENTS:
        account.store.keep(object_, str(row["id"]), {**row, "id": str(row["id"])})
    elif object_ in _DEFINITIONS:
        account.store.keep(object_, f"{row['object']}.{row['body']['name']}", row)
    else:
        raise ValueError(
            f"HubSpot's sandbox has no object {object_!r}; known are "
            f"{', '.join(type_.name for type_ in OBJECT_TYPES)}, owners, forms and form_submissions"
        )


def _read(account: Account, type_: ObjectType, row: JsonObject) -> tuple[Record, int]:
    id_ = int(row["id"])
    created_ms, updated_ms = instant_ms(row["createdAt"]), instant_ms(row["updatedAt"])
    properties = {name: str(value) for name, value in row["properties"].items() if value is not None}
    properties["hs_object_id"] = str(id_)
    properties.setdefault(type_.created, stamp(created_ms))
    properties.setdefault(type_.modified, stamp(updated_ms))
    archived = bool(row.get("archived"))
    archived_at = row.get("archivedAt")
    record = Record(
        type=type_,
        id=id_,
        properties=properties,
        created_ms=created_ms,
        updated_ms=updated_ms,
        archived=archived,
        archived_ms=instant_ms(archived_at) if archived_at else (updated_ms if archived else None),
    )
    history = row.get("history")
    if history:
        record.history.update(_history(history))
    absorbed = [part for part in properties.get("hs_merged_object_ids", "").split(";") if part.strip()]
    if absorbed:
        account.store.absorb((type_.name, int(part), id_) for part in absorbed)
    return record, instant_ms(properties[type_.modified])


def _history(given: Mapping[str, Iterable[JsonObject]]) -> History:
    return {
        name: sorted(
            ({**entry, "timestamp": normal_stamp(entry["timestamp"])} for entry in entries),
            key=itemgetter("timestamp"),
            reverse=True,
        )
        for name, entries in given.items()
    }


def _links(
    type_: ObjectType, id_: int, linked: Mapping[str, Iterable[Any]]
) -> Iterator[tuple[str, int, str, int, bool]]:
    for word, ids in linked.items():
        to = find_type(word)
        if to is None:
            raise ValueError(f"{type_.name} {id_} is associated with {word!r}, which is no object of HubSpot")
        # The first company of a contact or deal is its primary one.
        has_primary = to.name == "companies" and primary_type_id(type_, to) is not None
        for position, other in enumerate(ids):
            yield type_.name, id_, to.name, int(other), has_primary and position == 0


def dump(account: Account) -> JsonObject:
    """`{object: {id: row}}`; rows have the form that `load` takes, in id order."""
    store = account.store
    with store.transaction():
        state: JsonObject = {
            type_.name: {
                str(record.id): _row(record, links) for record, links in store.every_with_links(type_)
            }
            for type_ in OBJECT_TYPES
        }
        for kind in (*_DOCUMENTS, *_DEFINITIONS):
            state[kind] = {_document_id(kind, row): row for row in store.documents(kind)}
        state["form_submissions"] = {str(row["conversionId"]): row for row in store.all_submissions()}
    return state


def _document_id(kind: str, row: JsonObject) -> str:
    return str(row["id"]) if kind in _DOCUMENTS else f"{row['object']}.{row['body']['name']}"


def _row(record: Record, links: Mapping[str, list[str]]) -> JsonObject:
    row: JsonObject = {
        "id": str(record.id),
        "properties": dict(sorted(record.properties.items())),
        "history": {name: record.history[name] for name in sorted(record.history)},
        "associations": links,
        "createdAt": stamp(record.created_ms),
        "updatedAt": stamp(record.updated_ms),
        "archived": record.archived,
    }
    if record.archived_ms is not None:
        row["archivedAt"] = stamp(record.archived_ms)
    return row


def edit(account: Account, object_: str, record_id: str, fields: Mapping[str, Any], *, by: str) -> None:
    """Change a record as a person in HubSpot's screens does.

    A person may move a lifecycle stage in any direction. The field `archived` puts a record into the recycle
    bin and takes it out; on owners it deactivates and reactivates the user. `by` is a user id or the e-mail of
    an owner. Raises KeyError when the record is not there, ValueError for a value that cannot be stored.
    """
    if object_ in _DOCUMENTS:
        with account.store.transaction():
            row = account.store.document(object_, record_id)
            if row is None:
                raise KeyError(f"{object_} {record_id} is not in this HubSpot account")
            changed = {**row, **fields, "updatedAt": stamp(account.now_ms())}
            changed["archived"] = str(changed.get("archived", False)).lower() == "true"
            account.store.keep(object_, record_id, changed)
        return
    type_ = find_type(object_)
    with account.store.transaction():
        number = read_id(record_id)
        record = account.store.record(type_, number) if type_ and number is not None else None
        if record is None or type_ is None:
            raise KeyError(f"{object_} {record_id} is not in this HubSpot account")
        changes = {name: "" if value is None else str(value) for name, value in fields.items()}
        archived = changes.pop("archived", "").lower()
        good, bad = check_all(
            account.schema.definitions(type_.name),
            changes,
            record.properties,
            lambda owner_id: account.store.document("owners", owner_id) is not None,
        )
        if bad:
            raise ValueError("; ".join(f"{value.property}: {value.code}" for value in bad))
        now = account.now_ms()
        if archived == "true":
            archive(account, record)
        elif archived == "false":
            record.archived, record.archived_ms = False, None
        apply(account, record, good, _person(account, by), now, any_direction=True)
        account.save(record, now)


def _person(account: Account, by: str) -> Source:
    user_id = int(by) if by.isdecimal() else None
    for owner in account.store.documents("owners"):
        if by in {str(owner["id"]), owner.get("email")} and owner.get("userId") is not None:
            user_id = int(owner["userId"])
    if user_id is None:
        return Source("CRM_UI", by, by)
    return Source("CRM_UI", f"userId:{user_id}", None, user_id)
