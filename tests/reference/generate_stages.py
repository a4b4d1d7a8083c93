"""Random lifecycles: every trigger, every effect of an entry, forward and side stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from leadledger.domain.conditions import Compare, Condition, Op, Space
from leadledger.domain.instants import HOUR
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    Add,
    AssignedTrigger,
    BusinessHours,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Restore,
    Signal,
    Stage,
    StatusTrigger,
    TimerTrigger,
    Trigger,
    WhenTrigger,
)
from leadledger.domain.scoring import Calendar
from reference.generate_scoring import (
    CATEGORIES,
    LONG,
    MODELS,
    SPANS,
    activity_condition,
    chance,
    combined,
    fact_condition,
    points,
)

STATUSES = ("Open", "Working", "Recycle", "Out")
FORWARD = ("inquiry", "mql", "sal", "sql", "customer")
SIDE = ("recycled", "out")
HOURS = (
    BusinessHours(),
    BusinessHours((0, 2, 4, 5), 7 * 60 + 30, 20 * 60),
    BusinessHours((0, 1, 2, 3), 0, 24 * 60),
)


@dataclass(frozen=True)
class Names:
    """What conditions on the person's state may ask for."""

    forward: tuple[str, ...]
    side: tuple[str, ...]
    counters: tuple[str, ...]
    grades: tuple[str, ...]
    classified: bool
    models: bool

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages in order."""
        return self.forward + self.side


def computed(name: str, op: Op, value: str | float | tuple[str, ...]) -> Condition:
    """One comparison of a computed value."""
    return Compare(Space.COMPUTED, name, op, value)


def high(random: Random) -> Condition:
    """A value that is over or at a bound."""
    return computed(
        random.choice(("score", "engagement", "engagement", f"engagement_{random.choice(CATEGORIES)}")),
        random.choice((Op.OVER, Op.AT_LEAST)),
        random.choice((5.0, 20.0, 25.0, 40.0, 60.0, 33.333333)),
    )


def low(random: Random) -> Condition:
    """A value that is under or at a bound."""
    return computed(
        random.choice(("score", "engagement", "engagement", f"engagement_{random.choice(CATEGORIES)}")),
        random.choice((Op.BELOW, Op.AT_MOST)),
        random.choice((1.0, 5.0, 10.0, 20.0, 33.333333)),
    )


def position(random: Random, names: Names) -> Condition:
    """What a gate may ask for: stage, cycle, counter, fit, grade."""
    found = [
        computed("stage", random.choice((Op.IS, Op.IS_NOT)), random.choice(names.stages)),
        computed("stage", Op.IN, tuple(random.sample(names.stages, 2))),
        computed("cycle", random.choice((Op.AT_LEAST, Op.BELOW)), random.randint(1, 2)),
        computed("fit", random.choice((Op.AT_LEAST, Op.BELOW)), 10.0),
        *(computed(name, random.choice((Op.OVER, Op.AT_MOST)), 1) for name in names.counters),
    ]
    if names.grades:
        op = random.choice((Op.AT_LEAST, Op.AT_MOST, Op.OVER, Op.BELOW, Op.IS, Op.IS_NOT))
        found.append(computed("grade", op, random.choice(names.grades)))
    if names.models:
        found.append(computed(f"fit_{random.choice(MODELS)}", Op.AT_LEAST, 10.0))
    return random.choice(found)


def level(random: Random, names: Names, *, side: bool) -> Condition:
    """A condition on values, facts and state."""
    value = low(random) if side and chance(random, 0.6) else high(random)
    cell = computed("classification", Op.IN, ("A1", "B1", "C1", "A2")) if names.classified else value
    others = [high(random), fact_condition(random), position(random, names), cell, low(random)]
    if chance(random, 0.5):
        return value
    return (
        combined(random, (value, *random.sample(others, 2))) if chance(random, 0.8) else random.choice(others)
    )


def signal(random: Random) -> Signal:
    """Something that happens at an instant."""
    return random.choice(
        (
            HandRaiseTrigger(),
            HandRaiseTrigger(),
            ActivityTrigger(activity_condition(random)),
            StatusTrigger("Status", tuple(random.sample(STATUSES, random.randint(1, 2)))),
            FactTrigger("consent", ("Yes",)),
            FactTrigger("title", ("ceo", "intern")),
            DealTrigger(random.choice(tuple(DealEvent))),
            ConvertedTrigger(),
            AssignedTrigger(),
            AcceptedTrigger(),
            AcceptedTrigger(),
        )
    )


def timer(random: Random, names: Names) -> TimerTrigger:
    """In calendar or business time."""
    business = chance(random, 0.4)
    return TimerTrigger(
        random.choice((2 * HOUR, 8 * HOUR, 20 * HOUR) if business else SPANS[1:]),
        tuple(random.sample(names.stages, random.randint(1, 2))),
        tuple(signal(random) for _ in range(random.choice((0, 1, 1, 2)))),
        business,
    )


def trigger(random: Random, names: Names, *, side: bool) -> Trigger:
    """Any trigger."""
    choice = random.random()
    if choice < 0.4:
        until = low(random) if chance(random, 0.35) else None
        return WhenTrigger(level(random, names, side=side), until)
    return timer(random, names) if choice < 0.5 else signal(random)


def stage(random: Random, names: Names, id_: str) -> Stage:
    """One stage with what its entry does."""
    side = id_ in names.side
    others = tuple(name for name in names.stages if name != id_)
    some_side = tuple(random.sample(names.side, random.randint(0, len(names.side))))
    adds = tuple(
        Add(
            points(random, -20, 30),
            random.choice((None, position(random, names), high(random))),
            random.choice((None, Calendar.MONTH, Calendar.EVER, *LONG)),
        )
        for _ in range(random.choice((0, 0, 0, 0, 1, 2)))
    )
    return Stage(
        id_,
        tuple(dict.fromkeys(trigger(random, names, side=side) for _ in range(random.choice((1, 1, 2, 3))))),
        side=side,
        sources=random.choice((None, tuple(random.sample(others, random.randint(1, len(others))))))
        if side
        else None,
        counter=f"{id_}_counter" if f"{id_}_counter" in names.counters else None,
        reenter_from=() if side else some_side,
        resets_engagement=chance(random, 0.5 if side else 0.15),
        routes=chance(random, 0.25),
        cooldown=random.choice((0, 0, *LONG)) if side else 0,
        stamped_when_skipped=chance(random, 0.8),
        adds=adds,
        restores=Restore(random.choice(others), random.choice(LONG)) if chance(random, 0.25) else None,
    )


def state_names(random: Random, grades: tuple[str, ...], *, classified: bool, models: bool) -> Names:
    """How many stages there are, and which of them count."""
    forward = FORWARD[: random.randint(2, 5)]
    counters = tuple(f"{name}_counter" for name in forward if chance(random, 0.4))
    return Names(forward, SIDE[: random.randint(0, 2)], counters, grades, classified, models)


def lifecycle(random: Random, names: Names, first_day: date) -> Lifecycle:
    """Forward stages, side stages, business hours."""
    hours = random.choice(HOURS)
    off = tuple(first_day + timedelta(days=random.randint(0, 30)) for _ in range(random.randint(0, 3)))
    return Lifecycle(
        tuple(stage(random, names, id_) for id_ in names.stages),
        business_hours=BusinessHours(hours.days, hours.begin, hours.end, off),
    )
