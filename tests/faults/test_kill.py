"""kill -9 of the real command, then `leadledger run`: the same end as without the kill, and nothing doubled."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from installed import FRESH, WRITES, Org, Stories, differences, sent, until
from leadledger.domain.intents import IntentState
from leadledger.stores.plan_file import read_plan

PEOPLE = 130
"""Enough for more than one batch in both CRMs."""


class Gate:
    """Holds a call of the CRM: it was sent, and nothing has happened yet."""

    def __init__(self, org: Org) -> None:
        self._arrived = threading.Event()
        self._open = threading.Event()
        self._apply = True
        org.sandbox._sleep = self._wait

    def _wait(self, _seconds: float) -> None:
        self._arrived.set()
        assert self._open.wait(60)
        if not self._apply:
            raise ConnectionResetError

    def wait(self) -> None:
        """Until the call is there."""
        assert self._arrived.wait(60), "the call never came"

    def release(self, *, apply: bool) -> None:
        """Let the CRM carry the held call out, or forget it."""
        self._apply = apply
        self._open.set()


@pytest.fixture
def org(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """An org that we have never met, with more than one batch of people."""
    made = stories.open(crm, tmp_path / "home", applied=False, people=PEOPLE)
    yield made
    made.sandbox.stop()


@pytest.fixture
def twin(crm: str, stories: Stories, tmp_path: Path) -> Iterator[Org]:
    """The same org, undisturbed."""
    made = stories.open(crm, tmp_path / "twin", applied=True, people=PEOPLE)
    yield made
    made.sandbox.stop()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


def killed_at(org: Org, path_glob: str, after: int, *, apply: bool, words: tuple[str, ...]) -> None:
    """Start a command, kill it while the CRM holds the chosen call, and let the CRM apply that call or not."""
    gate = Gate(org)
    org.fault("delay", path_glob=path_glob, after=after, seconds=1)
    process = org.start(*words)
    gate.wait()
    kill(process)
    seen = len(org.sandbox.journal.entries())
    gate.release(apply=apply)
    if apply:
        until(lambda: len(org.sandbox.journal.entries()) > seen, "the held call to be applied")


def same_end(org: Org, twin: Org) -> None:
    """Run once more; then everything is as in the twin, and there is nothing left to do."""
    done = org.here("run", "--json")
    assert done.code == 0, done.told
    assert differences(org, twin) == []
    assert org.counters() == twin.counters()
    assert org.open_intents() == []
    org.forget_calls()
    again = org.here("run", "--json")
    assert (again.code, again.result["planned_records"]) == (0, 0), again.told
    assert org.calls(writing=True) == []


@pytest.mark.parametrize(
    ("moment", "after", "apply"),
    [
        ("before anything was read fresh", None, False),
        ("first write sent, not applied", 0, False),
        ("first write applied, answer never seen", 0, True),
        ("second write applied, answer never seen", 1, True),
    ],
)
def test_a_killed_apply_is_finished_by_the_next_run(
    org: Org,
    twin: Org,
    moment: str,
    after: int | None,
    apply: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    path = org.planned()
    glob = FRESH[org.crm] if after is None else WRITES[org.crm]
    killed_at(org, glob, after or 0, apply=apply, words=("apply", str(path)))
    if after is not None:
        assert {i.state for i in org.open_intents()} == {IntentState.SENT}, (
            "the intent is there before the request"
        )
    same_end(org, twin)


def test_a_killed_apply_can_be_applied_again(org: Org, twin: Org) -> None:
    path = org.planned()
    killed_at(org, WRITES[org.crm], 0, apply=False, words=("apply", str(path)))
    done = org.here("apply", str(path))
    assert done.code == 0, done.told
    planned = {(str(c.record), f.field) for c in read_plan(path).changes for f in c.fields}
    assert {(record, name) for record, name, _ in sent(org)} == planned
    same_end(org, twin)


def test_a_killed_pull_frees_its_lock_and_is_pulled_again(org: Org, twin: Org) -> None:
    glob = "*/query*" if org.crm == "salesforce" else "*/crm/*"
    killed_at(org, glob, 4, apply=True, words=("plan",))
    assert org.here("apply", str(org.planned())).code == 0
    same_end(org, twin)


def test_a_write_that_lands_long_after_the_kill_changes_nothing_anew(org: Org, twin: Org) -> None:
    path = org.planned()
    gate = Gate(org)
    org.fault("delay", path_glob=WRITES[org.crm], seconds=1)
    process = org.start("apply", str(path))
    gate.wait()
    kill(process)
    seen = len(org.sandbox.journal.entries())
    done = org.here("run")
    assert done.code == 0, done.told
    before = len(org.sandbox.journal.entries())
    assert before > seen
    gate.release(apply=True)
    until(lambda: len(org.sandbox.journal.entries()) > before, "the late write")
    same_end(org, twin)


def moments(crm: str) -> list[int]:
    """Numbers of calls after which to kill: spread over login, pull, reading afresh, writing and reading back."""
    return [2, 6, 11, 15, 18, 20] if crm == "salesforce" else [3, 9, 14, 17, 19, 20]


@pytest.mark.slow
def test_six_kills_in_a_row_end_like_none(org: Org, twin: Org) -> None:
    assert org.here("run").code == 0, "the first run plans only"
    org.sandbox.latency_ms = 10
    reached = 0
    for count in moments(org.crm):
        org.forget_calls()
        process = org.start("run", "-q")
        until(_calls(org, process, count), f"call {count}")
        if process.poll() is None:
            kill(process)
            reached += 1
        else:
            process.communicate(timeout=30)
    assert reached >= 3
    org.sandbox.latency_ms = 0
    same_end(org, twin)


def _calls(org: Org, process: subprocess.Popen[str], count: int) -> Callable[[], bool]:
    return lambda: len(org.sandbox.journal.entries()) >= count or process.poll() is not None
