"""The lock that keeps a second run out of a state directory, with a number that grows with each taken lock."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from leadledger.errors import BugError, LockHeldError, StateError
from leadledger.stores.durable import make_directory, replace_file

LOCK_FILE = "run.lock"
FENCE_FILE = "run.fence"


class RunLock:
    """One run per state directory, as a context manager.

    The kernel holds the lock (`flock`) and frees it when the process ends, also by kill -9. The descriptor is
    close-on-exec, so programs that a run starts do not keep it; a forked child would: spawn, never fork.
    The lock file itself stays, because removing it would let two runs lock two files of one name.
    Local disks only.

    Raises LockHeldError, naming process and host, when another run holds it.
    """

    def __init__(self, state_dir: Path) -> None:
        self._directory = Path(state_dir)
        self._descriptor: int | None = None
        self._fence = 0

    @property
    def fence(self) -> int:
        """The fencing number of the lock held now: greater than that of every earlier holder."""
        if self._descriptor is None:
            raise BugError("the fencing number was asked for without the lock")
        return self._fence

    def __enter__(self) -> Self:
        path = self._directory / LOCK_FILE
        try:
            make_directory(self._directory)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise StateError(
                f"{path} cannot be opened ({exc.strerror}). Check that the state directory is writable."
            ) from exc
        try:
            self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise LockHeldError(
                f"{self._directory} is in use by {_holder(descriptor)}. Wait until that run has ended."
            ) from exc
        except OSError as exc:
            raise StateError(
                f"{self._directory / LOCK_FILE} cannot be locked ({exc.strerror}). "
                "The state directory must lie on a local disk."
            ) from exc
        try:
            self._fence = self._next_fence()
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "fence": self._fence}
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        except OSError as exc:
            raise StateError(
                f"{self._directory} cannot be written ({exc.strerror}). Check the disk, then run again."
            ) from exc

    def _next_fence(self) -> int:
        path = self._directory / FENCE_FILE
        try:
            fence = int(path.read_text("ascii")) + 1
        except FileNotFoundError:
            fence = 1
        except ValueError as exc:
            raise StateError(
                f"{path} is damaged: it should hold one number. "
                "Write one into it that is larger than every fence in the ledger's runs, or 1000000."
            ) from exc
        replace_file(path, f"{fence}\n".encode())
        return fence


def _holder(descriptor: int) -> str:
    # The holder writes its name just after it has the lock, so the file may still be empty.
    try:
        holder = json.loads(os.pread(descriptor, 1024, 0))
        return f"process {int(holder['pid'])} on {holder['host']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"
