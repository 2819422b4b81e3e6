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

import pytest
from examples.order_lines import discounts
from tests.examples.checking import (
    LINES,
    NUMBERS,
    after_discount,
    check_ledger,
    check_quotes,
    decide,
    read_rows,
)

from salesctrl import Engine, FactsError, load
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


@pytest.mark.parametrize(
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
def test_every_receivable(tmp_path, closing, outcomes, totals):
    found, sums = check_ledger(table("receivables.csv"), tmp_path / "out.jsonl", closing)
    assert found.total() == 2466
    assert found == outcomes
    assert sums == totals


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
