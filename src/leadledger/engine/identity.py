"""Joins records into people: same e-mail address, a lead and its contact, a merge's loser and winner, a reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadledger.domain.sources import Identity
from leadledger.engine.conditions import fact_column, quoted
from leadledger.engine.keys import SPEAKS, email_key, id_key, joins_by
from leadledger.engine.reach import reach
from leadledger.ports import Known, Sql

__all__ = ["components", "join_records", "reach"]

_EMAIL = quoted(fact_column("email"))


def join_records(sql: Sql, identity: Identity, known: Known) -> None:
    """Give every row of `record` its person `p`, and make the tables `person`, `mail` and `formerly`.

    A person keeps the id under which the ledger knows one of its records (the smallest, if several); a new one
    takes the reference of its first record. Where records that were one person no longer are (an e-mail was
    corrected), the person with the record that gave the id keeps it, and the other one is new. `p` counts
    people in the order of their ids, so that the same records give the same numbers. `formerly` (p, person_id)
    holds all ids under which the ledger knows a person.
    """
    columns = {row[0] for row in sql.execute("DESCRIBE record").fetchall()}
    found = sql.execute(" UNION ALL ".join(f"({query})" for query in _pairs(identity, columns))).fetchnumpy()
    total = sql.execute("SELECT count(*) FROM record").fetchall()[0][0]
    root = components(total, np.asarray(found["rec"], np.int64), np.asarray(found["other"], np.int64))
    sql.register("component", {"rec": np.arange(total, dtype=np.int32), "root": root.astype(np.int32)})
    _name_people(sql, known)
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE record AS SELECT r.*, n.p FROM record r "
        "JOIN component c ON c.rec = r.rec JOIN person n ON n.root = c.root"
    )
    sql.unregister("component")
    if fact_column("email") in columns:
        key = email_key(_EMAIL, identity)
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE mail AS SELECT {key} AS email, min(p) AS p FROM record "
            f"WHERE {_EMAIL} IS NOT NULL AND {SPEAKS} GROUP BY 1"
        )


def _pairs(identity: Identity, columns: set[str]) -> list[str]:
    """Queries of pairs of records (rec, other) that are the same human being."""
    queries = [
        "SELECT r.rec, c.rec AS other FROM record r JOIN record c ON c.crm = r.crm AND c.id = r.converted_to",
        "SELECT r.rec, c.rec AS other FROM record r JOIN record c ON c.crm = r.crm AND c.id = r.merged_into",
    ]
    if identity.by_email and fact_column("email") in columns:
        queries.append(
            f"WITH k AS (SELECT rec, {email_key(_EMAIL, identity)} AS email FROM record "
            f"WHERE {SPEAKS} AND {joins_by(_EMAIL, identity)}), "
            "g AS (SELECT email, min(rec) AS other FROM k GROUP BY email HAVING count(*) > 1) "
            "SELECT k.rec, g.other FROM k JOIN g ON g.email = k.email"
        )
    for name in identity.references:
        column = fact_column(name)
        if column in columns:
            queries.append(
                f"WITH k AS (SELECT * FROM record WHERE {SPEAKS}) SELECT r.rec, c.rec AS other FROM k r JOIN k c "
                f"ON {id_key('c.id')} = {id_key(f'r.{quoted(column)}')} AND c.crm <> r.crm"
            )
    return queries


def components(total: int, one: Any, other: Any) -> Any:
    """int64 [total]: the smallest member of each one's component, given pairs. Their order does not matter."""
    root = np.arange(total, dtype=np.int64)
    while True:
        a, b = root[one], root[other]
        apart = a != b
        if not apart.any():
            return root
        one, other, a, b = one[apart], other[apart], a[apart], b[apart]
        # Every root that has a smaller neighbour goes under it; then all look up to their own root again.
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(upper := root[root], root):
            root = upper


def _name_people(sql: Sql, known: Known) -> None:
    """Make `person` and `formerly` of the components."""
    if known.person_of:
        sql.register(
            "before",
            {
                "ref": np.array(list(known.person_of), dtype=object),
                "person_id": np.array(list(known.person_of.values()), dtype=object),
            },
        )
    else:
        sql.execute(
            "CREATE OR REPLACE TEMP VIEW before AS SELECT ''::VARCHAR AS ref, ''::VARCHAR AS person_id WHERE false"
        )
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE claim AS SELECT * FROM ("
        "  SELECT c.root, b.person_id, row_number() OVER ("
        "    PARTITION BY b.person_id ORDER BY bool_or(r.ref = b.person_id) DESC, min(r.ref)) AS turn"
        "  FROM record r JOIN component c ON c.rec = r.rec JOIN before b ON b.ref = r.ref"
        "  JOIN (SELECT root FROM component JOIN record USING (rec) GROUP BY root HAVING NOT bool_and(deleted)) alive"
        "    ON alive.root = c.root"
        "  GROUP BY c.root, b.person_id)"
    )
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE person AS "
        "SELECT (row_number() OVER (ORDER BY person_id) - 1)::INTEGER AS p, * FROM ("
        "  SELECT c.root, coalesce(min(k.person_id), min(r.ref) FILTER (WHERE r.ref NOT IN (SELECT person_id FROM claim)),"
        "                          min(r.ref)) AS person_id,"
        "         min(r.created_us) AS created_us, max(r.changed_us) FILTER (WHERE NOT r.deleted) AS changed_us"
        "  FROM record r JOIN component c ON c.rec = r.rec LEFT JOIN claim k ON k.root = c.root AND k.turn = 1"
        "  GROUP BY c.root HAVING NOT bool_and(r.deleted))"
    )
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE formerly AS "
        "SELECT n.p, k.person_id FROM claim k JOIN person n ON n.root = k.root WHERE k.turn = 1"
    )
    sql.execute("DROP TABLE claim")
    if known.person_of:
        sql.unregister("before")
    else:
        sql.execute("DROP VIEW before")
