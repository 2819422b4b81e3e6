"""Decisions written as a table: CSV, Parquet or Excel, for programs and spreadsheets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import polars as pl

from salesctrl.batch.decision_files import DecisionFormat, decision_file
from salesctrl.cli import console
from salesctrl.cli.deciding import Decided, Deciding
from salesctrl.cli.decision_columns import DecisionColumns
from salesctrl.cli.progress import followed
from salesctrl.cli.slices import Slices

_ROWS = 1_000


def write_decisions(deciding: Deciding, format: DecisionFormat, out: Path | None) -> None:
    """Decide all rows and write them to a file, or to the standard output.

    Rows that come in columns are decided in columns; others one after another.
    """
    columns = DecisionColumns(
        deciding.table.keys,
        deciding.engine.point(deciding.control_point).plans,
        lambda problem: deciding.described(problem, help=False),
        brief=format in ("csv", "xlsx"),
    )
    on_screen = out is None and console.is_terminal(sys.stdout)
    file = deciding.file
    if file is None:
        parts = _row_by_row(followed(deciding, deciding.table, quiet=on_screen), columns)
    else:
        deciding.table.source.tell = lambda: file.position
        slices = Slices(deciding, file, columns)
        parts = followed(slices, deciding.table, quiet=on_screen, count=lambda part: part.height)
    target = out if out is not None else cast(BinaryIO, Encoded(sys.stdout))
    with decision_file(target, format) as writer:
        writer.write(columns.of_rows([]))
        for part in parts:
            writer.write(part)


def _row_by_row(rows: Iterable[Decided], columns: DecisionColumns) -> Iterator[pl.DataFrame]:
    left = iter(rows)
    while some := list(islice(left, _ROWS)):
        yield columns.of_rows(some)


class Encoded:
    """A stream of text to which bytes are written."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, content: bytes) -> int:
        """Write bytes that are text in UTF-8."""
        self._stream.write(bytes(content).decode())
        return len(content)
