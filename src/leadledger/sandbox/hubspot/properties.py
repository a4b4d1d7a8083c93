"""`/crm/properties/{v}/{type}`: definitions and groups, read and provisioned."""

from __future__ import annotations

import re
from collections.abc import Mapping

from leadledger.sandbox.http import JsonObject, Response
from leadledger.sandbox.hubspot.account import Account, Call, object_list
from leadledger.sandbox.hubspot.definitions import BOOLEAN, definition
from leadledger.sandbox.hubspot.errors import RefusedError, conflict, invalid, not_found, refuse
from leadledger.sandbox.hubspot.object_types import ObjectType
from leadledger.sandbox.hubspot.stamps import stamp

_LARGEST_BATCH = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_FIELD_TYPES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "html", "phonenumber", "file"}),
    "number": frozenset({"number"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox"}),
    "bool": frozenset({"booleancheckbox", "radio", "select"}),
}
"""type -> the fieldTypes that fit it; another pair is refused (changelog, 2021)."""
_CHANGEABLE = ("label", "groupName", "description", "displayOrder", "hidden", "formField", "fieldType")


def list_properties(account: Account, call: Call, type_: ObjectType) -> Response:
    """Every definition, archived ones only with archived=true."""
    archived = call.flag("archived")
    found = [body for body in account.schema.definitions(type_.name).values() if body["archived"] == archived]
    return Response.json(200, {"results": found})


def get_property(account: Account, call: Call, type_: ObjectType, name: str) -> Response:
    """One definition."""
    body = account.schema.definitions(type_.name).get(name)
    if body is None or body["archived"] != call.flag("archived"):
        raise not_found()
    return Response.json(200, body)


def create_property(account: Account, call: Call, type_: ObjectType) -> Response:
    """A new definition. 409 when the name is taken, 400 for a type that does not exist or fit."""
    return Response.json(201, _create(account, call.caller.app_id, type_, call.json()))


def _create(account: Account, app_id: str, type_: ObjectType, given: JsonObject) -> JsonObject:
    name, label = given.get("name"), given.get("label")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid("A property name has lower-case letters, digits and _, and begins with a letter.")
    if account.schema.living(type_.name, name) is not None:
        raise refuse(
            409,
            f"A property named '{name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            subCategory="Properties.PROPERTY_EXISTS",
            errors=[{"message": f"A property named '{name}' already exists.", "code": "PROPERTY_EXISTS"}],
        )
    kind, field_type = given.get("type"), given.get("fieldType")
    if not isinstance(label, str) or not label:
        raise invalid("A property needs a label.")
    _require_fit(kind, field_type)
    _require_group(account, type_, given.get("groupName"))
    now = stamp(account.now_ms())
    body = definition(
        name,
        label,
        str(kind),
        str(field_type),
        str(given["groupName"]),
        options=_options(given, str(kind)),
        hubspot_defined=False,
        unique=given.get("hasUniqueValue") is True,
    )
    body |= {
        "createdAt": now,
        "updatedAt": now,
        "description": str(given.get("description") or ""),
        "hidden": given.get("hidden") is True,
        "formField": given.get("formField") is True,
        "createdUserId": app_id,
        "updatedUserId": app_id,
    }
    account.schema.keep(type_.name, body)
    return body


def _require_fit(kind: object, field_type: object) -> None:
    if not isinstance(kind, str) or kind not in _FIELD_TYPES:
        raise invalid(f"The property type {kind!r} is not one of {', '.join(_FIELD_TYPES)}.")
    if field_type not in _FIELD_TYPES[kind]:
        raise invalid(
            f"The fieldType {field_type!r} does not fit the type {kind}: use {', '.join(sorted(_FIELD_TYPES[kind]))}."
        )


def _require_group(account: Account, type_: ObjectType, group: object) -> None:
    found = account.schema.groups(type_.name).get(group) if isinstance(group, str) else None
    if found is None or found["archived"]:
        raise invalid(f"The property group {group!r} does not exist.")


def _options(given: JsonObject, kind: str) -> list[tuple[str, str]]:
    options = given.get("options") or []
    if kind == "bool":
        return list(BOOLEAN)
    if not isinstance(options, list) or not all(isinstance(option, dict) for option in options):
        raise invalid("Invalid input JSON: options must be a list of objects.")
    if kind != "enumeration":
        return []
    ordered = sorted(options, key=lambda option: _order(option.get("displayOrder")))
    values = [str(option.get("value", "")) for option in ordered]
    if not all(values) or len(set(values)) < len(values):
        raise invalid("Each option of a property needs a value of its own.")
    return [(value, str(option.get("label") or value)) for value, option in zip(values, ordered, strict=True)]


def _order(given: object) -> int:
    return given if isinstance(given, int) else -1


def update_property(account: Account, call: Call, type_: ObjectType, name: str) -> Response:
    """Change label, group, description, options … of an own definition; type and name stay."""
    current = account.schema.living(type_.name, name)
    if current is None:
        raise not_found()
    if current["modificationMetadata"]["readOnlyDefinition"]:
        raise invalid(f"{name} is defined by HubSpot; its definition cannot be changed.")
    given = call.json()
    if given.get("type", current["type"]) != current["type"]:
        raise invalid(f"The type of {name} cannot be changed.")
    if "fieldType" in given:
        _require_fit(current["type"], given["fieldType"])
    if "groupName" in given:
        _require_group(account, type_, given["groupName"])
    body = {**current, **{key: given[key] for key in _CHANGEABLE if key in given}}
    if "options" in given:
        options = _options(given, current["type"])
        body["options"] = definition("x", "x", current["type"], "x", "x", options=options)["options"]
    body["updatedAt"] = stamp(account.now_ms())
    account.schema.keep(type_.name, body)
    return Response.json(200, body)


def archive_property(account: Account, type_: ObjectType, name: str) -> Response:
    """204. A definition of HubSpot's own is refused."""
    current = account.schema.living(type_.name, name)
    if current is None:
        raise not_found()
    if not current["modificationMetadata"]["archivable"]:
        raise invalid(f"{name} is defined by HubSpot; it cannot be archived.")
    account.schema.keep(type_.name, {**current, "archived": True, "archivedAt": stamp(account.now_ms())})
    return Response(204)


def batch_read(account: Account, call: Call, type_: ObjectType) -> Response:
    """Definitions by name; names that do not exist are error entries of a 207."""
    started = account.now_ms()
    body = call.json()
    names = [str(item.get("name", "")) for item in object_list(body, "inputs", _LARGEST_BATCH)]
    definitions = account.schema.definitions(type_.name)
    archived = body.get("archived") is True
    results = [
        definitions[name]
        for name in names
        if name in definitions and definitions[name]["archived"] == archived
    ]
    found = {result["name"] for result in results}
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": f'Property "{name}" does not exist',
            "context": {"name": [name]},
        }
        for name in names
        if name not in found
    ]
    return _batch(account, started, results, errors, 200)


