"""The functions that a plan's graph calls, on columns: Polars expressions, equal to the scalar functions.

Numbers are columns of ``Int64`` or ``Int128``. Every function is total: null where an operand is null, and
where the scalar function has no value. What is computed on the way is never wider than the operands and the
result, so a result is exact wherever it fits; Polars itself would wrap around in silence.

`CALLS` has all of them by the names that the graph uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial, reduce
from math import gcd
from operator import add, or_
from types import MappingProxyType
from typing import Any

import polars as pl

from salesctrl import numbers
from salesctrl.batch import kernels_calendar as dates
from salesctrl.calendar import WorkCalendar
from salesctrl.numbers import RoundingMode

Kernel = Callable[[Sequence[pl.Expr], tuple[Any, ...], WorkCalendar], pl.Expr | list[pl.Expr] | None]
"""Operands, static arguments, calendar. What is a tuple in the graph is a list of expressions; ``None`` is
where columns cannot do it."""

_TABLE = 2**16
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


def allocate(total: pl.Expr, weights: tuple[int, ...]) -> list[pl.Expr] | None:
    """Totals split by weights, by the largest remainder: the parts, of the type of the totals.

    It equals `salesctrl.numbers.allocate` for all totals. It is ``None`` where the sum of the weights, in
    lowest terms, times the largest of them is 2**63 or more: weights of nine digits are never so large.

    Raises:
        ValueError: A weight is negative, or there is none above zero.

    >>> pl.select(pl.concat_arr(allocate(pl.lit(33333), (5, 3, 2)))).item().to_list()
    [16666, 10000, 6667]
    """
    numbers.allocate(0, weights)
    weights = tuple(weight // gcd(*weights) for weight in weights)
    whole = sum(weights)
    if whole * max(weights) >= 2**63:
        return None
    # Whole rounds of the weights are split without a rest. What remains is less than one round, and is split
    # for itself: so no product is wider than a round times a weight, however large the total. The rests of
    # totals below zero come after the others.
    rest = (total % whole).cast(pl.Int64) + pl.when(total < 0).then(whole).otherwise(0)
    return [
        total // whole * weight
        + rest.map_batches(partial(_share_of, weights, i), return_dtype=pl.Int64, is_elementwise=True)
        for i, weight in enumerate(weights)
    ]


def _share_of(weights: tuple[int, ...], i: int, rest: pl.Series) -> pl.Series:
    """The share of one weight in less than a round; looked up where that has few values."""
    return _share_table(weights, i).gather(rest) if sum(weights) <= _TABLE else _share(weights, i, rest)


@lru_cache(maxsize=64)
def _share_table(weights: tuple[int, ...], i: int) -> pl.Series:
    return _share(weights, i, pl.Series(range(2 * sum(weights)), dtype=pl.Int64))


def _share(weights: tuple[int, ...], i: int, rest: pl.Series) -> pl.Series:
    """Its whole units, and one more if its remainder is among the largest."""
    whole, weight = sum(weights), weights[i]
    # Below zero the next round down was taken in full: of that, the negative total leaves what is missing.
    negative = rest >= whole
    rest = (2 * whole - rest).zip_with(negative, rest)
    units = rest * weight // whole
    remainder = rest * weight - units * whole
    left, ahead = rest - units, rest - rest
    for j, other_weight in enumerate(weights):
        if j != i:
            other_units = rest * other_weight // whole
            other = rest * other_weight - other_units * whole
            left = left - other_units
            ahead = ahead + (other >= remainder if j < i else other > remainder).cast(pl.Int64)
    share = units + (ahead < left).cast(pl.Int64)
    return (weight - share).zip_with(negative, share)


# ── text ──


def lower(text: pl.Expr) -> pl.Expr:
    """The text in lower case, by the rules of the running Python.

    >>> pl.DataFrame({"t": ["ÉTÉ", "ΣΑΣ", None]}).select(lower(pl.col.t))["t"].to_list()
    ['été', 'σας', None]
    """
    return text.map_batches(_lowered, return_dtype=pl.String, is_elementwise=True)


def _lowered(text: pl.Series) -> pl.Series:
    """In ASCII all agree; beyond, Python and Polars may know different versions of Unicode."""
    if (text.str.len_bytes() == text.str.len_chars()).all():
        return text.str.to_lowercase()
    return pl.Series([None if t is None else t.lower() for t in text], dtype=pl.String)


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
    """Of tests and values in turn: where all that matters is known; each value, null if its test fails."""
    pairs = list(zip(args[::2], args[1::2], strict=True))
    unknown = reduce(or_, (test.is_null() | (test & value.is_null()) for test, value in pairs))
    # A null of the type that all values have in common, found without looking at any.
    null = pl.coalesce(*(value.slice(0, 0) for _, value in pairs)).first()
    return ~unknown, [pl.when(test).then(value).otherwise(null) for test, value in pairs]


def collect_list(args: Sequence[pl.Expr]) -> pl.Expr:
    """The values whose test holds, as a list; ``args`` are tests and values in turn.

    Null where a test is, or a value whose test holds.

    >>> pl.select(collect_list([pl.lit(v) for v in (True, 1, False, 2, True, 3)])).item().to_list()
    [1, 3]
    """
    known, values = _taking_part(args)
    # By way of arrays, which are made many times faster than lists.
    return pl.when(known).then(pl.concat_arr(values).arr.to_list().list.eval(pl.element().drop_nulls()))


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
    "year": lambda a, _s, _c: dates.year(a[0]),
    "month": lambda a, _s, _c: dates.month(a[0]),
    "day": lambda a, _s, _c: dates.day_of_month(a[0]),
    "month_end": lambda a, _s, _c: dates.month_end(a[0]),
    "year_end": lambda a, _s, _c: dates.year_end(a[0]),
    "months_between": lambda a, _s, _c: dates.months_between(a[0], a[1]),
    "months_started": lambda a, _s, _c: dates.months_started(a[0], a[1]),
    "add_months": lambda a, static, _c: dates.add_months(a[0], a[1], static[0]),
    "add_workdays": lambda a, _s, calendar: dates.add_workdays(a[0], a[1], calendar),
    "accrue": lambda a, static, _c: dates.accrue(a[0], a[1], static[0], static[1]),
    "allocate": lambda a, static, _c: allocate(a[0], static[0]),
    "starts_with": lambda a, _s, _c: a[0].str.starts_with(a[1]),
    "ends_with": lambda a, _s, _c: a[0].str.ends_with(a[1]),
    "contains": lambda a, _s, _c: a[0].str.contains(a[1], literal=True),
    "lower": lambda a, _s, _c: lower(a[0]),
    "length": lambda a, _s, _c: length(a[0]),
    "count_true": lambda a, _s, _c: count_true(a),
    "collect_list": lambda a, _s, _c: collect_list(a),
    "collect_min": lambda a, _s, _c: collect_min(a),
    "collect_max": lambda a, _s, _c: collect_max(a),
})  # fmt: skip
"""The functions by the names in the graph."""
