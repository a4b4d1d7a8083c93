"""The parts `fit`, `models` and `classification` of scoring.yaml: points for facts, grades, and cells."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from leadledger.definition.documents.conditions import Condition
from leadledger.definition.documents.strict import Document, Id, Points, Text, refuse
from leadledger.domain.scoring import PROFILE_SCALE


class FitRuleDocument(Document):
    """Points for facts."""

    id: Id = Field(description="The rule's name; it becomes the reason that people read.")
    label: Text | None = Field(None, description="Words for sales; the id when not given.")
    when: Condition = Field(description="Which people: {fact: employees, at_least: 50}.")
    points: Points = Field(description="Points when it holds; may be negative.")
    points_unknown: Points = Field(
        0.0, description="Points when a fact that it needs is not known; 0 by default."
    )
    personas: dict[Id, Points] = Field(
        default_factory=dict, description="Persona -> points for people of it, instead of `points`."
    )

    def possible_points(self) -> tuple[float, ...]:
        """Everything that the rule can give."""
        return (0.0, self.points, self.points_unknown, *self.personas.values())


def _bound(value: Any) -> float | str:
    if value == "below":
        return "below"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise refuse("should be the fit points from which on it holds, or `below` for the last grade")


def _band_bound(value: Any) -> float | str:
    if value == "below":
        return "below"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise refuse("should be the points from which on it holds, or `below` for the last band")


def _letter(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Z][+-]?", value):
        return value
    raise refuse("should be a grade: a capital letter, or one with + or -")


def _profile_letter(value: Any) -> str:
    if value in PROFILE_SCALE:
        return str(value)
    raise refuse("should be a grade between A+ and D-, or F", "D is where profile grading begins.")


def _fit_band(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Z]", value):
        return value
    raise refuse("should be a capital letter")


def _engagement_band(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[1-9][0-9]?", value):
        return value
    raise refuse("should be a number from 1 to 99")


def _thirds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= abs(value) <= 12:
        raise refuse("should be a whole number of thirds of a letter, from -12 to 12 and not 0")
    return value


def _named(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


_POINTS_OR_BELOW = WithJsonSchema({"anyOf": [{"type": "number"}, {"const": "below"}]})
Letter = Annotated[str, PlainValidator(_letter), _named("[A-Z][+-]?")]
GradeBound = Annotated[float | str, PlainValidator(_bound), _POINTS_OR_BELOW]
BandBound = Annotated[float | str, PlainValidator(_band_bound), _POINTS_OR_BELOW]
ProfileLetter = Annotated[str, PlainValidator(_profile_letter), WithJsonSchema({"enum": list(PROFILE_SCALE)})]
FitBand = Annotated[str, PlainValidator(_fit_band), _named("[A-Z]")]
EngagementBand = Annotated[str, PlainValidator(_engagement_band), _named("[1-9][0-9]?")]
Thirds = Annotated[
    int, PlainValidator(_thirds), WithJsonSchema({"type": "integer", "minimum": -12, "maximum": 12})
]


class CriterionDocument(Document):
    """One criterion of profile grading."""

    id: Id = Field(description="The criterion's name.")
    label: Text | None = Field(None, description="Words for sales; the id when not given.")
    when: Condition = Field(description="Which people: {fact: industry, is: Software}.")
    thirds: Thirds = Field(
        description="So many thirds of a letter better when it holds, 3 for a whole letter; negative for worse."
    )


class ProfileDocument(Document):
    """Profile grading: everybody starts at one grade and moves by thirds of a letter."""

    start: ProfileLetter = Field(
        "D", description="The grade of somebody who meets no criterion; D by default."
    )
    criteria: tuple[CriterionDocument, ...] = Field(min_length=1, description="The criteria.")


class FitDocument(Document):
    """Points from facts."""

    min: Points | None = Field(None, description="The sum is never less than this.")
    max: Points | None = Field(None, description="The sum is never more than this.")
    rules: tuple[FitRuleDocument, ...] = Field((), description="The rules.")
    grades: dict[Letter, GradeBound] = Field(
        default_factory=dict,
        description="Grade -> fit points from which on it holds, best first; the last is `below`.",
    )
    profile: ProfileDocument | None = Field(
        None, description="Instead of `grades`: a grade between A+ and F by criteria."
    )

    @model_validator(mode="after")
    def _one_grading(self) -> FitDocument:
        if self.grades and self.profile is not None:
            raise refuse("has both grades and profile", "Keep one of the two ways to a grade.")
        return self

    def letters(self) -> tuple[str, ...]:
        """The grades that a person can have, best first."""
        return PROFILE_SCALE if self.profile else tuple(self.grades)


class ModelDocument(Document):
    """One of several fit models."""

    when: Condition | None = Field(
        None, description="Whose model this is; without it, the model only stands beside."
    )
    fit: FitDocument = Field(description="Rules, bounds and grades, as in `fit`.")


def _cells(value: Any) -> tuple[str, ...] | str:
    if value == "rest":
        return "rest"
    if isinstance(value, tuple) and value and all(isinstance(cell, str) for cell in value):
        return value
    raise refuse("should be a list of cells, or `rest`", "For example [A1, A2, B1].")


Cells = Annotated[
    tuple[str, ...] | str,
    PlainValidator(_cells),
    WithJsonSchema(
        {"anyOf": [{"const": "rest"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    ),
]


class DispositionDocument(Document):
    """What to do with whom."""

    assign: Cells | None = Field(None, description="Cells that sales gets: [A1, A2, B1], or `rest`.")
    nurture: Cells | None = Field(None, description="Cells that marketing keeps.")
    discard: Cells | None = Field(None, description="Cells that nobody follows up.")


class ClassificationDocument(Document):
    """Bands of fit x bands of engagement."""

    fit: dict[FitBand, BandBound] = Field(
        min_length=1,
        description="Letter -> fit points from which on it holds, best first; the last is `below`.",
    )
    engagement: dict[EngagementBand, BandBound] = Field(
        min_length=1,
        description="Number -> engagement points from which on it holds, best first; the last is `below`.",
    )
    disposition: DispositionDocument | None = Field(
        None, description="What to do with each cell: assign, nurture or discard."
    )

    def cells(self) -> tuple[str, ...]:
        """`A1`, `A2` …, by fit and then by engagement."""
        return tuple(fit + engagement for fit in self.fit for engagement in self.engagement)
