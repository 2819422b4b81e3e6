"""From the nodes of the typed tree and their values to the parts of a working."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from salesctrl.compile.checked import CheckedPolicy, CheckedTable
from salesctrl.decision.working import Part
from salesctrl.expr import tree as t
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import BOOLEAN, Type, list_of, map_of

if TYPE_CHECKING:
    from salesctrl.evaluate.working import DecisionWorking, Group, Values

MOST_ITEMS = 200
"""So many items of a list, or rows of a table, are worked out at most."""
PATTERN = "pattern"

_NAMES = re.compile(r"\w+")
_KINDS: Mapping[type[t.Node], str] = {
    t.Literal: "literal", t.FieldRef: "field", t.ItemRef: "item", t.AsOf: "as_of",
    t.ParameterRef: "parameter", t.FormulaRef: "formula", t.TableRef: "table",
    t.Arithmetic: "arithmetic", t.Negation: "negation",
    t.Compare: "compare", t.Logic: "logic", t.Not: "not", t.Conditional: "choice",
    t.Membership: "membership", t.Call: "call", t.Fold: "fold", t.Select: "band", t.MapItem: "key",
}  # fmt: skip
_CALL_PROBLEMS = {"add_months": "no_such_day", "add_workdays": "date_range", "accrue": "backward_period"}


class Reader:
    """Reads the values of a group's nodes, for one decision and, in a loop, for one item."""

    def __init__(
        self, working: DecisionWorking, policy: CheckedPolicy, text: str, group: Group, seen: Values
    ):
        self.working, self.policy, self.text = working, policy, text
        self.group, self.seen = group, seen

    def _raw(self, node: t.Node) -> object:
        low = self.group.lows.get(id(node))
        if low is None:
            return None
        num = self.seen[self.group.places[low.num]]
        if low.den is None:
            return self._at_scale(num, low.scale, node.type)
        den = self.seen[self.group.places[low.den]]
        if num is None or den is None:
            return None
        assert isinstance(den, int)
        return (num, den * 10**low.scale)

    def _at_scale(self, num: object, scale: int, type_: Type) -> object:
        """A value without a denominator as its type has it; of an exact quotient, a pair all the same."""
        if num is None or not type_.is_numeric:
            return num
        assert isinstance(num, int)
        return (num, 10**scale) if type_.scale is None else num * 10 ** (type_.scale - scale)

    # -- expressions -------------------------------------------------------------------------------

    def part(self, node: t.Node) -> Part:
        """A node with all that is shown of it."""
        match node:
            case t.Guard():
                return self.part(node.value)
            case t.Fold():
                return self._fold(node)
            case t.Select():
                return self._band(node)
            case t.TableRef():
                return self._table(node)
            case t.ParameterRef():
                return self._parameter(node)
            case t.FieldRef() | t.ItemRef():
                return self._field(node)
            case t.FormulaRef():
                return self._formula(node)
        below = tuple(self.part(child) for child in _operands(node))
        part = Part(
            _KINDS[type(node)], node.type, self._raw(node), below, _operator(node), policy=self.policy.name
        )
        if isinstance(node, t.MapItem):
            part = replace(part, name=node.key)
        return part if part.raw is not None else replace(part, problem=self._why(node, below))

    def _why(self, node: t.Node, below: Sequence[Part]) -> str:
        """Why a node has no value."""
        if any(part.problem == PATTERN for part in below):
            return PATTERN
        if any(part.raw is None for part in below):
            return "depends"
        match node:
            case t.Arithmetic(op="/"):
                return "division_by_zero"
            case t.Arithmetic():
                return "date_range"
            case t.Call():
                return _CALL_PROBLEMS.get(node.name, "depends")
        return "depends"

    def _field(self, node: t.FieldRef | t.ItemRef) -> Part:
        raw, path = self._raw(node), node.path
        title = self.working.plan.plan.inputs.vocabulary.at(path).title
        if isinstance(node, t.FieldRef):
            part = Part("field", node.type, raw, name=path, title=title)
            refused = any(p == path or p.startswith(f"{path}[") for p in self.working.refused)
            problem = "refused" if refused else "missing"
        else:
            name = f"{node.variable}.{path.rsplit('[].', 1)[1]}"
            part = Part("item", node.type, raw, name=name, title=title)
            problem = "missing" if id(node) in self.group.lows else PATTERN
        return part if raw is not None else replace(part, problem=problem)

    def _parameter(self, node: t.ParameterRef) -> Part:
        parameter = self.policy.parameters[node.name]
        value = self.working.plan.plan.lowerings[self.policy.name].parameters[node.name]
        part = Part(
            "parameter",
            node.type,
            self._raw(node),
            name=node.name,
            title=parameter.title,
            policy=self.policy.name,
        )
        if value.items:
            type_, raw = _together(value.items)
            return replace(part, type=list_of(type_), raw=raw)
        if value.numbers:
            type_, raw = _together(tuple(value.numbers.values()))
            return replace(part, type=map_of(tuple(value.numbers), type_), raw=raw)
        return part if part.raw is not None else replace(part, problem="no_value_yet")

    def _formula(self, node: t.FormulaRef) -> Part:
        expression = self.policy.formulas[node.name]

        def definition() -> tuple[Part, ...]:
            return (
                self.working.expression(("formula", self.policy.name, node.name), self.policy, expression),
            )

        raw = self._raw(node)
        return Part(
            "formula", node.type, raw, name=node.name, title=expression.title, policy=self.policy.name,
            problem=None if raw is not None else "depends", more=definition,
        )  # fmt: skip

    # -- tables and bands --------------------------------------------------------------------------

    def _table(self, node: t.TableRef) -> Part:
        table = self.policy.tables[node.table]

        def holding() -> tuple[Part, ...]:
            return tuple(row for row in self.working.rows(self.policy, node.table) if row.raw is not False)[
                :MOST_ITEMS
            ]

        raw = self._raw(node)
        problem = None
        if raw is None:
            rows = holding()
            unsure = any(row.raw is None for row in rows)
            problem = (
                "depends"
                if unsure
                else "several_rows"
                if table.hit == "unique" and rows
                else "rows_differ"
                if rows
                else "no_row"
            )
        return Part(
            "table", node.type, raw, name=f"{node.table}.{node.output}", title=table.title, op=table.hit,
            policy=self.policy.name, problem=problem, more=holding,
        )  # fmt: skip

    def row(self, table: CheckedTable, number: int) -> Part:
        """A row of a table, with the values that its cells are tests of."""
        cells = tuple(
            self._cell(given.node, text, test)
            for given, text, test in zip(
                table.inputs, table.rows[number - 1], table.tests[number - 1], strict=True
            )
        )
        return Part(
            "row", BOOLEAN, _all([cell.raw for cell in cells]), cells, name=table.name, title=table.title,
            op=table.hit, place=(number, len(table.rows)), policy=self.policy.name,
        )  # fmt: skip

    def _cell(self, given: t.Node, text: str, test: t.Node) -> Part:
        ends = [n for c in t.walk(test) if isinstance(c, t.Compare) for n in t.walk(c.right)]
        named = {str(n): n for n in ends if isinstance(n, t.ParameterRef | t.FormulaRef | t.FieldRef)}
        below = (self.part(given), *(self.part(n) for n in named.values()))
        return Part("cell", BOOLEAN, self._raw(test), below, text=text)

    def _ladder(self, node: t.Select) -> str:
        """The parameter that a band is looked up in: the last name of the call, or one of the same values."""
        start, end = node.span
        names: list[str] = _NAMES.findall(self.text[start:end])
        for name in reversed(names):
            if name in self.policy.parameters and self.policy.parameters[name].seen.bands:
                return name
        values = [part.value for part in node.values if isinstance(part, t.Literal)]
        for name, parameter in self.policy.parameters.items():
            bands = parameter.seen.bands
            if bands and [constant.value for _, constant in bands] == values:
                return name
        return ""

    def _band(self, node: t.Select) -> Part:
        name = self._ladder(node)
        bands = self.policy.parameters[name].seen.bands if name else ()
        given = next((c.left for test in node.tests for c in t.walk(test) if isinstance(c, t.Compare)), None)

        def holding() -> tuple[Part, ...]:
            if given is None or len(bands) != len(node.tests) or depends_on_item(node):
                return ()
            reader = self.working.reader(("band", id(node)), self.policy, [given, *node.tests])
            cells = (reader._cell(given, key, test) for (key, _), test in zip(bands, node.tests, strict=True))
            return tuple(cell for cell in cells if cell.raw is not False)[:1]

        raw = self._raw(node)
        title = self.policy.parameters[name].title if name else None
        problem = (
            None if raw is not None else "depends" if any(c.raw is None for c in holding()) else "no_row"
        )
        return Part(
            "band",
            node.type,
            raw,
            name=name,
            title=title,
            policy=self.policy.name,
            problem=problem,
            more=holding,
        )

    # -- lists -------------------------------------------------------------------------------------

    def _fold(self, node: t.Fold) -> Part:
        roots = [n for n in (node.body if node.kind != "count" else None, node.test) if n is not None]
        source = self.part(node.source)
        pattern = self.working.reader(("pattern", id(node)), self.policy, roots, self.text)
        children = (source, *(pattern.part(root) for root in roots))

        def each() -> tuple[Part, ...]:
            if not isinstance(source.raw, tuple) or depends_on_item(node):
                return ()
            return tuple(
                self._item(node, roots, item, i + 1, len(source.raw))
                for i, item in enumerate(source.raw[:MOST_ITEMS])
            )

        raw = self._raw(node)
        if raw is not None:
            problem = None
        elif source.problem is not None or source.raw is None:
            problem = "depends"
        else:
            problem = "no_items" if source.raw == () else "depends"
        return Part(
            "fold", node.type, raw, children, node.kind, text="both" if len(roots) == 2 else "",
            problem=problem, more=each,
        )  # fmt: skip

    def _item(self, node: t.Fold, roots: Sequence[t.Node], item: object, number: int, count: int) -> Part:
        reader = self.working.item_reader(("each", id(node)), self.policy, roots, self.text, node, item)
        below = tuple(reader.part(root) for root in roots)
        raw = below[0].raw if below else True
        return Part("each", node.type, raw, below, node.kind, place=(number, count))


