from __future__ import annotations

import json
import stat
import subprocess
import sys

import pytest

from contracts.ledger_contract import LEAD, a_full_decision, a_handover
from leadledger.domain.changes import Counts, FieldChange, Kept, Plan, RecordChange
from leadledger.errors import BugError, ConfigError, StateError, UsageError
from leadledger.stores.plan_file import read_plan, write_plan

DISK_FULL = """
import resource, sys
from pathlib import Path
from leadledger.errors import StateError
from leadledger.stores.plan_file import read_plan, write_plan
plan = read_plan(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    write_plan(Path(sys.argv[1]), plan)
except StateError as exc:
    print(exc)
"""


def a_plan(**more):
    return Plan(
        plan_id="pl1",
        definition="main",
        definition_version="1",
        definition_digest="d1g",
        as_of_us=5,
        orgs={"salesforce": "00D"},
        changes=(RecordChange(LEAD, "p1", (FieldChange("Score__c", None, "42", "score", "値 rose"),)),),
        decisions=more.pop("decisions", (a_full_decision(),)),
        handovers=(a_handover(),),
        kept=(Kept(LEAD, "OwnerId", "005", None, "set by a person"),),
        counts=Counts(people=1, changed=1, funnel={"mql": 1, "": 0}),
        **more,
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plan.json"


def test_a_plan_comes_back_as_it_was_written(path):
    write_plan(path, a_plan())

    assert read_plan(path) == a_plan()


def test_the_same_plan_is_the_same_bytes(path, tmp_path):
    write_plan(path, a_plan())
    write_plan(tmp_path / "again.json", a_plan())

    assert path.read_bytes() == (tmp_path / "again.json").read_bytes()


def test_a_plan_is_for_its_owner_alone_and_leaves_no_draft(path):
    path.write_text("old")
    path.chmod(0o644)

    write_plan(path, a_plan())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_text_that_is_not_unicode_survives(path):
    plan = a_plan()
    odd = RecordChange(LEAD, "p1", (FieldChange("Title", "a\ud800\x00", None, "reasons", ""),))

    write_plan(path, Plan(**{**{f: getattr(plan, f) for f in plan.__slots__}, "changes": (odd,)}))

    assert read_plan(path).changes == (odd,)


def test_half_a_plan_is_refused(path):
    write_plan(path, a_plan())
    path.write_bytes(path.read_bytes()[:-50])

    with pytest.raises(StateError, match=r"damaged.*make it again"):
        read_plan(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"[" * 100_000, b'{"plan_id": 1', b"\x00\x00"])
def test_what_is_not_json_is_refused(path, content):
    path.write_bytes(content)

    with pytest.raises(StateError, match="damaged"):
        read_plan(path)


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"format": 1}', '"plan"'])
def test_json_that_is_no_plan_is_refused(path, content):
    path.write_text(content)

    with pytest.raises(ConfigError, match="is not a plan"):
        read_plan(path)


@pytest.mark.parametrize(
    "change", [{"changes": 5}, {"changes": [{}]}, {"decisions": [{"person_id": "p"}]}, {"counts": {"x": 1}}]
)
def test_a_plan_with_broken_parts_is_refused(path, change):
    path.write_text(json.dumps(a_plan().to_json() | change))

    with pytest.raises(StateError, match="damaged"):
        read_plan(path)


def test_a_plan_of_another_format_is_refused(path):
    path.write_text(json.dumps(a_plan().to_json() | {"format": 2}))

    with pytest.raises(ConfigError, match="another version"):
        read_plan(path)


def test_a_file_larger_than_any_plan_is_not_read(path):
    with path.open("wb") as file:
        file.truncate((1 << 30) + 1)

    with pytest.raises(ConfigError, match="larger than 1 GB"):
        read_plan(path)


def test_a_file_that_does_not_exist_is_a_wrong_word(path):
    with pytest.raises(UsageError, match=r"plan\.json does not exist"):
        read_plan(path)


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(StateError, match="cannot be read"):
        read_plan(tmp_path)


def test_a_plan_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(StateError, match="cannot be written"):
        write_plan(tmp_path / "missing" / "plan.json", a_plan())


def test_a_number_that_json_does_not_have_is_a_bug(path):
    with pytest.raises(BugError):
        write_plan(
            path, Plan(**{**{f: getattr(a_plan(), f) for f in Plan.__slots__}, "as_of_us": float("nan")})
        )

    assert not path.exists()


def test_a_full_disk_leaves_the_old_plan(path):
    write_plan(path, a_plan())

    done = subprocess.run(
        [sys.executable, "-c", DISK_FULL, str(path)], capture_output=True, text=True, check=True, timeout=60
    )

    assert "cannot be written" in done.stdout
    assert read_plan(path) == a_plan()
    assert list(path.parent.iterdir()) == [path]
