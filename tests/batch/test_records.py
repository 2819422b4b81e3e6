"""Columns that hold whole records."""

from decimal import Decimal

import polars as pl
import pytest
from tests.batch.test_header import SET

import salesctrl
from salesctrl import FactsError
from salesctrl.batch.reading import FrameReading, Options
from salesctrl.batch.records import open_structs, read_records, record_path, records_in
from salesctrl.evaluate.facts import read_facts
from salesctrl.evaluate.layout import layout
from salesctrl.tables.columns import Columns


@pytest.fixture(scope="module")
def point(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    (folder / "set.yaml").write_text(SET, encoding="utf-8")
    return salesctrl.load(folder).point("order.release")


@pytest.fixture(scope="module")
def columns(point):
    return Columns(point.plans, point.plans[0].inputs.vocabulary)


@pytest.fixture(scope="module")
def root(point):
    return layout(point.plans[0])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("order", "order"), ("订单", "order"), ("order.customer", "order.customer"), ("订单.customer", "order.customer"),
        ("order.amount", None), ("order.lines", None), ("freight", None), ("order.freight", None), ("customer.id.x", None),
    ],
)  # fmt: skip
def test_records_by_their_names(columns, name, path):
    assert record_path(name, columns.vocabulary) == path


def test_structs_are_opened_to_columns_of_facts(columns):
    frame = pl.DataFrame(
        {
            "order": [{"amount": 1, "customer": {"name": "x"}, "lines": [{"quantity": 1}]}, None],
            "freight": [{"amount": 1}, {"amount": 2}],
            "other": [{"amount": 1}, {"amount": 2}],
        }
    )
    opened = [one for series in frame.drop("other") for one in open_structs(series, columns.vocabulary)]
    assert {series.name: series.to_list() for series in opened} == {
        "order.amount": [1, None],
        "order.customer.name": ["x", None],
        "order.lines": [[{"quantity": 1}], None],
        "freight": [{"amount": 1}, {"amount": 2}],
    }


def test_a_struct_that_a_mapping_speaks_of_stays_closed(columns, root):
    frame = pl.DataFrame({"other": [{"amount": 1}]})
    with pytest.raises(FactsError, match="unknown"):  # it is looked for whole
        FrameReading(frame, 1, columns, root, Options(columns={"other": "order.unknown"}))
    reading = FrameReading(frame, 1, columns, root, Options(columns={"other": "order.amount"}))
    assert [problem.problem.path for problem in reading.problems] == ["order.amount"]


def test_a_fact_in_a_struct_and_in_a_column_is_refused(columns, root):
    frame = pl.DataFrame({"order": [{"amount": 1}], "order.amount": [1]})
    with pytest.raises(FactsError, match=r"order\.amount: given in a record, and in a column"):
        FrameReading(frame, 1, columns, root, Options())


def test_texts_and_objects_that_are_records(columns):
    series = [
        pl.Series("order", ["SO-1", None, ' {"amount": 1}']),
        pl.Series("customer", ["ACME", None, "{"[:0]]),
        pl.Series("other", [None, {"amount": 1}, 5], dtype=pl.Object),
        pl.Series("订单", [5, "x", None], dtype=pl.Object),
        pl.Series("amount", ['{"a": 1}'] * 3),
    ]
    assert records_in(series, columns) == {"order": "order", "other": "other"}


RECORDS = [
    {"amount": Decimal("1.5"), "name": "a"},
    {"金额": 5, "customer": {"name": "y"}},
    {"amount": 1, "金额": 2},
    {"amuont": 1},
    {"customer": 5},
    {"lines": [{"quantity": 1}]},
    {},
    None,
    5,
    "SO-1",
]


def test_the_facts_of_records_are_those_that_one_row_would_have(root, point):
    """The values as they stand there; what is wrong in the words of the evaluator of one row."""
    cells = read_records(root, pl.Series("order", RECORDS, dtype=pl.Object), "order")
    assert cells.values["order.amount"].to_list() == [Decimal("1.5"), 5, *[None] * 8]
    assert cells.values["order.customer.name"].to_list() == [None, "y", *[None] * 8]
    assert cells.values["order.lines"].to_list() == [*[None] * 5, [{"quantity": 1}], *[None] * 4]
    width = len(point.plans[0].inputs.slots)
    expected = [
        (row, problem)
        for row, record in enumerate(RECORDS)
        for problem in read_facts(root, width, {"order": record}).problems
    ]
    assert list(cells.problems) == expected
    assert [(row, problem.code) for row, problem in expected] == [
        (2, "F_AMBIGUOUS"), (3, "F_NAME"), (4, "F_RECORD"), (8, "F_RECORD"), (9, "F_RECORD"),
    ]  # fmt: skip


def test_records_as_json(root):
    texts = ['{"amount": 0.10}', " ", None, "[1", '{"amount": 1, "amount": 2}', '{"name": "a"}']
    cells = read_records(root, pl.Series("order", texts), "order")
    assert cells.values["order.amount"].to_list() == [Decimal("0.10"), *[None] * 5]
    assert [(row, problem.path, problem.code) for row, problem in cells.problems] == [
        (3, "order", "F_RECORD"),
        (4, "order", "F_RECORD"),
    ]


def test_a_record_inside_another(root):
    cells = read_records(
        root, pl.Series("order.customer", [{"name": "y"}], dtype=pl.Object), "order.customer"
    )
    assert {path: values.to_list() for path, values in cells.values.items()} == {"order.customer.name": ["y"]}
