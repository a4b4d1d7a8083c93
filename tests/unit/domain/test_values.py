"""Computed values by name, and when the CRM says the same already."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from builders import a_definition, days, hours
from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.scoring import MICRO, Band, Category, Classification, Engagement, Fit, FitModel
from leadledger.domain.values import (
    Value,
    ValueKind,
    mapped_text,
    points_text,
    priority,
    reasons,
    same,
    value_of,
    why_now,
)
from leadledger.domain.writeback import FieldMapping, WriteTarget

BERLIN = ZoneInfo("Europe/Berlin")
NUMBER, INSTANT, TEXT, BOOLEAN = ValueKind.NUMBER, ValueKind.INSTANT, ValueKind.TEXT, ValueKind.BOOLEAN
MQL = Transition("mql", "inquiry", hours(1.5) + 999_999, "when", "v", counter="mql_counter", cycle=1, score=12_000_000,
                 engagement=7_500_000, fit=4_500_000)  # fmt: skip
DECISION = Decision(
    "p",
    (),
    days(30),
    engagement=42_500_000,
    fit=-1_500_000,
    grade="B",
    stage="mql",
    stage_since_us=MQL.at_us,
    cycle=1,
    transitions=(Transition("inquiry", "", hours(1), "when", "u", inferred=True), MQL),
    missing_facts=("employees", "title"),
    facts_known=1,
    facts_asked=3,
    baseline=Baseline({"mql_counter": 2}, {"mql": days(-10)}),
    next_due_us=days(31),
    classification="B1",
    disposition="nurture",
    suspected_bots=4,
    models={"emea": (30_500_000, "A")},
    category_points={"web": 7_400_000},
    first_origin="sales",
)
DEFINITION = a_definition(
    engagement=Engagement(categories=(Category("web"), Category("mail"))),
    models=(FitModel("emea", Fit()), FitModel("apac", Fit())),
    classification=Classification(
        fit=(Band("A", 30), Band("B", None)),
        engagement=(Band("1", 50), Band("2", None)),
        disposition={"A1": "assign"},
    ),
)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("score", NUMBER, "41"),
        ("engagement", NUMBER, "43"),
        ("fit", NUMBER, "-1"),
        ("grade", TEXT, "B"),
        ("stage", TEXT, "mql"),
        ("stage_since", INSTANT, "2026-01-01T01:30:00Z"),
        ("cycle", NUMBER, "1"),
        ("missing_facts", TEXT, "employees, title"),
        ("completeness", NUMBER, "33"),
        ("definition_version", TEXT, "1"),
        ("mql_counter", NUMBER, "3"),
        ("mql_first_at", INSTANT, "2025-12-22T00:00:00Z"),
        ("mql_last_at", INSTANT, "2026-01-01T01:30:00Z"),
        ("mql_count", NUMBER, "1"),
        ("inquiry_first_at", INSTANT, "2026-01-01T01:00:00Z"),
        ("inquiry_count", NUMBER, "0"),
        ("sql_first_at", INSTANT, None),
        ("sql_last_at", INSTANT, None),
        ("reasons", TEXT, None),
        ("why_now", TEXT, None),
        ("classification", TEXT, "B1"),
        ("disposition", TEXT, "nurture"),
        ("priority", NUMBER, "3"),
        ("next_change_at", INSTANT, "2026-02-01T00:00:00Z"),
        ("suspected_bot_count", NUMBER, "4"),
        ("first_origin", TEXT, "sales"),
        ("no_sales_touch", BOOLEAN, "false"),
        ("score_at_mql", NUMBER, "12"),
        ("engagement_at_mql", NUMBER, "8"),
        ("fit_at_mql", NUMBER, "5"),
        ("score_at_inquiry", NUMBER, None),
        ("engagement_web", NUMBER, "7"),
        ("engagement_mail", NUMBER, "0"),
        ("fit_emea", NUMBER, "31"),
        ("grade_emea", TEXT, "A"),
        ("fit_apac", NUMBER, "0"),
        ("grade_apac", TEXT, None),
    ],
)
def test_every_value_by_its_name(name, kind, text):
    assert value_of(name, DECISION, DEFINITION) == Value(kind, text)


def test_nothing_is_nothing_and_not_an_empty_text():
    nobody = Decision("p", (), days(30))

    for name in (
        "grade", "stage", "missing_facts", "stage_since", "classification", "disposition", "priority", "first_origin",
        "next_change_at",
    ):  # fmt: skip
        assert value_of(name, nobody, a_definition()).text is None
    assert value_of("completeness", nobody, a_definition()).text == "100"


@pytest.mark.parametrize(
    "name",
    [
        "sheep", "owner", "stamp", "sheep_first_at", "sql_counter", "", "score_at_sheep", "grade_at_mql", "fit_sheep",
        "engagement_sheep", "grade_",
    ],
)  # fmt: skip
def test_other_names_are_not_known(name):
    with pytest.raises(KeyError):
        value_of(name, DECISION, DEFINITION)


def test_points_at_a_stage_are_those_of_the_latest_entry_with_their_decimals():
    again = replace(MQL, at_us=days(2), score=9_876_000)
    stamped = replace(again, inferred=True, score=1_000_000)
    decision = replace(DECISION, transitions=(MQL, again, stamped))

    assert value_of("score_at_mql", decision, DEFINITION, 2).text == "9.88"


def test_a_deal_that_was_won_without_sales_is_told():
    won = Transition("customer", "mql", days(3), "deal: won", "d", no_sales_touch=True)

    assert value_of("no_sales_touch", replace(DECISION, transitions=(MQL, won)), DEFINITION).text == "true"


@pytest.mark.parametrize(("cell", "rank"), [("A1", 1), ("A2", 2), ("B1", 3), ("B2", 4), ("C9", 0), ("", 0)])
def test_the_best_cell_has_priority_one(cell, rank):
    assert priority(replace(DECISION, classification=cell), DEFINITION) == rank
    assert priority(replace(DECISION, classification=cell), a_definition()) == 0


@pytest.mark.parametrize(
    ("points", "decimals", "text"),
    [
        (12_345_678, 0, "12"),
        (12_345_678, 2, "12.35"),
        (12_345_678, 6, "12.345678"),
        (12_500_000, 0, "13"),
        (-12_500_000, 0, "-12"),
        (-12_500_001, 0, "-13"),
        (125_000, 2, "0.13"),
        (-125_000, 2, "-0.12"),
        (5, 2, "0.00"),
        (10**12, 2, "1000000.00"),
    ],
)
def test_points_are_rounded_half_up_to_the_decimals_of_the_field(points, decimals, text):
    decision = replace(DECISION, engagement=points, fit=0)

    assert value_of("score", decision, a_definition(), decimals).text == text


@pytest.mark.parametrize(
    ("points", "text"),
    [
        (25 * MICRO, "25"),
        (12_500_000, "12.5"),
        (1, "0.000001"),
        (-500_000, "-0.5"),
        (0, "0"),
        (100 * MICRO, "100"),
    ],
)
def test_points_are_written_as_people_write_them(points, text):
    assert points_text(points) == text


@pytest.mark.parametrize(
    ("kind", "theirs", "ours", "expected"),
    [
        (NUMBER, "42.0", "42", True),
        (NUMBER, "42.01", "42", False),
        (NUMBER, None, "0", True),
        (NUMBER, "", "0", True),
        (NUMBER, None, "1", False),
        (NUMBER, "many", "1", False),
        (NUMBER, "-3", "-3.00", True),
        (INSTANT, "2026-03-02T09:30:00.000+0000", "2026-03-02T09:30:00Z", True),
        (INSTANT, "2026-03-02T10:30:00.500+01:00", "2026-03-02T09:30:00Z", True),
        (INSTANT, "2026-03-02T09:30:01Z", "2026-03-02T09:30:00Z", False),
        (INSTANT, "2026-03-02", "2026-03-02T09:30:00Z", True),
        (INSTANT, "2026-03-03", "2026-03-02T23:30:00Z", True),  # half past midnight in Berlin
        (INSTANT, "2026-03-02", "2026-03-02T23:30:00Z", False),
        (INSTANT, "someday", "2026-03-02T23:30:00Z", False),
        (INSTANT, "9999-12-31T00:00:00Z", "2026-03-02T23:30:00Z", False),
        (INSTANT, None, "2026-03-02T23:30:00Z", False),
        (INSTANT, "2026-03-02", None, False),
        (INSTANT, "", None, True),
        (BOOLEAN, None, "false", True),
        (BOOLEAN, "true", "true", True),
        (BOOLEAN, "True", "true", True),
        (BOOLEAN, "false", "true", False),
        (BOOLEAN, None, "true", False),
        (TEXT, "MQL", "MQL", True),
        (TEXT, "mql", "MQL", False),
        (TEXT, None, None, True),
        (TEXT, "", None, True),
        (TEXT, None, "", True),
        (TEXT, "x", None, False),
    ],
)
def test_when_the_crm_says_the_same(kind, theirs, ours, expected):
    assert same(kind, theirs, ours, BERLIN) is expected


def test_a_stage_may_have_another_word_in_the_crm():
    mapping = FieldMapping("Stage__c", "stage", values={"mql": "Marketing Qualified"})

    assert mapped_text(mapping, Value(TEXT, "mql")) == "Marketing Qualified"
    assert mapped_text(mapping, Value(TEXT, "sql")) == "sql"
    assert mapped_text(mapping, Value(TEXT, None)) is None


def test_the_first_mapping_of_a_value_is_found():
    one, two = FieldMapping("A", "score"), FieldMapping("B", "score")

    target = WriteTarget("salesforce", "Lead", (FieldMapping("C", "fit"), one, two))

    assert (target.mapping("score"), target.mapping("grade")) == (one, None)


def test_reasons_name_the_largest_contributions_in_words():
    decision = replace(
        DECISION,
        contributions=(
            Contribution("engagement", "visit", 4_600_000, count=3),
            Contribution("engagement", "demo", 50 * MICRO, count=1),
            Contribution("engagement", "careers", -10 * MICRO, count=2),
            Contribution("engagement", "faded", 400_000, count=9),
            Contribution("floor", "", 99 * MICRO),
            Contribution("fit", "size", 20 * MICRO, count=1),
            Contribution("fit", "alpha", 5 * MICRO, count=1),
        ),
    )
    definition = a_definition(labels={"demo": "Asked for a demo", "size": "Company size"})

    assert reasons(decision, definition) == (
        "Asked for a demo +50; Company size +20; careers -10 (2x); alpha +5; visit +5 (3x)"
    )


def test_beyond_five_reasons_the_rest_is_counted():
    many = tuple(Contribution("fit", f"r{k}", (9 - k) * MICRO) for k in range(7))

    assert reasons(replace(DECISION, contributions=many), a_definition()).endswith("r4 +5; and 2 more")


def test_why_now_says_what_happened_last():
    with_asset = replace(DECISION, last_activity=LastActivity("visit", "/pricing", hours(23)))
    without = replace(DECISION, last_activity=LastActivity("call", "", hours(22)))

    assert why_now(with_asset, a_definition()) == "visit /pricing on 2026-01-02"
    assert why_now(without, a_definition()) == "call on 2026-01-01"
    assert value_of("why_now", without, a_definition()).text == "call on 2026-01-01"
