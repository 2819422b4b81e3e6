"""How decisions are written one after another: as JSON, JSON Lines, or a table for people."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Literal, Protocol, TextIO

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from salesctrl.cli.console import OUTCOME_STYLES
from salesctrl.cli.deciding import Decided, Deciding, reason
from salesctrl.cli.options import Language
from salesctrl.decision.words import OUTCOMES


class Format(StrEnum):
    """How decisions are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


TABLE_FORMATS: dict[Format, Literal["csv", "parquet", "xlsx"]] = {
    Format.CSV: "csv", Format.PARQUET: "parquet", Format.XLSX: "xlsx",
}  # fmt: skip
"""The formats that are tables for programs and spreadsheets."""


class Writer(Protocol):
    """Takes one decision after another."""

    def begin(self) -> None:
        """Write what comes before the first row."""

    def row(self, decided: Decided) -> None:
        """Write one row."""

    def end(self) -> None:
        """Write what comes after the last row."""


class JsonWriter:
    """A list with one decision a line; for a file that holds one object the decision alone."""

    def __init__(self, file: TextIO, deciding: Deciding, *, trace: bool):
        self.file, self.trace, self.point = file, trace, deciding.control_point
        self.single = deciding.table.source.single
        self.written = 0

    def begin(self) -> None:
        """Open the list."""
        if not self.single:
            self.file.write("[")

    def row(self, decided: Decided) -> None:
        """Write a decision."""
        data = decided.to_dict(self.point, trace=self.trace)
        if self.single:
            self.file.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
            return
        self.file.write(",\n" if self.written else "\n")
        self.file.write(json.dumps(data, ensure_ascii=False))
        self.written += 1

    def end(self) -> None:
        """Close the list."""
        if not self.single:
            self.file.write("\n]\n" if self.written else "]\n")


class JsonLinesWriter:
    """One decision a line."""

    def __init__(self, file: TextIO, deciding: Deciding, *, trace: bool):
        self.file, self.trace, self.point = file, trace, deciding.control_point

    def begin(self) -> None:
        """There is nothing before the first line."""

    def row(self, decided: Decided) -> None:
        """Write a decision."""
        data = decided.to_dict(self.point, trace=self.trace)
        self.file.write(json.dumps(data, ensure_ascii=False) + "\n")

    def end(self) -> None:
        """There is nothing after the last line."""


_HEADERS = {
    "en": {"row": "row", "outcome": "outcome", "rules": "rules", "why": "why", "values": "values"},
    "zh": {"row": "行", "outcome": "结论", "rules": "规则", "why": "原因", "values": "数值"},
}


class TableWriter:
    """A table for people; it is written when all rows are there."""

    def __init__(self, deciding: Deciding, lang: Language):
        self.deciding, self.lang = deciding, lang
        self.words = _HEADERS[lang]
        self.table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)

    def begin(self) -> None:
        """Make the columns."""
        self.table.add_column(self.words["row"], justify="right", style="dim", no_wrap=True)
        for key in self.deciding.table.keys:
            self.table.add_column(key, overflow="fold")
        self.table.add_column(self.words["outcome"], no_wrap=True)
        self.table.add_column(self.words["rules"], overflow="fold")
        self.table.add_column(self.words["why"], overflow="fold", ratio=2)
        self.table.add_column(self.words["values"], overflow="fold", ratio=1)

    def row(self, decided: Decided) -> None:
        """Keep a row."""
        decision = decided.decision
        named = OUTCOMES[decided.outcome.value][self.lang == "zh"]
        self.table.add_row(
            str(decided.number),
            *(_one_line(key) for key in decided.keys),
            Text(named, OUTCOME_STYLES[decided.outcome.value]),
            ", ".join(decision.fired) if decision is not None else "",
            _one_line(reason(decided, self.deciding, self.lang)),
            _one_line(self.deciding.shown_values(decision, self.lang) if decision is not None else ""),
        )

    def end(self) -> None:
        """The table is shown by whoever asked for it: see `rendered`."""

    def rendered(self) -> RenderableType:
        """The table with a summary under it."""
        summary = Text(self.deciding.summary(self.lang))
        return Group(self.table, Text(""), summary) if self.table.row_count else summary


def _one_line(text: str) -> Text:
    """A text of the user's in one line, with nothing in it that a terminal would obey."""
    return Text("".join(c if c.isprintable() else " " for c in text))
