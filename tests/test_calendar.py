"""The calendar: months, working days, day counts, interest at dated rates."""

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.calendar import (
    FIRST_DAY,
    LAST_DAY,
    BackwardPeriod,
    DateRange,
    DayCount,
    NoRate,
    NoSuchDay,
    WorkCalendar,
    accrue,
    add_days,
    add_months,
    day_of,
    month_end,
    month_of,
    months_between,
    months_started,
    year_end,
    year_fraction,
    year_of,
)


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


any_day = st.integers(FIRST_DAY, LAST_DAY)
# Close to each other, and often at the end of a month, where the rules differ.
usual_day = st.integers(day("1995-01-01"), day("2035-12-31")) | st.builds(
    lambda d, shift: month_end(d) + shift,
    st.integers(day("1995-01-01"), day("2035-11-30")),
    st.integers(-2, 2),
)


class TestParts:
    @given(any_day)
    def test_parts(self, d: int) -> None:
        assert date(year_of(d), month_of(d), day_of(d)).toordinal() == d

    @given(any_day)
    def test_ends(self, d: int) -> None:
        end = month_end(d)
        assert end >= d
        assert (year_of(end), month_of(end)) == (year_of(d), month_of(d))
        assert end == LAST_DAY or day_of(end + 1) == 1
        assert text(year_end(d)) == f"{year_of(d):04}-12-31"

    @pytest.mark.parametrize(
        ("given_day", "end"),
        [
            ("2026-02-01", "2026-02-28"),
            ("2028-02-29", "2028-02-29"),
            ("1900-02-01", "1900-02-28"),
            ("2000-02-01", "2000-02-29"),
            ("2026-04-30", "2026-04-30"),
            ("9999-12-01", "9999-12-31"),
        ],
    )
    def test_month_end(self, given_day: str, end: str) -> None:
        assert text(month_end(day(given_day))) == end

    @pytest.mark.parametrize(
        "function", [year_of, month_of, day_of, year_end, month_end, lambda d: add_days(d, 0)]
    )
    def test_out_of_range(self, function: Callable[[int], int]) -> None:
        with pytest.raises(DateRange, match="but got an earlier one"):
            function(0)
        with pytest.raises(DateRange, match="but got a later one"):
            function(LAST_DAY + 1)

    def test_range_errors_are_overflow_errors(self) -> None:
        assert issubclass(DateRange, OverflowError)


class TestAddDays:
    @given(any_day, st.integers(-4_000_000, 4_000_000))
    def test_as_timedelta(self, d: int, days: int) -> None:
        try:
            expected = (date.fromordinal(d) + timedelta(days)).toordinal()
        except OverflowError:
            with pytest.raises(DateRange):
                add_days(d, days)
        else:
            assert add_days(d, days) == expected


