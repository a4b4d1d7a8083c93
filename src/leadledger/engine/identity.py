"""Joins records into people: same normalised e-mail, a lead and its contact, a merge loser and its winner."""

from __future__ import annotations

import numpy as np

from leadledger.domain.sources import Identity
from leadledger.engine.conditions import fact_column, folded, quoted
from leadledger.ports import Known, Sql

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
    has_email = fact_column("email") in columns
    edges = _edges(sql, identity, has_email=has_email)
    total = sql.execute("SELECT count(*) FROM record").fetchall()[0][0]
    root = _components(total, edges)
    sql.register("component", {"rec": np.arange(total, dtype=np.int32), "root": root.astype(np.int32)})
    sql.register(
        "before",
        {
            "ref": np.array(list(known.person_of), dtype=object),
            "person_id": np.array(list(known.person_of.values()), dtype=object),
        },
    ) if known.person_of else sql.execute(
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
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE record AS SELECT r.*, n.p FROM record r "
        "JOIN component c ON c.rec = r.rec JOIN person n ON n.root = c.root"
    )
    sql.unregister("component")
    if known.person_of:
        sql.unregister("before")
    else:
        sql.execute("DROP VIEW before")
    if has_email:
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE mail AS SELECT {_EMAIL} AS email, min(p) AS p FROM record "
            f"WHERE {_EMAIL} IS NOT NULL AND NOT deleted GROUP BY {_EMAIL}"
        )


def _edges(
    sql: Sql, identity: Identity, *, has_email: bool
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Pairs of records that are the same human being, [n, 2]."""
    queries = [
        "SELECT r.rec, c.rec AS other FROM record r JOIN record c ON c.crm = r.crm AND c.id = r.converted_to",
        "SELECT r.rec, c.rec AS other FROM record r JOIN record c ON c.crm = r.crm AND c.id = r.merged_into",
    ]
    if identity.by_email and has_email:
        ignored = ", ".join(map(folded, identity.ignore_domains)) or "''"
        queries.append(
            f"SELECT rec, other FROM (SELECT rec, min(rec) OVER (PARTITION BY {_EMAIL}) AS other FROM record "
            f"WHERE {_EMAIL} IS NOT NULL AND NOT deleted AND split_part({_EMAIL}, '@', 2) NOT IN ({ignored})) "
            "WHERE rec <> other"
        )
    found = sql.execute(" UNION ALL ".join(f"({query})" for query in queries)).fetchnumpy()
    return np.stack([np.asarray(found["rec"], np.int64), np.asarray(found["other"], np.int64)], axis=1)


def _components(
    total: int, edges: np.ndarray[tuple[int, int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The smallest record of each record's component. The order of the edges does not matter."""
    root = np.arange(total, dtype=np.int64)

    def find(x: int) -> int:
        while root[x] != x:
            root[x] = root[root[x]]
            x = int(root[x])
        return x

    for a, b in edges.tolist():
        first, second = find(a), find(b)
        if first != second:
            root[max(first, second)] = min(first, second)
    for x in np.unique(edges).tolist():
        root[x] = find(x)
    return root
