"""Judges what facts alone decide: personas, fit, grades, exclusions, and the conditions on facts of other parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadledger.domain.conditions import Compare, Condition, Op, Space, names
from leadledger.domain.definition import Definition
from leadledger.domain.scoring import Band, Fit
from leadledger.engine.conditions import fact_column, literal, quoted, sql, words_column
from leadledger.engine.worths import micro
from leadledger.ports import Sql

PERSONA = "persona"
"""The derived fact that names a person's persona."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What one fit model says about everybody."""

    model: Fit
    fit: Any
    """int64 [P], millionths, within the model's bounds."""
    grade: Any
    """int64 [P]: rank among the model's letters, higher is better, the worst is 0; -1 where it has no grades."""
    outcomes: Any
    """int8 [P, rules]: 1 holds, 0 unknown, -1 does not."""

    def letter(self, p: int) -> str:
        """A person's grade as it is written, or empty."""
        rank, letters = int(self.grade[p]), self.model.letters()
        return letters[len(letters) - 1 - rank] if rank >= 0 else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What facts alone decide, one row per person in the order of `p`."""

    fit: Any
    """int64 [P], millionths: of the person's own model."""
    grade: Any
    """int64 [P]: rank among the letters of the person's own model; -1 for none."""
    model: Any
    """int16 [P]: position of the person's own model in the definition's `models`; -1 for the main `fit`."""
    fitted: tuple[Fitted, ...]
    """The main `fit`, then the models in their order: the person's own one is `fitted[model + 1]`."""
    models: Mapping[str, tuple[Any, Any]]
    """Model -> (fit, grade), as in `Fitted`."""
    band: Any
    """int8 [P]: position of the fit band of the classification, 0 is the best; -1 where there is none."""
    persona: Any
    """int16 [P]: position of the person's persona; -1 for none."""
    personas: tuple[str, ...]
    statics: Any
    """int8 [P, J]: 1 holds, 0 unknown, -1 does not."""
    routes: Any
    """int8 [P, route rules], likewise."""
    refused: Any
    """bool [P]: the account's owner must not get the lead."""
    excluded: Any
    """bool [P]"""
    known: Any
    """bool [P, asked facts]"""
    asked: tuple[str, ...]
    """The facts that fit rules and criteria look at, of the main fit and of all models."""

    def letters(self, p: int) -> tuple[str, ...]:
        """The grades that the person's own model gives, best first."""
        return self.fitted[int(self.model[p]) + 1].model.letters()

    def lines(self, p: int) -> Iterator[tuple[str, int, int]]:
        """(rule, outcome, points in millionths) of each rule of the person's own model, before its bounds."""
        own = self.fitted[int(self.model[p]) + 1]
        points = _points(own.model, self.personas)
        for k, rule in enumerate(own.model.rules):
            outcome = int(own.outcomes[p, k])
            yield rule.id, outcome, int(points[k, outcome, int(self.persona[p])])


def judge_facts(connection: Sql, definition: Definition, statics: Sequence[Condition]) -> Judged:
    """Evaluate every condition on facts for everybody at once.

    Where the definition has personas, table `fact` gets the column of the fact `persona`: other conditions may ask
    for it, so this comes before activities are matched.
    """
    _name_personas(connection, definition)
    models = (definition.fit, *(model.fit for model in definition.models))
    routing = definition.routing
    asked = tuple(dict.fromkeys(name for model in models for name in _asked(model)))
    outcomes: dict[str, Condition] = {
        **{f"fit{m}_{k}": rule.when for m, model in enumerate(models) for k, rule in enumerate(model.rules)},
        **{
            f"criterion{m}_{k}": criterion.when
            for m, model in enumerate(models)
            for k, criterion in enumerate(model.profile.criteria if model.profile else ())
        },
        **{f"static{k}": condition for k, condition in enumerate(statics)},
        **{f"route{k}": rule.when for k, rule in enumerate(routing.rules)},
    }
    unless = routing.account_owner.unless if routing.account_owner else None
    selects = [f"{_outcome(condition)} AS {name}" for name, condition in outcomes.items()]
    selects += [f"f.{quoted(fact_column(name))} IS NOT NULL AS known{k}" for k, name in enumerate(asked)]
    selects += [
        f"{f'coalesce({sql(condition, fact_of)}, false)' if condition else 'false'} AS {name}"
        for name, condition in (("excluded", definition.exclude_when), ("refused", unless))
    ]
    ids = [literal(persona.id) for persona in definition.personas]
    persona = f"list_position([{', '.join(ids)}], f.{quoted(fact_column(PERSONA))}) - 1" if ids else "-1"
    own = [(k, model.when) for k, model in enumerate(definition.models) if model.when is not None]
    selects += [f"coalesce({persona}, -1)::SMALLINT AS persona", f"{_first(own)}::SMALLINT AS model"]
    found = connection.execute(
        f"SELECT {', '.join(selects)} FROM person n LEFT JOIN fact f ON f.p = n.p ORDER BY n.p"
    ).fetchnumpy()
    columns = {name: np.asarray(values) for name, values in found.items()}
    personas = tuple(persona.id for persona in definition.personas)
    fitted = tuple(
        _fitted(
            model,
            _stacked(columns, f"fit{m}_", len(model.rules), np.int8),
            _stacked(columns, f"criterion{m}_", len(model.profile.criteria) if model.profile else 0, np.int8),
            _points(model, personas),
            columns["persona"],
        )
        for m, model in enumerate(models)
    )
    fit, grade = fitted[0].fit.copy(), fitted[0].grade.copy()
    for k, one in enumerate(fitted[1:]):
        theirs = columns["model"] == k
        fit[theirs], grade[theirs] = one.fit[theirs], one.grade[theirs]
    bands = definition.classification.fit if definition.classification else ()
    return Judged(
        fit=fit,
        grade=grade,
        model=columns["model"],
        fitted=fitted,
        models={
            model.id: (one.fit, one.grade) for model, one in zip(definition.models, fitted[1:], strict=True)
        },
        band=_banded(fit, bands).astype(np.int8),
        persona=columns["persona"],
        personas=personas,
        statics=_stacked(columns, "static", len(statics), np.int8),
        routes=_stacked(columns, "route", len(routing.rules), np.int8),
        refused=columns["refused"].astype(bool),
        excluded=columns["excluded"].astype(bool),
        known=_stacked(columns, "known", len(asked), bool),
        asked=asked,
    )


