"""Who is one person does not hang on the order in which anything came, nor on how many people are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.instants import SECOND
from leadledger.domain.scoring import BotGuard, Engagement, EngagementRule, Fit, FitRule, Limit
from leadledger.domain.sources import Identity
from leadledger.engine.fold.walk import fold
from leadledger.engine.identity import components
from leadledger.engine.local import LocalEngine
from leadledger.engine.reach import reach
from leadledger.ports import Known, Stream
from mirrors import BEGIN, CONTACT, END, EVENT, HUBSPOT, LEAD, STREAMS, VISIT, Mirror, a_definition

LEADS, CONTACTS, TWINS = ("00Q1", "00Q2", "00Q3"), ("0031", "0032", "0033"), ("501", "502", "503")
ADDRESSES = (None, "a@x.test", "A+t@x.test", "b@x.test", "c@y.test", "info@shared.test")
DEFINITION = a_definition(
    identity=Identity(
        ignore_domains=("shared.test",),
        plus_tags=False,
        references=("hubspot_id", "salesforce_id"),
        same_activity=5 * SECOND,
    ),
    engagement=Engagement(
        (
            EngagementRule(
                "visit", Compare(Space.ACTIVITY, "type", Op.IS, "visit"), 10, limit=Limit(1, 8 * SECOND)
            ),
            EngagementRule("call", Compare(Space.ACTIVITY, "origin", Op.IS, "sales"), 7, max_points=20),
        ),
        bot_guard=BotGuard(("click", "visit"), "delivery", 3 * SECOND, times=3, burst=2 * SECOND),
    ),
    fit=Fit((FitRule("ours", Compare(Space.FACT, "first_origin", Op.IS, "sales"), 1),)),
)

RUNS = 3
Rows = list[tuple[Stream, dict[str, Any]]]


@st.composite
def records(draw: st.DrawFn) -> Rows:
    """Leads, contacts and HubSpot's contacts with shared addresses, conversions, merges and references."""
    rows: Rows = []
    for stream, ids, others in (
        (LEAD, LEADS, TWINS),
        (CONTACT, CONTACTS, TWINS),
        (HUBSPOT, TWINS, LEADS + CONTACTS),
    ):
        email, reference = ("email", "salesforceid") if stream is HUBSPOT else ("Email", "HubSpot_ID__c")
        for id_ in ids[: draw(st.integers(1, 3))]:
            row: dict[str, Any] = {"id": id_, email: draw(st.sampled_from(ADDRESSES))}
            row[reference] = draw(st.none() | st.sampled_from(others))
            row["converted_to"] = draw(st.none() | st.sampled_from(CONTACTS)) if stream is LEAD else None
            winner = draw(st.none() | st.sampled_from(ids))
            row["merged_into"] = winner if winner != id_ else None
            row["deleted"] = row["merged_into"] is not None or draw(st.integers(0, 9)) == 0
            rows.append((stream, row))
    return rows


@st.composite
def activities(draw: st.DrawFn) -> Rows:
    """What they did, some of it told by both CRMs, some with an address only."""
    rows: Rows = []
    for number in range(draw(st.integers(0, 25))):
        stream = draw(st.sampled_from((VISIT, EVENT)))
        kind, asset = ("Kind", "Url") if stream is VISIT else ("kind", "url")
        person = draw(st.none() | st.sampled_from(LEADS + CONTACTS if stream is VISIT else TWINS))
        row = {
            "id": f"{draw(st.integers(0, 40)):02}-{number}",
            kind: draw(st.sampled_from(("click", "delivery", "visit", "call"))),
            asset: draw(st.sampled_from(("/a", "/b"))),
            "person": person,
            "person_email": draw(st.sampled_from(ADDRESSES)) if person is None else None,
            "at_us": BEGIN + draw(st.integers(0, 40)) * SECOND,
        }
        rows.append((stream, row))
    return rows


@contextmanager
def mirror_of(rows: Sequence[tuple[Stream, Mapping[str, Any]]]) -> Iterator[Mirror]:
    mirror = Mirror()
    for stream, row in rows:
        mirror.add(stream, row["id"], **{name: value for name, value in row.items() if name != "id"})
    yield mirror
    mirror.sql.close()


def told(mirror: Mirror) -> dict[str, Any]:
    """Person id -> everything that the tables say about the person."""
    result: dict[str, Any] = {person: {"records": refs} for person, refs in mirror.people().items()}
    for table in ("activity", "suspected"):
        for person, found in mirror.activities(table).items():
            result[person][table] = found
    for table in ("person", "fact", "formerly"):
        query = f"SELECT n.person_id, t.* EXCLUDE (p) FROM {table} t JOIN person n ON n.p = t.p ORDER BY ALL"
        for person, *values in mirror.sql.execute(
            query.replace("(p)", "(p, root)" if table == "person" else "(p)")
        ).fetchall():
            result[person].setdefault(table, []).append(values)
    return result


