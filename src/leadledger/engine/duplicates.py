"""Finds activities that two streams tell of: one e-mail as a message and as a task, one form in both CRMs."""

from __future__ import annotations

from collections.abc import Sequence

from leadledger.domain.sources import ActivitySource
from leadledger.engine.conditions import literal
from leadledger.ports import Sql, Stream


def told_twice(feeds: Sequence[tuple[Stream, Sequence[ActivitySource]]]) -> tuple[str, ...]:
    """The types of activities that more than one stream gives, sorted."""
    types = [{entry.type for entry in entries} for _, entries in feeds]
    return tuple(sorted(t for t in set().union(*types) if sum(t in of for of in types) > 1))


def find_duplicates(sql: Sql, types: Sequence[str], span_us: int) -> None:
    """Add to table `dropped` (idx) the rows of `happened` that are an earlier activity once more.

    One person's activities of equal type and asset make runs in which no gap is longer than the span. A run
    that several streams tell of is one activity, its first by instant and id. A run of one stream is as it is.
    """
    wanted = ", ".join(map(literal, types))
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE alike AS "
        f"SELECT class, dense_rank() OVER (ORDER BY type, asset) AS alike FROM class WHERE type IN ({wanted})"
    )
    # Only those of whom several streams tell the same are put into order.
    sql.execute(
        "INSERT INTO dropped WITH several AS MATERIALIZED ("
        "  SELECT h.p, k.alike FROM happened h JOIN alike k ON k.class = h.class"
        "  GROUP BY h.p, k.alike HAVING min(h.stream) <> max(h.stream)) "
        "SELECT idx FROM ("
        f"  SELECT *, count(*) FILTER (gap IS NULL OR gap > {span_us}) OVER told AS run FROM ("
        "    SELECT h.rowid AS idx, h.p, k.alike, h.at_us, h.stream, h.id, h.at_us - lag(h.at_us) OVER told AS gap"
        "    FROM happened h JOIN alike k ON k.class = h.class"
        "    JOIN several s ON s.p = h.p AND s.alike = k.alike"
        "    WINDOW told AS (PARTITION BY h.p, k.alike ORDER BY h.at_us, h.stream, h.id))"
        "  WINDOW told AS (PARTITION BY p, alike ORDER BY at_us, stream, id ROWS UNBOUNDED PRECEDING)) "
        "WINDOW whole AS (PARTITION BY p, alike, run) "
        f"QUALIFY gap <= {span_us} AND min(stream) OVER whole <> max(stream) OVER whole"
    )
    sql.execute("DROP TABLE alike")
