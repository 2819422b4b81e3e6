"""Tables of Spark, decided by two workers: row for row what the same table is decided as in one piece."""

from __future__ import annotations

import csv
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from examples.generator import write_tables
from tests.documentation import work_through
from tests.loading import engine_of

import salesctrl
from salesctrl.engine import Engine
from salesctrl.errors import FactsError, MissingExtra, SalesctrlError, UnknownControlPoint
from salesctrl.integrations import spark

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-03-01"
PANDAS = "ignore:PySpark does not yet fully support pandas:FutureWarning"
pytestmark = [pytest.mark.filterwarnings(PANDAS)]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Spark on this machine: two workers, each task tried twice."""
    sql = pytest.importorskip("pyspark.sql", reason="needs the extra `spark`: `make spark-test`")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("needs Java 17 or later")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        settings = {
            "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF",
            "spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "2",
            "spark.driver.bindAddress": "127.0.0.1",
        }  # fmt: skip
        builder = sql.SparkSession.builder.master("local[2, 2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        made = builder.getOrCreate()
        yield made
        made.stop()


slow = pytest.mark.slow


# --- tables, and what they are decided as ----------------------------------------------------------------


@pytest.fixture(scope="module")
def orders() -> Any:
    """The makers of the reference orders, which stand beside the benchmark."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "bench")
        yield importlib.import_module("reference.orders")


@pytest.fixture(scope="module")
def release() -> Engine:
    return salesctrl.load(ROOT / "bench" / "policies" / "order_release")


def numbered(rows: list[dict[str, Any]], schema: Any = None) -> pa.Table:
    """Rows as a table, with their numbers in a column that no policy knows."""
    table = pa.Table.from_pylist(rows, schema=schema)
    return table.append_column("row_number", pa.array(range(len(rows)), pa.int64()))


def frame_of(session: Any, table: pa.Table, partitions: int) -> Any:
    """The table in so many partitions."""
    return session.createDataFrame(table).repartition(partitions, "row_number")


def sorted_rows(decided: Any) -> pl.DataFrame:
    frame = pl.from_arrow(decided.toArrow())
    assert isinstance(frame, pl.DataFrame)
    return frame.sort("row_number")


def assert_same(decided: Any, engine: Engine, point: str, table: pa.Table, **given: Any) -> pl.DataFrame:
    """Every column of the local result but its keys is there, and the same; gives the rows."""
    expected = engine.evaluate_frame(point, table, **given).columns
    assert isinstance(expected, pl.DataFrame)
    found = sorted_rows(decided)
    assert found.height == table.num_rows
    for name in expected.columns[expected.columns.index("outcome") :]:
        assert found[name].to_list() == expected[name].to_list(), name
    assert found["policy_digest"].unique().to_list() == [engine.digest]
    return found


@slow
@pytest.mark.parametrize(("kind", "form"), [("typical", "as_decimals"), ("boundary", "as_decimals")])
def test_reference_orders(session, orders, release, kind, form):
    table = numbered([getattr(orders, form)(record) for record in orders.make(kind)])
    decided = spark.evaluate(frame_of(session, table, 7), release, "order.release", as_of=DAY)
    found = assert_same(decided, release, "order.release", table, as_of=DAY)
    assert found["amount"].to_list() == table["amount"].to_pylist()
    assert len(set(found["outcome"])) > 2


@slow
@pytest.mark.parametrize("floats", ["exact", "nearest"])
def test_orders_with_the_noise_of_floats(session, orders, release, floats):
    table = numbered([orders.as_floats(record) for record in orders.make("dirty")])
    frame = frame_of(session, table, 3)
    decided = spark.evaluate(frame, release, "order.release", as_of=DAY, floats=floats)
    found = assert_same(decided, release, "order.release", table, as_of=DAY, floats=floats)
    assert (found["problems"].list.len().sum() > 0) == (floats == "exact")


