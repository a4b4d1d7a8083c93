"""`/crm/objects/{v}/{type}`: list, read, create, change and archive one record at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call
from leadledger.sandbox.hubspot.associations import inline, with_targets
from leadledger.sandbox.hubspot.errors import invalid, invalid_values, not_found
from leadledger.sandbox.hubspot.object_types import ObjectType, find_type
from leadledger.sandbox.hubspot.records import Record, record_id
from leadledger.sandbox.hubspot.writing import apply, checked, create, require_free_email, texts, touch

_LARGEST_PAGE = 100
LARGEST_WITH_HISTORY = 50  # list and batch read (api-client page size)


def list_objects(account: Account, call: Call, type_: ObjectType) -> Response:
    """Records in id order. `after` is the id of the next record, itself included."""
    history = account.known(type_.name, call.names("propertiesWithHistory"))
    size = call.limit(10, LARGEST_WITH_HISTORY if history else _LARGEST_PAGE)
    records = account.store.page(type_, call.after_id(), size + 1, archived=call.flag("archived"))
    body: JsonObject = {"results": bodies(account, call, type_, records[:size])}
    if len(records) > size:
        body["paging"] = call.next_page(str(records[size].id))
    return Response.json(200, body)


def bodies(account: Account, call: Call, type_: ObjectType, records: Sequence[Record]) -> list[JsonObject]:
    """Records as the query parameters want them: properties, history, associations."""
    names = shown(account, type_, call.names("properties"))
    history = account.known(type_.name, call.names("propertiesWithHistory"))
    targets = [find_type(word) for word in call.names("associations")]
    if None in targets:
        raise invalid("Unable to infer object type from the names in associations.")
    linked = with_targets(account, type_, [r.id for r in records], [t for t in targets if t is not None])
    return [record.body(names, history, linked.get(record.id)) for record in records]


def shown(account: Account, type_: ObjectType, wanted: Sequence[str]) -> list[str]:
    """The properties of an answer: those asked for that exist, or the type's own choice."""
    return account.known(type_.name, wanted) if wanted else list(type_.shown)


def find(
    account: Account, type_: ObjectType, id_: str, id_property: str, *, archived: bool = False
) -> Record | None:
    """A record by id, by e-mail, or by an id that was merged into it."""
    if id_property == "email" and type_.name == "contacts":
        by_email = account.store.id_of_email(type_, id_)
        record = account.store.record(type_, by_email) if by_email is not None else None
    elif id_property in {"", "hs_object_id"}:
        number = record_id(id_)
        if number is None:
            return None
        record = account.store.record(type_, number)
        if record is None:
            survivor = account.store.survivor(type_, number)
            record = account.store.record(type_, survivor) if survivor is not None else None
    else:
        raise invalid(f"{id_property} is not a property with unique values.")
    return record if record is not None and record.archived == archived else None


def get_object(account: Account, call: Call, type_: ObjectType, id_: str) -> Response:
    """One record. An absorbed id answers with the record that it was merged into, under that one's id."""
    record = find(account, type_, id_, call.request.one("idProperty"), archived=call.flag("archived"))
    if record is None:
        raise not_found()
    return Response.json(200, bodies(account, call, type_, [record])[0])


def full_body(record: Record, written: Iterable[str] = ()) -> JsonObject:
    """A record with everything that has a value, and what was just written even if it has none."""
    return record.body([*record.properties, *written])


def create_object(account: Account, call: Call, type_: ObjectType) -> Response:
    """A new record, with inline associations. 400 for its values, 409 for an e-mail that is taken."""
    body = call.json()
    properties = texts(account, body.get("properties", {}))
    record = create(account, type_, properties, call.source, call.version)
    account.store.link(inline(account, record, body.get("associations")))
    return Response.json(201, full_body(record, properties))


def update_object(account: Account, call: Call, type_: ObjectType, id_: str) -> Response:
    """Change one record. The answer shows the values after it: the only proof that a stage was taken."""
    changes = texts(account, call.json().get("properties", {}))
    record = find(account, type_, id_, call.request.one("idProperty"))
    if record is None:
        raise not_found()
    good, bad = checked(account, record, changes, call.version)
    if bad:
        raise invalid_values(bad)
    require_free_email(account, record, good)
    now = account.now_ms()
    apply(account, record, good, call.source, now)
    account.save(record, now)
    return Response.json(200, full_body(record, changes))


def archive(account: Account, record: Record) -> None:
    """Put a record into the recycle bin: lists show it with archived=true only, search not at all."""
    now = account.now_ms()
    record.archived, record.archived_ms = True, now
    touch(record, now)
    account.save(record, now)


def archive_object(account: Account, call: Call, type_: ObjectType, id_: str) -> Response:
    """204, also for a record that is archived already or never was."""
    record = find(account, type_, id_, call.request.one("idProperty"))
    if record is not None:
        archive(account, record)
    return Response(204)


def gdpr_delete(account: Account, call: Call, type_: ObjectType) -> Response:
    """`POST …/contacts/gdpr-delete {objectId, idProperty?}`: the record vanishes for good."""
    body = call.json()
    record = find(account, type_, str(body.get("objectId", "")), str(body.get("idProperty") or ""))
    if record is not None:
        account.store.forget(record)
    return Response(204)
