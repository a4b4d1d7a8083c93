from __future__ import annotations

import stat
import subprocess
import sys

import duckdb
import numpy as np
import pytest

from leadledger.errors import LockHeldError, StateError
from leadledger.ports import Kind, Page, Stream
from leadledger.stores.duck.connection import default_memory_bytes
from leadledger.stores.mirror import DuckDbMirror

TASKS = Stream("salesforce", "Task", Kind.ACTIVITIES, ("Subject",))

PULLER = """
import sys
from leadledger.ports import Kind, Page, Stream
from leadledger.stores.mirror import DuckDbMirror
stream = Stream("salesforce", "Task", Kind.ACTIVITIES, ("Subject",))
mirror = DuckDbMirror(sys.argv[1])
mirror.prepare([stream])
first = (mirror.watermark(stream) or {"page": -1})["page"] + 1
for page in range(first, 1_000_000):
    rows = [{"id": f"{page}-{n}", "modified_us": page, "Subject": "x" * 50} for n in range(100)]
    mirror.store(stream, Page(rows))
    mirror.advance(stream, {"page": page})
    print(page, flush=True)
"""

DISK_FULL = """
import resource, sys
from leadledger.errors import StateError
from leadledger.ports import Kind, Page, Stream
from leadledger.stores.mirror import DuckDbMirror
stream = Stream("salesforce", "Task", Kind.ACTIVITIES, ("Subject",))
mirror = DuckDbMirror(sys.argv[1])
mirror.prepare([stream])
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
for page in range(1_000):
    rows = [{"id": f"{page}-{n}", "modified_us": page, "Subject": f"{page * n:099}"} for n in range(1_000)]
    try:
        mirror.store(stream, Page(rows))
    except StateError as exc:
        print(f"stopped {exc}")
        break
    print(page, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "mirror.duckdb"


@pytest.fixture
def filled(path):
    mirror = DuckDbMirror(path)
    mirror.prepare([TASKS])
    mirror.store(TASKS, Page([{"id": "t1", "modified_us": 1, "person": "a"}]))
    mirror.advance(TASKS, {"at": 1})
    mirror.close()
    return path


def test_everything_is_there_after_reopening(filled):
    mirror = DuckDbMirror(filled)
    mirror.prepare([TASKS])

    assert mirror.seen(TASKS).count(0, 10) == 1
    assert mirror.watermark(TASKS) == {"at": 1}
    mirror.close()


def test_the_file_and_its_directory_are_for_the_owner_alone(filled):
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY mirror_format TO '/tmp/leadledger-copy.csv'",
        "INSTALL httpfs",
        "ATTACH '/tmp/leadledger-other.duckdb'",
        "SET enable_external_access = true",
        "SET threads = 64",
        "SELECT * FROM python_variable",
    ],
)
def test_sql_reaches_nothing_outside(statement):
    python_variable = {"a": np.array([1])}
    mirror = DuckDbMirror(":memory:")

    with pytest.raises(duckdb.Error):
        mirror.sql().execute(statement)

    assert python_variable
    mirror.close()


def test_limits_are_those_that_were_asked_for(path):
    mirror = DuckDbMirror(path, memory_limit_bytes=1 << 30, threads=1)

    limits = (
        mirror.sql().execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchall()
    )

    assert limits == [("1.0 GiB", 1)]
    mirror.close()


def test_memory_is_at_most_4_gib_unless_asked_for():
    assert 0 < default_memory_bytes() <= 4 << 30


def test_a_large_sort_spills_into_the_state_directory(path):
    mirror = DuckDbMirror(path, memory_limit_bytes=60_000_000)

    mirror.sql().execute(
        "CREATE TEMP TABLE sorted AS SELECT hash(i)::VARCHAR || i AS text FROM range(2000000) r(i) ORDER BY text"
    )

    assert list(path.with_name("mirror.duckdb.tmp").iterdir())
    mirror.close()


def test_too_little_memory_is_an_error_with_advice_and_nothing_is_stored(path):
    mirror = DuckDbMirror(path, memory_limit_bytes=3_000_000)
    mirror.prepare([TASKS])

    with pytest.raises(StateError, match="memory limit"):
        mirror.store(TASKS, Page([{"id": "1", "Subject": "x" * 9_000_000}]))

    mirror.close()
    again = DuckDbMirror(path)
    again.prepare([TASKS])
    assert again.seen(TASKS).count(0, 10) == 0
    again.close()


def test_a_mirror_that_another_process_has_open_is_locked(path):
    command = [sys.executable, "-c", PULLER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as puller:
        puller.stdout.readline()

        with pytest.raises(LockHeldError, match=f"PID {puller.pid}"):
            DuckDbMirror(path)

        puller.kill()


@pytest.mark.parametrize("content", [b"", b"abc", b"id,name\n" * 5_000])
def test_a_file_that_is_no_mirror_says_that_it_may_be_deleted(path, content):
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(StateError, match=r"Delete it.*pulls it again"):
        DuckDbMirror(path)

    assert path.read_bytes() == content


def test_a_damaged_mirror_says_that_it_may_be_deleted(filled):
    content = bytearray(filled.read_bytes())
    for place in range(4096, len(content), 512):
        content[place] ^= 0xFF
    filled.write_bytes(content)

    with pytest.raises(StateError, match=r"Delete it.*pulls it again"):
        DuckDbMirror(filled)


def test_a_duckdb_file_of_something_else_is_refused_and_kept(path):
    path.parent.mkdir()
    with duckdb.connect(str(path)) as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")

    with pytest.raises(StateError, match="not a mirror of leadledger"):
        DuckDbMirror(path)

    with duckdb.connect(str(path)) as other:
        assert other.execute("SELECT count(*) FROM invoices").fetchall() == [(0,)]


def test_a_mirror_of_another_format_is_made_anew(filled):
    with duckdb.connect(str(filled)) as old:
        old.execute("UPDATE mirror_format SET number = 99")

    mirror = DuckDbMirror(filled)
    mirror.prepare([TASKS])

    assert mirror.watermark(TASKS) is None
    assert mirror.seen(TASKS).count(0, 10) == 0
    assert stat.S_IMODE(filled.stat().st_mode) == 0o600
    mirror.close()


def test_kill_9_never_leaves_a_watermark_without_its_rows(path):
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", PULLER, str(path)], stdout=subprocess.PIPE, text=True
        ) as puller:
            acknowledged = [int(puller.stdout.readline()) for _ in range(15)][-1]
            puller.kill()

        mirror = DuckDbMirror(path)
        mirror.prepare([TASKS])
        watermark = mirror.watermark(TASKS)["page"]
        counts = [mirror.seen(TASKS).count(page, page + 1) for page in range(watermark + 2)]
        mirror.close()

        assert watermark >= acknowledged
        assert counts[:-1] == [100] * (watermark + 1)
        assert counts[-1] in {0, 100}


def test_a_full_disk_stops_with_advice_and_loses_nothing(path):
    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    *stored, stopped = done.stdout.splitlines()

    mirror = DuckDbMirror(path)
    mirror.prepare([TASKS])
    count = mirror.seen(TASKS).count(0, 1_000)

    assert stopped.startswith("stopped ")
    assert "Free space and run again" in stopped
    assert count == 1_000 * len(stored)
    mirror.close()
