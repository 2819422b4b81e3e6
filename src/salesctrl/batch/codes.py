"""Columns of few words: each word once, and for each row the place of its word.

So pandas holds categories, Polars an Enum, and Arrow a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

MOST_WORDS = 2**15
"""Columns of more words are no columns of few: each would be read, whether a row has it or not."""


@dataclass(frozen=True, slots=True)
class Codes:
    """A column of few words: the ``words``, none of them null, and where the word of each row is among them.

    The places are looked up when they are asked for; null is a row without a word.
    """

    words: pl.Series
    places: Callable[[], pl.Series]

    @classmethod
    def of(cls, words: pl.Series, places: Callable[[], pl.Series]) -> Codes | None:
        """The column, if its words are texts and few.

        >>> Codes.of(pl.Series([1, 2]), lambda: pl.Series([0]))
        """
        if words.dtype != pl.String or words.null_count() or not 0 < len(words) <= MOST_WORDS:
            return None
        return cls(words, places)

    def among(self, every: pl.Enum) -> pl.Series:
        """The column as an Enum of these words, which are its own and others.

        >>> codes = Codes(pl.Series(["a", "b"]), lambda: pl.Series([1, None, 0], dtype=pl.UInt32))
        >>> codes.among(pl.Enum(["b", "c", "a"])).to_list()
        ['b', None, 'a']
        """
        return self.words.cast(every).gather(self.places())


def of_one_type(columns: Mapping[str, Codes], texts: Iterable[str]) -> tuple[Mapping[str, Codes], pl.Enum]:
    """The columns that can be Enums of one type, and the type: all their words, and these texts.

    Where there would be too many words, the columns that come last are left out.

    >>> place = lambda: pl.Series([0], dtype=pl.UInt32)
    >>> columns = {"a": Codes(pl.Series(["x"]), place), "b": Codes(pl.Series(["y", "x"]), place)}
    >>> of_one_type(columns, ["z"])[1]
    Enum(categories=['z', 'x', 'y'])
    """
    every = dict.fromkeys(texts)
    chosen: dict[str, Codes] = {}
    for name, codes in columns.items():
        if len(every) + len(codes.words) <= MOST_WORDS:
            every |= dict.fromkeys(codes.words)
            chosen[name] = codes
    return chosen, pl.Enum(list(every))
