"""Compiles a parsed SOQL query to SQLite SQL with bound parameters, over the tables of the org.

SOQL's logic has two values where SQL's has three: `!= 'x'` and NOT (...) hold for a null (SOQL and SOSL
Reference, "Comparison Operators"), texts compare without their case, and a text is never empty but null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadledger.sandbox.http import JsonObject
from leadledger.sandbox.salesforce.errors import ApiError, refuse
from leadledger.sandbox.salesforce.ids import canonical
from leadledger.sandbox.salesforce.objects import OBJECTS, find_object
from leadledger.sandbox.salesforce.records import Node, builder
from leadledger.sandbox.salesforce.schema import IDS, NUMBERS, TEXTS, Field, Kind, SObject
from leadledger.sandbox.salesforce.soql import (
    And,
    Comparison,
    Condition,
    Membership,
    Not,
    Or,
    Path,
    Query,
    Value,
    ValueKind,
)
from leadledger.sandbox.salesforce.soql_lexer import malformed
from leadledger.sandbox.salesforce.values import datetime_column

MAX_RELATIONSHIPS = 5
_NAME_FIELDS = frozenset(
    {
        "Id",
        "Name",
        "FirstName",
        "LastName",
        "Email",
        "Phone",
        "Title",
        "Username",
        "Alias",
        "IsActive",
        "UserRoleId",
        "ProfileId",
    }
)
"""What SOQL may read through a relationship with several targets (the fields of the object Name)."""

_ADVICE = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
    " Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True, slots=True)
class Column:
    """A SQL expression and the field that it stands for."""

    sql: str
    field: Field
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled query.

    `ids_sql` yields the row numbers of the answer in order (or the count). `rows_sql` takes a JSON array of
    row numbers and yields the rows in that order; `build` turns such a row into a record.
    """

    sobject: SObject
    count: bool
    ids_sql: str
    params: tuple[Any, ...]
    rows_sql: str
    build: Callable[[str, tuple[Any, ...]], JsonObject]


def compile_query(query: Query, *, all_rows: bool) -> Plan:
    """The plan of a query; `all_rows` keeps deleted and archived rows, as queryAll does. Raises ApiError."""
    return _Compiler(query).plan(all_rows=all_rows)


