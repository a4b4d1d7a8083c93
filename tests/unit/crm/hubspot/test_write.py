"""Writing contacts: what is sent, and what each row is told."""

from __future__ import annotations

import pytest

from leadledger.domain.intents import IntentState
from leadledger.errors import AuthError, BugError, CrmUnavailableError, RetryLaterError

UPDATE = "/crm/objects/2026-09/contacts/batch/update"
CONFIRMED, REFUSED, UNKNOWN = IntentState.CONFIRMED, IntentState.REFUSED, IntentState.UNKNOWN


@pytest.fixture
def account(make_account, record):
    rows = [("contacts", record(i, email=f"p{i}@acme.example")) for i in range(1, 101)]
    rows.append(("owners", {"id": "55", "email": "ana@ours.example", "userId": 5, "archived": False}))
    made = make_account(rows)
    made.crm.describe("contacts")
    return made


def states(outcomes) -> dict[str, IntentState]:
    return {outcome.record.id: outcome.state for outcome in outcomes}


def writes(account) -> int:
    return len(account.requests(UPDATE))


def test_a_hundred_rows_are_one_request_with_a_trace_per_row(account) -> None:
    outcomes = account.crm.write("contacts", {str(i): {"lead_score": str(i)} for i in range(1, 101)})

    assert set(states(outcomes).values()) == {CONFIRMED}
    (body,) = account.requests(UPDATE)
    assert len(body["inputs"]) == 100
    assert all(row["objectWriteTraceId"] == row["id"] for row in body["inputs"])


def test_a_confirmed_row_tells_what_hubspot_holds_and_since_when(account) -> None:
    (outcome,) = account.crm.write("contacts", {"7": {"lead_score": "42.0", "lead_grade": "A"}})

    assert outcome.values == {"lead_score": "42", "lead_grade": "A"}
    assert outcome.modified_us == account.clock.now_us()
    assert str(outcome.record) == "hubspot/contacts/7"


def test_values_are_sent_as_hubspots_own_texts(account) -> None:
    account.crm.write(
        "contacts",
        {"7": {"lead_score": "42.50", "first_mql_date": "2026-03-02T09:30:00+01:00", "lead_grade": None}},
    )

    (body,) = account.requests(UPDATE)
    assert body["inputs"][0]["properties"] == {
        "lead_score": "42.5",
        "first_mql_date": "2026-03-02T08:30:00.000Z",
        "lead_grade": "",
    }


def test_none_empties_a_field(account) -> None:
    account.crm.write("contacts", {"7": {"lead_grade": "A"}})

    (outcome,) = account.crm.write("contacts", {"7": {"lead_grade": None}})

    assert outcome.state is CONFIRMED
    assert account.crm.read("contacts", ["7"], ["lead_grade"])["7"]["lead_grade"] in {None, ""}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"lead_score": "many"}, "lead_score takes a number"),
        ({"lead_scor": "5"}, "lead_scor does not exist"),
        ({"hs_object_id": "5"}, "hs_object_id is read-only"),
        ({"lifecyclestage": "galactic"}, "lifecyclestage does not have this option"),
        ({"first_mql_date": "9999-12-31"}, "first_mql_date takes an instant"),
        ({"lead_grade": "x" * 65_537}, "65,536 characters"),
        ({"lead_grade": "\x00"}, "NUL"),
    ],
)
def test_a_value_that_hubspot_would_refuse_is_refused_before_it_is_sent(account, values, reason: str) -> None:
    outcomes = account.crm.write("contacts", {"7": values, "8": {"lead_score": "1"}})

    assert states(outcomes) == {"7": REFUSED, "8": CONFIRMED}
    assert reason in outcomes[0].reason
    assert [row["id"] for body in account.requests(UPDATE) for row in body["inputs"]] == ["8"]