@slow
@pytest.mark.parametrize("as_of", ["2026-06-30", "2013-06-30"])
def test_the_generated_receivables(session, tmp_path, as_of):
    """Texts, dotted names, values of many kinds; and rows with cells that are wrong, or are nothing."""
    with write_tables(tmp_path)["receivables"].open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = [
            {name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)
        ]
    spoiled = [
        {**rows[0], "receivable.overdue": "ten"}, {**rows[1], "receivable.due_date": "2026-02-30"},
        dict.fromkeys(rows[0]), {**rows[2], "receivable.overdue": "1.005"},
    ]  # fmt: skip
    table = numbered([*rows, *spoiled])
    engine = salesctrl.load(overlays=["as-printed"])
    frame = frame_of(session, table, 5)
    decided = spark.evaluate(frame, engine, "receivable.liability", as_of=as_of)
    found = assert_same(decided, engine, "receivable.liability", table, as_of=as_of)
    assert found["outcome"].to_list()[-4:] == ["incomplete"] * 4
    expected = engine.evaluate_frame("receivable.liability", table, as_of=as_of).summary()
    shown = spark.summary(decided, engine, "receivable.liability", as_of=as_of)
    assert shown.toArrow().to_pylist() == expected.to_pylist()


# --- versions, records, lists --------------------------------------------------------------------------------

VERSIONS = """
vocabulary: v
currency: CNY
kinds:
  order:
    fields:
      id: text
      amount: money
      rate: {type: rate, optional: true}
      placed: instant
      lines: {type: list, of: line, default: []}
  line: {fields: {price: money, gift: boolean}}
---
policy: p
control_point: order.check
subject: order.id
effective: {from: 2020-01-01, to: 2022-12-31}
rules:
  - {id: A, when: order.amount > 100, flag: true, compute: {fee: "round(order.amount * 0.5, 2)"}}
---
policy: p
control_point: order.check
subject: order.id
effective: {from: 2023-01-01, to: 2024-12-31}
let: {gifts: "sum(1 for l in order.lines if l.gift)"}
outputs: [gifts]
rules:
  - {id: A, when: order.amount > 50, review: {document: contract}}
  - {id: B, when: order.amount > 70, compute: {fee: "round(order.amount * 0.0005, 4)"}}
  - {id: C, when: "sum(l.price for l in order.lines) > order.amount", deny: true}
"""


@pytest.fixture(scope="module")
def versions() -> Engine:
    return engine_of(dedent(VERSIONS))


def versioned_rows() -> list[dict[str, Any]]:
    days = [
        date(2019, 12, 31),
        date(2020, 1, 1),
        date(2022, 12, 31),
        date(2023, 1, 1),
        date(2025, 1, 1),
        None,
    ]
    rows = []
    for i in range(120):
        lines = [{"price": Decimal(j), "gift": j % 2 == 0} for j in range(i % 4)] if i % 7 else None
        rows.append({
            "order": {"id": f"O{i}", "amount": Decimal(i), "lines": lines},
            "as_of": days[i % len(days)],
            "rate": None if i % 3 else Decimal("0.0500"),
        })  # fmt: skip
    return rows


LINE = pa.struct([("price", pa.decimal128(18, 2)), ("gift", pa.bool_())])
ORDER = pa.struct([("id", pa.string()), ("amount", pa.decimal128(18, 2)), ("lines", pa.list_(LINE))])
SCHEMA = pa.schema([("order", ORDER), ("as_of", pa.date32()), ("rate", pa.decimal128(5, 4))])


@slow
@pytest.mark.parametrize("partitions", [1, 4])
def test_a_date_for_each_row_records_and_lists(session, versions, partitions):
    table = numbered(versioned_rows(), SCHEMA)
    decided = spark.evaluate(frame_of(session, table, partitions), versions, "order.check")
    found = assert_same(decided, versions, "order.check", table)
    assert found.schema["fee"] == pl.Decimal(38, 4)
    expected = versions.evaluate_frame("order.check", table).summary().to_pylist()
    shown = spark.summary(decided, versions, "order.check").toArrow().to_pylist()
    assert shown == expected


