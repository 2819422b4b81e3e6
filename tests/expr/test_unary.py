"""Cells and band keys: the unary tests of S-FEEL (DMN 1.4, 10.3.1.3), against values on both sides of every end."""

import pytest
from tests.loading import check_text, engine_of, policy_text, worth

from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.expr.unary import cell_test


def holds(cell, given, facts, more=""):
    """Whether a cell holds for an input: by a table of one row that gives a value."""
    text = cell.replace("'", "''")
    table = f"tables: {{t: {{inputs: ['{given}'], hit: first, otherwise: {{v: 0}}, rows: [{{match: ['{text}'], give: {{v: 1}}}}]}}}}"
    found = worth("t.v", facts, f"{table}\n{more}")
    return None if found is None else bool(found)


@pytest.mark.parametrize(
    ("cell", "inside", "outside"),
    [
        ("-", ["-5", "0", "99999.99"], []),
        ("5", ["5", "5.00"], ["4.99", "5.01"]),
        ("5 CNY", ["5"], ["4.99", "5.01"]),
        ("= 5", ["5"], ["4.99"]),
        ("!= 5", ["4.99"], ["5"]),
        ("< 5", ["4.99", "-5"], ["5", "5.01"]),
        ("<= 5", ["5"], ["5.01"]),
        ("> 5", ["5.01"], ["5"]),
        (">= 5", ["5"], ["4.99"]),
        ("[5..10]", ["5", "7", "10"], ["4.99", "10.01"]),
        ("(5..10]", ["5.01", "10"], ["5", "10.01"]),
        ("[5..10)", ["5", "9.99"], ["4.99", "10"]),
        ("(5..10)", ["5.01"], ["5", "10"]),
        ("]5..10[", ["5.01"], ["5", "10"]),
        ("[5..5]", ["5"], ["4.99", "5.01"]),
        ("[-10..-5]", ["-10", "-5"], ["-10.01", "-4.99", "5"]),
        ("1, 3, [5..6]", ["1", "3", "5.5"], ["2", "4.99"]),
        ("not(1, [5..6])", ["2", "6.01"], ["1", "5"]),
        ("not( < 5 )", ["5"], ["4.99"]),
        ("[low..high)", ["100", "199.99"], ["99.99", "200"]),
        ("> limit * 2", ["100.02"], ["100"]),
    ],
)
def test_cells_of_money(cell, inside, outside):
    more = "parameters: {limit: 50 CNY, low: 100 CNY}\nlet: {high: low * 2}"
    amounts = {
        amount: holds(cell, "order.amount", {"order": {"amount": amount}}, more)
        for amount in [*inside, *outside]
    }
    assert amounts == dict.fromkeys(inside, True) | dict.fromkeys(outside, False)


@pytest.mark.parametrize(
    ("given", "cell", "inside", "outside"),
    [
        ("order.discount", "(2%..5%]", ["0.0201", "0.05"], ["0.02", "0.0501"]),
        ("order.discount", "<= 0.05", ["0.05"], ["0.0501"]),
        ("order.waiting", "30 days", [30], [29, 31]),
        ("order.waiting", "[30..60 days)", [30, 59], [29, 60]),
        ("order.due", "2026-01-31", ["2026-01-31"], ["2026-01-30"]),
        ("order.due", "[2026-01-01..2026-01-31]", ["2026-01-01", "2026-01-31"], ["2025-12-31", "2026-02-01"]),
        (
            "order.due",
            "< 2026-01-31, > 2026-02-05",
            ["2026-01-30", "2026-02-06"],
            ["2026-01-31", "2026-02-05"],
        ),
        ("order.due", "<= as_of", ["2026-03-01"], ["2026-03-02"]),
        ("order.urgent", "true", [True], [False]),
        ("order.urgent", "not(true)", [False], [True]),
        ("order.memo", "abc", ["abc"], ["ab", "ABC", '"abc"']),
        ("order.memo", '"a, b", c', ["a, b", "c"], ["a", "b", "a, b, c"]),
        ("order.memo", "逾期, 到期", ["逾期", "到期"], ["逾", "逾期, 到期"]),
        ("order.pieces", "7", [7], [8]),
    ],
)
def test_cells_of_other_types(given, cell, inside, outside):
    field = given.partition(".")[2]
    found = {value: holds(cell, given, {"order": {field: value}}) for value in [*inside, *outside]}
    assert found == dict.fromkeys(inside, True) | dict.fromkeys(outside, False)


@pytest.mark.parametrize(
    ("cell", "grades"),
    [("A", "A"), ("A, B", "AB"), ("not(A, B)", "C"), ('"C"', "C"), ("!= A", "BC"), ("-", "ABC")],
)
def test_cells_of_choices(cell, grades):
    found = [g for g in "ABC" if holds(cell, "customer.grade", {"customer": {"grade": g}})]
    assert "".join(found) == grades


def test_an_unknown_input_is_neither_inside_nor_outside():
    assert holds("> 5", "order.amount", {}) is None
    assert holds("not(> 5)", "order.amount", {}) is None
    assert holds("-", "order.amount", {}) is True


