"""The columns of values are settled by the plans, so a table in parts is decided as it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from tests.loading import engine_of, policy_text
from tests.strategies import Case, Chooser, make_case, make_set

from salesctrl.batch.schema import value_schema
from salesctrl.decision.values import plain_value
from salesctrl.engine import Engine
from salesctrl.evaluate.facts import read_facts
from salesctrl.evaluate.layout import all_leaves
from salesctrl.policy.types import Type


def frame_of(engine: Engine, cases: Sequence[Case]) -> pl.DataFrame:
    """Cases as a frame of texts; without lists."""
    columns: dict[str, list[str | None]] = {}
    for plan in engine.point("point").plans:
        evaluator = engine.point("point").at(plan.interval.first)
        rows = [read_facts(evaluator.root, len(plan.inputs.slots), case.given).values for case in cases]
        for leaf in all_leaves(evaluator.root):
            if leaf.items is None:
                columns[leaf.path] = [written(leaf.field.type, row[leaf.place]) for row in rows]
    days = pl.Series("as_of", [case.as_of for case in cases], dtype=pl.Date)
    return pl.DataFrame(
        [*(pl.Series(name, column, dtype=pl.String) for name, column in columns.items()), days]
    )


def written(type_: Type, value: Any) -> str | None:
    plain = plain_value(value, type_)
    return None if plain is None else str(plain).lower() if isinstance(plain, bool) else str(plain)


@pytest.mark.parametrize("seed", range(12))
def test_parts_of_a_table_are_decided_as_the_whole(seed: int) -> None:
    c = Chooser.seeded(seed)
    made = make_set(c)
    engine = engine_of(made.text, overlays=True)
    schema = value_schema(engine.point("point").plans)
    frame = frame_of(engine, [make_case(c, made.world) for _ in range(8)])
    cut = c.integer(0, 8)
    whole = engine.evaluate_frame("point", frame).columns_as(schema)
    parts = [engine.evaluate_frame("point", part).columns_as(schema) for part in (frame[:cut], frame[cut:])]
    assert [part.schema for part in parts] == [whole.schema] * 2
    assert pl.concat(parts).equals(whole)


def shown(expression: str, digits: int) -> tuple[pl.DataType, object]:
    """The type of a column of values, and what it holds for the largest number of so many digits."""
    words = f"vocabulary: w\ncurrency: CNY\nkinds:\n  order: {{fields: {{n: {{type: integer, digits: {digits}}}}}}}\n"
    rules = f"rules:\n  - {{id: R, compute: {{x: '{expression}'}}}}"
    engine = engine_of(policy_text(rules, words))
    schema = value_schema(engine.point("point").plans)
    frame = pl.DataFrame({"order.n": ["9" * digits]})
    column = engine.evaluate_frame("point", frame, as_of="2026-03-01").columns_as(schema)["x"]
    assert column.dtype == schema["x"].dtype
    return column.dtype, column[0]


@pytest.mark.parametrize(
    ("expression", "digits", "dtype", "value"),
    [
        ("order.n", 18, pl.Int64(), 10**18 - 1),
        ("order.n * order.n", 18, pl.Decimal(38, 0), Decimal((10**18 - 1) ** 2)),
        ("order.n * order.n * order.n", 18, pl.String(), str((10**18 - 1) ** 3)),
    ],
)
def test_integers_are_as_wide_as_they_are_declared(expression, digits, dtype, value):
    assert shown(expression, digits) == (dtype, value)


def test_small_numbers_have_the_type_of_large_ones():
    rules = "rules:\n  - {id: R, compute: {x: 'order.n * order.n'}}"
    words = "vocabulary: w\ncurrency: CNY\nkinds:\n  order: {fields: {n: {type: integer, digits: 18}}}\n"
    engine = engine_of(policy_text(rules, words))
    result = engine.evaluate_frame("point", pl.DataFrame({"order.n": [3]}), as_of="2026-03-01")
    assert result.columns["x"].dtype == pl.Int64
    column = result.columns_as(value_schema(engine.point("point").plans))["x"]
    assert (column.dtype, column[0]) == (pl.Decimal(38, 0), Decimal(9))


def test_wide_integers_can_be_given_back_as_arrow():
    import pyarrow as pa

    rules = "rules:\n  - {id: R, compute: {x: 'order.n * order.n'}}"
    words = "vocabulary: w\ncurrency: CNY\nkinds:\n  order: {fields: {n: {type: integer, digits: 18}}}\n"
    engine = engine_of(policy_text(rules, words))
    frame = pa.table({"order.n": [10**17]})
    given_back = engine.evaluate_frame("point", frame, as_of="2026-03-01").frame
    assert isinstance(given_back, pa.Table)
    assert given_back["x"].to_pylist() == [Decimal(10**34)]


def test_a_name_that_is_taken_is_told_apart():
    rules = "rules:\n  - {id: R, compute: {x: 'order.n + 1', fired: 'order.n + 2'}}"
    words = "vocabulary: w\ncurrency: CNY\nkinds:\n  order: {fields: {n: {type: integer, digits: 4}}}\n"
    engine = engine_of(policy_text(rules, words))
    result = engine.evaluate_frame("point", pl.DataFrame({"order.n": [1]}), as_of="2026-03-01")
    schema = value_schema(engine.point("point").plans)
    columns = result.columns_as(schema, taken=["x"])
    assert columns["x (value)"].to_list() == [2]
    assert columns["fired (value)"].to_list() == [3]
    assert columns["fired"].to_list() == [["R"]]
