"""Which records are one person, and under which id."""

from __future__ import annotations

from dataclasses import replace

from builders import World, a_definition, a_rule, days, known_after, new, path, points, rules
from leadledger.domain.decisions import Baseline, Transition
from leadledger.domain.lifecycle import Lifecycle
from leadledger.domain.scoring import Calendar, Limit
from leadledger.domain.sources import Identity, PeopleSource
from leadledger.ports import Known

FACTS = {"email": "Email", "title": "Title"}
BOTH = a_definition(
    people=(PeopleSource("salesforce", "Lead", FACTS), PeopleSource("salesforce", "Contact", FACTS)),
    fit=replace(a_definition().fit, rules=()),
)


def people(world: World, known: Known | None = None, **changes) -> dict[str, list[str]]:
    found = world.everybody(replace(BOTH, **changes), known=known)
    return {person_id: [str(record) for record in d.records] for person_id, d in found.items()}


def test_the_same_address_in_another_case_is_the_same_person(world):
    world.lead("00Q1", Email="Ann@Acme.test")
    world.lead("00Q2", Email=" ann@acme.TEST ")
    world.activity("visit", days(1), "00Q1")
    world.activity("visit", days(2), "00Q2")

    decision = world.decide(BOTH)

    assert decision.person_id == "salesforce/Lead/00Q1"
    assert [record.id for record in decision.records] == ["00Q1", "00Q2"]
    assert points(decision) == 20


def test_a_lead_and_a_contact_with_one_address_are_one_person(world):
    world.lead("00Q1", Email="a@acme.test")
    world.contact("0031", Email="a@acme.test")

    assert people(world) == {"salesforce/Contact/0031": ["salesforce/Contact/0031", "salesforce/Lead/00Q1"]}


def test_records_stay_apart_where_identity_is_by_record(world):
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")

    assert len(people(world, identity=Identity(by_email=False))) == 2


def test_shared_mailboxes_do_not_make_one_person(world):
    for number, email in enumerate(("info@Shared.test", "info@shared.test", "a@acme.test", "a@acme.test")):
        world.lead(f"00Q{number}", Email=email)

    assert len(people(world, identity=Identity(ignore_domains=("SHARED.test",)))) == 3


def test_records_without_an_address_stay_apart(world):
    for number, email in enumerate(("", None, " ")):
        world.lead(f"00Q{number}", Email=email)

    assert len(people(world)) == 3


def test_a_converted_lead_lives_on_as_its_contact_and_is_left_alone(world):
    world.lead("00Q1", Email="old@acme.test", converted_to="0031", converted_us=days(2))
    world.contact("0031", Email="new@acme.test")
    world.activity("visit", days(1), "00Q1")
    world.activity("visit", days(3), "0031")

    decision = world.decide(BOTH)

    assert [str(record) for record in decision.records] == ["salesforce/Contact/0031"]
    assert points(decision) == 20


def test_the_loser_of_a_merge_gives_its_past_to_the_survivor(world):
    world.lead("00Q1", Email="a@acme.test", deleted=True, merged_into="00Q2")
    world.lead("00Q2", Email="b@acme.test")
    world.activity("visit", days(1), "00Q1")

    decision = world.decide(BOTH)

    assert [record.id for record in decision.records] == ["00Q2"]
    assert points(decision) == 10


def test_merges_may_follow_each_other(world):
    for number in range(1, 5):
        world.lead(f"00Q{number}", deleted=True, merged_into=f"00Q{number + 1}")
    world.lead("00Q5")

    assert list(people(world).values()) == [["salesforce/Lead/00Q5"]]


def test_deleted_records_are_nobody(world):
    world.lead("00Q1", Email="a@acme.test", deleted=True)
    world.lead("00Q2", Email="a@acme.test", deleted=True)
    world.lead("00Q3", Email="a@acme.test")

    assert people(world) == {"salesforce/Lead/00Q3": ["salesforce/Lead/00Q3"]}


def test_a_person_keeps_the_id_under_which_the_ledger_knows_a_record(world):
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")

    known = Known({"salesforce/Lead/00Q2": "salesforce/Lead/00Q2"})

    assert list(people(world, known)) == ["salesforce/Lead/00Q2"]