class TestAddMonths:
    @pytest.mark.parametrize(
        ("start", "months", "result"),
        [
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-01-31", 2, "2026-03-31"),
            ("2026-01-31", 3, "2026-04-30"),
            ("2026-03-31", -1, "2026-02-28"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29"),
            ("2026-12-15", 1, "2027-01-15"),
            ("2026-01-15", -1, "2025-12-15"),
            ("2026-01-15", 0, "2026-01-15"),
            ("9999-11-30", 1, "9999-12-30"),
        ],
    )
    def test_clamp(self, start: str, months: int, result: str) -> None:
        assert text(add_months(day(start), months)) == result

    @given(usual_day, st.integers(-1000, 1000))
    def test_as_pandas_clamps(self, d: int, months: int) -> None:
        expected = pd.Timestamp(text(d)) + pd.DateOffset(months=months)
        assert text(add_months(d, months, "clamp")) == expected.date().isoformat()

    @given(usual_day, st.integers(-100, 100))
    def test_error_mode_differs_only_where_the_day_is_missing(self, d: int, months: int) -> None:
        clamped = add_months(d, months, "clamp")
        if day_of(clamped) == day_of(d):
            assert add_months(d, months, "error") == clamped
        else:
            with pytest.raises(NoSuchDay):
                add_months(d, months, "error")

    def test_message(self) -> None:
        with pytest.raises(NoSuchDay) as caught:
            add_months(day("2026-01-31"), 1, "error")
        assert str(caught.value) == "expected day 31 in 2026-02 (2026-01-31, +1 months) but it has 28"

    def test_a_mode_that_is_no_mode_does_not_clamp(self) -> None:
        with pytest.raises(NoSuchDay):
            add_months(day("2026-01-31"), 1, "Clamp")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "months", [12 * 10_000, -12 * 10_000, 10**5000, -(10**5000)], ids=["+", "-", "++", "--"]
    )
    def test_out_of_range(self, months: int) -> None:
        with pytest.raises(DateRange, match="a later one" if months > 0 else "an earlier one"):
            add_months(day("2026-01-31"), months)

    def test_just_out_of_range(self) -> None:
        with pytest.raises(DateRange, match="a later one"):
            add_months(LAST_DAY, 1)
        with pytest.raises(DateRange, match="an earlier one"):
            add_months(FIRST_DAY, -1)


class TestMonthsBetween:
    @pytest.mark.parametrize(
        ("a", "b", "done", "started"),
        [
            ("2026-01-15", "2026-01-15", 0, 0),
            ("2026-01-15", "2026-01-16", 0, 1),
            ("2026-01-15", "2026-02-14", 0, 1),
            ("2026-01-15", "2026-02-15", 1, 1),
            ("2026-01-15", "2026-02-16", 1, 2),
            ("2026-01-31", "2026-02-27", 0, 1),
            ("2026-01-31", "2026-02-28", 1, 1),
            ("2026-01-31", "2026-03-01", 1, 2),
            ("2026-01-31", "2026-03-30", 1, 2),
            ("2026-01-31", "2026-03-31", 2, 2),
            ("2028-02-29", "2029-02-28", 12, 12),
            ("2026-02-28", "2026-03-28", 1, 1),
            ("2026-02-28", "2026-03-31", 1, 2),
        ],
    )
    def test_examples(self, a: str, b: str, done: int, started: int) -> None:
        assert months_between(day(a), day(b)) == done
        assert months_started(day(a), day(b)) == started

    @given(usual_day, usual_day)
    def test_between_is_the_largest_that_is_not_after(self, a: int, b: int) -> None:
        a, b = sorted((a, b))
        m = months_between(a, b)
        assert m >= 0
        assert add_months(a, m) <= b < add_months(a, m + 1)

    @given(usual_day, usual_day)
    def test_started_is_the_smallest_that_is_not_before(self, a: int, b: int) -> None:
        m = months_started(a, b)
        assert m >= 0
        assert add_months(a, m) >= b
        assert m == 0 or add_months(a, m - 1) < b

    @given(usual_day, usual_day)
    def test_between_is_antisymmetric(self, a: int, b: int) -> None:
        assert months_between(a, b) == -months_between(b, a)

    @given(any_day, any_day)
    def test_to_the_ends_of_the_calendar(self, a: int, b: int) -> None:
        a, b = sorted((a, b))
        assert months_started(a, b) - months_between(a, b) in (0, 1)
        assert add_months(a, months_between(a, b)) <= b

    @pytest.mark.parametrize("function", [months_between, months_started])
    def test_out_of_range(self, function: Callable[[int, int], int]) -> None:
        for a, b in ((0, 5), (5, 0), (1, LAST_DAY + 1), (LAST_DAY + 1, 1)):
            with pytest.raises(DateRange):
                function(a, b)


WEEK = st.frozensets(st.integers(1, 7), max_size=6)
NEAR = st.integers(day("2026-01-01"), day("2026-12-31"))


