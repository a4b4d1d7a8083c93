"""Every kind of problem: a small bad definition in `bad/NAME/` beside the exact message people get."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leadledger.definition.load import load
from leadledger.errors import ConfigError, ExitCode

BAD = Path(__file__).parent / "bad"
CASES = sorted(path.name for path in BAD.iterdir())


def test_the_small_definition_itself_is_right(laid_over_small: Callable[[Path], Path]):
    loaded = load(laid_over_small(BAD / "none"))

    assert loaded.warnings == ()


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("warning_")])
def test_a_bad_definition_gives_exactly_the_expected_messages(
    name: str, laid_over_small: Callable[[Path], Path]
):
    folder = laid_over_small(BAD / name)

    with pytest.raises(ConfigError) as caught:
        load(folder)

    told = "".join(f"{problem}\n" for problem in caught.value.problems)
    assert told.replace("definition/", "") == (BAD / name / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("warning_")])
def test_a_doubtful_definition_loads_with_exactly_the_expected_warnings(
    name: str, laid_over_small: Callable[[Path], Path]
):
    loaded = load(laid_over_small(BAD / name))

    told = "".join(f"warning: {warning}\n" for warning in loaded.warnings)
    assert told.replace("definition/", "") == (BAD / name / "expected.txt").read_text("utf-8")


def test_files_are_named_as_the_folder_was_given(laid_over_small: Callable[[Path], Path]):
    folder = laid_over_small(BAD / "across_pools")

    with pytest.raises(ConfigError, match=r"^definition: 2 problems in the definition$") as caught:
        load(folder)

    assert {problem.file for problem in caught.value.problems} == {"definition/routing.yaml"}
    assert caught.value.exit_code is ExitCode.CONFIG


def test_no_message_repeats_the_secret_that_it_complains_about(laid_over_small: Callable[[Path], Path]):
    folder = laid_over_small(BAD / "secret_in_a_key")

    with pytest.raises(ConfigError) as caught:
        load(folder)

    assert "hunter" not in "".join(map(str, caught.value.problems)) + str(caught.value)
