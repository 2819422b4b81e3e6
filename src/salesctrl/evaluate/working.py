"""Makes the working of a decision: the typed expressions of a plan with the values that they had.

What a part is worth is computed by the plan's own code, printed for the parts that are asked for. A group of
parts (an expression, the cells of a table, the body of a loop) is printed once for a plan.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from salesctrl.compile.checked import CheckedPolicy, Expression
from salesctrl.compile.needs import PaymentNeed
from salesctrl.compile.plan import Plan
from salesctrl.decision.working import Part, Worked
from salesctrl.evaluate.facts import Value
from salesctrl.evaluate.printer import Printer, define
from salesctrl.evaluate.working_parts import Reader
from salesctrl.evidence.given import Evidence
from salesctrl.expr import tree as t
from salesctrl.expr.lower import Low, Lowering, LoweringProblem
from salesctrl.policy.types import Base

Values = tuple[Value, ...]
Compute = Callable[..., Values]
"""From the values of a decision, its evidence and the items of the loops around to the values of nodes."""
Print = Callable[[Sequence[int], int], Compute]
"""Prints nodes of the graph; the number says how many loops are around them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes of the typed tree that are computed together."""

    lows: Mapping[int, Low]
    """By the identity of a node: its lowered value."""
    places: Mapping[int, int]
    """By a node of the graph: its place among the results."""
    compute: Compute


class PlanWorking:
    """What the working of all decisions of a plan shares. Safe to share between threads."""

    def __init__(self, plan: Plan, print_nodes: Print):
        self.plan = plan
        self._print = print_nodes
        self._groups: dict[object, Group] = {}
        self._lock = Lock()
        self.rules = {rule.rule.id: rule for rule in plan.rules}
        self.policies = {policy.name: policy for policy in plan.policies}
        self.outputs = [
            Expression(o.name, t.FormulaRef(o.type, (0, len(o.name)), o.name))
            for o in plan.outputs
            if o.node is not None
        ]

    def group(
        self, key: object, policy: CheckedPolicy, roots: Sequence[t.Node], loop: t.Fold | None = None
    ) -> Group:
        """The printed nodes of some expressions, made once for a key; ``loop`` is the one around them."""
        with self._lock:
            found = self._groups.get(key)
            if found is None:
                found = self._groups[key] = self._make(policy, roots, loop)
            return found

    def _make(self, policy: CheckedPolicy, roots: Sequence[t.Node], loop: t.Fold | None) -> Group:
        lowering = self.plan.lowerings[policy.name]
        lows: dict[int, Low] = {}
        for root in roots:
            for node in _visible(root):
                low = _low(lowering, node) if loop is None else _low_inside(lowering, node, loop)
                if low is not None:
                    lows[id(node)] = low
        nodes = sorted({n for low in lows.values() for n in (low.num, low.den) if n is not None})
        places = {node: place for place, node in enumerate(nodes)}
        return Group(lows, places, self._print(nodes, 0 if loop is None else 1))


def _visible(root: t.Node) -> Iterator[t.Node]:
    """The nodes that are shown of an expression; what is inside loops and bands is a group of its own."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, t.Fold):
            todo.append(node.source)
        elif not isinstance(node, t.Select):
            todo.extend(t.children(node))


def _has_value(lowering: Lowering, node: t.Node) -> bool:
    """Whether a node is a value: a parameter may hold several, and a list is what its items are."""
    if isinstance(node, t.ParameterRef):
        return bool(lowering.parameters[node.name].schedule)
    return True


def _depends_on_item(root: t.Node) -> bool:
    """Whether an expression uses the item of a loop that it does not hold itself."""
    bound = {node.variable for node in t.walk(root) if isinstance(node, t.Fold)}
    return any(isinstance(node, t.ItemRef) and node.variable not in bound for node in t.walk(root))


def _low(lowering: Lowering, node: t.Node) -> Low | None:
    """The value of a node, at the scale of its type; none of what depends on the item of a loop."""
    if not _has_value(lowering, node) or _depends_on_item(node):
        return None
    low = lowering.low(node)
    scale = node.type.scale
    if low.den is None and node.type.is_numeric and scale is not None and low.scale < scale:
        return Low(lowering.scaled(node, scale), None, scale)
    return low


