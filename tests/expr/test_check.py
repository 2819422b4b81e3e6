"""Typing: what expressions mean, how they bind, and what is said of those that mean nothing."""

import pytest

from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.policy.types import BOOLEAN


@pytest.fixture
def typed(scope):
    def typed(text):
        node, problems = check(text, scope)
        assert node is not None, problems
        return node

    return typed


def shape(node):
    """A tree with all its brackets."""
    match node:
        case t.Literal():
            return str(node.value)
        case t.FieldRef():
            return node.path
        case t.ItemRef():
            return f"{node.variable}.{node.path.rpartition('.')[2]}"
        case t.AsOf():
            return "as_of"
        case t.ParameterRef() | t.FormulaRef():
            return node.name
        case t.Arithmetic() | t.Compare():
            return f"({shape(node.left)} {node.op} {shape(node.right)})"
        case t.Logic():
            return f"({f' {node.op} '.join(map(shape, node.operands))})"
        case t.Not():
            return f"(not {shape(node.operand)})"
        case t.Negation():
            return f"(-{shape(node.operand)})"
        case t.Conditional():
            return f"({shape(node.then)} if {shape(node.test)} else {shape(node.otherwise)})"
        case t.Membership():
            return f"({shape(node.item)} in {', '.join(map(shape, node.options))})"
        case t.Call():
            return f"{node.name}({', '.join(map(shape, node.args))})"
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("order.urgent or order.urgent and not order.urgent", "(U or (U and (not U)))"),
        ("not order.urgent and order.urgent", "((not U) and U)"),
        ("not order.pieces == 3", "(not (order.pieces == 3))"),
        ("order.pieces + 2 * 3 == 4", "((order.pieces + (2 * 3)) == 4)"),
        ("-order.pieces * 2 == 4", "(((-order.pieces) * 2) == 4)"),
        ("order.pieces - 2 - 3 == 4", "(((order.pieces - 2) - 3) == 4)"),
        ("order.pieces / 2 / 3 == 4", "(((order.pieces / 2) / 3) == 4)"),
        ("0 < order.discount <= 5% < 1", "((0 < order.discount) and (order.discount <= 5) and (5 < 1))"),
        ("order.urgent if order.urgent else order.urgent or order.urgent", "(U if U else (U or U))"),
        ("order.pieces in [1, 2] and order.urgent", "((order.pieces in 1, 2) and U)"),
        ("order.pieces not in [1, 2]", "(not (order.pieces in 1, 2))"),
        ("order.urgent == order.pieces > 3", None),
    ],
)
def test_operators_bind_as_in_python(typed, scope, text, bound):
    if bound is None:  # a chain: `(a == b) and (b > 3)`, and a yes-or-no value is no number
        assert check(text, scope)[0] is None
    else:
        assert shape(typed(text)) == bound.replace("U", "order.urgent")


@pytest.mark.parametrize(
    ("text", "type_", "scale"),
    [
        ("order.amount", "money CNY", 2),
        ("订单.金额", "money CNY", 2),
        ("订单.折扣率 * 订单.金额", "money CNY", 6),
        ("order.amount + 5", "money CNY", 2),
        ("5.125 + order.amount", "money CNY", 3),
        ("order.amount - order.paid", "money CNY", 2),
        ("order.amount / 3", "money CNY", None),
        ("order.amount / order.paid", "number", None),
        ("order.amount * order.pieces", "money CNY", 2),
        ("order.discount", "rate", 4),
        ("1 - order.discount", "rate", 4),
        ("order.discount * order.discount", "number", 8),
        ("order.pieces * 2", "integer", 0),
        ("order.pieces / 2", "number", None),
        ("order.due - as_of", "days", 0),
        ("as_of + 3", "date", 0),
        ("3 days + as_of", "date", 0),
        ("as_of - grace", "date", 0),
        ("order.waiting * 3", "days", 0),
        ("order.waiting / 1 day", "number", None),
        ("-order.term", "months", 0),
        ("+order.amount", "money CNY", 2),
        ("round(order.amount / 3, 2)", "money CNY", 2),
        ("floor(order.ratio)", "integer", 0),
        ("abs(order.amount / 3)", "money CNY", None),
        ("min(order.amount, limit, 3)", "money CNY", 2),
        ("max(order.due, as_of)", "date", 0),
        ("allocate(order.amount, shares).manager", "money CNY", 2),
        ("shares.manager", "integer", 0),
        ("count(order.lines)", "integer", 0),
        ("sum(l.price * l.quantity for l in order.lines)", "money CNY", 2),
        ("max(l.shipped for l in order.lines if l.gift)", "date", 0),
        ("any(l.gift for l in order.lines)", "boolean", 0),
        ("band(order.discount, ladder)", "text", 0),
        ("terms.days", "days", 0),
        ("coalesce(order.note, order.memo)", "text", 0),
        ('customer.grade if order.urgent else "B"', "choice of A, B, C", 0),
        ("length(order.memo)", "integer", 0),
        ("months_between(order.due, as_of)", "months", 0),
        ('accrue(order.amount, 5%, order.due, as_of, "ACT/365")', "money CNY", None),
        ("order.place.distance", "number", 1),
    ],
)
def test_every_expression_has_a_unit_and_its_decimals(typed, text, type_, scale):
    node = typed(text)
    assert (str(node.type), node.type.scale) == (type_, scale)
    assert node.span == (0, len(text)) or text.startswith("+")


