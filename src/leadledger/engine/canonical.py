"""Turns the mirror's raw tables into the engine's own: records, people, facts, activities.

Everything is set-based SQL in temporary tables; Python touches only what SQL must not do (numbering the people
that records make, words of distinct texts). The tables, all private to one evaluation:

    record    rec INT, ref, crm, object, id, p INT, created_us, changed_us, owner, account_owner, converted_us,
              writable, deleted, authority, and the raw facts of the record
    person    p INT, person_id, created_us, changed_us, first_sales_us (BIGINT, null for none)
              (p counts from 0 in the order of person_id)
    formerly  p INT, person_id              (all ids under which the ledger knows a person)
    link      crm, id, p INT                (whose id is it, whatever object it belongs to)
    mail      email, p INT                  (whose address is it; only where `email` is a fact)
    fact      p INT, one text column `fact:name` per fact, `email_domain` among them and `first_origin` where it is
              asked for, and `name:words` where asked for
    class     class INT, type, asset, campaign, origin, intent   (the distinct combinations), `name:words` where asked
    activity  idx BIGINT, p INT, at_us, id, class INT, `attribute:name` for each attribute that is asked for, and
              `attribute:name:words`        (in no order; a few rows may be there twice)
    suspected p INT, id, at_us, class INT   (what the bot guard left out of `activity`)
    signal    p INT, at_us, code INT, id    (deals, statuses, conversions; made by the match)

`activity` is a view of the people of the present block. Join it by ranges of p or by idx; its `id` is put together
only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leadledger.domain.conditions import Space
from leadledger.domain.definition import Definition
from leadledger.engine.activities import CLASS_COLUMNS, Activities, attribute_column, prefix
from leadledger.engine.asked import FIRST_ORIGIN, asked_words, asks_first_origin
from leadledger.engine.bots import find_suspects
from leadledger.engine.conditions import fact_column, literal, quoted, word_text, words_column
from leadledger.engine.duplicates import find_duplicates, told_twice
from leadledger.engine.identity import join_records
from leadledger.engine.records import RecordRows, normal, raw, stream_of
from leadledger.engine.texts import country_code, speller, translate
from leadledger.ports import Kind, Known, Sql, Stream

__all__ = ["CLASS_COLUMNS", "Canonical", "raw"]

_PART = 12
"""Blocks begin at multiples of 1 << 12 people, whose activities are counted together."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """Builds the tables for one definition, one set of streams and one instant.

    `scope`: only the people of these records (`crm/object/id`), which must be closed under identity (`reach`).
    """

    sql: Sql
    definition: Definition
    streams: Sequence[Stream]
    known: Known
    as_of_us: int
    scope: frozenset[str] | None = None

    def build(self) -> None:
        """Make all tables, with the activities of everybody."""
        self._records()
        join_records(self.sql, self.definition.identity, self.known)
        self._facts()
        self._activities()
        self.block(0, self.people())

    def block(self, low_p: int, high_p: int) -> None:
        """Let `activity` hold the activities of the people low_p <= p < high_p. Their `idx` are the same in every block."""
        source, activities = "happened", self._source()
        if low_p > 0 or high_p < self.people():
            source = "present"
            self.sql.execute(
                f"CREATE OR REPLACE TEMP TABLE present AS SELECT rowid AS idx, * FROM happened "
                f"WHERE p >= {low_p} AND p < {high_p}"
            )
        prefixes = " ".join(
            f"WHEN {number} THEN {literal(prefix(stream))}"
            for number, (stream, _) in enumerate(activities.feeds())
        )
        id_ = f"CASE stream {prefixes} END || id" if prefixes else "id"
        names = [attribute_column(name) for name in activities.attributes()]
        asked = asked_words(self.definition, Space.ACTIVITY)
        names += [words_column(name) for name in names if name.removeprefix("attribute:") in asked]
        self.sql.execute(
            f"CREATE OR REPLACE TEMP VIEW activity AS SELECT {'rowid AS idx' if source == 'happened' else 'idx'}, "
            f"p, at_us, {id_} AS id, class{''.join(f', {quoted(name)}' for name in names)} FROM {source}"
        )

    def blocks(self, most: int) -> Iterator[tuple[int, int]]:
        """Ranges [low_p, high_p) that cover all people, each with at most so many activities if people are not busier.

        Memory follows the activities of a block, and the busiest people stand anywhere.
        """
        low, held, total = 0, 0, self.people()
        counts = self.sql.execute(
            f"SELECT (p >> {_PART})::INTEGER AS part, count(*) FROM happened GROUP BY part ORDER BY part"
        ).fetchall()
        for part, count in counts:
            begin = part << _PART
            if held and held + count > most:
                yield low, begin
                low, held = begin, 0
            held += count
        if low < total:
            yield low, total

    def people(self) -> int:
        """How many people there are."""
        return int(self.sql.execute("SELECT count(*) FROM person").fetchall()[0][0])

    def stream(self, crm: str, name: str) -> Stream | None:
        """The stream that feeds one object, if the mirror has it."""
        return stream_of(self.streams, crm, name)

    def of_kind(self, kind: Kind) -> list[Stream]:
        """All streams of a kind."""
        return [s for s in self.streams if s.kind is kind]

    def _records(self) -> None:
        scope = None
        if self.scope is not None:
            parted = [ref.split("/", 2) for ref in sorted(self.scope)]
            columns = {
                name: np.array([part[k] for part in parted], dtype=object)
                for k, name in enumerate(("crm", "object", "id"))
            }
            self.sql.register("scope", columns)
            scope = "scope"
        rows = RecordRows(self.definition, self.streams, self.definition.facts(), scope=scope)
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE record AS "
            f"SELECT (row_number() OVER () - 1)::INTEGER AS rec, * FROM (SELECT * FROM ({rows.query()}) ORDER BY ref)"
        )
        if scope:
            self.sql.unregister(scope)

    def _facts(self) -> None:
        names = self.definition.facts()
        columns = [quoted(fact_column(name)) for name in names]
        best = ", ".join(f"arg_min({c}, authority * 10000000000 + rec) AS {c}" for c in columns)
        email, domain = quoted(fact_column("email")), quoted(fact_column("email_domain"))
        derived = f", nullif(split_part({email}, '@', 2), '') AS {domain}" if "email" in names else ""
        self.sql.execute(
            f"CREATE OR REPLACE TEMP TABLE fact AS SELECT *{derived} FROM (SELECT p"
            f"{', ' + best if best else ''} FROM record WHERE NOT deleted GROUP BY p) ORDER BY p"
        )
        for name in names:
            rule, column = normal(self.definition, name), fact_column(name)
            if rule.kind == "iso_country":
                translate(self.sql, "fact", column, column, country_code)
            elif rule.map:
                translate(self.sql, "fact", column, column, speller(rule.map))
        for name in asked_words(self.definition, Space.FACT):
            if name != FIRST_ORIGIN:
                self._add_words(name)

    def _add_words(self, name: str) -> None:
        self.sql.execute(f"ALTER TABLE fact ADD COLUMN {quoted(words_column(name))} VARCHAR")
        translate(self.sql, "fact", fact_column(name), words_column(name), word_text)

    def _source(self) -> Activities:
        return Activities(
            self.sql, self.definition, self.streams, self.as_of_us, scoped=self.scope is not None
        )

    def _activities(self) -> None:
        # A CRM id names one person whatever object it belongs to; a converted or merged record leads on to it.
        self.sql.execute("CREATE OR REPLACE TEMP TABLE link AS SELECT DISTINCT crm, id, p FROM record")
        self._source().build()
        self._drop_duplicates()
        self._quarantine()
        self._first_activities()

    def _drop_duplicates(self) -> None:
        types = told_twice(self._source().feeds())
        if types:
            self.sql.execute("CREATE OR REPLACE TEMP TABLE dropped (idx BIGINT)")
            find_duplicates(self.sql, types, self.definition.identity.same_activity)
            self.sql.execute("DELETE FROM happened WHERE rowid IN (SELECT idx FROM dropped)")
            self.sql.execute("DROP TABLE dropped")

    def _quarantine(self) -> None:
        """Move what the bot guard suspects from the activities to `suspected`."""
        self.sql.execute("CREATE OR REPLACE TEMP TABLE suspect (idx BIGINT)")
        guard = self.definition.engagement.bot_guard
        if guard:
            find_suspects(self.sql, guard)
        self.block(0, self.people())
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE suspected AS SELECT DISTINCT p, id, at_us, class FROM activity "
            "WHERE idx IN (SELECT idx FROM suspect)"
        )
        if guard:
            self.sql.execute("DELETE FROM happened WHERE rowid IN (SELECT idx FROM suspect)")
        self.sql.execute("DROP TABLE suspect")

    def _first_activities(self) -> None:
        """What a person's first activities say: the first of sales, and where the person came from."""
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE person AS SELECT n.*, s.first_sales_us FROM person n LEFT JOIN ("
            "  SELECT h.p, min(h.at_us) AS first_sales_us FROM happened h"
            "  JOIN (SELECT class FROM class WHERE origin = 'sales') k ON k.class = h.class GROUP BY h.p"
            ") s ON s.p = n.p ORDER BY n.p"
        )
        if not asks_first_origin(self.definition):
            return
        column = quoted(fact_column(FIRST_ORIGIN))
        self.sql.execute(f"ALTER TABLE fact ADD COLUMN {column} VARCHAR")
        self.sql.execute(
            f"UPDATE fact SET {column} = o.origin FROM ("
            "  SELECT a.p, arg_min(k.origin, a.id) AS origin FROM activity a JOIN class k ON k.class = a.class"
            "  JOIN (SELECT p, min(at_us) AS at_us FROM happened GROUP BY p) f ON f.p = a.p AND f.at_us = a.at_us"
            "  GROUP BY a.p"
            ") o WHERE o.p = fact.p"
        )
        if FIRST_ORIGIN in asked_words(self.definition, Space.FACT):
            self._add_words(FIRST_ORIGIN)
