"""Decides when the next call to a CRM may leave, and counts every one of them.

One governor per organisation; all calls pass through it, also those that a vendor's library makes. The rate
adapts by AIMD: x0.7 for each refusal, a small step up for each success, so that a neighbour who shares the
limit gets air (design of delivery, section 10).
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from leadledger.errors import RetryLaterError
from leadledger.ports import Sleeper

SLOWER = 0.7
FASTER = 0.002
LOWEST_SHARE = 0.05
RETRY_SHARE = 0.1
FREE_RETRIES = 20
"""Retries are at most a tenth of all calls, but a short run may have these few in any case."""
LONGEST_PAUSE_S = 120.0
"""A pause that the CRM advised is slept through up to this; of a longer one the callers are told."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `calls` in any span of `seconds`. `apis` names those that draw from it; None: all do."""

    name: str
    calls: int
    seconds: float
    apis: frozenset[str] | None = None


@dataclass(slots=True)
class _Window:
    bucket: Bucket
    share: float = 1.0
    starts: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.starts = deque(maxlen=self.bucket.calls)

    def earliest(self) -> float:
        allowed = max(1, int(self.bucket.calls * self.share))
        return self.starts[-allowed] + self.bucket.seconds if len(self.starts) >= allowed else 0.0


class Governor:
    """Permits for calls. Thread-safe; waits only through `sleeper`, measures only by `monotonic`.

    `concurrency`: calls in flight at most. `reserve`: the share of a daily quota that is left to everybody
    else; writes stop there, reads go on until nothing is left.
    """

    def __init__(
        self,
        buckets: Sequence[Bucket] = (),
        *,
        monotonic: Callable[[], float],
        sleeper: Sleeper,
        concurrency: int = 4,
        reserve: float = 0.2,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self.monotonic = monotonic
        self.concurrency = concurrency
        self._sleeper = sleeper
        self._windows = [_Window(bucket) for bucket in buckets]
        self._most_in_flight = float(concurrency)
        self._in_flight = 0
        self._not_before = 0.0
        self._retries = 0
        self._reserve = reserve
        self._quota: tuple[int, int] | None = None
        self._changed = threading.Condition()

    @contextmanager
    def permit(self, api: str, *, write: bool = False) -> Iterator[None]:
        """Wait until a call of this API may leave, count it, and hold its place until the block ends.

        Raises RetryLaterError, before anything left, when the daily quota is used up, or when the CRM advised a
        pause of which more than `LONGEST_PAUSE_S` remains.
        """
        with self._changed:
            self._check_quota(api, write=write)
            while self._in_flight >= max(1, int(self._most_in_flight)):
                self._changed.wait()
            self._check_pause(api)
            self._in_flight += 1
            wait_s = self._reserve_start(api)
            self.calls[api] += 1
        try:
            if wait_s > 0:
                self._sleeper.sleep(wait_s)
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify()

    def succeeded(self, api: str) -> None:
        """An answer came that was no refusal: one small step up."""
        with self._changed:
            for window in self._drawn_by(api):
                window.share = min(1.0, window.share + FASTER)
            self._most_in_flight = min(
                float(self.concurrency), self._most_in_flight + 1 / (10 * self._most_in_flight)
            )

    def slow_down(self, api: str, after_s: float | None = None) -> None:
        """The CRM refused for speed: x0.7, and nothing leaves for `after_s` seconds (its own advice, or 1)."""
        with self._changed:
            for window in self._drawn_by(api):
                window.share = max(LOWEST_SHARE, window.share * SLOWER)
            self._most_in_flight = max(1.0, self._most_in_flight * SLOWER)
            wait_s = 1.0 if after_s is None else after_s
            self._not_before = max(self._not_before, self.monotonic() + wait_s)

    def share(self, bucket: str) -> float:
        """The part of a bucket that is used at present, 1.0 when nothing was refused lately."""
        return next(window.share for window in self._windows if window.bucket.name == bucket)

    def may_retry(self) -> bool:
        """Whether the retry budget has room for one more, which is then taken."""
        with self._changed:
            if self._retries >= max(FREE_RETRIES, RETRY_SHARE * self.calls.total()):
                return False
            self._retries += 1
            return True

    def observe_quota(self, used: int, limit: int) -> None:
        """What the CRM says about the daily quota of the whole organisation."""
        if limit > 0:
            self._quota = (used, limit)

    def remaining(self) -> int | None:
        """Calls left of the daily quota, None when the CRM has not said."""
        return None if self._quota is None else max(0, self._quota[1] - self._quota[0])

    def _check_quota(self, api: str, *, write: bool) -> None:
        if self._quota is None:
            return
        used, limit = self._quota
        kept = self._reserve * limit if write else 0.0
        if limit - used <= kept:
            what = f"the reserve of {self._reserve:.0%} for others is reached" if write else "none is left"
            msg = (
                f"{api}: {used} of {limit} daily API calls of this organisation are used and {what}. "
                "Nothing was sent; run again later"
            )
            raise RetryLaterError(msg)

    def _check_pause(self, api: str) -> None:
        # Who sleeps here holds the run's lock: hours of it would keep the next runs out as well.
        left_s = self._not_before - self.monotonic()
        if left_s > LONGEST_PAUSE_S:
            msg = f"{api}: the CRM asked for a pause, of which {left_s:.0f} s remain. Nothing was sent; run again then"
            raise RetryLaterError(msg, after_s=left_s)

    def _drawn_by(self, api: str) -> list[_Window]:
        return [w for w in self._windows if w.bucket.apis is None or api in w.bucket.apis]

    def _reserve_start(self, api: str) -> float:
        # A start is reserved ahead of time instead of polled for: calls leave in the order in which they came,
        # and a clock that stands still in a test cannot make this loop.
        now = self.monotonic()
        windows = self._drawn_by(api)
        start = max([now, self._not_before, *(window.earliest() for window in windows)])
        for window in windows:
            window.starts.append(start)
        return start - now
