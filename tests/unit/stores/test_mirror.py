from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadledger.domain.intents import IntentState, Outcome
from leadledger.domain.records import RecordRef
from leadledger.domain.routing import Owner
from leadledger.errors import BugError, ConfigError
from leadledger.ports import Kind, Page, Stream
from leadledger.stores.mirror import DuckDbMirror

LEADS = Stream(
    "salesforce", "Lead", Kind.PEOPLE, ("Email", "Title", "CreatedDate"), frozenset({"CreatedDate"})
)
CONTACTS = Stream("hubspot", "contacts", Kind.PEOPLE, ("email", "hs_additional_emails"))
TASKS = Stream("salesforce", "Task", Kind.ACTIVITIES, ("Subject",))
FORMS = Stream("hubspot", "forms", Kind.ACTIVITIES, ("form",))
LEAD_HISTORY = Stream("salesforce", "LeadHistory", Kind.HISTORY)
ACCOUNTS = Stream("salesforce", "Account", Kind.ACCOUNTS, ("Industry",))
DEALS = Stream("salesforce", "Opportunity", Kind.DEALS, ("StageName",))
ROLES = Stream("salesforce", "OpportunityContactRole", Kind.DEAL_PEOPLE)
USERS = Stream("salesforce", "User", Kind.OWNERS)
QUEUES = Stream("salesforce", "Group", Kind.OWNERS)
STREAMS = (LEADS, CONTACTS, TASKS, FORMS, LEAD_HISTORY, ACCOUNTS, DEALS, ROLES, USERS, QUEUES)


def a_row(id_, modified_us=1, **values):
    return {"id": id_, "modified_us": modified_us, "deleted": False, **values}


