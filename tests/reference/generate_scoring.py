"""Random scoring: engagement rules, categories, fit, models, personas, bands. Only what the checks would let through."""

from __future__ import annotations

from random import Random

from leadledger.domain.conditions import All, AnyOf, AtLeast, Compare, Condition, Not, Op, Space
from leadledger.domain.instants import DAY, HOUR
from leadledger.domain.scoring import (
    PROFILE_SCALE,
    Band,
    Burst,
    Calendar,
    Category,
    Classification,
    Criterion,
    Decay,
    Engagement,
    EngagementRule,
    Fit,
    FitModel,
    FitRule,
    Grade,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    Persona,
    PointsBy,
    Profile,
    Steps,
)

TYPES = ("visit", "form", "demo", "careers", "call", "login", "unsubscribe")
ORIGINS = {"call": "sales", "login": "product"}
ASSETS = ("/pricing", "/pricing/eu", "/blog", "")
FACTS = {
    "employees": ("9", "50", "500", "many"),
    "title": ("CEO", "VP Sales", "Head of Sales", "intern"),
    "country": ("DE", "FR", "us"),
    "company": ("Acme", "Umbrella"),
    "consent": ("yes", "no"),
}
SPANS = tuple(n * HOUR for n in (1, 2, 6, 12)) + tuple(n * DAY for n in (1, 2, 3, 7, 10, 14, 30))
LONG = tuple(n * DAY for n in (2, 3, 7, 10, 14, 30))
CATEGORIES = ("web", "content")
GRADES = ("A", "B", "C")
MODELS = ("smb", "corp")


def chance(random: Random, share: float) -> bool:
    """True in this share of cases."""
    return random.random() < share


def span(random: Random) -> int:
    """Mostly days, so that something is left at the end of a history."""
    return random.choice(LONG if chance(random, 0.7) else SPANS)


def points(random: Random, low: int, high: int) -> float:
    """Never 0; halves, and thirds with six decimals, among whole numbers."""
    number = random.choice([n for n in range(low, high + 1) if n]) * 1.0
    return random.choice((number, number, number, number / 2, round(number / 3, 6)))


def fact_condition(random: Random) -> Condition:
    """One comparison of a fact, or two."""
    tests: tuple[tuple[str, Op, str | int | bool | tuple[str, ...]], ...] = (
        ("employees", random.choice((Op.AT_LEAST, Op.BELOW, Op.OVER, Op.AT_MOST)), 50),
        ("employees", Op.IS, random.choice((9, "many"))),
        ("title", Op.WORDS, ("vp", "head of")),
        ("title", Op.REGEX, "^(ceo|vp)"),
        ("country", random.choice((Op.IN, Op.NOT_IN)), ("de", "US")),
        ("country", Op.IS_NOT, "FR"),
        ("company", Op.MATCHES, ("*c?e", "x*")),
        ("consent", Op.IS, "YES"),
        ("first_origin", Op.IS, "sales"),
        ("email_domain", Op.IS, "acme.test"),
        (random.choice(tuple(FACTS)), Op.KNOWN, chance(random, 0.7)),
    )
    parts = tuple(Compare(Space.FACT, *random.choice(tests)) for _ in range(3))
    return random.choice((parts[0], parts[0], combined(random, parts)))


def combined(random: Random, parts: tuple[Condition, ...]) -> Condition:
    """The parts joined in one of the ways."""
    if chance(random, 0.03):
        return All(())
    return random.choice(
        (All(parts[:2]), All(parts[:2]), AnyOf(parts[:2]), All((parts[0], Not(parts[1]))), AtLeast(2, parts))
    )


def activity_condition(random: Random) -> Condition:
    """Mostly a type; sometimes a look at more."""
    of_type = Compare(Space.ACTIVITY, "type", Op.IS, random.choice(TYPES))
    several = Compare(Space.ACTIVITY, "type", Op.IN, tuple(random.sample(TYPES, 2)))
    more: tuple[Condition, ...] = (
        Compare(Space.ACTIVITY, "asset", Op.MATCHES, "*pricing*"),
        Compare(Space.ACTIVITY, "seconds", Op.AT_LEAST, 30),
        Compare(Space.ACTIVITY, "origin", Op.IS_NOT, "sales"),
        fact_condition(random),
    )
    choice = random.random()
    if choice < 0.6:
        return of_type
    if choice < 0.75:
        return several
    return All((random.choice((of_type, several)), random.choice(more)))


def decay(random: Random, *, negative: bool) -> Decay | None:
    """Negative points may have steps, and nothing continuous."""
    if chance(random, 0.4):
        return None
    steps = Steps(random.choice((10.0, 25.0, 33.3, 50.0, 100.0)), random.choice(LONG))
    if negative:
        return steps
    return random.choice((steps, HalfLife(span(random)), Linear(span(random))))


