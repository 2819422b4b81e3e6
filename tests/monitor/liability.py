"""The wage deductions of Art. 19 by hand, in fractions: what schedules are held against."""

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction

POSTS = (5, 3, 2)


def month_ends(first, last):
    """The last days of months from that of the first day on."""
    year, month = first.year, first.month
    while (end := date(year, month, monthrange(year, month)[1])) <= last:
        yield end
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def half_up(cents):
    """A fraction of cents to whole cents."""
    return int(cents + Fraction(1, 2))


def split(cents, weights=POSTS):
    """By largest remainder, ties in the order written."""
    exact = [Fraction(cents * weight, sum(weights)) for weight in weights]
    whole = [int(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda i: whole[i] - exact[i])
    for i in order[: cents - sum(whole)]:
        whole[i] += 1
    return whole


def deductions(amount, due, payments, until):
    """The lines (date, rule, amount, and the three shares) of a debt that persons answer for."""
    made, refunded = [], False
    for day in month_ends(due, until):
        balance = Fraction(amount) - sum(Fraction(paid) for on, paid in payments if on <= day)
        late = (day - due).days
        charged = any(rule == "CR-19-3-2" for _, rule, *_ in made)
        if balance > 0 and 30 <= late < 120:
            cents = half_up(balance * 100 * Fraction(5, 1000))
            made.append((day, "CR-19-3-1", cents, *split(cents)))
        elif balance > 0 and late >= 120 and not charged:
            cents = half_up(balance * 100 * Fraction(20, 100))
            made.append((day, "CR-19-3-2", cents, *split(cents)))
        elif balance == 0 and charged and not refunded:
            refunded = True
            made.append((day, "CR-19-3-3", *(-sum(line[i] for line in made) for i in range(2, 6))))
    for day, rule, *cents in made:
        yield (day, rule, *(Decimal(one).scaleb(-2) for one in cents))