class _Compiler:
    def __init__(self, query: Query) -> None:
        sobject = find_object(query.from_)
        if sobject is None:
            complaint = (
                f"sObject type '{query.from_}' is not supported. If you are attempting to use a custom object,"
                " be sure to append the '__c' after the entity name."
                " Please reference your WSDL or the describe call for the appropriate names."
            )
            raise malformed(query.text, query.from_position, complaint, "INVALID_TYPE")
        self._query = query
        self._sobject = sobject
        self._joins: list[str] = []
        self._aliases: dict[tuple[str, ...], tuple[tuple[SObject, str], ...]] = {(): ((sobject, "t"),)}
        self._params: list[Any] = []
        self._columns: list[str] = ['t."Id"']

    def plan(self, *, all_rows: bool) -> Plan:
        query, sobject = self._query, self._sobject
        root = Node()
        for path in query.fields:
            self._select(root, path)
        selected_joins = " ".join(self._joins)
        self._joins, self._aliases = [], {(): ((sobject, "t"),)}
        conditions = [] if all_rows else self._hidden()
        if query.where is not None:
            conditions.append(self._condition(query.where))
        order = ", ".join(self._order_key(key.path, key.descending, key.nulls_last) for key in query.order)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        body = f'FROM "{sobject.table}" t {" ".join(self._joins)}{where}'
        if query.count:
            ids_sql = f"SELECT count(*) {body}"
        else:
            ids_sql = f"SELECT t.n {body}" + (f" ORDER BY {order}" if order else "")
            if query.limit is not None or query.offset:
                ids_sql += f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
        rows_sql = (
            f"SELECT {', '.join(self._columns)} FROM json_each(?) page"
            f' CROSS JOIN "{sobject.table}" t ON t.n = page.value {selected_joins} ORDER BY page.id'
        )
        return Plan(sobject, query.count, ids_sql, tuple(self._params), rows_sql, builder(root, sobject))

    def _hidden(self) -> list[str]:
        return [f't."{name}" = 0' for name in ("IsDeleted", "IsArchived") if self._sobject.has(name)]

    def _error(self, path: Path, complaint: str, code: str = "INVALID_FIELD") -> ApiError:
        return malformed(self._query.text, path.position, complaint, code)

    def _select(self, root: Node, path: Path) -> None:
        column, owners = self._resolve(path)
        node, names = root, self._names(path)
        for depth, name in enumerate(names[:-1], start=1):
            node = node.parents.setdefault(name, Node())
            if not node.targets:
                aliases = owners[depth]
                node.targets = tuple(target for target, _ in aliases)
                node.present = self._add(_first(f'{alias}."Id"' for _, alias in aliases))
        if any(name == names[-1] for name, _, _ in node.leaves):
            raise self._error(path, f"duplicate field selected: {path}")
        boolean = column.field.kind is Kind.BOOLEAN
        node.leaves.append((names[-1], self._add(column.sql), boolean))

    def _add(self, sql: str) -> int:
        self._columns.append(sql)
        return len(self._columns) - 1

    def _names(self, path: Path) -> list[str]:
        """The parts of a path as the API spells them, whatever case the query used."""
        sobjects: tuple[SObject, ...] = (self._sobject,)
        names: list[str] = []
        for part in path.parts[:-1]:
            link = sobjects[0].parent(part)
            assert link is not None
            names.append(link.relationship)
            sobjects = tuple(OBJECTS[name] for name in link.references)
        found = next((item for item in (sobject.find(path.parts[-1]) for sobject in sobjects) if item), None)
        names.append(found.name if found else "Type")
        return names

    def _resolve(self, path: Path) -> tuple[Column, list[tuple[tuple[SObject, str], ...]]]:
        """The column of a path, and the objects passed on the way. Joins parents as needed."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() == self._sobject.name.lower():
            complaint = f"The object name before a field is not supported here: write {'.'.join(parts[1:])}"
            raise self._error(path, complaint)
        if len(parts) - 1 > MAX_RELATIONSHIPS:
            raise self._error(path, f"A path may pass {MAX_RELATIONSHIPS} relationships at most")
        owners = [self._aliases[()]]
        keys = (tuple(part.lower() for part in parts[:depth]) for depth in range(1, len(parts)))
        owners.extend(self._join(path, key) for key in keys)
        return self._leaf(path, owners), owners

    def _join(self, path: Path, key: tuple[str, ...]) -> tuple[tuple[SObject, str], ...]:
        if key in self._aliases:
            return self._aliases[key]
        holders = self._aliases[key[:-1]]
        sobject, alias = holders[0]
        link = sobject.parent(key[-1])
        if link is None or len(holders) > 1:
            complaint = (
                f"Didn't understand relationship '{path.parts[len(key) - 1]}' in field path. If you are attempting"
                " to use a custom relationship, be sure to append the '__r' after the custom relationship name."
                " Please reference your WSDL or the describe call for the appropriate names."
            )
            raise self._error(path, complaint)
        targets = []
        for reference in link.references:
            target = OBJECTS[reference]
            name = f"j{len(self._joins)}"
            self._joins.append(f'LEFT JOIN "{target.table}" {name} ON {name}."Id" = {alias}."{link.name}"')
            targets.append((target, name))
        self._aliases[key] = tuple(targets)
        return self._aliases[key]

    def _leaf(self, path: Path, owners: list[tuple[tuple[SObject, str], ...]]) -> Column:
        name, holders = path.parts[-1], owners[-1]
        if len(holders) == 1:
            sobject, alias = holders[0]
            found = sobject.find(name)
            if found is None:
                raise self._error(path, f"No such column '{name}' on entity '{sobject.name}'. {_ADVICE}")
            return Column(f'{alias}."{found.name}"', found)
        if name.lower() == "type":
            return Column(_type_of(holders), Field("Type", Kind.PICKLIST), plain=False)
        columns = [
            (item, f'{alias}."{item.name}"')
            for item, alias in ((sobject.find(name), alias) for sobject, alias in holders)
            if item is not None and item.name in _NAME_FIELDS
        ]
        if not columns:
            raise self._error(path, f"No such column '{name}' on entity 'Name'. {_ADVICE}")
        return Column(_first(sql for _, sql in columns), columns[0][0], plain=False)

    def _order_key(self, path: Path, descending: bool, nulls_last: bool) -> str:  # noqa: FBT001 - Order's fields
        column, _ = self._resolve(path)
        if not column.field.filterable:
            raise self._error(path, f"field '{column.field.name}' can not be sorted in a query call")
        collation = "" if column.plain or column.field.kind not in TEXTS else " COLLATE NOCASE"
        nulls = "LAST" if nulls_last else "FIRST"
        return f"{column.sql}{collation} {'DESC' if descending else 'ASC'} NULLS {nulls}"

    def _condition(self, condition: Condition) -> str:
        match condition:
            case And(terms):
                return _balanced([self._condition(term) for term in terms], "AND")
            case Or(terms):
                return _balanced([self._condition(term) for term in terms], "OR")
            case Not(term):
                return f"NOT coalesce({self._condition(term)}, 0)"
            case Comparison(path, "LIKE", value):
                return self._like(path, value)
            case Comparison(path, op, value):
                return self._compare(path, op, value)
            case Membership(path, negated, values):
                return self._member(path, values, negated=negated)

    def _filterable(self, path: Path) -> Column:
        column, _ = self._resolve(path)
        if not column.field.filterable:
            complaint = f"field '{column.field.name}' can not be filtered in a query call"
            raise self._error(path, complaint)
        return column

    def _compare(self, path: Path, op: str, value: Value) -> str:
        column = self._filterable(path)
        operand = self._operand(path, column.field, value)
        if op not in {"=", "!="} and (operand is None or column.field.kind is Kind.BOOLEAN):
            raise self._error(path, f"invalid operator '{op}' on {path}", "INVALID_QUERY_FILTER_OPERATOR")
        if operand is None:
            return f"{column.sql} IS {'NOT ' if op == '!=' else ''}NULL"
        left, right = _comparable(column, [operand])
        self._params.append(operand)
        if op == "!=":
            return f"{left} IS NOT {right}"
        return f"{left} {op} {right}"

    def _member(self, path: Path, values: Sequence[Value], *, negated: bool) -> str:
        column = self._filterable(path)
        operands = [self._operand(path, column.field, value) for value in values]
        present = [operand for operand in operands if operand is not None]
        left, mark = _comparable(column, present)
        tests = [f"{left} IN ({', '.join([mark] * len(present))})"] if present else []
        self._params += present
        if len(present) < len(operands):
            tests.append(f"{column.sql} IS NULL")
        test = f"({' OR '.join(tests)})"
        return f"NOT coalesce({test}, 0)" if negated else test

    def _like(self, path: Path, value: Value) -> str:
        column = self._filterable(path)
        if column.field.kind not in TEXTS:
            raise self._error(path, f"invalid operator 'LIKE' on {path}", "INVALID_QUERY_FILTER_OPERATOR")
        if value.kind is not ValueKind.PATTERN:
            raise self._error(path, _misfit(path, column.field))
        pattern = str(value.value)
        self._params.append(pattern)
        if pattern.isascii():
            return f"{column.sql} LIKE ? ESCAPE '\\'"
        return f"sf_fold({column.sql}) LIKE sf_fold(?) ESCAPE '\\'"

    def _operand(self, path: Path, target: Field, value: Value) -> Any:
        """The value in the column's form. Raises ApiError when it was written for another type."""
        match target.kind, value.kind:
            case _, ValueKind.NULL:
                return 0 if target.kind is Kind.BOOLEAN else None
            case Kind.BOOLEAN, ValueKind.BOOLEAN:
                return int(value.value is True)
            case Kind.DATE, ValueKind.DATE:
                return value.value
            case Kind.DATETIME, ValueKind.DATETIME:
                assert isinstance(value.value, datetime)
                return datetime_column(value.value)
            case kind, ValueKind.NUMBER if kind in NUMBERS:
                return value.value
            case kind, ValueKind.TEXT if kind in IDS:
                return self._id(path, str(value.value))
            case kind, ValueKind.TEXT if kind in TEXTS:
                return value.value or None
        raise self._error(path, _misfit(path, target))

    def _id(self, path: Path, text: str) -> str | None:
        if not text:
            return None
        record_id = canonical(text)
        if record_id is None:
            complaint = f"invalid ID field: {text[:30]}"
            raise self._error(path, complaint, "INVALID_QUERY_FILTER_OPERATOR")
        return record_id