def test_a_row_that_refuses_its_batch_is_found_by_halving(account) -> None:
    rows = {str(i): {"hubspot_owner_id": "55"} for i in range(1, 101)}
    rows["37"] = {"hubspot_owner_id": "999"}

    outcomes = account.crm.write("contacts", rows)

    assert {id_ for id_, state in states(outcomes).items() if state is REFUSED} == {"37"}
    assert "INVALID_OWNER_ID on hubspot_owner_id" in next(o.reason for o in outcomes if o.record.id == "37")
    assert [outcome.record.id for outcome in outcomes] == list(rows)
    assert writes(account) <= 2 * 7 + 1


def test_halving_sends_every_row_that_was_applied_once(account) -> None:
    rows = {str(i): {"hubspot_owner_id": "55"} for i in range(1, 9)} | {"9": {"hubspot_owner_id": "999"}}

    account.crm.write("contacts", rows)

    applied = [
        row["id"]
        for entry, body in zip(
            account.sandbox.journal.entries(path_glob=UPDATE), account.requests(UPDATE), strict=True
        )
        if entry.status == 200
        for row in body["inputs"]
    ]
    assert sorted(applied) == [str(i) for i in range(1, 9)]


@pytest.mark.parametrize("bad_row", ["whole_batch", "per_row"])
def test_a_bad_row_is_refused_whichever_way_hubspot_says_it(account, bad_row: str) -> None:
    account.app.switches["bad_row"] = bad_row

    outcomes = account.crm.write(
        "contacts",
        {"1": {"hubspot_owner_id": "55"}, "2": {"hubspot_owner_id": "999"}, "3": {"lead_score": "1"}},
    )

    assert states(outcomes) == {"1": CONFIRMED, "2": REFUSED, "3": CONFIRMED}


@pytest.mark.parametrize("absorbed", ["dropped", "207", "resolved"])
def test_an_absorbed_id_is_refused_whichever_way_hubspot_drops_it(
    make_account, record, absorbed: str
) -> None:
    survivor = record(9, email="a@acme.example", hs_merged_object_ids="3")
    account = make_account(
        [("contacts", survivor), ("contacts", record(10))], switches={"absorbed_id": absorbed}
    )

    outcomes = account.crm.write("contacts", {"3": {"lead_score": "1"}, "10": {"lead_score": "2"}})

    assert states(outcomes) == {"3": REFUSED, "10": CONFIRMED}
    assert "merge" in outcomes[0].reason


def test_an_id_that_never_was_is_refused(account) -> None:
    outcomes = account.crm.write("contacts", {"424242": {"lead_score": "1"}, "10": {"lead_score": "2"}})

    assert states(outcomes) == {"424242": REFUSED, "10": CONFIRMED}
    assert "gone" in outcomes[0].reason


def test_a_stage_that_silently_stayed_is_refused(account) -> None:
    account.crm.write("contacts", {"7": {"lifecyclestage": "opportunity"}})

    (outcome,) = account.crm.write("contacts", {"7": {"lifecyclestage": "lead", "lead_score": "3"}})

    assert outcome.state is REFUSED
    assert outcome.reason.startswith("HubSpot kept lifecyclestage")
    assert "a stage does not move backward by itself" in outcome.reason
    assert outcome.values == {"lifecyclestage": "opportunity", "lead_score": "3"}


def test_a_stage_forward_is_confirmed(account) -> None:
    account.crm.write("contacts", {"7": {"lifecyclestage": "lead"}})

    (outcome,) = account.crm.write("contacts", {"7": {"lifecyclestage": "marketingqualifiedlead"}})

    assert outcome.state is CONFIRMED


def test_another_value_in_the_answer_than_was_sent_is_refused(account) -> None:
    result = {"id": "7", "properties": {"lead_grade": "F"}, "updatedAt": "2026-11-02T10:00:00.000Z"}
    account.answers(UPDATE, 200, {"status": "COMPLETE", "results": [result]})

    (outcome,) = account.crm.write("contacts", {"7": {"lead_grade": "A"}})

    assert outcome.state is REFUSED
    assert "kept another value in lead_grade" in outcome.reason
    assert "F" not in outcome.reason.replace("HubSpot", "")