def batch_create(account: Account, call: Call, type_: ObjectType) -> Response:
    """Up to 100 new definitions; those that cannot be created are error entries of a 207."""
    started = account.now_ms()
    results: list[JsonObject] = []
    errors: list[JsonObject] = []
    for item in object_list(call.json(), "inputs", _LARGEST_BATCH):
        try:
            results.append(_create(account, call.caller.app_id, type_, item))
        except RefusedError as refused:
            errors.append(
                {
                    "status": "error",
                    "category": refused.category,
                    "message": refused.message,
                    "context": {"name": [str(item.get("name"))]},
                }
            )
    return _batch(account, started, results, errors, 201)


def _batch(
    account: Account, started_ms: int, results: list[JsonObject], errors: list[JsonObject], status: int
) -> Response:
    body: JsonObject = {"status": "COMPLETE", "results": results}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    body |= {"startedAt": stamp(started_ms), "completedAt": stamp(account.now_ms())}
    return Response.json(207 if errors else status, body)


def list_groups(account: Account, type_: ObjectType) -> Response:
    """The property groups that are not archived."""
    groups = account.schema.groups(type_.name).values()
    return Response.json(200, {"results": [group for group in groups if not group["archived"]]})


def get_group(account: Account, type_: ObjectType, name: str) -> Response:
    """One property group."""
    group = account.schema.groups(type_.name).get(name)
    if group is None or group["archived"]:
        raise not_found()
    return Response.json(200, group)


def create_group(account: Account, call: Call, type_: ObjectType) -> Response:
    """A new property group; 409 when the name is taken."""
    given = call.json()
    name, label = given.get("name"), given.get("label")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(label, str):
        raise invalid("A property group needs a label and a name of lower-case letters, digits and _.")
    current = account.schema.groups(type_.name).get(name)
    if current is not None and not current["archived"]:
        raise conflict(f"A property group named '{name}' already exists.")
    group: JsonObject = {
        "name": name,
        "label": label,
        "displayOrder": _order(given.get("displayOrder")),
        "archived": False,
    }
    account.schema.keep_group(type_.name, group)
    return Response.json(201, group)
