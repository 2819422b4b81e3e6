"""Words of bits, a bit for each rule or requirement: packed by expressions, read as lists of ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from types import MappingProxyType
from typing import Any

import polars as pl

_WORDS = ((8, pl.UInt8), (16, pl.UInt16), (32, pl.UInt32), (64, pl.UInt64))
_ROWS_AT_ONCE = 2**16
_BYTE = 8


def word_type(count: int) -> tuple[int, type[pl.DataType]]:
    """How many bits a word has, of those that hold so many bits, and its type.

    >>> word_type(12), word_type(500)
    ((16, UInt16), (64, UInt64))
    """
    return next((w for w in _WORDS if count <= w[0]), _WORDS[-1])


def word_count(count: int) -> int:
    """How many words hold so many bits.

    >>> word_count(12), word_count(500)
    (1, 8)
    """
    return -(-count // word_type(count)[0])


def packed(name: str, flags: Mapping[int, pl.Expr], count: int) -> Iterator[tuple[str, pl.Expr]]:
    """Flags, by their numbers, as words with names (``f0``, ``f1``, …); words without a flag are left out.

    Flags that are null have to be none.

    >>> [(name, word)] = packed("f", {0: pl.col.a, 2: pl.col.b}, count=3)
    >>> name, pl.DataFrame({"a": [True, False], "b": [True, True]}).select(word).to_series().to_list()
    ('f0', [5, 4])
    """
    bits, dtype = word_type(count)
    for word in range(word_count(count)):
        # Flags are gathered in bytes first: most of the passes then are over a byte for each row.
        parts: list[pl.Expr] = []
        for byte in range(0, bits, _BYTE):
            first = word * bits + byte
            inside = [(i, flags[first + i]) for i in range(_BYTE) if first + i in flags]
            if inside:
                gathered = reduce(add, [_bit(flag, i) for i, flag in inside])
                parts.append(gathered if bits == _BYTE else _shifted(gathered, byte, dtype))
        if parts:
            yield f"{name}{word}", reduce(add, parts)


def _bit(flag: pl.Expr, place: int) -> pl.Expr:
    """A choice of two constants: several times as fast as a cast and a product."""
    return pl.when(flag).then(pl.lit(1 << place, pl.UInt8)).otherwise(pl.lit(0, pl.UInt8))


def _shifted(byte: pl.Expr, by: int, dtype: type[pl.DataType]) -> pl.Expr:
    wide = byte.cast(dtype)
    return wide if by == 0 else wide * pl.lit(1 << by, dtype)


def masks(numbers: Iterator[int] | Sequence[int], count: int) -> dict[int, int]:
    """For each word that holds one of these bits a mask of them."""
    bits = word_type(count)[0]
    found: dict[int, int] = {}
    for number in numbers:
        found[number // bits] = found.get(number // bits, 0) | 1 << number % bits
    return found


class Bits:
    """The bits of rows, out of words that are columns.

    Args:
        words: Words, each with the number of its first bit; those that are not there are zero.
        rows: How many rows there are.
    """

    def __init__(self, words: Sequence[tuple[int, pl.Series]], rows: int):
        self._words = [(first, series.fill_null(0)) for first, series in words]
        self._rows = rows

    def counts(self) -> dict[int, int]:
        """In how many rows each bit is set; bits that never are may be left out.

        >>> Bits([(0, pl.Series([3, 0, 2], dtype=pl.UInt8))], 3).counts()[1]
        2
        """
        found: dict[int, int] = {}
        for first, bits in self._unpacked():
            for place, count in enumerate(bits.sum(axis=0, dtype="int64").tolist()):
                found[first + place] = found.get(first + place, 0) + count
        return found

    def _unpacked(self) -> Iterator[tuple[int, Any]]:
        """Each word as a matrix of rows and bits, some rows at once, with the number of its first bit."""
        for first, series in self._words:
            numbers = series.to_numpy()
            for start in range(0, self._rows, _ROWS_AT_ONCE):
                yield first, _matrix(numbers[start : start + _ROWS_AT_ONCE])

    def lists(
        self, ids: Mapping[int, Sequence[str]], unless: Mapping[int, int] = MappingProxyType({})
    ) -> pl.Series:
        """For each row a list of the ids that its bits stand for.

        Args:
            ids: The ids that a bit stands for, by its number, in the order in which they are listed.
            unless: Bits that count only where another is not set.

        >>> Bits([(0, pl.Series([3, 0], dtype=pl.UInt8))], 2).lists({0: ["R1"], 1: ["R2"]}).to_list()
        [['R1', 'R2'], []]
        """
        if not self._rows or not self._words or not ids:
            return pl.Series([[]], dtype=pl.List(pl.String)).gather(_zeros(self._rows))
        if len(self._words) == 1 and self._words[0][1].dtype in (pl.UInt8, pl.UInt16):
            return self._looked_up(ids, unless)
        return self._gathered(ids, unless)

    def _looked_up(self, ids: Mapping[int, Sequence[str]], unless: Mapping[int, int]) -> pl.Series:
        """So few bits have few patterns: each is made once."""
        import numpy as np

        first, series = self._words[0]
        words = series.to_numpy()
        there = np.flatnonzero(np.bincount(words))
        table = np.zeros(2**16, np.uint32)
        table[there] = np.arange(len(there))
        lists = []
        for word in there.tolist():
            bits = word << first
            held = [bit for bit in ids if bits >> bit & 1 and not (bit in unless and bits >> unless[bit] & 1)]
            lists.append([name for bit in held for name in ids[bit]])
        return pl.Series(lists, dtype=pl.List(pl.String)).gather(pl.Series(table[words]))

    def _gathered(self, ids: Mapping[int, Sequence[str]], unless: Mapping[int, int]) -> pl.Series:
        """The set bits of all rows one after another, as the items of one list array."""
        import numpy as np
        import pyarrow as pa

        there = {first + i: (at, i) for at, (first, s) in enumerate(self._words) for i in range(_bits_of(s))}
        listed = [(bit, name) for bit in ids for name in ids[bit] if bit in there]
        names = pl.Series([name for _, name in listed], dtype=pl.String)
        starts = np.cumsum([0, *(_bits_of(series) for _, series in self._words)])
        place = {bit: int(starts[at]) + i for bit, (at, i) in there.items()}
        columns = np.array([place[bit] for bit, _ in listed], np.int64)
        blocked = [(n, place[unless[bit]]) for n, (bit, _) in enumerate(listed) if unless.get(bit) in there]
        blocks = np.array(blocked, np.int64).reshape(-1, 2)
        numbers = [series.to_numpy() for _, series in self._words]
        lengths, items = [np.zeros(1, np.int64)], []
        for start in range(0, self._rows, _ROWS_AT_ONCE):
            every = np.hstack([_matrix(one[start : start + _ROWS_AT_ONCE]) for one in numbers])
            held = every[:, columns]
            if len(blocks):
                held[:, blocks[:, 0]] &= ~every[:, blocks[:, 1]] & 1
            lengths.append(held.sum(axis=1, dtype=np.int64))
            items.append(np.nonzero(held.view(np.bool_))[1])
        offsets = np.cumsum(np.concatenate(lengths))
        values = names.gather(pl.Series(np.concatenate(items), dtype=pl.UInt32))
        made = pa.LargeListArray.from_arrays(pa.array(offsets), values.to_arrow())
        done = pl.from_arrow(made)
        assert isinstance(done, pl.Series)
        return done.cast(pl.List(pl.String))


def _zeros(rows: int) -> pl.Series:
    return pl.repeat(0, rows, dtype=pl.UInt32, eager=True)


def _bits_of(series: pl.Series) -> int:
    return next(bits for bits, dtype in _WORDS if series.dtype == dtype)


def _matrix(words: Any) -> Any:
    """Words as rows of bits, the lowest first, each a byte that is 0 or 1."""
    import numpy as np

    plain = np.ascontiguousarray(words).astype(words.dtype.newbyteorder("<"), copy=False)
    return np.unpackbits(plain.view(np.uint8).reshape(len(words), -1), axis=1, bitorder="little")
