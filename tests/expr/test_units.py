"""What may be added to, multiplied by and compared with what."""

import pytest

from salesctrl.expr import tree as t
from salesctrl.expr.units import UnitProblem, arithmetic_type, comparable, described, unify
from salesctrl.policy.types import (
    BOOLEAN,
    DATE,
    DAYS,
    INSTANT,
    MONTHS,
    TEXT,
    choice,
    list_of,
    map_of,
    money,
    number,
)

CNY, USD, NUMBER, RATE, BARE = (
    money("CNY"),
    money("USD"),
    number(1),
    number(4, percent=True),
    number(0, bare=True),
)
NAMES = {
    "CNY": CNY, "USD": USD, "number": NUMBER, "rate": RATE, "bare": BARE, "days": DAYS, "months": MONTHS, "date": DATE,
}  # fmt: skip
KINDS = tuple(NAMES)


def node(name):
    return t.FieldRef(NAMES[name], (0, 1), name)


def result(op, left, right):
    try:
        type_ = arithmetic_type(op, node(left), node(right))[2]
    except UnitProblem:
        return "-"
    return described(type_).removeprefix("a ").removeprefix("an ")


SUMS = {
    #            CNY          USD          number    rate      bare      days    months    date
    "CNY":    ("money CNY", "-",         "-",      "-",      "money CNY", "-",    "-",      "-"),
    "USD":    ("-",         "money USD", "-",      "-",      "money USD", "-",    "-",      "-"),
    "number": ("-",         "-",         "number", "number", "number",    "-",    "-",      "-"),
    "rate":   ("-",         "-",         "number", "rate",   "number",    "-",    "-",      "-"),
    "bare":   ("money CNY", "money USD", "number", "number", "integer",   "days", "months", "date"),
    "days":   ("-",         "-",         "-",      "-",      "days",      "days", "-",      "date"),
    "months": ("-",         "-",         "-",      "-",      "months",    "-",    "months", "-"),
    "date":   ("-",         "-",         "-",      "-",      "date",      "date", "-",      "-"),
}  # fmt: skip
PRODUCTS = {
    "CNY":    ("-",         "-",         "money CNY", "money CNY", "money CNY", "-", "-", "-"),
    "USD":    ("-",         "-",         "money USD", "money USD", "money USD", "-", "-", "-"),
    "number": ("money CNY", "money USD", "number",    "number",    "number",    "-", "-", "-"),
    "rate":   ("money CNY", "money USD", "number",    "number",    "number",    "-", "-", "-"),
    "bare":   ("money CNY", "money USD", "number",    "number",    "integer",   "days", "months", "-"),
    "days":   ("-",         "-",         "-",         "-",         "days",      "-", "-", "-"),
    "months": ("-",         "-",         "-",         "-",         "months",    "-", "-", "-"),
    "date":   ("-",         "-",         "-",         "-",         "-",         "-", "-", "-"),
}  # fmt: skip
QUOTIENTS = {
    "CNY":    ("number", "-",      "money CNY", "money CNY", "money CNY", "-",      "-",      "-"),
    "USD":    ("-",      "number", "money USD", "money USD", "money USD", "-",      "-",      "-"),
    "number": ("-",      "-",      "number",    "number",    "number",    "-",      "-",      "-"),
    "rate":   ("-",      "-",      "number",    "number",    "rate",      "-",      "-",      "-"),
    "bare":   ("-",      "-",      "number",    "number",    "number",    "-",      "-",      "-"),
    "days":   ("-",      "-",      "-",         "-",         "-",         "number", "-",      "-"),
    "months": ("-",      "-",      "-",         "-",         "-",         "-",      "number", "-"),
    "date":   ("-",      "-",      "-",         "-",         "-",         "-",      "-",      "-"),
}  # fmt: skip


@pytest.mark.parametrize(("op", "table"), [("+", SUMS), ("*", PRODUCTS), ("/", QUOTIENTS)])
def test_the_table_of_units(op, table):
    assert {left: tuple(result(op, left, right) for right in KINDS) for left in KINDS} == table


def test_a_difference_is_as_a_sum_but_for_dates():
    differences = {left: tuple(result("-", left, right) for right in KINDS) for left in KINDS}
    assert differences == {
        **SUMS,
        "bare": (*SUMS["bare"][:-1], "-"),
        "days": (*SUMS["days"][:-1], "-"),
        "date": (*SUMS["date"][:-1], "days"),
    }


@pytest.mark.parametrize("op", ["==", "<"])
def test_what_can_be_compared(op):
    def fits(left, right):
        try:
            comparable(op, node(left), node(right))
        except UnitProblem:
            return False
        return True

    together = {frozenset((left, right)) for left in KINDS for right in KINDS if fits(left, right)}
    units = [{"CNY"}, {"USD"}, {"number", "rate"}, {"days"}, {"months"}]
    expected = {frozenset((a, b)) for unit in units for a in unit | {"bare"} for b in unit | {"bare"}}
    assert together == expected | {frozenset(("date",))}


def test_decimals_of_a_result():
    wide, narrow = t.FieldRef(money("CNY", 4), (0, 1), "a"), t.FieldRef(number(1), (0, 1), "b")
    assert arithmetic_type("+", wide, node("CNY"))[2].scale == 4
    assert arithmetic_type("*", wide, narrow)[2].scale == 5
    assert arithmetic_type("/", wide, narrow)[2].scale is None


def test_days_are_whole():
    bare = t.Literal(number(1, bare=True), (0, 1), 15)
    for op in ("+", "*"):
        with pytest.raises(UnitProblem):
            arithmetic_type(op, node("days"), bare)


def test_branches_take_the_unit_of_the_first_that_has_one():
    literal = t.Literal(BARE, (0, 1), 5)
    (five, _), type_ = unify((literal, node("CNY")))
    assert type_ == five.type.with_scale(2) == CNY
    assert unify((literal, literal))[1].bare


def test_a_text_literal_becomes_the_choice_of_another_branch():
    grade = choice(("A", "B"))
    (text, _), type_ = unify((t.Literal(TEXT, (0, 1), "B"), t.FieldRef(grade, (0, 1), "g")))
    assert type_ == text.type == grade
    with pytest.raises(UnitProblem) as found:
        unify((t.Literal(TEXT, (0, 1), "b"), t.FieldRef(grade, (0, 1), "g")))
    assert (found.value.code, found.value.help) == ("E309", "did you mean `B`?")


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (map_of(("a",), CNY), map_of(("b",), CNY), "E305"),
        (map_of(("a",), CNY), map_of(("a",), money("CNY", 4)), "E305"),
        (list_of(CNY), list_of(TEXT), "E305"),
        (choice(("A",)), choice(("B",)), "E310"),
        (CNY, USD, "E306"),
        (CNY, DAYS, "E306"),
        (CNY, DATE, "E305"),
        (INSTANT, DATE, "E305"),
        (BOOLEAN, TEXT, "E305"),
    ],
)
def test_what_cannot_stand_for_one_another(one, other, code):
    with pytest.raises(UnitProblem) as found:
        unify((t.FieldRef(one, (0, 1), "a"), t.FieldRef(other, (0, 1), "b")))
    assert found.value.code == code