def read_fields(sobject: SObject, names: Sequence[str]) -> tuple[str, ...]:
    """The API spelling of field names of a row read. Raises ApiError INVALID_FIELD."""
    found = []
    for name in names:
        item = sobject.find(name.strip())
        if item is None:
            raise refuse(
                "INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {sobject.name}"
            )
        found.append(item.name)
    return tuple(dict.fromkeys(found))


def _misfit(path: Path, target: Field) -> str:
    quoted = "" if target.kind in TEXTS or target.kind in IDS else "not "
    kind = "string" if target.kind in TEXTS else target.kind.value
    return (
        f"value of filter criterion for field '{path}' must be of type {kind}"
        f" and should {quoted}be enclosed in quotes"
    )


def _first(columns: Any) -> str:
    found = list(columns)
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _type_of(holders: Sequence[tuple[SObject, str]]) -> str:
    cases = []
    for sobject, alias in holders:
        # A group of the type Queue answers Queue: that is how SOQL tells queues from users in Owner.Type.
        kind = f"""CASE {alias}."Type" WHEN 'Queue' THEN 'Queue' ELSE 'Group' END"""
        cases.append(
            f"""WHEN {alias}."Id" IS NOT NULL THEN {kind if sobject.name == "Group" else f"'{sobject.name}'"}"""
        )
    return f"CASE {' '.join(cases)} END"


def _comparable(column: Column, operands: Sequence[Any]) -> tuple[str, str]:
    """The two sides of a comparison: texts of other scripts need more than SQLite's ASCII folding."""
    if column.field.kind not in TEXTS:
        return (f"coalesce({column.sql}, 0)" if _may_miss(column) else column.sql), "?"
    if all(isinstance(operand, str) and operand.isascii() for operand in operands):
        return (column.sql if column.plain else f"{column.sql} COLLATE NOCASE"), "?"
    return f"sf_fold({column.sql})", "sf_fold(?)"


def _may_miss(column: Column) -> bool:
    """Whether it is a checkbox of a parent, which counts as false where there is no parent."""
    return column.field.kind is Kind.BOOLEAN and not column.sql.startswith("t.")


def _balanced(terms: Sequence[str], word: str) -> str:
    """Join terms as a balanced tree: SQLite allows a depth of 1,000, and a chain of ORs may be longer."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return f"({_balanced(terms[:middle], word)} {word} {_balanced(terms[middle:], word)})"
