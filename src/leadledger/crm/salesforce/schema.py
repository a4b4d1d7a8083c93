"""What Salesforce says about its fields, and our text values in the JSON types that a field takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from leadledger.crm.replies import Reply
from leadledger.crm.salesforce.access import API_VERSION
from leadledger.crm.salesforce.api import SalesforceApi
from leadledger.crm.salesforce.errors import SessionExpiredError, classify
from leadledger.crm.salesforce.streams import NAME
from leadledger.crm.session import calling
from leadledger.domain.instants import iso, local_date, parse_instant
from leadledger.errors import ConfigError, CrmUnavailableError, RecordRejectedError
from leadledger.ports import FieldInfo

_KINDS = {
    **dict.fromkeys(("int", "long", "double", "currency", "percent"), "number"),
    **dict.fromkeys(("picklist", "multipicklist"), "picklist"),
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "reference": "reference",
}
"""Everything else (string, textarea, email, phone, url, combobox, id, …) is text."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field for writing: what the port says about it, and its decimal places."""

    info: FieldInfo
    scale: int = 0


def describe(api: SalesforceApi, object_: str) -> Mapping[str, Column]:
    """All fields of an object that the integration user may see. Raises ConfigError for an unknown object."""
    if not NAME.match(object_) or "." in object_:
        msg = f"{object_[:80]!r} is no name of a Salesforce object. Correct it in the definition"
        raise ConfigError(msg)
    answer = api.with_session(lambda: api.transport.patiently(lambda: _asked(api, object_)))
    fields = answer.get("fields") if isinstance(answer, Mapping) else None
    if not isinstance(fields, list):
        msg = f"Salesforce describe of {object_}: the answer is not a description. Run again"
        raise CrmUnavailableError(msg)
    return {str(field["name"]): _column(field) for field in fields}


def _asked(api: SalesforceApi, object_: str) -> Any:
    # Imported here: simple_salesforce brings zeep, which `--help` must not pay for.
    from simple_salesforce.api import Salesforce  # noqa: PLC0415
    from simple_salesforce.exceptions import SalesforceError  # noqa: PLC0415

    grant = api.login.grant()
    # Given a token and nothing to log in with, the library makes exactly one request and never logs in itself.
    client = Salesforce(
        session_id=grant.token, instance_url=grant.origin, version=API_VERSION, session=api.transport.session
    )
    try:
        with calling("describe"):
            return getattr(client, object_).describe()
    except SalesforceError as error:
        raise _translated(error, object_) from None
    except (ValueError, KeyError, IndexError, TypeError):
        msg = f"Salesforce describe of {object_}: the answer is not JSON. Run again"
        raise CrmUnavailableError(msg) from None


def _translated(error: Any, object_: str) -> Exception:
    label = f"Salesforce describe of {object_}"
    body = json.dumps(error.content).encode()
    if error.status == 404:
        return ConfigError(
            f"{label}: there is no such object, or the integration user may not see it. "
            "Correct the definition or grant read on the object"
        )
    if error.status == 401:
        return SessionExpiredError(f"{label}: not logged in, and a new login did not help. Run again")
    found = classify(Reply(int(error.status), {}, body, label))
    return found or CrmUnavailableError(f"{label}: HTTP {error.status}. Run again")


def _column(field: Mapping[str, Any]) -> Column:
    kind = _KINDS.get(str(field.get("type")), "text")
    values: tuple[str, ...] = ()
    if field.get("restrictedPicklist"):
        values = tuple(str(v.get("value")) for v in field.get("picklistValues") or () if v.get("active"))
    precision = int(field.get("precision") or field.get("digits") or 0)
    info = FieldInfo(
        name=str(field["name"]),
        kind=kind,
        writable=bool(field.get("updateable")) and not field.get("calculated"),
        length=int(field.get("length") or 0) if kind in {"text", "picklist"} else 0,
        values=values,
        precision=precision,
    )
    return Column(info, int(field.get("scale") or 0))


def to_json(column: Column, text: str | None, record: str, zone: ZoneInfo) -> Any:
    """Our text as the JSON value that the field takes; None empties it. Nothing is cut to fit.

    Raises RecordRejectedError, without the value, for one that the field cannot hold.
    """
    info = column.info
    if not info.writable:
        raise RecordRejectedError(
            record, f"{info.name} cannot be written: read-only, a formula, or no edit right"
        )
    if text is None:
        return None
    match info.kind:
        case "number":
            return _number(column, text, record)
        case "boolean":
            if text not in {"true", "false"}:
                raise RecordRejectedError(record, f"{info.name} takes true or false")
            return text == "true"
        case "date":
            return _date(info, text, record, zone)
        case "datetime":
            return _datetime(info, text, record, zone)
        case _:
            return _text(info, text, record)


def _number(column: Column, text: str, record: str) -> int | float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RecordRejectedError(record, f"{column.info.name} takes a number")
    digits = column.info.precision - column.scale
    if column.info.precision and abs(value) >= 10**digits:
        raise RecordRejectedError(record, f"{column.info.name} takes {digits} digits before the point")
    return int(value) if value.is_integer() else value


def _date(info: FieldInfo, text: str, record: str, zone: ZoneInfo) -> str:
    try:
        return local_date(parse_instant(text, zone), zone)
    except ValueError:
        raise RecordRejectedError(record, f"{info.name} takes a date between 1970 and 2099") from None


def _datetime(info: FieldInfo, text: str, record: str, zone: ZoneInfo) -> str:
    try:
        return iso(parse_instant(text, zone))
    except ValueError:
        raise RecordRejectedError(
            record, f"{info.name} takes a date and time between 1970 and 2099"
        ) from None


def _text(info: FieldInfo, text: str, record: str) -> str:
    if info.length and len(text) > info.length:
        raise RecordRejectedError(
            record, f"{info.name}: {len(text)} characters, the field takes {info.length}"
        )
    if info.values and text not in info.values:
        raise RecordRejectedError(record, f"{info.name}: not one of the picklist's active values")
    return text
