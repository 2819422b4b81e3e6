"""Metrics: figures of groups against sums that are made by hand, whatever the kind of frame."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import salesctrl
from salesctrl import Engine, FactsError, UnknownControlPoint

POLICIES = """
vocabulary: sales
currency: CNY
kinds:
  receipt:
    title: {en: Receipt, zh: 回款}
    fields:
      salesperson: {type: text, title: {en: Salesperson, zh: 业务员}}
      booked: {type: date, title: {en: Booked on, zh: 记账日期}}
      due: {type: money, min: 0, title: {en: Due, zh: 应收}}
      received: {type: money, min: 0, title: {en: Received, zh: 实收}}
  target: {fields: {amount: {type: money, min: 0, optional: true}}}
---
metric: collection-rate
title: {en: Collection rate, zh: 回款率}
of: receipt
as: collected
by: [salesperson, {field: booked, period: month}]
effective: {from: 2026-01-01}
parameters: {least: 80%}
let:
  due: sum(row.due for row in collected.rows)
  received: sum(row.received for row in collected.rows)
  rate: round(received / due, 4) if due > 0 else 0
outputs: [due, received, rate]
rules:
  - {id: RATE, title: Below the least rate, when: received < least * due, flag: true}
  - {id: TARGET, title: Below target, when: "known(target.amount) and received < target.amount", notify: []}
"""
POLICIES = POLICIES.replace(", notify: []}", ", flag: true}")
RANKED = """
---
metric: customers-by-sales
title: {en: Customers by sales, zh: 客户销售排名}
of: receipt
as: customer_sales
by: salesperson
rank: {by: sales}
let: {sales: sum(row.due for row in customer_sales.rows)}
rules:
  - {id: TOP, title: Among the first 80 %, when: customer_sales.running <= 80% * customer_sales.total, flag: true}
---
metric: all-receipts
title: {en: All receipts, zh: 全部回款}
of: receipt
as: everything
let: {received: sum(row.received for row in everything.rows), rows: count(row for row in everything.rows)}
outputs: [received, rows]
rules:
  - {id: ANY, title: Some, when: rows > 0, flag: true}
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("metrics")
    Path(folder, "policies.yaml").write_text(POLICIES + RANKED, encoding="utf-8")
    return salesctrl.load(folder)


