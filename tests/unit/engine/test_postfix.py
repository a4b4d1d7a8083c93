"""Conditions on a person's state, compiled: three values, all operators, grades, classification, models."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from builders import World, a_definition, a_rule, asks, computed, days, level, rules
from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import Band, Category, Classification, Fit, FitModel, FitRule, Grade
from leadledger.engine.postfix import Postfix, compared_values
from leadledger.errors import BugError

BANDS = Classification(
    (Band("A", 20), Band("B", 5), Band("C", None)), (Band("1", 60), Band("2", 30), Band("3", None))
)
YES, NO, UNKNOWN = (
    computed("engagement", Op.AT_LEAST, 30),
    computed("engagement", Op.OVER, 30),
    computed("stage", Op.IS, "goal"),
)


@pytest.fixture
def lead(world: World) -> World:
    """Thirty points at day 1, ten of them in `web`, a fit of 20; without a stage."""
    world.lead(Employees="99", created_us=days(1), modified_us=days(1))
    world.activity("visit", days(1))
    world.activity("form", days(1))
    return world


def reached(lead: World, condition: Condition, **changes) -> bool:
    definition = a_definition(
        engagement=rules(
            a_rule("visit", 10, category="web"), a_rule("form", 20), categories=(Category("web"),)
        ),
        lifecycle=Lifecycle((level("goal", condition),)),
        classification=BANDS,
        models=(
            FitModel(
                "smb",
                Fit(
                    (FitRule("s", asks("employees", Op.IS, 99), 7),), grades=(Grade("A", 5), Grade("F", None))
                ),
            ),
        ),
    )
    return lead.decide(replace(definition, **changes)).stage == "goal"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (YES, True),
        (NO, False),
        (UNKNOWN, False),
        (Not(NO), True),
        (Not(UNKNOWN), False),
        (AnyOf((UNKNOWN, YES)), True),
        (All((UNKNOWN, YES)), False),
        (Not(All((UNKNOWN, NO))), True),
        (Not(All((UNKNOWN, YES))), False),
        (AtLeast(1, (YES, NO, UNKNOWN)), True),
        (AtLeast(2, (YES, NO, UNKNOWN)), False),
        (Not(AtLeast(2, (YES, NO, UNKNOWN))), False),
        (Not(AtLeast(3, (YES, NO, UNKNOWN))), True),
        (AtLeast(2, (YES, AtLeast(1, (NO, YES)), NO)), True),
        (AtLeast(0, (NO,)), True),
        (computed("engagement_web", Op.IS, 10), True),
        (computed("fit_smb", Op.AT_LEAST, 7), True),
        (computed("grade_smb", Op.IS, "A"), True),
        (computed("grade_smb", Op.BELOW, "A"), False),
        (computed("score", Op.IS, 50), True),
        (computed("score", Op.IS_NOT, 50), False),
        (computed("score", Op.IN, (1, 50)), True),
        (computed("score", Op.NOT_IN, (1, 50)), False),
        (computed("cycle", Op.IS, 0), True),
        (computed("stage", Op.IS_NOT, "goal"), False),
        (computed("stage", Op.NOT_IN, ("goal",)), False),
        (computed("classification", Op.IS, "A2"), True),
        (computed("classification", Op.IS_NOT, "A2"), False),
        (computed("classification", Op.IN, ("A1", "A2")), True),
        (computed("classification", Op.NOT_IN, ("A1", "C3")), True),
        (All((computed("classification", Op.IS, "A2"), asks("employees", Op.OVER, 50))), True),
        (AnyOf((asks("employees", Op.BELOW, 50), asks("title", Op.KNOWN, False))), True),
    ],
)
def test_what_a_condition_asks(lead, condition, expected):
    assert reached(lead, condition) is expected


def test_the_bounds_of_a_band_belong_to_the_better_one():
    cell = computed("classification", Op.IS, "B2")

    made = Postfix(a_definition(classification=BANDS))
    made.add(cell)

    assert len([op for op in made.code if op[3] in {5_000_000, 20_000_000, 30_000_000, 60_000_000}]) == 4


def _truth(condition: Condition, facts: dict[str, bool | None]) -> bool | None:
    """Kleene, once more, without the engine."""
    match condition:
        case Compare(name=name):
            return facts[name]
        case Not(of):
            inner = _truth(of, facts)
            return None if inner is None else not inner
        case All(of) | AnyOf(of):
            values, decides = [_truth(part, facts) for part in of], isinstance(condition, AnyOf)
            if decides in values:
                return decides
            return None if None in values else not decides
        case AtLeast(count, of):
            values = [_truth(part, facts) for part in of]
            if values.count(True) >= count:
                return True
            return None if len(values) - values.count(False) >= count else False


def test_random_conditions_are_what_kleene_says(world):
    random = Random(3)
    names = {"title": True, "company": False, "country": None}
    world.lead(Title="x", Company="y", Country=None)
    world.activity("form", days(1))

    def made(depth: int) -> Condition:
        if depth == 0 or random.random() < 0.2:
            return asks(random.choice(tuple(names)), Op.IS, "x")
        parts = tuple(made(depth - 1) for _ in range(random.randint(1, 3)))
        return random.choice((All(parts), AnyOf(parts), Not(parts[0]), AtLeast(random.randint(1, 2), parts)))

    conditions = [All((computed("score", Op.AT_LEAST, 0), made(4))) for _ in range(40)]
    side = Lifecycle(tuple(level(f"s{k}", c, side=True, counter=f"c{k}") for k, c in enumerate(conditions)))
    decision = world.decide(a_definition(lifecycle=side))

    entered = {t.stage for t in decision.transitions}
    assert entered == {f"s{k}" for k, c in enumerate(conditions) if _truth(All(c.of[1:]), names)}


def test_a_question_that_cannot_be_asked_is_our_bug():
    with pytest.raises(BugError, match="cannot be asked of score"):
        Postfix(a_definition()).add(computed("score", Op.MATCHES, "1*"))
    with pytest.raises(BugError, match="no computed value"):
        Postfix(a_definition()).add(computed("mood", Op.OVER, 1))
    with pytest.raises(BugError, match="compared with cells"):
        Postfix(a_definition()).add(computed("classification", Op.IS, "A1"))
    with pytest.raises(BugError, match="no cell"):
        Postfix(a_definition(classification=BANDS)).add(computed("classification", Op.IS, "Z9"))


def falls(condition: Condition, until: Condition | None = None) -> int:
    """How many comparisons are followed while the value falls."""
    made = Postfix(a_definition())
    row = (0, *made.add(condition), *(made.add(until) if until else (0, 0)))
    return len(compared_values(made, [row]))


def test_only_where_a_falling_value_leads_somewhere_is_it_followed():
    over, under = computed("score", Op.OVER, 10), computed("engagement", Op.BELOW, 5)

    assert falls(over) == 0
    assert falls(Not(under)) == 0
    assert falls(under) == falls(Not(over)) == 1
    assert falls(over, until=All((under, over))) == 2
    assert falls(computed("engagement", Op.IS, 5)) == 2
    assert falls(AtLeast(2, (over, under, computed("fit", Op.OVER, 1)))) == 2
    assert falls(asks("title", Op.IS, "CEO")) == 0
