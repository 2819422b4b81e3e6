"""Frames of pandas, Polars and Arrow, taken as columns and given back as the same kind.

What a column holds is not looked at here: a value that no column of Polars can hold exactly stays the Python
object it is, in a column of objects, so that it is judged by itself and the rest of the column with it.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from salesctrl.batch.arrow_columns import arrow_codes, arrow_column, arrow_texts, object_column
from salesctrl.batch.codes import Codes
from salesctrl.errors import FactProblem, FactsError

if TYPE_CHECKING:
    import pandas as pd

_KINDS_HELP = "pass a frame of pandas or Polars, or a table, a batch or a reader of Arrow"


class FrameKind(Enum):
    """What kind of frame was given, and is given back."""

    PANDAS = "pandas"
    PANDAS_ARROW = "pandas with columns of Arrow"
    POLARS = "Polars"
    POLARS_LAZY = "Polars, lazy"
    ARROW_TABLE = "Arrow table"
    ARROW_BATCH = "Arrow batch"
    ARROW_READER = "Arrow reader"


ROWS_AT_ONCE = 2**20
"""So many rows of a column are read, and decided, at once: what they need fits into memory used again."""
MANY_ROWS = 50_000
"""From so many rows on, columns are taken and read on several threads."""
T = TypeVar("T")
U = TypeVar("U")
_PANDAS = (FrameKind.PANDAS, FrameKind.PANDAS_ARROW)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was taken: its columns, and what is needed to give others like it back.

    ``rows`` counts its rows also where no column was taken; ``index`` are the labels of the rows of a pandas
    frame. ``nan_is_null`` says that a NaN is how the frame writes that there is nothing.
    """

    kind: FrameKind
    columns: pl.DataFrame
    rows: int
    index: pd.Index[Any] | None = None
    nan_is_null: bool = False


@dataclass(frozen=True, slots=True)
class Untaken:
    """A frame whose columns are taken one by one, when they are read: those of texts take long.

    ``column`` takes one by its name; ``coded`` says of one of few words which these are, and gives ``None``
    for any other; ``texts`` gives one of texts as the array of Arrow that it is, and ``None`` for any other.
    ``slow`` are the columns that take longer than others.
    """

    kind: FrameKind
    names: tuple[str, ...]
    rows: int
    column: Callable[[str], pl.Series]
    coded: Callable[[str], Codes | None]
    texts: Callable[[str], Any] = lambda _: None
    index: pd.Index[Any] | None = None
    slow: frozenset[str] = frozenset()

    @property
    def nan_is_null(self) -> bool:
        """Whether a NaN is how the frame writes that there is nothing."""
        return self.kind in _PANDAS

    def with_columns(self, columns: pl.DataFrame) -> Frame:
        """The frame with columns that were taken."""
        return Frame(self.kind, columns, self.rows, self.index, self.nan_is_null)


def names_of(frame: object) -> tuple[str, ...]:
    """The names of the columns of a frame; nothing of it is read yet.

    Raises:
        FactsError: It is no frame, or two columns have one name; the error names all of these.

    >>> names_of(pl.DataFrame({"order.amount": ["1.00"], "note": ["a"]}))
    ('order.amount', 'note')
    """
    return _names(frame, _kind(frame))


def take(frame: object, only: Collection[str] | None = None) -> Frame:
    """The columns of a frame.

    Numbers, texts and dates of Arrow, Polars and numpy are taken over without a copy where their layout
    allows it: so nobody may change the frame while its columns are used. A lazy frame is collected, once, and
    with ``only`` no more of it than these columns; a reader of Arrow is read to its end.

    Args:
        frame: A frame of pandas or Polars, or a table, a record batch or a reader of Arrow.
        only: The names of the columns to take; left out, all.

    Raises:
        FactsError: It is no frame, two columns have one name, or it fails when it is read.

    >>> taken = take(pl.DataFrame({"order.amount": ["1.00", None], "note": ["a", "b"]}), ["order.amount"])
    >>> taken.kind, taken.columns.columns, taken.rows
    (<FrameKind.POLARS: 'Polars'>, ['order.amount'], 2)
    """
    untaken = open_frame(frame, only)
    columns = on_threads(untaken.column, untaken.names, untaken.rows, untaken.slow.__contains__)
    return untaken.with_columns(pl.DataFrame(columns))


