"""Brings a ledger file to the schema of this program, forward only, all in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from leadledger.errors import StateError

APPLICATION_ID = 0x4C4C4447
"""`LLDG`, in the file's header: how a ledger is told from any other SQLite file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; `number` is the `user_version` of a ledger that has it."""

    number: int
    sql: str


def migrations() -> tuple[Migration, ...]:
    """Those of this program, in order: `0001_ledger.sql`, …"""
    folder = resources.files("leadledger.stores") / "migrations"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda f: f.name)
    return tuple(Migration(int(file.name[:4]), file.read_text("utf-8")) for file in files)


def check(connection: sqlite3.Connection, place: str, known: Sequence[Migration]) -> int:
    """The schema number of a file. Raises StateError for a foreign file and for a newer schema."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise StateError(
            f"{place} is a database, but not a ledger of leadledger. "
            "Move it away or set LEADLEDGER_STATE_DIR to another directory."
        )
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if number > known[-1].number:
        raise StateError(
            f"{place} has schema {number}; this program knows up to {known[-1].number}. "
            "Install the newer leadledger that wrote it."
        )
    return number


def migrate(connection: sqlite3.Connection, number: int, known: Sequence[Migration]) -> None:
    """Apply what comes after `number`; on any error the file is as it was."""
    pending = [migration for migration in known if migration.number > number]
    if not pending:
        return
    script = "\n".join(migration.sql for migration in pending)
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{script}\n"
            f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {pending[-1].number};\nCOMMIT;"
        )
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def back_up(connection: sqlite3.Connection, path: Path, number: int) -> Path:
    """A copy of the file as it was before a migration, beside it: `ledger.schema-1.sqlite3`."""
    copy = path.with_name(f"{path.stem}.schema-{number}{path.suffix}")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    with sqlite3.connect(copy) as target:
        connection.backup(target)
    target.close()
    return copy
