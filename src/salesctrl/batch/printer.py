"""Prints the nodes of a plan's graph as Polars expressions on integers, booleans and texts.

The meaning is that of the graph, as for the printer of one transaction: null is unknown, and Polars' `&`, `|`
and comparisons follow Kleene's rules as the graph does. Where a node cannot be unknown, the tests for it are
left out. A value of several numbers (the shares of a split) is several expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import reduce
from operator import and_, or_

import polars as pl

from salesctrl.batch.kernels import CALLS, rounded
from salesctrl.batch.widths import INTERVALS, Width, Widths
from salesctrl.calendar import WorkCalendar
from salesctrl.expr.ir import Graph, Op
from salesctrl.expr.unknown import Unknowns
from salesctrl.numbers import RoundingMode

Parts = tuple[pl.Expr, ...]
DTYPES: Mapping[Width, type[pl.DataType]] = {64: pl.Int64, 128: pl.Int128}
FEW = 8
"""Membership in so few is comparisons; in more it is a lookup."""

_COMPARE: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
_ARITHMETIC: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
}  # fmt: skip
_ON_TEXTS = frozenset({"starts_with", "ends_with", "contains", "lower", "length"})


class NotColumnar(Exception):
    """A node that has no form in columns; the plan is evaluated row by row."""


def column(node: int, part: int = 0) -> str:
    """The name of the column that holds a part of a node's value."""
    return f"n{node}.{part}"


def fact(op: Op) -> str:
    """The name of the column that holds a fact, or a field of the items of a list."""
    if op.name == "input":
        return f"x{op.imm}"
    assert isinstance(op.imm, tuple)
    return f"i{op.imm[0]}:{op.imm[2]}"


