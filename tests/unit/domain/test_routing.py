"""Who gets the lead, and how fairly a pool deals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.domain.conditions import ALWAYS
from leadledger.domain.routing import (
    AccountOwner,
    Dealer,
    Fallback,
    Member,
    Owner,
    Pool,
    Request,
    RouteRule,
    Routing,
    Skip,
    deal,
)

weights = st.lists(st.integers(1, 20), min_size=1, max_size=8)


def a_pool(*weights: int) -> Pool:
    return Pool("sales", tuple(Member(f"m{k}", weight) for k, weight in enumerate(weights)))


def dealt(
    pool: Pool, rounds: Sequence[Sequence[str] | None], credits: dict[str, int] | None = None
) -> list[str]:
    """Who is picked, lead by lead; each round lists who is there, None for all."""
    held = dict(credits or {})
    picks = []
    for present in rounds:
        there = {m.user: present is None or m.user in present for m in pool.members}
        picked, held = deal(pool, held, there)
        picks.append(picked)
    return picks


def test_equal_members_take_turns_in_the_order_of_the_pool():
    assert dealt(a_pool(1, 1, 1), [None] * 6) == ["m0", "m1", "m2", "m0", "m1", "m2"]


def test_twice_the_weight_is_twice_the_leads():
    assert Counter(dealt(a_pool(4, 2, 2), [None] * 8)) == {"m0": 4, "m1": 2, "m2": 2}


@given(weights, st.integers(0, 100))
def test_everybody_is_within_one_lead_of_the_share_at_any_time(weights, leads):
    picks = dealt(a_pool(*weights), [None] * leads)

    for count in range(leads + 1):
        so_far = Counter(picks[:count])
        for k, weight in enumerate(weights):
            assert abs(so_far[f"m{k}"] - Fraction(count * weight, sum(weights))) <= 1


@given(st.integers(2, 5), st.lists(st.integers(0, 7), max_size=80))
def test_equal_members_who_are_always_there_are_within_one_lead_of_each_other(always, visits):
    """Whoever else comes and goes, and however many leads a heavier colleague takes meanwhile."""
    pool = a_pool(*[1] * always, 9, 3, 1)
    there = [f"m{k}" for k in range(always)]
    others = [f"m{always + k}" for k in range(3)]
    picks = dealt(pool, [[*there, *(o for k, o in enumerate(others) if visit >> k & 1)] for visit in visits])

    for count in range(len(picks) + 1):
        so_far = Counter(picks[:count])
        assert max(so_far[m] for m in there) - min(so_far[m] for m in there) <= 1


@given(weights, st.lists(st.integers(0, 255), max_size=60))
def test_nobody_is_ever_far_from_what_was_due_while_being_there(weights, visits):
    pool = a_pool(*weights)
    due: Counter[str] = Counter()
    rounds = [[f"m{k}" for k in range(len(weights)) if visit >> k & 1 or k == 0] for visit in visits]
    picks = dealt(pool, rounds)

    for present, picked in zip(rounds, picks, strict=True):
        total = sum(m.weight for m in pool.members if m.user in present)
        for m in pool.members:
            if m.user in present:
                due[m.user] += Fraction(m.weight, total)
        due[picked] -= 1
        assert all(abs(owed) < 3 for owed in due.values())


def test_a_heavy_colleague_on_holiday_leaves_no_debt_behind():
    pool = a_pool(1, 1, 100)
    together: list[Sequence[str] | None] = [None]
    while dealt(pool, together)[-1] == "m2":
        together.append(None)

    alone = dealt(pool, [*together, *[["m0", "m1"]] * 6])[-6:]

    assert Counter(alone) == {"m0": 3, "m1": 3}


def test_who_returns_has_neither_backlog_nor_penalty():
    pool = a_pool(1, 1)
    picks = dealt(pool, [None, None, *[["m0"]] * 50, *[None] * 6])

    assert picks[2:52] == ["m0"] * 50
    assert Counter(picks[52:]) == {"m0": 3, "m1": 3}


def test_a_new_member_starts_at_nought_and_does_not_reset_the_others():
    _, credits = deal(a_pool(1, 1), {}, {"m0": True, "m1": True})

    picks = dealt(a_pool(1, 1, 1), [None] * 6, credits)

    assert picks[:2] == ["m1", "m2"]  # m1's turn it was
    assert all(1 <= count <= 3 for count in Counter(picks).values())


def test_who_left_the_pool_is_forgotten():
    _, credits = deal(a_pool(1), {"gone": 500_000}, {"m0": True})

    assert credits == {"m0": 0}


@given(weights, st.data())
def test_credits_always_cancel_out(weights, data):
    pool = a_pool(*weights)
    credits: dict[str, int] = {}
    for _ in range(10):
        there = {m.user: data.draw(st.booleans()) for m in pool.members}
        if any(there.values()):
            _, credits = deal(pool, credits, there)

    assert sum(credits.values()) == 0


def test_a_pool_where_nobody_is_available_deals_nothing():
    with pytest.raises(LookupError, match="nobody of pool sales is available"):
        deal(a_pool(1, 1), {}, {"m0": False})


ANN = Owner("u1", "ann@ours.test", "Ann", active=True)
BOB = Owner("u2", "bob@ours.test", "Bob", active=True)
GONE = Owner("u3", "gone@ours.test", "Gone", active=False)
QUEUE = Owner("q1", "", "New_Leads", active=True, queue=True, objects=("Lead", "Case"))
OWNERS = (ANN, BOB, GONE, QUEUE)
POOL = Pool("dach", (Member("ann@ours.test"), Member("gone@ours.test"), Member("nobody@ours.test")))
ROUTING = Routing(
    sticky=("mql",),
    account_owner=AccountOwner(),
    pools=(POOL, Pool("us", (Member("bob@ours.test"),)), Pool("empty", (Member("gone@ours.test"),))),
    rules=(
        RouteRule("german", ALWAYS, "dach"),
        RouteRule("american", ALWAYS, "us"),
        RouteRule("rest", ALWAYS, "empty"),
    ),
    fallback=Fallback(queue="New_Leads", user="bob@ours.test"),
)


def a_request(**changes) -> Request:
    return Request(
        **{"person_id": "p", "stage": "mql", "object": "Lead", "rule_holds": (False, False, False), **changes}
    )


def dealer(routing: Routing = ROUTING, owners: Sequence[Owner] = OWNERS) -> Dealer:
    return Dealer(routing, owners, {})


def test_a_lead_that_comes_back_stays_with_its_owner():
    assignment = dealer().assign(a_request(previous_owner_id="u2", account_owner_id="u1"))

    assert (assignment.owner, assignment.way, assignment.skipped) == (BOB, "sticky", ())


def test_only_the_stages_that_are_named_are_sticky():
    assignment = dealer().assign(a_request(stage="sql", previous_owner_id="u2", account_owner_id="u1"))

    assert (assignment.owner, assignment.way) == (ANN, "account_owner")


@pytest.mark.parametrize(
    ("previous", "who", "why"),
    [
        ("u3", "gone@ours.test", "previous owner is inactive"),
        ("u9", "u9", "previous owner is inactive"),
        ("q1", "New_Leads", "previous owner is a queue"),
    ],
)
def test_a_previous_owner_who_cannot_have_it_is_passed_over(previous, who, why):
    assignment = dealer().assign(a_request(previous_owner_id=previous, account_owner_id="u1"))

    assert (assignment.owner, assignment.skipped) == (ANN, (Skip(who, why),))


@pytest.mark.parametrize(("owner", "who"), [("u3", "gone@ours.test"), ("u9", "u9"), ("q1", "New_Leads")])
def test_an_account_owner_who_cannot_have_it_is_passed_over(owner, who):
    assignment = dealer().assign(a_request(account_owner_id=owner, rule_holds=(False, True, True)))

    assert (assignment.owner, assignment.way, assignment.rule, assignment.pool) == (
        BOB,
        "pool",
        "american",
        "us",
    )
    assert [skip.who for skip in assignment.skipped] == [who]


def test_the_account_owner_is_left_out_where_the_definition_says_so():
    refused = a_request(account_owner_id="u1", account_owner_refused=True, rule_holds=(False, True, False))
    unasked = Routing(pools=ROUTING.pools, rules=ROUTING.rules)

    assert dealer().assign(refused).way == "pool"
    assert (
        dealer(unasked).assign(a_request(account_owner_id="u1", rule_holds=(True, False, False))).way
        == "pool"
    )


def test_the_first_rule_that_holds_gives_the_pool_and_unknown_does_not_hold():
    assignment = dealer().assign(a_request(rule_holds=(None, True, True)))

    assert (assignment.rule, assignment.owner) == ("american", BOB)


def test_members_who_are_away_are_skipped_with_a_receipt():
    assignment = dealer().assign(a_request(rule_holds=(True, True, True)))

    assert assignment.owner == ANN
    assert assignment.skipped == (
        Skip("gone@ours.test", "inactive in the CRM"),
        Skip("nobody@ours.test", "not a user of this CRM"),
    )
    assert assignment.credits == {"ann@ours.test": 0, "gone@ours.test": 0, "nobody@ours.test": 0}


def test_the_rotation_moves_on_with_every_pick():
    routing = Routing(
        pools=(Pool("both", (Member("ann@ours.test"), Member("bob@ours.test"))),),
        rules=(RouteRule("all", ALWAYS, "both"),),
    )
    working = dealer(routing)

    owners = [working.assign(a_request(rule_holds=(True,))).owner for _ in range(4)]

    assert owners == [ANN, BOB, ANN, BOB]
    assert set(working.credits) == {"both"}


def test_a_pool_where_nobody_is_left_goes_to_the_fallback():
    assignment = dealer().assign(a_request(rule_holds=(False, False, True)))

    assert (assignment.owner, assignment.way) == (QUEUE, "fallback")
    assert assignment.skipped[-1] == Skip("pool empty", "nobody is available")


def test_a_contact_never_goes_to_a_queue():
    assignment = dealer().assign(a_request(object="Contact"))

    assert (assignment.owner, assignment.way) == (BOB, "fallback")
    assert assignment.skipped == (Skip("New_Leads", "a Contact cannot be owned by this queue"),)


@pytest.mark.parametrize(
    "fallback",
    [
        None,
        Fallback(),
        Fallback(queue="Other"),
        Fallback(user="gone@ours.test"),
        Fallback(user="x@ours.test"),
    ],
)
def test_without_a_fallback_that_can_own_it_nobody_gets_the_lead(fallback):
    assert dealer(Routing(fallback=fallback)).assign(a_request(rule_holds=())) is None


@given(st.lists(st.tuples(st.sampled_from(("u1", "u2", "u3", "q1", "")), st.sampled_from(("u1", "u3", "")), st.integers(0, 7), st.booleans()), max_size=20))  # fmt: skip
def test_every_lead_gets_one_owner_who_can_have_it_or_nobody(requests):
    working = dealer()
    for previous, account, held, contact in requests:
        holds = tuple(bool(held >> k & 1) for k in range(3))
        object_ = "Contact" if contact else "Lead"
        assignment = working.assign(
            a_request(object=object_, rule_holds=holds, previous_owner_id=previous, account_owner_id=account)
        )

        assert assignment is not None
        assert assignment.owner.active
        assert not assignment.owner.queue or object_ in assignment.owner.objects
