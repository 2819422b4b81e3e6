"""What is wrong with a cell is said of its row; no other row is decided otherwise, moved or lost."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batch.frames import KINDS, PATHS, WITH_OBJECTS, an_engine, rows_of, texts, with_cell

from salesctrl import FactsError
from salesctrl.batch.result import BatchResult
from salesctrl.outcome import Outcome

AS_OF = date(2026, 3, 1)
LINES = json.dumps([{"price": "9.50", "quantity": 3}, {"price": "1.00", "quantity": 2}])
GOOD: dict[str, str | None] = {
    "order.memo": "A-1", "order.amount": "80.00", "order.discount": "0.0100", "customer.grade": "A",
    "order.due": "2026-02-01", "order.urgent": "false", "order.waiting": "30",
    "order.placed": "2026-01-15T10:00:00+08:00", "order.paid": "10.00", "order.note": "go",
    "order.lines": LINES,
}  # fmt: skip
ROWS = [
    GOOD,
    {**GOOD, "order.memo": "A-2", "order.amount": "100.01", "customer.grade": "B"},
    {**GOOD, "order.memo": "A-3", "order.discount": "0.0501", "order.lines": "[]"},
    {**GOOD, "order.memo": "A-4", "order.amount": None, "order.due": "2026-01-31"},
    {**GOOD, "order.memo": "A-5", "order.note": None, "customer.grade": "C", "order.urgent": "true"},
]
NUMBERS = ("order.amount", "order.discount", "order.waiting", "order.paid")
BAD: Mapping[str, tuple[str, ...]] = {
    "order.amount": (
        "ten", "NaN", "inf", "-inf", "1.005", "9" * 17 + ".00", "1" * 400, "1,23.50", "5%", "80.00 USD", "1e3",
        "0x10", "８O", "true", "--1", "\ufeff1.00", "1\u00a0000.00",
    ),
    "order.discount": ("5%%", "1.5", "-0.01", "0.00001", "150%", "five", "NaN"),
    "customer.grade": ("a", "D", "A B", "Ａ", "1"),
    "order.due": ("2026-02-30", "1/2/2026x", "20260201", "2026-02-01T10:00", "tomorrow", "0000-01-01"),
    "order.urgent": ("maybe", "2", "truee"),
    "order.waiting": ("3.5", "1234567", "30 days later", "thirty", "inf"),
    "order.placed": ("2026-01-15T10:00:00", "2026-13-01T00:00:00Z", "noon"),
    "order.paid": ("nil", "-", "1.234"),
    "order.note": ("x" * 1001,),
    "order.lines": (
        "[", "{}", "7", '["x"]', "[null]", '[{"price": "x", "quantity": 1}]',
        '[{"price": "1.00", "quantity": 10000}]', '[{"prise": "1.00", "quantity": 1}]',
        json.dumps([{"price": "1.00", "quantity": 1}] * 10_001),
    ),
}  # fmt: skip
"""Cells that no fact of that name can be, in a table of texts."""
FAULTS = [(path, cell) for path, cells in BAD.items() for cell in cells]
SAME: Mapping[str, tuple[str, str]] = {
    "order.amount": ("1,080.50", "1080.50"),
    "order.discount": ("5%", "0.05"),
    "order.due": ("2026/2/1", "2026-02-01"),
    "order.urgent": ("是", "true"),
    "order.waiting": ("30 days", "30"),
    "order.paid": (" ", ""),
}
"""Cells that people write, and the fact that they mean."""


def short(value: object) -> str:
    """What a case is called; of an object its type, since its words may differ each time."""
    return repr(value)[:30] if type(value) in (str, int, float, Decimal) else type(value).__name__


def decide(columns: Mapping[str, pl.Series], kind: str = "Polars", **options: Any) -> BatchResult:
    return an_engine().evaluate_frame("point", KINDS[kind](columns), **{"as_of": AS_OF} | options)


def said(result: BatchResult) -> list[dict[str, Any]]:
    """The decisions, through the frame that is given back."""
    return [{**row, **lists_of(row)} for row in rows_of(result.frame)]


def lists_of(row: dict[str, Any]) -> dict[str, Any]:
    return {name: list(row[name]) for name in ("fired", "pending", "requirements", "unknown", "problems")}


CLEAN = said(decide(texts(ROWS)))


def alone(row: Mapping[str, str | None]) -> tuple[Outcome, list[str], list[str]]:
    """What `evaluate` says of a row in which every cell is plainly written."""
    facts: dict[str, Any] = {}
    for path, cell in row.items():
        kind, name = path.split(".")
        value = json.loads(cell) if cell is not None and name == "lines" else cell
        facts.setdefault(kind, {})[name] = value
    decision = an_engine().evaluate("point", facts, as_of=AS_OF)
    return decision.outcome, list(decision.fired), list(decision.unknown)


def assert_only(result: BatchResult, faults: Mapping[int, set[str]]) -> None:
    """The rows with faults, given with their paths, say so; all others are as they were."""
    rows = said(result)
    assert [row["order.memo"] for row in rows] == [row["order.memo"] for row in CLEAN]
    for number, (row, clean) in enumerate(zip(rows, CLEAN, strict=True)):
        if number not in faults:
            assert row == clean, number
            continue
        paths = faults[number]
        assert {p.problem.path.split("[")[0] for p in result.row_problems if p.row == number} == paths
        assert len(row["problems"]) >= len(paths)
        assert all(any(text.startswith(path) for text in row["problems"]) for path in paths)
        without = {path: None if path in paths else cell for path, cell in ROWS[number].items()}
        outcome, fired, _ = alone(without)
        if "order.paid" in paths:  # its default does not stand in for what is wrong
            assert row["left"] is None
        else:
            assert row["fired"] == fired
            assert row["outcome"] == max(outcome, Outcome.INCOMPLETE, key=lambda o: o.rank).value
        assert Outcome(row["outcome"]).rank >= Outcome.INCOMPLETE.rank
        decision = result.explain(number)
        assert decision.outcome == row["outcome"]
        assert list(decision.fired) == row["fired"]
        assert {p.path.split("[")[0] for p in decision.trace.problems} == paths


# --- texts --------------------------------------------------------------------------------------------


def test_the_rows_without_a_fault():
    for row, clean in zip(ROWS, CLEAN, strict=True):
        outcome, fired, unknown = alone(row)
        assert (clean["outcome"], clean["fired"], clean["unknown"]) == (outcome, fired, unknown)
        assert clean["problems"] == []
    assert [row["outcome"] for row in CLEAN] == ["allow", "deny", "flag", "incomplete", "incomplete"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_frame_says_the_same(kind):
    assert said(decide(texts(ROWS), kind)) == CLEAN


@pytest.mark.parametrize(("path", "cell"), FAULTS, ids=short)
def test_a_bad_text(path, cell):
    columns = texts(ROWS)
    columns[path] = with_cell(columns[path], 2, cell)
    assert_only(decide(columns), {2: {path}})


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_text_in_every_column_of_every_kind(kind):
    columns = texts(ROWS)
    faults: dict[int, set[str]] = {}
    for number, (path, cells) in enumerate(BAD.items()):
        row = number % 4
        columns[path] = with_cell(columns[path], row, cells[0])
        faults.setdefault(row, set()).add(path)
    assert_only(decide(columns, kind), faults)


@pytest.mark.parametrize("path", SAME)
@pytest.mark.parametrize("kind", KINDS)
def test_texts_as_people_write_them(kind, path):
    written, plain = SAME[path]
    columns = texts(ROWS)
    found, expected = (
        said(decide({**columns, path: with_cell(columns[path], 2, cell)}, kind)) for cell in (written, plain)
    )
    assert found == expected
    assert [found[i] for i in (0, 1, 3, 4)] == [CLEAN[i] for i in (0, 1, 3, 4)]
    assert found[2]["problems"] == []


CELLS = st.one_of(
    st.sampled_from(FAULTS),
    st.tuples(
        st.sampled_from(NUMBERS), st.text("0123456789.,%eE+-", min_size=1, max_size=3).map("x{}".format)
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.integers(0, 4), st.lists(CELLS, max_size=3), max_size=4), st.sampled_from([*KINDS]))
def test_random_faults_in_random_cells(drawn, kind):
    columns = texts(ROWS)
    faults: dict[int, set[str]] = {}
    for row, cells in drawn.items():
        for path, cell in cells:
            columns[path] = with_cell(columns[path], row, cell)
            faults.setdefault(row, set()).add(path)
    assert_only(decide(columns, kind), faults)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_wrong_is_raised_at_once(kind):
    columns = texts(ROWS)
    columns["order.amount"] = with_cell(columns["order.amount"], 4, "ten")
    columns["order.due"] = with_cell(columns["order.due"], 1, "tomorrow")
    columns["order.lines"] = with_cell(columns["order.lines"], 1, '[{"price": "1.00", "quantity": 1.5}]')
    with pytest.raises(FactsError) as error:
        decide(columns, kind, on_error="raise")
    found = [problem.path for problem in error.value.problems]
    assert sorted(found[:2]) == ["row 2, order.due", "row 2, order.lines[0].quantity"]
    assert found[2:] == ["row 5, order.amount"]
    assert decide(texts(ROWS), kind, on_error="raise").rows == 5


# --- cells of other types -----------------------------------------------------------------------------


def typed() -> dict[str, pl.Series]:
    """The same rows with numbers, dates and truth values in columns of their types."""
    columns = texts(ROWS)
    for path in NUMBERS:
        columns[path] = columns[path].cast(pl.Float64)
    columns["order.due"] = columns["order.due"].str.to_date()
    columns["order.urgent"] = columns["order.urgent"] == "true"
    return columns


@pytest.mark.parametrize("kind", KINDS)
def test_typed_columns_say_the_same(kind):
    assert said(decide(typed(), kind)) == CLEAN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("cell", [math.inf, -math.inf, 0.1 + 0.2 + 1e-6, 1e300, 1e18, math.nan])
def test_a_bad_float(kind, path, cell):
    columns = typed()
    columns[path] = with_cell(columns[path], 2, cell)
    if math.isnan(cell) and kind.startswith("pandas"):  # there it is how nothing is written
        plain = texts(ROWS)
        plain[path] = with_cell(plain[path], 2, None)
        assert said(decide(columns, kind)) == said(decide(plain))
    else:
        assert_only(decide(columns, kind), {2: {path}})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [pl.Decimal(38, 3), pl.Decimal(38, 20)])
def test_a_decimal_with_too_many_decimals(kind, dtype):
    columns = texts(ROWS)
    columns["order.amount"] = columns["order.amount"].cast(dtype)
    assert said(decide(columns, kind)) == CLEAN
    columns["order.amount"] = with_cell(columns["order.amount"], 2, Decimal("1.005"))
    assert_only(decide(columns, kind), {2: {"order.amount"}})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 10**17])
def test_an_integer_that_is_too_long(kind, number):
    columns = texts([{**row, "order.amount": "50"} for row in ROWS])
    columns["order.amount"] = columns["order.amount"].cast(pl.Int64)
    clean = said(decide(columns, kind))
    columns["order.amount"] = with_cell(columns["order.amount"], 2, number)
    result = decide(columns, kind)
    rows = said(result)
    assert [rows[i] for i in (0, 1, 3, 4)] == [clean[i] for i in (0, 1, 3, 4)]
    assert rows[2]["outcome"] == "incomplete"
    assert [p.row for p in result.row_problems] == [2]


class Broken:
    """What fails whenever anybody looks at it."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("no")

    def __hash__(self) -> int:
        raise ValueError("no")

    def __str__(self) -> str:
        raise ValueError("no")

    __repr__ = __str__