@st.composite
def work_calendars(draw: st.DrawFn) -> WorkCalendar:
    days_off = draw(st.frozensets(NEAR, max_size=60))
    extra = draw(st.frozensets(NEAR, max_size=20)) - days_off
    return WorkCalendar(draw(WEEK), days_off, extra)


class TestWorkCalendar:
    CHINA_2026 = WorkCalendar.of(
        holidays=[date(2026, 10, d) for d in range(1, 8)],
        extra_workdays=[date(2026, 9, 20), date(2026, 10, 10)],  # a Sunday and a Saturday
    )

    @pytest.mark.parametrize(
        ("start", "n", "result"),
        [
            ("2026-09-30", 1, "2026-10-08"),
            ("2026-09-30", 3, "2026-10-10"),
            ("2026-09-30", 4, "2026-10-12"),
            ("2026-10-03", 1, "2026-10-08"),
            ("2026-10-03", 0, "2026-10-03"),
            ("2026-10-08", -1, "2026-09-30"),
            ("2026-10-12", -1, "2026-10-10"),
            ("2026-09-21", -1, "2026-09-20"),
        ],
    )
    def test_golden_week(self, start: str, n: int, result: str) -> None:
        assert text(self.CHINA_2026.add_workdays(day(start), n)) == result

    def test_an_extra_working_day_on_a_weekday_changes_nothing(self) -> None:
        monday = day("2026-10-12")
        plain, marked = WorkCalendar(), WorkCalendar(extra_workdays=frozenset({monday}))
        assert plain.workdays_between(monday - 7, monday + 7) == 10
        assert marked.workdays_between(monday - 7, monday + 7) == 10

    def test_a_holiday_on_a_weekend_changes_nothing(self) -> None:
        saturday = day("2026-10-10")
        marked = WorkCalendar(holidays=frozenset({saturday}))
        assert marked.workdays_between(saturday - 7, saturday + 7) == 10

    def test_a_mapping_from_dates_to_names_will_do(self) -> None:
        calendar = WorkCalendar.of(holidays={date(2024, 10, 1): "National Day"})
        assert calendar.holidays == {day("2024-10-01")}

    @given(work_calendars(), NEAR, st.integers(-60, 60))
    def test_add_counts_day_by_day(self, calendar: WorkCalendar, start: int, n: int) -> None:
        step = 1 if n > 0 else -1
        expected, left = start, abs(n)
        while left:
            expected += step
            left -= calendar.is_workday(expected)
        assert calendar.add_workdays(start, n) == expected

    @given(work_calendars(), NEAR, NEAR)
    def test_between_counts_day_by_day(self, calendar: WorkCalendar, a: int, b: int) -> None:
        low, high = sorted((a, b))
        count = sum(calendar.is_workday(d) for d in range(low + 1, high + 1))
        assert calendar.workdays_between(low, high) == count
        assert calendar.workdays_between(high, low) == -count

    @given(work_calendars(), NEAR, st.integers(0, 100_000))
    def test_between_undoes_add(self, calendar: WorkCalendar, start: int, n: int) -> None:
        end = calendar.add_workdays(start, n)
        assert calendar.workdays_between(start, end) == n
        assert n == 0 or calendar.is_workday(end)

    @given(work_calendars(), NEAR)
    def test_is_workday(self, calendar: WorkCalendar, d: int) -> None:
        expected = date.fromordinal(d).isoweekday() not in calendar.weekend
        if d in calendar.holidays:
            expected = False
        if d in calendar.extra_workdays:
            expected = True
        assert calendar.is_workday(d) is expected

    def test_weekend_of_one_s_own(self) -> None:
        gulf = WorkCalendar.of(weekend=(5, 6))
        assert not gulf.is_workday(day("2026-10-09"))  # a Friday
        assert gulf.is_workday(day("2026-10-11"))  # a Sunday

    def test_equal_and_hashable(self) -> None:
        assert WorkCalendar() == WorkCalendar.of()
        assert len({WorkCalendar(), WorkCalendar.of(), self.CHINA_2026}) == 2

    @pytest.mark.parametrize("weekday", [0, 8])
    def test_refuses_a_weekday_that_is_none(self, weekday: int) -> None:
        with pytest.raises(ValueError, match=f"but got `{weekday}`"):
            WorkCalendar(weekend=frozenset({weekday}))

    def test_refuses_a_week_without_work(self) -> None:
        with pytest.raises(ValueError, match="at least one weekday"):
            WorkCalendar(weekend=frozenset(range(1, 8)))

    def test_refuses_a_day_that_is_both(self) -> None:
        with pytest.raises(ValueError, match="both for 2026-10-10"):
            WorkCalendar(
                holidays=frozenset({day("2026-10-10")}), extra_workdays=frozenset({day("2026-10-10")})
            )

    def test_out_of_range(self) -> None:
        calendar = WorkCalendar()
        with pytest.raises(DateRange):
            WorkCalendar(holidays=frozenset({0}))
        with pytest.raises(DateRange):
            calendar.is_workday(LAST_DAY + 1)
        for start, n in ((LAST_DAY, 1), (FIRST_DAY, -1), (0, 1), (day("2026-01-01"), 10**9), (5, -(10**9))):
            with pytest.raises(DateRange):
                calendar.add_workdays(start, n)
        for a, b in ((0, 5), (5, LAST_DAY + 1)):
            with pytest.raises(DateRange):
                calendar.workdays_between(a, b)

    def test_to_the_ends_of_the_calendar(self) -> None:
        calendar = WorkCalendar()
        total = calendar.workdays_between(FIRST_DAY, LAST_DAY)
        assert calendar.add_workdays(FIRST_DAY, total) == LAST_DAY  # a Friday
        assert calendar.add_workdays(LAST_DAY, -total) == FIRST_DAY  # a Monday


