"""The typed tree of an expression: what the checker makes and everything after it reads.

Every node has a ``type`` and a ``span``, its place (start, end) in the expression's text. The tree is the
exact meaning of an expression: numbers are rationals, and nothing is rounded but by a call of ``round``,
``floor``, ``ceil`` or ``allocate``. Unknown propagates: an operation on an unknown value is unknown,
``and``/``or``/``any``/``all`` follow Kleene's three-valued logic, ``known`` and ``coalesce`` look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as Lit
from typing import TypeAlias

from salesctrl.policy.types import Type

Span: TypeAlias = tuple[int, int]
ArithmeticOp: TypeAlias = Lit["+", "-", "*", "/"]
CompareOp: TypeAlias = Lit["==", "!=", "<", "<=", ">", ">="]
FoldKind: TypeAlias = Lit["any", "all", "sum", "count", "min", "max"]


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes have."""

    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant in its run-time form: a scaled integer, an ordinal, a text, a boolean."""

    value: int | str | bool


@dataclass(frozen=True, slots=True)
class FieldRef(Node):
    """A fact, by its dotted path from the root: ``order.amount``."""

    path: str


@dataclass(frozen=True, slots=True)
class AsOf(Node):
    """The date of the decision."""


@dataclass(frozen=True, slots=True)
class ParameterRef(Node):
    """A parameter of the policy; its value is that in force on ``as_of``."""

    name: str


@dataclass(frozen=True, slots=True)
class FormulaRef(Node):
    """A formula (``let``) of the policy."""

    name: str


@dataclass(frozen=True, slots=True)
class TableRef(Node):
    """An output of a decision table of the policy."""

    table: str
    output: str


@dataclass(frozen=True, slots=True)
class ItemRef(Node):
    """A field of the record that a loop variable stands for; ``path`` as in ``order.lines[].quantity``."""

    variable: str
    path: str


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """``left op right``; dates take part in ``+`` and ``-`` with days."""

    op: ArithmeticOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``left op right``; a chain of comparisons is a :class:`Logic` ``and`` of these."""

    op: CompareOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Kleene's ``and`` or ``or`` over two or more operands."""

    op: Lit["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Kleene's ``not``."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """``then if test else otherwise``; unknown where the test is."""

    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """``item in options``: equal to one of the options (literals and parameters of the item's type).

    A list parameter among the options stands for all its values.
    """

    item: Node
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of the language; the checker has put defaults in place, so ``args`` is complete."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Select(Node):
    """The value of the first test that holds, in order; ``otherwise`` where none does.

    Unknown where a test is unknown before one holds, and where none holds and there is no ``otherwise``.
    """

    tests: tuple[Node, ...]
    values: tuple[Node, ...]
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Guard(Node):
    """``value`` where ``condition`` holds; else unknown, for the reason ``problem`` (a code of the trace)."""

    condition: Node
    value: Node
    problem: str


@dataclass(frozen=True, slots=True)
class MapItem(Node):
    """``map.key``: of named numbers or of a split."""

    map: Node
    key: str


@dataclass(frozen=True, slots=True)
class Fold(Node):
    """``kind(body for variable in source if test)``; ``body`` is ``None`` for a plain ``count``."""

    kind: FoldKind
    body: Node | None
    variable: str
    source: Node
    test: Node | None


def children(node: Node) -> tuple[Node, ...]:
    """The operands of a node, in the order written.

    >>> from salesctrl.policy.types import BOOLEAN
    >>> children(Not(BOOLEAN, (0, 8), Literal(BOOLEAN, (4, 8), True)))[0].span
    (4, 8)
    """
    match node:
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Negation() | Not():
            return (node.operand,)
        case Logic():
            return node.operands
        case Conditional():
            return (node.then, node.test, node.otherwise)
        case Membership():
            return (node.item, *node.options)
        case Call():
            return node.args
        case Select():
            pairs = tuple(n for pair in zip(node.tests, node.values, strict=True) for n in pair)
            return pairs if node.otherwise is None else (*pairs, node.otherwise)
        case Guard():
            return (node.condition, node.value)
        case MapItem():
            return (node.map,)
        case Fold():
            return tuple(n for n in (node.body, node.source, node.test) if n is not None)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, parents first."""
    todo = [node]
    while todo:
        here = todo.pop()
        yield here
        todo.extend(reversed(children(here)))
