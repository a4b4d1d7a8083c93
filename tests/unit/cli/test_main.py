from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadledger import bootstrap
from leadledger.cli.main import _run
from leadledger.cli.text import coloured, plain, shortened
from leadledger.errors import (
    AuthError,
    BrakeError,
    BugError,
    ConfigError,
    CrmUnavailableError,
    LeadledgerError,
    LockHeldError,
    Problem,
    RetryLaterError,
    StateError,
    UsageError,
)

CONTENT = "kim@acme.example has 42 employees"


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_folder: Path) -> None:
        raise error

    monkeypatch.setattr(bootstrap, "load_definition", load)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 64),
        (ConfigError("no"), 78),
        (AuthError("no"), 5),
        (RetryLaterError("no"), 6),
        (LockHeldError("no"), 4),
        (BrakeError("no"), 7),
        (CrmUnavailableError("no"), 74),
        (StateError("no"), 74),
        (BugError("no"), 1),
        (KeyboardInterrupt(), 130),
        (PermissionError(13, "Permission denied", "/somewhere"), 74),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_each_kind_of_error_has_its_exit_code(
    error: BaseException,
    code: int,
    as_json: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(error, monkeypatch)
    assert _run(["validate", *(["--json"] if as_json else [])]) == code
    shown = capsys.readouterr()
    told = shown.err.lstrip("\n")  # after ^C the message begins on a line of its own
    if as_json:
        assert json.loads(shown.out)["code"] == code
        assert told == ""
    else:
        assert shown.out == ""
        assert told.startswith("error: ")
        assert told.count("\n") == 1
    if isinstance(error, LeadledgerError):
        assert "no" in shown.out + shown.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_bug_of_ours_is_told_in_one_line_with_its_place_and_without_what_it_was_about(
    as_json: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(ZeroDivisionError(CONTENT), monkeypatch)
    assert _run(["validate", *(["--json"] if as_json else [])]) == 1
    shown = capsys.readouterr()
    told = json.loads(shown.out)["message"] if as_json else shown.err
    assert "ZeroDivisionError" in told
    assert "bootstrap.py:" in told or "definition.py:" in told, "the last place in our own code"
    assert "report" in told
    assert CONTENT not in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def test_whoever_debugs_gets_the_traceback_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADLEDGER_LOG_LEVEL", "debug")
    failing(ZeroDivisionError(CONTENT), monkeypatch)
    assert _run(["validate"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_problems_are_told_one_a_line_before_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem("scoring.yaml", 4, 12, "rules.1", "no such key", "Did you mean 'points'?")
    failing(ConfigError("2 problems\nof which one is hidden", [problem, problem]), monkeypatch)
    assert _run(["validate"]) == 78
    assert capsys.readouterr().err.splitlines() == [str(problem), str(problem), "error: 2 problems"]


def test_a_message_cannot_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ConfigError("evil \x1b[31m\u202ename\x07"), monkeypatch)
    assert _run(["validate"]) == 78
    assert capsys.readouterr().err == "error: evil [31mname\n"


def test_text_is_shortened_on_one_line() -> None:
    assert shortened("a\nb" * 10, 8) == "a ba ba…"
    assert shortened("short", 8) == "short"
    assert plain("tab\tand\nline stay") == "tab\tand\nline stay"


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_words_are_coloured_unless_the_environment_asks_for_none(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in coloured("error: ", "red")
    monkeypatch.setenv(variable, value)
    assert coloured("error: ", "red") == "error: "


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GB", 4_000_000_000), ("512 MB", 512_000_000), ("1.5gib", 1_610_612_736), ("2KiB", 2048)],
)
def test_a_memory_limit_is_a_number_with_a_unit(text: str, size: int) -> None:
    assert bootstrap._bytes(text) == size


@pytest.mark.parametrize("text", ["", "many", "GB", "4", "4 elephants", "-4GB", "0GB", "nanGB", "infGB"])
def test_any_other_memory_limit_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="LEADLEDGER_MEMORY_LIMIT"):
        bootstrap._bytes(text)