OBJECTS: Mapping[str, tuple[object, ...]] = {
    "order.amount": (
        True, b"80.00", [80], {"amount": 80}, 1 + 2j, Decimal("Infinity"),
        Decimal("1e-9"), 10**30, -(10**400), math.inf, 0.1 + 0.2 + 1e-6, AS_OF, object(), Broken(), np.float32(0.1),
        np.array([1, 2]), pd.Timestamp("2026-03-01"), "\ud800",
    ),
    "customer.grade": (1, True, b"A", ["A"], "\ud800", Decimal("sNaN")),
    "order.due": (20260201, 1.5, datetime(2026, 2, 1, 12), b"2026-02-01", pd.Timestamp("2026-02-01T10:00")),  # noqa: DTZ001
    "order.urgent": (1, 0, 1.0, "x"),
    "order.waiting": (30.5, True, b"30"),
    "order.placed": (datetime(2026, 2, 1, 12), AS_OF, 1.5),  # noqa: DTZ001
    "order.note": (1, 1.5, b"go", ["go"]),
    "order.lines": (7, {"price": 1}, ["x"], [7], [None], [{"price": object()}], "x", [[]], {"a"}),
}  # fmt: skip
"""Objects that no fact of that name can be."""
WRONG_OBJECTS = [(path, cell) for path, cells in OBJECTS.items() for cell in cells]


