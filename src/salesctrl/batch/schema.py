"""The columns of values before there is a row: what the plans say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

from salesctrl.batch.compiled import MAX_DECIMAL_DIGITS, OUTCOME, is_text, largest
from salesctrl.batch.values import decimals, readable, value_columns
from salesctrl.compile.plan import Plan
from salesctrl.policy.types import Base, Type

RESERVED = ("row", OUTCOME, "fired", "pending", "requirements", "unknown", "problems")
"""What is said of every decision: no value is called so."""


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column of values, alike for all plans that have it.

    Attributes:
        type: The type of the values; of several versions the first.
        scale: The most decimals that a version has: all are shown with these.
        dtype: The type of the column, whatever numbers there are: integers that could be beyond 64 bits are
            decimals, and what could have over 38 digits is text, with the decimals of its own version.
    """

    type: Type
    scale: int
    dtype: pl.DataType

    def shown(self, raw: pl.Series, type_: Type) -> pl.Series:
        """Run-time values of one version, its type given, as they are shown in this column."""
        if self.dtype == pl.String:
            return readable(raw, type_).cast(pl.String)
        return readable(raw, type_, self.scale)


def value_schema(plans: Iterable[Plan]) -> dict[str, ValueColumn]:
    """The columns of the values of several versions, by their names, in the order in which they first stand.

    >>> import salesctrl
    >>> plans = salesctrl.load().point("credit.terms").plans
    >>> {name: column.dtype for name, column in value_schema(plans).items()}
    {'class_term': Int64, 'class_limit': Decimal(precision=38, scale=2), 'earned_term': Int64}
    """
    types: dict[str, list[Type]] = {}
    texts: set[str] = set()
    bounds: dict[str, list[tuple[int, int]]] = {}
    for plan in plans:
        for name, number, _, type_ in value_columns(plan.outputs):
            types.setdefault(name, []).append(type_)
            bounds.setdefault(name, []).append((largest(plan, number), type_.scale or 0))
            if is_text(plan, number):
                texts.add(name)
    done: dict[str, ValueColumn] = {}
    for name, several in types.items():
        scale = max(type_.scale or 0 for type_ in several)
        bound = max(most * 10 ** (scale - own) for most, own in bounds[name])
        text = name in texts or bound >= 10**MAX_DECIMAL_DIGITS
        done[name] = ValueColumn(several[0], scale, pl.String() if text else _dtype(several[0], scale, bound))
    return done


def _dtype(type_: Type, scale: int, bound: int) -> pl.DataType:
    if type_.base is Base.MONEY or (type_.base is Base.NUMBER and (scale or bound >= 2**63)):
        return pl.Decimal(MAX_DECIMAL_DIGITS, scale)
    return readable(pl.Series([], dtype=_raw_type(type_)), type_).dtype


def as_type(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Values in the type of their column; integers become decimals without being computed with.

    >>> as_type(pl.Series([7, None]), pl.Decimal(38, 0)).to_list()
    [Decimal('7'), None]
    """
    if isinstance(dtype, pl.Decimal) and values.dtype.is_integer():
        assert dtype.scale == 0
        return decimals(values, 0)
    return values.cast(dtype)


def value_name(name: str, taken: Collection[str], what: str = "value") -> str:
    """What the column of a value is called, where some names are taken; or of something else.

    >>> value_name("outcome", ()), value_name("days_late", ())
    ('outcome (value)', 'days_late')
    """
    return f"{name} ({what})" if name in taken or name in RESERVED else name


def _raw_type(type_: Type) -> pl.DataType:
    """The type of a column of run-time values, where nothing in it is wide."""
    if type_.base in (Base.TEXT, Base.CHOICE):
        return pl.String()
    if type_.base is Base.LIST:
        return pl.List(pl.Int64)
    return pl.Boolean() if type_.base is Base.BOOLEAN else pl.Int64()
