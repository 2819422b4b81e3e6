"""Columns of frames from whole numbers: amounts, days, numbers of documents, and the evidence of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from salesctrl.batch.values import decimals
from salesctrl.sales_year.dice import Numbers

NO_DAY = -1
"""A day that is not known yet, among days since 1970-01-01."""

PERSONS = {
    "general_manager": "100",
    "cfo": "101",
    "sales_vp": "110",
    "sales_manager": "120",
    "sales_supervisor": "121",
    "finance_manager": "130",
    "finance_accountant": "131",
    "finance_supervisor": "133",
    "cashier": "132",
    "cs_manager": "140",
    "cs_specialist": "141",
    "warehouse_keeper": "150",
    "hr_manager": "160",
    "legal_counsel": "170",
}
"""Who holds which post; salespeople are numbered from 201."""

_APPROVAL = ("person", "role", "date", "form")


def money(cents: Numbers) -> pl.Series:
    """Amounts of money.

    >>> money(np.array([123450])).to_list()
    [Decimal('1234.50')]
    """
    return decimals(pl.Series(cents), 2)


def days(numbers: Numbers) -> pl.Series:
    """Days, where those that are not known are null.

    >>> days(np.array([20454, NO_DAY])).to_list()
    [datetime.date(2026, 1, 1), None]
    """
    column = pl.Series(numbers)
    return pl.select(pl.when(column != NO_DAY).then(column).cast(pl.Int32).cast(pl.Date)).to_series()


def numbered(prefix: str, size: int, digits: int = 7) -> pl.Series:
    """Numbers of documents, counted from 1.

    >>> numbered("SO-", 2, 3).to_list()
    ['SO-001', 'SO-002']
    """
    return tagged(prefix, np.arange(1, size + 1), digits)


def tagged(prefix: str, numbers: Numbers, digits: int = 7) -> pl.Series:
    """Numbers with a prefix and leading zeros."""
    text = pl.Series(numbers).cast(pl.String).str.zfill(digits)
    return pl.select(pl.format("{}{}", pl.lit(prefix), text)).to_series()


def chosen(names: Sequence[str], numbers: Numbers) -> pl.Series:
    """The names at these places."""
    return pl.Series(list(names))[numbers]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def month_of(numbers: Numbers) -> Numbers:
    """The month of each day, 0 for January."""
    months: Numbers = numbers.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return months


def shown(numbers: npt.NDArray[np.bool_]) -> pl.Series:
    """Truth values as a column."""
    return pl.Series(numbers)


def approvals(*roles: str, on: str | pl.Expr = "as_of", form: str | None = None) -> pl.Expr:
    """The approvals of a row: one by the holder of each post, in this order, on a day.

    Args:
        roles: The posts that approve.
        on: The day, or the column that has it.
        form: The form of the approvals, such as ``written``.
    """
    return _listed(
        pl.struct(
            pl.lit(PERSONS[role]).alias("person"),
            pl.lit(role).alias("role"),
            (pl.col(on) if isinstance(on, str) else on).alias("date"),
            pl.lit(form, pl.String).alias("form"),
        )
        for role in roles
    )


def documents(*kinds: str, on: str | pl.Expr = "as_of") -> pl.Expr:
    """The documents of a row: one of each kind, of a day."""
    day = pl.col(on) if isinstance(on, str) else on
    return _listed(pl.struct(pl.lit(kind).alias("kind"), day.alias("date")) for kind in kinds)


def duties(**persons: pl.Expr) -> pl.Expr:
    """Who did what: a record of each duty with its person."""
    return _listed(
        pl.struct(pl.lit(duty).alias("duty"), person.alias("person")) for duty, person in persons.items()
    )


def no_approvals() -> pl.Expr:
    """A column in which nothing is approved."""
    fields = {name: pl.Date if name == "date" else pl.String for name in _APPROVAL}
    return pl.lit(None, pl.List(pl.Struct(fields)))


def placed(base: pl.Series, parts: Iterable[tuple[Numbers, pl.Series]]) -> pl.Series:
    """A column with other values in some rows; later ones take the place of earlier ones.

    >>> placed(pl.Series([1, 2, 3]), [(np.array([2]), pl.Series([30]))]).to_list()
    [1, 2, 30]
    """
    pieces, index, size = [base], np.arange(len(base)), len(base)
    for rows, values in parts:
        index[rows] = size + np.arange(len(rows))
        size += len(rows)
        pieces.append(values.cast(base.dtype))
    return pl.concat(pieces).gather(index).alias(base.name)


def with_approvals(frame: pl.DataFrame, *cases: tuple[str, pl.Expr]) -> pl.DataFrame:
    """A frame with approvals in the rows that columns of truth values mark; of two cases the later counts.

    Args:
        frame: The frame; nothing is approved in its other rows.
        cases: The column that marks the rows, and the approvals of these rows.
    """
    base = frame.select(no_approvals()).to_series()
    empty = base.new_from_index(0, frame.height).alias("evidence.approvals")
    parts = []
    for mark, given in cases:
        rows = np.flatnonzero(frame[mark].to_numpy())
        parts.append((rows, frame[rows].select(given).to_series()))
    return frame.with_columns(placed(empty, parts))


def _listed(items: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_list(list(items))
