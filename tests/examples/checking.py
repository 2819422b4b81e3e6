"""Tables decided by the command line, compared row by row with the independent calculation."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.examples.independent import Liability, Quote, half_up, iso_date, liability, quote, us_date
from tests.examples.running import ROOT

from salesctrl.batch.result import BatchResult
from salesctrl.cli.app import run

Row = Mapping[str, str]
LEDGERS = ROOT / "examples" / "receivables"
LINES = ROOT / "examples" / "order_lines"
NUMBERS = ("list_price", "unit_price", "discount_rate")
POSTS = {
    "Sales Representative": "salesperson",
    "Inside Sales Coordinator": "salesperson",
    "Sales Manager": "sales_manager",
    "Vice President, Sales": "sales_vp",
}


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV, with nothing but the standard library."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def decide(point: str, table: Path, out: Path, *options: str, code: int = 0) -> list[dict[str, Any]]:
    """The decisions of `salesctrl evaluate` on a table, in the order of its rows."""
    done = run(["evaluate", point, str(table), "--format", "jsonl", "--out", str(out), *options])
    assert done == code
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def cents(value: object) -> int:
    """An amount of a decision, exactly, in cents."""
    assert isinstance(value, str)
    number = Decimal(value) * 100
    assert number == int(number)
    return int(number)


def expected_liability(row: Row, closing: str | None) -> Liability:
    """What is to come out for a row of a ledger: at a closing day, or on the day of its settlement."""
    day = us_date(row["SettledDate"]) if closing is None else iso_date(closing)
    at_fault = closing is not None or row["Disputed"] == "No"
    return liability(Fraction(row["InvoiceAmount"]), day - us_date(row["DueDate"]), at_fault)


def check_ledger(ledger: Path, out: Path, closing: str | None) -> tuple[Counter[str], list[int]]:
    """Compare every row; the outcomes, and the totals of the deduction and of the three shares in cents."""
    name = "settlement.yaml" if closing is None else "closing.yaml"
    options = ["--map", str(LEDGERS / name), *([] if closing is None else ["--as-of", closing])]
    decisions = decide("receivable.liability", ledger, out, *options)
    return compare_ledger(read_rows(ledger), decisions, closing)


def compare_ledger(
    rows: Sequence[Row], decisions: Sequence[dict[str, Any]], closing: str | None
) -> tuple[Counter[str], list[int]]:
    """Compare the decision on every row of a ledger; the outcomes and totals as in `check_ledger`."""
    assert len(decisions) == len(rows)
    totals, expected_totals = [0] * 4, [0] * 4
    for row, decision in zip(rows, decisions, strict=True):
        expected, values = expected_liability(row, closing), decision["values"]
        shares = [cents(values[f"from_{post}"]) for post in ("salesperson", "sales_manager", "sales_vp")]
        got = Liability(
            decision["outcome"],
            frozenset(decision["fired"]),
            values["days_late"],
            cents(values["deduction"]),
            tuple(shares),
        )
        assert (decision["subject"]["receivable.id"], got) == (row["invoiceNumber"], expected)
        assert [cents(part) for part in values["split"].values()] == shares
        assert cents(values["borne_by_company"]) == 0
        assert decision["missing"] == decision["problems"] == []
        totals = [total + part for total, part in zip(totals, [got.deduction, *shares], strict=True)]
        parts = [expected.deduction, *expected.shares]
        expected_totals = [total + part for total, part in zip(expected_totals, parts, strict=True)]
    assert totals == expected_totals
    assert totals[0] == sum(totals[1:])
    return Counter(decision["outcome"] for decision in decisions), totals


def said(result: BatchResult) -> list[dict[str, Any]]:
    """The decisions on the rows of a frame, in the form of `Decision.to_dict`, as far as it is compared."""
    lists = ("fired", "pending", "unknown", "problems")
    decisions: list[dict[str, Any]] = []
    for row, missing in zip(result.columns.iter_rows(named=True), result.missing, strict=True):
        values: dict[str, Any] = {}
        for name, value in row.items():
            if name in ("outcome", "requirements", *lists, *result.keys) or value is None:
                continue
            plain = str(value) if isinstance(value, Decimal) else value
            group, dot, part = name.partition(".")
            if dot:
                values.setdefault(group, {})[part] = plain
            else:
                values[name] = plain
        decisions.append({
            **{name: row[name] for name in ("outcome", *lists)}, "missing": list(missing), "values": values,
            "subject": {path: row[name] for path, name in result.header.column_of.items() if name in result.keys},
        })  # fmt: skip
    return decisions


def after_discount(row: Row) -> Fraction:
    """The unit price of a line less its discount, a half cent going up."""
    price = Fraction(row["unit_price"]) * (1 - Fraction(row["discount_rate"]))
    return Fraction(half_up(price * 100), 100)


def check_quotes(
    rows: Sequence[Row], prices: Sequence[Fraction], decisions: Sequence[dict[str, Any]]
) -> Counter[str]:
    """Compare the decision on every quoted price; the outcomes."""
    assert len(rows) == len(prices) == len(decisions)
    for row, price, decision in zip(rows, prices, decisions, strict=True):
        values = decision["values"]
        got = Quote(
            decision["outcome"],
            frozenset(decision["fired"]),
            cents(values["lowest_price"]),
            cents(values["highest_price"]),
            int(Decimal(values["discount_shown"]) * 10_000),
        )
        expected = quote(Fraction(row["list_price"]), price, POSTS[row["employee_title"]])
        assert got == expected, row
        assert decision.get("as_of", row["order_date"]) == row["order_date"]
    return Counter(decision["outcome"] for decision in decisions)
