"""The bodies with which HubSpot refuses a call, one function per kind of refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from leadledger.sandbox.http import JsonObject, Response

SCOPES_PAGE = "https://developers.hubspot.com/scopes"
PORTAL_ID = 1


class RefusedError(Exception):
    """A call that ends with a status of 4xx. `response` is what the caller gets."""

    def __init__(self, response: Response, category: str = "", message: str = "") -> None:
        super().__init__(f"refused with {response.status}")
        self.response = response
        self.category = category
        self.message = message


@dataclass(frozen=True, slots=True)
class BadValue:
    """One property value that HubSpot would not take. `code` is its own word for the reason."""

    property: str
    code: str
    message: str


def correlation_id() -> str:
    """A fresh id, as each answer of HubSpot's error pages carries one."""
    return str(uuid4())


def refuse(status: int, message: str, category: str = "", **extra: object) -> RefusedError:
    """A refusal in the common form: status, message, correlationId, then what the kind adds."""
    body: JsonObject = {"status": "error", "message": message, "correlationId": correlation_id(), **extra}
    if category:
        body["category"] = category
    return RefusedError(Response.json(status, body), category, message)


def not_authenticated(*, expired: bool = False) -> RefusedError:
    """401, also for an OAuth token past its time."""
    if expired:
        return refuse(
            401,
            "The OAuth token used to make this call expired. Get a new one with the refresh token.",
            "EXPIRED_AUTHENTICATION",
        )
    return refuse(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def missing_scopes(any_of: Iterable[str]) -> RefusedError:
    """403. Any one of the scopes listed would have sufficed."""
    return refuse(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required "
        f"scopes here: {SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(any_of)},
            }
        ],
        links={"scopes": SCOPES_PAGE},
    )


def not_found() -> RefusedError:
    """404 for a record, a definition or a path that is not there."""
    return refuse(404, "resource not found", "OBJECT_NOT_FOUND")


def method_not_allowed(allowed: Iterable[str]) -> RefusedError:
    """405 for a path that exists with other methods."""
    body = {"status": "error", "message": "HTTP 405 Method Not Allowed", "correlationId": correlation_id()}
    return RefusedError(Response.json(405, body, (("Allow", ", ".join(allowed)),)))


def uri_too_long() -> RefusedError:
    """414, which HubSpot's edge answers before any API is asked, and therefore in HTML."""
    page = b"<html><head><title>414 Request-URI Too Large</title></head><body></body></html>"
    return RefusedError(Response(414, page, (("Content-Type", "text/html"),)))


def invalid(message: str, **extra: object) -> RefusedError:
    """400 VALIDATION_ERROR with a message of its own."""
    return refuse(400, message, "VALIDATION_ERROR", **extra)


def conflict(message: str) -> RefusedError:
    """409, for something that exists already."""
    return refuse(409, message, "CONFLICT")


def values_message(bad: Sequence[BadValue]) -> str:
    """The message of a 400 for property values: a sentence with a JSON list inside."""
    listed = [
        {
            "isValid": False,
            "message": value.message,
            "error": value.code,
            "name": value.property,
            "localizedErrorMessage": value.message,
            "portalId": PORTAL_ID,
        }
        for value in bad
    ]
    return f"Property values were not valid: {json.dumps(listed, ensure_ascii=False, separators=(',', ':'))}"


def invalid_values(bad: Sequence[BadValue]) -> RefusedError:
    """400 VALIDATION_ERROR for property values, of a single call or of a whole batch."""
    return invalid(
        values_message(bad),
        errors=[
            {
                "message": value.message,
                "code": value.code,
                "context": {"propertyName": [value.property]},
            }
            for value in bad
        ],
    )
