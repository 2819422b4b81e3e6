"""A made-up year: the same every time, and its books hang together."""

import json
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from salesctrl.sales_year import SHEETS, sales_year

years = st.builds(
    sales_year,
    orders=st.integers(100, 600),
    customers=st.integers(20, 100),
    year=st.integers(2001, 2100),
    per_mille=st.sampled_from([0, 1, 20, 500]),
    seed=st.integers(0, 2**32),
)


@pytest.fixture(scope="module")
def year():
    return sales_year(orders=500, seed=11)


def _bytes(year, folder, format):
    return {path.relative_to(folder): path.read_bytes() for path in year.write(folder, format)}


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_the_same_seed_makes_the_same_bytes(year, tmp_path, format):
    first = _bytes(year, tmp_path / "first", format)
    assert _bytes(sales_year(orders=500, seed=11), tmp_path / "again", format) == first
    other = _bytes(sales_year(orders=500, seed=12), tmp_path / "other", format)
    assert other.keys() == first.keys()
    assert other != first


def test_the_same_seed_makes_the_same_year_on_every_machine(year):
    assert year.books["orders"].row(0) == (
        "SO-0000001", "C000019", date(2026, 1, 1), Decimal("989.22"), False
    )  # fmt: skip
    assert year.books["order_lines"].row(0)[2:6] == ("P013", 37, Decimal("13.56"), Decimal("13.29"))
    assert year.planted.height == 163


def test_no_table_has_a_binary_float(year):
    for name, frame in {**year.tables(), **year.books, "events": year.events}.items():
        assert not any(kind.is_float() for kind in frame.dtypes), name


@settings(max_examples=8)
@given(years)
def test_totals_add_up(year):
    books = year.books
    lines = books["order_lines"]
    by_line = lines.select(pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("price"))
    assert by_line.to_series().to_list() == lines["amount"].to_list()
    of_order = lines.group_by("order").agg(pl.col("amount").sum()).sort("order")
    assert_frame_equal(of_order, books["orders"].select("order", "amount"))
    assert_frame_equal(of_order, books["invoices"].select("order", "amount"))
    for (end,), owed in books["receivables"].group_by("month_end"):
        invoiced = books["invoices"].filter(pl.col("date") <= end)
        paid = books["payments"].filter(pl.col("date") <= end).join(invoiced, on="invoice", how="semi")
        assert owed["balance"].sum() == invoiced["amount"].sum() - paid["amount"].sum()
        of_each = invoiced.join(paid, on="invoice", how="anti")
        assert sorted(of_each["invoice"]) == sorted(owed["invoice"])


@settings(max_examples=8)
@given(years)
def test_the_list_of_what_was_planted_points_at_rows(year):
    tables = year.tables()
    records = {sheet.control_point: sheet.record for sheet in SHEETS}
    for planted in year.planted.iter_rows(named=True):
        frame = tables[planted["control_point"]]
        assert frame[records[planted["control_point"]]][planted["row"]] == planted["record"]
    assert not year.planted.select("control_point", "row", "rule").is_duplicated().any()


def test_orders_stay_inside_the_limit_or_were_planned_above_it():
    year = sales_year(orders=3000, customers=30, per_mille=0, seed=5)
    frame = year.tables()["order.release"].filter("customer.has_credit")
    owed = pl.col("customer.receivable") + pl.col("customer.released_uninvoiced")
    above = frame.select(
        (owed + pl.col("order.amount") > pl.col("customer.credit_limit")).alias("above"),
        pl.col("evidence.approvals").is_not_null().alias("approved"),
        (owed >= 0).alias("sound"),
    )
    assert above["sound"].all()
    assert above["above"].to_list() == above["approved"].to_list()
    assert 0 < above["above"].sum() < above.height


def test_what_a_customer_owes_before_an_order_is_in_the_books():
    year = sales_year(orders=400, seed=6)
    books = year.books
    invoices = books["invoices"].join(
        books["payments"].select("invoice", paid="date"), on="invoice", how="left"
    )
    released = year.tables()["order.release"].filter("customer.has_credit")
    ordered = dict(books["orders"].select("order", "customer").iter_rows())
    for order, day, receivable in released.select(
        "order.id", "as_of", "customer.receivable"
    ).iter_rows():  # fmt: skip
        owed = invoices.filter(
            pl.col("customer") == ordered[order],
            pl.col("date") < day,
            pl.col("paid").is_null() | (pl.col("paid") >= day),
        )
        assert receivable == (owed["amount"].sum() or Decimal(0))


def test_events_are_in_the_order_of_time_and_of_the_case(year):
    events = year.events
    assert events["time"].is_sorted()
    assert events["id"].is_sorted()
    assert events["id"].n_unique() == events.height
    steps = ["send_quote", "take_order", "review_shipment", "ship_goods", "issue_invoice"]
    places = {step: place for place, step in enumerate(steps)}
    planted = year.planted_events["case"].implode()
    clean = events.filter(~pl.col("case").is_in(planted), pl.col("activity").is_in(steps))
    of_case = clean.with_columns(pl.col("activity").replace_strict(places).alias("place"))
    assert of_case.group_by("case").agg(pl.col("place").is_sorted()).get_column("place").all()
    people = set(year.books["employees"]["person"])
    assert set(events["person"]) <= people


def test_every_payment_of_the_year_is_an_event(year):
    received = year.events.filter(pl.col("activity").is_in(["receive_money", "collect_cash"]))
    payments = year.books["payments"].with_columns(pl.col("invoice").str.replace("INV-", "SO-"))
    assert sorted(received.select("case", "amount").rows()) == sorted(
        payments.select("invoice", "amount").rows()
    )


def test_planting_leaves_the_events_of_other_cases_alone():
    """But for their numbers, and for what the tables have planted."""
    planted, clean = (sales_year(orders=500, per_mille=given, seed=11) for given in (20, 0))
    same = ~pl.col("case").is_in(planted.planted_events["case"].implode())
    kept = pl.col("activity").is_in(["ship_goods", "issue_invoice", "hand_over_goods"])
    shown = ["case", "activity", "person", "role"]
    both = [one.events.filter(same, kept).select(shown).sort(shown) for one in (planted, clean)]
    assert both[0].height > 1000
    assert_frame_equal(*both)


def test_lists_are_json_in_csv(year, tmp_path):
    year.write(tmp_path, "csv")
    grants = pl.read_csv(tmp_path / "tables" / "credit.grant.csv", infer_schema=False)
    first = json.loads(grants["evidence.approvals"][0])
    assert [given["role"] for given in first][-1] == "general_manager"
    assert date.fromisoformat(first[0]["date"]).isoformat() == grants["as_of"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"orders": 99}, "100 to 1000000 orders but got 99"),
        ({"customers": 19}, "20 to 1000 customers but got 19"),
        ({"orders": 100_000, "customers": 20}, "at most 1000 orders for a customer"),
        ({"per_mille": 501}, "0 to 500 violations in a thousand rows but got 501"),
        ({"year": 2000}, "a year from 2001 to 2100 but got 2000"),
    ],
)
def test_arguments_have_bounds(arguments, words):
    with pytest.raises(ValueError, match=words):
        sales_year(**arguments)
