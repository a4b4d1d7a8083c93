"""Puts activities of one person and one instant into the order of their ids, and drops those that came twice.

Sorting by integers in SQL and mending the few ties here is several times faster than sorting every row by its
id: most instants hold one activity only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leadledger.ports import Sql


def mend_ties(
    sql: Sql, p: Any, at: Any, code: Any, idx: Any, activity_codes: int
) -> tuple[Any, Any, Any, Any]:
    """The same events with ties by activity id, then code.

    The events come sorted by person, instant, activities before signals. An activity that is there twice for
    one person (a meeting with both records of a person) is one activity: its second events are dropped.
    """
    tied = _tied(p, at, code < activity_codes, idx)
    if not len(tied):
        return p, at, code, idx
    places, run = tied[:, 0], tied[:, 1]
    rank = _rank_by_id(sql, idx[places])
    order = np.lexsort((code[places], rank, run))
    keep = np.ones(len(p), bool)
    first = (run[order], rank[order], code[places][order])
    again = np.zeros(len(order), bool)
    again[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in first])
    mended = [column.copy() for column in (p, at, code, idx)]
    for column, before in zip(mended, (p, at, code, idx), strict=True):
        column[places] = before[places][order]
    keep[places[again]] = False
    return tuple(column[keep] for column in mended)


def _tied(p: Any, at: Any, activity: Any, idx: Any) -> Any:
    """int64 [n, 2]: place and run number of the events whose instant holds several activities of the person."""
    same = (p[1:] == p[:-1]) & (at[1:] == at[:-1]) & activity[1:] & activity[:-1]
    other = same & (idx[1:] != idx[:-1])
    if not other.any():
        return np.zeros((0, 2), np.int64)
    run = np.concatenate([[0], np.cumsum(~same)])
    tied_runs = np.unique(run[1:][other])
    places = np.flatnonzero(np.isin(run, tied_runs))
    return np.stack([places, run[places]], axis=1)


def _rank_by_id(sql: Sql, idx: Any) -> Any:
    """A number per event that grows with the activity's id; equal for equal ids."""
    known = np.unique(idx)
    sql.register("tied", {"idx": known})
    found = sql.execute(
        "SELECT a.idx, dense_rank() OVER (ORDER BY a.id) AS rank FROM activity a JOIN tied t ON t.idx = a.idx ORDER BY a.idx"
    ).fetchnumpy()
    sql.unregister("tied")
    return np.asarray(found["rank"], np.int64)[np.searchsorted(known, idx)]
