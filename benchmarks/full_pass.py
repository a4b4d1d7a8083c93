"""A full pass against the sandbox: wall time, idle second run, API calls. Whole processes, as a user starts them.

    python benchmarks/full_pass.py [--people 10000] [--crm both|salesforce|hubspot]

The sandbox runs as a process of its own with HubSpot's rate limits on. Prints one row per CRM; nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "leadledger"]
BATCH = {"salesforce": 200, "hubspot": 100}


def run(words: list[str], environment: dict[str, str]) -> tuple[float, dict[str, Any]]:
    """Run a command with --json; seconds and result. Exits with the command's own message when it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *words, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode not in {0, 3}:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return seconds, json.loads(done.stdout)["result"]


def serve(people: int, folder: Path) -> tuple[subprocess.Popen[str], dict[str, str], float]:
    """Start the sandbox; its process, the environment that points at it, and the seconds until it was ready."""
    began = time.perf_counter()
    file = folder / "sandbox.env"
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "serve", "--port", "0", "--people", str(people), "--env-file", str(file)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Serving"):
            break
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
    return process, variables, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--crm", choices=["both", "salesforce", "hubspot"], default="both")
    options = parser.parse_args()
    crms = ["salesforce", "hubspot"] if options.crm == "both" else [options.crm]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, variables, ready = serve(options.people, folder)
        print(f"full pass, {options.people:,} people; sandbox ready in {ready:.1f} s")
        print(
            f"{'crm':<11}{'rows read':>10}{'records':>9}{'plan s':>8}{'apply s':>9}{'pass s':>8}{'calls':>7}{'writes':>8}{'bound':>7}{'idle s':>8}{'idle calls':>12}{'idle writes':>13}"
        )
        try:
            for crm in crms:
                environment = {**os.environ, **variables, "LEADLEDGER_STATE_DIR": str(folder / "state")}
                config = ["-c", str(ROOT / "mappings" / crm)]
                plan_file = str(folder / f"{crm}.json")
                plan_s, planned = run(["plan", *config, "-o", plan_file], environment)
                apply_s, applied = run(["apply", plan_file, *config], environment)
                idle_s, idle = run(["run", *config], environment)
                calls = sum(planned["calls"][crm].values()) + sum(applied["calls"][crm].values())
                writes = applied["calls"][crm].get("composite/sobjects", 0) + applied["calls"][crm].get(
                    "objects/update", 0
                )
                bound = math.ceil(applied["written"]["confirmed"] / BATCH[crm]) + 3
                print(
                    f"{crm:<11}{sum(planned['read'].values()):>10,}{applied['written']['confirmed']:>9,}{plan_s:>8.1f}{apply_s:>9.1f}"
                    f"{plan_s + apply_s:>8.1f}{calls:>7}{writes:>8}{bound:>7}{idle_s:>8.1f}"
                    f"{sum(idle['calls'][crm].values()):>12}{idle['written'].get('planned', 0):>13}"
                )
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
