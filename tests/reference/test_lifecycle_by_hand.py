"""The sentences of the contract about stages, calculated by hand."""

from __future__ import annotations

from leadledger.domain.conditions import All, Op, Space
from leadledger.domain.instants import DAY, SECOND
from leadledger.domain.lifecycle import (
    ActivityTrigger,
    Add,
    AssignedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    HandRaiseTrigger,
    Restore,
    Stage,
    StatusTrigger,
)
from leadledger.domain.scoring import (
    Calendar,
    Engagement,
    HalfLife,
)
from reference.history import Person
from reference.judge import judge
from reference.small import (
    MQL,
    RECYCLED,
    VISITS,
    a_definition,
    asks,
    at,
    below,
    by_type,
    happened,
    level,
    of_type,
    over,
    path,
    points,
    recycled,
    rule,
)


def test_excluded_people_have_no_score_and_no_transition():
    definition = a_definition(
        VISITS, by_type("mql", "form"), exclude_when=asks("country", Op.IS, "XX", Space.FACT)
    )

    outcome = judge(definition, happened(("form", at()), facts={"country": "XX"}), at(1))

    assert (outcome.excluded, outcome.score, outcome.entries) == (True, 0, ())


def test_one_signal_enters_the_highest_stage_and_stamps_what_it_skips():
    quiet = Stage("seen", (ActivityTrigger(of_type("seen")),), stamped_when_skipped=False)
    stages = (
        by_type("inquiry", "form"),
        quiet,
        by_type("sal", "call", counter="sals"),
        level("mql", over(25)),
    )
    definition = a_definition(VISITS, *stages)

    outcome = judge(definition, happened(("form", at()), ("call", at())), at(1))

    assert path(outcome) == [("inquiry?", at()), ("sal?", at()), ("mql", at())]
    assert outcome.counters == {"sals": 0}


def test_triggers_see_the_value_after_the_last_activity_of_the_instant():
    definition = a_definition(VISITS, MQL)

    assert path(judge(definition, happened(("visit", at()), ("form", at()), ("careers", at())), at(1))) == [
        ("mql", at())
    ]
    assert path(judge(definition, happened(("form", at()), ("careers", at())), at(1))) == []


def test_a_counter_counts_entries_and_every_entry_opens_a_cycle():
    definition = a_definition(VISITS, MQL, RECYCLED)
    person = happened(("form", at()), ("form", at(2)), statuses=recycled(at(1)))

    outcome = judge(definition, person, at(9))

    assert path(outcome) == [("mql", at()), ("recycled", at(1)), ("mql", at(2))]
    assert (outcome.counters, outcome.cycle) == ({"mqls": 2}, 2)
    assert (outcome.first_at_us["mql"], outcome.last_at_us["mql"]) == (at(), at(2))
    assert [entry.engagement for entry in outcome.entries] == [30_000_000, 30_000_000, 30_000_000]


def test_old_points_lead_nobody_out_of_a_side_stage():
    keeps = Stage("recycled", RECYCLED.triggers, side=True)
    definition = a_definition(VISITS, MQL, keeps)

    stays = judge(definition, happened(("form", at()), statuses=recycled(at(1)), changed_us=at(3)), at(9))
    leaves = judge(definition, happened(("form", at()), ("visit", at(4)), statuses=recycled(at(1))), at(9))

    assert stays.stage == "recycled"
    assert path(leaves)[-1] == ("mql", at(4))


def test_a_cooldown_holds_level_triggers_up_and_no_hand_raise():
    cool = Stage("recycled", RECYCLED.triggers, side=True, cooldown=5 * DAY)
    raising = Engagement((*VISITS.rules, rule("demo", 1, auto_qualify=True)))
    mql = Stage("mql", (*MQL.triggers, HandRaiseTrigger()), reenter_from=("recycled",))
    definition = a_definition(raising, mql, cool)
    scored = happened(("form", at()), ("form", at(2)), statuses=recycled(at(1)))
    raised = happened(("form", at()), ("demo", at(2)), statuses=recycled(at(1)))

    assert path(judge(definition, scored, at(9)))[-1] == ("mql", at(6))
    assert path(judge(definition, raised, at(9)))[-1] == ("mql", at(2))
    assert judge(definition, scored, at(5)).next_due_us == at(6)


def test_a_trigger_with_until_is_spent_until_the_value_was_low():
    keeps = Stage("recycled", RECYCLED.triggers, side=True)
    mql = level("mql", over(15), until=below(5), reenter_from=("recycled",))
    definition = a_definition(Engagement((rule("visit", 20, window=2 * DAY),)), mql, keeps)

    def visited(second):
        return happened(("visit", at()), ("visit", at(second)), statuses=recycled(at(1)))

    # The first visit ends at day 2. A second one at that instant keeps the value at 20, just before and at it.
    assert path(judge(definition, visited(2), at(20)))[-1] == ("recycled", at(1))
    assert path(judge(definition, visited(3), at(20)))[-1] == ("mql", at(3))


