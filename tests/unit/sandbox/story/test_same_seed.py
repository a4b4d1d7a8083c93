"""The same seed tells the same story, byte for byte, in any process."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from leadledger.sandbox.story.hubspot import hubspot_rows
from leadledger.sandbox.story.salesforce import salesforce_rows
from leadledger.sandbox.story.telling import story

_PRINT_DIGEST = """
import hashlib, json
from leadledger.sandbox.story.hubspot import hubspot_rows
from leadledger.sandbox.story.salesforce import salesforce_rows
from leadledger.sandbox.story.telling import story
told = story(5, 120)
rows = [*salesforce_rows(told), *hubspot_rows(told)]
print(hashlib.sha256(json.dumps(rows).encode()).hexdigest())
"""


def digest(seed: int, people: int) -> str:
    told = story(seed, people)
    rows = [*salesforce_rows(told), *hubspot_rows(told)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_the_same_seed_gives_the_same_bytes_whatever_the_process_hash_seed(hash_seed):
    expected = digest(5, 120)

    printed = subprocess.run(
        [sys.executable, "-c", _PRINT_DIGEST],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert printed == expected


def test_another_seed_tells_another_story():
    assert digest(5, 60) != digest(6, 60)


@pytest.mark.parametrize("people", [0, 1, 2, 7, 25])
def test_a_small_population_is_told_without_trouble(people):
    told = story(3, people)

    assert len(told.people) == people
    assert list(salesforce_rows(told))
    assert list(hubspot_rows(told))


def test_a_negative_population_is_refused():
    with pytest.raises(ValueError, match="ask for 0 or more"):
        story(1, -1)
