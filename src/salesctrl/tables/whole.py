"""Files that are written: complete, or not there at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of the old one when all has been written.

    If anything goes wrong before that, the old file stays as it was, and nothing of the new one is left.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.txt")
    ...     with whole_file(path) as file:
    ...         _ = file.write(b"a")
    ...         before = path.exists()
    ...     before, path.read_bytes()
    (False, b'a')
    """
    final = Path(os.path.realpath(path))
    if final.exists() and not final.is_file():  # a device or a pipe has nothing to be replaced
        with final.open("wb") as file:
            yield file
        return
    unfinished = final.with_name(f".{final.name}.{os.getpid()}.part")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(final)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
