"""`salesctrl schema`: JSON Schemas of policy documents, for editors, and of facts, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from salesctrl.cli import console
from salesctrl.cli.files import write_text
from salesctrl.cli.options import Overlays, Policies, load_policies
from salesctrl.diagnostics import suggest


def schema(
    document: Annotated[
        str | None,
        typer.Option("--document", metavar="NAME", help="Print the schema of this kind of document."),
    ] = None,
    facts: Annotated[
        str | None,
        typer.Option("--facts", metavar="CONTROL_POINT", help="Print the schema of the facts it reads."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write the schemas of all documents to this folder."),
    ] = None,
    policies: Policies = None,
    overlay: Overlays = None,
) -> int:
    """Print or write JSON Schemas: of the policy documents (draft-07), or of the facts of a control point.

    Without options the index of the documents is printed.
    """
    if sum(option is not None for option in (document, facts, out)) > 1:
        raise typer.BadParameter("pass one of --document, --facts and --out")
    if facts is not None:
        model = load_policies(policies, overlay).facts(facts)
        console.line(json.dumps(model.model_json_schema(), ensure_ascii=False, indent=1))
        return 0
    from salesctrl.policy.schema import texts

    files = texts()
    if out is not None:
        _write_all(out, files)
    elif document is not None:
        console.line(files[_file_of(document, files)].removesuffix("\n"))
    else:
        for name, text in files.items():
            console.line(f"{_name_of(name):<14}{json.loads(text)['title']}")
    return 0


def _name_of(file: str) -> str:
    return file.removesuffix(".schema.json")


def _file_of(document: str, files: dict[str, str]) -> str:
    file = f"{document}.schema.json"
    if file not in files:
        names = [_name_of(name) for name in files]
        near = suggest(document, names)
        help_ = f"did you mean `{near}`?" if near else f"there are {', '.join(names)}"
        raise typer.BadParameter(f"unknown document `{document}`; {help_}", param_hint="--document")
    return file


def _write_all(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_text(folder / name, text)
    console.line(f"{console.counted(len(files), 'schema')} in {folder.name or folder}")
