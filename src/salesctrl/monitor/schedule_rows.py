"""The rows that a schedule asks about: each transaction on each of its dates, with the facts of that day.

What is wrong with one transaction (no first date, payments above the balance) is kept with it, and touches no
other. What is wrong with the frames as such is raised.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise

import polars as pl

from salesctrl.batch.convert import read_column
from salesctrl.batch.frames import Frame, names_of, take
from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.decision.values import python_value
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Leaf
from salesctrl.monitor.schedule_plan import SchedulePlan
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import DATE
from salesctrl.policy.vocabulary import Field
from salesctrl.tables.chosen import listed
from salesctrl.tables.columns import AS_OF, Columns

ROW = "row"
"""The key of rows that have none: their numbers, from 1."""
_ON, _AMOUNT = "date", "amount"
_DAY = Field("", AS_OF, DATE, LocalText(en="date"), (AS_OF,), FIRST_DAY, LAST_DAY)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a caller says beside the frame.

    Attributes:
        until: The last date that is asked about, an ordinal; none where rows bring their dates.
        start: The first date of all rows, an ordinal; left out, the fact that the schedule names.
        payments: A frame with the key, a `date` and an `amount`: from that day on the balance is less.
        changes: A frame with the key, a `date` and facts: from that day on they are so.
        columns: The facts that columns hold whose names do not say it.
        key: The columns that name a transaction; left out, those that hold the subject of the policies.
        tolerance: How much noise of binary arithmetic is rounded away.
    """

    until: int | None = None
    start: int | None = None
    payments: object | None = None
    changes: object | None = None
    columns: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    tolerance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """A row of the frame on one day; ``facts`` are those that are other than in the frame, by their paths."""

    row: int
    day: int
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DatedRows:
    """Transactions with their dates.

    Attributes:
        frame: The frame that was taken; the columns of facts that the schedule speaks of bear their paths.
        keys: The columns of the key, as they came, of every row.
        columns: What is still to be said of columns when the rows are decided.
        of_key: For each transaction its rows in the order of time, by the number of its first row.
        problems: What is wrong with a transaction, by the same number: it is not asked about.
    """

    frame: Frame
    keys: pl.DataFrame
    columns: Mapping[str, str | Sequence[str]]
    of_key: Mapping[int, Sequence[Dated]]
    problems: Mapping[int, str]


def dated_rows(plan: SchedulePlan, frame: object, names: Columns, asking: Asking) -> DatedRows:
    """Lay out on which days which facts hold.

    Args:
        plan: The schedule.
        frame: The rows.
        names: The names by which columns are found at its control point.
        asking: What the caller says besides.

    Raises:
        FactsError: A column is missing, several transactions have one key, payments or changes belong to no
            row, or a cell in them cannot be read.
    """
    return _Layout(plan, frame, names, asking).done()


