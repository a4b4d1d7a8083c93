"""What people set in the CRM stays; what they do on our web site counts once."""

from __future__ import annotations

import pytest

from installed import COUNTER, FIRST, FRESH, OWNER, STAGE, STAGES, STATUS, WRITES, Org
from leadledger.stores.plan_file import read_plan

REPS = ("liam.chen@northwind.example", "ines.rocha@northwind.example")


def another_owner(org: Org, present: str | None) -> str:
    """The id of an active rep who is not the present owner."""
    rows = org.dump()["User" if org.crm == "salesforce" else "owners"]
    ids = [id_ for id_, row in rows.items() if (row.get("Email") or row.get("email")) in REPS]
    return next(id_ for id_ in ids if id_ != present)


def test_a_record_that_somebody_changed_after_the_plan_is_skipped_and_named_and_the_others_are_written(
    org: Org,
) -> None:
    path = org.planned()
    plan = read_plan(path)
    change = next(
        c for c in plan.changes if any(f.field == COUNTER[org.crm] and f.new == "1" for f in c.fields)
    )
    org.edit(change.record.object, change.record.id, **{COUNTER[org.crm]: "4"})
    done = org.run("apply", str(path), "--json")
    assert done.code == 3, done.told
    written = done.result["written"]
    assert (written["drifted"], written["confirmed"]) == (1, len(plan.changes) - 1)
    (left,) = done.result["left_out"]
    assert left["record"] == str(change.record)
    assert left["what"] == "drifted"
    assert COUNTER[org.crm] in left["reason"]
    assert org.row(change.record.object, change.record.id)[COUNTER[org.crm]] in {"4", 4}


def test_the_next_run_looks_again_at_a_record_that_was_skipped(org: Org) -> None:
    path = org.planned()
    plan = read_plan(path)
    change = next(
        c for c in plan.changes if any(f.field == COUNTER[org.crm] and f.new == "1" for f in c.fields)
    )
    org.edit(change.record.object, change.record.id, **{COUNTER[org.crm]: "4"})
    org.here("apply", str(path))
    done = org.here("run", "--json")
    assert done.code == 0, done.told
    row = org.row(change.record.object, change.record.id)
    assert float(row[COUNTER[org.crm]]) == 4, "a larger counter is a person's and stays"
    fit = next(f for f in change.fields if f.value == "fit")
    assert float(row[fit.field]) == float(fit.new or 0), "everything else was written now"
    assert org.here("run", "--json").result["planned_records"] == 0


def test_a_skipped_record_does_not_keep_the_next_run_from_being_quiet(org: Org) -> None:
    path = org.planned()
    change = read_plan(path).changes[0]
    org.edit(change.record.object, change.record.id, **{STAGE[org.crm]: STAGES[org.crm]["recycled"]})
    org.here("apply", str(path))
    org.here("run")
    org.forget_calls()
    done = org.here("run", "--json")
    assert (done.code, done.result["planned_records"]) == (0, 0), done.told
    assert org.calls(writing=True) == []


def test_a_first_date_that_was_there_before_us_is_never_changed(org: Org) -> None:
    plan = read_plan(org.planned())
    change = next(c for c in plan.changes if any(f.value == "mql_first_at" for f in c.fields))
    org.edit(
        change.record.object,
        change.record.id,
        **{
            FIRST[org.crm]: "2020-02-03T04:05:06.000+0000"
            if org.crm == "salesforce"
            else "2020-02-03T04:05:06Z"
        },
    )
    before = org.row(change.record.object, change.record.id)[FIRST[org.crm]]
    assert org.here("apply", str(org.planned("new.json"))).code == 0
    assert org.row(change.record.object, change.record.id)[FIRST[org.crm]] == before
    assert org.here("run", "--json").result["planned_records"] == 0


def test_a_first_date_that_a_person_corrected_after_us_stays(settled: Org) -> None:
    record = settled.who("mql").records[0]
    settled.edit(
        record.object,
        record.id,
        **{
            FIRST[settled.crm]: "2021-02-03T04:05:06.000+0000"
            if settled.crm == "salesforce"
            else "2021-02-03T04:05:06Z"
        },
    )
    before = settled.row(record.object, record.id)[FIRST[settled.crm]]
    assert settled.here("run").code == 0
    assert settled.row(record.object, record.id)[FIRST[settled.crm]] == before


def test_a_counter_that_a_person_raised_stays_and_a_lowered_one_is_ours_again(settled: Org) -> None:
    record = settled.who("mql").records[0]
    for set_to, expected in (("9", 9), ("0", 1)):
        settled.edit(record.object, record.id, **{COUNTER[settled.crm]: set_to})
        assert settled.here("run").code == 0
        assert float(settled.row(record.object, record.id)[COUNTER[settled.crm]]) == expected


