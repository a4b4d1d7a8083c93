from __future__ import annotations

from dataclasses import replace

import pytest

from leadledger.domain.sources import PeopleSource
from leadledger.domain.writeback import FieldMapping, Policy
from leadledger.errors import ConfigError
from leadledger.ports import FieldInfo
from leadledger.sync.orgcheck import check_org
from unit.sync.scripted_crm import TARGET, ScriptedCrm, a_context

GOOD = {
    info.name: info
    for info in (
        FieldInfo("Email", "text", writable=True),
        FieldInfo("MQLs", "number", writable=True),
        FieldInfo("First", "datetime", writable=True),
        FieldInfo("Stamp", "text", writable=True),
        FieldInfo("OwnerId", "reference", writable=True),
        FieldInfo("Stage", "picklist", writable=True, values=("Inquiry", "MQL")),
    )
}
STAGE = FieldMapping("Stage", "stage", Policy.YIELD, values={"inquiry": "Inquiry", "mql": "MQL"})


def problems(
    fields: dict[str, FieldInfo], *extra: FieldMapping, facts: dict[str, str] | None = None
) -> list[str]:
    context = a_context(
        ScriptedCrm(fields=fields), people=(PeopleSource("salesforce", "Lead", facts or {"email": "Email"}),)
    )
    target = replace(TARGET, fields=(*TARGET.fields, *extra))
    context = replace(context, definition=replace(context.definition, targets=(target,)))
    try:
        check_org(context)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    finally:
        context.ledger.close()
    return []


def test_a_definition_that_fits_the_org_passes() -> None:
    assert problems(GOOD, STAGE) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"MQLs": None, "MQLz": FieldInfo("MQLz", "number", writable=True)}, ["Lead has no field 'MQLs'", "Did you mean 'MQLz'?"]),
        ({"First": None}, ["Lead has no field 'First'", "Create the field"]),
        ({"MQLs": FieldInfo("MQLs", "number", writable=False)}, ["MQLs may not be written", "Grant edit access"]),
        ({"MQLs": FieldInfo("MQLs", "date", writable=True)}, ["MQLs is a date field, mql_counter needs number or text"]),
        ({"First": FieldInfo("First", "number", writable=True)}, ["First is a number field, mql_first_at needs date or datetime"]),
        ({"Stage": FieldInfo("Stage", "picklist", writable=True, values=("Inquiry",))}, ["Stage does not allow 'MQL'", "Inquiry"]),
    ],
)  # fmt: skip
def test_each_misfit_is_told_with_the_way_out(changes: dict[str, FieldInfo | None], told: list[str]) -> None:
    fields = {name: info for name, info in {**GOOD, **changes}.items() if info is not None}
    (problem,) = problems(fields, STAGE)
    assert problem.startswith("writeback.yaml: salesforce.Lead.")
    for part in told:
        assert part in problem


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("suspected_bot_count", "number"),
        ("next_change_at", "datetime"),
        ("no_sales_touch", "boolean"),
        ("completeness", "text"),
    ],
)
def test_a_field_that_can_hold_the_value_is_taken(value: str, kind: str) -> None:
    assert problems({**GOOD, "X": FieldInfo("X", kind, writable=True)}, FieldMapping("X", value)) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("suspected_bot_count", "date"),
        ("next_change_at", "number"),
        ("no_sales_touch", "datetime"),
        ("why_now", "number"),
        ("score_at_mql", "boolean"),
    ],
)
def test_a_field_that_cannot_hold_the_value_is_refused(value: str, kind: str) -> None:
    (problem,) = problems({**GOOD, "X": FieldInfo("X", kind, writable=True)}, FieldMapping("X", value))
    assert f"X is a {kind} field, {value} needs" in problem


def test_all_problems_come_at_once() -> None:
    found = problems({}, STAGE, facts={"email": "Emial", "company": "Account.Name"})
    assert len(found) == 6
    assert found[0].startswith("people.yaml: salesforce.Lead.facts.email")


def test_a_fact_of_the_account_is_not_looked_for_on_the_person() -> None:
    assert problems(GOOD, facts={"company": "Account.Name"}) == []
