"""`salesctrl schedule`: ask a control point on one date after another, and write the dated lines."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from salesctrl.cli import console
from salesctrl.cli.files import output, refuse_input, refuse_screen, rows_of, write_text
from salesctrl.cli.options import (
    FailOn,
    FailOnOption,
    Floats,
    FloatsOption,
    Lang,
    LangOption,
    Language,
    Out,
    Overlays,
    Policies,
    Sheet,
    language,
    load_policies,
    pairs,
    parse_day,
)
from salesctrl.cli.writers import Format
from salesctrl.decision.words import OUTCOMES
from salesctrl.outcome import Outcome

if TYPE_CHECKING:
    import polars as pl

    from salesctrl.monitor.schedule import ScheduleResult

_TITLES = {
    "date": "日期", "what": "项目", "number": "次数", "amount": "金额", "running": "累计",
    "outcome": "结论", "problem": "问题", "lines": "笔数", "person": "人员", "charged": "应扣",
    "refunded": "应补发", "as_of": "日期",
}  # fmt: skip


def schedule(
    name: Annotated[str, typer.Argument(metavar="SCHEDULE", help="The schedule; `--list` names them.")] = "",
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The rows: .csv, .parquet, .xlsx, or a folder of .parquet files."
        ),
    ] = None,
    policies: Policies = None,
    overlay: Overlays = None,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=parse_day, metavar="DATE", help="The last day, YYYY-MM-DD."),
    ] = None,
    start: Annotated[
        date | None,
        typer.Option(
            "--start",
            parser=parse_day,
            metavar="DATE",
            help="The first date of all rows, in place of the fact that the schedule names.",
        ),
    ] = None,
    payments: Annotated[
        Path | None,
        typer.Option("--payments", metavar="FILE", help="What came in: the key, `date` and `amount`."),
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option(
            "--changes", metavar="FILE", help="Facts that hold from a day on: the key, `date`, facts."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="COLUMN=FACT", help="Which fact a column holds; may be repeated."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="COLUMN", help="A column that names a transaction; may be repeated."),
    ] = None,
    total: Annotated[
        list[str] | None,
        typer.Option("--total", metavar="COLUMN", help="Write sums by this column instead; may be repeated."),
    ] = None,
    persons: Annotated[
        bool, typer.Option("--persons", help="Write what each person is charged and gets back instead.")
    ] = False,
    sheet: Sheet = None,
    format: Annotated[Format, typer.Option("--format", help="How to write the lines.")] = Format.TABLE,
    out: Out = None,
    fail_on: FailOnOption = FailOn.DENY,
    floats: FloatsOption = Floats.EXACT,
    names: Annotated[bool, typer.Option("--list", help="List the schedules instead.")] = False,
    lang: LangOption = Lang.EN,
) -> int:
    """Ask on every date of SCHEDULE about the rows of FILE: the dated lines of penalties and interest.

    Exit code 2 if something is wrong with a row (it then has a line that says so), or if the policies or the
    files are wrong; 1 if an outcome is at or above --fail-on; otherwise 0.
    """
    engine = load_policies(policies, overlay)
    if names:
        for one in engine.schedules:
            console.line(one)
        return 0
    if not name or file is None:
        raise typer.BadParameter(f"expected {'FILE' if name else 'SCHEDULE'}")
    if persons and total:
        raise typer.BadParameter("expected one of `--persons` and `--total`")
    refuse_screen(format.value, out)
    for given in (file, payments, changes):
        if out is not None and given is not None:
            refuse_input(out, given)
    result = engine.schedule(
        name,
        rows_of(file, sheet),
        until=until,
        start=start,
        payments=None if payments is None else rows_of(payments, None),
        changes=None if changes is None else rows_of(changes, None),
        columns=pairs(column, "--column"),
        key=tuple(key or ()),
        floats=floats.value,
    )
    columns = result.by_person() if persons else result.totals(total) if total else result.columns
    _write(columns, format, out, language(lang))
    for line in result.problems:
        console.error(f"row {line.row + 1}{f', {line.day}' if line.day else ''}: {line.problem}")
    if result.problems:
        return 2
    return int(len(result) > 0 and fail_on.is_reached_by(_worst(result)))


def _worst(result: ScheduleResult) -> Outcome:
    return max((line.outcome for line in result.lines), default=Outcome.ALLOW)


def _write(columns: pl.DataFrame, format: Format, out: Path | None, lang: Language) -> None:
    if format is Format.TABLE:
        table = _table(columns, lang)
        if out is None:
            console.show(table)
        else:
            write_text(out, console.plain(table))
        return
    if format is Format.JSON:
        with output(out) as stream:
            rows = [json.dumps(row, ensure_ascii=False, default=str) for row in columns.iter_rows(named=True)]
            stream.write("[" + ",".join(f"\n{row}" for row in rows) + "\n]\n" if rows else "[]\n")
        return
    from salesctrl.batch.decision_files import DecisionFormat, decision_file
    from salesctrl.cli.table_files import Encoded

    target: Any = out if out is not None else Encoded(sys.stdout)
    with decision_file(target, cast(DecisionFormat, format.value)) as writer:
        writer.write(columns)


def _table(columns: pl.DataFrame, lang: Language) -> Any:
    """The lines for people; columns in which nothing stands are left out."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not columns.height:
        return Text("no lines" if lang == "en" else "无数据")
    shown = columns.select(
        series.name for series in columns.iter_columns() if series.null_count() < len(series)
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for series in shown.iter_columns():
        title = _TITLES.get(series.name, series.name) if lang == "zh" else series.name
        justify: Any = "right" if series.dtype.is_numeric() else "left"
        table.add_column(title, justify=justify, overflow="fold")
    for row in shown.iter_rows(named=True):
        table.add_row(*(_cell(name, value, lang) for name, value in row.items()))
    return table


def _cell(name: str, value: object, lang: Language) -> Any:
    from rich.text import Text

    if name == "outcome" and value is not None:
        return Text(OUTCOMES[str(value)][lang == "zh"], console.OUTCOME_STYLES[str(value)])
    text = "" if value is None else str(value)
    return Text("".join(c if c.isprintable() else " " for c in text))
