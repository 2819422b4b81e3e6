"""Columns and line breaks, with East Asian characters counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.decision.layout import JOINED, glued, pad, plain, width, wrap

TEXTS = st.text(alphabet="ab 1,.额度超，。（）“”%[]" + JOINED, max_size=80)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("额度", 4), ("a额", 3), ("≤ ×", 3), ("，", 2), ("e\u0301", 1), ("\u2060", 0)],
)
def test_width(text, columns):
    assert width(text) == columns


@given(TEXTS, st.integers(8, 40))
def test_no_line_is_wider_than_asked(text, room):
    assert all(width(line) <= room for line in wrap(text, room, room))


@given(TEXTS, st.integers(8, 40))
def test_nothing_is_lost_but_blanks_at_the_breaks(text, room):
    def dense(words):
        return plain(words).replace(" ", "")

    assert dense("".join(wrap(text, room, room))) == dense(text)


@given(TEXTS, st.integers(8, 40), st.integers(8, 40))
def test_no_line_has_blanks_at_its_end(text, first, rest):
    assert all(line == line.rstrip() for line in wrap(text, first, rest))


def test_chinese_is_broken_where_it_may_be():
    assert wrap("敞口超过额度，不予放货。", 12, 12) == ["敞口超过额", "度，不予放", "货。"]
    assert wrap("甲（乙）丙", 4, 4) == ["甲", "（乙", "）丙"] or all(
        not line.startswith("）") for line in wrap("甲（乙）丙", 6, 6)
    )


def test_a_name_stays_on_one_line():
    text = f"超额度 {glued('信用额度')}{JOINED}20,000.00"
    assert wrap(text, 20, 20) == ["超额度", "信用额度 20,000.00"]


def test_the_first_line_may_be_shorter():
    assert wrap("one two three four", 8, 20) == ["one two", "three four"]


def test_a_word_longer_than_a_line_is_cut():
    assert wrap("abcdefghij", 4, 4) == ["abcd", "efgh", "ij"]


def test_pad_counts_columns():
    assert pad("订单", 6) == "订单  "
    assert pad("订单", 3) == "订单"
