"""Decides what time it is in the sandbox: the story's end, plus the real time that has passed since."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000


class StoryClock:
    """A SandboxClock that starts at `start_us`, ticks with a monotonic clock, and can be set. Thread-safe."""

    def __init__(self, start_us: int, *, monotonic_us: Callable[[], int] = _monotonic_us) -> None:
        self._start_us = start_us
        self._monotonic_us = monotonic_us
        self._lock = threading.Lock()
        self._offset_us = start_us - monotonic_us()

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return self._monotonic_us() + self._offset_us

    def set_to(self, instant_us: int) -> None:
        """Jump to an instant, forwards or backwards, and tick on from there."""
        with self._lock:
            self._offset_us = instant_us - self._monotonic_us()

    def advance(self, delta_us: int) -> None:
        """Jump by a distance; a negative one goes back."""
        with self._lock:
            self._offset_us += delta_us

    def restart(self) -> None:
        """Go back to the instant that the clock was made with."""
        self.set_to(self._start_us)
