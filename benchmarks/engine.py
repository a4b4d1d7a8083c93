"""The engine alone: seconds per step, activities per second, peak memory, and the compiled fold against the plain one.

    python benchmarks/engine.py --people 100000 --activities 5000000

The mirror is made by another process, so that its memory is not counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

import population
from leadledger.engine import fold as kernel
from leadledger.engine import local
from leadledger.engine.canonical import Canonical
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.tables import Events, Frozen, People, Program
from leadledger.ports import Known
from table import show

SAMPLE = 2_000
"""People of the comparison with plain Python, which takes some fifty times as long."""


class Watch:
    """Seconds per named step, and what the fold was called with."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.fold_input: tuple[Program, Events, People, Frozen] | None = None

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time added to a step."""

        def run(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

        return run

    def instrument(self) -> None:
        """Measure the steps of `LocalEngine.evaluate` where it looks them up."""
        run_fold = local.run_fold

        def remembering(fold: Any, *arrays: Any) -> Any:
            self.fold_input = arrays
            return run_fold(fold, *arrays)

        for name in ("_records", "_facts", "_activities"):
            setattr(
                Canonical, name, self.timed(f"canonical{name.replace('_', ' ')}", getattr(Canonical, name))
            )
        local.match_events = self.timed("match activities", local.match_events)
        local.judge_facts = self.timed("match facts", local.judge_facts)
        local._events = self.timed("calendar", local._events)  # noqa: SLF001  # a step that has no public name
        local.run_fold = self.timed("fold", remembering)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--activities", type=int, default=5_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leadledger-benchmark-") as folder:
        small, large = Path(folder, "small.duckdb"), Path(folder, "large.duckdb")
        for path, people, activities in (
            (small, SAMPLE, SAMPLE * 20),
            (large, arguments.people, arguments.activities),
        ):
            made = multiprocessing.get_context("spawn").Process(
                target=population.fill, args=(path,), kwargs={"people": people, "activities": activities}
            )
            made.start()
            made.join()
            if made.exitcode:
                raise SystemExit(f"the population could not be made: exit code {made.exitcode}")
        measure(small, large)


def measure(small: Path, large: Path) -> None:
    """The small mirror warms up: libraries are loaded and the fold is compiled."""
    begin = time.perf_counter()
    evaluate(small)
    warm_up = time.perf_counter() - begin
    watch = Watch()
    watch.instrument()
    connection = connect(large)
    begin = time.perf_counter()
    evaluation = run(connection)
    whole = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    activities = evaluation.activities
    begin = time.perf_counter()
    decided = sum(1 for _ in evaluation.decisions())
    decisions = time.perf_counter() - begin
    assert watch.fold_input is not None
    seconds = dict(watch.seconds)
    compiled, plain, same = compare(*watch.fold_input)
    canonical = sum(s for name, s in seconds.items() if name.startswith("canonical"))
    match = seconds["match activities"] + seconds["match facts"]
    show(
        f"engine alone: {evaluation.people:,} people, {activities:,} activities, {len(evaluation.matched.p):,} events; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}",
        [
            ("canonical + match", f"{canonical + match:.2f} s"),
            *((f"  {name}", f"{taken:.2f} s") for name, taken in seconds.items() if name != "fold"),
            ("fold", f"{seconds['fold']:.2f} s"),
            ("whole evaluation", f"{whole:.2f} s"),
            ("activities per second", f"{activities / whole:,.0f}"),
            ("peak memory", f"{peak:,.0f} MiB"),
            (f"all {decided:,} decisions with evidence", f"{decisions:.2f} s"),
            ("warm-up (imports, compiling unless kept)", f"{warm_up:.2f} s"),
            (
                f"plain : compiled fold, {SAMPLE:,} people",
                f"{plain / compiled:.0f} : 1 ({plain:.2f} s : {compiled:.3f} s)",
            ),
            ("both folds give the same arrays", "yes" if same else "NO"),
        ],
    )
    connection.close()
    if not same:
        raise SystemExit("the compiled fold differs from the plain one")


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """The mirror's file as a run opens it."""
    connection = duckdb.connect(path, config={"threads": os.cpu_count() or 1})
    connection.execute("SET enable_progress_bar = false")
    return connection


def evaluate(path: Path) -> None:
    """One evaluation that nobody looks at."""
    connection = connect(path)
    run(connection)
    connection.close()


def run(connection: duckdb.DuckDBPyConnection) -> LocalEvaluation:
    """One evaluation of everybody, with an empty ledger."""
    return local.LocalEngine().evaluate(
        connection, population.definition(), population.STREAMS, Known(), population.AS_OF
    )


def compare(program: Program, events: Events, people: People, frozen: Frozen) -> tuple[float, float, bool]:
    """Seconds of the compiled and the plain fold over the first people, and whether both gave the same."""
    count = min(SAMPLE, len(people.fit))
    end = int(events.start[count])
    some = Events(
        events.start[: count + 1],
        *(column[:end] for column in (events.at, events.code, events.day, events.month)),
    )
    who = People(*(column[:count] for column in people))
    ledger = frozen._replace(start=frozen.start[: count + 1])
    taken, outputs = [], []
    for fold in (local.compiled_fold(), kernel.fold):
        begin = time.perf_counter()
        outputs.append(local.run_fold(fold, program, some, who, ledger))
        taken.append(time.perf_counter() - begin)
    return taken[0], taken[1], all(np.array_equal(a, b) for a, b in zip(*outputs, strict=True))


if __name__ == "__main__":
    main()
