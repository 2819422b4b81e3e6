"""`salesctrl measure`: compute a metric over the rows of a file."""

from __future__ import annotations

import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from salesctrl.cli import console
from salesctrl.cli.files import refuse_screen, rows_of
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
from salesctrl.decision.words import OUTCOMES
from salesctrl.outcome import Outcome

if TYPE_CHECKING:
    from salesctrl.batch.measuring import MetricResult
    from salesctrl.policy.vocabulary import VocabularyIndex


class MeasureFormat(StrEnum):
    """How the figures are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


def measure(
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="The metric; `--list` names them.")] = "",
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The rows: .csv, .parquet, .xlsx, or a folder of .parquet files."
        ),
    ] = None,
    policies: Policies = None,
    overlay: Overlays = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of", parser=parse_day, metavar="DATE", help="The date of the decisions, YYYY-MM-DD."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="COLUMN=FIELD", help="Which field a column holds; may be repeated."),
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option("--fact", metavar="PATH=VALUE", help="A fact that all groups share; may be repeated."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option("--groups", metavar="FILE", help="Facts of the groups, a row for each, with its keys."),
    ] = None,
    sheet: Sheet = None,
    format: Annotated[MeasureFormat, typer.Option("--format", help="How to write the figures.")] = (
        MeasureFormat.TABLE
    ),
    out: Out = None,
    fail_on: FailOnOption = FailOn.DENY,
    floats: FloatsOption = Floats.EXACT,
    names: Annotated[bool, typer.Option("--list", help="List the metrics instead.")] = False,
    lang: LangOption = Lang.EN,
) -> int:
    """Compute METRIC over the rows of FILE: the figures of its groups, and what follows from them.

    Exit code 2 if facts of a row are wrong (its group is then at least incomplete), or if the policies or the
    file are; 1 if an outcome is at or above --fail-on; otherwise 0.
    """
    engine = load_policies(policies, overlay)
    if names:
        for name in engine.metrics:
            console.line(name)
        return 0
    if not metric or file is None or as_of is None:
        lacking = "METRIC" if not metric else "FILE" if file is None else "`--as-of DATE`"
        raise typer.BadParameter(f"expected {lacking}")
    refuse_screen(format.value, out)
    result = engine.measure(
        metric,
        rows_of(file, sheet),
        as_of=as_of,
        columns=pairs(column, "--column"),
        facts=pairs(fact, "--fact"),
        groups=None if groups is None else rows_of(groups, None),
        floats=floats.value,
    )
    _write(result, engine.checked.vocabulary, format, out, language(lang))
    for problem in result.row_problems:
        console.error(f"group {problem.row + 1}: {problem.problem}")
    if result.row_problems:
        return 2
    worst = max((outcome for outcome, count in result.outcomes.items() if count), default=Outcome.ALLOW)
    return int(len(result) > 0 and fail_on.is_reached_by(worst))


def _write(
    result: MetricResult,
    vocabulary: VocabularyIndex,
    format: MeasureFormat,
    out: Path | None,
    lang: Language,
) -> None:
    if format is MeasureFormat.TABLE:
        table = _table(result, vocabulary, lang)
        if out is None:
            console.show(table)
        else:
            from salesctrl.cli.files import write_text

            write_text(out, console.plain(table))
        return
    from salesctrl.batch.decision_files import DecisionFormat, decision_file
    from salesctrl.cli.table_files import Encoded

    target: Any = out if out is not None else Encoded(sys.stdout)
    with decision_file(target, cast(DecisionFormat, format.value)) as writer:
        writer.write(result.columns)


def _table(result: MetricResult, vocabulary: VocabularyIndex, lang: Language) -> Any:
    """The figures for people, under the titles of the keys."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = result.columns.drop("pending", "requirements", "unknown", "problems", strict=False)
    if not columns.height:
        return Text("no rows" if lang == "en" else "无数据")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for series in columns.iter_columns():
        title = vocabulary.at(series.name).title.get(lang) if series.name in result.keys else None
        justify: Literal["right", "left"] = "right" if series.dtype.is_numeric() else "left"
        table.add_column(title or series.name, justify=justify, overflow="fold")
    for row in columns.iter_rows(named=True):
        table.add_row(*(_cell(name, value, lang) for name, value in row.items()))
    return table


def _cell(name: str, value: object, lang: Language) -> Any:
    from rich.text import Text

    if name == "outcome":
        return Text(OUTCOMES[str(value)][lang == "zh"], console.OUTCOME_STYLES[str(value)])
    if isinstance(value, list):
        return Text(", ".join(map(str, value)))
    shown = "" if value is None else str(value)
    return Text("".join(c if c.isprintable() else " " for c in shown))
