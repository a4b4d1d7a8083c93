"""Fit, grade, persona and classification from the facts of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.domain.conditions import Space
from leadledger.domain.definition import Definition
from leadledger.domain.scoring import PROFILE_SCALE, Band, Fit
from reference.conditions import Answer, Look, holds
from reference.history import Person
from reference.worth import micro


@dataclass(frozen=True)
class Fitted:
    """The sum of one set of fit rules in millionths, its grade, and what each rule and the bounds gave."""

    points: int
    grade: str
    lines: Mapping[tuple[str, str], int]
    letters: tuple[str, ...]


def facts_of(definition: Definition, person: Person, as_of_us: int) -> Mapping[str, str | None]:
    """The mapped facts, and the three that follow: `email_domain`, `first_origin`, `persona`."""
    facts = dict(person.facts)
    email = facts.get("email")
    facts["email_domain"] = (email.split("@")[1] or None) if email and "@" in email else None
    past = [a for a in person.activities if a.at_us <= as_of_us]
    facts["first_origin"] = min(past, key=lambda a: (a.at_us, a.id)).origin if past else None
    facts["persona"] = None
    for persona in definition.personas:
        if holds(persona.when, looking_at(facts)):
            facts["persona"] = persona.id
            break
    return facts


def looking_at(facts: Mapping[str, str | None]) -> Look:
    """Conditions on facts alone."""

    def look(space: Space, name: str) -> Answer:
        assert space is Space.FACT, name
        return facts.get(name)

    return look


def judge_fit(fit: Fit, facts: Mapping[str, str | None]) -> Fitted:
    """One model's points and grade for one person."""
    look = looking_at(facts)
    lines: dict[tuple[str, str], int] = {}
    for rule in fit.rules:
        truth = holds(rule.when, look)
        if truth is None:
            lines["fit", rule.id] = micro(rule.points_unknown)
        elif truth:
            lines["fit", rule.id] = micro(rule.personas.get(facts["persona"] or "", rule.points))
    total = sum(lines.values())
    points = total
    if fit.min is not None:
        points = max(points, micro(fit.min))
    if fit.max is not None:
        points = min(points, micro(fit.max))
    lines["fit_bounds", ""] = points - total
    return Fitted(points, _grade(fit, points, look), lines, fit.letters())


def _grade(fit: Fit, points: int, look: Look) -> str:
    if fit.profile:
        moves = sum(c.thirds for c in fit.profile.criteria if holds(c.when, look))
        place = PROFILE_SCALE.index(fit.profile.start) - moves
        return PROFILE_SCALE[max(0, min(place, len(PROFILE_SCALE) - 1))]
    for grade in fit.grades:
        if grade.at_least is None or points >= micro(grade.at_least):
            return grade.letter
    return ""


def models_of(definition: Definition, facts: Mapping[str, str | None]) -> tuple[Fitted, Mapping[str, Fitted]]:
    """The person's own fit (the first model whose `when` holds, else the definition's), and every model's."""
    every = {model.id: judge_fit(model.fit, facts) for model in definition.models}
    for model in definition.models:
        if model.when is not None and holds(model.when, looking_at(facts)):
            return every[model.id], every
    return judge_fit(definition.fit, facts), every


def band(bands: Sequence[Band], points: int) -> str:
    """The best band that the points reach."""
    for one in bands:
        if one.at_least is None or points >= micro(one.at_least):
            return one.name
    return ""
