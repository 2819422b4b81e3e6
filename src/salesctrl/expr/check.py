"""The checker: from the syntax of an expression to its typed tree, with every problem found at once.

What it sees to: only what is in the language; names exist; types and units fit; choices are alike. What a
value may become later (its digits) is seen to by the lowering.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import replace

from salesctrl.diagnostics import suggest
from salesctrl.expr import tree as t
from salesctrl.expr.functions import FUNCTIONS, OFTEN_MEANT, ArgumentProblem, Arguments
from salesctrl.expr.scope import Problem, Reported, Scope
from salesctrl.expr.syntax import Parsed, SyntaxProblem, parse
from salesctrl.expr.units import UnitProblem, adapt, arithmetic_type, comparable, described, unify
from salesctrl.policy.types import BOOLEAN, DATE, TEXT, Base, Type, number
from salesctrl.policy.vocabulary import KindOf, normal

MAX_DEPTH = 80
_ARITHMETIC: dict[type[ast.operator], t.ArithmeticOp] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], t.CompareOp] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_FOLDS: frozenset[str] = frozenset({"any", "all", "sum", "count", "min", "max"})


class _Failed(Exception):
    """This part of the expression is wrong, and reported; its parents have nothing to add."""


def check(text: str, scope: Scope, expected: Type | None = None) -> tuple[t.Node | None, list[Problem]]:
    """Type an expression.

    ``expected`` is the type wanted, so far as it is known (``BOOLEAN`` for a condition). The tree is ``None``
    when there is an error among the problems.
    """
    try:
        parsed = parse(text)
    except SyntaxProblem as problem:
        return None, [Problem(problem.code, problem.message, (problem.start, problem.end), problem.help)]
    checker = _Checker(parsed, scope)
    try:
        node = checker.node(parsed.tree, 0)
        if expected is not None:
            node = checker.require(node, expected)
        checker.refuse_wholes(node)
    except _Failed:
        return None, checker.problems
    failed = any(not p.warning for p in checker.problems)
    return (None if failed else node), checker.problems


class _Checker:
    def __init__(self, parsed: Parsed, scope: Scope):
        self.parsed = parsed
        self.scope = scope
        self.problems: list[Problem] = []
        self.loops: dict[str, tuple[str, str]] = {}
        """Loop variables in reach: name to (kind, path of the items)."""
        self.guarded: frozenset[str] = frozenset()

    # -- reporting ---------------------------------------------------------------------------------

    def report(self, code: str, message: str, span: t.Span, help: str | None = None) -> None:
        self.problems.append(Problem(code, message, span, help))

    def fail(self, code: str, message: str, span: t.Span, help: str | None = None) -> _Failed:
        self.report(code, message, span, help)
        return _Failed()

    def all(self, nodes: Iterable[ast.expr], depth: int) -> list[t.Node]:
        """Check each, so that all problems are found; fail afterwards if any failed."""
        done: list[t.Node] = []
        failed = False
        for node in nodes:
            try:
                done.append(self.node(node, depth))
            except _Failed:
                failed = True
        if failed:
            raise _Failed
        return done

    def require(self, node: t.Node, expected: Type) -> t.Node:
        """The node, if it has the expected type; a bare literal takes the expected unit."""
        try:
            return adapt(node, expected)
        except UnitProblem as problem:
            help = problem.help
            if expected.base is Base.BOOLEAN and node.type.is_numeric:
                help = f"compare it with something, as in `{self.text(node)} > …`"
            raise self.fail(problem.code, str(problem), node.span, help) from problem

    def text(self, node: t.Node) -> str:
        start, end = node.span
        return self.parsed.text[start:end]

    # -- the walk ----------------------------------------------------------------------------------

    def node(self, node: ast.expr, depth: int) -> t.Node:
        if depth > MAX_DEPTH:
            if any(p.code == "E314" for p in self.problems):
                raise _Failed
            raise self.fail(
                "E314", f"more than {MAX_DEPTH} operations inside one another",
                self.parsed.span(node), "name parts of the expression under `let`",
            )  # fmt: skip
        depth += 1
        match node:
            case ast.Name():
                return self.name(node)
            case ast.Constant():
                return self.constant(node)
            case ast.Attribute():
                return self.attribute(node, depth)
            case ast.BinOp():
                return self.binary(node, depth)
            case ast.UnaryOp():
                return self.unary(node, depth)
            case ast.BoolOp():
                return self.logic(node, depth)
            case ast.Compare():
                return self.compare(node, depth)
            case ast.IfExp():
                return self.conditional(node, depth)
            case ast.Call():
                return self.call(node, depth)
        raise self.fail("E302", f"`{self._short(node)}` is not part of the language", self.parsed.span(node))

    def _short(self, node: ast.expr) -> str:
        text = " ".join(self.parsed.source(node).split())
        return text if len(text) <= 40 else text[:37] + "..."

    def constant(self, node: ast.Constant) -> t.Node:
        span = self.parsed.span(node)
        if isinstance(node.value, str) and self.parsed.source(node)[:1] in ("'", '"'):
            return t.Literal(TEXT, span, node.value)
        advice = {True: "write `true`", False: "write `false`", None: "ask `known(x)` or `coalesce(x, y)`"}
        help = advice.get(node.value) if isinstance(node.value, bool | None) else None
        raise self.fail("E302", f"`{self._short(node)}` is not part of the language", span, help)

    def name(self, node: ast.Name) -> t.Node:
        span = self.parsed.span(node)
        literal = self.parsed.literals.get(span[0])
        if literal is not None:
            return t.Literal(literal.type, span, literal.value)
        return self.named(normal(node.id), span)

    def named(self, name: str, span: t.Span) -> t.Node:
        scope = self.scope
        if name in ("true", "false"):
            return t.Literal(BOOLEAN, span, name == "true")
        if name == "as_of":
            return t.AsOf(DATE, span)
        if name in scope.computed:
            return replace(scope.computed[name], span=span)
        if name in scope.formulas:
            found = scope.formula(name)
            if found is None:
                raise _Failed
            return t.FormulaRef(found, span, name)
        if name in scope.parameters:
            return t.ParameterRef(scope.parameters[name].type, span, name)
        kind = scope.vocabulary.kind(name)
        if name in self.loops or kind is not None or name in scope.tables:
            what = "record" if name not in scope.tables else "table"
            raise self.fail(
                "E305", f"`{name}` is a {what}, expected one of its values", span,
                f"write `{name}.` and the name of a field",
            )  # fmt: skip
        help = None
        if name in FUNCTIONS or name in _FOLDS:
            help = f"`{name}` is a function: write `{name}(...)`"
        else:
            near = suggest(name, [*scope.names(), *self.loops, "true", "false"])
            if near:
                help = f"did you mean `{near}`?"
        raise self.fail("E303", f"unknown name `{name}`", span, help)

    # -- fields ------------------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute, depth: int) -> t.Node:
        chain: list[ast.Attribute] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            chain.append(base)
            base = base.value
        chain.reverse()
        span = self.parsed.span(node)
        if isinstance(base, ast.Name) and self.parsed.span(base)[0] not in self.parsed.literals:
            name = normal(base.id)
            if name in self.loops:
                kind, path = self.loops[name]
                return self.field(kind, path, chain, span, variable=name)
            if name not in self.scope.formulas and name not in self.scope.computed:
                if name in self.scope.tables:
                    return self.table_output(name, chain, span)
                found = self.scope.vocabulary.kind(name)
                if found is not None and name not in self.scope.parameters:
                    return self.field(found.name, found.name, chain, span)
        if len(chain) == 1:
            return self.map_item(self.node(base, depth), normal(chain[0].attr), span)
        raise self.fail("E304", f"`{self._short(node)}` has no fields", span)

    def field(
        self, kind: str, path: str, chain: list[ast.Attribute], span: t.Span, variable: str | None = None
    ) -> t.Node:
        field = None
        for link in chain:
            name = normal(link.attr)
            place = self.parsed.span(link)
            if kind == "":
                raise self.fail("E304", f"`{path}` has no field `{name}`: it is no record", place)
            field = self.scope.vocabulary.field(kind, name)
            if field is None:
                known = _names_like(name, self.scope.vocabulary.kinds[kind])
                near = suggest(name, known)
                before = self.parsed.source(link.value)
                help = f"did you mean `{before}.{near}`?" if near else f"`{kind}` has {', '.join(known)}"
                raise self.fail("E304", f"unknown field `{name}` of `{kind}`", place, help)
            path = f"{path}.{field.name}"
            kind = field.record or ""
        if field is None or field.record is not None:
            raise self.fail("E305", f"`{path}` is a record, expected one of its fields", span)
        if field.optional and field.default is None and path not in self.guarded:
            shown = self.parsed.text[slice(*span)]
            self.problems.append(
                Problem(
                    "W401",
                    f"`{shown}` is optional and may be unknown here",
                    span,
                    f"ask `known({shown})` first, or use `coalesce({shown}, …)`",
                    warning=True,
                )
            )
        if variable is not None:
            return t.ItemRef(field.type, span, variable, path)
        return t.FieldRef(field.type, span, path)

    def table_output(self, table: str, chain: list[ast.Attribute], span: t.Span) -> t.Node:
        output = normal(chain[0].attr)
        outputs = self.scope.tables[table]
        if output not in outputs:
            near = suggest(output, outputs)
            help = (
                f"did you mean `{table}.{near}`?"
                if near
                else f"`{table}` gives {', '.join(outputs) or 'none'}"
            )
            raise self.fail("E304", f"table `{table}` has no output `{output}`", span, help)
        if len(chain) > 1:
            raise self.fail("E304", f"`{table}.{output}` has no fields", span)
        found = self.scope.table_output(table, output)
        if found is None:
            raise _Failed
        return t.TableRef(found, span, table, output)

    def map_item(self, node: t.Node, key: str, span: t.Span) -> t.Node:
        if node.type.base is not Base.MAP or node.type.element is None:
            raise self.fail(
                "E304", f"`{self.text(node)}` is {described(node.type)} and has no field `{key}`", span
            )
        if key not in node.type.keys:
            near = suggest(key, node.type.keys)
            whole = self.text(node)
            help = f"did you mean `{whole}.{near}`?" if near else f"it has {', '.join(node.type.keys)}"
            raise self.fail("E304", f"`{whole}` has no `{key}`", span, help)
        return t.MapItem(node.type.element, span, node, key)

    # -- operators ---------------------------------------------------------------------------------

    def binary(self, node: ast.BinOp, depth: int) -> t.Node:
        span = self.parsed.span(node)
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self.fail("E302", f"operator in `{self._short(node)}` is not part of the language", span)
        left, right = self.all((node.left, node.right), depth)
        try:
            left, right, type_ = arithmetic_type(op, left, right)
        except UnitProblem as problem:
            message = f"cannot calculate `{self._short(node)}`: {problem}"
            raise self.fail(problem.code, message, span, problem.help) from problem
        return t.Arithmetic(type_, span, op, left, right)

    def unary(self, node: ast.UnaryOp, depth: int) -> t.Node:
        span = self.parsed.span(node)
        if isinstance(node.op, ast.Not):
            before = self.guarded
            operand = self.require(self.node(node.operand, depth), BOOLEAN)
            self.guarded = before
            return t.Not(BOOLEAN, span, operand)
        operand = self.node(node.operand, depth)
        if isinstance(node.op, ast.Invert) or not operand.type.is_numeric:
            raise self.fail("E305", f"expected a number but got {described(operand.type)}", operand.span)
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(operand, t.Literal) and not isinstance(operand.value, str):
            return t.Literal(operand.type, span, -operand.value)
        return t.Negation(operand.type, span, operand)

    def logic(self, node: ast.BoolOp, depth: int) -> t.Node:
        is_and = isinstance(node.op, ast.And)
        before = self.guarded
        operands: list[t.Node] = []
        failed = False
        for part in node.values:
            try:
                operand = self.require(self.node(part, depth), BOOLEAN)
            except _Failed:
                failed = True
                continue
            operands.append(operand)
            self.guarded |= _asked(operand, is_and)
        self.guarded = before
        if failed:
            raise _Failed
        return t.Logic(BOOLEAN, self.parsed.span(node), "and" if is_and else "or", tuple(operands))

    def compare(self, node: ast.Compare, depth: int) -> t.Node:
        for op in node.ops:
            if isinstance(op, ast.Is | ast.IsNot):
                help = "write `==` or `!=`; whether something is known asks `known(x)`"
                raise self.fail("E302", "`is` is not part of the language", self.parsed.span(node), help)
            if isinstance(op, ast.In | ast.NotIn):
                if len(node.ops) == 1:
                    return self.membership(node, depth)
                help = "put brackets around `x in …`"
                span = self.parsed.span(node)
                raise self.fail("E302", "`in` cannot stand in a chain of comparisons", span, help)
        sides = self.all([node.left, *node.comparators], depth)
        parts: list[t.Node] = []
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            parts.append(self.comparison(_COMPARE[type(op)], left, right, (left.span[0], right.span[1])))
        if len(parts) == 1:
            only = parts[0]
            assert isinstance(only, t.Compare)
            return t.Compare(BOOLEAN, self.parsed.span(node), only.op, only.left, only.right)
        return t.Logic(BOOLEAN, self.parsed.span(node), "and", tuple(parts))

    def comparison(self, op: t.CompareOp, left: t.Node, right: t.Node, span: t.Span) -> t.Node:
        try:
            left, right = comparable(op, left, right)
        except UnitProblem as problem:
            message = f"cannot compare `{self.text(left)}` with `{self.text(right)}`: {problem}"
            raise self.fail(problem.code, message, span, problem.help) from problem
        self.warn_constant(op, left, right, span)
        return t.Compare(BOOLEAN, span, op, left, right)

    def warn_constant(self, op: t.CompareOp, left: t.Node, right: t.Node, span: t.Span) -> None:
        """A field that can never reach the literal it is compared with is a slip of the pen."""
        flip: dict[str, t.CompareOp] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        if isinstance(left, t.Literal):
            left, right, op = right, left, flip.get(op, op)
        if not (isinstance(left, t.FieldRef) and isinstance(right, t.Literal) and left.type.is_numeric):
            return
        field = self.scope.vocabulary.at(left.path)
        ours, theirs = left.type.scale or 0, right.type.scale or 0
        low, high = field.low * 10**theirs, field.high * 10**theirs
        value = int(right.value) * 10**ours
        outside = {
            "==": not low <= value <= high, "!=": not low <= value <= high,
            "<": not low < value <= high, "<=": not low <= value < high,
            ">": not low <= value < high, ">=": not low < value <= high,
        }[op]  # fmt: skip
        if outside:
            self.problems.append(
                Problem(
                    "W402",
                    f"`{self.parsed.text[slice(*span)]}` is always the same: "
                    f"`{left.path}` is bounded by its declaration",
                    span,
                    "compare with a value inside the bounds of the field, or leave the condition out",
                    warning=True,
                )
            )

    def membership(self, node: ast.Compare, depth: int) -> t.Node:
        span = self.parsed.span(node)
        container = node.comparators[0]
        item = self.node(node.left, depth)
        options: list[t.Node] = []
        if isinstance(container, ast.List | ast.Tuple):
            options = self.all(container.elts, depth)
            if not options:
                place = self.parsed.span(container)
                raise self.fail("E305", "expected a list of values but got an empty one", place)
        else:
            listed = self.node(container, depth)
            if not isinstance(listed, t.ParameterRef) or listed.type.element is None:
                what = (
                    described(listed.type) if listed.type.base is not Base.LIST else f"`{self.text(listed)}`"
                )
                raise self.fail(
                    "E305", f"expected a list of values but got {what}", listed.span,
                    'write the values, such as `["A", "B"]`, or name a parameter that is a list',
                )  # fmt: skip
            options = [listed]
        adapted: list[t.Node] = []
        for option in options:
            if option.type.base is Base.LIST and isinstance(option, t.ParameterRef):
                self.listed(item, option, span)
                adapted.append(option)
                continue
            same = self.comparison("==", item, option, span)
            assert isinstance(same, t.Compare)
            adapted.append(same.right)
        found: t.Node = t.Membership(BOOLEAN, span, item, tuple(adapted))
        return t.Not(BOOLEAN, span, found) if isinstance(node.ops[0], ast.NotIn) else found

    def listed(self, item: t.Node, option: t.ParameterRef, span: t.Span) -> None:
        """A list parameter among the options: its values must be comparable with the item."""
        for constant in self.scope.parameters[option.name].items:
            self.comparison("==", item, t.Literal(constant.type, option.span, constant.value), span)

    def conditional(self, node: ast.IfExp, depth: int) -> t.Node:
        before = self.guarded
        test = self.require(self.node(node.test, depth), BOOLEAN)
        self.guarded = before | _asked(test, True)
        then = self.node(node.body, depth)
        self.guarded = before | _asked(test, False)
        otherwise = self.node(node.orelse, depth)
        self.guarded = before
        try:
            (then, otherwise), type_ = unify((then, otherwise))
        except UnitProblem as problem:
            message = f"the two branches differ: {problem}"
            raise self.fail(problem.code, message, self.parsed.span(node), problem.help) from problem
        return t.Conditional(type_, self.parsed.span(node), test, then, otherwise)

    # -- calls -------------------------------------------------------------------------------------

    def call(self, node: ast.Call, depth: int) -> t.Node:
        span = self.parsed.span(node)
        if not isinstance(node.func, ast.Name):
            raise self.fail("E302", f"`{self._short(node)}` is not part of the language", span)
        name = normal(node.func.id)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self.fail("E308", f"`{name}` takes its arguments by position", span)
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            if name in _FOLDS:
                return self.fold(name, node.args[0], span, depth)
            raise self.fail("E302", f"`{name}` does not take `… for … in …`", span)
        function = FUNCTIONS.get(name)
        if function is None:
            near = suggest(name, [*FUNCTIONS, *_FOLDS])
            help = OFTEN_MEANT.get(name.lower()) or (f"did you mean `{near}`?" if near else None)
            raise self.fail("E307", f"unknown function `{name}`", self.parsed.span(node.func), help)
        asked = {"known": len(node.args), "coalesce": len(node.args) - 1}.get(name, 0)
        arguments = self._asked_about(node.args[:asked], depth) + self.all(node.args[asked:], depth)
        try:
            return function.build(Arguments(span, arguments, self.text, self.scope))
        except ArgumentProblem as problem:
            where = problem.span or span
            raise self.fail(
                problem.code, problem.message, where, problem.help or f"write `{function.signature}`"
            ) from problem
        except UnitProblem as problem:
            raise self.fail(problem.code, str(problem), span, problem.help) from problem
        except Reported as reported:
            raise _Failed from reported

    def _asked_about(self, nodes: Sequence[ast.expr], depth: int) -> list[t.Node]:
        """What ``known`` and ``coalesce`` look at: there a field may be unknown."""
        before = len(self.problems)
        try:
            return self.all(nodes, depth)
        finally:
            self.problems[before:] = [p for p in self.problems[before:] if p.code != "W401"]

    def refuse_wholes(self, root: t.Node) -> None:
        """A list, named numbers or bands are no values by themselves: only some places can take them."""
        todo: list[tuple[t.Node, t.Node | None]] = [(root, None)]
        seen: set[int] = set()
        while todo:
            node, parent = todo.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            todo.extend((child, node) for child in reversed(t.children(node)))
            help = self._whole(node, parent)
            if help is not None:
                self.report("E305", f"`{self.text(node)}` is no single value", node.span, help)

    def _whole(self, node: t.Node, parent: t.Node | None) -> str | None:
        """What to write instead, where a node is a whole that its place cannot take."""
        if isinstance(node, t.FieldRef | t.ItemRef) and node.type.base is Base.LIST:
            if isinstance(parent, t.Fold) or (isinstance(parent, t.Call) and parent.name == "known"):
                return None
            return f"say what of its items is meant, such as `count({self.text(node)})`"
        if not isinstance(node, t.ParameterRef):
            return None
        if node.type.base is Base.LIST:
            return None if isinstance(parent, t.Membership) else f"ask whether something is `in {node.name}`"
        if node.type.base is Base.MAP:
            taken = isinstance(parent, t.MapItem) or (
                isinstance(parent, t.Call) and parent.name == "allocate"
            )
            return None if taken else f"name one of its values, such as `{node.name}.{node.type.keys[0]}`"
        return f"look it up with `band(…, {node.name})`" if self.scope.parameters[node.name].bands else None

    def fold(self, kind: str, node: ast.GeneratorExp, span: t.Span, depth: int) -> t.Node:
        generator = node.generators[0]
        if len(node.generators) != 1 or not isinstance(generator.target, ast.Name) or generator.is_async:
            raise self.fail("E302", f"`{kind}` takes one `for name in list`", span)
        source = self.node(generator.iter, depth)
        if source.type.item is None or not isinstance(source, t.FieldRef | t.ItemRef):
            raise self.fail(
                "E305", f"expected a list of records but got {described(source.type)}", source.span
            )
        variable = normal(generator.target.id)
        if variable in self.loops or variable == "as_of" or self.scope.has(variable):
            place = self.parsed.span(generator.target)
            raise self.fail("E303", f"`{variable}` already has a meaning here", place, "choose another name")
        self.loops = {**self.loops, variable: (source.type.item, source.path + "[]")}
        before = self.guarded
        try:
            tests = [self.require(n, BOOLEAN) for n in self.all(generator.ifs, depth)]
            self.guarded = before.union(*(_asked(test, True) for test in tests))
            plain = isinstance(node.elt, ast.Name) and normal(node.elt.id) == variable
            body = None if plain and kind == "count" else self.node(node.elt, depth)
        finally:
            self.guarded = before
            self.loops = {k: v for k, v in self.loops.items() if k != variable}
        test: t.Node | None = None
        if tests:
            test = tests[0] if len(tests) == 1 else t.Logic(BOOLEAN, span, "and", tuple(tests))
        type_ = BOOLEAN if kind in ("any", "all") else number(0)
        if body is not None:
            if kind in ("any", "all", "count"):
                body = self.require(body, BOOLEAN)
            elif not (body.type.is_numeric or (kind != "sum" and body.type.base is Base.DATE)):
                raise self.fail("E305", f"`{kind}` expects numbers but got {described(body.type)}", body.span)
            elif body.type.is_numeric and body.type.scale is None:
                what = self.text(body)
                raise self.fail(
                    "E311", f"`{what}` has no definite number of decimals", body.span,
                    f"say how each is rounded: `{kind}(round({what}, 2) for …)`",
                )  # fmt: skip
            else:
                type_ = body.type.with_scale(body.type.scale) if body.type.is_numeric else body.type
        if kind == "count" and body is not None:
            test = body if test is None else t.Logic(BOOLEAN, span, "and", (test, body))
            body = None
        return t.Fold(type_, span, kind, body, variable, source, test)  # type: ignore[arg-type]


def _names_like(name: str, kind: KindOf) -> list[str]:
    """The names of a kind's fields: those in Chinese where the name is too, else the plain ones."""
    if name.isascii():
        return list(kind.fields)
    return [n for n in kind.by_name if not n.isascii()] or list(kind.fields)


def _asked(node: t.Node, holds: bool) -> frozenset[str]:
    """The optional fields that are known where ``node`` is true (or, with ``holds=False``, false)."""
    match node:
        case t.Call(name="known", args=(t.FieldRef(path=path) | t.ItemRef(path=path),)) if holds:
            return frozenset({path})
        case t.Not(operand=operand):
            return _asked(operand, not holds)
        case t.Logic(op=op, operands=operands) if (op == "and") == holds:
            return frozenset().union(*(_asked(o, holds) for o in operands))
        case _:
            return frozenset()