def test_a_cell_becomes_a_condition_on_its_input(scope):
    x, _ = check("order.discount", scope)
    test, problems = cell_test("(5%..10%]", x, scope)
    assert problems == []
    assert isinstance(test, t.Logic)
    assert [(p.op, p.left, p.right.value) for p in test.operands] == [(">", x, 5), ("<=", x, 10)]


@pytest.mark.parametrize(
    ("given", "cell", "code", "message", "marked"),
    [
        ("order.amount", "", "E407", "expected a test but got an empty cell", ""),
        ("order.amount", "not()", "E407", "expected a test inside the brackets", ")"),
        ("order.amount", "5, ,7", "E407", "expected a test between the commas", ","),
        ("order.amount", "[10..5]", "E407", "the interval ends before it begins", "[10..5]"),
        ("order.amount", "> 5 USD", "E306", "cannot compare the input with `5 USD`: CNY and USD have different units", "> 5 USD"),
        ("order.amount", "> 5 &", "E301", "cannot read `5 &` as an expression", ""),
        ("order.amount", "> 上限", "E303", "unknown name `上限`", "上限"),
        ("order.amount", "> -", "E301", "cannot read `-` as an expression", ""),
        ("customer.grade", "A, D", "E309", "cannot compare the input with `D`: `D` is none of the choices", "D"),
        ("customer.grade", "> A", "E407", "cannot compare the input with `A`: texts and choices have no order", "> A"),
        ("customer.grade", "[A..C]", "E407", "an interval needs numbers or dates, but the input is a choice", "[A..C]"),
        ("order.urgent", "yes", "E407", "expected `true` or `false` but got `yes`", "yes"),
        ("order.due", "2026-02-30", "E407", "expected a date such as 2026-12-31 but got `2026-02-30`", "2026-02-30"),
        ("order.due", "2026-2-3", "E407", "expected a date such as 2026-12-31 but got `2026-2-3`", "2026-2-3"),
        ("order.due", "5", "E407", "cannot compare the input with `5`: a date and a plain number are of different types", "5"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_cell_is_said_at_its_place(scope, given, cell, code, message, marked):
    x, _ = check(given, scope)
    test, [problem] = cell_test(cell, x, scope)
    assert test is None
    assert (problem.code, problem.message, cell[slice(*problem.span)]) == (code, message, marked)


@pytest.mark.parametrize("match", ["'A, 丁'", "[丁]", '["A, 丁"]'])
def test_a_wrong_cell_is_marked_in_the_file(match):
    text = policy_text(
        f"tables: {{表: {{inputs: [客户.等级], hit: first, rows: [{{match: {match}, give: {{v: 1}}}}]}}}}"
    )
    [problem] = check_text(text)[1]
    line = text.splitlines()[problem.span.line - 1]
    assert line[problem.span.column - 1 : problem.span.end_column - 1] == "丁"


def test_a_ladder_gives_the_first_rung_that_holds():
    bands = '{bands: {"< 5": low, "[5..10]": middle, ">= 10": high}}'
    found = [
        worth(f"band({n}, ladder)", more=f"parameters: {{ladder: {bands}}}")
        for n in ("4.99", "5", "10", "10.01")
    ]
    assert found == ["low", "middle", "middle", "high"]


def test_a_ladder_without_a_rung_for_a_value_is_unknown():
    ladder = 'parameters: {ladder: {bands: {"< 5": 1 CNY, "> 6": 2.5 CNY}}}'
    assert [worth(f"band({n}, ladder)", more=ladder) for n in ("4", "5.5")] == [1, None]


def test_a_wrong_rung_is_said_where_the_ladder_is_used():
    _, found = check_text(
        policy_text("""
        parameters: {ladder: {bands: {"< 5": low, "> 5 days": high}}}
        rules: [{id: R, when: 'band(order.amount, ladder) == "low"', deny: true}]
        """)
    )
    [problem] = found
    assert problem.message.startswith("band `> 5 days` of `ladder`: cannot compare the input with `5 days`")


def test_a_ladder_cannot_go_in_a_circle():
    _, found = check_text(
        policy_text("""
        parameters: {ladder: {bands: {"< band(order.amount, ladder)": 1 CNY}}}
        rules: [{id: R, when: 'band(order.amount, ladder) > 5', deny: true}]
        """)
    )
    assert [p.code for p in found] == ["E303"]


def test_the_ends_of_cells_may_be_dated():
    engine = engine_of(
        policy_text("""
        parameters: {limit: {values: [{from: 2025-01-01, value: 5 CNY}, {from: 2026-01-01, value: 7 CNY}]}}
        tables: {t: {inputs: [order.amount], hit: first, rows: [{match: "> limit", deny: true}, {match: "-", allow: true}]}}
        """)
    )
    facts = {"order": {"amount": 6}}
    found = [
        engine.evaluate("point", facts, as_of=day).outcome
        for day in ("2024-12-31", "2025-12-31", "2026-01-01")
    ]
    assert found == ["incomplete", "deny", "allow"]
