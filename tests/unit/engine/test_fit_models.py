"""Fit of several models and personas, profile grading, and the bands of a classification."""

from __future__ import annotations

import pytest

from builders import a_definition, asks, days
from leadledger.domain.conditions import ALWAYS, All, AtLeast, Condition, Op
from leadledger.domain.definition import Definition
from leadledger.domain.routing import RouteRule, Routing
from leadledger.domain.scoring import (
    MICRO,
    PROFILE_SCALE,
    Band,
    Classification,
    Criterion,
    Fit,
    FitModel,
    FitRule,
    Grade,
    Persona,
    Profile,
)
from leadledger.engine.canonical import Canonical
from leadledger.engine.facts import Judged, judge_facts
from leadledger.ports import Known


def judged(world, definition: Definition, *statics: Condition) -> Judged:
    Canonical(world.connection, definition, world.streams, Known(), days(30)).build()
    return judge_facts(world.connection, definition, statics)


BOSS = asks("title", Op.WORDS, ("CEO", "Chief"))
LARGE = asks("employees", Op.AT_LEAST, 100)
LETTERS = (Grade("A", 60), Grade("B", 30), Grade("F", None))


@pytest.fixture
def four(world):
    """A boss of a large company, somebody else of one, a boss, and somebody of whom nothing is known."""
    world.lead("00Q1", Title="CEO", Employees="500")
    world.lead("00Q2", Title="Clerk", Employees="500")
    world.lead("00Q3", Title="Chief of all", Employees="5")
    world.lead("00Q4")
    return world


def test_the_first_persona_that_holds_is_the_persons(four):
    personas = (Persona("large boss", All((BOSS, LARGE))), Persona("boss", BOSS), Persona("it's", LARGE))

    found = judged(four, a_definition(personas=personas, fit=Fit()))

    assert found.persona.tolist() == [0, 2, 1, -1]
    column = four.connection.execute('SELECT "fact:persona" FROM fact ORDER BY p').fetchall()
    assert column == [("large boss",), ("it's",), ("boss",), (None,)]


