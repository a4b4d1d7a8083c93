from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.crm.replies import Reply
from leadledger.crm.salesforce.errors import (
    ROW_AND_REQUEST,
    CursorLostError,
    Remedy,
    SessionExpiredError,
    classify,
    fault_of,
    without_content,
)
from leadledger.errors import (
    AuthError,
    BugError,
    ConfigError,
    CrmUnavailableError,
    RetryLaterError,
)

DOCUMENTED = [
    "INVALID_SESSION_ID",
    "REQUEST_LIMIT_EXCEEDED",
    "SERVER_UNAVAILABLE",
    "UNKNOWN_EXCEPTION",
    "UNABLE_TO_LOCK_ROW",
    "QUERY_TIMEOUT",
    "QUERY_TOO_COMPLICATED",
    "MALFORMED_QUERY",
    "INVALID_FIELD",
    "INVALID_TYPE",
    "INVALID_QUERY_LOCATOR",
    "ENTITY_IS_DELETED",
    "NOT_FOUND",
    "INVALID_CROSS_REFERENCE_KEY",
    "MALFORMED_ID",
    "CANNOT_UPDATE_CONVERTED_LEAD",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "STRING_TOO_LONG",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "DUPLICATES_DETECTED",
    "DUPLICATE_VALUE",
    "INACTIVE_OWNER_OR_USER",
    "ENTITY_IS_LOCKED",
    "EXCEEDED_ID_LIMIT",
    "TXN_SECURITY_METERING_ERROR",
    "UNSUPPORTED_API_VERSION",
    "FIELD_INTEGRITY_EXCEPTION",
    "TRANSFER_REQUIRES_READ",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
]
"""The codes of REST API Developer Guide, "Status Codes and Error Responses", and those seen in public issues."""


def reply(status: int, code: str = "", message: str = "why", headers: dict[str, str] | None = None) -> Reply:
    body = json.dumps([{"errorCode": code, "message": message}]).encode() if code else b"<html>"
    return Reply(status, headers or {}, body, "Salesforce query")


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_is_in_the_table(code: str) -> None:
    assert code in ROW_AND_REQUEST


@pytest.mark.parametrize("code", DOCUMENTED)
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_every_documented_code_gives_an_error_that_names_it_and_its_api(code: str, status: int) -> None:
    error = classify(reply(status, code))

    assert error is not None
    assert str(error).startswith(f"Salesforce query: HTTP {status}, {code}")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(401, "INVALID_SESSION_ID"), SessionExpiredError),
        (reply(401), SessionExpiredError),
        (reply(403), AuthError),
        (reply(403, "API_DISABLED_FOR_ORG"), AuthError),
        (reply(400, "INVALID_FIELD"), ConfigError),
        (reply(410), ConfigError),
        (reply(400, "MALFORMED_QUERY"), BugError),
        (reply(400, "INVALID_QUERY_LOCATOR"), CursorLostError),
        (reply(500, "UNABLE_TO_LOCK_ROW"), CrmUnavailableError),
        (reply(400, "SOMETHING_NEW"), CrmUnavailableError),
        (reply(404), CrmUnavailableError),
        (reply(406), CrmUnavailableError),
        (reply(420), CrmUnavailableError),
        (reply(502), CrmUnavailableError),
        (reply(503, "SERVER_UNAVAILABLE"), CrmUnavailableError),
    ],
)
def test_an_answer_is_classified_by_its_code_and_else_by_its_status(
    answer: Reply, kind: type[Exception]
) -> None:
    assert type(classify(answer)) is kind or isinstance(classify(answer), kind)


def test_the_daily_limit_does_not_pass_soon_and_the_concurrent_one_does() -> None:
    daily = classify(reply(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    crowded = classify(reply(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."))

    assert isinstance(daily, RetryLaterError)
    assert isinstance(crowded, RetryLaterError)
    assert daily.after_s is None
    assert crowded.after_s is not None


def test_too_many_calls_are_waited_for_as_long_as_the_server_says() -> None:
    error = classify(reply(429, headers={"Retry-After": "9"}))

    assert isinstance(error, RetryLaterError)
    assert error.after_s == 9.0


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_is_no_error(status: int) -> None:
    assert classify(Reply(status, {}, b"")) is None


def test_a_lock_inside_a_flow_error_is_a_lock() -> None:
    fault = fault_of(
        {"statusCode": "CANNOT_EXECUTE_FLOW_TRIGGER", "message": "Flow failed: UNABLE_TO_LOCK_ROW: 00Q…"}
    )

    assert fault.remedy is Remedy.LOCK
    assert fault.as_reason() == "lock: try again (CANNOT_EXECUTE_FLOW_TRIGGER)"


def test_a_reason_names_code_and_fields_and_what_to_do() -> None:
    fault = fault_of(
        {
            "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
            "message": "Unable to create/update fields: Score__c.",
            "fields": ["Score__c"],
        }
    )

    assert fault.as_reason() == (
        "INVALID_FIELD_FOR_INSERT_UPDATE [Score__c]: Unable to create/update fields: Score__c. "
        "Grant the integration user edit on the field"
    )


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Email: invalid email address: ana@example.com", "Email: invalid email address: …"),
        (
            "Company: data value too large: Acme Holding (max length=10)",
            "Company: data value too large: … (max length=10)",
        ),
        ("Phone +49 (30) 1234 5678 is wrong", "Phone … is wrong"),
        ("No such column 'Scor__c' on entity 'Lead'", "No such column 'Scor__c' on entity 'Lead'"),
        ("value not of required type: 'Ana Schmidt'", "value not of required type: …"),
        (
            "\nSELECT Id FROM Lead WHERE Email = 'x@y.z'\n ^\nERROR at Row:1:Column:8\nNo such column 'A__c'",
            "No such column 'A__c'",
        ),
    ],
)
def test_a_message_is_shown_without_record_content(message: str, shown: str) -> None:
    assert without_content(message) == shown


@given(st.text(min_size=3, max_size=40))
def test_what_was_sent_is_never_shown(value: str) -> None:
    shown = without_content(f"before {value} after", [value])

    assert shown == "before … after"


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"[1]", b'[{"errorCode": null}]', b"", b"null", b'{"error": "x"}']
)
def test_a_body_of_any_other_shape_is_classified_by_status(body: bytes) -> None:
    assert isinstance(classify(Reply(500, {}, body)), CrmUnavailableError)