def test_an_older_plan_that_is_applied_does_not_make_us_forget_what_a_newer_one_saw(settled: Org) -> None:
    drifted = settled.who("mql").records[0]
    settled.raise_hand(settled.who("").records[0])
    older = settled.planned("older.json")
    settled.edit(drifted.object, drifted.id, **{COUNTER[settled.crm]: "0"})
    settled.later(3600)
    settled.planned("newer.json")
    assert settled.here("apply", str(older)).code == 0
    settled.later(3600)
    assert settled.here("run").code == 0
    assert float(settled.row(drifted.object, drifted.id)[COUNTER[settled.crm]]) == 1, "ours again"


def test_a_stage_that_a_person_set_stays_until_something_new_happens(settled: Org) -> None:
    record = settled.who("mql").records[0]
    settled.edit(record.object, record.id, **{STAGE[settled.crm]: STAGES[settled.crm]["inquiry"]})
    for _ in range(2):
        assert settled.here("run").code == 0
        assert settled.row(record.object, record.id)[STAGE[settled.crm]] == STAGES[settled.crm]["inquiry"]


def test_a_stage_that_we_never_had_to_write_is_a_persons_as_well(org: Org) -> None:
    plan = read_plan(org.planned())
    mql = STAGES[org.crm]["mql"]
    change = next(
        c for c in plan.changes if any(f.field == STAGE[org.crm] and f.new == mql for f in c.fields)
    )
    org.edit(change.record.object, change.record.id, **{STAGE[org.crm]: mql})
    assert org.here("apply", str(org.planned("new.json"))).code == 0
    org.edit(change.record.object, change.record.id, **{STAGE[org.crm]: STAGES[org.crm]["inquiry"]})
    assert org.here("run").code == 0
    assert org.row(change.record.object, change.record.id)[STAGE[org.crm]] == STAGES[org.crm]["inquiry"]


def test_an_owner_that_a_person_set_stays(settled: Org) -> None:
    with settled.ledger() as ledger:
        dealt = {p for p in set(ledger.known().person_of.values()) if ledger.handovers_of(p)}
    record = settled.who("mql", where=lambda d: d.person_id in dealt).records[0]
    chosen = another_owner(settled, settled.row(record.object, record.id)[OWNER[settled.crm]])
    settled.edit(record.object, record.id, **{OWNER[settled.crm]: chosen})
    for _ in range(2):
        assert settled.here("run").code == 0
        assert settled.row(record.object, record.id)[OWNER[settled.crm]] == chosen


def test_an_owner_that_a_person_set_between_plan_and_apply_stays(settled: Org) -> None:
    record = settled.who("").records[0]
    settled.raise_hand(record)
    path = settled.planned()
    (change,) = read_plan(path).changes
    chosen = another_owner(settled, settled.row(record.object, record.id)[OWNER[settled.crm]])
    settled.edit(record.object, record.id, **{OWNER[settled.crm]: chosen})
    dealt = any(field.value == "owner" for field in change.fields)
    assert settled.here("apply", str(path)).code == (3 if dealt else 0)
    for _ in range(2):
        assert settled.here("run").code == 0
        row = settled.row(record.object, record.id)
        assert row[OWNER[settled.crm]] == chosen
        assert float(row[COUNTER[settled.crm]]) == 1, "all the rest was written"
    assert settled.here("run", "--json").result["planned_records"] == 0


def test_a_hand_raise_makes_one_mql_with_an_owner_from_a_pool(settled: Org) -> None:
    person = settled.who("")
    record = person.records[0]
    settled.raise_hand(record)
    done = settled.here("run", "--json")
    assert done.code == 0, done.told
    row = settled.row(record.object, record.id)
    assert float(row[COUNTER[settled.crm]]) == 1
    assert row[STAGE[settled.crm]] == STAGES[settled.crm]["mql"]
    with settled.ledger() as ledger:
        (handover,) = ledger.handovers_of(person.person_id)
    assert handover.way in {"pool", "account_owner", "fallback"}
    assert row[OWNER[settled.crm]] == handover.owner.id
    assert settled.counters()[person.person_id] == 1
    again = settled.here("run", "--json").result
    assert again["planned_records"] == 0
    assert settled.counters()[person.person_id] == 1


