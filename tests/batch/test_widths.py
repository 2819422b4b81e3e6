"""Numbers of any size come to the same decisions, in machine integers or without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext

import polars as pl
import pyarrow as pa
import pytest
from tests.batch.frames import AS_OF, KINDS, nested, objects, rows_of
from tests.loading import engine_of

from salesctrl.batch import deciding
from salesctrl.batch.deciding import BatchPlan

WIDE = """\
vocabulary: v
currency: CNY
kinds:
  order:
    fields:
      memo: text
      a: {type: decimal, digits: 18, decimals: 2}
      b: {type: decimal, digits: 18, decimals: 2}
      c: {type: decimal, digits: 18, decimals: 2}
      huge: {type: integer, digits: 38}
      other: {type: integer, digits: 30}
---
policy: p
control_point: point
subject: order.memo
let:
  product: order.a * order.b * order.c
  huge: order.huge
  both: order.huge + order.other
outputs: [product, huge, both]
rules:
  - {id: ABOVE, when: product > 1000000, deny: true}
  - {id: HUGE, when: order.huge * 3 > order.other, flag: true}
"""
SMALL = {
    "order.memo": "s",
    "order.a": "1.50",
    "order.b": "-2.25",
    "order.c": "0.01",
    "order.huge": 5,
    "order.other": 7,
}
LARGE = {**SMALL, "order.a": "9" * 16 + ".99", "order.b": "9" * 16 + ".99", "order.c": "-" + "9" * 16 + ".99"}
LARGEST = {**LARGE, "order.huge": 10**38 - 1, "order.other": 10**30 - 1}


@pytest.mark.parametrize(
    ("rows", "alone"),
    [
        ([SMALL] * 3, 0),
        ([LARGE], 1),
        ([LARGEST] * 2, 2),
        ([SMALL, LARGE, SMALL, LARGEST, SMALL], 2),
        ([{**SMALL, "order.huge": 10**38 - 1}, SMALL], None),
        ([{**SMALL, "order.huge": -(10**38) + 1, "order.other": -(10**30) + 1}, SMALL], None),
        ([{**SMALL, "order.a": None}, LARGE, {**LARGE, "order.huge": None}], 2),
        ([{**SMALL, "order.huge": 2**63}, {**SMALL, "order.huge": 2**63 - 1}], 0),
    ],
)
def test_numbers_that_no_machine_integer_holds(rows, alone):
    result = engine_of(WIDE).evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=AS_OF)
    assert alone is None or result.row_by_row == alone
    assert all(
        result.columns[name].dtype in (pl.String, pl.Int64, pl.Int128, pl.Decimal)
        for name in ("product", "huge", "both")
    )
    for i, facts in enumerate(rows):
        decision = engine_of(WIDE).evaluate(
            "point", {"order": {k.split(".")[1]: v for k, v in facts.items()}}, as_of=AS_OF
        )
        row = result.columns.row(i, named=True)
        assert (row["outcome"], row["fired"], row["unknown"]) == (
            decision.outcome, list(decision.fired), list(decision.unknown),
        )  # fmt: skip
        for name, value in decision.values.items():
            shown = row[name]
            assert (None if shown is None else Decimal(shown)) == value, (i, name)
        assert result.explain(i).to_json(trace=True) == decision.to_json(trace=True)


def test_a_value_that_could_have_more_than_38_digits_is_a_text():
    result = engine_of(WIDE).evaluate_frame("point", pl.DataFrame(objects([SMALL, LARGEST])), as_of=AS_OF)
    with localcontext() as context:
        context.prec = 60
        product = -(Decimal("9999999999999999.99") ** 3)
    assert result.columns["product"].to_list() == ["-0.033750", str(product)]
    arrow = (
        engine_of(WIDE)
        .evaluate_frame("point", pa.table({k: [v] for k, v in LARGE.items()}), as_of=AS_OF)
        .frame
    )
    assert arrow.schema.field("product").type in (pa.string(), pa.large_string(), pa.string_view())


@pytest.mark.parametrize("kind", KINDS)
def test_wide_values_in_every_kind_of_frame(kind):
    engine = engine_of(WIDE)
    rows = [SMALL, LARGE, {**SMALL, "order.huge": 2**70, "order.other": 2**65}]
    columns = {name: pl.Series(name, [str(row[name]) for row in rows]) for name in SMALL}
    result = engine.evaluate_frame("point", KINDS[kind](columns), as_of=AS_OF)
    for row, facts in zip(rows_of(result.frame), rows, strict=True):
        decision = engine.evaluate(
            "point", {"order": {k.split(".")[1]: v for k, v in facts.items()}}, as_of=AS_OF
        )
        assert {name: Decimal(row[name]) for name in decision.values} == decision.values


@pytest.mark.parametrize("rows", [[SMALL, LARGE, SMALL], [LARGE], [SMALL]])
def test_rows_by_themselves_say_once_what_is_open(rows):
    review = "rules:\n  - {id: REV, when: order.c < 1, review: [{approval: cfo}, {document: contract}]}"
    engine = engine_of(WIDE.replace("rules:", review) + "---\norganisation: o\nroles: {cfo: {}}\n")
    result = engine.evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=AS_OF)
    assert result.columns["requirements"].to_list() == [["REV/1", "REV/2"]] * len(rows)
    assert result.row_by_row == rows.count(LARGE)


@pytest.mark.parametrize("rows", [[], [SMALL], [LARGE, SMALL]])
def test_a_plan_without_a_form_in_columns(rows, monkeypatch):
    monkeypatch.setattr(BatchPlan, "_program", lambda *_: None)
    columns = {name: pl.Series([row[name] for row in rows], dtype=pl.Object) for name in SMALL}
    result = engine_of(WIDE).evaluate_frame("point", pl.DataFrame(columns), as_of=AS_OF)
    expected = [engine_of(WIDE).evaluate("point", nested(row), as_of=AS_OF).outcome for row in rows]
    assert result.columns["outcome"].to_list() == expected
    assert result.row_by_row == len(rows)


@pytest.mark.parametrize("at_once", [1, 400, 2_000])
def test_slices_of_a_table_are_decided_as_the_whole(at_once, monkeypatch):
    engine = engine_of(WIDE)
    rows = [{**SMALL, "order.huge": i, "order.other": i * i % 7} for i in range(23)] + [LARGE, SMALL]
    whole = engine.evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=AS_OF)
    monkeypatch.setattr(deciding, "BYTES_AT_ONCE", at_once)
    parts = engine_of(WIDE).evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=AS_OF)
    assert parts.columns.rows() == whole.columns.rows()


def test_tables_of_many_shapes_by_many_threads(monkeypatch):
    monkeypatch.setattr(deciding, "MAX_SHAPES", 2)
    engine = engine_of(WIDE)
    tables = [
        [{**SMALL, "order.huge": 2**i}, {**SMALL, "order.a": None if i % 2 else "2.00"}] for i in range(24)
    ]

    def decided(rows):
        return engine.evaluate_frame("point", pl.DataFrame(objects(rows)), as_of=AS_OF).columns.rows()

    expected = [decided(rows) for rows in tables]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(decided, tables)) == expected
