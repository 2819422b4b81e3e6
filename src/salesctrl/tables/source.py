"""Files of rows: what stands in each row of a file, one row after another.

CSV, JSON and JSON Lines are read here. What is read in columns (Parquet, sheets of Excel) comes as a `Source`
too, made by `salesctrl.batch.row_source`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from salesctrl.errors import FactProblem, FactsError
from salesctrl.tables.exact_json import BadJson, parse_json

TextFormat = Literal["json", "jsonl", "csv"]
InputFormat = Literal[TextFormat, "parquet", "xlsx"]
FORMATS: tuple[InputFormat, ...] = get_args(InputFormat)
_SUFFIXES: dict[str, InputFormat] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
STDIN = "standard input"
_UTF8_HELP = "save it as UTF-8 (in Excel: “CSV UTF-8”), or convert it: `iconv -f gb18030 -t utf-8`"


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file: cells of a table, an object of JSON; or why it cannot be read.

    Cells of CSV are texts; those of other tables also numbers, dates, …, and ``None`` where there is nothing.
    """

    line: int | None
    content: tuple[object, ...] | dict[str, object] | None
    problem: FactProblem | None = None


@dataclass(slots=True)
class Source:
    """An open file of rows. ``rows`` is read once, from front to back.

    ``header`` are the names of the columns of a table; ``single`` says that a JSON file holds one object, and
    no list. Before the first row is taken, ``only`` may be set to the names of the columns that are looked
    at, and ``skipped`` to a number of rows that are not: what stands in those need not be read.
    """

    name: str
    format: InputFormat
    rows: Iterator[RawRow]
    size: int | None
    header: tuple[str, ...] | None = None
    single: bool = False
    only: Collection[str] | None = None
    skipped: int = 0
    tell: Callable[[], int] | None = None
    _binary: BinaryIO = field(default_factory=io.BytesIO)
    _text: io.TextIOWrapper | None = None

    def position(self) -> int:
        """How much has been taken from the file, in what ``size`` counts: bytes, or rows."""
        if self.tell is not None:
            return self.tell()
        return self._binary.tell() if self.size is not None and self._text is not None else 0

    def close(self) -> None:
        """Close the file; the standard input stays open."""
        text, self._text = self._text, None
        if text is None:
            return
        if self.name == STDIN:
            text.detach()
        else:
            text.close()


def open_source(path: Path | None, stdin: BinaryIO, format: TextFormat | None, *, nearest: bool) -> Source:
    """Open a file of text, or with no path the standard input, whose format then shows in its content.

    Raises:
        FactsError: It cannot be opened, its format is not known, or it does not begin as its format does.
    """
    if path is None:
        binary, name, size = stdin, STDIN, None
    else:
        name = path.name
        format = format or _text_format(path)
        try:
            binary = path.open("rb")
            size = path.stat().st_size if path.is_file() else None
        except OSError as error:
            raise wrong(
                name, "F_FILE", f"cannot be read: {(error.strerror or str(error)).lower()}"
            ) from error
    text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
    source = Source(name, format or "json", iter(()), size, _binary=binary, _text=text)
    try:
        _start(source, text, format, nearest)
    except OSError as error:
        source.close()
        raise _unreadable(name, error) from error
    except BaseException:
        source.close()
        raise
    return source


def _unreadable(name: str, error: OSError) -> FactsError:
    return wrong(name, "F_FILE", f"cannot be read: {(error.strerror or str(error)).lower()}")


def wrong(name: str, code: str, message: str, help: str | None = None) -> FactsError:
    """The error of a file that cannot be read as a whole."""
    return FactsError([FactProblem(name, code, message, help)])


def is_utf8(text: str) -> bool:
    """Whether the bytes of a text were UTF-8: those that were not stand in it as half characters."""
    if text.isascii():
        return True
    with suppress(UnicodeEncodeError):
        text.encode()
        return True
    return False


def format_of(path: Path) -> InputFormat:
    """What the name of a file says that it holds; a folder holds files of Parquet.

    Raises:
        FactsError: It ends in nothing that is known.

    >>> format_of(Path("orders.parquet"))
    'parquet'
    """
    found = "parquet" if path.is_dir() else _SUFFIXES.get(path.suffix.lower())
    if found is None:
        message = "expected a name that ends in .csv, .parquet, .xlsx, .json or .jsonl"
        raise wrong(path.name, "F_FILE", message, "or pass `--input-format`, such as `--input-format csv`")
    return found


def _text_format(path: Path) -> TextFormat:
    format = format_of(path)
    if format == "parquet" or format == "xlsx":
        raise wrong(path.name, "F_FILE", f"expected a file of text but got one of {format}")
    return format


