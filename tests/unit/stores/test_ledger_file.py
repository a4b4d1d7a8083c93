from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.ledger_contract import LEAD, a_decision, a_full_decision, a_transition, an_intent
from leadledger.errors import BugError, LockHeldError, StateError
from leadledger.stores.ledger import SqliteLedger
from leadledger.stores.sqlite import migrations
from leadledger.stores.sqlite.migrations import Migration

WRITER = """
import sys
from leadledger.domain.decisions import Decision, Transition
from leadledger.domain.records import RecordRef
from leadledger.stores.ledger import SqliteLedger
ledger = SqliteLedger(sys.argv[1])
for n in range(int(sys.argv[2]), 1_000_000):
    entry = Transition("mql", "", n, "when", f"task-{n}")
    record = RecordRef("salesforce", "Lead", f"00Q{n}")
    ledger.record_decisions("r1", [Decision(f"p{n}", (record,), n, transitions=(entry,))], [])
    print(n, flush=True)
"""

DISK_FULL = """
import resource, sys
from leadledger.domain.decisions import Decision
from leadledger.domain.records import RecordRef
from leadledger.errors import StateError
from leadledger.stores.ledger import SqliteLedger
ledger = SqliteLedger(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
for n in range(1_000):
    people = [Decision(f"p{n}-{i}", (RecordRef("hubspot", "contacts", f"{n}-{i}"),), n) for i in range(100)]
    try:
        ledger.record_decisions("r1", people, [])
    except StateError as exc:
        print(f"stopped {exc}")
        break
    print(n)
"""

