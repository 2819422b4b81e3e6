"""The functions: what they are worth, on values worked out by hand."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.loading import engine_of, policy_text, worth

from salesctrl.expr.functions import FUNCTIONS
from salesctrl.policy.documents_base import FUNCTIONS as RESERVED

ROOT = Path(__file__).resolve().parents[2]
FOLDS = {"any", "all", "sum"}
LINES = [
    {"quantity": 3, "price": "10.00", "shipped": "2026-01-31", "gift": False, "parts": [{"weight": "1.5"}]},
    {"quantity": 1, "price": "0.05", "shipped": "2026-02-28", "gift": True, "parts": []},
]
FACTS = {
    "order": {
        "amount": "1000.00", "pieces": 7, "ratio": "2.500000", "discount": "0.0500", "waiting": 45, "term": 2,
        "due": "2026-01-31", "urgent": True, "memo": "Ab 逾期", "lines": LINES, "cost": "3.00",
    },
    "customer": {"grade": "B"},
}  # fmt: skip
MORE = """
parameters:
  shares: {salesperson: 5, manager: 3, vp: 2}
  ladder: {bands: {"<= 2%": low, "(2%..5%]": middle, "> 5%": high}}
  rate: {values: [{from: 2025-07-01, value: 4%}, {from: 2026-01-01, value: 5%}]}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # rounding
        ("round(2.5)", 3), ("round(-2.5)", -3), ("round(2.5, 0, \"half_even\")", 2),
        ("round(3.5, 0, \"half_even\")", 4), ("round(2.5, 0, \"half_down\")", 2), ("round(2.1, 0, \"up\")", 3),
        ("round(-2.1, 0, \"up\")", -3), ("round(2.9, 0, \"down\")", 2), ("round(-2.9, 0, \"down\")", -2),
        ("floor(-2.1)", -3), ("ceil(-2.9)", -2), ("floor(2.999, 2)", "2.99"), ("ceil(2.001, 2)", "2.01"),
        ("round(order.amount / 3, 2)", "333.33"), ("round(2 * order.amount / 3, 2)", "666.67"),
        ("round(order.amount, 4)", "1000.0000"), ("round(1 / 3, 18)", "0.333333333333333333"),
        # arithmetic and choice
        ("min(3, 2.5, 4)", "2.5"), ("round(max(order.amount, 1000.005 CNY), 2)", "1000.01"), ("abs(-5 CNY)", "5.00"),
        ("round(max(1 / 3, 1 / 4), 4)", "0.3333"), ("round(min(1 / 3, order.ratio), 4)", "0.3333"),
        ("order.amount if order.urgent else 0", "1000.00"), ("coalesce(order.note, order.memo)", "Ab 逾期"),
        ("coalesce(order.paid, 5)", "0.00"), ("round(coalesce(1 / (order.pieces - 7), 2 / 3), 2)", "0.67"),
        ("known(order.note)", False), ("known(1 / 0 > 1)", False), ("known(order.memo)", True),
        ("band(order.discount, ladder)", "middle"), ("band(2%, ladder)", "low"), ("band(7%, ladder)", "high"),
        # splitting
        ("allocate(order.amount, shares).manager", "300.00"),
        ("allocate(333.33 CNY, shares)", {"salesperson": "166.66", "manager": "100.00", "vp": "66.67"}),
        ("allocate(-0.01 CNY, shares)", {"salesperson": "-0.01", "manager": "0.00", "vp": "0.00"}),
        # dates
        ("days_between(order.due, as_of)", 29), ("as_of - order.due", 29),
        ("add_days(order.due, 30)", date(2026, 3, 2)), ("order.due + order.waiting", date(2026, 3, 17)),
        ("add_months(order.due, 1)", date(2026, 2, 28)), ("add_months(order.due, -11)", date(2025, 2, 28)),
        ("add_months(order.due, 1, \"error\")", None), ("add_months(order.due, 2, \"error\")", date(2026, 3, 31)),
        ("add_workdays(order.due, 1)", date(2026, 2, 2)), ("add_workdays(order.due, -1)", date(2026, 1, 30)),
        ("months_between(order.due, as_of)", 1), ("months_started(order.due, as_of)", 2),
        ("months_between(as_of, order.due)", -1), ("months_started(as_of, order.due)", 0),
        ("year_end(order.due)", date(2026, 12, 31)), ("month_end(date(\"2024-02-10\"))", date(2024, 2, 29)),
        ("year(order.due) * 100 + month(order.due)", 202601), ("day(order.due)", 31),
        ("add_days(date(\"9999-12-31\"), 1)", None), ("add_months(date(\"0001-01-01\"), -1)", None),
        # interest
        ("round(accrue(order.amount, 5%, date(\"2026-01-01\"), date(\"2026-04-11\"), \"ACT/365\"), 2)", "13.70"),
        ("round(accrue(order.amount, 5%, date(\"2026-01-31\"), date(\"2026-02-28\"), \"30/360\"), 2)", "3.89"),
        ("round(accrue(order.amount, rate, date(\"2025-12-01\"), date(\"2026-01-31\"), \"ACT/365\"), 4)", "7.5068"),
        ("round(accrue(order.amount, rate, date(\"2025-06-30\"), as_of, \"ACT/365\"), 2)", None),
        ("round(accrue(order.amount, rate, as_of, order.due, \"ACT/365\"), 2)", None),
        # texts
        ("starts_with(order.memo, \"Ab\")", True), ("ends_with(order.memo, \"ab\")", False),
        ("contains(order.memo, \"逾\")", True), ("contains(order.memo, \"\")", True),
        ("lower(order.memo)", "ab 逾期"), ("length(order.memo)", 5), ("lower(customer.grade)", "b"),
        # lists
        ("sum(l.price * l.quantity for l in order.lines)", "30.05"), ("count(order.lines)", 2),
        ("count(l for l in order.lines if l.gift)", 1), ("count(l.gift for l in order.lines)", 1),
        ("min(l.price for l in order.lines)", "0.05"), ("max(l.shipped for l in order.lines)", date(2026, 2, 28)),
        ("any(l.gift for l in order.lines)", True), ("all(l.gift for l in order.lines)", False),
        ("sum(sum(p.weight for p in l.parts) for l in order.lines)", "1.500000"),
        ("max(l.price for l in order.lines if l.quantity > 5)", None),
        ("sum(l.price for l in order.lines if l.quantity > 5)", "0.00"),
        ("any(count(l.parts) > 0 for l in order.lines)", True),
        ("order.pieces / (order.pieces - 7) > 1", None),
    ],
)  # fmt: skip
def test_what_a_function_is_worth(expression, value):
    expected = {k: Decimal(v) for k, v in value.items()} if isinstance(value, dict) else value
    if isinstance(value, str) and re.fullmatch(r"-?[\d.]+", value):
        expected = Decimal(value)
    found = worth(expression, FACTS, MORE)
    assert found == expected
    if isinstance(expected, Decimal):
        assert str(found) == value


