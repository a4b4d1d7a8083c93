"""Local days and business time inside the fold, by looking up tables that the definition was compiled to."""

from __future__ import annotations

from typing import Any

from leadledger.engine.fold.jit import part_of_the_fold
from leadledger.engine.tables import LIMIT_DAY, LIMIT_MONTH, LIMIT_WEEK, NEVER

_DAY = 86_400_000_000


@part_of_the_fold
def last_up_to(t: int, instants: Any) -> int:
    """Position of the last instant that is not after `t`; 0 where all are."""
    low, high = 0, len(instants)
    while high - low > 1:
        middle = (low + high) // 2
        if instants[middle] <= t:
            low = middle
        else:
            high = middle
    return low


@part_of_the_fold
def local_day(t: int, program: Any) -> int:
    """Days since 1970-01-01 on the definition's clock."""
    return int((t + program.zone_offset[last_up_to(t, program.zone_at)]) // _DAY)


@part_of_the_fold
def month_of(day: int) -> int:
    """Months since the year 0 of a day number; the civil calendar without leap-year tables (Hinnant)."""
    shifted = day + 719_468
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153  # from March
    return int((year + era * 400) * 12 + month + 2)


@part_of_the_fold
def same_unit(a: int, b: int, unit: int, program: Any) -> bool:
    """Whether two instants lie in one day, week (from Monday) or month; always for a lifetime."""
    one, other = local_day(a, program), local_day(b, program)
    if unit == LIMIT_DAY:
        return one == other
    if unit == LIMIT_WEEK:  # 1970-01-01 was a Thursday
        return (one + 3) // 7 == (other + 3) // 7
    if unit == LIMIT_MONTH:
        return month_of(one) == month_of(other)
    return True


@part_of_the_fold
def after_business_time(since: int, span: int, program: Any) -> int:
    """When `span` of business time is over, or NEVER beyond the table."""
    begins, ends, before = program.open_from, program.open_until, program.open_before
    if len(begins) == 0:
        return NEVER
    k = last_up_to(since, begins)
    done = before[k]
    if since > begins[k]:
        done += min(since, ends[k]) - begins[k]
    wanted = done + span
    k = last_up_to(wanted, before)
    # Stretches never have length 0, so that `before` grows; at the end of one the time is over there, not at the
    # beginning of the next.
    if before[k] == wanted and k > 0:
        k -= 1
    at = begins[k] + wanted - before[k]
    return int(at) if at <= ends[k] else NEVER
