"""One person at one instant of the walk, and what conditions see of it."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from leadledger.domain.conditions import Condition, Space
from leadledger.domain.definition import Definition
from reference.conditions import Answer, holds
from reference.engagement import Balance, Truth
from reference.fit import band, facts_of, models_of
from reference.history import Activity, Person
from reference.worth import MILLIONTHS


class State:
    """Facts of today, and what the walk changes: the balance, the stage, the counters."""

    def __init__(self, definition: Definition, person: Person, as_of_us: int) -> None:
        self.definition = definition
        self.facts = facts_of(definition, person, as_of_us)
        self.fit, self.models = models_of(definition, self.facts)
        self.balance = Balance(definition.engagement)
        self.stage: int | None = None
        self.counters: Counter[str] = Counter()
        self.cycle = 0

    def truth(self, t_us: int, *, before: bool = False, about: Activity | None = None) -> Truth:
        """The judge of conditions at an instant; with `before` just before it."""

        def look(space: Space, name: str) -> Answer:
            if space is Space.FACT:
                return self.facts.get(name)
            if space is Space.ACTIVITY:
                return about.value(name) if about else None
            return self.computed(name, t_us, before=before)

        def judge(condition: Condition) -> bool | None:
            return holds(condition, look, self.fit.letters)

        return judge

    def computed(self, name: str, t_us: int, *, before: bool = False) -> Answer:
        """A computed value by its name: points as a number, grades and names as text."""
        definition = self.definition
        if name in definition.counters():
            return Fraction(self.counters[name])
        match name.split("_", 1):
            case ["score"]:
                return Fraction(self.balance.value(t_us, before=before) + self.fit.points, MILLIONTHS)
            case ["engagement"]:
                return Fraction(self.balance.value(t_us, before=before), MILLIONTHS)
            case ["engagement", category]:
                return Fraction(self.balance.by_category(t_us, before=before)[category][0], MILLIONTHS)
            case ["fit"]:
                return Fraction(self.fit.points, MILLIONTHS)
            case ["fit", model]:
                return Fraction(self.models[model].points, MILLIONTHS)
            case ["grade"]:
                return self.fit.grade or None
            case ["grade", model]:
                return self.models[model].grade or None
            case ["classification"]:
                return self.classification(self.balance.value(t_us, before=before)) or None
            case ["stage"]:
                return definition.lifecycle.stages[self.stage].id if self.stage is not None else None
            case ["cycle"]:
                return Fraction(self.cycle)
            case _:
                raise KeyError(name)

    def classification(self, engagement: int) -> str:
        """Fit band x engagement band."""
        cells = self.definition.classification
        return band(cells.fit, self.fit.points) + band(cells.engagement, engagement) if cells else ""
