"""Stores pages: replaces what a page stands for, and notes whose decision that may change.

What is touched is noted as the page tells it (a person's id, an e-mail address, an account, a deal) and
resolved to people only when somebody asks, because a CRM is pulled stream by stream and the people, links or
accounts that a row points to may come later than the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from leadledger.errors import BugError
from leadledger.ports import Kind, Page, Stream
from leadledger.stores.duck.columns import arrays, columns, last_of_each
from leadledger.stores.duck.connection import quoted

MARKS: Mapping[Kind, Sequence[tuple[str, str]]] = {
    Kind.PEOPLE: (("record", "id"),),
    Kind.ACCOUNTS: (("account", "id"),),
    Kind.ACTIVITIES: (("person", "person"), ("email", "lower(replace(person_email, ' ', ''))")),
    Kind.HISTORY: (("person", "person"),),
    Kind.DEALS: (("deal", "id"),),
    Kind.DEAL_PEOPLE: (("person", "person"),),
    Kind.OWNERS: (),
}
"""Kind -> (how a changed row leads to people, the SQL expression of the key)."""

_REPLACED = {
    "id": "SELECT rowid AS place FROM {table} WHERE id IN (SELECT id FROM incoming)",
    "person": "SELECT rowid AS place FROM {table} WHERE person IN (SELECT person FROM incoming)",
    "all": "SELECT rowid AS place FROM {table}",
}


def table(stream: Stream) -> str:
    """The stream's table as SQL: `raw."salesforce.Lead"`."""
    return f"raw.{quoted(stream.table)}"


def read_in(connection: duckdb.DuckDBPyConnection, stream: Stream, page: Page) -> None:
    """Bring a page's rows into the temporary table `incoming`, the last version of each.

    Outside the transaction: within one that an error has ended, DuckDB does not let go of the arrays.
    """
    typed = ", ".join(f"{quoted(name)}::{type_} AS {quoted(name)}" for name, type_ in columns(stream).items())
    connection.register("page_rows", dict(arrays(stream, last_of_each(stream, page.rows))))
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {typed} FROM page_rows")
    finally:
        connection.unregister("page_rows")


def replace(connection: duckdb.DuckDBPyConnection, stream: Stream, replaces: str) -> None:
    """Put `incoming` in the place of what it replaces and note whom that touches; inside a transaction."""
    if replaces not in _REPLACED:
        raise BugError(f"a page of {stream.table} replaces {replaces!r}, which nobody knows")
    target = table(stream)
    find = _REPLACED[replaces].format(table=target)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE outgoing AS {find}")
    replaced = _count(connection, "outgoing")
    _mark(connection, stream, replaced)
    if replaced:
        connection.execute(f"DELETE FROM {target} WHERE rowid IN (SELECT place FROM outgoing)")
    connection.execute(f"INSERT INTO {target} BY NAME SELECT * FROM incoming")
    more = _count(connection, "incoming") - replaced
    connection.execute("UPDATE pull_state SET rows = rows + ? WHERE stream = ?", [more, stream.table])
    connection.execute("DROP TABLE incoming")
    connection.execute("DROP TABLE outgoing")


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0])


def _mark(connection: duckdb.DuckDBPyConnection, stream: Stream, replaced: int) -> None:
    """Note the keys of rows that came, went or changed in anything but the time of their last change.

    A row that only has a new `modified_us` decides nothing: the CRM moves it for changes of fields that the
    definition does not use, and for our own writes.
    """
    marks = MARKS[stream.kind]
    if not marks:
        return
    telling = ", ".join(quoted(name) for name in columns(stream) if name != "modified_us")
    new = f"SELECT {telling} FROM incoming"
    if replaced:
        old = f"SELECT {telling} FROM {table(stream)} WHERE rowid IN (SELECT place FROM outgoing)"
        changed = f"(({new}) EXCEPT ({old})) UNION ALL (({old}) EXCEPT ({new}))"
    else:
        changed = new
    connection.execute(f"CREATE OR REPLACE TEMP TABLE changed AS {changed}")
    for via, key in marks:
        # The inner IN keeps both hash tables at the size of the page, however many people are touched already.
        connection.execute(
            f"WITH keys AS MATERIALIZED (SELECT DISTINCT {key} AS key FROM changed WHERE {key} <> '') "
            "INSERT INTO touched SELECT $crm, $name, $via, key FROM keys WHERE key NOT IN ("
            "SELECT key FROM touched WHERE crm = $crm AND name = $name AND via = $via "
            "AND key IN (SELECT key FROM keys))",
            {"crm": stream.crm, "name": stream.name if via == "record" else "", "via": via},
        )
    connection.execute("DROP TABLE changed")
