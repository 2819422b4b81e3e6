"""Rows taken out of columns, lists among them, are the rows that they were."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batch.test_deciding import assert_as_one_by_one
from tests.loading import engine_of
from tests.strategies import Chooser, make_case, make_set

from salesctrl.batch import deciding
from salesctrl.batch.given import Given, Shape, python_values, shape_of, sliced
from salesctrl.batch.lists import ListColumn

NUMBERS = st.none() | st.integers(-5, 5)
ITEMS = st.tuples(NUMBERS, st.none() | st.lists(st.tuples(NUMBERS), max_size=2).map(tuple))
LISTS = st.lists(st.none() | st.lists(ITEMS, max_size=3).map(tuple), max_size=6)


def column(values: Any, inner: bool = True) -> ListColumn:
    """Lists of records with a number, and in it lists of records with a number."""
    lengths = pl.Series([None if v is None else len(v) for v in values], dtype=pl.Int64)
    items = [item for value in values for item in value or ()]
    first = pl.Series([item[0] for item in items], dtype=pl.Int64)
    return ListColumn(lengths, (first, column([item[1] for item in items], False)) if inner else (first,))


@given(LISTS, st.data())
def test_rows_taken_and_sliced(values: Any, data: st.DataObject) -> None:
    numbers = pl.Series(range(len(values)), dtype=pl.Int64)
    whole = Given(len(values), {0: numbers, 1: column(values)})
    expected = list(zip(numbers, values, strict=True))
    assert list(whole.values()) == expected
    apart = Given(len(values), {0: numbers}, rest=lambda: {1: column(values)})
    rows = (
        data.draw(st.lists(st.integers(0, max(len(values) - 1, 0)), max_size=len(values), unique=True))
        if values
        else []
    )
    picked = whole.taken(pl.Series(rows, dtype=pl.UInt32))
    assert (picked.rows, list(picked.values())) == (len(rows), [expected[row] for row in rows])
    start = data.draw(st.integers(0, len(values)))
    count = data.draw(st.integers(0, 7))
    part = whole.sliced(start, count)
    assert list(part.values()) == expected[start : start + count]
    assert list(apart.taken(pl.Series(rows, dtype=pl.UInt32)).values()) == list(picked.values())
    assert list(apart.sliced(start, count).values()) == list(part.values())
    assert python_values(sliced(column(values), start, count)) == list(values[start : start + count])


@given(st.lists(st.none() | st.integers(-(2**70), 2**70), max_size=5))
def test_the_bounds_of_a_shape_hold_its_numbers(values: list[int | None]) -> None:
    shape = shape_of(pl.Series(values, dtype=pl.Int128), measured=True)
    assert shape.gaps == (None in values)
    assert shape.bounds is not None
    assert all(shape.bounds[0] <= value <= shape.bounds[1] for value in values if value is not None)


def test_the_shape_of_lists() -> None:
    shape = shape_of(column([None, ((5, None),) * 5]), measured=True)
    assert (shape.gaps, shape.longest, shape.items[0]) == (True, 7, Shape(False, (0, 7)))
    assert shape_of(pl.Series(["x"]), measured=True) == Shape(False)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_slices_are_decided_as_their_rows_are(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(deciding, "BYTES_AT_ONCE", 1)
    c = Chooser.seeded(seed)
    made = make_set(c)
    assert_as_one_by_one(engine_of(made.text, overlays=True), [make_case(c, made.world) for _ in range(4)])