class _Layout:
    def __init__(self, plan: SchedulePlan, frame: object, names: Columns, asking: Asking):
        self._plan, self._names, self._asking = plan, names, asking
        self._columns = dict(asking.columns)
        taken = _without_nan(take(frame))
        changed = () if asking.changes is None else names_of(asking.changes)
        self._spoken_of = {*plan.fields, *(self._path_of(name) for name in changed)}
        self._frame = replace(taken, columns=self._by_path(taken.columns))
        self._rows = self._frame.columns
        self._by_number = False
        self._keys = self._key_columns()
        self._problems: dict[int, str] = {}

    def done(self) -> DatedRows:
        own_dates = self._plan.doc.start is None
        number_of = self._numbers(unique=not own_dates)
        facts = self._facts_at(number_of)
        days = self._days_given() if own_dates else self._days_counted(facts)
        of_key: dict[int, list[Dated]] = {}
        for row, several in enumerate(days):
            first = number_of[self._key_of(row)]
            of_key.setdefault(first, []).extend(Dated(row, day, facts(row, day)) for day in several)
        for first, rows in of_key.items():
            rows.sort(key=lambda one: one.day)
            if any(a.day == b.day for a, b in pairwise(rows)):
                self._problems.setdefault(first, "several rows have one date")
        return DatedRows(self._frame, self._keys, self._columns, of_key, self._problems)

    # -- columns -----------------------------------------------------------------------------------

    def _by_path(self, columns: pl.DataFrame) -> pl.DataFrame:
        """The columns, those of facts that the schedule speaks of under the paths of these."""
        renamed: dict[str, str] = {}
        for name in columns.columns:
            path = self._path_of(name)
            if path is not None and path in self._spoken_of and name not in self._asking.key:
                renamed[name] = path
                self._columns.pop(name, None)
        twice = [path for path in renamed.values() if list(renamed.values()).count(path) > 1]
        if twice:
            message, help_ = "more than one column holds this fact", "leave all but one of them out"
            raise FactsError([FactProblem(p, "F_COLUMN", message, help_) for p in dict.fromkeys(twice)])
        return columns.rename(renamed)

    def _path_of(self, name: str) -> str | None:
        """The one fact that a column holds."""
        said = self._columns.get(name)
        if said is not None and not isinstance(said, str):
            return None
        found = self._names.find(name if said is None else said)
        paths = found.paths or found.known
        return paths[0] if len(paths) == 1 else None

    def _key_columns(self) -> pl.DataFrame:
        there = self._rows.columns
        lacking = [name for name in self._asking.key if name not in there]
        if lacking:
            message, help_ = f"there is no column {listed(lacking)}", f"the columns are {listed(there)}"
            raise FactsError([FactProblem("", "F_COLUMN", message, help_)])
        names = list(self._asking.key)
        if not names:
            names = [name for name in there if self._path_of(name) in self._plan.subject]
        if not names:
            names = [name for name in there if self._names.is_key(name)]
        if not names:
            self._by_number = True
            return pl.DataFrame({ROW: pl.int_range(1, self._frame.rows + 1, eager=True)})
        return self._rows.select(names)

    def _numbers(self, *, unique: bool) -> dict[tuple[str, ...], int]:
        """The number of the first row of each key."""
        numbers: dict[tuple[str, ...], int] = {}
        twice: dict[tuple[str, ...], None] = {}
        for row in range(self._keys.height):
            key = self._key_of(row)
            if unique and key in numbers:
                twice[key] = None
            numbers.setdefault(key, row)
        if twice:
            shown = listed([", ".join(key) for key in twice])
            message, help_ = f"several rows have the key {shown}", "give each transaction one row"
            raise FactsError([FactProblem("", "F_COLUMN", message, help_)])
        return numbers

    def _key_of(self, row: int) -> tuple[str, ...]:
        return _key_text(self._keys.row(row), row)

    # -- dates -------------------------------------------------------------------------------------

    def _days_given(self) -> list[list[int]]:
        """The dates that rows bring along."""
        if AS_OF not in self._rows.columns:
            message = "expected a column `as_of` with the date of each row"
            raise FactsError([FactProblem(AS_OF, "F_AS_OF", message)])
        last = LAST_DAY if self._asking.until is None else self._asking.until
        days = self._read(self._rows[AS_OF], _DAY, AS_OF)
        return [[] if day is None or day > last else [day] for day in days]

    def _days_counted(self, facts: _FactsAt) -> list[list[int]]:
        until = self._asking.until
        if until is None:
            message, help_ = "expected the last date of the schedule", "pass `until=date(2026, 12, 31)`"
            raise FactsError([FactProblem("until", "F_AS_OF", message, help_)])
        path = self._plan.doc.start
        assert path is not None
        firsts: Sequence[int | None]
        if self._asking.start is not None:
            firsts = [self._asking.start] * self._frame.rows
        elif path in self._rows.columns:
            firsts = self._read(self._rows[path], self._plan.fields[path], path)
        else:
            message, help_ = "no column holds the first date", "name it with `columns`, or pass `start`"
            raise FactsError([FactProblem(path, "F_COLUMN", message, help_)])
        days = [set() if first is None else set(self._plan.every.dates(first, until)) for first in firsts]
        for row, first in enumerate(firsts):
            if first is None:
                continue
            if self._plan.doc.at_changes:
                days[row] |= {day for day in facts.days(row) if first <= day <= until}
            if self._plan.doc.at_end and first <= until:
                days[row].add(until)
        return [sorted(several) for several in days]

    def _read(self, cells: pl.Series, field_: Field, path: str) -> list[int | None]:
        """The values of a column; a row without one is asked nothing, and says so."""
        read = read_column(
            Leaf(path, replace(field_, default=None), 0), cells,
            tolerance=self._asking.tolerance, nan_is_null=self._frame.nan_is_null,
        )  # fmt: skip
        numbers = self._numbers(unique=False)
        wrong = {one.row: f"{path}: {one.problem.message}" for one in read.problems}
        values: list[int | None] = read.values.to_list()
        for row, value in enumerate(values):
            if value is None:
                said = wrong.get(row, f"{path}: expected a value but got nothing")
                self._problems.setdefault(numbers[self._key_of(row)], said)
        return values

    # -- facts that change -------------------------------------------------------------------------

    def _facts_at(self, number_of: Mapping[tuple[str, ...], int]) -> _FactsAt:
        histories: dict[str, dict[int, _History]] = {}
        if self._asking.changes is not None:
            histories |= self._changes(self._asking.changes, number_of)
        path = self._plan.doc.balance
        if self._asking.payments is not None:
            if path is None:
                message, help_ = "the schedule has no balance that payments reduce", "pass `changes`"
                raise FactsError([FactProblem("payments", "F_COLUMN", message, help_)])
            if path in histories:
                message, help_ = "given by payments, and by changes", "leave one of them out"
                raise FactsError([FactProblem(path, "F_COLUMN", message, help_)])
            histories[path] = self._balances(self._asking.payments, number_of)
        return _FactsAt(histories, {row: number_of[self._key_of(row)] for row in range(self._frame.rows)})

    def _changes(
        self, frame: object, number_of: Mapping[tuple[str, ...], int]
    ) -> dict[str, dict[int, _History]]:
        taken = self._of_rows("changes", frame)
        numbers, days = self._whose("changes", taken, number_of)
        done: dict[str, dict[int, _History]] = {}
        for name in taken.columns.columns:
            if name == _ON or name in self._keys.columns:
                continue
            path = self._path_of(name)
            if path is None:
                message = "the changes are of a fact that is not known"
                raise FactsError([FactProblem(name, "F_COLUMN", message)])
            of_key: dict[int, list[tuple[int, object]]] = {}
            for number, day, value in zip(numbers, days, taken.columns[name].to_list(), strict=True):
                if value is not None:  # nothing says that nothing changes
                    of_key.setdefault(number, []).append((day, value))
            done[path] = {number: _history(path, changes) for number, changes in of_key.items()}
        return done

    def _balances(self, frame: object, number_of: Mapping[tuple[str, ...], int]) -> dict[int, _History]:
        """What is left of the balance of each transaction from each payment on."""
        path = self._plan.doc.balance
        assert path is not None
        field_ = self._plan.fields[path]
        if path not in self._rows.columns:
            message, help_ = "no column holds the balance that payments reduce", "name it with `columns`"
            raise FactsError([FactProblem(path, "F_COLUMN", message, help_)])
        taken = self._of_rows("payments", frame)
        numbers, days = self._whose("payments", taken, number_of)
        amounts = self._cells("payments", taken, _AMOUNT, field_)
        paid: dict[int, dict[int, int]] = {}
        for number, day, amount in zip(numbers, days, amounts, strict=True):
            of_day = paid.setdefault(number, {})
            of_day[day] = of_day.get(day, 0) + amount
        read = read_column(
            Leaf(path, replace(field_, default=None), 0), self._rows[path],
            tolerance=self._asking.tolerance, nan_is_null=self._frame.nan_is_null,
        )  # fmt: skip
        whole = read.values.to_list()
        done: dict[int, _History] = {}
        for number, of_day in paid.items():
            balance = whole[number]
            if balance is None:
                continue  # the decision says that it is not known
            ordered = sorted(of_day)
            left = [balance - sum_ for sum_ in accumulate(of_day[day] for day in ordered)]
            if left[-1] < 0:
                shown = python_value(-left[-1], field_.type)
                self._problems.setdefault(number, f"the payments are {shown} more than the balance")
                continue
            done[number] = _History(tuple(ordered), tuple(python_value(one, field_.type) for one in left))
        return done

    def _of_rows(self, what: str, frame: object) -> Frame:
        """A frame whose rows belong to transactions; its key columns under the names that those have."""
        taken = take(frame)
        renamed = {}
        for name in taken.columns.columns:
            path = self._path_of(name)
            if path is not None and name not in self._keys.columns and path in self._keys.columns:
                renamed[name] = path
        taken = replace(taken, columns=taken.columns.rename(renamed))
        lacking = [name for name in (*self._keys.columns, _ON) if name not in taken.columns.columns]
        if self._by_number or lacking:
            wanted = "the key of the rows" if self._by_number else listed(lacking)
            message = f"the {what} have no column {wanted}" if not self._by_number else (
                "the rows have no key to say whose they are"
            )  # fmt: skip
            help_ = 'pass `key="invoice"`' if self._by_number else None
            raise FactsError([FactProblem(what, "F_COLUMN", message, help_)])
        return taken

    def _whose(
        self, what: str, taken: Frame, number_of: Mapping[tuple[str, ...], int]
    ) -> tuple[list[int], list[int]]:
        """Of every row of payments or changes the transaction and the day."""
        days = self._cells(what, taken, _ON, _DAY)
        keys = [_key_text(key, -1) for key in taken.columns.select(self._keys.columns).rows()]
        lost = dict.fromkeys(", ".join(key) for key in keys if key not in number_of)
        if lost:
            help_ = "give the rows too, or leave them out"
            message = f"they belong to no row: {listed(list(lost))}"
            raise FactsError([FactProblem(what, "F_COLUMN", message, help_)])
        return [number_of[key] for key in keys], days

    def _cells(self, what: str, taken: Frame, name: str, field_: Field) -> list[int]:
        """A column of payments or changes in which every cell holds a value."""
        if name not in taken.columns.columns:
            raise FactsError([FactProblem(what, "F_COLUMN", f"the {what} have no column `{name}`")])
        read = read_column(
            Leaf(name, replace(field_, default=None), 0), taken.columns[name],
            tolerance=self._asking.tolerance, nan_is_null=taken.nan_is_null,
        )  # fmt: skip
        wrong = [
            FactProblem(f"{what}, row {one.row + 1}, {name}", one.problem.code, one.problem.message)
            for one in read.problems
        ]
        refused = {one.row for one in read.problems}
        wrong += [
            FactProblem(f"{what}, row {row + 1}, {name}", "F_MISSING", "expected a value but got nothing")
            for row, value in enumerate(read.values)
            if value is None and row not in refused
        ]
        if wrong:
            raise FactsError(wrong)
        return read.values.to_list()