def test_a_falling_value_is_followed_to_the_second():
    fading = Engagement((rule("visit", 100, decay=HalfLife(DAY)),))
    cold = level("cold", All((below(30), asks("stage", Op.IS, "warm"))), side=True, sources=None)
    definition = a_definition(fading, level("warm", over(50)), cold)

    outcome = judge(definition, happened(("visit", at())), at(9))

    # 100 x 2^-(t / day) < 30 at t = 1.736965594… days = 150073.827… s
    assert path(outcome) == [("warm", at()), ("cold", at() + 150_074 * SECOND)]


def test_a_side_stage_resets_and_what_was_held_comes_back():
    restoring = Stage(
        "recycled", RECYCLED.triggers, side=True, resets_engagement=True, restores=Restore("mql", 10 * DAY)
    )
    definition = a_definition(VISITS, level("mql", over(15)), restoring)
    person = happened(("form", at()), ("form", at(1)), statuses=recycled(at(3)))

    outcome = judge(definition, person, at(9))

    assert points(outcome) == 30
    assert outcome.lines["restore", ""] == 30_000_000
    late = happened(("form", at()), statuses=recycled(at(11)))
    assert points(judge(definition, late, at(12))) == 0


def test_an_add_is_given_while_its_condition_holds_and_once_per_unit():
    add = Add(20, asks("mqls", Op.OVER, 1), Calendar.MONTH)
    mql = Stage("mql", MQL.triggers, counter="mqls", reenter_from=("recycled",), adds=(add,))
    definition = a_definition(VISITS, mql, RECYCLED)
    days = (0, 2, 4)
    person = happened(*(("form", at(d)) for d in days), statuses=recycled(at(1), at(3)))

    assert [points(judge(definition, person, at(d))) for d in days] == [30, 50, 30]


def test_a_value_that_changed_by_an_entry_is_looked_at_once_more():
    boosted = by_type("inquiry", "form", adds=(Add(50),))
    definition = a_definition(VISITS, boosted, level("mql", over(60)), level("hot", over(70)))

    outcome = judge(definition, happened(("form", at())), at(1))

    assert path(outcome) == [("inquiry", at()), ("mql?", at()), ("hot", at())]


def test_entries_of_one_instant_do_not_go_round_in_circles():
    up = level("up", over(5), reenter_from=("down",), adds=(Add(100),))
    down = level("down", over(50), side=True, sources=None, adds=(Add(10),))
    definition = a_definition(VISITS, up, down)

    outcome = judge(definition, happened(("visit", at())), at(1))

    assert path(outcome) == [("up", at()), ("down", at())]


def test_level_triggers_are_looked_at_once_more_after_every_entry():
    stages = (
        Stage("sql", (DealTrigger(DealEvent.CREATED),)),
        level("hot", All((asks("stage", Op.IS, "sql"), over(5)))),
    )
    person = happened(("visit", at()), deals=((DealEvent.CREATED, at(1), "d"),))

    assert path(judge(a_definition(VISITS, *stages), person, at(9))) == [("sql", at(1)), ("hot", at(1))]


def test_a_side_trigger_that_held_in_its_stage_is_spent_until_it_was_false():
    cold = level("cold", below(5), side=True)
    mql = Stage("mql", (HandRaiseTrigger(),), reenter_from=("cold",))
    rules = (rule("demo", 1, auto_qualify=True), rule("visit", 10, window=DAY))
    definition = a_definition(Engagement(rules), mql, cold)

    raised = judge(definition, happened(("demo", at(1)), created_us=at()), at(9))
    warmed = judge(definition, happened(("demo", at(1)), ("visit", at(2)), created_us=at()), at(9))

    assert path(raised) == [("cold", at()), ("mql", at(1))]
    assert path(warmed) == [("cold", at()), ("mql", at(1)), ("cold", at(3))]


def test_what_holds_when_a_person_sets_a_stage_does_not_undo_that():
    cold = level("cold", below(5), side=True)
    fading = Engagement((rule("visit", 10, window=DAY),))
    definition = a_definition(fading, by_type("mql", "x"), cold)
    set_by_hand = (("mql", at(), "h"),)

    stays = judge(definition, Person(stages_set=set_by_hand, changed_us=at(1)), at(9))
    warmed = judge(definition, happened(("visit", at(2)), stages_set=set_by_hand), at(9))

    assert path(stays) == [("cold", at()), ("mql", at())]
    assert path(warmed) == [("cold", at()), ("mql", at()), ("cold", at(3))]


