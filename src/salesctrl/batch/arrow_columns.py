"""Columns of Arrow taken over as columns of Polars, without a value changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from salesctrl.batch.codes import Codes
from salesctrl.errors import FactProblem, FactsError

_POLARS_DIGITS = 38
_BLOCK = 2**15
_DELETE = 0x7F  # of ASCII the last, and no letter or sign


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
        if _is_text(held):
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

    letters = _letters(values)
    is_ascii = letters is not None and (not len(letters) or int(np.max(letters)) < 0x80)
    try:
        values.validate(full=not is_ascii)  # a look at the bytes takes a tenth of the time
    except pa.ArrowInvalid:
        return False
    return True


def longest_word(values: Any) -> int | None:
    """The length of the longest of texts of ASCII, each of which is there and begins with a letter or sign.

    ``None`` where it cannot be told at a glance that they all do.

    >>> import pyarrow as pa
    >>> longest_word(pa.array(["T-1", "T-10"])), longest_word(pa.array(["T-1", " T-10"]))
    (4, None)
    """
    import pyarrow as pa

    letters = _letters(values)
    if letters is None or not len(letters) or values.null_count or int(np.max(letters)) >= _DELETE:
        return None
    try:
        values.validate()
    except pa.ArrowInvalid:
        return None
    places = _places(values)
    parts = (places[first : first + _BLOCK + 1] for first in range(0, len(values), _BLOCK))
    lengths = [(int(np.min(many)), int(np.max(many))) for many in (part[1:] - part[:-1] for part in parts)]
    if min(least for least, _ in lengths) < 1:
        return None
    if int(np.min(letters)) <= ord(" "):  # what matters are the first ones
        first_letters = letters[places[:-1] - places[0]]
        if int(np.min(first_letters)) <= ord(" "):
            return None
    return max(most for _, most in lengths)


def same_texts(one: Any, other: Any) -> pl.Series:
    """Where two arrays of texts have the same: sooner than taking them over takes.

    >>> import pyarrow as pa
    >>> same_texts(pa.array(["a", "b"]), pa.array(["b", "b"], pa.large_string())).to_list()
    [False, True]
    """
    import pyarrow.compute as pc

    return pl.Series(pc.equal(one, other if other.type == one.type else other.cast(one.type)))


def _letters(values: Any) -> npt.NDArray[np.uint8] | None:
    """All bytes of an array of texts, one text after the other; ``None`` of any other."""
    if not _is_text(values.type) or hasattr(values, "chunks"):
        return None
    data = values.buffers()[2]
    if data is None or not len(values):
        return np.empty(0, np.uint8)
    # Of a part of an array only what is its own: it has the bytes of the whole.
    places = _places(values)
    return np.frombuffer(data, np.uint8)[places[0] : places[-1]]


def _places(values: Any) -> npt.NDArray[Any]:
    """Where each of the texts of an array begins, and the last of them ends."""
    from pyarrow import types

    width = np.int32 if types.is_string(values.type) else np.int64
    return np.frombuffer(values.buffers()[1], width)[values.offset : values.offset + len(values) + 1]


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
        return type_ if _is_text(type_.value_type) else _held_as(type_.value_type)
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
        _is_text(type_), type_ == pa.string_view(),
        types.is_null(type_),
    )  # fmt: skip
    return type_ if any(plain) else None


def arrow_codes(values: Any) -> Codes | None:
    """A column with a dictionary of texts; ``None`` for any other.

    >>> import pyarrow as pa
    >>> arrow_codes(pa.array(["a", "b", None, "a"]).dictionary_encode()).places().to_list()
    [0, 1, None, 0]
    """
    from pyarrow import types

    whole = _one_piece(values) if types.is_dictionary(values.type) else None  # pieces have their own words
    if whole is None:
        return None
    return Codes.of(arrow_column("", whole.dictionary), lambda: pl.Series(whole.indices).cast(pl.UInt32))


def arrow_texts(values: Any) -> Any:
    """The array of a column of texts, if it is one piece; ``None`` for any other.

    >>> import pyarrow as pa
    >>> arrow_texts(pa.chunked_array([["a", "b"]])).to_pylist(), arrow_texts(pa.array([1]))
    (['a', 'b'], None)
    """
    return _one_piece(values) if _is_text(values.type) else None


def _one_piece(values: Any) -> Any:
    """An array, or the only one of a column in chunks; ``None`` if there are others."""
    import pyarrow as pa

    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else None


def _is_text(type_: Any) -> bool:
    """Whether a type of Arrow is of texts one after the other, not of views."""
    from pyarrow import types

    return bool(types.is_string(type_) or types.is_large_string(type_))


def object_column(name: str, values: Sequence[object]) -> pl.Series:
    """A column of Python objects as they are; ``None`` is nothing.

    >>> object_column("a", [1, "x", None]).null_count()
    1
    """
    return pl.Series(name, list(values), dtype=pl.Object)