@slow
def test_the_columns_do_not_depend_on_the_rows(session, versions):
    """Only rows of the first version: the values of the second are there too, and hold nothing."""
    table = numbered([row for row in versioned_rows() if row["as_of"] == date(2020, 1, 1)], SCHEMA)
    decided = spark.evaluate(frame_of(session, table, 2), versions, "order.check")
    found = assert_same(decided, versions, "order.check", table)
    assert found.schema["fee"] == pl.Decimal(38, 4)
    assert found["gifts"].to_list() == [None] * table.num_rows
    narrow = spark.evaluate(frame_of(session, table, 2), versions, "order.check", as_of="2020-01-01")
    assert "gifts" not in narrow.columns


@slow
def test_named_columns_are_kept(session, orders, release):
    table = few(orders)
    frame = frame_of(session, table.append_column("remark", table["order_id"]), 2)
    decided = spark.evaluate(frame, release, "order.release", as_of=DAY, keep=["row_number", "amount"])
    assert decided.columns[:3] == ["row_number", "amount", "outcome"]
    assert_same(decided, release, "order.release", table, as_of=DAY)


@slow
def test_keys_alone_are_kept_also_those_inside_of_records(session, versions):
    table = numbered(versioned_rows(), SCHEMA)
    decided = spark.evaluate(frame_of(session, table, 3), versions, "order.check", keep="keys")
    assert "row_number" not in decided.columns
    expected = versions.evaluate_frame("order.check", table).columns
    assert decided.columns == [*expected.columns, "policy_digest"]
    found = pl.from_arrow(decided.toArrow()).sort("order.id")
    expected = expected.sort("order.id")
    for name in expected.columns:
        assert found[name].to_list() == expected[name].to_list(), name


# --- partitions, and workers that fail -------------------------------------------------------------------------


def few(orders: Any, count: int = 60) -> pa.Table:
    return numbered([orders.as_decimals(record) for record in orders.make("boundary")[:count]])


@slow
def test_a_hundred_partitions_most_of_them_empty(session, orders, release):
    table = few(orders)
    frame = frame_of(session, table, 100)
    assert 0 in [len(part) for part in frame.rdd.glom().collect()]
    decided = spark.evaluate(frame, release, "order.release", as_of=DAY)
    assert_same(decided, release, "order.release", table, as_of=DAY)


@slow
def test_no_rows(session, orders, release):
    frame = session.createDataFrame(few(orders)).limit(0)
    decided = spark.evaluate(frame, release, "order.release", as_of=DAY)
    assert decided.count() == 0
    shown = spark.summary(decided, release, "order.release", as_of=DAY).collect()
    assert {row["rows"] for row in shown} == {0}


@slow
def test_a_worker_that_dies_half_way_is_followed_by_another(session, orders, release, monkeypatch, tmp_path):
    """It has handed back a batch of its partition when it dies; no row is lost, and none is there twice."""
    marks, make = str(tmp_path), spark._function

    def dying(task: Any) -> Any:
        decide = make(task)

        def run(batches: Any) -> Any:
            from pyspark import TaskContext

            context = TaskContext.get()
            decided = decide(batches)
            first = next(decided)
            yield first
            if context.partitionId() == 1 and context.attemptNumber() == 0:
                (Path(marks) / "died").touch()
                os._exit(1)
            yield from decided

        return run

    monkeypatch.setattr(spark, "_function", dying)
    table = few(orders, 2000)
    decided = spark.evaluate(frame_of(session, table, 3), release, "order.release", as_of=DAY)
    assert_same(decided, release, "order.release", table, as_of=DAY)
    assert (tmp_path / "died").exists()


