"""The filters of a search: read from JSON, checked, and turned into a test of a record and, if possible, SQL."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.hubspot.account import Account
from leadledger.sandbox.hubspot.errors import invalid
from leadledger.sandbox.hubspot.object_types import ObjectType, find_type
from leadledger.sandbox.hubspot.records import record_id
from leadledger.sandbox.hubspot.stamps import instant_ms
from leadledger.sandbox.hubspot.storage import Candidate

OPERATORS = (
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
)
_MOST_GROUPS, _MOST_PER_GROUP, _MOST_FILTERS = 5, 6, 18  # search the CRM
_WORD = re.compile(r"\w+")
_SQL = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}

_EXACT = 2**53
"""Up to here a float names every whole number; beyond it SQLite could not hold all integers either."""

Value = int | float | str


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter. `sql` is its exact form over the columns of the store; None when only `holds` knows."""

    holds: Callable[[Candidate], bool]
    sql: str | None = None
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """How a property compares: by number, by instant, as an option (exact) or as text (any letter case)."""

    name: str
    kind: str

    def value(self, text: str) -> Value:
        """The comparable form. Raises ValueError."""
        if self.kind == "number":
            number = float(text)
            if not math.isfinite(number):
                raise ValueError(text)
            return int(number) if number.is_integer() and abs(number) < _EXACT else number
        if self.kind == "instant":
            return instant_ms(text)
        return text if self.kind == "option" else text.lower()

    def of(self, candidate: Candidate) -> Value | None:
        """The record's value; None when it has none, or one that does not fit its type."""
        if self.name == "hs_object_id":
            return candidate.id
        text = candidate.properties.get(self.name)
        if not text:
            return None
        try:
            return self.value(text)
        except ValueError:
            return None


_KINDS = {
    "number": "number",
    "date": "instant",
    "datetime": "instant",
    "enumeration": "option",
    "bool": "option",
}


def find_property(account: Account, type_: ObjectType, name: object) -> Property:
    """The property behind a name in a search. 400 when the account has none of that name."""
    if isinstance(name, str):
        definition = account.schema.living(type_.name, name)
        if definition is not None:
            return Property(name, _KINDS.get(definition["type"], "text"))
        if name in {"lastmodifieddate", "hs_lastmodifieddate"}:
            return Property(name, "instant")
    raise invalid(
        "There was a problem with the request.",
        errors=[
            {
                "message": f"Property name {name!r} is not valid for {type_.singular}: it does not exist",
                "code": "PROPERTY_DOESNT_EXIST",
                "context": {"propertyName": [str(name)]},
            }
        ],
    )


def read_groups(account: Account, type_: ObjectType, body: JsonObject) -> list[list[Condition]]:
    """The filter groups (OR between them, AND inside). Top-level `filters` are one more group."""
    groups = body.get("filterGroups") or []
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise invalid("Invalid input JSON: filterGroups must be a list of objects.")
    lists = [group.get("filters") or [] for group in groups]
    if body.get("filters"):
        lists.append(body["filters"])
    if not all(isinstance(filters, list) for filters in lists):
        raise invalid("Invalid input JSON: filters must be a list of objects.")
    if len(lists) > _MOST_GROUPS:
        raise invalid(f"Too many filter groups: {len(lists)}. The maximum is {_MOST_GROUPS}.")
    if any(len(filters) > _MOST_PER_GROUP for filters in lists):
        raise invalid(f"Too many filters in a group. The maximum is {_MOST_PER_GROUP}.")
    if sum(len(filters) for filters in lists) > _MOST_FILTERS:
        raise invalid(f"Too many filters. The maximum over all groups is {_MOST_FILTERS}.")
    return [[_test(account, type_, filter_) for filter_ in filters] for filters in lists if filters]


def _test(account: Account, type_: ObjectType, filter_: object) -> Condition:
    if not isinstance(filter_, dict):
        raise invalid("Invalid input JSON: a filter must be an object.")
    operator = filter_.get("operator")
    if operator not in OPERATORS:
        raise invalid(
            f"Invalid input JSON: Cannot deserialize the operator {operator!r}: not one of the values accepted: "
            f"[{', '.join(OPERATORS)}]"
        )
    name = filter_.get("propertyName")
    if isinstance(name, str) and name.startswith("associations."):
        return _associated(account, type_, name.partition(".")[2], str(operator), filter_)
    property_ = find_property(account, type_, name)
    if property_.name in {"lastmodifieddate", "hs_lastmodifieddate"} and property_.name != type_.modified:
        # The other object's stamp is a name that the search knows and no record has (amp-labs/connectors#45).
        return Condition(lambda _: False, "0")
    return _compare(type_, property_, str(operator), filter_)


