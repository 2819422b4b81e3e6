"""`salesctrl init`: a small policy set that works, to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.files import write_text
from salesctrl.errors import FactProblem, FactsError


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to put it; default: the current folder.")
    ] = Path(),
) -> int:
    """Write a small policy set to begin with: vocabulary, organisation, a policy, tests, facts, a README.

    Nothing that exists is overwritten: if one of the files is there already, none is written.
    """
    contents = dict(starter())
    there = [name for name in contents if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        shown = ", ".join(f"`{name}`" for name in there)
        raise FactsError(
            [FactProblem("init", "F_FILE", f"{shown} would be overwritten", "name another folder")]
        )
    for name, text in contents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, text)
    for name in contents:
        console.line(f"wrote {(folder / name).as_posix()}")
    if folder != Path():
        console.line(f"next: cd {folder.as_posix()}")
    console.line("then: salesctrl check policies; salesctrl test policies; README.md says more")
    return 0


def starter() -> Iterator[tuple[str, str]]:
    """The files of the starter: paths with forward slashes, and texts."""
    return _below(files("salesctrl.cli") / "starter", "")


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith((".", "__")):
            yield prefix + entry.name, entry.read_text(encoding="utf-8")
