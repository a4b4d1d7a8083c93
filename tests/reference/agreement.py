"""Asks the engine and the reference model about the same random people, and counts where they differ.

`python tests/reference/agreement.py --people 1000000` does it on demand, over as many definitions as that takes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])

from leadledger.engine.fold.jit import Fold, compiled
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.errors import BugError
from leadledger.ports import Known
from reference.compare import differences
from reference.generate import Case, a_case
from reference.judge import judge
from reference.outcome import Outcome
from reference.shrink import shrink, source
from reference.told import told

PER_DEFINITION = 20
BATCH = 50
"""Definitions per line of the report."""


@dataclass
class Table:
    """What was compared, and how often both did not say the same."""

    people: int = 0
    definitions: int = 0
    transitions: int = 0
    contributions: int = 0
    counted: int = 0
    due: int = 0
    excluded: int = 0
    differing: int = 0
    first: Case | None = None
    told: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, found: list[str]) -> None:
        """One person more."""
        self.people += 1
        self.transitions += len(outcome.entries)
        self.contributions += sum(points != 0 for points in outcome.lines.values())
        self.counted += sum(outcome.counters.values())
        self.due += outcome.next_due_us > 0
        self.excluded += outcome.excluded
        self.differing += bool(found)

    def __str__(self) -> str:
        """One line per quantity."""
        rows = {
            "people": self.people,
            "definitions": self.definitions,
            "transitions compared": self.transitions,
            "contributions compared": self.contributions,
            "counted entries": self.counted,
            "people with something due": self.due,
            "people excluded": self.excluded,
            "people with differences": self.differing,
        }
        return "\n".join(f"{name:<26}{number:>12,}" for name, number in rows.items())


def run(
    people: int,
    seed: int,
    fold: Fold,
    report: Callable[[str], None] = print,
    per_definition: int = PER_DEFINITION,
) -> Table:
    """Compare this many people. The first one that differs is shrunk and reported as Python."""
    table = Table()
    began = time.perf_counter()
    for number in range(-(-people // per_definition)):
        case = a_case(seed * 1_000_003 + number, min(per_definition, people - table.people))
        table.definitions += 1
        for record, outcome, found in asked(case, fold):
            table.add(outcome, found)
            if found and table.first is None:
                table.first, table.told = _written(case, record, found, fold, report)
        if table.definitions % BATCH == 0:
            seconds = time.perf_counter() - began
            report(f"{table.people:>10,} people  {table.differing:>6,} differ  {seconds:8.1f} s")
    report(str(table))
    return table


def asked(case: Case, fold: Fold) -> Iterator[tuple[str, Outcome, list[str]]]:
    """(record, what the reference says, where the engine differs) for each person of a case."""
    world = told(case)
    try:
        evaluation = world.evaluate(case.definition, case.as_of_us, Known(), fold)
        decisions = {decision.records[0].id: decision for decision in evaluation.decisions()}
    finally:
        world.close()
    for record, person in case.people.items():
        outcome = judge(case.definition, person, case.as_of_us)
        yield record, outcome, differences(decisions[record], outcome, case.definition)


def _written(
    case: Case, record: str, found: list[str], fold: Fold, report: Callable[[str], None]
) -> tuple[Case, list[str]]:
    """Shrink a case to the smallest one that differs in the same respect, and tell it."""
    respect = found[0].split(":")[0].split()[0]

    def fails(smaller: Case) -> bool:
        try:
            told = [line for _, _, lines in asked(smaller, fold) for line in lines]
        except (KeyError, ValueError, IndexError, AssertionError, BugError):
            return False  # what was dropped is still named
        return any(line.startswith(respect) for line in told)

    small = shrink(Case(case.definition, {record: case.people[record]}, case.as_of_us), fails)
    lines = [line for _, _, held in asked(small, fold) for line in held]
    report("\n".join([f"A person differs; {respect} first. Smallest case:", source(small), *lines]))
    return small, lines


def main() -> int:
    """Run from the command line; the exit code is 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-definition", type=int, default=PER_DEFINITION, help="people per definition")
    parser.add_argument("--plain", action="store_true", help="the fold as plain Python, not compiled")
    chosen = parser.parse_args()
    fold = plain_fold if chosen.plain else compiled(plain_fold)
    table = run(chosen.people, chosen.seed, fold, per_definition=chosen.per_definition)
    return int(table.differing > 0)


if __name__ == "__main__":
    sys.exit(main())
