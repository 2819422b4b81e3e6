"""The functions on columns: each is the scalar function, for every value."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from salesctrl.batch.kernels import CALLS, allocate, rounded
from salesctrl.calendar import WorkCalendar
from salesctrl.evaluate import runtime
from salesctrl.expr import lower
from salesctrl.numbers import ROUNDERS, RoundingMode
from salesctrl.numbers import allocate as scalar_allocate

WIDTHS = {pl.Int64: 2**63, pl.Int128: 2**127}
A, B = pl.col("a"), pl.col("b")

# Each example is a table of many values.
FEWER = settings(max_examples=settings().max_examples // 3)

modes = st.sampled_from(RoundingMode)
dtypes = st.sampled_from(list(WIDTHS))
texts = st.text(st.sampled_from("aAbßİıΣσςÉé客Ⅷ𝔸 .*"), max_size=5) | st.text(max_size=5)


def near(limit: int) -> st.SearchStrategy[int]:
    """Integers that fit, many of them close to the ends, to 0, and to powers of ten."""
    tens = st.builds(
        lambda k, s, sign: sign * (10**k + s),
        st.integers(0, 37),
        st.integers(-2, 2),
        st.sampled_from((1, -1)),
    )
    edges = st.sampled_from((-limit, limit - 1, 10**18, 10**38 - 1, -(10**38) + 1))
    ends = st.builds(lambda e, s: e + s, edges, st.integers(-3, 3))
    return (st.integers(-50, 50) | st.integers(-limit, limit - 1) | ends | tens).filter(
        lambda n: -limit <= n < limit
    )


def columns(
    *of: tuple[Any, st.SearchStrategy[Any]],
) -> st.SearchStrategy[pl.DataFrame]:
    """Frames with columns a, b, … of these types and values, or null."""
    row = st.tuples(*(values | st.none() for _, values in of))
    schema = {name: dtype for name, (dtype, _) in zip("abcdefgh", of, strict=False)}
    return st.lists(row, max_size=20).map(lambda rows: pl.DataFrame(rows, schema, orient="row"))


def known(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, unknown where an argument is."""
    return lambda *args: None if None in args else function(*args)


def by_row(frame: pl.DataFrame, function: Callable[..., Any]) -> list[Any]:
    return [function(*row) for row in frame.iter_rows()]


def called(frame: pl.DataFrame, name: str, *args: pl.Expr, static: Sequence[Any] = ()) -> pl.Series:
    done = CALLS[name](args, tuple(static), WorkCalendar())
    assert isinstance(done, pl.Expr)
    return frame.with_columns(done.alias("done"))["done"]


def test_every_function_of_the_graph_is_there() -> None:
    in_lowering = {
        *lower._PLAIN_CALLS,
        "allocate",
        "accrue",
        "add_months",
        "add_workdays",
        "count_true",
        "collect_list",
        "collect_min",
        "collect_max",
    }
    at_run_time = {
        n.removeprefix("call_") for n in runtime.functions(WorkCalendar()) if n.startswith("call_")
    }
    assert set(CALLS) == in_lowering == at_run_time - {"select"}


