"""The mirror in one DuckDB file: a copy of CRM rows that may be thrown away and pulled again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from leadledger.domain.intents import Outcome
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner
from leadledger.errors import BugError, StateError
from leadledger.ports import Kind, Page, Seen, Sql, Stream, Watermark
from leadledger.stores.duck import pages, touched
from leadledger.stores.duck.columns import columns
from leadledger.stores.duck.connection import open_mirror, quoted, transaction, translated
from leadledger.stores.duck.written import take_over

FETCH = 10_000
"""Rows that `values` holds in memory at once."""


class DuckDbMirror:
    """`ports.Mirror` over a file, or over memory for `":memory:"`. One process may have it open at a time.

    `memory_limit_bytes` is 4 GiB or half of the machine unless given. Threads may share a mirror and take
    turns; only `sql()` belongs to one thread.

    Raises LockHeldError when another process has the file; StateError, which says that it may be deleted, when
    it is damaged. A file of another format is thrown away and made anew.
    """

    def __init__(self, path: Path | str, *, memory_limit_bytes: int | None = None, threads: int = 2) -> None:
        self._place = str(path)
        self._connection = open_mirror(path, memory_limit_bytes=memory_limit_bytes, threads=threads)
        self._engine_connection: duckdb.DuckDBPyConnection | None = None
        self._prepared: dict[str, Stream] = {}
        self._turn = threading.RLock()

    def prepare(self, streams: Sequence[Stream]) -> None:
        """Make the tables; a stream whose shape changed loses its rows and its watermark.

        Tables of streams that are not named stay as they are: another run may want them.
        """
        with self._transaction():
            known = dict(self._connection.execute("SELECT stream, shape FROM pull_state").fetchall())
            for stream in streams:
                shape = f"{stream.kind.value} {stream.shape}"
                if known.get(stream.table) != shape:
                    self._make(stream, shape)
        self._prepared |= {stream.table: stream for stream in streams}

    def holds(self, stream: Stream) -> bool:
        """Whether the stream is here in this shape, as far as it was pulled; changes nothing."""
        query = "SELECT shape FROM pull_state WHERE stream = ?"
        rows = self._connection.execute(query, [stream.table]).fetchall()
        return bool(rows) and rows[0][0] == f"{stream.kind.value} {stream.shape}"

    def watermark(self, stream: Stream) -> Watermark | None:
        """Up to where the stream is stored."""
        query = "SELECT watermark FROM pull_state WHERE stream = ?"
        with self._prepared_for(stream):
            rows = self._connection.execute(query, [stream.table]).fetchall()
        try:
            return json.loads(rows[0][0]) if rows and rows[0][0] is not None else None
        except ValueError as exc:
            raise StateError(f"{self._place} is damaged. Delete it: the next run pulls it again.") from exc

    def store(self, stream: Stream, page: Page) -> None:
        """Put a page in, in one transaction, and mark its people as touched. Repeating it changes nothing.

        Of several versions of a row in one page the last counts. NUL and lone surrogates in text become U+FFFD.
        Raises BugError, and stores nothing, for values of other types than the port promises.
        """
        with self._prepared_for(stream):
            pages.read_in(self._connection, stream, page)
            with transaction(self._connection, self._place):
                pages.replace(self._connection, stream, page.replaces)

    def advance(self, stream: Stream, watermark: Watermark) -> None:
        """Move the watermark; it lies in the same file as the rows that it covers."""
        self._check(stream)
        with self._transaction():
            self._connection.execute(
                "UPDATE pull_state SET watermark = ? WHERE stream = ?",
                [json.dumps(dict(watermark)), stream.table],
            )

    def seen(self, stream: Stream) -> Seen:
        """What is already here of a stream; always as of the call of its methods."""
        self._check(stream)
        return _SeenRows(self, stream)

    def count(self, stream: Stream, low_us: int, high_us: int) -> int:
        """Rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        with self._prepared_for(stream):
            rows = self._connection.execute(
                f"SELECT count(*) FROM {pages.table(stream)} "
                "WHERE NOT deleted AND modified_us >= ? AND modified_us < ?",
                [low_us, high_us],
            ).fetchall()
        return int(rows[0][0])

    def modified(self, stream: Stream, low_us: int, high_us: int) -> Mapping[str, int]:
        """Id -> last change of the rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        with self._prepared_for(stream):
            rows = self._connection.execute(
                f"SELECT id, modified_us FROM {pages.table(stream)} "
                "WHERE NOT deleted AND modified_us >= ? AND modified_us < ?",
                [low_us, high_us],
            ).fetchall()
        return dict(rows)

    def touched(self) -> frozenset[str]:
        """Records (`crm/object/id`) of people whose rows, activities, history, account or deals changed."""
        with self._transaction():
            return touched.records(self._connection)

    def touched_people(self, crm: str) -> Sequence[str]:
        """Ids of the people of a CRM whose own rows changed since `settle_touched`, in id order."""
        with self._transaction():
            return touched.pulled_people(self._connection, crm)

    def settle_touched(self, but: Sequence[str] = ()) -> None:
        """Forget the touched records: their decisions are in the ledger. `but` these stay, or become, touched."""
        marks = [(record.crm, record.object, record.id) for record in map(RecordRef.parse, but)]
        with self._transaction():
            self._connection.execute("DELETE FROM touched")
            if marks:
                self._connection.executemany("INSERT INTO touched VALUES (?, ?, 'record', ?)", marks)

    def note_written(self, crm: str, object_: str, outcomes: Sequence[Outcome]) -> None:
        """Take over what the CRM confirmed of our own write: values, and the time of change if known. Not a touch.

        Outcomes without values are passed over; values of fields that the mirror does not hold are ignored.
        """
        stream = self._prepared.get(f"{crm}.{object_}")
        told = [outcome for outcome in outcomes if outcome.values is not None]
        if stream is None or not told:
            return
        with self._transaction():
            take_over(self._connection, stream, told)

    def values(
        self, crm: str, object_: str, fields: Sequence[str], ids: Sequence[str] | None = None
    ) -> Iterator[tuple[str, tuple[str | None, ...]]]:
        """(id, present values) of people rows that are not deleted, in id order; instants as microsecond text.

        Other work on the mirror may go on meanwhile; the values are those of the first row's moment.
        Raises BugError for an object or a field that the mirror does not hold.
        """
        stream = self._prepared.get(f"{crm}.{object_}")
        missing = [f for f in fields if stream is None or f not in columns(stream)]
        if stream is None or missing:
            raise BugError(f"the mirror holds no {', '.join(missing) or 'rows'} of {crm} {object_}")
        wanted = "" if ids is None else "AND id IN (SELECT id::VARCHAR FROM wanted_ids)"
        chosen = ", ".join(["id", *(f"{quoted(field)}::VARCHAR" for field in fields)])
        query = f"SELECT {chosen} FROM {pages.table(stream)} WHERE NOT deleted {wanted} ORDER BY id"
        return self._rows(query, ids)

    def owners(self, crm: str) -> Sequence[Owner]:
        """Users and queues of a CRM, in id order, without deleted ones."""
        found: list[Owner] = []
        with self._transaction():
            tables = self._connection.execute(
                "SELECT stream FROM pull_state WHERE kind = ? AND crm = ? ORDER BY stream",
                [Kind.OWNERS.value, crm],
            ).fetchall()
            for (table,) in tables:
                found += map(
                    _owner,
                    self._connection.execute(
                        "SELECT id, email, name, active, queue, objects "
                        f"FROM raw.{quoted(table)} WHERE NOT deleted"
                    ).fetchall(),
                )
        return sorted(found, key=lambda owner: owner.id)

    def sql(self) -> Sql:
        """A connection of its own for the engine, so that its temporary tables and open results stay its own."""
        if self._engine_connection is None:
            with self._turn, translated(self._place):
                self._engine_connection = self._connection.cursor()
        connection: Sql = self._engine_connection
        return connection

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._turn, translated(self._place):
            if self._engine_connection is not None:
                self._engine_connection.close()
            self._connection.close()

    def _make(self, stream: Stream, shape: str) -> None:
        listed = ", ".join(f"{quoted(name)} {type_}" for name, type_ in columns(stream).items())
        self._connection.execute(f"CREATE OR REPLACE TABLE {pages.table(stream)} ({listed})")
        self._connection.execute("DELETE FROM pull_state WHERE stream = ?", [stream.table])
        self._connection.execute(
            "INSERT INTO pull_state VALUES (?, ?, ?, ?, ?, NULL, 0)",
            [stream.table, stream.crm, stream.name, stream.kind.value, shape],
        )

    def _rows(self, query: str, ids: Sequence[str] | None) -> Iterator[tuple[str, tuple[str | None, ...]]]:
        with translated(self._place), closing(self._connection.cursor()) as cursor:
            if ids is not None:
                cursor.register("wanted_ids", {"id": np.array(list(ids), dtype=object)})
            cursor.execute(query)
            while rows := cursor.fetchmany(FETCH):
                for id_, *fields in rows:
                    yield id_, tuple(fields)

    def _check(self, stream: Stream) -> None:
        if self._prepared.get(stream.table) != stream:
            raise BugError(f"the mirror was not prepared for {stream.table}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._turn, transaction(self._connection, self._place):
            yield

    @contextmanager
    def _prepared_for(self, stream: Stream) -> Iterator[None]:
        self._check(stream)
        with self._turn, translated(self._place):
            yield


class _SeenRows:
    """`ports.Seen` of one stream."""

    def __init__(self, mirror: DuckDbMirror, stream: Stream) -> None:
        self._mirror = mirror
        self._stream = stream

    def count(self, low_us: int, high_us: int) -> int:
        """Rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        return self._mirror.count(self._stream, low_us, high_us)

    def modified(self, low_us: int, high_us: int) -> Mapping[str, int]:
        """Id -> last change of the rows, not deleted, whose last change lies in `low_us <= t < high_us`."""
        return self._mirror.modified(self._stream, low_us, high_us)

    def touched_people(self) -> Sequence[str]:
        """Ids of the people of this CRM that were pulled and not yet decided upon, in id order."""
        return self._mirror.touched_people(self._stream.crm)


def _owner(row: Sequence[Any]) -> Owner:
    id_, email, name, active, queue, objects = row
    return Owner(
        id=id_,
        email=(email or "").strip().lower(),
        name=name or "",
        active=bool(active),
        queue=bool(queue),
        objects=tuple(part.strip() for part in (objects or "").split(",") if part.strip()),
    )
