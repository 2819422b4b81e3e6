"""The exact answers, computed with fractions straight from the prose of the rules."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor
from typing import Any

from reference.rules import DECIMALS, RULES, outcome_of

Facts = Mapping[str, Any]


def half_up(value: Fraction, decimals: int) -> Fraction:
    """A non-negative value rounded to so many decimals, a tie going up.

    >>> half_up(Fraction("9.595"), 2)
    Fraction(48, 5)
    """
    unit = 10**decimals
    return Fraction(floor(value * unit + Fraction(1, 2)), unit)


CONDITIONS: Mapping[str, Callable[[Facts], bool]] = {
    "R1": lambda o: not o["contract_signed"],
    "R2": lambda o: o["outstanding"] + o["amount"] > o["credit_limit"] and not o["has_cfo_approval"],
    "R3": lambda o: o["overdue_days"] > 120,
    "R4": lambda o: o["overdue_days"] > 30,
    "R5": lambda o: o["customer_grade"] == "D" and o["prepaid_ratio"] < 1,
    "R6": lambda o: o["customer_grade"] == "C" and o["prepaid_ratio"] < Fraction(30, 100),
    "R7": lambda o: o["discount_rate"] > Fraction(5, 100),
    "R8": lambda o: o["discount_rate"] > Fraction(10, 100),
    "R9": lambda o: o["discount_rate"] > Fraction(20, 100),
    "R10": lambda o: o["unit_price"] < half_up(o["list_price"] * (1 - o["discount_rate"]), 2),
    "R11": lambda o: o["amount"] >= 500_000,
    "R12": lambda o: o["requester_role"] == o["approver_role"],
}


def decide(record: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Outcome and fired rules of a record, each number first taken to its declared decimals.

    Orders of the clean sets have no more decimals than declared, so that nothing changes for
    them; for the dirty set the declared decimals are what the caller meant.
    """
    facts = dict(record)
    for name, decimals in DECIMALS.items():
        facts[name] = half_up(Fraction(record[name]), decimals)
    fired = tuple(rule for rule in RULES if CONDITIONS[rule](facts))
    return outcome_of(fired), fired
