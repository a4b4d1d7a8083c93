"""Rows that no CRM should hold, and people with more activities than anybody: counted or left out, never a crash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from builders import (
    START,
    World,
    a_definition,
    a_rule,
    asks,
    by_status,
    by_type,
    computed,
    days,
    level,
    path,
    points,
    rules,
    when,
)
from leadledger.domain.conditions import Op
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, HOUR, MINUTE
from leadledger.domain.lifecycle import Add, Lifecycle
from leadledger.domain.scoring import Burst, Category, HalfLife, Inactivity, Limit, Linear, Steps
from leadledger.engine.fold.jit import compiled as compile_fold
from leadledger.engine.fold.walk import fold as plain_fold
from leadledger.ports import Known

FAR = 4_102_444_800_000_000
"""2100-01-01"""


@pytest.fixture(scope="module")
def compiled() -> Callable[..., Any]:
    """The fold as numba compiles it."""
    return compile_fold(plain_fold)


@pytest.mark.parametrize("at", [-1, -(10**17), -(2**62), FAR, 2**62, 2**63 - 1])
def test_an_instant_before_1970_or_after_the_evaluation_does_not_count(world, at):
    world.lead()
    world.activity("demo", at)
    world.status("Recycle", at)
    world.deal(at)
    world.activity("visit", days(1))

    decision = world.decide()

    assert points(decision) == 10
    assert path(decision) == []


@pytest.mark.parametrize("created", [None, -1, -(2**62), FAR, 2**63 - 1])
def test_a_record_may_say_anything_of_its_age(world, created):
    world.lead(created_us=created, modified_us=created)
    world.activity("demo", days(1))

    assert path(world.decide())[-1] == ("mql", days(1))


def test_what_happened_before_the_record_was_there_happened_all_the_same(world):
    world.lead(created_us=days(20), modified_us=days(20))
    world.activity("form", days(1))
    world.activity("demo", days(2))

    decision = world.decide()

    assert path(decision) == [("inquiry", days(1)), ("mql", days(2))]
    assert points(decision) == 80


def test_activities_of_one_instant_are_told_apart_by_their_ids(world):
    world.lead()
    for id_ in ("b", "a", "c"):
        world.activity("visit", days(1), id_=id_)
    limited = rules(a_rule("visit", 10, limit=Limit(2, HOUR)))

    decision = world.decide(a_definition(engagement=limited))

    assert points(decision) == 20
    assert decision.contributions[0].evidence == ("salesforce.Visit__c/b", "salesforce.Visit__c/a")


def test_one_id_twice_is_one_activity(world):
    world.lead(Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")
    for person in ("00Q1", "00Q2"):
        world.activity("visit", days(1), person, id_="x")

    assert points(world.decide()) == 10


@pytest.mark.parametrize(
    "text", ["NaN", "inf", "-Infinity", "1e999", "", " ", "0x10", "١٢", "many", None, "1" * 400]
)
def test_an_attribute_that_is_no_number_is_not_known_as_one(world, text):
    world.lead()
    world.activity("visit", days(1), Seconds=text)
    visit = a_definition().activities[0]
    source = replace(visit, attributes={"seconds": "Seconds"})
    long = rules(
        a_rule("long", 10, when=when("seconds", 30, Op.AT_LEAST)),
        a_rule("short", 1, when=when("seconds", 30, Op.BELOW)),
    )

    decision = world.decide(a_definition(activities=(source,), engagement=long))

    assert points(decision) == 0


@pytest.mark.parametrize(
    ("text", "expected"), [(" 30 ", 10), ("29.999", 1), ("3e1", 10), ("-5", 1), ("0", 1)]
)
def test_an_attribute_that_is_a_number_is(world, text, expected):
    world.lead()
    world.activity("visit", days(1), Seconds=text)
    source = replace(a_definition().activities[0], attributes={"seconds": "Seconds"})
    long = rules(
        a_rule("long", 10, when=when("seconds", 30, Op.AT_LEAST)),
        a_rule("short", 1, when=when("seconds", 30, Op.BELOW)),
    )

    assert points(world.decide(a_definition(activities=(source,), engagement=long))) == expected


@pytest.mark.parametrize("text", ["NaN", "inf", "-1e400", "50 000", "fifty", ""])
def test_a_fact_that_is_no_number_gives_no_fit(world, text):
    world.lead(Employees=text)

    decision = world.decide()

    assert (decision.fit, decision.grade) == (0, "F")


def test_texts_of_any_kind_do_no_harm(world):
    text = '\x00\'; DROP TABLE "raw"; -- \U0001f600 \u202e' + "x" * 10_000
    world.lead(Company=text, Title=text)
    world.activity("visit", days(1), Url=text)

    decision = world.decide(a_definition(exclude_when=asks("company", Op.IS, text[:10])))

    assert points(decision) == 10


CIRCLE = Lifecycle(
    (
        by_type("in", "visit"),
        level("up", computed("engagement", Op.AT_LEAST, 30), side=True, adds=(Add(-20),), counter="ups"),
        level("down", computed("engagement", Op.BELOW, 30), side=True, adds=(Add(20),), counter="downs"),
    )
)


def test_adds_that_lead_round_in_circles_end_in_every_instant(world):
    world.lead()
    for hour in range(40):
        world.activity("visit", START + hour * HOUR)

    decision = world.decide(a_definition(lifecycle=CIRCLE))

    entries = [(t.stage, t.at_us) for t in decision.transitions]
    assert len(entries) == len(set(entries))
    assert sum(c.points for c in decision.contributions) == decision.score


def heavy(**more: Any) -> Definition:
    """Everything at once that must look back at other activities."""
    return a_definition(
        engagement=rules(
            a_rule("visit", 1, category="web", limit=Limit(20, DAY)),
            a_rule("form", 5, window=DAY, burst=Burst(3, HOUR)),
            a_rule("demo", 30, decay=HalfLife(2 * DAY), limit=Limit(3, 30 * DAY), max_points=60),
            a_rule("careers", -2, window=2 * HOUR),
            a_rule("jobs", -3, "careers", decay=Steps(50, HOUR), limit=Limit(2, 6 * HOUR)),
            categories=(Category("web", max=500, min=0),),
            floor=0,
            inactivity=Inactivity(-5, 30 * MINUTE, 30 * MINUTE, ("visit",)),
        ),
        lifecycle=Lifecycle(
            (
                level(
                    "hot",
                    computed("score", Op.AT_LEAST, 60),
                    computed("score", Op.BELOW, 10),
                    reenter_from=("out",),
                ),
                by_status("out", "Out", side=True, resets_engagement=True),
            )
        ),
        **more,
    )


def crowd(world: World, count: int, minutes: float) -> None:
    """One lead with so many activities of all kinds, one every few minutes."""
    world.lead()
    number = np.arange(count)
    world.connection.register(
        "many",
        {
            "id": np.char.add("v", number.astype(str)).astype(object),
            "kind": np.array(("visit", "form", "careers", "demo", "visit"), dtype=object)[number % 5],
            "at": START + (number * minutes * MINUTE).astype(np.int64),
        },
    )
    world.connection.execute(
        'INSERT INTO raw."salesforce.Visit__c" (id, modified_us, deleted, person, at_us, "Kind", "At") '
        'SELECT id, "at", false, \'00Q1\', NULL, kind, "at" FROM many'
    )
    world.connection.unregister("many")


def seconds(world: World, definition: Definition, as_of: int, fold: Callable[..., Any]) -> float:
    """How long one evaluation takes, its decisions included."""
    began = time.perf_counter()
    (decision,) = world.evaluate(definition, as_of, Known(), fold).decisions()
    took = time.perf_counter() - began
    assert sum(c.points for c in decision.contributions) == decision.score
    return took


@pytest.mark.parametrize("minutes", [2.0, 0.0])
def test_a_person_with_two_hundred_thousand_activities_is_folded_in_time(world, compiled, minutes):
    crowd(world, 200_000, minutes)
    seconds(world, heavy(), START, compiled)  # compiles, where nothing is cached

    assert seconds(world, heavy(), days(400), compiled) < 20


@pytest.mark.slow
def test_a_person_with_a_million_activities_is_folded_in_time(world, compiled):
    crowd(world, 1_000_000, 1.0)
    seconds(world, heavy(), START, compiled)

    assert seconds(world, heavy(), days(800), compiled) < 100


def test_a_line_that_never_ends_in_time_is_followed_all_the_same(world, compiled):
    crowd(world, 3_000, 2.0)
    fading = rules(a_rule("visit", 3, decay=Linear(30 * DAY)), a_rule("form", 3, decay=HalfLife(3 * DAY)))
    cold = Lifecycle(
        (by_type("in", "visit"), level("cold", computed("score", Op.BELOW, 50), side=True, sources=("in",)))
    )

    assert seconds(world, a_definition(engagement=fading, lifecycle=cold), days(60), compiled) < 20
