"""Decision tables: cells to conditions, hit policies to expressions, overlapping rows found.

A hit policy is said with the nodes of the typed tree, so that evaluators know nothing of tables. What is
symmetric in its rows (all but ``first``) is unknown as soon as the test of any row is unknown. Where no row
holds, a sum or count is 0 and a list is empty; other values are those of ``otherwise``, or unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from salesctrl.compile.checked import CheckedTable, Expression
from salesctrl.compile.drafts import Placed, Reporter
from salesctrl.compile.overlaps import overlapping
from salesctrl.compile.regions import example, region
from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.expr.scope import Scope
from salesctrl.expr.unary import cell_test
from salesctrl.expr.units import UnitProblem, adapt, comparable, described, unify
from salesctrl.outcome import Outcome
from salesctrl.policy.documents import Effects, LocalText, TableSpec
from salesctrl.policy.literals import BadLiteral, parse_literal
from salesctrl.policy.types import BOOLEAN, NUMERIC, ORDERED, TEXT, TEXTUAL, Base, Type, list_of, number

_HERE: t.Span = (0, 0)
SEVERAL_ROWS = "several_rows"
NO_ROW = "no_row"
ROWS_DIFFER = "rows_differ"


def outcome_of(effects: Effects) -> Outcome | None:
    """The outcome that effects ask for; ``None`` where they only compute or notify."""
    if effects.deny:
        return Outcome.DENY
    if effects.review:
        return Outcome.REVIEW
    if effects.flag:
        return Outcome.FLAG
    return Outcome.ALLOW if effects.allow else None


class TableBuilder:
    """One table: its tests, its outputs, the conditions of its rows."""

    def __init__(self, name: str, placed: Placed[TableSpec], scope: Scope, reporter: Reporter):
        self.name, self.placed, self.spec = name, placed, placed.value
        self.scope, self.reporter = scope, reporter
        self._inputs: list[Expression] | None = None
        self._cells: list[list[t.Node]] | None = None
        self._tests: list[t.Node] = []
        self._sound: bool | None = None
        self._exclusive = False

    def table(self) -> CheckedTable | None:
        """The table as people see it, ``None`` where its inputs or cells are wrong."""
        if not self._build():
            return None
        assert self._inputs is not None
        title = self.spec.title or LocalText(en=self.name, zh=self.name)
        rows = tuple(tuple(str(c) for c in row.match) for row in self.spec.rows)
        tests = tuple(tuple(cells) for cells in self._cells or ())
        return CheckedTable(self.name, title, tuple(self._inputs), self.spec.hit, rows, tests)

    # -- inputs and cells --------------------------------------------------------------------------

    def _build(self) -> bool:
        if self._sound is None:
            self._sound = self._read_inputs() and self._read_cells()
            if self._sound:
                self._find_overlaps()
        return self._sound

    def _read_inputs(self) -> bool:
        inputs: list[Expression] = []
        for i, given in enumerate(self.spec.inputs):
            node, problems = check(given.value, self.scope)
            whole = self.placed.source.span((*self.placed.path, "inputs", i))
            inner = self.placed.source.span((*self.placed.path, "inputs", i, "value"))
            self.reporter.problems(
                problems, self.placed, "inputs", i, *(() if whole == inner else ("value",))
            )
            if node is None:
                continue
            if node.type.base not in ORDERED | TEXTUAL | {Base.BOOLEAN}:
                self.reporter.error(
                    "E305", f"a table cannot have {node.type} as its input", self.placed, "inputs", i
                )
                continue
            inputs.append(Expression(given.value, node, given.title))
        self._inputs = inputs
        return len(inputs) == len(self.spec.inputs)

    def _read_cells(self) -> bool:
        assert self._inputs is not None
        sound, rows = True, []
        for i, row in enumerate(self.spec.rows):
            if len(row.match) != len(self._inputs):
                message = f"expected {len(self._inputs)} cells, one for each input, but got {len(row.match)}"
                self.reporter.error("E406", message, self.placed, "rows", i, "match")
                sound = False
                continue
            cells: list[t.Node] = []
            for j, (cell, given) in enumerate(zip(row.match, self._inputs, strict=True)):
                test, problems = cell_test(str(cell), given.node, self.scope)
                one_text = self.placed.span("rows", i, "match", j) == self.placed.span("rows", i, "match")
                self.reporter.problems(problems, self.placed, "rows", i, "match", *(() if one_text else (j,)))
                if test is None:
                    sound = False
                else:
                    cells.append(test)
            rows.append(cells)
        self._cells = rows
        self._tests = [_all(cells) for cells in rows]
        return sound

    def _find_overlaps(self) -> None:
        """Rows of a ``unique`` table may not hold together: shown here, or guarded when it is not plain."""
        assert self._cells is not None and self._inputs is not None
        if self.spec.hit != "unique":
            return
        nodes = [e.node for e in self._inputs]
        regions = [[region(c, x) for c, x in zip(cells, nodes, strict=True)] for cells in self._cells]
        found = list(overlapping(regions))
        self._exclusive = not found
        for later, earlier, certain in found:
            if certain:
                message = f"rows {earlier + 1} and {later + 1} of `{self.name}` hold for the same values"
                shown = [
                    example(mine.meet(theirs), node)
                    for mine, theirs, node in zip(regions[later], regions[earlier], nodes, strict=True)
                    if mine is not None and theirs is not None
                ]
                if None not in shown:
                    message += f": {', '.join(map(str, shown))}"
                help = "make their cells exclude one another, or choose `hit: first`"
                note = (f"row {earlier + 1}", self.placed.span("rows", earlier, "match"))
                self.reporter.error(
                    "E405", message, self.placed, "rows", later, "match", help=help, notes=(note,)
                )

    # -- rows with effects -------------------------------------------------------------------------

    def row_conditions(self) -> list[t.Node]:
        """For each row the condition under which its effects count."""
        tests = self._tests
        if self.spec.hit in ("collect", "any"):
            return list(tests)
        if self.spec.hit == "unique":
            if self._exclusive:
                return list(tests)
            alone = self._at_most_one()
            return [t.Guard(BOOLEAN, _HERE, alone, test, SEVERAL_ROWS) for test in tests]
        order = list(range(len(tests)))
        if self.spec.hit == "priority":
            ranks = [(outcome_of(row) or Outcome.ALLOW).rank for row in self.spec.rows]
            order.sort(key=lambda i: -ranks[i])
        done: dict[int, t.Node] = {}
        before: t.Node | None = None
        for i in order:
            test = tests[i]
            done[i] = test if before is None else _all([test, t.Not(BOOLEAN, _HERE, before)])
            before = test if before is None else t.Logic(BOOLEAN, _HERE, "or", (before, test))
        return [done[i] for i in range(len(tests))]

    def _at_most_one(self) -> t.Node:
        count = t.Call(number(0), _HERE, "count_true", tuple(self._tests))
        return t.Compare(BOOLEAN, _HERE, "<=", count, t.Literal(number(0), _HERE, 1))

    # -- outputs -----------------------------------------------------------------------------------

    def output(self, name: str) -> t.Node | None:
        """The value of an output as an expression, ``None`` where it is wrong."""
        if not self._build():
            return None
        values: list[t.Node] = []
        sound = True
        for i, row in enumerate(self.spec.rows):
            if name not in row.give:
                self.reporter.error("E406", f"row {i + 1} gives no `{name}`", self.placed, "rows", i)
                sound = False
                continue
            node = self._value(row.give[name], "rows", i, "give", name)
            if node is None:
                sound = False
            else:
                values.append(node)
        otherwise: t.Node | None = None
        if self.spec.otherwise is not None and name in self.spec.otherwise:
            otherwise = self._value(self.spec.otherwise[name], "otherwise", name)
            sound = sound and otherwise is not None
        if not sound or not values:
            return None
        try:
            done, type_ = unify([*values, *([otherwise] if otherwise is not None else [])])
        except UnitProblem as problem:
            self.reporter.error(
                problem.code,
                f"rows give `{name}` of different types: {problem}",
                self.placed,
                help=problem.help,
            )
            return None
        type_ = replace(type_, bare=False)
        given = done[: len(values)]
        return self._by_hit_policy(name, given, done[-1] if otherwise is not None else None, type_)

    def _value(self, text: str, *path: str | int) -> t.Node | None:
        """What a row gives: a literal as parameters are written, or an expression."""
        try:
            constant = parse_literal(text)
            if constant.type.base is not Base.TEXT:
                return t.Literal(constant.type, (0, len(text)), constant.value)
        except BadLiteral:
            pass
        if text.replace("_", "a").isidentifier() and text != "as_of" and not self.scope.has(text):
            return t.Literal(TEXT, (0, len(text)), text)
        node, problems = check(text, self.scope)
        self.reporter.problems(problems, self.placed, *path)
        return node

    def _by_hit_policy(
        self, name: str, values: Sequence[t.Node], otherwise: t.Node | None, type_: Type
    ) -> t.Node | None:
        tests = tuple(self._tests)
        chosen = t.Select(type_, _HERE, tests, tuple(values), otherwise)
        match self.spec.hit:
            case "first":
                return chosen
            case "unique":
                if self._exclusive:
                    return self._all_known(chosen, NO_ROW)
                return t.Guard(type_, _HERE, self._at_most_one(), chosen, SEVERAL_ROWS)
            case "any":
                agree = _all(
                    [self._agrees(test, value, chosen) for test, value in zip(tests, values, strict=True)]
                )
                return self._all_known(t.Guard(type_, _HERE, agree, chosen, ROWS_DIFFER), NO_ROW)
            case "priority":
                return self._by_priority(name, values, otherwise, type_)
        return self._collected(name, values, otherwise, type_)

    def _agrees(self, test: t.Node, value: t.Node, chosen: t.Node) -> t.Node:
        same = t.Compare(BOOLEAN, _HERE, "==", value, chosen)
        return t.Logic(BOOLEAN, _HERE, "or", (t.Not(BOOLEAN, _HERE, test), same))

    def _all_known(self, chosen: t.Node, reason: str) -> t.Node:
        """Every test must be known, so that the order of the rows does not matter."""
        known = _all([t.Call(BOOLEAN, _HERE, "known", (test,)) for test in self._tests])
        return t.Guard(chosen.type, _HERE, known, chosen, reason)

    def _by_priority(
        self, name: str, values: Sequence[t.Node], otherwise: t.Node | None, type_: Type
    ) -> t.Node | None:
        ranked = self.spec.priority.get(name)
        if ranked is None:
            self.reporter.error(
                "E406", f"`hit: priority` needs `priority` with the values of `{name}` in order",
                self.placed, "hit",
                help=f"add `priority: {{{name}: […]}}`, the value that goes first at the beginning",
            )  # fmt: skip
            return None
        tests: list[t.Node] = []
        results: list[t.Node] = []
        for i, text in enumerate(ranked):
            node = self._value(text, "priority", name, i)
            if node is None:
                return None
            try:
                wanted = adapt(node, type_)
                holds = [
                    _all([test, t.Compare(BOOLEAN, _HERE, "==", *comparable("==", value, wanted))])
                    for test, value in zip(self._tests, values, strict=True)
                ]
            except UnitProblem as problem:
                self.reporter.error(
                    problem.code, str(problem), self.placed, "priority", name, i, help=problem.help
                )
                return None
            tests.append(_any(holds))
            results.append(wanted)
        if not self._are_ranked(name, values, results):
            return None
        if type_.is_numeric and type_.scale is not None:
            type_ = replace(type_, scale=max(type_.scale, *(node.type.scale or 0 for node in results)))
        if otherwise is not None:  # it stands for no row at all, not for a row whose value is not ranked
            tests.append(t.Not(BOOLEAN, _HERE, _any(self._tests)))
            results.append(otherwise)
        return self._all_known(t.Select(type_, _HERE, tuple(tests), tuple(results), None), NO_ROW)

    def _are_ranked(self, name: str, values: Sequence[t.Node], ranked: Sequence[t.Node]) -> bool:
        """Whether every value that a row plainly gives has a place in the order."""
        places = {_exact(node) for node in ranked}
        sound = True
        for i, node in enumerate(values):
            if isinstance(node, t.Literal) and None not in places and _exact(node) not in places:
                text = self.spec.rows[i].give[name]
                self.reporter.error(
                    "E406", f"`{text}` has no place in `priority`", self.placed, "rows", i, "give", name,
                    help=f"add it to the values of `{name}` in `priority`",
                )  # fmt: skip
                sound = False
        return sound

    def _collected(
        self, name: str, values: Sequence[t.Node], otherwise: t.Node | None, type_: Type
    ) -> t.Node | None:
        done = self._collected_rows(name, values, type_)
        if done is None or otherwise is None:
            return done
        if done.type != replace(type_, scale=done.type.scale):
            self.reporter.error(
                "E417", f"`otherwise` gives one value, but `collect: {self.spec.collect}` does not",
                self.placed, "otherwise", help="leave it out",
            )  # fmt: skip
            return None
        return t.Conditional(type_, _HERE, _any(self._tests), done, otherwise)

    def _collected_rows(self, name: str, values: Sequence[t.Node], type_: Type) -> t.Node | None:
        how = self.spec.collect
        if how == "count":
            return t.Call(number(0), _HERE, "count_true", tuple(self._tests))
        if type_.base in (Base.LIST, Base.MAP):
            self.reporter.error("E417", f"a {type_.base} cannot be collected", self.placed, "collect")
            return None
        wanted = "numbers" if how == "sum" else "numbers or dates"
        if how in ("sum", "min", "max") and type_.base not in (NUMERIC if how == "sum" else ORDERED):
            self.reporter.error(
                "E417",
                f"`collect: {how}` expects {wanted} but the rows give {described(type_)}",
                self.placed,
                "collect",
                help="write `collect: list` or `collect: count`",
            )
            return None
        if type_.scale is None:
            self.reporter.error(
                "E311",
                f"the rows give `{name}` without a definite number of decimals",
                self.placed,
                "collect",
                help="say how it is rounded: `round(…, 2)`",
            )
            return None
        if how == "sum":
            zero = t.Literal(replace(type_, scale=0), _HERE, 0)
            terms: list[t.Node] = [
                t.Conditional(type_, _HERE, test, value, zero)
                for test, value in zip(self._tests, values, strict=True)
            ]
            return _balanced_sum(terms, type_)
        flat = tuple(n for pair in zip(self._tests, values, strict=True) for n in pair)
        result = list_of(type_) if how == "list" else type_
        return t.Call(result, _HERE, f"collect_{how}", flat)


def _all(conditions: Sequence[t.Node]) -> t.Node:
    """All of the conditions; a dash is left out."""
    parts = tuple(c for c in conditions if not (isinstance(c, t.Literal) and c.value is True))
    if not parts:
        return t.Literal(BOOLEAN, _HERE, True)
    return parts[0] if len(parts) == 1 else t.Logic(BOOLEAN, _HERE, "and", parts)


def _any(conditions: Sequence[t.Node]) -> t.Node:
    return conditions[0] if len(conditions) == 1 else t.Logic(BOOLEAN, _HERE, "or", tuple(conditions))


def _exact(node: t.Node) -> object:
    """The value of a literal, whatever its number of decimals; ``None`` where it is not plain."""
    if not isinstance(node, t.Literal):
        return None
    plain = isinstance(node.value, bool | str)
    return node.value if plain else Fraction(int(node.value), 10 ** (node.type.scale or 0))


def _balanced_sum(terms: list[t.Node], type_: Type) -> t.Node:
    """A sum as a tree of little depth, however many terms there are."""
    while len(terms) > 1:
        pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
        terms = [p[0] if len(p) == 1 else t.Arithmetic(type_, _HERE, "+", p[0], p[1]) for p in pairs]
    return terms[0]
