"""Files of rows read in slices: CSV, Parquet, folders of Parquet files, sheets of Excel.

Of what a file holds nothing is inferred: cells of CSV are texts, those of a sheet what the sheet says they
are, and columns of Parquet have their types. A row that cannot be read keeps its place, with what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, get_args
from urllib.parse import unquote

import polars as pl

from salesctrl.batch.arrow_columns import arrow_column, object_column
from salesctrl.errors import FactProblem, FactsError, MissingExtra
from salesctrl.tables.chosen import listed
from salesctrl.tables.source import wrong

TableFormat = Literal["csv", "parquet", "xlsx"]
TABLE_FORMATS: tuple[TableFormat, ...] = get_args(TableFormat)
_SUFFIXES: Mapping[str, TableFormat] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of a file that follow one another.

    ``first`` is the number of the first of them, from 1, and ``rows`` how many they are; ``problems`` are
    rows, from 0 in the slice, that cannot be read: their cells may name them, but hold no facts.
    """

    first: int
    rows: int
    columns: pl.DataFrame
    problems: tuple[tuple[int, FactProblem], ...] = ()


class TableFile(Protocol):
    """A file that is there and begins as its format does: its name, the names of its columns, its rows.

    ``position`` says how much of ``size`` has been read: bytes or rows; ``size`` is None if it is not known.
    """

    name: str
    names: tuple[str, ...]
    size: int | None
    position: int

    def slices(
        self, only: Collection[str] | None = None, rows: int = ROWS, facts: Collection[str] | None = None
    ) -> Iterator[Slice]:
        """The rows of some of the columns, or of all, in slices of no more than ``rows``.

        Args:
            only: The names of the columns to read; left out, all.
            rows: The most rows in a slice.
            facts: The columns without which a row cannot be read, if one of its cells is no text; left out,
                all of these. In others such a cell holds nothing.

        Raises:
            FactsError: Something in the file cannot be read, and with it what comes after it; or two of these
                columns have one name.
        """


def table_file(
    path: Path,
    format: TableFormat | None = None,
    *,
    sheet: str | None = None,
    is_record: Callable[[str], bool] = lambda name: False,
) -> TableFile:
    r"""Look at a file of rows, or a folder of Parquet files.

    Args:
        path: Where it is.
        format: What it is; left out, the ending of its name says it.
        sheet: Which sheet of a file of Excel; left out, its first.
        is_record: Whether a struct of Parquet with that name is a record of facts: then each of its fields
            is a column with a dotted name.

    Raises:
        FactsError: It cannot be read, or it is not what it should be.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "orders.csv")
    ...     _ = path.write_text("order.id,order.amount\nA,1.50\n")
    ...     file = table_file(path)
    ...     file.names, [slice.columns.rows() for slice in file.slices()]
    (('order.id', 'order.amount'), [[('A', '1.50')]])
    """
    from salesctrl.batch.csv_file import CsvFile

    if not path.exists():
        raise wrong(path.name, "F_FILE", "cannot be read: no such file or directory")
    if format is None:
        format = "parquet" if path.is_dir() else _SUFFIXES.get(path.suffix.lower())
    if format is None:
        message = "expected a name that ends in .csv, .parquet or .xlsx, or a folder of Parquet files"
        raise wrong(path.name, "F_FILE", message)
    try:
        if format == "csv":
            return CsvFile(path)
        return ParquetFiles(path, is_record) if format == "parquet" else ExcelFile(path, sheet)
    except OSError as error:
        raise _unreadable(path.name, error) from error


def chosen_places(name: str, names: Sequence[str], only: Collection[str] | None) -> list[int]:
    """The places of the columns to read; columns that nobody reads may have one name."""
    places = [place for place, column in enumerate(names) if only is None or column in only]
    twice = {names[place] for place in places if names.count(names[place]) > 1}
    if twice:
        message = f"more than one column has the name {listed(sorted(twice))}"
        raise wrong(name, "F_COLUMN", message, "rename or remove all but one of them")
    return places


def _unreadable(name: str, error: OSError, row: int | None = None) -> FactsError:
    said = (error.strerror or str(error).splitlines()[0]).lower()
    return wrong(name, "F_FILE", f"cannot be read{_from(row)}: {said}")


def _from(row: int | None) -> str:
    return "" if row is None else f" from row {row} on"


# --- Parquet --------------------------------------------------------------------------------------------


