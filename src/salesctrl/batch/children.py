"""The items of lists in a frame of their own: each row of it is an item, and says by a key whose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
    """The items of a list of all rows: a row each, sorted by the rows that they belong to."""

    items: pl.DataFrame
    parents: pl.Series
    nan_is_null: bool

    def read(
        self, leaf: Leaf, rows: int, way: Mapping[str, Any]
    ) -> tuple[ListColumn, tuple[CellProblem, ...], tuple[int, ...]]:
        """The lists of all rows; a row without items has an empty one."""
        return child_lists(
            leaf, self.items, self.parents, rows, tolerance=way["tolerance"], nan_is_null=self.nan_is_null
        )


def children_of(path: str, frame: object, keys: Sequence[pl.Series], names: Sequence[str]) -> Children:
    """Find whose the items are.

    Args:
        path: The path of the list.
        frame: The items.
        keys: The key columns of the rows, in the order of ``names``.
        names: The names of the key, the same in both frames.

    Raises:
        FactsError: There is no key; two rows have the same; an item has that of no row.
    """
    if not names:
        message, help = "there is no key to say which items are whose", 'pass `key="order_id"`'
        raise FactsError([FactProblem(path, "F_COLUMN", message, help)])
    if len(keys) < len(names):
        raise FactsError([_lacking(path, names, {key.name for key in keys}, "rows")])
    taken = take(frame)
    if not set(names) <= set(taken.columns.columns):
        raise FactsError([_lacking(path, names, set(taken.columns.columns), "items")])
    rows = pl.DataFrame([key.cast(pl.String) for key in keys]).with_row_index("parent")
    twice = rows.filter(pl.struct(names).is_duplicated())
    if twice.height:
        shown = listed(
            [_named(row) for row in twice.select(names).unique(maintain_order=True).head(_SHOWN).rows()]
        )
        message = f"several rows have the key {shown}"
        raise FactsError([FactProblem(path, "F_COLUMN", message, "name a key that is different in each row")])
    items = taken.columns.with_columns(pl.col(name).cast(pl.String) for name in names)
    joined = items.join(rows, on=list(names), how="left", maintain_order="left")
    lost = joined.filter(pl.col("parent").is_null())
    if lost.height:
        shown = listed(
            [_named(row) for row in lost.select(names).unique(maintain_order=True).head(_SHOWN).rows()]
        )
        message = f"{lost.height:,} items belong to no row: {shown}"
        raise FactsError(
            [FactProblem(path, "F_COLUMN", message, "give the rows too, or leave the items out")]
        )
    ordered = joined.sort("parent", maintain_order=True)
    return Children(ordered.drop("parent", *names), ordered["parent"].cast(pl.Int64), taken.nan_is_null)


def _lacking(path: str, names: Sequence[str], there: Collection[str], whose: str) -> FactProblem:
    lacking = listed([name for name in names if name not in there])
    return FactProblem(path, "F_COLUMN", f"the {whose} have no column {lacking} for the key")


def _named(row: tuple[object, ...]) -> str:
    return ", ".join("nothing" if part is None else str(part) for part in row)
