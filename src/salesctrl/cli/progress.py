"""A progress bar on the standard error, for a person who has waited for more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from salesctrl.cli.console import is_terminal
from salesctrl.tables import Table

T = TypeVar("T")
PATIENCE = 1.0
"""Seconds before the bar appears."""
_EVERY = 0.1


def followed(
    rows: Iterable[T], table: Table, *, quiet: bool, count: Callable[[T], int] = lambda row: 1
) -> Iterator[T]:
    """The same rows, with a bar while they are read; none off a terminal, or if it is to be ``quiet``.

    Where several come at once, ``count`` says how many.
    """
    if quiet or not is_terminal(sys.stderr):
        yield from rows
        return
    size = table.source.size
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(), console=Console(file=sys.stderr), transient=True, auto_refresh=False,
    )  # fmt: skip
    task: TaskID | None = None
    number, shown = 0, time.monotonic() + PATIENCE - _EVERY
    try:
        for row in rows:
            number += count(row)
            yield row
            if time.monotonic() - shown >= _EVERY:
                shown = time.monotonic()
                if task is None:
                    bar.start()
                    task = bar.add_task(table.name, total=size, rows=number)
                bar.update(task, completed=table.source.position(), rows=number, refresh=True)
    finally:
        if task is not None:
            bar.stop()
