"""Penalties and interest over time: a control point asked on one date after another, its answers as lines.

The amounts are those of the policies: nothing is computed here but running totals, and what was added since
the last line where an amount counts from the start. The schedule only says on which dates to ask, and tells
each decision what those before it have led to: deductions made, money carried forward.

========== ============================================================================================
dates      of every transaction its own, counted from its first date, or brought by its rows
line       what a rule computes when it fires, or a value that is not zero; money that goes back is negative
record     the line as an item of a list that later decisions read, so that nothing is charged twice
carry      a value of one decision as a fact of the next, such as what a limit left over
========== ============================================================================================

A decision that is ``incomplete`` ends the lines of its transaction with one that says so: what follows would
build on what is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from salesctrl.batch.frames import Frame, FrameKind, give
from salesctrl.errors import FactProblem, FactsError
from salesctrl.monitor.schedule_plan import SchedulePlan
from salesctrl.monitor.schedule_rows import Dated, DatedRows
from salesctrl.outcome import Outcome
from salesctrl.policy.documents_schedule import LineSpec
from salesctrl.tables.cells import json_value
from salesctrl.tables.columns import AS_OF

if TYPE_CHECKING:
    from salesctrl.batch.result import BatchResult

FIXED = ("date", "number", "what", "amount", "running", "outcome", "problem")
"""The columns of every schedule beside the key and the shares."""
_DIGITS = 38
_PRECISION = 80  # more digits than any sum of amounts has: sums are exact


class Decides(Protocol):
    """Decides the rows of a frame, each on its own date, and never raises for what is wrong with one."""

    def __call__(self, frame: pl.DataFrame, columns: Mapping[str, str | Sequence[str]]) -> BatchResult:
        """The decisions; ``columns`` are the facts that columns hold whose names do not say it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a schedule.

    Attributes:
        first: The number of the first row of its transaction, counted from 0.
        row: The number of its row.
        day: Its date; none where the transaction has no dates.
        what: What it is called; none in a line that only says what is wrong.
        number: How many lines of that name the transaction has, this one included.
        amount: The amount; negative where money goes back.
        shares: What of it is borne by whom.
        running: The sum of the amounts of the transaction up to this line.
        outcome: The outcome of the decision.
        problem: What is wrong; empty where nothing is.
    """

    first: int
    row: int
    day: date | None
    what: str | None
    number: int | None
    amount: Decimal | None
    shares: Mapping[str, Decimal]
    running: Decimal | None
    outcome: Outcome
    problem: str = ""


class ScheduleResult:
    """The dated lines of transactions: one transaction after another, of each by date."""

    def __init__(self, plan: SchedulePlan, rows: DatedRows, lines: Sequence[Line], days: Iterable[date]):
        self._plan, self._rows = plan, rows
        self.lines = tuple(lines)
        self.days = tuple(sorted(set(days)))
        """The dates on which decisions were asked for."""

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self) -> str:
        count = len(self._rows.of_key)
        return f"ScheduleResult({self._plan.doc.schedule}: {len(self):,} lines of {count:,} transactions)"

    @property
    def problems(self) -> tuple[Line, ...]:
        """The lines that only say what is wrong: of their transactions nothing follows."""
        return tuple(line for line in self.lines if line.what is None)

    @property
    def frame(self) -> Any:
        """The lines as a frame of the kind that was given.

        The columns of the key; ``date``; ``what`` the line is; its ``number`` among those of that name (the
        months charged so far); ``amount``; what each person bears; ``running``, the total up to it; the
        ``outcome`` of the decision; ``problem``.
        """
        return _given(self._rows.frame, self.columns)

    @property
    def columns(self) -> pl.DataFrame:
        """The lines as columns of Polars: see `frame`."""
        lines = self.lines
        keys = self._rows.keys[[line.first for line in lines]] if lines else self._rows.keys.clear()
        taken = {*FIXED, *self._plan.shares}
        money = pl.Decimal(_DIGITS, self._plan.scale)
        return pl.DataFrame(
            [
                *(key.alias(f"{key.name} (key)" if key.name in taken else key.name) for key in keys),
                pl.Series("date", [line.day for line in lines], dtype=pl.Date),
                pl.Series("what", [line.what for line in lines], dtype=pl.String),
                pl.Series("number", [line.number for line in lines], dtype=pl.Int64),
                pl.Series("amount", [line.amount for line in lines], dtype=money),
                *(
                    pl.Series(share, [line.shares.get(share) for line in lines], dtype=money)
                    for share in self._plan.shares
                ),
                pl.Series("running", [line.running for line in lines], dtype=money),
                pl.Series("outcome", [line.outcome.value for line in lines], dtype=pl.String),
                pl.Series("problem", [line.problem or None for line in lines], dtype=pl.String),
            ]
        )

    def totals(self, by: str | Sequence[str] = "what") -> Any:
        """The sums of the amounts and shares, as a frame of the kind that was given.

        Args:
            by: The columns of `frame` that lines of a sum have in common: ``"what"``, ``"date"``, the key.

        Raises:
            FactsError: There is no such column, or it is one of amounts.
        """
        columns = self.columns
        names = [by] if isinstance(by, str) else list(by)
        summed = ["amount", *self._plan.shares]
        grouped = [name for name in columns.columns if name not in (*summed, "running")]
        wrong = [name for name in names if name not in grouped]
        if wrong:
            message, help_ = "the lines have no such column", f"the columns are {', '.join(grouped)}"
            raise FactsError([FactProblem(name, "F_COLUMN", message, help_) for name in wrong])
        made = columns.filter(pl.col("what").is_not_null())
        groups: dict[tuple[object, ...], dict[str, Decimal]] = {}
        counts: dict[tuple[object, ...], int] = {}
        zero = Decimal(0).scaleb(-self._plan.scale)
        with localcontext(prec=_PRECISION):
            for row in made.iter_rows(named=True):
                key = tuple(row[name] for name in names)
                sums = groups.setdefault(key, dict.fromkeys(summed, zero))
                counts[key] = counts.get(key, 0) + 1
                for name in summed:
                    sums[name] += row[name] or zero
        money = pl.Decimal(_DIGITS, self._plan.scale)
        table = pl.DataFrame(
            [
                *(
                    pl.Series(name, [key[i] for key in groups], dtype=columns.schema[name])
                    for i, name in enumerate(names)
                ),
                pl.Series("lines", list(counts.values()), dtype=pl.Int64),
                *(pl.Series(name, [sums[name] for sums in groups.values()], dtype=money) for name in summed),
            ]
        )
        return _given(self._rows.frame, table)

    def by_person(self) -> Any:
        """What each person is charged and gets back on each date, from all transactions and posts together.

        A frame of the kind that was given: ``person``, ``as_of``, ``charged``, ``refunded``. From the first
        line of a person on, each date of the schedule has a row, also where nothing is charged on it: so
        money carried forward can be taken on it. Rows without a name in ``person`` are of posts that nobody
        is named for.
        """
        persons, base = self._plan.doc.persons, self._rows.frame.columns
        cells = {share: base[path] for share, path in persons.items() if path in base.columns}
        sums: dict[tuple[str | None, date], list[Decimal]] = {}
        zero = Decimal(0).scaleb(-self._plan.scale)
        firsts: dict[str | None, date] = {}
        with localcontext(prec=_PRECISION):
            for line in self.lines:
                for share, amount in line.shares.items():
                    if share not in persons or line.day is None:
                        continue
                    cell = cells[share][line.row] if share in cells else None
                    person = str(cell) if cell is not None and str(cell).strip() else None
                    if person is None and not amount:
                        continue
                    firsts[person] = min(firsts.get(person, line.day), line.day)
                    entry = sums.setdefault((person, line.day), [zero, zero])
                    entry[amount < 0] += abs(amount)
        rows = [
            (person, day, *sums.get((person, day), (zero, zero)))
            for person, first in sorted(firsts.items(), key=lambda one: (one[0] is None, one[0] or ""))
            for day in self.days
            if day >= first
        ]
        money = pl.Decimal(_DIGITS, self._plan.scale)
        schema = {"person": pl.String(), AS_OF: pl.Date(), "charged": money, "refunded": money}
        return _given(self._rows.frame, pl.DataFrame(rows, schema=schema, orient="row"))


def run_schedule(plan: SchedulePlan, rows: DatedRows, decide: Decides) -> ScheduleResult:
    """Ask on every date, and make the lines.

    The transactions are asked together: all of them on their first date, then on their second, and so on.

    Args:
        plan: The schedule.
        rows: The transactions with their dates.
        decide: Decides the rows of a frame.
    """
    states = {first: _State(first) for first in rows.of_key}
    for first in rows.problems:
        states.setdefault(first, _State(first))
    for first, problem in rows.problems.items():
        states[first].stop(first, None, problem)
    asked: set[date] = set()
    step = 0
    while True:
        now = [
            (states[first], several[step])
            for first, several in rows.of_key.items()
            if step < len(several) and not states[first].ended
        ]
        if not now:
            break
        result = decide(_frame_of(plan, rows.frame, now), rows.columns)
        for state, dated, answer in zip(*zip(*now, strict=True), _answers(plan, result), strict=True):
            day = date.fromordinal(dated.day)
            asked.add(day)
            _note(plan, state, dated.row, day, answer)
        step += 1
    lines = [line for first in sorted(states) for line in states[first].lines]
    return ScheduleResult(plan, rows, lines, asked)


# --- what is asked ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _State:
    """What is known of a transaction while it is asked about."""

    first: int
    lines: list[Line] = field(default_factory=list)
    told: dict[str, object] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Decimal] = field(default_factory=dict)
    running: Decimal = Decimal(0)
    ended: bool = False

    def stop(self, row: int, day: date | None, problem: str) -> None:
        self.ended = True
        none: Mapping[str, Decimal] = {}
        self.lines.append(
            Line(self.first, row, day, None, None, None, none, None, Outcome.INCOMPLETE, problem)
        )


def _frame_of(plan: SchedulePlan, frame: Frame, now: Sequence[tuple[_State, Dated]]) -> pl.DataFrame:
    """The rows to decide: the frame's, with the facts of the day and what earlier decisions have led to."""
    base = frame.columns[[dated.row for _, dated in now]]
    changed = dict.fromkeys(path for _, dated in now for path in dated.facts)
    series = [pl.Series(AS_OF, [date.fromordinal(dated.day) for _, dated in now], dtype=pl.Date)]
    for path in changed:
        there = base[path].to_list() if path in base.columns else [None] * len(now)
        values = [dated.facts.get(path, old) for (_, dated), old in zip(now, there, strict=True)]
        series.append(_column(path, values))
    for path in plan.told:
        there = base[path].to_list() if path in base.columns else [None] * len(now)
        values = [
            _with_items(state.told, path, old) if path in plan.lists else state.told.get(path, old)
            for (state, _), old in zip(now, there, strict=True)
        ]
        if path in base.columns or any(value is not None for value in values):
            series.append(_column(path, values))
    return base.with_columns(series)


