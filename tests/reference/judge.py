"""`judge`: which instants of one person are walked, what the person is as of one of them, and when that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from leadledger.domain.conditions import Condition, Space, comparisons
from leadledger.domain.definition import Definition
from leadledger.domain.instants import LATEST, SECOND
from leadledger.domain.lifecycle import AcceptedTrigger, ActivityTrigger, TimerTrigger, WhenTrigger
from reference.conditions import holds
from reference.engagement import worth_of
from reference.fit import facts_of, looking_at
from reference.history import Activity, Person
from reference.lifecycle import Walk
from reference.outcome import Outcome
from reference.worth import exact, half_up


def judge(definition: Definition, person: Person, as_of_us: int) -> Outcome:
    """Everything about one person at an instant, from an empty ledger."""
    facts = facts_of(definition, person, as_of_us)
    if definition.exclude_when is not None and holds(definition.exclude_when, looking_at(facts)):
        return Outcome(excluded=True)
    walk = Walk(definition, person, as_of_us)
    instants = Instants(definition, person, walk, as_of_us)
    t_us = -1
    following = instants.after(t_us)
    while following is not None and following <= as_of_us:
        t_us = following
        walk.at(t_us)
        following = instants.after(t_us)
    outcome = _as_of(walk, as_of_us)
    return replace(outcome, next_due_us=_next_due(walk, instants, t_us, as_of_us))


class Instants:
    """The instants of one person that are walked."""

    def __init__(self, definition: Definition, person: Person, walk: Walk, as_of_us: int) -> None:
        self.walk = walk
        known = [
            *(a.at_us for a in walk.activities if _heard(definition, walk, a)),
            *(one.at_us for one in walk.happenings),
            *(at for at in (person.created_us, person.changed_us) if at is not None),
        ]
        self.known = sorted({at for at in known if at <= as_of_us})
        self.bounds = sorted(set(_bounds(definition)))

    def after(self, t_us: int) -> int | None:
        """The first instant after t, if there is one before 2100."""
        breakpoint_us = self.breakpoint_after(t_us)
        falling = self.falling_between(t_us, LATEST if breakpoint_us is None else breakpoint_us)
        found = breakpoint_us if falling is None else falling
        return found if found is not None and found < LATEST else None

    def breakpoint_after(self, t_us: int) -> int | None:
        """The first instant after t at which more happens than that values fall."""
        walk = self.walk
        found = [
            next((at for at in self.known if at > t_us), None),
            walk.balance.next_change(t_us),
            walk.next_deduction(t_us),
            walk.cooled_us(),
            *(at for at, _, _ in walk.timers()),
        ]
        return min((at for at in found if at is not None and at > t_us), default=None)

    def falling_between(self, t_us: int, end_us: int) -> int | None:
        """The first whole second in between at which a comparison of a level trigger changes."""
        if not self.bounds or not self.walk.balance.falls(t_us):
            return None

        def passed(at_us: int) -> list[bool]:
            values = {name: self.walk.state.computed(name, at_us) for name, _ in self.bounds}
            return [
                sign
                for name, bound in self.bounds
                if isinstance(value := values[name], Fraction)
                for sign in (value < bound, value <= bound)
            ]

        now = passed(t_us)
        return first_second(t_us, end_us, lambda at_us: passed(at_us) != now)


def first_second(t_us: int, end_us: int, changed: Callable[[int], bool]) -> int | None:
    """The first whole second in `t < u < end` at which `changed` holds; once it holds, it goes on to hold."""
    low, high = t_us // SECOND + 1, (end_us - 1) // SECOND
    if low > high or not changed(high * SECOND):
        return None
    while low < high:
        middle = (low + high) // 2
        if changed(middle * SECOND):
            high = middle
        else:
            low = middle + 1
    return low * SECOND


def _heard(definition: Definition, walk: Walk, activity: Activity) -> bool:
    """Whether anything in the definition listens to this activity."""
    truth = walk.state.truth(activity.at_us, about=activity)
    triggers = [
        one
        for stage in definition.lifecycle.stages
        for trigger in stage.triggers
        for one in (trigger, *(trigger.without if isinstance(trigger, TimerTrigger) else ()))
    ]
    conditions = [
        *(rule.when for rule in definition.engagement.rules if rule.auto_qualify or worth_of(rule, activity)),
        *definition.engagement.reset_on,
        *(trigger.when for trigger in triggers if isinstance(trigger, ActivityTrigger)),
    ]
    quiet = definition.engagement.inactivity
    return (
        any(truth(condition) for condition in conditions)
        or (quiet is not None and activity.type in quiet.counts)
        or (activity.origin == "sales" and any(isinstance(t, AcceptedTrigger) for t in triggers))
    )


def _bounds(definition: Definition) -> Iterator[tuple[str, Fraction]]:
    """(computed value, bound) of every comparison of a level trigger with a value that can fall."""
    levels: list[Condition] = []
    for stage in definition.lifecycle.stages:
        for trigger in stage.triggers:
            if isinstance(trigger, WhenTrigger):
                levels += [trigger.condition] + ([trigger.until] if trigger.until is not None else [])
    for compare in (c for level in levels for c in comparisons(level) if c.space is Space.COMPUTED):
        if compare.name == "score" or compare.name.startswith("engagement"):
            values = compare.value if isinstance(compare.value, tuple) else (compare.value,)
            yield from ((compare.name, exact(float(value))) for value in values)
        if compare.name == "classification" and definition.classification is not None:
            bands = definition.classification.engagement
            yield from (("engagement", exact(b.at_least)) for b in bands if b.at_least is not None)


def _as_of(walk: Walk, as_of_us: int) -> Outcome:
    state, definition = walk.state, walk.definition
    stages = definition.lifecycle.stages
    cell = state.classification(state.balance.value(as_of_us))
    at: dict[str, list[int]] = {}
    for entry in walk.entries:
        at.setdefault(entry.stage, []).append(entry.at_us)
    return Outcome(
        engagement=state.balance.value(as_of_us),
        fit=state.fit.points,
        grade=state.fit.grade,
        lines={**state.balance.lines(as_of_us), **state.fit.lines},
        entries=tuple(walk.entries),
        counters={name: state.counters[name] for name in definition.counters()},
        first_at_us={stage: min(times) for stage, times in at.items()},
        last_at_us={stage: max(times) for stage, times in at.items()},
        stage="" if state.stage is None else stages[state.stage].id,
        stage_since_us=walk.since,
        cycle=state.cycle,
        classification=cell,
        disposition=definition.classification.disposition.get(cell, "") if definition.classification else "",
        categories={name: bounded for name, (bounded, _) in state.balance.by_category(as_of_us).items()},
        models={name: (model.points, model.grade) for name, model in state.models.items()},
    )


def _next_due(walk: Walk, instants: Instants, t_us: int, as_of_us: int) -> int:
    """The first instant after `as_of` at which something changes without new data; 0 for never."""
    shown = _shown(walk, as_of_us)
    entries = len(walk.entries)

    def changed(at_us: int) -> bool:
        return _differs(walk.definition, shown, _shown(walk, at_us))

    while True:
        following = instants.after(t_us)
        begin = max(t_us, as_of_us)
        if walk.balance.falls(begin):
            second = first_second(begin, LATEST if following is None else following, changed)
            if second is not None:
                return second
        if following is None:
            return 0
        t_us = following
        walk.at(t_us)
        if len(walk.entries) > entries or changed(t_us):
            return t_us
        if _at_rest(walk, instants, t_us):
            return 0


def _at_rest(walk: Walk, instants: Instants, t_us: int) -> bool:
    """Whether only deductions that take nothing are left."""
    rests = walk.balance.unclamped(t_us) == walk.balance.floor and walk.balance.next_change(t_us) is None
    waits = [walk.cooled_us(), *(at for at, _, _ in walk.timers())]
    return rests and not walk.balance.falls(t_us) and all(at is None or at <= t_us for at in waits)


Shown = tuple[dict[str, int], str]


def _shown(walk: Walk, at_us: int) -> Shown:
    value = walk.balance.value(at_us)
    return {"engagement": value, "score": value + walk.state.fit.points}, walk.state.classification(value)


def _differs(definition: Definition, old: Shown, new: Shown) -> bool:
    """Whether a mapped field would show another value, or the classification is another one."""
    if old[1] != new[1]:
        return True
    for mapping in (m for target in definition.targets for m in target.fields if m.value in new[0]):
        unit = Fraction(10) ** (6 - mapping.decimals)
        least = exact(mapping.min_change or 0) * 1_000_000
        change = abs(half_up(new[0][mapping.value] / unit) - half_up(old[0][mapping.value] / unit)) * unit
        if change > 0 and change >= least:
            return True
    return False
