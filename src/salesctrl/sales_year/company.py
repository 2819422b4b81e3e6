"""The books of a company: customers, orders, and everything that follows from them, in columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from salesctrl.sales_year.columns import NO_DAY, day_number
from salesctrl.sales_year.dice import Dice, Numbers

GRADES = ("A", "B", "C", "D")
TERMS = np.array([90, 60, 15, 0])
"""The payment terms of the grades, in days: those of the shipped rules."""

BRANCH = 100
"""So many customers belong to a branch, and each branch has a ceiling of credit of its own."""

PRICES = np.array([20 + 25 * step + step**4 // 20 for step in range(60)])
"""The price list, in cents, from the cheapest product to the dearest."""

MOST_LINES = 4
_GRADE_OF_TEN = np.array([0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
_LIMITS_FROM = np.array([10_000_000, 4_000_000, 800_000, 0])
_LIMITS_TO = np.array([15_000_000, 5_000_000, 1_000_000, 0])
_PAID_FROM = np.array([10, 10, 1, 0])
_PAID_TO = np.array([70, 45, 4, 0])
_ORDERS_END = 16
_LATE_AT_MOST = 250
_CASH_BUDGET = 300_000
_LEAVING = (0, 3, 5)
_LEAVE_FROM, _LEAVE_TO = 40, 110


@dataclass(frozen=True, slots=True)
class Customers:
    """The customers, by number: grade (0 for A), credit limit in cents, term in days, salesperson."""

    grade: Numbers
    limit: Numbers
    term: Numbers
    seller: Numbers
    branch: Numbers

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.grade)


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders, in the order of their days; what belongs to an order has its number.

    ``paid_on`` is ``NO_DAY`` for what is not paid in the year. ``receivable`` and ``unbilled`` are what the
    customer owes, and what was released and not invoiced, before the order. ``large`` orders are above the
    limit and were approved; ``late`` ones are paid late, or not at all.
    """

    customer: Numbers
    day: Numbers
    shipped_on: Numbers
    due_on: Numbers
    paid_on: Numbers
    amount: Numbers
    off: Numbers
    receivable: Numbers
    unbilled: Numbers
    on_credit: npt.NDArray[np.bool_]
    large: npt.NDArray[np.bool_]
    late: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.day)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of the orders: product, quantity, and the price of the list and of the order in cents."""

    order: Numbers
    number: Numbers
    product: Numbers
    quantity: Numbers
    list_price: Numbers
    price: Numbers


@dataclass(frozen=True, slots=True)
class Company:
    """A company and its year."""

    year: int
    dice: Dice
    sellers: int
    customers: Customers
    orders: Orders
    lines: Lines

    @property
    def first(self) -> int:
        """The first day of the year."""
        return day_number(date(self.year, 1, 1))

    @property
    def last(self) -> int:
        """The last day of the year."""
        return day_number(date(self.year, 12, 31))

    @property
    def month_ends(self) -> Numbers:
        """The last days of the twelve months."""
        starts = [date(self.year, month, 1) for month in range(2, 13)] + [date(self.year + 1, 1, 1)]
        return np.array([day_number(start) - 1 for start in starts])


def found(dice: Dice, year: int, customers: int, orders: int, per_mille: int) -> Company:
    """A company with so many customers and orders in a year.

    Args:
        dice: What everything is thrown with.
        year: The year.
        customers: How many customers; 20 at least.
        orders: How many orders.
        per_mille: How many of a thousand customers leave and pay their last invoice late, or never; three
            do at least, with 0 none.
    """
    sellers = max(4, customers // 25)
    known = _customers(dice, customers, sellers)
    leaving = dice.chance("customer leaves", customers, per_mille)
    leaving[list(_LEAVING)] = True
    placed, lines = _orders(dice, known, leaving & (known.limit > 0) & (per_mille > 0), year, orders)
    return Company(year, dice, sellers, known, placed, lines)


def _customers(dice: Dice, size: int, sellers: int) -> Customers:
    number = np.arange(size)
    grade = _GRADE_OF_TEN[number % 10]
    thousands = dice.between(
        "customer limit", size, _LIMITS_FROM[grade] // 100_000, _LIMITS_TO[grade] // 100_000
    )
    seller = dice.between("customer seller", size, 0, sellers - 1)
    return Customers(grade, thousands * 100_000, TERMS[grade], seller, number // BRANCH)


def _orders(
    dice: Dice, known: Customers, leaving: npt.NDArray[np.bool_], year: int, size: int
) -> tuple[Orders, Lines]:
    """The orders of a year, with their lines; customers that leave pay their last one late."""
    first, last = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
    customer, day = _placed(dice, known, leaving, (first, last), size)
    on_credit = known.limit[customer] > 0
    late = _final(customer) & leaving[customer]
    alone = ~_followed_on_the_day(customer, day)
    large = on_credit & ~late & alone & dice.chance("order large", size, 20)
    shipped = day + np.where(large, 0, dice.between("order shipped", size, 0, 2))
    due = shipped + known.term[customer]
    usual = np.where(on_credit & ~large, _usual_payment(dice, known.grade[customer], shipped, last), day)
    paid = np.where(late, _late_payment(dice, customer, due, last), usual)
    settled = np.where(paid == NO_DAY, last + 1, paid)
    off = _discounts(dice, size)
    target = _targets(dice, known.limit, customer, day, settled, large)
    lines = _lines(dice, target, off)
    amount = np.add.reduceat(lines.quantity * lines.price, np.flatnonzero(lines.number == 1))
    released = _before(customer, day, amount, settled)
    billed = _until(customer, shipped, amount, day) - _until(
        customer, np.maximum(settled, shipped), amount, day
    )
    placed = Orders(
        customer=customer, day=day, shipped_on=shipped, due_on=due, paid_on=paid, amount=amount, off=off,
        receivable=np.where(on_credit, billed, 0), unbilled=np.where(on_credit, released - billed, 0),
        on_credit=on_credit, large=large, late=late,
    )  # fmt: skip
    return placed, lines


def _placed(
    dice: Dice, known: Customers, leaving: npt.NDArray[np.bool_], year: tuple[int, int], size: int
) -> tuple[Numbers, Numbers]:
    """Who orders, and on which working day; after customers left, others order in their place."""
    calendar = np.arange(year[0], year[1] - _ORDERS_END)
    workdays = calendar[(calendar + 3) % 7 < 5]
    day = workdays[np.sort(dice.between("order day", size, 0, len(workdays) - 1))]
    customer = dice.between("order customer", size, 0, known.size - 1)
    leaves_on = year[0] + dice.between("customer leaves on", known.size, _LEAVE_FROM, _LEAVE_TO)
    gone = leaving[customer] & (day >= leaves_on[customer])
    instead = dice.between("order instead", size, 0, known.size // 10 - 1) * 10 + 9
    return np.where(gone, instead, customer), day


def _usual_payment(dice: Dice, grade: Numbers, shipped: Numbers, last: int) -> Numbers:
    """When invoices are paid: well before they fall due, and before the year ends."""
    after = dice.between("order paid", len(grade), _PAID_FROM[grade], _PAID_TO[grade])
    paid: Numbers = np.minimum(shipped + after, last)
    return paid


def _late_payment(dice: Dice, customer: Numbers, due: Numbers, last: int) -> Numbers:
    """When invoices are paid that are paid late; the first customer never pays."""
    paid = due + dice.between("order late by", len(due), 5, _LATE_AT_MOST)
    never = (paid > last) | (customer == _LEAVING[0])
    return np.where(never, NO_DAY, paid)


def _targets(
    dice: Dice,
    limit: Numbers,
    customer: Numbers,
    day: Numbers,
    settled: Numbers,
    large: npt.NDArray[np.bool_],
) -> Numbers:
    """What orders may come to, so that all that a customer has open at a time stays below the limit."""
    ones = np.ones(len(day), np.int64)
    open_orders = _before(customer, day, ones, settled) + 1
    most_open = np.ones(len(limit), np.int64)
    np.maximum.at(most_open, customer[~large], open_orders[~large])
    budget = np.where(limit[customer] > 0, limit[customer] // most_open[customer], _CASH_BUDGET)
    share = dice.between("order share", len(day), 30, 100)
    return np.where(large, limit[customer] * 5 // 2, budget * share // 100)


def _discounts(dice: Dice, size: int) -> Numbers:
    """Discounts in percent: mostly what a salesperson may give, some 3 %, a few 8 %."""
    usual = dice.between("order discount", size, 0, 2)
    special = dice.between("order special discount", size, 1, 1000)
    return np.where(special <= 5, 8, np.where(special <= 30, 3, usual))


def _lines(dice: Dice, target: Numbers, off: Numbers) -> Lines:
    """Lines whose sum does not exceed what an order may come to."""
    size = len(target)
    wanted = dice.between("order lines", size, 1, MOST_LINES)
    counts = np.where(target >= MOST_LINES * PRICES[0], wanted, 1)
    order = np.repeat(np.arange(size), counts)
    number = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    budget = (target // counts)[order]
    affordable = np.maximum(np.searchsorted(PRICES, np.maximum(budget // 4, PRICES[0]), "right"), 1)
    product = dice.between("line product", len(order), np.zeros(len(order), np.int64), affordable - 1)
    list_price = PRICES[product]
    price = list_price - list_price * off[order] // 100
    quantity = np.maximum(budget // list_price, 1)
    return Lines(order, number, product, quantity, list_price, price)


def _final(customer: Numbers) -> npt.NDArray[np.bool_]:
    """The last order of each customer."""
    final = np.zeros(len(customer), bool)
    final[len(customer) - 1 - np.unique(customer[::-1], return_index=True)[1]] = True
    return final


def _followed_on_the_day(customer: Numbers, day: Numbers) -> npt.NDArray[np.bool_]:
    """Orders after which, or before which, the customer places another on the same day."""
    by_customer = np.argsort(customer, kind="stable")
    same = (np.diff(customer[by_customer]) == 0) & (np.diff(day[by_customer]) == 0)
    followed = np.zeros(len(customer), bool)
    followed[by_customer[:-1][same]] = True
    followed[by_customer[1:][same]] = True
    return followed


def _before(customer: Numbers, day: Numbers, amount: Numbers, settled: Numbers) -> Numbers:
    """What each customer's earlier orders come to that are not settled before the day of an order."""
    by_customer = np.argsort(customer, kind="stable")
    running = np.cumsum(amount[by_customer]) - amount[by_customer]
    starts = np.searchsorted(customer[by_customer], customer[by_customer], "left")
    earlier = np.zeros(len(day), np.int64)
    earlier[by_customer] = running - running[starts]
    return earlier - _until(customer, settled, amount, day)


def _until(customer: Numbers, event: Numbers, amount: Numbers, day: Numbers) -> Numbers:
    """The sum of the amounts of a customer whose event was before the day of an order."""
    base = int(min(np.min(event), np.min(day)))
    span = int(max(np.max(event), np.max(day))) - base + 2
    keys = customer * span + (event - base)
    order = np.argsort(keys, kind="stable")
    sums = np.concatenate([[0], np.cumsum(amount[order])])
    upto = np.searchsorted(keys[order], customer * span + (day - base), "left")
    start = np.searchsorted(keys[order], customer * span, "left")
    result: Numbers = sums[upto] - sums[start]
    return result
