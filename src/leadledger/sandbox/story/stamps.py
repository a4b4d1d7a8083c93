"""How both CRMs write instants and days, made for hundreds of thousands of rows."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from leadledger.domain.instants import DAY, HOUR, SECOND

_EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=65_536)
def day_text(day: int) -> str:
    """`YYYY-MM-DD` of a number of days since 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).isoformat()


@lru_cache(maxsize=86_400)
def _time_text(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def salesforce_stamp(at_us: int) -> str:
    """`2026-09-24T03:26:07.000+0000`: whole seconds, as Salesforce keeps them."""
    day, rest = divmod(at_us, DAY)
    return f"{day_text(day)}T{_time_text(rest // SECOND)}.000+0000"


def hubspot_stamp(at_us: int) -> str:
    """`2026-09-24T03:26:07.123Z`: milliseconds."""
    day, rest = divmod(at_us, DAY)
    return f"{day_text(day)}T{_time_text(rest // SECOND)}.{rest // 1000 % 1000:03}Z"


def quarter_hour(at_us: int) -> int:
    """The quarter of an hour an instant lies in."""
    return at_us // (HOUR // 4) * (HOUR // 4)
