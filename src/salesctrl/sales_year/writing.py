"""Frames to files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import polars as pl


def write(folder: Path, frames: Mapping[str, pl.DataFrame], format: Literal["parquet", "csv"]) -> list[Path]:
    """Write frames into a folder, each into a file of its name; the paths."""
    paths = []
    for name, frame in frames.items():
        path = folder / f"{name}.{format}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if format == "parquet":
            frame.write_parquet(path)
        else:
            _flat(frame).write_csv(path)
        paths.append(path)
    return paths


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with lists of records as JSON: CSV has no other cells than texts."""
    listed = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(
        pl.format("[{}]", pl.col(name).list.eval(pl.element().struct.json_encode()).list.join(","))
        for name in listed
    )