@slow
def test_a_partition_comes_out_alike_in_other_batches(session, orders, release, monkeypatch):
    """What a retry does, and what the settings of Spark may change."""
    task, _ = spark._prepared(
        session.createDataFrame(few(orders)), release, "order.release", DAY, None, "exact", "all"
    )
    table = few(orders).rename_columns([f"c{i}" for i in range(len(task.names))])
    whole = pa.Table.from_batches(spark._function(task)(iter(table.to_batches())))
    monkeypatch.setattr(spark, "ROWS_AT_ONCE", 3)
    parts = pa.Table.from_batches(spark._function(task)(iter(table.to_batches(max_chunksize=2))))
    assert parts.num_rows == whole.num_rows == table.num_rows
    assert parts.combine_chunks() == whole.combine_chunks()
    assert parts.schema == whole.schema


@slow
def test_a_worker_with_other_policies_or_another_version_refuses(session, orders, release):
    task, _ = spark._prepared(
        session.createDataFrame(few(orders)), release, "order.release", DAY, None, "exact", "all"
    )
    for wrong in (replace(task, digest="0" * 64), replace(task, version="0.0.0")):
        with pytest.raises(SalesctrlError, match=r"expected .* but got"):
            next(spark._function(wrong)(iter([])))


@slow
def test_the_program_of_the_guide(session, tmp_path):
    assert not work_through(ROOT / "docs" / "guide" / "spark.md", tmp_path)
    done = subprocess.run(
        [sys.executable, "decide_orders.py", "orders.parquet", "decided"], cwd=tmp_path,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    decided = pl.read_parquet(tmp_path / "decided" / "*.parquet").sort("order.id")
    engine = salesctrl.load(tmp_path / "controls")
    local = engine.evaluate_frame("order.release", pl.read_parquet(tmp_path / "orders.parquet"))
    assert decided["outcome"].to_list() == local.columns["outcome"].to_list()
    assert "|outcome|deny" in done.stdout


# --- what is wrong is raised before the job ----------------------------------------------------------------------


@slow
def test_columns_are_checked_before_there_is_a_job(session, release, versions):
    def refused(engine: Engine, point: str, schema: str, **given: Any) -> str:
        frame = session.createDataFrame([], schema)
        with pytest.raises(FactsError) as caught:
            spark.evaluate(frame, engine, point, **given)
        return str(caught.value)

    assert "amuont" in refused(release, "order.release", "amuont decimal(18,2)", as_of=DAY)
    assert "date of the decision" in refused(release, "order.release", "amount decimal(18,2)")
    assert "unknown fact" in refused(
        release, "order.release", "x string", as_of=DAY, columns={"x": "order.amuont"}
    )
    assert "has a column of this name" in refused(release, "order.release", "OUTCOME string", as_of=DAY)
    one = "amount decimal(18,2)"
    assert "which transaction" in refused(release, "order.release", one, as_of=DAY, keep="keys")
    assert "`number` to keep" in refused(release, "order.release", one, as_of=DAY, keep=["number"])
    assert "from_json" in refused(versions, "order.check", "order string", as_of=DAY)
    odd = "order struct<amount: decimal(18,2), blob: map<string, string>>"
    assert "expected a struct" in refused(versions, "order.check", odd, as_of=DAY)
    with pytest.raises(UnknownControlPoint):
        spark.evaluate(session.createDataFrame([], "a string"), release, "order.relase", as_of=DAY)
    plain = session.createDataFrame([("Smith", Decimal(1))], "order string, amount decimal(18,2)")
    decided = spark.evaluate(plain, versions, "order.check", as_of="2020-01-01", columns={"order": []})
    assert [row["outcome"] for row in decided.collect()] == ["allow"]


@slow
def test_notices_are_those_of_the_columns(session, release):
    frame = session.createDataFrame([], "amount decimal(18,2), remark string")
    local = release.evaluate_frame("order.release", frame.toArrow(), as_of=DAY)
    assert local.notices
    assert spark.notices(frame, release, "order.release", as_of=DAY) == local.notices


def test_without_pyspark_the_error_says_what_to_install(monkeypatch, release):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    frame: Any = SimpleNamespace(columns=[])
    with pytest.raises(MissingExtra, match=r"salesctrl\[spark\]"):
        spark.evaluate(frame, release, "order.release", as_of=DAY)
