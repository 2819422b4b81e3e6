"""A control point for tables: a frame in, the decisions on its rows out.

The columns are found by name and read; the rows are parted by the plan that is in force on their dates; each
plan decides its rows in columns. What is wrong with a cell makes its row incomplete, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from threading import Lock

import polars as pl

from salesctrl.batch.asked import AskedByAll, asked_by, asked_by_all
from salesctrl.batch.compiled import OUTCOME
from salesctrl.batch.deciding import BatchPlan, Decided
from salesctrl.batch.reading import FrameReading, Options, RowProblem
from salesctrl.batch.result import BatchResult, Part
from salesctrl.calendar import LAST_DAY
from salesctrl.compile.plan import CheckedSet
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Record, layout
from salesctrl.evaluate.models import merged
from salesctrl.evaluate.point import ControlPoint, PlanEvaluator
from salesctrl.outcome import Outcome
from salesctrl.tables.columns import Columns


class BatchEvaluator:
    """A control point for tables. Safe to share between threads."""

    def __init__(self, point: ControlPoint, checked: CheckedSet):
        self._point = point
        self._checked = checked
        self._plans: dict[int, BatchPlan] = {}
        self._lock = Lock()

    @cached_property
    def columns(self) -> Columns:
        """The names by which columns are found."""
        return Columns(self._point.plans, self._checked.vocabulary)

    @cached_property
    def _root(self) -> Record:
        return merged([layout(plan) for plan in self._point.plans])

    @cached_property
    def _asked(self) -> AskedByAll:
        """What is asked of facts, whatever the day."""
        return asked_by_all([asked_by(plan) for plan in self._point.plans])

    def evaluate(
        self, frame: object, day: int | None, options: Options, *, raising: bool = False
    ) -> BatchResult:
        """Decide every row of a frame.

        Args:
            frame: The rows.
            day: The date of all decisions, an ordinal; left out, each row has its own.
            options: How the frame is read.
            raising: Raise for wrong facts; else their rows are incomplete.

        Raises:
            FactsError: The frame as a whole cannot be read; or, if so asked, facts are wrong.
        """
        reading = FrameReading(frame, day, self.columns, self._root, options, self._asked)
        parts = list(self._parts(reading))
        if raising and reading.problems:
            raise FactsError([_placed(p) for p in sorted(reading.problems, key=lambda p: p.row)])
        return BatchResult(self._point, self._checked, reading, parts)

    def _parts(self, reading: FrameReading) -> Iterator[Part]:
        """The rows by the plan that decides them; those without a date by none."""
        for evaluator, rows in self._by_plan(reading):
            if evaluator is None:
                count = reading.rows if rows is None else len(rows)
                outcome = pl.repeat(Outcome.INCOMPLETE.rank, count, dtype=pl.UInt8, eager=True)
                yield Part(None, rows, Decided(pl.DataFrame({OUTCOME: outcome})), None)
                continue
            plan = self._plan(evaluator)
            given = reading.given(evaluator, rows, plan.asked)
            yield Part(plan, rows, plan.decide(given), given)

    def _by_plan(self, reading: FrameReading) -> Iterator[tuple[PlanEvaluator | None, pl.Series | None]]:
        """The evaluators of the plans in force, each with the numbers of its rows; ``None`` for all rows."""
        if reading.day is not None:
            yield self._point.at(reading.day), None
            return
        days = reading.days
        first = days.min()
        alike = first == days.max() and not days.null_count()
        distinct = days.head(1) if alike else days.unique().sort()
        of = [None if day is None else self._point.at(day) for day in distinct]
        found = {id(evaluator): evaluator for evaluator in of}
        if len(found) <= 1:
            yield next(iter(found.values())) if found else self._point.at(LAST_DAY), None
            return
        number = {key: i for i, key in enumerate(found)}
        groups = pl.DataFrame({"day": distinct, "group": [number[id(evaluator)] for evaluator in of]})
        joined = days.to_frame("day").join(
            groups, on="day", how="left", maintain_order="left", nulls_equal=True
        )["group"]
        for i, evaluator in enumerate(found.values()):
            yield evaluator, (joined == i).arg_true()

    def _plan(self, evaluator: PlanEvaluator) -> BatchPlan:
        made = self._plans.get(id(evaluator))
        if made is None:
            with self._lock:
                made = self._plans.setdefault(id(evaluator), BatchPlan(evaluator, self._checked.organisation))
        return made


def _placed(found: RowProblem) -> FactProblem:
    """The problem with its row, the rows counted from 1 as people count them."""
    row, problem = f"row {found.row + 1}", found.problem
    path = f"{row}, {problem.path}" if problem.path else row
    return FactProblem(path, problem.code, problem.message, problem.help)