def fact_of(compare: Compare) -> str:
    """The column of table `fact` (alias f) that a comparison looks at."""
    name = words_column(compare.name) if compare.op is Op.WORDS else fact_column(compare.name)
    return f"f.{quoted(name)}"


def _name_personas(connection: Sql, definition: Definition) -> None:
    if not definition.personas:
        return
    column = quoted(fact_column(PERSONA))
    whens = " ".join(
        f"WHEN {sql(persona.when, fact_of)} THEN {literal(persona.id)}" for persona in definition.personas
    )
    # The table is written anew: updating every row of it in place takes several times as long.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fact AS SELECT f.*, CASE {whens} END::VARCHAR AS {column} FROM fact f"
    )


def _asked(model: Fit) -> Iterator[str]:
    conditions = [rule.when for rule in model.rules]
    conditions += [criterion.when for criterion in model.profile.criteria] if model.profile else []
    for condition in conditions:
        yield from sorted(names(condition, Space.FACT))


def _outcome(condition: Condition) -> str:
    """1 true, 0 unknown, -1 false."""
    return f"coalesce(({sql(condition, fact_of)})::TINYINT * 2 - 1, 0)::TINYINT"


def _first(conditions: Sequence[tuple[int, Condition]]) -> str:
    """The number of the first condition that is true, else -1."""
    whens = " ".join(f"WHEN {sql(condition, fact_of)} THEN {number}" for number, condition in conditions)
    return f"(CASE {whens} ELSE -1 END)" if whens else "(-1)"


def _stacked(columns: Mapping[str, Any], prefix: str, count: int, kind: type) -> Any:
    """[P, count]"""
    if count == 0:
        return np.zeros((len(columns["excluded"]), 0), kind)
    return np.stack([columns[f"{prefix}{k}"].astype(kind) for k in range(count)], axis=1)


def _points(model: Fit, personas: Sequence[str]) -> Any:
    """int64 [rules, 3, personas + 1], millionths: by outcome (0, 1, and -1 at the end) and by persona (likewise)."""
    table = np.zeros((len(model.rules), 3, len(personas) + 1), np.int64)
    for k, rule in enumerate(model.rules):
        table[k, 0, :] = micro(rule.points_unknown)
        table[k, 1, :] = [micro(rule.personas.get(one, rule.points)) for one in (*personas, "")]
    return table


def _fitted(model: Fit, outcomes: Any, criteria: Any, points: Any, persona: Any) -> Fitted:
    fit = np.zeros(len(outcomes), np.int64)
    for k in range(len(model.rules)):
        fit += points[k, outcomes[:, k], persona]
    if model.min is not None:
        fit = np.maximum(fit, micro(model.min))
    if model.max is not None:
        fit = np.minimum(fit, micro(model.max))
    return Fitted(model, fit, _grades(model, fit, criteria), outcomes)


def _grades(model: Fit, fit: Any, criteria: Any) -> Any:
    letters = model.letters()
    if model.profile is not None:
        best = len(letters) - 1
        rank = np.full(len(fit), best - letters.index(model.profile.start), np.int64)
        for k, criterion in enumerate(model.profile.criteria):
            rank += np.where(criteria[:, k] == 1, criterion.thirds, 0)
        return np.clip(rank, 0, best)
    place = _banded(fit, [Band(grade.letter, grade.at_least) for grade in model.grades])
    return np.where(place >= 0, len(letters) - 1 - place, -1)


def _banded(values: Any, bands: Sequence[Band]) -> Any:
    """int64 [P]: the first band whose bound is reached; -1 where none is."""
    place = np.full(len(values), -1, np.int64)
    for position, band in enumerate(bands):
        reached = place < 0
        if band.at_least is not None:
            reached &= values >= micro(band.at_least)
        place[reached] = position
    return place
