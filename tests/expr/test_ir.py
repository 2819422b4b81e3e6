"""The lowered graph: its folding changes nothing, and every value lies in the interval that it states."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.loading import engine_of
from tests.strategies import Chooser, Made, make_case, policy_sets

from salesctrl.evaluate.scalar import observer
from salesctrl.expr.ir import MAX_DIGITS, MAX_FLATTENED, Graph, TooWide
from salesctrl.numbers import RoundingMode, round_div

KLEENE = (True, False, None)
NUMBERS = (
    "add",
    "sub",
    "mul",
    "neg",
    "abs",
    "min",
    "max",
    "round",
    "nonzero",
    "sign",
    "item",
    "fold",
    "call",
)


def test_equal_operations_are_one_node():
    g = Graph()
    a, b = (g.make("input", (), i, -9, 9) for i in (1, 2))
    assert g.add(a, b) == g.add(a, b)
    assert g.add(a, b) != g.add(b, a)
    assert g.const(1) != g.const(True)
    assert g.const("1") != g.const(1)


@given(st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9), st.sampled_from(list(RoundingMode)))
def test_constants_are_computed_at_once(x, y, d, mode):
    g = Graph()
    a, b = g.const(x), g.const(y)
    assert [g.value(n) for n in (g.add(a, b), g.sub(a, b), g.mul(a, b), g.neg(a), g.abs(a))] == [
        x + y, x - y, x * y, -x, abs(x)
    ]  # fmt: skip
    assert [g.value(g.extreme(name, a, b)) for name in ("min", "max")] == [min(x, y), max(x, y)]
    assert g.compare("<", a, b) == (g.true if x < y else g.false)
    low, high = g.interval(g.round(a, g.const(d), mode.value))
    assert low <= round_div(x, d, mode) <= high


def test_what_changes_nothing_is_left_out():
    g = Graph()
    a, c = g.make("input", (), 1, -9, 9), g.make("input", (), 2)
    zero, one = g.const(0), g.const(1)
    assert {g.add(a, zero), g.add(zero, a), g.sub(a, zero), g.mul(a, one), g.mul(one, a)} == {a}
    assert g.round(a, one, "half_up") == g.extreme("min", a, a) == a
    assert g.nonzero(g.make("input", (), 3, 1, 9)) == g.make("input", (), 3, 1, 9)
    assert g.invert(g.invert(c)) == c
    assert g.logic("and", [g.true, c, g.true]) == g.logic("or", [c, g.false]) == c
    assert g.logic("and", [c, g.false]) == g.false
    assert g.logic("or", []) == g.false
    assert g.choose(g.true, a, zero) == a
    assert g.known(one) == g.true
    assert g.coalesce(one, a) == one
    assert g.guard(g.true, a, "why") == a


def test_zero_times_unknown_stays_unknown():
    g = Graph()
    a = g.make("input", (), 1, -9, 9)
    assert g.value(g.mul(a, g.const(0))) is None


@pytest.mark.parametrize("name", ["and", "or"])
def test_nested_logic_is_joined_but_not_without_end(name):
    g = Graph()
    parts = [g.make("input", (), i) for i in range(100)]
    joined = parts[0]
    for part in parts[1:]:
        joined = g.logic(name, [joined, part])
    assert max(len(op.args) for op in g.ops) == MAX_FLATTENED + 1
    assert g.ops[g.logic(name, [g.logic(name, parts[:2]), parts[2]])].args == tuple(parts[:3])


def test_a_graph_grows_with_a_table_and_not_with_its_square():
    def size(rows):
        table = "".join(f"\n    - {{match: '{i}', flag: true}}" for i in range(rows))
        engine = engine_of(
            "vocabulary: v\nkinds: {o: {fields: {q: {type: integer, digits: 6}}}}\n---\n"
            f"policy: p\ncontrol_point: c\ntables:\n  t:\n    inputs: [o.q]\n    hit: first\n    rows:{table}\n"
        )
        return sum(len(op.args) for op in engine.point("c").plans[0].graph.ops)

    assert size(400) < 2.2 * size(200)


def test_no_value_needs_more_digits_than_two_wide_integers_hold():
    g = Graph()
    a = g.make("input", (), 1, 0, 10**38)
    square = g.mul(a, a)
    assert g.interval(square)[1] == 10**MAX_DIGITS
    with pytest.raises(TooWide):
        g.mul(square, g.const(10))
    with pytest.raises(TooWide):
        g.neg(g.add(square, g.const(1)))


@settings(max_examples=40)
@given(policy_sets())
def test_every_value_lies_in_its_interval(drawn: tuple[Made, Chooser]) -> None:
    made, c = drawn
    point = engine_of(made.text, overlays=True).point("point")
    for _ in range(3):
        case = make_case(c, made.world)
        evaluator = point.at(case.as_of.toordinal())
        ops = evaluator.plan.graph.ops
        nodes = [n for n, op in enumerate(ops) if op.name in NUMBERS and not op.loops]
        if not nodes:
            continue
        see = observer(evaluator.plan, dict(evaluator._scalar.globals), nodes)
        decision = evaluator.general(case.given, case.as_of.toordinal(), raising=True, tolerance=None)
        for node, value in zip(sorted(nodes), see(evaluator._scalar.values(decision), None), strict=True):
            if isinstance(value, int) and not isinstance(value, bool) and (ops[node].low or ops[node].high):
                assert ops[node].low <= value <= ops[node].high, ops[node]


@pytest.mark.parametrize("name", ["and", "or"])
def test_folding_keeps_kleenes_tables(name):
    """`x op y` of what is folded is what it is of what is not: here of constants beside an unknown."""
    for x, y in product(KLEENE, KLEENE):
        g = Graph()
        nodes = [g.make("input", (), i) if v is None else g.const(v) for i, v in enumerate((x, y))]
        folded = g.logic(name, nodes)
        final = name == "or"
        if final in (x, y):
            assert folded == g.const(final)
        elif x is None or y is None:
            assert folded not in (g.true, g.false)
        else:
            assert folded == g.const(not final)