def objects() -> dict[str, pl.Series]:
    """The same rows with Python's own values in columns of objects."""
    columns = texts(ROWS)
    for path in ("order.amount", "order.discount", "order.paid"):
        columns[path] = pl.Series(
            path, [None if t is None else Decimal(t) for t in columns[path]], dtype=pl.Object
        )
    cells = [json.loads(text) for text in columns["order.lines"]]
    columns["order.lines"] = pl.Series("order.lines", cells, dtype=pl.Object)
    columns["order.due"] = columns["order.due"].str.to_date()
    return {path: pl.Series(path, columns[path].to_list(), dtype=pl.Object) for path in PATHS}


@pytest.mark.parametrize("kind", WITH_OBJECTS)
def test_columns_of_objects_say_the_same(kind):
    assert said(decide(objects(), kind)) == CLEAN


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("sNaN"), math.nan])
def test_in_polars_an_object_that_is_no_number_is_wrong(number):
    columns = objects()
    columns["order.amount"] = with_cell(columns["order.amount"], 2, number)
    assert_only(decide(columns), {2: {"order.amount"}})


@pytest.mark.parametrize("kind", WITH_OBJECTS)
@pytest.mark.parametrize(("path", "cell"), WRONG_OBJECTS, ids=short)
def test_an_object_of_another_type_among_the_cells(kind, path, cell):
    columns = objects()
    columns[path] = with_cell(columns[path], 2, cell)
    assert_only(decide(columns, kind), {2: {path}})


