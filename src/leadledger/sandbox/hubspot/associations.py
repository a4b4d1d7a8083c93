"""Which records belong together: batch read and create, the list of one record, and inline associations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call, object_list, read_cursor
from leadledger.sandbox.hubspot.errors import invalid, not_found
from leadledger.sandbox.hubspot.object_types import (
    ObjectType,
    association_type_id,
    find_type,
    primary_type_id,
)
from leadledger.sandbox.hubspot.records import Record, record_id
from leadledger.sandbox.hubspot.stamps import stamp
from leadledger.sandbox.hubspot.storage import Associated

_LARGEST_READ = 1_000  # changelog/bug-fix-batch-read-limit-for-hubspot-associations-api
_LARGEST_CREATE = 2_000
_TARGETS_PER_PAGE = 500

Link = tuple[str, int, str, int, bool]


def is_v3(version: str) -> bool:
    """Whether answers have the older form `{id, type}` instead of `{toObjectId, associationTypes}`."""
    return version in {"v1", "v2", "v3"}


def type_words(from_: ObjectType, to: ObjectType, target: Associated) -> list[str]:
    """The types of one association in the words of v3: `contact_to_company`."""
    word = f"{from_.singular}_to_{to.singular}"
    return [word, f"{word}_unlabeled"] if target.is_primary else [word]


def types_of(from_: ObjectType, to: ObjectType, target: Associated) -> list[JsonObject]:
    """The types of one association in the form of v4: the unlabelled one, and Primary where it is."""
    kinds: list[JsonObject] = []
    primary = primary_type_id(from_, to)
    if target.is_primary and primary is not None:
        kinds.append({"category": "HUBSPOT_DEFINED", "typeId": primary, "label": "Primary"})
    kinds.append({"category": "HUBSPOT_DEFINED", "typeId": association_type_id(from_, to), "label": None})
    return kinds


def with_targets(
    account: Account, from_: ObjectType, ids: Sequence[int], to: Iterable[ObjectType]
) -> dict[int, JsonObject]:
    """Record id -> the `associations` of its body, by object name; records without any are missing."""
    found: dict[int, JsonObject] = {}
    for target_type in to:
        for id_, targets in account.store.associated(from_, ids, target_type).items():
            found.setdefault(id_, {})[target_type.name] = {
                "results": [
                    {"id": str(target.id), "type": word}
                    for target in targets
                    for word in type_words(from_, target_type, target)
                ]
            }
    return found


def batch_read(account: Account, call: Call, from_: ObjectType, to: ObjectType) -> Response:
    """The targets of up to 1,000 records; more than 500 targets of one record page through `after`."""
    started = stamp(account.now_ms())
    inputs = object_list(call.json(), "inputs", _LARGEST_READ)
    starts: dict[str, int] = {}
    for item in inputs:
        starts[str(item.get("id", ""))] = read_cursor(str(item.get("after") or ""))
    numbers = {id_: number for id_ in starts if (number := record_id(id_)) is not None}
    linked = account.store.associated(from_, numbers.values(), to)
    results, without = [], []
    for id_, start in starts.items():
        targets = linked.get(numbers[id_]) if id_ in numbers else None
        if targets is None:
            without.append(id_)
            continue
        results.append(_result(call, from_, to, id_, [t for t in targets if t.id >= start]))
    body: JsonObject = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started,
        "completedAt": stamp(account.now_ms()),
    }
    if not without or account.switches["none_associated"] == "empty":
        return Response.json(200, body)
    body["numErrors"] = len(without)
    body["errors"] = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No {to.singular} is associated with {from_.singular} {id_}.",
            "context": {
                "fromObjectId": [id_],
                "fromObjectType": [from_.singular],
                "toObjectType": [to.singular],
            },
        }
        for id_ in without
    ]
    return Response.json(207, body)


def _result(
    call: Call, from_: ObjectType, to: ObjectType, id_: str, targets: Sequence[Associated]
) -> JsonObject:
    result: JsonObject = {"from": {"id": id_}, "to": _targets(call, from_, to, targets[:_TARGETS_PER_PAGE])}
    if len(targets) > _TARGETS_PER_PAGE:
        result["paging"] = {"next": {"after": str(targets[_TARGETS_PER_PAGE].id)}}
    return result


def _targets(
    call: Call, from_: ObjectType, to: ObjectType, targets: Sequence[Associated]
) -> list[JsonObject]:
    if is_v3(call.version):
        return [
            {"id": str(target.id), "type": word}
            for target in targets
            for word in type_words(from_, to, target)
        ]
    return [{"toObjectId": target.id, "associationTypes": types_of(from_, to, target)} for target in targets]


def list_of_record(account: Account, call: Call, from_: ObjectType, id_: str, to: ObjectType) -> Response:
    """`GET …/{type}/{id}/associations/{toType}`: an empty list when there is none."""
    size = call.limit(_TARGETS_PER_PAGE, _TARGETS_PER_PAGE)
    record = _living(account, from_, id_)
    if record is None:
        raise not_found()
    linked = account.store.associated(from_, [record.id], to).get(record.id, [])
    after = call.after_id()
    targets = [target for target in linked if target.id >= after]
    body: JsonObject = {"results": _targets(call, from_, to, targets[:size])}
    if len(targets) > size:
        body["paging"] = call.next_page(str(targets[size].id))
    return Response.json(200, body)


def batch_create(account: Account, call: Call, from_: ObjectType, to: ObjectType) -> Response:
    """Associate up to 2,000 pairs. Any unknown id or type id refuses the whole batch with 400."""
    started = stamp(account.now_ms())
    inputs = object_list(call.json(), "inputs", _LARGEST_CREATE)
    links: list[Link] = []
    for item in inputs:
        ids = []
        for side, type_ in (("from", from_), ("to", to)):
            record = _living(account, type_, _id_in(item.get(side)))
            if record is None:
                raise invalid(f"The {side} id of an input is no {type_.singular} of this account.")
            ids.append(record.id)
        kinds = [{"associationTypeId": association_type_id(from_, to)}] if is_v3(call.version) else None
        primary = _is_primary(from_, to, kinds or item.get("types"))
        links.append((from_.name, ids[0], to.name, ids[1], primary))
    account.store.link(links)
    body = {
        "status": "COMPLETE",
        "results": [
            {
                "fromObjectTypeId": from_.type_id,
                "fromObjectId": str(from_id),
                "toObjectTypeId": to.type_id,
                "toObjectId": str(to_id),
                "labels": [],
            }
            for _, from_id, _, to_id, _ in links
        ],
        "startedAt": started,
        "completedAt": stamp(account.now_ms()),
    }
    return Response.json(201, body)


def _living(account: Account, type_: ObjectType, id_: str) -> Record | None:
    number = record_id(id_)
    record = account.store.record(type_, number) if number is not None else None
    return record if record is not None and not record.archived else None


def _id_in(reference: object) -> str:
    return str(reference.get("id", "")) if isinstance(reference, dict) else ""


def _is_primary(from_: ObjectType, to: ObjectType, kinds: object) -> bool:
    primary = primary_type_id(from_, to)
    allowed = {association_type_id(from_, to), primary} - {None}
    if not isinstance(kinds, list) or not kinds:
        raise invalid("Invalid input JSON: types must list at least one association type.")
    given = {kind.get("associationTypeId") if isinstance(kind, dict) else None for kind in kinds}
    if not given <= allowed:
        listed = ", ".join(str(number) for number in sorted(allowed, key=str))
        raise invalid(
            f"An association type id is not valid from {from_.singular} to {to.singular}. Valid: {listed}."
        )
    return primary is not None and primary in given


def inline(account: Account, record: Record, associations: object) -> list[Link]:
    """The `associations` of a create. 400 for an unknown target or type id."""
    if associations is None:
        return []
    if not isinstance(associations, list):
        raise invalid("Invalid input JSON: associations must be a list.")
    links: list[Link] = []
    for item in associations:
        id_ = _id_in(item.get("to") if isinstance(item, dict) else None)
        kinds = item.get("types") if isinstance(item, dict) else None
        to = _target_type(record.type, kinds)
        found = _living(account, to, id_)
        if found is None:
            raise invalid(f"The {to.singular} to associate does not exist.")
        links.append((record.type.name, record.id, to.name, found.id, _is_primary(record.type, to, kinds)))
    return links


def _target_type(from_: ObjectType, kinds: object) -> ObjectType:
    first = kinds[0] if isinstance(kinds, list) and kinds and isinstance(kinds[0], dict) else {}
    number = first.get("associationTypeId")
    for word in ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks"):
        to = find_type(word)
        if to is not None and number in {association_type_id(from_, to), primary_type_id(from_, to)} - {None}:
            return to
    raise invalid(f"The association type id of an inline association is not valid from {from_.singular}.")
