"""Tells machines from people: opens and clicks on delivery, many within a moment, or of a known scanner.

Most people have nothing suspicious, and sorting everybody's clicks is expensive. So people are picked first, by
counting in slots of time, and only theirs are looked at closely.
"""

from __future__ import annotations

from leadledger.domain.scoring import BotGuard
from leadledger.engine.activities import activity_column
from leadledger.engine.conditions import literal
from leadledger.engine.conditions import sql as compiled
from leadledger.ports import Sql

_SURE = 3
"""From so many in a moment on, all on one asset are a machine's too; two may be a double click."""


def find_suspects(sql: Sql, guard: BotGuard) -> None:
    """Add to table `suspect` (idx) the rows of `happened` that are a machine's; a row may be found for several reasons.

    A hand-raise is never suspected.
    """
    types = ", ".join(map(literal, guard.types)) or "NULL"
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE candidate AS SELECT h.rowid AS idx, h.p, h.at_us, h.class FROM happened h "
        f"JOIN (SELECT class FROM class WHERE type IN ({types}) AND intent <> 'hand_raise') k ON k.class = h.class"
    )
    if guard.delivery:
        sql.execute(
            "CREATE OR REPLACE TEMP TABLE delivered AS SELECT h.p, h.at_us, h.class FROM happened h "
            f"JOIN (SELECT class FROM class WHERE type = {literal(guard.delivery)}) k ON k.class = h.class"
        )
        sql.execute(f"INSERT INTO suspect {_on_delivery(guard.within)}")
        sql.execute("DROP TABLE delivered")
    if guard.times and guard.burst:
        sql.execute(f"INSERT INTO suspect {_many(guard.times, guard.burst)}")
    if guard.scanner:
        sql.execute(
            "INSERT INTO suspect SELECT c.idx FROM candidate c JOIN happened h ON h.rowid = c.idx "
            f"JOIN class k ON k.class = c.class WHERE {compiled(guard.scanner, activity_column('h', 'k'))}"
        )
    sql.execute("DROP TABLE candidate")


def _slots(within_us: int) -> tuple[str, str]:
    """Two numberings of slots of time: instants at most so far apart share a slot of one or of the other."""
    width = 2 * within_us + 1
    return f"at_us // {width}", f"(at_us + {within_us}) // {width}"


def _on_delivery(within_us: int) -> str:
    """Candidates that are at most the span away from a delivery of the same campaign, or asset where they have none.

    A scanner may be faster than the log of the delivery, so either may come first.
    """
    near = " UNION ".join(
        f"SELECT p FROM (SELECT p, {slot} AS slot FROM candidate) "
        f"SEMI JOIN (SELECT p, {slot} AS slot FROM delivered) USING (p, slot)"
        for slot in _slots(within_us)
    )
    of_click = "CASE WHEN campaign <> '' THEN 'campaign ' || campaign ELSE 'asset ' || asset END"
    of_mail = "unnest(['asset ' || asset, CASE WHEN campaign <> '' THEN 'campaign ' || campaign END])"
    return (
        f"WITH near AS MATERIALIZED ({near}) SELECT idx FROM (SELECT idx, at_us,"
        " max(delivered_us) OVER (PARTITION BY p, mail ORDER BY at_us RANGE UNBOUNDED PRECEDING) AS before_us,"
        " min(delivered_us) OVER (PARTITION BY p, mail ORDER BY at_us"
        "                         RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS after_us FROM ("
        "  SELECT idx, p, mail, at_us, NULL::BIGINT AS delivered_us FROM candidate SEMI JOIN near USING (p)"
        f" JOIN (SELECT class, {of_click} AS mail FROM class) USING (class) UNION ALL"
        "  SELECT NULL AS idx, p, mail, at_us, at_us AS delivered_us FROM delivered SEMI JOIN near USING (p)"
        f" JOIN (SELECT class, {of_mail} AS mail FROM class) USING (class) WHERE mail IS NOT NULL)) "
        f"WHERE idx IS NOT NULL AND (at_us - before_us <= {within_us} OR after_us - at_us <= {within_us})"
    )


def _many(times: int, burst_us: int) -> str:
    """Candidates in a window [t, t + burst) that holds so many of one person.

    The n-th of a person is counted over different activities: one click may be there for two records.
    """
    near = " UNION ".join(
        f"SELECT p FROM candidate GROUP BY p, {slot} HAVING count(*) >= {max(times, 2)}"
        for slot in _slots(burst_us)
    )
    begin = f"WITH near AS MATERIALIZED ({near}) "
    if times < _SURE:
        return begin + (
            "SELECT idx FROM candidate SEMI JOIN near USING (p)"
            " JOIN (SELECT class, dense_rank() OVER (ORDER BY asset) AS asset FROM class) USING (class)"
            f" WINDOW moment AS (PARTITION BY p ORDER BY at_us RANGE BETWEEN {burst_us - 1} PRECEDING"
            f"  AND {burst_us - 1} FOLLOWING)"
            " QUALIFY min(asset) OVER moment <> max(asset) OVER moment"
        )
    others = times - 1
    return begin + (
        "SELECT idx FROM ("
        f" SELECT idx, p, n, max(at_us) OVER (PARTITION BY p ORDER BY n RANGE BETWEEN {others} FOLLOWING"
        f"  AND {others} FOLLOWING) - at_us < {burst_us} AS begins FROM ("
        "   SELECT c.idx, c.p, c.at_us, dense_rank() OVER (PARTITION BY c.p ORDER BY c.at_us, h.stream, h.id) AS n"
        "   FROM candidate c SEMI JOIN near USING (p) JOIN happened h ON h.rowid = c.idx)) "
        f"QUALIFY bool_or(begins) OVER (PARTITION BY p ORDER BY n RANGE BETWEEN {others} PRECEDING AND CURRENT ROW)"
    )