def _with_items(told: Mapping[str, object], path: str, given: object) -> object:
    """A list as it was given, with the items that lines have added; what is no list is left to be refused."""
    added = told.get(path)
    if added is None:
        return given
    assert isinstance(added, list)
    items = json_value(given) if isinstance(given, str) and given.strip() else given
    if items is None or items == "":
        return list(added)
    return [*items, *added] if isinstance(items, list) else given


def _column(path: str, values: list[object]) -> pl.Series:
    """Values of any kind as a column in which every one stays what it is."""
    return pl.Series(path, values, dtype=pl.Object)


# --- what is answered -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    fired: frozenset[str]
    values: Mapping[str, object]
    problem: str


def _answers(plan: SchedulePlan, result: BatchResult) -> Iterator[_Answer]:
    """The decisions, of each what lines are made of."""
    columns = result.columns
    wanted = [name for name in _wanted(plan) if name in columns.columns]
    values = [columns[name].to_list() for name in wanted]
    fired = columns["fired"].to_list()
    outcomes = columns["outcome"].to_list()
    wrong = columns["problems"].to_list()
    missing = result.missing.to_list() if Outcome.INCOMPLETE.value in set(outcomes) else None
    for row, name in enumerate(outcomes):
        said = list(wrong[row])
        if missing is not None and missing[row]:
            said.append(f"unknown: {', '.join(missing[row])}")
        yield _Answer(
            Outcome(name),
            frozenset(fired[row]),
            {value: cells[row] for value, cells in zip(wanted, values, strict=True)},
            "; ".join(said),
        )