def test_a_validation_rule_of_the_admin_is_a_refused_row_with_its_code(make_account, record) -> None:
    from leadledger.sandbox.hubspot.requirements import Requirement

    rule = Requirement("contacts", "lead_grade", "A", "jobtitle")
    account = make_account(
        [("contacts", record(1)), ("contacts", record(2, jobtitle="CEO"))], requirements=[rule]
    )

    outcomes = account.crm.write("contacts", {"1": {"lead_grade": "A"}, "2": {"lead_grade": "A"}})

    assert states(outcomes) == {"1": REFUSED, "2": CONFIRMED}
    assert "REQUIRED_PROPERTY_MISSING on jobtitle" in outcomes[0].reason


def test_errors_of_a_207_are_found_by_the_trace_when_no_id_is_named(account) -> None:
    body = {
        "status": "COMPLETE",
        "results": [{"id": "1", "properties": {}, "updatedAt": "2026-11-02T10:00:00.000Z"}],
        "numErrors": 1,
        "errors": [{"category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["2"]}}],
    }
    account.answers(UPDATE, 207, body)

    outcomes = account.crm.write("contacts", {"1": {"lead_score": "1"}, "2": {"lead_score": "2"}})

    assert states(outcomes) == {"1": CONFIRMED, "2": REFUSED}
    assert outcomes[1].reason == "HubSpot: VALIDATION_ERROR"


def test_results_in_another_order_are_matched_by_id(account) -> None:
    results = [
        {"id": i, "properties": {"lead_score": i}, "updatedAt": "2026-11-02T10:00:00.000Z"} for i in "321"
    ]
    account.answers(UPDATE, 200, {"status": "COMPLETE", "results": results})

    outcomes = account.crm.write("contacts", {i: {"lead_score": i} for i in "123"})

    assert [(o.record.id, o.state, o.values) for o in outcomes] == [
        (i, CONFIRMED, {"lead_score": i}) for i in "123"
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "PENDING", "results": []},
        {"status": "COMPLETE", "results": None},
        {"status": "COMPLETE", "results": [{"id": "7"}]},
        [],
        "<html>done</html>",
    ],
)
def test_an_answer_that_decides_nothing_leaves_the_row_unknown(account, body) -> None:
    account.answers(UPDATE, 200, body)

    (outcome,) = account.crm.write("contacts", {"7": {"lead_score": "1"}})

    assert outcome.state is UNKNOWN
    assert writes(account) == 1


@pytest.mark.parametrize("act", ["drop_before", "drop_after", "truncate", "truncate_json"])
def test_a_write_without_a_whole_answer_is_unknown_and_never_sent_again(account, act: str) -> None:
    account.goes_wrong(UPDATE, act)

    outcomes = account.crm.write("contacts", {"7": {"lead_score": "1"}, "8": {"lead_score": "1"}})

    assert set(states(outcomes).values()) == {UNKNOWN}
    assert writes(account) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 524])
def test_a_server_error_leaves_the_rows_unknown(account, status: int) -> None:
    account.answers(UPDATE, status, "<html>oops</html>")

    (outcome,) = account.crm.write("contacts", {"7": {"lead_score": "1"}})

    assert outcome.state is UNKNOWN
    assert writes(account) == 1


def test_a_lock_is_waited_for_because_nothing_was_applied(account) -> None:
    account.answers(UPDATE, 423, {"status": "error", "category": "LOCKED"})

    (outcome,) = account.crm.write("contacts", {"7": {"lead_score": "1"}})

    assert outcome.state is CONFIRMED
    assert max(account.time.slept) == 2
    assert writes(account) == 2


