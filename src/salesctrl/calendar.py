"""Dates: months, working days, day counts, and interest at rates that change over time.

A date is its proleptic Gregorian ordinal, ``date.toordinal()``: an ``int`` that is 1 on 0001-01-01 (a
Monday) and 3,652,059 on 9999-12-31. The difference of two dates is a number of days. Every function
refuses an ordinal outside that range with `DateRange`.

The day-count conventions are those of the 2006 ISDA Definitions, section 4.16.
"""

from bisect import bisect_right
from calendar import isleap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal

FIRST_DAY: Final = date.min.toordinal()
LAST_DAY: Final = date.max.toordinal()

MonthMode = Literal["clamp", "error"]
"""What to do when a month has no such day: take its last one, or raise `NoSuchDay`."""

RateSchedule = tuple[tuple[int, int], ...]
"""Rates over time: pairs of the first day of a rate (an ordinal) and the scaled rate, in order of days."""

_MONTH_LENGTHS: Final = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class DateRange(OverflowError):
    """A date before the year 1 or after the year 9999."""


class NoSuchDay(ValueError):
    """Month arithmetic reached a day that the month does not have, such as 30 February."""


class BackwardPeriod(ValueError):
    """A period ends before it starts."""


class NoRate(ValueError):
    """A period starts before the first date for which there is a rate."""


# ── parts of a date ──


def year_of(ordinal: int) -> int:
    """The year of a date.

    >>> year_of(date(2026, 3, 31).toordinal())
    2026
    """
    return _date(ordinal).year


def month_of(ordinal: int) -> int:
    """The month of a date, 1 to 12.

    >>> month_of(date(2026, 3, 31).toordinal())
    3
    """
    return _date(ordinal).month


def day_of(ordinal: int) -> int:
    """The day of the month of a date, 1 to 31.

    >>> day_of(date(2026, 3, 31).toordinal())
    31
    """
    return _date(ordinal).day


def year_end(ordinal: int) -> int:
    """31 December of the date's year.

    >>> date.fromordinal(year_end(date(2026, 3, 31).toordinal()))
    datetime.date(2026, 12, 31)
    """
    return date(_date(ordinal).year, 12, 31).toordinal()


def month_end(ordinal: int) -> int:
    """The last day of the date's month.

    >>> date.fromordinal(month_end(date(2028, 2, 3).toordinal()))
    datetime.date(2028, 2, 29)
    """
    day = _date(ordinal)
    return ordinal - day.day + _month_length(day.year, day.month)


# ── days and months ──


def add_days(ordinal: int, days: int) -> int:
    """The date so many days later; earlier if negative.

    >>> date.fromordinal(add_days(date(2026, 2, 27).toordinal(), 2))
    datetime.date(2026, 3, 1)
    """
    _check(ordinal)
    return _check(ordinal + days)


def add_months(ordinal: int, months: int, mode: MonthMode = "clamp") -> int:
    """The same day of the month, so many months later; earlier if negative.

    Args:
        ordinal: The date to start from.
        months: How many months; any integer.
        mode: What to do when that month has no such day: ``clamp`` takes its last day, ``error`` raises.

    Raises:
        NoSuchDay: The month has no such day, and the mode is ``error``.
        DateRange: The result is before the year 1 or after the year 9999.

    >>> date.fromordinal(add_months(date(2026, 1, 31).toordinal(), 1))
    datetime.date(2026, 2, 28)
    >>> add_months(date(2026, 1, 31).toordinal(), 1, "error")
    Traceback (most recent call last):
    salesctrl.calendar.NoSuchDay: expected day 31 in 2026-02 (2026-01-31, +1 months) but it has 28
    """
    start = _date(ordinal)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    month += 1
    if not 1 <= year <= 9999:
        raise _out_of_range(year > 9999)
    day = start.day
    if day > 28 and day > (last := _month_length(year, month)):
        if mode != "clamp":
            raise NoSuchDay(
                f"expected day {day} in {year:04}-{month:02} ({start}, {months:+} months) but it has {last}"
            )
        day = last
    return date(year, month, day).toordinal()


def months_between(a: int, b: int) -> int:
    """How many whole months are done from ``a`` to ``b``.

    It is the largest ``m`` for which ``add_months(a, m)``, clamped, is not after ``b``; so from 31 January
    to 28 February one month is done. It is negative when ``b`` is before ``a``: minus the months from
    ``b`` to ``a``.

    >>> months_between(date(2026, 1, 31).toordinal(), date(2026, 2, 28).toordinal())
    1
    >>> months_between(date(2026, 1, 15).toordinal(), date(2026, 3, 14).toordinal())
    1
    """
    if b < a:
        return -months_between(b, a)
    months, over = _months_apart(a, b)
    return months - 1 if over < 0 else months


