"""Customers with their terms, invoices that they owe, and orders that they place on credit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .dice import Dice
from .files import money

CLOSING_DAY = date(2026, 6, 30)
"""The day that the tables are as of: the last one of a payroll month."""

_PLACES = (
    ("Linhe", "临河"),
    ("Shuangta", "双塔"),
    ("Qinghe", "清禾"),
    ("Beiqiao", "北桥"),
    ("Dongping", "东坪"),
    ("Xishan", "西杉"),
    ("Nanpu", "南浦"),
    ("Yuntai", "云苔"),
)
_TRADES = (
    ("Hardware", "五金"),
    ("Instruments", "仪器"),
    ("Electric", "电气"),
    ("Foods", "食品"),
    ("Textiles", "纺织"),
)
_TERMS = {"A": 90, "B": 60, "C": 15, "D": 0}
_LIMITS = {"A": (300_000, 1_500_000), "B": (40_000, 100_000), "C": (6_000, 20_000), "D": (0, 0)}
_SELLERS = ("201", "202", "203", "204", "205", "206")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, and the credit that they were granted."""

    id: str
    name: str
    grade: str
    limit: int
    term: int
    clean_quarters: int
    reason_recorded: bool
    credit_report_on: date | None

    def row(self) -> dict[str, str]:
        """As the table of customers has it."""
        given = [] if self.credit_report_on is None else [_report(self.credit_report_on)]
        return {
            "customer.id": self.id,
            "name": self.name,
            "customer.grade": self.grade,
            "grant.limit": money(self.limit),
            "grant.term": str(self.term),
            "customer.clean_quarters": str(self.clean_quarters),
            "grant.reason_recorded": "yes" if self.reason_recorded else "no",
            "evidence.documents": json.dumps(given) if given else "",
        }


def _report(day: date) -> dict[str, str]:
    return {"kind": "customer_credit_report", "date": day.isoformat()}


def customers(dice: Dice) -> list[Customer]:
    """Forty customers: most on the terms of their grade, some not."""
    names = [(place, trade) for trade in _TRADES for place in _PLACES]
    return [_customer(dice, number, *name) for number, name in enumerate(names, 1)]


