"""A program for columns: which nodes of a plan's graph become columns, in which order, and how.

Nodes that several others use become columns, and so do those that end a long chain; the rest is printed where
it is used. Columns of one stage need only those of stages before it, so a stage is one call of Polars. Two
kinds of node are no expressions: a *fold* is computed on the items of lists, by a program of its own, and a
*judge* asks, row by row, whether the evidence of a transaction meets a requirement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from salesctrl.batch.given import taken
from salesctrl.batch.lists import ListColumn
from salesctrl.batch.printer import DTYPES, ColumnPrinter, NotColumnar, Parts, column, fact
from salesctrl.batch.widths import Widths
from salesctrl.calendar import WorkCalendar
from salesctrl.expr.ir import Graph, Op
from salesctrl.expr.unknown import Unknowns

MAX_NESTING = 20
"""So deep a chain of operations is printed in one; a deeper one is cut by a column."""
_AT_HAND = frozenset({"const", "input", "var"})
_TRUTHS = frozenset({"and", "or", "not", "cmp", "in", "known", "judge"})
PARENT = "parent"
"""The column of the items of lists that says whose they are."""


@dataclass(slots=True)
class Scope:
    """What a program works on: rows with the facts as columns, and the lists of these rows by their names."""

    frame: pl.DataFrame
    lists: Mapping[str, ListColumn]
    parents: dict[str, pl.Series] = field(default_factory=dict)
    """For each list the number of the row that each item belongs to, once it is known."""


Judge = Callable[[int, pl.Series | None, pl.Series], pl.Series]
"""Asks the evidence: the number of a requirement, its figure, which rows matter; true where it is met."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a program needs to know of the requirements of its plan.

    ``conditions``: for each the node of the condition of its rule: where that is false, nobody asks;
    ``payments``: which are payments; ``evidence``: whether any row has evidence.
    """

    conditions: Sequence[int]
    payments: frozenset[int]
    evidence: bool


@dataclass(frozen=True, slots=True)
class _Stage:
    vectors: tuple[tuple[int, Parts], ...]
    folds: tuple[tuple[int, _FoldProgram], ...]
    judges: tuple[tuple[int, int, pl.Expr | None, pl.Expr], ...]
    """Node, number of the requirement, its figure, whether it matters."""

    def expressions(self) -> list[pl.Expr]:
        """All that Polars computes in this stage, named."""
        return [part.alias(column(node, i)) for node, parts in self.vectors for i, part in enumerate(parts)]


class Program:
    """Makes the columns that the roots need; then `printer` prints any root from them.

    Args:
        graph: The graph of a plan.
        roots: The nodes that are wanted.
        widths: The widths of all nodes that are needed.
        maybe: Which may be unknown.
        calendar: The working days of the company.
        requirements: Of the plan; ``None`` inside lists, where nothing asks for evidence.
        given: Nodes that are columns already, with the number of their parts.
    """

    def __init__(
        self, graph: Graph, roots: Iterable[int], widths: Widths, maybe: Unknowns, calendar: WorkCalendar,
        requirements: Requirements | None = None, given: Mapping[int, int] | None = None,
    ):  # fmt: skip
        self._graph = graph
        self._maybe = maybe
        self._widths = widths
        self._calendar = calendar
        self._requirements = requirements
        columns = dict(given or {})
        self._given = frozenset(columns)
        payments = requirements.payments if requirements is not None else frozenset[int]()
        self.printer = ColumnPrinter(graph, widths, maybe, calendar, columns, payments)
        uses = self._uses(roots)
        self._stages = self._staged(uses, columns)

    @property
    def row_bytes(self) -> float:
        """About how much memory the columns take that are made for a row."""
        ops = self._graph.ops
        made = [node for stage in self._stages for node, _ in stage.vectors]
        return sum(1 / 8 if ops[node].name in _TRUTHS else 8 * self._widths[node] / 64 for node in made)

    @property
    def in_one(self) -> Sequence[Sequence[pl.Expr]] | None:
        """The expressions of each stage, where there are none but expressions."""
        if any(stage.folds or stage.judges for stage in self._stages):
            return None
        return [stage.expressions() for stage in self._stages]

    def run(self, scope: Scope, judge: Judge | None = None) -> pl.DataFrame:
        """The rows with the columns of the program beside the facts."""
        for stage in self._stages:
            expressions = stage.expressions()
            if expressions:
                scope.frame = added(scope.frame, expressions)
            for node, program in stage.folds:
                scope.frame = scope.frame.with_columns(program.run(scope).alias(column(node)))
            for node, number, figure, matters in stage.judges:
                assert judge is not None
                figures = pl.lit(None) if figure is None else figure
                asked = added(scope.frame, [matters.alias("matters"), figures.alias("figure")])
                met = judge(number, None if figure is None else asked["figure"], asked["matters"])
                scope.frame = scope.frame.with_columns(met.alias(column(node)))
        return scope.frame

    # -- which nodes become columns ----------------------------------------------------------------

    def _operands(self, node: int) -> tuple[int, ...]:
        """What has to be there before a node is computed."""
        op = self._graph.ops[node]
        if node in self._given:
            return ()
        if op.name == "fold":
            return _outside(self._graph, op, self._widths)
        if self._is_asked(op):
            assert self._requirements is not None
            assert isinstance(op.imm, int)
            return (*op.args, self._requirements.conditions[op.imm])
        return op.args

    def _is_asked(self, op: Op) -> bool:
        """Whether the answer to a requirement depends on evidence."""
        return op.name == "judge" and self._requirements is not None and self._requirements.evidence

    def _uses(self, roots: Iterable[int]) -> dict[int, int]:
        uses: dict[int, int] = {}
        todo = list(roots)
        for root in todo:
            uses[root] = uses.get(root, 0) + 1
        seen: set[int] = set()
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            for operand in self._operands(node):
                uses[operand] = uses.get(operand, 0) + 1
                todo.append(operand)
        return uses

    def _staged(self, uses: Mapping[int, int], columns: dict[int, int]) -> tuple[_Stage, ...]:
        """Decide for each node, operands first, whether it becomes a column, and in which stage."""
        level: dict[int, int] = {}
        depth: dict[int, int] = {}
        stages: dict[int, list[int]] = {}
        for node in sorted(uses):
            op = self._graph.ops[node]
            operands = self._operands(node)
            level[node] = max((level[o] for o in operands), default=0)
            depth[node] = 1 + max((depth[o] for o in operands), default=0)
            if node in self._given or op.name in _AT_HAND:
                depth[node] = 0
                continue
            whole = op.name == "fold" or self._is_asked(op) or (op.name == "call" and not op.loops)
            # What is the same for every row stays an expression: a column of it would be one value long.
            if (whole or uses[node] > 1 or depth[node] > MAX_NESTING) and self._widths.varies(node):
                level[node] += 1
                depth[node] = 0
                stages.setdefault(level[node], []).append(node)
        return tuple(self._stage(stages[number], columns) for number in sorted(stages))

    def _stage(self, nodes: Sequence[int], columns: dict[int, int]) -> _Stage:
        vectors: list[tuple[int, Parts]] = []
        folds: list[tuple[int, _FoldProgram]] = []
        judges: list[tuple[int, int, pl.Expr | None, pl.Expr]] = []
        made: dict[int, int] = {}
        for node in nodes:
            op = self._graph.ops[node]
            made[node] = 1
            if op.name == "fold":
                program = _FoldProgram(
                    self._graph, node, self._widths, self._maybe, self._calendar, self.printer.columns
                )
                folds.append((node, program))
            elif self._is_asked(op):
                assert self._requirements is not None
                assert isinstance(op.imm, int)
                figure = self.printer(op.args[0]) if op.args else None
                condition = self.printer(self._requirements.conditions[op.imm])
                judges.append((node, op.imm, figure, condition.fill_null(True)))
            else:
                parts = self.printer.printed(node)
                made[node] = len(parts)
                vectors.append((node, parts))
        columns |= made
        return _Stage(tuple(vectors), tuple(folds), tuple(judges))


def added(frame: pl.DataFrame, expressions: Sequence[pl.Expr]) -> pl.DataFrame:
    """The frame with these columns beside its own.

    Polars makes one row of a constant compared with a column that happens to be the same in every row, and
    then refuses to put it beside longer ones. Such a row stands for all.
    """
    try:
        return frame.with_columns(expressions)
    except (pl.exceptions.InvalidOperationError, pl.exceptions.ShapeError):
        made = [frame.select(expression).to_series() for expression in expressions]
        alike = [s.len() != frame.height for s in made]
        if not any(alike) or any(s.len() != 1 for s, one in zip(made, alike, strict=True) if one):
            raise
        return frame.with_columns(
            s.new_from_index(0, frame.height) if one else s for s, one in zip(made, alike, strict=True)
        )


def _outside(graph: Graph, fold: Op, widths: Widths) -> tuple[int, ...]:
    """What a fold needs from around it: its list, and all that is the same for each item."""
    assert isinstance(fold.imm, tuple)
    loop = fold.imm[1]
    found: dict[int, None] = {}
    todo, seen = list(fold.args[1:]), set[int]()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        op = graph.ops[node]
        if max(op.loops, default=0) >= loop:  # loops are numbered from the outermost on
            todo.extend(op.args)
        elif widths.varies(node):
            found[node] = None
    return (fold.args[0], *sorted(found))


def _fields(graph: Graph, roots: Iterable[int], loop: int) -> dict[str, int]:
    """The fields of a loop's items that are read, by the names of their columns, with their places."""
    found: dict[str, int] = {}
    todo, seen = list(roots), set[int]()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        op = graph.ops[node]
        if op.name == "var":
            assert isinstance(op.imm, tuple)
            if op.imm[0] == loop:
                found[fact(op)] = op.imm[1]
        todo.extend(op.args)
    return found


