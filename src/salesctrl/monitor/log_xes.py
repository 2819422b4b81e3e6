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
_KEYED = _TYPED | {"list", "container", "values"}
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
    """An attribute: where it is given, what is written there, and with which tags."""

    rows: list[int] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Things:
    """All traces, all events, or the defaults of one of these: attributes of the last go on."""

    count: int = 0
    columns: dict[str, _Column] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Another thing begins."""
        self.count += 1
        self.seen = set()

    def put(self, key: str, tag: str, text: str) -> None:
        """Keep an attribute; a key that is given again, as in a list, has its number behind it."""
        seen, name = self.seen, key
        if name in seen:
            number = 2
            while (name := f"{key}#{number}") in seen:
                number += 1
        seen.add(name)
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = _Column()
        column.rows.append(self.count - 1)
        # A float that is none holds nothing: so do frames write a gap.
        column.texts.append(None if tag == "float" and text.strip().lower() == "nan" else text)
        column.tags.add(tag)


class _Reader:
    """What was read so far."""

    def __init__(self, name: str):
        self.name = name
        self.traces, self.events = _Things(), _Things()
        self.defaults = {"trace": _Things(), "event": _Things()}
        self.trace_of: list[int | None] = []
        self.open: list[_Things | None] = []  # what the attributes belong to, for each element
        self.keys: list[str] = []

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
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if not self.open and tag != "log":
            raise wrong(self.name, "F_FILE", f"expected a log in XES but got XML that begins with `<{tag}>`")
        things = self.open[-1] if self.open else None
        if tag in _KEYED:
            self.keys.append(given.get("key", ""))
            if things is not None and tag in _TYPED:
                if len(self.keys) > _DEEPEST:
                    raise wrong(self.name, "F_FILE", f"attributes are nested more than {_DEEPEST} deep")
                key = self.keys[0] if len(self.keys) == 1 else "/".join(filter(None, self.keys))
                things.put(key, tag, given.get("value", ""))
        elif tag == "event":
            self.trace_of.append(self.traces.count - 1 if things is self.traces else None)
            things = self.events
            things.begin()
        elif tag == "trace":
            things = self.traces
            things.begin()
        elif tag == "global":
            things = self.defaults.get(given.get("scope", "event"))
        self.open.append(things)

    def _end(self, tag: str) -> None:
        self.open.pop()
        if tag.rpartition(":")[2] in _KEYED:
            self.keys.pop()

    def log(self) -> XesLog:
        """All that was read, as columns."""
        done: list[pl.Series] = []
        dates: set[str] = set()
        defaults: dict[str, object] = {}
        place = pl.Series(self.trace_of, dtype=pl.UInt32)
        for scope, things in (("trace", self.traces), ("event", self.events)):
            for key, column in things.columns.items():
                name = _CASE + key if scope == "trace" else key
                if name in (made.name for made in done):  # an event may have a key with `case:` before it
                    name = f"event/{key}"
                values = _values(column)
                spread = _spread(name, column.rows, values, things.count)
                done.append(spread.gather(place).alias(name) if scope == "trace" else spread)
                if column.tags == {"date"}:
                    dates.add(name)
                default = self.defaults[scope].columns.get(key)
                if default is not None and _values(default).dtype == values.dtype:
                    defaults[name] = _values(default)[-1]
        return XesLog(self.name, pl.DataFrame(done), self.events.count, defaults, frozenset(dates))


def _values(column: _Column) -> pl.Series:
    """Values as integers or truth values where all are, else as texts: floats are exact only as these."""
    if column.tags == {"int"}:
        numbers = [_integer(text or "") for text in column.texts]
        if None not in numbers:
            return pl.Series(numbers, dtype=pl.Int64)
    if column.tags == {"boolean"}:
        truths = [_TRUTHS.get((text or "").strip().lower()) for text in column.texts]
        if None not in truths:
            return pl.Series(truths, dtype=pl.Boolean)
    return pl.Series(column.texts, dtype=pl.String)


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