def _wanted(plan: SchedulePlan) -> dict[str, None]:
    """The values that lines and later facts take."""
    names = dict.fromkeys(plan.doc.carry.values())
    for line in plan.lines:
        names |= dict.fromkeys((line.amount, *line.shares.values(), *line.set.values()))
        if line.record is not None:
            names |= dict.fromkeys(line.record.item.values())
    return names


def _note(plan: SchedulePlan, state: _State, row: int, day: date, answer: _Answer) -> None:
    """Make the lines of one decision, and keep what the next one is to know."""
    if answer.outcome is Outcome.INCOMPLETE:
        state.stop(row, day, answer.problem or "the decision is incomplete")
        return
    for spec in plan.lines:
        with localcontext(prec=_PRECISION):
            problem = _add(plan, spec, state, row, day, answer)
        if problem is not None:
            state.stop(row, day, problem)
            return
    for path, value in plan.doc.carry.items():
        found = answer.values.get(value)
        if found is None:
            state.stop(row, day, f"`{value}` is not known, which the next date needs")
            return
        state.told[path] = found


def _add(
    plan: SchedulePlan, spec: LineSpec, state: _State, row: int, day: date, answer: _Answer
) -> str | None:
    """Add a line, if the decision makes it; what is wrong with it, where something is."""
    if spec.rule is not None and spec.rule not in answer.fired:
        return None
    found = _amount(answer.values.get(spec.amount), plan.scale)
    if found is None:
        return f"`{spec.amount}` is not known"
    before = state.sums.get(spec.name, Decimal(0))
    amount = found - before if spec.cumulative else found
    if spec.rule is None and not amount:
        return None
    shares: dict[str, Decimal] = {}
    for share, value in spec.shares.items():
        part = _amount(answer.values.get(value), plan.scale)
        if part is None:
            return f"`{value}` is not known"
        shares[share] = -part if spec.back else part
    if spec.back:
        amount = -amount
    if shares and sum(shares.values()) != amount:
        return f"the shares of `{spec.name}` come to {sum(shares.values())}, but its amount is {amount}"
    state.sums[spec.name] = before + amount
    state.counts[spec.name] = state.counts.get(spec.name, 0) + 1
    state.running += amount
    number, running = state.counts[spec.name], state.running
    state.lines.append(
        Line(state.first, row, day, spec.name, number, amount, shares, running, answer.outcome)
    )

    def value_of(name: str) -> object:
        return day if name == AS_OF else answer.values.get(name)

    if spec.record is not None:
        item = {name: value_of(value) for name, value in spec.record.item.items()} | spec.record.fixed
        items = state.told.setdefault(spec.record.into, [])
        assert isinstance(items, list)
        items.append(item)
    for path, value in spec.set.items():
        state.told[path] = value_of(value)
    return None


def _amount(value: object, scale: int) -> Decimal | None:
    """A value of a decision as an amount of so many decimals."""
    if value is None:
        return None
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-scale))


def _given(frame: Frame, columns: pl.DataFrame) -> Any:
    """Columns as a frame of the kind that was taken; its labels are those of other rows."""
    if frame.kind in (FrameKind.PANDAS, FrameKind.PANDAS_ARROW):
        frame = replace(frame, index=None)
    return give(frame, columns)
