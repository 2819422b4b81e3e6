"""Items in a table of their own belong to the rows whose key they have."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from tests.batch.frames import AS_OF, KINDS, assert_as_alone
from tests.loading import engine_of, policy_text

from salesctrl import FactsError

LISTED = policy_text("""
    subject: order.memo
    let: {total: sum(x.price * x.quantity for x in order.lines)}
    outputs: [total]
    rules:
      - {id: T, when: total > 100.00, deny: true}
      - {id: G, when: any(x.gift for x in order.lines), flag: true}
""")
ITEMS = pl.DataFrame({
    "order_id": ["2", "1", "2", "4", "1"],
    "price": ["10.00", "99.00", "5.00", "1.00", "1.01"],
    "quantity": [1, 1, 2, 3, 1],
    "gift": [False, False, True, False, False],
})  # fmt: skip


def items_of(order):
    return [
        {name: value for name, value in row.items() if name != "order_id"}
        for row in ITEMS.to_dicts()
        if row["order_id"] == order
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("items", KINDS)
def test_items_in_a_table_of_their_own(kind, items):
    engine = engine_of(LISTED)
    orders = {"order_id": pl.Series(["1", "2", "3", "4"]), "order.memo": pl.Series(["a", "b", "c", "d"])}
    lines = KINDS[items]({series.name: series for series in ITEMS.iter_columns()})
    result = engine.evaluate_frame(
        "point", KINDS[kind](orders), as_of=AS_OF, lists={"order.lines": lines}, key="order_id"
    )
    rows = [{"order.memo": m, "order.lines": items_of(o)} for o, m in zip("1234", "abcd", strict=True)]
    assert_as_alone(engine, result, rows, AS_OF)
    assert [str(o) for o in result.columns["outcome"]] == ["deny", "flag", "allow", "allow"]


def test_keys_of_several_columns_and_of_numbers():
    engine = engine_of(LISTED)
    orders = pl.DataFrame({"year": [2025, 2026], "no": [1, 1], "order.memo": ["a", "b"]})
    lines = pd.DataFrame({"no": [1], "year": [2026], "price": ["200.00"], "quantity": [1], "gift": [False]})
    result = engine.evaluate_frame("point", orders, as_of=AS_OF, lists={"lines": lines}, key=["year", "no"])
    assert result.columns["outcome"].to_list() == ["allow", "deny"]


@pytest.mark.parametrize("key", [["1", 2.0, "4", None, ""], ["1", "2", "4", None, None]])
def test_a_row_without_a_key_has_a_list_that_nobody_knows(key):
    engine = engine_of(LISTED)
    orders = pd.DataFrame({"order_id": pd.Series(key, dtype=object), "order.memo": list("abcde")})
    lines = ITEMS.with_columns(
        order_id=pl.Series(["2.0", "1", "2.0", "4", "1"]) if 2.0 in key else ITEMS["order_id"]
    )
    result = engine.evaluate_frame("point", orders, as_of=AS_OF, lists={"order.lines": lines}, key="order_id")
    assert result.columns["outcome"].to_list() == ["deny", "flag", "allow", "incomplete", "incomplete"]
    assert [(p.row, p.problem.path, p.problem.code) for p in result.row_problems] == [
        (3, "order.lines", "F_MISSING"), (4, "order.lines", "F_MISSING"),
    ]  # fmt: skip
    assert result.explain(4).outcome == "incomplete"


def test_a_key_with_gaps_is_not_another_because_pandas_makes_floats_of_it():
    engine = engine_of(LISTED)
    orders = pd.DataFrame({"order_id": [1, 2, 4, None], "order.memo": list("abcd")})
    assert orders["order_id"].dtype == "float64"
    lines = ITEMS.with_columns(pl.col("order_id").cast(pl.Int64))
    result = engine.evaluate_frame("point", orders, as_of=AS_OF, lists={"order.lines": lines}, key="order_id")
    assert result.columns["outcome"].to_list() == ["deny", "flag", "allow", "incomplete"]


@pytest.mark.parametrize(
    ("orders", "lines", "options", "message"),
    [
        (["1", "2"], ITEMS, {"key": "order_id"}, r"order\.lines: 1 item belongs to no row: `4`"),
        (["1", "2", "2", "4"], ITEMS, {"key": "order_id"}, r"several rows have the key `2`"),
        (
            ["1", "2", "4"],
            ITEMS.with_columns(order_id=pl.lit(None)),
            {"key": "order_id"},
            r"5 items belong to no row: `nothing`",
        ),
        (["1", "2", "4"], ITEMS, {"key": "number"}, r"the rows have no column `number` for the key"),
        (
            ["1", "2", "4"],
            ITEMS.drop("order_id"),
            {"key": "order_id"},
            r"the items have no column `order_id`",
        ),
        (["1", "2", "4"], ITEMS, {}, r"no key to say which items are whose[^\0]*key="),
        (
            ["1", "2", "4"],
            [{"price": 1}],
            {"key": "order_id"},
            r"expected a frame but got a value of type `list`",
        ),
        (
            ["1", "2", "4"],
            ITEMS.rename({"price": "prise"}),
            {"key": "order_id"},
            r"absent, but there is a column `prise`",
        ),
    ],
)
def test_items_that_cannot_be_told_apart(orders, lines, options, message):
    engine = engine_of(LISTED)
    frame = pl.DataFrame({"order_id": orders, "order.memo": [str(i) for i in range(len(orders))]})
    with pytest.raises(FactsError, match=message):
        engine.evaluate_frame("point", frame, as_of=AS_OF, lists={"order.lines": lines}, **options)


@pytest.mark.parametrize(
    ("key", "help"), [("order_ids", "did you mean `order_id`"), (["x"], "the columns are")]
)
def test_a_key_that_is_no_column_is_refused_with_lists_and_without(key, help):
    engine = engine_of(LISTED)
    frame = pl.DataFrame({"order_id": ["1"], "order.memo": ["a"]})
    for lists in ({}, {"order.lines": ITEMS}):
        with pytest.raises(FactsError, match=rf"the rows have no column[^\0]*{help}"):
            engine.evaluate_frame("point", frame, as_of=AS_OF, lists=lists, key=key)


def test_the_key_may_be_inside_of_a_record():
    engine = engine_of(LISTED)
    frame = pl.DataFrame({"order": [{"memo": "1"}, {"memo": "2"}]})
    lines = ITEMS.filter(pl.col("order_id") != "4").rename({"order_id": "order.memo"})
    result = engine.evaluate_frame(
        "point", frame, as_of=AS_OF, lists={"order.lines": lines}, key="order.memo"
    )
    assert result.columns["outcome"].to_list() == ["deny", "flag"]


def test_a_wrong_item_is_said_of_its_row():
    engine = engine_of(LISTED)
    frame = pl.DataFrame({"order_id": ["1", "2", "4"], "order.memo": ["a", "b", "c"]})
    lines = ITEMS.with_columns(price=pl.Series(["10.00", "99.00", "five", "1.00", "1.01"]))
    result = engine.evaluate_frame("point", frame, as_of=AS_OF, lists={"order.lines": lines}, key="order_id")
    assert result.columns["outcome"].to_list() == ["deny", "incomplete", "allow"]
    assert [(p.row, p.problem.path) for p in result.row_problems] == [(1, "order.lines[1].price")]
    assert {p.path for p in result.explain(1).trace.problems} == {"order.lines[1].price"}
