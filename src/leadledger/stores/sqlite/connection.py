"""Opens the ledger's SQLite file, or says why it must not be used, and turns SQLite's errors into ours."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from leadledger.errors import BugError, LockHeldError, StateError
from leadledger.stores.durable import make_directory, sync_directory
from leadledger.stores.sqlite import migrations

BUSY_MS = 5_000
"""How long a statement waits for another process before LockHeldError."""

_DAMAGED = (
    "is damaged ({detail}). Restore the latest backup; without one, move the file away, "
    "and the next run rebuilds from the CRM."
)


class LedgerFile:
    """One connection to one ledger file, one transaction at a time. Threads may share it; they take turns."""

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.place = str(path)
        self._turn = threading.RLock()
        self._connection = _open(path, read_only=read_only)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A durable transaction: all of it, or nothing and an error."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: statements inside see one state, whatever a writer does meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._turn, translated(self.place):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close; may be called twice."""
        with self._turn, translated(self.place):
            self._connection.close()


@contextmanager
def translated(place: str) -> Iterator[None]:
    """SQLite's errors as ours, with the file and the next step."""
    try:
        yield
    except sqlite3.Error as exc:
        raise _translate(exc, place) from exc
    except json.JSONDecodeError as exc:
        raise StateError(f"{place} {_DAMAGED.format(detail='a row is not JSON any more')}") from exc
    except UnicodeEncodeError as exc:
        raise BugError(f"{place}: text that is not Unicode was given to the ledger") from exc


def _translate(exc: sqlite3.Error, place: str) -> Exception:
    detail = str(exc)
    match getattr(exc, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StateError(
                f"{place}: the disk is full; nothing was half written. Free space and run again."
            )
        case sqlite3.SQLITE_IOERR:
            return StateError(
                f"{place} cannot be written ({detail}); nothing was half written. "
                "Check the disk, its free space and quotas, then run again."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return StateError(
                f"{place} cannot be opened for this ({detail}). "
                "Check that the file, its directory and the disk are writable for this user."
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StateError(f"{place} {_DAMAGED.format(detail=detail)}")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LockHeldError(
                f"{place} is being written by another process. Wait until it has finished, then run again."
            )
        case sqlite3.SQLITE_CONSTRAINT:
            return BugError(f"{place} refused a row: {detail}")
        case _:
            return BugError(f"{place}: {detail}")


def _open(path: Path | str, *, read_only: bool) -> sqlite3.Connection:
    known = migrations.migrations()
    if str(path) == ":memory:":
        connection = _connect(":memory:")
        migrations.migrate(connection, 0, known)
        return connection
    file = Path(path).absolute()
    try:
        if not file.exists():
            _create(file, read_only=read_only)
        if file.stat().st_size == 0:
            raise StateError(f"{file} {_DAMAGED.format(detail='it has 0 bytes')}")
    except OSError as exc:
        raise StateError(
            f"{file} cannot be used ({exc.strerror}). Check the directory and its rights."
        ) from exc
    with translated(str(file)):
        return _open_reader(file) if read_only else _open_writer(file)


def _open_reader(file: Path) -> sqlite3.Connection:
    connection = _connect(f"{file.as_uri()}?mode=ro")
    try:
        _refuse_older(connection, file)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_writer(file: Path) -> sqlite3.Connection:
    connection = _connect(f"{file.as_uri()}?mode=rw")
    try:
        known = migrations.migrations()
        number = migrations.check(connection, str(file), known)
        _refuse_damaged(connection, file)
        if number < known[-1].number:
            migrations.back_up(connection, file, number)
            migrations.migrate(connection, number, known)
        # A file that cannot be written says so now, not after an hour of pulling.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_older(connection: sqlite3.Connection, file: Path) -> None:
    known = migrations.migrations()
    if migrations.check(connection, str(file), known) < known[-1].number:
        raise StateError(f"{file} has an older schema. Any run brings it up to date; then read again.")


def _refuse_damaged(connection: sqlite3.Connection, file: Path) -> None:
    """Check all tables but the explanations: they are most of the file and are made anew, and reading a damaged one
    is an error as well.
    """
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        if table == "decision_payload":
            continue
        finding = str(connection.execute(f"PRAGMA quick_check({table})").fetchone()[0])
        if finding != "ok":
            raise StateError(f"{file} {_DAMAGED.format(detail=finding.splitlines()[0])}")


def _connect(target: str) -> sqlite3.Connection:
    # Threads take turns by LedgerFile's lock, which the module's own check cannot know.
    connection = sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _create(file: Path, *, read_only: bool) -> None:
    """Make an empty ledger under another name and link it in: a kill never leaves half a ledger."""
    if read_only:
        raise StateError(f"{file} does not exist yet. The first run makes it.")
    log = file.with_name(file.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StateError(
            f"{file} is missing, but its log {log.name} is there: the ledger was moved or deleted while in use. "
            "Put it back; to begin a new ledger, move the log away too."
        )
    make_directory(file.parent)
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        with translated(str(file)), closing(_connect(draft.as_uri())) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            migrations.migrate(connection, 0, migrations.migrations())
        # link, not rename: it never replaces a ledger that another process made meanwhile.
        os.link(draft, file)
        sync_directory(file.parent)
    except FileExistsError:
        return
    finally:
        for leftover in (draft, draft.with_name(draft.name + "-wal"), draft.with_name(draft.name + "-shm")):
            leftover.unlink(missing_ok=True)
