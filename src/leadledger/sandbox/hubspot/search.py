"""`POST /crm/objects/{v}/{type}/search`: at most 10,000 results, seen through an index that may lag."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call, text_list
from leadledger.sandbox.hubspot.errors import invalid
from leadledger.sandbox.hubspot.filters import Condition, Property, Value, find_property, read_groups
from leadledger.sandbox.hubspot.object_types import ObjectType
from leadledger.sandbox.hubspot.objects import shown
from leadledger.sandbox.hubspot.records import record_id
from leadledger.sandbox.hubspot.storage import Candidate

_LONGEST_BODY = 3_000  # characters; a long `properties` list counts (search the CRM)
_LARGEST_PAGE = 200
_FURTHEST = 10_000


@dataclass(frozen=True, slots=True)
class _Order:
    property: Property
    descending: bool


def search(account: Account, call: Call, type_: ObjectType) -> Response:
    """One page of what matches, with `total`. Archived records never appear."""
    if len(call.request.body.decode(errors="replace")) > _LONGEST_BODY:
        raise invalid(f"The request body is too long: the maximum is {_LONGEST_BODY} characters.")
    body = call.json()
    size, after = _page(body)
    groups = read_groups(account, type_, body)
    order = _read_order(account, type_, body.get("sorts") or [])
    query = body.get("query") or ""
    if not isinstance(query, str) or (query and not type_.searched):
        raise invalid(f"query must be a text, and is not supported for {type_.name} by this sandbox.")
    total, ids = _matching(account, type_, body, groups, order, query.lower(), after, size)
    answer: JsonObject = {"total": total, "results": _results(account, type_, body, ids)}
    if after + size < total:
        answer["paging"] = {"next": {"after": str(after + size)}}
    return Response.json(200, answer)


def _page(body: JsonObject) -> tuple[int, int]:
    numbers = {}
    for name, default in (("limit", 10), ("after", 0)):
        given = body.get(name)
        number = record_id(str(default) if given is None or given == "" else str(given))
        if number is None:
            raise invalid(f"Invalid input JSON: {name} must be a whole number that is not negative.")
        numbers[name] = number
    size, after = numbers["limit"], numbers["after"]
    if size > _LARGEST_PAGE:
        raise invalid(f"The requested page size was too large. Requested: {size}, max: {_LARGEST_PAGE}.")
    if after + size > _FURTHEST:
        raise invalid(f"after + limit is {after + size}: a search ends after {_FURTHEST} results.")
    return size, after


def _read_order(account: Account, type_: ObjectType, sorts: object) -> _Order | None:
    if not isinstance(sorts, list):
        raise invalid("Invalid input JSON: sorts must be a list.")
    if not sorts:
        return None
    if len(sorts) > 1:
        raise invalid("Only one sort is supported.")
    first = sorts[0]
    if isinstance(first, str):
        return _Order(find_property(account, type_, first.lstrip("-")), first.startswith("-"))
    if isinstance(first, dict):
        direction = first.get("direction") or "ASCENDING"
        if direction in {"ASCENDING", "DESCENDING"}:
            return _Order(find_property(account, type_, first.get("propertyName")), direction == "DESCENDING")
    raise invalid("A sort is a property name, or an object of propertyName and direction.")


def _matching(
    account: Account,
    type_: ObjectType,
    body: JsonObject,
    groups: list[list[Condition]],
    order: _Order | None,
    query: str,
    after: int,
    size: int,
) -> tuple[int, list[int]]:
    since = account.index_since_ms()
    where, values, exact = _where(groups)
    columns = _columns(type_, order)
    if exact and columns is not None and not query and since is None:
        return account.store.indexed_ids(type_, where, values, columns, after, size)
    # Paging repeats the same search: its ids are kept until any record changes.
    criteria = {name: body.get(name) for name in ("filterGroups", "filters", "sorts", "query")}
    key = (account.store.revision, type_.name, json.dumps(criteria, sort_keys=True))
    if since is None and account.remembered_search[0] == key:
        ids = account.remembered_search[1]
    else:
        holds = _predicate(type_, groups, query)
        found = [c for c in account.store.candidates(type_, where, values, since) if holds(c)]
        ids = tuple(candidate.id for candidate in _sorted(found, order))
        if since is None:
            account.remembered_search = (key, ids)
    return len(ids), list(ids[after : after + size])


def _where(groups: list[list[Condition]]) -> tuple[str, list[Value], bool]:
    """A condition that is true for every match, its values, and whether it is true for nothing else."""
    parts: list[str] = []
    values: list[Value] = []
    exact = True
    for group in groups:
        known = [test for test in group if test.sql is not None]
        exact = exact and len(known) == len(group)
        parts.append(" AND ".join(str(test.sql) for test in known) or "1")
        values.extend(value for test in known for value in test.values)
    return " OR ".join(f"({part})" for part in parts) or "1", values, exact


def _columns(type_: ObjectType, order: _Order | None) -> str | None:
    if order is None:
        return "created_ms, id"
    column = {"hs_object_id": "id", type_.modified: "modified_ms"}.get(order.property.name)
    if column is None:
        return None
    return f"{column} {'DESC' if order.descending else 'ASC'}, id"


def _predicate(type_: ObjectType, groups: list[list[Condition]], query: str) -> Callable[[Candidate], bool]:
    words = query.split()

    def holds(candidate: Candidate) -> bool:
        if groups and not any(all(test.holds(candidate) for test in group) for group in groups):
            return False
        if not words:
            return True
        text = " ".join(candidate.properties.get(name) or "" for name in type_.searched).lower()
        return all(word in text for word in words)

    return holds


def _sorted(found: list[Candidate], order: _Order | None) -> list[Candidate]:
    if order is None:
        return sorted(found, key=lambda c: (c.created_ms, c.id))
    property_ = order.property
    by_id = sorted(found, key=lambda c: c.id)
    valued = [c for c in by_id if property_.of(c) is not None]
    unset = [c for c in by_id if property_.of(c) is None]

    def key(candidate: Candidate) -> tuple[float, str]:
        value = property_.of(candidate)
        return (0.0, value) if isinstance(value, str) else (float(value or 0), "")

    return [*sorted(valued, key=key, reverse=order.descending), *unset]


def _results(account: Account, type_: ObjectType, body: JsonObject, ids: list[int]) -> list[JsonObject]:
    names = shown(account, type_, text_list(body, "properties"))
    records = account.store.records(type_, ids)
    since = account.index_since_ms()
    if since is not None:
        for id_, properties in account.store.before(type_, ids, since).items():
            records[id_].properties = properties
    return [records[id_].body(names) for id_ in ids if id_ in records]