def _start(source: Source, text: io.TextIOWrapper, format: TextFormat | None, nearest: bool) -> None:
    if format == "csv":
        _start_csv(source, text)
        return
    lines: Iterator[str] = text
    if format is None:
        begin = _first_lines(text)
        lines = chain(begin, text)
        written = [line for line in begin if line.strip()]
        format = _json_or_lines(written[0]) if len(written) > 1 else "json"
    source.format = format
    if format == "jsonl":
        source.rows = _json_lines(lines, nearest)
    else:
        _start_json(source, "".join(lines), nearest)


def _first_lines(text: io.TextIOWrapper) -> list[str]:
    """The lines of a text up to the second in which something is written."""
    done: list[str] = []
    written = 0
    for line in text:
        done.append(line)
        written += bool(line.strip())
        if written == 2:
            break
    return done


def _json_or_lines(first: str) -> TextFormat:
    """JSON Lines, if the first line is an object by itself."""
    if not first.lstrip().startswith("{"):
        return "json"
    try:
        parse_json(first)
    except BadJson as error:
        return "json" if str(error).startswith("not JSON") else "jsonl"
    return "jsonl"


# --- JSON -------------------------------------------------------------------------------------------


def _start_json(source: Source, text: str, nearest: bool) -> None:
    begin = text.lstrip()[:1]
    if begin not in ("[", "{"):
        got = "the file is empty" if not begin else "for a table pass `--input-format csv`"
        raise wrong(source.name, "F_JSON", "expected JSON that begins with `[` or `{`", got)
    if not is_utf8(text):
        raise wrong(source.name, "F_ENCODING", "not UTF-8", _UTF8_HELP)
    try:
        value = parse_json(text, nearest=nearest)
    except BadJson as error:
        lines = "for one object a line, name it .jsonl, or pass `--input-format jsonl`"
        raise wrong(
            source.name, "F_JSON", str(error), lines if "extra data" in str(error) else None
        ) from None
    if isinstance(value, dict):
        source.single = True
        value = [value]
    assert isinstance(value, list)
    source.rows = (_json_row(item, None) for item in value)


def _json_row(value: object, line: int | None) -> RawRow:
    if isinstance(value, dict):
        return RawRow(line, value)
    problem = FactProblem(
        "", "F_RECORD", f"expected an object but got {_JSON_WORDS.get(type(value), 'a number')}"
    )
    return RawRow(line, None, problem)


_JSON_WORDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}


def _json_lines(lines: Iterator[str], nearest: bool) -> Iterator[RawRow]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not is_utf8(line):
            yield RawRow(number, None, FactProblem("", "F_ENCODING", "not UTF-8", _UTF8_HELP))
            continue
        try:
            value = parse_json(line.rstrip("\r\n"), nearest=nearest)
        except BadJson as error:
            yield RawRow(number, None, FactProblem("", "F_JSON", str(error)))
        else:
            yield _json_row(value, number)


# --- CSV --------------------------------------------------------------------------------------------


def _start_csv(source: Source, text: io.TextIOWrapper) -> None:
    rows = _csv_rows(source.name, text)
    header = next(rows, None)
    if header is None:
        raise wrong(source.name, "F_TABLE", "expected a row with the names of the columns but got nothing")
    names = tuple(name.strip() for name in header[1])
    if not all(map(is_utf8, names)):
        raise wrong(source.name, "F_ENCODING", "the names of the columns are not UTF-8", _UTF8_HELP)
    source.header = names
    source.rows = (_csv_row(cells, line, len(names)) for line, cells in rows)


def csv_rows(name: str, text: io.TextIOWrapper, first_line: int, width: int) -> Iterator[RawRow]:
    """The rows of CSV from a line on, each of as many cells as there are columns or with what is wrong.

    Raises:
        FactsError: It is no CSV; the message says from which line on.
    """
    return (_csv_row(cells, line, width) for line, cells in _csv_rows(name, text, first_line))


def _csv_rows(name: str, text: io.TextIOWrapper, first_line: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they begin on; empty lines are none."""
    reader = csv.reader(text, strict=True)
    line = first_line
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + first_line
    except csv.Error as error:
        said = str(error).replace("'", "`").replace('"', "`")
        help_ = "cells that hold a comma, a quote or a line break stand in quotes, quotes in them doubled"
        message = f"not CSV from line {line} on: {said}"
        raise wrong(name, "F_TABLE", message, help_) from None


def _csv_row(cells: list[str], line: int, width: int) -> RawRow:
    if len(cells) == width:
        return RawRow(line, tuple(cells))
    message = f"expected {width} cells, as many as columns, but got {len(cells)}"
    help_ = "put cells that hold a comma in quotes" if len(cells) > width else None
    return RawRow(line, None, FactProblem("", "F_CELLS", message, help_))
