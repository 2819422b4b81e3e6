"""Tables of decisions written to files, slice by slice; a file is complete or not there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, get_args

import polars as pl

from salesctrl.errors import FactProblem, FactsError, MissingExtra
from salesctrl.tables.whole import whole_file

DecisionFormat = Literal["csv", "jsonl", "parquet", "xlsx"]
DECISION_FORMATS: tuple[DecisionFormat, ...] = get_args(DecisionFormat)
_OLDEST = pl.CompatLevel.oldest()


class DecisionWriter(Protocol):
    """Writes decisions, slice after slice."""

    def write(self, decisions: pl.DataFrame) -> None:
        """Write rows; all slices have the same columns. The first may be empty, and still names them."""

    def finish(self) -> None:
        """Write what comes after the last row."""

    def abandon(self) -> None:
        """Let go of what was opened; the file will not be kept."""


@contextmanager
def decision_file(path: Path | BinaryIO, format: DecisionFormat) -> Iterator[DecisionWriter]:
    r"""A file of decisions to write.

    When the ``with`` is left in order, the file takes the place of an older one; when it is left by an
    exception, whichever it is, an older one stays as it was, and nothing is left of the new one.

    Args:
        path: Where it shall be, or a file that is open for bytes.
        format: How the decisions are written. In CSV and Excel lists are joined by spaces, and records are
            JSON; in JSON Lines decimals are texts, and in Excel those that a double cannot hold.

    Raises:
        MissingExtra: It is to be a file of Excel, and openpyxl is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "decisions.csv")
    ...     with decision_file(path, "csv") as file:
    ...         file.write(pl.DataFrame({"outcome": ["deny"], "fired": [["R-1", "R-2"]]}))
    ...     path.read_text()
    'outcome,fired\ndeny,R-1 R-2\n'
    """
    if isinstance(path, Path):
        with whole_file(path) as file, decision_file(file, format) as writer:
            yield writer
        return
    writer = _WRITERS[format](path)
    try:
        yield writer
    except BaseException:
        writer.abandon()
        raise
    writer.finish()


class _Csv:
    def __init__(self, file: BinaryIO):
        self._file, self._begun = file, False

    def write(self, decisions: pl.DataFrame) -> None:
        # Not written by Polars itself: a disk that is full and a reader that has gone shall be said as such.
        content = io.BytesIO()
        _flat(decisions).write_csv(content, include_header=not self._begun)
        self._file.write(content.getbuffer())
        self._begun = True

    def finish(self) -> None:
        pass

    abandon = finish


class _JsonLines:
    def __init__(self, file: BinaryIO):
        self._file = file

    def write(self, decisions: pl.DataFrame) -> None:
        content = io.BytesIO()
        decisions.write_ndjson(content)
        self._file.write(content.getbuffer())

    def finish(self) -> None:
        pass

    abandon = finish


class _Parquet:
    def __init__(self, file: BinaryIO):
        self._file = file
        self._writer: Any = None

    def write(self, decisions: pl.DataFrame) -> None:
        from pyarrow.parquet import ParquetWriter

        table = decisions.to_arrow(compat_level=_OLDEST)
        if self._writer is None:
            self._writer = ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table.cast(self._writer.schema))

    def finish(self) -> None:
        if self._writer is None:
            self.write(pl.DataFrame())
        self._writer.close()

    def abandon(self) -> None:
        if self._writer is not None:
            with suppress(Exception):  # it wants to write the end of the file, which nobody will read
                self._writer.close()


class _Excel:
    """A sheet with the names of the columns in its first row."""

    def __init__(self, file: BinaryIO):
        try:
            from openpyxl import Workbook
        except ImportError as error:
            raise MissingExtra("report", "writing files of Excel") from error
        self._file = file
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("decisions")
        self._rows = 0

    def write(self, decisions: pl.DataFrame) -> None:
        if not self._rows:
            self._append(decisions.columns)
        for row in _flat(decisions).iter_rows():
            self._append(row)

    def _append(self, values: Sequence[object]) -> None:
        if self._rows == _SHEET_ROWS:
            message = f"there are more than the {_SHEET_ROWS - 1:,} rows that a sheet of Excel holds"
            raise FactsError([FactProblem("", "F_LENGTH", message, "write CSV or Parquet")])
        self._sheet.append([self._cell(value) for value in values])
        self._rows += 1

    def _cell(self, value: object) -> object:
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.isoformat()  # a sheet knows no zones
        if (
            isinstance(value, Decimal | int)
            and not isinstance(value, bool)
            and Decimal(float(value)) != value
        ):
            # A fraction is the nearest double and reads as it was; more digits than a double has do not.
            digits = len(Decimal(value).as_tuple().digits)
            value = str(value) if digits > _SHEET_DIGITS else value
        if not isinstance(value, str):
            return value
        if len(value) > _SHEET_TEXT:
            message = f"a text has more than the {_SHEET_TEXT:,} characters that a cell of Excel holds"
            raise FactsError([FactProblem("", "F_LENGTH", message, "write CSV or Parquet")])
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet, _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value))
        cell.data_type = "s"  # a text that begins with `=` is no formula
        return cell

    def finish(self) -> None:
        self._book.save(self._file)

    def abandon(self) -> None:
        self._sheet.close()


_SHEET_ROWS, _SHEET_TEXT, _SHEET_DIGITS = 1_048_576, 32_767, 15
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WRITERS: Mapping[DecisionFormat, Callable[[BinaryIO], DecisionWriter]] = {
    "csv": _Csv, "jsonl": _JsonLines, "parquet": _Parquet, "xlsx": _Excel,
}  # fmt: skip


def _flat(decisions: pl.DataFrame) -> pl.DataFrame:
    """The columns with one text in a cell where there was a list or a record; nothing where it was empty."""
    columns = []
    for name, dtype in decisions.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            if isinstance(dtype.inner, pl.List | pl.Struct | pl.Array):
                column = pl.struct(column).struct.json_encode().str.slice(len(f'{{"{name}":'))
                column = column.str.head(-1).replace("null", None)
            else:
                column = column.cast(pl.List(pl.String)).list.join(" ")
                column = pl.when(column != "").then(column)
        elif isinstance(dtype, pl.Struct):
            column = pl.when(column.is_not_null()).then(column.struct.json_encode())
        columns.append(column.alias(name))
    return decisions.select(columns)
