"""The functions of the language: what they take, and the typed tree that a call of them becomes.

Each is one entry of :data:`FUNCTIONS`. A function that can be said with simpler nodes is (``days_between`` is
a subtraction), so that what comes after has few kinds of call to know: see :data:`CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from salesctrl.calendar import DayCount
from salesctrl.expr import tree as t
from salesctrl.expr.scope import Scope
from salesctrl.expr.units import UnitProblem, adapt, described, unify
from salesctrl.numbers import RoundingMode
from salesctrl.policy.literals import BadLiteral, parse_date
from salesctrl.policy.types import (
    BOOLEAN,
    DATE,
    DAYS,
    MONTHS,
    ORDERED,
    TEXT,
    TEXTUAL,
    Base,
    Type,
    map_of,
    money,
    number,
)  # fmt: skip

ROUNDING = tuple(str(mode) for mode in RoundingMode)
MAX_DECIMALS = 18

CALLS = frozenset({
    "round", "min", "max", "abs", "allocate", "months_between", "months_started", "add_months",
    "add_workdays", "year_end", "month_end", "year", "month", "day", "accrue", "known", "coalesce",
    "starts_with", "ends_with", "contains", "lower", "length",
    "count_true", "collect_list", "collect_min", "collect_max",
})  # fmt: skip
"""Every name that a :class:`~salesctrl.expr.tree.Call` of a checked tree can have."""


class ArgumentProblem(Exception):
    """Arguments that the function does not take."""

    def __init__(
        self, message: str, span: t.Span | None = None, *, code: str = "E308", help: str | None = None
    ):
        super().__init__(message)
        self.message = message
        self.span = span
        self.code = code
        self.help = help


@dataclass(frozen=True, slots=True)
class Arguments:
    """The checked arguments of a call, with what the function may need to know."""

    span: t.Span
    nodes: Sequence[t.Node]
    text: Callable[[t.Node], str]
    scope: Scope

    def counted(self, name: str, least: int, most: int) -> Sequence[t.Node]:
        """The arguments, if they are as many as the function takes."""
        have = len(self.nodes)
        if not least <= have <= most:
            wanted = f"{least}" if most == least else f"{least} to {most}"
            noun = "argument" if wanted == "1" else "arguments"
            raise ArgumentProblem(f"`{name}` expects {wanted} {noun} but got {have}")
        return self.nodes

    def typed(self, node: t.Node, expected: Type) -> t.Node:
        """An argument, adapted to the type that is expected."""
        try:
            return adapt(node, expected)
        except UnitProblem as problem:
            raise ArgumentProblem(
                f"`{self.text(node)}`: {problem}", node.span, code=problem.code, help=problem.help
            ) from problem

    def numeric(self, node: t.Node) -> t.Node:
        """An argument that is a number of any unit."""
        if not node.type.is_numeric:
            raise ArgumentProblem(
                f"`{self.text(node)}`: expected a number but got {described(node.type)}",
                node.span,
                code="E305",
            )
        return node

    def textual(self, node: t.Node) -> t.Node:
        """An argument that is a text or a choice."""
        if node.type.base not in TEXTUAL:
            raise ArgumentProblem(
                f"`{self.text(node)}`: expected a text but got {described(node.type)}",
                node.span,
                code="E305",
            )
        return node

    def one_of(self, node: t.Node, allowed: Sequence[str]) -> str:
        """An argument that is a literal text out of a list."""
        if isinstance(node, t.Literal) and node.value in allowed:
            return str(node.value)
        shown = ", ".join(f'"{a}"' for a in allowed)
        raise ArgumentProblem(f"`{self.text(node)}`: expected one of {shown}", node.span)

    def decimals(self, node: t.Node) -> int:
        """An argument that is a literal number of decimals."""
        plain = isinstance(node, t.Literal) and node.type.bare and node.type.scale == 0
        value = node.value if plain and isinstance(node, t.Literal) else None
        if isinstance(value, int) and 0 <= value <= MAX_DECIMALS:
            return value
        raise ArgumentProblem(f"`{self.text(node)}`: expected decimals from 0 to {MAX_DECIMALS}", node.span)

    def call(self, name: str, type_: Type, *nodes: t.Node) -> t.Call:
        """The call as a node of the tree."""
        return t.Call(type_, self.span, name, nodes)

    def literal(self, type_: Type, value: int | str | bool) -> t.Literal:
        """A default in its place."""
        return t.Literal(type_, self.span, value)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how it is written, what it does, and how a call of it becomes a node."""

    signature: str
    about: str
    build: Callable[[Arguments], t.Node]


