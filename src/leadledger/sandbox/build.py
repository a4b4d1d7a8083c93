"""Builds a sandbox: one or both CRMs over one database, filled with the same story."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from leadledger.domain.instants import to_us
from leadledger.sandbox.clock import StoryClock
from leadledger.sandbox.http import App, Storage
from leadledger.sandbox.hubspot.app import HubSpotApp
from leadledger.sandbox.salesforce.app import SalesforceApp
from leadledger.sandbox.server import Sandbox
from leadledger.sandbox.storage import open_storage, transaction
from leadledger.sandbox.story.hubspot import hubspot_rows
from leadledger.sandbox.story.salesforce import salesforce_rows
from leadledger.sandbox.story.telling import UNTIL, story

CRMS = ("salesforce", "hubspot")


def build(
    *,
    seed: int,
    people: int,
    crms: Sequence[str] = CRMS,
    latency_ms: float = 0,
    state: Path | None = None,
    limits: bool = True,
) -> Sandbox:
    """A sandbox that is filled but not started.

    With a `state` file that holds a story already, that state is kept and `seed` and `people` do not matter;
    the pretended time has gone on since. `limits`: whether HubSpot's rate limits are enforced.
    """
    storage = open_storage(state)
    clock = StoryClock(_now_us(storage, to_us(UNTIL)))
    apps: list[App] = []
    if "salesforce" in crms:
        apps.append(SalesforceApp(storage, clock))
    if "hubspot" in crms:
        apps.append(HubSpotApp(storage, clock, limits=limits))

    def reload() -> None:
        _tell(apps, seed, people, lambda _app: True)

    _tell(apps, seed, people, lambda app: app.is_empty())
    return Sandbox(apps, clock, latency_ms=latency_ms, reload=reload)


def _tell(apps: Sequence[App], seed: int, people: int, wanted: Callable[[App], bool]) -> None:
    audience = [app for app in apps if wanted(app)]
    if not audience:
        return
    told = story(seed, people)
    for app in audience:
        app.load(salesforce_rows(told) if app.crm == "salesforce" else hubspot_rows(told))


def _now_us(storage: Storage, until_us: int) -> int:
    """The end of the story, plus the real time that has passed since this state was made."""
    made_us = time.time_ns() // 1000
    with transaction(storage) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS sandbox_made (at_us INTEGER NOT NULL)")
        row = connection.execute("SELECT at_us FROM sandbox_made").fetchone()
        if row is None:
            connection.execute("INSERT INTO sandbox_made VALUES (?)", (made_us,))
            return until_us
    return until_us + max(0, made_us - int(row[0]))
