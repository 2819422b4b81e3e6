"""Lists in columns are read as the evaluator of one transaction reads each list."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesctrl.batch.given import python_values
from salesctrl.batch.lists import child_lists, read_list
from salesctrl.errors import FactsError
from salesctrl.evaluate.facts import Reading, read_value
from salesctrl.evaluate.layout import Leaf, Record
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import BOOLEAN, DATE, TEXT, choice, list_of_kind, money, number
from salesctrl.policy.vocabulary import Field
from salesctrl.tables.cells import cell_value


def leaf_at(path, type_, place, *, digits=6, length=5, default=None, names=(), items=None):
    low, high = (1, 3_652_059) if type_ is DATE else (1 - 10**digits, 10**digits - 1)
    name = path.rpartition(".")[2]
    title = LocalText(en=name, zh="单价" if name == "price" else name)
    field = Field("line", name, type_, title, (name, *names), low, high, digits, length, default)
    return Leaf(path, field, place, items)


def record_of(path, leaves, records=None, width=0):
    names = {leaf.field.name: leaf.field.names for leaf in leaves} | {name: (name,) for name in records or {}}
    declared = frozenset(name for known in names.values() for name in known) | {"other"}
    return Record(path, tuple(leaves), records or {}, names, width, declared)


LINES = "order.lines[]"
PART = record_of(f"{LINES}.parts[]", [leaf_at(f"{LINES}.parts[].weight", number(3), 0)], width=1)
PLACE = record_of(
    f"{LINES}.place",
    [leaf_at(f"{LINES}.place.city", TEXT, 4), leaf_at(f"{LINES}.place.distance", number(1), 5, default=15)],
)
LINE = record_of(
    LINES,
    [
        leaf_at(f"{LINES}.quantity", number(0), 0, digits=4, names=("pieces",)),
        leaf_at(f"{LINES}.price", money("CNY"), 1, default=100),
        leaf_at(f"{LINES}.shipped", DATE, 2),
        leaf_at(f"{LINES}.gift", BOOLEAN, 3),
        leaf_at(f"{LINES}.grade", choice(("A", "B")), 6),
        leaf_at(f"{LINES}.parts", list_of_kind("part"), 7, default=(), items=PART, length=2),
    ],
    {"place": PLACE},
    width=8,
)
LEAF = leaf_at("order.lines", list_of_kind("line"), 1, length=3, items=LINE)
WITH_DEFAULT = leaf_at("order.lines", list_of_kind("line"), 1, length=3, items=LINE, default=())


def alone(leaf, fact, tolerance):
    """The list in one cell by itself: its value, its problems, whether noise was rounded away."""
    if fact is None or (isinstance(fact, str) and not fact.strip()):
        return leaf.field.default, [], False
    if isinstance(fact, str):
        fact = cell_value(fact, leaf.field.type, nearest=tolerance is not None)
    reading = Reading([], tolerance=tolerance)
    value = read_value(leaf, fact, leaf.path, reading)
    return value, reading.problems, bool(reading.rounded)


def agree(leaf, column, tolerance=None, facts=None):
    lists, problems, rounded = read_list(leaf, column, tolerance=tolerance)
    facts = column.to_list() if facts is None else facts
    expected = [alone(leaf, fact, tolerance) for fact in facts]
    assert lists.lengths.dtype == pl.Int64
    assert python_values(lists) == [value for value, _, _ in expected]
    assert [(one.row, one.problem) for one in problems] == [
        (row, problem) for row, (_, found, _) in enumerate(expected) for problem in found
    ]
    assert rounded == tuple(row for row, (_, _, noise) in enumerate(expected) if noise)


# --- columns of records ---------------------------------------------------------------------------

TOLERANCES = st.sampled_from([None, Decimal("1e-9")])
AMOUNTS = {
    pl.Float64: st.sampled_from([1.5, 0.1 + 0.2, 2.0, -3.25, 0.001]),
    pl.Int64: st.integers(-12_000, 12_000),
    pl.String: st.sampled_from(["1.50", "1,234.50", "", "x", " 3"]),
    pl.Decimal(10, 3): st.sampled_from([Decimal("1.500"), Decimal("1.005")]),
}
PARTS = pl.Struct({"weight": pl.Float64})


@st.composite
def types_of_records(draw):
    """A type of records: some of the fields of a line, by one of their names, of types that may not suit."""
    fields = {
        draw(st.sampled_from(["quantity", "pieces"])): draw(st.sampled_from([pl.Int64, pl.Float64])),
        "price": draw(st.sampled_from(list(AMOUNTS))),
        "shipped": draw(st.sampled_from([pl.Date, pl.String])),
        "gift": draw(st.sampled_from([pl.Boolean, pl.String])),
        "grade": pl.String,
        "place": pl.Struct({"city": pl.String, "distance": pl.Float64}),
        "parts": pl.List(PARTS),
    }
    odd = {"pieces": pl.Int64, "prise": pl.Int64, "other": pl.Int64, "place": pl.Int64, "parts": pl.String}
    left_out = draw(st.sets(st.sampled_from(sorted(fields)), max_size=3))
    fields = {name: dtype for name, dtype in fields.items() if name not in left_out}
    return fields | {name: odd[name] for name in draw(st.sets(st.sampled_from(sorted(odd)), max_size=1))}


def values_of(dtype):
    if isinstance(dtype, pl.Struct):
        return st.none() | st.fixed_dictionaries(
            {field.name: values_of(field.dtype) for field in dtype.fields}
        )
    if isinstance(dtype, pl.List):
        return st.none() | st.lists(values_of(dtype.inner).filter(lambda item: item is not None), max_size=3)
    if dtype == pl.Date:
        return st.none() | st.dates(date(2024, 1, 1), date(2024, 12, 31))
    if dtype == pl.Boolean:
        return st.none() | st.booleans()
    if dtype == pl.String:
        return st.none() | st.sampled_from(
            ["A", "B", "2024-03-01", "2024/3/1", "true", "是", "", "[]", "abcdefg", "1.50"]
        )
    return st.none() | AMOUNTS[dtype]


@st.composite
def columns_of_records(draw):
    fields = draw(types_of_records())
    items = (
        values_of(pl.Struct(fields))
        if draw(st.integers(0, 4)) == 0
        else values_of(pl.Struct(fields)).filter(bool)
    )
    lists = draw(st.lists(st.none() | st.lists(items, max_size=4), max_size=6))
    return pl.Series(lists, dtype=pl.List(pl.Struct(fields)), strict=False)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([LEAF, WITH_DEFAULT]), columns_of_records(), TOLERANCES)
def test_columns_of_records_are_read_list_by_list(leaf, column, tolerance):
    agree(leaf, column, tolerance)


@settings(max_examples=60, deadline=None)
@given(columns_of_records(), st.integers(1, 3))
def test_arrays_are_lists(column, width):
    full = column.filter((column.list.len() == width).fill_null(False))
    agree(LEAF, full.cast(pl.Array(column.dtype.inner, width)), facts=full.to_list())


LISTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "quantity": st.integers(-(10**5), 10**5) | st.none() | st.text(max_size=2),
            "pieces": st.integers(0, 5),
            "price": st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([1.5, 0.1 + 0.2]),
            "place": st.none() | st.fixed_dictionaries({"city": st.text(max_size=7)}) | st.just(3),
            "parts": st.none()
            | st.lists(st.fixed_dictionaries({"weight": st.integers(0, 9)}) | st.none(), max_size=3),
            "shipt": st.just("x"),
        },
    )
    | st.none(),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([LEAF, WITH_DEFAULT]), st.lists(st.none() | LISTS | st.just(5), max_size=5), TOLERANCES
)
def test_python_lists_are_read_one_by_one(leaf, facts, tolerance):
    agree(leaf, pl.Series(facts, dtype=pl.Object), tolerance, facts)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        LISTS.map(lambda one: json.dumps(one, default=str))
        | st.sampled_from([None, "", " ", "[1", "{}", "[]"]),
        max_size=5,
    ),
    TOLERANCES,
)
def test_json_is_read_one_by_one(texts, tolerance):
    agree(LEAF, pl.Series(texts, dtype=pl.String), tolerance)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([None, None]),
        pl.Series([[1], None]),
        pl.Series([[], None]),
        pl.Series([5]),
        pl.Series([[{}], []]),
    ],
)
@pytest.mark.parametrize("leaf", [LEAF, WITH_DEFAULT])
def test_other_columns(leaf, column):
    agree(leaf, column)


def test_a_regular_column_is_read_at_once(monkeypatch):
    monkeypatch.setattr("salesctrl.batch.lists._read_one_by_one", None)
    column = pl.Series(
        [
            [
                {"quantity": 1, "price": 0.5, "place": {"city": "X"}, "parts": [{"weight": 1.5}]},
                {"quantity": None},
            ],
            [],
            None,
        ]
    )
    lists, problems, _ = read_list(LEAF, column)
    assert lists.lengths.to_list() == [2, 0, None]
    assert lists.items[0].to_list() == [1, None]
    assert lists.items[7].items[0].to_list() == [1500]
    assert problems == ()


def test_paths_name_the_item():
    column = pl.Series([[{"quantity": 1}], [{"quantity": 2}, {"quantity": 20_000}]])
    [problem] = read_list(LEAF, column)[1]
    assert (problem.row, problem.problem.path) == (1, "order.lines[1].quantity")


# --- a table of items -----------------------------------------------------------------------------


def test_items_from_a_table_of_their_own():
    rows = pl.DataFrame(
        {
            "Pieces": ["3", "1,200", "x"], "单价": [1.5, None, 2.0], "place.city": ["a", "b", "c"],
            "parts": ['[{"weight": 1}]', "", "[1"], "remark": ["x", "y", "z"],
        }
    )  # fmt: skip
    lists, problems, _ = child_lists(LEAF, rows, pl.Series([2, 0, 2]), 4)
    assert lists.lengths.to_list() == [1, 0, 2, 0]
    assert lists.items[0].to_list() == [1200, 3, None]
    assert lists.items[1].to_list() == [100, 150, 200]
    assert lists.items[4].to_list() == ["b", "a", "c"]
    assert python_values(lists.items[7]) == [(), ((1000,),), None]
    assert [(one.row, one.problem.path, one.problem.code) for one in problems] == [
        (2, "order.lines[1].quantity", "F_FORMAT"),
        (2, "order.lines[1].parts", "F_LIST"),
    ]


def test_too_many_items_leave_the_list_unknown():
    rows = pl.DataFrame({"quantity": [1, 2, 3, 4, 5]})
    lists, problems, _ = child_lists(LEAF, rows, pl.Series([0, 1, 1, 1, 1]), 2)
    assert (lists.lengths.to_list(), lists.items[0].to_list()) == ([1, None], [1])
    assert [(one.row, one.problem.path, one.problem.code) for one in problems] == [
        (1, "order.lines", "F_LENGTH")
    ]


def test_columns_of_items_by_a_map():
    rows = pl.DataFrame({"a": [1], "quantity": [2]})
    lists, _, _ = child_lists(LEAF, rows, pl.Series([0]), 1, {"quantity": "a", f"{LINES}.price": "quantity"})
    assert (lists.items[0].to_list(), lists.items[1].to_list()) == ([1], [200])


def test_records_inside_items():
    rows = pl.DataFrame({"place": [{"city": "a", "distance": 1.5}, None]})
    lists, _, _ = child_lists(LEAF, rows, pl.Series([0, 0]), 1)
    assert (lists.items[4].to_list(), lists.items[5].to_list()) == (["a", None], [15, 15])


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"quantity", "pieces"}, "F_COLUMN"), ({"place", "place.city"}, "F_COLUMN"), ({"quantitty"}, "F_NAME")],
)
def test_columns_that_could_be_a_mistake_are_refused(columns, code):
    with pytest.raises(FactsError) as raised:
        child_lists(LEAF, pl.DataFrame({name: [1] for name in columns}), pl.Series([0]), 1)
    assert [problem.code for problem in raised.value.problems] == [code]


@given(st.lists(st.integers(0, 3), max_size=8))
def test_every_item_stays_with_its_row(parents):
    leaf = replace(LEAF, field=replace(LEAF.field, length=10))
    rows = pl.DataFrame({"quantity": range(len(parents))}, schema={"quantity": pl.Int64})
    lists, problems, _ = child_lists(leaf, rows, pl.Series(parents, dtype=pl.Int64), 4)
    assert [[item[0] for item in one] for one in python_values(lists)] == [
        [i for i, parent in enumerate(parents) if parent == row] for row in range(4)
    ]
    assert problems == ()
