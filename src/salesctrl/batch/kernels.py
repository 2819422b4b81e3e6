"""The functions that a plan's graph calls, on columns: Polars expressions, equal to the scalar functions.

Numbers are columns of ``Int64`` or ``Int128``. Every function is total: null where an operand is null, and
where the scalar function has no value. What is computed on the way is never wider than the operands and the
result, so a result is exact wherever it fits; Polars itself would wrap around in silence.

`CALLS` has all of them by the names that the graph uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from math import gcd
from operator import add, or_
from types import MappingProxyType
from typing import Any

import polars as pl

from salesctrl import numbers
from salesctrl.batch import kernels_calendar as dates
from salesctrl.calendar import WorkCalendar
from salesctrl.numbers import RoundingMode

Kernel = Callable[[Sequence[pl.Expr], tuple[Any, ...], WorkCalendar, type[pl.DataType]], pl.Expr]
"""Operands, static arguments, calendar, and the type that the integers of the result are to have."""

_TABLE = 2**17
"""Remainders of a split up to here are looked up, not computed for each row."""


# ── rounding ──


def rounded(
    n: pl.Expr, d: pl.Expr | int, mode: RoundingMode, *,
    dtype: type[pl.DataType], nonnegative: bool = False, room: bool = False,
) -> pl.Expr:  # fmt: skip
    """``n / d`` rounded to integers; ``d`` must be positive.

    Args:
        n: Integers of type ``dtype``.
        d: One integer, or integers, that fit it too.
        mode: How to round.
        dtype: ``pl.Int64`` or ``pl.Int128``.
        nonnegative: Whether no ``n`` is below zero: it spares a test.
        room: Whether ``n + d`` fits the type, whatever they are: most modes are then one division.

    >>> frame = pl.DataFrame({"n": [25, -25, None]})
    >>> frame.select(rounded(pl.col.n, 10, RoundingMode.HALF_UP, dtype=pl.Int64))["n"].to_list()
    [3, -3, None]
    """
    # Every mode is the floor of (n + bias) / d, for a bias from 0 to d - 1.
    divisor = pl.lit(d, dtype) if isinstance(d, int) else d
    quotient = n // divisor
    bias = _bias(n, d, quotient, mode, dtype, nonnegative=nonnegative)
    if isinstance(bias, int):
        if bias == 0:
            return quotient
        bias = pl.lit(bias, dtype)
    if room and mode is not RoundingMode.HALF_EVEN:
        return (n + bias) // divisor
    rest = n - quotient * divisor
    return quotient + (rest >= divisor - bias).cast(dtype)


def _bias(
    n: pl.Expr, d: pl.Expr | int, quotient: pl.Expr, mode: RoundingMode, dtype: type[pl.DataType], *,
    nonnegative: bool,
) -> pl.Expr | int:  # fmt: skip
    """What is added before dividing, so that the floor is the number rounded: from 0 to ``d - 1``."""
    none, most, half, less_than_half = 0, d - 1, d // 2, (d - 1) // 2
    if mode is RoundingMode.HALF_EVEN:
        return _either(quotient & 1 == 0, less_than_half, half, dtype)
    of_positive, of_negative = {
        RoundingMode.HALF_UP: (half, less_than_half),
        RoundingMode.HALF_DOWN: (less_than_half, half),
        RoundingMode.UP: (most, none),
        RoundingMode.DOWN: (none, most),
        RoundingMode.FLOOR: (none, none),
        RoundingMode.CEIL: (most, most),
    }[mode]
    return of_positive if nonnegative else _either(n >= 0, of_positive, of_negative, dtype)


def _either(
    test: pl.Expr, then: pl.Expr | int, otherwise: pl.Expr | int, dtype: type[pl.DataType]
) -> pl.Expr | int:
    if then is otherwise or (isinstance(then, int) and isinstance(otherwise, int) and then == otherwise):
        return then
    a, b = (pl.lit(v, dtype) if isinstance(v, int) else v for v in (then, otherwise))
    return pl.when(test).then(a).otherwise(b)


# ── splitting ──


def allocate(total: pl.Expr, weights: tuple[int, ...], *, dtype: type[pl.DataType]) -> pl.Expr:
    """Totals split by weights, by the largest remainder: a struct with a field for each, from ``0``.

    It equals `salesctrl.numbers.allocate` for all totals and weights; ``dtype`` is the type of the totals and
    of the parts, which are never larger.

    Raises:
        ValueError: A weight is negative, or there is none above zero.

    >>> parts = allocate(pl.lit(33333), (5, 3, 2), dtype=pl.Int64)
    >>> pl.select(parts).item()
    {'0': 16666, '1': 10000, '2': 6667}
    """
    numbers.allocate(0, weights)
    return total.map_batches(
        lambda totals: _split(totals.cast(dtype), weights),
        return_dtype=pl.Struct({str(i): dtype for i in range(len(weights))}),
        is_elementwise=True,
    )


def _split(total: pl.Series, weights: tuple[int, ...]) -> pl.Series:
    lowest = tuple(weight // gcd(*weights) for weight in weights)
    whole = sum(lowest)
    if whole * max(lowest) >= 2**63:
        return _split_one_by_one(total, weights)
    # Whole rounds of the weights are split without a rest. What remains is less than one round, and is split
    # for itself: so no product is wider than a round times a weight, however large the total.
    unit, zero = (pl.Series([value], dtype=total.dtype) for value in (whole, 0))
    rounds = total // unit
    rest = total - rounds * unit
    negative = total < zero
    upward = negative & (rest != zero)
    rounds = rounds + upward.cast(total.dtype)
    rest = (unit - rest).zip_with(upward, rest).cast(pl.Int64)
    looked_up = whole <= _TABLE
    shares = [table.gather(rest) for table in _share_tables(lowest)] if looked_up else _shares(rest, lowest)
    parts: dict[str, pl.Series] = {}
    for i, (weight, share) in enumerate(zip(lowest, shares, strict=True)):
        signed = (0 - share).zip_with(negative, share).cast(total.dtype)
        parts[str(i)] = rounds * pl.Series([weight], dtype=total.dtype) + signed
    return pl.DataFrame(parts).to_struct()


def _split_one_by_one(total: pl.Series, weights: tuple[int, ...]) -> pl.Series:
    """For weights of more than some nine digits."""
    distinct = total.drop_nulls().unique()
    rows = [numbers.allocate(value, weights) for value in distinct]
    parts = pl.DataFrame(rows, {str(i): total.dtype for i in range(len(weights))}, orient="row")
    split = {
        part.name: total.replace_strict(distinct, part, default=None, return_dtype=total.dtype)
        for part in parts
    }
    return pl.DataFrame(split).to_struct()


@lru_cache(maxsize=16)
def _share_tables(weights: tuple[int, ...]) -> list[pl.Series]:
    """The shares in every rest of less than a round."""
    return _shares(pl.Series(range(sum(weights)), dtype=pl.Int64), weights)


def _shares(rest: pl.Series, weights: tuple[int, ...]) -> list[pl.Series]:
    """The shares in less than a round: whole units, and one more for the largest remainders."""
    whole = sum(weights)
    floors = [rest * weight // whole for weight in weights]
    remainders = [rest * weight - floor * whole for weight, floor in zip(weights, floors, strict=True)]
    left = rest - reduce(add, floors)
    shares: list[pl.Series] = []
    for i, remainder in enumerate(remainders):
        ahead = rest - rest
        for j, other in enumerate(remainders):
            if j != i:
                ahead = ahead + (other >= remainder if j < i else other > remainder).cast(pl.Int64)
        shares.append(floors[i] + (ahead < left).cast(pl.Int64))
    return shares


# ── text ──


def lower(text: pl.Expr) -> pl.Expr:
    """The text in lower case, by the rules of the running Python.

    >>> pl.DataFrame({"t": ["ÉTÉ", "ΣΑΣ", None]}).select(lower(pl.col.t))["t"].to_list()
    ['été', 'σας', None]
    """
    return text.map_batches(_lowered, return_dtype=pl.String, is_elementwise=True)


def _lowered(text: pl.Series) -> pl.Series:
    """In ASCII all agree; else Python and Polars may know different versions of Unicode."""
    ascii_only = text.str.len_bytes() == text.str.len_chars()
    lowered = text.str.to_lowercase()
    if ascii_only.all():
        return lowered
    others = text.filter(~ascii_only).unique()
    answers = pl.Series([other.lower() for other in others], dtype=pl.String)
    return text.replace_strict(others, answers, default=lowered, return_dtype=pl.String)


def length(text: pl.Expr) -> pl.Expr:
    """How many characters the text has.

    >>> pl.select(length(pl.lit("客户"))).item()
    2
    """
    return text.str.len_chars().cast(pl.Int64)


# ── rows of a table that hold ──


def count_true(tests: Sequence[pl.Expr]) -> pl.Expr:
    """How many hold; null where one of them is.

    >>> pl.select(count_true([pl.lit(True), pl.lit(False), pl.lit(True)])).item()
    2
    """
    return reduce(add, (test.cast(pl.Int64) for test in tests))


def _taking_part(args: Sequence[pl.Expr]) -> tuple[pl.Expr, list[pl.Expr]]:
    """Of tests and values in turn: where all that matters is known; each value where its test holds."""
    pairs = list(zip(args[::2], args[1::2], strict=True))
    unknown = reduce(or_, (test.is_null() | (test & value.is_null()) for test, value in pairs))
    return ~unknown, [pl.when(test).then(value) for test, value in pairs]


def collect_list(args: Sequence[pl.Expr]) -> pl.Expr:
    """The values whose test holds, as a list; ``args`` are tests and values in turn.

    Null where a test is, or a value whose test holds.

    >>> pl.select(collect_list([pl.lit(v) for v in (True, 1, False, 2, True, 3)])).item().to_list()
    [1, 3]
    """
    known, values = _taking_part(args)
    return pl.when(known).then(pl.concat_list(values).list.drop_nulls())


def collect_min(args: Sequence[pl.Expr]) -> pl.Expr:
    """The least value whose test holds; null where none does, and where `collect_list` is.

    >>> pl.select(collect_min([pl.lit(v) for v in (True, 5, False, 2, True, 3)])).item()
    3
    """
    known, values = _taking_part(args)
    return pl.when(known).then(pl.min_horizontal(values))


def collect_max(args: Sequence[pl.Expr]) -> pl.Expr:
    """The greatest value whose test holds; null where none does, and where `collect_list` is.

    >>> pl.select(collect_max([pl.lit(v) for v in (True, 5, False, 7, True, 3)])).item()
    5
    """
    known, values = _taking_part(args)
    return pl.when(known).then(pl.max_horizontal(values))


# ── by name ──

CALLS: Mapping[str, Kernel] = MappingProxyType({
    "year": lambda a, _s, _c, _d: dates.year(a[0]),
    "month": lambda a, _s, _c, _d: dates.month(a[0]),
    "day": lambda a, _s, _c, _d: dates.day_of_month(a[0]),
    "month_end": lambda a, _s, _c, _d: dates.month_end(a[0]),
    "year_end": lambda a, _s, _c, _d: dates.year_end(a[0]),
    "months_between": lambda a, _s, _c, _d: dates.months_between(a[0], a[1]),
    "months_started": lambda a, _s, _c, _d: dates.months_started(a[0], a[1]),
    "add_months": lambda a, static, _c, _d: dates.add_months(a[0], a[1], static[0]),
    "add_workdays": lambda a, _s, calendar, _d: dates.add_workdays(a[0], a[1], calendar),
    "accrue": lambda a, static, _c, dtype: dates.accrue(a[0], a[1], static[0], static[1], dtype=dtype),
    "allocate": lambda a, static, _c, dtype: allocate(a[0], static[0], dtype=dtype),
    "starts_with": lambda a, _s, _c, _d: a[0].str.starts_with(a[1]),
    "ends_with": lambda a, _s, _c, _d: a[0].str.ends_with(a[1]),
    "contains": lambda a, _s, _c, _d: a[0].str.contains(a[1], literal=True),
    "lower": lambda a, _s, _c, _d: lower(a[0]),
    "length": lambda a, _s, _c, _d: length(a[0]),
    "count_true": lambda a, _s, _c, _d: count_true(a),
    "collect_list": lambda a, _s, _c, _d: collect_list(a),
    "collect_min": lambda a, _s, _c, _d: collect_min(a),
    "collect_max": lambda a, _s, _c, _d: collect_max(a),
})  # fmt: skip
"""The functions by the names in the graph. What is a tuple there is a struct here, with fields from ``0``."""
