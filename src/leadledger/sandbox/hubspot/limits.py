"""How many calls the account lets through: ten seconds per app, one second for search, a day for all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leadledger.sandbox.http import JsonObject, Response, SandboxClock
from leadledger.sandbox.hubspot.auth import Caller
from leadledger.sandbox.hubspot.errors import RefusedError, correlation_id
from leadledger.sandbox.hubspot.switches import Switches

Headers = tuple[tuple[str, str], ...]

_INTERVAL_SECONDS = 10.0
_SEARCHES_PER_SECOND = 5  # per account, all search endpoints together (search the CRM)
_SECONDLY = 19
"""Still announced in a header, not enforced any more (usage guidelines)."""


class Limits:
    """Rolling windows on real monotonic time; the daily count follows the account's own calendar day.

    A refused call is not counted.
    """

    def __init__(
        self,
        clock: SandboxClock,
        switches: Switches,
        *,
        enforced: bool,
        daily: int,
        time_zone: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._switches = switches
        self._enforced = enforced
        self._daily = daily
        self._zone = ZoneInfo(time_zone)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day = ""
        self._used_today = 0

    def admit(self, caller: Caller, *, search: bool) -> Headers:
        """Count one call and return the rate headers of its answer (none for a search). Raises 429."""
        with self._lock:
            now = self._monotonic()
            today = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).astimezone(self._zone)
            if today.date().isoformat() != self._day:
                self._day, self._used_today = today.date().isoformat(), 0
            calls = self._calls.setdefault(caller.key, deque())
            _drop(calls, now - _INTERVAL_SECONDS)
            _drop(self._searches, now - 1.0)
            if self._enforced:
                self._check(caller, calls, search=search)
            if caller.has_daily_limit:
                self._used_today += 1
            if search:
                self._searches.append(now)
                return ()
            calls.append(now)
            return self._headers(caller, calls)

    def _check(self, caller: Caller, calls: deque[float], *, search: bool) -> None:
        if caller.has_daily_limit and self._used_today >= self._daily:
            headers = () if search else self._headers(caller, calls)
            raise self._refused("DAILY", "You have reached your daily limit.", headers)
        if search:
            if len(self._searches) >= _SEARCHES_PER_SECOND:
                raise self._refused("SECONDLY", "You have reached your secondly limit.", ())
        elif len(calls) >= caller.burst:
            raise self._refused(
                "TEN_SECONDLY_ROLLING",
                "You have reached your ten_secondly_rolling limit.",
                self._headers(caller, calls),
            )

    def _headers(self, caller: Caller, calls: deque[float]) -> Headers:
        second_ago = self._monotonic() - 1.0
        last_second = sum(1 for at in calls if at > second_ago)
        headers: list[tuple[str, str]] = [
            ("X-HubSpot-RateLimit-Max", str(caller.burst)),
            ("X-HubSpot-RateLimit-Remaining", str(max(0, caller.burst - len(calls)))),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", str(round(_INTERVAL_SECONDS * 1000))),
            ("X-HubSpot-RateLimit-Secondly", str(_SECONDLY)),
            ("X-HubSpot-RateLimit-Secondly-Remaining", str(max(0, _SECONDLY - last_second))),
        ]
        if caller.has_daily_limit:
            headers += [
                ("X-HubSpot-RateLimit-Daily", str(self._daily)),
                ("X-HubSpot-RateLimit-Daily-Remaining", str(max(0, self._daily - self._used_today))),
            ]
        return tuple(headers)

    def _refused(self, policy: str, message: str, headers: Headers) -> RefusedError:
        body: JsonObject = {"status": "error", "message": message, "correlationId": correlation_id()}
        # Search was recorded with the older form: no policyName, no errorType (facts: limits).
        if policy == "SECONDLY" or self._switches["form_of_429"] == "category":
            body["category"] = "RATE_LIMITS"
        else:
            body |= {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": correlation_id()}
        if self._switches["retry_after"] == "present" and policy != "DAILY":
            headers = (*headers, ("Retry-After", "1" if policy == "SECONDLY" else "10"))
        return RefusedError(Response.json(429, body, headers))


def _drop(times: deque[float], until: float) -> None:
    while times and times[0] <= until:
        times.popleft()
