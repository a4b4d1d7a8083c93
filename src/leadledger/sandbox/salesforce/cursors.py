"""Runs queries and hands out their pages: a locator keeps the ids of an answer, so paging is stable."""

from __future__ import annotations

import json
import re
import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass, field

from leadledger.domain.instants import DAY
from leadledger.sandbox.http import JsonObject, SandboxClock, Storage
from leadledger.sandbox.salesforce.errors import ApiError, refuse
from leadledger.sandbox.salesforce.ids import base62, to_18
from leadledger.sandbox.salesforce.query import Plan, compile_query
from leadledger.sandbox.salesforce.soql import parse

MIN_BATCH, MAX_BATCH = 200, 2_000
CURSOR_LIFE_US = 2 * DAY
"""API Query Cursor Limits."""
KEEP_CURSORS = 1_000

_OPTIONS = re.compile(r"batchSize\s*=\s*(\d{1,9})", re.IGNORECASE)
_LOCATOR = re.compile(r"(0r8\w{12,15})-(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Cursor:
    plan: Plan
    numbers: array[int]
    batch: int
    born_us: int


@dataclass(slots=True)
class Cursors:
    """The open answers. Thread-safe. They live in memory: a restart ends them, as two days would."""

    storage: Storage
    clock: SandboxClock
    _open: OrderedDict[str, _Cursor] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0

    def run(self, soql: str, options: str, version: str, *, all_rows: bool) -> JsonObject:
        """The first page of a query. Raises ApiError."""
        plan = compile_query(parse(soql), all_rows=all_rows)
        with self.storage.lock:
            found = self.storage.connection.execute(plan.ids_sql, plan.params)
            if plan.count:
                return {"totalSize": found.fetchone()[0], "done": True, "records": []}
            numbers = array("q", (number for (number,) in found))
        cursor = _Cursor(plan, numbers, batch_size(options), self.clock.now_us())
        if len(numbers) <= cursor.batch:
            return self._page(cursor, "", 0, version)
        with self._lock:
            self._count += 1
            locator = to_18(f"0r8{base62(self._count, 12)}")
            self._open[locator] = cursor
            while len(self._open) > KEEP_CURSORS:
                self._open.popitem(last=False)
        return self._page(cursor, locator, 0, version)

    def more(self, text: str, version: str) -> JsonObject:
        """A later page: `0r8…-2000`. May be asked for again. Raises ApiError INVALID_QUERY_LOCATOR."""
        match = _LOCATOR.fullmatch(text)
        if match is None:
            raise _invalid()
        with self._lock:
            cursor = self._open.get(match[1])
        start = int(match[2])
        if cursor is None or not 0 <= start < len(cursor.numbers):
            raise _invalid()
        if self.clock.now_us() - cursor.born_us > CURSOR_LIFE_US:
            raise _invalid()
        return self._page(cursor, match[1], start, version)

    def forget(self) -> None:
        """Close all: the rows behind them are gone."""
        with self._lock:
            self._open.clear()

    def _page(self, cursor: _Cursor, locator: str, start: int, version: str) -> JsonObject:
        end = min(start + cursor.batch, len(cursor.numbers))
        numbers = json.dumps(cursor.numbers[start:end].tolist())
        with self.storage.lock:
            rows = self.storage.connection.execute(cursor.plan.rows_sql, (numbers,)).fetchall()
        urls = f"/services/data/{version}/sobjects/"
        build = cursor.plan.build
        done = end >= len(cursor.numbers)
        page: JsonObject = {"totalSize": len(cursor.numbers), "done": done}
        if not done:
            page["nextRecordsUrl"] = f"/services/data/{version}/query/{locator}-{end}"
        page["records"] = [build(urls, row) for row in rows]
        return page


def batch_size(options: str) -> int:
    """The page size of a `Sforce-Query-Options` header, brought into 200..2000."""
    match = _OPTIONS.search(options)
    return min(max(int(match[1]), MIN_BATCH), MAX_BATCH) if match else MAX_BATCH


def _invalid() -> ApiError:
    return refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
