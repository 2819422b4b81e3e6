"""Prints the fast path of a plan: every fact known, and Decimals left as they are where that is enough.

To turn a `Decimal` into a scaled integer costs more than most rules. A fact that is only compared, added,
multiplied and rounded to decimals can stay the Decimal it is, brought to its scale in a context that raises
rather than round. Here it is found out which facts and operations these are; whatever raises is left to the
general path, which computes with integers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
)  # fmt: skip

from salesctrl.compile.plan import Plan
from salesctrl.evaluate.printer import Printer, call, name
from salesctrl.expr.ir import MAX_DIGITS, Op
from salesctrl.policy.types import Base

_SAME_SCALE = frozenset({"add", "sub"})
_MODES: Mapping[str, str] = {
    "half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "half_down": ROUND_HALF_DOWN, "up": ROUND_UP,
    "down": ROUND_DOWN, "floor": ROUND_FLOOR, "ceil": ROUND_CEILING,
}  # fmt: skip
_POWERS = {10**k: k for k in range(MAX_DIGITS)}
_WIDE = Context(prec=MAX_DIGITS + 2, traps=[Inexact, InvalidOperation])
FUNCTIONS: Mapping[str, object] = {"add": _WIDE.add, "sub": _WIDE.subtract, "mul": _WIDE.multiply}
"""What the printed code calls; it raises where a result would not be exact."""


def exact(value: int, scale: int) -> Decimal:
    """A scaled integer as a Decimal of so many decimals.

    >>> exact(-12345, 2)
    Decimal('-123.45')
    """
    return Decimal(value).scaleb(-scale, _WIDE)


def decimal_scales(plan: Plan, leaving: Iterable[int], shown: Iterable[int] = ()) -> dict[int, int]:
    """The nodes that can be Decimals, with their scale.

    ``leaving`` are the nodes whose value leaves the function, and so must be an integer; ``shown`` are others
    that it computes.
    """
    ops = plan.graph.ops
    roots = list(leaving)
    needed = _below(ops, [*roots, *shown, *(rule.fired for rule in plan.rules)])
    scales = _inputs(plan, needed)
    for node in needed:
        scale = _scale(ops, node, scales)
        if scale is not None:
            scales[node] = scale
    for root in roots:
        _give_up(ops, root, scales)
    changed = True
    while changed:
        before = len(scales)
        for node in needed:
            if not _fits(ops, node, scales):
                for part in (node, *ops[node].args):
                    _give_up(ops, part, scales)
        changed = len(scales) < before
    return scales


def _give_up(ops: list[Op], node: int, scales: dict[int, int]) -> None:
    """A node must be an integer, and so must all that it is made of."""
    todo = [node]
    while todo:
        here = todo.pop()
        if scales.pop(here, None) is not None:
            todo.extend(ops[here].args)


def _scale(ops: list[Op], node: int, scales: Mapping[int, int]) -> int | None:
    """The scale of an operation's result as a Decimal, if its operands are and it can be one."""
    op = ops[node]
    ours = [scales[a] for a in op.args if a in scales]
    rest = [ops[a] for a in op.args if a not in scales]
    if not ours or op.loops or any(o.name != "const" for o in rest):
        return None
    if op.name in _SAME_SCALE:
        return ours[0] if len(set(ours)) == 1 else None
    if op.name == "mul":
        return sum(ours)
    if op.name == "round" and op.args[0] in scales and rest:
        power = _POWERS.get(rest[0].imm) if isinstance(rest[0].imm, int) else None
        return ours[0] - power if power is not None and power <= ours[0] else None
    return None


def _below(ops: list[Op], roots: Iterable[int]) -> list[int]:
    """The nodes needed, operands first."""
    needed: set[int] = set()
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node not in needed:
            needed.add(node)
            todo.extend(ops[node].args)
    return sorted(needed)


def _inputs(plan: Plan, needed: Iterable[int]) -> dict[int, int]:
    """The facts that are numbers with decimals, always given."""
    paths = {place: path for path, place in plan.inputs.slots.items()}
    done: dict[int, int] = {}
    for node in needed:
        op = plan.graph.ops[node]
        if op.name != "input" or op.imm == 0:
            continue
        assert isinstance(op.imm, int)
        field = plan.inputs.vocabulary.at(paths[op.imm])
        given = field.default is None and not field.optional
        if field.type.base in (Base.MONEY, Base.NUMBER) and field.type.scale and given:
            done[node] = field.type.scale
    return done


def _fits(ops: list[Op], node: int, scales: Mapping[int, int]) -> bool:
    """Whether an operation takes its operands as they now are."""
    op = ops[node]
    ours = [a for a in op.args if a in scales]
    if not ours:
        return node not in scales or op.name == "input"
    if op.name == "cmp":
        rest = [a for a in op.args if a not in scales]
        return all(ops[a].name == "const" for a in rest) and len({scales[a] for a in ours}) == 1
    return node in scales and _scale(ops, node, scales) == scales[node]


class FastPrinter(Printer):
    """Takes every fact as known; prints what is only compared as Decimals."""

    def __init__(
        self, plan: Plan, inputs: Mapping[int, str], payments: frozenset[int], decimals: Mapping[int, int],
        globals_: dict[str, object],
    ):  # fmt: skip
        super().__init__(plan.graph, inputs, payments, known=True, globals_=globals_)
        self.decimals = decimals

    def _plain(self, op: Op, args: list[ast.expr]) -> ast.expr:
        scale = next((self.decimals[a] for a in op.args if a in self.decimals), None)
        if scale is None:
            return super()._plain(op, args)
        if op.name == "round":
            power = _POWERS[int(str(self.graph.value(op.args[1])))]
            return self._rounded(args[0], scale - power, str(op.imm))
        for i, arg in enumerate(op.args):
            value = self.graph.value(arg)
            if isinstance(value, int):
                args[i] = self._decimal(value, 0 if op.name == "mul" else scale)
        return super()._plain(op, args) if op.name == "cmp" else call(op.name, *args)

    def _rounded(self, value: ast.expr, scale: int, mode: str) -> ast.expr:
        key = f"to_{scale}_{mode}"
        context = Context(prec=MAX_DIGITS + 2, rounding=_MODES[mode], traps=[InvalidOperation])
        self.globals[key] = context.quantize
        return call(key, value, self._decimal(1, scale))

    def _decimal(self, value: int, scale: int) -> ast.expr:
        key = f"D{value}_{scale}".replace("-", "m")
        self.globals[key] = exact(value, scale)
        return name(key)
