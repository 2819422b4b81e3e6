"""Prints the nodes of a plan's graph as Python expressions, built of `ast` nodes, never of text.

What may be unknown at run time is known here: a node that cannot be is printed as plain arithmetic, another
with Kleene's rules around it. The printer is used twice for a plan: once taking every fact as known, which is
the common case, and once taking none so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from salesctrl.expr.ir import Graph, Op
from salesctrl.expr.unknown import Unknowns
from salesctrl.numbers import ROUNDERS, RoundingMode

INLINE_SELECT = 12
"""A selection with more rows than this is printed as a search, which does not nest."""

_COMPARE: Mapping[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
_BINARY: Mapping[str, type[ast.operator]] = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult}


def name(identifier: str) -> ast.expr:
    """A name that is read."""
    return ast.Name(identifier, ast.Load())


def const(value: object) -> ast.expr:
    """A constant."""
    return ast.Constant(value)  # type: ignore[arg-type]


def call(function: str, *args: ast.expr) -> ast.expr:
    """A call of a global of the generated module."""
    return ast.Call(name(function), list(args), [])


def assign(target: str, value: ast.expr) -> ast.stmt:
    """``target = value``."""
    return ast.Assign([ast.Name(target, ast.Store())], value)


def is_(left: ast.expr, value: object, *, negated: bool = False) -> ast.expr:
    """``left is value``, or ``is not``."""
    return ast.Compare(left, [ast.IsNot() if negated else ast.Is()], [const(value)])


def either(parts: Sequence[ast.expr]) -> ast.expr:
    """``a or b or …``."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts))


