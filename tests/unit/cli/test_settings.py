from __future__ import annotations

import pytest

from leadledger.errors import ConfigError
from leadledger.settings import read_settings

CANARY = "canary-7f3a9c"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        (
            {"LEADLEDGER_SALESFORCE__CLIENT_SECRET": CANARY},
            ["LEADLEDGER_SALESFORCE__URL", "LEADLEDGER_SALESFORCE__CLIENT_ID"],
        ),
        ({"LEADLEDGER_HUBSPOT__URL": CANARY}, ["LEADLEDGER_HUBSPOT__TOKEN"]),
        (
            {"LEADLEDGER_HUBSPOT__TOKEN": CANARY, "LEADLEDGER_HUBSPOT__TOKNE": CANARY},
            ["LEADLEDGER_HUBSPOT__TOKNE"],
        ),
        ({"LEADLEDGER_HUBSPOT": CANARY}, ["LEADLEDGER_HUBSPOT"]),
        ({"LEADLEDGER_SALESFORCE": f'{{"client_secret": "{CANARY}"'}, ["LEADLEDGER_SALESFORCE"]),
        ({"LEADLEDGER_SALESFORCE": f'{{"client_secret": "{CANARY}", "url": 7}}'}, ["LEADLEDGER_SALESFORCE"]),
        ({"LEADLEDGER_LOG_LEVEL": CANARY}, ["LEADLEDGER_LOG_LEVEL"]),
        ({"LEADLEDGER_LOG_FORMAT": CANARY}, ["LEADLEDGER_LOG_FORMAT"]),
    ],
)
def test_what_is_wrong_is_named_by_its_variable_and_never_by_its_value(
    variables: dict[str, str], named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        read_settings()
    message = str(caught.value)
    for name in named:
        assert name in message
    assert CANARY not in message
    assert CANARY not in repr(caught.value.__cause__)
    assert caught.value.__suppress_context__ or CANARY not in repr(caught.value.__context__)


def test_secrets_do_not_show_in_the_settings_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_HUBSPOT__TOKEN", CANARY)
    monkeypatch.setenv("LEADLEDGER_SALESFORCE__URL", "https://acme.my.salesforce.com")
    monkeypatch.setenv("LEADLEDGER_SALESFORCE__CLIENT_ID", "consumer")
    monkeypatch.setenv("LEADLEDGER_SALESFORCE__CLIENT_SECRET", CANARY)
    settings = read_settings()
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings.model_dump())
    assert CANARY not in settings.model_dump_json()
    assert settings.hubspot is not None
    assert settings.hubspot.token.get_secret_value() == CANARY


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_HUBSPOT__TOKEN", "")
    monkeypatch.setenv("LEADLEDGER_STATE_DIR", "")
    settings = read_settings()
    assert settings.hubspot is None
    assert str(settings.state_dir) == ".leadledger"
