"""`salesctrl monitor`: what controls over cases, ladders and duties find in an event log."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from salesctrl.cli import console
from salesctrl.cli.console import counted
from salesctrl.cli.files import output, refuse_input, refuse_screen, write_text
from salesctrl.cli.findings_table import findings_table, summed_up
from salesctrl.cli.options import (
    FailOn,
    FailOnOption,
    Lang,
    LangOption,
    Language,
    Out,
    Overlays,
    Policies,
    language,
    load_policies,
    pairs,
    parse_day,
)
from salesctrl.cli.writers import TABLE_FORMATS, Format
from salesctrl.diagnostics import quoted, suggest
from salesctrl.engine import Engine
from salesctrl.errors import FactProblem, FactsError
from salesctrl.outcome import Outcome

if TYPE_CHECKING:
    import polars as pl

    from salesctrl.batch.decision_files import DecisionFormat
    from salesctrl.monitor.log import LogResult

MAX_LISTED = 20
"""So many rejected events are listed on the standard error, and in the table for people."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of the log that was not taken as an event."""

    row: int
    id: str
    code: str
    reason: str

    def __str__(self) -> str:
        event = f", event `{self.id}`" if self.id else ""
        return f"row {self.row}{event}: {self.reason} [{self.code}]"

    def to_dict(self) -> dict[str, object]:
        """The row as plain data."""
        return {"row": self.row, "id": self.id or None, "code": self.code, "reason": self.reason}


def monitor(
    log: Annotated[
        Path,
        typer.Argument(
            metavar="LOG",
            help="The events: .csv, .parquet, .xlsx, .xes, .xes.gz; OCEL 2.0 in .jsonocel, .json, .sqlite.",
        ),
    ],
    policies: Policies = None,
    overlay: Overlays = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "--map", metavar="COLUMN=FIELD",
            help="Which field a column holds, where its name does not say it; may be repeated.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="The zone of times that state none: Asia/Shanghai."),
    ] = None,
    case_of: Annotated[
        str | None,
        typer.Option("--case-of", metavar="TYPE", help="Of OCEL: the type of the objects that are cases."),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control", metavar="NAME",
            help="A control, a ladder, or `segregation`; may be repeated. Default: all of them.",
        ),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of", parser=parse_day, metavar="DATE",
            help="The day up to which time has gone, YYYY-MM-DD. Default: that of the latest event.",
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TABLE,
    out: Out = None,
    rejected: Annotated[
        Path | None,
        typer.Option(
            "--rejected", metavar="FILE",
            help="With jsonl, csv, parquet, xlsx: write the rejected events here, in the same format.",
        ),
    ] = None,
    fail_on: FailOnOption = FailOn.DENY,
    lang: LangOption = Lang.EN,
) -> int:  # fmt: skip
    """Look at the cases of an event log: what is found in each, and the events that prove it.

    Exit code 2 if events were rejected or something could not be judged, or if the policies or the file are
    wrong; 1 if an outcome is at or above --fail-on; otherwise 0.
    """
    _check_files(log, format, out, rejected)
    engine = load_policies(policies, overlay)
    _check_controls(engine, control)
    result = engine.monitor_log(
        log, as_of=as_of, columns=pairs(column, "--column"), zone=zone, case_of=case_of,
        controls=control or None,
    )  # fmt: skip
    for notice in result.log.notices:
        console.note(f"{log.name}: {notice}")
    refused = _rejected(result, engine)
    if format is Format.TABLE:
        _show(result, refused, engine, out, language(lang))
    elif format is Format.JSON:
        with output(out) as stream:
            _write_json(result, refused, engine, stream)
    else:
        _write_tables(result, refused, format, out, rejected)
    if format is not Format.TABLE or out is not None:
        console.summary(summed_up(result, len(refused), language(lang)))
    _say_rejected(refused, log.name, listed=format is not Format.TABLE and rejected is None)
    if refused or any(one.outcome is Outcome.INCOMPLETE for one in result.findings):
        return 2
    return int(bool(result.findings) and fail_on.is_reached_by(result.outcome))


# --- what is asked for ----------------------------------------------------------------------------------


def _check_files(log: Path, format: Format, out: Path | None, rejected: Path | None) -> None:
    refuse_screen(format.value, out)
    if rejected is not None and format in (Format.TABLE, Format.JSON):
        raise typer.BadParameter(f"rejected events are part of `{format.value}`: leave `--rejected` out")
    if out is not None and rejected is not None and out.resolve() == rejected.resolve():
        raise typer.BadParameter("expected another file for `--rejected` than for `--out`")
    for file in (out, rejected):
        if file is not None:
            refuse_input(file, log)


def _check_controls(engine: Engine, wanted: list[str] | None) -> None:
    """See that there is something that looks at events, and that what is asked for is among it."""
    from salesctrl.monitor.findings import SEGREGATION

    cases, duties = engine.checked.cases, engine.checked.segregation.pairs
    known = [*(one.name for one in cases.controls), *(one.name for one in cases.ladders)]
    if not known and not duties:
        message = "no control over cases, no ladder and no incompatible duties are in these policies"
        help = "write a `case_control` or a `ladder`, or name other policies with `--policies`"
        raise FactsError([FactProblem("policies", "F_CONTROL", message, help)])
    for name in wanted or ():
        if name not in (*known, SEGREGATION):
            near = suggest(name, [*known, SEGREGATION])
            hint = f"; did you mean `{near}`?" if near else ""
            raise typer.BadParameter(f"unknown control {quoted(name)}{hint}")


# --- what was rejected ------------------------------------------------------------------------------------


def _rejected(result: LogResult, engine: Engine) -> tuple[RejectedRow, ...]:
    """The rows that are no events, and the events of activities that nobody lists, in the order of rows."""
    columns = ["row", "id", "code", "reason"]
    rows = [
        RejectedRow(row, id or "", code, reason)
        for row, id, code, reason in result.log.rejected.select(columns).iter_rows()
    ]
    activities = sorted(engine.checked.cases.activities.by_name)
    for row, id, activity in result.unknown.select("row", "id", "activity").iter_rows():
        near = suggest(activity, activities)
        hint = f"; did you mean `{near}`?" if near else ": list it in a vocabulary"
        rows.append(RejectedRow(row, id, "V_ACTIVITY", f"unknown activity {quoted(activity)}{hint}"))
    return tuple(sorted(rows, key=lambda one: (one.row, one.code)))


def _say_rejected(refused: tuple[RejectedRow, ...], name: str, *, listed: bool) -> None:
    if not refused:
        return
    if listed:
        for one in refused[:MAX_LISTED]:
            console.error(f"{name}, {one}")
    console.error(f"{name}: {counted(len(refused), 'event')} rejected")


# --- how it is written ------------------------------------------------------------------------------------


def _show(
    result: LogResult, refused: tuple[RejectedRow, ...], engine: Engine, out: Path | None, lang: Language
) -> None:
    shown = findings_table(result, [str(one) for one in refused[:MAX_LISTED]], len(refused), engine, lang)
    if out is None:
        console.show(shown)
    else:
        write_text(out, console.plain(shown))


def _write_json(result: LogResult, refused: tuple[RejectedRow, ...], engine: Engine, stream: TextIO) -> None:
    """One object; its findings and the rejected events a line each."""
    head = {
        "policies": {"name": engine.name, "version": engine.version, "sha256": engine.digest},
        "as_of": result.as_of.isoformat(),
        "events": result.events,
        "cases": result.cases,
        "outcome": result.outcome.value,
    }
    stream.write("{\n")
    for name, value in head.items():
        stream.write(f'  "{name}": {json.dumps(value, ensure_ascii=False)},\n')
    lists = {
        "findings": [one.to_dict() for one in result.findings],
        "rejected": [one.to_dict() for one in refused],
    }
    for place, (name, items) in enumerate(lists.items()):
        lines = ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in items)
        comma = "," if place == 0 else ""
        stream.write(f'  "{name}": [' + (f"\n{lines}\n  ]" if lines else "]") + f"{comma}\n")
    stream.write("}\n")


def _write_tables(
    result: LogResult, refused: tuple[RejectedRow, ...], format: Format, out: Path | None, beside: Path | None
) -> None:
    """The findings, a row each, and the rejected events in a file of their own: both, or neither."""
    import polars as pl

    from salesctrl.batch.decision_files import decision_file
    from salesctrl.cli.table_files import Encoded

    written: DecisionFormat = "jsonl" if format is Format.JSONL else TABLE_FORMATS[format]
    target: Any = out if out is not None else Encoded(sys.stdout)
    with ExitStack() as files:
        findings = files.enter_context(decision_file(target, written))
        findings.write(result.frame)
        if beside is not None:
            rows: pl.DataFrame = pl.DataFrame(
                [one.to_dict() for one in refused],
                schema={"row": pl.Int64, "id": pl.String, "code": pl.String, "reason": pl.String},
            )
            files.enter_context(decision_file(beside, written)).write(rows)
