"""CSV read in slices: by Polars where it can only mean one thing, else as single rows are read."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import polars as pl

from salesctrl.batch.files import ROWS, Slice, chosen_places
from salesctrl.errors import FactProblem
from salesctrl.tables.source import RawRow, csv_rows, is_utf8, open_source

_CHUNK = 16 << 20
_BOM = b"\xef\xbb\xbf"


class CsvFile:
    """A CSV file with a row of names; its cells are texts, those with nothing in them null."""

    def __init__(self, path: Path):
        self.name = path.name
        self._path = path
        with closing(open_source(path, io.BytesIO(), "csv", nearest=False)) as source:
            assert source.header is not None
            self.names = source.header
            self.size = source.size
        self.position = 0

    def slices(
        self, only: Collection[str] | None = None, rows: int = ROWS, facts: Collection[str] | None = None
    ) -> Iterator[Slice]:
        """The rows; an empty line is none."""
        places = chosen_places(self.name, self.names, only)
        judged = [place for place in places if facts is None or self.names[place] in facts]
        first = 1
        for part in self._parts(places, judged, rows):
            yield replace(part, first=first)
            first += part.rows

    def _parts(self, places: Sequence[int], judged: Sequence[int], rows: int) -> Iterator[Slice]:
        """The slices, not numbered yet."""
        with self._path.open("rb") as binary:
            header = binary.readline()
            line, offset = 1, 0
            names = [self.names[place] for place in places]
            if _lines(header.removeprefix(_BOM), len(self.names)) == 1:
                line, offset = 2, len(header)
                for chunk in _chunks(binary):
                    columns = self._plain(chunk, places)
                    if columns is None:
                        break
                    offset += len(chunk)
                    line += chunk.count(b"\n")
                    self.position = offset
                    for part in columns.iter_slices(rows):
                        yield Slice(1, part.height, part.select(names))
                else:
                    return
            binary.seek(offset)
            text = io.TextIOWrapper(binary, "utf-8-sig" if offset == 0 else "utf-8", "surrogateescape", "")
            found = csv_rows(self.name, text, line, len(self.names))
            if offset == 0:
                next(found)
            while raws := list(islice(found, rows)):
                self.position = binary.tell()
                yield self._checked(raws, places, judged)

    def _plain(self, chunk: bytes, places: Sequence[int]) -> pl.DataFrame | None:
        """The cells of whole lines; None if there is doubt of what they are, or they are not UTF-8."""
        lines = _lines(chunk, len(self.names))
        if lines is None:
            return None
        try:
            chunk.decode()
            columns = pl.read_csv(chunk, has_header=False, infer_schema=False, columns=list(places) or [0])
        except (UnicodeError, pl.exceptions.PolarsError):
            return None
        if columns.height != lines:
            return None
        columns.columns = [self.names[place] for place in places] or columns.columns
        return columns.with_columns(pl.all().replace("", None)) if b'""' in chunk else columns

    def _checked(self, raws: Sequence[RawRow], places: Sequence[int], judged: Sequence[int]) -> Slice:
        problems: list[tuple[int, FactProblem]] = []
        columns: list[list[str | None]] = [[] for _ in places]
        for number, raw in enumerate(raws):
            problem = raw.problem
            cells = raw.content if isinstance(raw.content, tuple) else None
            for column, place in zip(columns, places, strict=True):
                cell = cells[place] if cells is not None else None
                column.append(cell if isinstance(cell, str) and cell and is_utf8(cell) else None)
            if cells is not None:
                bad = next((place for place in judged if not is_utf8(str(cells[place]))), None)
                if bad is not None:
                    message = f"the cell of the column `{self.names[bad]}` is not UTF-8"
                    problem = FactProblem("", "F_ENCODING", message)
            if problem is not None:
                message = f"{problem.message} (line {raw.line})"
                problems.append((number, FactProblem(problem.path, problem.code, message, problem.help)))
        made = [
            pl.Series(self.names[place], column, dtype=pl.String)
            for column, place in zip(columns, places, strict=True)
        ]
        return Slice(1, len(raws), pl.DataFrame(made), tuple(problems))


def _chunks(binary: io.BufferedReader) -> Iterator[bytes]:
    """The rest of a file in parts of whole lines."""
    while chunk := binary.read(_CHUNK):
        yield chunk if chunk.endswith(b"\n") else chunk + binary.readline()


def _lines(chunk: bytes, width: int) -> int | None:
    """How many lines these are, if all have so many cells, and it is plain where each begins and ends.

    That is so if cells are quoted as a whole or not at all, with no quote and no line break in them. Polars
    would fill up rows that are too short, and make the best of quotes that are not in order.
    """
    import numpy as np

    if chunk.count(b"\r") != chunk.count(b"\r\n") or b"\0" in chunk or chunk.startswith(_BOM):
        return None
    if not chunk or chunk.startswith((b"\n", b"\r")) or b"\n\n" in chunk or b"\n\r" in chunk:
        return None  # an empty line is no row
    content = np.frombuffer(b"\n" + chunk + (b"" if chunk.endswith(b"\n") else b"\n"), np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    commas = np.flatnonzero(content == ord(","))
    if b'"' in chunk:
        quotes = np.flatnonzero(content == ord('"'))
        if len(quotes) % 2:
            return None
        opening, closing = quotes[::2], quotes[1::2]
        before, after = content[opening - 1], content[closing + 1]
        if not (np.isin(before, _BEFORE).all() and np.isin(after, _AFTER).all()):
            return None
        if (np.searchsorted(ends, opening) != np.searchsorted(ends, closing)).any():
            return None
        commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
    lines = len(ends) - 1
    if len(commas) != lines * (width - 1):
        return None
    if width > 1:
        of_line = commas.reshape(lines, width - 1)
        if (of_line[:, 0] < ends[:-1]).any() or (of_line[:, -1] > ends[1:]).any():
            return None
    return lines


_BEFORE, _AFTER = list(b",\n"), list(b",\n\r")
