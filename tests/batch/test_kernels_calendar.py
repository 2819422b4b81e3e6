"""The calendar on columns: each function is the scalar one, on every day."""

from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import accumulate
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl import calendar
from salesctrl.batch import kernels_calendar as dates
from salesctrl.batch.kernels import CALLS
from salesctrl.calendar import FIRST_DAY, LAST_DAY, DayCount, RateSchedule, WorkCalendar, month_end
from salesctrl.evaluate import runtime

A, B = pl.col("a"), pl.col("b")
CHINA = WorkCalendar.of(
    holidays=[date(2026, 10, n) for n in range(1, 8)], extra_workdays=[date(2026, 9, 20), date(2026, 10, 10)]
)

usual = st.integers(date(1999, 1, 1).toordinal(), date(2033, 1, 1).toordinal())
days = (
    st.integers(FIRST_DAY, LAST_DAY)
    | usual
    | usual.map(month_end)
    | st.sampled_from([*range(FIRST_DAY, FIRST_DAY + 70), *range(LAST_DAY - 70, LAST_DAY + 1)])
    | st.sampled_from([date(y, 2, d).toordinal() for y in (4, 100, 400, 1900, 2000, 2024, 9996) for d in (1, 28)]).map(month_end)
)  # fmt: skip
counts = st.integers(-60, 60) | st.integers(-(2**63), 2**63 - 1) | st.integers(-130_000, 130_000)
calendars = st.sampled_from([WorkCalendar(), CHINA]) | st.builds(
    WorkCalendar,
    st.frozensets(st.integers(1, 7), max_size=6),
    st.frozensets(days.filter(lambda day: day % 2 == 0), max_size=6),
    st.frozensets(days.filter(lambda day: day % 2 == 1), max_size=6),
)


def frames(**of: st.SearchStrategy[int]) -> st.SearchStrategy[pl.DataFrame]:
    rows = st.lists(st.tuples(*(values | st.none() for values in of.values())), max_size=30)
    return rows.map(lambda rows: pl.DataFrame(rows, dict.fromkeys(of, pl.Int64), orient="row"))


def same(frame: pl.DataFrame, on_columns: pl.Expr, scalar: Callable[..., Any]) -> None:
    done = frame.with_columns(on_columns.alias("done"))["done"]
    assert done.dtype == pl.Int64
    assert done.to_list() == [None if None in row else scalar(*row) for row in frame.iter_rows()]


PARTS = [
    (dates.year, calendar.year_of), (dates.month, calendar.month_of), (dates.day_of_month, calendar.day_of),
    (dates.month_end, calendar.month_end), (dates.year_end, calendar.year_end),
]  # fmt: skip


@pytest.mark.parametrize(("on_columns", "scalar"), PARTS)
class TestParts:
    @given(frames(a=days))
    def test_parts(self, on_columns: Any, scalar: Any, frame: pl.DataFrame) -> None:
        same(frame, on_columns(A), scalar)

    @pytest.mark.exhaustive
    def test_every_day(self, on_columns: Any, scalar: Any) -> None:
        same(pl.DataFrame({"a": range(FIRST_DAY, LAST_DAY + 1)}), on_columns(A), scalar)

    def test_of_no_day_and_of_constants(self, on_columns: Any, scalar: Any) -> None:
        assert pl.DataFrame({"a": [0, LAST_DAY + 1]}).select(on_columns(A))["a"].to_list() == [None, None]
        frame = pl.DataFrame({"a": [1, 2]}).with_columns(b=on_columns(pl.lit(738_000)))
        assert frame["b"].to_list() == [scalar(738_000)] * 2


