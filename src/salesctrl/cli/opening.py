"""Files of facts opened for a control point: their rows, and the columns that they can be read in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from salesctrl.cli.options import Floats, InputFormat
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError
from salesctrl.tables import InputFormat as Format
from salesctrl.tables import Notice, Source, Table, format_of, open_table, read_map

if TYPE_CHECKING:  # reading columns takes a while to import: only those who do so wait for it
    from salesctrl.batch.files import TableFile


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows of a file; and, where it is a table that can be read again from its beginning, the file."""

    table: Table
    file: TableFile | None

    def close(self) -> None:
        """Close the file."""
        self.table.close()


def open_facts(
    engine: Engine, control_point: str, file: str, as_of: date | None, floats: Floats, *,
    input_format: InputFormat | None = None, sheet: str | None = None, map_file: Path | None = None,
    keys: list[str] | None = None,
) -> Opened:  # fmt: skip
    """Open a file of facts for a control point; raises :class:`FactsError` if it cannot be read."""
    path = None if file == "-" else Path(file)
    format: Format | None = None if input_format is None else input_format.value
    if path is not None and format is None:
        format = format_of(path)
    if sheet is not None and format != "xlsx":
        raise _wrong(path, "`--sheet` is for files of Excel")
    columns, source = _columns(engine, path, format, sheet)
    table = open_table(
        path, engine.point(control_point).plans, engine.checked.vocabulary,
        input_format=None if format == "parquet" or format == "xlsx" else format,
        mapping=read_map(map_file) if map_file is not None else None,
        keys=keys or (), nearest=floats is Floats.NEAREST, source=source,
    )  # fmt: skip
    if as_of is None and not table.has_as_of:
        table.close()
        message = "expected the date of the decisions but there is no column `as_of`"
        raise FactsError([FactProblem(table.name, "F_AS_OF", message, "pass `--as-of 2026-03-01`")])
    if as_of is not None and "as_of" in table.column_of:
        text = f"`--as-of` takes the place of the column `{table.column_of['as_of']}`"
        table.notices.append(Notice(text))
    return Opened(table, columns)


def _columns(
    engine: Engine, path: Path | None, format: Format | None, sheet: str | None
) -> tuple[TableFile | None, Source | None]:
    """A table that can be read in columns; its rows, where it is not read as text."""
    if format is None or format == "json" or format == "jsonl":
        return None, None
    if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
        # A pipe is read once, from front to back.
        if format == "csv":
            return None, None
        raise _wrong(path, f"expected a file, since {format} cannot be read from a pipe")
    from salesctrl.batch.files import table_file
    from salesctrl.batch.records import record_path
    from salesctrl.batch.row_source import row_source

    vocabulary = engine.checked.vocabulary
    columns = table_file(
        path, format, sheet=sheet, is_record=lambda name: record_path(name, vocabulary) is not None
    )
    return columns, None if format == "csv" else row_source(columns, format)


def _wrong(path: Path | None, message: str) -> FactsError:
    return FactsError([FactProblem("standard input" if path is None else path.name, "F_FILE", message)])
