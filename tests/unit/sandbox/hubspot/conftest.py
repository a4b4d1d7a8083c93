"""An empty or a small HubSpot account for each test."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from leadledger.sandbox.http import Storage
from leadledger.sandbox.hubspot.app import HubSpotApp
from unit.sandbox.hubspot.hub import Hub, MakeHub, StillClock, Ticker, a_contact, a_record, an_owner


@pytest.fixture
def make_hub() -> MakeHub:
    """An account with the rows given; keywords go to HubSpotApp."""

    def make(*rows: tuple[str, dict[str, Any]], **settings: Any) -> Hub:
        clock, ticker = StillClock(), Ticker()
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        app = HubSpotApp(Storage(connection), clock, monotonic=ticker, **settings)
        app.load(rows)
        return Hub(app, clock, ticker)

    return make


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    """Five contacts, one company, two owners of whom one is deactivated, one deal, no rate limits."""
    contacts = [
        a_contact(id_, firstname=name) for id_, name in enumerate(["Ada", "Bo", "Cy", "Di", "Ed"], start=501)
    ]
    contacts[0][1]["associations"] = {"companies": ["12"]}
    return make_hub(
        *contacts,
        a_record("companies", 12, name="Acme", domain="acme.example"),
        a_record("deals", 77, dealname="Big", dealstage="qualifiedtobuy", pipeline="default"),
        an_owner("31"),
        an_owner("32", archived=True),
        limits=False,
    )
