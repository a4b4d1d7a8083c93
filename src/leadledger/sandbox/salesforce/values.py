"""Turns values between the three forms that they have: JSON of the API, a column, a row of a story."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from leadledger.domain.instants import from_us
from leadledger.sandbox.salesforce.errors import ApiError, refuse
from leadledger.sandbox.salesforce.ids import canonical
from leadledger.sandbox.salesforce.schema import NUMBERS, Field, Kind

WRONG_TYPE = "JSON_PARSER_ERROR"
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")


def stamp(instant_us: int) -> str:
    """A datetime as REST prints it and columns keep it: `2026-09-24T03:26:07.000+0000`, cut to the second."""
    return datetime_column(from_us(instant_us))


def datetime_column(moment: datetime) -> str:
    """The column form of an aware datetime. All years have four digits, so the texts sort like the instants."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000").rjust(28, "0")


def read_datetime(text: str) -> str | None:
    """The column form of a datetime in ISO-8601 with an offset; None when it is something else."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime_column(datetime.fromisoformat(match[1] + match[2]))
    except (ValueError, OverflowError):
        return None


def to_column(field: Field, value: Any) -> Any:
    """The column form of a JSON value that a caller sent. Raises ApiError with the code of the problem."""
    if field.kind is Kind.BOOLEAN:
        return _boolean(field, value)
    if value is None or value == "":
        return None
    if field.kind in NUMBERS:
        return _number(field, value)
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    if field.kind in {Kind.REFERENCE, Kind.ID}:
        return _id(field, value)
    if field.kind is Kind.DATE:
        return _date(field, value)
    if field.kind is Kind.DATETIME:
        column = read_datetime(value)
        if column is None or not "1700" <= column[:4] <= "4000":
            raise _wrong_type(field, value)
        return column
    return _text(field, value)


def from_story(field: Field) -> Callable[[Any], Any]:
    """The fast conversion of a story's values, which are in API form and trusted, to a column."""
    if field.kind is Kind.BOOLEAN:
        return lambda value: 1 if value else 0
    if field.kind is Kind.DATETIME:
        return lambda value: _story_datetime(field, value)
    if field.kind in NUMBERS:
        return lambda value: value
    # Salesforce keeps no empty texts: they are null.
    return lambda value: value or None


def _story_datetime(field: Field, value: Any) -> str | None:
    if not value:
        return None
    if len(value) == 28 and value.endswith(".000+0000"):
        return str(value)
    column = read_datetime(value)
    if column is None:
        raise ValueError(f"{field.name} of a story's row is not a datetime with an offset.")
    return column


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return int(value.lower() == "true")
    raise _wrong_type(field, value)


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_type(field, value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _wrong_type(field, value) from None
    if not math.isfinite(number):
        raise _wrong_type(field, value)
    if field.kind is Kind.INT:
        if number != int(number):
            raise _wrong_type(field, value)
        if abs(number) >= 2**31:
            raise _wrong_type(field, value)
        return int(number)
    if abs(number) >= 10 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise refuse("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    step = Decimal(1).scaleb(-field.scale)
    return float(Decimal(str(number)).quantize(step, ROUND_HALF_UP))


def _id(field: Field, value: str) -> str:
    record_id = canonical(value)
    if record_id is None:
        raise refuse("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value[:30]}", field.name)
    return record_id


def _date(field: Field, value: str) -> str:
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise _wrong_type(field, value) from None
    if len(value) != 10 or not 1700 <= found.year <= 4000:
        raise _wrong_type(field, value)
    return value


def _text(field: Field, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        # JSON can smuggle in half a character (a lone surrogate), which no database stores.
        raise _wrong_type(field, "half a character") from None
    if len(value) > field.length:
        message = f"{field.label}: data value too large: {value[:80]} (max length={field.length})"
        raise refuse("STRING_TOO_LONG", message, field.name)
    if field.kind is Kind.EMAIL and not _EMAIL.fullmatch(value):
        raise refuse("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", field.name)
    if field.restricted and value not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return value


def _wrong_type(field: Field, value: Any) -> ApiError:
    names = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
    token = names.get(type(value), "START_OBJECT" if isinstance(value, dict) else "START_ARRAY")
    if value is None:
        token = "VALUE_NULL"  # noqa: S105 - the parser's word for null
    message = (
        f"Cannot deserialize instance of {field.kind.value} from {token} value"
        f" {str(value)[:40]} or request may be missing a required field at [line:1, column:1]"
    )
    return refuse(WRONG_TYPE, message, field.name)
