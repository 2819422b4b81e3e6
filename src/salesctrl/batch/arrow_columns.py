"""Columns of Arrow taken over as columns of Polars, without a value changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from salesctrl.errors import FactProblem, FactsError

_POLARS_DIGITS = 38
_MOST_WORDS = 2**15
"""A column of more words is no column of few: each of them would be read, whether a row has it or not."""


def arrow_column(name: str, values: Any) -> pl.Series:
    """A column of Arrow, an array or one in chunks, as a column of Polars.

    >>> from decimal import Decimal
    >>> import pyarrow as pa
    >>> arrow_column("a", pa.array([Decimal("1.50"), None], pa.decimal256(60, 2))).to_list()
    [Decimal('1.50'), None]
    """
    import pyarrow as pa

    held = _held_as(values.type) if _is_valid(values) else None
    if held is not None:
        if pa.types.is_string(held) or pa.types.is_large_string(held):
            held = pa.string_view()  # as Polars holds them: Arrow gets there sooner, and beside other columns
        try:
            return pl.Series(name, values if held == values.type else values.cast(held))
        except (pa.ArrowException, pl.exceptions.PolarsError):
            pass  # too large for it, or a zone that Polars does not know
    try:
        return object_column(name, values.to_pylist())
    except UnicodeDecodeError as error:
        if pa.types.is_nested(values.type):
            raise FactsError([FactProblem.unreadable(name, error)]) from error
        return object_column(name, _decoded(values))


def _is_valid(values: Any) -> bool:
    """Whether Arrow holds what it says that it holds: a file may have texts in it that are no UTF-8."""
    import pyarrow as pa

    try:
        values.validate(full=not _is_ascii(values))
    except pa.ArrowInvalid:
        return False
    return True


def _is_ascii(values: Any) -> bool:
    """Whether an array is of texts in ASCII alone: a look at the bytes takes a tenth of a full validation."""
    import numpy as np
    from pyarrow import types

    if not (types.is_string(values.type) or types.is_large_string(values.type)) or hasattr(values, "chunks"):
        return False
    _, places, data = values.buffers()
    if data is None or not len(values):
        return True
    # Of a part of an array only what is its own: it has the bytes of the whole.
    width = np.int32 if types.is_string(values.type) else np.int64
    first, last = np.frombuffer(places, width)[[values.offset, values.offset + len(values)]]
    own = np.frombuffer(data, np.uint8)[first:last]
    return not len(own) or int(np.max(own)) < 0x80


def _decoded(values: Any) -> list[object]:
    """Texts of which some are no UTF-8: these stay the bytes that they are."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    done: list[object] = []
    for cell in values.cast(pa.binary()).to_pylist():
        try:
            done.append(None if cell is None else cell.decode())
        except UnicodeDecodeError:
            done.append(cell)
    return done


def _held_as(type_: Any) -> Any:
    """The type of Arrow under which Polars takes such values over exactly; None if there is none.

    Polars is never asked to take others: some of them make it panic.
    """
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(type_):
        text = types.is_string(type_.value_type) or types.is_large_string(type_.value_type)
        return type_ if text else _held_as(type_.value_type)
    if types.is_decimal(type_):
        if not 0 <= type_.scale <= _POLARS_DIGITS:
            return None
        return type_ if types.is_decimal128(type_) else pa.decimal128(_POLARS_DIGITS, type_.scale)
    if types.is_float16(type_):
        return pa.float32()
    if types.is_timestamp(type_):
        return pa.timestamp("ms", type_.tz) if type_.unit == "s" else type_
    if types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_):
        return type_ if _held_as(type_.value_type) == type_.value_type else None
    if types.is_struct(type_):
        return type_ if all(_held_as(field.type) == field.type for field in type_) else None
    plain = (
        types.is_boolean(type_), types.is_integer(type_), types.is_floating(type_), types.is_date(type_),
        types.is_string(type_), types.is_large_string(type_), type_ == pa.string_view(),
        types.is_null(type_),
    )  # fmt: skip
    return type_ if any(plain) else None


def arrow_codes(values: Any) -> pl.Series | None:
    """A column with a dictionary of texts as an Enum; ``None`` for any other.

    >>> import pyarrow as pa
    >>> arrow_codes(pa.array(["a", "b", None, "a"]).dictionary_encode()).to_list()
    ['a', 'b', None, 'a']
    """
    import pyarrow as pa

    if not pa.types.is_dictionary(values.type):
        return None
    if isinstance(values, pa.ChunkedArray):
        if values.num_chunks != 1:  # each may have a dictionary of its own
            return None
        values = values.chunk(0)
    words = arrow_column("", values.dictionary)
    return as_enum(pl.Series(values.indices).cast(pl.UInt32), words)


def as_enum(places: pl.Series, words: pl.Series) -> pl.Series | None:
    """The words at these places as an Enum; ``None`` if there are too many, or one is none or twice there.

    >>> as_enum(pl.Series([1, 0, None]), pl.Series(["a", "b"])).to_list()
    ['b', 'a', None]
    """
    if words.dtype != pl.String or words.null_count() or not 0 < len(words) <= _MOST_WORDS:
        return None
    if words.is_duplicated().any():
        return None
    return words.cast(pl.Enum(words)).gather(places)


def object_column(name: str, values: Sequence[object]) -> pl.Series:
    """A column of Python objects as they are; ``None`` is nothing.

    >>> object_column("a", [1, "x", None]).null_count()
    1
    """
    return pl.Series(name, list(values), dtype=pl.Object)
