"""Salesforce's error codes as a table, and what each means for us: facts section 2, classified by code.

The status is not enough: UNABLE_TO_LOCK_ROW comes with 400 and with 500, REQUEST_LIMIT_EXCEEDED covers both the
daily quota and a queue that passes in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leadledger.crm.replies import Reply
from leadledger.crm.session import FinalAnswerError
from leadledger.errors import (
    AuthError,
    BugError,
    ConfigError,
    CrmUnavailableError,
    LeadledgerError,
    RetryLaterError,
)

CROWDED_WAIT_S = 5.0
"""After "ConcurrentPerOrgLongTxn": Salesforce gives no advice, and calls that run for 20 s are in the way."""


class SessionExpiredError(AuthError):
    """The access token ended. The call was not carried out: log in again and repeat it, once."""


class CursorLostError(FinalAnswerError):
    """The query locator is gone (2 days, or a restart of the server): the pull begins again."""


class Remedy(StrEnum):
    """What to do next."""

    LOGIN = "log in again and repeat"
    LIMIT = "a limit: wait or run later"
    AGAIN = "repeat the read; a write is in doubt"
    LOCK = "another transaction holds the row: the next run tries again"
    CURSOR = "begin the pull again"
    DEFINITION = "correct the definition or the field's visibility"
    QUERY = "our query is wrong or too heavy"
    PERMISSION = "grant a permission"
    ROW = "this row cannot be written as it is"


ROW_AND_REQUEST: Mapping[str, Remedy] = {
    "INVALID_SESSION_ID": Remedy.LOGIN,
    "REQUEST_LIMIT_EXCEEDED": Remedy.LIMIT,
    "SERVER_UNAVAILABLE": Remedy.AGAIN,
    "UNKNOWN_EXCEPTION": Remedy.AGAIN,
    "QUERY_TIMEOUT": Remedy.AGAIN,
    "UNABLE_TO_LOCK_ROW": Remedy.LOCK,
    "ENTITY_IS_LOCKED": Remedy.LOCK,
    "INVALID_QUERY_LOCATOR": Remedy.CURSOR,
    "INVALID_FIELD": Remedy.DEFINITION,
    "INVALID_TYPE": Remedy.DEFINITION,
    "UNSUPPORTED_API_VERSION": Remedy.QUERY,
    "QUERY_TOO_COMPLICATED": Remedy.QUERY,
    "MALFORMED_QUERY": Remedy.QUERY,
    "MALFORMED_ID": Remedy.QUERY,
    "EXCEEDED_ID_LIMIT": Remedy.QUERY,
    "JSON_PARSER_ERROR": Remedy.QUERY,
    "API_DISABLED_FOR_ORG": Remedy.PERMISSION,
    "API_CURRENTLY_DISABLED": Remedy.PERMISSION,
    "INSUFFICIENT_ACCESS": Remedy.PERMISSION,
    "INSUFFICIENT_ACCESS_OR_READONLY": Remedy.PERMISSION,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Remedy.PERMISSION,
    "TRANSFER_REQUIRES_READ": Remedy.PERMISSION,
    "TXN_SECURITY_METERING_ERROR": Remedy.PERMISSION,
    "ENTITY_IS_DELETED": Remedy.ROW,
    "NOT_FOUND": Remedy.ROW,
    "INVALID_CROSS_REFERENCE_KEY": Remedy.ROW,
    "CANNOT_UPDATE_CONVERTED_LEAD": Remedy.ROW,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Remedy.ROW,
    "FIELD_INTEGRITY_EXCEPTION": Remedy.ROW,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Remedy.ROW,
    "CANNOT_EXECUTE_FLOW_TRIGGER": Remedy.ROW,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Remedy.ROW,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Remedy.ROW,
    "STRING_TOO_LONG": Remedy.ROW,
    "DUPLICATES_DETECTED": Remedy.ROW,
    "DUPLICATE_VALUE": Remedy.ROW,
    "INACTIVE_OWNER_OR_USER": Remedy.ROW,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Remedy.ROW,
}
"""Every code of the facts' table (a test compares), and a few that the same pages name."""