def test_names_are_compared_as_python_compares_them(typed):
    assert shape(typed("ｏrder.amount")) == "order.amount"


def test_a_text_becomes_the_choice_it_stands_beside(typed):
    compare = typed('"A" == customer.grade')
    assert compare.left.type == compare.right.type == typed("customer.grade").type


@pytest.mark.parametrize(
    "text",
    [
        "known(order.note) and order.note == order.memo",
        "not known(order.note) or order.note == order.memo",
        "order.note == order.memo if known(order.note) else order.urgent",
        "order.urgent if not known(order.note) else order.note == order.memo",
        "coalesce(order.note, order.memo) == order.memo",
        "known(order.note)",
        "any(known(l.rebate) and l.rebate > 5% for l in order.lines)",
        "any(l.rebate > 5% for l in order.lines if known(l.rebate))",
    ],
)
def test_an_optional_fact_may_be_used_where_it_is_asked_for(scope, text):
    assert check(text, scope)[1] == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("order.note == order.memo", "order.note"),
        ("known(order.note) or order.note == order.memo", "order.note"),
        ("order.memo == coalesce(order.note, order.note)", "order.note"),
        ("order.note == order.memo if order.urgent else known(order.note)", "order.note"),
        ("any(l.rebate > 5% for l in order.lines)", "l.rebate"),
    ],
)
def test_an_optional_fact_without_a_question_is_a_warning(scope, text, marked):
    node, [problem] = check(text, scope)
    assert node is not None
    assert (problem.code, problem.warning, text[slice(*problem.span)]) == ("W401", True, marked)
    assert problem.help == f"ask `known({marked})` first, or use `coalesce({marked}, …)`"


@pytest.mark.parametrize(
    "text",
    [
        "order.discount > 1",
        "order.discount >= 0",
        "1.5 < order.discount",
        "150% >= 订单.折扣率",
        "order.discount != 2",
    ],
)
def test_a_comparison_that_the_bounds_decide_is_a_warning(scope, text):
    _, [problem] = check(text, scope)
    assert (problem.code, problem.message) == (
        "W402", f"`{text}` is always the same: `order.discount` is bounded by its declaration"
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["order.discount >= 1", "order.discount > 0", "0 < order.discount", "order.discount == 1"]
)
def test_a_comparison_at_the_bound_is_none(scope, text):
    assert check(text, scope)[1] == []


