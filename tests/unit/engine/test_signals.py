"""What deals, conversions, owners and CRM fields tell the lifecycle, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from builders import STREAMS, World, a_definition, days
from leadledger.domain.decisions import Transition
from leadledger.domain.definition import Definition
from leadledger.domain.instants import DAY, MINUTE
from leadledger.domain.lifecycle import (
    AssignedTrigger,
    ConvertedTrigger,
    DealEvent,
    DealTrigger,
    FactTrigger,
    Lifecycle,
    Stage,
    StatusTrigger,
)
from leadledger.domain.sources import Normalise, PeopleSource
from leadledger.domain.writeback import FieldMapping, WriteTarget
from leadledger.engine.canonical import Canonical
from leadledger.engine.heard import OtherSignal, StageSet
from leadledger.engine.signals import write_signals
from leadledger.engine.words import signal_in_words
from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind, Known, Stream

FIRST = 7
STAGED = Lifecycle(tuple(Stage(name, ()) for name in ("inquiry", "mql", "sql")))


def heard(
    world: World,
    *signals: OtherSignal,
    definition: Definition | None = None,
    known: Known | None = None,
    as_of: int = days(30),
) -> list[tuple[int, int, int, str]]:
    """(person, day, signal, id without its stream), as the table has them."""
    definition = definition or a_definition()
    canonical = Canonical(world.connection, definition, world.streams, known or Known(), as_of)
    canonical.build()
    write_signals(canonical, signals, FIRST)
    rows = world.connection.execute(
        "SELECT turn, idx, p, at_us, code - ?, id FROM signal ORDER BY turn", [FIRST]
    ).fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    assert set(range(len({row[1] for row in rows}))) == {row[1] for row in rows}
    return [(p, (at - days(0)) // DAY, code, id_.rpartition("/")[2]) for _, _, p, at, code, id_ in rows]


def mapped(values: Mapping[str, str] | None = None, object_: str = "Lead", **more: object) -> Definition:
    mapping = FieldMapping("Stage__c", "stage", values=values or {})
    target = WriteTarget("salesforce", object_, (mapping,))
    return a_definition(**{"targets": (target,), "lifecycle": STAGED, **more})


def change(
    world: World, field: str, new: str | None, at: int, id_: str, person: str = "00Q1", **more
) -> None:
    world.add("LeadHistory", id_, person=person, field=field, new=new, at_us=at, **more)


@pytest.fixture
def lead(world: World) -> World:
    world.lead()
    return world


def test_deals_of_a_person_are_created_won_and_lost(lead):
    open_ = lead.deal(days(1))
    won = lead.deal(days(2), won=days(4))
    lost = lead.add("Opportunity", created_us=days(3), closed_us=days(5), won=False, closed=True)
    lead.add("Role", deal=lost, person="00Q1")
    lead.add("Role", deal=lead.add("Opportunity", created_us=days(1), deleted=True), person="00Q1")
    lead.add("Role", deal=lead.add("Opportunity", created_us=days(1)), person="00Q1", deleted=True)
    signals = [DealTrigger(event) for event in (DealEvent.CREATED, DealEvent.WON, DealEvent.LOST)]

    assert heard(lead, *signals) == [
        (0, 1, 0, open_), (0, 2, 0, won), (0, 3, 0, lost), (0, 4, 1, won), (0, 5, 2, lost),
    ]  # fmt: skip


def test_a_lead_that_was_converted(lead):
    lead.lead("00Q2", converted_us=days(3), converted_to="0031", Email="b@acme.test")

    assert heard(lead, ConvertedTrigger()) == [(1, 3, 0, "00Q2")]


def test_a_status_becomes_one_of_its_values_whatever_the_case(lead):
    for number, new in enumerate(("Recycle", " RECYCLE", "Recycled", "", None)):
        change(lead, "Status", new, days(number), f"h{number}")
    change(lead, "Rating", "Recycle", days(1), "other-field")
    change(lead, "Status", "Recycle", days(1), "deleted", deleted=True)
    change(lead, "Status", "Recycle", days(1), "stranger", person="00QX")

    assert heard(lead, StatusTrigger("Status", ("recycle", "Nurture"))) == [(0, 0, 0, "h0"), (0, 1, 0, "h1")]


def test_an_owner_is_assigned_when_a_user_becomes_it(lead):
    change(lead, "Owner", "005A00000000001", days(1), "user")
    change(lead, "Owner", "Ana Ng", days(1), "name")
    change(lead, "OwnerId", "005A00000000002", days(2), "other-name")
    change(lead, "Owner", "00GA00000000001", days(3), "queue")
    change(lead, "Owner", None, days(4), "nobody")
    change(lead, "Status", "005A00000000001", days(5), "no-owner")

    assert heard(lead, AssignedTrigger()) == [(0, 1, 0, "user"), (0, 2, 0, "other-name")]


def test_in_hubspot_any_owner_is_a_user(world):
    contacts = Stream("hubspot", "contacts", Kind.PEOPLE, ("email",))
    history = Stream("hubspot", "property_history", Kind.HISTORY)
    for stream in (contacts, history):
        kinds = {**COMMON_COLUMNS, **COLUMNS[stream.kind], **dict.fromkeys(stream.fields, "VARCHAR")}
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        world.connection.execute(f'CREATE TABLE raw."{stream.table}" ({columns})')
    world.streams = (*STREAMS, contacts, history)
    world.connection.execute(
        "INSERT INTO raw.\"hubspot.contacts\" (id, deleted, email) VALUES ('7', false, 'a@b.test')"
    )
    rows = [("a", "hubspot_owner_id", "81"), ("b", "hubspot_owner_id", ""), ("c", "Owner", "005A")]
    world.connection.executemany(
        'INSERT INTO raw."hubspot.property_history" (id, deleted, person, field, new, at_us) '
        f"VALUES (?, false, '7', ?, ?, {days(1)})",
        rows,
    )
    definition = a_definition(people=(PeopleSource("hubspot", "contacts", {"email": "email"}),))

    assert heard(world, AssignedTrigger(), definition=definition) == [(0, 1, 0, "a")]


def test_a_fact_becomes_a_value_when_the_field_that_it_is_read_from_says_so(lead):
    lead.contact("0031", Email="00q1@acme.test")
    change(lead, "Title", "CEO", days(1), "lead")
    change(lead, "Title", "ceo ", days(2), "again")
    change(lead, "Title", "Intern", days(3), "other")
    change(lead, "Role__c", "CEO", days(4), "field of the contact")
    change(lead, "Role__c", "CEO", days(5), "contact", person="0031")
    people = (
        PeopleSource("salesforce", "Lead", {"email": "Email", "title": "Title"}),
        PeopleSource("salesforce", "Contact", {"email": "Email", "title": "Role__c"}),
    )
    lead.connection.execute('ALTER TABLE raw."salesforce.Contact" ADD COLUMN "Role__c" VARCHAR')

    found = heard(lead, FactTrigger("title", ("CEO",)), definition=a_definition(people=people))

    assert found == [(0, 1, 0, "lead"), (0, 2, 0, "again"), (0, 5, 0, "contact")]


@pytest.mark.parametrize(
    ("normalise", "becomes", "expected"),
    [
        (Normalise("iso_country"), ("DE",), ["germany", "deutschland", "de"]),
        (Normalise("map", {"Deutschland": "Germany"}), ("Germany",), ["germany", "deutschland"]),
        (Normalise("none"), ("Germany",), ["germany"]),
        (Normalise("iso_country"), ("FR",), []),
    ],
)
def test_a_change_is_brought_into_the_form_of_its_fact(lead, normalise, becomes, expected):
    for hour, new in enumerate(("Germany", "DEUTSCHLAND", "de", "Atlantis", None, "")):
        change(lead, "Country", new, days(hour), str(new).lower())
    definition = a_definition(normalise={"country": normalise})

    found = heard(lead, FactTrigger("country", becomes), definition=definition)

    assert [id_ for *_, id_ in found] == expected


def test_a_fact_that_no_history_tells_is_first_seen_when_the_record_was_last_changed(world):
    world.lead(modified_us=days(4))
    change(world, "Title", "acme.test", days(1), "h")

    found = heard(world, FactTrigger("email_domain", ("acme.test",)))

    assert found == [(0, 4, 0, "fact:email_domain")]
    assert heard(world, FactTrigger("email_domain", ("other.test",))) == []


def test_a_fact_that_led_somewhere_once_is_not_seen_again(world):
    world.lead(modified_us=days(4))
    trigger = FactTrigger("email_domain", ("acme.test",))
    person = "salesforce/Lead/00Q1"
    entry = Transition("mql", "", days(4), signal_in_words(trigger), "fact:email_domain")

    assert heard(world, trigger, known=Known({person: person}, {person: (entry,)})) == []


def test_a_person_sets_a_stage_by_its_word(lead):
    change(lead, "Stage__c", "Marketing Qualified", days(1), "word")
    change(lead, "Stage__c", "SQL", days(2), "id")
    change(lead, "Stage__c", "mql", days(3), "id of a stage with a word")
    change(lead, "Stage__c", None, days(4), "emptied")
    change(lead, "Status", "sql", days(5), "another field")

    found = heard(
        lead,
        *map(StageSet, ("inquiry", "mql", "sql")),
        definition=mapped({"mql": "marketing qualified"}),
    )

    assert found == [(0, 1, 1, "word"), (0, 2, 2, "id")]


def test_a_word_of_several_stages_means_the_first_of_them(lead):
    change(lead, "Stage__c", "qualified", days(1), "h")
    definition = mapped({"mql": "Qualified", "sql": "qualified"})

    assert heard(lead, StageSet("mql"), StageSet("sql"), definition=definition) == [(0, 1, 0, "h")]


def test_the_stage_field_of_another_object_is_another_field(lead):
    change(lead, "Stage__c", "mql", days(1), "h")

    assert heard(lead, StageSet("mql"), definition=mapped(object_="Contact")) == []


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([("MQL", days(1))], []),
        ([("mql", days(1) - 15 * MINUTE)], []),
        ([("mql", days(1) + 15 * MINUTE)], []),
        ([("mql", days(1) - 15 * MINUTE - 1)], ["h"]),
        ([("mql", days(1) + 15 * MINUTE + 1)], ["h"]),
        ([("sql", days(1))], ["h"]),
        ([("sql", days(1)), ("mql", days(1))], []),
        ([], ["h"]),
    ],
)
def test_what_we_wrote_ourselves_is_no_evidence_of_a_person(
    lead, writes: Sequence[tuple[str, int]], expected
):
    change(lead, "Stage__c", "mql", days(1), "h")
    known = Known(stage_writes={"salesforce/Lead/00Q1": writes})

    found = heard(lead, StageSet("mql"), definition=mapped(), known=known)

    assert [id_ for *_, id_ in found] == expected


def test_our_write_to_one_record_says_nothing_about_another(world):
    for id_ in ("00Q1", "00Q2"):
        world.lead(id_, Email="a@acme.test")
        change(world, "Stage__c", "mql", days(1), f"h{id_}", id_)
    known = Known(stage_writes={"salesforce/Lead/00Q2": [("mql", days(1))]})

    assert heard(world, StageSet("mql"), definition=mapped(), known=known) == [(0, 1, 0, "h00Q1")]


def test_what_is_not_between_1970_and_now_is_left_out(lead):
    for day in (5, 6):
        change(lead, "Status", "Recycle", days(day), f"h{day}")
    change(lead, "Status", "Recycle", -1, "before 1970")
    change(lead, "Status", "Recycle", None, "without instant")
    lead.deal(-1)

    found = heard(lead, StatusTrigger("Status", ("Recycle",)), DealTrigger(DealEvent.CREATED), as_of=days(5))

    assert found == [(0, 5, 0, "h5")]


def test_the_span_of_history_leaves_deals_conversions_and_peoples_stages_alone(world):
    world.lead(converted_us=days(1))
    deal = world.deal(days(1))
    for field, new in (("Stage__c", "mql"), ("Status", "x"), ("Owner", "005A"), ("Title", "x")):
        change(world, field, new, days(1), field)
    signals = (
        DealTrigger(DealEvent.CREATED),
        ConvertedTrigger(),
        AssignedTrigger(),
        FactTrigger("title", ("x",)),
        StatusTrigger("Status", ("x",)),
        StageSet("mql"),
    )

    whole = heard(world, *signals, definition=mapped())
    recent = heard(world, *signals, definition=mapped(history_span=10 * DAY))

    assert [code for _, _, code, _ in whole] == [0, 1, 2, 3, 4, 5]
    assert recent == [(0, 1, 0, deal), (0, 1, 1, "00Q1"), (0, 1, 5, "Stage__c")]


def test_signals_come_by_person_instant_kind_and_id(world):
    for lead in ("00Q2", "00Q1"):
        world.lead(lead)
        for id_ in ("b", "a"):
            change(world, "Status", "x", days(2), f"{lead}{id_}", lead)
        change(world, "Status", "y", days(1), f"{lead}c", lead)

    found = heard(world, StatusTrigger("Status", ("x",)), StatusTrigger("Status", ("y", "x")))

    assert [row[1:] for row in found if row[0] == 0] == [
        (1, 1, "00Q1c"), (2, 0, "00Q1a"), (2, 1, "00Q1a"), (2, 0, "00Q1b"), (2, 1, "00Q1b"),
    ]  # fmt: skip
    assert [row[0] for row in found] == [0] * 5 + [1] * 5


def test_a_signal_of_two_records_of_a_person_is_one(world):
    for lead in ("00Q1", "00Q2"):
        world.lead(lead, Email="a@acme.test")
    deal = world.deal(days(1), "00Q1")
    world.add("Role", deal=deal, person="00Q2")

    assert heard(world, DealTrigger(DealEvent.CREATED)) == [(0, 1, 0, deal)]


def test_without_histories_and_deals_nothing_is_heard(lead):
    change(lead, "Status", "x", days(1), "h")
    lead.deal(days(1))
    lead.streams = [s for s in STREAMS if s.kind not in {Kind.HISTORY, Kind.DEALS}]
    signals = (
        StatusTrigger("Status", ("x",)),
        AssignedTrigger(),
        DealTrigger(DealEvent.CREATED),
        StageSet("mql"),
    )

    assert heard(lead, *signals, definition=replace(mapped(), normalise={})) == []
