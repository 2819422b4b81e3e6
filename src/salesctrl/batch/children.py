"""The items of lists in a frame of their own: each row of it is an item, and says by a key whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from salesctrl.batch.convert import CellProblem
from salesctrl.batch.frames import take
from salesctrl.batch.lists import ListColumn, child_lists
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Leaf
from salesctrl.tables.chosen import listed

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Children:
    """The items of a list of all rows: a row each, sorted by the rows that they belong to.

    ``without_key`` are rows of which nobody knows which items are theirs.
    """

    items: pl.DataFrame
    parents: pl.Series
    without_key: pl.Series
    nan_is_null: bool

    def read(
        self, leaf: Leaf, rows: int, way: Mapping[str, Any]
    ) -> tuple[ListColumn, tuple[CellProblem, ...], tuple[int, ...]]:
        """The lists of all rows; a row without items has an empty one, a row without a key an unknown one."""
        lists, problems, rounded = child_lists(
            leaf, self.items, self.parents, rows, tolerance=way["tolerance"], nan_is_null=self.nan_is_null
        )
        if not len(self.without_key):
            return lists, problems, rounded
        lengths = lists.lengths.scatter(self.without_key, None)
        unknown = FactProblem(leaf.path, "F_MISSING", "expected the key of its items but got nothing")
        problems += tuple(CellProblem(row, unknown) for row in self.without_key)
        return ListColumn(lengths, lists.items), tuple(sorted(problems, key=lambda one: one.row)), rounded


def children_of(path: str, frame: object, keys: Sequence[pl.Series], names: Sequence[str]) -> Children:
    """Find whose the items are.

    Args:
        path: The path of the list.
        frame: The items.
        keys: The key columns of the rows, in the order of ``names``.
        names: The names of the key, the same in both frames.

    Raises:
        FactsError: There is no key, or the items have no such column; two rows have the same; an item has
            that of no row.
    """
    if not names:
        message, help = "there is no key to say which items are whose", 'pass `key="order_id"`'
        raise FactsError([FactProblem(path, "F_COLUMN", message, help)])
    taken = take(frame)
    if not set(names) <= set(taken.columns.columns):
        lacking = listed([name for name in names if name not in taken.columns.columns])
        raise FactsError([FactProblem(path, "F_COLUMN", f"the items have no column {lacking} for the key")])
    rows = pl.DataFrame([_as_text(key) for key in keys]).with_row_index("parent")
    there = pl.all_horizontal(pl.col(name).is_not_null() for name in names)
    twice = rows.filter(there & pl.struct(names).is_duplicated())
    if twice.height:
        message = f"several rows have the key {_keys_of(twice, names)}"
        raise FactsError([FactProblem(path, "F_COLUMN", message, "name a key that is different in each row")])
    items = taken.columns.with_columns(_as_text(taken.columns[name]) for name in names)
    joined = items.join(rows, on=list(names), how="left", maintain_order="left")
    lost = joined.filter(pl.col("parent").is_null())
    if lost.height:
        are = "item belongs" if lost.height == 1 else "items belong"
        message = f"{lost.height:,} {are} to no row: {_keys_of(lost, names)}"
        raise FactsError(
            [FactProblem(path, "F_COLUMN", message, "give the rows too, or leave the items out")]
        )
    ordered = joined.sort("parent", maintain_order=True)
    without_key = rows.filter(~there)["parent"]
    parents = ordered["parent"].cast(pl.Int64)
    return Children(ordered.drop("parent", *names), parents, without_key, taken.nan_is_null)


def _as_text(key: pl.Series) -> pl.Series:
    """A key as texts, so that both tables may hold it in their own way; blank ones are none."""
    if key.dtype == pl.Object:
        texts = pl.Series(key.name, [None if one is None else str(one) for one in key], dtype=pl.String)
    elif key.dtype.is_float():
        texts = _whole(key)
    else:
        texts = key.cast(pl.String)
    return texts.replace("", None)


def _whole(key: pl.Series) -> pl.Series:
    """Whole numbers that are floats only because of the gaps between them, as pandas has them."""
    number = pl.lit(key.fill_nan(None))
    whole = (number == number.round()) & (number.abs() < 2**53)
    return (
        pl.select(
            pl.when(whole)
            .then(number.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(number.cast(pl.String))
        )
        .to_series()
        .alias(key.name)
    )


def _keys_of(rows: pl.DataFrame, names: Sequence[str]) -> str:
    """The first of the keys of these rows, each once."""
    return listed([_named(row) for row in rows.select(names).unique(maintain_order=True).head(_SHOWN).rows()])


def _named(row: tuple[object, ...]) -> str:
    return ", ".join("nothing" if part is None else str(part) for part in row)