def _low_inside(lowering: Lowering, node: t.Node, loop: t.Fold) -> Low | None:
    """The value of a node inside a loop: that of the loop's body, if this node were all of it."""
    if not _has_value(lowering, node) or node.type.base in (Base.LIST, Base.MAP):
        return None
    kind: t.FoldKind = "any" if node.type.base is Base.BOOLEAN else "min"
    try:
        whole = lowering.low(t.Fold(node.type, node.span, kind, node, loop.variable, loop.source, None))
    except LoweringProblem:
        return None
    return Low(lowering.graph.ops[whole.num].args[1], None, whole.scale)


def print_nodes(plan: Plan, globals_: dict[str, object], nodes: Sequence[int], loops: int) -> Compute:
    """Print nodes of the graph as a function of values, evidence, and an item of each loop around them."""
    names = {place: f"x{place}" for place in range(len(plan.inputs.slots))}
    payments = {k for k, judge in enumerate(plan.judges) if isinstance(judge.requirement.need, PaymentNeed)}
    printer = Printer(plan.graph, names, payments, known=False, globals_=globals_)
    slots = ast.Tuple([ast.Name(local, ast.Store()) for local in names.values()], ast.Store())
    body: list[ast.stmt] = [
        ast.Assign([slots], ast.Name("values", ast.Load())),
        *printer.all_locals(nodes, loops),
        ast.Return(ast.Tuple([printer(node) for node in nodes], ast.Load())),
    ]
    given = ["values", "evidence", *(f"i{loop}" for loop in range(1, loops + 1))]
    found: Compute = define("work", given, body, globals_)
    return found


class DecisionWorking:
    """The working of one decision."""

    def __init__(self, plan: PlanWorking, values: Values, evidence: Evidence | None, refused: frozenset[str]):
        self.plan, self.values, self.evidence = plan, values, evidence
        self.refused = refused
        """The paths of facts that were given and refused."""
        self._seen: dict[object, Values] = {}

    def rule(self, id: str) -> Worked | None:
        """The working of a rule in force; ``None`` of one that is not."""
        planned = self.plan.rules.get(id)
        if planned is None:
            return None
        policy, rule = planned.policy, planned.rule
        if rule.row is None:
            condition = self.expression(("when", id), policy, rule.when)
        else:
            condition = self.rows(policy, rule.row.table, [rule.row.number])[0]
        judges = [self.plan.plan.judges[k].requirement for k in planned.judges]
        return Worked(
            condition,
            tuple((name, self.expression(("compute", id, name), policy, e)) for name, e in rule.computes),
            tuple(
                (r.need.id, self.expression(("figure", r.need.id, id), policy, r.figure))
                for r in judges
                if r.figure is not None
            ),
        )

    def outputs(self) -> tuple[Part, ...]:
        """The formulas that are reported with every decision."""
        given = [o for o in self.plan.plan.outputs if o.node is not None]
        return tuple(
            self.expression(("output", o.policy, o.name), self.plan.policies[o.policy], expression)
            for o, expression in zip(given, self.plan.outputs, strict=True)
        )

    def expression(self, key: object, policy: CheckedPolicy, expression: Expression) -> Part:
        """An expression with its values."""
        return self.reader(key, policy, [expression.node], expression.text).part(expression.node)

    def reader(self, key: object, policy: CheckedPolicy, roots: Sequence[t.Node], text: str = "") -> Reader:
        """Reads the values of expressions that are not inside a loop."""
        group = self.plan.group(key, policy, roots)
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = group.compute(self.values, self.evidence)
        return Reader(self, policy, text, group, seen)

    def item_reader(
        self,
        key: object,
        policy: CheckedPolicy,
        roots: Sequence[t.Node],
        text: str,
        loop: t.Fold,
        item: object,
    ) -> Reader:
        """Reads the values of expressions inside a loop, for one item of its list."""
        group = self.plan.group(key, policy, roots, loop)
        return Reader(self, policy, text, group, group.compute(self.values, self.evidence, item))

    def rows(self, policy: CheckedPolicy, table_name: str, numbers: Sequence[int] = ()) -> tuple[Part, ...]:
        """Rows of a table by their numbers from 1, or all of them."""
        table = policy.tables[table_name]
        inputs = [e.node for e in table.inputs]
        tests = [test for row in table.tests for test in row]
        reader = self.reader(("table", policy.name, table_name), policy, [*inputs, *tests])
        wanted = numbers or range(1, len(table.rows) + 1)
        return tuple(reader.row(table, number) for number in wanted)
