"""Columns read at once: for each kind of field and of column, a reader in a few passes over all cells.

A reader takes the cells that it is sure of, in canonical form, and leaves the others to be read one by one;
what it leaves costs time and nothing else. So it may leave whatever it likes, and must never take a cell
that the evaluator of one transaction would refuse, or read otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from salesctrl.evaluate.layout import Leaf
from salesctrl.numbers import FLOAT_DIGITS, pow10
from salesctrl.policy.types import Base
from salesctrl.tables.cells import DayOrder

INT64_LEAST, INT64_MOST = -(2**63), 2**63 - 1
EPOCH_DAY = 719_163
"""The ordinal of 1970-01-01."""
MICROSECONDS = {"ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}
"""Of a unit of time: how many microseconds it is, as a fraction."""
DAY = 86_400_000_000
FIRST_MICROSECOND = (1 - EPOCH_DAY) * DAY
LAST_MICROSECOND = (3_652_060 - EPOCH_DAY) * DAY - 1

_BLOCK = 2**17
_VIEWS = 2**15
_WITHIN_VIEW = 12  # bytes of a text that stand in its view
_MANY_CHOICES = 8  # up to here, comparing with each is quicker than looking up in a set
_CERTAIN_DECIMALS = 8  # texts with more may be handed on as floats, where their noise is to be rounded


@dataclass(frozen=True, slots=True)
class Way:
    """How cells are read: what `read_column` is asked for.

    ``cells`` says that texts are cells of a table, in which a person writes ``1,234.50`` or ``5%``, and in
    which a blank one means nothing; otherwise they are facts, as a program gives them.
    """

    tolerance: Decimal | None = None
    nan_is_null: bool = False
    order: DayOrder = "year/month/day"
    values: Mapping[str, str | bool] = field(default_factory=dict)
    cells: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What a reader took: ``values``, null where it took none, and a mask of the cells that are ``left``.

    ``left`` is ``None`` if no cell is. ``rounded`` are rows of floats whose noise was rounded away.
    """

    values: pl.Series
    left: pl.Series | None = None
    rounded: tuple[int, ...] = ()


T = TypeVar("T", bound=np.generic)
Reader = Callable[[Leaf, pl.Series, Way], Taken | None]


