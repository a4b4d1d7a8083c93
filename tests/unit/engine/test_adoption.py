"""At first contact, what the CRM holds becomes the baseline; afterwards it never does again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import START, a_definition, days, known_after, path, points, stages
from leadledger.domain.decisions import Baseline
from leadledger.domain.definition import Definition
from leadledger.domain.instants import HOUR
from leadledger.domain.lifecycle import Add, Lifecycle
from leadledger.domain.sources import PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.engine.adoption import baseline, united
from leadledger.ports import Known

FIELDS = (
    FieldMapping("MQLs", "mql_counter"),
    FieldMapping("First", "mql_first_at"),
    FieldMapping("Last", "mql_last_at"),
    FieldMapping("Elsewhere", "sql_first_at"),
    FieldMapping("Title", "reasons"),
)


def adopting(**changes) -> Definition:
    facts = {"email": "Email"}
    default = a_definition(
        people=(PeopleSource("salesforce", "Lead", facts), PeopleSource("salesforce", "Contact", facts)),
        fit=replace(a_definition().fit, rules=()),
        targets=(WriteTarget("salesforce", "Lead", FIELDS), WriteTarget("salesforce", "Contact", FIELDS)),
    )
    return replace(default, **changes)


def test_the_counter_and_the_dates_of_the_crm_are_the_baseline(world):
    world.lead(MQLs="3", First="2024-02-01", Last="2025-06-07T08:00:00Z")

    decision = world.decide(adopting())

    assert decision.baseline.counters == {"mql_counter": 3}
    assert decision.counter("mql_counter") == 3
    # A date-only field is that day's beginning in Berlin.
    assert decision.first_at_us("mql") == 1_706_742_000_000_000
    assert decision.last_at_us("mql") == 1_749_283_200_000_000


def test_entries_that_the_replayed_past_explains_are_not_counted_twice(world):
    world.lead(MQLs="3")
    world.activity("demo", days(1))

    decision = world.decide(adopting())

    assert decision.baseline.counters == {"mql_counter": 2}
    assert decision.counter("mql_counter") == 3


def test_a_crm_that_counted_less_than_the_past_shows_gives_no_baseline(world):
    world.lead(MQLs="0")
    world.activity("demo", days(1))

    decision = world.decide(adopting())

    assert decision.baseline == Baseline()
    assert decision.counter("mql_counter") == 1


def test_where_records_disagree_the_most_is_taken_over(world):
    world.lead(Email="a@acme.test", MQLs="2", First="2025-03-01", Last="2025-04-01")
    world.contact(Email="a@acme.test", MQLs="5.0", First="2024-03-01", Last="2024-04-01")

    found = world.decide(adopting()).baseline

    assert found.counters == {"mql_counter": 5}
    assert found.first_at_us["mql"] < found.last_at_us["mql"]
    assert found.last_at_us["mql"] - found.first_at_us["mql"] == (365 + 31) * 24 * HOUR - HOUR  # summer time


@pytest.mark.parametrize(
    ("counter", "date"),
    [
        ("many", "soon"),
        ("", ""),
        (None, None),
        ("-4", "9999-12-31"),
        ("inf", "1969-12-31"),
        ("nan", "2026-02-30"),
        ("1e999", "0"),
    ],
)
def test_what_is_no_number_and_no_date_is_no_baseline(world, counter, date):
    world.lead(MQLs=counter, First=date, Last=date)

    assert world.decide(adopting()).baseline == Baseline()


def test_nothing_is_adopted_from_whom_the_ledger_knows(world):
    world.lead(MQLs="3", First="2024-02-01")
    first = world.decide(adopting())
    world.connection.execute("""UPDATE raw."salesforce.Lead" SET "MQLs" = '9', "First" = '2020-01-01'""")

    again = world.decide(adopting(), known=known_after([first]))
    without = world.decide(adopting(), known=Known({"salesforce/Lead/00Q1": "salesforce/Lead/00Q1"}))

    assert again.baseline == first.baseline
    assert without.baseline == Baseline()


def test_a_deleted_record_gives_no_baseline(world):
    world.lead(MQLs="3", Email="a@acme.test", deleted=True, merged_into="00Q2")
    world.lead("00Q2", MQLs="1")

    assert world.decide(adopting()).baseline.counters == {"mql_counter": 1}


def test_a_target_that_is_not_pulled_gives_no_baseline(world):
    world.lead(MQLs="3")
    target = WriteTarget("salesforce", "Account", FIELDS)

    assert world.decide(adopting(targets=(replace(target, object="Nowhere"),))).baseline == Baseline()


def test_one_person_without_a_baseline_beside_one_with(world):
    world.lead("00Q1", MQLs="3")
    world.lead("00Q2")

    assert [d.counter("mql_counter") for d in world.everybody(adopting()).values()] == [3, 0]


STAGED = WriteTarget("salesforce", "Lead", (FieldMapping("Title", "stage", values={"mql": "Qualified"}),))


def in_stage(world, word, **values):
    """The decisions at first contact with a record whose stage field holds this, and a day later."""
    world.lead(Title=word, **values)
    definition = adopting(targets=(STAGED,))
    first = world.decide(definition, days(10))
    return first, world.decide(definition, days(11), known_after([first]))


def test_a_stage_that_is_further_on_is_adopted_without_counting(world):
    world.activity("form", days(1))

    first, again = in_stage(world, "qualified", modified_us=days(4))

    assert path(first) == [("inquiry", days(1)), ("mql", days(4))]
    assert (first.stage, first.counter("mql_counter"), first.cycle) == ("mql", 0, 0)
    assert first.transitions[-1].trigger == "adopted"
    assert first.baseline.stage == "mql"
    assert (again.transitions, again.stage) == (first.transitions, "mql")


def test_an_adopted_stage_brings_no_points_and_takes_none(world):
    world.activity("visit", days(1))
    reset = Lifecycle(tuple(replace(s, resets_engagement=True, adds=(Add(5),)) for s in stages().stages))
    world.lead(Title="Qualified", modified_us=days(4))

    decision = world.decide(adopting(targets=(STAGED,), lifecycle=reset), days(10))

    assert (decision.stage, points(decision)) == ("mql", 10)


def test_what_we_know_to_be_further_on_is_not_taken_back(world):
    world.deal(days(1))

    first, _ = in_stage(world, "Qualified", modified_us=days(4))

    assert first.stage == "sql"


def test_a_stage_beside_the_way_is_adopted_from_anywhere(world):
    world.activity("demo", days(1))

    first, again = in_stage(world, "recycled", modified_us=days(4))

    assert (first.stage, again.stage) == ("recycled", "recycled")


def test_old_points_lead_nobody_out_of_an_adopted_stage_and_new_ones_do(world):
    for day in (1, 2, 3):
        world.activity("form", days(day))
    first, _ = in_stage(world, "recycled", modified_us=days(4))
    assert first.stage == "recycled"
    world.activity("form", days(12))

    after = world.decide(adopting(targets=(STAGED,)), days(13), known_after([first]))

    assert path(after)[-1] == ("mql", days(12))


@pytest.mark.parametrize("word", ["", "Somewhere", None])
def test_a_word_that_is_no_stage_is_not_adopted(world, word):
    first, _ = in_stage(world, word)

    assert (first.stage, first.baseline) == ("", Baseline())


def test_where_records_disagree_the_furthest_stage_is_adopted(world):
    world.lead("00Q1", Email="a@acme.test", Title="inquiry")
    world.lead("00Q2", Email="a@acme.test", Title="Qualified")

    assert world.decide(adopting(targets=(STAGED,)), days(10)).stage == "mql"


def test_nobody_is_adopted_twice(world):
    first, _ = in_stage(world, "Qualified", modified_us=days(4))
    world.status("Recycle", days(12))
    after = world.decide(adopting(targets=(STAGED,)), days(13), known_after([first]))

    assert after.stage == "recycled"


names = st.sampled_from(("mql", "sql"))
instants = st.dictionaries(names, st.integers(0, 10**15))
baselines = st.lists(
    st.builds(Baseline, st.dictionaries(st.just("mql_counter"), st.integers(1, 9)), instants, instants),
    min_size=1,
)


@given(baselines)
def test_united_baselines_lose_no_entry_and_no_date(several):
    together = united(several)

    for one in several:
        assert all(together.counters[name] >= count for name, count in one.counters.items())
        assert all(together.first_at_us[stage] <= at for stage, at in one.first_at_us.items())
        assert all(together.last_at_us[stage] >= at for stage, at in one.last_at_us.items())
    assert united(several[::-1]) == together == united([together, together])


@given(st.lists(st.integers(-3, 20).map(str)), st.integers(0, 10))
def test_baseline_and_entries_make_the_largest_number_of_the_crm(texts, entries):
    found = baseline({"mql_counter": texts}, adopting(), {"mql_counter": entries}, START)

    assert found.counters.get("mql_counter", 0) + entries == max([*map(int, texts), entries])
