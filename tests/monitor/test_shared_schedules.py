"""Wage deductions over a real ledger, as of three dates, against a calculation of its own."""

import csv
import os
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import polars as pl
import pytest
from tests.monitor.liability import deductions

import salesctrl

SHARED = Path(os.environ.get("SALESCTRL_SHARED_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
LEDGER = SHARED / "receivables.csv"
pytestmark = pytest.mark.skipif(not LEDGER.is_file(), reason="the shared ledger of receivables is not here")


def day_of(text):
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a date without a time


@pytest.fixture(scope="module")
def ledger():
    with LEDGER.open(encoding="utf-8") as file:
        return [
            (
                row["invoiceNumber"],
                Decimal(row["InvoiceAmount"]),
                day_of(row["DueDate"]),
                day_of(row["SettledDate"]),
            )
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("until", [date(2012, 9, 30), date(2013, 3, 31), date(2013, 12, 31)])
def test_the_ledger_as_of_a_date(ledger, until):
    """Every invoice is at fault, from 100 times its amount: the ledger pays small sums, and pays them soon."""
    stretched = [
        (number, amount * 100, due, due + (settled - due) * 6) for number, amount, due, settled in ledger
    ]
    receivables = pl.DataFrame(
        {
            "receivable.id": [number for number, *_ in stretched],
            "receivable.overdue": [str(amount) for _, amount, _, _ in stretched],
            "receivable.due_date": [due for _, _, due, _ in stretched],
            "receivable.at_fault": True,
        }
    )
    payments = pl.DataFrame(
        {
            "receivable.id": [number for number, *_ in stretched],
            "date": [settled for *_, settled in stretched],
            "amount": [str(amount) for _, amount, _, _ in stretched],
        }
    )
    result = salesctrl.load().schedule("wage-deductions", receivables, until=until, payments=payments)
    assert not result.problems
    expected = [
        (number, *line)
        for number, amount, due, settled in stretched
        for line in deductions(amount, due, [(settled, amount)], until)
    ]
    found = result.columns.select(
        "receivable.id", "date", "what", "amount", "salesperson", "sales_manager", "sales_vp"
    )
    assert found.rows() == expected
    by_hand = sum((line[3] for line in expected), Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert sum(result.totals()["amount"], Decimal(0)) == by_hand
