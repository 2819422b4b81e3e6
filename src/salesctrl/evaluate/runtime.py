"""The functions that printed plans call: total, with ``None`` for what has no value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from salesctrl import calendar
from salesctrl.calendar import DayCount, MonthMode, RateSchedule, WorkCalendar
from salesctrl.numbers import allocate

T = TypeVar("T")
Item = tuple[bool | None, T | None]
"""An item of a list: whether it takes part, and its value."""


def select(rows: Iterable[tuple[bool | None, T]], otherwise: T) -> T | None:
    """The value of the first test that holds; unknown if one before it is.

    >>> select(((False, 1), (True, 2)), 3), select(((None, 1), (True, 2)), 3)
    (2, None)
    """
    for test, value in rows:
        if test is None:
            return None
        if test:
            return value
    return otherwise


def count_true(*tests: bool) -> int:
    """How many hold."""
    return sum(tests)


def _taking_part(args: tuple[object, ...]) -> list[object] | None:
    """The values whose test holds, of tests and values in turn; ``None`` where one of them is unknown."""
    taken: list[object] = []
    for test, value in zip(args[::2], args[1::2], strict=True):
        if test is None or (test and value is None):
            return None
        if test:
            taken.append(value)
    return taken


def collect_list(*args: object) -> tuple[object, ...] | None:
    """The values of the rows that hold.

    >>> collect_list(True, 1, False, 2, True, 3)
    (1, 3)
    """
    taken = _taking_part(args)
    return None if taken is None else tuple(taken)


def collect_min(*args: object) -> object:
    """The least value of the rows that hold; unknown where none does."""
    return min(_taking_part(args) or (None,))  # type: ignore[type-var]


def collect_max(*args: object) -> object:
    """The greatest value of the rows that hold; unknown where none does."""
    return max(_taking_part(args) or (None,))  # type: ignore[type-var]


def fold_any(items: Iterable[Item[bool]]) -> bool | None:
    """Kleene's ``or`` over the items that take part.

    >>> fold_any([(None, True), (True, True)]), fold_any([(None, True)]), fold_any([(None, False)])
    (True, None, False)
    """
    unknown = False
    for test, value in items:
        if test is False or value is False:
            continue
        if test and value:
            return True
        unknown = True
    return None if unknown else False


def fold_all(items: Iterable[Item[bool]]) -> bool | None:
    """Kleene's ``and`` over the items that take part."""
    unknown = False
    for test, value in items:
        if test is False or value is True:
            continue
        if test and value is False:
            return False
        unknown = True
    return None if unknown else True


def _values(items: Iterable[Item[int]]) -> list[int] | None:
    taken: list[int] = []
    for test, value in items:
        if test is False:
            continue
        if test is None or value is None:
            return None
        taken.append(value)
    return taken


def fold_sum(items: Iterable[Item[int]]) -> int | None:
    """The sum; unknown where the part of an item is."""
    taken = _values(items)
    return None if taken is None else sum(taken)


def fold_count(items: Iterable[Item[int]]) -> int | None:
    """How many items take part; unknown where that is unknown of one."""
    taken = _values(items)
    return None if taken is None else len(taken)


def fold_min(items: Iterable[Item[int]]) -> int | None:
    """The least; unknown where there is none."""
    return min(_values(items) or (), default=None)


def fold_max(items: Iterable[Item[int]]) -> int | None:
    """The greatest; unknown where there is none."""
    return max(_values(items) or (), default=None)


def add_months(day: int, months: int, mode: MonthMode) -> int | None:
    """The day so many months later; ``None`` where the calendar has none."""
    try:
        return calendar.add_months(day, months, mode)
    except (calendar.NoSuchDay, calendar.DateRange):
        return None


def accrue(start: int, end: int, schedule: RateSchedule, basis: str) -> tuple[int, int] | None:
    """What one unit earns from start to end: numerator and denominator; ``None`` for a backward period."""
    try:
        return calendar.accrue(1, schedule, 0, start, end, DayCount(basis))
    except (calendar.BackwardPeriod, calendar.NoRate):
        return None


def split(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """The total by largest remainder."""
    return allocate(total, weights)


def functions(work_calendar: WorkCalendar) -> Mapping[str, Callable[..., object]]:
    """Every function a printed plan may call, by the name it has there."""

    def add_workdays(day: int, days: int) -> int | None:
        try:
            return work_calendar.add_workdays(day, days)
        except calendar.DateRange:
            return None

    return MappingProxyType({
        "call_select": select, "call_count_true": count_true, "call_collect_list": collect_list,
        "call_collect_min": collect_min, "call_collect_max": collect_max,
        "fold_any": fold_any, "fold_all": fold_all, "fold_sum": fold_sum, "fold_count": fold_count,
        "fold_min": fold_min, "fold_max": fold_max,
        "call_add_months": add_months, "call_add_workdays": add_workdays, "call_accrue": accrue,
        "call_allocate": split, "call_months_between": calendar.months_between,
        "call_months_started": calendar.months_started, "call_year_end": calendar.year_end,
        "call_month_end": calendar.month_end, "call_year": calendar.year_of, "call_month": calendar.month_of,
        "call_day": calendar.day_of, "call_starts_with": str.startswith, "call_ends_with": str.endswith,
        "call_contains": str.__contains__, "call_lower": str.lower, "call_length": len,
    })  # fmt: skip
