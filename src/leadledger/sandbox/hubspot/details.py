"""What the account says about itself: portal, time zone, kind, and that it has no custom objects."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leadledger.sandbox.http import Response
from leadledger.sandbox.hubspot.account import Account


def account_details(account: Account) -> Response:
    """`GET /account-info/{v}/details`. The daily limit turns over at midnight of this time zone."""
    offset = _offset(account)
    return Response.json(
        200,
        {
            "portalId": account.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": account.time_zone,
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}",
            "utcOffsetMilliseconds": offset * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "eu1",
        },
    )


def _offset(account: Account) -> int:
    """Minutes east of UTC, at the account's present."""
    now = datetime.fromtimestamp(account.now_ms() / 1000, UTC).astimezone(ZoneInfo(account.time_zone))
    offset = now.utcoffset()
    return round(offset.total_seconds() / 60) if offset is not None else 0


def custom_schemas() -> Response:
    """`GET /crm-object-schemas/{v}/schemas`: this account has no custom objects."""
    return Response.json(200, {"results": []})
