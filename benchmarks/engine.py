"""A full re-score, from the mirror on disk to decisions in the ledger: seconds per step, peak memory, and ratios.

    python benchmarks/engine.py --people 100000 --activities 3000000
    python benchmarks/engine.py --sizes        three sizes, each in a process of its own

Thirty-five engagement rules. The mirror is made by another process, so that its memory is not counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

import population
from leadledger.engine import local
from leadledger.engine.canonical import Canonical
from leadledger.engine.evaluation import LocalEvaluation
from leadledger.engine.fold.jit import compiled
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.engine.match import Match
from leadledger.engine.tables import Events, Frozen, People, Program
from leadledger.ports import Known, RunRecord
from leadledger.stores.ledger import SqliteLedger
from table import show

SAMPLE = 1_000
"""People of the comparison with plain Python."""
SIZES = ((50_000, 1_500_000), (150_000, 4_500_000), (450_000, 13_500_000))
MEMORY_LIMIT = "2GB"
"""DuckDB's own; the rest is the fold's arrays and Python's."""
BATCH = 50_000


class Watch:
    """Seconds per named step, and what the fold was called with last."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.fold_input: tuple[Program, Events, People, Frozen] | None = None
        self.events = 0

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
            self.events += len(arrays[1].at)
            return run_fold(fold, *arrays)

        Canonical.build = self.timed("canonical tables", Canonical.build)  # type: ignore[method-assign]  # a probe
        Canonical.block = self.timed("blocks of activities", Canonical.block)  # type: ignore[method-assign]  # a probe
        local.judge_facts = self.timed("facts", local.judge_facts)
        local.prepare_match = self.timed("match", local.prepare_match)
        Match.events = self.timed("match", Match.events)  # type: ignore[method-assign]  # a probe
        local.run_fold = self.timed("fold", remembering)


def main() -> None:
    """Print one table, or one line per size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--activities", type=int, default=3_000_000)
    parser.add_argument("--sizes", action="store_true")
    arguments = parser.parse_args()
    if arguments.sizes:
        for people, activities in SIZES:
            words = ["--people", str(people), "--activities", str(activities)]
            subprocess.run([sys.executable, __file__, *words], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="leadledger-benchmark-") as folder:
        small, large = Path(folder, "small.duckdb"), Path(folder, "large.duckdb")
        for path, people, activities in (
            (small, SAMPLE, SAMPLE * 30),
            (large, arguments.people, arguments.activities),
        ):
            made = multiprocessing.get_context("spawn").Process(
                target=population.fill, args=(path,), kwargs={"people": people, "activities": activities}
            )
            made.start()
            made.join()
            if made.exitcode:
                raise SystemExit(f"the population could not be made: exit code {made.exitcode}")
        measure(small, large, Path(folder))


def measure(small: Path, large: Path, folder: Path) -> None:
    """The small mirror warms up (libraries, the compiled fold) and serves the comparison of both folds."""
    watch = Watch()
    watch.instrument()
    begin = time.perf_counter()
    connection = connect(small)
    run(connection)
    connection.close()
    warm_up = time.perf_counter() - begin
    assert watch.fold_input is not None
    fast, slow, same = compare(*watch.fold_input)
    watch.seconds.clear()
    watch.events = 0
    connection = connect(large)
    begin = time.perf_counter()
    evaluation = run(connection)
    evaluated = time.perf_counter() - begin
    begin = time.perf_counter()
    decided = store(evaluation, folder / "ledger.sqlite")
    stored = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    people, activities = evaluation.people, evaluation.activities
    touched = touch(connection, evaluation)
    begin = time.perf_counter()
    some = local.LocalEngine().evaluate(
        connection, population.definition(), population.STREAMS, Known(), population.AS_OF, touched
    )
    found = sum(1 for _ in some.decisions())
    scoped = time.perf_counter() - begin
    whole = evaluated + stored
    show(
        f"full re-score: {people:,} people, {activities:,} activities, {watch.events:,} events; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}",
        [
            *((f"  {name}", f"{taken:.2f} s") for name, taken in watch.seconds.items()),
            ("evaluation", f"{evaluated:.2f} s"),
            (f"{decided:,} decisions built and stored in the ledger", f"{stored:.2f} s"),
            ("whole, mirror to ledger", f"{whole:.2f} s"),
            ("activities per second", f"{activities / whole:,.0f}"),
            ("peak memory", f"{peak:,.0f} MiB"),
            (
                f"1% touched: {found:,} people decided",
                f"{scoped:.2f} s, {100 * scoped / whole:.1f}% of the whole",
            ),
            ("warm-up (imports, compiling unless kept)", f"{warm_up:.2f} s"),
            (
                f"plain : compiled fold, {SAMPLE:,} people",
                f"{slow / fast:.0f} : 1 ({slow:.2f} s : {fast:.3f} s)",
            ),
            ("both folds give the same arrays", "yes" if same else "NO"),
        ],
    )
    connection.close()
    if not same:
        raise SystemExit("the compiled fold differs from the plain one")


def store(evaluation: LocalEvaluation, path: Path) -> int:
    """Build all decisions with their evidence and store them, batch by batch."""
    ledger = SqliteLedger(path)
    ledger.begin_run(RunRecord("bench", "run", "benchmark", "1", "0" * 64, 0))
    decisions, count = evaluation.decisions(), 0
    while batch := tuple(islice(decisions, BATCH)):
        ledger.record_decisions("bench", batch, ())
        count += len(batch)
    ledger.close()
    return count


def touch(connection: duckdb.DuckDBPyConnection, evaluation: LocalEvaluation) -> frozenset[str]:
    """One person in a hundred, with all that belongs to them."""
    rows = connection.execute("SELECT ref FROM record WHERE p % 100 = 7").fetchall()
    refs = frozenset(str(ref) for (ref,) in rows)
    return local.LocalEngine().reach(connection, evaluation.definition, population.STREAMS, refs)


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """The mirror's file as a run opens it."""
    config = {"threads": os.cpu_count() or 1, "memory_limit": MEMORY_LIMIT}
    connection = duckdb.connect(path, config=config)
    connection.execute("SET enable_progress_bar = false")
    return connection


def run(connection: duckdb.DuckDBPyConnection) -> LocalEvaluation:
    """One evaluation of everybody, with an empty ledger."""
    return local.LocalEngine().evaluate(
        connection, population.definition(), population.STREAMS, Known(), population.AS_OF
    )


def compare(program: Program, events: Events, people: People, frozen: Frozen) -> tuple[float, float, bool]:
    """Seconds of the compiled and the plain fold over the same people, and whether both gave the same."""
    taken, outputs = [], []
    for fold in (compiled(plain_fold), plain_fold):
        begin = time.perf_counter()
        outputs.append(local.run_fold(fold, program, events, people, frozen))
        taken.append(time.perf_counter() - begin)
    return taken[0], taken[1], all(np.array_equal(a, b) for a, b in zip(*outputs, strict=True))


if __name__ == "__main__":
    main()