class ParquetFiles:
    """A Parquet file, or all those in a folder and the folders in it, in the order of their names.

    Folders named ``key=value`` make a column ``key``, of texts.
    """

    def __init__(self, path: Path, is_record: Callable[[str], bool] = lambda name: False):
        self.name = path.name
        self._root, self._is_record = path, is_record
        self.paths = [path] if not path.is_dir() else _parquet_files(path)
        self.size: int | None = 0
        self.position = 0
        self.names = self._names_of(self.paths[0])
        for file in self.paths[1:]:
            self._check_names(file)

    def slices(
        self, only: Collection[str] | None = None, rows: int = ROWS, facts: Collection[str] | None = None
    ) -> Iterator[Slice]:
        """The rows, file by file; a slice never spans two."""
        wanted = [self.names[place] for place in chosen_places(self.name, self.names, only)]
        first = 1
        for path in self.paths:
            for part in self._slices(path, wanted, rows, first):
                first += part.rows
                self.position = first - 1
                yield part

    def _slices(self, path: Path, wanted: Sequence[str], rows: int, first: int) -> Iterator[Slice]:
        import pyarrow as pa

        name, keys = self._name_of(path), _partition(self._root, path)
        try:
            with _opened(path) as file:
                stored = dict(_fields(file.schema_arrow, self._is_record))
                columns_read = sorted({stored[column][0] for column in wanted if column not in keys})
                for batch in file.iter_batches(batch_size=rows, columns=columns_read):
                    count = batch.num_rows
                    columns = [
                        _repeated(column, keys[column], count)
                        if column in keys
                        else arrow_column(column, _field(batch, stored[column]))
                        for column in wanted
                    ]
                    yield Slice(first, count, pl.DataFrame(columns))
                    first += count
        except pa.ArrowException as error:
            said = str(error).splitlines()[0]
            message = f"cannot be read from row {first} on: {said}"
            raise wrong(name, "F_FILE", message, "it is cut short or damaged") from error
        except OSError as error:
            raise _unreadable(name, error, first) from error

    def _names_of(self, path: Path) -> tuple[str, ...]:
        import pyarrow as pa

        try:
            with _opened(path) as file:
                stored = [name for name, _ in _fields(file.schema_arrow, self._is_record)]
                self.size = (self.size or 0) + file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise _unreadable(self._name_of(path), error) from error
            said = str(error).splitlines()[0]
            message, help = f"not Parquet: {said}", "it may be cut short: write it anew"
            raise wrong(self._name_of(path), "F_FILE", message, help) from error
        return (*stored, *_partition(self._root, path))

    def _check_names(self, path: Path) -> None:
        names = self._names_of(path)
        absent = [name for name in self.names if name not in names]
        more = [name for name in names if name not in self.names]
        if not absent and not more:
            return
        said = [f"there is no column {listed(absent)}"] if absent else []
        said += [f"there is a column {listed(more)} more"] if more else []
        message = f"{' and '.join(said)} than in `{self._name_of(self.paths[0])}`"
        raise wrong(self._name_of(path), "F_TABLE", message, "files of one table have the same columns")

    def _name_of(self, path: Path) -> str:
        return path.name if path == self._root else path.relative_to(self._root.parent).as_posix()


def _opened(path: Path) -> Any:
    from pyarrow.parquet import ParquetFile

    return ParquetFile(path, pre_buffer=False)


