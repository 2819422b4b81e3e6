"""The rows of a table decided slice by slice: in columns, and in no more memory for more rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from salesctrl.batch.arrow_columns import object_column
from salesctrl.batch.evaluator import BatchEvaluator
from salesctrl.batch.files import Slice, TableFile
from salesctrl.batch.reading import Options
from salesctrl.batch.result import BatchResult
from salesctrl.cli.deciding import Deciding, as_of_on_the_line
from salesctrl.cli.decision_columns import DecisionColumns
from salesctrl.cli.options import Floats
from salesctrl.engine import FLOAT_TOLERANCE
from salesctrl.errors import FactProblem
from salesctrl.outcome import Outcome
from salesctrl.tables.chosen import Chosen, Target

_ABSENT = "\0"
"""No column of a file is called so: stands before the names of those that are added."""


class Slices:
    """A table of which every slice is decided at once."""

    def __init__(self, deciding: Deciding, file: TableFile, columns: DecisionColumns):
        self._deciding, self._file, self._columns = deciding, file, columns
        self._evaluator = BatchEvaluator(
            deciding.engine.point(deciding.control_point), deciding.engine.checked
        )
        self._day = None if deciding.as_of is None else deciding.as_of.toordinal()
        self._by_column: dict[str, tuple[Target, ...]] = {}
        table = deciding.table
        for place, target in table.placed:
            name = file.names[place]
            self._by_column[name] = (*self._by_column.get(name, ()), target)
        self._facts = frozenset(self._by_column)
        for path in table.constants:
            target = Target(path, self._evaluator.columns.type_of(path))
            self._by_column[_ABSENT + path] = (target,)
        self._by_column |= {name: () for name in (*table.keys, _ABSENT) if name not in self._by_column}

    def __iter__(self) -> Iterator[pl.DataFrame]:
        only = {*self._facts, *self._deciding.table.keys}
        for part in self._file.slices(only, facts=self._facts):
            yield self._decide(part)

    def _decide(self, part: Slice) -> pl.DataFrame:
        frame = part.columns
        if not frame.width:
            frame = pl.DataFrame({_ABSENT: pl.Series([None] * part.rows, dtype=pl.Null)})
        constants = self._deciding.table.constants.items()
        frame = frame.with_columns(_constant(_ABSENT + path, value, part.rows) for path, value in constants)
        tolerance = FLOAT_TOLERANCE if self._deciding.floats is Floats.NEAREST else None
        chosen = Chosen(
            self._evaluator.columns,
            {n: t for n, t in self._by_column.items() if n in frame.columns},
            is_map=True,
        )
        options = Options(columns=chosen, tolerance=tolerance, slips_are_wrong=False)
        result = self._evaluator.evaluate(frame, self._day, options)
        unread = dict(part.problems)
        wrong = self._wrong(result, unread)
        keys = [frame[key] for key in self._deciding.table.keys]
        decided = self._columns.of_slice(result, part.first, keys, wrong)
        if unread:
            decided = _without(decided, list(unread), 1 + len(keys))
        self._count(decided, part.first, wrong)
        return decided

    def _wrong(
        self, result: BatchResult, unread: Mapping[int, FactProblem]
    ) -> dict[int, tuple[FactProblem, ...]]:
        """What is wrong with which row, in the order of the rows."""
        found: dict[int, list[FactProblem]] = {row: [problem] for row, problem in unread.items()}
        for one in result.row_problems:
            if one.row not in unread:
                found.setdefault(one.row, []).append(as_of_on_the_line(one.problem))
        return {row: tuple(found[row]) for row in sorted(found)}

    def _count(self, decided: pl.DataFrame, first: int, wrong: Mapping[int, tuple[FactProblem, ...]]) -> None:
        for outcome, count in decided["outcome"].value_counts().iter_rows():
            self._deciding.outcomes[Outcome(outcome)] += count
        for row, problems in wrong.items():
            self._deciding.note_wrong(first + row, problems)


def _constant(name: str, value: object, rows: int) -> pl.Series:
    """A fact that is the same in every row; a text that says nothing is kept from being read as nothing."""
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        return pl.repeat(value, rows, eager=True).alias(name)
    return object_column(name, [value] * rows)


def _without(decided: pl.DataFrame, rows: list[int], said: int) -> pl.DataFrame:
    """The columns with nothing decided of rows that could not be read, but what is wrong with them.

    The first ``said`` columns name the rows.
    """
    here = pl.repeat(False, decided.height, eager=True).scatter(rows, True)
    columns: list[pl.Series | pl.Expr] = []
    for name, dtype in list(decided.schema.items())[said:]:
        if name == "problems":
            continue
        nothing = pl.lit(None, dtype=dtype)
        if name == "outcome":
            nothing = pl.lit(Outcome.INCOMPLETE.value, dtype=dtype)
        elif name in ("fired", "pending", "requirements", "unknown", "missing"):
            nothing = pl.lit([], dtype=dtype)
        columns.append(pl.when(~here).then(pl.col(name)).otherwise(nothing).alias(name))
    return decided.with_columns(columns)