ROWS = pl.DataFrame(
    {
        "salesperson": ["a", "b", "a", "c", "b"],
        "booked": ["2026-01-05", "2026-01-31", "2026/1/20", "2026-02-01", "2026-02-28"],
        "due": ["100.00", "50.00", "10", "5.55", "1,000.00"],
        "received": ["90.00", "50.00", "1", "5.55", "700.00"],
    }
)
KINDS: dict[str, Any] = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pandas of arrow": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "arrow": lambda frame: frame.to_arrow(),
    "reader": lambda frame: frame.to_arrow().to_reader(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_frame_gives_the_same_figures(engine: Engine, kind: str) -> None:
    result = engine.measure("collection-rate", KINDS[kind](ROWS), as_of="2026-03-01")
    shown = result.columns.select(
        "collected.salesperson", "collected.booked", "outcome", "due", "rate", "fired"
    )
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    assert shown.rows() == [
        ("a", january, "allow", Decimal("110.00"), Decimal("0.8273"), []),
        ("b", january, "allow", Decimal("50.00"), Decimal("1.0000"), []),
        ("b", february, "flag", Decimal("1000.00"), Decimal("0.7000"), ["RATE"]),
        ("c", february, "allow", Decimal("5.55"), Decimal("1.0000"), []),
    ]
    kinds = {"polars": pl.DataFrame, "lazy": pl.LazyFrame, "arrow": pa.Table, "reader": pa.RecordBatchReader}
    assert isinstance(result.frame, kinds.get(kind, pd.DataFrame))


def test_the_rows_behind_a_figure(engine: Engine) -> None:
    result = engine.measure("collection-rate", ROWS, as_of="2026-03-01")
    assert result.rows_of(0).rows() == [ROWS.row(0), ROWS.row(2)]
    assert [result.rows_of(i).height for i in range(len(result))] == [2, 1, 1, 1]
    trace = result.explain(0).explain()
    assert "sum of row.received over collected.rows (2 items) = 91.00" in trace
    with pytest.raises(IndexError, match="4 groups"):
        result.rows_of(4)
    labelled = ROWS.to_pandas().set_index(pd.Index([10, 20, 30, 40, 50]))
    assert list(engine.measure("collection-rate", labelled, as_of="2026-03-01").rows_of(1)["due"]) == [
        "50.00"
    ]


cents = st.integers(0, 10**9)
days = st.dates(date(2025, 12, 1), date(2026, 4, 30))
table = st.lists(st.tuples(st.sampled_from(["甲", "b", "Z", ""]), days, cents, cents), max_size=30)


@settings(max_examples=60, deadline=None)
@given(rows=table)
def test_figures_are_the_sums_of_their_rows(engine: Engine, rows: list[tuple[str, date, int, int]]) -> None:
    money = [(Decimal(due) / 100, Decimal(received) / 100) for _, _, due, received in rows]
    frame = pl.DataFrame(
        {
            "salesperson": pl.Series([row[0] or None for row in rows], dtype=pl.String),
            "booked": pl.Series([row[1] for row in rows], dtype=pl.Date),
            "due": pl.Series([due for due, _ in money], dtype=pl.Decimal(18, 2)),
            "received": pl.Series([received for _, received in money], dtype=pl.Decimal(18, 2)),
        }
    )
    expected: dict[tuple[str | None, date], list[int]] = defaultdict(lambda: [0, 0])
    for salesperson, day, due, received in rows:
        sums = expected[salesperson or None, day.replace(day=1)]
        sums[0] += due
        sums[1] += received
    result = engine.measure("collection-rate", frame, as_of="2026-05-01").columns
    found = {
        (row["collected.salesperson"], row["collected.booked"]): (row["due"], row["received"], row["fired"])
        for row in result.iter_rows(named=True)
    }
    assert len(found) == result.height
    assert found == {
        key: (
            Decimal(due) / 100,
            Decimal(received) / 100,
            ["RATE"] if Fraction(received) < Fraction(80, 100) * due else [],
        )
        for key, (due, received) in expected.items()
    }


@settings(max_examples=40, deadline=None)
@given(sales=st.dictionaries(st.text("abcdef", min_size=1, max_size=3), cents, max_size=12))
def test_a_rank_adds_up(engine: Engine, sales: dict[str, int]) -> None:
    frame = pl.DataFrame(
        {
            "salesperson": pl.Series(list(sales), dtype=pl.String),
            "booked": pl.Series([date(2026, 1, 1)] * len(sales), dtype=pl.Date),
            "due": pl.Series([Decimal(n) / 100 for n in sales.values()], dtype=pl.Decimal(18, 2)),
            "received": pl.Series(["0"] * len(sales), dtype=pl.String),
        }
    )
    result = engine.measure("customers-by-sales", frame, as_of="2026-05-01").columns
    total, running, top = sum(sales.values()), 0, set()
    for name in sorted(sales, key=lambda name: (-sales[name], name)):  # the greatest first, then by key
        running += sales[name]
        if 100 * running <= 80 * total:
            top.add(name)
    names, fired = result["customer_sales.salesperson"].to_list(), result["fired"].to_list()
    assert {name for name, rules in zip(names, fired, strict=True) if rules} == top


def test_one_figure_that_is_unknown_leaves_the_rank_unknown(engine: Engine) -> None:
    wrong = ROWS.with_columns(due=pl.Series(["100.00", "many", "10", "5.55", "1"]))
    result = engine.measure("customers-by-sales", wrong, as_of="2026-05-01")
    assert result.columns["outcome"].to_list() == ["incomplete"] * 3
    [problem] = result.row_problems
    assert (problem.row, problem.problem.path) == (1, "customer_sales.rows[0].due")
    with pytest.raises(FactsError, match="many"):
        engine.measure("customers-by-sales", wrong, as_of="2026-05-01", on_error="raise")


def test_without_keys_all_rows_are_one_group(engine: Engine) -> None:
    result = engine.measure("all-receipts", ROWS, as_of="2026-03-01").columns
    assert result.select("received", "rows").rows() == [(Decimal("846.55"), 5)]
    empty = engine.measure("all-receipts", ROWS.head(0), as_of="2026-03-01").columns
    assert empty.select("received", "rows", "outcome").rows() == [(Decimal("0.00"), 0, "allow")]


def test_groups_have_facts_of_their_own(engine: Engine) -> None:
    targets = pd.DataFrame(
        {
            "Salesperson": ["a", "d"],
            "记账日期": ["2026-01-15", "2026-01-01"],
            "target.amount": ["91.01", "10"],
        }
    )
    result = engine.measure("collection-rate", ROWS, as_of="2026-03-01", groups=targets)
    found = {row[0]: row[1] for row in result.columns.select("collected.salesperson", "fired").rows()}
    assert (found["a"], found["c"], found["d"]) == (["TARGET"], [], ["TARGET"])
    twice = pd.concat([targets, targets.head(1)])
    with pytest.raises(FactsError, match="several rows have facts of one group"):
        engine.measure("collection-rate", ROWS, as_of="2026-03-01", groups=twice)


def test_facts_that_all_groups_share(engine: Engine) -> None:
    result = engine.measure("collection-rate", ROWS, as_of="2026-03-01", facts={"target.amount": "60"})
    assert result.columns["fired"].to_list() == [[], ["TARGET"], ["RATE"], ["TARGET"]]


def test_other_names_of_columns(engine: Engine) -> None:
    other = ROWS.rename({"received": "paid", "salesperson": "业务员", "due": "receipt.due"})
    result = engine.measure(
        "collection-rate", other, as_of="2026-03-01", columns={"paid": "receipt.received"}
    )
    assert result.columns["received"].sum() == Decimal("846.55")


@pytest.mark.parametrize(
    ("frame", "columns", "said"),
    [
        (ROWS.drop("salesperson"), {}, "no column holds this key"),
        (ROWS.with_columns(pl.lit("x").alias("业务员")), {}, "several columns hold the key"),
        (ROWS.with_columns(booked=pl.lit("2026-13-01")), {}, "2026-13-01"),
        (ROWS, {"paid": "receipt.received"}, "no column `paid`"),
        (ROWS, {"due": "receipt.received"}, "more than one column holds this field"),
    ],
)
def test_rows_that_cannot_be_grouped(engine: Engine, frame: pl.DataFrame, columns: Any, said: str) -> None:
    with pytest.raises(FactsError, match=said):
        engine.measure("collection-rate", frame, as_of="2026-03-01", columns=columns)


def test_an_unknown_metric(engine: Engine) -> None:
    with pytest.raises(UnknownControlPoint, match="unknown metric `collection-rat`; did you mean"):
        engine.measure("collection-rat", ROWS, as_of="2026-03-01")
    assert engine.metrics == ("all-receipts", "collection-rate", "customers-by-sales")


def test_an_engine_made_of_text_measures_too(engine: Engine) -> None:
    again = salesctrl.engine.load_text(engine.text)
    assert again.measure("all-receipts", ROWS, as_of="2026-03-01").columns["rows"].to_list() == [5]


@pytest.mark.parametrize(
    ("period", "first"),
    [("week", "2026-02-23"), ("month", "2026-03-01"), ("quarter", "2026-01-01"), ("year", "2026-01-01")],
)
def test_periods(tmp_path: Path, period: str, first: str) -> None:
    text = POLICIES.replace("period: month", f"period: {period}")
    Path(tmp_path, "policies.yaml").write_text(text, encoding="utf-8")
    day = date(2026, 3, 1)
    row = pl.DataFrame({"salesperson": ["a"], "booked": [day], "due": [1], "received": [1]})
    result = salesctrl.load(tmp_path).measure("collection-rate", row, as_of=day + timedelta(days=9))
    assert result.columns["collected.booked"].to_list() == [date.fromisoformat(first)]


def test_a_metric_that_asks_how_many_groups_there_are(tmp_path: Path) -> None:
    """The places are not known at first: no column of the measuring itself may look like one of them."""
    last = "- {id: LAST, title: The last, when: customer_sales.position == customer_sales.groups, flag: true}"
    text = POLICIES + RANKED.replace("  - {id: TOP,", f"  {last}\n  - {{id: TOP,")
    Path(tmp_path, "policies.yaml").write_text(text, encoding="utf-8")
    result = salesctrl.load(tmp_path).measure("customers-by-sales", ROWS, as_of="2026-03-01")
    assert ["LAST" in fired for fired in result.columns["fired"]].count(True) == 1
