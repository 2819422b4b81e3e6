"""The evidence of the rows of a frame: in one column, or a column for each part of it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from salesctrl.errors import FactProblem
from salesctrl.evidence.given import Evidence, read_evidence
from salesctrl.tables.cells import json_value, without_gaps
from salesctrl.tables.columns import EVIDENCE

_TEXT_PARTS = frozenset({"requester"})


def read_evidence_columns(
    columns: Mapping[str, pl.Series], rows: int
) -> tuple[list[Evidence | None] | None, list[tuple[int, FactProblem]]]:
    """The evidence of every row, ``None`` for one that has none; and what is wrong with it.

    Args:
        columns: The column of each part, by its name (``approvals``); of all of it under an empty name. Cells
            are records, lists of records, objects, or texts that are JSON.
        rows: How many rows there are.

    Returns:
        ``None`` instead of a list where no row has any.
    """
    if all(column.null_count() == len(column) for column in columns.values()):
        return None, []
    found: list[Evidence | None] = []
    problems: list[tuple[int, FactProblem]] = []
    cells = {part: column.to_list() for part, column in columns.items()}
    for row in range(rows):
        given: object = None
        for part, column in cells.items():
            value = _meant(part, column[row])
            if value is None:
                continue
            if not part:
                given = value
            elif given is None or isinstance(given, dict):
                given = {**(given or {}), part: value}
        noted: list[FactProblem] = []
        found.append(None if given is None else read_evidence(given, EVIDENCE, noted))
        problems += [(row, problem) for problem in noted]
    return (found if any(one is not None for one in found) else None), problems


def _meant(part: str, cell: object) -> object:
    if not isinstance(cell, str):
        return without_gaps(cell)
    if not cell.strip():
        return None
    return cell if part in _TEXT_PARTS else json_value(cell)