def open_frame(frame: object, only: Collection[str] | None = None) -> Untaken:
    """A frame, its columns not taken yet: see `take`, which takes them all.

    Raises:
        FactsError: It is no frame, two columns have one name, or it fails when it is read.

    >>> opened = open_frame(pl.DataFrame({"order.amount": ["1.00", None], "note": ["a", "b"]}))
    >>> opened.names, opened.column("note").to_list()
    (('order.amount', 'note'), ['a', 'b'])
    """
    kind = _kind(frame)
    names = _names(frame, kind)
    places = {name: i for i, name in enumerate(names) if only is None or name in only}
    if kind is FrameKind.POLARS:
        assert isinstance(frame, pl.DataFrame)
        return _of_polars(kind, frame.select(list(places)), frame.height)
    if kind is FrameKind.POLARS_LAZY:
        assert isinstance(frame, pl.LazyFrame)
        return _collected(frame, tuple(places))
    return (_from_pandas if kind in _PANDAS else _from_arrow)(frame, kind, places)


def _of_polars(kind: FrameKind, columns: pl.DataFrame, rows: int) -> Untaken:
    def coded(name: str) -> Codes | None:
        dtype = columns.schema[name]
        if not isinstance(dtype, pl.Enum):
            return None
        return Codes.of(dtype.categories, lambda: columns[name].to_physical().cast(pl.UInt32))

    texts = frozenset(name for name, dtype in columns.schema.items() if dtype == pl.String)
    return Untaken(kind, tuple(columns.columns), rows, columns.get_column, coded, slow=texts)


def give(frame: Frame, columns: pl.DataFrame) -> object:
    """Columns as a frame of the kind that was taken.

    Args:
        frame: The frame that was taken.
        columns: The columns, with a row for each row of it; those of a pandas frame get its index.

    In a pandas frame decimals, dates and lists become columns of Arrow, which hold them exactly; numbers and
    truth values with gaps the types of pandas that can have gaps. Arrow gets objects as the type that suits
    all of them, or as texts.

    >>> taken = take(pl.DataFrame({"order.amount": ["1.00"]}).lazy())
    >>> give(taken, pl.DataFrame({"outcome": ["allow"]})).collect().rows()
    [('allow',)]
    """
    if frame.kind is FrameKind.POLARS:
        return columns
    if frame.kind is FrameKind.POLARS_LAZY:
        return columns.lazy()
    if frame.kind in _PANDAS:
        return _to_pandas(frame, columns)
    table = _arrow_table(columns)
    if frame.kind is FrameKind.ARROW_READER:
        return table.to_reader()
    if frame.kind is FrameKind.ARROW_BATCH:
        return _one_batch(table)
    return table


# --- what it is -----------------------------------------------------------------------------------------


def _kind(frame: object) -> FrameKind:
    if isinstance(frame, pl.DataFrame):
        return FrameKind.POLARS
    if isinstance(frame, pl.LazyFrame):
        return FrameKind.POLARS_LAZY
    # What has never been imported cannot be what was given.
    pandas, arrow = sys.modules.get("pandas"), sys.modules.get("pyarrow")
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        of_arrow = any(isinstance(dtype, pandas.ArrowDtype) for dtype in frame.dtypes)
        return FrameKind.PANDAS_ARROW if of_arrow else FrameKind.PANDAS
    if arrow is not None:
        if isinstance(frame, arrow.Table):
            return FrameKind.ARROW_TABLE
        if isinstance(frame, arrow.RecordBatch):
            return FrameKind.ARROW_BATCH
        if isinstance(frame, arrow.RecordBatchReader):
            return FrameKind.ARROW_READER
    raise _not_a_frame(frame)


def _not_a_frame(frame: object) -> FactsError:
    help = _KINDS_HELP
    if isinstance(frame, Mapping):
        help = (
            "make a frame of columns with `polars.DataFrame(columns)`; `evaluate` takes the facts of one row"
        )
    elif isinstance(frame, Sequence) and frame and all(isinstance(row, Mapping) for row in frame[:10]):
        help = "make a frame of rows with `polars.DataFrame(rows)`, or call `evaluate` for each"
    elif hasattr(frame, "to_frame"):
        help = "one column is no frame: make one of it with `.to_frame()`"
    elif hasattr(frame, "__arrow_c_stream__"):
        help = "pass `pyarrow.table(frame)`"
    name = type(frame).__name__
    return FactsError(
        [FactProblem("", "F_FRAME", f"expected a frame but got a value of type `{name}`", help)]
    )


def _names(frame: Any, kind: FrameKind) -> tuple[str, ...]:
    if kind is FrameKind.POLARS:
        names = frame.columns
    elif kind is FrameKind.POLARS_LAZY:
        try:
            names = frame.collect_schema().names()
        except Exception as error:
            raise FactsError([FactProblem.unreadable("", error)]) from error
    elif kind in _PANDAS:
        if frame.columns.nlevels > 1:
            message = "expected columns with one name each but their names have several levels"
            help = "join the levels: `frame.columns = ['.'.join(names) for names in frame.columns]`"
            raise FactsError([FactProblem("", "F_FRAME", message, help)])
        names = [str(name) for name in frame.columns]
    else:
        names = frame.schema.names
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        message, help = "more than one column has this name", "rename or remove all but one of them"
        raise FactsError([FactProblem(name, "F_COLUMN", message, help) for name in twice])
    return tuple(names)


