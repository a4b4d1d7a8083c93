"""Reads the mirror's people tables: one SELECT per CRM object, a row per record with its mapped facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadledger.domain.conditions import Compare, Op, Space, names
from leadledger.domain.definition import Definition
from leadledger.domain.sources import Normalise, PeopleSource
from leadledger.engine.conditions import fact_column, literal, quoted, sql
from leadledger.ports import Kind, Stream

_ACCOUNT_PREFIXES = ("Account.", "company.")


def raw(stream: Stream) -> str:
    """The mirror's table of a stream."""
    return f"raw.{quoted(stream.table)}"


def stream_of(streams: Sequence[Stream], crm: str, name: str) -> Stream | None:
    """The stream that feeds one object, if the mirror has it."""
    return next((s for s in streams if s.crm == crm and s.name == name), None)


def normal(definition: Definition, name: str) -> Normalise:
    """How a fact is brought into one form; an e-mail address is, unless the definition says otherwise."""
    default = Normalise("email") if name == "email" else Normalise("none")
    return definition.normalise.get(name, default)


@dataclass(frozen=True, slots=True)
class RecordRows:
    """The query of all records, a row each.

    Columns: crm, object, id, ref, created_us, changed_us, owner, converted_to, converted_us, merged_into, deleted,
    writable, authority (the smallest wins), `fact:name` for each of `facts`, and account_owner where
    `account_owners`. `scope` is a table (crm, object, id) of the only records that are wanted.
    """

    definition: Definition
    streams: Sequence[Stream]
    facts: Sequence[str]
    account_owners: bool = True
    scope: str | None = None

    def query(self) -> str:
        """The SELECT over all objects; without any in the mirror, over none."""
        selects = [
            self._select(source, stream, order)
            for order, source in enumerate(self.definition.people)
            if (stream := stream_of(self.streams, source.crm, source.object)) is not None
        ]
        return " UNION ALL ".join(selects)

    def _select(self, source: PeopleSource, stream: Stream, order: int) -> str:
        accounts = self._accounts(source)
        column = _raw_column(accounts)
        crm, object_ = literal(source.crm), literal(source.object)
        rank = {name: position for position, name in enumerate(self.definition.authority)}
        where = ["true"]
        if source.where:
            where.append(f"coalesce({sql(source.where, column)}, false)")
        if self.scope:
            where.append(f"r.id IN (SELECT id FROM {self.scope} WHERE crm = {crm} AND object = {object_})")
        mapped = [f"{self._fact(name, source, column)} AS {quoted(fact_column(name))}" for name in self.facts]
        if self.account_owners:
            mapped.append(f"{'a.owner' if accounts else 'NULL::VARCHAR'} AS account_owner")
        return (
            f"SELECT {crm} AS crm, {object_} AS object, r.id, "
            f"{literal(f'{source.crm}/{source.object}/')} || r.id AS ref, "
            "r.created_us, r.modified_us AS changed_us, r.owner AS owner, r.converted_to, r.converted_us, "
            "r.merged_into, r.deleted, NOT r.deleted AND r.converted_to IS NULL AS writable, "
            f"{rank.get(f'{source.crm}.{source.object}', 100 + order)} AS authority"
            f"{''.join(f', {expression}' for expression in mapped)} FROM {raw(stream)} r "
            f"{f'LEFT JOIN {raw(accounts)} a ON a.id = r.account AND NOT a.deleted' if accounts else ''} "
            f"WHERE {' AND '.join(where)}"
        )

    def _accounts(self, source: PeopleSource) -> Stream | None:
        """The accounts of a CRM, if anything of the query lies there."""
        paths = {source.facts[name] for name in self.facts if name in source.facts}
        if source.where:
            paths |= names(source.where, Space.FIELD)
        if not self.account_owners and not any(path.startswith(_ACCOUNT_PREFIXES) for path in paths):
            return None
        return next((s for s in self.streams if s.kind is Kind.ACCOUNTS and s.crm == source.crm), None)

    def _fact(self, name: str, source: PeopleSource, column: Callable[[Compare], str]) -> str:
        path = source.facts.get(name)
        if path is None:
            return "NULL::VARCHAR"
        text = f"nullif(trim({column(Compare(Space.FIELD, path, Op.KNOWN, True))}::VARCHAR), '')"
        return f"lower({text})" if normal(self.definition, name).kind == "email" else text


def _raw_column(accounts: Stream | None) -> Callable[[Compare], str]:
    """Fields of the row `r`, or of its account `a` where the path begins with the account's name."""

    def column(compare: Compare) -> str:
        for prefix in _ACCOUNT_PREFIXES:
            if compare.name.startswith(prefix) and accounts is not None:
                return f"a.{quoted(compare.name.removeprefix(prefix))}"
        return f"r.{quoted(compare.name)}"

    return column
