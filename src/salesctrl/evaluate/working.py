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
from salesctrl.compile.plan import Plan
from salesctrl.decision.working import Part, Worked
from salesctrl.evaluate.facts import Value
from salesctrl.evaluate.printer import Printer, define
from salesctrl.evaluate.working_parts import Reader, depends_on_item
from salesctrl.evidence.given import Evidence
from salesctrl.expr import tree as t
from salesctrl.expr.ir import Graph
from salesctrl.expr.lower import Low, Lowering, LoweringProblem
from salesctrl.policy.types import Base

Values = tuple[Value, ...]
Compute = Callable[..., Values]
"""From the values of a decision, its evidence and the items of the loops around to the values of nodes."""
Print = Callable[[Sequence[int], "Sequence[int] | None"], Compute]
"""Prints nodes of the graph; inside a loop it is told of which nodes it is given the values."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes of the typed tree that are computed together."""

    lows: Mapping[int, Low]
    """By the identity of a node: its lowered value."""
    places: Mapping[int, int]
    """By a node of the graph: its place among the results."""
    compute: Compute
    around: Compute | None = None
    """Inside a loop: what does not depend on the item, and ``compute`` takes as its last argument."""


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
        if loop is None:
            return Group(lows, places, self._print(nodes, None))
        around = _around(self.plan.graph, nodes)
        return Group(lows, places, self._print(nodes, around), self._print(around, None))


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


def _low(lowering: Lowering, node: t.Node) -> Low | None:
    """The value of a node; none of what depends on the item of a loop."""
    if not _has_value(lowering, node) or depends_on_item(node):
        return None
    return lowering.low(node)


def _low_inside(lowering: Lowering, node: t.Node, loop: t.Fold) -> Low | None:
    """The value of a node inside a loop: that of the loop's body, if this node were all of it."""
    if not _has_value(lowering, node) or node.type.base in (Base.LIST, Base.MAP):
        return None
    if node.type.is_numeric and node.type.scale is None:  # a quotient: a loop has none as its body
        return None
    kind: t.FoldKind = "any" if node.type.base is Base.BOOLEAN else "min"
    try:
        whole = lowering.low(t.Fold(node.type, node.span, kind, node, loop.variable, loop.source, None))
    except LoweringProblem:
        return None
    return Low(lowering.graph.ops[whole.num].args[1], None, whole.scale)


def _inside(graph: Graph, nodes: Sequence[int]) -> set[int]:
    """Some nodes and what they need, down to what does not depend on the item of a loop, that included."""
    todo, seen = list(nodes), set(nodes)
    while todo:
        op = graph.ops[todo.pop()]
        if op.loops:
            todo += [arg for arg in op.args if arg not in seen]
            seen.update(op.args)
    return seen


def _around(graph: Graph, nodes: Sequence[int]) -> tuple[int, ...]:
    """What nodes inside a loop need that does not depend on its item.

    It is computed outside: a loop in it would take the item of this one for its own.
    """
    free = (node for node in _inside(graph, nodes) if not graph.ops[node].loops)
    return tuple(sorted(node for node in free if graph.ops[node].name not in ("const", "input")))


def print_nodes(
    plan: Plan, globals_: dict[str, object], nodes: Sequence[int], around: Sequence[int] | None
) -> Compute:
    """Print nodes of the graph as a function of values and evidence.

    Inside a loop, where ``around`` are the nodes outside of it, it takes an item and the values of these too.
    """
    names = {place: f"x{place}" for place in range(len(plan.inputs.slots))}
    payments = plan.payments
    printer = Printer(plan.graph, names, payments, known=False, globals_=globals_)
    printed = printer.all_locals(nodes, 0 if around is None else 1)
    body, given = [_unpacked(list(names.values()), "values")], ["values", "evidence"]
    if around is not None:
        given += ["i1", "around"]
        own = {f"v{node}" for node in _inside(plan.graph, nodes) if plan.graph.ops[node].loops}
        printed = [line for line in printed if _target(line) in own]
        body += [_unpacked([f"v{node}" for node in around], "around")] if around else []
    body += [*printed, ast.Return(ast.Tuple([printer(node) for node in nodes], ast.Load()))]
    found: Compute = define("work", given, body, globals_)
    return found


def _unpacked(names: Sequence[str], source: str) -> ast.stmt:
    slots = ast.Tuple([ast.Name(local, ast.Store()) for local in names], ast.Store())
    return ast.Assign([slots], ast.Name(source, ast.Load()))


def _target(line: ast.stmt) -> str:
    assert isinstance(line, ast.Assign)
    (target,) = line.targets
    assert isinstance(target, ast.Name)
    return target.id


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
        assert group.around is not None
        around = self._seen.get(key)
        if around is None:
            around = self._seen[key] = group.around(self.values, self.evidence)
        return Reader(self, policy, text, group, group.compute(self.values, self.evidence, item, around))

    def rows(self, policy: CheckedPolicy, table_name: str, numbers: Sequence[int] = ()) -> tuple[Part, ...]:
        """Rows of a table by their numbers from 1, or all of them."""
        table = policy.tables[table_name]
        inputs = [e.node for e in table.inputs]
        tests = [test for row in table.tests for test in row]
        reader = self.reader(("table", policy.name, table_name), policy, [*inputs, *tests])
        wanted = numbers or range(1, len(table.rows) + 1)
        return tuple(reader.row(table, number) for number in wanted)
