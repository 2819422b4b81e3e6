"""What may be added to, multiplied by and compared with what, and the type that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from salesctrl.diagnostics import suggest
from salesctrl.expr import tree as t
from salesctrl.policy.types import DATE, DAYS, NUMERIC, ORDERED, TEXTUAL, Base, Type, number

CONVERT = "convert one of them by a rate of exchange, a fact or a parameter"


class UnitProblem(Exception):
    """Types that do not go together; ``code`` of the diagnostic, the message, and what to do."""

    def __init__(self, code: str, message: str, help: str | None = None):
        super().__init__(message)
        self.code = code
        self.help = help


def adapt(node: t.Node, expected: Type) -> t.Node:
    """The node as a value of the expected type, the scale aside.

    A bare literal takes the unit that is expected; a text literal becomes one of the choices. Raises
    :class:`UnitProblem` where that cannot be.
    """
    have = node.type
    if have.base is expected.base:
        if have.base is Base.MONEY and have.currency != expected.currency:
            raise UnitProblem("E306", f"expected {expected.unit} but got {have.unit}", CONVERT)
        if have.base is Base.LIST and have != expected:
            raise UnitProblem("E305", f"expected {described(expected)} but got {described(have)}")
        if have.base is Base.MAP and have != expected:
            raise UnitProblem("E305", *_map_difference(have, expected))
        if have.base is Base.CHOICE and have.choices != expected.choices:
            raise UnitProblem("E310", f"expected {described(expected)} but got {described(have)}")
        return node
    if have.bare and expected.base in NUMERIC:
        if expected.base in (Base.DAYS, Base.MONTHS) and have.scale != 0:
            raise UnitProblem("E306", f"expected a whole number of {expected.unit}")
        return replace(node, type=expected.with_scale(have.scale))
    if expected.base is Base.CHOICE and have.base is Base.TEXT:
        if isinstance(node, t.Literal):
            return _choose(node, expected)
        raise UnitProblem("E305", f"expected {described(expected)} but got a text")
    if have.base in NUMERIC and expected.base in NUMERIC:
        raise UnitProblem("E306", f"expected {expected.unit} but got {have.unit}", _unit_help(node, expected))
    raise UnitProblem("E305", f"expected {described(expected)} but got {described(have)}")


def described(type_: Type) -> str:
    """A type with its article, as messages have it.

    >>> described(DATE), described(DAYS), described(number(0))
    ('a date', 'days', 'an integer')
    """
    match type_.base:
        case Base.MONEY | Base.DAYS | Base.MONTHS:
            return str(type_)
        case Base.BOOLEAN:
            return "a true-or-false value"
        case Base.MAP:
            return f"named numbers ({', '.join(type_.keys)})"
    word = str(type_)
    return ("an " if word[0] in "aeiou" else "a ") + word


def _unit(type_: Type) -> str:
    """A unit, or what is there in place of one."""
    return described(type_) if type_.base in (Base.BOOLEAN, Base.MAP) else type_.unit


def _map_difference(have: Type, expected: Type) -> tuple[str, str]:
    """Why two splits do not go together, and what to do."""
    if have.keys != expected.keys:
        return (
            f"expected the names {', '.join(expected.keys)} but got {', '.join(have.keys)}",
            "split both by the same named numbers",
        )
    return "the parts have different units or decimals", "round both totals to the same decimals"


def _choose(node: t.Literal, expected: Type) -> t.Node:
    if node.value not in expected.choices:
        near = suggest(str(node.value), expected.choices)
        help = f"did you mean `{near}`?" if near else f"the choices are {', '.join(expected.choices)}"
        raise UnitProblem("E309", f"`{node.value}` is none of the choices", help)
    return replace(node, type=expected)


def _unit_help(node: t.Node, expected: Type) -> str | None:
    """What to do about a plain number in the place of something with a unit."""
    have = node.type
    if have.base is Base.MONEY and expected.base is Base.MONEY:
        return CONVERT
    named = isinstance(node, t.ParameterRef | t.FieldRef | t.ItemRef | t.Literal)
    if named and have.base is Base.NUMBER and expected.base is not Base.NUMBER and not have.percent:
        return f"give the value its unit: `… {expected.unit}`"
    return None


def _differ(left: t.Node, right: t.Node) -> UnitProblem:
    a_, b_ = left.type, right.type
    help = _unit_help(left, b_) or _unit_help(right, a_)
    return UnitProblem("E306", f"{_unit(a_)} and {_unit(b_)} have different units", help)


def arithmetic_type(op: t.ArithmeticOp, left: t.Node, right: t.Node) -> tuple[t.Node, t.Node, Type]:
    """The operands, adapted to one another, and the type of the result."""
    for side in (left, right):
        if side.type.base not in NUMERIC and side.type.base is not Base.DATE:
            raise UnitProblem("E305", f"expected a number but got {_unit(side.type)}")
    if op in ("+", "-"):
        return _sum_type(op, left, right)
    return _product_type(op, left, right)


def _sum_type(op: str, left: t.Node, right: t.Node) -> tuple[t.Node, t.Node, Type]:
    a, b = left.type, right.type
    if a.base is Base.DATE and b.base is Base.DATE:
        if op == "-":
            return left, right, DAYS
        raise UnitProblem("E306", "two dates cannot be added")
    if Base.DATE in (a.base, b.base):
        if b.base is Base.DATE and op == "-":
            raise UnitProblem("E306", "a date cannot be taken from a duration")
        date, days = (left, right) if a.base is Base.DATE else (right, left)
        if days.type.base is Base.MONTHS:
            raise UnitProblem("E306", "months differ in length", "use `add_months(date, months)`")
        return date, adapt(days, DAYS), DATE
    if a.bare and not b.bare:
        left = adapt(left, b)
    elif b.bare and not a.bare:
        right = adapt(right, a)
    a, b = left.type, right.type
    if a.base is not b.base or a.currency != b.currency:
        raise _differ(left, right)
    scale = None if a.scale is None or b.scale is None else max(a.scale, b.scale)
    percent = (a.percent or b.percent) and _rate_like(left) and _rate_like(right)
    return left, right, replace(a, scale=scale, bare=a.bare and b.bare, percent=percent)


def _rate_like(node: t.Node) -> bool:
    """A rate, or a bare literal beside one (the 1 of ``1 - rate``)."""
    return node.type.percent or isinstance(node, t.Literal)


def _product_type(op: str, left: t.Node, right: t.Node) -> tuple[t.Node, t.Node, Type]:
    a, b = left.type, right.type
    if Base.DATE in (a.base, b.base):
        raise UnitProblem("E306", "a date can only be added to days, or taken from a date")
    bare = a.bare and b.bare
    if op == "*":
        scale = None if a.scale is None or b.scale is None else a.scale + b.scale
        if a.base is Base.NUMBER or b.base is Base.NUMBER:
            unit = b if a.base is Base.NUMBER else a
            if unit.base in (Base.DAYS, Base.MONTHS) and scale != 0:
                raise UnitProblem(
                    "E306", f"{unit.unit} are whole, and so can only be multiplied by a whole number",
                    f"divide by `1 {unit.unit[:-1]}` to calculate with a plain number",
                )  # fmt: skip
            return left, right, replace(unit, scale=scale, bare=bare, percent=False)
        raise UnitProblem("E306", f"{a.unit} × {b.unit} has no meaning")
    if b.base is Base.NUMBER:
        if a.base in (Base.DAYS, Base.MONTHS):
            raise UnitProblem(
                "E306", f"{a.unit} are whole", f"divide by `1 {a.unit[:-1]}` to calculate with a plain number"
            )
        return left, right, replace(a, scale=None, bare=False, percent=a.percent and b.bare)
    if a.base is b.base and a.currency == b.currency:
        return left, right, number(None)
    raise UnitProblem("E306", f"{a.unit} / {b.unit} has no meaning")


def comparable(op: t.CompareOp, left: t.Node, right: t.Node) -> tuple[t.Node, t.Node]:
    """The two sides of a comparison, adapted to one another."""
    a, b = left.type, right.type
    if a.base in TEXTUAL and b.base in TEXTUAL:
        if op not in ("==", "!="):
            raise UnitProblem("E305", "texts and choices have no order")
        if a.base is Base.CHOICE and b.base is Base.CHOICE and a.choices != b.choices:
            mine, theirs = ", ".join(a.choices), ", ".join(b.choices)
            raise UnitProblem("E310", f"one is of {mine}, the other of {theirs}")
        if a.base is Base.CHOICE and isinstance(right, t.Literal) and b.base is Base.TEXT:
            return left, _choose(right, a)
        if b.base is Base.CHOICE and isinstance(left, t.Literal) and a.base is Base.TEXT:
            return _choose(left, b), right
        return left, right
    if a.bare and not b.bare and b.base in NUMERIC:
        left = adapt(left, b)
    elif b.bare and not a.bare and a.base in NUMERIC:
        right = adapt(right, a)
    a, b = left.type, right.type
    if a.base in NUMERIC and b.base in NUMERIC:
        if a.base is not b.base or a.currency != b.currency:
            raise _differ(left, right)
        return left, right
    if a.base is not b.base:
        help = 'write a date as `date("2026-12-31")`' if {a.base, b.base} == {Base.DATE, Base.TEXT} else None
        raise UnitProblem("E305", f"{_unit(a)} and {_unit(b)} are of different types", help)
    if a.base not in ORDERED and (op not in ("==", "!=") or a.base in (Base.LIST, Base.MAP)):
        raise UnitProblem(
            "E305", f"{_unit(a)} has no order" if op not in ("==", "!=") else f"{a.unit} cannot be compared"
        )
    return left, right


def unify(nodes: Sequence[t.Node]) -> tuple[tuple[t.Node, ...], Type]:
    """Nodes of one type (the branches of a choice, the arguments of ``min``), and that type."""
    lead = next((n for n in nodes if not n.type.bare), nodes[0])
    expected = lead.type
    if expected.base is Base.TEXT and any(n.type.base is Base.CHOICE for n in nodes):
        expected = next(n.type for n in nodes if n.type.base is Base.CHOICE)
    done = tuple(adapt(n, expected) for n in nodes)
    if expected.base not in NUMERIC:
        return done, expected
    scales = [n.type.scale for n in done]
    scale = None if None in scales else max(s for s in scales if s is not None)
    percent = all(n.type.percent or n.type.bare for n in done) and any(n.type.percent for n in done)
    return done, replace(expected, scale=scale, percent=percent, bare=all(n.type.bare for n in done))
