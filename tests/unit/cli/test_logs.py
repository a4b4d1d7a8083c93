from __future__ import annotations

import json
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from leadledger import logs

SECRETS = {
    "bearer": "Bearer 00Dabc!XYZ.123",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl",
    "session": "00D9S000000Ldgr!AQabc.def_123",
    "hubspot": "pat-eu1-1234-5678",
    "mail": "kim.doe+x@acme.example",
    "phone": "+49 (30) 1234-567",
}


@pytest.fixture(autouse=True)
def _as_it_was() -> Any:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_secrets_and_addresses_are_taken_out_of_any_text(secret: str) -> None:
    told = logs.redacted(f"before {secret} after")
    assert secret.rsplit(maxsplit=1)[-1] not in told
    assert told.startswith("before ")
    assert told.endswith(" after")


@pytest.mark.parametrize(
    "key", ["token", "client_secret", "Authorization", "password", "assertion", "private_key_file"]
)
def test_values_under_a_telling_name_are_taken_out(key: str) -> None:
    assert logs.redact(None, "info", {"event": "x", key: "hunter2"}) == {"event": "x", key: "[secret]"}


@given(
    secret=st.sampled_from(sorted(SECRETS.values())),
    shape=st.recursive(
        st.just("%"),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=2)
            | st.dictionaries(st.sampled_from("ab"), inner, min_size=1)
        ),
        max_leaves=4,
    ),
)
def test_nesting_hides_nothing(secret: str, shape: Any) -> None:
    planted = json.loads(json.dumps(shape).replace("%", secret))
    told = json.dumps(logs.redact(None, "info", {"event": "x", "detail": planted}))
    assert secret.rsplit(maxsplit=1)[-1] not in told


def test_ids_counts_and_times_stay_readable() -> None:
    event = {
        "event": "stream.pulled", "crm": "hubspot", "count": 1_000_000, "record": "salesforce/Lead/00Q9S0000000002UAA",
        "at": "2026-11-02T08:00:00+00:00", "id": "800004123456",
    }  # fmt: skip
    assert logs.redact(None, "info", dict(event)) == event


def test_an_exceptions_text_is_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    error = ValueError(SECRETS["mail"])
    structlog.get_logger().error("run.not_recorded", run_id="1", exc_info=error)
    shown = capsys.readouterr()
    assert shown.out == "", "logs are not data"
    assert SECRETS["mail"] not in shown.err
    assert json.loads(shown.err)["event"] == "run.not_recorded"