class TestRounded:
    @pytest.mark.parametrize("dtype", WIDTHS)
    @FEWER
    @given(st.data())
    def test_by_a_column(self, dtype: Any, data: st.DataObject) -> None:
        limit, mode = WIDTHS[dtype], data.draw(modes)
        frame = data.draw(columns((dtype, near(limit)), (dtype, near(limit).filter(lambda d: d > 0))))
        done = frame.select(rounded(A, B, mode, dtype=dtype)).to_series()
        assert done.dtype == dtype
        assert done.to_list() == by_row(frame, known(ROUNDERS[mode]))

    @pytest.mark.parametrize("dtype", WIDTHS)
    @FEWER
    @given(st.data())
    def test_by_a_constant(self, dtype: Any, data: st.DataObject) -> None:
        limit, mode = WIDTHS[dtype], data.draw(modes)
        d = data.draw(near(limit).filter(lambda d: d > 0) | st.integers(1, 12))
        frame = data.draw(columns((dtype, near(limit))))
        done = frame.select(rounded(A, d, mode, dtype=dtype)).to_series()
        assert done.dtype == dtype
        assert done.to_list() == by_row(frame, known(lambda n: ROUNDERS[mode](n, d)))

    @pytest.mark.parametrize("dtype", WIDTHS)
    @FEWER
    @given(st.data())
    def test_with_room(self, dtype: Any, data: st.DataObject) -> None:
        mode, d = data.draw(modes), data.draw(st.integers(1, 12) | st.integers(1, WIDTHS[dtype] // 2))
        frame = data.draw(columns((dtype, near(WIDTHS[dtype] // 2))))
        done = frame.select(rounded(A, d, mode, dtype=dtype, room=True)).to_series()
        assert done.dtype == dtype
        assert done.to_list() == by_row(frame, known(lambda n: ROUNDERS[mode](n, d)))

    @given(st.data(), modes, st.booleans())
    def test_of_what_is_not_negative(self, data: st.DataObject, mode: RoundingMode, room: bool) -> None:
        frame = data.draw(columns((pl.Int64, st.integers(0, 2**62)), (pl.Int64, st.integers(1, 2**62))))
        done = frame.select(rounded(A, B, mode, dtype=pl.Int64, nonnegative=True, room=room)).to_series()
        assert done.to_list() == by_row(frame, known(ROUNDERS[mode]))

    @pytest.mark.parametrize("mode", RoundingMode)
    @pytest.mark.parametrize("room", [False, True])
    def test_all_small_ones(self, mode: RoundingMode, room: bool) -> None:
        for d in range(1, 9):
            frame = pl.DataFrame({"a": range(-30, 31)})
            done = frame.select(rounded(A, d, mode, dtype=pl.Int64, room=room)).to_series()
            assert done.to_list() == [ROUNDERS[mode](n, d) for n in range(-30, 31)]


def split(frame: pl.DataFrame, weights: tuple[int, ...], dtype: Any) -> list[tuple[Any, ...]]:
    parts = allocate(A, weights)
    assert parts is not None
    done = frame.select(part.alias(str(i)) for i, part in enumerate(parts))
    assert set(done.dtypes) == {dtype}
    return done.rows()


def split_by_row(frame: pl.DataFrame, weights: tuple[int, ...]) -> list[Any]:
    return by_row(frame, lambda n: (None,) * len(weights) if n is None else scalar_allocate(n, weights))


few = st.lists(st.integers(0, 12), min_size=1, max_size=8)
some = st.lists(st.integers(0, 12) | st.integers(0, 10**9), min_size=1, max_size=4)


class TestAllocate:
    @pytest.mark.parametrize("dtype", WIDTHS)
    @FEWER
    @given(st.data(), st.one_of(few, some).filter(any).map(tuple))
    def test_as_the_scalar(self, dtype: Any, data: st.DataObject, weights: tuple[int, ...]) -> None:
        frame = data.draw(columns((dtype, near(WIDTHS[dtype]))))
        assert split(frame, weights, dtype) == split_by_row(frame, weights)

    @pytest.mark.parametrize(
        "weights", [(3, 0, 3, 3, 3, 1, 3, 3), (2**17, 1, 2**17), (2**30, 2**30 + 1), (1,), (2**70, 2**70)]
    )
    def test_all_small_totals(self, weights: tuple[int, ...]) -> None:
        frame = pl.DataFrame({"a": range(-50, 50)})
        assert split(frame, weights, pl.Int64) == split_by_row(frame, weights)

    def test_the_widest_weights(self) -> None:
        widest = (2**31, 2**31 - 1)
        frame = pl.DataFrame({"a": [-(2**63), 2**63 - 1, sum(widest) - 1, 1 - sum(widest)]})
        assert split(frame, widest, pl.Int64) == split_by_row(frame, widest)
        assert allocate(A, (2**31, 2**31 + 1)) is None

    def test_impossible_weights(self) -> None:
        with pytest.raises(ValueError, match="expected at least one weight above zero"):
            allocate(A, (0, 0))

    def test_of_a_constant_there_is_one_for_each_row(self) -> None:
        parts = allocate(pl.lit(10), (1, 2))
        assert parts is not None
        frame = pl.DataFrame({"a": [1, 2]}).with_columns(x=parts[0], y=parts[1])
        assert frame.rows() == [(1, 3, 7), (2, 3, 7)]


class TestText:
    @pytest.mark.parametrize(
        ("name", "scalar"),
        [("starts_with", str.startswith), ("ends_with", str.endswith), ("contains", str.__contains__)],
    )
    @FEWER
    @given(st.data())
    def test_parts(self, name: str, scalar: Callable[[str, str], bool], data: st.DataObject) -> None:
        frame = data.draw(columns((pl.String, texts), (pl.String, texts)))
        assert called(frame, name, A, B).to_list() == by_row(frame, known(scalar))
        constant = data.draw(texts)
        only = frame.select("a")
        assert called(only, name, A, pl.lit(constant)).to_list() == by_row(
            only, known(lambda a: scalar(a, constant))
        )
        assert called(only, name, pl.lit(constant), A).to_list() == by_row(
            only, known(lambda a: scalar(constant, a))
        )

    @given(columns((pl.String, texts)))
    @example(pl.DataFrame({"a": ["İ", "ΑΣ", "ΑΣΑ", "ς", "Σ", "AB", None]}))
    def test_lower_and_length(self, frame: pl.DataFrame) -> None:
        assert called(frame, "lower", A).to_list() == by_row(frame, known(str.lower))
        assert called(frame, "length", A).to_list() == by_row(frame, known(len))
        assert called(frame, "length", A).dtype == pl.Int64

    @pytest.mark.exhaustive
    def test_lower_of_every_character(self) -> None:
        every = [chr(n) for n in range(0x110000) if not 0xD800 <= n < 0xE000]
        frame = pl.DataFrame({"a": every})
        assert called(frame, "lower", A).to_list() == [c.lower() for c in every]

    def test_lower_of_a_constant(self) -> None:
        assert called(pl.DataFrame({"a": [1, 2]}), "lower", pl.lit("É")).to_list() == ["é", "é"]


tests = st.booleans()


class TestRowsThatHold:
    @given(columns(*[(pl.Boolean, tests)] * 3))
    def test_count_true(self, frame: pl.DataFrame) -> None:
        done = called(frame, "count_true", *map(pl.col, frame.columns))
        assert done.dtype == pl.Int64
        assert done.to_list() == by_row(frame, known(runtime.count_true))

    @pytest.mark.parametrize(
        ("dtype", "values"),
        [(pl.Int64, near(2**63)), (pl.Int128, near(2**127)), (pl.String, texts), (pl.Boolean, tests)],
    )
    @FEWER
    @given(st.data())
    def test_collect(self, dtype: Any, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
        frame = data.draw(columns(*[(pl.Boolean, tests), (dtype, values)] * 3))
        args = [pl.col(name) for name in frame.columns]
        for name in ("collect_min", "collect_max"):
            done = called(frame, name, *args)
            assert done.dtype == dtype
            assert done.to_list() == by_row(frame, getattr(runtime, name))
        lists = called(frame, "collect_list", *args)
        assert lists.dtype == pl.List(dtype)
        expected = by_row(frame, runtime.collect_list)
        assert lists.to_list() == [None if row is None else list(row) for row in expected]

    def test_collect_of_constants(self) -> None:
        frame = pl.DataFrame({"a": [True, None, False]})
        args = (A, pl.lit(3, pl.Int128), pl.lit(True), pl.lit(2, pl.Int64))
        assert called(frame, "collect_min", *args).to_list() == [2, None, 2]
        assert called(frame, "collect_list", *args).to_list() == [[3, 2], None, [2]]
        assert called(frame, "collect_list", pl.lit(True), pl.lit(2)).to_list() == [[2]] * 3

    def test_a_value_that_is_never_known(self) -> None:
        frame = pl.DataFrame({"a": [True, False]})
        args = (A, pl.lit(None), pl.lit(True), pl.lit("b"))
        assert called(frame, "collect_list", *args).to_list() == [None, ["b"]]
        assert called(frame, "collect_max", *args).to_list() == [None, "b"]
