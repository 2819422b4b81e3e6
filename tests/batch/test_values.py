"""Run-time values as columns that people read: nothing is computed, nothing is rounded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.batch.values import decimals, readable
from salesctrl.policy.types import BOOLEAN, DATE, DAYS, INSTANT, MONTHS, TEXT, Base, Type, money, number

MOST = 10**38 - 1


def scaled(n: int | None, scale: int) -> Decimal | None:
    with localcontext() as context:
        context.prec = 80
        return None if n is None else Decimal(n).scaleb(-scale)


@given(st.lists(st.none() | st.integers(-MOST, MOST), max_size=6), st.integers(0, 38), st.booleans())
def test_integers_become_decimals_bit_by_bit(values: list[int | None], scale: int, wide: bool) -> None:
    if not wide:
        values = [None if n is None else n % 2**63 * (-1 if n < 0 else 1) for n in values]
    made = decimals(pl.Series("x", values, dtype=pl.Int128 if wide else pl.Int64), scale)
    assert made.to_list() == [scaled(n, scale) for n in values]
    assert (made.name, made.dtype) == ("x", pl.Decimal(38, scale))


@pytest.mark.parametrize(
    "n", [2**63, 2**64 - 1, 2**64, -(2**63) - 1, -(2**64), -(2**64) - 1, -1, MOST, -MOST]
)
def test_halves_of_wide_integers(n: int) -> None:
    assert decimals(pl.Series([n], dtype=pl.Int128), 2).to_list() == [scaled(n, 2)]


def test_a_value_is_shown_with_the_decimals_of_the_version_that_has_most() -> None:
    assert readable(pl.Series([125, None]), money("CNY"), 4).to_list() == [Decimal("1.2500"), None]
    assert readable(pl.Series([125]), number(0), 2).to_list() == [Decimal("125.00")]
    assert readable(pl.Series(["-125", None]), number(2)).to_list() == ["-1.25", None]
    assert readable(pl.Series([7]), number(0)).to_list() == [7]


MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("element", "raw", "dtype", "shown"),
    [
        (DATE, 739617, pl.Date, date(2026, 1, 1)),
        (INSTANT, 1_767_225_600_000_000, pl.Datetime("us", "UTC"), MOMENT),
        (DAYS, 30, pl.Int64, 30),
        (MONTHS, 3, pl.Int64, 3),
        (BOOLEAN, True, pl.Boolean, True),
        (TEXT, "x", pl.String, "x"),
        (money("CNY"), 150, pl.Decimal(38, 2), Decimal("1.50")),
        (number(0), 7, pl.Int64, 7),
    ],
)
def test_lists_of_every_type(element: Type, raw: object, dtype: pl.DataType, shown: object) -> None:
    made = readable(pl.Series([[raw], [], None]), Type(Base.LIST, element=element))
    assert made.dtype == pl.List(dtype)
    assert made.to_list() == [[shown], [], None]
