"""Decisions as columns, for files of tables: alike for all parts of a table, however they were decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from salesctrl.batch.result import OUTCOME_TYPE, BatchResult
from salesctrl.batch.schema import ValueColumn, value_name, value_schema
from salesctrl.cli.deciding import Decided
from salesctrl.compile.plan import Plan
from salesctrl.decision import Decision
from salesctrl.errors import FactProblem
from salesctrl.outcome import Outcome
from salesctrl.tables.table import key_text

_OWN = ("as_of", "missing")
_LISTS = ("fired", "pending", "requirements", "unknown", "missing")
_BRIEF = ("fired", "pending", "missing")
_IDS = pl.List(pl.String)

Described = Callable[[FactProblem], str]
"""A problem in words, with the column that it is in."""


class DecisionColumns:
    """One row for each row of the input: its number, its key columns, the decision, the values.

    ``brief``: problems are one text, and the requirements that are open and the rules that are unknown are
    left out: what the CSV says.
    """

    def __init__(self, keys: Sequence[str], plans: Sequence[Plan], described: Described, *, brief: bool):
        self._values = value_schema(plans)
        self._keys = {key: value_name(key, _OWN, "key") for key in keys}
        taken = {*self._keys.values(), *_OWN}
        self._taken = taken
        self._names = {name: value_name(name, taken) for name in self._values}
        self._described = described
        self._brief = brief
        self._lists = _BRIEF if brief else _LISTS

    def of_rows(self, rows: Sequence[Decided]) -> pl.DataFrame:
        """The columns of rows that were decided one after another."""
        decisions = [row.decision for row in rows]
        lists = {name: [_listed(decision, name) for decision in decisions] for name in self._lists}
        shown = [{} if decision is None else _shown(decision) for decision in decisions]
        values = [
            pl.Series(self._names[name], [_cell(row.get(name), column) for row in shown], dtype=column.dtype)
            for name, column in self._values.items()
        ]
        days = [None if decision is None else decision.as_of for decision in decisions]
        outcomes = pl.Series([row.outcome.value for row in rows], dtype=OUTCOME_TYPE)
        return self._put_together(
            pl.Series([row.number for row in rows], dtype=pl.Int64),
            [pl.Series([row.keys[i] for row in rows], dtype=pl.String) for i in range(len(self._keys))],
            pl.Series(days, dtype=pl.Date),
            outcomes,
            {name: pl.Series(ids, dtype=_IDS) for name, ids in lists.items()},
            {i: row.problems for i, row in enumerate(rows) if row.problems},
            values,
        )

    def of_slice(
        self, result: BatchResult, first: int, keys: Sequence[pl.Series],
        wrong: Mapping[int, tuple[FactProblem, ...]],
    ) -> pl.DataFrame:  # fmt: skip
        """The columns of rows that were decided at once.

        Args:
            result: The decisions.
            first: The number of the first of the rows.
            keys: Their key columns.
            wrong: What is wrong with which row, by its place. Of those without a date nothing was decided.
        """
        decided = result.columns_as(self._values, self._taken)
        return self._put_together(
            pl.int_range(first, first + result.rows, dtype=pl.Int64, eager=True),
            [_texts(key) for key in keys],
            result.days,
            decided["outcome"],
            {name: result.missing if name == "missing" else decided[name] for name in self._lists},
            wrong,
            [decided[name] for name in self._names.values()],
        )

    def _put_together(
        self, numbers: pl.Series, keys: Sequence[pl.Series], days: pl.Series, outcomes: pl.Series,
        lists: Mapping[str, pl.Series], wrong: Mapping[int, tuple[FactProblem, ...]],
        values: Sequence[pl.Series],
    ) -> pl.DataFrame:  # fmt: skip
        problems = pl.Series(
            [[], *([self._described(problem) for problem in found] for found in wrong.values())], dtype=_IDS
        )
        if self._brief:
            problems = problems.list.join("; ").replace("", None)
        of_row = pl.repeat(0, len(numbers), dtype=pl.UInt32, eager=True)
        if wrong:
            of_row = of_row.scatter(list(wrong), range(1, len(wrong) + 1))
        named = {
            "row": numbers,
            **{
                name: series.replace("", None) for name, series in zip(self._keys.values(), keys, strict=True)
            },
            "as_of": days,
            "outcome": outcomes,
            **lists,
            "problems": problems.gather(of_row),
        }
        return pl.DataFrame([*(series.alias(name) for name, series in named.items()), *values])


def _texts(key: pl.Series) -> pl.Series:
    if key.dtype == pl.String:
        return key
    return pl.Series([key_text(value) for value in key], dtype=pl.String)


def _listed(decision: Decision | None, name: str) -> Sequence[str]:
    if decision is None:
        return ()
    if name == "missing":
        # Where nothing is unknown nothing is missing, and no trace has to be made.
        unknown = decision.outcome >= Outcome.INCOMPLETE and (
            decision.unknown or None in decision.values.values()
        )
        return decision.missing if unknown else ()
    if name == "requirements":
        return list(_open(decision))
    ids: Sequence[str] = getattr(decision, name)
    return ids


def _open(decision: Decision) -> Iterator[str]:
    """The requirements that are open, where their rules wait for nothing else."""
    if not decision.pending:
        return
    for result in decision.requirements:
        if not result.satisfied and result.need.rule in decision.pending:
            yield result.need.id


def _shown(decision: Decision) -> dict[str, object]:
    """The values by the names of their columns: of a split, one for each share."""
    done: dict[str, object] = {}
    for name, value in decision.values.items():
        if isinstance(value, dict):
            done |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            done[name] = value
    return done


def _cell(value: object, column: ValueColumn) -> object:
    if column.dtype == pl.String and value is not None and not isinstance(value, str | date):
        return f"{value:f}"
    return value
