"""The SQLite tables of the pretended HubSpot account; the only place of this application with SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from leadledger.sandbox.http import JsonObject, Storage
from leadledger.sandbox.hubspot.object_types import OBJECT_TYPES, ObjectType
from leadledger.sandbox.hubspot.records import Record, encode

_TABLES = """
CREATE TABLE IF NOT EXISTS hubspot_object (
  type TEXT NOT NULL, id INTEGER NOT NULL, archived INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, archived_ms INTEGER,
  modified_ms INTEGER NOT NULL, email TEXT, properties TEXT NOT NULL, history TEXT NOT NULL,
  changed_ms INTEGER, before_properties TEXT, before_modified_ms INTEGER,
  PRIMARY KEY (type, id)
);
CREATE INDEX IF NOT EXISTS hubspot_object_modified ON hubspot_object (type, archived, modified_ms, id);
CREATE INDEX IF NOT EXISTS hubspot_object_archived ON hubspot_object (type, id) WHERE archived = 1;
CREATE INDEX IF NOT EXISTS hubspot_object_email ON hubspot_object (type, email) WHERE email IS NOT NULL;
CREATE INDEX IF NOT EXISTS hubspot_object_changed ON hubspot_object (type, changed_ms)
  WHERE changed_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS hubspot_association (
  from_type TEXT NOT NULL, from_id INTEGER NOT NULL, to_type TEXT NOT NULL, to_id INTEGER NOT NULL,
  is_primary INTEGER NOT NULL,
  PRIMARY KEY (from_type, from_id, to_type, to_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hubspot_absorbed (
  type TEXT NOT NULL, id INTEGER NOT NULL, survivor INTEGER NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hubspot_submission (
  form TEXT NOT NULL, submitted_ms INTEGER NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (form, submitted_ms, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hubspot_document (
  kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
_TABLE_NAMES = (
    "hubspot_object",
    "hubspot_association",
    "hubspot_absorbed",
    "hubspot_submission",
    "hubspot_document",
)
_COLUMNS = "id, archived, created_ms, updated_ms, archived_ms, properties, history"
_CHUNK = 500
"""Bound values per statement, well below SQLite's smallest limit of 999."""
_TYPES = {kind.name: kind for kind in OBJECT_TYPES}


@dataclass(frozen=True, slots=True)
class Associated:
    """One target of an association."""

    id: int
    is_primary: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a search looks at: a record's id, values and stamps as the index knows them."""

    id: int
    created_ms: int
    modified_ms: int
    properties: dict[str, str]


class Store:
    """Reads and writes of the account. Every public method may be called from any thread."""

    def __init__(self, storage: Storage) -> None:
        self._connection = storage.connection
        self._lock = storage.lock
        self._depth = 0
        self.revision = 0
        """Grows with every change of a record or association; a remembered search is valid for one value."""
        with self._lock:
            for statement in _TABLES.split(";"):
                if statement.strip():
                    self._connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. A savepoint, because the connection may be in either of sqlite3's commit modes."""
        with self._lock:
            self._connection.execute("SAVEPOINT hubspot")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO hubspot")
                self.revision += 1
                raise
            finally:
                self._depth -= 1
                self._connection.execute("RELEASE hubspot")
                if not self._depth and self._connection.in_transaction:
                    self._connection.commit()

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _run(self, sql: str, values: Sequence[object] = ()) -> None:
        self.revision += 1
        self._connection.execute(sql, values)

    def clear(self) -> None:
        """Empty every table."""
        for name in _TABLE_NAMES:
            self._run(f"DELETE FROM {name}")

    # ------------------------------------------------------------------ records

    def record(self, type_: ObjectType, id_: int) -> Record | None:
        """A record by id, archived or not."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM hubspot_object WHERE type = ? AND id = ?", (type_.name, id_)
        )
        return _record(type_, rows[0]) if rows else None

    def records(self, type_: ObjectType, ids: Iterable[int]) -> dict[int, Record]:
        """Records by id, archived ones included; ids that do not exist are missing from the answer."""
        wanted = list(ids)
        found: dict[int, Record] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for row in self._rows(
                f"SELECT {_COLUMNS} FROM hubspot_object WHERE type = ? AND id IN ({marks})",
                (type_.name, *part),
            ):
                found[row[0]] = _record(type_, row)
        return found

    def id_of_email(self, type_: ObjectType, email: str) -> int | None:
        """The living record with an e-mail address, in any letter case."""
        rows = self._rows(
            "SELECT id FROM hubspot_object WHERE type = ? AND email = ? AND archived = 0 ORDER BY id",
            (type_.name, email.strip().lower()),
        )
        return int(rows[0][0]) if rows else None

    def survivor(self, type_: ObjectType, absorbed: int) -> int | None:
        """The record that a merged-away id lives on in."""
        seen = {absorbed}
        found: int | None = None
        at = absorbed
        while rows := self._rows(
            "SELECT survivor FROM hubspot_absorbed WHERE type = ? AND id = ?", (type_.name, at)
        ):
            at = int(rows[0][0])
            if at in seen:
                break
            seen.add(at)
            found = at
        return found

    def page(self, type_: ObjectType, from_id: int, size: int, *, archived: bool) -> list[Record]:
        """Up to `size` records with an id of at least `from_id`, in id order."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM hubspot_object WHERE type = ? AND archived = {int(archived)} "
            "AND id >= ? ORDER BY id LIMIT ?",
            (type_.name, from_id, size),
        )
        return [_record(type_, row) for row in rows]

    def every_with_links(self, type_: ObjectType) -> Iterator[tuple[Record, dict[str, list[str]]]]:
        """All records of a type in id order, archived ones included, with what they are associated with.

        Associated ids come by object name, the primary one first, then in id order.
        """
        from_id = -1
        while rows := self._rows(
            f"SELECT {_COLUMNS} FROM hubspot_object WHERE type = ? AND id > ? ORDER BY id LIMIT ?",
            (type_.name, from_id, _CHUNK),
        ):
            links: dict[int, dict[str, list[str]]] = {}
            for id_, to_type, to_id in self._rows(
                "SELECT from_id, to_type, to_id FROM hubspot_association WHERE from_type = ? "
                "AND from_id BETWEEN ? AND ? ORDER BY from_id, to_type, is_primary DESC, to_id",
                (type_.name, rows[0][0], rows[-1][0]),
            ):
                links.setdefault(id_, {}).setdefault(to_type, []).append(str(to_id))
            for row in rows:
                yield _record(type_, row), links.get(row[0], {})
            from_id = rows[-1][0]

    def next_id(self, type_: ObjectType) -> int:
        """An id that no record of the type has had."""
        rows = self._rows(
            "SELECT max(top) FROM (SELECT max(id) AS top FROM hubspot_object WHERE type = ? "
            "UNION ALL SELECT max(id) FROM hubspot_absorbed WHERE type = ?)",
            (type_.name, type_.name),
        )
        return int(rows[0][0] or 0) + 1

    def insert(self, records: Iterable[tuple[Record, int]], changed_ms: int | None = None) -> None:
        """New records with their modification stamps in milliseconds; an existing id is replaced.

        `changed_ms` is when they came into being for a search index that lags; None: long ago.
        """
        self.revision += 1
        self._connection.executemany(
            "INSERT OR REPLACE INTO hubspot_object (type, id, archived, created_ms, updated_ms, archived_ms, "
            "modified_ms, email, properties, history, changed_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                (
                    record.type.name,
                    record.id,
                    int(record.archived),
                    record.created_ms,
                    record.updated_ms,
                    record.archived_ms,
                    modified_ms,
                    record.value("email").strip().lower() or None,
                    encode(record.properties),
                    record.written_history(),
                    changed_ms,
                )
                for record, modified_ms in records
            ),
        )

    def save(self, record: Record, *, changed_ms: int, index_since_ms: int | None) -> None:
        """Store a changed record.

        `index_since_ms` is set when the search index lags: the version before is kept for it, unless the
        version that the index shows is older still (last change after `index_since_ms`).
        """
        key = (record.type.name, record.id)
        if index_since_ms is not None:
            self._run(
                "UPDATE hubspot_object SET before_properties = properties, before_modified_ms = modified_ms "
                "WHERE type = ? AND id = ? AND (changed_ms IS NULL OR changed_ms <= ?)",
                (*key, index_since_ms),
            )
        self._run(
            "UPDATE hubspot_object SET archived = ?, updated_ms = ?, archived_ms = ?, modified_ms = ?, "
            "email = ?, properties = ?, history = ?, changed_ms = ? WHERE type = ? AND id = ?",
            (
                int(record.archived),
                record.updated_ms,
                record.archived_ms,
                record.updated_ms,
                record.value("email").strip().lower() or None,
                encode(record.properties),
                record.written_history(),
                changed_ms,
                *key,
            ),
        )

    def forget(self, record: Record) -> None:
        """Remove a record without a trace, as a GDPR delete does."""
        key = (record.type.name, record.id)
        self._run("DELETE FROM hubspot_object WHERE type = ? AND id = ?", key)
        self._run("DELETE FROM hubspot_association WHERE from_type = ? AND from_id = ?", key)
        self._run("DELETE FROM hubspot_association WHERE to_type = ? AND to_id = ?", key)

    # ------------------------------------------------------------------- search

    def indexed_ids(
        self, type_: ObjectType, where: str, values: Sequence[object], order: str, offset: int, size: int
    ) -> tuple[int, list[int]]:
        """How many living records satisfy a compiled condition, and one page of their ids.

        `where` and `order` come from search.py, which writes them with column names of this table only.
        """
        base = f"FROM hubspot_object WHERE type = ? AND archived = 0 AND ({where})"
        total = self._rows(f"SELECT count(*) {base}", (type_.name, *values))[0][0]
        rows = self._rows(
            f"SELECT id {base} ORDER BY {order} LIMIT ? OFFSET ?", (type_.name, *values, size, offset)
        )
        return int(total), [int(row[0]) for row in rows]

    def candidates(
        self, type_: ObjectType, where: str, values: Sequence[object], index_since_ms: int | None
    ) -> Iterator[Candidate]:
        """The living records that a condition may hold for, as the index knows them.

        With `index_since_ms`, a record changed after that instant is shown as it was before, and not at all
        when it did not exist.
        """
        base = "FROM hubspot_object WHERE type = ? AND archived = 0"
        if index_since_ms is None:
            for id_, created_ms, modified_ms, text in self._rows(
                f"SELECT id, created_ms, modified_ms, properties {base} AND ({where})",
                (type_.name, *values),
            ):
                yield Candidate(id_, created_ms, modified_ms, json.loads(text))
            return
        for id_, created_ms, modified_ms, text, changed_ms, before, before_ms in self._rows(
            "SELECT id, created_ms, modified_ms, properties, changed_ms, before_properties, "
            f"before_modified_ms {base} AND (coalesce(changed_ms, 0) > ? OR ({where}))",
            (type_.name, index_since_ms, *values),
        ):
            if (changed_ms or 0) <= index_since_ms:
                yield Candidate(id_, created_ms, modified_ms, json.loads(text))
            elif before is not None:
                yield Candidate(id_, created_ms, before_ms, json.loads(before))

    def before(self, type_: ObjectType, ids: Iterable[int], index_since_ms: int) -> dict[int, JsonObject]:
        """The values that a lagging index shows for recently changed records."""
        found = {}
        for id_ in ids:
            for changed_ms, before in self._rows(
                "SELECT changed_ms, before_properties FROM hubspot_object WHERE type = ? AND id = ?",
                (type_.name, id_),
            ):
                if (changed_ms or 0) > index_since_ms and before is not None:
                    found[id_] = json.loads(before)
        return found

    # ------------------------------------------------------------- associations

    def associated(
        self, from_: ObjectType, ids: Iterable[int], to: ObjectType
    ) -> dict[int, list[Associated]]:
        """The targets of each id that has any, in id order, living targets only."""
        wanted = list(ids)
        found: dict[int, list[Associated]] = {}
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for from_id, to_id, is_primary in self._rows(
                "SELECT a.from_id, a.to_id, a.is_primary FROM hubspot_association a "
                "JOIN hubspot_object o ON o.type = a.to_type AND o.id = a.to_id AND o.archived = 0 "
                f"WHERE a.from_type = ? AND a.to_type = ? AND a.from_id IN ({marks}) "
                "ORDER BY a.from_id, a.to_id",
                (from_.name, to.name, *part),
            ):
                found.setdefault(from_id, []).append(Associated(to_id, bool(is_primary)))
        return found

    def link(self, pairs: Iterable[tuple[str, int, str, int, bool]]) -> None:
        """Associate both ways: (from object, from id, to object, to id, primary). A repeated link is one."""
        both = [
            row
            for from_type, from_id, to_type, to_id, is_primary in pairs
            for row in (
                (from_type, from_id, to_type, to_id, int(is_primary)),
                (to_type, to_id, from_type, from_id, int(is_primary)),
            )
        ]
        self.revision += 1
        self._connection.executemany(
            "INSERT INTO hubspot_association VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE "
            "SET is_primary = max(is_primary, excluded.is_primary)",
            both,
        )

    def absorb(self, pairs: Iterable[tuple[str, int, int]]) -> None:
        """Merged-away ids: (object, absorbed id, surviving id)."""
        self._connection.executemany("INSERT OR REPLACE INTO hubspot_absorbed VALUES (?,?,?)", pairs)

    # ---------------------------------------------------- documents, submissions

    def documents(self, kind: str) -> list[JsonObject]:
        """Every document of a kind: owners, forms, definitions."""
        rows = self._rows("SELECT document FROM hubspot_document WHERE kind = ? ORDER BY id", (kind,))
        return [json.loads(row[0]) for row in rows]

    def document(self, kind: str, id_: str) -> JsonObject | None:
        """One document."""
        rows = self._rows("SELECT document FROM hubspot_document WHERE kind = ? AND id = ?", (kind, id_))
        found: JsonObject | None = json.loads(rows[0][0]) if rows else None
        return found

    def keep(self, kind: str, id_: str, document: JsonObject) -> None:
        """Add or replace a document."""
        self._run("INSERT OR REPLACE INTO hubspot_document VALUES (?,?,?)", (kind, id_, encode(document)))

    def submissions(self, form: str, before: tuple[int, str] | None, size: int) -> list[JsonObject]:
        """Up to `size` submissions of a form, newest first, from the (ms, id) of `before` on."""
        at = (2**62, "") if before is None else before
        rows = self._rows(
            "SELECT document FROM hubspot_submission WHERE form = ? AND (submitted_ms, id) <= (?, ?) "
            "ORDER BY submitted_ms DESC, id DESC LIMIT ?",
            (form, *at, size),
        )
        return [json.loads(row[0]) for row in rows]

    def all_submissions(self) -> Iterator[JsonObject]:
        """Every submission in the order of its id."""
        for row in self._rows("SELECT document FROM hubspot_submission ORDER BY id"):
            yield json.loads(row[0])

    def add_submissions(self, rows: Iterable[JsonObject]) -> None:
        """Submissions as the story tells them: formId, conversionId, submittedAt in ms, pageUrl, values."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO hubspot_submission VALUES (?,?,?,?)",
            (
                (str(row["formId"]), int(row["submittedAt"]), str(row["conversionId"]), encode(row))
                for row in rows
            ),
        )


def _record(type_: ObjectType, row: sqlite3.Row | tuple[Any, ...]) -> Record:
    id_, archived, created_ms, updated_ms, archived_ms, properties, history = row
    return Record(
        type=type_,
        id=id_,
        properties=json.loads(properties),
        created_ms=created_ms,
        updated_ms=updated_ms,
        archived=bool(archived),
        archived_ms=archived_ms,
        history_json=history,
    )
