"""The options that several commands have, and how they are read."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from salesctrl.engine import Engine, load
from salesctrl.loading import Loading, read
from salesctrl.outcome import Outcome
from salesctrl.policy.literals import BadLiteral, parse_date


class Lang(StrEnum):
    """The language of titles and sentences."""

    EN = "en"
    ZH = "zh"


class Floats(StrEnum):
    """What becomes of the noise of binary arithmetic."""

    EXACT = "exact"
    NEAREST = "nearest"


class FailOn(StrEnum):
    """The outcome from which on the exit code is 1."""

    DENY = "deny"
    INCOMPLETE = "incomplete"
    REVIEW = "review"
    FLAG = "flag"
    NEVER = "never"

    def is_reached_by(self, outcome: Outcome) -> bool:
        """Whether an outcome makes the command fail."""
        return self is not FailOn.NEVER and outcome >= Outcome(self.value)


class InputFormat(StrEnum):
    """The format of a file of facts."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"


class Verbosity(StrEnum):
    """How much an explanation says."""

    BRIEF = "brief"
    NORMAL = "normal"
    FULL = "full"


def parse_day(text: str | date) -> date:
    """The date that an option names."""
    if isinstance(text, date):
        return text
    try:
        return date.fromordinal(int(parse_date(text).value))
    except BadLiteral as error:
        raise typer.BadParameter(str(error)) from error


PolicyPaths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...", help="Folders or files of policies; default: the installed policies."
    ),
]
Policies = Annotated[
    list[Path] | None,
    typer.Option(
        "--policies", "-p", metavar="PATH",
        help="A folder or file of policies; may be repeated. Default: the installed policies.",
    ),
]  # fmt: skip
Overlays = Annotated[
    list[str] | None,
    typer.Option(
        "--overlay", "-o", metavar="NAME|PATH", help="An overlay to lay over them; may be repeated."
    ),
]
ControlPoint = Annotated[
    str, typer.Argument(metavar="CONTROL_POINT", help="The control point; `salesctrl list` names them.")
]
FactsFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Facts: .csv, .parquet, .xlsx, .json or .jsonl, a folder of .parquet files, or `-` for the "
        "standard input.",
    ),
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", parser=parse_day, metavar="DATE",
        help="The date of the decisions, YYYY-MM-DD. Default: the fact `as_of` of each row.",
    ),
]  # fmt: skip
MapFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="YAML or JSON: which column holds which fact, and constants."),
]
Input = Annotated[
    InputFormat | None,
    typer.Option("--input-format", help="The format of FILE, where its name does not say it."),
]
Sheet = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME", help="The sheet of an Excel file. Default: the first."),
]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Exit with 1 from this outcome on.")]
FloatsOption = Annotated[
    Floats,
    typer.Option("--floats", help="`nearest`: round the noise of binary arithmetic, up to 1e-9, away."),
]
LangOption = Annotated[Lang, typer.Option("--lang", help="The language of titles and sentences.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write to this file; it is complete, or not there at all."),
]

Language = Literal["en", "zh"]


def language(lang: Lang) -> Language:
    """The language as the library names it."""
    return "zh" if lang is Lang.ZH else "en"


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """What was written as ``name=value``, after an option that may be repeated."""
    found: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise typer.BadParameter(f"expected NAME=VALUE after {option}, but got `{text}`")
        found[name.strip()] = value.strip()
    return found


def read_policies(paths: list[Path] | None, overlays: list[str] | None) -> Loading:
    """The policies that were asked for, with everything found in them."""
    return read(paths or None, overlays=overlays or ())


def load_policies(paths: list[Path] | None, overlays: list[str] | None) -> Engine:
    """The engine of the policies that were asked for; raises :class:`PolicyError` if they are wrong."""
    return load(paths or None, overlays=overlays or ())
