"""Event logs in tables: frames, and files of CSV, Parquet and Excel."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from salesctrl.batch.arrow_columns import object_column
from salesctrl.batch.files import Slice, TableFile, table_file, typed_column
from salesctrl.batch.frames import names_of, take
from salesctrl.monitor.log_rows import RawLog, RowProblem

_ROWS = 1_000_000


class LogSource(Protocol):
    """A log that is there: its name, the names of its columns, and how to read them."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""

    @property
    def notices(self) -> Sequence[str]:
        """What a person should know of it."""

    def read(self, only: Collection[str]) -> RawLog:
        """Read some of its columns.

        Raises:
            FactsError: It cannot be read.
        """


@dataclass(frozen=True, slots=True)
class FrameLog:
    """A frame of pandas or Polars, or a table, a batch or a reader of Arrow."""

    frame: object
    name: str = "the log"
    notices: Sequence[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        return names_of(self.frame)

    def read(self, only: Collection[str]) -> RawLog:
        """Take these columns; a lazy frame is collected."""
        taken = take(self.frame, only)
        return RawLog(self.name, taken.columns, _numbers(taken.rows), nan_is_null=taken.nan_is_null)


@dataclass(frozen=True, slots=True)
class TableLog:
    """A file of rows, or a folder of Parquet files."""

    file: TableFile
    is_excel: bool = False
    notices: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.file.name

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        return self.file.names

    def read(self, only: Collection[str]) -> RawLog:
        """Read these columns of all rows; rows that cannot be read keep their places."""
        # What a sheet holds has a type only as a whole: parts of it could differ.
        slices = list(self.file.slices(only, sys.maxsize if self.is_excel else _ROWS))
        problems = [
            RowProblem(part.first - 1 + row, problem.code.replace("F_", "V_", 1), problem.message)
            for part in slices
            for row, problem in part.problems
        ]
        count = sum(part.rows for part in slices)
        return RawLog(self.name, _joined(slices, self.names, only), _numbers(count), problems)


def table_log(path: Path, format: Any = None, sheet: str | None = None) -> TableLog:
    """Look at a file of rows.

    Raises:
        FactsError: It cannot be read, or it is not what it should be.
    """
    file = table_file(path, format, sheet=sheet)
    return TableLog(file, path.suffix.lower() in (".xlsx", ".xlsm"))


def _numbers(count: int) -> pl.Series:
    return pl.int_range(1, count + 1, dtype=pl.Int64, eager=True)


def _joined(slices: Sequence[Slice], names: Sequence[str], only: Collection[str]) -> pl.DataFrame:
    """All slices as one table; columns that are of several types become columns of objects."""
    if not slices:
        wanted = [name for name in names if name in only]
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    if all(part.columns.schema == slices[0].columns.schema for part in slices):
        return pl.concat([part.columns for part in slices])
    done: list[pl.Series] = []
    for name in slices[0].columns.columns:
        parts = [part.columns[name] for part in slices]
        types = {part.dtype for part in parts} - {pl.Null}
        if len(types) == 1 and pl.Object not in types:
            [only_type] = types
            done.append(pl.concat([part.cast(only_type) for part in parts]))
        elif pl.Object in types:
            done.append(object_column(name, [value for part in parts for value in part.to_list()]))
        else:
            done.append(typed_column(name, [value for part in parts for value in part.to_list()]))
    return pl.DataFrame(done)
