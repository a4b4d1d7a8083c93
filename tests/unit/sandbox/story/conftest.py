"""One story of 500 people, told once, and its rows by object."""

from __future__ import annotations

from collections import defaultdict

import pytest

from leadledger.sandbox.story.hubspot import hubspot_rows
from leadledger.sandbox.story.salesforce import salesforce_rows
from leadledger.sandbox.story.telling import story


def _by_object(rows):
    found = defaultdict(list)
    for name, row in rows:
        found[name].append(row)
    return dict(found)


@pytest.fixture(scope="session")
def told():
    return story(seed=11, people=500)


@pytest.fixture(scope="session")
def in_salesforce(told):
    return _by_object(salesforce_rows(told))


@pytest.fixture(scope="session")
def in_hubspot(told):
    return _by_object(hubspot_rows(told))