def test_locks_without_end_end_the_write(account) -> None:
    account.answers(UPDATE, 423, {"status": "error"}, times=-1)

    with pytest.raises(RetryLaterError):
        account.crm.write("contacts", {"7": {"lead_score": "1"}})

    assert writes(account) == 4


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"category": "INVALID_AUTHENTICATION"}, AuthError),
        (403, {"category": "MISSING_SCOPES"}, AuthError),
        (429, {"policyName": "DAILY"}, RetryLaterError),
        (477, {}, RetryLaterError),
    ],
)
def test_a_refusal_of_the_first_request_ends_the_write(account, status: int, body, error) -> None:
    account.answers(UPDATE, status, body)

    with pytest.raises(error):
        account.crm.write("contacts", {"7": {"lead_score": "1"}})

    assert writes(account) == 1


def test_what_could_not_be_sent_any_more_is_unknown_and_what_was_applied_is_kept(account) -> None:
    account.answers(UPDATE, 400, {"category": "VALIDATION_ERROR"})
    result = {"id": "1", "properties": {"lead_score": "1"}, "updatedAt": "2026-11-02T10:00:00.000Z"}
    account.answers(UPDATE, 200, {"status": "COMPLETE", "results": [result]})
    account.answers(UPDATE, 429, {"policyName": "DAILY"})

    outcomes = account.crm.write("contacts", {"1": {"lead_score": "1"}, "2": {"lead_score": "2"}})

    assert states(outcomes) == {"1": CONFIRMED, "2": UNKNOWN}
    assert outcomes[1].reason.startswith("not sent: ")


def test_a_sandbox_that_is_down_is_known_to_have_got_nothing(account) -> None:
    account.sandbox.stop()

    with pytest.raises(CrmUnavailableError):
        account.crm.write("contacts", {"7": {"lead_score": "1"}})


def test_the_same_write_sent_twice_changes_nothing_more(account) -> None:
    rows = {"7": {"lead_score": "5", "mql_counter": "2"}}

    first, second = (account.crm.write("contacts", rows)[0] for _ in range(2))

    assert first.values == second.values == {"lead_score": "5", "mql_counter": "2"}


def test_more_rows_than_a_batch_holds_are_our_own_mistake(account) -> None:
    with pytest.raises(BugError, match="101 rows"):
        account.crm.write("contacts", {str(i): {"lead_score": "1"} for i in range(101)})


def test_nothing_to_write_costs_nothing(account) -> None:
    before = account.crm.calls()

    assert account.crm.write("contacts", {}) == []
    assert account.crm.calls() == before


def test_no_reason_quotes_a_value(account) -> None:
    account.answers(
        UPDATE,
        400,
        {
            "status": "error",
            "message": 'Property values were not valid: [{"message":"jane@secret.example is not valid"}]',
            "errors": [{"message": "jane@secret.example is not valid", "code": "INVALID_EMAIL"}],
            "category": "VALIDATION_ERROR",
        },
    )

    (outcome,) = account.crm.write("contacts", {"7": {"email": "jane@secret.example"}})

    assert outcome.state is REFUSED
    assert "INVALID_EMAIL" in outcome.reason
    assert "secret" not in outcome.reason


# reading back


def test_present_values_come_from_the_database_and_not_from_the_index(make_account, record) -> None:
    account = make_account([("contacts", record(1, jobtitle="old"))], index_lag_seconds=300)
    account.app.edit("contacts", "1", {"jobtitle": "new"}, by="1")

    values = account.crm.read("contacts", ["1"], ["jobtitle", "lead_grade"])

    assert values == {"1": {"jobtitle": "new", "lead_grade": None}}


def test_an_absorbed_or_unknown_id_is_missing_from_the_answer(make_account, record) -> None:
    account = make_account([("contacts", record(9, hs_merged_object_ids="3")), ("contacts", record(10))])

    values = account.crm.read("contacts", ["3", "10", "404"], ["email"])

    assert list(values) == ["10"]


def test_reading_takes_one_call_for_a_hundred(account) -> None:
    before = account.crm.calls()
    values = account.crm.read("contacts", [str(i) for i in range(1, 101)], ["email"])

    assert len(values) == 100
    assert account.crm.calls()["objects/read"] - before.get("objects/read", 0) == 1