def test_people_who_turn_out_to_be_one_keep_the_smaller_id_and_the_history_of_both(world):
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="a@acme.test")
    one, two = "salesforce/Lead/00Q1", "salesforce/Lead/00Q2"
    mql = Transition("mql", "", days(1), "when", "e1", counter="mql_counter", cycle=1)
    again = Transition("mql", "recycled", days(5), "when", "e2", counter="mql_counter", cycle=1)
    known = Known(
        {one: one, two: two},
        {one: (mql,), two: (replace(mql, score=7), again)},
        {one: Baseline({"mql_counter": 2}, {"mql": days(-9)}, {"mql": days(-9)}),
         two: Baseline({"mql_counter": 1}, {"mql": days(-20)}, {"mql": days(-2)})},
    )  # fmt: skip

    decision = world.decide(BOTH, known=known)

    assert decision.person_id == one
    assert decision.transitions == (mql, again)
    assert decision.frozen == 2
    assert decision.baseline == Baseline({"mql_counter": 2}, {"mql": days(-20)}, {"mql": days(-2)})
    assert decision.counter("mql_counter") == 4


def test_records_that_are_no_longer_one_person_have_two_ids(world):
    one, two = "salesforce/Lead/00Q1", "salesforce/Lead/00Q2"
    world.lead("00Q1", Email="right@acme.test")
    world.lead("00Q2", Email="typo@acme.test")
    world.activity("demo", days(1), "00Q1")
    mql = Transition("mql", "", days(1), "hand_raise: demo", "e", counter="mql_counter", cycle=1)

    found = world.everybody(BOTH, known=Known({one: one, two: one}, {one: (mql,)}))

    assert list(found) == [one, two]
    assert found[one].transitions == (mql,)
    assert found[two].transitions == ()


def test_the_record_that_gave_the_id_keeps_it_when_records_part(world):
    one, two = "salesforce/Lead/00Q1", "salesforce/Lead/00Q2"
    world.lead("00Q1", Email="a@acme.test")
    world.lead("00Q2", Email="b@acme.test")

    assert people(world, Known({one: two, two: two})) == {one: [one], two: [two]}


def test_who_parted_and_is_gone_takes_no_id_along(world):
    one, two = "salesforce/Lead/00Q1", "salesforce/Lead/00Q2"
    world.lead("00Q1", deleted=True)
    world.lead("00Q2")

    assert people(world, Known({one: one, two: one})) == {one: [two]}


def test_the_order_of_the_rows_makes_no_difference():
    rows = [
        ("00Q1", "a@x.test"),
        ("00Q2", "b@x.test"),
        ("00Q3", "A@x.test"),
        ("00Q4", "c@x.test"),
        ("00Q5", "b@x.test"),
    ]
    results = []
    for order in (rows, rows[::-1], rows[2:] + rows[:2]):
        world = World()
        for id_, email in order:
            world.lead(id_, Email=email)
        results.append(people(world))
        world.close()

    assert results[0] == results[1] == results[2]
    assert list(results[0]) == ["salesforce/Lead/00Q1", "salesforce/Lead/00Q2", "salesforce/Lead/00Q4"]


def test_two_people_next_to_each_other_do_not_share_anything(world):
    for lead in ("00Q1", "00Q2", "00Q3"):
        world.lead(lead)
    world.activity("form", days(1), "00Q1")
    world.activity("careers", days(1), "00Q2")
    world.activity("demo", days(1), "00Q3")

    found = world.everybody(BOTH)

    assert [(points(d), d.stage) for d in found.values()] == [(30, "inquiry"), (0, ""), (50, "mql")]
    assert [len(path(d)) for d in found.values()] == [1, 0, 2]
    assert [new(d) for d in world.everybody(BOTH, known=known_after(found.values())).values()] == [(), (), ()]


def test_a_merge_unites_activities_and_never_adds_points(world):
    daily = rules(a_rule("visit", 10, limit=Limit(1, Calendar.DAY)), a_rule("form", 30, max_points=30))
    definition = replace(BOTH, engagement=daily, lifecycle=Lifecycle())
    for lead in ("00Q1", "00Q2"):
        world.lead(lead)
        world.activity("visit", days(1), lead)
        world.activity("form", days(2), lead)
    apart = [points(decision) for decision in world.everybody(definition).values()]
    world.connection.execute(
        """UPDATE raw."salesforce.Lead" SET merged_into = '00Q2', deleted = true WHERE id = '00Q1'"""
    )

    merged = points(world.decide(definition))

    assert apart == [40, 40]
    assert merged == 40 != sum(apart)


def test_a_person_stays_whole_when_one_of_two_equal_addresses_is_merged_away(world):
    world.lead("00Q1", Email="a@acme.test", deleted=True, merged_into="00Q3")
    world.lead("00Q2", Email="a@acme.test")
    world.lead("00Q3", Email="b@acme.test")

    assert people(world) == {"salesforce/Lead/00Q1": ["salesforce/Lead/00Q2", "salesforce/Lead/00Q3"]}
