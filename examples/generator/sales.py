"""Requests for sales expense, and prices quoted by salespeople and their superiors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from .credit import CLOSING_DAY, Customer
from .dice import Dice
from .files import money

_POSTS = (("salesperson", 60), ("sales_supervisor", 25), ("sales_manager", 15))
_SIGNERS = {"general_manager": "100", "sales_vp": "110", "sales_manager": "120", "sales_supervisor": "150"}
_SIGNED_BY: dict[str, tuple[tuple[tuple[str, ...], int], ...]] = {
    "department": ((("sales_vp", "sales_manager"), 45), (("sales_vp", "general_manager"), 35), ((), 20)),
    "person": ((("sales_supervisor", "sales_manager"), 55), (("sales_manager",), 20), ((), 25)),
}
_BUDGETS = {
    "people": 60_000_00,
    "advertising": 80_000_00,
    "public_relations": 20_000_00,
    "business": 30_000_00,
    "after_sale": 15_000_00,
    "logistics": 25_000_00,
}
_PRODUCTS = (
    ("压力表 Pressure gauge", 286_00),
    ("温控器 Thermostat", 148_50),
    ("球阀 Ball valve", 96_80),
    ("流量计 Flow meter", 1_980_00),
    ("减速机 Gear reducer", 3_450_00),
    ("接触器 Contactor", 73_20),
    ("电缆盘 Cable reel", 419_90),
)
_QUOTED_BY = (("销售专员", 65), ("销售部经理", 20), ("销售副总", 11), ("总经理", 4))
_HABIT = {"销售专员": 3, "销售部经理": 4, "销售副总": 6, "总经理": 12}


def expense_requests(dice: Dice) -> list[dict[str, object]]:
    """Sixty requests of June, in the order of their dates; the budget fills up as they come."""
    days = sorted(dice.day(date(2026, 6, 1), CLOSING_DAY) for _ in range(60))
    spent = dict.fromkeys(_BUDGETS, 0)
    return [_request(dice, number, day, spent) for number, day in enumerate(days, 1)]


def _request(dice: Dice, number: int, day: date, spent: dict[str, int]) -> dict[str, object]:
    category = dice.one_of(tuple(_BUDGETS))
    is_department = dice.chance(30)
    amount = dice.between(20, 90) * 100_00 if is_department else dice.between(60, 700) * 100
    if is_department and dice.chance(15):
        amount = 5_000_00
    applicant = dice.weighted(_POSTS)
    expense: dict[str, object] = {
        "id": f"FY-2606{number:02d}",
        "amount": money(amount),
        "category": category,
        "made_for": "department" if is_department else "person",
        "applicant": applicant,
        "in_month_plan": dice.chance(85),
        "allowance_used": money(dice.between(0, 8) * 100_00),
        "category_budget": money(_BUDGETS[category]),
        "category_spent": money(spent[category]),
        "budget_approved_on": "2026-06-03",
        "spend_date": (day + timedelta(days=dice.between(0, 3))).isoformat(),
        "reference": f"SO-26{dice.between(1, 120):04d}",
    }
    spent[category] += amount
    if dice.chance(5):
        del expense["category"]
    if dice.chance(5):
        del expense["reference"]
    if dice.chance(4):
        del expense["category_spent"]
    return {"expense": expense, "as_of": day.isoformat(), "evidence": _evidence(dice, day, is_department)}


def _evidence(dice: Dice, day: date, is_department: bool) -> dict[str, object]:
    """The form and the signatures that came with a request."""
    on = day.isoformat()
    documents = [{"kind": "expense_request_form", "date": on}] if dice.chance(92) else []
    if is_department:
        documents.append({"kind": "explanatory_sheet", "date": on})
    roles = dice.weighted(_SIGNED_BY["department" if is_department else "person"])
    approvals = [{"person": _SIGNERS[role], "role": role, "date": on} for role in roles]
    return {"requester": f"20{dice.between(1, 6)}", "documents": documents, "approvals": approvals}


def quotes(dice: Dice, known: Sequence[Customer]) -> list[dict[str, str]]:
    """One hundred and fifty quotes of June, with the column names of a Chinese ERP."""
    days = sorted(dice.day(date(2026, 6, 1), CLOSING_DAY) for _ in range(150))
    return [_quote(dice, number, day, dice.one_of(known)) for number, day in enumerate(days, 1)]


def _quote(dice: Dice, number: int, day: date, buyer: Customer) -> dict[str, str]:
    product, price = dice.one_of(_PRODUCTS)
    post = dice.weighted(_QUOTED_BY)
    habit = range(_HABIT[post] * 100 + 1)
    off = dice.one_of(dice.weighted(((range(1), 40), (habit, 50), (range(1500), 8), (range(-600, -500), 2))))
    quoted = price * (10_000 - off) // 10_000
    return {
        "报价单号": f"BJ-26{number:04d}",
        "报价日期": f"{day.year}/{day.month}/{day.day}",
        "客户": buyer.name,
        "产品": product,
        "价目价": "" if dice.chance(2) else f"{price // 100:,}.{price % 100:02d}",
        "报出价格": f"{quoted // 100:,}.{quoted % 100:02d}",
        "报价人岗位": post,
    }
