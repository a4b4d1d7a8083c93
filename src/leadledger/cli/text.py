"""Text on the screen: nothing from a CRM may move the cursor, colour the screen or turn the reading direction."""

from __future__ import annotations

import os
import unicodedata

import click

_KEPT = {"\n", "\t"}


def plain(text: str) -> str:
    """The text without control, ANSI, and bidirectional formatting characters."""
    return "".join(c for c in text if c in _KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})


def shortened(text: str, width: int) -> str:
    """At most `width` characters, with an ellipsis where something was cut."""
    text = plain(text).replace("\n", " ")
    return text if len(text) <= width else text[: width - 1] + "…"


def number(count: float) -> str:
    """A whole number with thousands separators."""
    return f"{count:,.0f}"


def coloured(word: str, colour: str) -> str:
    """A word in colour, unless NO_COLOR or TERM=dumb ask for none; click takes it out where no terminal is."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return word
    return click.style(word, fg=colour, bold=colour == "red")