PROBLEMS = [
    ("x ** 2", "E302", "operator in `x ** 2` is not part of the language", "x ** 2"),
    ("order.lines[0]", "E302", "`order.lines[0]` is not part of the language", "order.lines[0]"),
    ("None", "E302", "`None` is not part of the language", "None"),
    ("f'a'", "E302", "`f'a'` is not part of the language", "f'a'"),
    ("b'a' == order.memo", "E302", "`b'a'` is not part of the language", "b'a'"),
    ("u'a' == order.memo", "E302", "`u'a'` is not part of the language", "u'a'"),
    ("order.pieces in [1] == order.urgent", "E302", "`in` cannot stand in a chain of comparisons", "order.pieces in [1] == order.urgent"),
    ("order.memo is order.memo", "E302", "`is` is not part of the language", "order.memo is order.memo"),
    ("any(1 for a in order.lines for b in order.lines)", "E302", "`any` takes one `for name in list`", "any(1 for a in order.lines for b in order.lines)"),
    ("abs(1 for a in order.lines)", "E302", "`abs` does not take `… for … in …`", "abs(1 for a in order.lines)"),
    ("order.memo.lower()", "E302", "`order.memo.lower()` is not part of the language", "order.memo.lower()"),
    ("额度 > 5", "E303", "unknown name `额度`", "额度"),
    ("expsure > 5", "E303", "unknown name `expsure`", "expsure"),
    ("any(limit.gift for limit in order.lines)", "E303", "`limit` already has a meaning here", "limit"),
    ("any(any(l.weight > 1 for l in l.parts) for l in order.lines)", "E303", "`l` already has a meaning here", "l"),
    ("订单.数额 > 5", "E304", "unknown field `数额` of `order`", "订单.数额"),
    ("order.place.town == order.memo", "E304", "unknown field `town` of `place`", "order.place.town"),
    ("order.amount.value", "E304", "`order.amount` has no field `value`: it is no record", "order.amount.value"),
    ("terms.day", "E304", "table `terms` has no output `day`", "terms.day"),
    ("terms.days.x", "E304", "`terms.days` has no fields", "terms.days.x"),
    ("shares.cfo", "E304", "`shares` has no `cfo`", "shares.cfo"),
    ("limit.x", "E304", "`limit` is money CNY and has no field `x`", "limit.x"),
    ("order.place", "E305", "`order.place` is a record, expected one of its fields", "order.place"),
    ("order", "E305", "`order` is a record, expected one of its values", "order"),
    ("terms", "E305", "`terms` is a table, expected one of its values", "terms"),
    ("order.memo < order.note", "E305", "cannot compare `order.memo` with `order.note`: texts and choices have no order", "order.memo < order.note"),
    ("order.urgent < order.urgent", "E305", "cannot compare `order.urgent` with `order.urgent`: a true-or-false value has no order", "order.urgent < order.urgent"),
    ("order.due == 5", "E305", "cannot compare `order.due` with `5`: a date and a plain number are of different types", "order.due == 5"),
    ("order.memo + order.memo", "E305", "cannot calculate `order.memo + order.memo`: expected a number but got a text", "order.memo + order.memo"),
    ("-order.memo", "E305", "expected a number but got a text", "order.memo"),
    ("~order.pieces", "E305", "expected a number but got an integer", "order.pieces"),
    ("sum(l.gift for l in order.lines)", "E305", "`sum` expects numbers but got a true-or-false value", "l.gift"),
    ("sum(l for l in order.lines)", "E305", "`l` is a record, expected one of its values", "l"),
    ("any(l.gift for l in order.memo)", "E305", "expected a list of records but got a text", "order.memo"),
    ("count(order.memo)", "E305", "`order.memo`: expected a list of records but got a text", "order.memo"),
    ("grades", "E305", "`grades` is no single value", "grades"),
    ("order.lines if order.urgent else order.lines", "E305", "`order.lines` is no single value", "order.lines"),
    ("allocate(order.amount, grades)", "E305", "`grades`: expected named numbers, such as `{a: 5, b: 3}`", "grades"),
    ("order.memo in order.memo", "E305", "expected a list of values but got a text", "order.memo"),
    ("order.amount + order.cost", "E306", "cannot calculate `order.amount + order.cost`: CNY and USD have different units", "order.amount + order.cost"),
    ("order.amount > plain", "E306", "cannot compare `order.amount` with `plain`: CNY and a plain number have different units", "order.amount > plain"),
    ("order.waiting + 1.5", "E306", "cannot calculate `order.waiting + 1.5`: expected a whole number of days", "order.waiting + 1.5"),
    ("as_of + order.term", "E306", "cannot calculate `as_of + order.term`: months differ in length", "as_of + order.term"),
    ("3 days - as_of", "E306", "cannot calculate `3 days - as_of`: a date cannot be taken from a duration", "3 days - as_of"),
    ("as_of * 2", "E306", "cannot calculate `as_of * 2`: a date can only be added to days, or taken from a date", "as_of * 2"),
    ("5 / order.amount", "E306", "cannot calculate `5 / order.amount`: a plain number / CNY has no meaning", "5 / order.amount"),
    ("order.amount if order.urgent else order.waiting", "E306", "the two branches differ: expected CNY but got days", "order.amount if order.urgent else order.waiting"),
    ("rond(order.amount)", "E307", "unknown function `rond`", "rond"),
    ("round()", "E308", "`round` expects 1 to 3 arguments but got 0", "round()"),
    ("abs(1, 2)", "E308", "`abs` expects 1 argument but got 2", "abs(1, 2)"),
    ("round(order.amount, order.pieces)", "E308", "`order.pieces`: expected decimals from 0 to 18", "order.pieces"),
    ("round(order.amount, 19)", "E308", "`19`: expected decimals from 0 to 18", "19"),
    ("round(*order.lines)", "E308", "`round` takes its arguments by position", "round(*order.lines)"),
    ("band(order.discount, limit)", "E308", "`limit`: expected a parameter with `bands`", "limit"),
    ("date(order.memo)", "E308", 'expected a text such as `date("2026-12-31")`', "order.memo"),
    ('customer.grade == "D"', "E309", "cannot compare `customer.grade` with `\"D\"`: `D` is none of the choices", 'customer.grade == "D"'),
    ('customer.region in grades', "E309", "cannot compare `customer.region` with `grades`: `A` is none of the choices", "customer.region in grades"),
    ("customer.grade == customer.region", "E310", "cannot compare `customer.grade` with `customer.region`: one is of A, B, C, the other of north, south", "customer.grade == customer.region"),
    ("allocate(third, shares)", "E311", "`third` has no definite number of decimals", "third"),
    ("sum(l.price / 3 for l in order.lines)", "E311", "`l.price / 3` has no definite number of decimals", "l.price / 3"),
    ("not " * 90 + "order.urgent", "E314", "more than 80 operations inside one another", "not " * 9 + "order.urgent"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "message", "marked"), PROBLEMS, ids=[f"{c} {t[:40]}" for t, c, _, _ in PROBLEMS]
)
def test_what_is_wrong_is_said_at_its_place(scope, text, code, message, marked):
    node, problems = check(text, scope)
    found = next(p for p in problems if not p.warning)
    assert node is None
    assert (found.code, found.message, text[slice(*found.span)]) == (code, message, marked)


