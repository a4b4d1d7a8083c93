"""Turns the mirror's raw tables into the engine's own: records, people, facts, activities, other signals.

Everything is set-based SQL in temporary tables; Python touches only what SQL must not do (joining records
into people, words of distinct texts). The tables, all private to one evaluation:

    record    rec INT, ref, crm, object, id, p INT, created_us, changed_us, account_ref, writable, rank
    person    p INT, person_id, created_us, changed_us       (p counts from 0 in the order of person_id)
    fact      p INT, one text column `fact:name` per fact, `email_domain` among them, and `name:words` where asked for
    class     class INT, type, asset, campaign, origin, intent   (the distinct combinations)
    activity  idx INT, p INT, at_us, id, class INT, attributes     (in no order; a few rows may be there twice)
    signal    p INT, at_us, code INT, id                     (deals, statuses, conversions)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby

import numpy as np

from leadledger.domain.conditions import Compare, Condition, Op, Space, comparisons
from leadledger.domain.definition import Definition
from leadledger.domain.instants import EARLIEST
from leadledger.domain.sources import ActivitySource, Normalise, PeopleSource
from leadledger.engine.conditions import fact_column, literal, quoted, sql, word_text, words_column
from leadledger.engine.identity import join_records
from leadledger.ports import Kind, Known, Sql, Stream

CLASS_COLUMNS = ("type", "asset", "campaign", "origin", "intent")
"""Columns of an activity that few distinct combinations share; most rules look at nothing else."""

_ACCOUNT_PREFIXES = ("Account.", "company.")


@dataclass(frozen=True, slots=True)
class Canonical:
    """Builds the tables for one definition, one set of streams and one instant."""

    sql: Sql
    definition: Definition
    streams: Sequence[Stream]
    known: Known
    as_of_us: int

    def build(self) -> None:
        """Make all tables."""
        self._records()
        join_records(self.sql, self.definition.identity, self.known)
        self._facts()
        self._activities()

    def stream(self, crm: str, name: str) -> Stream | None:
        """The stream that feeds one object, if the mirror has it."""
        return next((s for s in self.streams if s.crm == crm and s.name == name), None)

    def of_kind(self, kind: Kind) -> list[Stream]:
        """All streams of a kind."""
        return [s for s in self.streams if s.kind is kind]

    # records and facts

    def _records(self) -> None:
        rank = {name: position for position, name in enumerate(self.definition.authority)}
        selects = []
        for order, source in enumerate(self.definition.people):
            stream = self.stream(source.crm, source.object)
            if stream is None:
                continue
            accounts = self._accounts(source.crm)
            join = f"LEFT JOIN {raw(accounts)} a ON a.id = r.account AND NOT a.deleted" if accounts else ""
            column = _raw_column(accounts)
            where = f"AND coalesce({sql(source.where, column)}, false)" if source.where else ""
            facts = ", ".join(
                f"{self._fact(name, source, column)} AS {quoted(fact_column(name))}"
                for name in self.definition.facts()
            )
            selects.append(
                f"SELECT {literal(source.crm)} AS crm, {literal(source.object)} AS object, r.id, "
                f"{literal(f'{source.crm}/{source.object}/')} || r.id AS ref, r.created_us, r.modified_us AS changed_us, "
                f"{'a.owner' if accounts else 'NULL::VARCHAR'} AS account_owner, r.owner AS owner, "
                f"r.converted_to, r.converted_us, r.merged_into, r.deleted, "
                f"NOT r.deleted AND r.converted_to IS NULL AS writable, "
                f"{rank.get(f'{source.crm}.{source.object}', 100 + order)} AS authority"
                f"{', ' + facts if facts else ''} "
                f"FROM {raw(stream)} r {join} WHERE true {where}"
            )
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE record AS "
            f"SELECT (row_number() OVER (ORDER BY ref) - 1)::INTEGER AS rec, * FROM ({' UNION ALL '.join(selects)})"
        )

    def _accounts(self, crm: str) -> Stream | None:
        return next((s for s in self.of_kind(Kind.ACCOUNTS) if s.crm == crm), None)

    def _fact(self, name: str, source: PeopleSource, column: Callable[[Compare], str]) -> str:
        path = source.facts.get(name)
        if path is None:
            return "NULL::VARCHAR"
        text = f"nullif(trim({column(Compare(Space.FIELD, path, Op.KNOWN, True))}::VARCHAR), '')"
        return f"lower({text})" if self._normal(name).kind == "email" else text

    def _normal(self, name: str) -> Normalise:
        default = Normalise("email") if name == "email" else Normalise("none")
        return self.definition.normalise.get(name, default)

    def _facts(self) -> None:
        names = self.definition.facts()
        columns = [quoted(fact_column(name)) for name in names]
        best = ", ".join(f"arg_min({c}, authority * 10000000000 + rec) AS {c}" for c in columns)
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE fact AS SELECT p"
            f"{', ' + best if best else ''} FROM record WHERE NOT deleted GROUP BY p ORDER BY p"
        )
        if "email" in names:
            email, domain = quoted(fact_column("email")), quoted(fact_column("email_domain"))
            self.sql.execute(f"ALTER TABLE fact ADD COLUMN {domain} VARCHAR")
            self.sql.execute(f"UPDATE fact SET {domain} = nullif(split_part({email}, '@', 2), '')")
        for name in names:
            rule = self._normal(name)
            if rule.kind == "iso_country":
                self._translate(name, fact_column(name), _country_code)
            elif rule.map:
                self._translate(name, fact_column(name), _speller(rule.map))
        for name in sorted(self._asked_for_words()):
            self.sql.execute(f"ALTER TABLE fact ADD COLUMN {quoted(words_column(name))} VARCHAR")
            self._translate(name, words_column(name), word_text)

    def _asked_for_words(self) -> set[str]:
        return {
            c.name
            for condition in fact_conditions(self.definition)
            for c in comparisons(condition)
            if c.op is Op.WORDS and c.space is Space.FACT
        }

    def _translate(self, source: str, into: str, function: Callable[[str], str]) -> None:
        """Put `function` of a fact into a column, computed once per distinct text."""
        column = quoted(fact_column(source))
        rows = self.sql.execute(f"SELECT DISTINCT {column} FROM fact WHERE {column} IS NOT NULL").fetchall()
        if not rows:
            return
        texts = np.array([row[0] for row in rows], dtype=object)
        results = np.array([function(text) for text in texts], dtype=object)
        self.sql.register("translation", {"before": texts, "after": results})
        self.sql.execute(
            f"UPDATE fact SET {quoted(into)} = t.after FROM translation t WHERE fact.{column} = t.before"
        )
        self.sql.unregister("translation")

    # activities

    def _activities(self) -> None:
        # A CRM id names one person whatever object it belongs to; a converted or merged record leads on to it.
        self.sql.execute("CREATE OR REPLACE TEMP TABLE link AS SELECT DISTINCT crm, id, p FROM record")
        attributes = sorted({name for source in self.definition.activities for name in source.attributes})
        selects = []
        ordered = sorted(self.definition.activities, key=lambda s: (s.crm, s.stream))
        for (crm, name), entries in groupby(ordered, key=lambda s: (s.crm, s.stream)):
            stream = self.stream(crm, name)
            if stream is not None:
                selects.append(self._stream_activities(stream, list(entries), attributes))
        since = EARLIEST
        if self.definition.history_span is not None:
            since = max(since, self.as_of_us - self.definition.history_span)
        classes = ", ".join(CLASS_COLUMNS)
        union = " UNION ALL ".join(selects) or self._nothing(attributes)
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE class AS "
            f"SELECT (row_number() OVER (ORDER BY {classes}) - 1)::INTEGER AS class, * "
            f"FROM (SELECT DISTINCT {classes} FROM ({union}))"
        )
        # Narrow and unsorted: sorting five million rows with their texts took longer than everything else.
        same = " AND ".join(f"f.{c} = c.{c}" for c in CLASS_COLUMNS)
        extra = "".join(f", f.{quoted(f'attribute:{name}')}" for name in attributes)
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE activity AS "
            f"SELECT (row_number() OVER () - 1)::INTEGER AS idx, f.p, f.at_us, f.id, c.class{extra} "
            f"FROM ({union}) f JOIN class c ON {same} WHERE f.at_us >= {since} AND f.at_us <= {self.as_of_us}"
        )

    def _nothing(self, attributes: Sequence[str]) -> str:
        """Activities of nobody, for a definition without any."""
        texts = [*CLASS_COLUMNS, *(quoted(f"attribute:{name}") for name in attributes)]
        return (
            "SELECT NULL::INTEGER AS p, NULL::BIGINT AS at_us, NULL::VARCHAR AS id, "
            + ", ".join(f"NULL::VARCHAR AS {text}" for text in texts)
            + " WHERE false"
        )

    def _stream_activities(self, stream: Stream, entries: list[ActivitySource], attributes: list[str]) -> str:
        column = _raw_column(None)
        cases = []
        for position, entry in enumerate(entries):
            parts = [sql(entry.when, column)] if entry.when else []
            if entry.property:
                parts.append(f"(r.field = {literal(entry.property)} AND r.new IS NOT NULL AND r.new <> '')")
            cases.append(f"WHEN coalesce({' AND '.join(parts) or 'true'}, false) THEN {position}")

        def choose(values: list[str]) -> str:
            if len(set(values)) == 1:
                return values[0]
            whens = " ".join(f"WHEN {k} THEN {value}" for k, value in enumerate(values))
            return f"CASE r.entry {whens} END"

        def text(path: str | None, default: str = "''") -> str:
            return f"coalesce(r.{quoted(path)}::VARCHAR, '')" if path else default

        at = choose([f"r.{quoted(e.at)}" if e.at else "r.at_us" for e in entries])
        chosen = {
            "type": choose([literal(e.type) for e in entries]),
            "asset": choose([text(e.asset, "coalesce(r.new, '')" if e.property else "''") for e in entries]),
            "campaign": choose([text(e.campaign) for e in entries]),
            "origin": choose([literal(e.origin) for e in entries]),
            "intent": choose([literal(e.intent) for e in entries]),
        }
        extra = ", ".join(
            choose(
                [
                    f"r.{quoted(e.attributes[a])}::VARCHAR" if a in e.attributes else "NULL::VARCHAR"
                    for e in entries
                ]
            )
            + f" AS {quoted(f'attribute:{a}')}"
            for a in attributes
        )
        # Rows with a person's id come first; an address alone finds the person by its e-mail.
        by_mail = ""
        mail = "NULL::INTEGER"
        if stream.kind is Kind.ACTIVITIES and "email" in self.definition.facts():
            by_mail = "LEFT JOIN mail m ON r.person IS NULL AND m.email = lower(trim(r.person_email))"
            mail = "m.p"
        return (
            f"SELECT coalesce(l.p, {mail}) AS p, {at} AS at_us, {literal(stream.table + '/')} || r.id AS id, "
            + ", ".join(f"{value} AS {name}" for name, value in chosen.items())
            + (f", {extra}" if extra else "")
            + f" FROM (SELECT *, CASE {' '.join(cases)} END AS entry FROM {raw(stream)} r WHERE NOT deleted) r "
            f"LEFT JOIN link l ON l.crm = {literal(stream.crm)} AND l.id = r.person {by_mail} "
            f"WHERE r.entry IS NOT NULL AND coalesce(l.p, {mail}) IS NOT NULL"
        )


def fact_conditions(definition: Definition) -> list[Condition]:
    """Every condition of the definition that may look at facts."""
    routing = definition.routing
    found: list[Condition | None] = [
        *(rule.when for rule in definition.fit.rules),
        *(rule.when for rule in definition.engagement.rules),
        *(rule.when for rule in routing.rules),
        routing.account_owner.unless if routing.account_owner else None,
        definition.exclude_when,
        *(
            condition
            for stage in definition.lifecycle.stages
            for trigger in stage.triggers
            if (condition := getattr(trigger, "condition", None) or getattr(trigger, "when", None))
            is not None
        ),
    ]
    return [condition for condition in found if condition is not None]


def raw(stream: Stream) -> str:
    """The mirror's table of a stream."""
    return f"raw.{quoted(stream.table)}"


def _raw_column(accounts: Stream | None) -> Callable[[Compare], str]:
    """Fields of the row `r`, or of its account `a` where the path begins with the account's name."""

    def column(compare: Compare) -> str:
        for prefix in _ACCOUNT_PREFIXES:
            if compare.name.startswith(prefix) and accounts is not None:
                return f"a.{quoted(compare.name.removeprefix(prefix))}"
        return f"r.{quoted(compare.name)}"

    return column


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


def _speller(spellings: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces one spelling by another, whatever its case; other texts stay."""
    known = {before.lower(): after for before, after in spellings.items()}
    return lambda text: known.get(text.lower(), text)


_COUNTRIES: dict[str, str] = {}


def _country_code(text: str) -> str:
    """The two-letter code of a country name; a two-letter text as it is in capitals; else the text itself."""
    if not _COUNTRIES:
        _COUNTRIES.update(_countries())
    if len(text) == 2 and text.isascii() and text.upper() in _COUNTRIES.values():
        return text.upper()
    return _COUNTRIES.get(_plain_name(text), text)