def _operand(property_: Property, filter_: JsonObject, key: str) -> Value:
    given = filter_.get(key)
    if given is None or isinstance(given, (dict, list)):
        raise invalid(f"A filter on {property_.name} with {filter_['operator']} needs {key}.")
    try:
        return property_.value(str(given).strip())
    except ValueError:
        raise invalid(f"The {key} of a filter on {property_.name} is no valid {property_.kind}.") from None


def _operands(property_: Property, filter_: JsonObject) -> tuple[Value, ...]:
    given = filter_.get("values")
    if not isinstance(given, list) or not given:
        raise invalid(f"A filter on {property_.name} with {filter_['operator']} needs values.")
    if property_.kind == "text":
        # Only lower-case values ever match (search the CRM): they are compared as they came.
        return tuple(str(item) for item in given)
    return tuple(_operand(property_, {**filter_, "value": item}, "value") for item in given)


def _column(type_: ObjectType, property_: Property) -> str | None:
    return {"hs_object_id": "id", type_.modified: "modified_ms"}.get(property_.name)


def _compare(type_: ObjectType, property_: Property, operator: str, filter_: JsonObject) -> Condition:
    column = _column(type_, property_)
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        has = operator == "HAS_PROPERTY"
        return Condition(lambda c: (property_.of(c) is not None) == has, str(int(has)) if column else None)
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _tokens(property_, operator, filter_)
    if operator in {"IN", "NOT_IN"}:
        members = _operands(property_, filter_)
        marks = ",".join("?" * len(members))
        word = "IN" if operator == "IN" else "NOT IN"
        wanted = frozenset(members)
        inside = operator == "IN"
        return Condition(
            lambda c: (value := property_.of(c)) is not None and (value in wanted) == inside,
            f"{column} {word} ({marks})" if column else None,
            members,
        )
    low = _operand(property_, filter_, "value")
    if operator == "BETWEEN":
        high = _operand(property_, filter_, "highValue")
        return Condition(
            lambda c: (
                (value := property_.of(c)) is not None and _order(low, value) <= 0 <= _order(high, value)
            ),
            f"{column} BETWEEN ? AND ?" if column else None,
            (low, high),
        )
    return Condition(
        lambda c: (value := property_.of(c)) is not None and _satisfies(operator, _order(value, low)),
        f"{column} {_SQL[operator]} ?" if column else None,
        (low,),
    )


def _order(left: Value, right: Value) -> int:
    """-1, 0 or 1. Both sides come from one property, hence are both numbers or both texts."""
    if isinstance(left, str) or isinstance(right, str):
        left, right = str(left), str(right)
        return (left > right) - (left < right)
    return (left > right) - (left < right)


def _satisfies(operator: str, order: int) -> bool:
    return {
        "EQ": order == 0,
        "NEQ": order != 0,
        "LT": order < 0,
        "LTE": order <= 0,
        "GT": order > 0,
        "GTE": order >= 0,
    }[operator]


def _tokens(property_: Property, operator: str, filter_: JsonObject) -> Condition:
    if property_.kind not in {"text", "option"}:
        raise invalid(f"{operator} is not supported for {property_.name}: it is no text.")
    pattern = str(_operand(property_, filter_, "value")).lower()
    wanted = operator == "CONTAINS_TOKEN"

    def contains(candidate: Candidate) -> bool:
        value = property_.of(candidate)
        if value is None:
            return not wanted
        text = str(value).lower()
        words = _WORD.findall(text)
        if "*" in pattern:
            found = any(fnmatchcase(word, pattern) for word in (text, *text.split(), *words))
        else:
            found = set(_WORD.findall(pattern)) <= set(words)
        return found == wanted

    return Condition(contains)


def _associated(
    account: Account, type_: ObjectType, word: str, operator: str, filter_: JsonObject
) -> Condition:
    other = find_type(word)
    if other is None:
        raise invalid(f"There is no object type for the filter property associations.{word}.")
    ids: Sequence[object]
    if operator == "EQ":
        ids = [filter_.get("value")]
    elif operator == "IN" and isinstance(filter_.get("values"), list):
        ids = filter_["values"]
    else:
        raise invalid(f"associations.{word} is supported with EQ and IN only.")
    numbers = [number for item in ids if (number := record_id(str(item))) is not None]
    linked = account.store.associated(other, numbers, type_)
    members = frozenset(target.id for targets in linked.values() for target in targets)
    return Condition(lambda candidate: candidate.id in members)
