"""Opens the mirror's DuckDB file with every default that reaches outside switched off, and turns its errors into ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from leadledger.errors import BugError, LockHeldError, StateError
from leadledger.stores.durable import make_directory

FORMAT = 1
"""Raised whenever tables change their form: a mirror of another format is thrown away and pulled again."""

GIB = 1 << 30
MOST_MEMORY = 4 * GIB

_MEMORY_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def open_mirror(
    path: Path | str, *, memory_limit_bytes: int | None, threads: int
) -> duckdb.DuckDBPyConnection:
    """The one connection that may exist to a mirror, with its bookkeeping tables in place.

    Raises LockHeldError when another process has the file, StateError when it is damaged or foreign.
    """
    if str(path) == ":memory:":
        with translated(":memory:"):
            return _connect(":memory:", "", memory_limit_bytes, threads)
    file = Path(path).absolute()
    spill = file.with_name(file.name + ".tmp")
    try:
        make_directory(file.parent)
        spill.mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise StateError(
            f"{file.parent} cannot be used ({exc.strerror}). Check the directory's rights."
        ) from exc
    with translated(str(file)):
        connection = _connect(str(file), str(spill), memory_limit_bytes, threads)
        if _format(connection, file) != FORMAT:
            connection.close()
            remove(file)
            connection = _connect(str(file), str(spill), memory_limit_bytes, threads)
        file.chmod(0o600)
        return connection


def remove(file: Path) -> None:
    """Throw a mirror's file and its log away."""
    for name in (file.name, file.name + ".wal"):
        file.with_name(name).unlink(missing_ok=True)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """DuckDB's errors as ours, with the file and the next step."""
    try:
        yield
    except duckdb.Error as exc:
        raise _translate(exc, place) from exc


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, place: str) -> Iterator[None]:
    """All of it, or nothing and an error."""
    with translated(place):
        connection.execute("BEGIN")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # After a fatal error DuckDB answers nothing any more; what it had not committed is gone anyway.
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise


def default_memory_bytes() -> int:
    """4 GiB, or half of what this machine or container has, if that is less."""
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in _MEMORY_FILES:
        with suppress(OSError, ValueError):
            present = min(present, int(file.read_text("ascii")))
    return min(MOST_MEMORY, present // 2)


def quoted(name: str) -> str:
    """A name as an SQL identifier. Raises BugError for one that no identifier can hold."""
    if "\x00" in name:
        raise BugError("a NUL in the name of a table or column")
    return '"' + name.replace('"', '""') + '"'


def _connect(
    target: str, spill: str, memory_limit_bytes: int | None, threads: int
) -> duckdb.DuckDBPyConnection:
    limit = memory_limit_bytes or default_memory_bytes()
    connection = duckdb.connect(
        target,
        # Given here, not by SET, this one also holds for cursors: SQL must not read Python variables by name.
        config={"threads": threads, "memory_limit": f"{limit}B", "python_enable_replacements": False},
    )
    try:
        escaped = spill.replace("'", "''")
        for setting in (
            f"temp_directory = '{escaped}'",
            "enable_external_access = false",
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            "TimeZone = 'UTC'",
            "enable_progress_bar = false",  # it would write to stdout, between the data
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        connection.execute("BEGIN")
        if not _tables(connection):
            _make_tables(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
    return {row[0] for row in connection.execute(query).fetchall()}


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA raw")
    connection.execute("CREATE TABLE mirror_format (number INTEGER NOT NULL)")
    connection.execute("INSERT INTO mirror_format VALUES (?)", [FORMAT])
    connection.execute(
        "CREATE TABLE pull_state (stream VARCHAR NOT NULL, crm VARCHAR NOT NULL, name VARCHAR NOT NULL, "
        "kind VARCHAR NOT NULL, shape VARCHAR NOT NULL, watermark VARCHAR, rows BIGINT NOT NULL)"
    )
    connection.execute(
        "CREATE TABLE touched "
        "(crm VARCHAR NOT NULL, name VARCHAR NOT NULL, via VARCHAR NOT NULL, key VARCHAR NOT NULL)"
    )


def _format(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    if "mirror_format" not in _tables(connection):
        connection.close()
        raise StateError(
            f"{file} is a DuckDB file, but not a mirror of leadledger. "
            "Move it away or set LEADLEDGER_STATE_DIR to another directory."
        )
    rows = connection.execute("SELECT number FROM mirror_format").fetchall()
    return int(rows[0][0]) if rows else 0


def _translate(exc: duckdb.Error, place: str) -> Exception:
    detail = str(exc).splitlines()[0]
    if "Could not set lock" in detail:
        return LockHeldError(
            f"{place} is open in another process ({detail.rpartition('held in ')[2]}). "
            "Wait until it has ended, then run again."
        )
    if isinstance(exc, duckdb.OutOfMemoryException):
        return StateError(
            f"{place}: the mirror's memory limit or the room for its temporary files is used up. "
            "Raise the limit or free space, then run again; nothing was half stored."
        )
    if "No space left" in detail or "File too large" in detail:
        return StateError(f"{place}: the disk is full; nothing was half stored. Free space and run again.")
    if "Permission denied" in detail or "Read-only file system" in detail:
        return StateError(
            f"{place} cannot be opened for writing. Check the rights of file, directory and disk."
        )
    if _means_damage(exc, detail):
        return StateError(
            f"{place} is damaged or not a mirror. Delete it: it is only a copy, and the next run pulls it again."
        )
    return BugError(f"{place}: {type(exc).__name__}: {detail}")


def _means_damage(exc: duckdb.Error, detail: str) -> bool:
    kinds = (
        duckdb.IOException,
        duckdb.FatalException,
        duckdb.InternalException,
        duckdb.SerializationException,
    )
    return isinstance(exc, kinds) or "Corrupt" in detail or "checksum" in detail