def read_at_once(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    """Read the cells that can be read together; ``None`` where there is no reader for them.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import money
    >>> from salesctrl.policy.vocabulary import Field
    >>> field = Field("order", "amount", money("CNY"), LocalText(en="…"), ("amount",), -99999, 99999, 5)
    >>> taken = read_at_once(Leaf("order.amount", field, 0), pl.Series([0.25, 0.1 + 0.2, None]), Way())
    >>> taken.values.to_list(), taken.left.to_list()
    ([25, None, None], [False, True, False])
    """
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    reader = _READERS.get((_FAMILY[leaf.field.type.base], column.dtype.base_type()))
    return None if reader is None else reader(leaf, column, way)


def _taken(values: pl.Series, column: pl.Series) -> Taken:
    """What was taken, where ``values`` are null for every cell that was not."""
    if values.null_count() == column.null_count():
        return Taken(values)
    return Taken(values, values.is_null() & column.is_not_null())


def _where(sure: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(sure).then(values)).to_series()


# --- numbers --------------------------------------------------------------------------------------


def _integers(leaf: Leaf, column: pl.Series, way: Way) -> Taken:
    return _multiplied(leaf, column, column, pow10(leaf.field.type.scale or 0))


def _decimals(leaf: Leaf, column: pl.Series, way: Way) -> Taken:
    assert isinstance(column.dtype, pl.Decimal)
    shift = (leaf.field.type.scale or 0) - column.dtype.scale
    unscaled = column.to_physical()
    if shift >= 0:
        return _multiplied(leaf, column, unscaled, pow10(shift))
    divisor = pow10(-shift)
    if divisor <= INT64_MOST:
        unscaled = _narrow(unscaled)
    by = pl.lit(divisor, dtype=unscaled.dtype)
    of = pl.col("")
    quotient, exact = unscaled.alias("").to_frame().select(of // by, (of % by == 0).alias("exact"))
    if exact.all():  # nulls do not count
        return _multiplied(leaf, column, quotient, 1)
    return _multiplied(leaf, column, _where(exact, quotient), 1)


def _multiplied(leaf: Leaf, column: pl.Series, numbers: pl.Series, factor: int) -> Taken:
    """Integers of a smaller scale, brought to that of the field, if they are within its bounds.

    A null among the ``numbers`` that is none in the ``column`` is left.
    """
    low, high = -(-leaf.field.low // factor), leaf.field.high // factor
    least, greatest = numbers.min(), numbers.max()
    if isinstance(least, int) and isinstance(greatest, int) and not (low <= least and greatest <= high):
        numbers = numbers.cast(pl.Int128, strict=False)
        first, last = pl.lit(low, dtype=pl.Int128), pl.lit(high, dtype=pl.Int128)
        numbers = _where(pl.select(pl.lit(numbers).is_between(first, last)).to_series(), numbers)
        least, greatest = numbers.min(), numbers.max()
    if not isinstance(least, int) or not isinstance(greatest, int):
        return _taken(numbers.cast(pl.Int64, strict=False), column)  # all are null
    wide = least * factor < INT64_LEAST or greatest * factor > INT64_MOST
    numbers = numbers.cast(pl.Int128 if wide else pl.Int64, wrap_numerical=True)  # it fits: no check again
    if factor > 1:
        by = pl.lit(factor, dtype=numbers.dtype)
        numbers = numbers.alias("").to_frame().select(pl.col("") * by).to_series()
    return _taken(numbers, column)


def _narrow(numbers: pl.Series) -> pl.Series:
    """As 64-bit integers, where all of them fit."""
    least, greatest = numbers.min(), numbers.max()
    if not isinstance(least, int) or not isinstance(greatest, int):
        return numbers  # all are null
    if least >= INT64_LEAST and greatest <= INT64_MOST:
        return numbers.cast(pl.Int64, wrap_numerical=True)
    return numbers


def _floats(leaf: Leaf, column: pl.Series, way: Way) -> Taken:
    """Floats that are the nearest double of a number with the declared decimals.

    Let ``s`` be the decimals and ``n`` an integer of at most 15 digits: it is a double, and so is
    ``10**s`` for ``s <= 22``. IEEE division is correctly rounded, so ``n / 10**s`` in doubles is the double
    nearest to that number; if it equals ``x``, then ``x`` is, whichever way ``n`` was found. No other ``n``
    of 15 digits has the same double, so this is the one that `to_scaled` finds.

    NumPy divides; Polars multiplies by the reciprocal of a constant, which is off by an ulp now and then.
    """
    scale = leaf.field.type.scale or 0
    power = float(pow10(scale))
    most = pow10(FLOAT_DIGITS) - 1
    low, high = max(leaf.field.low, -most), min(leaf.field.high, most)
    given = column.cast(pl.Float64).to_numpy()  # null becomes NaN, which equals nothing
    count = len(given)
    numbers, sure = _held(count, np.int64), _held(count, np.bool_)
    nearest, back = _held(_BLOCK, np.float64), _held(_BLOCK, np.float64)
    with np.errstate(all="ignore"):
        for start in range(0, count, _BLOCK):
            part = slice(start, start + _BLOCK)
            block = given[part]
            n, x = nearest[: len(block)], back[: len(block)]
            np.rint(np.multiply(block, power, out=n), out=n)
            np.equal(np.divide(n, power, out=x), block, out=sure[part])
            if not (low <= np.min(n) and np.max(n) <= high):  # or there is a NaN
                sure[part] &= (low <= n) & (n <= high)
            np.copyto(numbers[part], n, casting="unsafe")
        if sure.all():
            return Taken(_as_series(numbers))
        rounded = ()
        if way.tolerance is not None:
            noisy = _noisy(given, sure, power, (low, high), _tolerance(way.tolerance, scale))
            numbers[noisy] = np.rint(given[noisy] * power).astype(np.int64)
            sure[noisy] = True
            rounded = tuple(noisy.tolist())
    left = ~sure & column.is_not_null().to_numpy()
    if way.nan_is_null:
        left &= ~np.isnan(given)
    values = _where(pl.Series(sure), _as_series(numbers))
    return Taken(values, pl.Series(left) if left.any() else None, rounded)


def _held(count: int, dtype: type[T]) -> npt.NDArray[T]:
    """An array not yet filled, in memory of Arrow.

    Arrow keeps memory for the next time whichever thread asks; NumPy has the system give it anew to every
    thread but the first, which takes longer than to fill it.
    """
    import pyarrow as pa

    return np.frombuffer(pa.allocate_buffer(count * np.dtype(dtype).itemsize), dtype)


def _as_series(numbers: npt.NDArray[np.int64]) -> pl.Series:
    """Such an array as a series, without a copy."""
    import pyarrow as pa

    return pl.Series(pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)]))


def _tolerance(tolerance: Decimal, scale: int) -> float:
    """A float that is surely not above the tolerance that counts for so many decimals."""
    if not tolerance.is_finite() or tolerance <= 0:
        return -1.0
    return math.nextafter(float(min(tolerance, Decimal(1).scaleb(-scale - 3))), 0)


