"""The property definitions and groups of the account: the standard ones plus what was created since."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.object_properties import standard_groups, standard_properties
from leadledger.sandbox.hubspot.storage import Store

_DEFINITIONS = "property_definitions"
_GROUPS = "property_groups"


class Schema:
    """Definitions by object and name. Created, changed and archived ones are documents in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._definitions: dict[str, dict[str, JsonObject]] = {}
        self._groups: dict[str, dict[str, JsonObject]] = {}
        self.reload()

    def reload(self) -> None:
        """Forget what is in memory and read the store again (after a load or a rollback)."""
        self._definitions = {
            object_: {body["name"]: body for body in bodies}
            for object_, bodies in standard_properties().items()
        }
        self._groups = {
            object_: {body["name"]: body for body in bodies} for object_, bodies in standard_groups().items()
        }
        for document in self._store.documents(_DEFINITIONS):
            self._definitions[document["object"]][document["body"]["name"]] = document["body"]
        for document in self._store.documents(_GROUPS):
            self._groups[document["object"]][document["body"]["name"]] = document["body"]

    def definitions(self, object_: str) -> Mapping[str, JsonObject]:
        """All definitions of an object, archived ones included."""
        return self._definitions[object_]

    def living(self, object_: str, name: str) -> JsonObject | None:
        """The definition of a property that is not archived."""
        body = self._definitions[object_].get(name)
        return body if body is not None and not body["archived"] else None

    def groups(self, object_: str) -> Mapping[str, JsonObject]:
        """All property groups of an object, archived ones included."""
        return self._groups[object_]

    def keep(self, object_: str, body: JsonObject) -> None:
        """Add or replace a definition."""
        self._store.keep(_DEFINITIONS, f"{object_}.{body['name']}", {"object": object_, "body": body})
        self._definitions[object_][body["name"]] = body

    def keep_group(self, object_: str, body: JsonObject) -> None:
        """Add or replace a group."""
        self._store.keep(_GROUPS, f"{object_}.{body['name']}", {"object": object_, "body": body})
        self._groups[object_][body["name"]] = body

    def stage_order(self, object_: str) -> Mapping[str, int]:
        """The lifecycle stages of an object with their display order; empty for objects without any."""
        body = self.living(object_, "lifecyclestage")
        if body is None:
            return {}
        return {option["value"]: int(option["displayOrder"]) for option in body["options"]}