def limit(random: Random) -> Limit:
    """Rolling or calendar."""
    return Limit(random.randint(1, 3), random.choice((*Calendar, *SPANS)))


def engagement_rule(random: Random, place: int, gate: Condition | None) -> EngagementRule:
    """Any rule that the checks let through."""
    negative = chance(random, 0.3)
    by = None
    worth = points(random, -60, -1) if negative else points(random, 1, 80)
    if chance(random, 0.15):
        low, high = random.choice(((-30, 30), (1, 60))) if not negative else (-40, -1)
        values = {
            asset: points(random, low, high)
            for asset in random.sample([asset for asset in ASSETS if asset], 2)
        }
        by = (
            PointsBy("asset", values, random.choice((0.0, points(random, max(low, 1), 20))))
            if high > 0
            else (PointsBy("asset", values))
        )
        negative = negative or low < 0
        worth = 0.0
    return EngagementRule(
        f"r{place}",
        activity_condition(random),
        worth,
        category=random.choice((None, *CATEGORIES)) if chance(random, 0.5) else None,
        limit=limit(random) if chance(random, 0.3) else None,
        window=span(random) if chance(random, 0.4) else None,
        decay=decay(random, negative=negative) if chance(random, 0.6) else None,
        max_points=random.choice((10.0, 40.0, 66.5)) if chance(random, 0.2) else None,
        auto_qualify=chance(random, 0.2),
        points_by=by,
        burst=Burst(random.randint(2, 3), random.choice(SPANS)) if chance(random, 0.15) else None,
        gate=gate,
    )


def engagement(random: Random, rules: tuple[EngagementRule, ...]) -> Engagement:
    """Bounds, floor and what takes points away."""
    low, high = -random.choice((10.0, 30.0)), random.choice((20.0, 60.0))
    quiet = Inactivity(
        -random.choice((5.0, 10.0, 2.5)),
        random.choice(LONG),
        random.choice(LONG),
        tuple(random.sample(TYPES, random.randint(1, 3))),
    )
    return Engagement(
        rules,
        (
            Category(
                "web", max=high if chance(random, 0.5) else None, min=low if chance(random, 0.5) else None
            ),
            Category("content", max=random.choice((None, 40.0))),
        ),
        floor=random.choice((0.0, 0.0, 0.0, -30.0, 5.0)),
        max=random.choice((None, None, 50.0, 100.0)),
        inactivity=quiet if chance(random, 0.4) else None,
        reset_on=(activity_condition(random),) if chance(random, 0.12) else (),
    )


def fit(random: Random, prefix: str, *, personas: bool) -> Fit:
    """Some rules with bounds and grades, by bands or by profile."""
    rules = tuple(
        FitRule(
            f"{prefix}{place}",
            fact_condition(random),
            points(random, -20, 40),
            points_unknown=random.choice((0.0, 0.0, 5.0, -5.0)),
            personas={"tech": points(random, -10, 50)} if personas and chance(random, 0.4) else {},
        )
        for place in range(random.randint(0, 4))
    )
    criteria = tuple(
        Criterion(f"k{n}", fact_condition(random), random.choice((-3, -1, 1, 2, 3, 6))) for n in range(3)
    )
    profile = Profile(random.choice(("D", "C", PROFILE_SCALE[0])), criteria) if chance(random, 0.3) else None
    return Fit(
        rules,
        min=random.choice((None, 0.0)),
        max=random.choice((None, 50.0)),
        grades=() if profile else (Grade("A", 40.0), Grade("B", 12.5), Grade("C", None)),
        profile=profile,
    )


def models(random: Random, *, personas: bool) -> tuple[FitModel, ...]:
    """None or two, the first perhaps only side by side."""
    if not chance(random, 0.3):
        return ()
    return tuple(
        FitModel(
            name,
            fit(random, f"{name}_", personas=personas),
            fact_condition(random) if chance(random, 0.7) else None,
        )
        for name in MODELS
    )


def personas(random: Random) -> tuple[Persona, ...]:
    """None, or two of which the first that holds is the person's."""
    if not chance(random, 0.3):
        return ()
    return Persona("tech", fact_condition(random)), Persona("money", fact_condition(random))


def classification(random: Random) -> Classification | None:
    """Three bands by three."""
    if not chance(random, 0.4):
        return None
    return Classification(
        (Band("A", 30.0), Band("B", 10.0), Band("C", None)),
        (Band("1", 60.0), Band("2", 22.5), Band("3", None)),
        {"A1": "assign", "A2": "assign", "C3": "discard"},
    )