def both(parts: Sequence[ast.expr]) -> ast.expr:
    """``a and b and …``."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))


def choose(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """``then if test else otherwise``."""
    return ast.IfExp(test, then, otherwise)


def after(first: Sequence[ast.expr], value: ast.expr) -> ast.expr:
    """``value``, when ``first`` has been computed."""
    if not first:
        return value
    return ast.Subscript(ast.Tuple([*first, value], ast.Load()), const(-1), ast.Load())


def define(
    identifier: str, parameters: Sequence[str], body: list[ast.stmt], globals_: dict[str, object]
) -> Any:
    """Compile a function and return it; ``globals_`` is all that it can use."""
    made = ast.parse("def f(): ...").body[0]  # parsed, so that it has what each version of Python asks for
    assert isinstance(made, ast.FunctionDef)
    made.name, made.body = identifier, body
    made.args.args = [ast.arg(parameter) for parameter in parameters]
    code = compile(ast.fix_missing_locations(ast.Module([made], [])), f"<{identifier}>", "exec")
    exec(code, globals_)  # noqa: S102 - built of ast nodes of our own making
    return globals_[identifier]


class Printer:
    """Prints nodes; those that several use, or whose value is needed twice, become local variables.

    ``inputs`` are the names of the locals that hold the facts by number; ``known`` says whether they
    are taken to be known, all of them. A requirement is asked of ``judge`` with the locals ``evidence`` and
    ``x0``; ``payments`` are the numbers of those that are payments.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[int, str],
        payments: Set[int],
        *,
        known: bool,
        globals_: dict[str, object],
    ):
        self.graph = graph
        self.payments = payments
        self.inputs = inputs
        self.known = known
        self.globals = globals_
        self.maybe = Unknowns(graph, lambda op: not known and (op.name == "var" or op.imm != 0))
        """Whether the value of a node may be unknown."""
        self._local: set[int] = set()
        self._repeated: set[int] = set()
        """Nodes inside loops that several use: computed once for each item, at the beginning."""
        self._walrus = 0

    # -- preparation -------------------------------------------------------------------------------

    def prepare(self, roots: Iterable[int]) -> list[ast.stmt]:
        """Decide which nodes become locals, and return the statements that compute them."""
        uses = self._uses(roots)
        self._note_repeated(uses, 0)
        for node in sorted(uses):
            op = self.graph.ops[node]
            if op.loops or op.name in ("const", "input", "judge") or self._asks_judge(node):
                continue
            if uses[node] > 1 or self.maybe(node):
                self._local.add(node)
        return [assign(f"v{node}", self._print(node)) for node in sorted(self._local)]

    def all_locals(self, nodes: Iterable[int], loops: int = 0) -> list[ast.stmt]:
        """Statements that compute every one of these nodes, and what they need, as locals.

        ``loops`` says how many loops there are around them, whose items are locals.
        """
        uses = self._uses(nodes)
        self._note_repeated(uses, loops)
        for node in uses:
            op = self.graph.ops[node]
            outside = max(op.loops, default=0) <= loops
            if outside and op.name not in ("const", "input") and not self._asks_judge(node):
                self._local.add(node)
        return [assign(f"v{node}", self._print(node)) for node in sorted(self._local)]

    def _note_repeated(self, uses: Mapping[int, int], loops: int) -> None:
        ops = self.graph.ops
        inside = (n for n in uses if max(ops[n].loops, default=0) > loops and ops[n].name != "var")
        self._repeated.update(n for n in inside if uses[n] > 1)

    def _uses(self, roots: Iterable[int]) -> dict[int, int]:
        """How often each node that is needed is used; the depth of nesting is bounded by extra uses."""
        uses: dict[int, int] = {}
        depth: dict[int, int] = {}
        needed: set[int] = set()
        todo = list(roots)
        for root in todo:
            uses[root] = uses.get(root, 0) + 1
        while todo:
            node = todo.pop()
            if node in needed:
                continue
            needed.add(node)
            for arg in self.graph.ops[node].args:
                uses[arg] = uses.get(arg, 0) + 1
                todo.append(arg)
        for node in sorted(needed):
            args = self.graph.ops[node].args
            depth[node] = 1 + max((depth[a] if uses[a] == 1 else 0 for a in args), default=0)
            if depth[node] > 20:
                uses[node] += 1
        return uses

    def _asks_judge(self, node: int) -> bool:
        """Whether a requirement is asked about: done as late as possible, so only where it matters."""
        todo = [node]
        while todo:
            op = self.graph.ops[todo.pop()]
            if op.name == "judge":
                return True
            if op.name in ("and", "or", "not"):
                todo.extend(op.args)
        return False

    # -- printing ----------------------------------------------------------------------------------

    def __call__(self, node: int) -> ast.expr:
        """The node as an expression: its local where it has one."""
        if node in self._local or node in self._repeated:
            return name(f"v{node}")
        return self._print(node)

    def _constant(self, value: object) -> ast.expr:
        """A constant that is no literal of Python, as a global of the generated module."""
        if isinstance(value, int | str):
            return const(value)
        key = f"K{len(self.globals)}"
        self.globals[key] = value
        return name(key)

    def _print(self, node: int) -> ast.expr:
        op = self.graph.ops[node]
        match op.name:
            case "const":
                return self._constant(op.imm)
            case "input":
                assert isinstance(op.imm, int)
                return name(self.inputs[op.imm])
            case "and" | "or":
                return self._logic(op)
            case "if":
                return self._if(op)
            case "select":
                return self._select(op)
            case "guard":
                return choose(self(op.args[0]), self(op.args[1]), const(None))
            case "known":
                return is_(self(op.args[0]), None, negated=True) if self.maybe(op.args[0]) else const(True)
            case "coalesce":
                return self._coalesce(op)
            case "fold":
                return self._fold(op)
            case "judge":
                return self._judge(op)
        return self._strict(op)

    def _strict(self, op: Op) -> ast.expr:
        """An operation that is unknown as soon as one of its operands is."""
        if op.name == "call" and isinstance(op.imm, tuple) and str(op.imm[0]).startswith("collect"):
            return self._plain(op, [self(a) for a in op.args])
        tests: list[ast.expr] = []
        operands: list[ast.expr] = []
        for arg in op.args:
            if self.maybe(arg):
                first, again = self._twice(arg)
                tests.append(is_(first, None))
                operands.append(again)
            else:
                operands.append(self(arg))
        plain = self._plain(op, operands)
        return choose(either(tests), const(None), plain) if tests else plain

    def _twice(self, node: int) -> tuple[ast.expr, ast.expr]:
        """A value that is looked at and then used: its first mention and its second."""
        if node in self._local or node in self._repeated or self.graph.ops[node].name == "input":
            return self(node), self(node)
        self._walrus += 1
        temporary = f"w{self._walrus}"
        return ast.NamedExpr(ast.Name(temporary, ast.Store()), self(node)), name(temporary)

    def _plain(self, op: Op, args: list[ast.expr]) -> ast.expr:
        match op.name:
            case "add" | "sub" | "mul":
                return ast.BinOp(args[0], _BINARY[op.name](), args[1])
            case "neg":
                return ast.UnaryOp(ast.USub(), args[0])
            case "not":
                return ast.UnaryOp(ast.Not(), args[0])
            case "abs" | "min" | "max":
                return call(op.name, *args)
            case "sign":
                return choose(ast.Compare(args[0], [ast.Lt()], [const(0)]), const(-1), const(1))
            case "nonzero":
                return ast.BoolOp(ast.Or(), [args[0], const(None)])
            case "cmp":
                assert isinstance(op.imm, str)
                return ast.Compare(args[0], [_COMPARE[op.imm]()], [args[1]])
            case "in":
                return ast.Compare(args[0], [ast.In()], [self._constant(op.imm)])
            case "round":
                return self._round(op, args)
            case "item":
                return ast.Subscript(args[0], const(op.imm), ast.Load())
            case "var":
                assert isinstance(op.imm, tuple)
                return ast.Subscript(name(f"i{op.imm[0]}"), const(op.imm[1]), ast.Load())
            case "call":
                assert isinstance(op.imm, tuple)
                static = [self._constant(value) for value in op.imm[1:]]
                return call(f"call_{op.imm[0]}", *args, *static)
        raise AssertionError(op)

    def _round(self, op: Op, args: list[ast.expr]) -> ast.expr:
        """Half up of what cannot be negative is one division; the rest is a function of its mode."""
        n, d = args
        divisor = self.graph.value(op.args[1])
        even = isinstance(divisor, int) and divisor % 2 == 0
        if op.imm == "half_up" and even and self.graph.interval(op.args[0])[0] >= 0:
            half = const(int(divisor or 0) // 2)
            return ast.BinOp(ast.BinOp(n, ast.Add(), half), ast.FloorDiv(), const(divisor))
        rounder = ROUNDERS[RoundingMode(str(op.imm))]
        self.globals[rounder.__name__] = rounder
        return call(rounder.__name__, n, d)

    def _judge(self, op: Op) -> ast.expr:
        """Without any evidence nothing but a payment of nothing can be satisfied: no need to ask."""
        asked = call("judge", const(op.imm), name("evidence"), name("x0"), *(self(a) for a in op.args))
        if op.imm in self.payments:
            return asked
        return both([is_(name("evidence"), None, negated=True), asked])

    # -- logic -------------------------------------------------------------------------------------

    def _logic(self, op: Op) -> ast.expr:
        is_and = op.name == "and"
        if not any(self.maybe(a) for a in op.args):
            return (both if is_and else either)([self(a) for a in op.args])
        final: list[ast.expr] = []
        unknown: list[ast.expr] = []
        for arg in op.args:
            if self.maybe(arg):
                first, again = self._twice(arg)
                final.append(is_(first, not is_and))
                unknown.append(is_(again, None))
            else:
                final.append(ast.UnaryOp(ast.Not(), self(arg)) if is_and else self(arg))
        rest = choose(either(unknown), const(None), const(is_and))
        return choose(either(final), const(not is_and), rest)

    def _if(self, op: Op) -> ast.expr:
        test, then, otherwise = op.args
        if not self.maybe(test):
            return choose(self(test), self(then), self(otherwise))
        first, again = self._twice(test)
        return choose(is_(first, None), const(None), choose(again, self(then), self(otherwise)))

    def _select(self, op: Op) -> ast.expr:
        pairs = op.args[: len(op.args) - bool(op.imm)]
        tests, values = pairs[::2], pairs[1::2]
        last = self(op.args[-1]) if op.imm else const(None)
        if len(tests) > INLINE_SELECT:
            rows = [ast.Tuple([self(a), self(b)], ast.Load()) for a, b in zip(tests, values, strict=True)]
            return call("call_select", ast.Tuple(list(rows), ast.Load()), last)
        done = last
        for test, value in zip(reversed(tests), reversed(values), strict=True):
            if self.maybe(test):
                first, again = self._twice(test)
                done = choose(is_(first, None), const(None), choose(again, self(value), done))
            else:
                done = choose(self(test), self(value), done)
        return done

    def _coalesce(self, op: Op) -> ast.expr:
        if not self.maybe(op.args[0]):
            return self(op.args[0])
        first, again = self._twice(op.args[0])
        return choose(is_(first, None), self(op.args[1]), again)

    # -- lists -------------------------------------------------------------------------------------

    def _fold(self, op: Op) -> ast.expr:
        assert isinstance(op.imm, tuple)
        kind, loop, has_body, has_test = op.imm
        source = op.args[0]
        body = op.args[1] if has_body else None
        test = op.args[-1] if has_test else None
        first, again = self._twice(source) if self.maybe(source) else (None, self(source))
        parts = [n for n in (body, test) if n is not None]
        uncertain = any(self.maybe(n) for n in parts)
        first_of_all = self._at_the_beginning(parts, loop)
        printed = self._uncertain_fold if uncertain else self._certain_fold
        done = printed(kind, loop, body, test, again, first_of_all)
        return done if first is None else choose(is_(first, None), const(None), done)

    def _at_the_beginning(self, parts: Iterable[int], loop: int) -> list[ast.expr]:
        """What is computed first for each item of a loop: repeated nodes, none before what it needs."""
        needed: set[int] = set()
        todo = list(parts)
        while todo:
            node = todo.pop()
            if node not in needed and self.graph.ops[node].loops:
                needed.add(node)
                todo.extend(self.graph.ops[node].args)
        own = (n for n in sorted(needed & self._repeated) if max(self.graph.ops[n].loops) == loop)
        return [ast.NamedExpr(ast.Name(f"v{node}", ast.Store()), self._print(node)) for node in own]

    def _generator(self, element: ast.expr, loop: int, source: ast.expr, test: ast.expr | None) -> ast.expr:
        target = ast.Name(f"i{loop}", ast.Store())
        return ast.GeneratorExp(
            element, [ast.comprehension(target, source, [test] if test is not None else [], 0)]
        )

    def _certain_fold(
        self, kind: str, loop: int, body: int | None, test: int | None, source: ast.expr,
        first: list[ast.expr],
    ) -> ast.expr:  # fmt: skip
        condition = after(first, self(test)) if test is not None else None
        if kind == "count":
            if condition is None:
                return call("len", source)
            return call("sum", self._generator(const(1), loop, source, condition))
        assert body is not None
        value = self(body) if condition is not None else after(first, self(body))
        generator = self._generator(value, loop, source, condition)
        if kind in ("min", "max"):
            return ast.Call(name(kind), [generator], [ast.keyword("default", const(None))])
        return call(kind, generator)

    def _uncertain_fold(
        self, kind: str, loop: int, body: int | None, test: int | None, source: ast.expr,
        first: list[ast.expr],
    ) -> ast.expr:  # fmt: skip
        """Items as pairs (test, body), which the runtime folds by Kleene's rules."""
        value = self(body) if body is not None else const(1)
        pair = ast.Tuple([self(test) if test is not None else const(True), value], ast.Load())
        return call(f"fold_{kind}", self._generator(after(first, pair), loop, source, None))