def test_the_policy_says_what_becomes_of_a_missing_day():
    policy = "month_arithmetic: error"
    assert worth("add_months(order.due, 1)", FACTS, policy) is None
    assert worth('add_months(order.due, 1, "clamp")', FACTS, policy) == date(2026, 2, 28)


def test_working_days_are_those_of_the_organisation():
    calendar = "{weekend: [sunday], holidays: [2026-02-02], workdays: [2026-02-01]}"
    policy = policy_text("rules: [{id: R, compute: {x: 'add_workdays(order.due, 1)'}}]")
    engine = engine_of(f"{policy}---\norganisation: o\nroles: {{}}\ncalendar: {calendar}\n")
    assert engine.evaluate("point", FACTS, as_of="2026-03-01").values == {"x": date(2026, 2, 1)}
    later = {"order": FACTS["order"] | {"due": "2026-02-01"}}
    assert engine.evaluate("point", later, as_of="2026-03-01").values == {"x": date(2026, 2, 3)}


def test_every_function_is_in_the_reference_and_no_name_may_be_one():
    reference = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)(?:\(|`)", reference))
    assert set(FUNCTIONS) | FOLDS <= named
    assert set(FUNCTIONS) | FOLDS == RESERVED


def test_signatures_begin_with_the_name():
    assert [
        name for name, function in FUNCTIONS.items() if not function.signature.startswith(f"{name}(")
    ] == []
