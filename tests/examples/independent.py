"""What the liability and pricing rules mean, worked out a second time, with nothing of salesctrl.

Fractions from the text of the cells, an own count of days, own rounding and an own largest remainder: where
these figures and the decisions agree to the cent, row by row, neither hides a slip of the other. The figures
of the shipped policies (5:3:2, 0.5 %, 30 days, …) are written here as a person reads them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

SHARES = (5, 3, 2)
AUTHORITY = {
    "salesperson": Fraction(2, 100),
    "sales_manager": Fraction(3, 100),
    "sales_vp": Fraction(5, 100),
    "general_manager": Fraction(1),
}


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1 March of the year 0, the leap day being the last of its year."""
    if month < 3:
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1


def us_date(text: str) -> int:
    """The number of a day written month/day/year."""
    month, day, year = map(int, text.split("/"))
    return day_number(year, month, day)


def iso_date(text: str) -> int:
    """The number of a day written year-month-day."""
    return day_number(*map(int, text.split("-")))


def half_up(number: Fraction) -> int:
    """To the nearest whole number; a half goes up. Not for negative ones."""
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a whole number: the floors, then one each to the largest rests, the first on ties."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [share.numerator // share.denominator for share in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_rest[: total - sum(parts)]:
        parts[i] += 1
    return parts


@dataclass(frozen=True, slots=True)
class Liability:
    """What is deducted for one receivable; amounts in cents."""

    outcome: str
    fired: frozenset[str]
    days_late: int
    deduction: int
    shares: tuple[int, ...]


def liability(overdue: Fraction, days_late: int, at_fault: bool) -> Liability:
    """Customer credit management rules, Art. 19(3), for a debt on which nothing was deducted before."""
    fired = set()
    deduction = 0
    owed = overdue > 0
    doubtful = owed and days_late >= 120
    if owed and days_late >= 30 and not at_fault:
        fired.add("CR-19-3")
    if owed and at_fault and 30 <= days_late < 120:
        fired.add("CR-19-3-1")
        deduction = half_up(overdue * Fraction(5, 1000) * 100)
    if doubtful and at_fault:
        fired.add("CR-19-3-2")
        deduction = half_up(overdue * Fraction(20, 100) * 100)
    if doubtful:
        fired.add("CR-19-3-2-S")
    shares = tuple(largest_remainder(deduction, SHARES))
    return Liability("flag" if doubtful else "allow", frozenset(fired), days_late, deduction, shares)


@dataclass(frozen=True, slots=True)
class Quote:
    """What becomes of a quoted price; the band in cents, the discount in hundredths of a percent."""

    outcome: str
    fired: frozenset[str]
    lowest: int
    highest: int
    discount: int


def quote(list_price: Fraction, price: Fraction, post: str) -> Quote:
    """The floating band of 5 % either way, and the authority of each post over discounts; no approvals."""
    lowest = -((-list_price * Fraction(95, 100) * 100) // 1)
    highest = (list_price * Fraction(105, 100) * 100) // 1
    discount = (list_price - price) / list_price
    fired = set()
    if not lowest <= price * 100 <= highest:
        fired.add("PR-2")
    if discount > AUTHORITY[post]:
        fired.add("SC-3-2")
    outcome = "deny" if "SC-3-2" in fired else "review" if fired else "allow"
    shown = half_up(abs(discount) * 10_000) * (1 if discount >= 0 else -1)
    return Quote(outcome, frozenset(fired), int(lowest), int(highest), shown)