def _collected(frame: pl.LazyFrame, names: tuple[str, ...]) -> Untaken:
    try:
        if not names:
            rows = frame.select(pl.len()).collect().item()
            return _of_polars(FrameKind.POLARS_LAZY, pl.DataFrame(), rows)
        columns = frame.select(names).collect()
    except Exception as error:
        raise FactsError([FactProblem.unreadable("", error)]) from error
    return _of_polars(FrameKind.POLARS_LAZY, columns, columns.height)


# --- Arrow ----------------------------------------------------------------------------------------------


def _from_arrow(frame: Any, kind: FrameKind, places: Mapping[str, int]) -> Untaken:
    from pyarrow import types

    if kind is FrameKind.ARROW_READER:
        try:
            frame = frame.read_all()
        except Exception as error:
            raise FactsError([FactProblem.unreadable("", error)]) from error
    plain = (types.is_integer, types.is_floating, types.is_boolean)
    slow = frozenset(n for n, i in places.items() if not any(is_(frame.schema[i].type) for is_ in plain))
    return Untaken(
        kind, tuple(places), frame.num_rows, lambda name: arrow_column(name, frame.column(places[name])),
        lambda name: arrow_codes(frame.column(places[name])),
        lambda name: arrow_texts(frame.column(places[name])), slow=slow,
    )  # fmt: skip


def on_threads(
    do: Callable[[T], U], todo: Sequence[T], rows: int, slow: Callable[[T], bool] = lambda _: False
) -> list[U]:
    """Do it for each column, in their order; for many rows on as many threads as Polars has.

    ``slow`` columns are begun first, so that no thread is left with one at the end.

    >>> on_threads(len, ["a", "bc"], rows=2)
    [1, 2]
    """
    if rows < MANY_ROWS or len(todo) < 2:
        return [do(one) for one in todo]
    places = sorted(range(len(todo)), key=lambda place: not slow(todo[place]))
    begun = {place: _threads().submit(do, todo[place]) for place in places}
    wait(begun.values())
    return [begun[place].result() for place in range(len(todo))]


@cache
def _threads() -> ThreadPoolExecutor:
    """The threads that read: kept, since new ones begin without memory of their own."""
    return ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="salesctrl-read")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a child has none of these threads


def _arrow_table(columns: pl.DataFrame) -> Any:
    """Columns as a table of Arrow; it knows nothing of objects, and would be given their addresses."""
    objects = [(i, s) for i, s in enumerate(columns.iter_columns()) if s.dtype == pl.Object]
    table = columns.drop(s.name for _, s in objects).to_arrow(compat_level=pl.CompatLevel.oldest())
    for place, series in objects:
        table = table.add_column(place, series.name, _arrow_objects(series))
    return table


def _arrow_objects(series: pl.Series) -> Any:
    import pyarrow as pa

    values = series.to_list()
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def _one_batch(table: Any) -> Any:
    import pyarrow as pa

    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


# --- pandas ---------------------------------------------------------------------------------------------


def _from_pandas(frame: Any, kind: FrameKind, places: Mapping[str, int]) -> Untaken:
    every = [column for _, column in frame.items()]
    columns = {name: every[place] for name, place in places.items()}
    return Untaken(
        kind, tuple(places), len(frame), lambda name: _pandas_column(name, columns[name]),
        lambda name: _pandas_codes(columns[name]), lambda name: _pandas_texts(columns[name]), frame.index,
        frozenset(name for name, column in columns.items() if not _is_numeric(column.dtype)),
    )  # fmt: skip


