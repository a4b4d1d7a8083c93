"""What HubSpot's refusals mean for us: the table of statuses, categories and rate-limit policies.

Sources: HubSpot's "Error handling" (2026-03-30) and "Usage guidelines"; the two forms of a 429 body stand in
the facts beside them (one documented, one recorded). All fields of an error body are optional by contract, so
the status decides first and the body only refines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from leadledger.crm.replies import Reply
from leadledger.errors import AuthError, CrmUnavailableError, LeadledgerError, RetryLaterError

BURST_WAIT_S = 10.0
"""A ten-second window is full: what HubSpot's own Node client waits."""
SECOND_WAIT_S = 1.0
LOCK_WAIT_S = 2.0
"""HubSpot: a 423 lock lasts two seconds."""
MIGRATION_WAIT_S = 24 * 3600.0
"""HubSpot: a data-centre migration may take up to 24 hours; used when a 477 brings no Retry-After."""

USABLE = frozenset({400, 404, 405, 409, 413, 414, 415, 422})
"""Refusals of what was asked; the caller knows best what that means."""

JsonObject = Mapping[str, Any]


def classify(reply: Reply) -> LeadledgerError | None:
    """The error that a reply means, or None when the caller can use it.

    RetryLaterError carries the seconds to wait where HubSpot says or implies them; without any it means that
    waiting inside a run does not help.
    """
    if 200 <= reply.status < 300:
        return None if _is_whole(reply) else _unreadable(reply)
    if reply.status in USABLE:
        return None
    return _MEANINGS.get(reply.status, _unexpected)(reply, body_of(reply))


def codes(error: JsonObject) -> str:
    """The codes and property names in one HubSpot error, for a message: never its texts, which quote values."""
    found: dict[str, None] = {}
    for detail in [error, *_objects(error.get("errors"))]:
        code = next((detail[k] for k in ("code", "error", "subCategory") if _is_word(detail.get(k))), "")
        context = detail.get("context")
        names = context.get("propertyName", ()) if isinstance(context, Mapping) else ()
        names = [names] if isinstance(names, str) else names
        properties = ", ".join(str(n) for n in names if _is_word(n)) if isinstance(names, list) else ""
        text = " on ".join(part for part in (str(code), properties) if part)
        if text:
            found[text] = None
    category = error.get("category")
    if not found and _is_word(category):
        found[str(category)] = None
    return "; ".join(found) or "no code given"


def body_of(reply: Reply) -> JsonObject:
    """The body as an object; an empty one for anything else. Never raises."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _is_whole(reply: Reply) -> bool:
    # A cut body without Content-Length arrives as if it were complete. Reading every page twice would cost more
    # than it finds: whoever uses the reply reads it strictly anyway, this only makes most cuts worth a retry.
    body = reply.body.strip()
    return reply.status == 204 or (body.startswith((b"{", b"[")) and body.endswith((b"}", b"]")))


def _unreadable(reply: Reply) -> LeadledgerError:
    return CrmUnavailableError(
        f"{reply.describe()}: the answer ({len(reply.body)} bytes) is not HubSpot's JSON. "
        "A proxy or an outage may stand between; run again"
    )


def _not_authenticated(reply: Reply, body: JsonObject) -> LeadledgerError:
    return AuthError(
        f"{reply.describe(_category(body))}: HubSpot does not know this key, or it expired. "
        "Make or rotate it (Development, Keys, Service keys) and set LEADLEDGER_HUBSPOT__TOKEN"
    )


def _forbidden(reply: Reply, body: JsonObject) -> LeadledgerError:
    scopes = required_scopes(body)
    if scopes:
        return AuthError(
            f"{reply.describe(_category(body))}: the key lacks a scope, any one of these: {', '.join(scopes)}. "
            "Add it to the key (Development, Keys, Service keys) and run again"
        )
    return AuthError(
        f"{reply.describe(_category(body))}: HubSpot refuses this call. Check the scopes of the key, and "
        "whether the user who made it still has access to the account"
    )


def required_scopes(body: JsonObject) -> list[str]:
    """The scopes of a MISSING_SCOPES body, any one of which would do."""
    scopes: dict[str, None] = {}
    for detail in _objects(body.get("errors")):
        context = detail.get("context")
        if not isinstance(context, Mapping):
            continue
        for key in ("requiredGranularScopes", "requiredScopes"):
            named = context.get(key)
            scopes |= {str(scope): None for scope in named} if isinstance(named, list) else {}
    return list(scopes)


def _limited(reply: Reply, body: JsonObject) -> LeadledgerError:
    policy = str(body.get("policyName", "")).upper()
    message = str(body.get("message", "")).lower()
    if policy == "DAILY" or (not policy and "daily" in message):
        return RetryLaterError(
            f"{reply.describe('DAILY')}: the account's daily API limit is reached. It opens again at midnight in "
            "the account's time zone; nothing was lost, run again then"
        )
    is_secondly = policy == "SECONDLY" or (
        not policy and "secondly limit" in message and "ten" not in message
    )
    implied_s = SECOND_WAIT_S if is_secondly else BURST_WAIT_S
    return RetryLaterError(
        f"{reply.describe(policy or 'RATE_LIMITS')}: too many calls in a short time, from us or from another app. "
        "Run again in a minute",
        after_s=_advice_s(reply) or implied_s,
    )


def _locked(reply: Reply, body: JsonObject) -> LeadledgerError:
    return RetryLaterError(
        f"{reply.describe(_category(body))}: the records are locked because they are written too fast. "
        "Run again in a minute",
        after_s=max(_advice_s(reply) or 0.0, LOCK_WAIT_S),
    )


def _migrating(reply: Reply, body: JsonObject) -> LeadledgerError:
    after_s = _advice_s(reply) or MIGRATION_WAIT_S
    return RetryLaterError(
        f"{reply.describe(_category(body))}: HubSpot is moving this account to another data centre. "
        f"Run again in {after_s:.0f} seconds",
        after_s=after_s,
    )


def _down(reply: Reply, body: JsonObject) -> LeadledgerError:
    return CrmUnavailableError(
        f"{reply.describe(_category(body))}: HubSpot is not available. Run again in a few minutes"
    )


def _broken_way(reply: Reply, body: JsonObject) -> LeadledgerError:
    return CrmUnavailableError(
        f"{reply.describe(_category(body))}: the way to HubSpot is broken (522, 525 and 526 are errors between "
        "its own servers). If it stays, open a case with HubSpot's support"
    )


def _unexpected(reply: Reply, body: JsonObject) -> LeadledgerError:
    return CrmUnavailableError(
        f"{reply.describe(_category(body))}: an answer that HubSpot does not document. Run again; if it stays, "
        "open a case with HubSpot's support and give the request id"
    )


_Meaning = Callable[[Reply, JsonObject], LeadledgerError]
_MEANINGS: Mapping[int, _Meaning] = {
    401: _not_authenticated,
    403: _forbidden,
    408: _down,
    423: _locked,
    429: _limited,
    477: _migrating,
    500: _down,
    502: _down,
    503: _down,
    504: _down,
    521: _down,
    522: _broken_way,
    523: _down,
    524: _down,
    525: _broken_way,
    526: _broken_way,
}


def _advice_s(reply: Reply) -> float | None:
    text = (reply.headers.get("Retry-After") or "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def _category(body: JsonObject) -> str:
    category = body.get("category")
    return str(category) if _is_word(category) else ""


def _is_word(value: object) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= 100 and value.replace("_", "").replace(".", "").isalnum()
    )


def _objects(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
