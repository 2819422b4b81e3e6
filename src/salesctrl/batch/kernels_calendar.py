"""The calendar on columns: what :mod:`salesctrl.calendar` says of one date, as Polars expressions.

Dates are ordinals in ``Int64``. Two tables stand behind all of it: the month that each day lies in, and the
first day of each month; working days are two more. A look-up takes a fraction of the time of arithmetic with
leap years, or of Polars' own dates. Months are numbered from 0, January of the year 1.

Where the calendar has no such day the result is null, and so it is where an operand is null.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import pairwise

import polars as pl

from salesctrl.calendar import (
    FIRST_DAY,
    LAST_DAY,
    DayCount,
    MonthMode,
    RateSchedule,
    WorkCalendar,
    year_fraction,
)

_LAST_MONTH = 12 * 9999 - 1
_MORE_THAN_DAYS = 2**22
"""Counts are brought within it before they are added, so that no sum is too wide: all beyond is null."""


# ── tables ──


@lru_cache(maxsize=1)
def _month_starts() -> pl.Series:
    """The first day of each month, and the day after the last month."""
    import numpy as np

    days = np.arange("0001-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return pl.Series((days + date(1970, 1, 1).toordinal()).astype(np.int32))


@lru_cache(maxsize=1)
def _months_of_days() -> pl.Series:
    """The month of each day, from day 1."""
    import numpy as np

    lengths = np.diff(_month_starts().to_numpy())
    return pl.Series(np.repeat(np.arange(_LAST_MONTH + 1, dtype=np.int32), lengths))


@lru_cache(maxsize=4)
def _workdays(calendar: WorkCalendar) -> tuple[pl.Series, pl.Series]:
    """How many days are worked up to and with each day, from day 0; and which days these are."""
    import numpy as np

    worked = np.zeros(LAST_DAY + 1, dtype=np.bool_)
    for weekday in {1, 2, 3, 4, 5, 6, 7} - calendar.weekend:
        worked[weekday::7] = True
    worked[list(calendar.holidays)] = False
    worked[list(calendar.extra_workdays)] = True
    return pl.Series(np.cumsum(worked, dtype=np.int32)), pl.Series(np.flatnonzero(worked).astype(np.int32))


def _at(table: pl.Series, places: pl.Series) -> pl.Series:
    """The entry of a table at each place, null outside."""
    return table.gather(_within(places, 0, len(table) - 1)).cast(pl.Int64)


def _within(n: pl.Series, least: int, most: int) -> pl.Series:
    return n.set(~n.is_between(least, most), None)


def _month_index(day: pl.Series) -> pl.Series:
    return _at(_months_of_days(), day - FIRST_DAY)


def _month_start(index: pl.Series) -> pl.Series:
    return _at(_month_starts(), index)


def _count(n: pl.Series) -> pl.Series:
    """Numbers of days or months that can be added to others, however large they were."""
    return n.clip(-_MORE_THAN_DAYS, _MORE_THAN_DAYS).cast(pl.Int64)


# Each function runs as a whole on whole columns: Polars does not see what expressions have in common when it
# works eagerly, and would look everything up again at each mention.


def _of_one(function: Callable[[pl.Series], pl.Series], operand: pl.Expr) -> pl.Expr:
    return operand.map_batches(function, return_dtype=pl.Int64, is_elementwise=True)


def _of_two(
    function: Callable[[pl.Series, pl.Series], pl.Series],
    first: pl.Expr,
    second: pl.Expr,
    dtype: type[pl.DataType] = pl.Int64,
) -> pl.Expr:
    # A struct has one height, though an operand may be a constant.
    both = pl.struct(first=first, second=second)
    return both.map_batches(
        lambda rows: function(rows.struct.field("first"), rows.struct.field("second")),
        return_dtype=dtype,
        is_elementwise=True,
    )


# ── parts of a date ──


def year(day: pl.Expr) -> pl.Expr:
    """The year of each date.

    >>> pl.select(year(pl.lit(date(2026, 3, 31).toordinal()))).item()
    2026
    """
    return _of_one(lambda days: _month_index(days) // 12 + 1, day)


def month(day: pl.Expr) -> pl.Expr:
    """The month of each date, 1 to 12.

    >>> pl.select(month(pl.lit(date(2026, 3, 31).toordinal()))).item()
    3
    """
    return _of_one(lambda days: _month_index(days) % 12 + 1, day)


def day_of_month(day: pl.Expr) -> pl.Expr:
    """The day of the month of each date, 1 to 31.

    >>> pl.select(day_of_month(pl.lit(date(2026, 3, 31).toordinal()))).item()
    31
    """
    return _of_one(lambda days: _month_and_rest(days)[1] + 1, day)


def month_end(day: pl.Expr) -> pl.Expr:
    """The last day of each date's month.

    >>> date.fromordinal(pl.select(month_end(pl.lit(date(2028, 2, 3).toordinal()))).item())
    datetime.date(2028, 2, 29)
    """
    return _of_one(lambda days: _month_start(_month_index(days) + 1) - 1, day)


def year_end(day: pl.Expr) -> pl.Expr:
    """31 December of each date's year.

    >>> date.fromordinal(pl.select(year_end(pl.lit(date(2026, 3, 31).toordinal()))).item())
    datetime.date(2026, 12, 31)
    """
    return _of_one(lambda days: _month_start((_month_index(days) // 12 + 1) * 12) - 1, day)


# ── days and months ──


def add_months(day: pl.Expr, months: pl.Expr, mode: MonthMode) -> pl.Expr:
    """The same day of the month, so many months later.

    In a month that has no such day it is the last one if the mode is ``clamp``, and null if it is ``error``.

    >>> later = add_months(pl.lit(date(2026, 1, 31).toordinal()), pl.lit(1), "clamp")
    >>> date.fromordinal(pl.select(later).item())
    datetime.date(2026, 2, 28)
    """

    def later(days: pl.Series, counts: pl.Series) -> pl.Series:
        index = _month_index(days)
        target = _within(index + _count(counts), 0, _LAST_MONTH)
        same = _month_start(target) + days - _month_start(index)
        last = _month_start(target + 1) - 1
        return same.zip_with(same <= last, last) if mode == "clamp" else same.set(same > last, None)

    return _of_two(later, day, months)


def _months_apart(a: pl.Series, b: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The months from the month of ``a`` to that of ``b``; where ``a``'s day is in it, or its last day."""
    start, end = _month_index(a), _month_index(b)
    same, last = _month_start(end) + a - _month_start(start), _month_start(end + 1) - 1
    return end - start, same.zip_with(same <= last, last)


