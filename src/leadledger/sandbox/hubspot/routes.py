"""Which path leads to which endpoint, and the scopes that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leadledger.sandbox.http import Response
from leadledger.sandbox.hubspot import (
    associations,
    batch,
    details,
    forms,
    objects,
    owners,
    pipelines,
    properties,
    search,
)
from leadledger.sandbox.hubspot.account import Account, Call
from leadledger.sandbox.hubspot.errors import invalid, not_found
from leadledger.sandbox.hubspot.object_types import ObjectType, find_type

_VERSION = re.compile(r"v\d+|20\d\d-\d\d(-beta)?")

Answer = Callable[[Account, Call], Response]
Scopes = tuple[tuple[str, ...], ...]
"""All members are needed, of each member any one scope."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    answer: Answer
    scopes: Scopes = ()
    is_search: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A path that exists, with its version segment and its methods."""

    version: str
    methods: Mapping[str, Endpoint]


def find_route(path: str) -> Route:
    """The route of a path, with or without a trailing slash and in any version. Raises 404."""
    segments = path.strip("/").split("/")
    match segments:
        case ["crm", first, second, *rest] if _VERSION.fullmatch(first):
            return Route(first, _crm(second, rest))
        case ["crm", first, second, *rest] if _VERSION.fullmatch(second):
            return Route(second, _crm(first, rest))
        case ["account-info", version, "details"]:
            return Route(version, {"GET": Endpoint(_stored(details.account_details))})
        case ["crm-object-schemas", version, "schemas"]:
            return Route(version, {"GET": Endpoint(_fixed(details.custom_schemas))})
        case ["marketing", version, "forms", *rest] if len(rest) <= 1:
            return Route(
                version,
                {"GET": Endpoint(_bound(forms.get_form if rest else forms.list_forms, *rest), _FORMS)},
            )
        case ["form-integrations", "v1", "submissions", "forms", guid]:
            return Route("v1", {"GET": Endpoint(_bound(forms.list_submissions, guid), _FORMS)})
        case _:
            raise not_found()


_FORMS: Scopes = (("forms",),)


def _bound(answer: Callable[..., Response], *rest: object) -> Answer:
    return lambda account, call: answer(account, call, *rest)


def _stored(answer: Callable[..., Response], *rest: object) -> Answer:
    return lambda account, _: answer(account, *rest)


def _fixed(answer: Callable[..., Response], *rest: object) -> Answer:
    return lambda _account, _call: answer(*rest)


def _type(word: str) -> ObjectType:
    type_ = find_type(word)
    if type_ is None:
        raise invalid(f"Unable to infer object type from: {word}")
    return type_


def _crm(family: str, rest: list[str]) -> Mapping[str, Endpoint]:
    match family, rest:
        case "objects", [word, *more]:
            return _objects(_type(word), more)
        case "owners", []:
            return {"GET": Endpoint(owners.list_owners, _OWNERS)}
        case "owners", [id_]:
            return {"GET": Endpoint(_bound(owners.get_owner, id_), _OWNERS)}
        case "properties", [word, *more]:
            return _properties(_type(word), more)
        case "pipelines", [word, *more]:
            return _pipelines(_type(word), more)
        case "associations", [from_, to, "batch", verb]:
            return _associations(_type(from_), _type(to), verb)
        case _:
            raise not_found()


_OWNERS: Scopes = (("crm.objects.owners.read",),)


def _objects(type_: ObjectType, rest: list[str]) -> Mapping[str, Endpoint]:
    read, write = (type_.read_scopes,), (type_.write_scopes,)
    match rest:
        case []:
            return {
                "GET": Endpoint(_bound(objects.list_objects, type_), read),
                "POST": Endpoint(_bound(objects.create_object, type_), write),
            }
        case ["search"]:
            return {"POST": Endpoint(_bound(search.search, type_), read, is_search=True)}
        case ["gdpr-delete"]:
            return {"POST": Endpoint(_bound(objects.gdpr_delete, type_), write)}
        case ["batch", "read"]:
            return {"POST": Endpoint(_bound(batch.batch_read, type_), read)}
        case ["batch", "update"]:
            return {"POST": Endpoint(_bound(batch.batch_update, type_), write)}
        case ["batch", "create"]:
            return {"POST": Endpoint(_bound(batch.batch_create, type_), write)}
        case ["batch", "archive"]:
            return {"POST": Endpoint(_bound(batch.batch_archive, type_), write)}
        case [id_] if id_ not in {"batch", "merge"}:
            return {
                "GET": Endpoint(_bound(objects.get_object, type_, id_), read),
                "PATCH": Endpoint(_bound(objects.update_object, type_, id_), write),
                "DELETE": Endpoint(_bound(objects.archive_object, type_, id_), write),
            }
        case [id_, "associations", word]:
            to = _type(word)
            answer = _bound(associations.list_of_record, type_, id_, to)
            return {"GET": Endpoint(answer, (type_.read_scopes, to.read_scopes))}
        case _:
            raise not_found()


def _properties(type_: ObjectType, rest: list[str]) -> Mapping[str, Endpoint]:
    read, write = (type_.schema_read_scopes,), (type_.schema_write_scopes,)
    match rest:
        case []:
            return {
                "GET": Endpoint(_bound(properties.list_properties, type_), read),
                "POST": Endpoint(_bound(properties.create_property, type_), write),
            }
        case ["batch", "read"]:
            return {"POST": Endpoint(_bound(properties.batch_read, type_), read)}
        case ["batch", "create"]:
            return {"POST": Endpoint(_bound(properties.batch_create, type_), write)}
        case ["groups"]:
            return {
                "GET": Endpoint(_stored(properties.list_groups, type_), read),
                "POST": Endpoint(_bound(properties.create_group, type_), write),
            }
        case ["groups", name]:
            return {"GET": Endpoint(_stored(properties.get_group, type_, name), read)}
        case [name] if name != "batch":
            return {
                "GET": Endpoint(_bound(properties.get_property, type_, name), read),
                "PATCH": Endpoint(_bound(properties.update_property, type_, name), write),
                "DELETE": Endpoint(_stored(properties.archive_property, type_, name), write),
            }
        case _:
            raise not_found()


def _pipelines(type_: ObjectType, rest: list[str]) -> Mapping[str, Endpoint]:
    if type_.name != "deals":
        raise not_found()
    scopes: Scopes = (type_.schema_read_scopes,)
    match rest:
        case []:
            return {"GET": Endpoint(_fixed(pipelines.list_pipelines), scopes)}
        case [id_]:
            return {"GET": Endpoint(_fixed(pipelines.get_pipeline, id_), scopes)}
        case [id_, "stages"]:
            return {"GET": Endpoint(_fixed(pipelines.list_stages, id_), scopes)}
        case [id_, "stages", stage]:
            return {"GET": Endpoint(_fixed(pipelines.get_stage, id_, stage), scopes)}
        case _:
            raise not_found()


def _associations(from_: ObjectType, to: ObjectType, verb: str) -> Mapping[str, Endpoint]:
    if verb == "read":
        answer = _bound(associations.batch_read, from_, to)
        return {"POST": Endpoint(answer, (from_.read_scopes, to.read_scopes))}
    if verb == "create":
        answer = _bound(associations.batch_create, from_, to)
        return {"POST": Endpoint(answer, (from_.write_scopes, to.write_scopes))}
    raise not_found()
