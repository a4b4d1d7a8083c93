from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.crm.governor import Bucket, Governor
from leadledger.errors import RetryLaterError


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 100.0
    naps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def governor(time: Time, *buckets: Bucket, **more: float) -> Governor:
    return Governor(buckets, monotonic=time.monotonic, sleeper=time, **more)


def starts(governed: Governor, time: Time, count: int, api: str = "list") -> list[float]:
    moments = []
    for _ in range(count):
        with governed.permit(api):
            moments.append(time.now)
    return moments


@given(
    calls=st.integers(1, 10),
    seconds=st.floats(0.5, 20),
    work=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_span_ever_holds_more_calls_than_its_bucket(calls: int, seconds: float, work: list[float]) -> None:
    time = Time()
    governed = governor(time, Bucket("burst", calls, seconds))

    moments = []
    for pause in work:
        moments += starts(governed, time, 1)
        time.now += pause

    for first, after in zip(moments, moments[calls:], strict=False):
        assert after - first >= seconds - 1e-6


def test_a_bucket_holds_back_only_the_apis_that_draw_from_it() -> None:
    time = Time()
    governed = governor(time, Bucket("search", 1, 60.0, frozenset({"search"})))
    starts(governed, time, 1, "search")

    starts(governed, time, 5, "list")

    assert time.naps == []


def test_a_refusal_slows_down_to_seven_tenths_and_waits_for_the_servers_advice() -> None:
    time = Time()
    governed = governor(time, Bucket("burst", 10, 10.0))

    governed.slow_down("list", 3.0)

    assert governed.share("burst") == pytest.approx(0.7)
    assert starts(governed, time, 1) == [103.0]


def test_a_pause_beyond_our_patience_is_told_instead_of_slept_through() -> None:
    time = Time()
    governed = governor(time)
    governed.slow_down("update", 5000.0)
    time.now += 1000.0

    with pytest.raises(RetryLaterError, match="Nothing was sent") as told, governed.permit("query"):
        pass

    assert (told.value.after_s, time.naps, governed.calls.total()) == (4000.0, [], 0)


def test_calls_leave_again_once_the_rest_of_a_long_pause_is_short() -> None:
    time = Time()
    governed = governor(time, concurrency=1)
    governed.slow_down("update", 5000.0)
    with pytest.raises(RetryLaterError), governed.permit("query"):
        pass
    time.now += 4880.0

    assert starts(governed, time, 1) == [5100.0]


def test_refusals_in_a_row_never_stop_everything() -> None:
    time = Time()
    governed = governor(time, Bucket("burst", 10, 10.0))

    for _ in range(100):
        governed.slow_down("list", 0.0)

    assert len(starts(governed, time, 3)) == 3


def test_successes_win_back_the_rate_slowly() -> None:
    time = Time()
    governed = governor(time, Bucket("burst", 10, 10.0))
    governed.slow_down("list", 0.0)

    governed.succeeded("list")
    after_one = governed.share("burst")
    for _ in range(1000):
        governed.succeeded("list")

    assert 0.7 < after_one < 0.71
    assert governed.share("burst") == 1.0


def test_retries_are_at_most_a_tenth_of_the_calls_beyond_the_first_few() -> None:
    time = Time()
    governed = governor(time)
    starts(governed, time, 1000)

    granted = sum(governed.may_retry() for _ in range(500))

    assert granted == 100


def test_a_short_run_may_retry_a_few_times_in_any_case() -> None:
    governed = governor(Time())

    assert sum(governed.may_retry() for _ in range(100)) == 20


def test_writes_stop_at_the_reserve_while_reads_go_on() -> None:
    governed = governor(Time(), reserve=0.2)
    governed.observe_quota(85, 100)

    with governed.permit("query"):
        pass
    with pytest.raises(RetryLaterError, match="reserve of 20%"), governed.permit("update", write=True):
        pass

    assert governed.calls == {"query": 1}
    assert governed.remaining() == 15


def test_nothing_leaves_when_the_daily_quota_is_used_up() -> None:
    governed = governor(Time())
    governed.observe_quota(100, 100)

    with pytest.raises(RetryLaterError, match="none is left"), governed.permit("query"):
        pass

    assert governed.calls.total() == 0


def test_no_more_calls_are_in_flight_than_allowed() -> None:
    governed = governor(Time(), concurrency=2)
    inside = threading.Semaphore(0)
    go_on = threading.Event()
    running: list[int] = []
    most: list[int] = []

    def call() -> None:
        with governed.permit("query"):
            running.append(1)
            most.append(len(running))
            inside.release()
            go_on.wait(10)
            running.pop()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    inside.acquire()
    inside.acquire()
    go_on.set()
    for thread in threads:
        thread.join(10)

    assert max(most) == 2
    assert governed.calls["query"] == 6


def test_a_call_that_fails_gives_its_place_back() -> None:
    governed = governor(Time(), concurrency=1)

    with pytest.raises(ValueError), governed.permit("query"):
        raise ValueError

    with governed.permit("query"):
        pass
    assert governed.calls["query"] == 2
