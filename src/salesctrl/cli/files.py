"""Files that are written: complete, or not there at all."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from salesctrl.errors import FactProblem, FactsError
from salesctrl.tables.whole import whole_file

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def output(path: Path | None) -> Iterator[TextIO]:
    """The standard output, or a file that takes the place of the old one when all has been written.

    If anything goes wrong before that, the old file stays as it was.
    """
    if path is None:
        yield sys.stdout
        return
    with whole_file(path) as binary:
        file = io.TextIOWrapper(binary, encoding="utf-8", newline="\n")
        try:
            yield file
            file.flush()
        except BaseException:
            with suppress(OSError):  # what could not be written is tried again, and nobody will read it
                file.detach()
            raise
        file.detach()


def refuse_screen(format: str, out: Path | None) -> None:
    """Refuse to write a file for programs, of Parquet or Excel, on the screen."""
    if out is None and format in ("parquet", "xlsx"):
        raise typer.BadParameter(f"a file of {format} is not for the screen: pass `--out FILE`")


def refuse_input(out: Path, file: Path) -> None:
    """Refuse to write over the input, or into the folder that is the input."""
    if out.exists() and file.exists() and out.samefile(file):
        message = "expected another file than the input for the output"
        raise FactsError([FactProblem(out.name, "F_FILE", message)])
    if file.is_dir():
        inside = out.resolve().is_relative_to(file.resolve())
        if inside or (out.is_file() and any(out.samefile(one) for one in file.rglob("*") if one.is_file())):
            message = f"expected a file outside `{file.name}` for the output: all in it is input"
            raise FactsError([FactProblem(out.name, "F_FILE", message)])


def write_text(path: Path, text: str) -> None:
    """Write a whole file, atomically."""
    with output(path) as file:
        file.write(text)


def rows_of(path: Path, sheet: str | None) -> pl.DataFrame:
    """All rows of a file."""
    import polars as pl

    from salesctrl.batch.files import table_file

    file = table_file(path, sheet=sheet)
    parts = []
    for part in file.slices():
        if part.problems:
            row, problem = part.problems[0]
            place = f"{file.name}, row {part.first + row}"
            raise FactsError([FactProblem(place, problem.code, problem.message, problem.help)])
        parts.append(part.columns)
    if not parts:
        return pl.DataFrame({name: pl.Series(name, [], dtype=pl.String) for name in file.names})
    return pl.concat(parts, how="vertical_relaxed")
