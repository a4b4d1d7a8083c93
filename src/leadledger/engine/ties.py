"""Puts activities of one person and one instant into the order of their ids, and says which came twice.

Sorting by integers in SQL and mending the few ties here is several times faster than sorting every row by its
id: most instants hold one activity only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leadledger.ports import Sql


def mend_ties(sql: Sql, p: Any, at: Any, signal: Any, columns: Sequence[Any]) -> Any:
    """Reorder the rows of `columns` (`idx` first) in place by activity id; give the place [n] at which each acts.

    The rows come sorted by person, instant, activities before the other signals (`signal`, bool [n]). An activity
    that is there twice for one person (a meeting with both records of a person) is one: all its rows act at the
    place of the first.
    """
    place = np.arange(len(p), dtype=np.int64)
    tied = _tied(p, at, signal)
    if not len(tied):
        return place
    rank = _rank_by_id(sql, columns[0][tied])
    # Rows of a run are neighbours among the tied ones, and a new run begins where the person or the instant does.
    begins = np.ones(len(tied), bool)
    begins[1:] = (p[tied[1:]] != p[tied[:-1]]) | (at[tied[1:]] != at[tied[:-1]])
    order = np.lexsort((rank, np.cumsum(begins)))
    for column in columns:
        column[tied] = column[tied[order]]
    again = np.zeros(len(tied), bool)
    again[1:] = (rank[order][1:] == rank[order][:-1]) & ~begins[1:]
    first = np.maximum.accumulate(np.where(again, 0, np.arange(len(tied))))
    place[tied] = tied[first]
    return place


def _tied(p: Any, at: Any, signal: Any) -> Any:
    """int64 [n]: the activities that share their instant with another activity of the person."""
    same = (p[1:] == p[:-1]) & (at[1:] == at[:-1]) & ~signal[1:]
    tied = np.zeros(len(p), bool)
    tied[1:] |= same
    tied[:-1] |= same
    return np.flatnonzero(tied)


def _rank_by_id(sql: Sql, idx: Any) -> Any:
    """A number per row that grows with the activity's id; equal for equal ids."""
    known = np.unique(idx)
    sql.register("tied", {"idx": known})
    found = sql.execute(
        "SELECT a.idx, dense_rank() OVER (ORDER BY a.id) AS rank FROM activity a JOIN tied t ON t.idx = a.idx "
        "ORDER BY a.idx"
    ).fetchnumpy()
    sql.unregister("tied")
    return np.asarray(found["rank"], np.int64)[np.searchsorted(known, idx)]
