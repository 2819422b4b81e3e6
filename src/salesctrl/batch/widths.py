"""How wide a machine integer each node needs, for the numbers that a table really holds.

Declared digits allow for the largest order ever; the orders of a year need far less. So the bounds of the
facts are those of their columns, and the rest follows by interval arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from salesctrl.expr.ir import Graph, Op

Interval: TypeAlias = tuple[int, int]
Width: TypeAlias = Literal[64, 128]

INTERVALS: Mapping[Width, Interval] = {64: (-(2**63), 2**63 - 1), 128: (-(2**127), 2**127 - 1)}
_AS_WIDE_AS_OPERANDS = frozenset({
    "add", "sub", "mul", "neg", "abs", "min", "max", "round", "nonzero", "sign", "if", "select", "guard",
    "coalesce",
})  # fmt: skip
_FROM_FACTS = frozenset({"input", "var", "judge", "fold"})


class TooWide(Exception):
    """A value could need more than 128 bits for the numbers in the table."""


def width_of(interval: Interval) -> Width:
    """The width that holds every value of an interval; raises :class:`TooWide`.

    >>> width_of((0, 10**18)), width_of((0, 10**19))
    (64, 128)
    """
    for width, (least, greatest) in INTERVALS.items():
        if least <= interval[0] and interval[1] <= greatest:
            return width
    raise TooWide


class Widths:
    """The bounds and widths of the nodes of a graph for facts of known bounds.

    Args:
        graph: The graph of a plan.
        needed: The nodes that will be computed, operands among them.
        facts: The bounds of facts by node, of ``input`` and ``var`` nodes; those of others are as declared.
        lengths: For each fold the length of the longest of its lists.

    Raises:
        TooWide: A node that is needed could need more than 128 bits.
    """

    def __init__(
        self, graph: Graph, needed: Iterable[int], facts: Mapping[int, Interval], lengths: Mapping[int, int]
    ):
        self._graph = graph
        self._bounds: dict[int, Interval] = {}
        self._widths: dict[int, Width] = {}
        self._lengths = lengths
        self._varies: set[int] = set()
        for node in sorted(needed):
            op = graph.ops[node]
            if op.name in _FROM_FACTS or not self._varies.isdisjoint(op.args):
                self._varies.add(node)
            declared = (op.low, op.high)
            known = facts.get(node)
            found = known if known is not None else self._bound(node, op)
            low, high = max(found[0], declared[0]), min(found[1], declared[1])
            self._bounds[node] = (low, high) if low <= high else declared  # a column without values
            width = width_of(self._bounds[node])
            if op.name in _AS_WIDE_AS_OPERANDS:
                width = max([width, *(self._widths[a] for a in _operands(op))])
            self._widths[node] = width

    def __getitem__(self, node: int) -> Width:
        """The width in which a node is computed: wide enough for its operands too."""
        return self._widths[node]

    def varies(self, node: int) -> bool:
        """Whether the value of a node may be another for another row; else it is made of constants alone."""
        return node in self._varies

    def bounds(self, node: int) -> Interval:
        """The bounds of a node's value."""
        return self._bounds[node]

    def _bound(self, node: int, op: Op) -> Interval:
        """The bounds that follow from those of the operands; those declared where nothing does."""
        of = [self._bounds[a] for a in op.args]
        match op.name:
            case "add":
                return of[0][0] + of[1][0], of[0][1] + of[1][1]
            case "sub":
                return of[0][0] - of[1][1], of[0][1] - of[1][0]
            case "mul":
                corners = [a * b for a in of[0] for b in of[1]]
                return min(corners), max(corners)
            case "neg":
                return -of[0][1], -of[0][0]
            case "abs":
                return 0, max(abs(of[0][0]), abs(of[0][1]))
            case "min":
                return min(of[0][0], of[1][0]), min(of[0][1], of[1][1])
            case "max":
                return max(of[0][0], of[1][0]), max(of[0][1], of[1][1])
            case "round":
                return _rounded(of[0], of[1])
            case "nonzero":
                return of[0]
            case "if" | "select" | "guard" | "coalesce":
                values = [self._bounds[a] for a in _operands(op)]
                return min(v[0] for v in values), max(v[1] for v in values)
            case "fold":
                return self._folded(node, op, of)
            case "call":
                return self._called(op, of)
            case "item" if self._graph.ops[op.args[0]].imm[:1] == ("allocate",):  # type: ignore[index]
                return of[0]
        return op.low, op.high

    def _called(self, op: Op, of: list[Interval]) -> Interval:
        assert isinstance(op.imm, tuple)
        match op.imm[0]:
            case "allocate":
                return min(0, of[0][0]), max(0, of[0][1])
            case "collect_min" | "collect_max" | "collect_list":
                return min(v[0] for v in of[1::2]), max(v[1] for v in of[1::2])
        return op.low, op.high

    def _folded(self, node: int, op: Op, of: list[Interval]) -> Interval:
        assert isinstance(op.imm, tuple)
        kind, _, has_body, _ = op.imm
        most = self._lengths.get(node)
        if kind not in ("sum", "count") or most is None:
            return op.low, op.high
        low, high = of[1] if has_body else (0, 1)
        return min(0, low * most), max(0, high * most)


def _operands(op: Op) -> tuple[int, ...]:
    """The operands that are values of the same kind as the result: no tests, no conditions."""
    match op.name:
        case "if" | "guard":
            return op.args[1:]
        case "select":
            pairs = op.args[: len(op.args) - bool(op.imm)]
            return (*pairs[1::2], *op.args[len(pairs) :])
    return op.args


def _rounded(n: Interval, d: Interval) -> Interval:
    """As :meth:`Graph.round` bounds it."""
    low, high = n
    least = max(d[0], 1)
    if low >= 0:
        return 0, high // least + 1
    return -(-low // least) - 1, max(high, 0) // least + 1
