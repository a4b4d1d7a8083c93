"""Makes the activities of all people from the mirror's streams: narrow rows by person, and their few classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from leadledger.domain.conditions import Compare, Op, Space
from leadledger.domain.definition import Definition
from leadledger.domain.instants import EARLIEST
from leadledger.domain.sources import ActivitySource
from leadledger.engine.asked import asked_attributes, asked_words
from leadledger.engine.conditions import literal, quoted, sql, word_text, words_column
from leadledger.engine.keys import email_key
from leadledger.engine.records import raw, stream_of
from leadledger.engine.texts import translate
from leadledger.ports import Kind, Sql, Stream

CLASS_COLUMNS = ("type", "asset", "campaign", "origin", "intent")
"""Columns of an activity that few distinct combinations share; most rules look at nothing else."""


def attribute_column(name: str) -> str:
    """The name of the column that holds an attribute of an activity."""
    return f"attribute:{name}"


def activity_column(row: str, kind: str) -> Callable[[Compare], str]:
    """What a comparison on an activity looks at: a column of its class (alias `kind`) or an attribute (alias `row`)."""

    def column(compare: Compare) -> str:
        alias, name = (
            (kind, compare.name) if compare.name in CLASS_COLUMNS else (row, attribute_column(compare.name))
        )
        return f"{alias}.{quoted(words_column(name) if compare.op is Op.WORDS else name)}"

    return column


@dataclass(frozen=True, slots=True)
class Activities:
    """Makes `class` and `happened` of the people in `link` and `mail`.

    `happened` has p, at_us, class, stream (position among `feeds`), id (of the row in its stream) and the asked
    attributes; it is the store behind `activity`. Where `scoped`, only those people's rows are read at all,
    which pays when they are few.
    """

    sql: Sql
    definition: Definition
    streams: Sequence[Stream]
    as_of_us: int
    scoped: bool = False

    def build(self) -> None:
        """Make both tables."""
        feeds = self.feeds()
        kind = "TABLE" if self.scoped else "VIEW"
        for number, (stream, entries) in enumerate(feeds):
            rows = self._rows(stream, entries)
            self.sql.execute(f"CREATE OR REPLACE TEMP {kind} {self._feed(number)} AS {rows}")
        self._classes(feeds)
        # One statement per way to a person: together they would hold all their hash tables at once.
        self.sql.execute(f"CREATE OR REPLACE TEMP TABLE happened AS {self._nothing()}")
        for number, (stream, _) in enumerate(feeds):
            for select in self._placed(number, stream):
                self.sql.execute(f"INSERT INTO happened {select}")
        for number in range(len(feeds)):
            self.sql.execute(f"DROP {kind} {self._feed(number)}")
            self.sql.execute(f"DROP TABLE kind{number}")
        self._words()

    def feeds(self) -> list[tuple[Stream, list[ActivitySource]]]:
        """The streams that give activities, with what their rows may become, as the ids sort."""
        ordered = sorted(self.definition.activities, key=lambda source: (source.crm, source.stream))
        grouped = groupby(ordered, key=lambda source: (source.crm, source.stream))
        found = [(stream_of(self.streams, *name), list(entries)) for name, entries in grouped]
        return sorted(
            ((stream, entries) for stream, entries in found if stream is not None),
            key=lambda feed: prefix(feed[0]),
        )

    def attributes(self) -> tuple[str, ...]:
        """The attributes that something looks at."""
        return asked_attributes(self.definition, CLASS_COLUMNS)

    def _rows(self, stream: Stream, entries: Sequence[ActivitySource]) -> str:
        """The rows of one stream that are activities: id, person, email, at_us, entry, asset, campaign, attributes."""
        cases = []
        for position, entry in enumerate(entries):
            parts = [sql(entry.when, _field)] if entry.when else []
            if entry.property:
                parts.append(f"(r.field = {literal(entry.property)} AND r.new IS NOT NULL AND r.new <> '')")
            cases.append(f"WHEN coalesce({' AND '.join(parts) or 'true'}, false) THEN {position}")
        chosen = {
            "at_us": _choose([f"r.{quoted(e.at)}" if e.at else "r.at_us" for e in entries]),
            "asset": _choose(
                [_text(e.asset, "coalesce(r.new, '')" if e.property else "''") for e in entries]
            ),
            "campaign": _choose([_text(e.campaign, "''") for e in entries]),
        }
        for name in self.attributes():
            chosen[attribute_column(name)] = _choose(
                [
                    f"r.{quoted(e.attributes[name])}::VARCHAR" if name in e.attributes else "NULL::VARCHAR"
                    for e in entries
                ]
            )
        address = "r.person_email" if stream.kind is Kind.ACTIVITIES else "NULL::VARCHAR"
        return (
            f"SELECT r.id, r.person, {address} AS email, {quoted('#entry')} AS entry, "
            + ", ".join(f"{value} AS {quoted(name)}" for name, value in chosen.items())
            + f" FROM (SELECT *, CASE {' '.join(cases)} END AS {quoted('#entry')} FROM {self._source(stream)} r "
            f"WHERE NOT deleted) r WHERE r.{quoted('#entry')} IS NOT NULL"
        )

    def _source(self, stream: Stream) -> str:
        """The stream's table, or of it the rows of the people in `link` and `mail`."""
        if not self.scoped:
            return raw(stream)
        own = f"SELECT * FROM {raw(stream)} WHERE person IN (SELECT id FROM {_link(stream)})"
        if self._has_addresses(stream):
            own += (
                f" UNION ALL SELECT * FROM {raw(stream)} WHERE person IS NULL "
                f"AND {self._address('person_email')} IN (SELECT email FROM mail)"
            )
        return f"({own})"

    def _classes(self, feeds: Sequence[tuple[Stream, Sequence[ActivitySource]]]) -> None:
        """Number the distinct combinations, and say for each stream which entry, asset and campaign is which."""
        selects = []
        for number, (_, entries) in enumerate(feeds):
            self.sql.execute(
                f"CREATE OR REPLACE TEMP TABLE kind{number} AS SELECT DISTINCT entry, asset, campaign FROM {self._feed(number)}"
            )
            selects.append(f"SELECT {_of_kind(entries)} FROM kind{number} r")
        columns = ", ".join(CLASS_COLUMNS)
        nothing = "SELECT " + ", ".join(f"NULL::VARCHAR AS {c}" for c in CLASS_COLUMNS) + " WHERE false"
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE class AS "
            f"SELECT (row_number() OVER (ORDER BY {columns}) - 1)::INTEGER AS class, * "
            f"FROM (SELECT DISTINCT {columns} FROM ({' UNION ALL '.join(selects) or nothing}))"
        )
        for number, (_, entries) in enumerate(feeds):
            self.sql.execute(
                f"CREATE OR REPLACE TEMP TABLE kind{number} AS SELECT k.entry, k.asset, k.campaign, c.class FROM ("
                f"SELECT entry, asset AS asset_, campaign AS campaign_, {_of_kind(entries)} FROM kind{number} r) k "
                f"JOIN class c USING ({columns})"
            )

    def _placed(self, number: int, stream: Stream) -> list[str]:
        """The activities of one stream with their person and class; an id says more about who than an address."""
        since = EARLIEST
        if self.definition.history_span is not None:
            since = max(since, self.as_of_us - self.definition.history_span)
        extra = "".join(f", f.{quoted(attribute_column(name))}" for name in self.attributes())

        def select(who: str, people: str, condition: str) -> str:
            return (
                f"SELECT {who}.p, f.at_us, k.class, {number}::UTINYINT AS stream, f.id{extra} FROM {self._feed(number)} f "
                f"JOIN kind{number} k ON k.entry = f.entry AND k.asset = f.asset AND k.campaign = f.campaign "
                f"JOIN {people} {who} ON {condition} AND f.at_us >= {since} AND f.at_us <= {self.as_of_us}"
            )

        selects = [select("l", _link(stream), "l.id = f.person")]
        if self._has_addresses(stream) and self._any_address(number):
            by_address = f"f.person IS NULL AND m.email = {self._address('f.email')}"
            selects.append(select("m", "mail", by_address))
        return selects

    def _feed(self, number: int) -> str:
        # A view and a table of one name would stand in each other's way after an evaluation that failed.
        return f"few_rows{number}" if self.scoped else f"all_rows{number}"

    def _has_addresses(self, stream: Stream) -> bool:
        return stream.kind is Kind.ACTIVITIES and "email" in self.definition.facts()

    def _any_address(self, number: int) -> bool:
        query = f"SELECT 1 FROM {self._feed(number)} WHERE person IS NULL AND email IS NOT NULL LIMIT 1"
        return bool(self.sql.execute(query).fetchall())

    def _address(self, column: str) -> str:
        return email_key(f"lower(trim({column}))", self.definition.identity)

    def _nothing(self) -> str:
        """Activities of nobody, for a definition without any."""
        extra = "".join(f", NULL::VARCHAR AS {quoted(attribute_column(name))}" for name in self.attributes())
        return (
            "SELECT NULL::INTEGER AS p, NULL::BIGINT AS at_us, NULL::INTEGER AS class, NULL::UTINYINT AS stream, "
            f"NULL::VARCHAR AS id{extra} WHERE false"
        )

    def _words(self) -> None:
        """Text between spaces beside each column that is searched for whole words."""
        for name in asked_words(self.definition, Space.ACTIVITY):
            table, column = ("class", name) if name in CLASS_COLUMNS else ("happened", attribute_column(name))
            self.sql.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(words_column(column))} VARCHAR")
            translate(self.sql, table, column, words_column(column), word_text)


