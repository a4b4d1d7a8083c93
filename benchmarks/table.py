"""Prints what a benchmark measured: a title and two columns."""

from __future__ import annotations

from collections.abc import Sequence


def show(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Names left, figures right."""
    name = max(len(row[0]) for row in rows)
    figure = max(len(row[1]) for row in rows)
    print(f"\n{title}")
    for left, right in rows:
        print(f"  {left:<{name}}  {right:>{figure}}")