def test_a_rule_may_be_worth_something_else_to_a_persona(four):
    worth = FitRule("large", LARGE, 10, 3, personas={"boss": 40, "nobody": 7})
    definition = a_definition(personas=(Persona("boss", BOSS),), fit=Fit((worth,)))

    found = judged(four, definition)

    assert (found.fit // MICRO).tolist() == [40, 10, 0, 3]
    assert [list(found.lines(p)) for p in range(4)] == [
        [("large", 1, 40 * MICRO)],
        [("large", 1, 10 * MICRO)],
        [("large", -1, 0)],
        [("large", 0, 3 * MICRO)],
    ]


def test_conditions_on_facts_may_ask_for_the_persona(four):
    persona = asks("persona", Op.IS, "boss")
    definition = a_definition(
        personas=(Persona("boss", BOSS),),
        fit=Fit((FitRule("boss", persona, 10, 1),)),
        exclude_when=persona,
    )

    found = judged(four, definition, persona, asks("persona", Op.KNOWN, False))

    assert (found.fit // MICRO).tolist() == [10, 1, 10, 1]
    assert found.statics.tolist() == [[1, -1], [0, 1], [1, -1], [0, 1]]
    assert found.excluded.tolist() == [True, False, True, False]
    assert (found.asked, found.known[:, 0].tolist()) == (("persona",), [True, False, True, False])


def test_at_least_so_many_of_several_facts(four):
    of = (BOSS, LARGE, asks("email", Op.KNOWN, True))
    routing = Routing(
        rules=(RouteRule("two", AtLeast(2, of), "a"), RouteRule("three", AtLeast(3, of), "b")),
    )

    assert judged(four, a_definition(routing=routing)).routes.tolist() == [[1, 1], [1, -1], [1, -1], [0, 0]]


def test_models_stand_side_by_side_and_the_first_that_holds_is_the_persons(four):
    by_size = Fit((FitRule("large", LARGE, 50),), max=45, grades=LETTERS)
    by_title = Fit(
        (FitRule("boss", BOSS, 20, 2), FitRule("all", ALWAYS, 1)), grades=(Grade("A", 21), Grade("B", None))
    )
    definition = a_definition(
        fit=Fit((FitRule("main", asks("country", Op.KNOWN, False), 60),), grades=LETTERS),
        models=(
            FitModel("aside", by_size),
            FitModel("bosses", by_title, BOSS),
            FitModel("large", by_size, LARGE),
        ),
    )

    found = judged(four, definition)

    assert found.model.tolist() == [1, 2, 1, -1]
    assert (found.fit // MICRO).tolist() == [21, 45, 21, 60]
    assert found.grade.tolist() == [1, 1, 1, 2]
    assert [found.letters(p) for p in range(4)] == [("A", "B"), ("A", "B", "F"), ("A", "B"), ("A", "B", "F")]
    assert [one.letter(0) for one in found.fitted] == ["A", "B", "A", "B"]
    assert {name: (fit // MICRO).tolist() for name, (fit, _) in found.models.items()} == {
        "aside": [45, 45, 0, 0],
        "bosses": [21, 1, 21, 3],
        "large": [45, 45, 0, 0],
    }
    assert [rule for rule, *_ in found.lines(2)] == ["boss", "all"]
    assert [rule for rule, *_ in found.lines(3)] == ["main"]


def test_every_fact_that_fit_asks_for_is_asked_once(four):
    profile = Profile("D", (Criterion("where", asks("country", Op.IS, "DE"), 3), Criterion("who", BOSS, 1)))
    definition = a_definition(
        fit=Fit((FitRule("large", LARGE, 1), FitRule("both", All((BOSS, LARGE)), 1))),
        models=(FitModel("other", Fit((FitRule("domain", asks("email_domain", Op.KNOWN, True), 1),), profile=profile), asks("company", Op.KNOWN, True)),),
    )  # fmt: skip

    found = judged(four, definition)

    assert found.asked == ("employees", "title", "email_domain", "country")
    assert found.known.tolist() == [[True, True, True, False]] * 3 + [[False, False, True, False]]


@pytest.mark.parametrize(
    ("start", "thirds", "letter"),
    [
        ("D", (), "D"),
        ("D", (3,), "C"),
        ("D", (1,), "D+"),
        ("D", (3, 3, 3, 3), "A+"),
        ("D", (9, 1), "A+"),
        ("D", (-1,), "D-"),
        ("D", (-2,), "F"),
        ("D", (-9,), "F"),
        ("D", (-9, 10), "D+"),
        ("A+", (0,), "A+"),
        ("F", (1,), "D-"),
    ],
)
def test_a_profile_moves_the_grade_by_thirds_of_a_letter(world, start, thirds, letter):
    world.lead()
    criteria = tuple(Criterion(f"c{k}", asks("email", Op.KNOWN, True), step) for k, step in enumerate(thirds))
    definition = a_definition(fit=Fit(profile=Profile(start, criteria)))

    found = judged(world, definition)

    assert found.fitted[0].letter(0) == letter
    assert found.grade.tolist() == [len(PROFILE_SCALE) - 1 - PROFILE_SCALE.index(letter)]
    assert world.decide(definition).grade == letter


def test_a_criterion_that_is_unknown_or_false_moves_nothing(four):
    profile = Profile("C", (Criterion("large", LARGE, 3), Criterion("boss", BOSS, -1)))

    found = judged(four, a_definition(fit=Fit((FitRule("boss", BOSS, 5),), profile=profile)))

    assert [found.fitted[0].letter(p) for p in range(4)] == ["B-", "B", "C-", "C"]
    assert (found.fit // MICRO).tolist() == [5, 0, 5, 0]


def test_the_band_of_the_persons_own_fit_is_that_of_the_classification(four):
    bands = (Band("A", 60), Band("B", 10), Band("C", None))
    definition = a_definition(
        fit=Fit((FitRule("large", LARGE, 60),)),
        models=(FitModel("bosses", Fit((FitRule("boss", BOSS, 10),)), BOSS),),
        classification=Classification(bands, (Band("1", None),)),
    )

    assert judged(four, definition).band.tolist() == [1, 0, 1, 2]
    assert judged(four, a_definition()).band.tolist() == [-1] * 4


def test_without_grades_there_is_no_rank(four):
    found = judged(four, a_definition(fit=Fit((FitRule("large", LARGE, 60),))))

    assert found.grade.tolist() == [-1] * 4
    assert found.fitted[0].letter(0) == ""


def test_nobody_is_judged_when_nobody_is_there(world):
    found = judged(world, a_definition(personas=(Persona("boss", BOSS),)), BOSS)

    assert (len(found.fit), found.statics.shape, found.known.shape) == (0, (0, 1), (0, 1))