@pytest.fixture
def mirror():
    made = DuckDbMirror(":memory:")
    made.prepare(STREAMS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_mirror():
    """For properties: opening one per example would take longer than all the rest."""
    made = DuckDbMirror(":memory:")
    made.prepare([LEADS])
    yield made
    made.close()


def rows(mirror, stream):
    table = stream.table.replace('"', '""')
    return sorted(mirror.sql().execute(f'SELECT * FROM raw."{table}"').fetchall(), key=repr)


def ids(mirror, stream):
    return [row[0] for row in rows(mirror, stream)]


# Pages


def test_a_row_replaces_the_row_with_its_id(mirror):
    mirror.store(LEADS, Page([a_row("1", Title="VP"), a_row("2", Title="CEO")]))

    mirror.store(LEADS, Page([a_row("1", 2, Title="CFO"), a_row("3")]))

    assert dict(mirror.values("salesforce", "Lead", ["Title"])) == {
        "1": ("CFO",),
        "2": ("CEO",),
        "3": (None,),
    }


def test_all_rows_of_a_person_are_replaced_at_once(mirror):
    mirror.store(
        LEAD_HISTORY, Page([a_row("h1", person="a"), a_row("h2", person="a"), a_row("h3", person="b")])
    )

    mirror.store(LEAD_HISTORY, Page([a_row("h4", person="a")], replaces="person"))

    assert ids(mirror, LEAD_HISTORY) == ["h3", "h4"]


@pytest.mark.parametrize("left", [[], [a_row("3")]])
def test_a_complete_stream_replaces_everything(mirror, left):
    mirror.store(USERS, Page([a_row("1"), a_row("2")]))

    mirror.store(USERS, Page(left, replaces="all"))

    assert ids(mirror, USERS) == [row["id"] for row in left]


def test_an_unknown_way_to_replace_is_refused(mirror):
    with pytest.raises(BugError, match="'most'"):
        mirror.store(USERS, Page([a_row("1")], replaces="most"))


@pytest.mark.parametrize("replaces", ["id", "person", "all"])
def test_storing_a_page_again_changes_nothing(mirror, replaces):
    page = Page([a_row("t1", person="a", Subject=""), a_row("t2", person="b")], replaces=replaces)
    mirror.store(TASKS, page)
    before = rows(mirror, TASKS)
    mirror.store(LEADS, Page([a_row("a"), a_row("b")]))
    mirror.settle_touched()

    mirror.store(TASKS, page)

    assert rows(mirror, TASKS) == before
    assert mirror.touched() == frozenset()


def test_of_two_versions_in_one_page_the_last_counts(mirror):
    mirror.store(LEADS, Page([a_row("1", Title="old"), a_row("2"), a_row("1", Title="new")]))

    assert dict(mirror.values("salesforce", "Lead", ["Title"])) == {"1": ("new",), "2": (None,)}


def test_a_meeting_with_three_people_is_three_rows_of_one_id(mirror):
    meeting = [a_row("m1", person=person) for person in "abc"]

    mirror.store(TASKS, Page(meeting))
    mirror.store(TASKS, Page(meeting[:2]))

    assert [row[3] for row in rows(mirror, TASKS)] == ["a", "b"]


def test_an_empty_page_is_stored(mirror):
    mirror.store(LEADS, Page([]))

    assert ids(mirror, LEADS) == []


def test_null_and_empty_text_stay_different(mirror):
    mirror.store(
        LEADS, Page([a_row("1", Title=None, Email=""), a_row("2", Title="", Email=None), a_row("3")])
    )

    assert dict(mirror.values("salesforce", "Lead", ["Title", "Email"])) == {
        "1": (None, ""),
        "2": ("", None),
        "3": (None, None),
    }


@given(
    texts=st.lists(
        st.one_of(st.none(), st.text(st.characters(exclude_categories=())), st.just("")), min_size=1
    )
)
@example(texts=["a\0b", None, "", "値"])
@example(texts=["a\ud800b", "\udfff\0", None])
def test_any_text_is_kept_except_what_no_store_takes(shared_mirror, texts):
    page = [a_row(f"{n:09}", Title=text) for n, text in enumerate(texts)]

    shared_mirror.store(LEADS, Page(page, replaces="all"))

    kept = [title for _, (title,) in shared_mirror.values("salesforce", "Lead", ["Title"])]
    assert kept == [text if text is None else _replaced(text) for text in texts]


def _replaced(text):
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def test_a_text_of_ten_megabytes_is_kept(mirror):
    text = "値" * 3_500_000

    mirror.store(LEADS, Page([a_row("1", Title=text)]))

    assert list(mirror.values("salesforce", "Lead", ["Title"])) == [("1", (text,))]


def test_a_page_of_50_000_rows_is_stored_whole(mirror):
    page = [a_row(f"{n:06}", n, Title=[None, "", f"Ünï-{n}"][n % 3], CreatedDate=n) for n in range(50_000)]

    mirror.store(LEADS, Page(page))

    stored = list(mirror.values("salesforce", "Lead", ["Title", "CreatedDate"]))
    assert stored == [(row["id"], (row["Title"], str(row["CreatedDate"]))) for row in page]
    assert len(mirror.touched()) == 50_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"Title": 5},
        {"Title": b"bytes"},
        {"CreatedDate": "2026-01-01"},
        {"CreatedDate": 1.5},
        {"CreatedDate": True},
        {"CreatedDate": 2**63},
        {"deleted": "false"},
    ],
)
def test_a_value_of_another_type_is_refused_and_nothing_is_stored(mirror, wrong):
    with pytest.raises(BugError, match=next(iter(wrong))):
        mirror.store(LEADS, Page([a_row("1"), a_row("2") | wrong]))

    assert ids(mirror, LEADS) == []
    assert mirror.touched() == frozenset()


def test_extreme_instants_are_kept(mirror):
    mirror.store(LEADS, Page([a_row("1", CreatedDate=-(2**63) + 1), a_row("2", CreatedDate=2**63 - 1)]))

    assert [int(v[0]) for _, v in mirror.values("salesforce", "Lead", ["CreatedDate"])] == [
        -(2**63) + 1,
        2**63 - 1,
    ]


def test_names_with_quotes_and_dots_are_columns(mirror):
    odd = Stream("hubspot", 'odd"object', Kind.PEOPLE, ("Account.Industry", 'it\'s "that"'))
    mirror.prepare([odd])

    mirror.store(odd, Page([a_row("1", **{"Account.Industry": "x", 'it\'s "that"': "y"})]))

    assert list(mirror.values("hubspot", 'odd"object', odd.fields)) == [("1", ("x", "y"))]


