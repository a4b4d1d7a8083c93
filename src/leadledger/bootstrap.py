"""The only place that builds things: settings -> stores, CRMs, engine -> the context of a use case."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadledger.domain.changes import Plan
from leadledger.errors import ConfigError, StateError

if TYPE_CHECKING:  # each command imports only what it needs: `--help` must answer at once
    from leadledger.definition.load import Loaded
    from leadledger.domain.definition import Definition
    from leadledger.engine.fold.jit import Fold
    from leadledger.insight.examples import Result
    from leadledger.insight.explain import Explanation
    from leadledger.ports import Crm, Engine, Ledger, Mirror, Progress, Stream
    from leadledger.sandbox.server import Sandbox
    from leadledger.settings import Settings
    from leadledger.sync.context import Context


class SystemClock:
    """Wall time. The one place where the program asks the machine what time it is."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000


class SystemSleeper:
    """The one place where the program waits."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def load_definition(folder: Path) -> Loaded:
    """The definition of a folder. Raises ConfigError with every problem."""
    from leadledger.definition.load import load

    return load(folder)


def examples(loaded: Loaded) -> Iterator[Result]:
    """Run the admin's examples, offline. The fold runs as plain Python: examples are few and compiling takes longer."""
    from leadledger.engine.fold.walk import fold
    from leadledger.engine.local import LocalEngine
    from leadledger.insight.examples import run_examples
    from leadledger.stores.mirror import DuckDbMirror

    mirror = DuckDbMirror(":memory:")
    try:
        yield from run_examples(loaded.examples, loaded.definition, LocalEngine(fold), mirror)
    finally:
        mirror.close()


@dataclass(frozen=True, slots=True)
class StateFiles:
    """Where the state of one definition lives."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The precious file."""
        return self.folder / "ledger.sqlite"

    @property
    def mirror(self) -> Path:
        """May be deleted; it is pulled again."""
        return self.folder / "mirror.duckdb"

    @property
    def plan(self) -> Path:
        """The latest plan that a command saved by itself."""
        return self.folder / "plan.json"


def state_files(settings: Settings, definition_name: str) -> StateFiles:
    """The state folder of a definition."""
    return StateFiles(settings.state_dir / definition_name)


@contextmanager
def opened(settings: Settings, loaded: Loaded, progress: Progress) -> Iterator[Context]:
    """Everything a run needs, under the run lock. Closes in reverse, whatever happens."""
    from leadledger.engine.local import LocalEngine
    from leadledger.stores.ledger import SqliteLedger
    from leadledger.stores.lock import RunLock
    from leadledger.stores.mirror import DuckDbMirror
    from leadledger.sync.context import Context

    os.umask(0o077)  # what the databases write beside their files (WAL, spill) is personal data too
    definition = loaded.definition
    files = state_files(settings, definition.name)
    with ExitStack() as stack:
        stack.enter_context(RunLock(files.folder))
        ledger = SqliteLedger(files.ledger)
        stack.callback(ledger.close)
        mirror = DuckDbMirror(files.mirror, memory_limit_bytes=_bytes(settings.memory_limit))
        stack.callback(mirror.close)
        crms: dict[str, Crm] = {}
        for name in definition.connections:
            crms[name] = connect(name, settings)
            stack.callback(crms[name].close)
        yield Context(definition, crms, mirror, ledger, LocalEngine(), SystemClock(), progress)


def connect(name: str, settings: Settings) -> Crm:
    """The adapter of one CRM. Raises ConfigError when its access is not set."""
    if name == "salesforce":
        if settings.salesforce is None:
            raise ConfigError(_not_set(name, ("URL", "CLIENT_ID", "CLIENT_SECRET")))
        from leadledger.crm.salesforce.access import SalesforceAccess
        from leadledger.crm.salesforce.crm import SalesforceCrm

        s = settings.salesforce
        return SalesforceCrm(
            SalesforceAccess(
                url=s.url,
                client_id=s.client_id,
                client_secret=s.client_secret.get_secret_value() if s.client_secret else "",
                username=s.username or "",
                private_key_file=s.private_key_file,
            ),
            sleeper=SystemSleeper(),
        )
    if settings.hubspot is None:
        raise ConfigError(_not_set(name, ("TOKEN",)))
    from leadledger.crm.hubspot.access import HubSpotAccess
    from leadledger.crm.hubspot.crm import HubSpotCrm

    h = settings.hubspot
    return HubSpotCrm(
        HubSpotAccess(token=h.token.get_secret_value(), url=h.url),
        sleeper=SystemSleeper(),
        monotonic=time.monotonic,
    )


