"""Interest month by month at rates that change: its lines add up to the interest of the whole time."""

from calendar import isleap
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import salesctrl

RATES = [(date(2023, 1, 1), "4.35"), (date(2024, 2, 20), "4.10"), (date(2025, 7, 1), "5.05")]
BASES = ("ACT/365", "ACT/360", "30/360", "30E/360", "ACT/ACT")
SET = """
vocabulary: late
currency: CNY
kinds:
  debt:
    fields:
      id: text
      balance: {type: money, min: 0}
      due_on: date
      counted_to: {type: date, optional: true}
      counted_on: {type: money, optional: true, min: 0}
      interest_before: {type: money, decimals: 10, digits: 30, default: 0.00}
---
policy: interest
control_point: debt.interest
effective: {from: 2023-01-01}
parameters:
  rate:
    values: [RATES]
let:
  interest: {value: "round(accrue(debt.balance, rate, debt.due_on, as_of, \\"BASIS\\"), 2)"}
outputs: [interest]
---
policy: interest-in-parts
control_point: debt.parts
effective: {from: 2023-01-01}
parameters:
  rate_of_parts:
    values: [RATES]
let:
  since: {value: "coalesce(debt.counted_to, debt.due_on)"}
  bearing: {value: "coalesce(debt.counted_on, debt.balance)"}
  so_far: {value: "round(debt.interest_before + accrue(bearing, rate_of_parts, since, as_of, \\"BASIS\\"), 10)"}
  interest: {value: "round(so_far, 2)"}
  today: {value: as_of}
  left: {value: debt.balance}
outputs: [interest, so_far, today, left]
---
schedule: whole
title: {en: Interest on what is due}
control_point: debt.interest
start: debt.due_on
on: month_end
at_end: true
lines: [{what: interest, amount: interest, cumulative: true}]
---
schedule: parts
title: {en: Interest on what is left}
control_point: debt.parts
start: debt.due_on
every: 1 month
at_changes: true
at_end: true
balance: debt.balance
carry: {debt.counted_to: today, debt.counted_on: left, debt.interest_before: so_far}
lines: [{what: interest, amount: interest, cumulative: true}]
"""


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("late")
    rates = ", ".join(f"{{from: {day}, value: {rate}%}}" for day, rate in RATES)
    done = {}
    for place, basis in enumerate(BASES):
        path = folder / f"{place}.yaml"
        path.write_text(SET.replace("RATES", rates).replace("BASIS", basis), encoding="utf-8")
        done[basis] = salesctrl.load(path)
    return done


# --- interest by hand -------------------------------------------------------------------------------------


def years(basis, first, last):
    """The part of a year from the first day to before the last, by the rules of a basis."""
    days = (last - first).days
    if basis == "ACT/365":
        return Fraction(days, 365)
    if basis == "ACT/360":
        return Fraction(days, 360)
    if basis == "ACT/ACT":
        every = (first + timedelta(i) for i in range(days))
        return sum((Fraction(1, 366 if isleap(day.year) else 365) for day in every), Fraction(0))
    start, end = min(first.day, 30), last.day
    if end == 31 and (basis == "30E/360" or start == 30):
        end = 30
    months = (last.year - first.year) * 12 + last.month - first.month
    return Fraction(months * 30 + end - start, 360)


def interest(basis, amount, first, last):
    """Interest from one day to another: every rate on the part of the time in which it holds."""
    if last <= first:
        return Fraction(0)
    total, done = Fraction(0), Fraction(0)
    for place, (_, rate) in enumerate(RATES):
        end = min(last, RATES[place + 1][0]) if place + 1 < len(RATES) else last
        if end > first:
            so_far = years(basis, first, end)
            total += Fraction(amount) * Fraction(rate) / 100 * (so_far - done)
            done = so_far
    return total


def cents(amount):
    return Decimal(int(amount * 100 + Fraction(1, 2))).scaleb(-2)


AMOUNTS = st.decimals("0.01", "9999999.99", places=2)
DAYS = st.dates(date(2023, 1, 1), date(2025, 3, 31))


@pytest.mark.parametrize("basis", BASES)
@settings(max_examples=15)
@given(amount=AMOUNTS, due=DAYS, days=st.integers(0, 700))
def test_the_lines_add_up_to_the_interest_of_the_whole_time(engines, basis, amount, due, days):
    until = due + timedelta(days)
    frame = pl.DataFrame({"debt.id": ["D"], "debt.balance": [str(amount)], "debt.due_on": [due]})
    result = engines[basis].schedule("whole", frame, until=until)
    assert not result.problems
    assert sum((line.amount for line in result.lines), Decimal(0)) == cents(
        interest(basis, amount, due, until)
    )
    for line in result.lines:  # and at each of them to the interest up to it
        assert line.running == cents(interest(basis, amount, due, line.day))


@pytest.mark.parametrize("basis", ["ACT/365", "ACT/360", "ACT/ACT"])
@settings(max_examples=15)
@given(
    amount=st.decimals("1000.00", "9999999.99", places=2),
    due=DAYS,
    parts=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300)), max_size=3),
    days=st.integers(0, 700),
)
def test_each_balance_bears_interest_on_its_own_days(engines, basis, amount, due, parts, days):
    until = due + timedelta(days)
    frame = pl.DataFrame({"debt.id": ["D"], "debt.balance": [str(amount)], "debt.due_on": [due]})
    payments = pl.DataFrame(
        {
            "debt.id": ["D" for _ in parts],
            "date": [due + timedelta(after) for after, _ in parts],
            "amount": [f"{part}.00" for _, part in parts],
        },
        schema={"debt.id": pl.String, "date": pl.Date, "amount": pl.String},
    )
    result = engines[basis].schedule("parts", frame, until=until, payments=payments)
    assert not result.problems
    expected, left, since = Fraction(0), Fraction(amount), due
    for after, part in sorted(parts):
        day = min(due + timedelta(after), until)
        expected += span(basis, left, since, day)
        since, left = day, left - (part if due + timedelta(after) <= until else 0)
    expected += span(basis, left, since, until)
    total = sum((line.amount for line in result.lines), Decimal(0))
    assert abs(Fraction(total) - expected) <= Fraction(1, 200) + Fraction(
        1, 10**8
    )  # each part is rounded to 1e-10


def span(basis, amount, first, last):
    """Interest of a part: the days up to its end less those up to its start, which bases of actual days allow."""
    return interest(basis, amount, first, last)


def test_rates_change_inside_a_month(engines):
    """10,000.00 due on 15 February 2024: 4.35 % up to the 19th, 4.10 % from the 20th on."""
    frame = pl.DataFrame({"debt.id": ["D"], "debt.balance": ["10000.00"], "debt.due_on": ["2024-02-15"]})
    lines = engines["ACT/365"].schedule("whole", frame, until="2024-03-31").lines
    first = Fraction(10000) * (Fraction("0.0435") * 5 + Fraction("0.0410") * 9) / 365
    assert [line.amount for line in lines] == [cents(first), Decimal("34.82")]
    assert cents(first) == Decimal("16.07")
