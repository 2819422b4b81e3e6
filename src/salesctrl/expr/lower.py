"""The lowering: from the typed tree, whose numbers are rationals, to operations on scaled integers.

Money of two decimals is a count of cents. A quotient is a numerator and a positive denominator until it is
rounded or compared; a comparison cross-multiplies. This is the one place where arithmetic on values is
decided: the evaluators print what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.expr import tree as t
from salesctrl.expr.ir import Graph, TooWide
from salesctrl.policy.literals import Constant
from salesctrl.policy.types import NUMERIC, Base
from salesctrl.policy.vocabulary import Field, VocabularyIndex

AS_OF = "as_of"
NO_VALUE_YET = "no_value_yet"
_UNBOUNDED = 10**18
_PLAIN_CALLS: Mapping[str, tuple[int, int]] = {
    "months_between": (-120_000, 120_000), "months_started": (-120_000, 120_000),
    "year_end": (1, LAST_DAY), "month_end": (1, LAST_DAY),
    "year": (1, 9999), "month": (1, 12), "day": (1, 31),
    "starts_with": (0, 0), "ends_with": (0, 0), "contains": (0, 0), "lower": (0, 0),
    "length": (0, _UNBOUNDED),
}  # fmt: skip


class LoweringProblem(Exception):
    """An expression whose value could need too many digits; ``node`` is the part that does.

    ``again``: it uses a formula or output of which this has been said before.
    """

    def __init__(self, node: t.Node, *, again: bool = False):
        super().__init__("too many digits")
        self.node = node
        self.again = again


@dataclass(frozen=True, slots=True)
class Low:
    """A lowered value: ``num / (den * 10**scale)``; ``den`` ``None`` is 1. What is no number is ``num``."""

    num: int
    den: int | None = None
    scale: int = 0


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter on one date: its constant, list or named numbers; ``schedule`` has all its dates."""

    constant: Constant | None = None
    items: tuple[Constant, ...] = ()
    numbers: Mapping[str, Constant] = field(default_factory=dict)
    schedule: tuple[tuple[int, Constant], ...] = ()


@dataclass(slots=True)
class Inputs:
    """The facts that a plan reads, numbered in the order they are first met; number 0 is ``as_of``."""

    vocabulary: VocabularyIndex
    slots: dict[str, int] = field(default_factory=lambda: {AS_OF: 0})
    items: dict[str, dict[str, int]] = field(default_factory=dict)
    """For each list (``order.lines[]``) the fields read of its items, numbered."""

    def slot(self, path: str) -> int:
        """The number of a fact."""
        return self.slots.setdefault(path, len(self.slots))

    def item(self, path: str) -> int:
        """The number of a field of a list's items; ``path`` as in ``order.lines[].quantity``."""
        of, name = path.rsplit("[].", 1)
        numbers = self.items.setdefault(of + "[]", {})
        return numbers.setdefault(name, len(numbers))