def _rounding(name: str, fixed: str | None) -> Callable[[Arguments], t.Node]:
    def build(a: Arguments) -> t.Node:
        nodes = a.counted(name, 1, 2 if fixed else 3)
        x = a.numeric(nodes[0])
        places = a.decimals(nodes[1]) if len(nodes) > 1 else 0
        mode = fixed or (a.one_of(nodes[2], ROUNDING) if len(nodes) > 2 else "half_up")
        if places and x.type.base in (Base.DAYS, Base.MONTHS):
            raise ArgumentProblem(f"{x.type.unit} are whole: expected 0 decimals", nodes[1].span)
        type_ = x.type.with_scale(places)
        return a.call("round", type_, x, a.literal(number(0), places), a.literal(TEXT, mode))

    return build


def _extreme(name: str) -> Callable[[Arguments], t.Node]:
    def build(a: Arguments) -> t.Node:
        nodes = a.counted(name, 2, 50)
        for node in nodes:
            if node.type.base not in ORDERED:
                raise ArgumentProblem(
                    f"`{a.text(node)}`: {node.type.unit} has no order", node.span, code="E305"
                )
        done, type_ = unify(nodes)
        return a.call(name, type_, *done)

    return build


def _abs(a: Arguments) -> t.Node:
    (x,) = a.counted("abs", 1, 1)
    return a.call("abs", a.numeric(x).type, x)


def _allocate(a: Arguments) -> t.Node:
    total, weights = a.counted("allocate", 2, 2)
    a.numeric(total)
    if total.type.scale is None:
        raise ArgumentProblem(
            f"`{a.text(total)}` has no definite number of decimals", total.span, code="E311",
            help=f"round it first: `allocate(round({a.text(total)}, 2), …)`",
        )  # fmt: skip
    element = weights.type.element
    if weights.type.base is not Base.MAP or element is None or element.base is not Base.NUMBER:
        raise ArgumentProblem(
            f"`{a.text(weights)}`: expected named numbers, such as `{{a: 5, b: 3}}`",
            weights.span,
            code="E305",
        )
    if not isinstance(weights, t.ParameterRef):
        raise ArgumentProblem(f"`{a.text(weights)}`: expected a parameter", weights.span)
    numbers = a.scope.parameters[weights.name].numbers
    if not any(int(constant.value) for _, constant in numbers):
        raise ArgumentProblem(f"`{a.text(weights)}` has no number above zero", weights.span)
    for name, constant in numbers:
        if int(constant.value) < 0:
            raise ArgumentProblem(
                f"`{a.text(weights)}.{name}` is below zero, and so is no weight", weights.span,
                help="weights say how many parts each gets: write numbers of 0 and more",
            )  # fmt: skip
    return a.call(
        "allocate", map_of(weights.type.keys, total.type.with_scale(total.type.scale)), total, weights
    )


def _days_between(a: Arguments) -> t.Node:
    start, end = (a.typed(n, DATE) for n in a.counted("days_between", 2, 2))
    return t.Arithmetic(DAYS, a.span, "-", end, start)


def _add_days(a: Arguments) -> t.Node:
    day, days = a.counted("add_days", 2, 2)
    return t.Arithmetic(DATE, a.span, "+", a.typed(day, DATE), a.typed(days, DAYS))


