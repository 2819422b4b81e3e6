"""One transaction: Kleene's logic, the two paths to a decision, numbers at the ends of what is exact."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, getcontext, localcontext
from itertools import permutations, product
from types import SimpleNamespace

import pytest
from tests.loading import engine_of, policy_text, worth

from salesctrl.errors import FactsError

T, F, U = True, False, None
TRUTH = (T, F, U)


def facts_of(**order):
    return {"order": {name: value for name, value in order.items() if value is not None}}


# --- Kleene -------------------------------------------------------------------------------------------

LOGIC = """\
vocabulary: v
kinds: {o: {fields: {a: boolean, b: boolean, c: boolean, n: {type: integer, digits: 4}, items: {type: list, of: row}}},
        row: {fields: {a: boolean, b: boolean, n: {type: integer, digits: 4}}}}
"""  # fmt: skip


def logic(expression, **values):
    quoted = expression.replace("'", "''")
    engine = engine_of(policy_text(f"rules: [{{id: R, compute: {{x: '{quoted}'}}}}]", LOGIC))
    return engine.evaluate("point", {"o": values}, as_of="2026-01-01").values.get("x")


def kleene_and(*values):
    return F if F in values else U if U in values else T


def kleene_or(*values):
    return T if T in values else U if U in values else F


@pytest.mark.parametrize(("a", "b"), list(product(TRUTH, TRUTH)))
def test_and_and_or(a, b):
    assert logic("o.a and o.b", a=a, b=b) is kleene_and(a, b)
    assert logic("o.a or o.b", a=a, b=b) is kleene_or(a, b)
    assert logic("not o.a", a=a) is (U if a is U else not a)
    assert logic("o.a == o.b", a=a, b=b) is (U if U in (a, b) else a == b)


@pytest.mark.parametrize(("a", "b", "c"), list(product(TRUTH, TRUTH, TRUTH)))
def test_mixed_logic_and_choice(a, b, c):
    assert logic("o.a and (o.b or not o.c)", a=a, b=b, c=c) is kleene_and(
        a, kleene_or(b, U if c is U else not c)
    )
    assert logic("o.b if o.a else o.c", a=a, b=b, c=c) is (U if a is U else b if a else c)
    assert logic("coalesce(o.a, o.b, o.c)", a=a, b=b, c=c) is next((x for x in (a, b, c) if x is not U), U)


@pytest.mark.parametrize("values", [(), *((x,) for x in TRUTH), *product(TRUTH, TRUTH), (T, F, U)])
def test_any_and_all_over_a_list(values):
    items = [{"a": x} for x in values]
    assert logic("any(i.a for i in o.items)", items=items) is kleene_or(*values)
    assert logic("all(i.a for i in o.items)", items=items) is kleene_and(*values)


@pytest.mark.parametrize(("test", "value"), list(product(TRUTH, TRUTH)))
def test_an_item_that_does_not_take_part_does_not_count(test, value):
    items = [{"a": test, "b": value}]
    assert logic("any(i.b for i in o.items if i.a)", items=items) is kleene_and(test, value)
    assert logic("all(i.b for i in o.items if i.a)", items=items) is kleene_or(
        U if test is U else not test, value
    )


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([], (0, 0, None, None)),
        ([(T, 3), (T, 5)], (8, 2, 3, 5)),
        ([(T, 3), (F, None)], (3, 1, 3, 3)),
        ([(T, 3), (U, 5)], (None, None, None, None)),
        ([(T, 3), (T, None)], (None, 2, None, None)),
        ([(F, 3)], (0, 0, None, None)),
    ],
)
def test_sums_and_extremes_over_a_list(items, found):
    given = [{"a": a, "n": n} for a, n in items]
    kinds = ("sum(i.n for i in o.items if i.a)", "count(i for i in o.items if i.a)",
             "min(i.n for i in o.items if i.a)", "max(i.n for i in o.items if i.a)")  # fmt: skip
    assert tuple(logic(kind, items=given) for kind in kinds) == found


def test_a_list_that_is_not_there_is_unknown_and_not_empty():
    assert [logic(f"{kind}(i.a for i in o.items)") for kind in ("any", "all")] == [None, None]
    assert logic("count(o.items)") is None
    assert logic("count(o.items) > 0 or o.a", a=True) is True


# --- what decides -------------------------------------------------------------------------------------

RULES = """
rules:
- {id: DENY, when: order.amount > 100, deny: true}
- {id: FLAG, when: order.pieces > 5, flag: true}
- {id: OK, when: order.urgent, allow: true}
"""


@pytest.mark.parametrize(
    ("amount", "pieces", "urgent", "outcome", "fired", "unknown"),
    [
        (100, 5, True, "allow", ("OK",), ()),
        (100, 6, True, "flag", ("FLAG", "OK"), ()),
        ("100.01", 6, False, "deny", ("DENY", "FLAG"), ()),
        (None, 6, False, "incomplete", ("FLAG",), ("DENY",)),
        ("100.01", None, False, "deny", ("DENY",), ("FLAG",)),
        (100, 5, None, "incomplete", (), ("OK",)),
        (None, None, None, "incomplete", (), ("DENY", "FLAG", "OK")),
    ],
)
def test_the_highest_outcome_counts(amount, pieces, urgent, outcome, fired, unknown):
    decision = engine_of(policy_text(RULES)).evaluate(
        "point", facts_of(amount=amount, pieces=pieces, urgent=urgent), as_of="2026-01-01"
    )
    assert (decision.outcome, decision.fired, decision.unknown) == (outcome, fired, unknown)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_rules_that_differ_in_a_value_are_all_in_doubt_in_any_order(order):
    rules = [
        "- {id: A, compute: {x: order.pieces}}", "- {id: B, when: order.urgent, compute: {x: 7}}",
        "- {id: C, when: order.amount > 5, compute: {x: 7}}",
    ]  # fmt: skip
    engine = engine_of(policy_text("rules:\n" + "\n".join(rules[i] for i in order)))

    def found(**facts):
        decision = engine.evaluate("point", facts_of(**facts), as_of="2026-01-01")
        return decision.outcome.value, decision.values, set(decision.unknown)

    assert found(pieces=7, urgent=True, amount=9) == ("allow", {"x": 7}, set())
    assert found(pieces=8, urgent=True, amount=9) == ("incomplete", {}, {"A", "B", "C"})
    assert found(pieces=8, urgent=True, amount=1) == ("incomplete", {}, {"A", "B"})
    assert found(urgent=True, amount=1) == ("incomplete", {"x": 7}, {"A"})
    assert found(pieces=7, amount=9) == ("incomplete", {"x": 7}, {"B"})


def test_an_output_that_is_unknown_is_reported_and_makes_the_decision_incomplete():
    body = "let: {share: 'round(order.amount / order.pieces, 2)'}\noutputs: [share]\nrules: [{id: R, deny: false, allow: true}]"
    engine = engine_of(policy_text(body))
    found = [
        engine.evaluate("point", facts_of(amount=10, pieces=n), as_of="2026-01-01") for n in (4, 0, None)
    ]
    assert [(d.outcome, d.values["share"]) for d in found] == [
        ("allow", Decimal("2.50")), ("incomplete", None), ("incomplete", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("approved", "outcome", "fired", "pending"),
    [(False, "deny", ("R",), ()), (True, "review", ("X", "V"), ("V",))],
)
def test_an_exception_that_requires_something(approved, outcome, fired, pending):
    body = """
        rules:
        - {id: R, deny: true}
        - {id: X, excepts: R, requires: {approval: cfo}}
        - {id: V, when: known(order.amount), review: {document: letter}}
        ---
        organisation: o
        roles: {cfo: {}}
        """
    given = [{"person": "p", "role": "cfo", "date": "2026-01-01"}] if approved else []
    facts = {"evidence": {"approvals": given}} | (facts_of(amount=5) if approved else {})
    decision = engine_of(policy_text(body)).evaluate("point", facts, as_of="2026-01-01")
    assert (decision.outcome, decision.fired, decision.pending) == (outcome, fired, pending)


# --- forms of facts -----------------------------------------------------------------------------------

FORMS = """
let: {double: order.amount * 2, days: as_of - order.due}
outputs: [double, days]
rules:
- {id: R, when: order.amount > 5 and customer.grade == "A", flag: true, because: "{order.amount}, {days}, {order.discount}"}
- {id: S, when: any(l.price * l.quantity > 9 for l in order.lines), deny: true}
"""
PLAIN: dict[str, dict[str, object]] = {
    "order": {
        "amount": Decimal("5.10"), "due": date(2026, 1, 1), "discount": Decimal("0.0500"),
        "lines": [{"price": Decimal("4.55"), "quantity": 2}],
    },
    "customer": {"grade": "A"},
}  # fmt: skip


@dataclass
class Line:
    price: object
    quantity: object


@pytest.mark.parametrize(
    "facts",
    [
        PLAIN,
        {"order": {"amount": "5.1", "due": "2026-01-01", "discount": "0.05", "lines": ({"price": "4.55", "quantity": "2"},)},
         "customer": {"grade": "A"}},
        {"order": {"amount": 5.1, "due": "2026-01-01", "discount": 0.05, "lines": [Line(4.55, 2.0)]}, "customer": {"grade": "A"}},
        {"订单": {"金额": Decimal("5.1"), "到期日": date(2026, 1, 1), "折扣率": Decimal("5e-2"), "lines": [{"price": "4.550", "quantity": 2}]},
         "客户": {"等级": "A"}},
        SimpleNamespace(order=SimpleNamespace(amount=Decimal("5.10"), due=date(2026, 1, 1), discount=Decimal("0.05"),
                                              lines=[SimpleNamespace(price=Decimal("4.55"), quantity=2)]),
                        customer=SimpleNamespace(grade="A")),
        {"order": {"surplus": object(), **PLAIN["order"]}, "customer": {"grade": "A"}, "other": {"x": 1}},
    ],
)  # fmt: skip
def test_the_same_facts_in_any_form_give_the_same_bytes(facts):
    engine = engine_of(policy_text(FORMS))
    expected = engine.evaluate("point", PLAIN, as_of=date(2026, 3, 1)).to_json(trace=True)
    assert '"value": "5.10"' in expected
    assert engine.evaluate("point", facts, as_of="2026-03-01").to_json(trace=True) == expected


def test_the_trace_of_known_facts_is_the_same_written_at_once_and_node_by_node():
    engine = engine_of(policy_text(FORMS))
    for facts in (
        PLAIN,
        {"order": {**PLAIN["order"], "amount": Decimal("-0.00")}, "customer": {"grade": "B"}},
    ):
        trace = engine.evaluate("point", facts, as_of="2026-03-01").trace
        assert trace._plain() == trace.parts.to_dict()
        assert "-0.00" not in str(trace.to_dict())


def test_a_gap_in_a_list_is_seen_in_the_trace():
    facts = {"order": PLAIN["order"] | {"lines": [{"price": 5}]}, "customer": {"grade": "A"}}
    decision = engine_of(policy_text(FORMS)).evaluate("point", facts, as_of="2026-03-01")
    assert decision.unknown == ("S",)
    assert decision.trace.to_dict()["rules"][1]["status"] == "unknown"


def test_a_field_that_the_plan_does_not_read_is_no_misspelling():
    engine = engine_of(policy_text('rules: [{id: R, when: order.paid > 5 or order.memo == "a", deny: true}]'))
    assert (
        engine.evaluate("point", {"order": {"cost": 3, "note": "a"}}, as_of="2026-01-01").outcome
        == "incomplete"
    )
    with pytest.raises(FactsError, match="absent, but there is `mmemo`"):
        engine.evaluate("point", {"order": {"mmemo": "a", "paid": 1}}, as_of="2026-01-01")


# --- numbers at the ends ------------------------------------------------------------------------------

WIDE = """\
vocabulary: v
currency: CNY
kinds: {o: {fields: {a: {type: money, digits: 38}, b: {type: money, digits: 38}, r: {type: decimal, decimals: 18, digits: 38}}}}
"""


@pytest.mark.parametrize("form", [int, Decimal, str])
@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_long_numbers_are_compared_exactly_in_every_form(form, shift):
    engine = engine_of(policy_text("rules: [{id: R, when: o.a >= o.b, deny: true}]", WIDE))
    big = 10**35
    facts = {"o": {"a": form(big + shift), "b": form(big)}}
    assert engine.evaluate("point", facts, as_of="2026-01-01").outcome == ("allow" if shift < 0 else "deny")


def test_the_callers_decimal_context_changes_nothing():
    engine = engine_of(policy_text("rules: [{id: R, when: o.a * 3 > o.b, compute: {x: o.a + o.b}}]", WIDE))
    facts = {"o": {"a": Decimal("12345678901234567890.12"), "b": Decimal("37037036703703703670.35")}}
    expected = engine.evaluate("point", facts, as_of="2026-01-01").to_json(trace=True)
    assert '"fired": ["R"]' in expected
    with localcontext() as context:
        context.prec, context.traps = 3, dict.fromkeys(context.traps, False)
        assert getcontext().prec == 3
        assert engine.evaluate("point", facts, as_of="2026-01-01").to_json(trace=True) == expected


@pytest.mark.parametrize("rule", ["o.a == o.b", "o.a != o.b", "o.a > o.b", "o.r == 5"])
@pytest.mark.parametrize("value", ["NaN", "-NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(rule, value):
    engine = engine_of(policy_text(f"rules: [{{id: R, when: {rule}, deny: true}}]", WIDE))
    facts = {"o": {"a": Decimal(value), "b": Decimal(value), "r": Decimal(value)}}
    with pytest.raises(FactsError, match="F_NOT_FINITE"):
        engine.evaluate("point", facts, as_of="2026-01-01")
    decision = engine.evaluate("point", facts, as_of="2026-01-01", on_error="incomplete")
    assert decision.outcome == "incomplete"


@pytest.mark.parametrize(
    "value",
    [
        Decimal("0.005"),
        Decimal("1e40"),
        Decimal("1e999999"),
        Decimal("1e-400"),
        10**40,
        "0.005",
        0.1 + 0.2,
        "1e3",
        True,
        b"5",
    ],
)
def test_a_number_is_never_cut_or_guessed(value):
    engine = engine_of(policy_text("rules: [{id: R, when: o.a > 5, deny: true}]", WIDE))
    with pytest.raises(FactsError):
        engine.evaluate("point", {"o": {"a": value}}, as_of="2026-01-01")


def test_a_product_with_a_constant_is_shown_with_its_decimals():
    engine = engine_of(policy_text("rules: [{id: R, when: order.amount * 2.2 > 3, deny: true}]"))
    for facts in (facts_of(amount=Decimal("3.01")), SimpleNamespace(order=SimpleNamespace(amount="3.01"))):
        trace = engine.evaluate("point", facts, as_of="2026-01-01").trace.to_dict()
        assert trace["rules"][0]["condition"]["children"][0]["value"] == "6.622"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("order.amount / order.pieces > 0", None),
        ("known(order.amount / order.pieces)", False),
        ("order.amount / order.pieces > 0 or order.urgent", True),
        ("order.amount / order.pieces > 0 and not order.urgent", False),
        ("as_of + order.waiting > as_of", None),
        ("coalesce(as_of + order.waiting, as_of) == as_of", True),
        ("add_months(order.due, order.term) > as_of", None),
    ],
)
def test_an_error_is_unknown_and_not_an_exception(expression, value):
    facts = facts_of(amount=5, pieces=0, urgent=True, waiting=999_999, due="9999-12-31", term=999_999)
    facts["order"]["waiting"] = -999_999
    assert worth(expression, facts) is value


@pytest.mark.parametrize("other", [None, 1])
@pytest.mark.parametrize(
    ("amount", "outcome"), [(Decimal("5.00"), "allow"), (Decimal("4.99"), "deny"), (6, "allow")]
)
def test_a_number_that_is_only_compared_keeps_its_size_where_another_fact_is_absent(other, amount, outcome):
    engine = engine_of("""
        vocabulary: v
        currency: CNY
        kinds:
          order: {fields: {amount: money, other: {type: money, optional: true}}}
        ---
        policy: p
        control_point: order.release
        effective: {from: 2026-01-01}
        let: {more: "coalesce(order.other, 0)"}
        rules:
          - {id: R1, title: Small, when: order.amount < 5, deny: true}
    """)
    facts = {"order": {"amount": amount} | ({} if other is None else {"other": other})}
    assert engine.evaluate("order.release", facts, as_of="2026-03-01").outcome == outcome