class TestMonths:
    @given(frames(a=days, b=days))
    def test_between(self, frame: pl.DataFrame) -> None:
        same(frame, dates.months_between(A, B), calendar.months_between)
        same(frame, dates.months_started(A, B), calendar.months_started)

    @pytest.mark.parametrize("mode", ["clamp", "error"])
    @given(frame=frames(a=days, b=counts))
    def test_added(self, mode: Any, frame: pl.DataFrame) -> None:
        same(frame, dates.add_months(A, B, mode), lambda a, b: runtime.add_months(a, b, mode))

    @pytest.mark.parametrize("mode", ["clamp", "error"])
    def test_over_the_ends_of_the_calendar(self, mode: Any) -> None:
        ends = pl.DataFrame({"a": [1, 31, 365, LAST_DAY - 364, LAST_DAY - 30, LAST_DAY]})
        frame = ends.join(pl.DataFrame({"b": range(-25, 26)}), how="cross")
        same(frame, dates.add_months(A, B, mode), lambda a, b: runtime.add_months(a, b, mode))

    def test_a_wide_count(self) -> None:
        frame = pl.DataFrame({"a": [1, 800], "b": [2**100, -2]}, {"a": pl.Int64, "b": pl.Int128})
        same(frame, dates.add_months(A, B, "clamp"), lambda a, b: runtime.add_months(a, b, "clamp"))
        same(frame, dates.add_workdays(A, B, CHINA), partial(_workday, CHINA))

    def test_constants(self) -> None:
        frame = pl.DataFrame({"a": [738_000, None]})
        same(frame, dates.add_months(A, pl.lit(1), "clamp"), lambda a: runtime.add_months(a, 1, "clamp"))
        both = dates.months_between(pl.lit(738_000), pl.lit(739_000))
        assert frame.with_columns(b=both)["b"].to_list() == [calendar.months_between(738_000, 739_000)] * 2


def _workday(of: WorkCalendar, day: int, days: int) -> Any:
    return runtime.functions(of)["call_add_workdays"](day, days)


class TestWorkdays:
    @given(frames(a=days, b=counts | st.integers(-2_700_000, 2_700_000)), calendars)
    def test_added(self, frame: pl.DataFrame, of: WorkCalendar) -> None:
        same(frame, dates.add_workdays(A, B, of), partial(_workday, of))

    def test_around_a_long_holiday(self) -> None:
        start = date(2026, 9, 15).toordinal()
        frame = pl.DataFrame({"a": [start + n for n in range(40)]}).join(
            pl.DataFrame({"b": range(-30, 31)}), how="cross"
        )
        same(frame, dates.add_workdays(A, B, CHINA), partial(_workday, CHINA))


@st.composite
def schedules(draw: st.DrawFn) -> RateSchedule:
    rates = st.integers(-500, 500) | st.integers(-(10**12), 10**12)
    gaps = draw(st.lists(st.integers(1, 800), max_size=4))
    first = draw(usual | st.just(FIRST_DAY))
    return tuple((day, draw(rates)) for day in accumulate(gaps, initial=first))


def accrued(frame: pl.DataFrame, schedule: RateSchedule, basis: DayCount) -> list[tuple[Any, ...]]:
    numerators, denominators = dates.accrue(A, B, schedule, basis)
    return frame.select(numerators.alias("num"), denominators.alias("den")).rows()


def accrued_by_row(frame: pl.DataFrame, schedule: RateSchedule, basis: DayCount) -> list[Any]:
    nothing = (None, None)
    return [
        nothing if None in (a, b) else runtime.accrue(a, b, schedule, basis) or nothing
        for a, b in frame.iter_rows()
    ]


@pytest.mark.parametrize("basis", DayCount)
class TestAccrue:
    @given(frame=frames(a=days, b=days), schedule=schedules())
    def test_as_the_scalar(self, basis: DayCount, frame: pl.DataFrame, schedule: RateSchedule) -> None:
        assert accrued(frame, schedule, basis) == accrued_by_row(frame, schedule, basis)

    def test_every_pair_of_days_around_months(self, basis: DayCount) -> None:
        near = [date(2024, 2, 25).toordinal() + n for n in range(40)]
        frame = pl.DataFrame({"a": near}).join(pl.DataFrame({"b": near}), how="cross")
        schedule = ((near[3], 7), (near[10], -2), (near[30], 100))
        assert accrued(frame, schedule, basis) == accrued_by_row(frame, schedule, basis)

    @pytest.mark.parametrize("rate", [2**63 // 10**10, 2**63 // 10**10 + 1, 10**28])
    def test_rates_of_any_width(self, basis: DayCount, rate: int) -> None:
        frame = pl.DataFrame({"a": [1, 700_000, None], "b": [LAST_DAY] * 3})
        schedule = ((FIRST_DAY, rate), (730_000, -rate))
        assert accrued(frame, schedule, basis) == accrued_by_row(frame, schedule, basis)


def test_accrue_by_name() -> None:
    made = CALLS["accrue"]([pl.lit(1), pl.lit(366)], (((FIRST_DAY, 2),), "ACT/365"), WorkCalendar())
    assert isinstance(made, list)
    assert [pl.select(part).item() for part in made] == [730, 365]
