"""Which nodes of a graph may be unknown, given which facts may be: what evaluators need no test for."""

from __future__ import annotations

from collections.abc import Callable

from salesctrl.expr.ir import Graph, Op

MAY_FAIL = frozenset({"add_months", "add_workdays", "accrue", "collect_min", "collect_max", "allocate"})
"""Runtime functions that can have no value though their arguments do."""


class Unknowns:
    """Says of each node whether its value may be unknown.

    ``of_fact`` says it of the facts: of nodes that are an ``input`` or a ``var``.
    """

    def __init__(self, graph: Graph, of_fact: Callable[[Op], bool]):
        self._ops = graph.ops
        self._of_fact = of_fact
        self._done: list[bool] = []

    def __call__(self, node: int) -> bool:
        """Whether the node's value may be unknown."""
        for op in self._ops[len(self._done) : node + 1]:  # operands come before their use
            self._done.append(self._may_be(op))
        return self._done[node]

    def _may_be(self, op: Op) -> bool:
        match op.name:
            case "const" | "known" | "judge":
                return False
            case "input" | "var":
                return self._of_fact(op)
            case "nonzero" | "guard":
                return True
            case "coalesce":
                return all(self._done[a] for a in op.args)
            case "select" if not op.imm:
                return True
            case "fold":
                kind = op.imm[0] if isinstance(op.imm, tuple) else ""
                return kind in ("min", "max") or any(self._done[a] for a in op.args)
            case "call":
                function = op.imm[0] if isinstance(op.imm, tuple) else ""
                return function in MAY_FAIL or any(self._done[a] for a in op.args)
        return any(self._done[a] for a in op.args)
