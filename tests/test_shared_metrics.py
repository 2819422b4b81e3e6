"""Public sample tables measured by the metrics of the pack, and two printed tables, calculated a second time.

The tables are no part of the project: see `test_shared_data.py`, which says where they are looked for. Without
them these tests are skipped. The figures stand on a page of the handbook, which the tests hold to them;
`python -m tests.test_shared_metrics` writes it anew.
"""

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from tests.examples.checking import read_rows

import salesctrl
from salesctrl.cli.app import run

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SALESCTRL_SHARED_DATA") or ROOT.parent / "shared" / "data")
PAGE = ROOT / "docs" / "handbook" / "real-tables.md"

CLOSING = date(2013, 6, 30)
YEAR_END = date(2018, 12, 31)
BOUGHT = {"order_date": "sold_line.sold_on"}
OWED = {
    "customerID": "amount_due.customer",
    "DueDate": "amount_due.due_date",
    "InvoiceDate": "amount_due.issued_on",
    "InvoiceAmount": "amount_due.amount",
    "SettledDate": "amount_due.paid_on",
}
BANDS = ("not_due", "in_first", "in_second", "in_third", "in_fourth", "beyond")
ENDS = (0, 30, 60, 90, 120)

Figures = dict[str, Fraction]


@cache
def engine() -> salesctrl.Engine:
    return salesctrl.load()


