"""Brings texts of facts into one form: country names into codes, spellings into the one that was agreed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

import numpy as np

from leadledger.engine.conditions import quoted
from leadledger.ports import Sql


def translate(sql: Sql, table: str, source: str, into: str, function: Callable[[str], str]) -> None:
    """Put `function` of one text column of a table into another, computed once per distinct text."""
    before, after = quoted(source), quoted(into)
    rows = sql.execute(f"SELECT DISTINCT {before} FROM {table} WHERE {before} IS NOT NULL").fetchall()
    if not rows:
        return
    texts = np.array([row[0] for row in rows], dtype=object)
    results = np.array([function(text) for text in texts], dtype=object)
    sql.register("translation", {"before": texts, "after": results})
    sql.execute(f"UPDATE {table} SET {after} = t.after FROM translation t WHERE {table}.{before} = t.before")
    sql.unregister("translation")


def speller(spellings: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces one spelling by another, whatever its case; other texts stay."""
    known = {before.lower(): after for before, after in spellings.items()}
    return lambda text: known.get(text.lower(), text)


def country_code(text: str) -> str:
    """The two-letter code of a country name; a two-letter text as it is in capitals; else the text itself."""
    countries = _countries()
    if len(text) == 2 and text.isascii() and text.upper() in countries.values():
        return text.upper()
    return countries.get(_plain_name(text), text)


@cache
def _countries() -> Mapping[str, str]:
    """Lower-case country name -> ISO 3166 code, from the time-zone database's own table, with common names."""
    names = {
        "usa": "US", "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "america": "US",
        "uk": "GB", "u.k.": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB",
        "deutschland": "DE", "österreich": "AT", "schweiz": "CH", "suisse": "CH", "españa": "ES", "italia": "IT",
        "nederland": "NL", "the netherlands": "NL", "holland": "NL", "brasil": "BR", "danmark": "DK", "sverige": "SE",
        "norge": "NO", "suomi": "FI", "polska": "PL", "türkiye": "TR", "south korea": "KR", "russian federation": "RU",
        "czech republic": "CZ", "czechia": "CZ", "日本": "JP", "中国": "CN", "viet nam": "VN", "uae": "AE",
    }  # fmt: skip
    table = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            code, name = line.split("\t")
            names.setdefault(_plain_name(name), code)
    return names


def _plain_name(name: str) -> str:
    """A country's name as people type it: the table has typographic apostrophes and `Bosnia & Herzegovina`."""
    return name.strip().lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("&", "and")
