"""What a person's first activities say: the first touch of sales, and the origin of the person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.lifecycle import FactTrigger, Lifecycle, Stage
from leadledger.domain.scoring import BotGuard, Engagement, Fit, FitRule
from leadledger.domain.writeback import FieldMapping, WriteTarget
from mirrors import BEGIN, LEAD, Mirror, a_definition

ASKED = Fit((FitRule("ours", Compare(Space.FACT, "first_origin", Op.IS, "sales"), 5),))


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    for number in "123":
        made.add(LEAD, f"00Q{number}")
    yield made
    made.sql.close()


def first_sales(mirror: Mirror) -> list[float | None]:
    rows = mirror.sql.execute("SELECT first_sales_us FROM person ORDER BY p").fetchall()
    return [None if at is None else (at - BEGIN) / 1e6 for (at,) in rows]


def origins(mirror: Mirror) -> list[str | None]:
    rows = mirror.sql.execute('SELECT "fact:first_origin" FROM fact ORDER BY p').fetchall()
    return [row[0] for row in rows]


def test_the_first_sales_activity_of_everybody_is_known(mirror):
    mirror.visit("call", 9, "00Q1")
    mirror.visit("call", 7, "00Q1")
    mirror.visit("visit", 3, "00Q1")
    mirror.visit("visit", 3, "00Q2")

    mirror.build()

    assert first_sales(mirror) == [7, None, None]


def test_a_suspected_activity_is_no_touch_of_sales_and_no_origin(mirror):
    mirror.visit("call", 7, "00Q1", Agent="robot")
    mirror.visit("visit", 8, "00Q1")
    guard = BotGuard(("call",), scanner=Compare(Space.ACTIVITY, "agent", Op.IS, "robot"))

    mirror.build(a_definition(engagement=Engagement(bot_guard=guard), fit=ASKED))

    assert first_sales(mirror) == [None, None, None]
    assert origins(mirror) == ["marketing", None, None]


def test_the_origin_is_that_of_the_first_activity_by_instant_then_id(mirror):
    mirror.visit("visit", 5, "00Q1", "v2")
    mirror.visit("call", 5, "00Q1", "v1")
    mirror.visit("visit", 4, "00Q2", "v3")
    mirror.visit("call", 5, "00Q2", "v0")

    mirror.build(a_definition(fit=ASKED))

    assert origins(mirror) == ["sales", "marketing", None]


@pytest.mark.parametrize(
    "asking",
    [
        {"fit": ASKED},
        {"lifecycle": Lifecycle((Stage("sgl", (FactTrigger("first_origin", ("sales",)),)),))},
        {"targets": (WriteTarget("salesforce", "Lead", (FieldMapping("Origin__c", "first_origin"),)),)},
    ],
)
def test_the_origin_is_a_fact_where_anything_asks_for_it(mirror, asking):
    mirror.visit("call", 5)

    mirror.build(a_definition(**asking))

    assert origins(mirror)[0] == "sales"


def test_where_nothing_asks_for_the_origin_it_is_not_computed(mirror):
    mirror.visit("call", 5)

    mirror.build()

    names = [row[0] for row in mirror.sql.execute("DESCRIBE fact").fetchall()]
    assert "fact:first_origin" not in names
