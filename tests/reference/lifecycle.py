"""The walk through one person's instants: stages are entered, values change, and the rest of time is looked into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadledger.domain.definition import Definition
from leadledger.domain.lifecycle import (
    AcceptedTrigger,
    ActivityTrigger,
    HandRaiseTrigger,
    Signal,
    Stage,
    TimerTrigger,
    WhenTrigger,
)
from reference.engagement import Awarding
from reference.history import Activity, Person
from reference.local_time import after_business, together
from reference.outcome import Entry
from reference.signals import Happening, answers, happenings
from reference.state import State
from reference.worth import micro

Triggered = Mapping[int, frozenset[str]]
"""Stage -> the kinds of triggers that lead there now."""


class Walk:
    """Everything that an instant changes. Call `at` for the instants in their order."""

    def __init__(self, definition: Definition, person: Person, as_of_us: int) -> None:
        self.definition, self.person = definition, person
        self.stages = definition.lifecycle.stages
        self.state = State(definition, person, as_of_us)
        self.balance = self.state.balance
        self.awarding = Awarding(definition.engagement, definition.time_zone)
        self.activities = sorted(
            (a for a in person.activities if a.at_us <= as_of_us), key=lambda a: (a.at_us, a.id)
        )
        self.happenings = happenings(definition, person, as_of_us)
        self.entries: list[Entry] = []
        self.since = 0
        self.turn = 0
        self.since_turn = 0
        self.turn_at: dict[int, int] = {}
        self.heard: list[tuple[int, Happening]] = []
        self.was_back_us: int | None = None
        self.routed_us: int | None = None
        self.accepted: list[int] = []
        self.hand_raised: list[int] = []
        self.last_award: int | None = None
        self.spent: set[tuple[int, int]] = set()
        self.held_at: dict[str, tuple[int, int]] = {}
        self.added_at: dict[tuple[int, int], list[int]] = {}
        self.entered_now: set[int] = set()

    # instants that come by themselves

    def next_deduction(self, t_us: int) -> int | None:
        """The first end of a quiet period after t, if no counted activity comes before it."""
        quiet = self.definition.engagement.inactivity
        if quiet is None:
            return None
        counted = [a.at_us for a in self.activities if a.at_us <= t_us and a.type in quiet.counts]
        if not counted:
            return None
        first = counted[-1] + quiet.after
        passed = max(0, (t_us - first) // quiet.every + 1)
        return first + passed * quiet.every

    def timers(self) -> Iterator[tuple[int, int, TimerTrigger]]:
        """(due instant, stage that it leads to, timer) of the present stage, in the order of the stages."""
        if self.state.stage is None:
            return
        here = self.stages[self.state.stage].id
        for target, stage in enumerate(self.stages):
            for trigger in stage.triggers:
                if isinstance(trigger, TimerTrigger) and here in trigger.stages:
                    yield self._due(trigger), target, trigger

    def _due(self, timer: TimerTrigger) -> int:
        if not timer.business:
            return self.since + timer.span
        hours = self.definition.lifecycle.business_hours
        return after_business(self.since, timer.span, hours, self.definition.time_zone)

    def cooled_us(self) -> int | None:
        """When the cooldown of the present side stage is over."""
        if self.state.stage is None or not self.stages[self.state.stage].side:
            return None
        return self.since + self.stages[self.state.stage].cooldown

    # one instant

    def at(self, t_us: int) -> None:
        """Walk one instant."""
        self.entered_now = set()
        self.balance.reflect(t_us, before=True)
        self._look_at_until(t_us, before=True)
        deducted = self._deduction_at(t_us)
        held = self.balance.value(t_us, before=True)
        self.balance.shrink(t_us)
        if deducted:
            self.balance.deduct(held)
        mine = [a for a in self.activities if a.at_us == t_us]
        raised = self._award(t_us, mine)
        reset_on = self.definition.engagement.reset_on
        if any(self.state.truth(t_us, about=a)(c) for a in mine for c in reset_on):
            self.balance.reset()
        self.balance.reflect(t_us)
        self._look_at_until(t_us, before=False)
        self.turn += 1
        self.turn_at[t_us] = self.turn
        self._signal(t_us, self._by_activities(t_us, mine, raised=raised), self._levels(t_us))
        for one in self.happenings:
            if one.at_us == t_us:
                self.turn += 1
                self.heard.append((self.turn, one))
                self._happen(one)
        self.turn += 1
        self._ring(t_us)

    def _deduction_at(self, t_us: int) -> bool:
        return self.next_deduction(t_us - 1) == t_us

    def _award(self, t_us: int, mine: list[Activity]) -> bool:
        """Make the awards of an instant; says whether one of them is a hand-raise."""
        before = self.state.truth(t_us, before=True)
        raised = False
        made = [
            award for a in mine for award in self.awarding.tries(a, self.state.truth(t_us, about=a), before)
        ]
        for award in made:
            self.balance.awards.append(award)
            self.last_award = t_us
            raised = raised or award.rule.auto_qualify
        if raised:
            self.hand_raised.append(t_us)
        return raised

    def _look_at_until(self, t_us: int, *, before: bool) -> None:
        """Free the level triggers that may be used again, and spend those that hold while one is in their stage."""
        truth = self.state.truth(t_us, before=before)
        for place, trigger in self._spendable():
            again = not truth(trigger.condition) and (trigger.until is None or bool(truth(trigger.until)))
            if again:
                self.spent.discard(place)
            if place[0] == self.state.stage and truth(trigger.condition):
                self.spent.add(place)

    def _spendable(self) -> Iterator[tuple[tuple[int, int], WhenTrigger]]:
        for target, stage in enumerate(self.stages):
            for place, trigger in enumerate(stage.triggers):
                if isinstance(trigger, WhenTrigger) and (stage.side or trigger.until is not None):
                    yield (target, place), trigger

    def _by_activities(self, t_us: int, mine: list[Activity], *, raised: bool) -> Triggered:
        accepted = self._accepts(t_us, mine)
        found: dict[int, frozenset[str]] = {}
        for target, stage in enumerate(self.stages):
            kinds = set()
            for trigger in stage.triggers:
                match trigger:
                    case HandRaiseTrigger() if raised:
                        kinds.add("hand_raise")
                    case ActivityTrigger(when) if any(
                        self.state.truth(t_us, about=activity)(when) for activity in mine
                    ):
                        kinds.add("activity")
                    case AcceptedTrigger() if accepted:
                        kinds.add("accepted")
            if kinds:
                found[target] = frozenset(kinds)
        return found

    def _accepts(self, t_us: int, mine: list[Activity]) -> bool:
        """Whether this instant brings the first activity of sales after the latest entry that asks for one."""
        routes = any(stage.routes for stage in self.stages)
        entry = self.routed_us if routes else (self.since if self.state.stage is not None else None)
        if entry is None or entry >= t_us or any(at > entry for at in self.accepted):
            return False
        if not any(a.origin == "sales" for a in mine):
            return False
        self.accepted.append(t_us)
        return True

    def _levels(self, t_us: int) -> Triggered:
        """All level triggers that hold now and may lead anywhere."""
        here = self.state.stage
        if here is not None and self.stages[here].side and t_us < self.since + self.stages[here].cooldown:
            return {}
        fresh = self.was_back_us is None or (
            self.last_award is not None and self.last_award > self.was_back_us
        )
        truth = self.state.truth(t_us)
        return {
            target: frozenset({"level"})
            for target, stage in enumerate(self.stages)
            if target not in self.entered_now
            and (fresh or stage.side)
            and any(
                isinstance(trigger, WhenTrigger)
                and (target, place) not in self.spent
                and truth(trigger.condition)
                for place, trigger in enumerate(stage.triggers)
            )
        }

    def _happen(self, one: Happening) -> None:
        """One signal by itself."""
        if one.kind == "stage":
            target = self.definition.lifecycle.index(one.value)
            if target != self.state.stage:
                self._enter(target, one.at_us, frozenset({"stage"}), back=self._is_backward(target))
            return
        triggered = {
            target: frozenset({one.kind.split()[0]})
            for target, stage in enumerate(self.stages)
            if any(answers(trigger, one, self.definition) for trigger in stage.triggers)
        }
        self._signal(one.at_us, triggered, won=one.kind == "deal won")

    def _is_backward(self, target: int) -> bool:
        here = self.state.stage
        return (
            here is not None and not self.stages[here].side and not self.stages[target].side and target < here
        )

    def _ring(self, t_us: int) -> None:
        """Each timer that is due, while the person is still where it began to run."""
        due = [(target, timer) for at, target, timer in self.timers() if at == t_us]
        entry = len(self.entries)
        for target, timer in due:
            if len(self.entries) == entry and not any(self._came(w) for w in timer.without):
                self._signal(t_us, {target: frozenset({"timer"})})

    def _came(self, signal: Signal) -> bool:
        """Whether a signal came after the entry into the present stage; at the entry's instant, in a later turn."""

        def late(at: int) -> bool:
            return self.turn_at.get(at, 0) > self.since_turn

        match signal:
            case HandRaiseTrigger():
                return any(map(late, self.hand_raised))
            case AcceptedTrigger():
                return any(map(late, self.accepted))
            case ActivityTrigger(when):
                return any(
                    late(a.at_us) and self.state.truth(a.at_us, about=a)(when) for a in self.activities
                )
            case _:
                return any(
                    turn > self.since_turn and answers(signal, one, self.definition)
                    for turn, one in self.heard
                )

    # entering

    def _signal(self, t_us: int, *parts: Triggered, won: bool = False) -> None:
        """One signal enters at most one stage."""
        triggered: dict[int, frozenset[str]] = {}
        for part in parts:
            for target, kinds in part.items():
                triggered[target] = triggered.get(target, frozenset()) | kinds
        allowed = [target for target in triggered if self._may_enter(target)]
        forward = [target for target in allowed if not self.stages[target].side]
        if allowed:
            target = max(forward) if forward else min(allowed)
            self._enter(target, t_us, triggered[target], won=won)

    def _may_enter(self, target: int) -> bool:
        here, stage = self.state.stage, self.stages[target]
        if here == target:
            return False
        if stage.side:
            return stage.sources is None or (here is not None and self.stages[here].id in stage.sources)
        if here is None:
            return True
        return self.stages[here].id in stage.reenter_from if self.stages[here].side else target > here

    def _enter(
        self, target: int, t_us: int, kinds: frozenset[str], *, back: bool = False, won: bool = False
    ) -> None:
        stage, value = self.stages[target], self.balance.value(t_us)
        source = "" if self.state.stage is None else self.stages[self.state.stage].id
        if not back and not stage.side:
            for skipped in self._never_entered(target):
                inferred = Entry(skipped.id, source, t_us, True, "", self.state.cycle, value, kinds)
                self.entries.append(inferred)
        counter = stage.counter if stage.counter and not back else ""
        if counter:
            self.state.counters[counter] += 1
            self.state.cycle += 1
        sold = won and not any(a.origin == "sales" and a.at_us <= t_us for a in self.activities)
        self.entries.append(
            Entry(stage.id, source, t_us, False, counter, self.state.cycle, value, kinds, sold)
        )
        self.state.stage, self.since, self.since_turn = target, t_us, self.turn
        by_a_person = "stage" in kinds
        if by_a_person or stage.side:
            self.was_back_us = t_us
        self.entered_now.add(target)
        if stage.routes:
            self.routed_us = t_us
        restorable = self.held_at.get(stage.restores.stage) if stage.restores else None
        self.held_at[stage.id] = (t_us, value)
        if not back:
            self._effects(target, t_us, restorable)
        if by_a_person:
            truth = self.state.truth(t_us)
            self.spent |= {
                place
                for place, trigger in self._spendable()
                if self.stages[place[0]].side and truth(trigger.condition)
            }
        self._look_at_until(t_us, before=False)
        self._signal(t_us, self._levels(t_us))

    def _never_entered(self, target: int) -> list[Stage]:
        seen = {entry.stage for entry in self.entries}
        return [s for s in self.stages[:target] if s.id not in seen and s.stamped_when_skipped]

    def _effects(self, target: int, t_us: int, restorable: tuple[int, int] | None) -> None:
        """Reset, then restore, then adds."""
        stage = self.stages[target]
        if stage.resets_engagement:
            self.balance.reset()
            self.balance.reflect(t_us)
        if stage.restores is not None and restorable is not None:
            at, held = restorable
            if t_us - at <= stage.restores.within and held > self.balance.value(t_us):
                self.balance.restored += held - self.balance.value(t_us)
        for place, add in enumerate(stage.adds):
            earlier = self.added_at.setdefault((target, place), [])
            zone = self.definition.time_zone
            if add.per is not None and any(together(add.per, at, t_us, zone) for at in earlier):
                continue
            if add.condition is None or self.state.truth(t_us)(add.condition):
                before = self.balance.added.get(stage.id, 0)
                self.balance.added[stage.id] = before + micro(add.points)
                self.balance.reflect(t_us)
                earlier.append(t_us)
