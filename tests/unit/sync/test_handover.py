from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from builders import days
from leadledger.domain.conditions import All
from leadledger.domain.definition import Definition
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Fallback, Member, Owner, Pool, RouteRule, Routing
from leadledger.ports import Ledger
from leadledger.sync.handover import Ask, asks, deal_batch
from unit.sync.scripted_crm import ScriptedCrm, a_context, a_decision, lead

OWNERS = (
    Owner("005a", "ana@acme.test", "Ana", active=True),
    Owner("005b", "bo@acme.test", "Bo", active=True),
    Owner("005x", "gone@acme.test", "Gone", active=False),
    Owner("00Gq", "", "Inbound", active=True, queue=True, objects=("Lead",)),
)
ROUTING = Routing(
    sticky=("mql",),
    pools=(Pool("all", (Member("ana@acme.test"), Member("bo@acme.test"))),),
    rules=(RouteRule("everybody", All(()), "all"),),
    fallback=Fallback("Inbound", "bo@acme.test"),
)


class Owners:
    """As much of a mirror as dealing needs."""

    def owners(self, _crm: str) -> Sequence[Owner]:
        return OWNERS


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    context = a_context(ScriptedCrm())
    yield context.ledger
    context.ledger.close()


@pytest.fixture
def definition() -> Definition:
    context = a_context(ScriptedCrm(), routing=ROUTING)
    context.ledger.close()
    return context.definition


def ask(id_: str, definition: Definition, owner: str = "", *, first: bool = False, **more: Any) -> Ask:
    decision = a_decision(id_, rule_holds=(True,), **more)
    (found,) = asks(decision, definition, {"salesforce": owner}, first_contact=first)
    return found


def deal(found: list[Ask], definition: Definition, ledger: Ledger) -> dict[str, tuple[str, str]]:
    dealt = deal_batch(found, definition, ledger, cast("Any", Owners()))
    return {name: (handover.owner.id, handover.way) for name, handover in dealt.handovers.items()}


def test_who_is_in_no_routed_stage_asks_for_nobody(definition: Definition) -> None:
    assert asks(a_decision("00Q1", stage="sql"), definition, {}, first_contact=False) == []
    assert asks(a_decision("00Q1", excluded=True), definition, {}, first_contact=False) == []
    assert asks(a_decision("00Q1", stage=""), definition, {}, first_contact=False) == []


def test_a_stage_that_a_person_set_back_is_a_correction_and_asks_for_nobody(definition: Definition) -> None:
    entry = a_decision("00Q1").transitions[0]
    forward = replace(
        entry, stage="sql", from_stage="mql", at_us=days(2), trigger="set by a person", evidence="h1"
    )
    back = replace(
        entry, from_stage="sql", at_us=days(3), trigger="set by a person", evidence="h2", counter=""
    )

    assert asks(a_decision("00Q1", transitions=(forward, back)), definition, {}, first_contact=False) == []
    (found,) = asks(
        a_decision("00Q1", transitions=(entry, forward, back)), definition, {}, first_contact=False
    )
    assert found.transition == entry


def test_a_stage_that_a_person_set_forward_asks_like_any_other_entry(definition: Definition) -> None:
    entry = replace(a_decision("00Q1").transitions[0], trigger="set by a person", from_stage="inquiry")
    (found,) = asks(a_decision("00Q1", transitions=(entry,)), definition, {}, first_contact=False)
    assert found.transition == entry


def test_an_active_owner_at_first_contact_keeps_the_lead(definition: Definition, ledger: Ledger) -> None:
    assert deal([ask("00Q1", definition, "005b", first=True)], definition, ledger) == {}


@pytest.mark.parametrize("owner", ["", "005x", "00Gq", "005unknown"])
def test_at_first_contact_a_lead_without_a_working_owner_is_dealt(
    definition: Definition, ledger: Ledger, owner: str
) -> None:
    found = ask("00Q1", definition, owner, first=True)
    assert deal([found], definition, ledger) == {found.name: ("005a", "pool")}


def test_later_an_entry_is_dealt_whoever_owns_the_lead(definition: Definition, ledger: Ledger) -> None:
    found = ask("00Q1", definition, "005b")
    assert deal([found], definition, ledger) == {found.name: ("005a", "pool")}


def test_a_batch_is_dealt_by_the_time_of_entry_then_by_person_whatever_its_order(
    definition: Definition, ledger: Ledger
) -> None:
    early = ask("00Q9", definition)
    late = [
        ask(id_, definition, transitions=(replace(early.transition, at_us=days(5), evidence=id_),))
        for id_ in ("00Q1", "00Q2")
    ]
    expected = {early.name: ("005a", "pool"), late[0].name: ("005b", "pool"), late[1].name: ("005a", "pool")}
    assert deal([early, *late], definition, ledger) == expected
    assert deal([*reversed(late), early], definition, ledger) == expected


def test_a_stored_pick_is_used_again_and_moves_no_rotation(definition: Definition, ledger: Ledger) -> None:
    first = ask("00Q1", definition)
    dealt = deal_batch([first], definition, ledger, cast("Any", Owners()))
    ledger.record_decisions("r1", [first.decision], dealt.handovers.values())
    credits = ledger.credits()
    known = replace(first, new=False)
    again = deal_batch([known], definition, ledger, cast("Any", Owners()))
    assert again.handovers == dealt.handovers
    assert (dealt.fresh, again.fresh) == ({first.name}, frozenset())
    assert ledger.credits() == credits


def test_an_entry_that_the_ledger_knew_without_a_pick_stays_with_its_active_owner(
    definition: Definition, ledger: Ledger
) -> None:
    assert deal([replace(ask("00Q1", definition, "005b"), new=False)], definition, ledger) == {}


def test_an_entry_for_which_nobody_was_found_is_tried_again(definition: Definition, ledger: Ledger) -> None:
    earlier = replace(ask("00Q1", definition, "00Gq"), new=False)
    away = (Pool("all", (Member("gone@acme.test"),)),)
    nobody = replace(definition, routing=replace(ROUTING, pools=away, fallback=None))
    assert deal_batch([earlier], nobody, ledger, cast("Any", Owners())).unassigned == {earlier.name}
    assert deal([earlier], definition, ledger) == {earlier.name: ("005a", "pool")}


def test_the_second_cycle_stays_with_its_owner_and_leaves_an_inactive_one(
    definition: Definition, ledger: Ledger
) -> None:
    entry = replace(ask("00Q1", definition).transition, cycle=2)
    kept = ask("00Q1", definition, "005b", transitions=(entry,))
    assert deal([kept], definition, ledger) == {kept.name: ("005b", "sticky")}
    left = ask("00Q2", definition, "005x", transitions=(replace(entry, evidence="visit/00Q2"),))
    assert deal([left], definition, ledger) == {left.name: ("005a", "pool")}


def test_a_person_with_a_contact_never_lands_in_a_queue(definition: Definition, ledger: Ledger) -> None:
    both = (RecordRef("salesforce", "Contact", "0031"), lead("00Q1"))
    with_contact = ask("00Q1", definition, records=both)
    with_contact = replace(with_contact, decision=replace(with_contact.decision, rule_holds=(False,)))
    alone = ask("00Q2", definition)
    alone = replace(alone, decision=replace(alone.decision, rule_holds=(False,)))
    assert deal([with_contact, alone], definition, ledger) == {
        with_contact.name: ("005b", "fallback"),
        alone.name: ("00Gq", "fallback"),
    }