@pytest.mark.parametrize("gap", [None, math.nan, pd.NA, pd.NaT, Decimal("NaN")])
@pytest.mark.parametrize("path", ["order.amount", "customer.grade", "order.due", "order.lines"])
def test_every_gap_of_pandas_is_nothing(path, gap):
    plain = objects()
    plain[path] = with_cell(plain[path], 2, None)
    columns = objects()
    columns[path] = with_cell(columns[path], 2, gap)
    assert said(decide(columns, "pandas")) == said(decide(plain))


# --- bytes that are no text ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["order.amount", "customer.grade", "order.note"])
def test_bytes_in_a_wrong_encoding(path):
    cells = [None if t is None else t.encode() for t in texts(ROWS)[path]]
    cells[2] = "订单".encode("gb18030")
    for binary in (pl.Series(path, cells, dtype=pl.Binary), pl.Series(path, cells, dtype=pl.Object)):
        result = decide({**texts(ROWS), path: binary})
        there = [i for i, cell in enumerate(cells) if cell is not None]
        assert [p.row for p in result.row_problems] == there  # bytes are no text, whatever they hold
        assert {p.problem.path for p in result.row_problems} == {path}
        assert result.rows == 5


def no_utf8(type_):
    """Texts of Arrow of which one is in another encoding; such come from files written carelessly."""
    cells = pa.array([b"go", b"go", "订单".encode("gb18030"), b"go", None], pa.binary())
    if pa.types.is_dictionary(type_):
        words = pa.Array.from_buffers(pa.string(), 2, pa.array([b"go", b"\xff"], pa.binary()).buffers())
        return pa.DictionaryArray.from_arrays(pa.array([0, 0, 1, 0, None]), words)
    if type_ == pa.string_view():
        return pa.Array.from_buffers(type_, 5, cells.cast(pa.binary_view()).buffers())
    if pa.types.is_large_string(type_):
        return pa.Array.from_buffers(type_, 5, cells.cast(pa.large_binary()).buffers())
    return pa.Array.from_buffers(type_, 5, cells.buffers())


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
    ids=str,
)
def test_texts_of_arrow_in_a_wrong_encoding(type_):
    table = KINDS["Arrow table"](texts(ROWS))
    broken = no_utf8(type_)
    table = table.set_column(table.schema.get_field_index("order.note"), "order.note", broken)
    assert_only(an_engine().evaluate_frame("point", table, as_of=AS_OF), {2: {"order.note"}})


