"""The part `engagement` of scoring.yaml: points for activities, and what takes them away again."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.strict import Document, Id, Points, Text, Times, exactly_one, refuse
from leadledger.definition.documents.times import FineSpan, Per, Span, SpanOfDays
from leadledger.domain.instants import SECOND


class LimitDocument(Document):
    """How often a rule may give points."""

    times: Times = Field(description="At most so many awards …")
    per: Per = Field(description="… in a rolling span (7d), or per calendar day, week, month, or ever.")


class BurstDocument(Document):
    """How many activities make one award."""

    times: Times = Field(description="So many matching activities make one award …")
    within: Span = Field(description="… when they lie within this span; each is used once.")


def _percent(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refuse("should be a number", "Write 25 for 25%.")
    if not 0.1 <= value <= 100:
        raise refuse("should lie between 0.1 and 100")
    return float(value)


Percent = Annotated[
    float,
    PlainValidator(_percent),
    WithJsonSchema({"type": "number", "minimum": 0.1, "maximum": 100}),
]


class DecayDocument(Document):
    """How points fade: one of three ways."""

    half_life: Span | None = Field(
        None, description="After this span half of an award's points are left, after two a quarter."
    )
    linear_over: Span | None = Field(
        None, description="The points fall in a straight line and are gone after this span."
    )
    percent: Percent | None = Field(
        None, description="An award loses this percentage of what is left of it …"
    )
    every: Span | None = Field(None, description="… with each full span of this length.")

    @model_validator(mode="after")
    def _one_way(self) -> DecayDocument:
        if (self.percent is None) != (self.every is None):
            raise refuse("needs both percent and every", "Write {percent: 25, every: 30d}.")
        exactly_one(self, ("half_life", "linear_over", "percent"))
        return self


class PointsByDocument(Document):
    """Points that hang on an attribute of the activity."""

    attribute: Id = Field(description="The attribute whose text decides.")
    values: dict[Text, Points] = Field(min_length=1, description="Text -> points; case does not matter.")
    default: Points = Field(0.0, description="Points for any other text, and for none; 0 by default.")


class EngagementRuleDocument(Document):
    """Points for an activity."""

    id: Id = Field(description="The rule's name; it becomes the reason that people read.")
    label: Text | None = Field(None, description="Words for sales; the id when not given.")
    when: Condition = Field(
        description="Which activities: {type: page_view, asset: {matches: …}}; also the person's stage, cycle, "
        "counters, fit and grade just before."
    )
    points: Points | None = Field(None, description="Points per award; may be negative.")
    points_by: PointsByDocument | None = Field(
        None, description="Instead of `points`: points by the text of an attribute."
    )
    at_least: BurstDocument | None = Field(
        None, description="An award takes several activities: {times: 3, within: 48h}."
    )
    category: Id | None = Field(None, description="The category whose bounds hold the rule.")
    limit: LimitDocument | None = Field(None, description="How often the rule may give points.")
    window: Span | None = Field(None, description="Age from which an award is worth nothing.")
    decay: DecayDocument | None = Field(None, description="How an award's points fade with its age.")
    max_points: Points | None = Field(None, description="The most that the rule gives at any time.")
    auto_qualify: bool = Field(
        default=False, description="A hand-raise: an award also meets every `hand_raise` trigger at once."
    )

    @model_validator(mode="after")
    def _worth_something(self) -> EngagementRuleDocument:
        exactly_one(self, ("points", "points_by"))
        return self

    def possible_points(self) -> tuple[float, ...]:
        """Everything that one award can be worth at first."""
        if self.points_by is None:
            return (self.points or 0.0,)
        return (*self.points_by.values.values(), self.points_by.default)


class CategoryDocument(Document):
    """Bounds on the sum of some rules."""

    max: Points | None = Field(None, description="The rules of the category give at most this together.")
    min: Points | None = Field(None, description="… and at least this.")


class InactivityDocument(Document):
    """Points that quiet people lose."""

    points: Points = Field(description="Points that are taken after each quiet period; negative.")
    after: SpanOfDays = Field(description="The first period: so long after the last activity.")
    every: SpanOfDays = Field(description="Each further period.")
    counts: tuple[Id, ...] = Field(min_length=1, description="The activity types that end a quiet period.")

    @model_validator(mode="after")
    def _takes(self) -> InactivityDocument:
        if self.points >= 0:
            raise refuse("should take points: give negative ones")
        return self


class EngagementResetDocument(Document):
    """What lets engagement start again; one of the keys."""

    activity: Condition | None = Field(None, description="An activity that meets this: {type: unsubscribe}.")
    enters: Id | None = Field(
        None, description="The entry into this stage, like on_enter: [{reset: engagement}]."
    )

    @model_validator(mode="after")
    def _one_key(self) -> EngagementResetDocument:
        exactly_one(self, ("activity", "enters"), "Make one list entry of each.")
        return self


class DeliveredDocument(Document):
    """Opens and clicks that come right after the delivery."""

    type: Id = Field(description="The activity type of a delivery.")
    within: FineSpan = Field(
        30 * SECOND,
        description="So soon after it, with the same asset or campaign: a machine. 30s by default.",
    )


class ClickBurstDocument(Document):
    """Many opens and clicks at once."""

    times: int = Field(ge=2, le=1000, description="So many or more …")
    within: FineSpan = Field(description="… within this span: a machine.")


class BotGuardDocument(Document):
    """Which opens and clicks are a machine's."""

    types: tuple[Id, ...] = Field(min_length=1, description="The activity types that may be a machine's.")
    delivered: DeliveredDocument | None = Field(None, description="Right after the delivery.")
    burst: ClickBurstDocument | None = Field(None, description="Many within a moment.")
    scanner: Condition | None = Field(
        None, description="An activity that meets this: {user_agent: {matches: …}}."
    )

    @model_validator(mode="after")
    def _suspects_something(self) -> BotGuardDocument:
        if self.delivered is None and self.burst is None and self.scanner is None:
            raise refuse("suspects nothing", "Give delivered, burst or scanner.")
        return self


class EngagementDocument(Document):
    """Points from activities."""

    floor: Points = Field(0.0, description="The total never stays below this; 0 by default.")
    max: Points | None = Field(None, description="The total is never more than this.")
    categories: dict[Id, CategoryDocument] = Field(default_factory=dict, description="Category -> bounds.")
    rules: tuple[EngagementRuleDocument, ...] = Field((), description="The rules.")
    inactivity: InactivityDocument | None = Field(None, description="Points that quiet people lose.")
    reset_on: tuple[EngagementResetDocument, ...] = Field(
        (), description="Only later activities give points after: {activity: …} or {enters: stage}."
    )
    bot_guard: BotGuardDocument | None = Field(
        None, description="Opens and clicks of machines: kept, but without points."
    )
