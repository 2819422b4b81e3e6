"""JSON is read exactly, and refused where it does not mean one thing."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesctrl.tables.exact_json import MAX_DEPTH, BadJson, parse_json


def test_numbers_are_exact():
    assert parse_json("[0.1, 1e2, 12345678901234567890.12, 7]") == [
        Decimal("0.1"), Decimal("1E+2"), Decimal("12345678901234567890.12"), 7,
    ]  # fmt: skip
    assert not any(isinstance(number, float) for number in parse_json("[0.1, 1e2]"))


def test_noise_becomes_a_float_only_if_asked():
    text = "[0.30000000000000004, 0.3]"
    assert parse_json(text) == [Decimal("0.30000000000000004"), Decimal("0.3")]
    assert parse_json(text, nearest=True) == [0.1 + 0.2, Decimal("0.3")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "the key `a` is given twice"),
        ('{"x": [{"a": 1, "a": 1}]}', "the key `a` is given twice"),
        ("[NaN]", "`NaN` is no number"),
        ("[-Infinity]", "`-Infinity` is no number"),
        ("[1e99999999999999999999]", "too large or too small"),
        ("[" + "9" * 5000 + "]", "too many digits"),
        ("[" * 2000 + "]" * 2000, "nested more than 100 deep"),
        ("[" * 100_000, "nested more than 100 deep"),
        ('["\\ud800"]', "half a character"),
        ('{"a": 1', "not JSON at column 8: expecting `,` delimiter"),
        ('{\n"a": 1,,}', "not JSON at line 2"),
        ("", "not JSON at column 1: expecting value"),
    ],
)
def test_is_refused(text, words):
    with pytest.raises(BadJson, match=words):
        parse_json(text)


def test_pairs_of_halves_make_a_character():
    assert parse_json('["\\ud83d\\ude00"]') == ["😀"]


def test_depth():
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(BadJson):
        parse_json("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_what_json_writes_is_read_back(value):
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False)) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(BadJson):
        parse_json(text)
        parse_json(text, nearest=True)
