"""Which activities meet which conditions, and in which order they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import World, a_definition, asks, days, when
from leadledger.domain.conditions import ALWAYS, All, AnyOf, AtLeast, Condition, Not, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import DealEvent, DealTrigger, Lifecycle
from leadledger.domain.scoring import Engagement, EngagementRule, Fit, Persona
from leadledger.domain.sources import ActivitySource
from leadledger.engine.activities import activity_column
from leadledger.engine.canonical import Canonical
from leadledger.engine.conditions import sql
from leadledger.engine.facts import fact_of, judge_facts
from leadledger.engine.heard import OtherSignal
from leadledger.engine.match import Matched, match_events, prepare_match
from leadledger.engine.program import Coding, compile_program
from leadledger.ports import Known

KINDS = ("visit", "form", "demo")
VISIT, FORM = when("type", "visit"), when("type", "form")
LONG = when("seconds", 60, Op.AT_LEAST)
GERMAN = asks("country", Op.IS, "DE")
AS_OF = days(30)


def defined(*conditions: Condition, **more: object) -> Definition:
    sources = tuple(
        ActivitySource(
            "salesforce",
            "Visit__c",
            kind,
            when("Kind", kind, space=Space.FIELD),
            at="At",
            asset="Url",
            origin="sales" if kind == "demo" else "marketing",
            attributes={"seconds": "Seconds"},
        )
        for kind in KINDS
    )
    rules = tuple(EngagementRule(f"r{k}", condition, 1) for k, condition in enumerate(conditions))
    return a_definition(
        activities=sources, engagement=Engagement(rules), lifecycle=Lifecycle(), fit=Fit(), **more
    )


def prepared(
    world: World, definition: Definition, signals: Sequence[OtherSignal] = ()
) -> tuple[Canonical, Coding]:
    canonical = Canonical(world.connection, definition, world.streams, Known(), AS_OF)
    canonical.build()
    judge_facts(world.connection, definition, ())
    rules = tuple(rule.when for rule in definition.engagement.rules)
    coding = compile_program(definition, AS_OF)
    return canonical, replace(coding, activity_conditions=rules, signals=tuple(signals))


def told(world: World, events: Matched) -> list[tuple[int, int, str, int]]:
    """(person, instant, id, code) of every event."""
    ids = dict(world.connection.execute("SELECT idx, id FROM activity").fetchall())
    columns = (events.p, events.at, events.idx, events.code)
    return [(p, at, ids[idx], code) for p, at, idx, code in zip(*(c.tolist() for c in columns), strict=True)]


def met(world: World, *conditions: Condition, **more: object) -> list[tuple[str, int]]:
    """(id without its stream, code) of every event."""
    events = match_events(*prepared(world, defined(*conditions, **more)))
    return [(id_.partition("/")[2], code) for _, _, id_, code in told(world, events)]


@pytest.fixture
def two(world: World) -> World:
    """A German and somebody of whom nothing is known; each has a long visit, a short one and a form."""
    for lead, country in (("00Q1", "DE"), ("00Q2", None)):
        world.lead(lead, Country=country)
        name = lead[-1]
        world.activity("visit", days(1), lead, f"{name}a", Seconds="90", Url="/pricing")
        world.activity("visit", days(2), lead, f"{name}b", Seconds="5", Url="/")
        world.activity("form", days(3), lead, f"{name}c", Url="/pricing")
    return world


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (VISIT, "1a 1b 2a 2b"),
        (ALWAYS, "1a 1b 1c 2a 2b 2c"),
        (AnyOf(()), ""),
        (LONG, "1a 2a"),
        (All((VISIT, LONG)), "1a 2a"),
        (All((FORM, LONG)), ""),
        (AnyOf((FORM, LONG)), "1a 1c 2a 2c"),
        (Not(LONG), "1b 2b"),
        (when("seconds", False, Op.KNOWN), "1c 2c"),
        (GERMAN, "1a 1b 1c"),
        (Not(GERMAN), ""),
        (asks("country", Op.KNOWN, False), "2a 2b 2c"),
        (All((VISIT, GERMAN)), "1a 1b"),
        (AnyOf((FORM, GERMAN)), "1a 1b 1c 2c"),
        (AtLeast(2, (VISIT, LONG, GERMAN)), "1a 1b 2a"),
        (AtLeast(1, (FORM, LONG)), "1a 1c 2a 2c"),
        (All((VISIT, All((LONG, when("asset", "*pricing", Op.MATCHES))))), "1a 2a"),
        (Not(All((VISIT, GERMAN))), "1c 2c"),
        (when("asset", r"^/PRI.ING$", Op.REGEX), "1a 1c 2a 2c"),
        (when("asset", ("pricing",), Op.WORDS), "1a 1c 2a 2c"),
        (when("seconds", ("90",), Op.WORDS), "1a 2a"),
        (asks("email_domain", Op.IS, "acme.test"), "1a 1b 1c 2a 2b 2c"),
        (asks("first_origin", Op.IS, "marketing"), "1a 1b 1c 2a 2b 2c"),
        (asks("first_origin", Op.IS, "sales"), ""),
    ],
)
def test_a_condition_is_met_by_these(two, condition, expected):
    assert met(two, condition) == [(id_, 0) for id_ in expected.split()]


def test_each_condition_has_its_place_as_code_and_an_activity_may_meet_several(two):
    found = met(two, FORM, GERMAN, LONG, VISIT)

    assert found == [
        *(("1a", code) for code in (1, 2, 3)),
        *(("1b", code) for code in (1, 3)),
        *(("1c", code) for code in (0, 1)),
        *(("2a", code) for code in (2, 3)),
        ("2b", 3),
        ("2c", 0),
    ]


def test_conditions_may_ask_for_the_persona(two):
    personas = (Persona("local", GERMAN), Persona("other", ALWAYS))

    found = met(two, asks("persona", Op.IS, "other"), All((FORM, asks("persona", Op.IS, "local"))), personas=personas)  # fmt: skip

    assert found == [("1c", 1), ("2a", 0), ("2b", 0), ("2c", 0)]


def test_more_open_conditions_than_bits_of_an_integer(two):
    conditions = [All((VISIT, when("seconds", second, Op.AT_LEAST))) for second in range(100)]

    found = met(two, *conditions)

    assert [code for id_, code in found if id_ == "1a"] == list(range(91))
    assert [code for id_, code in found if id_ == "2b"] == list(range(6))


def test_people_and_instants_come_in_order_and_ties_by_id(world):
    for lead in ("00Q2", "00Q1"):
        world.lead(lead)
        for id_, day in (("z", 2), ("b", 1), ("a", 2), ("y", 1), ("c", 1)):
            world.activity("visit", days(day), lead, f"{lead}{id_}", Seconds="9")
    conditions = (VISIT, when("seconds", 9))

    events = match_events(*prepared(world, defined(*conditions)))

    assert told(world, events) == [
        (p, days(day), f"salesforce.Visit__c/{lead}{id_}", code)
        for p, lead in enumerate(("00Q1", "00Q2"))
        for day, ids in ((1, "bcy"), (2, "az"))
        for id_ in ids
        for code in (0, 1)
    ]


def test_an_activity_of_two_records_of_a_person_meets_each_condition_once(world):
    for lead in ("00Q1", "00Q2", "00Q3"):
        world.lead(lead, Email="a@acme.test")
        world.activity("visit", days(1), lead, "same", Seconds="9")
    world.activity("visit", days(1), "00Q1", "another", Seconds="1")

    assert met(world, VISIT, when("seconds", 5, Op.OVER), ALWAYS) == [
        ("another", 0), ("another", 2), ("same", 0), ("same", 1), ("same", 2),
    ]  # fmt: skip


def test_other_signals_stand_after_the_activities_of_their_instant(two):
    two.deal(days(2), "00Q1", won=days(2))
    two.deal(days(2), "00Q1")
    signals = (DealTrigger(DealEvent.CREATED), DealTrigger(DealEvent.WON))

    events = match_events(*prepared(two, defined(VISIT, LONG), signals))

    of_first = events.p == 0
    assert events.code[of_first].tolist() == [0, 1, 0, 2, 2, 3]
    assert events.at[of_first].tolist() == [days(1)] * 2 + [days(2)] * 4
    assert events.idx[of_first].tolist()[3:] == [0, 1, 2]
    assert [c.dtype.name for c in (events.p, events.at, events.code, events.idx)] == ["int32", "int64", "int16", "int32"]  # fmt: skip


@pytest.mark.parametrize("conditions", [(), (VISIT,), (LONG, GERMAN)])
def test_nobody_did_anything(world, conditions):
    assert met(world, *conditions) == []
    world.lead()
    assert met(world, *conditions) == []


def test_block_by_block_gives_the_same_as_everybody_at_once(two):
    two.deal(days(2), "00Q2")
    canonical, coding = prepared(two, defined(FORM, GERMAN, LONG), (DealTrigger(DealEvent.CREATED),))
    match = prepare_match(canonical, coding)
    whole = told_with_signals(match.events())

    parts = []
    for low, high in ((0, 1), (1, 2)):
        canonical.block(low, high)
        parts += told_with_signals(match.events(low, high))

    assert parts == whole


def told_with_signals(events: Matched) -> list[tuple[int, ...]]:
    columns = (events.p, events.at, events.code, events.idx)
    return list(zip(*(column.tolist() for column in columns), strict=True))


LEAVES = st.sampled_from(
    [VISIT, FORM, when("asset", 5, Op.AT_LEAST), LONG, GERMAN, when("seconds", True, Op.KNOWN), asks("title", Op.KNOWN, False)]
)  # fmt: skip


def _nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return parts.map(All) | parts.map(AnyOf) | inner.map(Not) | st.builds(AtLeast, st.integers(0, 3), parts)


@pytest.fixture(scope="module")
def crowd():
    """People and activities with everything known and unknown."""
    made = World()
    for number in range(6):
        lead = f"00Q{number}"
        made.lead(lead, Country=("DE", "FR", None)[number % 3], Title=("CEO", None)[number % 2])
        for k, kind in enumerate(KINDS):
            for seconds in ("90", "9", None, "x"):
                made.activity(kind, days(k), lead, Seconds=seconds, Url=("7", "3", "", "/a")[number % 4])
    yield made
    made.close()


@settings(max_examples=40)  # each builds all tables anew
@given(conditions=st.lists(st.recursive(LEAVES, _nested, max_leaves=6), min_size=1, max_size=4))
def test_trying_classes_first_gives_the_same_as_trying_every_activity(crowd, conditions):
    definition = defined(*conditions)
    canonical, coding = prepared(crowd, definition)

    def column(compare):
        return fact_of(compare) if compare.space is Space.FACT else activity_column("a", "k")(compare)

    query = " UNION ALL ".join(
        f"SELECT a.p, a.at_us, a.id, {code} AS code FROM activity a JOIN class k ON k.class = a.class "
        f"LEFT JOIN fact f ON f.p = a.p WHERE {sql(condition, column)}"
        for code, condition in enumerate(conditions)
    )

    found = told(crowd, match_events(canonical, coding))

    assert found == crowd.connection.execute(f"{query} ORDER BY ALL").fetchall()
