"""Files read in columns, row by row."""

from decimal import Decimal

import polars as pl
from tests.loading import engine_of

from salesctrl.batch import row_source as module
from salesctrl.batch.files import table_file
from salesctrl.batch.row_source import row_source
from salesctrl.tables.table import open_table

POLICY = """
vocabulary: small
currency: CNY
kinds: {order: {fields: {id: text, amount: money}}}
---
policy: p
control_point: point
rules:
  - {id: R, when: order.amount > 10, deny: true}
"""


def opened(path, monkeypatch, rows=4):
    monkeypatch.setattr(module, "_ROWS", rows)
    table = pl.DataFrame({
        "note": ["x"] * 10, "order.id": [str(n) for n in range(10)],
        "order.amount": [None, *map(Decimal, range(1, 10))],
    })  # fmt: skip
    table.write_parquet(path)
    engine = engine_of(POLICY)
    source = row_source(table_file(path), "parquet")
    return open_table(None, engine.point("point").plans, engine.checked.vocabulary, source=source)


def test_only_what_is_looked_at_is_read(tmp_path, monkeypatch):
    table = opened(tmp_path / "a.parquet", monkeypatch)
    first, *_ = table.source.rows
    assert first.content == (None, "0", None)
    rows = list(opened(tmp_path / "a.parquet", monkeypatch))
    assert [row.keys for row in rows] == [(str(n),) for n in range(10)]
    assert [(row.facts or {}).get("order", {}).get("amount") for row in rows] == [None, *range(1, 10)]


def test_of_the_rows_before_nothing_is_read(tmp_path, monkeypatch):
    for wanted in range(1, 11):
        table = opened(tmp_path / "a.parquet", monkeypatch)
        row, number = table.find(wanted)
        assert row is not None
        assert (row.number, row.keys, number) == (wanted, (str(wanted - 1),), wanted)
    table = opened(tmp_path / "a.parquet", monkeypatch)
    assert table.find(11) == (None, 10)
    table = opened(tmp_path / "a.parquet", monkeypatch)
    table.source.skipped = 8
    assert [raw.content for raw in table.source.rows][:8] == [()] * 8
    assert table.source.position() == 10