def test_fields_that_differ_only_in_case_are_an_error_of_the_definition(mirror):
    with pytest.raises(ConfigError, match=r"Owner .* beside owner"):
        mirror.prepare([Stream("hubspot", "contacts", Kind.PEOPLE, ("Owner",))])


def test_the_field_id_is_the_id_of_the_row(mirror):
    mirror.prepare([Stream("salesforce", "Lead", Kind.PEOPLE, ("Id", "Email", "Email"))])

    assert mirror.sql().execute('SELECT "Id", "Email" FROM raw."salesforce.Lead"').fetchall() == []


# Streams and watermarks


def test_a_stream_begins_without_a_watermark(mirror):
    assert mirror.watermark(LEADS) is None


def test_a_watermark_is_kept_as_it_was_given(mirror):
    mirror.advance(LEADS, {"modified_us": 5, "id": "00Q", "more": [1, None, "値"]})

    assert mirror.watermark(LEADS) == {"modified_us": 5, "id": "00Q", "more": [1, None, "値"]}


def test_a_new_shape_drops_rows_and_watermark_of_its_stream_alone(mirror):
    for stream in (LEADS, CONTACTS):
        mirror.store(stream, Page([a_row("1")]))
        mirror.advance(stream, {"at": 1})
    wider = Stream("salesforce", "Lead", Kind.PEOPLE, (*LEADS.fields, "Phone"), LEADS.instants)

    mirror.prepare([wider, CONTACTS])

    assert (ids(mirror, wider), mirror.watermark(wider)) == ([], None)
    assert (ids(mirror, CONTACTS), mirror.watermark(CONTACTS)) == (["1"], {"at": 1})


def test_the_same_shape_keeps_rows_and_watermark(mirror):
    mirror.store(LEADS, Page([a_row("1")]))
    mirror.advance(LEADS, {"at": 1})

    mirror.prepare(STREAMS)

    assert (ids(mirror, LEADS), mirror.watermark(LEADS)) == (["1"], {"at": 1})


def test_a_stream_that_was_not_prepared_is_refused(mirror):
    with pytest.raises(BugError, match=r"salesforce\.Event"):
        mirror.store(Stream("salesforce", "Event", Kind.ACTIVITIES), Page([]))


def test_rows_are_counted_as_they_come_and_go(mirror):
    mirror.store(LEADS, Page([a_row("1"), a_row("2"), a_row("2")]))
    mirror.store(LEADS, Page([a_row("2"), a_row("3")]))

    counted = mirror.sql().execute("SELECT rows FROM pull_state WHERE stream = 'salesforce.Lead'").fetchall()

    assert counted == [(3,)]


def test_seen_counts_a_half_open_interval_without_deleted_rows(mirror):
    page = [a_row("1", 9), a_row("2", 10), a_row("3", 19), a_row("4", 20), a_row("5", 15) | {"deleted": True}]
    mirror.store(LEADS, Page(page))

    assert mirror.seen(LEADS).count(10, 20) == len(mirror.seen(LEADS).modified(10, 20)) == 2


def test_seen_names_the_pulled_people_of_its_crm_in_id_order(mirror):
    mirror.store(LEADS, Page([a_row("b"), a_row("a/1")]))
    mirror.store(CONTACTS, Page([a_row("9")]))
    mirror.store(TASKS, Page([a_row("t", person="z")]))

    assert mirror.seen(TASKS).touched_people() == ["a/1", "b"]
    assert mirror.seen(FORMS).touched_people() == ["9"]


# Who is touched


@pytest.fixture
def settled(mirror):
    """One lead with a task, history, an account and a deal; one contact with two addresses; nobody touched."""
    mirror.store(ACCOUNTS, Page([a_row("acc", Industry="Steel")]))
    mirror.store(
        LEADS, Page([a_row("a", account="acc", Email="Ann@Example.com "), a_row("b", Email="b@x.org")])
    )
    mirror.store(CONTACTS, Page([a_row("1", email="one@x.org", hs_additional_emails="uno@x.org;eins@x.org")]))
    mirror.store(DEALS, Page([a_row("d", StageName="New")]))
    mirror.store(ROLES, Page([a_row("r", deal="d", person="a")]))
    mirror.store(TASKS, Page([a_row("t", person="a", Subject="x")]))
    mirror.store(LEAD_HISTORY, Page([a_row("h", person="a", field="Status", new="x")]))
    mirror.settle_touched()
    return mirror