@settings(max_examples=15)
@given(records(), activities(), st.integers(0, 99))
def test_the_order_of_the_rows_changes_nobody(people, happened, seed):
    rows = people + happened
    shuffled = Random(seed).sample(rows, len(rows))
    results = []
    for order in (rows, shuffled):
        with mirror_of(order) as mirror:
            mirror.build(DEFINITION)
            results.append(told(mirror))

    assert results[0] == results[1]


@settings(max_examples=15)
@given(records(), activities(), st.integers(0, 99), st.integers(0, 99))
def test_the_order_in_which_it_is_learnt_who_is_who_changes_nobody(people, happened, one, other):
    """Conversions, merges, addresses and references come with different runs, in two orders."""
    results, digests = [], []
    for seed in (one, other):
        with mirror_of(_strangers(people) + happened) as mirror:
            known = _remembered(mirror, Known())
            news = _news(people)
            Random(seed).shuffle(news)
            for run in range(RUNS):
                for stream, id_, values in news[run::RUNS]:
                    sets = ", ".join(f'"{name}" = ?' for name in values)
                    update = f'UPDATE raw."{stream.table}" SET {sets} WHERE id = ?'
                    mirror.sql.execute(update, [*values.values(), id_])
                known = _remembered(mirror, known)
            digests.append(_decided(mirror, known))
            results.append({person: _without(found) for person, found in told(mirror).items()})
    with mirror_of(people + happened) as mirror:
        digests.append(_decided(mirror, Known()))
        at_once = {tuple(found["records"]): _without(found) for found in told(mirror).values()}

    assert results[0] == results[1]
    assert {tuple(found["records"]): found for found in results[0].values()} == at_once
    assert digests[0] == digests[1] == digests[2]


def _strangers(people: Rows) -> Rows:
    """The same records before anything joins them."""
    nothing = {"converted_to": None, "merged_into": None, "deleted": False}
    return [(stream, {**row, **_nobody(stream), **nothing}) for stream, row in people]


def _nobody(stream: Stream) -> dict[str, None]:
    names = ("email", "salesforceid") if stream is HUBSPOT else ("Email", "HubSpot_ID__c")
    return dict.fromkeys(names)


def _news(people: Rows) -> list[tuple[Stream, str, dict[str, Any]]]:
    news = []
    for stream, row in people:
        told_of = [{name: row[name]} for name in (*_nobody(stream), "converted_to") if row[name] is not None]
        if row["deleted"]:
            told_of.append({"merged_into": row["merged_into"], "deleted": True})
        news += [(stream, row["id"], one) for one in told_of]
    return news


def _remembered(mirror: Mirror, known: Known) -> Known:
    """What the ledger knows after a run."""
    mirror.build(replace(DEFINITION, activities=()), known)
    rows = mirror.sql.execute(
        "SELECT r.ref, n.person_id FROM record r JOIN person n ON n.p = r.p WHERE r.writable"
    ).fetchall()
    return replace(known, person_of={**known.person_of, **dict(rows)})


def _decided(mirror: Mirror, known: Known) -> list[str]:
    """Digests of all decisions, by the people's records."""
    evaluation = LocalEngine(fold).evaluate(mirror.sql, DEFINITION, STREAMS, known, END)
    return [d.digest() for d in sorted(evaluation.decisions(), key=lambda d: d.records)]


def _without(found: Mapping[str, Any]) -> dict[str, Any]:
    """Without the ids under which the person was known, which the orders do differ in."""
    return {name: value for name, value in found.items() if name != "formerly"}


@settings(max_examples=20)
@given(records(), activities(), st.data())
def test_who_is_evaluated_alone_is_who_is_evaluated_with_all(people, happened, data):
    refs = [f"{stream.crm}/{stream.name}/{row['id']}" for stream, row in people]
    wanted = data.draw(st.sets(st.sampled_from(refs), min_size=1, max_size=3))
    with mirror_of(people + happened) as mirror:
        mirror.build(DEFINITION)
        everybody = told(mirror)

        scope = reach(mirror.sql, DEFINITION, STREAMS, wanted)
        mirror.build(DEFINITION, scope=scope)
        alone = told(mirror)

    expected = {person: found for person, found in everybody.items() if set(found["records"]) & scope}
    assert alone == expected
    assert wanted <= scope
    assert all(set(found["records"]) <= scope for found in expected.values())


@settings(max_examples=20)
@given(st.integers(1, 30), st.data())
def test_components_are_what_a_walk_along_the_pairs_finds(total, data):
    pairs = data.draw(st.lists(st.tuples(st.integers(0, total - 1), st.integers(0, total - 1)), max_size=40))
    reached = {member: {member} for member in range(total)}
    for _ in range(total):
        for a, b in pairs:
            reached[a] = reached[b] = reached[a] | reached[b]

    found = components(
        total, np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64)
    )

    assert found.tolist() == [min(reached[member]) for member in range(total)]