def _noisy(
    given: npt.NDArray[np.float64],
    sure: npt.NDArray[np.bool_],
    power: float,
    bounds: tuple[int, int],
    tolerance: float,
) -> npt.NDArray[np.intp]:
    """The places of floats that are surely within the tolerance of a number.

    ``q`` is the double of the number ``n / 10**s``, and off it by less than ``|q| / 2**52``. ``x - q`` is
    exact: the two are within a factor of two of each other (or ``q`` is zero), since the tolerance is at
    most a thousandth of the last decimal. What remains of ``|q| / 2**51`` covers the rounding of the sum.
    For the same reason ``n`` is the nearest integer, with no tie.
    """
    rest = np.flatnonzero(~sure)
    x = given[rest]
    n = np.rint(x * power)
    q = n / power
    near = np.abs(x - q) + np.abs(q) * 2.0**-51 <= tolerance
    return rest[near & (bounds[0] <= n) & (n <= bounds[1])]


def _number_texts(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    """Texts such as ``-1234.50``; in cells also ``1,234.50``, and with spaces around.

    The pattern is what makes it exact: Polars would read ``1e3`` and round ``1.005``. What matches and is
    too long for a decimal of Polars becomes null, and is left.
    """
    scale = leaf.field.type.scale or 0
    whole, decimals = "[0-9]*", _decimals_pattern(scale, way)
    sure = column.str.contains(f"^[+-]?{whole}{decimals}$")
    if way.cells and not sure.all():
        whole = "[0-9]{1,3}(?:,[0-9]{3})+"
        stripped = column.str.strip_chars(" ")
        grouped = stripped.str.contains(f"^[+-]?{whole}{_decimals_pattern(scale, Way())}$")
        sure |= grouped | stripped.str.contains(f"^[+-]?[0-9]*{decimals}$")
        column = stripped.str.replace_all(",", "", literal=True)
    else:
        stripped = column
    if way.cells and way.values:
        sure &= ~stripped.is_in(list(way.values))
    texts = column if sure.all() else _where(sure, column)
    return _taken(_decimals(leaf, texts.cast(pl.Decimal(38, scale), strict=False), way).values, column)


def _decimals_pattern(scale: int, way: Way) -> str:
    """Decimals that the field has; zeros may follow, unless the text might be handed on as a float."""
    if way.tolerance is None:
        return rf"(?:\.[0-9]{{1,{scale}}}0*)?" if scale else r"(?:\.0+)?"
    return rf"(?:\.[0-9]{{1,{min(scale, _CERTAIN_DECIMALS)}}})?" if scale else ""


# --- dates and times ------------------------------------------------------------------------------


def _dates(leaf: Leaf, column: pl.Series, way: Way) -> Taken:
    return _days(leaf, column, column.to_physical().cast(pl.Int64))


def _days(leaf: Leaf, column: pl.Series, since_epoch: pl.Series) -> Taken:
    ordinals = since_epoch + EPOCH_DAY
    return _multiplied(leaf, column, ordinals, 1)


def _midnights(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    assert isinstance(column.dtype, pl.Datetime)
    if column.dtype.time_zone not in (None, "UTC"):
        return None  # the day is the local one, by the rules of zones that Python has
    up, down = MICROSECONDS[column.dtype.time_unit]
    per_day = DAY * down // up
    units = column.to_physical()
    midnight = units % per_day == 0
    days = units // per_day
    return _days(leaf, column, days if midnight.all() else _where(midnight, days))


def _instants(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    assert isinstance(column.dtype, pl.Datetime)
    if column.dtype.time_zone is None:
        return None
    up, down = MICROSECONDS[column.dtype.time_unit]
    units = column.to_physical()
    # A day in from either end of the calendar, so that local times are within it too.
    first, last = (FIRST_MICROSECOND + DAY) * down // up, (LAST_MICROSECOND - DAY) * down // up
    sure = units.is_between(max(first, INT64_LEAST), min(last, INT64_MOST))
    if down > 1:
        sure &= units % down == 0
    if not sure.all():
        units = _where(sure, units)
    return _taken(units * up if up > 1 else units // down if down > 1 else units, column)


# --- words ----------------------------------------------------------------------------------------


def _booleans(leaf: Leaf, column: pl.Series, way: Way) -> Taken:
    return Taken(column)


def _choices(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    choices = leaf.field.type.choices
    if way.cells and (way.values or any(not choice.strip() for choice in choices)):
        return None
    if _all_choices(column, choices):
        return Taken(column)
    if len(choices) > _MANY_CHOICES:
        sure = column.is_in(list(choices))
    else:
        sure = column == choices[0]
        for choice in choices[1:]:
            sure |= column == choice
    return _sure(sure, column)


def _texts(leaf: Leaf, column: pl.Series, way: Way) -> Taken | None:
    if way.cells and way.values:
        return None
    if _plain_words(column, leaf.field.length):
        return Taken(column)
    short = None
    if not (column.str.len_bytes() <= leaf.field.length).all():  # of characters there are not more
        short = column.str.len_chars() <= leaf.field.length
    if not way.cells:
        return Taken(column) if short is None else _sure(short, column)
    # Not blank is what begins with a letter or sign of ASCII, or with one after the last of the spaces.
    sure = (column >= "!") & ((column < "\x7f") | (column > "\u3000\U0010ffff"))
    if not sure.all():
        sure |= column.str.contains(r"[^\s\x1c-\x1f]")  # what Python strips
    return _sure(sure if short is None else sure & short, column)


def _plain_words(column: pl.Series, longest: int) -> bool:
    """Whether every text is there, is not too long, and begins with a letter or sign of ASCII.

    A look at lengths and first letters, side by side, is several times as fast as comparing texts.
    """

    def plain(views: _Views) -> bool:
        words, letters = views.view(np.uint32), views.view(np.uint8)
        first = letters[:, 4]  # 0 if there is none
        return bool(np.max(words[:, 0]) <= longest and np.min(first) > ord(" ") and np.max(first) < 0x7F)

    return _all_views(column, plain)


def _all_choices(column: pl.Series, choices: Sequence[str]) -> bool:
    """Whether every text is there and is one of a few short ones."""
    encoded = [choice.encode() for choice in choices]
    if len(choices) > _MANY_CHOICES or max(map(len, encoded)) > _WITHIN_VIEW:
        return False
    wanted = [
        np.frombuffer(len(text).to_bytes(4, "little") + text.ljust(_WITHIN_VIEW, b"\0"), np.uint64)
        for text in encoded
    ]
    halves = 1 if all(not second for _, second in wanted) else 2

    def chosen(views: _Views) -> bool:
        given = [np.ascontiguousarray(views[:, half]) for half in range(halves)]
        found = np.zeros(len(views), np.bool_)
        for one in wanted:
            same = given[0] == one[0]
            if halves > 1:
                same &= given[1] == one[1]
            found |= same
        return bool(found.all())

    return _all_views(column, chosen)


_Views = npt.NDArray[np.uint64]


def _all_views(column: pl.Series, holds: Callable[[_Views], bool]) -> bool:
    """Whether something holds of the views of all texts, block by block; not if one is missing.

    Arrow has a view of 16 bytes of every text: its length in four, then the text itself, filled up with
    zeros; or, if it is longer than 12 bytes, its first four, and where the rest is.
    """
    from pyarrow import types

    if column.null_count() or not len(column):
        return False
    texts = column.alias("").to_arrow(compat_level=pl.CompatLevel.newest())
    if not types.is_string_view(texts.type):
        return False
    rows = slice(texts.offset, texts.offset + len(texts))
    views = np.frombuffer(texts.buffers()[1], np.uint64).reshape(-1, 2)[rows]
    return all(holds(views[start : start + _VIEWS]) for start in range(0, len(views), _VIEWS))


def _sure(sure: pl.Series, column: pl.Series) -> Taken:
    """Cells that are their own canonical form, where it is sure."""
    return Taken(column) if sure.all() else _taken(_where(sure, column), column)


def _present(names: str) -> list[type[pl.DataType]]:
    """The types of those names; older versions of Polars have fewer."""
    return [getattr(pl, name) for name in names.split() if hasattr(pl, name)]


_FAMILY: Mapping[Base, str] = {
    Base.MONEY: "number", Base.NUMBER: "number", Base.DAYS: "number", Base.MONTHS: "number",
    Base.DATE: "date", Base.INSTANT: "instant", Base.BOOLEAN: "boolean", Base.TEXT: "text",
    Base.CHOICE: "choice",
}  # fmt: skip
_READERS: Mapping[tuple[str, type[pl.DataType]], Reader] = {
    **{("number", dtype): _integers for dtype in _present("Int8 Int16 Int32 Int64 Int128")},
    **{("number", dtype): _integers for dtype in _present("UInt8 UInt16 UInt32 UInt64 UInt128")},
    **{("number", dtype): _floats for dtype in _present("Float16 Float32 Float64")},
    ("number", pl.Decimal): _decimals,
    ("number", pl.String): _number_texts,
    ("date", pl.Date): _dates,
    ("date", pl.Datetime): _midnights,
    ("instant", pl.Datetime): _instants,
    ("boolean", pl.Boolean): _booleans,
    ("choice", pl.String): _choices,
    ("text", pl.String): _texts,
}
