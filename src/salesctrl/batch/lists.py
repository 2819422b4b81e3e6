"""Lists of records as columns: the items of all rows one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of lists in canonical form.

    ``lengths``: how many items the list of each row has, null where the list is unknown; ``items``: by place
    in the item the values of all items, those of the first row first.
    """

    lengths: pl.Series
    items: tuple[pl.Series | ListColumn, ...]
