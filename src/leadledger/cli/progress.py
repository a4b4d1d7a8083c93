"""Progress on stderr: a bar on a terminal, a plain line every few seconds elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any, Self

PLAIN_EVERY_S = 10.0


class Quiet:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def step(self, name: str, done: int, total: int = 0) -> None:
        """Nobody wants to know."""


class Lines(Quiet):
    """A plain line when a step begins to take long, and every ten seconds after."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def step(self, name: str, done: int, total: int = 0) -> None:
        """At most one line each ten seconds and step."""
        now = time.monotonic()
        if now - self._said.setdefault(name, now) >= PLAIN_EVERY_S and done:
            self._said[name] = now
            of = f" of {total:,}" if total else ""
            sys.stderr.write(f"{name}: {done:,}{of}\n")
            sys.stderr.flush()


class Bars(Quiet):
    """One line per step with count and time, by rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("  {task.description:<34}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]:>18}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, name: str, done: int, total: int = 0) -> None:
        """Show or move the line of a step."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, count="")
        count = f"{done:,} of {total:,}" if total else f"{done:,}"
        self._progress.update(self._tasks[name], completed=done, total=total or None, count=count)


def progress(*, quiet: bool) -> Quiet:
    """What fits the terminal: NO_COLOR and TERM=dumb ask for plain lines."""
    if quiet:
        return Quiet()
    dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return Bars() if sys.stderr.isatty() and not dumb else Lines()
