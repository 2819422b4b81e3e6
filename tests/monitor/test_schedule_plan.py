"""A schedule that does not fit its control point is refused, all that is wrong with it at once."""

from datetime import date

import polars as pl
import pytest

import salesctrl
from salesctrl import PolicyError
from salesctrl.monitor.schedule_plan import Every, parse_every

SET = """
vocabulary: fees
currency: CNY
kinds:
  debt:
    fields:
      id: text
      balance: {type: money, min: 0}
      due_on: date
      fees: {type: list, of: fee, default: []}
      note: {type: text, optional: true}
  fee:
    fields:
      on: date
      amount: {type: money, min: 0}
---
policy: fees
control_point: debt.fee
effective: {from: 2024-01-01}
parameters:
  flat: {value: 5.00 CNY}
let:
  half: {value: "round(flat / 2, 2)"}
  is_big: {value: debt.balance > 100.00}
outputs: [half, is_big]
rules:
  - id: FEE
    when: debt.balance > 0
    compute: {fee: flat}
    because: {en: "late"}
  - id: GONE
    effective: {from: 2024-01-01, to: 2024-01-31}
    when: debt.balance > 0
    flag: true
---
"""
GOOD = """
schedule: fees
title: {en: Fees}
control_point: debt.fee
start: debt.due_on
every: 2 weeks
lines: [{rule: FEE, amount: fee, shares: {one: half, two: half}, record: {into: debt.fees, item: {on: as_of, amount: fee}}}]
"""


def load(tmp_path, text):
    path = tmp_path / "fees.yaml"
    path.write_text(SET + text, encoding="utf-8")
    return salesctrl.load(path)


def ask(engine):
    frame = pl.DataFrame({"debt.id": ["D"], "debt.balance": ["50.00"], "debt.due_on": [date(2024, 1, 1)]})
    return engine.schedule("fees", frame, until="2024-01-31")


def test_a_schedule_that_fits(tmp_path):
    engine = load(tmp_path, GOOD)
    assert [str(line.day) for line in ask(engine).lines] == ["2024-01-01", "2024-01-15", "2024-01-29"]
    assert salesctrl.engine.load_text(engine.text).schedules == ("fees",)


def test_a_schedule_is_part_of_the_digest(tmp_path):
    assert load(tmp_path, GOOD).digest != load(tmp_path, GOOD.replace("2 weeks", "3 weeks")).digest


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("2 weeks", "often", "E205", "how far apart dates are"),
        ("start: debt.due_on", "start: debt.due", "E304", "unknown fact `debt.due`"),
        ("start: debt.due_on", "start: debt.balance", "E305", "expected a date"),
        ("start: debt.due_on", "start: debt.due_on\nbalance: debt.due_on", "E305", "expected an amount"),
        ("start: debt.due_on", "start: debt.due_on\npersons: {one: debt.balance}", "E305", "expected a text"),
        ("start: debt.due_on", "start: debt.due_on\ncarry: {debt.note: nothing}", "E303", "no decision has a value"),
        ("rule: FEE", "rule: FEES", "E303", "did you mean `FEE`"),
        ("amount: fee,", "amount: fees,", "E303", "no decision has a value `fees`"),
        ("amount: fee,", "amount: is_big,", "E305", "expected an amount but `is_big` is none"),
        ("two: half", "two: halves", "E303", "no decision has a value `halves`"),
        ("into: debt.fees", "into: debt.balance", "E305", "expected a list"),
        ("{on: as_of", "{when_: as_of", "E304", "`fee` has no field `when_`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_where_it_stands(tmp_path, old, new, code, said):
    engine = load(tmp_path, GOOD.replace(old, new))
    with pytest.raises(PolicyError, match=said) as raised:
        ask(engine)
    assert code in {one.code for one in raised.value.diagnostics}
    assert all(one.span is not None for one in raised.value.diagnostics)


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    engine = load(tmp_path, GOOD.replace("amount: fee,", "amount: fees,").replace("2 weeks", "often"))
    with pytest.raises(PolicyError) as raised:
        ask(engine)
    assert [one.code for one in raised.value.diagnostics] == ["E205", "E303"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("start: debt.due_on\n", "", "E207"),
        ("rule: FEE, ", "", "E202"),
        ("amount: fee, shares", "amount: fee, cumulative: true, shares", "E207"),
        ("}}]", "}}, {rule: FEE, amount: fee}]", "E208"),
        ("title: {en: Fees}\n", "", "E202"),
        ("every: 2 weeks", "each: 2 weeks", "E201"),
    ],
)
def test_a_document_that_cannot_be_is_refused(tmp_path, old, new, code):
    with pytest.raises(PolicyError) as raised:
        load(tmp_path, GOOD.replace(old, new))
    assert code in {one.code for one in raised.value.diagnostics}


def test_two_schedules_of_one_name_are_refused(tmp_path):
    with pytest.raises(PolicyError, match="duplicate schedule `fees`"):
        load(tmp_path, GOOD + "---" + GOOD)


def test_shares_that_do_not_add_up_end_the_lines(tmp_path):
    result = ask(load(tmp_path, GOOD.replace(", two: half", "")))
    assert [line.problem for line in result.lines] == [
        "the shares of `FEE` come to 2.50, but its amount is 5.00"
    ]


@pytest.mark.parametrize("text", ["", "month", "0 months", "-1 month", "1.5 months", "1 hour", "99999 days"])
def test_what_is_no_interval(text):
    assert parse_every(text) is None


def test_dates_are_counted_from_the_first():
    days = Every(months=1).dates(date(2024, 1, 31).toordinal(), date(2024, 4, 30).toordinal())
    assert [date.fromordinal(day).day for day in days] == [31, 29, 31, 30]
    ends = Every(months=1, at_month_end=True).dates(
        date(2024, 1, 15).toordinal(), date(2024, 3, 30).toordinal()
    )
    assert [date.fromordinal(day).isoformat() for day in ends] == ["2024-01-31", "2024-02-29"]


def test_dates_end_with_the_calendar():
    last = date.max.toordinal()
    assert list(Every(days=7, months=0).dates(last - 8, last)) == [last - 8, last - 1]
