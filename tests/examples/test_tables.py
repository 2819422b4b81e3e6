"""The invented ledger and order lines, through their maps, against the independent calculation."""

import doctest
import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from examples.order_lines import discounts
from examples.order_lines.discounts import from_single
from hypothesis import given
from hypothesis import strategies as st
from tests.examples.checking import (
    LEDGERS,
    LINES,
    NUMBERS,
    after_discount,
    check_ledger,
    check_quotes,
    decide,
    read_rows,
)

from salesctrl import load


@pytest.mark.parametrize("closing", [None, "2013-06-30", "2013-12-31"])
def test_the_ledger(tmp_path, closing):
    outcomes, totals = check_ledger(LEDGERS / "ledger.csv", tmp_path / "out.jsonl", closing)
    assert outcomes.total() == 24
    assert totals[0] > 0
    assert outcomes["flag"] > 0  # doubtful debts


def test_unit_prices_through_the_map(tmp_path):
    options = ["--map", str(LINES / "quotes.yaml"), "--fail-on", "never"]
    rows = read_rows(LINES / "lines.csv")
    decisions = decide("price.quote", LINES / "lines.csv", tmp_path / "out.jsonl", *options, code=2)
    clean = [i for i, row in enumerate(rows) if row["list_price"] and len(row["list_price"]) < 8]
    check_quotes(
        [rows[i] for i in clean],
        [Fraction(rows[i]["unit_price"]) for i in clean],
        [decisions[i] for i in clean],
    )
    others = [(i, decisions[i]["outcome"], decisions[i]["missing"]) for i in range(12) if i not in clean]
    both = ["quote.list_price", "quote.price"]
    assert others == [(8, "incomplete", both), (10, "incomplete", both[:1]), (11, "incomplete", both[:1])]
    assert [p["code"] for p in decisions[8]["problems"]] == ["F_DECIMALS", "F_DECIMALS"]


def test_prices_after_the_discount():
    rows = [row for row in read_rows(LINES / "lines.csv") if row["list_price"]]
    meant = [{name: str(from_single(row[name])) for name in NUMBERS} for row in rows]
    decisions = list(discounts.decide(LINES / "lines.csv", load()))
    assert [decision.outcome.value for decision in decisions].count("incomplete") == 1
    outcomes = check_quotes(
        [{**row, **numbers} for row, numbers in zip(rows, meant, strict=True)],
        [after_discount(numbers) for numbers in meant],
        [decision.to_dict() for decision in decisions if not decision.missing],
    )
    assert outcomes == {"allow": 4, "deny": 7}


@given(st.integers(0, 999_999), st.integers(0, 4))
def test_numbers_of_six_digits_come_back_from_single_precision(n, decimals):
    number = Decimal(n).scaleb(-decimals)
    [single] = struct.unpack("f", struct.pack("f", float(number)))
    assert from_single(repr(single)) == number
    assert from_single(str(number)) == number


def test_what_cannot_be_meant_in_single_precision_is_refused():
    assert from_single("1234567") == 1234567
    with pytest.raises(ValueError, match="at most 7 digits"):
        from_single("16777217.5")
    assert doctest.testmod(discounts).failed == 0
