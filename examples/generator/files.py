"""Rows to files: CSV as spreadsheets write it, JSON Lines with numbers as exact as they are."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path


def money(cents: int) -> str:
    """An amount in its usual text: 123450 is 1234.50."""
    return f"{cents // 100}.{cents % 100:02d}"


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows of texts; all have the columns of the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write one object a line. Money is text, so that no reader makes a binary float of it."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