# From the table that ISDA published with the definitions (30-360-2006ISDADefs.xls): start, end, days by
# 30/360, days by 30E/360.
ISDA_30_360 = [
    ("2006-08-20", "2007-02-20", 180, 180),
    ("2007-02-20", "2007-08-20", 180, 180),
    ("2008-08-20", "2009-02-20", 180, 180),
    ("2006-08-31", "2007-02-28", 178, 178),
    ("2007-02-28", "2007-08-31", 183, 182),
    ("2007-08-31", "2008-02-29", 179, 179),
    ("2008-02-29", "2008-08-31", 182, 181),
    ("2008-08-31", "2009-02-28", 178, 178),
    ("2006-01-31", "2006-02-28", 28, 28),
    ("2006-01-30", "2006-02-28", 28, 28),
    ("2006-02-28", "2006-03-03", 5, 5),
    ("2006-02-14", "2006-02-28", 14, 14),
    ("2006-09-30", "2006-10-31", 30, 30),
    ("2006-10-31", "2006-11-28", 28, 28),
    ("2007-08-31", "2008-02-28", 178, 178),
    ("2008-02-28", "2008-08-28", 180, 180),
    ("2008-02-28", "2008-08-30", 182, 182),
    ("2008-02-28", "2008-08-31", 183, 182),
    ("2007-02-26", "2008-02-28", 362, 362),
    ("2007-02-26", "2008-02-29", 363, 363),
    ("2008-02-29", "2009-02-28", 359, 359),
    ("2008-02-28", "2008-03-30", 32, 32),
    ("2008-02-28", "2008-03-31", 33, 32),
]

