"""What every ledger promises. A store joins by a test class that gives `ledger` and `reopen`; see test_ledger.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadledger.domain.changes import Handover
from leadledger.domain.decisions import Baseline, Contribution, Decision, LastActivity, Transition
from leadledger.domain.intents import Intent, IntentState
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner, Skip
from leadledger.errors import BugError, StateError, UsageError
from leadledger.ports import Decided, Population, Rejected, RunRecord

LEAD = RecordRef("salesforce", "Lead", "00Q5g00000AbCdEEAV")
CONTACT = RecordRef("salesforce", "Contact", "0035g00000XyZaBAAV")
HUBSPOT = RecordRef("hubspot", "contacts", "512")


def a_transition(stage="mql", at_us=1_000, evidence="task-1", **more):
    return Transition(stage, more.pop("from_stage", ""), at_us, "when", evidence, **more)


def a_decision(person_id="p1", records=(LEAD,), **more):
    return Decision(person_id, tuple(records), more.pop("as_of_us", 5_000), **more)


def a_full_decision(person_id="p1", records=(LEAD,)):
    """Every field set, so that what is not kept shows."""
    return a_decision(
        person_id,
        records,
        engagement=12_500_000,
        fit=30_000_000,
        grade="A",
        stage="mql",
        stage_since_us=1_000,
        cycle=1,
        transitions=(
            a_transition(
                counter="mql", cycle=1, score=1, engagement=2, fit=3, inferred=True, no_sales_touch=True
            ),
        ),
        contributions=(
            Contribution(
                "engagement", "web", 5, raw=9, by_decay=-4, count=1, matched=2, evidence=("a", "値")
            ),
            Contribution("fit", "vp", 30_000_000),
        ),
        missing_facts=("employees",),
        facts_known=3,
        facts_asked=4,
        last_activity=LastActivity("form", "価格", 900),
        baseline=Baseline({"mql": 2}, {"mql": 10}, {"mql": 20}, "sql", 4_000),
        rule_holds=(True, False, None),
        account_owner_refused=True,
        account_owner_id="005",
        definition="d1g",
        activated_us=4_500,
        next_due_us=9_000,
        classification="A1",
        disposition="assign",
        suspected_bots=3,
        models={"emea": (7_500_000, "B")},
        category_points={"web": 4_000_000},
        first_origin="sales",
    )


def a_handover(key="k1", person_id="p1", owner_id="005A", credits=None, crm="salesforce"):
    return Handover(
        person_id,
        key,
        crm,
        Owner(owner_id, "ann@example.com", "Ann", active=True),
        "pool",
        rule="emea",
        pool="north",
        skipped=(Skip("bob@example.com", "inactive in the CRM"),),
        credits={"ann@example.com": -1, "bob@example.com": 1} if credits is None else credits,
    )


def an_intent(intent_id="i1", person_id="p1", record=LEAD, **more):
    return Intent(
        intent_id,
        more.pop("run_id", "r1"),
        person_id,
        record,
        expected={"Score__c": None, "Stage__c": ""},
        target=more.pop("target", {"Score__c": "42", "Stage__c": None}),
        stamp=f"v1:{intent_id}:1:abc",
    )


def a_run(run_id="r1", started_us=1):
    return RunRecord(run_id, "run", "main", "1", "d1g", started_us)


class LedgerContract:
    def test_a_decision_comes_back_as_it_was_given(self, ledger):
        decision = a_full_decision()

        ledger.record_decisions("r1", [decision], [])

        assert ledger.decision("p1") == decision
        assert ledger.decision("p1").digest() == decision.digest()

    def test_recording_the_same_decisions_again_adds_nothing(self, ledger):
        decision, handover = a_full_decision(), a_handover()
        first = ledger.record_decisions("r1", [decision], [handover])
        before = (ledger.known(), ledger.totals(), ledger.credits())

        second = ledger.record_decisions("r2", [decision], [handover])

        assert (first, second) == (1, 0)
        assert (ledger.known(), ledger.totals(), ledger.credits()) == before

    def test_known_gives_records_transitions_and_baselines(self, ledger):
        ledger.record_decisions("r1", [a_full_decision(records=(LEAD, HUBSPOT))], [])

        known = ledger.known()

        assert known.person_of == {str(LEAD): "p1", str(HUBSPOT): "p1"}
        assert list(known.transitions["p1"]) == list(a_full_decision().transitions)
        assert known.baselines == {"p1": Baseline({"mql": 2}, {"mql": 10}, {"mql": 20}, "sql", 4_000)}

    @pytest.mark.parametrize("first", [Baseline(), Baseline({"mql": 1}, stage="mql", at_us=4_000)])
    def test_the_baseline_of_the_first_meeting_stays(self, ledger, first):
        ledger.record_decisions("r1", [a_decision(baseline=first)], [])

        ledger.record_decisions("r2", [a_decision(baseline=Baseline({"mql": 7}))], [])

        assert ledger.known().baselines == ({"p1": first} if first.at_us else {})

    def test_known_says_what_a_decision_was_made_of(self, ledger):
        ledger.record_decisions("r1", [a_full_decision(), a_decision("p2", (CONTACT,), excluded=True)], [])

        assert ledger.known().decided == {"p1": Decided(5_000, 30_000_000, "d1g", 4_500, 9_000)}

    def test_the_ledger_begins_with_its_first_decision(self, ledger):
        before = ledger.known().began_us
        ledger.record_decisions("r1", [a_decision(as_of_us=5_000)], [])
        ledger.record_decisions("r2", [a_decision("p2", (CONTACT,), as_of_us=4_000)], [])

        assert (before, ledger.known().began_us, ledger.known([str(CONTACT)]).began_us) == (0, 5_000, 5_000)

    # Only some people

    def test_what_is_known_of_some_records_is_all_that_is_known_of_their_people(self, ledger):
        ledger.record_decisions(
            "r1",
            [
                a_full_decision("p1", (LEAD, HUBSPOT)),
                a_decision("p2", (CONTACT,), baseline=Baseline({"mql": 1})),
            ],
            [],
        )
        ledger.settle_decisions(["p1", "p2"])
        ledger.plan_intents([an_intent(), an_intent("i2", "p2", CONTACT)])
        ledger.mark_sent(["i1", "i2"], 100)
        fields = {"salesforce/Lead": "Stage__c", "salesforce/Contact": "Stage__c"}
        everybody = ledger.known(None, fields)

        some = ledger.known([str(HUBSPOT), "hubspot/contacts/unknown"], fields)

        assert some.person_of == {str(LEAD): "p1", str(HUBSPOT): "p1"}
        for name in ("transitions", "baselines", "digests", "decided"):
            whole = getattr(everybody, name)
            assert getattr(some, name) == {"p1": whole["p1"]}, name
        assert some.stage_writes == {str(LEAD): everybody.stage_writes[str(LEAD)]}
        assert ledger.known([]).person_of == {}

    def test_whose_people_were_merged_are_known_by_the_one_who_stays(self, ledger):
        one, two = a_transition("mql", 1_000, "task-1"), a_transition("sql", 2_000, "deal-1")
        ledger.record_decisions(
            "r1",
            [a_decision("p1", (LEAD,), transitions=(one,)), a_decision("p2", (CONTACT,), transitions=(two,))],
            [],
        )
        ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), transitions=(one, two))], [])

        assert ledger.known([str(LEAD)]) == ledger.known()
        assert list(ledger.known([str(LEAD)]).transitions) == ["p2"]

    def test_stages_that_may_have_reached_the_crm_are_known_as_our_own(self, ledger):
        said = {"Stage__c": "MQL"}
        ledger.plan_intents(
            [
                an_intent("i1", target=said),
                an_intent("i2", target={"Stage__c": None}),
                an_intent("i3", target={"Score__c": "1"}),
                an_intent("i4", target=said),
                an_intent("i5", target=said),
                an_intent("i6", record=CONTACT, target={"Other__c": "SQL"}),
            ]
        )
        ledger.mark_sent(["i1", "i2", "i3", "i5", "i6"], 100)
        ledger.settle_intents(
            [
                ("i1", IntentState.CONFIRMED, ""),
                ("i2", IntentState.UNKNOWN, ""),
                ("i5", IntentState.REFUSED, ""),
            ],
            200,
        )

        found = ledger.known(None, {"salesforce/Lead": "Stage__c", "salesforce/Contact": "Other__c"})

        assert found.stage_writes == {str(LEAD): [("MQL", 100), ("", 100)], str(CONTACT): [("SQL", 100)]}
        assert ledger.known().stage_writes == {}

    def test_who_is_due_is_found_by_the_instant(self, ledger):
        ledger.record_decisions(
            "r1",
            [
                a_decision("p1", (LEAD, HUBSPOT), next_due_us=9_000),
                a_decision("p2", (CONTACT,), next_due_us=0),
            ],
            [],
        )

        assert ledger.due(8_999) == []
        assert sorted(ledger.due(9_000)) == sorted([str(LEAD), str(HUBSPOT)])

    def test_who_has_writes_that_are_not_settled_is_found(self, ledger):
        ledger.record_decisions("r1", [a_decision("p1", (LEAD, HUBSPOT)), a_decision("p2", (CONTACT,))], [])

        ledger.settle_decisions(["p2"])

        assert sorted(ledger.unsettled()) == sorted([str(LEAD), str(HUBSPOT)])

    def test_the_population_is_counted_by_stage_and_definition(self, ledger):
        ledger.record_decisions(
            "r1",
            [
                a_decision("p1", (LEAD, HUBSPOT), stage="mql", definition="d1"),
                a_decision("p2", (CONTACT,), stage="mql", definition="d2"),
                a_decision("p3", (RecordRef("hubspot", "contacts", "9"),), excluded=True, definition="d1"),
            ],
            [],
        )

        assert ledger.population() == Population(3, 1, {"": 1, "mql": 2}, frozenset({"d1", "d2"}))
        assert ledger.population([str(LEAD), str(HUBSPOT)]).people == 2
        assert ledger.population([str(LEAD)]).funnel == {"": 1, "mql": 1}

    def test_who_is_gone_is_not_counted_or_looked_at_but_remembered_until_they_are_back(self, ledger):
        ledger.record_decisions("r1", [a_full_decision()], [])

        ledger.mark_gone(["p1", "nobody"])

        assert ledger.population() == Population()
        assert (ledger.due(9_000), ledger.unsettled()) == ([], [])
        assert "stage:mql" not in ledger.totals()
        assert ledger.decision("p1") == a_full_decision()
        assert list(ledger.known().transitions) == ["p1"]
        ledger.record_decisions("r2", [a_full_decision()], [])
        assert ledger.population().people == 1

    def test_transitions_come_oldest_first(self, ledger):
        late, early = a_transition("sql", 9_000, "deal"), a_transition("mql", 1_000, "task")
        ledger.record_decisions("r1", [a_decision(transitions=(early, late))], [])

        assert list(ledger.known().transitions["p1"]) == [early, late]

    def test_a_transition_in_the_ledger_is_never_replaced(self, ledger):
        ledger.record_decisions("r1", [a_decision(transitions=(a_transition(score=10),))], [])

        ledger.record_decisions("r2", [a_decision(transitions=(a_transition(score=99),))], [])

        assert [t.score for t in ledger.known().transitions["p1"]] == [10]

    def test_only_settled_decisions_hand_out_their_digest(self, ledger):
        decision = a_decision()
        ledger.record_decisions("r1", [decision], [])
        unsettled = ledger.known().digests

        ledger.settle_decisions(["p1", "nobody"])

        assert unsettled == {}
        assert ledger.known().digests == {"p1": decision.digest()}

    def test_a_new_decision_is_unsettled_again(self, ledger):
        ledger.record_decisions("r1", [a_decision()], [])
        ledger.settle_decisions(["p1"])

        ledger.record_decisions("r2", [a_decision(fit=1)], [])

        assert ledger.known().digests == {}

    @pytest.mark.parametrize(
        "name",
        ["p1", "salesforce/Lead/00Q5g00000AbCdEEAV", "00Q5g00000AbCdEEAV", "00Q5g00000AbCdE", "512"],
    )
    def test_a_decision_is_found_by_person_record_and_bare_id(self, ledger, name):
        ledger.record_decisions("r1", [a_decision(records=(LEAD, HUBSPOT))], [])

        assert ledger.decision(name).person_id == "p1"

    def test_a_record_stored_with_15_characters_is_found_by_18(self, ledger):
        short = RecordRef("salesforce", "Lead", "00Q5g00000AbCdE")
        ledger.record_decisions("r1", [a_decision(records=(short,))], [])

        assert ledger.decision("00Q5g00000AbCdEEAV").person_id == "p1"
        assert ledger.decision("salesforce/Lead/00Q5g00000AbCdEEAV").person_id == "p1"

    @pytest.mark.parametrize(
        "name", ["", "nobody", "00q5g00000abcde", "salesforce/Contact/00Q5g00000AbCdE", "/"]
    )
    def test_an_unknown_name_finds_nobody(self, ledger, name):
        ledger.record_decisions("r1", [a_decision()], [])

        assert ledger.decision(name) is None

    def test_a_bare_id_of_two_people_is_refused_with_both_records(self, ledger):
        twin = RecordRef("other", "contacts", "512")
        ledger.record_decisions("r1", [a_decision("p1", (HUBSPOT,)), a_decision("p2", (twin,))], [])

        with pytest.raises(UsageError, match="hubspot/contacts/512, other/contacts/512"):
            ledger.decision("512")

    # Two people turn out to be one

    def test_people_who_turn_out_to_be_one_share_records_and_transitions(self, ledger):
        one, two = a_transition("mql", 1_000, "task-1"), a_transition("sql", 2_000, "deal-1")
        ledger.record_decisions(
            "r1",
            [a_decision("p1", (LEAD,), transitions=(one,)), a_decision("p2", (CONTACT,), transitions=(two,))],
            [],
        )

        ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), transitions=(one, two))], [])

        known = ledger.known()
        assert known.person_of == {str(LEAD): "p2", str(CONTACT): "p2"}
        assert {person: list(of) for person, of in known.transitions.items()} == {"p2": [one, two]}
        assert ledger.totals()["people"] == 1
        assert ledger.totals()["transitions"] == 2

    def test_the_same_event_of_both_people_counts_once(self, ledger):
        shared = a_transition("mql", 1_000, "form-1", counter="mql")
        ledger.record_decisions(
            "r1",
            [
                a_decision("p1", (LEAD,), transitions=(shared,)),
                a_decision("p2", (CONTACT,), transitions=(shared,)),
            ],
            [],
        )

        new = ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), transitions=(shared,))], [])

        assert new == 0
        assert list(ledger.known().transitions["p2"]) == [shared]

    def test_a_merge_takes_the_baseline_that_the_engine_decided_with(self, ledger):
        ledger.record_decisions(
            "r1",
            [
                a_decision("p1", (LEAD,), baseline=Baseline({"mql": 1})),
                a_decision("p2", (CONTACT,), baseline=Baseline({"mql": 2})),
            ],
            [],
        )

        ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), baseline=Baseline({"mql": 3}))], [])

        assert ledger.known().baselines == {"p2": Baseline({"mql": 3})}

    def test_a_merge_happens_once_however_often_it_is_recorded(self, ledger):
        one = a_transition()
        ledger.record_decisions("r1", [a_decision("p1", (LEAD,), transitions=(one,))], [])
        merged = a_decision("p2", (LEAD, CONTACT), transitions=(one,))
        ledger.record_decisions("r2", [merged], [])
        before = (ledger.known(), ledger.totals())

        ledger.record_decisions("r3", [merged], [])

        assert (ledger.known(), ledger.totals()) == before

    def test_everything_of_a_merged_person_is_found_under_the_new_one(self, ledger):
        one = a_transition()
        picked = a_handover(one.key("p1"))
        ledger.record_decisions("r1", [a_decision("p1", (LEAD,), transitions=(one,))], [picked])
        ledger.plan_intents([an_intent()])

        ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), transitions=(one,))], [])

        moved = replace(picked, person_id="p2", key=one.key("p2"))
        assert ledger.decision("p1").person_id == "p2"
        assert ledger.handovers_of("p2") == [moved]
        assert ledger.handovers([f"{moved.key}/salesforce"]) == {f"{moved.key}/salesforce": moved}
        assert [intent.intent_id for intent in ledger.intents_of("p2")] == ["i1"]

    def test_people_may_be_united_under_the_id_that_was_merged_away(self, ledger):
        one = a_transition()
        ledger.record_decisions("r1", [a_decision("p1", (LEAD,), transitions=(one,))], [])
        ledger.record_decisions("r2", [a_decision("p2", (LEAD, CONTACT), transitions=(one,))], [])

        ledger.record_decisions("r3", [a_decision("p1", (LEAD, CONTACT), transitions=(one,))], [])

        known = ledger.known()
        assert set(known.person_of.values()) == {"p1"}
        assert {person: list(of) for person, of in known.transitions.items()} == {"p1": [one]}
        assert ledger.decision("p2").person_id == "p1"

    def test_a_record_that_moves_between_two_living_people_takes_no_history_along(self, ledger):
        one = a_transition()
        ledger.record_decisions("r1", [a_decision("p1", (LEAD, CONTACT), transitions=(one,))], [])

        ledger.record_decisions(
            "r2", [a_decision("p1", (LEAD,), transitions=(one,)), a_decision("p2", (CONTACT,))], []
        )

        known = ledger.known()
        assert known.person_of == {str(LEAD): "p1", str(CONTACT): "p2"}
        assert list(known.transitions) == ["p1"]

    # Assignments

    def test_a_pick_is_reused_and_the_rotation_moves_once(self, ledger):
        first = a_handover(owner_id="005A", credits={"ann@example.com": -1, "bob@example.com": 1})
        again = a_handover(owner_id="005B", credits={"ann@example.com": 5, "bob@example.com": 5})
        ledger.record_decisions("r1", [a_decision()], [first])

        ledger.record_decisions("r2", [a_decision()], [again])

        assert ledger.handovers(["k1/salesforce", "k2/salesforce"]) == {"k1/salesforce": first}
        assert ledger.handovers_of("p1") == [first]
        assert ledger.credits() == {"north": {"ann@example.com": -1, "bob@example.com": 1}}

    def test_those_who_are_handed_over_are_stored_with_the_others(self, ledger):
        decisions = [a_decision("p1"), a_decision("p2", (CONTACT,)), a_decision("p3", (HUBSPOT,))]

        ledger.record_decisions("r1", decisions, [a_handover(person_id="p2")])

        assert [ledger.decision(d.person_id) for d in decisions] == decisions
        assert ledger.handovers_of("p2") == [a_handover(person_id="p2")]

    def test_a_pick_is_kept_per_crm(self, ledger):
        picks = [a_handover(crm="salesforce"), a_handover(crm="hubspot", owner_id="77")]

        ledger.record_decisions("r1", [a_decision()], picks)

        assert set(ledger.handovers(["k1/salesforce", "k1/hubspot"])) == {"k1/salesforce", "k1/hubspot"}

    def test_a_member_who_left_the_pool_leaves_the_rotation(self, ledger):
        ledger.record_decisions("r1", [a_decision()], [a_handover()])

        ledger.record_decisions("r2", [a_decision()], [a_handover("k2", credits={"ann@example.com": 0})])

        assert ledger.credits() == {"north": {"ann@example.com": 0}}

    # Intents

    def test_an_intent_comes_back_as_it_was_planned(self, ledger):
        intents = [an_intent("i1"), an_intent("i2", record=HUBSPOT)]

        ledger.plan_intents(intents)

        assert ledger.open_intents() == intents
        assert ledger.intents_of("p1") == intents

    def test_a_confirmed_intent_confirms_its_values(self, ledger):
        ledger.plan_intents([an_intent()])
        ledger.mark_sent(["i1"], 100)

        ledger.settle_intents([("i1", IntentState.CONFIRMED, "")], 200)

        expected = {str(LEAD): {"Score__c": ("42", 200), "Stage__c": (None, 200)}}
        assert ledger.open_intents() == []
        assert ledger.confirmed() == ledger.confirmed(LEAD) == expected
        assert ledger.confirmed(CONTACT) == {}

    def test_a_later_confirmation_replaces_an_earlier_one_and_not_the_other_way(self, ledger):
        ledger.plan_intents([an_intent("i1"), an_intent("i2", target={"Score__c": "50"})])
        ledger.mark_sent(["i1", "i2"], 100)
        ledger.settle_intents([("i2", IntentState.CONFIRMED, "")], 300)

        ledger.settle_intents([("i1", IntentState.CONFIRMED, "")], 200)

        assert ledger.confirmed(LEAD)[str(LEAD)]["Score__c"] == ("50", 300)

    @pytest.mark.parametrize("state", [IntentState.REFUSED, IntentState.UNKNOWN])
    def test_what_was_not_confirmed_confirms_no_value(self, ledger, state):
        ledger.plan_intents([an_intent()])
        ledger.mark_sent(["i1"], 100)

        ledger.settle_intents([("i1", state, "why")], 200)

        assert ledger.confirmed() == {}
        assert [(i.state, i.reason, i.sent_at_us) for i in ledger.intents_of("p1")] == [(state, "why", 100)]

    @pytest.mark.parametrize(
        ("path", "last"),
        [
            ([], "sent"),
            ([], "abandoned"),
            (["sent"], "confirmed"),
            (["sent"], "refused"),
            (["sent"], "unknown"),
            (["sent", "unknown"], "confirmed"),
            (["sent", "unknown"], "abandoned"),
            (["sent", "unknown"], "conflict"),
            (["sent", "unknown"], "sent"),
        ],
    )
    def test_an_intent_moves_as_the_state_machine_allows(self, ledger, path, last):
        ledger.plan_intents([an_intent()])
        for state in [*path, last]:
            _move(ledger, "i1", IntentState(state))

        assert ledger.intents_of("p1")[0].state == last
        assert bool(ledger.open_intents()) == IntentState(last).open

    @pytest.mark.parametrize(
        ("path", "last"),
        [
            ([], "confirmed"),
            ([], "refused"),
            ([], "unknown"),
            ([], "conflict"),
            (["sent"], "planned"),
            (["sent"], "abandoned"),
            (["sent"], "conflict"),
            (["sent", "confirmed"], "unknown"),
            (["sent", "confirmed"], "sent"),
            (["sent", "refused"], "confirmed"),
            (["sent", "unknown"], "refused"),
            (["sent", "unknown", "abandoned"], "confirmed"),
            (["sent", "unknown", "conflict"], "confirmed"),
        ],
    )
    def test_an_intent_refuses_any_other_move(self, ledger, path, last):
        ledger.plan_intents([an_intent()])
        for state in path:
            _move(ledger, "i1", IntentState(state))

        with pytest.raises(BugError):
            _move(ledger, "i1", IntentState(last))

        assert ledger.intents_of("p1")[0].state == (path or ["planned"])[-1]

    def test_saying_the_same_outcome_again_changes_nothing(self, ledger):
        ledger.plan_intents([an_intent()])
        ledger.mark_sent(["i1"], 100)
        ledger.settle_intents([("i1", IntentState.CONFIRMED, "")], 200)

        ledger.settle_intents([("i1", IntentState.CONFIRMED, "")], 900)

        assert ledger.confirmed(LEAD)[str(LEAD)]["Score__c"] == ("42", 200)

    def test_one_impossible_move_stores_none_of_its_batch(self, ledger):
        ledger.plan_intents([an_intent("i1"), an_intent("i2")])
        ledger.mark_sent(["i1"], 100)

        with pytest.raises(BugError):
            ledger.settle_intents([("i1", IntentState.CONFIRMED, ""), ("i2", IntentState.CONFIRMED, "")], 200)

        assert [i.state for i in ledger.open_intents()] == [IntentState.SENT, IntentState.PLANNED]
        assert ledger.confirmed() == {}

    def test_an_intent_is_planned_once(self, ledger):
        ledger.plan_intents([an_intent("i1")])

        with pytest.raises(BugError):
            ledger.plan_intents([an_intent("i2"), an_intent("i1")])

        assert [i.intent_id for i in ledger.open_intents()] == ["i1"]

    def test_an_intent_that_was_never_planned_is_not_sent_or_settled(self, ledger):
        with pytest.raises(BugError, match="never planned"):
            ledger.mark_sent(["i9"], 1)
        with pytest.raises(BugError, match="never planned"):
            ledger.settle_intents([("i9", IntentState.CONFIRMED, "")], 1)

    # Runs, organisations, rejected rows

    def test_runs_come_newest_first_with_their_outcome(self, ledger):
        ledger.begin_run(a_run("r1", 1))
        ledger.begin_run(a_run("r2", 2))

        ledger.end_run("r1", 9, "ok", {"calls": {"query": 3}, "people": 10})

        assert [run.run_id for run in ledger.runs()] == ["r2", "r1"]
        assert ledger.runs()[0].outcome == "running"
        assert ledger.runs()[1] == replace(
            a_run("r1", 1), ended_us=9, outcome="ok", summary={"calls": {"query": 3}, "people": 10}
        )
        assert len(ledger.runs(limit=1)) == 1

    def test_a_run_that_was_never_begun_cannot_end(self, ledger):
        with pytest.raises(BugError, match="never begun"):
            ledger.end_run("r9", 1, "ok", {})

    def test_a_ledger_belongs_to_one_organisation_per_crm(self, ledger):
        ledger.pin_org("salesforce", "00D1", "Acme")
        ledger.pin_org("salesforce", "00D1", "Acme Renamed")
        ledger.pin_org("hubspot", "4711", "Acme")

        with pytest.raises(StateError, match=r"00D1.*00D2.*LEADLEDGER_STATE_DIR"):
            ledger.pin_org("salesforce", "00D2", "Other")

    def test_a_row_rejected_again_only_gets_a_new_last_time(self, ledger):
        row = Rejected(LEAD, "year 9999")
        ledger.reject("r1", [row, Rejected(CONTACT, "no id")], 10)

        ledger.reject("r2", [row], 20)

        assert ledger.rejected() == [(row, 10, 20), (Rejected(CONTACT, "no id"), 10, 10)]
        assert ledger.rejected(limit=1) == [(row, 10, 20)]
        assert ledger.totals()["rejected"] == 2

    def test_text_that_no_store_takes_is_rejected_without_a_crash(self, ledger):
        ledger.reject("r1", [Rejected(RecordRef("hubspot", "contacts", "1\ud800"), "bad\x00text")], 10)

        assert ledger.rejected() == [
            (Rejected(RecordRef("hubspot", "contacts", "1\ufffd"), "bad\ufffdtext"), 10, 10)
        ]

    def test_totals_count_rows_and_people_per_stage(self, ledger):
        ledger.begin_run(a_run())
        ledger.record_decisions(
            "r1",
            [
                a_decision("p1", (LEAD,), stage="mql", transitions=(a_transition(),)),
                a_decision("p2", (CONTACT,)),
                a_decision("p3", (HUBSPOT,), stage="mql", excluded=True),
            ],
            [a_handover()],
        )
        ledger.plan_intents([an_intent("i1"), an_intent("i2")])
        ledger.mark_sent(["i1"], 1)
        ledger.settle_intents([("i1", IntentState.CONFIRMED, "")], 2)

        assert ledger.totals() == {
            "people": 3,
            "transitions": 1,
            "intents": 2,
            "open_intents": 1,
            "assignments": 1,
            "rejected": 0,
            "runs": 1,
            "stage:mql": 1,
            "stage:": 1,
        }

    def test_an_empty_ledger_answers_every_question(self, ledger):
        known = ledger.known()

        assert (known.person_of, known.transitions, known.baselines, known.digests) == ({}, {}, {}, {})
        assert ledger.record_decisions("r1", [], []) == 0
        assert ledger.credits() == {}
        assert ledger.handovers([]) == {}
        assert ledger.runs() == []

    def test_everything_is_there_after_reopening(self, ledger, reopen):
        ledger.begin_run(a_run())
        ledger.record_decisions("r1", [a_full_decision()], [a_handover()])
        ledger.plan_intents([an_intent()])
        ledger.reject("r1", [Rejected(LEAD, "why")], 1)
        before = _everything(ledger)

        again = reopen(ledger)

        assert _everything(again) == before

    def test_closing_twice_is_allowed(self, ledger):
        ledger.close()
        ledger.close()


def _move(ledger, intent_id, state):
    if state is IntentState.SENT:
        ledger.mark_sent([intent_id], 100)
    else:
        ledger.settle_intents([(intent_id, state, "")], 200)


def _everything(ledger):
    return (
        ledger.known(),
        ledger.totals(),
        ledger.credits(),
        ledger.open_intents(),
        ledger.confirmed(),
        ledger.rejected(),
        ledger.runs(),
        ledger.decision("p1"),
        ledger.handovers_of("p1"),
    )