def test_all_problems_are_found_at_once(scope):
    text = "expsure > 5 and 订单.数额 > 5 and rond(1) > 2"
    assert [p.code for p in check(text, scope)[1]] == ["E303", "E304", "E307"]


def test_a_long_chain_of_operations_is_refused_once(scope):
    text = " + ".join(["order.pieces"] * 120) + " > 5"
    [problem] = check(text, scope)[1]
    assert (problem.code, problem.message) == ("E314", "more than 80 operations inside one another")


def test_what_is_wrong_elsewhere_is_not_said_again(scope):
    assert check("broken + 5 > 3", scope) == (None, [])


def test_a_condition_has_to_be_one(scope):
    node, [problem] = check("订单.金额", scope, BOOLEAN)
    assert node is None
    assert problem.message == "expected a true-or-false value but got money CNY"
    assert problem.help == "compare it with something, as in `订单.金额 > …`"


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("expsure > 5", "did you mean `exposure`?"),
        ("Order.amount > abs", "`abs` is a function: write `abs(...)`"),
        ("oder.amount > 5", "did you mean `order`?"),
        ("order.amout > 5", "did you mean `order.amount`?"),
        ("订单.金领 > 5", "did you mean `订单.金额`?"),
        ("any(l.quantty > 1 for l in order.lines)", "did you mean `l.quantity`?"),
        ("shares.salespersn", "did you mean `shares.salesperson`?"),
        ("today() > as_of", "the date of the decision is `as_of`"),
        ("order.amount > order.cost", "convert one of them by a rate of exchange, a fact or a parameter"),
        ("order.amount > plain", "give the value its unit: `… CNY`"),
        ("True", "write `true`"),
        ('order.due > "2026-01-01"', 'write a date as `date("2026-12-31")`'),
        ("order.waiting / 2 > 3 days", "divide by `1 day` to calculate with a plain number"),
    ],
)
def test_the_help_says_what_to_do(scope, text, help_):
    problem = next(p for p in check(text, scope)[1] if not p.warning)
    assert problem.help == help_


def test_asking_whether_something_is_known_costs_no_more_when_nested(scope):
    nested = "known(" * 55 + "order.note" + ")" * 55
    assert check(nested, scope)[1] == []
