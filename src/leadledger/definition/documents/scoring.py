"""scoring.yaml: points for what people do (engagement) and for who they are (fit)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.strict import Document, Id, Per, Points, Span, Text, Version, refuse


class LimitDocument(Document):
    """How often a rule may give points."""

    times: int = Field(ge=1, le=1_000_000, description="At most so many awards …")
    per: Per = Field(description="… in a rolling span (7d), or per calendar day, week, month, or ever.")


class DecayDocument(Document):
    """How points fade."""

    half_life: Span = Field(
        description="After this span half of an award's points are left, after two a quarter."
    )


class EngagementRuleDocument(Document):
    """Points for an activity."""

    id: Id = Field(description="The rule's name; it becomes the reason that people read.")
    label: Text | None = Field(None, description="Words for sales; the id when not given.")
    when: Condition = Field(description="Which activities: {type: page_view, asset: {matches: …}}.")
    points: Points = Field(description="Points per award; may be negative.")
    category: Id | None = Field(None, description="The category whose bounds hold the rule.")
    limit: LimitDocument | None = Field(None, description="How often the rule may give points.")
    window: Span | None = Field(None, description="Age from which an award is worth nothing.")
    decay: DecayDocument | None = Field(None, description="How an award's points fade with its age.")
    max_points: Points | None = Field(None, description="The most that the rule gives at any time.")
    auto_qualify: bool = Field(
        default=False, description="A hand-raise: an award also meets every `hand_raise` trigger at once."
    )


class CategoryDocument(Document):
    """Bounds on the sum of some rules."""

    max: Points | None = Field(None, description="The rules of the category give at most this together.")
    min: Points | None = Field(None, description="… and at least this.")


class EngagementDocument(Document):
    """Points from activities."""

    floor: Points = Field(0.0, description="The total never stays below this; 0 by default.")
    max: Points | None = Field(None, description="The total is never more than this.")
    categories: dict[Id, CategoryDocument] = Field(default_factory=dict, description="Category -> bounds.")
    rules: tuple[EngagementRuleDocument, ...] = Field((), description="The rules.")


class FitRuleDocument(Document):
    """Points for facts."""

    id: Id = Field(description="The rule's name; it becomes the reason that people read.")
    label: Text | None = Field(None, description="Words for sales; the id when not given.")
    when: Condition = Field(description="Which people: {fact: employees, at_least: 50}.")
    points: Points = Field(description="Points when it holds; may be negative.")
    points_unknown: Points = Field(
        0.0, description="Points when a fact that it needs is not known; 0 by default."
    )


def _grade_bound(value: Any) -> float | str:
    if value == "below":
        return "below"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise refuse("should be the fit points from which on it holds, or `below` for the last grade")


def _letter(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Z][+-]?", value):
        return value
    raise refuse("should be a grade: a capital letter, or one with + or -")


Letter = Annotated[
    str, PlainValidator(_letter), WithJsonSchema({"type": "string", "pattern": "^[A-Z][+-]?$"})
]
GradeBound = Annotated[
    float | str,
    PlainValidator(_grade_bound),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"const": "below"}]}),
]


class FitDocument(Document):
    """Points from facts."""

    min: Points | None = Field(None, description="The sum is never less than this.")
    max: Points | None = Field(None, description="The sum is never more than this.")
    rules: tuple[FitRuleDocument, ...] = Field((), description="The rules.")
    grades: dict[Letter, GradeBound] = Field(
        default_factory=dict,
        description="Grade -> fit points from which on it holds, best first; the last is `below`.",
    )


class ScoringDocument(Document):
    """The whole file."""

    version: Version | None = None
    engagement: EngagementDocument | None = Field(None, description="Points from activities.")
    fit: FitDocument | None = Field(None, description="Points from facts, and the grade.")
    exclude_when: Condition | None = Field(
        None, description="People who are neither scored nor staged: own staff, competitors, students."
    )