# From ISDA's paper on EMU and market conventions (1998): start, end, days in common years and in leap years.
ISDA_ACT_ACT = [
    ("2003-11-01", "2004-05-01", 61, 121),
    ("1999-02-01", "1999-07-01", 150, 0),
    ("1999-07-01", "2000-07-01", 184, 182),
    ("2002-08-15", "2003-07-15", 334, 0),
    ("2003-07-15", "2004-01-15", 170, 14),
    ("1999-07-30", "2000-01-30", 155, 29),
    ("2000-01-30", "2000-06-30", 0, 152),
    ("1999-11-30", "2000-04-30", 32, 120),
]


class TestYearFraction:
    @pytest.mark.parametrize(("start", "end", "bond", "eurobond"), ISDA_30_360)
    def test_months_of_30_days(self, start: str, end: str, bond: int, eurobond: int) -> None:
        assert year_fraction(DayCount.THIRTY_360, day(start), day(end)) == (bond, 360)
        assert year_fraction(DayCount.THIRTY_E_360, day(start), day(end)) == (eurobond, 360)

    @pytest.mark.parametrize(("start", "end", "common", "leap"), ISDA_ACT_ACT)
    def test_actual_actual(self, start: str, end: str, common: int, leap: int) -> None:
        got = Fraction(*year_fraction(DayCount.ACT_ACT, day(start), day(end)))
        assert got == Fraction(common, 365) + Fraction(leap, 366)

    def test_actual(self) -> None:
        start, end = day("2028-02-01"), day("2028-03-01")
        assert year_fraction(DayCount.ACT_365, start, end) == (29, 365)
        assert year_fraction(DayCount.ACT_360, start, end) == (29, 360)

    @given(usual_day, st.integers(0, 4000))
    def test_actual_actual_day_by_day(self, start: int, days: int) -> None:
        end = start + days
        expected = Fraction(0)
        for year in range(year_of(start), year_of(end) + 1):
            first, last = max(start, day(f"{year}-01-01")), min(end, day(f"{year + 1}-01-01"))
            length = day(f"{year + 1}-01-01") - day(f"{year}-01-01")
            expected += Fraction(max(last - first, 0), length)
        assert Fraction(*year_fraction(DayCount.ACT_ACT, start, end)) == expected

    @given(usual_day, usual_day, st.sampled_from(DayCount))
    def test_never_negative_and_never_falling(self, a: int, b: int, basis: DayCount) -> None:
        a, b = sorted((a, b))
        now, later = year_fraction(basis, a, b)[0], year_fraction(basis, a, b + 1)[0]
        assert 0 <= now <= later

    @pytest.mark.parametrize("basis", DayCount)
    def test_a_year_of_a_common_year_is_one(self, basis: DayCount) -> None:
        expected = Fraction(365, 360) if basis is DayCount.ACT_360 else 1
        assert Fraction(*year_fraction(basis, day("2026-01-01"), day("2027-01-01"))) == expected
        assert year_fraction(basis, day("2026-01-01"), day("2026-01-01"))[0] == 0

    @pytest.mark.parametrize("basis", DayCount)
    def test_to_the_ends_of_the_calendar(self, basis: DayCount) -> None:
        assert 9998 < Fraction(*year_fraction(basis, FIRST_DAY, LAST_DAY)) < 10145

    def test_names_are_those_of_the_language(self) -> None:
        assert [str(basis) for basis in DayCount] == ["ACT/365", "ACT/360", "30/360", "30E/360", "ACT/ACT"]


ACTUAL = (DayCount.ACT_365, DayCount.ACT_360, DayCount.ACT_ACT)
amounts = st.integers(-(10**18), 10**18)
rates = st.integers(-5000, 5000)


@st.composite
def schedules(draw: st.DrawFn, first: int = day("1990-01-01")) -> tuple[tuple[int, int], ...]:
    changes = sorted(draw(st.sets(usual_day, max_size=6)) | {first})
    return tuple((d, draw(rates)) for d in changes)


