"""A CRM's answer as it came, and the strict reading of its JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadledger.errors import CrmUnavailableError

REQUEST_ID_HEADERS = ("X-HubSpot-Correlation-Id", "X-Request-Id", "X-SFDC-Request-Id", "CF-Ray")
"""Where the vendors put the id that their support asks for, best first."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers (looked up without regard to case) and the whole body, decompressed.

    `label` names CRM and API for messages (`salesforce query`).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    label: str = "CRM"
    _parsed: list[Any] = field(default_factory=list, repr=False, compare=False)
    """The document once it was parsed: the transport checks it first, the adapter uses it then."""

    @property
    def request_id(self) -> str:
        """The id of the call for the vendor's support, or an empty text."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if self.headers.get(name)), "")

    def json(self) -> Any:
        """The body as JSON values. Raises CrmUnavailableError for anything that is not one whole document.

        Python's own reader keeps the last of two equal keys, accepts NaN and turns 1e309 into infinity:
        each of these would be a silent change of data, so each is refused here.
        """
        if self._parsed:
            return self._parsed[0]
        try:
            document = json.loads(
                self.body.decode("utf-8"),
                object_pairs_hook=_object_of_distinct_keys,
                parse_constant=_no_constant,
                parse_float=_finite_float,
            )
        except (ValueError, RecursionError):
            msg = (
                f"{self.describe()}: the body ({len(self.body)} bytes) is not one whole JSON document. "
                f"A proxy or an outage may stand between; run again"
            )
            raise CrmUnavailableError(msg) from None
        self._parsed.append(document)
        return document

    def describe(self, code: str = "") -> str:
        """What every message about this answer begins with: API, status, the CRM's code, request id."""
        parts = [f"HTTP {self.status}", code, f"request {self.request_id}" if self.request_id else ""]
        return f"{self.label}: {', '.join(part for part in parts if part)}"


def _object_of_distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        msg = "duplicate key"
        raise ValueError(msg)
    return result


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        msg = "number out of range"
        raise ValueError(msg)
    return value
