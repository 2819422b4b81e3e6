"""Formulas and tables of a policy: typed on demand, each once, circles found and shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from salesctrl.compile.checked import CheckedParameter, CheckedTable, Expression
from salesctrl.compile.drafts import Draft, Placed, Reporter
from salesctrl.compile.tables import TableBuilder
from salesctrl.expr import tree as t
from salesctrl.expr.check import check
from salesctrl.expr.lower import references
from salesctrl.expr.scope import Scope
from salesctrl.policy.documents import LocalText, TableSpec
from salesctrl.policy.types import Type
from salesctrl.policy.vocabulary import VocabularyIndex, normal

MAX_CHAIN = 50
"""How many formulas may use one another in a row."""
MAX_OPEN = 40
"""How many may be half done: only in a circle does the typing of one wait for that of many others."""
_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")


@dataclass(slots=True)
class Names:
    """The names of one policy and what they stand for; formulas and tables are typed when first asked for."""

    draft: Draft
    vocabulary: VocabularyIndex
    parameters: Mapping[str, CheckedParameter]
    reporter: Reporter
    scope: Scope = field(init=False)
    formulas: dict[str, Expression] = field(default_factory=dict)
    """Typed formulas, each after those it uses."""
    tables: dict[str, CheckedTable] = field(default_factory=dict)
    table_outputs: dict[tuple[str, str], t.Node] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)
    _open: list[str] = field(default_factory=list)
    _builders: dict[str, TableBuilder] = field(default_factory=dict)
    _lengths: dict[str, int] = field(default_factory=dict)
    """For each formula and output how many stand one on another in it."""

    def __post_init__(self) -> None:
        self._report_clashes()
        tables = {name: tuple(_outputs(placed)) for name, placed in self.draft.tables.items()}
        self.scope = Scope(
            self.vocabulary,
            {
                n: parameter.seen
                for n, parameter in self.parameters.items()
                if self.vocabulary.kind(n) is None
            },
            frozenset(n for n in self.draft.formulas if self.vocabulary.kind(n) is None),
            self.formula_type,
            tables,
            self.output_type,
            month_mode=self.draft.document.value.month_arithmetic,
        )

    def check_all(self) -> None:
        """Type every formula and every table."""
        for name in self._in_order():
            if name in self.draft.formulas:
                self.formula_type(name)
            elif name in self.draft.tables:
                self.table(name)

    def formula_type(self, name: str) -> Type | None:
        """The type of a formula, ``None`` where it is wrong."""
        if name in self.formulas:
            return self.formulas[name].node.type
        placed = self.draft.formulas[name]
        if name in self._failed or not self._enter(name, placed):
            return None
        text = placed.value.value
        at = ("value",) if placed.source.span((*placed.path, "value")) != placed.span() else ()
        node, problems = check(text, self.scope)
        self._open.pop()
        self.reporter.problems(problems, placed, *at)
        if node is None:
            self._failed.add(name)
            return None
        if node.type.bare:
            node = replace(node, type=replace(node.type, bare=False))
        if not self._keep_length(name, node, placed):
            self._failed.add(name)
            return None
        title = placed.value.title or LocalText(en=name, zh=name)
        self.formulas[name] = Expression(text, node, title, placed.span(*at))
        return node.type

    def output_type(self, table: str, output: str) -> Type | None:
        """The type of a table's output, ``None`` where it is wrong."""
        key = f"{table}.{output}"
        if (table, output) in self.table_outputs:
            return self.table_outputs[table, output].type
        if key in self._failed or not self._enter(table, self.draft.tables[table]):
            return None
        node = self._builder(table).output(output)
        self._open.pop()
        if node is None or not self._keep_length(key, node, self.draft.tables[table]):
            self._failed.add(key)
            return None
        self.table_outputs[table, output] = node
        return node.type

    def table(self, name: str) -> CheckedTable | None:
        """A table with its inputs and tests, ``None`` where it is wrong."""
        if name not in self.tables:
            if not self._enter(name, self.draft.tables[name]):
                return None
            built = self._builder(name).table()
            self._open.pop()
            if built is None:
                return None
            self.tables[name] = built
            for output in self.scope.tables[name]:
                self.output_type(name, output)
        return self.tables[name]

    def row_conditions(self, name: str) -> list[t.Node] | None:
        """For each row of a table with effects the condition under which its effects count."""
        return self._builder(name).row_conditions() if self.table(name) is not None else None

    def _builder(self, name: str) -> TableBuilder:
        if name not in self._builders:
            self._builders[name] = TableBuilder(name, self.draft.tables[name], self.scope, self.reporter)
        return self._builders[name]

    def _enter(self, name: str, placed: Placed[object]) -> bool:
        """Begin a formula or table; refuse a circle, showing it, and a chain that is too long."""
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            self.reporter.error(
                "E313",
                f"formulas go in a circle: {circle}",
                placed,
                help="break the circle: a value cannot follow from itself",
                key=True,
            )
            self._failed.update(self._open[self._open.index(name) :])
            return False
        if len(self._open) >= MAX_OPEN:
            self._failed.add(name)
            self.reporter.error("E313", f"more than {MAX_OPEN} formulas go in a circle with `{name}`", placed)
            return False
        self._open.append(name)
        return True

    def _in_order(self) -> list[str]:
        """Formulas, tables and ladders, each after those whose names it mentions, as far as that can be.

        It is a matter of depth only: what is typed in another order comes out the same.
        """
        draft = self.draft
        ladders = {n: " ; ".join(p.value.bands) for n, p in draft.parameters.items() if p.value.bands}
        texts = ladders | {n: _texts(p.value) for n, p in draft.tables.items()}
        texts |= {n: p.value.value for n, p in draft.formulas.items()}
        done: dict[str, None] = {}
        begun: set[str] = set()
        for start in [*draft.formulas, *texts]:
            stack = [start]
            while stack:
                name = stack[-1]
                if name in begun:
                    done[stack.pop()] = None
                    continue
                begun.add(name)
                mentioned = dict.fromkeys(_NAME.findall(normal(texts[name])))
                stack.extend(n for n in reversed(mentioned) if n in texts and n not in begun)
        return list(done)

    def _keep_length(self, name: str, node: t.Node, placed: Placed[object]) -> bool:
        """Refuse what stands on too many others, one on another."""
        below = [self._lengths.get(key, 0) for key in references(node)]
        self._lengths[name] = 1 + max(below, default=0)
        if self._lengths[name] <= MAX_CHAIN:
            return True
        self.reporter.error(
            "E314", f"more than {MAX_CHAIN} formulas use one another in a row", placed,
            help="join some of them, or let a table say it",
        )  # fmt: skip
        return False

    def _report_clashes(self) -> None:
        """One name has one meaning: kinds, parameters, formulas and tables share one space."""
        taken: dict[str, str] = {n: "a kind" for kind in self.vocabulary.kinds.values() for n in kind.names}
        for what, names in (
            ("a parameter", self.draft.parameters), ("a formula", self.draft.formulas),
            ("a table", self.draft.tables),
        ):  # fmt: skip
            parts: Mapping[str, Placed[object]] = names
            for name, placed in parts.items():
                if name in taken:
                    self.reporter.error(
                        "E419",
                        f"`{name}` is the name of {taken[name]} too",
                        placed,
                        help="choose another name",
                        key=True,
                    )
                taken.setdefault(name, what)


def _texts(spec: TableSpec) -> str:
    """Every text of a table in which a name may occur."""
    texts = [given.value for given in spec.inputs]
    for row in spec.rows:
        texts += [*map(str, row.match), *row.give.values()]
    texts += [text for values in spec.priority.values() for text in values]
    return " ; ".join([*texts, *(spec.otherwise or {}).values()])


def _outputs(placed: Placed[object]) -> dict[str, None]:
    """The outputs that the rows of a table give, in the order they are first written."""
    rows = getattr(placed.value, "rows", ())
    return {name: None for row in rows for name in row.give}
