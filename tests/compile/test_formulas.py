"""Formulas and tables: typed in any order, circles shown, chains bounded."""

from textwrap import dedent

import pytest
from tests.loading import check_text, policy_text, sound, worth


def problems(body):
    return [(p.code, p.message, p.span.line) for p in check_text(policy_text(body))[1]]


def test_formulas_may_stand_in_any_order():
    more = """
        let: {c: b + terms.fee, a: order.amount, b: a * 2}
        tables: {terms: {inputs: [b], hit: first, rows: [{match: "> 5", give: {fee: 1 CNY}}, {match: "-", give: {fee: a}}]}}
        """
    assert [worth("c", {"order": {"amount": n}}, more) for n in (2, 3)] == [6, 7]
    (policy,) = sound(policy_text(dedent(more) + "\nrules: [{id: R, deny: true}]")).policies
    assert list(policy.formulas) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "circle"),
    [
        ("let: {a: a + 1 CNY}", "a -> a"),
        ("let: {a: b + 1 CNY, b: c, c: a}", "c -> a -> b -> c"),
        ("let: {敞口: 余额 + 1 CNY, 余额: 敞口}", "余额 -> 敞口 -> 余额"),
        ('let: {a: t.v}\ntables: {t: {inputs: [a], hit: first, rows: [{match: "-", give: {v: 1 CNY}}]}}', "t -> a -> t"),
        ('let: {a: "band(order.pieces, l)"}\nparameters: {l: {bands: {"< a": 1, "-": 2}}}', "a -> a"),
    ],
)  # fmt: skip
def test_a_circle_is_shown_once(body, circle):
    found = problems(body + "\nrules: [{id: R, deny: true}]")
    assert [(code, message) for code, message, _ in found] == [("E313", f"formulas go in a circle: {circle}")]


def test_what_uses_a_wrong_formula_is_not_wrong_again():
    body = (
        "let: {a: ordr.amount, b: a + 1, c: b}\noutputs: [c]\nrules: [{id: R, when: c > 5, compute: {x: b}}]"
    )
    assert [code for code, _, _ in problems(body)] == ["E303"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_50_formulas_is_the_longest(order):
    def body(length):
        lines = [f"  f{i}: {f'f{i - 1} + 1 CNY' if i else 'order.amount'}" for i in range(length)][::order]
        return "let:\n" + "\n".join(lines) + f"\nrules: [{{id: R, when: f{length - 1} > 5, deny: true}}]"

    assert problems(body(50)) == []
    assert [(code, message) for code, message, _ in problems(body(5000))] == [
        ("E314", "more than 50 formulas use one another in a row")
    ]


def test_a_circle_of_thousands_is_refused_in_bounded_depth():
    lines = "\n".join(f"  f{i}: f{(i + 1) % 3000} + 1 CNY" for i in range(3000))
    found = problems(f"let:\n{lines}\nrules: [{{id: R, deny: true}}]")
    assert {code for code, _, _ in found} == {"E313"}


@pytest.mark.parametrize("cell", ["> wrong", "[0..wrong]", "not(5, wrong)"])
def test_a_cell_or_ladder_that_uses_a_wrong_formula_is_not_wrong_again(cell):
    body = f"""
        let: {{wrong: ordr.amount, b: 'band(order.amount, l)'}}
        parameters: {{l: {{bands: {{"{cell}": 1}}}}}}
        tables: {{t: {{inputs: [order.amount], hit: first, rows: [{{match: "{cell}", give: {{v: 1}}}}]}}}}
        rules: [{{id: R, when: t.v > b, deny: true}}]
        """
    assert [code for code, _, _ in problems(body)] == ["E303"]


def test_a_chain_through_ladders_is_no_deep_recursion():
    lines = "\n".join(f"  f{i}: band(order.pieces, l{i})" for i in range(40))
    ladders = "\n".join(
        f"  l{i}: {{bands: {{'< {f'f{i - 1}' if i else 5}': {i}, '-': {i + 1}}}}}" for i in range(40)
    )
    assert worth("f39", {"order": {"pieces": 4}}, f"let:\n{lines}\nparameters:\n{ladders}") == 39


def test_names_have_one_meaning():
    body = """
        parameters: {order: 5 CNY, limit: 5 CNY}
        let: {limit: order.amount, 客户: order.amount}
        tables: {limit: {inputs: [order.amount], hit: first, rows: [{match: "-", give: {v: 1}}]}}
        rules: [{id: R, when: order.amount > 5, deny: true}]
        """
    assert [(code, message) for code, message, _ in problems(body)] == [
        ("E419", "`order` is the name of a kind too"),
        ("E419", "`limit` is the name of a parameter too"),
        ("E419", "`客户` is the name of a kind too"),
        ("E419", "`limit` is the name of a parameter too"),
    ]


def test_a_bare_number_that_has_a_name_takes_no_unit():
    found = problems("let: {limit: '5000'}\nrules: [{id: R, when: order.amount > limit, deny: true}]")
    assert [(code, message) for code, message, _ in found] == [
        ("E306", "cannot compare `order.amount` with `limit`: CNY and a plain number have different units")
    ]


def test_unknown_outputs_are_said_with_their_place():
    assert problems(
        "let: {exposure: order.amount}\noutputs: [exposure, 敞口]\nrules: [{id: R, deny: true}]"
    ) == [("E303", "unknown formula `敞口`", policy_text("").count("\n") + 1)]
