"""Between policies: exceptions name rules of their control point, not in a circle; one output, one meaning."""

import pytest
from tests.loading import WORDS, check_text, engine_of


def policy(name, rules, point="point", more=""):
    return f"---\npolicy: {name}\ncontrol_point: {point}\n{more}\nrules:\n" + "".join(
        f"- {r}\n" for r in rules
    )


def problems(*policies):
    return [(p.code, p.message) for p in check_text(WORDS + "".join(policies))[1]]


def test_an_exception_may_be_in_another_policy_of_the_control_point():
    a, b = policy("a", ["{id: A, deny: true}"]), policy("b", ["{id: B, when: order.urgent, excepts: A}"])
    engine = engine_of(WORDS + a + b)
    found = [
        engine.evaluate("point", {"order": {"urgent": u}}, as_of="2026-01-01").outcome
        for u in (True, False, None)
    ]
    assert found == ["allow", "deny", "incomplete"]


def test_an_exception_may_take_a_whole_table_or_one_row():
    table = 'tables: {T: {inputs: [order.pieces], hit: first, rows: [{match: "> 5", deny: true}, {match: "-", flag: true}]}}'
    whole = engine_of(WORDS + policy("a", ["{id: X, excepts: T}"], more=table))
    row = engine_of(WORDS + policy("a", ["{id: X, excepts: 'T#1'}"], more=table))
    found = [
        [e.evaluate("point", {"order": {"pieces": n}}, as_of="2026-01-01").outcome for n in (6, 1)]
        for e in (whole, row)
    ]
    assert found == [["allow", "allow"], ["allow", "flag"]]


def test_exceptions_of_exceptions():
    rules = [
        "{id: A, deny: true}",
        "{id: B, when: order.urgent, excepts: A}",
        "{id: C, when: order.pieces > 5, excepts: B}",
    ]
    engine = engine_of(WORDS + policy("a", rules))
    facts = [(True, 1), (True, 9), (False, 9), (True, None), (None, 9)]
    found = [
        engine.evaluate("point", {"order": {"urgent": u, "pieces": p}}, as_of="2026-01-01") for u, p in facts
    ]
    assert [d.outcome for d in found] == ["allow", "deny", "deny", "incomplete", "deny"]
    assert found[1].fired == ("A", "C")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["{id: A, excepts: A}"], "exceptions go in a circle: A -> A"),
        (["{id: A, excepts: B}", "{id: B, excepts: A}"], "exceptions go in a circle: A -> B -> A"),
        (["{id: A, excepts: C}", "{id: B, excepts: A}", "{id: C, excepts: B}"], "exceptions go in a circle: A -> C -> B -> A"),
    ],
)  # fmt: skip
def test_circles_are_shown(rules, message):
    assert problems(policy("a", rules)) == [("E404", message)]


def test_a_circle_needs_a_day_on_which_all_of_it_is_in_force():
    early, late = "effective: {to: 2025-12-31}", "effective: {from: 2026-01-01}"
    apart = [f"{{id: A, excepts: B, {early}}}", f"{{id: B, excepts: A, {late}}}"]
    assert problems(policy("a", apart)) == []
    versions = policy("a", ["{id: A, excepts: B}", "{id: B, deny: true}"], more=early)
    versions += policy("a", ["{id: B, excepts: A}", "{id: A, deny: true}"], more=late)
    assert problems(versions) == []
    meeting = ["{id: A, excepts: B, effective: {to: 2026-01-01}}", f"{{id: B, excepts: A, {late}}}"]
    assert problems(policy("a", meeting)) == [("E404", "exceptions go in a circle: A -> B -> A")]


def test_what_an_exception_cannot_name():
    a = policy("a", ["{id: CR-18-2, deny: true}", "{id: X, excepts: [CR-18, Q-1]}"])
    b = policy("b", ["{id: Q-1, deny: true}"], point="other")
    _, found = check_text(WORDS + a + b)
    assert [(p.code, p.message, p.help) for p in found] == [
        ("E403", "rule `X` excepts unknown rule `CR-18`", "did you mean `CR-18-2`?"),
        ("E404", "rule `X` excepts `Q-1`, which belongs to control point `other`",
         "an exception counts only at its own control point"),
    ]  # fmt: skip


def test_a_rule_that_is_wrong_is_not_unknown_too():
    assert [
        code
        for code, _ in problems(policy("a", ["{id: A, when: ordr > 5, deny: true}", "{id: B, excepts: A}"]))
    ] == ["E303"]


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (["{id: A, compute: {x: 5 CNY}}"], ["{id: B, compute: {x: order.pieces}}"],
         "`x` is an output of policy `a` too, at the same control point"),
        (["{id: A, compute: {x: 5 CNY}}", "{id: B, compute: {x: order.pieces}}"], None,
         "`x` is an integer here and money CNY in another rule"),
        (["{id: A, compute: {x: customer.grade}}", "{id: B, compute: {x: customer.region}}"], None,
         "`x` is a choice of north, south here and a choice of A, B, C in another rule"),
    ],
)  # fmt: skip
def test_an_output_has_one_meaning(one, other, message):
    texts = [policy("a", one)] + ([policy("b", other)] if other else [])
    assert problems(*texts) == [("E414", message)]


def test_an_output_may_have_more_decimals_in_one_rule_than_in_another():
    rules = ["{id: A, when: order.urgent, compute: {x: 'round(order.ratio, 1)'}}",
             "{id: B, when: not order.urgent, compute: {x: 'round(order.ratio, 3)'}}"]  # fmt: skip
    engine = engine_of(WORDS + policy("a", rules))
    facts = [{"order": {"urgent": u, "ratio": "1.25"}} for u in (True, False)]
    assert [str(engine.evaluate("point", f, as_of="2026-01-01").values["x"]) for f in facts] == [
        "1.300",
        "1.250",
    ]


def test_versions_of_a_policy_may_compute_one_output():
    versions = policy("a", ["{id: A, compute: {x: 5 CNY}}"], more="effective: {to: 2025-12-31}")
    versions += policy("a", ["{id: A, compute: {x: order.pieces}}"], more="effective: {from: 2026-01-01}")
    engine = engine_of(WORDS + versions)
    found = [
        engine.evaluate("point", {"order": {"pieces": 3}}, as_of=d).values
        for d in ("2025-12-31", "2026-01-01")
    ]
    assert found == [{"x": 5}, {"x": 3}]
