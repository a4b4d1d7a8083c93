from __future__ import annotations

from dataclasses import replace

import pytest

from leadledger.domain.changes import Counts, FieldChange, Plan, RecordChange
from leadledger.domain.definition import Guards
from leadledger.errors import BrakeError
from leadledger.sync.guards import check_guards
from unit.sync.scripted_crm import a_change, a_plan, lead


def moving(count: int, people: int) -> Plan:
    """A plan in which so many people whom the ledger knew enter another stage."""
    return replace(a_plan(), counts=Counts(people=people, moving=count))


@pytest.mark.parametrize(("count", "stops"), [(20, False), (21, True)])
def test_a_share_is_of_all_people_and_may_be_reached(count: int, stops: bool) -> None:  # noqa: FBT001
    guards = Guards(max_people_changing_stage=0.2)
    if stops:
        with pytest.raises(BrakeError, match=r"people changing stage: 21 \(limit 20% of all people\)"):
            check_guards(moving(count, 100), guards)
    else:
        check_guards(moving(count, 100), guards)


def change_of(value: str, old: str | None, new: str | None) -> RecordChange:
    return RecordChange(lead("00Q1"), str(lead("00Q1")), (FieldChange("F", old, new, value, ""),))


def test_all_tripped_guards_are_named_at_once() -> None:
    plan = a_plan(change_of("owner", "a", "b"), change_of("mql_counter", "3", None))
    with pytest.raises(BrakeError) as caught:
        check_guards(plan, Guards(max_owner_changes=0, max_emptied_fields=0))
    assert "owner changes: 1 (limit 0)" in str(caught.value)
    assert "fields emptied: 1 (limit 0)" in str(caught.value)
    assert "--allow-large" in str(caught.value)


def test_explaining_values_may_be_emptied() -> None:
    check_guards(a_plan(change_of("missing_facts", "budget", None)), Guards(max_emptied_fields=0))


def test_without_guards_everything_passes() -> None:
    check_guards(moving(100, 100), Guards())
    check_guards(a_plan(a_change("00Q1")), Guards())
