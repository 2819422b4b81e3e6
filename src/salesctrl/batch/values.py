"""Run-time values as columns that people and programs read: decimals, dates, lists of ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from salesctrl.batch.readers import EPOCH_DAY
from salesctrl.compile.plan import Output
from salesctrl.decision.values import python_value
from salesctrl.numbers import format_plain
from salesctrl.policy.types import Base, Type


def value_columns(outputs: Sequence[Output]) -> Iterator[tuple[str, int, int, Type]]:
    """The columns of a plan's outputs: name, number of the output, part, type; of a split, each share.

    The name has the share after a dot: `deduction.manager`.
    """
    for number, output in enumerate(outputs):
        if output.type.base is Base.MAP:
            assert output.type.element is not None
            for part, key in enumerate(output.type.keys):
                yield f"{output.name}.{key}", number, part, output.type.element
        else:
            yield output.name, number, 0, output.type


def readable(raw: pl.Series, type_: Type, scale: int | None = None) -> pl.Series:
    """A column of run-time values as one of its type; numbers with decimals as `Decimal`, exactly.

    Args:
        raw: Scaled integers, ordinals, …; or texts of integers, where they could have over 38 digits: these
            become texts of numbers.
        type_: The type of the values.
        scale: The decimals to show; left out, those of the type. Never fewer than these.

    >>> from salesctrl.policy.types import DATE, money
    >>> readable(pl.Series([1250, None]), money("CNY")).to_list()
    [Decimal('12.50'), None]
    >>> readable(pl.Series([739617]), DATE).to_list()
    [datetime.date(2026, 1, 1)]
    """
    match type_.base:
        case Base.MONEY | Base.NUMBER:
            return _number(raw, type_.scale or 0, max(scale or 0, type_.scale or 0), type_.base)
        case Base.DATE:
            return (raw.cast(pl.Int64) - EPOCH_DAY).cast(pl.Int32).cast(pl.Date)
        case Base.INSTANT:
            return raw.cast(pl.Datetime("us", "UTC"))
        case Base.LIST if type_.element is not None:
            made = [python_value(None if part is None else tuple(part), type_) for part in raw.to_list()]
            return pl.Series(raw.name, made, dtype=pl.List(_dtype(type_.element)))
        case Base.DAYS | Base.MONTHS:
            return raw.cast(pl.Int64)
    return raw


def _number(raw: pl.Series, scale: int, shown: int, base: Base) -> pl.Series:
    if raw.dtype == pl.String:
        return pl.Series(raw.name, [None if n is None else format_plain(int(n), scale) for n in raw])
    if base is Base.NUMBER and shown == 0:
        return raw
    if scale < shown:
        factor = pl.lit(10 ** (shown - scale), dtype=pl.Int128)
        raw = pl.select(pl.lit(raw).cast(pl.Int128) * factor).to_series().alias(raw.name)
    return decimals(raw, shown)


def decimals(numbers: pl.Series, scale: int) -> pl.Series:
    """Scaled integers as decimals. Nothing is computed: the integers are those of the decimals.

    >>> decimals(pl.Series([12345, None, -5]), 2).to_list()
    [Decimal('123.45'), None, Decimal('-0.05')]
    """
    import numpy as np
    import pyarrow as pa

    halves = np.empty((len(numbers), 2), np.int64)
    whole = numbers.fill_null(0)
    if numbers.dtype == pl.Int128:
        frame = whole.to_frame("n").select(pl.col("n"), high=pl.col("n") // pl.lit(2**64, dtype=pl.Int128))
        low = frame.select((pl.col("n") - pl.col("high") * pl.lit(2**64, dtype=pl.Int128)).cast(pl.UInt64))
        halves[:, 0] = low.to_series().to_numpy().view(np.int64)
        halves[:, 1] = frame["high"].cast(pl.Int64).to_numpy()
    else:
        halves[:, 0] = whole.cast(pl.Int64).to_numpy()
        halves[:, 1] = halves[:, 0] >> 63
    valid = None
    if numbers.null_count():
        valid = pa.array(numbers.is_not_null().to_numpy()).buffers()[1]
    made = pa.Array.from_buffers(pa.decimal128(38, scale), len(numbers), [valid, pa.py_buffer(halves)])
    done = pl.from_arrow(made)
    assert isinstance(done, pl.Series)
    return done.alias(numbers.name)


def _dtype(type_: Type) -> pl.DataType | type[pl.DataType]:
    """The type of the items of a list."""
    match type_.base:
        case Base.MONEY | Base.NUMBER:
            return pl.Decimal(38, type_.scale) if type_.scale else pl.Int64
        case Base.DATE:
            return pl.Date
        case Base.INSTANT:
            return pl.Datetime("us", "UTC")
        case Base.DAYS | Base.MONTHS:
            return pl.Int64
        case Base.BOOLEAN:
            return pl.Boolean
    return pl.String
