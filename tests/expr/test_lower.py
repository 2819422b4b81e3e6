"""Lowering: exact, each formula once, deep chains without deep recursion, the decimals of every day."""

import pytest
from tests.loading import check_text, engine_of, policy_text, sound, worth

from salesctrl.expr.ir import MAX_DIGITS


def plan_of(body):
    (plan,) = sound(policy_text(body)).plans["point"]
    return plan


def names(plan):
    return [op.name for op in plan.graph.ops]


def test_a_shared_formula_is_in_the_graph_once():
    plan = plan_of("""
        let: {third: order.amount / 3, more: third + 1 CNY}
        rules:
        - {id: A, when: third > 5, deny: true}
        - {id: B, when: third > 7, flag: true}
        - {id: C, when: more > 9, flag: true}
        """)
    assert names(plan).count("input") == 1
    assert names(plan).count("cmp") == 3


def test_a_comparison_with_a_quotient_multiplies_crosswise():
    plan = plan_of("rules: [{id: A, when: order.amount / order.pieces > 1.5, deny: true}]")
    assert "round" not in names(plan)
    facts = [
        {"amount": a, "pieces": p}
        for a, p in (("4.50", 3), ("4.51", 3), ("-4.51", -3), ("4.49", -3), ("1", 0))
    ]
    engine = engine_of(policy_text("rules: [{id: A, when: order.amount / order.pieces > 1.5, deny: true}]"))
    found = [engine.evaluate("point", {"order": f}, as_of="2026-01-01").outcome for f in facts]
    assert found == ["allow", "deny", "deny", "allow", "incomplete"]


def test_thousands_of_formulas_and_tables_are_lowered_without_deep_recursion():
    formulas = "".join(f"  f{i}: t{i}.v + 1 CNY\n" for i in range(90))
    tables = "".join(
        f"  t{i}: {{inputs: [{f'f{i - 1}' if i else 'order.amount'}], hit: first, rows: [{{match: '-', give: {{v: {i} CNY}}}}]}}\n"
        for i in range(90)
    )
    assert worth("f89", {"order": {"amount": 1}}, f"let:\n{formulas}tables:\n{tables}") == 90


def test_a_dated_parameter_has_the_decimals_of_its_type_on_every_day():
    body = """
        parameters: {fee: {values: [{from: 2025-01-01, value: 5 CNY}, {from: 2026-01-01, value: 0.125 CNY}]}}
        let: {charged: "round(fee, 3)", twice: "round(fee * 2, 3)"}
        outputs: [charged, twice]
        rules: [{id: A, review: {approval: {any_of: cfo, amount: fee}}}]
        ---
        organisation: o
        roles: {cfo: {}}
        authority: [{role: cfo, amount: 5 CNY}]
        """
    engine = engine_of(policy_text(body))
    found = {}
    for day in ("2025-06-01", "2026-06-01"):
        facts = {"evidence": {"approvals": [{"person": "x", "role": "cfo", "date": day}]}}
        decision = engine.evaluate("point", facts, as_of=day)
        found[day] = ({k: str(v) for k, v in decision.values.items()}, decision.outcome)
    assert found == {
        "2025-06-01": ({"charged": "5.000", "twice": "10.000"}, "allow"),
        "2026-06-01": ({"charged": "0.125", "twice": "0.250"}, "allow"),
    }


def test_before_its_first_date_a_parameter_is_unknown():
    dated = "parameters: {fee: {values: [{from: 2026-02-01, value: 5 CNY}]}}"
    assert [worth("fee", {}, dated, day) for day in ("2026-01-31", "2026-02-01")] == [None, 5]
    assert worth("known(fee)", {}, dated, "2026-01-31") is False
    assert worth("coalesce(fee, 1)", {}, dated, "2026-01-31") == 1


def test_a_membership_of_constants_is_one_lookup():
    plan = plan_of('rules: [{id: A, when: "customer.grade in [\\"A\\", \\"B\\"]", deny: true}]')
    assert names(plan).count("in") == 1
    assert "cmp" not in names(plan)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("order.amount in [5, 7.00, 7.001]", True),
        ("order.amount in [7.001]", False),
        ("order.amount in [order.paid, 7]", True),
        ("order.amount / 2 in [3.5]", True),
        ("7.0 in [order.amount]", NotImplemented),
        ("order.pieces in marks", True),
        ("order.pieces not in marks", False),
        ("order.due in [as_of, date(\"2026-01-31\")]", True),
        ("order.note in [\"a\"]", None),
        ("order.pieces in [order.pieces / 0, 7]", True),
        ("order.pieces in [order.pieces / 0, 8]", None),
    ],
)  # fmt: skip
def test_membership(expression, value):
    facts = {"order": {"amount": 7, "pieces": 7, "due": "2026-01-31"}}
    more = "parameters: {marks: [3, 7.0, 12.5]}"
    if value is NotImplemented:
        expression, value = "7.0 CNY in [order.amount]", True
    assert worth(expression, facts, more) is value


def test_too_many_digits_are_said_once_and_where_they_begin():
    _, found = check_text(
        policy_text("""
        let:
          wide: order.amount * 99999999999999999999999999999999999999
          wider: wide * 99999999999999999999999999999999999999
          widest: wider * 2
        rules:
        - {id: A, when: wider > 5, deny: true}
        - {id: B, when: widest > 5, deny: true}
        """)
    )
    assert [(p.code, p.message) for p in found] == [
        ("E312", f"the formula `wider` could need more than {MAX_DIGITS} digits")
    ]


def test_a_wide_value_that_is_rounded_stays_exact():
    exact = worth(
        "round(order.amount * 1.23456789012345678 * 1.23456789012345678, 18)", {"order": {"amount": "3.33"}}
    )
    assert str(exact) == "5.075445724828532564"


def test_a_loop_inside_a_loop_sees_both_records():
    facts = {"order": {"lines": [
        {"price": "2.00", "parts": [{"weight": 1}, {"weight": 3}]},
        {"price": "5.00", "parts": [{"weight": 4}]},
    ]}}  # fmt: skip
    assert (
        worth(
            "round(sum(sum(p.weight * l.price for p in l.parts if p.weight > 1) for l in order.lines), 2)",
            facts,
        )
        == 26
    )


def test_a_formula_with_a_loop_inside_a_loop():
    facts = {"order": {"lines": [{"price": 2}, {"price": 6}]}}
    more = "let: {total: sum(l.price for l in order.lines)}"
    assert worth("sum(round(l.price / total, 4) for l in order.lines if l.price < total)", facts, more) == 1


def test_many_arguments_in_a_loop_do_not_multiply():
    parts = ", ".join(f"round(l.price / {i}, 2)" for i in range(1, 40))
    assert worth(f"sum(max({parts}) for l in order.lines)", {"order": {"lines": [{"price": 6}]}}) == 6
