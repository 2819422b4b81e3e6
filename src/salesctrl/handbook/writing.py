"""Pages put into a folder: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from salesctrl.errors import FactProblem, FactsError
from salesctrl.handbook.words import TEXTS

_MARKS = tuple(mark.encode() for mark in TEXTS["written"])
"""How pages begin that were written before, and may be written again."""


def write(pages: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Put pages into a folder; pages of an earlier time that are no longer there are removed.

    All pages are written beside the folder first, and then put in their places; if that fails, what was there
    before comes back. Other files of the folder stay as they are.

    Returns:
        The names of the pages that were removed.

    Raises:
        FactsError: A file that is no page of the handbook has the name of one.
        OSError: The folder cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write({"index.md": "# Handbook"}, Path(folder, "handbook"))
    ...     Path(folder, "handbook", "index.md").read_text("utf-8")
    ()
    '# Handbook'
    """
    final = Path(os.path.realpath(folder))
    if final.exists() and not final.is_dir():
        raise _wrong(folder.name, "expected a folder but it is a file", "name another folder")
    foreign = [name for name in pages if (final / name).exists() and not _is_ours(final / name)]
    if foreign:
        shown = ", ".join(f"`{name}`" for name in foreign)
        raise _wrong(folder.name, f"{shown} would be overwritten, which is no page of the handbook",
                     "move it away, or name another folder")  # fmt: skip
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{final.name}.", dir=final.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        old.mkdir()
        for name, text in pages.items():
            (new / name).write_bytes(text.encode("utf-8"))
        if not final.exists():
            new.chmod(0o777 & ~_umask())
            new.replace(final)
            return ()
        gone = sorted(path.name for path in final.glob("*.md") if path.name not in pages and _is_ours(path))
        _put(list(pages), gone, new, old, final)
    return tuple(gone)


def _put(names: list[str], gone: list[str], new: Path, old: Path, final: Path) -> None:
    """Exchange the pages of a folder; if one cannot be moved, all go back."""
    there = [name for name in (*names, *gone) if (final / name).exists()]
    for name in there:
        shutil.copy2(final / name, old / name)
    try:
        for name in names:
            (new / name).replace(final / name)
        for name in gone:
            (final / name).unlink()
    except OSError:
        for name in names:
            with suppress(OSError):
                if name not in there:
                    (final / name).unlink(missing_ok=True)
        for name in there:
            with suppress(OSError):
                (old / name).replace(final / name)
        raise


def _is_ours(path: Path) -> bool:
    """Whether a file was written as a page of a handbook."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        begin = file.read(max(map(len, _MARKS)))
    return begin.startswith(_MARKS)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _wrong(where: str, message: str, help: str) -> FactsError:
    return FactsError([FactProblem(where, "F_FILE", message, help)])
