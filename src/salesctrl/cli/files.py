"""Files that are written: complete, or not there at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def output(path: Path | None) -> Iterator[TextIO]:
    """The standard output, or a file that takes the place of the old one when all has been written.

    If anything goes wrong before that, the old file stays as it was.
    """
    if path is None:
        yield sys.stdout
        return
    final = Path(os.path.realpath(path))
    if final.exists() and not final.is_file():  # a device or a pipe has nothing to be replaced
        with final.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    unfinished = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        with unfinished.open("x", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(final)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a whole file, atomically."""
    with output(path) as file:
        file.write(text)
