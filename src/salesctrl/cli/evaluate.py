"""`salesctrl evaluate`: decide every row of a file at a control point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from salesctrl.cli import console
from salesctrl.cli.deciding import Deciding
from salesctrl.cli.files import output, refuse_input, refuse_screen
from salesctrl.cli.opening import open_facts
from salesctrl.cli.options import (
    AsOf,
    ControlPoint,
    FactsFile,
    FailOn,
    FailOnOption,
    Floats,
    FloatsOption,
    Input,
    Lang,
    LangOption,
    Language,
    MapFile,
    Out,
    Overlays,
    Policies,
    Sheet,
    language,
    load_policies,
)
from salesctrl.cli.progress import followed
from salesctrl.cli.writers import (
    TABLE_FORMATS,
    Format,
    JsonLinesWriter,
    JsonWriter,
    TableWriter,
    Writer,
)


def evaluate(
    control_point: ControlPoint,
    file: FactsFile,
    policies: Policies = None,
    overlay: Overlays = None,
    as_of: AsOf = None,
    format: Annotated[Format, typer.Option("--format", help="How to write the decisions.")] = Format.TABLE,
    out: Out = None,
    fail_on: FailOnOption = FailOn.DENY,
    map_file: MapFile = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="COLUMN", help="A column that names the row in the output; may be repeated."
        ),
    ] = None,
    input_format: Input = None,
    sheet: Sheet = None,
    floats: FloatsOption = Floats.EXACT,
    trace: Annotated[
        bool, typer.Option("--trace", help="With json and jsonl: write the traces too.")
    ] = False,
    lang: LangOption = Lang.EN,
) -> int:
    """Decide every row of FILE at a control point.

    Exit code 2 if facts of a row are wrong (the row is then at least incomplete, and listed), or if the
    policies or the file are; 1 if an outcome is at or above --fail-on; otherwise 0.
    """
    refuse_screen(format.value, out)
    if out is not None and file != "-":
        refuse_input(out, Path(file))
    engine = load_policies(policies, overlay)
    opened = open_facts(
        engine, control_point, file, as_of, floats,
        input_format=input_format, sheet=sheet, map_file=map_file, keys=key,
    )  # fmt: skip
    deciding = Deciding(engine, control_point, opened, as_of, floats)
    try:
        deciding.say_notices()
        if format in TABLE_FORMATS:
            from salesctrl.cli.table_files import write_decisions  # imports what reads columns

            write_decisions(deciding, TABLE_FORMATS[format], out)
        else:
            _decide_all(deciding, format, out, language(lang), trace=trace)
    finally:
        opened.close()
    deciding.say_notices()
    deciding.say_problems()
    if format is not Format.TABLE or out is not None:
        console.summary(deciding.summary(language(lang)))
    if deciding.wrong:
        return 2
    return int(bool(deciding.outcomes) and fail_on.is_reached_by(deciding.worst))


def _decide_all(deciding: Deciding, format: Format, out: Path | None, lang: Language, *, trace: bool) -> None:
    with output(out) as stream:
        writer = _writer(format, stream, deciding, lang, trace=trace)
        writer.begin()
        on_screen = out is None and console.is_terminal(sys.stdout) and format is not Format.TABLE
        for decided in followed(deciding, deciding.table, quiet=on_screen):
            writer.row(decided)
        writer.end()
        if isinstance(writer, TableWriter):
            if out is None:
                console.show(writer.rendered())
            else:
                stream.write(console.plain(writer.rendered()))


def _writer(format: Format, stream: TextIO, deciding: Deciding, lang: Language, *, trace: bool) -> Writer:
    match format:
        case Format.JSON:
            return JsonWriter(stream, deciding, trace=trace)
        case Format.JSONL:
            return JsonLinesWriter(stream, deciding, trace=trace)
        case _:
            return TableWriter(deciding, lang)
