from __future__ import annotations

from collections.abc import Callable

import pytest

from leadledger.definition.load import Loaded
from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.instants import DAY, HOUR, MINUTE, SECOND
from leadledger.domain.scoring import (
    Band,
    BotGuard,
    Burst,
    Calendar,
    Classification,
    Criterion,
    Decay,
    Fit,
    FitModel,
    FitRule,
    Grade,
    HalfLife,
    Inactivity,
    Limit,
    Linear,
    Persona,
    PointsBy,
    Profile,
    Steps,
)

Load = Callable[..., Loaded]

CALL = Compare(Space.ACTIVITY, "type", Op.IS, "call")


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        ("{half_life: 90m}", HalfLife(90 * MINUTE)),
        ("{linear_over: 30d}", Linear(30 * DAY)),
        ("{percent: 25, every: 30d}", Steps(25.0, 30 * DAY)),
        ("{percent: 0.1, every: 1h}", Steps(0.1, HOUR)),
    ],
)
def test_points_fade_in_one_of_three_ways(loaded_with: Load, decay: str, expected: Decay):
    text = f"engagement: {{rules: [{{id: a, when: {{type: call}}, points: 5, decay: {decay}}}]}}\n"

    assert loaded_with(scoring=text).definition.engagement.rules[0].decay == expected


def test_negative_points_may_fade_in_steps(loaded_with: Load):
    text = "engagement: {rules: [{id: a, when: {type: call}, points: -5, decay: {percent: 50, every: 7d}}]}\n"

    assert loaded_with(scoring=text).definition.engagement.rules[0].decay == Steps(50.0, 7 * DAY)


def test_points_by_an_attribute_and_bursts(loaded_with: Load):
    (rule,) = loaded_with(
        scoring="""
engagement:
  rules:
    - id: a
      when: {type: call}
      points_by: {attribute: seconds, values: {"60": 5, long: -2.5}, default: 1}
      at_least: {times: 3, within: 48h}
      limit: {times: 1000, per: ever}
"""
    ).definition.engagement.rules

    assert rule.points_by == PointsBy("seconds", {"60": 5.0, "long": -2.5}, 1.0)
    assert rule.points == 0.0
    assert rule.burst == Burst(3, 48 * HOUR)
    assert rule.limit == Limit(1000, Calendar.EVER)


def test_quiet_periods_resets_and_the_bot_guard(loaded_with: Load):
    definition = loaded_with(
        activities="""
salesforce:
  Task:
    - {type: email_sent, at: At, when: {field: Type, is: Sent}}
    - {type: email_click, at: At, attributes: {agent: Agent__c}}
    - {type: call, at: At}
""",
        scoring="""
engagement:
  inactivity: {points: -10, after: 30d, every: 1w, counts: [email_click, call]}
  reset_on: [{enters: recycled}, {activity: {type: call}}]
  bot_guard: {types: [email_click], delivered: {type: email_sent, within: 10s}, burst: {times: 5, within: 2s},
              scanner: {agent: {matches: "*Bot*"}}}
""",
    ).definition

    engagement = definition.engagement
    assert engagement.inactivity == Inactivity(-10.0, 30 * DAY, 7 * DAY, ("email_click", "call"))
    assert engagement.reset_on == (CALL,)
    assert [s.id for s in definition.lifecycle.stages if s.resets_engagement] == ["recycled"]
    assert engagement.bot_guard == BotGuard(
        ("email_click",),
        "email_sent",
        10 * SECOND,
        5,
        2 * SECOND,
        Compare(Space.ACTIVITY, "agent", Op.MATCHES, ("*Bot*",)),
    )


def test_a_delivery_makes_suspicious_for_half_a_minute(loaded_with: Load):
    definition = loaded_with(
        activities="salesforce: {Task: [{type: sent, at: At}, {type: call, at: At}]}\n",
        scoring="engagement: {bot_guard: {types: [call], delivered: {type: sent}}}\n",
    ).definition

    assert definition.engagement.bot_guard == BotGuard(("call",), "sent", 30 * SECOND)


def test_models_personas_and_profiles(loaded_with: Load):
    definition = loaded_with(
        scoring="""
personas: [{id: boss, when: {fact: title, is: CEO}}, {id: user, when: {fact: title, known: true}}]
fit:
  rules: [{id: size, when: {fact: persona, is: boss}, points: 20, points_unknown: -1, personas: {boss: 30, user: 5}}]
  grades: {A: 20, B: below}
models:
  large:
    when: {fact: employees, at_least: 500}
    fit: {max: 9, rules: [{id: l, label: Large, when: {fact: employees, over: 900}, points: 5}], grades: {A: 1, B: below}}
  product:
    fit: {profile: {start: C+, criteria: [{id: p, label: Fits, when: {fact: title, known: true}, thirds: -4}]}}
"""
    ).definition

    assert definition.personas == (
        Persona("boss", Compare(Space.FACT, "title", Op.IS, "CEO")),
        Persona("user", Compare(Space.FACT, "title", Op.KNOWN, True)),
    )
    assert definition.fit.rules == (
        FitRule(
            "size", Compare(Space.FACT, "persona", Op.IS, "boss"), 20.0, -1.0, {"boss": 30.0, "user": 5.0}
        ),
    )
    assert definition.models == (
        FitModel(
            "large",
            Fit(
                (FitRule("l", Compare(Space.FACT, "employees", Op.OVER, 900), 5.0),),
                max=9.0,
                grades=(Grade("A", 1.0), Grade("B", None)),
            ),
            Compare(Space.FACT, "employees", Op.AT_LEAST, 500),
        ),
        FitModel(
            "product",
            Fit(profile=Profile("C+", (Criterion("p", Compare(Space.FACT, "title", Op.KNOWN, True), -4),))),
        ),
    )
    assert definition.labels == {"l": "Large", "p": "Fits"}


def test_everybody_starts_a_profile_at_d(loaded_with: Load):
    text = "fit: {profile: {criteria: [{id: a, when: {fact: title, known: true}, thirds: 3}]}}\n"

    profile = loaded_with(scoring=text).definition.fit.profile

    assert profile is not None
    assert profile.start == "D"


def test_each_cell_of_a_classification_has_its_disposition(loaded_with: Load):
    definition = loaded_with(
        scoring="""
fit: {rules: [{id: a, when: {fact: title, known: true}, points: 60}]}
classification:
  fit: {A: 55, B: below}
  engagement: {1: 60, 2: 30.5, 3: below}
  disposition: {discard: [B3], nurture: rest, assign: [A1, B1]}
"""
    ).definition

    assert definition.classification == Classification(
        (Band("A", 55.0), Band("B", None)),
        (Band("1", 60.0), Band("2", 30.5), Band("3", None)),
        {"A1": "assign", "A2": "nurture", "A3": "nurture", "B1": "assign", "B2": "nurture", "B3": "discard"},
    )


def test_a_classification_needs_no_disposition(loaded_with: Load):
    text = "classification: {fit: {A: 5, B: below}, engagement: {1: 5, 2: below}}\n"

    classification = loaded_with(scoring=text).definition.classification

    assert classification is not None
    assert classification.disposition == {}
