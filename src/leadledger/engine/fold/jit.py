"""Compiles the fold with numba where the extra `fast` is installed; without it the same functions are plain Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

try:
    from numba.extending import register_jitable

    # The fold allocates nothing: without numba's reference counting every array access is four times as fast.
    part_of_the_fold = register_jitable(_nrt=False)
except ImportError:  # the extra `fast` is not installed

    def part_of_the_fold(function: Any) -> Any:  # type: ignore[misc]  # numba is optional
        """Leave the function as it is."""
        return function


Fold = Callable[..., tuple[int, int, int]]


@cache
def compiled(function: Fold) -> Fold:
    """The function compiled by numba, or as it is where the extra `fast` is not installed.

    Compiling takes some twenty seconds once; the result is kept beside the source, or in NUMBA_CACHE_DIR.
    """
    try:
        from numba import njit  # noqa: PLC0415  # 0.3 s to import, and optional
    except ImportError:
        return function
    options: dict[str, Any] = {"_nrt": False}  # see `part_of_the_fold`
    try:
        dispatcher = njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to keep the compiled code (a read-only container without NUMBA_CACHE_DIR)
        return cast("Fold", njit(**options)(function))
    # numba asks only the file of the function itself whether its copy is stale; the fold stands in several.
    kept = dispatcher._cache._cache_file  # noqa: SLF001  # there is no public way
    kept._source_stamp = (kept._source_stamp, _stamp())  # noqa: SLF001
    return cast("Fold", dispatcher)


def _stamp() -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file of the fold, and of the array layouts that are compiled into it."""
    here = Path(__file__).parent
    files = sorted([*here.glob("*.py"), here.parent / "tables.py"])
    return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
