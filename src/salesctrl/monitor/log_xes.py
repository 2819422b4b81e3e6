"""Event logs in XES, the standard of process mining (IEEE 1849), also packed: `.xes` and `.xes.gz`.

The file is read as it streams by. A document type is refused before anything of it is read, and with it every
entity that could be expanded. An attribute of a trace stands at each of its events, with ``case:`` before its
key; one inside another has both keys, as in ``cost/driver``.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast
from xml.parsers import expat

import polars as pl

from salesctrl.errors import FactsError
from salesctrl.monitor.log_rows import RawLog
from salesctrl.tables.source import wrong

_TYPED = frozenset({"string", "date", "int", "float", "boolean", "id"})
_GROUPS = frozenset({"list", "container", "values"})
_CASE = "case:"
_INT64 = range(-(2**63), 2**63)
_BLOCK = 1 << 20
_DECLARED = re.compile(rb"<\?xml[^>]{1,100}encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_DECODERS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "big5": "big5hkscs",
    "shift_jis": "cp932", "euc_jp": "euc_jp", "euc_kr": "cp949",
}  # fmt: skip
"""Encodings that the parser does not know, and what reads them: most are read by a larger one."""
_DEEPEST = 50

Cell = tuple[str, str]
"""The tag of an attribute, and its value as it is written."""


@dataclass(frozen=True, slots=True)
class XesLog:
    """A log in XES, read: its columns are named by the keys of attributes."""

    name: str
    columns: pl.DataFrame
    count: int
    defaults: Mapping[str, object]
    dates: frozenset[str]
    notices: Sequence[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """The keys of attributes, those of traces with ``case:`` before them."""
        return self.columns.columns

    def read(self, only: Collection[str]) -> RawLog:
        """These columns."""
        rows = pl.int_range(1, self.count + 1, dtype=pl.Int64, eager=True)
        columns = self.columns.select([name for name in self.names if name in only])
        return RawLog(self.name, columns, rows, defaults=self.defaults, dates=self.dates)


def read_xes(path: Path) -> XesLog:
    """Read a log in XES.

    Raises:
        FactsError: It cannot be read, is no XES, or has a document type.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.xes")
    ...     _ = path.write_text('<log><trace><event><int key="n" value="7"/></event></trace></log>')
    ...     read_xes(path).columns.rows(named=True)
    [{'n': 7}]
    """
    reader = _Reader(path.name)
    try:
        with _opened(path) as file:
            reader.feed(file)
    except expat.ExpatError as error:
        raise _no_xml(path.name, error) from error
    except (ValueError, LookupError) as error:  # bytes that are not in the encoding, or one that nobody reads
        message = "it is not in the encoding that its first line names, or that is not known"
        raise wrong(path.name, "F_ENCODING", message, "write it as UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        message = f"cannot be unpacked: {str(error)[:1].lower()}{str(error)[1:]}"
        raise wrong(path.name, "F_FILE", message, "it is cut short or damaged") from error
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise wrong(path.name, "F_FILE", f"cannot be read: {said}") from error
    return reader.log()


def _opened(path: Path) -> IO[bytes]:
    packed = path.suffix.lower() == ".gz"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _no_xml(name: str, error: expat.ExpatError) -> FactsError:
    said = expat.ErrorString(error.code) or "not XML"
    help, code = "it is cut short or damaged", "F_FILE"
    if error.code == _INVALID_TOKEN:
        help = "it is damaged, or not in the encoding that its first line names; without one it is UTF-8"
    elif error.code in _ENCODING_CODES:
        help, code = "write it as UTF-8, such as with `iconv -f gb18030 -t utf-8`", "F_ENCODING"
    return wrong(name, code, f"cannot be read from line {error.lineno} on: {said}", help)


_INVALID_TOKEN = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_ENCODING_CODES = frozenset(
    expat.errors.codes[text]
    for text in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
)


@dataclass(slots=True)
class _Column:
    """An attribute: where it is given, and what is written there. Others hold nothing."""

    rows: list[int] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """What was read so far."""

    name: str
    traces: int = 0
    trace_of: list[int | None] = field(default_factory=list)
    of_events: dict[str, _Column] = field(default_factory=dict)
    of_traces: dict[str, _Column] = field(default_factory=dict)
    globals: dict[str, Cell] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    seen_in_trace: set[str] = field(default_factory=set)
    scope: str = ""

    def feed(self, file: IO[bytes]) -> None:
        """Read all of a file."""
        block = file.read(_BLOCK)
        declared = _DECLARED.match(block)
        decoder = _DECODERS.get(declared[1].decode().lower().replace("-", "_")) if declared else None
        decode = codecs.getincrementaldecoder(decoder)() if decoder else None
        parser = expat.ParserCreate("utf-8" if decode else None)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        while block:
            parser.Parse(decode.decode(block).encode() if decode else block, False)
            block = file.read(_BLOCK)
        parser.Parse(decode.decode(b"", True).encode() if decode else b"", True)

    def _doctype(self, *_: object) -> None:
        message = "it has a document type, and could have entities that are expanded"
        raise wrong(self.name, "F_FILE", message, "remove `<!DOCTYPE …>`; XES has none")

    def _start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if not self.open and tag != "log":
            raise wrong(self.name, "F_FILE", f"expected a log in XES but got XML that begins with `<{tag}>`")
        parent = self.open[-1] if self.open else ""
        self.open.append(tag)
        if tag == "trace":
            self.traces += 1
            self.seen_in_trace = set()
        elif tag == "event":
            self.trace_of.append(self.traces - 1 if "trace" in self.open else None)
            self.seen = set()
        elif tag == "global":
            self.scope = given.get("scope", "event")
        elif tag in _TYPED or tag in _GROUPS:
            self.keys.append(given.get("key", ""))
            if tag in _TYPED and parent != "log":
                if len(self.keys) > _DEEPEST:
                    raise wrong(self.name, "F_FILE", f"attributes are nested more than {_DEEPEST} deep")
                self._attribute("/".join(key for key in self.keys if key), tag, given.get("value", ""))

    def _end(self, tag: str) -> None:
        tag = self.open.pop()
        if tag in _TYPED or tag in _GROUPS:
            self.keys.pop()
        elif tag == "global":
            self.scope = ""

    def _attribute(self, key: str, tag: str, value: str) -> None:
        if "event" in self.open:
            self._put(self.of_events, self.seen, len(self.trace_of) - 1, key, (tag, value))
        elif "trace" in self.open:
            self._put(self.of_traces, self.seen_in_trace, self.traces - 1, key, (tag, value))
        elif self.scope:
            self.globals[(_CASE if self.scope == "trace" else "") + key] = (tag, value)

    @staticmethod
    def _put(into: dict[str, _Column], seen: set[str], row: int, key: str, cell: Cell) -> None:
        """Keep a value; a key that is given again, as in a list, has its number behind it."""
        name, number = key, 1
        while name in seen:
            number += 1
            name = f"{key}#{number}"
        seen.add(name)
        column = into.get(name)
        if column is None:
            column = into[name] = _Column()
        column.rows.append(row)
        column.cells.append(cell)

    def log(self) -> XesLog:
        """All that was read, as columns."""
        done: list[pl.Series] = []
        dates: set[str] = set()
        defaults: dict[str, object] = {}
        if self.of_traces:
            place = pl.Series(self.trace_of, dtype=pl.UInt32)
        for prefix, columns, rows in (
            (_CASE, self.of_traces, self.traces),
            ("", self.of_events, len(self.trace_of)),
        ):
            for key, column in columns.items():
                name = prefix + key
                if not prefix and key.startswith(_CASE) and key.removeprefix(_CASE) in self.of_traces:
                    name = f"event/{key}"
                values = _values(column.cells)
                spread = _spread(name, column.rows, values, rows)
                done.append(spread.gather(place).alias(name) if prefix else spread)
                if {tag for tag, _ in column.cells} == {"date"}:
                    dates.add(name)
                if name in self.globals:
                    default = _values([*column.cells, self.globals[name]])
                    if default.dtype == values.dtype:
                        defaults[name] = default[-1]
        return XesLog(self.name, pl.DataFrame(done), len(self.trace_of), defaults, frozenset(dates))


def _values(cells: Sequence[Cell]) -> pl.Series:
    """Values as integers or truth values where all are, else as texts: floats are exact only as these.

    A float that is none holds nothing: so do frames write a gap.
    """
    tags = {tag for tag, _ in cells}
    texts = [None if tag == "float" and text.strip().lower() == "nan" else text for tag, text in cells]
    if tags == {"int"}:
        numbers = [_integer(text) for _, text in cells]
        if None not in numbers:
            return pl.Series(numbers, dtype=pl.Int64)
    if tags == {"boolean"}:
        truths = [_TRUTHS.get(text.strip().lower()) for _, text in cells]
        if None not in truths:
            return pl.Series(truths, dtype=pl.Boolean)
    return pl.Series(texts, dtype=pl.String)


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def _integer(text: str) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.removeprefix("-").removeprefix("+").isdigit() and len(text) < 21):
        return None
    number = int(text)
    return number if number in _INT64 else None


def _spread(name: str, rows: Sequence[int], values: pl.Series, count: int) -> pl.Series:
    """The values at their rows, and nothing at the others."""
    if len(rows) == count:
        return values.alias(name)
    return pl.repeat(None, count, dtype=values.dtype, eager=True).scatter(rows, values).alias(name)
