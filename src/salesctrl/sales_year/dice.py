"""Chance in columns: whole numbers that are the same on every machine and under every version of NumPy.

Each column is thrown with a name of its own, so that a further column changes none of those there are. The
numbers are those of SplitMix64, counted from a key that follows from the seed and the name.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
"""A column of whole numbers: amounts in cents, days since 1970-01-01, or just numbers."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Dice:
    """What a year is thrown with.

    >>> Dice(1).between("amount", 5, 1, 6).tolist()
    [1, 5, 5, 2, 3]
    >>> Dice(1).between("amount", 2, 1, 6).tolist()
    [1, 5]
    """

    def __init__(self, seed: int):
        self._seed = seed

    def between(self, name: str, size: int, low: int | Numbers, high: int | Numbers) -> Numbers:
        """So many whole numbers, both ends included; the ends may be columns themselves.

        Args:
            name: The name of the column; the same name gives the same numbers again.
            size: How many numbers.
            low: The lowest number there may be.
            high: The highest; not below ``low``.
        """
        span = (np.asarray(high, np.int64) - np.asarray(low, np.int64) + 1).astype(np.uint64)
        drawn: Numbers = (self._bits(name, size) % span).astype(np.int64)
        return np.asarray(low, np.int64) + drawn

    def chance(self, name: str, size: int, per_mille: int) -> npt.NDArray[np.bool_]:
        """True in about so many of a thousand places.

        >>> int(Dice(1).chance("late", 1000, 20).sum())
        18
        """
        return self.between(name, size, 1, 1000) <= per_mille

    def _bits(self, name: str, size: int) -> npt.NDArray[np.uint64]:
        key = int.from_bytes(sha256(f"{self._seed} {name}".encode()).digest()[:8], "big")
        state = np.arange(1, size + 1, dtype=np.uint64) * _STEP + np.full(size, key, np.uint64)
        state = (state ^ (state >> np.uint64(30))) * _FIRST
        state = (state ^ (state >> np.uint64(27))) * _SECOND
        mixed: npt.NDArray[np.uint64] = state ^ (state >> np.uint64(31))
        return mixed
