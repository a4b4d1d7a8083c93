from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadledger.crm.salesforce.schema import Column, to_json
from leadledger.errors import RecordRejectedError
from leadledger.ports import FieldInfo

BERLIN = ZoneInfo("Europe/Berlin")


def column(kind: str, *, scale: int = 0, **more: Any) -> Column:
    return Column(FieldInfo("Field__c", kind, **{"writable": True, **more}), scale)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (column("number"), "42", 42),
        (column("number"), "12.5", 12.5),
        (column("number"), "-0", 0),
        (column("number", precision=6, scale=2), "9999.99", 9999.99),
        (column("boolean"), "true", True),
        (column("boolean"), "false", False),
        (column("datetime"), "2026-03-02T09:30:00Z", "2026-03-02T09:30:00Z"),
        (column("datetime"), "2026-03-02", "2026-03-01T23:00:00Z"),
        (column("date"), "2026-03-02", "2026-03-02"),
        (column("date"), "2026-03-02T23:30:00Z", "2026-03-03"),
        (column("text", length=3), "äöü", "äöü"),
        (column("text"), "", ""),
        (column("picklist", values=("MQL",)), "MQL", "MQL"),
        (column("reference"), "005000000000001AAA", "005000000000001AAA"),
        (column("number"), None, None),
        (column("picklist", values=("MQL",)), None, None),
    ],
)
def test_text_becomes_the_json_value_that_the_field_takes(
    field: Column, text: str | None, value: Any
) -> None:
    result = to_json(field, text, "salesforce/Lead/1", BERLIN)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        (column("text", writable=False), "x", "Field__c cannot be written"),
        (column("number"), "many", "takes a number"),
        (column("number"), "nan", "takes a number"),
        (column("number"), "1e309", "takes a number"),
        (column("number", precision=6, scale=2), "10000", "takes 4 digits before the point"),
        (column("boolean"), "yes", "takes true or false"),
        (column("date"), "9999-12-31", "between 1970 and 2099"),
        (column("datetime"), "soon", "between 1970 and 2099"),
        (column("text", length=3), "secret", "6 characters, the field takes 3"),
        (column("picklist", values=("MQL",)), "secret", "not one of the picklist's active values"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_neither_cut_nor_shown(
    field: Column, text: str, reason: str
) -> None:
    with pytest.raises(RecordRejectedError, match="Field__c") as raised:
        to_json(field, text, "salesforce/Lead/1", BERLIN)

    assert reason in raised.value.reason
    assert "secret" not in str(raised.value)
