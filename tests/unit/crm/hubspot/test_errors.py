"""The table of HubSpot's refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from leadledger.crm.hubspot.errors import USABLE, classify, codes
from leadledger.crm.replies import Reply
from leadledger.errors import AuthError, CrmUnavailableError, LeadledgerError, RetryLaterError

DOCUMENTED: dict[int, type[LeadledgerError] | None] = {
    207: None,
    400: None,
    401: AuthError,
    403: AuthError,
    404: None,
    405: None,
    409: None,
    413: None,
    414: None,
    415: None,
    422: None,
    423: RetryLaterError,
    429: RetryLaterError,
    477: RetryLaterError,
    500: CrmUnavailableError,
    502: CrmUnavailableError,
    503: CrmUnavailableError,
    504: CrmUnavailableError,
    521: CrmUnavailableError,
    522: CrmUnavailableError,
    523: CrmUnavailableError,
    524: CrmUnavailableError,
    525: CrmUnavailableError,
    526: CrmUnavailableError,
}
"""HubSpot's "Error handling" page and the facts beside it; None: the caller reads the answer itself."""


def a_reply(status: int, body: Any = None, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Reply(status, named, raw, "HubSpot test")


@pytest.mark.parametrize(("status", "meaning"), DOCUMENTED.items())
def test_every_documented_status_has_a_meaning(status: int, meaning: type[LeadledgerError] | None) -> None:
    error = classify(a_reply(status))

    assert type(error) is (meaning or type(None))


@pytest.mark.parametrize("status", [s for s, meaning in DOCUMENTED.items() if meaning])
def test_every_error_names_the_status_and_says_what_to_do(status: int) -> None:
    error = classify(a_reply(status, X_HubSpot_Correlation_Id="abc-1"))

    assert str(status) in str(error)
    assert "abc-1" in str(error)
    assert re.search(r"run again|open a case|set LEADLEDGER|check the|then$", str(error), re.IGNORECASE)


def test_a_status_that_nobody_documents_is_no_success() -> None:
    errors = [classify(a_reply(status)) for status in (199, 304, 402, 418, 451, 599)]

    assert all(isinstance(error, CrmUnavailableError) for error in errors)


def test_a_page_that_is_not_json_is_not_hubspots_answer() -> None:
    errors = [classify(a_reply(200, body)) for body in (b"<html>Sign in</html>", b"", b'{"results": [{"id"')]

    assert all(isinstance(error, CrmUnavailableError) for error in errors)
    assert classify(a_reply(204, b"")) is None


def test_a_missing_scope_is_named() -> None:
    body = {
        "category": "MISSING_SCOPES",
        "errors": [{"context": {"requiredGranularScopes": ["crm.objects.deals.read", "deals.all"]}}],
    }

    error = classify(a_reply(403, body))

    assert isinstance(error, AuthError)
    assert "any one of these: crm.objects.deals.read, deals.all" in str(error)


@pytest.mark.parametrize(
    ("body", "after_s"),
    [
        ({"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}, 10),
        ({"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}, 1),
        ({"message": "You have reached your secondly limit.", "category": "RATE_LIMITS"}, 1),
        ({"message": "You have reached your ten_secondly_rolling limit.", "category": "RATE_LIMITS"}, 10),
        ({"errorType": "RATE_LIMIT", "policyName": "DAILY"}, None),
        ({"message": "You have reached your daily limit.", "category": "RATE_LIMITS"}, None),
        ({}, 10),
    ],
)
def test_both_forms_of_a_429_tell_how_long_to_wait(body: dict[str, str], after_s: float | None) -> None:
    error = classify(a_reply(429, body))

    assert isinstance(error, RetryLaterError)
    assert error.after_s == after_s


def test_hubspots_own_advice_beats_what_the_policy_implies() -> None:
    error = classify(a_reply(429, {"policyName": "SECONDLY"}, Retry_After="3"))

    assert isinstance(error, RetryLaterError)
    assert error.after_s == 3


def test_a_lock_lasts_two_seconds_and_a_migration_as_long_as_it_says() -> None:
    lock, migration = classify(a_reply(423)), classify(a_reply(477, Retry_After="7200"))

    assert isinstance(lock, RetryLaterError)
    assert lock.after_s == 2
    assert isinstance(migration, RetryLaterError)
    assert migration.after_s == 7200


def test_a_message_names_codes_and_properties_but_never_a_value() -> None:
    error = {
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid: jane@secret.example",
        "errors": [
            {
                "message": "jane@secret.example was not one of the options",
                "code": "INVALID_OPTION",
                "context": {"propertyName": ["lifecyclestage"]},
            },
            {"message": "x", "context": {"propertyName": "not a\nname"}},
        ],
    }

    assert codes(error) == "INVALID_OPTION on lifecyclestage"
    assert codes({"category": "CONFLICT"}) == "CONFLICT"
    assert codes({}) == "no code given"


def test_refusals_of_what_was_asked_are_left_to_the_caller() -> None:
    assert {400, 404, 409} <= USABLE
