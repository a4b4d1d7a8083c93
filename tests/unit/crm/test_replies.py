from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.crm.replies import Reply
from leadledger.errors import CrmUnavailableError


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"records": [{"Id": "1"}, {"I', id="half a document"),
        pytest.param(b"<html>please log in</html>", id="a portal's page"),
        pytest.param(b'{"a": 1, "a": 2}', id="duplicate key"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": -Infinity}', id="Infinity"),
        pytest.param(b'{"a": 1e309}', id="a number out of range"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b'{"a": ' + b"1" * 5_000 + b"}", id="a whole number of 5,000 digits"),
        pytest.param(b"{} {}", id="two documents"),
    ],
)
def test_a_body_that_is_not_one_whole_document_is_an_error_and_never_empty(body: bytes) -> None:
    with pytest.raises(CrmUnavailableError, match="not one whole JSON document"):
        Reply(200, {}, body, "Salesforce query").json()


def test_names_in_any_script_survive() -> None:
    reply = Reply(200, {}, '{"Name": "Žofie 山田 Ω"}'.encode())

    assert reply.json() == {"Name": "Žofie 山田 Ω"}


def test_an_error_names_api_status_and_request_but_not_the_body() -> None:
    reply = Reply(502, {"X-HubSpot-Correlation-Id": "c-1"}, b"ana@example.com", "HubSpot search")

    with pytest.raises(CrmUnavailableError) as raised:
        reply.json()

    assert "HubSpot search: HTTP 502, request c-1" in str(raised.value)
    assert "ana@" not in str(raised.value)


@given(st.text())
def test_no_text_makes_anything_but_a_document_or_the_one_error(text: str) -> None:
    with contextlib.suppress(CrmUnavailableError):
        Reply(200, {}, text.encode("utf-8", "surrogatepass")).json()