@pytest.mark.parametrize(
    ("stream", "row", "touched"),
    [
        (LEADS, a_row("a", account="acc", Email="new@example.com"), {"salesforce/Lead/a"}),
        (LEADS, a_row("c"), {"salesforce/Lead/c"}),
        (LEADS, a_row("b", Email="b@x.org") | {"deleted": True}, {"salesforce/Lead/b"}),
        (LEADS, a_row("b", Email=""), {"salesforce/Lead/b"}),
        (TASKS, a_row("t2", person="b"), {"salesforce/Lead/b"}),
        (TASKS, a_row("t", person="b", Subject="x"), {"salesforce/Lead/a", "salesforce/Lead/b"}),
        (TASKS, a_row("t") | {"deleted": True}, {"salesforce/Lead/a"}),
        (TASKS, a_row("t3", person="nobody"), set()),
        (TASKS, a_row("t4", person=""), set()),
        (FORMS, a_row("f", person_email=" ann@example.COM"), {"salesforce/Lead/a"}),
        (FORMS, a_row("f", person_email="eins@x.org"), {"hubspot/contacts/1"}),
        (FORMS, a_row("f", person_email="nobody@x.org"), set()),
        (LEAD_HISTORY, a_row("h2", person="a", field="Status"), {"salesforce/Lead/a"}),
        (ACCOUNTS, a_row("acc", Industry="Paper"), {"salesforce/Lead/a"}),
        (DEALS, a_row("d", StageName="Won"), {"salesforce/Lead/a"}),
        (ROLES, a_row("r", deal="d", person="b"), {"salesforce/Lead/a", "salesforce/Lead/b"}),
        (USERS, a_row("005"), set()),
    ],
)
def test_a_row_touches_the_people_whose_decision_it_may_change(settled, stream, row, touched):
    settled.store(stream, Page([row]))

    assert settled.touched() == touched


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        (LEADS, a_row("a", 99, account="acc", Email="Ann@Example.com ")),
        (TASKS, a_row("t", 99, person="a", Subject="x")),
        (ACCOUNTS, a_row("acc", 99, Industry="Steel")),
    ],
)
def test_a_row_with_nothing_new_but_its_last_change_touches_nobody(settled, stream, row):
    settled.store(stream, Page([row]))

    assert settled.touched() == frozenset()
    assert settled.seen(stream).count(99, 100) == 1


def test_a_person_who_is_pulled_after_the_activity_is_touched_all_the_same(mirror):
    mirror.store(FORMS, Page([a_row("f", person_email="late@x.org")]))
    mirror.store(LEADS, Page([a_row("a", Email="late@x.org")]))

    assert mirror.touched() == {"salesforce/Lead/a"}


def test_people_stay_touched_until_they_are_settled(settled):
    settled.store(TASKS, Page([a_row("t2", person="b")]))
    settled.store(TASKS, Page([a_row("t2", person="b")]))
    before = settled.touched()

    settled.settle_touched()

    assert before == {"salesforce/Lead/b"}
    assert settled.touched() == frozenset()


def test_records_that_are_due_later_stay_touched(settled):
    settled.store(TASKS, Page([a_row("t2", person="b")]))

    settled.settle_touched(["salesforce/Lead/a"])

    assert settled.touched() == {"salesforce/Lead/a"}


# Our own writes


def an_outcome(id_, values, modified_us=9, object_="Lead"):
    record = RecordRef("salesforce", object_, id_)
    return Outcome(record, IntentState.CONFIRMED, values=values, modified_us=modified_us)


