"""What the cells of a table mean."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.numbers import format_scaled, to_scaled
from salesctrl.policy.types import (
    BOOLEAN,
    DATE,
    DAYS,
    INSTANT,
    MONTHS,
    TEXT,
    choice,
    list_of_kind,
    money,
    number,
)
from salesctrl.tables import cell_value

MONEY, RATE, NUMBER = money("CNY"), number(4, percent=True), number(6)


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("1234.50", MONEY, "1234.50"),
        ("1,234.50", MONEY, "1234.50"),
        ("-1,234,567", MONEY, "-1234567"),
        (" 12.50 ", MONEY, "12.50"),
        ("5000 CNY", MONEY, "5000.00"),
        ("5%", RATE, "0.05"),
        ("-2.22%", RATE, "-0.0222"),
        ("0.05", RATE, "0.05"),
        ("1,200.5", NUMBER, "1200.5"),
        ("30", DAYS, "30"),
        ("30 days", DAYS, "30"),
        ("1 day", DAYS, "1"),
        ("2 months", MONTHS, "2"),
        ("2024-03-01", DATE, "2024-03-01"),
        ("2024/3/1", DATE, "2024-03-01"),
        ("2024/12/31", DATE, "2024-12-31"),
        ("true", BOOLEAN, True),
        ("FALSE", BOOLEAN, False),
        ("Yes", BOOLEAN, True),
        ("no", BOOLEAN, False),
        ("是", BOOLEAN, True),
        ("否", BOOLEAN, False),
        ("1", BOOLEAN, True),
        ("0", BOOLEAN, False),
        (" A ", choice(("A", "B")), "A"),
        (" as it is ", TEXT, " as it is "),
        ("5%", TEXT, "5%"),
        (" 2026-01-01T08:00+08:00", INSTANT, "2026-01-01T08:00+08:00"),
        ('[{"quantity": 2}]', list_of_kind("line"), [{"quantity": 2}]),
    ],
)
def test_is_read(text, type_, value):
    assert cell_value(text, type_) == value


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("1,23", MONEY),
        ("1234,567.00", MONEY),
        ("1.234,50", MONEY),
        ("¥5", MONEY),
        ("5000 USD", MONEY),
        ("(5.00)", MONEY),
        ("1e3", MONEY),
        ("5%", MONEY),
        ("5%", NUMBER),
        ("5 CNY", NUMBER),
        ("１２", NUMBER),
        ("30 months", DAYS),
        ("1.5 days", DAYS),
        ("3/1/2024", DATE),
        ("2024-3-1", DATE),
        ("2024/3/1 00:00", DATE),
        ("y", BOOLEAN),
        ("maybe", BOOLEAN),
        ("[1, 2", list_of_kind("line")),
        ('{"a": 1, "a": 2}', list_of_kind("line")),
    ],
)
def test_is_handed_on_for_the_engine_to_refuse(text, type_):
    assert cell_value(text, type_) == text


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("3/1/2024", "month/day/year", "2024-03-01"),
        ("3/1/2024", "day/month/year", "2024-01-03"),
        ("31.12.2024", "day/month/year", "2024-12-31"),
        ("12-31-2024", "month/day/year", "2024-12-31"),
        ("2024-12-31", "day/month/year", "2024-12-31"),
        ("3/1-2024", "month/day/year", "3/1-2024"),
        ("3/1/24", "month/day/year", "3/1/24"),
    ],
)
def test_dates_in_another_order(text, order, value):
    assert cell_value(text, DATE, order=order) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.30000000000000004", 0.1 + 0.2),
        ("5.000000074505806e-02", 5.000000074505806e-02),
        ("0.30", "0.30"),
        ("12345678901234.56", "12345678901234.56"),
        ("1,234.50", "1234.50"),
        ("noise", "noise"),
    ],
)
def test_noise_is_handed_on_as_a_float_if_asked(text, value):
    got = cell_value(text, MONEY, nearest=True)
    assert (got, type(got)) == (value, type(value))


@given(n=st.integers(-(10**18), 10**18), scale=st.integers(0, 6))
def test_numbers_as_people_write_them_keep_their_value(n, scale):
    type_ = replace(MONEY, scale=scale)
    assert to_scaled(cell_value(format_scaled(n, scale), type_), scale, 30) == n


@given(st.text(max_size=30), st.sampled_from([MONEY, RATE, DAYS, DATE, BOOLEAN, TEXT, choice(("A",))]))
def test_no_text_is_an_error(text, type_):
    cell_value(text, type_)
    cell_value(text, type_, order="day/month/year", nearest=True)