def table(name: str) -> Path:
    """A table of the sample data; skips the test where it is missing."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the sample table {name} is not in {SHARED}; SALESCTRL_SHARED_DATA names another folder")
    return path


def texts(name: str) -> pl.DataFrame:
    """A table as it is written, each cell a text."""
    return pl.read_csv(table(name), infer_schema=False)


def ledger() -> pl.DataFrame:
    """The receivables, with dates that nobody can take for others."""
    return texts("receivables.csv").with_columns(
        pl.col("InvoiceDate", "DueDate", "SettledDate").str.to_date("%m/%d/%Y")
    )


def us_date(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def rounded(number: Fraction, digits: int) -> Fraction:
    """A half goes up. Not for negative ones."""
    return Fraction((number * 10**digits * 2 + 1) // 2, 10**digits)


def share(part: Fraction, whole: Fraction) -> Fraction:
    return rounded(part / whole, 4)


# --- calculated a second time --------------------------------------------------------------------------


def sales_by_customer(rows: Iterable[Mapping[str, str]]) -> Figures:
    """What each customer bought, rounded to cents at the end."""
    sums: Figures = defaultdict(Fraction)
    for row in rows:
        left = 1 - Fraction(row["discount_rate"])
        sums[row["customer"]] += Fraction(row["quantity"]) * Fraction(row["unit_price"]) * left
    return {customer: rounded(amount, 2) for customer, amount in sums.items()}


def ranked(figures: Figures) -> list[tuple[str, Fraction, str, Fraction]]:
    """Each customer with its sales, its class and the share of all sales down to it, the greatest first."""
    whole, running, out = sum(figures.values(), Fraction()), Fraction(), []
    for name, amount in sorted(figures.items(), key=lambda one: (-one[1], one[0])):
        of_class = "A" if running < whole * 4 / 5 else "B" if running < whole * 19 / 20 else "C"
        running += amount
        out.append((name, amount, of_class, share(running, whole)))
    return out


def aged(rows: Iterable[Mapping[str, str]], day: date) -> dict[str, list[Fraction]]:
    """The open amounts of each customer by how long they are overdue."""
    sums: dict[str, list[Fraction]] = {}
    for row in rows:
        bands = sums.setdefault(row["customerID"], [Fraction()] * len(BANDS))
        if us_date(row["InvoiceDate"]) <= day < us_date(row["SettledDate"]):
            late = (day - us_date(row["DueDate"])).days
            bands[sum(late > end for end in ENDS)] += Fraction(row["InvoiceAmount"])
    return sums


def collected(rows: Iterable[Mapping[str, str]], day: date) -> dict[date, list[Fraction]]:
    """By the month of the due date: what is due by a day, received by it, and received on its date."""
    sums: dict[date, list[Fraction]] = {}
    for row in rows:
        due, settled, amount = (
            us_date(row["DueDate"]),
            us_date(row["SettledDate"]),
            Fraction(row["InvoiceAmount"]),
        )
        month = sums.setdefault(due.replace(day=1), [Fraction()] * 3)
        if due <= day:
            for i, counts in enumerate((True, settled <= day, settled <= due)):
                month[i] += amount if counts else 0
    return sums


# --- the order lines -----------------------------------------------------------------------------------


def test_customers_by_sales():
    result = engine().measure(
        "customer-abc", texts("order_lines.csv"), as_of=YEAR_END, columns=BOUGHT, floats="nearest"
    )
    rows = {row["buyer.customer"]: row for row in result.columns.iter_rows(named=True)}
    expected = ranked(sales_by_customer(read_rows(table("order_lines.csv"))))
    assert len(rows) == len(expected) == 89
    for name, amount, of_class, down_to in expected:
        row = rows[name]
        assert (Fraction(row["sales"]), row["sales_class"], Fraction(row["share"])) == (
            amount,
            of_class,
            down_to,
        )
    [first] = [row for row in rows.values() if row["first_customers_share"] is not None]
    place = round(len(expected) / 5) - 1
    assert (first["buyer.customer"], Fraction(first["first_customers_share"])) == (
        expected[place][0],
        expected[place][3],
    )
    assert first["eighty_twenty_holds"] is (expected[place][3] >= Fraction(4, 5))


def test_customers_by_sales_on_the_command_line(tmp_path):
    out = tmp_path / "abc.csv"
    lines = str(table("order_lines.csv"))
    options = ["--as-of", YEAR_END.isoformat(), "--column", "order_date=sold_line.sold_on"]
    assert run(["measure", "customer-abc", lines, *options, "--format", "csv", "--out", str(out)]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        found = {row["buyer.customer"]: row for row in csv.DictReader(file)}
    expected = ranked(sales_by_customer(read_rows(table("order_lines.csv"))))
    assert {name: (Fraction(row["sales"]), row["sales_class"]) for name, row in found.items()} == {
        name: (amount, of_class) for name, amount, of_class, _ in expected
    }


# --- the receivables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [CLOSING, date(2012, 12, 31), date(2014, 6, 30)])
def test_ageing_by_customer(day):
    result = engine().measure("ageing-by-customer", ledger(), as_of=day, columns=OWED)
    found = {
        row["debtor.customer"]: [Fraction(row[band]) for band in BANDS]
        for row in result.columns.iter_rows(named=True)
    }
    assert found == aged(read_rows(table("receivables.csv")), day)
    overdue = sum(any(bands[1:]) for bands in found.values())
    assert result.outcomes == {**dict.fromkeys(result.outcomes, 0), "flag": overdue, "allow": 100 - overdue}


@pytest.mark.parametrize("day", [CLOSING, date(2012, 12, 31), date(2014, 6, 30)])
def test_collection_by_month(day):
    columns = {name: field for name, field in OWED.items() if field != "amount_due.customer"}
    result = engine().measure("collection-by-month", ledger(), as_of=day, columns=columns)
    expected = collected(read_rows(table("receivables.csv")), day)
    found = {row["due_in_month.due_date"]: row for row in result.columns.iter_rows(named=True)}
    assert set(found) == set(expected)
    for month, sums in expected.items():
        row = found[month]
        assert [Fraction(row[name]) for name in ("due", "received", "in_time")] == sums
        assert Fraction(row["rate"]) == (share(sums[1], sums[0]) if sums[0] else 1)
        assert ("CR-18-4-M" in row["fired"]) is (sums[1] < sums[0] * 9 / 10)


def test_ageing_on_the_command_line(tmp_path):
    rows, out = tmp_path / "ledger.csv", tmp_path / "ageing.csv"
    ledger().write_csv(rows)
    columns = [part for name, field in OWED.items() for part in ("--column", f"{name}={field}")]
    options = ["--as-of", CLOSING.isoformat(), "--format", "csv", "--out", str(out)]
    assert run(["measure", "ageing-by-customer", str(rows), *columns, *options]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        found = {
            row["debtor.customer"]: [Fraction(row[band]) for band in BANDS] for row in csv.DictReader(file)
        }
    assert found == aged(read_rows(table("receivables.csv")), CLOSING)


# --- the two printed tables ----------------------------------------------------------------------------

LOSSES = (500, 600, 700, 750, 800, 900, 1000, 1500, 2500)
MARGINS = (2, 3, 4, 5, 6)
DELAY_MARGINS = (10, 8, 6, 4, 2)
COSTS = (5, 6, 8)


def test_the_extra_sales_that_cover_a_loss():
    """All 45 cells in one call, exactly and in whole units."""
    cells = [(loss, margin) for loss in LOSSES for margin in MARGINS]
    frame = pl.DataFrame(
        {
            "default_loss.amount": [Decimal(loss) for loss, _ in cells],
            "default_loss.net_margin": [Decimal(margin) / 100 for _, margin in cells],
        }
    )
    result = engine().evaluate_frame("loss.cover", frame, as_of="2026-01-01")
    exact = [Fraction(loss * 100, margin) for loss, margin in cells]
    assert [Fraction(cell) for cell in result.columns["extra_exact"]] == [rounded(one, 2) for one in exact]
    assert [Fraction(cell) for cell in result.columns["extra_sales"]] == [rounded(one, 0) for one in exact]
    assert len(result) == 45


def test_the_months_of_delay_that_eat_the_profit():
    """All 15 cells in one call."""
    cells = [(margin, cost) for margin in DELAY_MARGINS for cost in COSTS]
    frame = pl.DataFrame(
        {
            "delay.amount": [Decimal(1000)] * len(cells),
            "delay.months": [1] * len(cells),
            "delay.net_margin": [Decimal(margin) / 100 for margin, _ in cells],
            "delay.borrowing_cost": [Decimal(cost) / 100 for _, cost in cells],
        }
    )
    result = engine().evaluate_frame("delay.review", frame, as_of="2026-01-01")
    assert [Fraction(cell) for cell in result.columns["gone_after"]] == [
        Fraction(12 * m, c) for m, c in cells
    ]
    assert len(result) == 15


# --- the page ------------------------------------------------------------------------------------------


def test_the_page_has_these_figures():
    assert PAGE.read_text("utf-8") == page(), "`python -m tests.test_shared_metrics` writes the page anew"


def page() -> str:
    """The page of the handbook, of the figures that are calculated here."""
    sections: list[Callable[[], list[str]]] = [
        customers_section,
        ageing_section,
        months_section,
        cells_section,
    ]
    return "\n".join([*INTRODUCTION, *(line for section in sections for line in section())]) + "\n"


INTRODUCTION = (
    "# Real tables, measured",
    "",
    "Public sample tables measured by the metrics of the pack. Every figure was calculated a second time with exact"
    " fractions, without the library, by `tests/test_shared_metrics.py`, which also holds this page to them. The"
    " tables themselves are no part of the project.",
)


def money(amount: Fraction) -> str:
    cents = int(rounded(amount, 2) * 100)
    return f"{cents // 100:,}.{cents % 100:02}"


def percent(part: Fraction) -> str:
    return f"{money(part * 100)} %"


def rows_of(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in [head, rule, *rows]]


def customers_section() -> list[str]:
    customers = ranked(sales_by_customer(read_rows(table("order_lines.csv"))))
    whole = sum((amount for _, amount, _, _ in customers), Fraction())
    rows = []
    for name in "ABC":
        amounts = [amount for _, amount, of_class, _ in customers if of_class == name]
        total = sum(amounts, Fraction())
        rows.append([name, str(len(amounts)), money(total), percent(total / whole)])
    first = round(len(customers) / 5)
    return [
        "",
        "## Customers by sales",
        "",
        "`salesctrl measure customer-abc`: 2,155 order lines of 89 customers after their discounts, ranked by sales. The"
        " customers before the first 80 % of sales are class A, those before 95 % class B.",
        "",
        *rows_of(
            ["class", "customers", "sales", "share"],
            [*rows, ["all", str(len(customers)), money(whole), "100.00 %"]],
        ),
        "",
        f"The first {first} customers, 20 % of all, bring {percent(customers[first - 1][3])} of the sales: the rule of"
        f" 80/20 {'holds' if customers[first - 1][3] >= Fraction(4, 5) else 'does not hold'} here.",
    ]


def ageing_section() -> list[str]:
    bands = list(aged(read_rows(table("receivables.csv")), CLOSING).values())
    sums = [sum((one[i] for one in bands), Fraction()) for i in range(len(BANDS))]
    names = ["not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "91 to 120 days", "over 120 days"]
    rows = [[name, str(sum(one[i] > 0 for one in bands)), money(sums[i])] for i, name in enumerate(names)]
    return [
        "",
        "## Ageing of receivables",
        "",
        f"`salesctrl measure ageing-by-customer`: 2,466 invoices of 100 customers, as of {CLOSING}. {sum(any(one[1:]) for one in bands)}"
        " customers have something overdue.",
        "",
        *rows_of(
            ["overdue for", "customers", "open"],
            [*rows, ["all", str(sum(any(one) for one in bands)), money(sum(sums, Fraction()))]],
        ),
    ]


def months_section() -> list[str]:
    rows, total = [], [Fraction()] * 3
    for month, sums in sorted(collected(read_rows(table("receivables.csv")), CLOSING).items()):
        if sums[0]:
            rows.append(
                [f"{month:%Y-%m}", *map(money, sums), percent(sums[1] / sums[0]), percent(sums[2] / sums[0])]
            )
            total = [a + b for a, b in zip(total, sums, strict=True)]
    rows.append(["all", *map(money, total), percent(total[1] / total[0]), percent(total[2] / total[0])])
    return [
        "",
        "## Collection rate",
        "",
        f"`salesctrl measure collection-by-month`: the same invoices by the month of their due date, as of {CLOSING}.",
        "",
        *rows_of(["due in", "due", "received", "on its date", "rate", "rate on its date"], rows),
    ]


def cells_section() -> list[str]:
    losses = [
        [f"{loss:,}", *(f"{int(rounded(Fraction(loss * 100, m), 0)):,}" for m in MARGINS)] for loss in LOSSES
    ]
    delays = [[f"{m} %", *(money(Fraction(12 * m, c)) for c in COSTS)] for m in DELAY_MARGINS]
    return [
        "",
        "## What a loss and a delay cost",
        "",
        "The extra sales that cover a loss, by the net margin: 45 cells decided in one call at `loss.cover`.",
        "",
        *rows_of(["loss", *(f"{margin} %" for margin in MARGINS)], losses),
        "",
        "The months of delay after which the profit is gone, by the net margin and the yearly cost of borrowing: 15"
        " cells at `delay.review`.",
        "",
        *rows_of(["net margin", *(f"{cost} %" for cost in COSTS)], delays),
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
