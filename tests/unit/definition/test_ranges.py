from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadledger.definition.ranges import Bands, Limits, Range, why_never
from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Space

ORDER = (Op.OVER, Op.AT_LEAST, Op.BELOW, Op.AT_MOST, Op.IS, Op.IS_NOT)


def asks(name: str, op: Op, value: float | str | tuple[str, ...]) -> Compare:
    return Compare(Space.COMPUTED, name, op, value)


def holds(condition: Condition, score: int) -> bool:
    """The condition on one number, by the plain meaning of its operators."""
    match condition:
        case Compare(_, _, op, value):
            assert isinstance(value, int)
            return {
                Op.OVER: score > value,
                Op.AT_LEAST: score >= value,
                Op.BELOW: score < value,
                Op.AT_MOST: score <= value,
                Op.IS: score == value,
                Op.IS_NOT: score != value,
            }[op]
        case All(of):
            return all(holds(part, score) for part in of)
        case AnyOf(of):
            return any(holds(part, score) for part in of)
        case AtLeast(count, of):
            return sum(holds(part, score) for part in of) >= count
        case Not(of=part):
            return not holds(part, score)


COMPARES = st.builds(
    Compare, st.just(Space.COMPUTED), st.just("score"), st.sampled_from(ORDER), st.integers(-3, 8)
)
CONDITIONS = st.recursive(
    COMPARES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: All(tuple(of))),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: AnyOf(tuple(of))),
        st.lists(inner, min_size=2, max_size=3).map(lambda of: AtLeast(2, tuple(of))),
        inner.map(Not),
    ),
    max_leaves=6,
)


@given(CONDITIONS)
def test_what_holds_for_some_possible_score_is_never_called_impossible(condition: Condition):
    limits = Limits({"score": Range(0, 5)})

    if any(holds(condition, score) for score in range(6)):
        assert why_never(condition, limits) == ""


def test_bounds_are_inside_but_for_strict_comparisons():
    limits = Limits({"score": Range(0, 100)})

    assert why_never(asks("score", Op.AT_LEAST, 100), limits) == ""
    assert why_never(asks("score", Op.OVER, 100), limits) == "`score` is always between 0 and 100"
    assert why_never(asks("score", Op.BELOW, 0), limits) == "`score` is always between 0 and 100"
    assert why_never(asks("score", Op.AT_MOST, 0), limits) == ""


def test_a_score_is_held_against_its_two_parts():
    limits = Limits({"score": Range(0, 100), "engagement": Range(0, 60), "fit": Range(0, 40)})
    both = All((asks("score", Op.OVER, 80), asks("fit", Op.BELOW, 20)))

    assert why_never(both, limits) == "`score` is the sum of engagement and fit, here between 0 and 80"


def test_a_word_that_nobody_has_is_impossible_and_better_words_count_for_at_least():
    nobody: tuple[dict[str, Range], ...] = ()
    grades = Bands({"A": nobody, "B": ({"fit": Range(20, 40)},), "C": ({"fit": Range(0, 20)},)}, ordered=True)
    limits = Limits(bands={"grade": grades})

    assert why_never(asks("grade", Op.IS, "A"), limits) == "nobody can have such a grade"
    assert why_never(asks("grade", Op.OVER, "B"), limits) == "nobody can have such a grade"
    assert why_never(asks("grade", Op.AT_LEAST, "B"), limits) == ""
    assert why_never(asks("grade", Op.BELOW, "A"), limits) == ""
    assert why_never(asks("grade", Op.IN, ("A", "C")), limits) == ""
    assert why_never(All((asks("grade", Op.AT_MOST, "C"), asks("fit", Op.OVER, 30))), limits)
    assert why_never(asks("grade", Op.NOT_IN, ("B", "C")), limits) == "nobody can have such a grade"


def test_patterns_and_unknown_words_are_taken_to_be_possible():
    limits = Limits(bands={"grade": Bands({"A": ()}, ordered=True)})

    assert why_never(asks("grade", Op.IS, "Z"), limits) == ""
    assert why_never(All((asks("stage", Op.MATCHES, ("a",)), asks("stage", Op.MATCHES, ("b",))))) == ""
