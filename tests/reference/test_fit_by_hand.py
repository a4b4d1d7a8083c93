"""The sentences of the contract about conditions and fit, calculated by hand, asked of the reference model."""

from __future__ import annotations

import pytest

from leadledger.domain.conditions import All, AnyOf, AtLeast, Not, Op, Space
from leadledger.domain.scoring import Criterion, Fit, FitModel, FitRule, Grade, Persona, Profile
from reference.conditions import holds
from reference.fit import looking_at
from reference.history import Person
from reference.judge import judge
from reference.small import a_definition, asks, at


def test_three_values_of_a_condition():
    def fact(name, value):
        return asks(name, Op.IS, value, Space.FACT)

    look = looking_at({"a": "1", "b": "2", "c": None})
    yes, no, unknown = fact("a", 1), fact("b", 1), fact("c", 1)

    assert [holds(c, look) for c in (yes, no, unknown)] == [True, False, None]
    assert [holds(Not(c), look) for c in (yes, no, unknown)] == [False, True, None]
    assert [holds(All((c, unknown)), look) for c in (yes, no)] == [None, False]
    assert [holds(AnyOf((c, unknown)), look) for c in (yes, no)] == [True, None]
    assert [holds(AtLeast(n, (yes, no, unknown)), look) for n in (1, 2, 3)] == [True, None, False]
    assert holds(All(()), look) is True


def test_text_numbers_patterns_and_words_of_a_condition():
    look = looking_at({"title": "Vice-President, Sales", "size": "50"})

    def fact(op, value, name="title"):
        return holds(asks(name, op, value, Space.FACT), look)

    assert fact(Op.IS, "vice-president, SALES") is True
    assert fact(Op.MATCHES, "*president*") is True
    assert fact(Op.MATCHES, "president*") is False
    assert fact(Op.WORDS, ("president sales",)) is True
    assert fact(Op.WORDS, ("vice pres",)) is False
    assert fact(Op.REGEX, "s.les$") is True
    signs = (Op.OVER, Op.AT_LEAST, Op.AT_MOST, Op.BELOW)
    assert [fact(op, 50, "size") for op in signs] == [False, True, True, False]
    assert fact(Op.OVER, 5) is None
    assert [fact(Op.KNOWN, known, "country") for known in (True, False)] == [False, True]


def test_fit_points_unknown_ones_and_bounds():
    size = FitRule("size", asks("employees", Op.AT_LEAST, 50, Space.FACT), 20, points_unknown=5)
    title = FitRule("title", asks("title", Op.WORDS, ("ceo",), Space.FACT), 15, personas={"tech": 40})
    tech = Persona("tech", asks("country", Op.IS, "DE", Space.FACT))
    grades = (Grade("A", 35), Grade("B", 20), Grade("C", None))
    definition = a_definition(fit=Fit((size, title), max=50, grades=grades), personas=(tech,))

    def fitted(**facts):
        outcome = judge(definition, Person(facts=facts), at())
        assert sum(outcome.lines.values()) == outcome.score
        return outcome.fit / 1e6, outcome.grade

    assert fitted(employees="60", title="CEO") == (35, "A")
    assert fitted(title="CEO") == (20, "B")
    assert fitted(employees="60", title="CEO", country="DE") == (50, "A")
    assert fitted(employees="6", title="clerk") == (0, "C")


@pytest.mark.parametrize(
    ("thirds", "grade"), [(0, "D"), (1, "D+"), (3, "C"), (99, "A+"), (-1, "D-"), (-9, "F")]
)
def test_profile_grading_moves_by_thirds_of_a_letter(thirds, grade):
    criterion = Criterion("c", asks("country", Op.IS, "DE", Space.FACT), thirds)
    definition = a_definition(fit=Fit(profile=Profile("D", (criterion,))))

    assert judge(definition, Person(facts={"country": "DE"}), at()).grade == grade
    assert judge(definition, Person(), at()).grade == "D"


def test_the_first_model_that_is_meant_for_the_person_gives_the_fit():
    def of(country, points):
        here = asks("country", Op.IS, country, Space.FACT)
        return FitModel(country, Fit((FitRule(country, here, points),)), here)

    definition = a_definition(models=(of("DE", 10), of("FR", 20)))

    outcome = judge(definition, Person(facts={"country": "FR"}), at())

    assert outcome.fit == 20_000_000
    assert {name: fit for name, (fit, _) in outcome.models.items()} == {"DE": 0, "FR": 20_000_000}
