"""HubSpot's text form of values, and whether two of them are the same."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.crm.hubspot.rows import UnusableError, text
from leadledger.crm.hubspot.values import field_infos, is_same, to_hubspot
from leadledger.ports import FieldInfo

BERLIN = ZoneInfo("Europe/Berlin")


def info(kind: str, *values: str, length: int = 0) -> FieldInfo:
    return FieldInfo("x", kind, writable=True, length=length, values=values)


@pytest.mark.parametrize(
    ("kind", "given", "sent"),
    [
        ("number", "42.0", "42"),
        ("number", "42.50", "42.5"),
        ("number", "1E+3", "1000"),
        ("number", "-0.0", "0"),
        ("number", " 7 ", "7"),
        ("number", "100", "100"),
        ("datetime", "2026-03-02T09:30:00Z", "2026-03-02T09:30:00.000Z"),
        ("datetime", "2026-03-02T09:30:00.123456+01:00", "2026-03-02T08:30:00.123Z"),
        ("datetime", "2026-03-02", "2026-03-01T23:00:00.000Z"),
        ("date", "2026-03-02", "2026-03-02"),
        ("date", "2026-03-01T23:30:00Z", "2026-03-02"),
        ("boolean", "TRUE", "true"),
        ("text", "anything", "anything"),
        ("reference", "55", "55"),
        ("number", None, ""),
        ("date", "", ""),
        ("picklist", None, ""),
    ],
)
def test_a_value_becomes_hubspots_text(kind: str, given: str | None, sent: str) -> None:
    assert to_hubspot(given, info(kind), "x", BERLIN) == sent


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("number", "many"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1e999999"),
        ("date", "2026-02-30"),
        ("date", "02.03.2026"),
        ("datetime", "9999-12-31T00:00:00Z"),
        ("boolean", "yes"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: str, given: str) -> None:
    with pytest.raises(UnusableError, match=r"^x takes"):
        to_hubspot(given, info(kind), "x", BERLIN)


def test_only_options_of_a_picklist_pass() -> None:
    stages = info("picklist", "lead", "customer")

    assert to_hubspot("lead", stages, "x", BERLIN) == "lead"
    assert to_hubspot("lead;customer", stages, "x", BERLIN) == "lead;customer"
    with pytest.raises(UnusableError, match="this option"):
        to_hubspot("Lead", stages, "x", BERLIN)


@pytest.mark.parametrize(
    ("kind", "sent", "came"),
    [
        ("number", "42", "42.0"),
        ("datetime", "2026-03-02T09:30:00.000Z", "2026-03-02T09:30:00Z"),
        ("datetime", "2026-03-02T09:30:00.000Z", "1772443800000"),
        ("date", "2026-03-02", "2026-03-02T00:00:00Z"),
        ("boolean", "true", True),
        ("picklist", "a;b", "b;a"),
        ("text", "two words", "two words "),
        ("text", "", None),
        ("number", "", ""),
    ],
)
def test_another_spelling_of_the_same_value_is_the_same(kind: str, sent: str, came: object) -> None:
    assert is_same(sent, came, info(kind), BERLIN)


@pytest.mark.parametrize(
    ("kind", "sent", "came"),
    [
        ("number", "42", "43"),
        ("number", "42", None),
        ("number", "42", "many"),
        ("text", "", "still here"),
        ("picklist", "lead", "customer"),
        ("date", "2026-03-02", "2026-03-01"),
        ("text", "a", ["a"]),
    ],
)
def test_another_value_is_not_the_same(kind: str, sent: str, came: object) -> None:
    assert not is_same(sent, came, info(kind), BERLIN)


@given(st.text())
def test_any_text_is_either_kept_as_it_is_or_refused(value: str) -> None:
    try:
        kept = text(value, "x")
    except UnusableError:
        assert "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)
    else:
        assert kept == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4))
def test_any_number_comes_back_as_the_same_number(number) -> None:
    sent = to_hubspot(str(number), info("number"), "x", BERLIN)

    assert float(sent) == float(number)
    assert not sent.endswith(".0")
    assert "E" not in sent


def test_definitions_with_missing_parts_are_read_all_the_same() -> None:
    infos = field_infos(
        [
            {"name": "a", "type": "enumeration", "options": None},
            {"name": "b", "type": "number", "calculated": True},
            {"name": "c", "type": "enumeration", "externalOptions": True, "options": [{"value": "x"}]},
            {"name": "d", "type": "phone_number", "modificationMetadata": {"readOnlyValue": True}},
            {"name": "e"},
        ]
    )

    assert [(i.kind, i.writable, i.values) for i in infos.values()] == [
        ("picklist", True, ()),
        ("number", False, ()),
        ("reference", True, ()),
        ("text", False, ()),
        ("text", True, ()),
    ]
