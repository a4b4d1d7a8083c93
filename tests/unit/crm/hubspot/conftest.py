"""A HubSpot account on loopback with its limits on, a time that only sleeping moves, and a mirror in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadledger.crm.hubspot.access import HubSpotAccess
from leadledger.crm.hubspot.crm import HubSpotCrm
from leadledger.domain.instants import parse_instant
from leadledger.ports import Page, Stream
from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.faults import read_fault
from leadledger.sandbox.hubspot.app import HubSpotApp
from leadledger.sandbox.hubspot.auth import WRITER
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.storage import open_storage

START = "2026-11-02T10:00:00Z"
START_US = parse_instant(START, ZoneInfo("UTC"))


class Time:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def monotonic(self) -> float:
        return self.now_s


@dataclass
class MemoryMirror:
    """As much of a mirror as an adapter sees: rows by stream, counts, and who was touched."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    watermarks: dict[str, Any] = field(default_factory=dict)
    rejected: list[Any] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    stored: list[Page] = field(default_factory=list)
    _stream: str = ""

    def seen(self, stream: Stream) -> MemoryMirror:
        self._stream = stream.name
        return self

    def count(self, low_us: int, high_us: int) -> int:
        rows = self.rows.get(self._stream, {}).values()
        return sum(not row["deleted"] and low_us <= row["modified_us"] < high_us for row in rows)

    def modified(self, low_us: int, high_us: int) -> dict[str, int]:
        rows = self.rows.get(self._stream, {}).values()
        return {
            row["id"]: row["modified_us"]
            for row in rows
            if not row["deleted"] and low_us <= row["modified_us"] < high_us
        }

    def touched_people(self) -> list[str]:
        return sorted(self.touched, key=int)

    def store(self, stream: Stream, page: Page) -> None:
        table = self.rows.setdefault(stream.name, {})
        if page.replaces == "all":
            table.clear()
        if page.replaces == "person":
            people = {row["person"] for row in page.rows}
            for id_ in [id_ for id_, row in table.items() if row["person"] in people]:
                del table[id_]
        for row in page.rows:
            table[row["id"]] = dict(row)
            if stream.name == "contacts":
                self.touched.add(row["id"])
        self.rejected += page.rejected
        self.stored.append(page)


class Account:
    """The sandbox, its HubSpot and a connector that points there."""

    def __init__(self, sandbox: Sandbox, app: HubSpotApp, clock: StoryClock, time: Time) -> None:
        self.sandbox = sandbox
        self.app = app
        self.clock = clock
        self.time = time
        self.mirror = MemoryMirror()
        self.crm = self.connector()

    def later(self, seconds: float = 3600) -> None:
        """Let time pass."""
        self.time.now_s += seconds

    def connector(self, token: str = WRITER) -> HubSpotCrm:
        return HubSpotCrm(
            HubSpotAccess(token, self.sandbox.base_url),
            sleeper=self.time,
            monotonic=self.time.monotonic,
            jitter=lambda: 1.0,
        )

    def pull(self, *streams: Stream, crm: HubSpotCrm | None = None) -> dict[str, int]:
        """One run over some streams; the calls that it made, by API."""
        crm = crm or self.crm
        before = crm.calls()
        self.mirror.touched.clear()
        self.mirror.stored.clear()
        for stream in streams:
            watermark = self.mirror.watermarks.get(stream.name)
            pull = crm.pull(stream, watermark, self.mirror.seen(stream))
            for page in pull.pages:
                self.mirror.store(stream, page)
            self.mirror.watermarks[stream.name] = pull.watermark()
        after = crm.calls()
        return {api: n - before.get(api, 0) for api, n in after.items() if n > before.get(api, 0)}

    def table(self, name: str) -> dict[str, dict[str, Any]]:
        return self.mirror.rows.get(name, {})

    def living(self, name: str) -> dict[str, dict[str, Any]]:
        return {id_: row for id_, row in self.table(name).items() if not row["deleted"]}

    def requests(self, path_glob: str = "") -> list[Any]:
        """Bodies (or queries) of the calls that arrived, oldest first."""
        entries = self.sandbox.journal.entries(path_glob=path_glob)
        return [json.loads(e.request.body) if e.request.body else dict(e.request.query) for e in entries]

    def answers(
        self, path_glob: str, status: int, body: Any = None, *, times: int = 1, **headers: str
    ) -> None:
        """The next calls of a path get this answer instead of HubSpot's."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        action = {"type": "respond", "status": status, "headers": named, "body": {} if body is None else body}
        self.sandbox.faults.add(
            read_fault({"match": {"path_glob": path_glob}, "times": times, "action": action})
        )

    def goes_wrong(self, path_glob: str, act: str, *, times: int = 1) -> None:
        """The next calls of a path are dropped or cut."""
        self.sandbox.faults.add(
            read_fault({"match": {"path_glob": path_glob}, "times": times, "action": {"type": act}})
        )


def a_record(id_: int, modified: str = "2026-10-01T08:00:00.000Z", **properties: Any) -> dict[str, Any]:
    """A row of the sandbox's story; `associations` and `history` are taken out of the properties."""
    return {
        "id": str(id_),
        "associations": properties.pop("associations", {}),
        "history": properties.pop("history", {}),
        "archived": properties.pop("archived", False),
        "properties": properties,
        "createdAt": "2026-01-01T08:00:00.000Z",
        "updatedAt": modified,
    }


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """Builds a row of the sandbox's story."""
    return a_record


@pytest.fixture
def make_account() -> Iterator[Callable[..., Account]]:
    sandboxes: list[Sandbox] = []
    accounts: list[Account] = []

    def make(rows: Any = (), **settings: Any) -> Account:
        time = Time()
        clock = StoryClock(START_US, monotonic_us=lambda: round(time.now_s * 1e6))
        app = HubSpotApp(open_storage(), clock, monotonic=time.monotonic, **settings)
        app.load(rows)
        sandbox = Sandbox([app], clock, sleep=time.sleep)
        sandbox.start()
        sandboxes.append(sandbox)
        accounts.append(Account(sandbox, app, clock, time))
        return accounts[-1]

    yield make
    for account in accounts:
        account.crm.close()
    for sandbox in sandboxes:
        sandbox.stop()