def months_between(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """How many whole months are done from ``a`` to ``b``; negative where ``b`` is before ``a``.

    >>> start, end = pl.lit(date(2026, 1, 31).toordinal()), pl.lit(date(2026, 2, 28).toordinal())
    >>> pl.select(months_between(start, end)).item()
    1
    """

    def done(a: pl.Series, b: pl.Series) -> pl.Series:
        backward = b < a
        first, then = b.zip_with(backward, a), a.zip_with(backward, b)
        months, same_day = _months_apart(first, then)
        whole = months - (then < same_day).cast(pl.Int64)
        return (0 - whole).zip_with(backward, whole)

    return _of_two(done, a, b)


def months_started(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """How many months have begun from ``a`` to ``b``; 0 where ``b`` is not after ``a``.

    >>> start, end = pl.lit(date(2026, 1, 15).toordinal()), pl.lit(date(2026, 2, 16).toordinal())
    >>> pl.select(months_started(start, end)).item()
    2
    """

    def begun(a: pl.Series, b: pl.Series) -> pl.Series:
        months, same_day = _months_apart(a, b)
        return (months + (b > same_day).cast(pl.Int64)).set(b <= a, 0)

    return _of_two(begun, a, b)


# ── working days ──


def add_workdays(day: pl.Expr, days: pl.Expr, calendar: WorkCalendar) -> pl.Expr:
    """The working day so many after each date, or before it where the number is negative.

    >>> friday = pl.lit(date(2026, 10, 9).toordinal())
    >>> date.fromordinal(pl.select(add_workdays(friday, pl.lit(6), WorkCalendar())).item())
    datetime.date(2026, 10, 19)
    """

    def later(start: pl.Series, days: pl.Series) -> pl.Series:
        counts, worked = _workdays(calendar)
        n = _count(days)
        # The days done are those before the date if the way is back, and with it if it is forward.
        done = _at(counts, start - (n < 0).cast(pl.Int64))
        reached = _at(worked, done + n - (n > 0).cast(pl.Int64))
        return start.zip_with(n == 0, reached)

    return _of_two(later, day, days)


# ── interest ──


def accrue(start: pl.Expr, end: pl.Expr, schedule: RateSchedule, basis: str) -> list[pl.Expr]:
    """What one unit earns from ``start`` to before ``end``: the numerators and the denominators.

    Null where the period is backward or begins before the first rate. The numerators are ``Int64`` if that
    holds 10**10 times each rate, else ``Int128``.

    Raises:
        OverflowError: A rate is too large for that too.

    >>> start, end = pl.lit(date(2026, 1, 1).toordinal()), pl.lit(date(2026, 4, 11).toordinal())
    >>> [pl.select(part).item() for part in accrue(start, end, ((1, 3),), "ACT/365")]
    [300, 365]
    """
    convention = DayCount(basis)
    _, denominator = year_fraction(convention, FIRST_DAY, FIRST_DAY)
    dtype = pl.Int64 if max(abs(rate) for _, rate in schedule) * 10**10 < 2**63 else pl.Int128

    def earned(start: pl.Series, end: pl.Series) -> pl.Series:
        # Should a sum on the way be too wide it wraps around, and back again before the end.
        measure = _measure(convention, start)
        whole = measure(end)
        total = _weighted(schedule[-1][1], whole, dtype)
        for (_, rate), (until, next_rate) in pairwise(schedule):
            before = measure(pl.Series([until])).zip_with(end > until, whole).set(start >= until, 0)
            total = total + _weighted(rate - next_rate, before, dtype)
        return total

    regular = (start >= schedule[0][0]) & (start <= end)
    numerators = _of_two(earned, start, end, dtype)
    return [pl.when(regular).then(part) for part in (numerators, pl.lit(denominator, pl.Int64))]


def _weighted(rate: int, measured: pl.Series, dtype: type[pl.DataType]) -> pl.Series:
    return measured.cast(dtype) * pl.Series([rate], dtype=dtype)


def _measure(basis: DayCount, start: pl.Series) -> Callable[[pl.Series], pl.Series]:
    """What periods from these days on measure, up to others not before them, in the unit of the basis."""
    if basis in (DayCount.ACT_365, DayCount.ACT_360):
        return lambda end: end - start
    if basis is DayCount.ACT_ACT:
        weighed = 366 * start - _leap_year_days(start)
        return lambda end: 366 * end - _leap_year_days(end) - weighed
    month, first = _month_and_rest(start)
    first = first.clip(upper_bound=29)
    begin = 30 * month + first

    def measure(end: pl.Series) -> pl.Series:
        month, last = _month_and_rest(end)
        on_the_31st = last == 30
        if basis is DayCount.THIRTY_360:
            on_the_31st = on_the_31st & (first == 29)
        return 30 * month + last - on_the_31st.cast(pl.Int64) - begin

    return measure


def _month_and_rest(day: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The month of each day, and the days of it before this one."""
    index = _month_index(day)
    return index, day - _month_start(index)


def _leap_year_days(day: pl.Series) -> pl.Series:
    """How many days before each lie in leap years."""
    before = _month_index(day) // 12
    leap_years = _leap_years(before)
    of_this_year = day - FIRST_DAY - 365 * before - leap_years
    return 366 * leap_years + (_leap_years(before + 1) - leap_years) * of_this_year


def _leap_years(year: pl.Series) -> pl.Series:
    """How many of the years up to and with each are leap years."""
    return year // 4 - year // 100 + year // 400