def prefix(stream: Stream) -> str:
    """What stands before a row's id in the id of its activity."""
    return f"{stream.table}/"


def _link(stream: Stream) -> str:
    """Who has which id in the stream's CRM. A join on the id alone is twice as fast as one on CRM and id."""
    return f"(SELECT id, p FROM link WHERE crm = {literal(stream.crm)})"


def _field(compare: Compare) -> str:
    return f"r.{quoted(compare.name)}"


def _text(path: str | None, default: str) -> str:
    return f"coalesce(r.{quoted(path)}::VARCHAR, '')" if path else default


def _choose(values: Sequence[str], entry: str = '"#entry"') -> str:
    """The value that belongs to a row's entry."""
    if len(set(values)) == 1:
        return values[0]
    whens = " ".join(f"WHEN {position} THEN {value}" for position, value in enumerate(values))
    return f"CASE r.{entry} {whens} END"


def _of_kind(entries: Sequence[ActivitySource]) -> str:
    """The columns of a class from a row (entry, asset, campaign)."""
    constant = {
        name: _choose([literal(getattr(e, name)) for e in entries], "entry")
        for name in ("type", "origin", "intent")
    }
    return ", ".join(f"{constant.get(name, f'r.{name}')} AS {name}" for name in CLASS_COLUMNS)
