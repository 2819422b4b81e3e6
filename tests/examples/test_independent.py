"""The second calculation on cases that can be checked in the head."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from tests.examples.independent import (
    day_number,
    half_up,
    iso_date,
    largest_remainder,
    liability,
    quote,
    us_date,
)


def test_days_are_counted_as_the_calendar_does():
    start = date(1999, 12, 1)
    for n in range(0, 40_000, 7):
        day = start + timedelta(days=n)
        counted = day_number(day.year, day.month, day.day) - day_number(1999, 12, 1)
        assert counted == n
    assert us_date("3/1/2024") - us_date("2/28/2024") == 2
    assert iso_date("2100-03-01") - iso_date("2100-02-28") == 1


@pytest.mark.parametrize(
    ("total", "parts"),
    [(100, [50, 30, 20]), (1, [1, 0, 0]), (3, [1, 1, 1]), (5, [3, 1, 1]), (33333, [16666, 10000, 6667])],
)
def test_largest_remainder(total, parts):
    assert largest_remainder(total, (5, 3, 2)) == parts


def test_half_goes_up():
    assert [half_up(Fraction(n, 4)) for n in (0, 1, 2, 3, 4, 6)] == [0, 0, 1, 1, 1, 2]


def test_liability_by_hand():
    assert liability(Fraction(200_000), 29, True).deduction == 0
    assert liability(Fraction(200_000), 30, True).shares == (50_000, 30_000, 20_000)
    assert liability(Fraction(200_000), 120, True).deduction == 4_000_000
    assert liability(Fraction(200_000), 120, False).fired == {"CR-19-3", "CR-19-3-2-S"}
    assert liability(Fraction(0), 500, True).fired == frozenset()


def test_quote_by_hand():
    assert quote(Fraction(100), Fraction(98), "salesperson").outcome == "allow"
    assert quote(Fraction(100), Fraction("97.99"), "salesperson").fired == {"SC-3-2"}
    assert quote(Fraction(100), Fraction(106), "salesperson").fired == {"PR-2"}
    assert quote(Fraction(100), Fraction(90), "general_manager").outcome == "review"
    assert quote(Fraction("23.25"), Fraction("18.6"), "sales_vp").discount == 2000