def test_several_new_mqls_are_dealt_round_the_pool_and_a_retry_draws_nobody_anew(settled: Org) -> None:
    quiet = []
    for _ in range(4):
        taken = {p.person_id for p in quiet}
        quiet.append(settled.who("", where=lambda d, taken=taken: d.person_id not in taken))
    for person in quiet:
        settled.raise_hand(person.records[0])
    settled.fault("drop_before", path_glob=WRITES[settled.crm])
    first = settled.here("run", "--json")
    assert first.code == 3, first.told
    with settled.ledger() as ledger:
        picks = {p.person_id: ledger.handovers_of(p.person_id) for p in quiet}
        credits = ledger.credits()
    assert all(len(dealt) == 1 for dealt in picks.values())
    second = settled.here("run", "--json")
    assert second.code == 0, second.told
    with settled.ledger() as ledger:
        assert {p.person_id: ledger.handovers_of(p.person_id) for p in quiet} == picks
        assert ledger.credits() == credits
    for person in quiet:
        record = person.records[0]
        assert (
            settled.row(record.object, record.id)[OWNER[settled.crm]] == picks[person.person_id][0].owner.id
        )


def test_a_run_that_broke_off_between_dealing_and_writing_leaves_its_picks_to_the_next(settled: Org) -> None:
    person = settled.who("")
    record = person.records[0]
    settled.raise_hand(record)
    settled.fault("respond", path_glob=FRESH[settled.crm], status=401, times=-1)
    broken = settled.here("run")
    assert broken.code == 5, broken.told
    with settled.ledger() as ledger:
        (pick,) = ledger.handovers_of(person.person_id)
    settled.sandbox.faults.clear()
    assert settled.here("run").code == 0
    with settled.ledger() as ledger:
        assert ledger.handovers_of(person.person_id) == [pick]
    assert settled.row(record.object, record.id)[OWNER[settled.crm]] == pick.owner.id
    assert settled.counters()[person.person_id] == 1


BACK_TO_MQL = {"salesforce": 0, "hubspot": 3}
"""HubSpot takes no lifecycle stage that lies behind the present one: the run says so and writes the rest."""


def test_who_comes_back_after_recycling_keeps_the_owner_and_counts_a_second_time(settled: Org) -> None:
    person = settled.who("recycled")
    record = person.records[0]
    counter = settled.counters()[person.person_id]
    before = settled.row(record.object, record.id)[OWNER[settled.crm]]
    settled.raise_hand(record)
    assert settled.here("run").code == BACK_TO_MQL[settled.crm]
    row = settled.row(record.object, record.id)
    assert float(row[COUNTER[settled.crm]]) == counter + 1
    assert row[OWNER[settled.crm]] == before
    with settled.ledger() as ledger:
        assert [h.way for h in ledger.handovers_of(person.person_id)] == ["sticky"]
    chosen = another_owner(settled, before)
    settled.edit(record.object, record.id, **{OWNER[settled.crm]: chosen})
    assert settled.here("run").code == BACK_TO_MQL[settled.crm]
    assert settled.row(record.object, record.id)[OWNER[settled.crm]] == chosen, (
        "a person decided on the owner"
    )


def test_a_rep_who_recycles_a_lead_is_followed_and_the_counter_stays(settled: Org) -> None:
    person = settled.who("mql")
    record = person.records[0]
    name, words = STATUS[settled.crm]
    settled.edit(record.object, record.id, **{name: words["recycled"]})
    settled.later(60)
    assert settled.here("run").code == 0
    row = settled.row(record.object, record.id)
    assert row[STAGE[settled.crm]] == STAGES[settled.crm]["recycled"]
    assert float(row[COUNTER[settled.crm]]) == settled.counters()[person.person_id] == 1


@pytest.mark.parametrize("crm", ["salesforce"])
@pytest.mark.parametrize("broken_off", [False, True])
def test_an_old_plan_does_not_bring_back_what_was_decided_anew_since(settled: Org, broken_off: bool) -> None:  # noqa: FBT001
    person = settled.who("")
    record = person.records[0]
    settled.raise_hand(record, 2026)
    old = settled.planned("old.json")
    campaigns = {id_: row["Name"] for id_, row in settled.dump()["Campaign"].items()}
    member = next(
        id_
        for id_, row in settled.dump()["CampaignMember"].items()
        if row["LeadId"] == record.id and campaigns[row["CampaignId"]] == "Pricing request 2026"
    )
    settled.edit("CampaignMember", member, HasResponded=False)
    settled.raise_hand(record, 2025)
    if broken_off:
        settled.fault("respond", path_glob=FRESH[settled.crm], status=401, times=-1)
    assert settled.here("run").code == (5 if broken_off else 0)
    settled.sandbox.faults.clear()
    done = settled.here("apply", str(old))
    assert (done.code, "Make a new one" in done.err) == (78, True), done.told
    assert settled.here("run").code == 0
    assert settled.counters()[person.person_id] == 1, "one request, one MQL, whatever old plan is applied"
    assert float(settled.row(record.object, record.id)[COUNTER[settled.crm]]) == 1
