"""`salesctrl sod`: judge the segregation of duties, by roles as they are assigned and by events."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from salesctrl.cli import console
from salesctrl.cli.files import output, refuse_screen, write_text
from salesctrl.cli.options import (
    FailOn,
    FailOnOption,
    Lang,
    LangOption,
    Language,
    Out,
    Overlays,
    Policies,
    Sheet,
    language,
    load_policies,
    parse_day,
)
from salesctrl.cli.writers import TABLE_FORMATS, Format
from salesctrl.decision.words import OUTCOMES
from salesctrl.errors import FactProblem, FactsError

if TYPE_CHECKING:
    import polars as pl

    from salesctrl.monitor.segregation import SegregationResult

MAX_LISTED = 20
"""So many rows that were not used are listed on the standard error; JSON holds all of them."""


def sod(
    assignments: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ASSIGNMENTS]",
            help="Who has which role: .csv, .parquet or .xlsx. Left out: the persons of the organisation, "
            "unless there are events.",
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", metavar="LOG", help="Who did what: an event log to judge besides."),
    ] = None,
    policies: Policies = None,
    overlay: Overlays = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of", parser=parse_day, metavar="DATE", help="The day of the judgement, YYYY-MM-DD."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="COLUMN=FIELD", help="What a column of ASSIGNMENTS holds; may be repeated."
        ),
    ] = None,
    event_column: Annotated[
        list[str] | None,
        typer.Option(
            "--event-column", metavar="COLUMN=FIELD", help="What a column of the log holds; may be repeated."
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="The zone of times in the log that do not say theirs."),
    ] = None,
    sheet: Sheet = None,
    format: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TABLE,
    out: Out = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the matrices too.")
    ] = None,
    fail_on: FailOnOption = FailOn.DENY,
    lang: LangOption = Lang.EN,
) -> int:
    """Find who could do, and with --events who did, what the policies keep apart.

    Exit code 2 if rows could not be used (they are listed), or if the policies or the files are wrong; 1 if
    an outcome is at or above --fail-on; otherwise 0.
    """
    if as_of is None:
        raise typer.BadParameter("expected `--as-of DATE`: there is no clock")
    refuse_screen(format.value, out)
    _refuse_own_input((assignments, events), (out, html))
    engine = load_policies(policies, overlay)
    log: object = events
    if events is not None:
        from salesctrl.monitor.log_files import read_log

        log = read_log(events, columns=pairs(event_column, "--event-column"), zone=zone, attributes={})
    result = engine.segregation(assignments, log, as_of=as_of, columns=pairs(column, "--column"), sheet=sheet)
    _write(result, format, out, language(lang))
    if html is not None:
        write_text(html, result.html(language(lang)))
    for notice in result.notices:
        console.note(notice)
    _say_rejected(result)
    if format is not Format.TABLE or out is not None:
        console.summary(summary(result, language(lang)))
    if result.rejected.height:
        return 2
    return int(len(result) > 0 and fail_on.is_reached_by(result.outcome))


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """What was written as ``name=value``."""
    done: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            raise typer.BadParameter(f"expected NAME=VALUE after {option}, but got `{text}`")
        done[name.strip()] = value.strip()
    return done


def _refuse_own_input(inputs: tuple[Path | None, ...], outputs: tuple[Path | None, ...]) -> None:
    """Refuse to write over what is read, and to write two things into one file."""
    for target in outputs:
        for source in inputs:
            if target and source and target.exists() and source.exists() and target.samefile(source):
                message = "expected another file than the input for the output"
                raise FactsError([FactProblem(target.name, "F_FILE", message)])
    out, html = outputs
    if out is not None and html is not None and out.resolve() == html.resolve():
        raise FactsError([FactProblem(out.name, "F_FILE", "expected two files for `--out` and `--html`")])


def _say_rejected(result: SegregationResult) -> None:
    rejected = result.rejected
    for one in rejected.head(MAX_LISTED).iter_rows(named=True):
        whose = f" ({one['id']})" if one["id"] else ""
        console.error(f"{one['source']}, row {one['row']}{whose}: {one['reason']} [{one['code']}]")
    if rejected.height > MAX_LISTED:
        console.error(f"{console.counted(rejected.height - MAX_LISTED, 'more row')} refused")


def summary(result: SegregationResult, lang: Language) -> str:
    """How many findings there are of each sort, in one line."""
    from salesctrl.monitor.segregation.picture import counted

    return counted(result.counted(), lang)


def _write(result: SegregationResult, format: Format, out: Path | None, lang: Language) -> None:
    if format in TABLE_FORMATS:
        from salesctrl.batch.decision_files import decision_file
        from salesctrl.cli.table_files import Encoded

        target: Any = out if out is not None else Encoded(sys.stdout)
        found = result.in_words(lang)
        with decision_file(target, TABLE_FORMATS[format]) as writer:
            writer.write(found if format is Format.PARQUET else _flat(found))
        return
    with output(out) as stream:
        if format is Format.JSON:
            stream.write(_json(result, lang))
        elif format is Format.JSONL:
            stream.writelines(_dumped(one) + "\n" for one in result.in_words(lang).iter_rows(named=True))
        elif out is None:
            console.show(_table(result, lang))
        else:
            stream.write(console.plain(_table(result, lang)))


def _flat(found: pl.DataFrame) -> pl.DataFrame:
    """Lists in one cell, with `; ` between their items: ids of events may have spaces in them."""
    import polars as pl

    times = pl.col("times").list.eval(pl.element().dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"))
    return found.with_columns(times).with_columns(pl.col("duties", "by", "times").list.join("; "))


def _dumped(data: object, indent: int | None = None) -> str:
    """JSON; days and times are those of ISO 8601."""
    return json.dumps(data, ensure_ascii=False, default=lambda day: day.isoformat(), indent=indent)


def _json(result: SegregationResult, lang: Language) -> str:
    """Everything in one object."""
    data = {
        "as_of": result.as_of.isoformat(),
        "outcome": result.outcome.value,
        "findings": result.in_words(lang).to_dicts(),
        "rejected": result.rejected.to_dicts(),
        "notices": list(result.notices),
    }
    return _dumped(data, indent=2) + "\n"


_HEADERS = {
    "en": ("outcome", "statement", "who", "case", "duties", "why"),
    "zh": ("结论", "规定", "对象", "案例", "职责", "原因"),
}


def _table(result: SegregationResult, lang: Language) -> Any:
    """The findings for people, with a summary under them."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from salesctrl.monitor.segregation.page import duties, subject

    said = Text(summary(result, lang))
    if not len(result):
        return said
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for name in _HEADERS[lang]:
        table.add_column(name, overflow="fold")
    between = "；" if lang == "zh" else "; "
    for one in result.in_words(lang).iter_rows(named=True):
        outcome = one["outcome"]
        table.add_row(
            Text(OUTCOMES[outcome][lang == "zh"], console.OUTCOME_STYLES[outcome]),
            _line(one["id"]),
            _line(subject(result, one, lang)),
            _line(one["case"]),
            _line(between.join(duties(result, one, lang))),
            _line(one["because"]),
        )
    return Group(table, Text(""), said)


def _line(text: str | None) -> Any:
    """A text of the user's in one line, with nothing in it that a terminal would obey."""
    from rich.text import Text

    return Text("".join(c if c.isprintable() else " " for c in text or ""))