def _of_dates(name: str, result: Type, count: int) -> Callable[[Arguments], t.Node]:
    def build(a: Arguments) -> t.Node:
        return a.call(name, result, *(a.typed(n, DATE) for n in a.counted(name, count, count)))

    return build


def _add_months(a: Arguments) -> t.Node:
    nodes = a.counted("add_months", 2, 3)
    mode = a.one_of(nodes[2], ("clamp", "error")) if len(nodes) > 2 else a.scope.month_mode
    return a.call(
        "add_months", DATE, a.typed(nodes[0], DATE), a.typed(nodes[1], MONTHS), a.literal(TEXT, mode)
    )


def _add_workdays(a: Arguments) -> t.Node:
    day, days = a.counted("add_workdays", 2, 2)
    return a.call("add_workdays", DATE, a.typed(day, DATE), a.typed(days, DAYS))


def _accrue(a: Arguments) -> t.Node:
    principal, rate, start, end, basis = a.counted("accrue", 5, 5)
    if principal.type.base is not Base.MONEY:
        raise ArgumentProblem(
            f"`{a.text(principal)}`: expected money but got {described(principal.type)}",
            principal.span,
            code="E305",
        )
    if rate.type.base is not Base.NUMBER:
        raise ArgumentProblem(
            f"`{a.text(rate)}`: expected a yearly rate but got {described(rate.type)}", rate.span, code="E305"
        )
    name = a.one_of(basis, tuple(DayCount))
    return a.call(
        "accrue", money(principal.type.currency, None), principal, rate,
        a.typed(start, DATE), a.typed(end, DATE), a.literal(TEXT, name),
    )  # fmt: skip


def _known(a: Arguments) -> t.Node:
    (x,) = a.counted("known", 1, 1)
    return a.call("known", BOOLEAN, x)


def _coalesce(a: Arguments) -> t.Node:
    done, type_ = unify(a.counted("coalesce", 2, 20))
    return a.call("coalesce", type_, *done)


def _text(name: str, count: int, result: Type) -> Callable[[Arguments], t.Node]:
    def build(a: Arguments) -> t.Node:
        return a.call(name, result, *(a.textual(n) for n in a.counted(name, count, count)))

    return build


def _date(a: Arguments) -> t.Node:
    (text,) = a.counted("date", 1, 1)
    if not isinstance(text, t.Literal) or text.type.base is not Base.TEXT:
        raise ArgumentProblem('expected a text such as `date("2026-12-31")`', text.span)
    try:
        return t.Literal(DATE, a.span, parse_date(str(text.value)).value)
    except BadLiteral as error:
        raise ArgumentProblem(str(error), text.span) from error


def _band(a: Arguments) -> t.Node:
    from salesctrl.expr.unary import band_tests

    x, ladder = a.counted("band", 2, 2)
    parameter = a.scope.parameters.get(ladder.name) if isinstance(ladder, t.ParameterRef) else None
    if parameter is None or not parameter.bands:
        raise ArgumentProblem(f"`{a.text(ladder)}`: expected a parameter with `bands`", ladder.span)
    # A ladder inside the keys of a ladder could go in a circle.
    plain = {name: p for name, p in a.scope.parameters.items() if not p.bands}
    tests = band_tests(parameter, x, replace(a.scope, parameters=plain))
    values = tuple(t.Literal(parameter.type, a.span, constant.value) for _, constant in parameter.bands)
    scales = {c.type.scale for _, c in parameter.bands}
    if len(scales) > 1:
        values = tuple(replace(v, type=c.type) for v, (_, c) in zip(values, parameter.bands, strict=True))
    return t.Select(parameter.type, a.span, tests, values, None)


def _count_list(a: Arguments) -> t.Node:
    (source,) = a.counted("count", 1, 1)
    if source.type.item is None or not isinstance(source, t.FieldRef | t.ItemRef):
        raise ArgumentProblem(
            f"`{a.text(source)}`: expected a list of records but got {described(source.type)}",
            source.span,
            code="E305",
        )
    return t.Fold(number(0), a.span, "count", None, "item", source, None)


