"""Which text can be kept: SQLite and DuckDB hold UTF-8, and CRMs send more than that.

A NUL and a lone half of a surrogate pair (both appear in real exports of broken web forms) become U+FFFD, the
replacement character. Everything else is stored as it came: an empty text stays empty, null stays null.
"""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether `storable` would leave the text as it is; ten times as fast, for whole columns in one text."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str) -> str:
    """The text with U+FFFD for each character that no store takes."""
    return _UNSTORABLE.sub("\ufffd", text)
