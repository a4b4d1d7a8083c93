"""One person's engagement: awards, deductions, adds, restored values and the floor's gift, summed from scratch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from leadledger.domain.conditions import Condition
from leadledger.domain.scoring import Engagement, EngagementRule, HalfLife, Linear
from reference.history import Activity
from reference.local_time import together
from reference.worth import micro, next_step, worth

Truth = Callable[[Condition], bool | None]
"""Whether a condition holds; None for unknown."""


@dataclass(frozen=True, eq=False)
class Award:
    """Points for one activity by one rule; `place` is the rule's position."""

    at_us: int
    id: str
    place: int
    rule: EngagementRule
    points: int

    def worth(self, t_us: int, *, before: bool) -> int:
        """Millionths at an instant, or just before it."""
        return worth(self.points, self.rule.decay, self.rule.window, t_us - self.at_us, before=before)


class Awarding:
    """Which activities give awards: gates, bursts and limits. They know nothing of resets."""

    def __init__(self, engagement: Engagement, zone: ZoneInfo) -> None:
        self.rules = engagement.rules
        self.zone = zone
        self.given: list[list[Award]] = [[] for _ in self.rules]
        self.material: list[list[Activity]] = [[] for _ in self.rules]

    def tries(self, activity: Activity, about: Truth, state: Truth) -> Iterator[Award]:
        """The awards of one activity, rule by rule. `state` is the person just before the activity's instant."""
        for place, rule in enumerate(self.rules):
            if not about(rule.when) or (rule.gate is not None and not state(rule.gate)):
                continue
            if worth_of(rule, activity) == 0 and not rule.auto_qualify:
                continue
            if rule.burst is not None and not self._burst(place, rule, activity):
                continue
            if rule.limit is not None:
                per = rule.limit.per
                near = [a for a in self.given[place] if together(per, a.at_us, activity.at_us, self.zone)]
                if len(near) >= rule.limit.times:
                    continue
            award = Award(activity.at_us, activity.id, place, rule, worth_of(rule, activity))
            self.given[place].append(award)
            yield award

    def _burst(self, place: int, rule: EngagementRule, activity: Activity) -> bool:
        assert rule.burst is not None
        since = activity.at_us - rule.burst.within
        unused = [a for a in self.material[place] if a.at_us > since] + [activity]
        complete = len(unused) >= rule.burst.times
        self.material[place] = [] if complete else unused
        return complete


def worth_of(rule: EngagementRule, activity: Activity) -> int:
    by = rule.points_by
    if by is None:
        return micro(rule.points)
    text = (activity.value(by.attribute) or "").lower()
    given = {word.lower(): points for word, points in by.values.items()}
    return micro(given.get(text, by.default))


class Balance:
    """What a person has since the last reset. Points are millionths; `before` asks for the left limit."""

    def __init__(self, engagement: Engagement) -> None:
        self.engagement = engagement
        self.floor = micro(engagement.floor)
        self.reset()

    def reset(self) -> None:
        """Only later awards count."""
        self.awards: list[Award] = []
        self.deducted = 0
        self.added: dict[str, int] = {}
        self.restored = 0
        self.gift = 0
        self.forgiven: dict[Award, int] = {}

    def by_rule(self, t_us: int, *, before: bool = False) -> Mapping[str, int]:
        """The sum of each rule, clipped at its `max_points` in both directions."""
        sums = dict.fromkeys((rule.id for rule in self.engagement.rules), 0)
        for award in self.awards:
            sums[award.rule.id] += award.worth(t_us, before=before)
        for rule in self.engagement.rules:
            if rule.max_points is not None:
                most = micro(rule.max_points)
                sums[rule.id] = max(-most, min(sums[rule.id], most))
        return sums

    def by_category(self, t_us: int, *, before: bool = False) -> Mapping[str, tuple[int, int]]:
        """Category -> (sum within its bounds, what the bounds took or gave)."""
        sums = self.by_rule(t_us, before=before)
        found = {}
        for category in self.engagement.categories:
            total = sum(sums[rule.id] for rule in self.engagement.rules if rule.category == category.id)
            bounded = total if category.max is None else min(total, micro(category.max))
            bounded = bounded if category.min is None else max(bounded, micro(category.min))
            found[category.id] = bounded, bounded - total
        return found

    def unclamped(self, t_us: int, *, before: bool = False) -> int:
        """Categories + deductions + adds + restored + gift."""
        bounds = sum(difference for _, difference in self.by_category(t_us, before=before).values())
        rules = sum(self.by_rule(t_us, before=before).values())
        return rules + bounds + self.deducted + sum(self.added.values()) + self.restored + self.gift

    def value(self, t_us: int, *, before: bool = False) -> int:
        """The engagement. Between two breakpoints the gift of the next one is counted already."""
        value = max(self.floor, self.unclamped(t_us, before=before))
        return value if self.engagement.max is None else min(value, micro(self.engagement.max))

    def reflect(self, t_us: int, *, before: bool = False) -> None:
        """Raise the gift to the floor, and attribute what was missing to the newest penalties."""
        missing = self.floor - self.unclamped(t_us, before=before)
        if missing <= 0:
            return
        self.gift += missing
        for award in sorted(self.awards, key=lambda a: (a.at_us, a.id, a.place), reverse=True):
            takes = max(0, -award.worth(t_us, before=before))
            part = min(missing, max(0, takes - self.forgiven.get(award, 0)))
            if part > 0:
                self.forgiven[award] = self.forgiven.get(award, 0) + part
                missing -= part

    def shrink(self, t_us: int) -> None:
        """Take the gift back as far as penalties end or shrink at this instant."""
        for award, attributed in list(self.forgiven.items()):
            takes = max(0, -award.worth(t_us, before=False))
            if attributed > takes:
                self.forgiven[award] = takes
                self.gift -= attributed - takes

    def deduct(self, held: int) -> None:
        """One inactivity deduction from the value that was held just before, never below the floor."""
        assert self.engagement.inactivity is not None
        self.deducted -= max(0, min(-micro(self.engagement.inactivity.points), held - self.floor))

    def next_change(self, t_us: int) -> int | None:
        """The first instant after t at which an award ends or steps."""
        found = [
            award.at_us + age
            for award in self.awards
            if (age := next_step(award.points, award.rule.decay, award.rule.window, t_us - award.at_us))
        ]
        return min(found, default=None)

    def falls(self, t_us: int) -> bool:
        """Whether an award falls between breakpoints from here on."""
        return any(
            isinstance(award.rule.decay, HalfLife | Linear) and award.worth(t_us, before=False) > 0
            for award in self.awards
        )

    def lines(self, t_us: int) -> Mapping[tuple[str, str], int]:
        """What each rule and each other part gives; the sum of all is the engagement."""
        found: dict[tuple[str, str], int] = {}
        for rule, points in self.by_rule(t_us).items():
            found["engagement", rule] = points
        for category, (_, difference) in self.by_category(t_us).items():
            found["category", category] = difference
        found["inactivity", ""] = self.deducted
        for stage, points in self.added.items():
            found["add", stage] = points
        found["restore", ""] = self.restored
        found["floor", ""] = self.gift + max(0, self.floor - self.unclamped(t_us))
        found["max", ""] = self.value(t_us) - max(self.floor, self.unclamped(t_us))
        return found
