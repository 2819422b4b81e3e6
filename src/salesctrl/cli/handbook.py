"""`salesctrl handbook`: the policies as pages of Markdown, one for each system of controls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.options import Lang, LangOption, Overlays, PolicyPaths, language, load_policies
from salesctrl.coverage import find_catalogue, read_catalogue
from salesctrl.policy.loader import default_policies
from salesctrl.testing import run


def handbook(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="The folder for the pages; made where it does not exist."),
    ],
    paths: PolicyPaths = None,
    overlay: Overlays = None,
    lang: LangOption = Lang.EN,
) -> int:
    """Write the policies as pages for people: clauses, flow, rules in words, parameters, worked examples.

    All pages are written, or none; other files of the folder stay as they are.
    """
    from salesctrl.handbook import render, write

    engine = load_policies(paths, overlay)
    found = find_catalogue(engine.documents, paths or [default_policies()])
    catalogue = read_catalogue(found) if found is not None else None
    pages = render(engine, run(engine), language(lang), catalogue)
    gone = write(pages, out)
    console.line(f"{counted(len(pages), 'page')} in {out.name or out}")
    for name in gone:
        console.line(f"removed {name}, which is no page any more")
    return 0
