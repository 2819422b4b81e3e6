"""Places where control points look, and the violations that can be planted there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from salesctrl.sales_year.columns import placed
from salesctrl.sales_year.company import Company
from salesctrl.sales_year.dice import Dice

HIDDEN = "_"
"""Columns whose names begin so are for planting only, and leave the frame afterwards."""

PLANTED_SCHEMA = {
    "control_point": pl.String,
    "row": pl.UInt32,
    "record": pl.String,
    "rule": pl.String,
    "system": pl.String,
    "kind": pl.String,
    "description": pl.String,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A kind of violation: what is done to a row that is in order, and what a control has to say of it.

    Attributes:
        name: The name of the kind.
        system: The system of the rules, such as ``S06``.
        rules: The ids of the rules that have to find it: all of them, and no other.
        description: What was done, in one sentence.
        change: What the columns hold afterwards. Without changes the violation lies in the books, and every
            row of ``where`` shows it.
        where: The rows that may be chosen; left out, all.
    """

    name: str
    system: str
    rules: tuple[str, ...]
    description: str
    change: Mapping[str, pl.Expr] = field(default_factory=dict)
    where: pl.Expr | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a control point is shown of a year: a frame, and what can be planted in it.

    Attributes:
        control_point: The control point that decides the frame.
        record: The column that says which record a row is of.
        build: Makes the frame, in which everything is in order, from the books of a company.
        violations: What can be planted.
    """

    control_point: str
    record: str
    build: Callable[[Company], pl.DataFrame]
    violations: tuple[Violation, ...]


def plant(sheet: Sheet, company: Company, per_mille: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame of a sheet with violations in it, and the list of what was planted.

    Each kind is planted once at least where there is a row for it; no row has two.

    Args:
        sheet: The sheet.
        company: The books that it is made from.
        per_mille: How many of a thousand rows have a violation; with 0 none has.
    """
    clean = sheet.build(company)
    if not per_mille:
        return _visible(clean), pl.DataFrame(schema=PLANTED_SCHEMA)
    places = {
        violation.name: _choose(sheet, violation, clean, company.dice, per_mille)
        for violation in sheet.violations
        if not violation.change
    }
    taken = np.zeros(clean.height, bool)
    for rows in places.values():
        taken[rows] = True
    for violation in sheet.violations:
        if violation.change:
            rows = _choose(sheet, violation, clean, company.dice, per_mille, taken)
            taken[rows] = True
            places[violation.name] = rows
    frame = _changed(sheet, clean, places)
    return _visible(frame), _list(sheet, frame, places)


def _choose(
    sheet: Sheet,
    violation: Violation,
    frame: pl.DataFrame,
    dice: Dice,
    per_mille: int,
    taken: np.typing.NDArray[np.bool_] | None = None,
) -> np.typing.NDArray[np.int64]:
    """The rows of a violation: all of them if it lies in the books, else a few by chance."""
    fit = np.ones(frame.height, bool)
    if violation.where is not None:
        fit = frame.select(violation.where.fill_null(False)).to_series().to_numpy()
    if taken is None:
        return np.flatnonzero(fit)
    rows = np.flatnonzero(fit & ~taken)
    count = min(len(rows), max(1, len(rows) * per_mille // 1000 // len(sheet.violations)))
    drawn = dice.between(f"{sheet.control_point} {violation.name}", frame.height, 0, 2**62)[rows]
    return np.sort(rows[np.argsort(drawn, kind="stable")[:count]])


def _changed(
    sheet: Sheet, clean: pl.DataFrame, places: Mapping[str, np.typing.NDArray[np.int64]]
) -> pl.DataFrame:
    """The frame with every violation in its rows; each reads the row as it was."""
    parts: dict[str, list[tuple[np.typing.NDArray[np.int64], pl.Series]]] = {}
    for violation in sheet.violations:
        rows = places[violation.name]
        if violation.change and len(rows):
            before = clean[rows]
            for name, value in violation.change.items():
                after = before.with_columns(value.cast(clean.schema[name]).alias(name))
                parts.setdefault(name, []).append((rows, after[name]))
    return clean.with_columns(placed(clean[name], changes) for name, changes in parts.items())


def _list(
    sheet: Sheet, frame: pl.DataFrame, places: Mapping[str, np.typing.NDArray[np.int64]]
) -> pl.DataFrame:
    """What was planted: a row for each rule that has to find it."""
    parts = [pl.DataFrame(schema=PLANTED_SCHEMA)]
    for violation in sheet.violations:
        rows = pl.Series(places[violation.name]).cast(pl.UInt32)
        if not len(rows):
            continue
        named = pl.DataFrame({"row": rows, "record": frame[sheet.record].gather(rows).cast(pl.String)})
        parts += [
            named.select(
                pl.lit(sheet.control_point).alias("control_point"),
                "row",
                "record",
                pl.lit(rule).alias("rule"),
                pl.lit(violation.system).alias("system"),
                pl.lit(violation.name).alias("kind"),
                pl.lit(violation.description).alias("description"),
            )
            for rule in violation.rules
        ]
    return pl.concat(parts).sort("row", "rule")


def _visible(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(name for name in frame.columns if not name.startswith(HIDDEN))
