"""Where cells hold: regions agree with evaluation, and with one another."""

from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loading import WORDS, read_set
from tests.oracle import Machine

from salesctrl.compile.overlaps import overlapping
from salesctrl.compile.regions import ANY_NUMBER, ANY_TEXT, Region, everything, example, region
from salesctrl.diagnostics import Diagnostics
from salesctrl.expr.check import check
from salesctrl.expr.scope import Scope
from salesctrl.expr.unary import cell_test
from salesctrl.policy.vocabulary import build_vocabulary

SCOPE = Scope(build_vocabulary(read_set(WORDS)[0].vocabularies, Diagnostics()))
DAY = date(2026, 1, 15)


@cache
def input_of(text):
    """An input; the same one for the same text, as in a table."""
    node, problems = check(text, SCOPE)
    assert node is not None, problems
    return node


INPUTS = {
    "order.discount": st.integers(0, 20).map(lambda n: f"{n}%")
    | st.integers(0, 40).map(lambda n: f"0.{n:03}"),
    "order.pieces": st.integers(-5, 5).map(str) | st.integers(-5, 5).map(lambda n: f"{n}.5"),
    "order.waiting": st.integers(-5, 5).map(lambda n: f"{n} days"),
    "order.due": st.integers(0, 9).map(lambda n: (DAY + timedelta(n)).isoformat()),
    "customer.grade": st.sampled_from("ABC"),
    "order.memo": st.sampled_from(("x", "y", '"a, b"')),
    "order.urgent": st.sampled_from(("true", "false")),
}
VALUES = {
    "order.discount": [Fraction(n, 1000) for n in range(-5, 205)],
    "order.pieces": [Fraction(n) for n in range(-7, 8)],
    "order.waiting": [Fraction(n) for n in range(-7, 8)],
    "order.due": [DAY + timedelta(n) for n in range(-2, 12)],
    "customer.grade": ["A", "B", "C"],
    "order.memo": ["x", "y", "a, b", "z"],
    "order.urgent": [True, False],
}
ORDERED = ("order.discount", "order.pieces", "order.waiting", "order.due")


@st.composite
def cells(draw, name):
    """A unary test for an input."""
    ends = INPUTS[name]

    def one():
        kind = draw(st.integers(0, 3)) if name in ORDERED else 0
        if kind == 0:
            return draw(ends)
        if kind == 1:
            return f"{draw(st.sampled_from(('<', '<=', '>', '>=', '!=')))} {draw(ends)}"
        low, high = sorted((draw(ends), draw(ends)), key=lambda end: _number(name, end))
        return f"{draw(st.sampled_from('[('))}{low}..{high}{draw(st.sampled_from('])'))}"

    text = ", ".join(one() for _ in range(draw(st.integers(1, 3))))
    return draw(st.sampled_from((text, text, f"not({text})", "-")))


def _number(name, end):
    node, _ = check(f'date("{end}")' if name == "order.due" else end, SCOPE)
    return Fraction(node.value, 10 ** (node.type.scale or 0))


def condition(name, cell):
    x = input_of(name)
    test, problems = cell_test(cell, x, SCOPE)
    assert test is not None, problems
    return x, test


def contains(some, value):
    """Whether a value is in a region."""
    if some.texts is not None:
        return (value in some.texts) != some.complement
    at = (Fraction(value.toordinal()) if isinstance(value, date) else value, 0.5)
    return any((low is None or low < at) and (high is None or at < high) for low, high in some.pieces)


def evaluated(test, name, value):
    kind, _, field = name.partition(".")
    return Machine(SimpleNamespace(vocabulary=SCOPE.vocabulary), None, {kind: {field: value}}, DAY).value(
        test
    )


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=40)
@given(st.data())
def test_a_region_holds_what_its_cell_holds_for(name, data):
    x, test = condition(name, data.draw(cells(name)))
    found = region(test, x)
    assert found is not None
    assert [contains(found, v) for v in VALUES[name]] == [evaluated(test, name, v) for v in VALUES[name]]


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=30)
@given(st.data())
def test_regions_are_a_boolean_algebra(name, data):
    x, one = condition(name, data.draw(cells(name)))
    _, other = condition(name, data.draw(cells(name)))
    a, b, all_ = region(one, x), region(other, x), everything(x)
    values = VALUES[name]
    assert [contains(a.meet(b), v) for v in values] == [contains(a, v) and contains(b, v) for v in values]
    assert [contains(a.union(b), v) for v in values] == [contains(a, v) or contains(b, v) for v in values]
    assert [contains(a.outside(), v) for v in values] == [not contains(a, v) for v in values]
    assert all_.meet(a.meet(a.outside())).is_empty()


@pytest.mark.parametrize("name", INPUTS)
@settings(max_examples=30)
@given(st.data())
def test_an_example_is_an_example(name, data):
    x, test = condition(name, data.draw(cells(name)))
    found = everything(x).meet(region(test, x))
    shown = example(found, x)
    if shown is None:
        assert found.is_empty() or found.complement
        return
    if name == "order.memo":
        assert contains(found, shown)
    else:
        same, _ = cell_test(shown, x, SCOPE)
        assert contains(found, next(iter(_values_of(region(same, x)))))


def _values_of(some):
    if some.texts is not None:
        yield from some.texts
    for low, _ in some.pieces:
        yield low[0]


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("order.pieces", "> 5", "< 6"),
        ("order.pieces", "[5.2..5.8]", "-"),
        ("order.pieces", "5.5", "5.5"),
        ("order.waiting", "not(<= 5)", "not(>= 6)"),
        ("order.discount", "> 5%", "< 5.01%"),
        ("order.due", "> 2026-01-15", "< 2026-01-16"),
    ],
)
def test_between_two_values_of_so_many_decimals_there_is_nothing(name, one, other):
    (x, a), (_, b) = condition(name, one), condition(name, other)
    assert region(a, x).meet(region(b, x)).is_empty()


def test_what_is_not_plain_has_no_region():
    x, test = condition("order.amount", "> order.paid")
    assert region(test, x) is None
    assert region(condition("order.amount", "5, > order.paid")[1], x) is None


def test_an_exact_quotient_lies_anywhere_between():
    x = input_of("order.amount / 3")
    above, _ = cell_test("> 5", x, SCOPE)
    below, _ = cell_test("< 5.001", x, SCOPE)
    assert not region(above, x).meet(region(below, x)).is_empty()


@pytest.mark.parametrize(
    "empty", [Region(), Region(texts=frozenset()), ANY_NUMBER.outside(), ANY_TEXT.outside()]
)
def test_nothing_is_empty(empty):
    assert empty.is_empty()
    assert not empty.outside().is_empty()


@settings(max_examples=60)
@given(st.data())
def test_rows_that_overlap_are_those_that_no_column_tells_apart(data):
    names = data.draw(st.lists(st.sampled_from(list(INPUTS)), min_size=1, max_size=2))
    rows = []
    for _ in range(data.draw(st.integers(0, 6))):
        row = []
        for name in names:
            x, test = condition(name, data.draw(cells(name)))
            row.append(None if data.draw(st.integers(0, 9)) == 0 else region(test, x))
        rows.append(row)

    def together(a, b):
        return all(p is None or q is None or not p.meet(q).is_empty() for p, q in zip(a, b, strict=True))

    expected = {}
    for later, row in enumerate(rows):
        pairs = [
            (None not in row and None not in rows[e], -e) for e in range(later) if together(row, rows[e])
        ]
        if pairs:
            certain, earlier = max(pairs)
            expected[later] = (-earlier, certain)
    assert {later: (earlier, certain) for later, earlier, certain in overlapping(rows)} == expected
