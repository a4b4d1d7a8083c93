"""How people move through the stages, and which stamps and counters that leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    START,
    World,
    a_definition,
    a_rule,
    asks,
    computed,
    days,
    hours,
    path,
    rules,
    stages,
    when,
)
from leadledger.domain.conditions import All, AnyOf, Not, Op
from leadledger.domain.instants import DAY
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    HandRaiseTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
    WhenTrigger,
)
from leadledger.domain.scoring import MICRO, Limit

OVER_100 = WhenTrigger(computed("score", Op.OVER, 100))


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def one_stage(*triggers, **more) -> Lifecycle:
    return Lifecycle((Stage("mql", triggers, counter="mql_counter", **more),))


@pytest.mark.parametrize(("op", "reached"), [(Op.OVER, []), (Op.AT_LEAST, [("mql", days(2))])])
def test_over_a_threshold_is_more_than_the_threshold(lead, op, reached):
    lead.activity("form", days(1))
    lead.activity("form", days(2))
    definition = a_definition(
        engagement=rules(a_rule("form", 50)), lifecycle=one_stage(WhenTrigger(computed("score", op, 100)))
    )

    assert path(lead.decide(definition)) == reached


def test_a_millionth_over_the_threshold_is_enough(lead):
    lead.activity("form", days(1))
    definition = a_definition(engagement=rules(a_rule("form", 100.000001)), lifecycle=one_stage(OVER_100))

    assert path(lead.decide(definition)) == [("mql", days(1))]


def test_fit_and_engagement_count_together_in_the_score(lead):
    lead.lead("00Q2", Employees="100")
    for lead_id in ("00Q1", "00Q2"):
        lead.activity("form", days(1), lead_id)
    definition = a_definition(engagement=rules(a_rule("form", 90)), lifecycle=one_stage(OVER_100))

    found = lead.everybody(definition)

    assert path(found["salesforce/Lead/00Q1"]) == []
    (transition,) = found["salesforce/Lead/00Q2"].transitions
    assert (transition.score, transition.engagement, transition.fit) == (110 * MICRO, 90 * MICRO, 20 * MICRO)
    assert (transition.trigger, transition.evidence) == (
        "score over 100",
        "salesforce.Visit__c/Visit__c-000004",
    )


def test_who_has_the_score_by_facts_alone_is_there_since_the_record_is(lead):
    lead.lead("00Q2", Employees="100", created_us=days(3), modified_us=days(3))
    definition = a_definition(lifecycle=one_stage(WhenTrigger(computed("fit", Op.AT_LEAST, 20))))

    (transition,) = lead.everybody(definition)["salesforce/Lead/00Q2"].transitions

    assert (transition.at_us, transition.evidence) == (days(3), "")


def test_a_hand_raise_meets_its_trigger_at_once_whatever_the_score(lead):
    lead.activity("demo", days(1))

    decision = lead.decide(a_definition(engagement=rules(a_rule("demo", 1, auto_qualify=True))))

    assert path(decision) == [("inquiry?", days(1)), ("mql", days(1))]
    assert decision.transitions[-1].trigger == "hand_raise: demo"


def test_a_hand_raise_that_its_limit_refused_is_none(lead):
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    lead.activity("demo", days(3))
    demo = a_rule("demo", 50, auto_qualify=True, limit=Limit(1, 30 * DAY))

    decision = lead.decide(a_definition(engagement=rules(demo)))

    assert decision.stage == "recycled"


def test_stages_that_were_skipped_get_an_inferred_stamp_and_no_counter(lead):
    lead.deal(days(1), won=days(5))

    decision = lead.decide()

    assert path(decision) == [
        ("inquiry?", days(1)), ("mql?", days(1)), ("sql", days(1)), ("customer", days(5)),
    ]  # fmt: skip
    assert decision.counter("mql_counter") == 0
    assert decision.first_at_us("mql") == days(1)
    assert (decision.stage, decision.stage_since_us, decision.cycle) == ("customer", days(5), 0)


def test_a_stage_that_was_left_out_once_is_stamped_once(lead):
    definition = a_definition(
        lifecycle=Lifecycle(
            (
                Stage("one", (ActivityTrigger(when("type", "form")),)),
                Stage("two", (ActivityTrigger(when("type", "visit")),), reenter_from=("aside",)),
                Stage("three", (DealTrigger(DealEvent.WON),)),
                Stage("aside", (StatusTrigger("Status", ("Recycle",)),), side=True),
            )
        )
    )
    lead.activity("visit", days(1))
    lead.status("Recycle", days(2))
    lead.activity("visit", days(3))
    lead.deal(days(0), won=days(4))

    assert path(lead.decide(definition)) == [
        ("one?", days(1)), ("two", days(1)), ("aside", days(2)), ("two", days(3)), ("three", days(4)),
    ]  # fmt: skip


def test_forward_stages_are_entered_upwards_only(lead):
    lead.deal(days(1))
    lead.activity("form", days(2))
    lead.activity("demo", days(3))

    assert lead.decide().stage == "sql"


def test_one_instant_enters_at_most_the_highest_stage_that_it_triggers(lead):
    lead.activity("form", days(1), id_="a")
    lead.activity("demo", days(1), id_="b")

    decision = lead.decide()

    assert path(decision) == [("inquiry?", days(1)), ("mql", days(1))]
    assert decision.counter("mql_counter") == 1


def test_awards_of_one_instant_act_together_so_no_state_lasts_no_time(lead):
    lead.activity("form", days(1))
    lead.activity("form", days(2), id_="a")
    lead.activity("careers", days(2), id_="b")
    definition = a_definition(
        engagement=rules(a_rule("form", 60), a_rule("careers", -30)), lifecycle=one_stage(OVER_100)
    )

    assert path(lead.decide(definition)) == []


def test_a_penalty_that_ends_lifts_the_score_over_the_threshold_at_that_instant(lead):
    lead.activity("careers", days(1))
    lead.activity("form", days(2))
    definition = a_definition(
        engagement=rules(a_rule("form", 120), a_rule("careers", -50, window=10 * DAY), floor=-100),
        lifecycle=one_stage(OVER_100),
    )

    assert path(lead.decide(definition, as_of=days(11) - 1)) == []
    (transition,) = lead.decide(definition, as_of=days(11)).transitions
    assert (transition.at_us, transition.engagement, transition.evidence) == (days(11), 120 * MICRO, "")


def test_a_lead_is_recycled_by_its_status_and_begins_again_without_points(lead):
    lead.activity("form", days(1))
    lead.activity("demo", days(2))
    lead.status("Recycle", days(3))
    lead.activity("visit", days(4))

    decision = lead.decide()

    assert path(decision) == [("inquiry", days(1)), ("mql", days(2)), ("recycled", days(3))]
    assert decision.transitions[-1].trigger == "status: Status becomes Recycle"
    assert decision.transitions[-1].engagement == 80 * MICRO
    assert decision.engagement == 10 * MICRO
    assert {c.rule: c.by_reset for c in decision.contributions} == {
        "visit": 0, "form": -30 * MICRO, "demo": -50 * MICRO,
    }  # fmt: skip


def test_a_side_stage_is_entered_only_from_where_it_says(lead):
    lead.activity("form", days(1))
    lead.status("Recycle", days(2))

    assert lead.decide().stage == "inquiry"


def test_a_side_stage_from_anywhere_also_takes_those_without_a_stage(lead):
    definition = a_definition(
        lifecycle=Lifecycle((*stages().stages, Stage("out", (StatusTrigger("Status", ("Out",)),), side=True)))
    )
    lead.status("Out", days(2))

    assert path(lead.decide(definition)) == [("out", days(2))]


def test_from_one_side_stage_to_another(lead):
    out = Stage("out", (StatusTrigger("Status", ("Out",)),), side=True, sources=("recycled",))
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    lead.status("Out", days(3))
    lead.status("Recycle", days(4))

    decision = lead.decide(a_definition(lifecycle=Lifecycle((*stages().stages, out))))

    assert [t.stage for t in decision.transitions] == ["inquiry", "mql", "recycled", "out"]


def test_status_values_compare_without_regard_to_case(lead):
    lead.activity("demo", days(1))
    lead.status("RECYCLE", days(2))

    assert lead.decide().stage == "recycled"


def test_a_recycled_lead_becomes_mql_again_by_a_new_hand_raise_and_a_cycle_opens(lead):
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    lead.activity("demo", days(3))

    decision = lead.decide()

    assert [(t.stage, t.counter, t.cycle) for t in decision.transitions] == [
        ("inquiry", "", 0), ("mql", "mql_counter", 1), ("recycled", "", 1), ("mql", "mql_counter", 2),
    ]  # fmt: skip
    assert (decision.counter("mql_counter"), decision.cycle) == (2, 2)
    assert (decision.first_at_us("mql"), decision.last_at_us("mql")) == (days(1), days(3))


def test_old_points_do_not_bring_a_lead_back(lead):
    keeps_points = replace(stages().stages[-1], resets_engagement=False)
    definition = a_definition(
        engagement=rules(a_rule("form", 120), a_rule("visit", 1)),
        lifecycle=Lifecycle((*stages().stages[:-1], keeps_points)),
    )
    lead.activity("form", days(1))
    lead.status("Recycle", days(2))
    lead.lead(
        "00Q1b", Email="00q1@acme.test", modified_us=days(3)
    )  # a look at the person without a new award

    assert lead.decide(definition).stage == "recycled"

    lead.activity("visit", days(5))  # one new award, and the score is still over the threshold

    assert path(lead.decide(definition))[-1] == ("mql", days(5))


def test_a_stage_is_entered_again_only_from_the_side_stages_it_names(lead):
    no_way_back = replace(stages().stages[1], reenter_from=())
    definition = a_definition(lifecycle=Lifecycle((stages().stages[0], no_way_back, *stages().stages[2:])))
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    lead.activity("demo", days(3))

    assert lead.decide(definition).stage == "recycled"

    lead.deal(days(4))

    assert path(lead.decide(definition))[-1] == ("sql", days(4))


def test_a_deal_is_created_and_won_or_lost(lead):
    lost = Stage("lost", (DealTrigger(DealEvent.LOST),), side=True)
    definition = a_definition(lifecycle=Lifecycle((*stages().stages, lost)))
    lead.deal(days(1))
    lead.add(
        "Role",
        deal=lead.add("Opportunity", created_us=days(1), closed_us=days(6), won=False, closed=True),
        person="00Q1",
    )

    decision = lead.decide(definition)

    assert path(decision)[-2:] == [("sql", days(1)), ("lost", days(6))]
    assert [t.trigger for t in decision.transitions][-2:] == ["deal: created", "deal: lost"]


def test_a_deal_of_somebody_else_or_a_deleted_one_is_no_signal(lead):
    lead.deal(days(1), person="00QX")
    lead.add("Role", deal=lead.add("Opportunity", created_us=days(1), deleted=True), person="00Q1")
    lead.add("Role", deal=lead.add("Opportunity", created_us=days(1)), person="00Q1", deleted=True)

    assert lead.decide().stage == ""


def test_a_converted_lead_meets_the_trigger_when_it_was_converted(world):
    world.lead(converted_to="0031", converted_us=days(3))
    world.contact("0031")
    definition = a_definition(
        people=(*a_definition().people, replace(a_definition().people[0], object="Contact")),
        lifecycle=one_stage(ConvertedTrigger()),
    )

    (transition,) = world.decide(definition).transitions

    assert (transition.at_us, transition.trigger) == (days(3), "converted")
    assert transition.evidence == "salesforce/Lead/00Q1"


def test_an_activity_trigger_needs_no_points(lead):
    lead.activity("visit", days(1), Url="/careers")
    definition = a_definition(
        engagement=rules(),
        lifecycle=Lifecycle((Stage("looked", (ActivityTrigger(when("asset", "/careers")),)),)),
    )

    (transition,) = lead.decide(definition).transitions

    assert (transition.at_us, transition.trigger) == (days(1), "activity: asset is /careers")


def test_deals_come_before_statuses_of_the_same_instant(lead):
    # Both stages listen to both; the order of the stages must not decide the order of the signals.
    lifecycle = Lifecycle(
        (
            Stage("working", (StatusTrigger("Status", ("Working",)),)),
            Stage("sql", (DealTrigger(DealEvent.CREATED),)),
        )
    )
    lead.status("Working", days(1))
    lead.deal(days(1))

    assert path(lead.decide(a_definition(lifecycle=lifecycle))) == [("working?", days(1)), ("sql", days(1))]


def test_two_signals_of_one_instant_act_one_after_the_other(lead):
    lead.activity("demo", days(1))
    lead.deal(days(2), won=days(2))
    lead.status("Recycle", days(2))

    decision = lead.decide()

    assert path(decision)[-2:] == [("sql", days(2)), ("customer", days(2))]
    assert decision.stage == "customer"


def test_activities_come_before_deals_of_the_same_instant(lead):
    lead.deal(days(1))
    lead.activity("demo", days(1))

    decision = lead.decide()

    assert path(decision) == [("inquiry?", days(1)), ("mql", days(1)), ("sql", days(1))]
    assert decision.counter("mql_counter") == 1


def test_a_level_may_ask_for_facts_and_scores_together(lead):
    lead.lead("00Q2", Country="DE")
    lead.lead("00Q3", Country="US")
    for lead_id in ("00Q1", "00Q2", "00Q3"):
        lead.activity("form", days(1), lead_id)
    condition = All((computed("engagement", Op.AT_LEAST, 30), asks("country", Op.IS, "DE")))

    found = lead.everybody(a_definition(lifecycle=one_stage(WhenTrigger(condition))))

    assert [d.stage for d in found.values()] == ["", "mql", ""]


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        (AnyOf((computed("score", Op.OVER, 100), computed("grade", Op.IS, "F"))), True),
        (Not(computed("score", Op.OVER, 100)), True),
        (Not(asks("country", Op.IS, "DE")), False),  # unknown stays unknown
        (AnyOf((asks("country", Op.IS, "DE"), computed("fit", Op.IS, 0))), True),
        (All((asks("country", Op.IS, "DE"), computed("fit", Op.IS, 0))), False),
        (computed("grade", Op.AT_LEAST, "A"), False),
        (computed("grade", Op.BELOW, "A"), True),
        (computed("grade", Op.IS_NOT, "A"), True),
        (computed("grade", Op.IN, ("A", "F")), True),
        (computed("grade", Op.NOT_IN, ("A", "F")), False),
        (computed("engagement", Op.AT_MOST, 30), True),
        (computed("engagement", Op.BELOW, 30), False),
        (computed("engagement", Op.IN, (10, 30)), True),
        (computed("mql_counter", Op.IS, 0), True),
        (computed("mql_counter", Op.AT_LEAST, 1), False),
        (All(()), True),
        (AnyOf(()), False),
    ],
)
def test_what_a_level_may_ask(lead, condition, reached):
    lead.activity("form", days(1))
    definition = a_definition(
        lifecycle=Lifecycle(
            (
                Stage("one", (ActivityTrigger(when("type", "form")),)),
                Stage(
                    "two",
                    (WhenTrigger(All((condition, computed("engagement", Op.OVER, 0)))),),
                    counter="mql_counter",
                ),
            )
        )
    )

    assert (lead.decide(definition).stage == "two") is reached


def test_without_grades_a_question_about_them_is_unknown(lead):
    definition = a_definition(
        fit=replace(a_definition().fit, grades=()),
        lifecycle=one_stage(
            WhenTrigger(AnyOf((computed("score", Op.OVER, 100), Not(computed("score", Op.OVER, 1)))))
        ),
    )

    assert lead.decide(definition).stage == "mql"
    assert lead.decide(definition).grade == ""


def test_conditions_may_be_nested_deeply(lead):
    condition = computed("score", Op.AT_LEAST, 0)
    for depth in range(80):
        condition = AnyOf(
            (computed("score", Op.OVER, 1000 + depth), All((computed("score", Op.AT_LEAST, 0), condition)))
        )

    assert lead.decide(a_definition(lifecycle=one_stage(WhenTrigger(condition)))).stage == "mql"


def test_the_counter_may_be_part_of_a_condition(lead):
    third_time = WhenTrigger(
        All((computed("mql_counter", Op.AT_LEAST, 2), computed("engagement", Op.OVER, 0)))
    )
    definition = a_definition(
        lifecycle=Lifecycle((*stages().stages[:2], Stage("sql", (third_time,)), stages().stages[-1]))
    )
    lead.activity("demo", days(1))
    lead.status("Recycle", days(2))
    lead.activity("demo", days(3))

    assert path(lead.decide(definition))[-2:] == [("mql", days(3)), ("sql", days(3))]


def test_excluded_people_have_neither_score_nor_stage(lead):
    lead.lead("00Q2", Company="Ours")
    for lead_id in ("00Q1", "00Q2"):
        lead.activity("demo", days(1), lead_id)

    evaluation = lead.evaluate(a_definition(exclude_when=asks("company", Op.IS, "ours")))
    normal, excluded = evaluation.decisions()

    assert evaluation.excluded == 1
    assert (normal.excluded, normal.stage) == (False, "mql")
    assert excluded.excluded
    assert (excluded.score, excluded.stage, excluded.grade) == (0, "", "")
    assert (excluded.transitions, excluded.contributions) == ((), ())


def test_without_stages_everybody_is_scored_and_nobody_moves(lead):
    lead.activity("demo", days(1))

    decision = lead.decide(a_definition(lifecycle=Lifecycle()))

    assert (decision.engagement, decision.stage, decision.transitions) == (50 * MICRO, "", ())


def test_the_funnel_counts_everybody_in_the_stage_where_they_are(lead):
    lead.lead("00Q2")
    lead.lead("00Q3")
    lead.activity("demo", days(1))
    lead.activity("demo", days(1), "00Q3")

    evaluation = lead.evaluate()

    assert evaluation.people == 3
    assert evaluation.activities == 2
    assert evaluation.funnel == {"": 1, "mql": 2}


def test_the_stage_and_its_stamps_are_those_of_the_instant_that_is_asked_for(lead):
    lead.activity("demo", hours(1))
    lead.status("Recycle", hours(2))

    assert lead.decide(as_of=START).stage == ""
    assert lead.decide(as_of=hours(2) - 1).stage == "mql"
    assert lead.decide(as_of=hours(2)).stage == "recycled"


def test_the_same_trigger_twice_is_one_trigger(lead):
    lead.activity("demo", days(1))

    assert lead.decide(a_definition(lifecycle=one_stage(HandRaiseTrigger(), HandRaiseTrigger()))).cycle == 1
