"""Files that are read in columns, handed on row by row: for those who ask one decision at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from salesctrl.batch.files import TableFile
from salesctrl.tables.source import InputFormat, RawRow, Source

_ROWS = 2_000
_SKIPPED = RawRow(None, ())


def row_source(file: TableFile, format: InputFormat) -> Source:
    """The rows of a file, with cells that are Python's own values; ``None`` where there is nothing.

    Only the columns that are looked at are read: the cells of others are ``None``.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import polars as pl
    >>> from salesctrl.batch.files import table_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "orders.parquet")
    ...     pl.DataFrame({"order.id": ["A", "B"], "order.amount": [5, None]}).write_parquet(path)
    ...     source = row_source(table_file(path), "parquet")
    ...     source.header, [raw.content for raw in source.rows]
    (('order.id', 'order.amount'), [('A', 5), ('B', None)])
    """
    source = Source(file.name, format, iter(()), file.size, file.names, tell=lambda: file.position)
    source.rows = _rows(file, source)
    return source


def _rows(file: TableFile, source: Source) -> Iterator[RawRow]:
    width = len(file.names)
    for part in file.slices(source.only, _ROWS):
        if part.first + part.rows <= source.skipped + 1:
            yield from repeat(_SKIPPED, part.rows)
            continue
        wrong = dict(part.problems)
        places = [file.names.index(name) for name in part.columns.columns]
        columns = [series.to_list() for series in part.columns.iter_columns()]
        for number in range(part.rows):
            cells: list[object] = [None] * width
            for place, column in zip(places, columns, strict=True):
                cells[place] = column[number]
            yield RawRow(None, tuple(cells), wrong.get(number))
