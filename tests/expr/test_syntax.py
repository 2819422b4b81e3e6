"""The text of an expression: literals kept exactly, every problem at its place."""

import ast
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesctrl.expr.syntax import MAX_LENGTH, MAX_NESTING, SyntaxProblem, parse
from salesctrl.policy.types import DAYS, MONTHS, money, number


@pytest.mark.parametrize(
    ("text", "value", "type_"),
    [
        ("12.50", 1250, number(2, bare=True)),
        ("0.10", 10, number(2, bare=True)),
        ("007", 7, number(0, bare=True)),
        ("5%", 5, number(2, percent=True)),
        ("2.5 %", 25, number(3, percent=True)),
        ("1 day", 1, DAYS),
        ("30 days", 30, DAYS),
        ("2 months", 2, MONTHS),
        ("5000 CNY", 500000, money("CNY", 2)),
        ("0.125 USD", 125, money("USD", 3)),
        ("9" * 38, int("9" * 38), number(0, bare=True)),
    ],
)
def test_numbers_are_taken_from_the_text(text, value, type_):
    literals = parse(text).literals
    assert [(c.value, c.type) for c in literals.values()] == [(value, type_)]


def test_a_unit_is_no_word_of_the_language():
    parsed = parse("5 if order.urgent else 6 or 7")
    assert [c.value for c in parsed.literals.values()] == [5, 6, 7]


def test_numbers_inside_texts_and_names_are_left_alone():
    parsed = parse('order.note2 == "5% of 30 days"')
    assert not parsed.literals
    assert isinstance(parsed.tree, ast.Compare)


def test_places_count_characters_in_chinese_too():
    text = '客户.等级 == "甲" and 订单.金额 > 5000 CNY'
    parsed = parse(text)
    assert isinstance(parsed.tree, ast.BoolOp)
    shown = [parsed.source(node) for node in parsed.tree.values]
    assert shown == ['客户.等级 == "甲"', "订单.金额 > 5000 CNY"]
    assert [text[start : start + 8] for start in parsed.literals] == ["5000 CNY"]


def test_an_expression_may_go_over_several_lines():
    parsed = parse("order.amount\n  > 5000\n  and\torder.urgent")
    assert isinstance(parsed.tree, ast.BoolOp)


@pytest.mark.parametrize(
    ("text", "message", "marked", "help_"),
    [
        ("", "expected an expression but got an empty text", "", None),
        ("order.amount >", "cannot read `order.amount >` as an expression", "", None),
        ("(1 + 2", "a bracket is not closed", "2", None),
        ("1 + 2)", "`)` closes nothing", ")", None),
        ('"abc', "a quoted text is not closed", '"abc', "end it with a quote"),
        ("x # really", "unexpected `#`", "#", None),
        ("1_000", "expected a number such as `12.50` but got `1_000`", "1_000", "leave out the `_`: `1000`"),
        ("1e3", "expected a number such as `12.50` but got `1e3`", "1e3", "write numbers in plain decimal notation"),
        ("5000CNY", "expected a number such as `12.50` but got `5000CNY`", "5000CNY", "put a space before the unit: `5000 CNY`"),
        ("30天", "expected a number such as `12.50` but got `30天`", "30天", "write `30 days`"),
        ("3个月", "expected a number such as `12.50` but got `3个月`", "3个月", "write `3 months`"),
        ("1.5 days", "expected a whole number of days but got `1.5 days`", "1.5 days", None),
        ("x > 5 且 y", "unknown unit `且`, expected `%`, `days`, `months` or a currency such as `CNY`", "5 且", "write `and`"),
        ("５ > 3", "expected a number but got `５`", "５", None),
        ("order.1", "expected a name after the point but got `1`", "1", None),
        ('["A" "B"]', "two texts stand beside one another", '"B"', "put a comma or an operator between them"),
        ('"""A"""', "two texts stand beside one another", '"A"', "put a comma or an operator between them"),
        (r'"a\d"', r"unknown escape `\d`", r"\d", r"write `\\` for a backslash in a text"),
        ("a && b", "cannot read `&& b` as an expression", "&", "write `and`"),
        ("a AND b", "cannot read `AND b` as an expression", "A", "write `and`"),
        ("a = 5", "cannot read `= 5` as an expression", "=", "write `==` to compare"),
        ("if(a, 1, 2)", "cannot read `if(a, 1, 2)` as an expression", "i", "write `x if condition else y`"),
        ("a ，b", "cannot read `，b` as an expression", "，", "write it in its ASCII form"),
        ("a\x00b", "unexpected character U+0000", "\x00", "delete it"),
        ("a\ud800", "unexpected character U+D800", "\ud800", "delete it"),
        ("\u16a0", "unexpected character U+16A0", "\u16a0", "delete it"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_said_at_its_place(text, message, marked, help_):
    with pytest.raises(SyntaxProblem) as found:
        parse(text)
    problem = found.value
    assert (problem.message, text[problem.start : problem.end], problem.help) == (message, marked, help_)
    assert problem.code == "E301"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 + " * 1000 + "1", f"expression of 4001 characters, at most {MAX_LENGTH} are allowed"),
        ("(" * 100_000, "expression of 100000 characters, at most 4000 are allowed"),
        ("(" * 61 + "1" + ")" * 61, f"more than {MAX_NESTING} brackets inside one another"),
    ],
)
def test_what_nobody_could_check_by_reading_is_refused(text, message):
    with pytest.raises(SyntaxProblem) as found:
        parse(text)
    assert (found.value.code, found.value.message) == ("E314", message)


@given(st.text(max_size=60) | st.text(alphabet="()[]\"'\\ .,%<>=!&|#5９aᚠ且\n\x00", max_size=30))
@example("-" * 3990 + "x")
@example("not " * 990 + "x")
@example("a" + ".a" * 1990)
@example("'\\")
def test_any_text_is_read_or_refused(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            parsed = parse(text)
        except SyntaxProblem as problem:
            places, message = [(problem.start, problem.end)], problem.message
        else:
            nodes = [node for node in ast.walk(parsed.tree) if isinstance(node, ast.expr)]
            places, message = [parsed.span(node) for node in nodes], "read"
    assert message
    assert all(0 <= start <= end <= len(text) for start, end in places)