def months_started(a: int, b: int) -> int:
    """How many months have begun from ``a`` to ``b``: each begun month counts as one.

    It is the smallest ``m``, zero or more, for which ``add_months(a, m)``, clamped, is not before ``b``;
    so it is 0 on the day ``a`` itself and before it, 1 from the next day to the same day of the next
    month, and 2 from the day after that.

    >>> start = date(2026, 1, 15).toordinal()
    >>> [months_started(start, date(2026, m, d).toordinal()) for m, d in ((1, 15), (1, 16), (2, 15), (2, 16))]
    [0, 1, 1, 2]
    """
    if b <= a:
        _check(a)
        _check(b)
        return 0
    months, over = _months_apart(a, b)
    return months + 1 if over > 0 else months


# ── working days ──


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are working days.

    A day of ``extra_workdays`` is worked whatever its weekday (in China, the Saturdays and Sundays that
    make up for a long holiday); a day of ``holidays`` is not; any other is worked unless its weekday is in
    ``weekend``.

    Attributes:
        weekend: The weekdays without work, by ISO 8601: 1 is Monday, 7 is Sunday.
        holidays: The days off, as ordinals.
        extra_workdays: The days worked all the same, as ordinals.

    Raises:
        ValueError: A weekday is not within 1 to 7, no weekday is worked, or a day is both a holiday and
            an extra working day.
        DateRange: A day is out of range.

    >>> golden_week = [date(2026, 10, 1), date(2026, 10, 2)]
    >>> china = WorkCalendar.of(holidays=golden_week, extra_workdays=[date(2026, 10, 10)])
    >>> china.is_workday(date(2026, 10, 10).toordinal())
    True
    >>> date.fromordinal(china.add_workdays(date(2026, 9, 30).toordinal(), 1))
    datetime.date(2026, 10, 5)
    """

    weekend: frozenset[int] = frozenset({6, 7})
    holidays: frozenset[int] = frozenset()
    extra_workdays: frozenset[int] = frozenset()
    _closed: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """The holidays that take a working day away, in order."""
    _opened: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """The extra working days that add one, in order."""
    _worked: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """How many of the first 0, 1, … 6 days of a week from Monday are worked, and of all seven."""

    def __post_init__(self) -> None:
        for weekday in sorted(self.weekend):
            if not 1 <= weekday <= 7:
                raise ValueError(f"expected weekdays from 1 (Monday) to 7 (Sunday) but got `{weekday}`")
        if len(self.weekend) == 7:
            raise ValueError("expected at least one weekday outside the weekend but got none")
        for ordinal in sorted(self.holidays | self.extra_workdays):
            _check(ordinal)
        if both := sorted(self.holidays & self.extra_workdays):
            raise ValueError(
                f"expected a day to be a holiday or an extra working day but got both for {_date(both[0])}"
            )
        worked = [0]
        for weekday in range(1, 8):
            worked.append(worked[-1] + (weekday not in self.weekend))
        closed = sorted(day for day in self.holidays if (day - 1) % 7 + 1 not in self.weekend)
        opened = sorted(day for day in self.extra_workdays if (day - 1) % 7 + 1 in self.weekend)
        object.__setattr__(self, "_closed", tuple(closed))
        object.__setattr__(self, "_opened", tuple(opened))
        object.__setattr__(self, "_worked", tuple(worked))

    @classmethod
    def of(
        cls,
        *,
        weekend: Iterable[int] = (6, 7),
        holidays: Iterable[date] = (),
        extra_workdays: Iterable[date] = (),
    ) -> "WorkCalendar":
        """The calendar with these days given as dates.

        Raises:
            ValueError: As for the class.

        >>> WorkCalendar.of(weekend=(5,)).weekend
        frozenset({5})
        """
        return cls(
            frozenset(weekend),
            frozenset(day.toordinal() for day in holidays),
            frozenset(day.toordinal() for day in extra_workdays),
        )

    def is_workday(self, ordinal: int) -> bool:
        """Whether this day is worked.

        >>> WorkCalendar().is_workday(date(2026, 10, 10).toordinal())  # a Saturday
        False
        """
        _check(ordinal)
        if ordinal in self.extra_workdays:
            return True
        return (ordinal - 1) % 7 + 1 not in self.weekend and ordinal not in self.holidays

    def add_workdays(self, ordinal: int, n: int) -> int:
        """The ``n``-th working day after a date, or before it if ``n`` is negative.

        The date itself is not counted, worked or not; with ``n`` zero it is the result.

        Raises:
            DateRange: The result is before the year 1 or after the year 9999.

        >>> friday = date(2026, 10, 9).toordinal()
        >>> [str(date.fromordinal(WorkCalendar().add_workdays(friday, n))) for n in (-1, 0, 1, 6)]
        ['2026-10-08', '2026-10-09', '2026-10-12', '2026-10-19']
        """
        _check(ordinal)
        day = ordinal
        # Moving by the working days still missing can never go too far, and gets there in a few steps,
        # each of them arithmetic: the work does not grow with the number of days.
        if n >= 0:
            target = self._count(ordinal) + n
            while missing := target - self._count(day):
                day = _check(day + missing)
            return day
        target = self._count(ordinal - 1) + n
        while missing := self._count(day - 1) - target:
            day = _check(day - missing)
        return day

    def workdays_between(self, a: int, b: int) -> int:
        """How many working days come after ``a``, up to and with ``b``.

        It is negative when ``b`` is before ``a``: minus the working days after ``b`` up to and with ``a``.

        >>> WorkCalendar().workdays_between(date(2026, 10, 9).toordinal(), date(2026, 10, 19).toordinal())
        6
        """
        return self._count(_check(b)) - self._count(_check(a))

    def _count(self, ordinal: int) -> int:
        """How many working days there are from 0001-01-01 up to and with this one."""
        weeks, rest = divmod(ordinal, 7)
        return (
            weeks * self._worked[7]
            + self._worked[rest]
            + bisect_right(self._opened, ordinal)
            - bisect_right(self._closed, ordinal)
        )


# ── interest ──


class DayCount(StrEnum):
    """How a period becomes a fraction of a year: the basis of interest at a yearly rate.

    The sections are those of the 2006 ISDA Definitions.
    """

    ACT_365 = "ACT/365"
    """Days over 365, in leap years too: Actual/365 (Fixed), section 4.16(d)."""
    ACT_360 = "ACT/360"
    """Days over 360: section 4.16(e)."""
    THIRTY_360 = "30/360"
    """Months of 30 days, years of 360: 30/360 (Bond Basis), section 4.16(f). A start on the 31st counts as
    the 30th; an end on the 31st does so only if the start is on the 30th or 31st. The end of February is
    not special (as it is by the rules of the NASD that Excel's DAYS360 follows)."""
    THIRTY_E_360 = "30E/360"
    """As 30/360, but the 31st always counts as the 30th: Eurobond Basis, section 4.16(g)."""
    ACT_ACT = "ACT/ACT"
    """Days in leap years over 366, and the others over 365: Actual/Actual (ISDA), section 4.16(b)."""


def year_fraction(basis: DayCount, start: int, end: int) -> tuple[int, int]:
    """The period from ``start`` to before ``end`` as a fraction of a year, exactly.

    Returns:
        Numerator and denominator; the denominator depends on the basis alone.

    Raises:
        BackwardPeriod: The period ends before it starts.

    >>> year_fraction(DayCount.ACT_365, date(2026, 1, 1).toordinal(), date(2026, 4, 11).toordinal())
    (100, 365)
    """
    measure, denominator = _BASES[basis]
    _check_period(start, end)
    return measure(start, end), denominator


def accrue(
    principal: int, schedule: RateSchedule, rate_scale: int, start: int, end: int, basis: DayCount
) -> tuple[int, int]:
    """Simple interest from ``start`` to before ``end``, at yearly rates that change over time, exactly.

    Each rate holds from its day on, until the next. The days at one rate are the days of the whole period
    up to its end less those up to its start. For the bases that count actual days this is the sum over
    the parts; for the bases with months of 30 days it keeps the sum of the parts equal to the whole, so
    that a step to the same rate changes nothing.

    Args:
        principal: A scaled integer; the result has the same scale. It may be negative.
        schedule: The rates: pairs of first day and scaled rate, in strictly rising order of days. A rate
            without a date is ``((FIRST_DAY, rate),)``.
        rate_scale: The decimals of the rates.
        start: The first day that bears interest.
        end: The day after the last one.
        basis: The day-count convention.

    Returns:
        Numerator and denominator of the interest in the principal's unit; not in lowest terms: the
        denominator depends on the basis and the scale of the rates alone.

    Raises:
        NoRate: The period starts before the first rate.
        BackwardPeriod: The period ends before it starts.
        ValueError: The rates are not in rising order of days, or their scale is negative.

    >>> day = lambda *ymd: date(*ymd).toordinal()
    >>> rates = ((day(2025, 1, 1), 400), (day(2026, 1, 1), 500))  # 4 %, then 5 %, of scale 4
    >>> num, den = accrue(10_000_00, rates, 4, day(2025, 12, 1), day(2026, 1, 31), DayCount.ACT_365)
    >>> num / den == (10_000_00 * 0.04 * 31 + 10_000_00 * 0.05 * 30) / 365
    True
    """
    measure, denominator = _BASES[basis]
    _check_period(start, end)
    if rate_scale < 0:
        raise ValueError(f"expected a scale of zero or more but got `{rate_scale}`")
    if not schedule:
        raise NoRate("expected at least one rate but got none")
    if start < schedule[0][0]:
        raise NoRate(f"expected a rate on {_date(start)} but the first one is from {_date(schedule[0][0])}")
    weighted = done = 0
    for (since, rate), (until, _) in pairwise((*schedule, (LAST_DAY + 1, 0))):
        if since >= until:
            raise ValueError(f"expected rates in rising order of days but got day {until} after {since}")
        if until > start:
            measured = measure(start, min(until, end))
            weighted += rate * (measured - done)
            done = measured
    return principal * weighted, denominator * 10**rate_scale


def _actual(start: int, end: int) -> int:
    return end - start


def _thirty_360(start: int, end: int) -> int:
    a, b = _date(start), _date(end)
    first = min(a.day, 30)
    last = 30 if b.day == 31 and first == 30 else b.day
    return (b.year - a.year) * 360 + (b.month - a.month) * 30 + last - first


def _thirty_e_360(start: int, end: int) -> int:
    a, b = _date(start), _date(end)
    return (b.year - a.year) * 360 + (b.month - a.month) * 30 + min(b.day, 30) - min(a.day, 30)


def _actual_actual(start: int, end: int) -> int:
    leap = _leap_year_days(end) - _leap_year_days(start)
    return 366 * (end - start - leap) + 365 * leap


def _leap_year_days(ordinal: int) -> int:
    """How many days before this one lie in leap years."""
    year = _date(ordinal).year
    before = year - 1
    days = 366 * (before // 4 - before // 100 + before // 400)
    return days + (ordinal - date(year, 1, 1).toordinal() if isleap(year) else 0)


# For each basis, what a period measures, and the measure of a year.
_BASES: Final[Mapping[DayCount, tuple[Callable[[int, int], int], int]]] = MappingProxyType(
    {
        DayCount.ACT_365: (_actual, 365),
        DayCount.ACT_360: (_actual, 360),
        DayCount.THIRTY_360: (_thirty_360, 360),
        DayCount.THIRTY_E_360: (_thirty_e_360, 360),
        DayCount.ACT_ACT: (_actual_actual, 365 * 366),
    }
)


# ── in common ──


def _check(ordinal: int) -> int:
    if not FIRST_DAY <= ordinal <= LAST_DAY:
        raise _out_of_range(ordinal > LAST_DAY)
    return ordinal


def _check_period(start: int, end: int) -> None:
    if _check(end) < _check(start):
        raise BackwardPeriod(
            f"expected a period that ends on {_date(start)} or later but it ends on {_date(end)}"
        )


def _date(ordinal: int) -> date:
    return date.fromordinal(_check(ordinal))


def _out_of_range(later: bool) -> DateRange:
    return DateRange(
        f"expected a date from 0001-01-01 to 9999-12-31 but got {'a later' if later else 'an earlier'} one"
    )


def _month_length(year: int, month: int) -> int:
    return 29 if month == 2 and isleap(year) else _MONTH_LENGTHS[month]


def _months_apart(a: int, b: int) -> tuple[int, int]:
    """The months from the month of ``a`` to that of ``b``, and the days from ``a``'s day there to ``b``."""
    start, end = _date(a), _date(b)
    day = min(start.day, _month_length(end.year, end.month))
    return (end.year - start.year) * 12 + end.month - start.month, end.day - day