def _fields(schema: Any, is_record: Callable[[str], bool]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names of columns with the way to each: those of structs that are records, else the column alone."""
    from pyarrow import types

    todo: list[tuple[tuple[str, ...], Any]] = [
        ((field.name,), field.type) for field in reversed(list(schema))
    ]
    while todo:
        way, type_ = todo.pop()
        if types.is_struct(type_) and is_record(".".join(way)):
            todo += [((*way, field.name), field.type) for field in reversed(list(type_))]
        else:
            yield ".".join(way), way


def _field(batch: Any, way: Sequence[str]) -> Any:
    """A column, or a field of a column of structs; null where one of these is."""
    from pyarrow import compute

    first, *rest = way
    column = batch.column(first)
    return compute.struct_field(column, rest) if rest else column


def _repeated(name: str, value: str | None, count: int) -> pl.Series:
    return pl.repeat(value, count, dtype=pl.String, eager=True).alias(name)


def _parquet_files(folder: Path) -> list[Path]:
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (".parquet", ".pq")
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    )
    if not found:
        raise wrong(folder.name, "F_FILE", "expected a folder of Parquet files but there is none in it")
    return found


def _partition(root: Path, path: Path) -> dict[str, str | None]:
    """What the folders between say of the rows: ``year=2026``."""
    done: dict[str, str | None] = {}
    for part in path.relative_to(root).parts[:-1]:
        key, equals, value = part.partition("=")
        if equals:
            done[unquote(key)] = None if value == "__HIVE_DEFAULT_PARTITION__" else unquote(value)
    return done


# --- Excel ----------------------------------------------------------------------------------------------


class ExcelFile:
    """A sheet of an Excel file; its first row that holds anything names the columns.

    A formula counts as the value that was last computed for it. Numbers with decimals are the doubles that
    Excel computes with, dates are dates.
    """

    def __init__(self, path: Path, sheet: str | None = None):
        self.name = path.name
        self._path, self._sheet = path, sheet
        with closing(self._rows()) as rows:
            header = next(rows, None)
        if header is None:
            raise wrong(self.name, "F_TABLE", "expected a row with the names of the columns but got nothing")
        _, cells = header
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        self.names = tuple(texts)
        self.size: int | None = None
        self.position = 0

    def slices(
        self, only: Collection[str] | None = None, rows: int = ROWS, facts: Collection[str] | None = None
    ) -> Iterator[Slice]:
        """The rows below the names; one without any value is none."""
        places = chosen_places(self.name, self.names, only)
        taken: list[Sequence[object]] = []
        problems: list[tuple[int, FactProblem]] = []
        first = 1
        with closing(self._rows()) as below:
            next(below)
            for number, cells in below:
                if any(cell is not None for cell in cells[len(self.names) :]):
                    message = f"there is a value beside the columns that have names (row {number})"
                    problems.append((len(taken), FactProblem("", "F_CELLS", message)))
                    cells = ()
                taken.append(cells)
                if len(taken) == rows:
                    yield Slice(first, rows, self._columns(places, taken), tuple(problems))
                    first += rows
                    taken, problems = [], []
        if taken:
            yield Slice(first, len(taken), self._columns(places, taken), tuple(problems))

    def _columns(self, places: Sequence[int], rows: Sequence[Sequence[object]]) -> pl.DataFrame:
        return pl.DataFrame([
            typed_column(self.names[place], [row[place] if place < len(row) else None for row in rows])
            for place in places
        ])  # fmt: skip

    def _rows(self) -> Generator[tuple[int, tuple[object, ...]], None, None]:
        """Rows with a value, with their numbers in the sheet."""
        try:
            from openpyxl import load_workbook
        except ImportError as error:
            raise MissingExtra("report", "reading files of Excel") from error
        try:
            book = load_workbook(self._path, read_only=True, data_only=True)
        except OSError:
            raise
        except Exception as error:  # a damaged file fails in whatever part of it is read first
            message = f"not a file of Excel: {_said(error)}"
            raise wrong(self.name, "F_FILE", message, "open it in Excel and save it as .xlsx") from error
        number = 0
        try:
            sheet = self._chosen(book)
            sheet.reset_dimensions()  # what a file says of its size may be wrong
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                if any(cell is not None for cell in cells):
                    yield number, cells
        except FactsError:
            raise
        except Exception as error:
            message = f"cannot be read from row {number + 1} on: {_said(error)}"
            raise wrong(self.name, "F_FILE", message, "it is cut short or damaged") from error
        finally:
            book.close()

    def _chosen(self, book: Any) -> Any:
        if self._sheet is None:
            return book.worksheets[0]
        if self._sheet not in book.sheetnames:
            message = f"there is no sheet `{self._sheet}`"
            raise wrong(self.name, "F_FILE", message, f"the sheets are {listed(book.sheetnames)}")
        return book[self._sheet]


def _said(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


_PLAIN: Mapping[type, Callable[[], Any]] = {
    str: pl.String,
    bool: pl.Boolean,
    int: pl.Int64,
    float: pl.Float64,
    date: pl.Date,
    datetime: lambda: pl.Datetime("us"),
}


def typed_column(name: str, values: Sequence[object]) -> pl.Series:
    """Values as a column: of their type where all are of one, else of objects as they are.

    >>> typed_column("a", [1, None]).dtype, typed_column("a", [1, 1.5]).dtype
    (Int64, Object)
    """
    types = set(map(type, values)) - {type(None)}
    if not types:
        return pl.Series(name, [None] * len(values), dtype=pl.Null)
    [one, *others] = types
    if not others and one in _PLAIN:
        try:
            return pl.Series(name, values, dtype=_PLAIN[one](), strict=True)
        except (TypeError, OverflowError, UnicodeError, pl.exceptions.PolarsError):
            pass  # too large: each is judged by itself
    return object_column(name, values)