# --- columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pandas", "pandas of Arrow", "Arrow table", "Arrow batch", "Arrow reader"])
def test_two_columns_of_one_name(kind):
    if kind.startswith("pandas"):
        frame = KINDS[kind](texts(ROWS))
        frame = pd.concat([frame, frame[["order.amount"]]], axis=1)
    else:
        table = KINDS["Arrow table"](texts(ROWS))
        table = table.append_column("order.amount", table["order.amount"])
        frame = {
            "Arrow table": table,
            "Arrow batch": table.to_batches()[0],
            "Arrow reader": table.to_reader(),
        }[kind]
    with pytest.raises(FactsError, match=r"order\.amount: more than one column has this name"):
        an_engine().evaluate_frame("point", frame, as_of=AS_OF)


@pytest.mark.parametrize("kind", KINDS)
def test_surplus_columns_change_nothing(kind):
    surplus = pl.Series("remark", ["x", None, "1,2", "", "\x00"])
    columns = {"remark": surplus, **texts(ROWS), "internal": pl.Series("internal", range(5))}
    result = decide(columns, kind)
    assert said(result) == CLEAN
    assert any("`remark`" in notice and "`internal`" in notice for notice in result.notices)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PATHS[1:])
def test_a_missing_column_is_unknown_in_every_row(kind, path):
    columns = {name: series for name, series in texts(ROWS).items() if name != path}
    result = decide(columns, kind)
    for row, found in zip(ROWS, said(result), strict=True):
        outcome, fired, unknown = alone({**row, path: None})
        assert (found["outcome"], found["fired"], found["unknown"]) == (outcome, fired, unknown)
        assert found["problems"] == []
    assert any(f"`{path}`" in notice for notice in result.notices)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["order.amuont", "Order.ammount", "amuont"])
def test_a_name_that_is_nearly_that_of_a_fact_is_refused(kind, name):
    columns = {name if path == "order.amount" else path: series for path, series in texts(ROWS).items()}
    with pytest.raises(FactsError) as error:
        decide(columns, kind)
    [problem] = error.value.problems
    assert (problem.path, problem.code) == ("order.amount", "F_NAME")
    assert f"`{name}`" in problem.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_nothing(kind):
    columns = {**texts(ROWS), "order.amount": pl.Series("order.amount", [None] * 5, dtype=pl.Null)}
    found = said(decide(columns, kind))
    expected = [alone({**row, "order.amount": None}) for row in ROWS]
    assert [(row["outcome"], row["fired"], row["unknown"]) for row in found] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [texts, lambda rows: typed()])
def test_a_table_without_rows(kind, make):
    columns = {name: series.head(0) for name, series in make(ROWS).items()}
    result = decide(columns, kind)
    assert result.rows == len(result) == 0
    assert said(result) == []
    assert set(rows_of(result.summary())[0]) >= {"kind", "name", "rows"}
    assert rows_of(result.exceptions()) == []
    assert result._repr_html_()
    with pytest.raises(IndexError):
        result.explain(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("row", range(5))
def test_a_table_of_one_row(kind, row):
    assert said(decide(texts([ROWS[row]]), kind)) == [CLEAN[row]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_in_which_nothing_is_right(kind):
    bad = {path: BAD[path][0] if path in BAD else cell for path, cell in GOOD.items()}
    result = decide(texts([bad] * 5), kind)
    assert all(set(BAD) == {t.split(":")[0].split("[")[0] for t in row["problems"]} for row in said(result))
    assert result.outcomes[Outcome.INCOMPLETE] == 5


# --- dates of decisions -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_a_date_is_not_decided_and_no_other_is_moved(kind):
    days = pl.Series("as_of", ["2026-03-01", "", "2026-02-30", "2026-03-01", None])
    result = decide({**texts(ROWS), "as_of": days}, kind, as_of=None)
    rows = said(result)
    assert [rows[0], rows[3]] == [CLEAN[0], CLEAN[3]]
    for number in (1, 2, 4):
        assert rows[number]["outcome"] == "incomplete"
        assert rows[number]["fired"] == rows[number]["unknown"] == []
        assert rows[number]["left"] is None
        assert rows[number]["problems"][0].startswith("as_of: expected")
        with pytest.raises(FactsError, match="as_of"):
            result.explain(number)
    assert [p.row for p in result.row_problems] == [1, 2, 4]


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_in_which_no_row_has_a_date(kind):
    days = pl.Series("as_of", [None] * 5, dtype=pl.String)
    result = decide({**texts(ROWS), "as_of": days}, kind, as_of=None)
    assert [row["outcome"] for row in said(result)] == ["incomplete"] * 5
    with pytest.raises(FactsError, match="expected the date of the decision"):
        decide(texts(ROWS), kind, as_of=None)
