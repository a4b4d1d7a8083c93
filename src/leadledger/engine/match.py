"""Match: which activity meets which condition of the definition; set-based, in DuckDB.

Most conditions look only at the few distinct classes of activities (type, asset, campaign, origin, intent), so all
are tried on the classes first. What a class leaves open, because attributes or facts are asked for, is tried on
the activities of that class alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadledger.domain.conditions import All, Compare, Condition, Space, comparisons
from leadledger.engine.activities import CLASS_COLUMNS, activity_column
from leadledger.engine.canonical import Canonical
from leadledger.engine.conditions import sql
from leadledger.engine.facts import fact_of
from leadledger.engine.program import Coding
from leadledger.engine.signals import write_signals
from leadledger.engine.ties import mend_ties
from leadledger.ports import Sql

_BITS = 31
"""Outcomes that one integer column carries."""
_ALONE, _IN_ROW = activity_column("class", "class"), activity_column("a", "o")


@dataclass(frozen=True, slots=True)
class Matched:
    """All events in the order of the fold: person, instant, activities by id before signals, code.

    p int32, at int64, code int16, idx int32, all [E]. `idx` points into the table `activity`, or `signal` where
    `code` is not below the number of activity conditions.
    """

    p: Any
    at: Any
    code: Any
    idx: Any


def match_events(canonical: Canonical, coding: Coding) -> Matched:
    """Try all conditions on the activities of everybody, see `Match`."""
    return prepare_match(canonical, coding).events()


@dataclass(frozen=True, slots=True)
class Match:
    """All conditions of a definition, tried on the classes; `events` tries them on activities, block by block."""

    sql: Sql
    conditions: tuple[Condition, ...]
    total: int
    """How many codes there are, those of other signals included."""
    open_codes: tuple[int, ...]
    """The conditions that some class leaves open."""
    decided: tuple[Any, ...]
    """The first code that each class decides, the second, …: int16 [K], -1 for none. A signal's class has its own."""

    def events(self, low: int | None = None, high: int | None = None) -> Matched:
        """One event per activity in table `activity` and condition that it meets, and per signal.

        For a block of people `activity` holds theirs alone, and `low <= p < high` are the signals' people.
        """
        found = self.sql.execute(self._query(low, high)).fetchnumpy()
        p, at = np.asarray(found["p"]), np.asarray(found["at_us"])
        names = ["idx", "class", *(f"hits{k}" for k in self._columns())]
        # Writeable, since the rows of one instant are put into order in place.
        rows = [np.require(found.pop(name), requirements="W") for name in names]
        place = mend_ties(self.sql, p, at, rows[1] >= self._classes(), rows)
        shift = max(self.total - 1, 1).bit_length()
        key = self._keys(place, rows[1], rows[2:], shift)
        code = (key & ((1 << shift) - 1)).astype(np.int16)
        key >>= shift
        each = np.bincount(key.astype(np.int64), minlength=len(p))
        return Matched(p.repeat(each), at.repeat(each), code, rows[0].repeat(each))

    def _query(self, low: int | None, high: int | None) -> str:
        """All activities that meet something, and all signals, in order.

        Columns p, at_us, idx, class, and `hits` for each 31 of the open codes, a bit per code.
        """
        block = f"p >= {low} AND p < {high}" if low is not None else "true"
        none = "".join(f", 0::INTEGER AS hits{k}" for k in self._columns())
        first = len(self.conditions)
        closed = "SELECT class FROM class_code WHERE class NOT IN (SELECT class FROM class_open)"
        of_signal = f"{self._classes()} + code - {first}"
        parts = [
            f"SELECT p, at_us, idx, class, 0::INTEGER AS turn{none} FROM activity WHERE class IN ({closed})",
            f"SELECT p, at_us, idx, {of_signal} AS class, turn{none} FROM signal WHERE {block}",
        ]
        if self.open_codes:
            parts.append(self._open_rows(block))
        given = "".join(f", hits{k}" for k in self._columns())
        return (
            f"SELECT p, at_us, idx::INTEGER AS idx, class::INTEGER AS class{given} "
            f"FROM ({' UNION ALL '.join(parts)}) ORDER BY p, at_us, turn"
        )

    def _open_rows(self, block: str) -> str:
        """The activities of the classes that leave something open."""
        rests = {code: _parted(self.conditions[code])[1] for code in self.open_codes}
        hits = []
        for k in self._columns():
            # A CASE inside a CASE: the inner one is evaluated for the rows of the outer one alone.
            bits = [
                f"CASE WHEN o.o{code} THEN CASE WHEN {sql(rests[code], _row_column)} THEN {1 << bit} ELSE 0 END "
                "ELSE 0 END"
                for bit, code in enumerate(self.open_codes[k * _BITS : (k + 1) * _BITS])
            ]
            hits.append(f"({' + '.join(bits)})::INTEGER AS hits{k}")
        by_fact = any(c.space is Space.FACT for rest in rests.values() for c in comparisons(rest))
        facts = f"LEFT JOIN (SELECT * FROM fact WHERE {block}) f ON f.p = a.p" if by_fact else ""
        some = " OR ".join(["decided", *(f"hits{k} <> 0" for k in self._columns())])
        return (
            "SELECT * EXCLUDE (decided) FROM (SELECT a.p, a.at_us, a.idx, a.class, 0::INTEGER AS turn, "
            f"{', '.join(hits)}, o.decided FROM activity a JOIN class_open o ON o.class = a.class {facts}) "
            f"WHERE {some}"
        )

    def _keys(self, place: Any, klass: Any, hits: Sequence[Any], shift: int) -> Any:
        """unsigned [E], sorted: place << shift | code of every event, each once.

        Sorting one integer is far cheaper than sorting all events by their columns.
        """
        # Half the memory where 32 bits suffice: the keys are the largest of all arrays.
        base = place.astype(np.uint32 if len(place) << shift < 1 << 32 else np.uint64)
        base <<= shift
        pieces = [(code, code >= 0) for code in (each[klass] for each in self.decided)]
        pieces += [
            (np.int16(code), hits[k // _BITS] & (1 << k % _BITS) != 0)
            for k, code in enumerate(self.open_codes)
        ]
        key = np.empty(sum(int(np.count_nonzero(which)) for _, which in pieces), base.dtype)
        begin = 0
        for code, which in pieces:
            end = begin + int(np.count_nonzero(which))
            np.compress(which, base, out=key[begin:end])
            key[begin:end] |= (code[which] if code.ndim else code).astype(base.dtype)
            begin = end
        key.sort()
        again = key[1:] == key[:-1]
        return np.delete(key, np.flatnonzero(again) + 1) if again.any() else key

    def _classes(self) -> int:
        """The class of a signal is this number + its turn among the signals' codes."""
        return len(self.decided[0]) - (self.total - len(self.conditions))

    def _columns(self) -> range:
        return range(-(-len(self.open_codes) // _BITS))


def prepare_match(canonical: Canonical, coding: Coding) -> Match:
    """Find the other signals, and what the classes of activities decide.

    Needs the tables of `Canonical`, and every fact that a condition looks at. Makes `signal`, `class_code` (what a
    class decides) and `class_open` (what it leaves open).
    """
    conditions = coding.activity_conditions
    write_signals(canonical, coding.signals, first=len(conditions))
    open_codes = _try_classes(canonical.sql, conditions)
    total = len(conditions) + len(coding.signals)
    return Match(
        canonical.sql,
        conditions,
        total,
        open_codes,
        _decided(canonical.sql, len(conditions), total),
    )


def _try_classes(connection: Sql, conditions: Sequence[Condition]) -> tuple[int, ...]:
    """Make `class_code` and `class_open`; give the codes that some class leaves open.

    What cannot be seen in a class is unknown there, and what is true or false in spite of unknown parts stays so.
    """
    decided = ", ".join(
        f"CASE WHEN {sql(when, _class_column)} THEN {code} END" for code, when in enumerate(conditions)
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE class_code AS SELECT class, code::SMALLINT AS code FROM "
        f"(SELECT class, unnest([{decided}]::INTEGER[]) AS code FROM class) WHERE code IS NOT NULL"
    )
    opened = {}
    for code, when in enumerate(conditions):
        if not all(map(_in_class, comparisons(when))):
            seen, rest = (sql(part, _class_column) for part in _parted(when))
            opened[code] = f"coalesce({seen}, false) AND {rest} IS NULL"
    flags = "".join(f", {test} AS o{code}" for code, test in opened.items())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE class_open AS SELECT * FROM ("
        f"SELECT *, class IN (SELECT class FROM class_code) AS decided{flags} FROM class) "
        f"WHERE {' OR '.join(f'o{code}' for code in opened) or 'false'}"
    )
    if not opened:
        return ()
    used = connection.execute(f"SELECT {', '.join(f'bool_or(o{code})' for code in opened)} FROM class_open")
    return tuple(code for code, is_used in zip(opened, used.fetchall()[0], strict=True) if is_used)


def _decided(connection: Sql, first: int, total: int) -> tuple[Any, ...]:
    classes = connection.execute("SELECT coalesce(max(class), -1) + 1 FROM class").fetchall()[0][0]
    found = connection.execute(
        "SELECT class, code, row_number() OVER (PARTITION BY class ORDER BY code) - 1 AS turn FROM class_code"
    ).fetchnumpy()
    klass, code, turn = (np.asarray(found[name]) for name in ("class", "code", "turn"))
    decided = np.full((int(turn.max(initial=0)) + 1, classes + total - first), -1, np.int16)
    decided[turn, klass] = code
    decided[0, classes:] = np.arange(first, total)
    return tuple(decided)


def _in_class(compare: Compare) -> bool:
    return compare.space is Space.ACTIVITY and compare.name in CLASS_COLUMNS


def _class_column(compare: Compare) -> str | None:
    return _ALONE(compare) if _in_class(compare) else None


def _row_column(compare: Compare) -> str:
    """What a comparison looks at: an activity `a`, its class `o`, or its person's facts `f`."""
    return fact_of(compare) if compare.space is Space.FACT else _IN_ROW(compare)


def _parted(condition: Condition) -> tuple[Condition, Condition]:
    """A condition as two that must both hold: what the class alone says, and the rest."""
    parts = list(_conjuncts(condition))
    seen = tuple(part for part in parts if all(map(_in_class, comparisons(part))))
    return All(seen), All(tuple(part for part in parts if part not in seen))


def _conjuncts(condition: Condition) -> Sequence[Condition]:
    if not isinstance(condition, All):
        return (condition,)
    return tuple(inner for part in condition.of for inner in _conjuncts(part))
