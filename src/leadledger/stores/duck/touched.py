"""Says which people are touched: resolves noted ids, e-mail addresses, accounts and deals to people's records."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from leadledger.ports import COLUMNS, COMMON_COLUMNS, Kind
from leadledger.stores.duck.connection import quoted

_OWN_ROWS = "SELECT DISTINCT crm, name, key FROM touched WHERE via = 'record'"
_NOTED = "SELECT key FROM touched WHERE crm = $crm AND via = '{via}'"


def records(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """All touched people's records as `crm/object/id`. Tables are only searched for what was noted."""
    noted = set(connection.execute("SELECT DISTINCT crm, via FROM touched").fetchall())
    if not noted:
        return frozenset()
    found = {f"{crm}/{name}/{id_}" for crm, name, id_ in connection.execute(_OWN_ROWS).fetchall()}
    for crm, name, table in _tables(connection, Kind.PEOPLE):
        people = f"raw.{quoted(table)}"
        queries = []
        if (crm, "account") in noted:
            queries.append(f"SELECT id FROM {people} WHERE account IN ({_NOTED.format(via='account')})")
        if (crm, "person") in noted:
            queries.append(f"SELECT id FROM {people} WHERE id IN ({_NOTED.format(via='person')})")
        if (crm, "deal") in noted:
            queries += [
                f"SELECT id FROM {people} WHERE id IN (SELECT person FROM raw.{quoted(links)} "
                f"WHERE deal IN ({_NOTED.format(via='deal')}))"
                for of, _, links in _tables(connection, Kind.DEAL_PEOPLE)
                if of == crm
            ]
        ids = connection.execute(" UNION ".join(queries), {"crm": crm}).fetchall() if queries else []
        if any(via == "email" for _, via in noted):
            ids += _by_address(connection, table)
        found |= {f"{crm}/{name}/{id_}" for (id_,) in ids}
    return frozenset(found)


def pulled_people(connection: duckdb.DuckDBPyConnection, crm: str) -> Sequence[str]:
    """Ids of the people of a CRM whose own rows changed, in id order."""
    query = "SELECT DISTINCT key FROM touched WHERE via = 'record' AND crm = ? ORDER BY key"
    return [row[0] for row in connection.execute(query, [crm]).fetchall()]


def _by_address(connection: duckdb.DuckDBPyConnection, table: str) -> Sequence[tuple[str]]:
    """People by e-mail address, of whichever CRM it was noted, in every field that may hold one.

    hs_additional_emails holds several with `;` between. To look at a person once too often costs little, to
    miss one is wrong.
    """
    found: list[tuple[str]] = []
    for column in _address_columns(connection, table):
        found += connection.execute(
            "SELECT id FROM (SELECT id, unnest(string_split(lower(replace("
            f"{quoted(column)}, ' ', '')), ';')) AS address FROM raw.{quoted(table)}) "
            "WHERE address IN (SELECT key FROM touched WHERE via = 'email')"
        ).fetchall()
    return found


def _tables(connection: duckdb.DuckDBPyConnection, kind: Kind) -> Sequence[tuple[str, str, str]]:
    """(crm, name, table) of all streams of a kind."""
    query = "SELECT crm, name, stream FROM pull_state WHERE kind = ? ORDER BY stream"
    rows: Sequence[tuple[str, str, str]] = connection.execute(query, [kind.value]).fetchall()
    return rows


def _address_columns(connection: duckdb.DuckDBPyConnection, table: str) -> Sequence[str]:
    fixed = {*COMMON_COLUMNS, *COLUMNS[Kind.PEOPLE]}
    rows = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name = ? "
        "AND data_type = 'VARCHAR' AND contains(lower(column_name), 'mail') ORDER BY column_index",
        [table],
    ).fetchall()
    return [row[0] for row in rows if row[0] not in fixed]