def _not_set(name: str, variables: Sequence[str]) -> str:
    wanted = ", ".join(f"LEADLEDGER_{name.upper()}__{variable}" for variable in variables)
    return (
        f"The definition connects to {name}, but its access is not set. Set {wanted}. To try without an account: "
        f"`leadledger sandbox serve --env-file sandbox.env`, then `set -a; . ./sandbox.env; set +a` in another terminal."
    )


def _bytes(text: str) -> int:
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
    number = text.strip().upper()
    for unit in sorted(units, key=len, reverse=True):
        if number.endswith(unit):
            amount = number.removesuffix(unit).strip()
            if re.fullmatch(r"\d+(\.\d+)?", amount) and float(amount) > 0:
                return int(float(amount) * units[unit])
    msg = "LEADLEDGER_MEMORY_LIMIT is not a size. Write 4GB or 512MB."
    raise ConfigError(msg)


@contextmanager
def opened_ledger(settings: Settings, definition_name: str) -> Iterator[Ledger]:
    """The ledger for reading, also while a run writes. Raises StateError when there is none yet."""
    from leadledger.stores.ledger import SqliteLedger

    path = state_files(settings, definition_name).ledger
    if not path.exists():
        msg = f"There is no ledger at {path} yet. Make the first plan with `leadledger plan`."
        raise StateError(msg)
    ledger = SqliteLedger(path, read_only=True)
    try:
        yield ledger
    finally:
        ledger.close()


def explanation(settings: Settings, loaded: Loaded, whom: str) -> Explanation | None:
    """What the ledger says of one person, and, while no run is writing, the outlook by the data pulled last."""
    from leadledger.insight.explain import explain, with_outlook

    definition = loaded.definition
    with opened_ledger(settings, definition.name) as ledger:
        found = explain(ledger, whom, definition.labels)
        if found is None:
            return None
        with _replayable(settings, definition) as world:
            return with_outlook(found, ledger, definition, *world) if world else found


@contextmanager
def _replayable(
    settings: Settings, definition: Definition
) -> Iterator[tuple[Engine, Mirror, Sequence[Stream]] | None]:
    """The engine over the mirror, or None where there is no mirror or a run has it."""
    from leadledger.engine.local import LocalEngine
    from leadledger.errors import LockHeldError
    from leadledger.stores.lock import RunLock
    from leadledger.stores.mirror import DuckDbMirror

    files = state_files(settings, definition.name)
    streams = _streams(definition)
    with ExitStack() as stack:
        try:
            stack.enter_context(RunLock(files.folder))
        except (LockHeldError, StateError):
            yield None
            return
        if not files.mirror.exists():
            yield None
            return
        mirror = DuckDbMirror(files.mirror, memory_limit_bytes=_bytes(settings.memory_limit))
        stack.callback(mirror.close)
        if not all(mirror.holds(stream) for stream in streams):
            yield None
            return
        yield LocalEngine(_plain_fold()), mirror, streams


def _plain_fold() -> Fold:
    """One person is folded sooner than the fold is loaded in its compiled form."""
    from leadledger.engine.fold.walk import fold

    return fold


def _streams(definition: Definition) -> Sequence[Stream]:
    """The streams that a definition needs, without asking a CRM."""
    from leadledger.crm.hubspot.streams import streams as of_hubspot
    from leadledger.crm.salesforce.streams import streams_of as of_salesforce

    of = {"salesforce": of_salesforce, "hubspot": of_hubspot}
    return [stream for name in definition.connections for stream in of[name](definition)]


def read_plan(path: Path) -> Plan:
    """A plan that was saved. Raises StateError for a damaged or foreign file."""
    from leadledger.stores import plan_file

    return plan_file.read_plan(path)


def save_plan(path: Path, plan: Plan) -> None:
    """Save a plan, whole or not at all."""
    from leadledger.stores import plan_file

    plan_file.write_plan(path, plan)


def sandbox(
    *, seed: int, people: int, crms: Sequence[str], latency_ms: float, state: Path | None, limits: bool = True
) -> Sandbox:
    """A sandbox of one or both CRMs, filled with a story; not started yet."""
    from leadledger.sandbox.build import build

    return build(seed=seed, people=people, crms=crms, latency_ms=latency_ms, state=state, limits=limits)
