"""Asks DuckDB whether a regular expression is one, since DuckDB's RE2 is what runs it later."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database for all patterns; opening one takes longer than asking it."""
    import duckdb  # noqa: PLC0415 - heavy, and most definitions have no such pattern

    return duckdb.connect(":memory:", config={"threads": 1})


@cache
def regex_problem(pattern: str) -> str:
    """Why RE2 refuses a pattern, in its own words but without the pattern; empty when it is one."""
    import duckdb  # noqa: PLC0415 - the same

    try:
        _database().execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        found = re.match(r"[A-Za-z ]*Error: ([a-z -]+[)\]]?)", str(error))
        return found[1].strip() if found else "it cannot be read"
    return ""
