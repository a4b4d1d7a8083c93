"""How long a command takes from the shell's point of view: whole processes, the median of five."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from table import show

ROUNDS = 5
LEADLEDGER = Path(sys.executable).with_name("leadledger")
PRESETS = Path(__file__).parent.parent / "mappings"


def main() -> None:
    """Print one table."""
    commands = [
        ("--help",),
        ("version",),
        ("validate", "-c", str(PRESETS / "salesforce")),
        ("validate", "--examples", "-c", str(PRESETS / "salesforce")),
    ]
    show(
        f"whole processes, median of {ROUNDS} after one to warm up",
        [("python -c pass", f"{median([sys.executable, '-c', 'pass']):.3f} s")]
        + [
            (
                " ".join(["leadledger", *(Path(word).name for word in words)]),
                f"{median([str(LEADLEDGER), *words]):.3f} s",
            )
            for words in commands
        ],
    )


def median(command: list[str]) -> float:
    """Seconds of a command that must succeed."""
    taken = []
    for _ in range(1 + ROUNDS):
        begin = time.perf_counter()
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        taken.append(time.perf_counter() - begin)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main()
