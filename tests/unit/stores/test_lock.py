from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from leadledger.errors import BugError, LockHeldError, StateError
from leadledger.stores.lock import RunLock

HOLDER = """
import sys
from pathlib import Path
from leadledger.stores.lock import RunLock
with RunLock(Path(sys.argv[1])) as lock:
    print(lock.fence, flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_lock(tmp_path):
    with _holder(tmp_path) as holder:
        holder.stdout.readline()

        with pytest.raises(LockHeldError, match=f"process {holder.pid} on {socket.gethostname()}"):
            RunLock(tmp_path).__enter__()

        holder.kill()


def test_the_lock_is_free_at_once_after_kill_9(tmp_path):
    with _holder(tmp_path) as holder:
        before = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
        holder.wait()

        with RunLock(tmp_path) as lock:
            assert lock.fence == before + 1


def test_the_fencing_number_grows_with_each_taken_lock(tmp_path):
    fences = []
    for _ in range(3):
        with RunLock(tmp_path) as lock:
            fences.append(lock.fence)

    assert fences == [1, 2, 3]


def test_a_refused_lock_takes_no_number(tmp_path):
    with RunLock(tmp_path) as first:
        with pytest.raises(LockHeldError):
            RunLock(tmp_path).__enter__()
        held = first.fence

    with RunLock(tmp_path) as lock:
        assert lock.fence == held + 1


def test_the_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), RunLock(tmp_path):
        raise RuntimeError

    with RunLock(tmp_path) as lock:
        assert lock.fence == 2


def test_a_program_that_the_run_starts_does_not_keep_the_lock(tmp_path):
    with RunLock(tmp_path):
        child = subprocess.Popen(
            [sys.executable, "-c", "print('ready', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
        # exec wakes the parent before it closes descriptors: only a word from the child proves that it is past.
        child.stdout.readline()

    with child, RunLock(tmp_path) as lock:
        assert lock.fence == 2
        child.kill()


def test_there_is_no_fencing_number_without_the_lock(tmp_path):
    with pytest.raises(BugError):
        _ = RunLock(tmp_path).fence


def test_a_damaged_number_is_refused_with_advice(tmp_path):
    (tmp_path / "run.fence").write_text("many")

    with pytest.raises(StateError, match="should hold one number"):
        RunLock(tmp_path).__enter__()
    (tmp_path / "run.fence").write_text("41\n")
    with RunLock(tmp_path) as lock:
        assert lock.fence == 42


def test_a_state_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StateError, match="state directory"):
        RunLock(tmp_path / "file" / "state").__enter__()


def test_the_state_directory_is_for_the_owner_alone(tmp_path):
    with RunLock(tmp_path / "a" / "state"):
        pass

    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "a" / "state").iterdir()} == {0o600}


def test_a_lock_file_without_a_holder_s_name_is_another_process(tmp_path):
    with RunLock(tmp_path):
        os.truncate(tmp_path / "run.lock", 0)

        with pytest.raises(LockHeldError, match="another process"):
            RunLock(tmp_path).__enter__()


def _holder(directory):
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