@dataclass(frozen=True, slots=True)
class _History:
    """Values from days on, in the order of time."""

    days: tuple[int, ...]
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _FactsAt:
    """Which facts are other than in the frame, of a row on a day."""

    histories: Mapping[str, Mapping[int, _History]]
    number_of: Mapping[int, int]

    def __call__(self, row: int, day: int) -> Mapping[str, object]:
        return dict(self._found(self.number_of[row], day))

    def days(self, row: int) -> set[int]:
        """The days on which facts of a row change."""
        own = (of_key.get(self.number_of[row]) for of_key in self.histories.values())
        return {day for history in own if history is not None for day in history.days}

    def _found(self, number: int, day: int) -> Iterator[tuple[str, object]]:
        for path, of_key in self.histories.items():
            history = of_key.get(number)
            if history is not None and (place := bisect_right(history.days, day)):
                yield path, history.values[place - 1]


def _history(path: str, changes: list[tuple[int, object]]) -> _History:
    days = sorted(changes, key=lambda change: change[0])
    twice = next((a[0] for a, b in pairwise(days) if a[0] == b[0] and a[1] != b[1]), None)
    if twice is not None:
        message = f"two values of one day: {date.fromordinal(twice)}"
        raise FactsError([FactProblem(path, "F_COLUMN", message, "give each day one value")])
    return _History(tuple(day for day, _ in days), tuple(value for _, value in days))


def _without_nan(frame: Frame) -> Frame:
    """The columns with nothing where pandas writes NaN for it."""
    if not frame.nan_is_null:
        return frame
    columns = frame.columns.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    return replace(frame, columns=columns)


def _key_text(key: tuple[object, ...], row: int) -> tuple[str, ...]:
    """A key as texts, so that both tables may hold it in their own way; a row without one stands alone."""
    if any(part is None or part == "" for part in key):
        return (f"row {row + 1}", "", *("" for _ in key))
    return tuple(str(part) for part in key)