class ColumnPrinter:
    """Prints nodes; those that are columns already are named, the others printed where they are used.

    ``columns`` holds the nodes that are columns, with the number of their parts; whoever makes a column
    enters it. ``payments`` are the numbers of the requirements that are payments.
    """

    def __init__(
        self, graph: Graph, widths: Widths, maybe: Unknowns, calendar: WorkCalendar, columns: dict[int, int],
        payments: Set[int] = frozenset(),
    ):  # fmt: skip
        self.graph = graph
        self.widths = widths
        self.maybe = maybe
        self.calendar = calendar
        self.columns = columns
        self.payments = payments

    def __call__(self, node: int) -> pl.Expr:
        """A value of one part."""
        parts = self.parts(node)
        assert len(parts) == 1
        return parts[0]

    def parts(self, node: int) -> Parts:
        """The value of a node: its columns where it has some."""
        known = self.columns.get(node)
        if known is not None:
            return tuple(pl.col(column(node, i)) for i in range(known))
        return self.printed(node)

    def printed(self, node: int) -> Parts:
        """The value of a node, computed from its operands."""
        op = self.graph.ops[node]
        match op.name:
            case "const":
                return (self._constant(node, self.widths[node]),)
            case "input" | "var":
                return (pl.col(fact(op)),)
            case "if" | "select" | "guard" | "coalesce":
                return self._choice(node, op)
            case "item":
                assert isinstance(op.imm, int)
                return (self.parts(op.args[0])[op.imm],)
            case "call":
                return self._call(op)
            case "known":
                whole = self.parts(op.args[0])
                return (whole[0].is_not_null() if self.maybe(op.args[0]) else pl.lit(True),)
            case "judge":
                return (self._without_evidence(op),)
            case "fold":
                raise AssertionError(op)  # made into a column before it is used
        return (self._one(node, op),)

    def _one(self, node: int, op: Op) -> pl.Expr:
        match op.name:
            case "add" | "sub" | "mul":
                a, b = self._at_width(op.args, self.widths[node])
                return _ARITHMETIC[op.name](a, b)
            case "and":
                return reduce(and_, [self(a) for a in op.args])
            case "or":
                return reduce(or_, [self(a) for a in op.args])
            case "not":
                return ~self(op.args[0])
            case "cmp":
                assert isinstance(op.imm, str)
                a, b = self._at_width(op.args, self._widest(op.args))
                return _COMPARE[op.imm](a, b)
            case "in":
                return self._membership(op)
            case "neg":
                width = self.widths[node]
                return pl.lit(0, dtype=DTYPES[width]) - self._wide(op.args[0], width)  # no `neg` of Int128
            case "abs":
                return self._wide(op.args[0], self.widths[node]).abs()
            case "min" | "max":
                return self._extreme(node, op)
            case "round":
                return self._round(node, op)
            case "nonzero":
                value = self._wide(op.args[0], self.widths[node])
                return pl.when(value != 0).then(value)
            case "sign":
                return self._sign(op)
        raise NotColumnar(op.name)

    def _without_evidence(self, op: Op) -> pl.Expr:
        """Without any evidence nothing but a payment of nothing can be satisfied."""
        if op.imm in self.payments and op.args:
            return (self(op.args[0]) <= 0).fill_null(False)
        return pl.lit(False)

    # -- numbers -----------------------------------------------------------------------------------

    def _constant(self, node: int, width: Width) -> pl.Expr:
        value = self.graph.ops[node].imm
        if isinstance(value, bool | str):
            return pl.lit(value)
        if isinstance(value, int):
            return pl.lit(value, dtype=DTYPES[width])
        raise NotColumnar("a constant that is no number, text or truth value")

    def _wide(self, node: int, width: Width) -> pl.Expr:
        """A value of one part, in this width or a wider one that it has."""
        return self._wide_parts(node, width)[0]

    def _wide_parts(self, node: int, width: Width) -> Parts:
        if self.graph.ops[node].name == "const":
            return (self._constant(node, width),)
        parts = self.parts(node)
        if self.widths[node] == width:
            return parts
        return tuple(part.cast(DTYPES[width]) for part in parts)

    def _at_width(self, nodes: Sequence[int], width: Width) -> list[pl.Expr]:
        return [self._wide(node, width) for node in nodes]

    def _widest(self, nodes: Sequence[int]) -> Width:
        return max(self.widths[node] for node in nodes)

    def _extreme(self, node: int, op: Op) -> pl.Expr:
        """The horizontal functions pass over null; here a null makes the result one."""
        a, b = self._at_width(op.args, self.widths[node])
        first = (a <= b) if op.name == "min" else (a >= b)
        if not any(self.maybe(arg) for arg in op.args):
            return pl.when(first).then(a).otherwise(b)
        return pl.when(first).then(a).when(~first).then(b)

    def _sign(self, op: Op) -> pl.Expr:
        value = self(op.args[0])
        sign = pl.when(value < 0).then(pl.lit(-1, dtype=pl.Int64))
        one = pl.lit(1, dtype=pl.Int64)
        return sign.when(value >= 0).then(one) if self.maybe(op.args[0]) else sign.otherwise(one)

    def _round(self, node: int, op: Op) -> pl.Expr:
        n, d = op.args
        width = self.widths[node]
        divisor = self.graph.value(d)
        low, high = self.widths.bounds(n)
        room = INTERVALS[width][1] - self.widths.bounds(d)[1]
        return rounded(
            self._wide(n, width),
            int(divisor) if divisor is not None else self._wide(d, width),
            RoundingMode(str(op.imm)),
            dtype=DTYPES[width],
            nonnegative=low >= 0,
            room=-room <= low and high <= room,
        )

    # -- logic -------------------------------------------------------------------------------------

    def _membership(self, op: Op) -> pl.Expr:
        item = self(op.args[0])
        assert isinstance(op.imm, frozenset)
        dtype = DTYPES[self.widths[op.args[0]]]
        low, high = INTERVALS[self.widths[op.args[0]]]
        options = sorted((o for o in op.imm if not isinstance(o, int) or low <= o <= high), key=str)
        if not options:
            return pl.when(item.is_not_null()).then(pl.lit(False))
        if len(options) <= FEW:
            literals = [pl.lit(o, dtype=dtype) if _is_number(o) else pl.lit(o) for o in options]
            return reduce(or_, [item == literal for literal in literals])
        known = pl.Series(options, dtype=dtype if _is_number(options[0]) else None)
        return item.is_in(known.implode())

    def _choice(self, node: int, op: Op) -> Parts:
        """One of several values; each part is chosen by the same tests."""
        width = self.widths[node]
        match op.name:
            case "if":
                test, then, otherwise = op.args
                tests, values = [test], [then, otherwise]
            case "guard":
                tests, values = [op.args[0]], [op.args[1]]
            case "coalesce":
                return self._coalesce(op, width)
            case _:
                pairs = op.args[: len(op.args) - bool(op.imm)]
                tests, values = list(pairs[::2]), [*pairs[1::2], *op.args[len(pairs) :]]
        wide = [self._wide_parts(value, width) for value in values]
        return tuple(self._first_that_holds(op.name, tests, list(part)) for part in zip(*wide, strict=True))

    def _first_that_holds(self, name: str, tests: Sequence[int], values: Sequence[pl.Expr]) -> pl.Expr:
        """Unknown if a test before the first that holds is; a guard that is unknown is not kept."""
        if not tests:
            return values[0]
        chain: pl.expr.whenthen.Then | pl.expr.whenthen.ChainedThen | None = None
        null = pl.lit(None)
        for test, value in zip(tests, values, strict=False):
            condition = self(test)
            if self.maybe(test) and name != "guard":
                unknown = condition.is_null()
                chain = pl.when(unknown).then(null) if chain is None else chain.when(unknown).then(null)
            chain = pl.when(condition).then(value) if chain is None else chain.when(condition).then(value)
        assert chain is not None
        return chain.otherwise(values[-1]) if len(values) > len(tests) else chain

    def _coalesce(self, op: Op, width: Width) -> Parts:
        first, second = (self._wide_parts(a, width) for a in op.args)
        if not self.maybe(op.args[0]):
            return first
        return tuple(pl.coalesce(a, b) for a, b in zip(first, second, strict=True))

    # -- calls -------------------------------------------------------------------------------------

    def _call(self, op: Op) -> Parts:
        assert isinstance(op.imm, tuple)
        name, *static = op.imm
        found = CALLS.get(str(name))
        if found is None:
            raise NotColumnar(str(name))
        args = list(op.args)
        if str(name).startswith("collect"):
            width = self._widest(args[1::2])
            operands = [self(a) if i % 2 == 0 else self._wide(a, width) for i, a in enumerate(args)]
        else:
            operands = [self(a) for a in args]
        if name in _ON_TEXTS:
            operands = [operand.cast(pl.String) for operand in operands]  # one may be null in every row
        made = found(operands, tuple(static), self.calendar)
        if made is None:
            raise NotColumnar(str(name))
        return tuple(made) if isinstance(made, list) else (made,)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
