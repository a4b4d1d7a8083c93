"""Makes and reads record ids: 15 case-sensitive characters, or 18 with a checksum of the cases."""

from __future__ import annotations

import re
import sqlite3

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)


def to_18(id_15: str) -> str:
    """The 18-character form: three letters, each telling which of five characters are capitals."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << i for i, char in enumerate(id_15[start : start + 5]) if "A" <= char <= "Z")
        suffix += _CHECK[bits]
    return id_15 + suffix


def canonical(text: str) -> str | None:
    """The 18-character form of an id in either form; None when the text is no id."""
    if not _ID.fullmatch(text):
        return None
    return to_18(text) if len(text) == 15 else text


def base62(number: int, width: int) -> str:
    """A number in base 62, padded with zeros."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(width, "0")


def new_id(connection: sqlite3.Connection, key_prefix: str) -> str:
    """A fresh id for a row, from a counter that lives in the database and so survives a restart."""
    (number,) = connection.execute(
        "INSERT INTO sf_counter (name, value) VALUES ('record', 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
    ).fetchone()
    return to_18(f"{key_prefix}9S1{base62(number, 9)}")
