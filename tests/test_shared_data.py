"""Public sample ledgers, where they are at hand, decided row by row and calculated a second time.

They are no part of the project. They are looked for in `shared/data` beside the checkout, or in the folder
that `SALESCTRL_SHARED_DATA` names; without them these tests are skipped, and `tests/examples/test_tables.py`
does the same on small invented tables.
"""

import csv
import os
import struct
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from examples.order_lines import discounts
from tests.examples.checking import (
    LINES,
    NUMBERS,
    after_discount,
    check_ledger,
    check_quotes,
    compare_ledger,
    decide,
    read_rows,
    said,
)

from salesctrl import Decision, Engine, FactsError, load
from salesctrl.engine import Floats

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SALESCTRL_SHARED_DATA") or ROOT.parent / "shared" / "data")


def table(name: str) -> Path:
    """A table of the sample data; skips the test where it is missing."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the sample table {name} is not in {SHARED}; SALESCTRL_SHARED_DATA names another folder")
    return path


# --- the ledger ---------------------------------------------------------------------------------------


LEDGER = pytest.mark.parametrize(
    ("closing", "outcomes", "totals"),
    [
        # the days on which the money came in: of thirteen invoices 30 days late or more, one was undisputed
        pytest.param(None, {"allow": 2466}, [9, 4, 3, 2], id="on settlement"),
        # in the middle of the ledger, as if nothing had been paid: not due, late, and doubtful debts
        pytest.param(
            "2013-06-30",
            {"flag": 1388, "allow": 1078},
            [1665203, 832714, 499475, 333014],
            id="at a closing day",
        ),
        # a year after the last invoice: everything is doubtful
        pytest.param("2014-12-31", {"flag": 2466}, [2954053, 1477192, 886083, 590778], id="at the end"),
    ],
)


@LEDGER
def test_every_receivable(tmp_path, closing, outcomes, totals):
    found, sums = check_ledger(table("receivables.csv"), tmp_path / "out.jsonl", closing)
    assert found.total() == 2466
    assert found == outcomes
    assert sums == totals


@LEDGER
@pytest.mark.parametrize("kind", ["pandas", "Polars"])
def test_every_receivable_in_one_frame(kind, closing, outcomes, totals):
    rows = read_rows(table("receivables.csv"))
    texts = pl.DataFrame(rows).with_columns(pl.col("DueDate", "SettledDate").str.to_date("%m/%d/%Y"))
    fault = pl.lit(True) if closing is not None else pl.col("Disputed") == "No"
    frame = texts.with_columns(fault.alias("receivable.at_fault"))
    columns = {
        "invoiceNumber": "receivable.id",
        "DueDate": "receivable.due_date",
        "InvoiceAmount": "receivable.overdue",
        **({"SettledDate": "as_of"} if closing is None else {}),
    }
    engine = load()
    given = frame.to_pandas() if kind == "pandas" else frame
    result = engine.evaluate_frame("receivable.liability", given, as_of=closing, columns=columns)
    assert result.row_by_row == 0
    decisions = said(result)
    found, sums = compare_ledger(rows, decisions, closing)
    assert (found, sums) == (outcomes, totals)
    sums_of_columns = [
        result.columns[f"from_{post}"].sum() for post in ("salesperson", "sales_manager", "sales_vp")
    ]
    assert [int(amount * 100) for amount in sums_of_columns] == totals[1:]
    for i, (row, decided) in enumerate(zip(frame.iter_rows(named=True), decisions, strict=True)):
        receivable = {
            "id": row["invoiceNumber"], "due_date": row["DueDate"], "overdue": row["InvoiceAmount"],
            "at_fault": row["receivable.at_fault"],
        }  # fmt: skip
        facts = {"receivable": receivable}
        alone = engine.evaluate("receivable.liability", facts, as_of=closing or row["SettledDate"])
        assert_same(decided, alone)
        if i % 100 == 0:
            assert result.explain(i).to_json(trace=True) == alone.to_json(trace=True)


# --- the order lines ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    return read_rows(table("order_lines.csv"))


def test_every_unit_price_through_the_map(lines, tmp_path):
    options = ("--map", str(LINES / "quotes.yaml"), "--fail-on", "never")
    decisions = decide("price.quote", table("order_lines.csv"), tmp_path / "out.jsonl", *options)
    outcomes = check_quotes(lines, [Fraction(row["unit_price"]) for row in lines], decisions)
    assert outcomes == {"allow": 1497, "deny": 658}


def test_every_price_after_the_discount(lines):
    decisions = [decision.to_dict() for decision in discounts.decide(table("order_lines.csv"), load())]
    outcomes = check_quotes(lines, [after_discount(row) for row in lines], decisions)
    assert outcomes == {"allow": 928, "deny": 1227}


@pytest.mark.parametrize("priced", ["unit price", "after the discount"])
def test_every_quote_in_one_frame(lines, priced):
    engine = load()
    facts = [discounts.quote_of(line) for line in lines]
    if priced == "unit price":
        facts = [
            {**one, "quote": {**one["quote"], "price": line["unit_price"]}}
            for one, line in zip(facts, lines, strict=True)
        ]
    frame = pl.DataFrame(
        {
            "as_of": [one["as_of"] for one in facts],
            **{
                f"quote.{name}": [one["quote"][name] for one in facts]
                for name in ("id", "list_price", "price", "quoted_by")
            },
        }
    )
    result = engine.evaluate_frame("price.quote", frame)
    prices = [
        Fraction(line["unit_price"]) if priced == "unit price" else after_discount(line) for line in lines
    ]
    decisions = said(result)
    outcomes = check_quotes(lines, prices, decisions)
    expected = {
        "unit price": {"allow": 1497, "deny": 658},
        "after the discount": {"allow": 928, "deny": 1227},
    }
    assert outcomes == expected[priced]
    for one, decided in zip(facts, decisions, strict=True):
        assert_same(decided, engine.evaluate("price.quote", one))


def assert_same(decided: Mapping[str, Any], alone: Decision) -> None:
    """The decision on a row of a frame is that on the row alone."""
    expected: dict[str, Any] = dict(alone.to_dict())
    for name in ("outcome", "fired", "missing", "subject"):
        assert decided[name] == expected[name]
    assert (decided["pending"], decided["unknown"]) == (list(alone.pending), list(alone.unknown))
    assert decided["values"] == {
        name: value for name, value in expected["values"].items() if value is not None
    }


# --- binary floats ----------------------------------------------------------------------------------------


def widened(text: str) -> str:
    """A number as a database writes it that kept it in single precision: 0.15 becomes 0.15000000596046448."""
    [single] = struct.unpack("f", struct.pack("f", float(text)))
    return repr(single)


@pytest.fixture(scope="module")
def singles(lines, tmp_path_factory):
    """The order lines with the numbers of a single-precision column."""
    path = tmp_path_factory.mktemp("singles") / "order_lines.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows({**row, **{name: widened(row[name]) for name in NUMBERS}} for row in lines)
    return path


@pytest.mark.parametrize("floats", ["exact", "nearest"])
def test_single_precision_is_refused_cell_by_cell(lines, singles, tmp_path, floats):
    options = ("--map", str(LINES / "quotes.yaml"), "--fail-on", "never", "--floats", floats)
    decisions = decide("price.quote", singles, tmp_path / "out.jsonl", *options, code=2)
    facts = {"quote.list_price": "list_price", "quote.price": "unit_price"}
    refused = 0
    for row, decision in zip(lines, decisions, strict=True):
        noisy = [
            fact for fact, column in facts.items() if Decimal(widened(row[column])) != Decimal(row[column])
        ]
        assert [problem["path"] for problem in decision["problems"]] == noisy
        assert (decision["outcome"] == "incomplete") == bool(noisy)
        refused += bool(noisy)
    assert refused == 891


def test_what_was_meant_in_single_precision_is_read_by_the_converter(lines, singles):
    assert all(
        discounts.from_single(widened(row[name])) == Decimal(row[name]) for row in lines for name in NUMBERS
    )
    engine = load()
    clean, read = (list(discounts.decide(path, engine)) for path in (table("order_lines.csv"), singles))
    assert [(d.facts, d.outcome, d.fired) for d in read] == [(d.facts, d.outcome, d.fired) for d in clean]


def test_prices_calculated_with_floats_are_taken_only_where_they_are_certain(lines):
    engine = load()
    counts = {"exact": 0, "noise": 0, "no cents": 0}
    for row in lines:
        price = float(row["unit_price"]) * (1 - float(row["discount_rate"]))
        exact = Fraction(row["unit_price"]) * (1 - Fraction(row["discount_rate"]))
        kind = "no cents" if (exact * 100).denominator > 1 else "exact" if price == float(exact) else "noise"
        counts[kind] += 1
        in_cents = Decimal(exact.numerator) / Decimal(exact.denominator)
        refused = ["quote.price"]
        right = quoted(engine, row, in_cents) if kind != "no cents" else refused
        assert quoted(engine, row, price) == (right if kind == "exact" else refused)
        assert quoted(engine, row, price, floats="nearest") == right
    assert counts == {"exact": 1775, "noise": 180, "no cents": 200}


def quoted(engine: Engine, row: Mapping[str, str], price: object, floats: Floats = "exact") -> object:
    """The digest of the facts and the outcome of a quote; where it is refused, the facts that are wrong."""
    quote = {
        "list_price": row["list_price"],
        "price": price,
        "quoted_by": discounts.POSTS[row["employee_title"]],
    }
    try:
        decision = engine.evaluate("price.quote", {"quote": quote}, as_of=row["order_date"], floats=floats)
    except FactsError as error:
        return [problem.path for problem in error.problems]
    return decision.facts, decision.outcome


def test_rounding_floats_loses_cents(lines):
    lost = [
        row
        for row in lines
        if Fraction(repr(round(float(row["unit_price"]) * (1 - float(row["discount_rate"])), 2)))
        != after_discount(row)
    ]
    assert len(lost) == 62