def by_the_day(
    principal: int, schedule: tuple[tuple[int, int], ...], scale: int, start: int, end: int, basis: DayCount
) -> Fraction:
    """The same for bases of actual days, one day at a time."""
    total = Fraction(0)
    for d in range(start, end):
        rate = next(rate for since, rate in reversed(schedule) if since <= d)
        year = year_of(d)
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        length = {DayCount.ACT_365: 365, DayCount.ACT_360: 360, DayCount.ACT_ACT: 366 if leap else 365}[basis]
        total += Fraction(rate, 10**scale * length)
    return principal * total


class TestAccrue:
    def test_example(self) -> None:
        # 100,000.00 for 100 days at 5 %: 1,369.863…
        rate = ((FIRST_DAY, 500),)
        got = accrue(100_000_00, rate, 4, day("2026-01-01"), day("2026-04-11"), DayCount.ACT_365)
        assert Fraction(*got) == Fraction(100_000_00 * 5 * 100, 100 * 365)
        assert got[1] == 365 * 10**4

    def test_example_with_a_change(self) -> None:
        # 31 days at 4 % and 30 days at 5 %, the day of the change at the new rate.
        schedule = ((day("2025-01-01"), 400), (day("2026-01-01"), 500), (day("2026-06-01"), 900))
        got = accrue(10_000_00, schedule, 4, day("2025-12-01"), day("2026-01-31"), DayCount.ACT_360)
        assert Fraction(*got) == Fraction(10_000_00 * (31 * 4 + 30 * 5), 100 * 360)

    @given(amounts, schedules(), usual_day, st.integers(0, 1200), st.sampled_from(ACTUAL))
    def test_as_day_by_day(
        self, principal: int, schedule: tuple[tuple[int, int], ...], start: int, days: int, basis: DayCount
    ) -> None:
        got = Fraction(*accrue(principal, schedule, 4, start, start + days, basis))
        assert got == by_the_day(principal, schedule, 4, start, start + days, basis)

    @given(amounts, schedules(), st.tuples(usual_day, usual_day, usual_day), st.sampled_from(ACTUAL))
    def test_additive(
        self,
        principal: int,
        schedule: tuple[tuple[int, int], ...],
        days: tuple[int, int, int],
        basis: DayCount,
    ) -> None:
        a, b, c = sorted(days)

        def part(start: int, end: int) -> Fraction:
            return Fraction(*accrue(principal, schedule, 4, start, end, basis))

        assert part(a, b) + part(b, c) == part(a, c)

    @given(amounts, amounts, schedules(), usual_day, st.integers(0, 9999), st.sampled_from(DayCount))
    def test_linear_in_the_principal(
        self,
        one: int,
        other: int,
        schedule: tuple[tuple[int, int], ...],
        start: int,
        days: int,
        basis: DayCount,
    ) -> None:
        def of(principal: int) -> tuple[int, int]:
            return accrue(principal, schedule, 4, start, start + days, basis)

        assert of(one)[0] + of(other)[0] == of(one + other)[0]
        assert of(one)[1] == of(other)[1]

    @given(amounts, rates, usual_day, usual_day, st.sampled_from(DayCount))
    def test_one_rate_is_principal_times_rate_times_year_fraction(
        self, principal: int, rate: int, a: int, b: int, basis: DayCount
    ) -> None:
        a, b = sorted((a, b))
        got = Fraction(*accrue(principal, ((FIRST_DAY, rate),), 4, a, b, basis))
        assert got == principal * Fraction(rate, 10**4) * Fraction(*year_fraction(basis, a, b))

    @given(amounts, schedules(), usual_day, usual_day, st.sampled_from(DayCount), usual_day)
    def test_a_step_to_the_same_rate_changes_nothing(
        self,
        principal: int,
        schedule: tuple[tuple[int, int], ...],
        a: int,
        b: int,
        basis: DayCount,
        step: int,
    ) -> None:
        a, b = sorted((a, b))
        rate = next(rate for since, rate in reversed(schedule) if since <= step)
        more = tuple(sorted({step: rate, **dict(schedule)}.items()))
        assert accrue(principal, schedule, 4, a, b, basis) == accrue(principal, more, 4, a, b, basis)

    @given(amounts, schedules(), usual_day, usual_day, st.sampled_from(DayCount))
    def test_rates_that_begin_later_do_not_matter(
        self, principal: int, schedule: tuple[tuple[int, int], ...], a: int, b: int, basis: DayCount
    ) -> None:
        a, b = sorted((a, b))
        before = tuple(step for step in schedule if step[0] < b)
        assert accrue(principal, schedule, 4, a, b, basis) == accrue(principal, before, 4, a, b, basis)

    @given(amounts, schedules(), usual_day, usual_day, st.integers(0, 12), st.sampled_from(DayCount))
    def test_the_denominator_is_known_beforehand(
        self,
        principal: int,
        schedule: tuple[tuple[int, int], ...],
        a: int,
        b: int,
        scale: int,
        basis: DayCount,
    ) -> None:
        a, b = sorted((a, b))
        denominator = accrue(principal, schedule, scale, a, b, basis)[1]
        assert denominator == year_fraction(basis, a, b)[1] * 10**scale

    def test_months_of_30_days_keep_their_sum_when_the_rate_changes(self) -> None:
        # 31 January to 31 March is 60 days; a change on 1 March takes 31 of them before and 29 after.
        schedule = ((day("2026-01-01"), 100), (day("2026-03-01"), 200))
        got = accrue(360, schedule, 2, day("2026-01-31"), day("2026-03-31"), DayCount.THIRTY_360)
        assert Fraction(*got) == 31 * 1 + 29 * 2

    def test_needs_a_rate_from_the_start_on(self) -> None:
        schedule = ((day("2026-01-02"), 500),)
        on_the_day = accrue(100, schedule, 4, day("2026-01-02"), day("2026-01-03"), DayCount.ACT_365)
        assert Fraction(*on_the_day) == Fraction(100 * 500, 365 * 10**4)
        with pytest.raises(
            NoRate, match="expected a rate on 2026-01-01 but the first one is from 2026-01-02"
        ):
            accrue(100, schedule, 4, day("2026-01-01"), day("2026-02-01"), DayCount.ACT_365)
        with pytest.raises(NoRate, match="at least one rate"):
            accrue(100, (), 4, day("2026-01-01"), day("2026-02-01"), DayCount.ACT_365)

    @pytest.mark.parametrize("basis", DayCount)
    def test_refuses_a_period_that_ends_before_it_starts(self, basis: DayCount) -> None:
        with pytest.raises(BackwardPeriod, match="2026-02-01 or later but it ends on 2026-01-31"):
            accrue(100, ((FIRST_DAY, 500),), 4, day("2026-02-01"), day("2026-01-31"), basis)
        with pytest.raises(BackwardPeriod):
            year_fraction(basis, day("2026-02-01"), day("2026-01-31"))

    @pytest.mark.parametrize("second", ["2026-01-01", "2025-12-31"])
    def test_refuses_rates_out_of_order(self, second: str) -> None:
        schedule = ((day("2026-01-01"), 500), (day(second), 600))
        with pytest.raises(ValueError, match="rising order"):
            accrue(100, schedule, 4, day("2026-03-01"), day("2026-04-01"), DayCount.ACT_365)

    def test_refuses_a_negative_scale(self) -> None:
        with pytest.raises(ValueError, match="but got `-1`"):
            accrue(100, ((FIRST_DAY, 5),), -1, day("2026-03-01"), day("2026-04-01"), DayCount.ACT_365)

    @pytest.mark.parametrize("basis", DayCount)
    def test_out_of_range(self, basis: DayCount) -> None:
        for start, end in ((0, 5), (5, LAST_DAY + 1)):
            with pytest.raises(DateRange):
                accrue(100, ((FIRST_DAY, 5),), 4, start, end, basis)