def _customer(dice: Dice, number: int, place: tuple[str, str], trade: tuple[str, str]) -> Customer:
    grade = dice.weighted((("A", 20), ("B", 40), ("C", 28), ("D", 12)))
    low, high = _LIMITS[grade]
    limit, term = dice.between(low // 1000, high // 1000) * 100_000, _TERMS[grade]
    if grade == "D" and dice.chance(60):
        limit, term = 500_000, 15
    elif grade != "D" and dice.chance(15):
        term += 30
    elif grade in "BC" and dice.chance(10):
        limit *= 2
    has_report = grade == "C" and dice.chance(75)
    return Customer(
        id=f"C{number:03d}",
        name=f"{place[0]} {trade[0]} {place[1]}{trade[1]}",
        grade=grade,
        limit=limit,
        term=term,
        clean_quarters=dice.between(0, 6),
        reason_recorded=dice.chance(50),
        credit_report_on=dice.day(date(2025, 9, 1), CLOSING_DAY) if has_report else None,
    )


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice, how much of it is open, and who answers for its collection."""

    id: str
    customer: str
    due_date: date
    balance: int
    at_fault: bool
    salesperson: str
    sales_manager: str
    sales_vp: str
    deductions: tuple[dict[str, str], ...] = ()

    @property
    def overdue(self) -> int:
        """What is open after the due date, in cents."""
        return self.balance if self.due_date < CLOSING_DAY else 0

    def row(self) -> dict[str, str]:
        """As the table of receivables has it."""
        return {
            "receivable.id": self.id,
            "customer.id": self.customer,
            "receivable.due_date": self.due_date.isoformat(),
            "receivable.overdue": money(self.overdue),
            "receivable.at_fault": "yes" if self.at_fault else "no",
            "receivable.salesperson": self.salesperson,
            "receivable.sales_manager": self.sales_manager,
            "receivable.sales_vp": self.sales_vp,
            "receivable.deductions": json.dumps(self.deductions) if self.deductions else "",
        }


def receivables(dice: Dice, known: Sequence[Customer]) -> list[Invoice]:
    """Ninety invoices: most not due yet, some late, a few so late that the debt is doubtful."""
    buyers = [customer for customer in known if customer.limit]
    late_payers = [buyer for buyer in buyers if dice.chance(22)]
    return [
        _late(dice, number, dice.one_of(late_payers)) if dice.chance(40) else _punctual(dice, number, buyers)
        for number in range(1, 91)
    ]


def _punctual(dice: Dice, number: int, buyers: Sequence[Customer]) -> Invoice:
    """An invoice that is not due before the closing day."""
    buyer = dice.one_of(buyers)
    due = CLOSING_DAY + timedelta(days=dice.between(0, 60))
    return Invoice(f"INV-26{number:04d}", buyer.id, due, _balance(dice, buyer), False, *_persons(dice))


def _late(dice: Dice, number: int, buyer: Customer) -> Invoice:
    """An invoice that is late; what is late for very long was charged last month, and may be paid since."""
    days = dice.weighted(((range(1, 30), 30), (range(30, 120), 45), (range(120, 200), 25)))
    late, balance, persons = dice.one_of(days), _balance(dice, buyer), _persons(dice)
    made: tuple[dict[str, str], ...] = ()
    if late > 150:
        tenth = balance * 20 // 100 // 10
        persons = ("203", "120", "110")
        parts = zip(("salesperson", "sales_manager", "sales_vp"), (5, 3, 2), strict=True)
        shares = {post: money(tenth * part) for post, part in parts}
        made = ({"charged_on": "2026-05-31", "basis": "doubtful", **shares},)
        balance = 0 if dice.chance(60) else balance
    due = CLOSING_DAY - timedelta(days=late)
    return Invoice(f"INV-26{number:04d}", buyer.id, due, balance, dice.chance(75), *persons, made)


def _balance(dice: Dice, buyer: Customer) -> int:
    return dice.between(buyer.limit // 60, buyer.limit // 8) + dice.between(0, 99)


def _persons(dice: Dice) -> tuple[str, str, str]:
    """Who answers for an invoice: mostly three persons; an empty post, or one person in two of them."""
    seller = dice.one_of(_SELLERS)
    return dice.weighted(
        (((seller, "120", "110"), 84), ((seller, "", "110"), 10), (("206", "120", "120"), 6))
    )


def orders(dice: Dice, known: Sequence[Customer], invoices: Sequence[Invoice]) -> list[dict[str, object]]:
    """One hundred and twenty orders of the last days of June, each with the credit facts of its customer."""
    return [_order(dice, number, dice.one_of(known), invoices) for number in range(1, 121)]


def _order(dice: Dice, number: int, buyer: Customer, invoices: Sequence[Invoice]) -> dict[str, object]:
    has_credit = buyer.grade != "D"
    owed = [invoice for invoice in invoices if invoice.customer == buyer.id]
    receivable = sum(invoice.balance for invoice in owed)
    low, high = (buyer.limit // 20, buyer.limit * 4 // 5) if has_credit else (200_000, 3_000_000)
    amount = dice.between(low, high)
    over_limit = has_credit and receivable + amount > buyer.limit
    received = 0 if has_credit else dice.one_of((0, amount, amount * 3 // 10))
    customer: dict[str, object] = {
        "id": buyer.id,
        "name": buyer.name,
        "grade": buyer.grade,
        "has_credit": has_credit,
        "credit_limit": money(buyer.limit),
        "receivable": money(receivable),
        "overdue_invoices": sum(1 for invoice in owed if invoice.overdue),
        "unreviewed_shipments": 1 if dice.chance(3) else 0,
    }
    if dice.chance(3):
        del customer["credit_limit"]  # the file of the customer is being re-examined
    day = dice.day(date(2026, 6, 22), CLOSING_DAY)
    order = {"id": f"SO-26{number:04d}", "amount": money(amount), "received": money(received)}
    facts: dict[str, object] = {"order": order, "customer": customer, "as_of": day.isoformat()}
    needs_more = over_limit or customer["overdue_invoices"]
    given = _approvals(dice, day) if has_credit and needs_more else []
    if given:
        facts["evidence"] = {"requester": dice.one_of(_SELLERS), "approvals": given}
    elif not has_credit and received < amount and dice.chance(40):
        paid = {"amount": money(amount - received), "date": day.isoformat()}
        facts["evidence"] = {"payments": [paid]}
    return facts


def _approvals(dice: Dice, day: date) -> list[dict[str, str]]:
    """What somebody brought along: both signatures, one of them, one by telephone, or none."""
    cfo = {"person": "101", "role": "cfo", "date": day.isoformat(), "form": "written"}
    manager = {"person": "100", "role": "general_manager", "date": day.isoformat(), "form": "written"}
    spoken = {**manager, "form": "telephone"}
    return dice.weighted((([], 55), ([cfo, manager], 25), ([cfo], 12), ([cfo, spoken], 8)))
