"""The same rows as every kind of frame, and a control point that reads facts of every type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from tests.loading import engine_of, policy_text

from salesctrl.batch.frames import take
from salesctrl.batch.result import BatchResult
from salesctrl.engine import Engine

AS_OF = date(2026, 3, 1)
POLICY = """\
subject: order.memo
let:
  total: sum(x.price * x.quantity for x in order.lines)
  left: order.amount - order.paid
outputs: [left]
rules:
  - {id: AMOUNT, when: order.amount > 100.00, deny: true}
  - {id: DISCOUNT, when: order.discount > 5%, flag: true}
  - {id: GRADE, when: customer.grade == "C", flag: true}
  - {id: DUE, when: 'order.due < date("2026-02-01")', flag: true}
  - {id: URGENT, when: order.urgent, flag: true}
  - {id: WAITING, when: order.waiting > 30, flag: true}
  - {id: PLACED, when: not known(order.placed), flag: true}
  - {id: PAID, when: order.paid > 10.00, flag: true}
  - {id: NOTE, when: order.note == "stop", deny: true}
  - {id: LINES, when: total > 1000.00, deny: true}
"""
PATHS = (
    "order.memo", "order.amount", "order.discount", "customer.grade", "order.due", "order.urgent",
    "order.waiting", "order.placed", "order.paid", "order.note", "order.lines",
)  # fmt: skip


@cache
def an_engine() -> Engine:
    """An engine whose only control point, `point`, reads the facts of `PATHS`."""
    return engine_of(policy_text(POLICY))


# --- kinds of frames ------------------------------------------------------------------------------


def _pandas(columns: Mapping[str, pl.Series]) -> pd.DataFrame:
    """Columns of numpy; the labels of the rows are no numbers from 0."""
    done: dict[str, Any] = {}
    for name, series in columns.items():
        if isinstance(series.dtype, pl.Enum):
            done[name] = pd.Categorical(series.to_list(), categories=series.dtype.categories.to_list())
            continue
        plain = series.dtype.is_float() or series.dtype.is_integer()
        done[name] = series.to_numpy() if plain else pd.Series(series.to_list(), dtype=object)
    frame = pd.DataFrame(done) if done else pd.DataFrame()
    frame.index = pd.Index([f"row {i}" for i in range(len(frame))], name="label")
    return frame


def _pandas_texts(columns: Mapping[str, pl.Series]) -> pd.DataFrame:
    """Columns of numpy, texts as pandas reads them."""
    frame = _pandas(columns)
    texts = {name: pd.Series(s.to_list(), dtype="str") for name, s in columns.items() if s.dtype == pl.String}
    return frame.reset_index(drop=True).assign(**texts)


def _arrow(columns: Mapping[str, pl.Series]) -> pa.Table:
    return pl.DataFrame(dict(columns)).to_arrow()


def _arrow_texts(columns: Mapping[str, pl.Series]) -> pa.Table:
    """Texts as Arrow holds them elsewhere, without views."""
    return pl.DataFrame(dict(columns)).to_arrow(compat_level=pl.CompatLevel.oldest())


def _pandas_arrow(columns: Mapping[str, pl.Series]) -> pd.DataFrame:
    frame: pd.DataFrame = _arrow(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame.set_index(pd.Index([9 - i for i in range(len(frame))]))


def _batch(columns: Mapping[str, pl.Series]) -> pa.RecordBatch:
    table = _arrow(columns)
    return pa.RecordBatch.from_arrays([c.combine_chunks() for c in table.columns], schema=table.schema)


def _reader(columns: Mapping[str, pl.Series]) -> pa.RecordBatchReader:
    """In batches of two rows."""
    return _arrow(columns).to_reader(max_chunksize=2)


KINDS: Mapping[str, Callable[[Mapping[str, pl.Series]], Any]] = {
    "pandas": _pandas,
    "pandas, str": _pandas_texts,
    "pandas of Arrow": _pandas_arrow,
    "Polars": lambda columns: pl.DataFrame(dict(columns)),
    "Polars, lazy": lambda columns: pl.DataFrame(dict(columns)).lazy(),
    "Arrow table": _arrow,
    "Arrow table without views": _arrow_texts,
    "Arrow batch": _batch,
    "Arrow reader": _reader,
}
WITH_OBJECTS = ("pandas", "Polars")
"""The kinds that can hold any object in a cell."""


def texts(rows: Sequence[Mapping[str, str | None]]) -> dict[str, pl.Series]:
    """Rows as columns of texts."""
    return {
        path: pl.Series(path, [row.get(path) for row in rows], dtype=pl.String)
        for path in dict.fromkeys(path for row in rows for path in row)
    }


def with_cell(column: pl.Series, row: int, cell: object) -> pl.Series:
    """A column with another cell in one row."""
    cells = column.to_list()
    cells[row] = cell
    return pl.Series(column.name, cells, dtype=column.dtype)


def rows_of(frame: object) -> list[dict[str, Any]]:
    """The rows of a frame of any kind."""
    return take(frame).columns.to_dicts()


# --- what is compared -----------------------------------------------------------------------------


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Facts by their paths as `evaluate` takes them; what is `None` is left out."""
    facts: dict[str, Any] = {}
    for path, value in row.items():
        *records, name = path.split(".")
        into = facts
        for record in records:
            into = into.setdefault(record, {})
        if value is not None:
            into[name] = value
    return facts


def assert_as_alone(
    engine: Engine, result: BatchResult, rows: Sequence[Mapping[str, Any]], as_of: date | str | None = None
) -> None:
    """Every row is decided as `evaluate` decides its facts: outcome, rules, requirements, values, trace."""
    found = result.columns.to_dicts()
    assert len(found) == len(rows) == result.rows
    for i, (row, facts) in enumerate(zip(found, rows, strict=True)):
        decision = engine.evaluate("point", nested(facts), as_of=as_of)
        for name in ("outcome", "fired", "pending", "unknown"):
            expected = getattr(decision, name)
            assert row[name] == (expected if name == "outcome" else list(expected)), (i, name)
        still_open = [
            r.need.id for r in decision.requirements if not r.satisfied and r.need.rule in row["pending"]
        ]
        assert sorted(row["requirements"]) == sorted(still_open), i
        for name, value in decision.values.items():
            parts = value if isinstance(value, dict) else {None: value}
            for key, part in parts.items():
                shown = row[name if key is None else f"{name}.{key}"]
                assert shown == (list(part) if isinstance(part, tuple) else part), (i, name)
        assert result.explain(i).to_json(trace=True) == decision.to_json(trace=True), i


def objects(rows: Sequence[Mapping[str, Any]]) -> dict[str, pl.Series]:
    """Facts by path as columns of objects."""
    paths = dict.fromkeys(path for row in rows for path in row)
    return {path: pl.Series(path, [row.get(path) for row in rows], dtype=pl.Object) for path in paths}


def assert_decided(
    engine: Engine, rows: Sequence[Mapping[str, Any]], as_of: date | None = AS_OF
) -> BatchResult:
    """The rows as a frame of objects, decided as they are alone."""
    result = engine.evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=as_of)
    assert_as_alone(engine, result, rows, as_of)
    return result