def test_what_the_crm_answered_to_our_write_is_taken_over_and_touches_nobody(settled):
    settled.note_written(
        "salesforce",
        "Lead",
        [an_outcome("a", {"Title": "42", "Unmapped__c": "x"}), an_outcome("b", {"Title": None})],
    )

    assert dict(settled.values("salesforce", "Lead", ["Title", "Email"])) == {
        "a": ("42", "Ann@Example.com "),
        "b": (None, "b@x.org"),
    }
    assert settled.seen(LEADS).count(9, 10) == 2
    assert settled.touched() == frozenset()


def test_our_own_write_that_comes_back_with_the_next_pull_touches_nobody(settled):
    settled.note_written("salesforce", "Lead", [an_outcome("b", {"Title": "42"})])

    settled.store(LEADS, Page([a_row("b", 9, Email="b@x.org", Title="42")]))

    assert settled.touched() == frozenset()


def test_a_write_whose_time_the_crm_did_not_tell_keeps_the_time_of_the_last_change(settled):
    settled.note_written(
        "salesforce", "Lead", [an_outcome("b", {"Title": "42", "owner": "005"}, modified_us=0)]
    )

    assert dict(settled.values("salesforce", "Lead", ["Title", "owner"], ["b"])) == {"b": ("42", "005")}
    assert settled.seen(LEADS).count(1, 2) == 2


@pytest.mark.parametrize("outcome", [an_outcome("b", None), an_outcome("nobody", {"Title": "42"})])
def test_an_answer_that_tells_nothing_changes_nothing(settled, outcome):
    before = rows(settled, LEADS)

    settled.note_written("salesforce", "Lead", [outcome])
    settled.note_written("salesforce", "Contact", [outcome])

    assert rows(settled, LEADS) == before


# Reading


def test_values_come_in_id_order_without_deleted_rows(mirror):
    page = [a_row("b", Title="B"), a_row("a", Title="A", CreatedDate=7), a_row("c") | {"deleted": True}]
    mirror.store(LEADS, Page(page))

    assert list(mirror.values("salesforce", "Lead", ["Title", "CreatedDate"])) == [
        ("a", ("A", "7")),
        ("b", ("B", None)),
    ]


@pytest.mark.parametrize(
    ("wanted", "found"), [([], []), (["b", "x", "b"], ["b"]), (["c", "a"], ["a", "c"]), (["' OR 1=1"], [])]
)
def test_values_of_some_ids(mirror, wanted, found):
    mirror.store(LEADS, Page([a_row("a"), a_row("b"), a_row("c")]))

    assert [id_ for id_, _ in mirror.values("salesforce", "Lead", [], wanted)] == found


def test_values_go_on_while_pages_are_stored(mirror):
    mirror.store(LEADS, Page([a_row(f"{n:06}") for n in range(25_000)]))
    values = mirror.values("salesforce", "Lead", ["Title"])
    next(values)

    mirror.store(LEADS, Page([a_row("000000", Title="x"), a_row("999999")]))

    assert sum(1 for _ in values) == 24_999


@pytest.mark.parametrize(("object_", "field"), [("Lead", "Nope__c"), ("Contact", "Title")])
def test_values_of_what_is_not_mirrored_are_a_bug(mirror, object_, field):
    with pytest.raises(BugError, match=f"{object_}"):
        mirror.values("salesforce", object_, [field])


def test_owners_are_users_and_queues_in_id_order(mirror):
    mirror.store(
        USERS,
        Page(
            [
                a_row("2", email=" Ann@X.org ", name="Ann", active=True, queue=False),
                a_row("3") | {"deleted": True},
                a_row("4", active=None),
            ],
            replaces="all",
        ),
    )
    mirror.store(QUEUES, Page([a_row("1", name="Inbound", active=True, queue=True, objects="Lead, Case")]))

    assert mirror.owners("salesforce") == [
        Owner("1", "", "Inbound", active=True, queue=True, objects=("Lead", "Case")),
        Owner("2", "ann@x.org", "Ann", active=True),
        Owner("4", "", "", active=False),
    ]
    assert mirror.owners("hubspot") == []


def test_the_engine_can_register_arrays(mirror):
    sql = mirror.sql()

    sql.register("given", {"person": np.arange(3), "name": np.array(["a", None, ""], dtype=object)})

    assert sql.execute("SELECT sum(person), count(name) FROM given").fetchall() == [(3, 2)]
    sql.unregister("given")