def test_once_aside_a_forward_stage_asks_for_a_new_award_only_once():
    back = Stage("inquiry", (StatusTrigger("Status", ("Open",)),), reenter_from=("recycled",))
    keeps = Stage("recycled", RECYCLED.triggers, side=True)
    definition = a_definition(VISITS, back, level("mql", over(15)), keeps)
    statuses = (*recycled(at(1)), ("Status", "Open", at(2), "o"))

    waits = judge(definition, happened(("form", at()), statuses=statuses, changed_us=at(3)), at(9))
    goes_on = judge(definition, happened(("form", at()), ("visit", at(3)), statuses=statuses), at(9))

    assert path(waits)[-1] == ("inquiry", at(2))
    assert path(goes_on)[-1] == ("mql", at(3))


def test_one_change_in_the_crm_is_one_signal():
    mql = Stage("mql", (StatusTrigger("Status", ("Hot", "Recycle")),))
    aside = Stage("recycled", (StatusTrigger("Status", ("Recycle", "Out")),), side=True)

    outcome = judge(a_definition(VISITS, mql, aside), Person(statuses=recycled(at())), at(1))

    assert path(outcome) == [("mql", at())]


def test_stages_that_were_skipped_by_way_of_a_side_stage_are_stamped():
    aside = Stage("out", (AssignedTrigger(),), side=True)
    sql = Stage("sql", (DealTrigger(DealEvent.CREATED),), reenter_from=("out",))
    definition = a_definition(VISITS, by_type("inquiry", "x"), sql, aside)
    person = Person(assigned=((at(), "o"),), deals=((DealEvent.CREATED, at(1), "d"),))

    assert path(judge(definition, person, at(9))) == [("out", at()), ("inquiry?", at(1)), ("sql", at(1))]


def test_a_person_who_sets_a_stage_is_never_undone():
    definition = a_definition(
        VISITS, by_type("inquiry", "x"), MQL, level("sql", over(45), counter="sqls", resets_engagement=True)
    )
    person = happened(
        ("form", at()), ("visit", at(2)), stages_set=(("sql", at(1), "h1"), ("inquiry", at(3), "h2"))
    )

    outcome = judge(definition, person, at(9))

    assert path(outcome) == [
        ("inquiry?", at()),
        ("mql", at()),
        ("sql", at(1)),
        ("inquiry", at(3)),
    ]
    assert outcome.counters == {"mqls": 1, "sqls": 1}
    assert points(outcome) == 10


def test_after_a_correction_level_triggers_wait_for_a_new_award():
    definition = a_definition(VISITS, by_type("inquiry", "x"), MQL)
    back = (("inquiry", at(1), "h"),)

    waits = judge(definition, happened(("form", at()), stages_set=back, changed_us=at(2)), at(9))
    goes_on = judge(definition, happened(("form", at()), ("visit", at(3)), stages_set=back), at(9))

    assert waits.stage == "inquiry"
    assert path(goes_on)[-1] == ("mql", at(3))


def test_other_signals_are_walked_one_by_one_in_their_order():
    stages = (
        Stage("created", (DealTrigger(DealEvent.CREATED),)),
        Stage("assigned", (AssignedTrigger(),)),
        Stage("consented", (FactTrigger("consent", ("yes",)),)),
        Stage("customer", (DealTrigger(DealEvent.WON),)),
        Stage("lost", (DealTrigger(DealEvent.LOST),), side=True, sources=("customer",)),
    )
    definition = a_definition(VISITS, *stages)
    deals = ((DealEvent.LOST, at(), "d1"), (DealEvent.CREATED, at(), "d2"))

    listed = judge(definition, Person(deals=deals, assigned=((at(), "o"),)), at(1))
    told = judge(definition, Person(statuses=(("Consent", "Yes", at(), "h"),), changed_us=at(3)), at(9))
    seen = judge(definition, Person(facts={"consent": "yes"}, changed_us=at(3)), at(9))

    assert path(listed) == [("created", at()), ("assigned", at())]
    assert path(told)[-1] == ("consented", at())
    assert path(seen)[-1] == ("consented", at(3))


def test_a_deal_won_without_any_activity_of_sales_is_told():
    definition = a_definition(VISITS, Stage("customer", (DealTrigger(DealEvent.WON),)))
    won = ((DealEvent.WON, at(1), "d"),)

    alone = judge(definition, happened(("visit", at()), ("call", at(2)), deals=won), at(9))
    called = judge(definition, happened(("call", at()), deals=won), at(9))

    assert [o.entries[0].no_sales_touch for o in (alone, called)] == [True, False]