OFTEN_MEANT: Mapping[str, str] = MappingProxyType({
    "if": "write `x if condition else y`",
    "now": "the date of the decision is `as_of`",
    "today": "the date of the decision is `as_of`",
    "avg": "write `sum(…) / count(…)`",
    "average": "write `sum(…) / count(…)`",
    "len": "write `length(text)`, or `count(list)`",
    "isnull": "write `not known(x)`",
    "ifnull": "write `coalesce(x, y)`",
    "nvl": "write `coalesce(x, y)`",
    "datediff": "write `days_between(start, end)`",
    "upper": "write `lower(text)` on both sides",
    "求和": "write `sum(… for line in …)`",
    "如果": "write `x if condition else y`",
})  # fmt: skip
"""What to write instead of functions that other languages have."""

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "round": Function(
            "round(x, decimals, mode)", "x rounded; half up unless a mode is given", _rounding("round", None)
        ),
        "floor": Function(
            "floor(x, decimals)", "x rounded toward minus infinity", _rounding("floor", "floor")
        ),
        "ceil": Function("ceil(x, decimals)", "x rounded toward plus infinity", _rounding("ceil", "ceil")),
        "min": Function("min(x, y, …)", "the least", _extreme("min")),
        "max": Function("max(x, y, …)", "the greatest", _extreme("max")),
        "abs": Function("abs(x)", "without its sign", _abs),
        "allocate": Function(
            "allocate(total, weights)",
            "total split by largest remainder, ties by the order written",
            _allocate,
        ),
        "days_between": Function("days_between(start, end)", "days from start to end", _days_between),
        "add_days": Function("add_days(date, days)", "so many days later", _add_days),
        "months_between": Function(
            "months_between(start, end)",
            "whole months done from start to end",
            _of_dates("months_between", MONTHS, 2),
        ),
        "months_started": Function(
            "months_started(start, end)",
            "months begun from start to end",
            _of_dates("months_started", MONTHS, 2),
        ),
        "add_months": Function("add_months(date, months, mode)", "so many months later", _add_months),
        "add_workdays": Function(
            "add_workdays(date, days)",
            "so many working days later, by the organisation's calendar",
            _add_workdays,
        ),
        "year_end": Function("year_end(date)", "31 December of its year", _of_dates("year_end", DATE, 1)),
        "month_end": Function(
            "month_end(date)", "the last day of its month", _of_dates("month_end", DATE, 1)
        ),
        "year": Function("year(date)", "its year", _of_dates("year", number(0), 1)),
        "month": Function("month(date)", "its month, 1 to 12", _of_dates("month", number(0), 1)),
        "day": Function("day(date)", "its day of the month", _of_dates("day", number(0), 1)),
        "accrue": Function(
            'accrue(principal, rate, from, to, "ACT/365")',
            "interest of a period by a day-count basis",
            _accrue,
        ),
        "known": Function("known(x)", "whether x is known", _known),
        "coalesce": Function("coalesce(x, y, …)", "the first that is known", _coalesce),
        "starts_with": Function(
            "starts_with(text, part)", "whether text begins with part", _text("starts_with", 2, BOOLEAN)
        ),
        "ends_with": Function(
            "ends_with(text, part)", "whether text ends with part", _text("ends_with", 2, BOOLEAN)
        ),
        "contains": Function(
            "contains(text, part)", "whether part is in text", _text("contains", 2, BOOLEAN)
        ),
        "lower": Function("lower(text)", "text in lower case", _text("lower", 1, TEXT)),
        "length": Function("length(text)", "how many characters", _text("length", 1, number(0))),
        "date": Function('date("2026-12-31")', "a date", _date),
        "band": Function("band(x, bands)", "the value of the band that x is in", _band),
        "count": Function("count(list)", "how many items", _count_list),
    }
)