BORN_SENT = """
INSERT INTO intent SELECT 9, 'i9', run_id, person_id, record, expected, target, stamp, 'sent', '', 0, 0 FROM intent
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
def filled(path):
    ledger = SqliteLedger(path)
    ledger.record_decisions("r1", [a_full_decision()], [])
    ledger.close()
    return path


def test_a_new_ledger_and_its_directory_are_for_the_owner_alone(filled):
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.parent.stat().st_mode) == 0o700


def test_making_a_ledger_leaves_no_draft_behind(path):
    ledger = SqliteLedger(path)

    assert {p.name for p in path.parent.iterdir()} <= {path.name, f"{path.name}-wal", f"{path.name}-shm"}
    ledger.close()


def test_every_commit_is_written_ahead_and_synced(filled):
    ledger = SqliteLedger(filled)

    with ledger._file.read() as connection:
        settings = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert settings == ["wal", 2, 1]
    ledger.close()


def test_a_ledger_in_memory_works_without_a_file():
    ledger = SqliteLedger(":memory:")

    ledger.record_decisions("r1", [a_decision()], [])

    assert ledger.totals()["people"] == 1
    ledger.close()


@pytest.mark.parametrize("statement", ["UPDATE transition SET score = 1", "DELETE FROM transition"])
def test_a_transition_can_be_neither_changed_nor_removed(filled, statement):
    connection = sqlite3.connect(filled)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_a_merge_is_noted_and_the_old_history_stays_where_it_was(path):
    ledger = SqliteLedger(path)
    entry = a_transition()
    ledger.record_decisions("r1", [a_decision("p1", transitions=(entry,))], [])
    ledger.record_decisions("r2", [a_decision("p2", transitions=(entry,))], [])
    ledger.record_decisions("r3", [a_decision("p2", transitions=(entry,))], [])

    with ledger._file.read() as connection:
        merges = connection.execute(
            "SELECT old_person_id, new_person_id, run_id FROM person_merge"
        ).fetchall()
        rows = connection.execute(
            "SELECT p.person_id, t.evidence, t.merged_from FROM transition t JOIN person p ON p.num = t.person"
        ).fetchall()

    assert merges == [("p1", "p2", "r2")]
    assert rows == [("p1", entry.evidence, None), ("p2", entry.evidence, "p1")]
    ledger.close()


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE intent SET target = '{}'", "never changes"),
        ("UPDATE intent SET record = 'a/b/c'", "never changes"),
        ("DELETE FROM intent", "never removed"),
        (BORN_SENT, "begins as planned"),
    ],
)
def test_an_intent_keeps_what_it_is_about(path, statement, refusal):
    ledger = SqliteLedger(path)
    ledger.plan_intents([an_intent()])
    ledger.close()
    connection = sqlite3.connect(path)

    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        connection.execute(statement)
    connection.close()


def test_a_failed_method_leaves_nothing_behind(path):
    ledger = SqliteLedger(path)

    def decisions():
        yield a_decision("p1")
        yield a_decision("p2", (), transitions=(a_transition(evidence="\ud800"),))

    with pytest.raises(BugError, match="not Unicode"):
        ledger.record_decisions("r1", decisions(), [])

    assert ledger.totals()["people"] == 0
    ledger.close()


# Files that must not be used


def test_a_file_of_zero_bytes_is_refused(path):
    path.parent.mkdir()
    path.touch()

    with pytest.raises(StateError, match=r"damaged .*0 bytes.*Restore"):
        SqliteLedger(path)

    assert path.stat().st_size == 0


def test_a_file_that_is_no_database_is_refused(path):
    path.parent.mkdir()
    path.write_text("score,stage\n" * 1000)

    with pytest.raises(StateError, match="damaged"):
        SqliteLedger(path)


def test_half_a_file_is_refused(filled):
    content = filled.read_bytes()
    filled.write_bytes(content[: len(content) // 2])

    with pytest.raises(StateError, match=r"damaged.*Restore the latest backup"):
        SqliteLedger(filled)


def test_a_damaged_page_is_refused(filled):
    content = bytearray(filled.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 8] = b"\xff" * 8
    filled.write_bytes(content)

    with pytest.raises(StateError, match="damaged"):
        SqliteLedger(filled)


def test_a_decision_whose_text_was_damaged_is_an_error_and_no_traceback(filled):
    connection = sqlite3.connect(filled)
    connection.execute("UPDATE decision_payload SET payload = substr(payload, 1, 20)")
    connection.commit()
    connection.close()
    ledger = SqliteLedger(filled)

    with pytest.raises(StateError, match="not JSON any more"):
        ledger.decision("p1")
    ledger.close()


def test_a_database_of_something_else_is_refused(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (id)")
    connection.commit()
    connection.close()

    with pytest.raises(StateError, match=r"not a ledger of leadledger.*Move it away"):
        SqliteLedger(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_schema_is_refused(filled, read_only):
    connection = sqlite3.connect(filled)
    connection.execute("PRAGMA user_version = 4711")
    connection.close()

    with pytest.raises(StateError, match=r"schema 4711.*Install the newer leadledger"):
        SqliteLedger(filled, read_only=read_only)


def test_a_missing_file_whose_log_is_there_is_refused(path):
    path.parent.mkdir()
    path.with_name(path.name + "-wal").write_bytes(b"x" * 100)

    with pytest.raises(StateError, match="moved or deleted while in use"):
        SqliteLedger(path)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "state").write_text("")

    with pytest.raises(StateError, match="Check"):
        SqliteLedger(tmp_path / "state" / "ledger.sqlite3")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_ledger_in_a_directory_that_may_not_be_written_is_refused_with_advice(filled, read_only):
    # Root may write anything, so the look happens as nobody, who cannot enter pytest's own directories.
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        copy = Path(directory) / "ledger.sqlite3"
        copy.write_bytes(filled.read_bytes())
        copy.chmod(0o444)
        Path(directory).chmod(0o555)

        answer = _as_nobody(lambda: _refusal(copy, read_only))

        Path(directory).chmod(0o755)
    assert "Check that the file, its directory and the disk are writable" in answer


# Migrations


def test_migrations_apply_in_order_and_leave_their_number(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    known = (Migration(1, "CREATE TABLE a (x);"), Migration(2, "ALTER TABLE a RENAME TO b;"))

    migrations.migrate(connection, 0, known)

    assert migrations.check(connection, str(path), known) == 2
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("b",)]
    connection.close()


def test_a_failing_migration_leaves_the_file_as_it_was(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.migrate(connection, 0, [Migration(1, "CREATE TABLE a (x);")])
    known = (Migration(2, "CREATE TABLE b (x);"), Migration(3, "CREATE TABLE a (x);"))

    with pytest.raises(sqlite3.OperationalError):
        migrations.migrate(connection, 1, known)

    assert migrations.check(connection, str(path), known) == 1
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",)]
    connection.close()


def test_the_backup_before_a_migration_is_whole_and_private(filled):
    connection = sqlite3.connect(filled)

    copy = migrations.back_up(connection, filled, 1)

    connection.close()
    ledger = SqliteLedger(copy)
    assert ledger.decision("p1") == a_full_decision()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    ledger.close()


def test_migrations_are_numbered_without_gaps():
    assert [m.number for m in migrations.migrations()] == list(range(1, len(migrations.migrations()) + 1))


# Readers


def test_reading_a_ledger_that_does_not_exist_makes_none(path):
    with pytest.raises(StateError, match="The first run makes it"):
        SqliteLedger(path, read_only=True)

    assert not path.exists()


def test_a_reader_cannot_write(filled):
    reader = SqliteLedger(filled, read_only=True)

    with pytest.raises(StateError, match="readonly"):
        reader.record_decisions("r1", [a_decision()], [])
    reader.close()


def test_a_reader_works_while_another_process_writes(path):
    looks = []
    with _writing(path, 0) as writer:
        written = int(writer.stdout.readline())
        reader = SqliteLedger(path, read_only=True)
        for _ in range(30):
            looks.append((written, reader.totals(), len(reader.known().person_of)))
            written = int(writer.stdout.readline())
        reader.close()

    assert all(totals["people"] == totals["transitions"] for _, totals, _ in looks)
    assert all(written < totals["people"] <= known for written, totals, known in looks)


def test_a_second_writer_is_told_that_the_ledger_is_in_use(filled, monkeypatch):
    monkeypatch.setattr("leadledger.stores.sqlite.connection.BUSY_MS", 1)
    first, second = SqliteLedger(filled), SqliteLedger(filled)

    with first._file.write(), pytest.raises(LockHeldError, match="another process"):
        second.record_decisions("r1", [a_decision()], [])

    first.close()
    second.close()


# Kills and full disks


def test_kill_9_of_the_writer_loses_no_acknowledged_commit(path):
    acknowledged = -1
    for round_ in range(10):
        with _writing(path, acknowledged + 1) as writer:
            for _ in range(20 + round_ * 7):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            whole = [line for line in writer.stdout.readlines() if line.endswith("\n")]
        acknowledged = int(whole[-1]) if whole else acknowledged

        ledger = SqliteLedger(path)
        known, totals = ledger.known(), ledger.totals()
        ledger.close()

        assert {f"p{n}" for n in range(acknowledged + 1)} <= set(known.transitions)
        assert set(known.person_of.values()) == set(known.transitions) == set(known.decided)
        assert totals["people"] == totals["transitions"] == totals["stage:"]


def test_a_full_disk_stops_with_advice_and_loses_nothing(path):
    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    *stored, stopped = done.stdout.splitlines()

    ledger = SqliteLedger(path)
    people = ledger.totals()["people"]
    ledger.record_decisions("r2", [a_decision(records=(LEAD,))], [])

    assert stopped.startswith("stopped ")
    assert "space" in stopped
    assert "run again" in stopped
    assert people == 100 * len(stored)
    assert people > 0
    assert ledger.decision("p1") is not None
    ledger.close()


@contextmanager
def _writing(path, first):
    command = [sys.executable, "-c", WRITER, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def _refusal(path, read_only):
    try:
        SqliteLedger(path, read_only=read_only).close()
    except StateError as exc:
        return str(exc)
    return "opened"


def _as_nobody(action):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            answer = action()
            os.write(write_end, answer.encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer
