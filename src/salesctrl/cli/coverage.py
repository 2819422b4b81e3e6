"""`salesctrl coverage`: which controls of a catalogue the policies carry, and which a case shows."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from salesctrl.cli import console
from salesctrl.cli.options import Lang, LangOption, Language, Overlays, PolicyPaths, language, load_policies
from salesctrl.coverage import (
    ControlCoverage,
    Coverage,
    SystemCoverage,
    Tally,
    cover,
    find_catalogue,
    read_catalogue,
)
from salesctrl.policy.loader import default_policies
from salesctrl.testing import run


class CoverageFormat(StrEnum):
    """How the coverage is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


def coverage(
    paths: PolicyPaths = None,
    catalogue: Annotated[
        Path | None,
        typer.Option(
            "--catalogue", metavar="FILE",
            help="The controls: CSV with the columns id, system and numeric (y or n). Default: catalogue.csv "
            "beside the pack, otherwise what the rules carry.",
        ),
    ] = None,
    overlay: Overlays = None,
    format: Annotated[
        CoverageFormat, typer.Option("--format", help="How to write the coverage.")
    ] = CoverageFormat.TEXT,
    lang: LangOption = Lang.EN,
) -> int:  # fmt: skip
    """Lay policies beside a catalogue of controls: which have a rule, and which are shown by a case.

    Exit code 1 if a control has no rule, or one with figures no case; 2 if something cannot be read.
    """
    listed = read_catalogue(catalogue) if catalogue is not None else None
    engine = load_policies(paths, overlay)
    if listed is None:
        found = find_catalogue(engine.documents, paths or [default_policies()])
        listed = read_catalogue(found) if found is not None else None
    covered = cover(engine, run(engine), listed)
    if format is CoverageFormat.JSON:
        console.line(json.dumps(_data(covered), ensure_ascii=False, indent=2))
    elif format is CoverageFormat.CSV:
        sys.stdout.write(_csv(covered))
    else:
        _show(covered, language(lang))
    return int(not covered.is_complete)


# --- as text ----------------------------------------------------------------------------------------

_WORDS = {
    "en": {
        "columns": ("system", "", "controls", "with rule", "with case", "numeric", "no case"),
        "total": "total",
        "none": "(none)",
        "without": "without a rule: {count}",
        "lacking": "numeric, without a case: {count}",
        "unlisted": "carried, but not in the catalogue: {count}",
        "idle": "{control} ({reasons})",
        "off": "{rule} is switched off",
        "never": "{rule} can never apply",
        "complete": "every control has a rule, and every numeric one a case",
        "joint": ", ",
    },
    "zh": {
        "columns": ("系统", "", "控制点数", "有规则", "有用例", "含数值", "缺用例"),
        "total": "合计",
        "none": "（无）",
        "without": "没有规则：{count}",
        "lacking": "含数值但没有用例：{count}",
        "unlisted": "规则已列而目录中没有：{count}",
        "idle": "{control}（{reasons}）",
        "off": "{rule} 已停用",
        "never": "{rule} 不可能适用",
        "complete": "每个控制点都有规则，含数值的都有用例",
        "joint": "、",
    },
}  # fmt: skip
Words = Mapping[str, Sequence[str]]


def _show(covered: Coverage, lang: Language) -> None:
    words = _WORDS[lang]
    console.show(_table(covered, lang))
    without = [(s, [c for c in s.controls if not c.rules]) for s in covered.systems]
    lacking = [(s, [c for c in s.controls if c.lacks_figures]) for s in covered.systems]
    _list("without", without, words, "red")
    _list("lacking", lacking, words, "yellow")
    if covered.unlisted:
        console.line("")
        console.line(str(words["unlisted"]).format(count=len(covered.unlisted)), "cyan")
        console.show(_grid([(str(words["joint"]).join(covered.unlisted),)]))
    if covered.is_complete:
        console.line("")
        console.line(str(words["complete"]), "green")


def _table(covered: Coverage, lang: Language) -> Table:
    words = _WORDS[lang]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_footer=True)
    total = [str(words["total"]), "", *_numbers(covered.tally)]
    for place, (head, foot) in enumerate(zip(words["columns"], total, strict=True)):
        right = place > 1
        table.add_column(
            head,
            foot,
            justify="right" if right else "left",
            no_wrap=place != 1,
            overflow="fold",
            footer_style=_style(covered.tally, place) or "bold",
        )
    for system in covered.systems:
        counted = system.tally
        cells = [system.system or str(words["none"]), _title(system, lang), *_numbers(counted)]
        table.add_row(*(Text(cell, _style(counted, place)) for place, cell in enumerate(cells)))
    return table


def _title(system: SystemCoverage, lang: Language) -> str:
    return system.title.get(lang) if system.title is not None else ""


def _numbers(counted: Tally) -> list[str]:
    lacking = f"{counted.numeric_without_case:,}" if counted.numeric_without_case else ""
    return [
        f"{counted.controls:,}",
        f"{counted.with_rule:,}",
        f"{counted.with_case:,}",
        f"{counted.numeric:,}",
        lacking,
    ]


def _style(counted: Tally, place: int) -> str:
    """Where something is open it stands out."""
    if place == 3:
        return "green" if counted.with_rule == counted.controls else "bold red"
    return "bold yellow" if place == 6 and counted.numeric_without_case else ""


def _list(
    key: str, found: Sequence[tuple[SystemCoverage, Sequence[ControlCoverage]]], words: Words, style: str
) -> None:
    count = sum(len(controls) for _, controls in found)
    if not count:
        return
    console.line("")
    console.line(str(words[key]).format(count=count), style)
    rows = [
        (
            system.system or str(words["none"]),
            str(words["joint"]).join(_named(one, words) for one in controls),
        )
        for system, controls in found
        if controls
    ]
    console.show(_grid(rows))


def _grid(rows: Sequence[tuple[str, ...]]) -> Table:
    """Columns under a heading; the last goes on in its column where a line is broken."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    for _ in rows[0][1:]:
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row("", *map(Text, row))
    return grid


def _named(one: ControlCoverage, words: Words) -> str:
    """A control; of one that only idle rules carry, why they do not count."""
    if one.rules or not one.idle:
        return one.control.id
    reasons = str(words["joint"]).join(
        str(words[reason]).format(rule=rule) for rule, reason in one.idle.items()
    )
    return str(words["idle"]).format(control=one.control.id, reasons=reasons)


# --- as data ----------------------------------------------------------------------------------------


def _data(covered: Coverage) -> dict[str, object]:
    return {
        "systems": [
            {
                "system": system.system,
                "title": {"en": _title(system, "en"), "zh": _title(system, "zh")},
                **_tallied(system.tally),
                "without_rule": [one.control.id for one in system.controls if not one.rules],
                "numeric_without_case": [one.control.id for one in system.controls if one.lacks_figures],
            }
            for system in covered.systems
        ],
        "total": {**_tallied(covered.tally), "numeric_without_case": covered.tally.numeric_without_case},
        "controls": [_control(one) for one in covered.controls],
        "unlisted": {name: list(by) for name, by in covered.unlisted.items()},
        "complete": covered.is_complete,
    }


def _tallied(counted: Tally) -> dict[str, int]:
    return {
        "controls": counted.controls,
        "with_rule": counted.with_rule,
        "with_case": counted.with_case,
        "numeric": counted.numeric,
    }


def _control(one: ControlCoverage) -> dict[str, object]:
    return {
        "id": one.control.id,
        "system": one.control.system,
        "numeric": one.control.numeric,
        "rules": list(one.rules),
        "idle": dict(one.idle),
        "cases": list(one.cases),
    }


def _csv(covered: Coverage) -> str:
    """A line for each control; several rules or cases stand in one cell, with spaces between them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "system", "numeric", "rules", "idle", "cases"))
    writer.writerows(_lines(covered))
    return text.getvalue()


def _lines(covered: Coverage) -> Iterator[tuple[str, ...]]:
    for one in covered.controls:
        numeric = "y" if one.control.numeric else "n"
        cells = (" ".join(names) for names in (one.rules, one.idle, one.cases))
        yield one.control.id, one.control.system, numeric, *cells