class _FoldProgram:
    """Computes a fold: a program on the items of the lists, whose results are gathered by list."""

    def __init__(
        self, graph: Graph, node: int, widths: Widths, maybe: Unknowns, calendar: WorkCalendar,
        around: Mapping[int, int],
    ):  # fmt: skip
        op = graph.ops[node]
        assert isinstance(op.imm, tuple)
        self._kind, self._loop, has_body, has_test = op.imm
        source = graph.ops[op.args[0]]
        if source.name not in _AT_HAND:
            raise NotColumnar("a list that is computed")
        self.source = fact(source)
        body, test = op.args[1] if has_body else None, op.args[-1] if has_test else None
        roots = [n for n in (body, test) if n is not None]
        outer = _outside(graph, op, widths)[1:]
        self._given = {n: around[n] for n in outer if n in around}
        self._facts = [fact(graph.ops[n]) for n in outer if graph.ops[n].name in _AT_HAND]
        self._inline = [n for n in outer if n not in self._given and graph.ops[n].name not in _AT_HAND]
        self._outer = ColumnPrinter(graph, widths, maybe, calendar, dict(around))
        self._fields = _fields(graph, roots, self._loop)
        given = self._given | dict.fromkeys(self._inline, 1)
        self._program = Program(graph, roots, widths, maybe, calendar, None, given)
        self._test = None if test is None else self._program.printer(test)
        self._body = None if body is None else self._program.printer(body)
        self._sure = not any(maybe(n) for n in roots)
        self._dtype = DTYPES[widths[node]]

    def run(self, scope: Scope) -> pl.Series:
        """The fold for every row of the scope."""
        listed = scope.lists[self.source]
        parents = scope.parents.get(self.source)
        lengths = scope.frame[self.source]
        if parents is None:
            parents = scope.parents[self.source] = owners(lengths)
        inside = [
            (pl.lit(True) if self._test is None else self._test).alias("test"),
            (pl.lit(None) if self._body is None else self._body).alias("body"),
        ]
        items = added(self._program.run(self._items(scope, listed, parents)), inside)
        grouped = items.group_by(PARENT, maintain_order=True).agg(self._gathered().alias("value"))
        rows = pl.DataFrame({PARENT: pl.int_range(len(lengths), eager=True), "length": lengths})
        joined = rows.join(grouped, on=PARENT, how="left", maintain_order="left")
        known = pl.when(pl.col("length") > 0).then(pl.col("value"))
        empty = self._of_nothing()
        value = known if empty is None else known.when(pl.col("length") == 0).then(empty)
        return joined.select(value.alias("value"))["value"]

    def _items(self, scope: Scope, listed: ListColumn, parents: pl.Series) -> Scope:
        """The items as rows, each with the fields that are read of it and what it needs from around."""
        outer = [*self._facts, *(column(n, i) for n, parts in self._given.items() for i in range(parts))]
        outer += [column(n) for n in self._inline]
        own = [parents]
        # A list from around is the same for each item of this one: a comprehension in it may go through it.
        lists: dict[str, ListColumn] = {}
        for name in self._facts:
            if name in scope.lists:
                picked = taken(scope.lists[name], parents)
                assert isinstance(picked, ListColumn)
                lists[name] = picked
        for name, place in self._fields.items():
            values = listed.items[place]
            if isinstance(values, ListColumn):
                lists[name] = values
                values = values.lengths
            own.append(values.alias(name))
        frame = pl.DataFrame(own)
        if outer:
            around = added(scope.frame, [self._outer(n).alias(column(n)) for n in self._inline])
            frame = frame.hstack(around.select(outer)[parents])
        return Scope(frame, lists)

    def _gathered(self) -> pl.Expr:
        """The fold over the items of one list, by Kleene's rules."""
        test, body = pl.col("test"), pl.col("body")
        match self._kind:
            case "any":
                return (test & body).any(ignore_nulls=False)
            case "all":
                return (~test | body).all(ignore_nulls=False)
            case "count":
                count = test.sum().cast(self._dtype)
                return count if self._sure else pl.when(test.null_count() == 0).then(count)
        taken = pl.when(test).then(body.cast(self._dtype))
        unknown = test.is_null() | (test & body.is_null())
        done = {"sum": taken.sum(), "min": taken.min(), "max": taken.max()}[self._kind]
        return done if self._sure else pl.when(~unknown.any()).then(done)

    def _of_nothing(self) -> pl.Expr | None:
        """The fold of an empty list; ``None`` where it has no value."""
        match self._kind:
            case "any":
                return pl.lit(False)
            case "all":
                return pl.lit(True)
            case "sum" | "count":
                return pl.lit(0, dtype=self._dtype)
        return None


def owners(lengths: pl.Series) -> pl.Series:
    """For each item of lists of these lengths, one after the other, the number of its list.

    >>> owners(pl.Series([2, None, 0, 1])).to_list()
    [0, 0, 3]
    """
    import numpy as np

    counts = lengths.fill_null(0).to_numpy()
    return pl.Series(PARENT, np.repeat(np.arange(len(counts)), counts))
