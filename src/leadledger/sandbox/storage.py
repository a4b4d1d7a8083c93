"""Opens the one SQLite database in which the sandbox keeps both CRMs."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadledger.sandbox.http import Storage


def open_storage(path: Path | None = None) -> Storage:
    """A Storage on a file, or in memory when `path` is None. The file survives a kill of the process.

    NORMAL rather than FULL: a pretended CRM may lose its last second to a power cut, and the demo may not wait.
    """
    connection = sqlite3.connect(
        ":memory:" if path is None else path, check_same_thread=False, isolation_level=None
    )
    if path is not None:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")
    return Storage(connection, threading.RLock())


@contextmanager
def transaction(storage: Storage) -> Iterator[sqlite3.Connection]:
    """Hold the lock and commit at the end, or roll back on an error. Nested use joins the outer transaction."""
    with storage.lock:
        connection = storage.connection
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
