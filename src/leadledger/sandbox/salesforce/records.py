"""Makes records, with their parents inside, out of the rows that a compiled query yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.salesforce.schema import SObject


@dataclass(slots=True)
class Node:
    """What is selected of one object of the path tree; `present` is the column that tells if it is there."""

    leaves: list[tuple[str, int, bool]] = field(default_factory=list)
    parents: dict[str, Node] = field(default_factory=dict)
    present: int = 0
    targets: tuple[SObject, ...] = ()


def builder(root: Node, sobject: SObject) -> Callable[[str, tuple[Any, ...]], JsonObject]:
    """A function that makes a record out of a row; flat selects, which carry the load, take the short way."""
    name, first = sobject.name, 1
    if not root.parents:
        names = tuple(leaf for leaf, _, _ in root.leaves)
        booleans = tuple(leaf for leaf, _, boolean in root.leaves if boolean)

        def flat(urls: str, row: tuple[Any, ...]) -> JsonObject:
            record: JsonObject = {"attributes": {"type": name, "url": f"{urls}{name}/{row[0]}"}}
            record.update(zip(names, row[first:], strict=True))
            for boolean in booleans:
                record[boolean] = record[boolean] == 1
            return record

        return flat

    def nested(urls: str, row: tuple[Any, ...]) -> JsonObject:
        return {"attributes": {"type": name, "url": f"{urls}{name}/{row[0]}"}, **_members(root, urls, row)}

    return nested


def _members(node: Node, urls: str, row: tuple[Any, ...]) -> JsonObject:
    record: JsonObject = {
        name: (None if row[index] is None else row[index] == 1) if boolean else row[index]
        for name, index, boolean in node.leaves
    }
    for name, parent in node.parents.items():
        record_id = row[parent.present]
        if record_id is None:
            record[name] = None
            continue
        target = next(
            (item for item in parent.targets if record_id.startswith(item.key_prefix)), parent.targets[0]
        )
        attributes = {"type": target.name, "url": f"{urls}{target.name}/{record_id}"}
        record[name] = {"attributes": attributes, **_members(parent, urls, row)}
    return record