def _operands(node: t.Node) -> tuple[t.Node, ...]:
    """What a node is made of, in the order that :class:`Part` says."""
    if isinstance(node, t.Conditional):
        return (node.test, node.then, node.otherwise)
    return t.children(node)


def _operator(node: t.Node) -> str:
    match node:
        case t.Arithmetic() | t.Compare() | t.Logic():
            return node.op
        case t.Call():
            return node.name
    return ""


def _all(values: Sequence[object]) -> bool | None:
    """Kleene's ``and``."""
    if False in values:
        return False
    return None if None in values else True


def _together(constants: Sequence[Constant]) -> tuple[Type, tuple[int | str | bool, ...]]:
    """Several constants at one scale, with the type of each."""
    first = constants[0].type
    if not first.is_numeric:
        return first, tuple(c.value for c in constants)
    scale = max(c.type.scale or 0 for c in constants)
    values = tuple(int(c.value) * 10 ** (scale - (c.type.scale or 0)) for c in constants)
    return first.with_scale(scale), values


def depends_on_item(node: t.Node, bound: frozenset[str] = frozenset()) -> bool:
    """Whether an expression uses the item of a loop that it does not hold itself."""
    if isinstance(node, t.ItemRef):
        return node.variable not in bound
    if not isinstance(node, t.Fold):
        return any(depends_on_item(child, bound) for child in t.children(node))
    inner = bound | {node.variable}
    inside = (part for part in (node.body, node.test) if part is not None)
    return depends_on_item(node.source, bound) or any(depends_on_item(part, inner) for part in inside)