def _pandas_column(name: str, column: Any) -> pl.Series:
    """A series or an index of pandas as a column of Polars."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if isinstance(column.dtype, pd.SparseDtype):
        column = column.sparse.to_dense()
    dtype = column.dtype
    if _is_numeric(dtype):
        native = np.dtype(np.float32) if dtype == np.float16 else dtype.newbyteorder("=")
        return pl.Series(name, np.ascontiguousarray(column.to_numpy(), native))
    if _is_mixed(dtype):
        return _objects(name, column.astype(object).to_numpy())
    if isinstance(dtype, pd.CategoricalDtype):
        return _spread(name, column.array.codes, dtype.categories)
    try:
        values = pa.array(column.array, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return _objects(name, column.astype(object).to_numpy())
    return arrow_column(name, values)


def _spread(name: str, codes: Any, categories: Any) -> pl.Series:
    """The values of a column of categories: each is taken over once."""
    return _pandas_column(name, categories).gather(_places(codes))


def _pandas_codes(column: Any) -> Codes | None:
    """A column of categories that are texts; ``None`` for any other."""
    import pandas as pd

    dtype = column.dtype
    if not isinstance(dtype, pd.CategoricalDtype) or _is_mixed(dtype):
        return None
    return Codes.of(_pandas_column("", dtype.categories), lambda: _places(column.array.codes))


def _pandas_texts(column: Any) -> Any:
    """The array of Arrow that a column of texts is; ``None`` for any other."""
    import pandas as pd
    import pyarrow as pa

    dtype = column.dtype
    is_arrow = isinstance(dtype, pd.ArrowDtype) or getattr(dtype, "storage", "") == "pyarrow"
    return arrow_texts(pa.array(column.array)) if is_arrow else None


def _places(codes: Any) -> pl.Series:
    """The codes of categories, of the type that Polars counts with; none where pandas writes a gap."""
    import numpy as np

    if not len(codes) or codes.min() >= 0:
        return pl.Series(codes.astype(np.uint32))
    places = pl.Series(codes)
    return pl.select(pl.when(places >= 0).then(places)).to_series().cast(pl.UInt32)


def _is_numeric(dtype: Any) -> bool:
    """Whether NumPy holds numbers or truth values that Polars can take over."""
    import numpy as np

    return isinstance(dtype, np.dtype) and dtype.kind in "biuf" and dtype.itemsize <= 8


def _is_mixed(dtype: Any) -> bool:
    """Whether values are objects of Python, or would not be to Arrow what they are to pandas."""
    import pandas as pd
    from pandas.api.types import is_object_dtype

    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return is_object_dtype(categories.dtype) and set(map(type, categories)) != {str}
    return is_object_dtype(dtype) or isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype)


def _objects(name: str, values: Any) -> pl.Series:
    """A column of Python objects; as one of Arrow where all of them are of one plain type.

    Where they are not, Arrow would look for a type that suits all, and cut the time off a moment between
    dates, or take a time without a zone for one of UTC.
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    types = set(map(type, values)) - {type(None)}
    if len(types) > 1 or types & {float, type(pd.NA), type(pd.NaT)}:  # ways to write a gap
        types = set(map(type, values[~_gaps(values)]))
    if not types:
        return pl.Series(name, [None] * len(values), dtype=pl.Null)
    plain = {
        str: pa.large_string(),
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        date: pa.date32(),
    }
    [only, *others] = types
    if not others and (only in plain or only is Decimal):
        try:
            return arrow_column(name, pa.array(values, plain.get(only), from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass  # too large, not finite, or half a character: each is judged by itself
    return object_column(name, np.where(_gaps(values), None, values))


def _gaps(values: Any) -> Any:
    """Which objects are ways to write a gap; a number that signals when it is looked at is none."""
    import numpy as np
    import pandas as pd

    def is_gap(value: Any) -> bool:
        try:
            return bool(pd.isna(value) is True)
        except ArithmeticError:
            return False

    try:
        return pd.isna(values)
    except ArithmeticError:
        return np.array([is_gap(value) for value in values], bool)


def _to_pandas(frame: Frame, columns: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd

    table = _arrow_table(columns.drop(s.name for s in columns.iter_columns() if s.dtype == pl.Object))
    done = {}
    for series in columns.iter_columns():
        if series.dtype == pl.Object:
            done[series.name] = pd.Series(series.to_list(), dtype=object)
        elif frame.kind is FrameKind.PANDAS_ARROW:
            done[series.name] = table[series.name].to_pandas(types_mapper=pd.ArrowDtype)
        else:
            done[series.name] = _numpy_column(table[series.name])
    made = pd.DataFrame(done, copy=False) if done else pd.DataFrame(index=range(frame.rows))
    if frame.index is not None:
        made.index = frame.index
    return made


def _numpy_column(column: Any) -> Any:
    """A column as pandas holds it without Arrow, if it can hold it exactly."""
    import pandas as pd
    from pyarrow import types

    type_ = column.type
    gaps = bool(column.null_count)
    if types.is_nested(type_) or types.is_decimal(type_) or types.is_date(type_):
        return column.to_pandas(types_mapper=pd.ArrowDtype)
    if gaps and types.is_boolean(type_):
        return column.to_pandas(types_mapper=lambda _: pd.BooleanDtype())
    if gaps and types.is_integer(type_):
        unsigned = types.is_unsigned_integer(type_)
        nullable = pd.UInt64Dtype() if unsigned else pd.Int64Dtype()
        return column.to_pandas(types_mapper=lambda _: nullable)
    return column.to_pandas()