class Lowering:
    """Lowers the expressions of one policy into a graph shared with others.

    ``formula`` and ``table_output`` give the typed trees behind the names. Lowered formulas are kept, so each
    is in the graph once.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Inputs,
        parameters: Mapping[str, ParameterValue],
        definition: Callable[[t.FormulaRef | t.TableRef], t.Node],
    ):
        self.graph = graph
        self.inputs = inputs
        self.parameters = parameters
        self.definition = definition
        self._named: dict[str, Low] = {}
        self._too_wide: set[str] = set()
        self._loops: dict[str, int] = {}
        self._memo: dict[tuple[int, tuple[tuple[str, int], ...]], tuple[t.Node, Low]] = {}

    def low(self, node: t.Node) -> Low:
        """The lowered value of a node; raises :class:`LoweringProblem`."""
        key = (id(node), tuple(self._loops.items()))
        kept = self._memo.get(key)
        if kept is not None:
            return kept[1]
        try:
            done = self._lower(node)
        except TooWide as error:
            raise LoweringProblem(node) from error
        self._memo[key] = (node, done)
        return done

    def plain(self, node: t.Node) -> int:
        """The graph node of a value that is no number, or of a number without a denominator."""
        low = self.low(node)
        assert low.den is None
        return low.num

    def scaled(self, node: t.Node, scale: int) -> int:
        """A number as an integer of the given scale, which loses nothing."""
        try:
            return self._at(self.low(node), scale)
        except TooWide as error:
            raise LoweringProblem(node) from error

    # -- names -------------------------------------------------------------------------------------

    def _lower(self, node: t.Node) -> Low:
        match node:
            case t.Literal():
                return Low(self.graph.const(node.value), None, node.type.scale or 0)
            case t.AsOf():
                return Low(self.graph.make("input", (), 0, 1, LAST_DAY))
            case t.FieldRef():
                return self._field(node)
            case t.ItemRef():
                return self._item(node)
            case t.ParameterRef():
                return self._parameter(self.parameters[node.name])
            case t.FormulaRef() | t.TableRef():
                return self._definition(node)
            case t.MapItem():
                return self._map_item(node)
            case t.Arithmetic():
                return self._arithmetic(node)
            case t.Negation():
                low = self.low(node.operand)
                return Low(self.graph.neg(low.num), low.den, low.scale)
            case t.Compare():
                return Low(self._compare(node.op, node.left, node.right))
            case t.Logic():
                return Low(self.graph.logic(node.op, [self.plain(o) for o in node.operands]))
            case t.Not():
                return Low(self.graph.invert(self.plain(node.operand)))
            case t.Conditional():
                test = self.plain(node.test)
                return self._choose(test, self.low(node.then), self.low(node.otherwise))
            case t.Membership():
                return Low(self._membership(node))
            case t.Select():
                return self._select(node)
            case t.Guard():
                condition, low = self.plain(node.condition), self.low(node.value)
                return Low(self.graph.guard(condition, low.num, node.problem), low.den, low.scale)
            case t.Fold():
                return self._fold(node)
            case t.Call():
                return self._call(node)
        raise AssertionError(node)

    def _constant(self, constant: Constant) -> Low:
        return Low(self.graph.const(constant.value), None, constant.type.scale or 0)

    def _parameter(self, parameter: ParameterValue) -> Low:
        """The constant; before the first of dated values it is unknown."""
        if parameter.constant is not None:
            return self._constant(parameter.constant)
        first = self._constant(parameter.schedule[0][1])
        return replace(first, num=self.graph.guard(self.graph.false, first.num, NO_VALUE_YET))

    def _bounds(self, field_: Field) -> tuple[int, int]:
        if field_.type.base is Base.INSTANT:
            return -(2**62), 2**62
        return field_.low, field_.high

    def _field(self, node: t.FieldRef) -> Low:
        low, high = self._bounds(self.inputs.vocabulary.at(node.path))
        slot = self.inputs.slot(node.path)
        return Low(self.graph.make("input", (), slot, low, high), None, node.type.scale or 0)

    def _item(self, node: t.ItemRef) -> Low:
        low, high = self._bounds(self.inputs.vocabulary.at(node.path))
        where = (self._loops[node.variable], self.inputs.item(node.path), node.path)
        return Low(self.graph.make("var", (), where, low, high), None, node.type.scale or 0)

    def _definition(self, node: t.FormulaRef | t.TableRef) -> Low:
        """A formula or an output, after those that it uses: a long chain of them is not a deep recursion."""
        loops, self._loops = self._loops, {}
        todo = [node]
        try:
            while todo:
                key, tree = key_of(todo[-1]), self.definition(todo[-1])
                missing = [r for k, r in references(tree).items() if k not in self._named]
                if key in self._too_wide:
                    raise LoweringProblem(node, again=True)
                if missing:
                    todo.extend(missing)
                else:
                    self._named[key] = self.low(tree)
                    todo.pop()
        except LoweringProblem:
            self._too_wide.update(key_of(ref) for ref in todo)
            raise
        finally:
            self._loops = loops
        return self._named[key_of(node)]

    def _map_item(self, node: t.MapItem) -> Low:
        if isinstance(node.map, t.ParameterRef):
            return self._constant(self.parameters[node.map.name].numbers[node.key])
        whole = self.low(node.map)
        place = node.map.type.keys.index(node.key)
        low, high = self.graph.interval(whole.num)
        return Low(self.graph.make("item", (whole.num,), place, low, high), None, whole.scale)

    # -- arithmetic --------------------------------------------------------------------------------

    def _at(self, low: Low, scale: int) -> int:
        """The numerator at a scale that is not smaller."""
        assert scale >= low.scale and low.den is None
        return self.graph.mul(low.num, self.graph.const(10 ** (scale - low.scale)))

    def _pair(self, low: Low) -> tuple[int, int]:
        """Numerator and denominator, the scale folded into the denominator."""
        unit = self.graph.const(10**low.scale)
        return low.num, unit if low.den is None else self.graph.mul(low.den, unit)

    def _arithmetic(self, node: t.Arithmetic) -> Low:
        a, b = self.low(node.left), self.low(node.right)
        match node.op:
            case "+" | "-":
                done = self._sum(node.op, a, b)
                if node.type.base is Base.DATE:
                    return Low(self._in_calendar(done.num))
                return done
            case "*":
                g = self.graph
                den = a.den if b.den is None else b.den if a.den is None else g.mul(a.den, b.den)
                return Low(g.mul(a.num, b.num), den, a.scale + b.scale)
            case "/":
                return self._quotient(a, b)

    def _sum(self, op: str, a: Low, b: Low) -> Low:
        g = self.graph
        combine = g.add if op == "+" else g.sub
        if a.den is None and b.den is None:
            scale = max(a.scale, b.scale)
            return Low(combine(self._at(a, scale), self._at(b, scale)), None, scale)
        if a.den == b.den and a.scale == b.scale:
            return Low(combine(a.num, b.num), a.den, a.scale)
        (an, ad), (bn, bd) = self._pair(a), self._pair(b)
        return Low(combine(g.mul(an, bd), g.mul(bn, ad)), g.mul(ad, bd))

    def _quotient(self, a: Low, b: Low) -> Low:
        g = self.graph
        (an, ad), (bn, bd) = self._pair(a), self._pair(b)
        bn = g.nonzero(bn)
        sign = g.sign(bn)
        return Low(g.mul(g.mul(an, bd), sign), g.mul(ad, g.abs(bn)))

    def _in_calendar(self, day: int) -> int:
        g = self.graph
        low, high = g.interval(day)
        if low >= 1 and high <= LAST_DAY:
            return day
        inside = g.logic("and", [g.compare(">=", day, g.const(1)), g.compare("<=", day, g.const(LAST_DAY))])
        return g.make("guard", (inside, day), "date_range", 1, LAST_DAY)

    def _compare(self, op: str, left: t.Node, right: t.Node) -> int:
        a, b = self.low(left), self.low(right)
        return self._compare_low(op, a, b, numeric=left.type.base in NUMERIC)

    def _compare_low(self, op: str, a: Low, b: Low, *, numeric: bool) -> int:
        g = self.graph
        if not numeric:
            return g.compare(op, a.num, b.num)
        if a.den is None and b.den is None:
            scale = max(a.scale, b.scale)
            return g.compare(op, self._at(a, scale), self._at(b, scale))
        (an, ad), (bn, bd) = self._pair(a), self._pair(b)
        return g.compare(op, g.mul(an, bd), g.mul(bn, ad))

    def _choose(self, test: int, a: Low, b: Low) -> Low:
        g = self.graph
        if a.den is None and b.den is None:
            scale = max(a.scale, b.scale)
            return (
                Low(g.choose(test, self._at(a, scale), self._at(b, scale)), None, scale)
                if scale
                else Low(g.choose(test, a.num, b.num))
            )
        (an, ad), (bn, bd) = self._pair(a), self._pair(b)
        return Low(g.choose(test, an, bn), g.choose(test, ad, bd))

    def _membership(self, node: t.Membership) -> int:
        options: list[Low] = []
        for option in node.options:
            if isinstance(option, t.ParameterRef) and option.type.base is Base.LIST:
                options += [self._constant(c) for c in self.parameters[option.name].items]
            else:
                options.append(self.low(option))
        item, g = self.low(node.item), self.graph
        numeric = node.item.type.base in NUMERIC
        values = [g.value(o.num) for o in options]
        same = item.den is None and all(o.den is None and o.scale <= item.scale for o in options)
        if same and None not in values and g.value(item.num) is None:
            if numeric:
                values = [
                    int(v or 0) * 10 ** (item.scale - o.scale) for v, o in zip(values, options, strict=True)
                ]
            return g.make("in", (item.num,), frozenset(values))
        return g.logic("or", [self._compare_low("==", item, o, numeric=numeric) for o in options])

    def _select(self, node: t.Select) -> Low:
        tests = [self.plain(n) for n in node.tests]
        values = [self.low(n) for n in node.values]
        if node.otherwise is not None:
            values.append(self.low(node.otherwise))
        if any(v.den is not None for v in values):
            pairs = [self._pair(v) for v in values]
            has_last = node.otherwise is not None
            return Low(self._select_of(tests, [n for n, _ in pairs], has_last),
                       self._select_of(tests, [d for _, d in pairs], has_last))  # fmt: skip
        scale = max((v.scale for v in values), default=0)
        numbers = [self._at(v, scale) if scale else v.num for v in values]
        return Low(self._select_of(tests, numbers, node.otherwise is not None), None, scale)

    def _select_of(self, tests: list[int], values: list[int], has_last: bool) -> int:
        args: list[int] = []
        g = self.graph
        for test, value in zip(tests, values, strict=False):
            if test == g.false:
                continue
            if test == g.true:
                if not args:
                    return value
                args.append(value)
                has_last = True
                break
            args += [test, value]
        else:
            if has_last:
                args.append(values[-1])
        if not args:  # no test can hold: unknown, but of the values' type
            return g.guard(g.false, values[0], "no_row")
        bounds = [g.interval(v) for v in values]
        low, high = min((b[0] for b in bounds), default=0), max((b[1] for b in bounds), default=0)
        return g.make("select", tuple(args), has_last, low, high)

    # -- lists -------------------------------------------------------------------------------------

    def _fold(self, node: t.Fold) -> Low:
        g = self.graph
        source = self.low(node.source).num
        assert isinstance(node.source, t.FieldRef | t.ItemRef)
        self.inputs.items.setdefault(node.source.path + "[]", {})
        most = self.inputs.vocabulary.at(node.source.path).length
        outer, loop = dict(self._loops), len(self._loops) + 1
        self._loops[node.variable] = loop
        body = None if node.body is None else self.low(node.body)
        test = None if node.test is None else self.plain(node.test)
        self._loops = outer
        if test == g.true:
            test = None
        args = [source, *([body.num] if body else []), *([test] if test is not None else [])]
        low, high = g.interval(body.num) if body else (0, 1)
        if node.kind in ("sum", "count"):
            low, high = min(0, low * most), max(0, high * most)
        imm = (node.kind, loop, body is not None, test is not None)
        return Low(g.make("fold", tuple(args), imm, low, high), None, body.scale if body else 0)

    # -- calls -------------------------------------------------------------------------------------

    def _call(self, node: t.Call) -> Low:
        g, args = self.graph, node.args
        match node.name:
            case "round":
                assert isinstance(args[1], t.Literal) and isinstance(args[2], t.Literal)
                return self._round(self.low(args[0]), int(args[1].value), str(args[2].value))
            case "min" | "max":
                return self._extremes(node.name, args)
            case "abs":
                low = self.low(args[0])
                return Low(g.abs(low.num), low.den, low.scale)
            case "known":
                low = self.low(args[0])
                known = g.known(low.num)
                return Low(known if low.den is None else g.logic("and", [known, g.known(low.den)]))
            case "coalesce":
                return self._coalesce(args)
            case "allocate":
                return self._allocate(args)
            case "accrue":
                return self._accrue(args)
            case "add_months":
                assert isinstance(args[2], t.Literal)
                return Low(self._date_call("add_months", args[:2], str(args[2].value)))
            case "add_workdays":
                return Low(self._date_call("add_workdays", args))
            case "count_true":
                return Low(self._runtime("count_true", [self.plain(a) for a in args], (), 0, len(args)))
            case "collect_list" | "collect_min" | "collect_max":
                return self._collect(node)
        low_bound, high_bound = _PLAIN_CALLS[node.name]
        return Low(self._runtime(node.name, [self.plain(a) for a in args], (), low_bound, high_bound))

    def _runtime(self, name: str, args: list[int], static: tuple[object, ...], low: int, high: int) -> int:
        return self.graph.make("call", tuple(args), (name, *static), low, high)

    def _date_call(self, name: str, args: tuple[t.Node, ...], *static: str) -> int:
        return self._runtime(name, [self.plain(a) for a in args], static, 1, LAST_DAY)

    def _round(self, low: Low, places: int, mode: str) -> Low:
        g = self.graph
        if low.den is None and low.scale <= places:
            return Low(self._at(low, places), None, places)
        if low.den is None:
            return Low(g.round(low.num, g.const(10 ** (low.scale - places)), mode), None, places)
        num, den = self._pair(low)
        return Low(g.round(g.mul(num, g.const(10**places)), den, mode), None, places)

    def _extremes(self, name: str, args: tuple[t.Node, ...]) -> Low:
        g = self.graph
        best = self.low(args[0])
        for arg in args[1:]:
            other = self.low(arg)
            if best.den is None and other.den is None:
                scale = max(best.scale, other.scale)
                best = Low(g.extreme(name, self._at(best, scale), self._at(other, scale)), None, scale)
            else:
                first = self._compare_low("<=" if name == "min" else ">=", best, other, numeric=True)
                best = self._choose(first, best, other)
        return best

    def _coalesce(self, args: tuple[t.Node, ...]) -> Low:
        g = self.graph
        best = self.low(args[-1])
        for arg in reversed(args[:-1]):
            first = self.low(arg)
            if first.den is None and best.den is None:
                scale = max(first.scale, best.scale)
                a, b = (self._at(first, scale), self._at(best, scale)) if scale else (first.num, best.num)
                best = Low(g.coalesce(a, b), None, scale)
            else:
                (an, ad), (bn, bd) = self._pair(first), self._pair(best)
                known = g.logic("and", [g.known(an), g.known(ad)])
                best = Low(g.choose(known, an, bn), g.choose(known, ad, bd))
        return best

    def _allocate(self, args: tuple[t.Node, ...]) -> Low:
        total, weights = self.low(args[0]), args[1]
        assert isinstance(weights, t.ParameterRef)
        numbers = self.parameters[weights.name].numbers
        scale = max(c.type.scale or 0 for c in numbers.values())
        parts = tuple(int(c.value) * 10 ** (scale - (c.type.scale or 0)) for c in numbers.values())
        decimals = args[0].type.scale
        assert decimals is not None
        whole = self._at(total, decimals)
        low, high = self.graph.interval(whole)
        return Low(self._runtime("allocate", [whole], (parts,), min(low, 0), max(high, 0)), None, decimals)

    def _accrue(self, args: tuple[t.Node, ...]) -> Low:
        g = self.graph
        principal, rate, start, end, basis = args
        assert isinstance(basis, t.Literal)
        money, days = self.low(principal), [self.plain(start), self.plain(end)]
        if isinstance(rate, t.ParameterRef):
            dated = self.parameters[rate.name].schedule
            scale = max(c.type.scale or 0 for _, c in dated)
            steps = tuple((day, int(c.value) * 10 ** (scale - (c.type.scale or 0))) for day, c in dated)
            yearly = Low(g.const(1), None, scale)
        else:
            steps, yearly = ((FIRST_DAY, 1),), self.low(rate)
        # A period is less than 10,000 years, which ACT/ACT measures in 365 × 366 parts of a year.
        most = max(abs(step) for _, step in steps) * 10**10
        fraction = self._runtime("accrue", days, (steps, str(basis.value)), -most, most)
        num = g.make("item", (fraction,), 0, -most, most)
        den = g.make("item", (fraction,), 1, 1, 365 * 366)
        whole = g.mul(g.mul(money.num, yearly.num), num)
        parts = [d for d in (money.den, yearly.den) if d is not None]
        for part in parts:
            den = g.mul(den, part)
        return Low(whole, den, money.scale + yearly.scale)

    def _collect(self, node: t.Call) -> Low:
        g = self.graph
        tests = [self.plain(n) for n in node.args[::2]]
        values = [self.low(n) for n in node.args[1::2]]
        element = node.type.element or node.type
        scale = (element.scale or 0) if element.is_numeric else 0
        numbers = [self._at(v, scale) if scale else v.num for v in values]
        flat = [n for pair in zip(tests, numbers, strict=True) for n in pair]
        bounds = [g.interval(n) for n in numbers]
        low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
        return Low(self._runtime(node.name, flat, (), low, high), None, scale)


def key_of(node: t.FormulaRef | t.TableRef) -> str:
    """The name of a formula, or of a table and its output."""
    return node.name if isinstance(node, t.FormulaRef) else f"{node.table}.{node.output}"


def references(root: t.Node) -> dict[str, t.FormulaRef | t.TableRef]:
    """The formulas and outputs that a tree uses, by their keys; each part of it is looked at once."""
    found: dict[str, t.FormulaRef | t.TableRef] = {}
    todo, seen = [root], {id(root)}
    while todo:
        node = todo.pop()
        if isinstance(node, t.FormulaRef | t.TableRef):
            found[key_of(node)] = node
        for child in t.children(node):
            if id(child) not in seen:
                seen.add(id(child))
                todo.append(child)
    return found
