"""Metrics: the rows of a frame in groups, their figures, and the rules on these.

A group is a fact like others, with its rows as a list; so its figures are computed, and its rules decided, as
for any table, and explained like any decision. What is done here is to form the groups, and to rank them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Any

import polars as pl

from salesctrl.batch.convert import read_column
from salesctrl.batch.evaluator import BatchEvaluator
from salesctrl.batch.frames import Frame, FrameKind, give, take
from salesctrl.batch.reading import Options
from salesctrl.batch.result import BatchResult
from salesctrl.batch.values import readable
from salesctrl.compile.derived import RANK_FIELDS, ROWS
from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Leaf
from salesctrl.policy.documents import GroupKey, MetricDocument
from salesctrl.policy.vocabulary import Field, VocabularyIndex, normal
from salesctrl.tables.chosen import listed

_GROUP = "§"
"""The column by which rows and groups refer to each other; no fact can have such a name, nor one like it."""
_SHOWN = 5
_DIGITS = 80


class MetricResult(BatchResult):
    """The figures of groups, and the decisions on them: a row for each group, in the order of their keys."""

    def __init__(self, groups: BatchResult, metric: str, rows: Frame, group_of: pl.Series):
        super().__init__(groups._point, groups._checked, groups._reading, groups._parts)
        self.metric = metric
        self._source = rows
        self._group_of = group_of

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items() if count)
        return f"MetricResult({self.metric}: {self.rows:,} groups of {self._source.rows:,} rows; {counts})"

    def rows_of(self, group: int) -> Any:
        """The rows behind the figures of a group, as a frame of the kind that was given.

        Raises:
            IndexError: There is no such group; they are counted from 0.
        """
        if not 0 <= group < self.rows:
            raise IndexError(f"there are {self.rows:,} groups, counted from 0, but {group} was asked for")
        return give(_unlabelled(self._source), self._source.columns.filter(self._group_of == group))


class MetricEvaluator:
    """Measures tables by one metric. Safe to share between threads."""

    def __init__(self, metric: MetricDocument, groups: BatchEvaluator, vocabulary: VocabularyIndex):
        self._metric = metric
        self._groups = groups
        self._vocabulary = vocabulary

    def measure(
        self,
        frame: object,
        day: int | None,
        *,
        columns: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
        beside: object | None = None,
        tolerance: Decimal | None = None,
        raising: bool = False,
    ) -> MetricResult:
        """Form the groups, compute their figures, and decide each.

        Args:
            frame: The rows.
            day: The date of the decisions, an ordinal.
            columns: The fields that columns hold whose names do not say it.
            facts: Facts of all groups, by path.
            beside: A frame with facts of the groups, a row for each, with the keys.
            tolerance: How much noise of binary arithmetic is rounded away.
            raising: Raise for wrong facts; else their groups are incomplete.

        Raises:
            FactsError: The rows cannot be grouped: no column holds a key, or a key cannot be read.
        """
        rows = self._named(take(frame), columns or {})
        keys = self._keys(rows, tolerance)
        groups, group_of = self._grouped(keys, rows.rows, beside, tolerance)
        for path, value in (facts or {}).items():
            constant = pl.Series(path, [value], dtype=None if value is not None else pl.Null)
            groups = groups.with_columns(pl.lit(constant).first().alias(path))
        items = _without_nan(rows).with_columns(group_of.alias(_GROUP))
        options = Options(
            lists={f"{self._metric.as_}.{ROWS}": items}, key=(_GROUP,), tolerance=tolerance,
        )  # fmt: skip

        def evaluated(table: pl.DataFrame) -> BatchResult:
            return self._groups.evaluate(table, day, options, raising=raising)

        result = evaluated(groups)
        if self._metric.rank is not None:
            result = evaluated(groups.with_columns(self._ranked(result)))
        result._reading.frame = replace(result._reading.frame, kind=rows.kind)
        return MetricResult(result, self._metric.metric, rows, group_of)

    # -- columns -----------------------------------------------------------------------------------

    def _named(self, rows: Frame, columns: Mapping[str, str]) -> Frame:
        """The columns by the names that fields of the rows have."""
        prefix = f"{self._metric.of}."
        there = rows.columns.columns
        problems = [
            FactProblem(
                name, "F_COLUMN", f"the rows have no column `{name}`", f"the columns are {listed(there)}"
            )
            for name in columns
            if name not in there
        ]
        if problems:
            raise FactsError(problems)
        names = {name: columns.get(name, name).removeprefix(prefix) for name in there}
        twice = [name for name in names.values() if list(names.values()).count(name) > 1]
        if twice:
            message, help = "more than one column holds this field", "leave all but one of them out"
            raise FactsError([FactProblem(n, "F_COLUMN", message, help) for n in dict.fromkeys(twice)])
        return replace(rows, columns=rows.columns.rename(names))

    def _field(self, key: GroupKey) -> Field:
        found = self._vocabulary.field(self._metric.of, key.field)
        assert found is not None  # the metric was checked
        return found

    def _column_of(self, key: GroupKey, rows: pl.DataFrame) -> str:
        """The column of the rows that holds a key."""
        field = self._field(key)
        names = {name.casefold() for name in (*field.names, *_texts(field))}
        found = [name for name in rows.columns if normal(name).strip().casefold() in names]
        if len(found) == 1:
            return found[0]
        path = f"{self._metric.of}.{key.field}"
        if found:
            message = f"several columns hold the key: {listed(found)}"
            raise FactsError([FactProblem(path, "F_COLUMN", message, "leave all but one of them out")])
        near = suggest(key.field, rows.columns)
        help = f"did you mean the column `{near}`? then pass `columns={{{near!r}: {path!r}}}`" if near else (
            f"the columns are {listed(rows.columns)}"
        )  # fmt: skip
        raise FactsError([FactProblem(path, "F_COLUMN", "no column holds this key of the groups", help)])

    def _keys(self, rows: Frame, tolerance: Decimal | None) -> pl.DataFrame:
        """The keys of all rows, as values of their types; null where a cell holds nothing."""
        problems: list[FactProblem] = []
        keys: list[pl.Series] = []
        for key in self._metric.by:
            field = self._field(key)
            path = f"{self._metric.as_}.{key.field}"
            name = self._column_of(key, rows.columns)
            cells = read_column(
                Leaf(f"{self._metric.of}.{key.field}", replace(field, default=None), 0),
                rows.columns[name], tolerance=tolerance, nan_is_null=rows.nan_is_null,
            )  # fmt: skip
            for one in cells.problems[:_SHOWN]:
                place = f"row {one.row + 1}, {one.problem.path}"
                problems.append(FactProblem(place, one.problem.code, one.problem.message, one.problem.help))
            values = cells.values if key.period is None else _first_days(cells.values, key.period)
            keys.append(readable(values, field.type).alias(path))
        if problems:
            raise FactsError(problems)  # whose row it is decides every figure
        return pl.DataFrame(keys)

    # -- groups ------------------------------------------------------------------------------------

    def _grouped(
        self, keys: pl.DataFrame, rows: int, beside: object | None, tolerance: Decimal | None
    ) -> tuple[pl.DataFrame, pl.Series]:
        """The groups in the order of their keys, each with its number, and the group of every row."""
        names = keys.columns
        if not names:
            one = pl.DataFrame({_GROUP: [0]})
            return self._with_facts(one, beside), pl.repeat(0, rows, dtype=pl.UInt32, eager=True)
        facts = None if beside is None else self._facts_of(beside, tolerance)
        of_rows = keys.unique()
        known = of_rows if facts is None else pl.concat([of_rows, facts.select(names)]).unique()
        groups = known.sort(names, nulls_last=True).with_row_index(_GROUP)
        group_of = keys.join(groups, on=names, how="left", nulls_equal=True, maintain_order="left")[_GROUP]
        if facts is not None:
            groups = groups.join(facts, on=names, how="left", nulls_equal=True, maintain_order="left")
        return groups, group_of

    def _with_facts(self, groups: pl.DataFrame, beside: object | None) -> pl.DataFrame:
        """The one group of all rows, with its facts."""
        if beside is None:
            return groups
        facts = _without_nan(take(beside))
        if facts.height != 1:
            message = f"expected one row of facts, for the one group, but got {facts.height:,}"
            raise FactsError([FactProblem("", "F_FRAME", message)])
        return pl.concat([groups, facts], how="horizontal")

    def _facts_of(self, beside: object, tolerance: Decimal | None) -> pl.DataFrame:
        """The facts of the groups, with their keys as those of the rows are read."""
        frame = self._named(take(beside), {})
        keys = self._keys(frame, tolerance)
        twice = keys.filter(keys.is_duplicated())
        if twice.height:
            shown = listed([", ".join(map(str, row)) for row in twice.unique().head(_SHOWN).rows()])
            message = f"several rows have facts of one group: {shown}"
            raise FactsError([FactProblem("", "F_COLUMN", message, "give each group one row")])
        own = [self._column_of(key, frame.columns) for key in self._metric.by]
        return pl.concat([keys, _without_nan(frame).drop(own)], how="horizontal")

    def _ranked(self, result: BatchResult) -> list[pl.Series]:
        """The place of every group; unknown for all of them where one figure is."""
        rank = self._metric.rank
        assert rank is not None
        of, figures = self._metric.as_, result.columns[rank.by].to_list()
        if any(figure is None for figure in figures):
            nothing = [None] * len(figures)
            return [pl.Series(f"{of}.{name}", nothing, dtype=pl.Null) for name in RANK_FIELDS]
        order = sorted(range(len(figures)), key=figures.__getitem__, reverse=rank.order == "descending")
        places: Sequence[int] = [0] * len(figures)
        with localcontext(prec=_DIGITS):  # sums are exact
            sums = list(accumulate(figures[i] for i in order))
        position, running = list(places), list(figures)
        for place, (group, total) in enumerate(zip(order, sums, strict=True), start=1):
            position[group], running[group] = place, total
        whole = sums[-1] if sums else 0
        values: dict[str, list[object]] = {
            "position": list(position),
            "running": running,
            "total": [whole] * len(figures),
            "groups": [len(figures)] * len(figures),
        }
        return [pl.Series(f"{of}.{name}", values[name], dtype=pl.Object) for name in RANK_FIELDS]


def _texts(field: Field) -> tuple[str, ...]:
    """The titles of a field, also those that no expression can use."""
    return tuple(normal(text) for text in (field.title.get("en"), field.title.get("zh")) if text)


def _first_days(days: pl.Series, period: str) -> pl.Series:
    """Of every day, an ordinal, the first of the period that it lies in; weeks begin on Mondays."""
    first = {day: _first_day(date.fromordinal(day), period) for day in days.unique() if day is not None}
    return days.replace_strict(first, return_dtype=pl.Int64) if first else days


def _first_day(day: date, period: str) -> int:
    match period:
        case "week":
            day -= timedelta(days=day.weekday())
        case "month":
            day = day.replace(day=1)
        case "quarter":
            day = day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case _:
            day = day.replace(month=1, day=1)
    return day.toordinal()


def _without_nan(rows: Frame) -> pl.DataFrame:
    """The columns with nothing where pandas writes NaN for it."""
    if not rows.nan_is_null:
        return rows.columns
    return rows.columns.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))


def _unlabelled(rows: Frame) -> Frame:
    """The frame without the labels of its rows: a part of it has others."""
    return replace(rows, index=None) if rows.kind in (FrameKind.PANDAS, FrameKind.PANDAS_ARROW) else rows