NEXT_STEP: Mapping[str, str] = {
    "TXN_SECURITY_METERING_ERROR": 'Grant the integration user "Exempt from Transaction Security"',
    "API_DISABLED_FOR_ORG": "Give the integration user an edition and a profile with the API",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Grant the integration user read and edit on the object and its fields",
    "INACTIVE_OWNER_OR_USER": 'Reassign the record, or grant "Update Records with Inactive Owners"',
    "CANNOT_UPDATE_CONVERTED_LEAD": "The contact carries on; the converted lead is left alone",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Grant the integration user edit on the field",
    "ENTITY_IS_LOCKED": "An approval process holds the record",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of an answer: its code, and its message without record content."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def remedy(self) -> Remedy | None:
        """The table's entry; None for a code that it does not hold."""
        # A flow or trigger wraps the lock error of the row that it touched (facts section 12).
        if "UNABLE_TO_LOCK_ROW" in self.message:
            return Remedy.LOCK
        return ROW_AND_REQUEST.get(self.code)

    def as_reason(self) -> str:
        """For a refused row: what to tell the admin."""
        if self.remedy is Remedy.LOCK:
            return f"lock: try again ({self.code})"
        fields = f" [{', '.join(self.fields)}]" if self.fields else ""
        step = f". {NEXT_STEP[self.code]}" if self.code in NEXT_STEP else ""
        return f"{self.code}{fields}: {self.message}{step}"


def fault_of(error: Any, secrets: Iterable[str] = ()) -> Fault:
    """One element of an error list; Collections say `statusCode` where the rest says `errorCode`."""
    if not isinstance(error, dict):
        return Fault("UNKNOWN", "no reason was given")
    code = str(error.get("statusCode") or error.get("errorCode") or "UNKNOWN")
    fields = error.get("fields")
    names = tuple(str(name) for name in fields) if isinstance(fields, list) else ()
    return Fault(code[:80], without_content(str(error.get("message") or ""), secrets), names)


_EMAIL = re.compile(r"[^\s'\"<>]+@[^\s'\"<>]+")
_LONG_NUMBER = re.compile(r"\+?\d[\d ()/.-]{6,}\d")
_QUOTED = re.compile(r"(['\"])(.*?)\1", re.DOTALL)
_API_NAME = re.compile(r"[A-Za-z_][\w.]{0,80}")
_QUERY_EXCERPT = re.compile(r"^.*?ERROR at Row:\d+:Column:\d+", re.DOTALL)
_ADVICE = re.compile(r"If you are attempting to use a custom field.*$", re.DOTALL)
_TOO_LARGE = re.compile(r"(data value too large:).*?(\(max length|$)", re.DOTALL)


def without_content(message: str, secrets: Iterable[str] = ()) -> str:
    """A message that may be shown: values that we sent, addresses, numbers and quoted texts become `…`."""
    for secret in sorted((text for text in secrets if len(text) > 2), key=len, reverse=True):
        message = message.replace(secret, "…")
    message = _ADVICE.sub("", _QUERY_EXCERPT.sub("", message))
    message = _TOO_LARGE.sub(r"\1 … \2", message)
    message = _QUOTED.sub(lambda found: found[0] if _API_NAME.fullmatch(found[2]) else "…", message)
    for pattern in (_EMAIL, _LONG_NUMBER):
        message = pattern.sub("…", message)
    return " ".join(message.split())[:200].rstrip(". ")


def classify(reply: Reply) -> LeadledgerError | None:
    """What an answer means as a whole; None when the caller can use it."""
    if 200 <= reply.status < 300:
        return None
    fault = _first_fault(reply)
    if fault is not None and (error := _by_code(reply.describe(fault.code), fault)) is not None:
        return error
    return _by_status(reply, fault.code if fault else "")


def _first_fault(reply: Reply) -> Fault | None:
    try:
        body = reply.json()
    except CrmUnavailableError:
        return None
    first = body[0] if isinstance(body, list) and body else None
    return fault_of(first) if isinstance(first, dict) and first.get("errorCode") else None


def _by_code(where: str, fault: Fault) -> LeadledgerError | None:
    match fault.remedy:
        case Remedy.LOGIN:
            return SessionExpiredError(f"{where}: the session ended and a new login did not help. Run again")
        case Remedy.LIMIT:
            if "Concurrent" in fault.message:
                return RetryLaterError(f"{where}: too many long calls at once", after_s=CROWDED_WAIT_S)
            return RetryLaterError(
                f"{where}: the organisation's API calls of the last 24 hours are used up. Run again later"
            )
        case Remedy.AGAIN | Remedy.LOCK:
            return CrmUnavailableError(f"{where}: Salesforce could not answer just now. Run again")
        case Remedy.CURSOR:
            return CursorLostError(f"{where}: the query's cursor is gone. Run again")
        case Remedy.DEFINITION:
            return ConfigError(
                f"{where}: {fault.message}. Correct the name in the definition, "
                "or let the integration user see the field"
            )
        case Remedy.PERMISSION:
            step = NEXT_STEP.get(fault.code, "Check the integration user's permission set")
            return AuthError(f"{where}: {fault.message}. {step}")
        case Remedy.QUERY | Remedy.ROW:
            return BugError(f"{where}: {fault.message}. Please report this with the command that you ran")
        case None:
            return None


def _by_status(reply: Reply, code: str) -> LeadledgerError:
    where = reply.describe(code)
    match reply.status:
        case 401:
            return SessionExpiredError(f"{where}: not logged in, and a new login did not help. Run again")
        case 403:
            return AuthError(f"{where}: access denied. Check the integration user's permission set")
        case 404:
            return FinalAnswerError(
                f"{where}: there is no such API here. Check the configured URL (the My Domain address)"
            )
        case 410:
            return ConfigError(f"{where}: this Salesforce retired our API version. Update leadledger")
        case 429:
            return RetryLaterError(f"{where}: too many calls", after_s=_advice_s(reply) or 1.0)
        case _:
            # 406, 420 and 5xx pass by themselves (facts section 2); an unknown 4xx does no harm by a few repeats.
            return CrmUnavailableError(f"{where}: Salesforce could not answer just now. Run again")


def _advice_s(reply: Reply) -> float | None:
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
