"""A plan compiled for tables of one shape: the program, and what is made of its columns at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

import polars as pl

from salesctrl.batch.bits import masks, packed, word_count, word_type
from salesctrl.batch.given import Shape
from salesctrl.batch.printer import fact
from salesctrl.batch.program import Judge, Program, Requirements, Scope, added
from salesctrl.batch.widths import Interval, Widths
from salesctrl.calendar import WorkCalendar
from salesctrl.compile.plan import Plan, PlannedRule
from salesctrl.expr.ir import Op
from salesctrl.expr.unknown import Unknowns
from salesctrl.outcome import Outcome

OUTCOME = "outcome"
_FINAL_BYTES = 16
MAX_DECIMAL_DIGITS = 38
"""A value that could have more is given as text."""


def largest(plan: Plan, number: int) -> int:
    """The largest that the scaled integers of an output could be, of either sign."""
    output = plan.outputs[number]
    nodes = [output.node] if output.node is not None else []
    nodes += [node for rule in plan.rules for n, node in rule.computes if n == number]
    bounds = [plan.graph.interval(node) for node in nodes]
    return max((max(-low, high) for low, high in bounds), default=0)


def is_text(plan: Plan, number: int) -> bool:
    """Whether an output could have more digits than a column of decimals holds, and so is given as text."""
    least: int = 10**MAX_DECIMAL_DIGITS
    return largest(plan, number) >= least


class Compiled:
    """Decides rows of one shape: a column of outcomes, words of bits, and the values.

    The columns: ``outcome`` (its rank); ``f0, f1, …`` words with a bit for each rule that fired, ``u…`` for
    those that cannot be decided, ``p…`` for those whose requirements are open, ``j…`` with a bit for each
    requirement that is open; ``o3.0`` the first part of output number 3. Words that would all be zero are
    left out, and so are the bits of requirements that are `implied`. The nodes in ``answers`` are columns
    already.

    Raises:
        TooWide: A value could need more than 128 bits.
        NotColumnar: The plan has a node that has no form in columns.
    """

    def __init__(
        self, plan: Plan, calendar: WorkCalendar, shapes: Mapping[int, Shape], *, evidence: bool,
        answers: Collection[int] = (),
    ):  # fmt: skip
        self._plan = plan
        self._evidence = evidence
        graph = plan.graph
        self._payments = plan.payments
        conditions = [graph.false] * len(plan.judges)
        for rule in plan.rules:
            for k in rule.judges:
                conditions[k] = rule.condition
        facts = _Facts(plan, shapes)
        self._maybe = Unknowns(graph, facts.has_gaps)
        roots = list(self._roots())
        needed = _reach(plan, [*roots, *conditions] if evidence else roots)
        self.implied = self._implied()
        widths = Widths(graph, needed, facts.bounds(needed), facts.lengths(needed))
        requirements = Requirements(conditions, self._payments, evidence)
        answered = dict.fromkeys(answers, 1)
        self._program = Program(graph, roots, widths, self._maybe, calendar, requirements, answered)
        finish = list(self._final())
        names = [name for name, _ in finish]
        self._finish = [expression.alias(name) for name, expression in finish]
        self._last = [*self._pending(names), self._rank(names).alias(OUTCOME)]
        self._kept = names
        self._spent = [name for name in names if name[0] == "m"]
        self._in_one = self._program.in_one
        self.row_bytes = self._program.row_bytes + sum(
            _FINAL_BYTES if name[0] == "o" else 8 for name in names
        )
        """About how much memory the columns take that are made for a row."""

    def decide(self, scope: Scope, judge: Judge | None) -> pl.DataFrame:
        """The decisions on the rows of a scope."""
        if self._in_one is not None and self._finish:
            try:
                return self._at_once(scope.frame, self._in_one)
            except (pl.exceptions.InvalidOperationError, pl.exceptions.ShapeError):
                pass  # what is the same for every row: `added` knows what to do
        done = self._program.run(scope, judge)
        if not self._finish:  # there are no rules and values; where no policy is in force, nothing is allowed
            outcome = Outcome.ALLOW if self._plan.policies else Outcome.INCOMPLETE
            return pl.DataFrame({OUTCOME: pl.repeat(outcome.rank, done.height, dtype=pl.UInt8, eager=True)})
        done = added(done, self._finish).select(self._kept)
        return added(done, self._last).drop(self._spent)

    def _at_once(self, frame: pl.DataFrame, stages: Sequence[Sequence[pl.Expr]]) -> pl.DataFrame:
        """All stages as one query, which waits for no stage to end before it begins the next."""
        query = frame.lazy()
        for expressions in stages:
            query = query.with_columns(expressions)
        query = query.with_columns(self._finish).select(self._kept).with_columns(self._last).drop(self._spent)
        return query.collect(optimizations=pl.QueryOptFlags.none())

    # -- what is computed ------------------------------------------------------------------------------

    def _never(self, node: int) -> bool:
        """Whether a condition cannot hold: it asks for evidence, and there is none."""
        op = self._plan.graph.ops[node]
        if node == self._plan.graph.false:
            return True
        if op.name == "judge":
            return not self._evidence and (op.imm not in self._payments or not op.args)
        return op.name == "and" and any(self._never(a) for a in op.args)

    def _rules(self) -> Iterator[tuple[int, PlannedRule]]:
        """The rules that can fire, with their numbers."""
        return ((i, rule) for i, rule in enumerate(self._plan.rules) if not self._never(rule.fired))

    def _asks(self, rule: PlannedRule) -> bool:
        return rule.rule.outcome is Outcome.REVIEW and bool(rule.judges) and not rule.rule.excepts

    def _roots(self) -> Iterator[int]:
        """All that is looked at in the end; twice, where it is used twice."""
        for _, rule in self._rules():
            yield from (rule.fired, rule.fired)  # a column each: columns are computed side by side
            for k in self._judged(rule):
                yield from (rule.fired, self._judge_node(k))
            if self._judged(rule) and not self._never(rule.met):
                yield rule.met
            for _, node in rule.computes:
                yield from (node, node)
        for output in self._plan.outputs:
            if output.node is not None:
                yield from (output.node, output.node)

    def _judged(self, rule: PlannedRule) -> list[int]:
        """The requirements of a rule that may be met or not."""
        return [k for k in rule.judges if self._asks(rule) and not self._never(self._judge_node(k))]

    def _judge_node(self, number: int) -> int:
        figure = self._plan.judges[number].figure
        return self._plan.graph.make("judge", () if figure is None else (figure,), number)

    # -- what is made of it ----------------------------------------------------------------------------

    def _final(self) -> Iterator[tuple[str, pl.Expr]]:
        fired: dict[int, pl.Expr] = {}
        doubts: dict[int, list[pl.Expr]] = {}
        pending: dict[int, pl.Expr] = {}
        open_: dict[int, pl.Expr] = {}
        printer = self._program.printer
        for number, rule in self._rules():
            holds = printer(rule.fired)
            if self._maybe(rule.fired):
                doubts.setdefault(number, []).append(holds.is_null())
                holds = holds.fill_null(False)
            fired[number] = holds
            if self._asks(rule) and not self._never(rule.met):
                pending[number] = holds & ~printer(rule.met)
            open_ |= {k: holds & ~printer(self._judge_node(k)) for k in self._judged(rule)}
        values = dict(self._outputs(fired, doubts))
        count = len(self._plan.rules)
        yield from packed("f", fired, count)
        yield from packed("u", {number: reduce(or_, of) for number, of in doubts.items()}, count)
        yield from packed("m", pending, count)
        yield from packed("j", open_, len(self._plan.judges))
        yield from values.items()

    def _outputs(
        self, fired: Mapping[int, pl.Expr], doubts: dict[int, list[pl.Expr]]
    ) -> Iterator[tuple[str, pl.Expr]]:
        """The values, and what they add to the doubts."""
        unknown: list[pl.Expr] = []
        producers: dict[int, list[tuple[int, int]]] = {}
        for number, rule in self._rules():
            for output, node in rule.computes:
                producers.setdefault(output, []).append((number, node))
        for output, planned in enumerate(self._plan.outputs):
            if planned.node is not None:
                parts = self._program.printer.parts(planned.node)
                if self._maybe(planned.node):
                    unknown.append(parts[0].is_null())
                yield from self._named(output, parts)
            elif output in producers:
                yield from self._named(output, self._computed(producers[output], fired, doubts))
        if unknown:
            yield "q", reduce(or_, unknown)

    def _named(self, output: int, parts: Sequence[pl.Expr]) -> Iterator[tuple[str, pl.Expr]]:
        text = is_text(self._plan, output)
        for i, part in enumerate(parts):
            yield f"o{output}.{i}", part.cast(pl.String) if text else part

    def _computed(
        self, producers: Sequence[tuple[int, int]], fired: Mapping[int, pl.Expr],
        doubts: dict[int, list[pl.Expr]],
    ) -> list[pl.Expr]:  # fmt: skip
        """A value that rules compute: where those that fired differ in it, none of them is to be believed."""
        printed = [self._program.printer.parts(node) for _, node in producers]
        chosen: list[list[pl.Expr]] = []
        for (number, node), parts in zip(producers, printed, strict=True):
            if self._maybe(node):
                doubts.setdefault(number, []).append(fired[number] & parts[0].is_null())
            chosen.append([pl.when(fired[number]).then(part) for part in parts])
        if len(chosen) == 1:
            return chosen[0]
        first = [pl.coalesce(*part) for part in zip(*chosen, strict=True)]
        others = [other != one for parts in chosen for other, one in zip(parts, first, strict=True)]
        differ = reduce(or_, [other.fill_null(False) for other in others])
        for number, _ in producers:
            doubts.setdefault(number, []).append(fired[number] & differ)
        return [pl.when(~differ).then(part) for part in first]

    def _implied(self) -> tuple[tuple[int, int], ...]:
        """The requirements that are open wherever their rule fired, each with the number of the rule."""
        return tuple(
            (k, number)
            for number, rule in self._rules()
            if self._asks(rule)
            for k in rule.judges
            if k not in self._judged(rule)
        )

    def _pending(self, names: Sequence[str]) -> Iterator[pl.Expr]:
        """Words of the rules whose requirements are open.

        Of those that were found to be, and of those that fired and ask for what is not there.
        """
        count = len(self._plan.rules)
        dtype = word_type(count)[1]
        unmet = masks([i for i, rule in self._rules() if self._asks(rule) and self._never(rule.met)], count)
        for word in range(word_count(count)):
            parts = [pl.col(f"m{word}")] if f"m{word}" in names else []
            if word in unmet:
                parts.append(pl.col(f"f{word}") & pl.lit(unmet[word], dtype))
            if parts:
                yield reduce(or_, parts).alias(f"p{word}")

    def _rank(self, names: Sequence[str]) -> pl.Expr:
        """The highest outcome of the rules that hold."""
        rules = self._plan.rules
        by_outcome = {
            outcome: [i for i, rule in enumerate(rules) if rule.rule.outcome is outcome]
            for outcome in Outcome
        }
        review = by_outcome[Outcome.REVIEW]
        unmet = [i for i in review if not self._asks(rules[i]) or self._never(rules[i].met)]
        every = range(len(rules))
        tests = [
            (Outcome.FLAG, _any(names, "f", by_outcome[Outcome.FLAG], len(rules))),
            (Outcome.REVIEW, [*_any(names, "m", every, len(rules)), *_any(names, "f", unmet, len(rules))]),
            (Outcome.INCOMPLETE, [*_any(names, "u", every, len(rules)), *_alone(names, "q")]),
            (Outcome.DENY, _any(names, "f", by_outcome[Outcome.DENY], len(rules))),
        ]  # fmt: skip
        rank = pl.lit(Outcome.ALLOW.rank, pl.UInt8)
        for outcome, parts in tests:
            if parts:
                rank = pl.when(reduce(or_, parts)).then(pl.lit(outcome.rank, pl.UInt8)).otherwise(rank)
        return rank


def _any(names: Sequence[str], name: str, numbers: Sequence[int], count: int) -> list[pl.Expr]:
    """Whether one of these bits is set: a test for each word that is there."""
    bits, dtype = word_type(count)
    full = (1 << bits) - 1
    return [
        pl.col(f"{name}{word}") != 0 if mask == full else (pl.col(f"{name}{word}") & pl.lit(mask, dtype)) != 0
        for word, mask in masks(numbers, count).items()
        if f"{name}{word}" in names
    ]


def _alone(names: Sequence[str], name: str) -> list[pl.Expr]:
    return [pl.col(name)] if name in names else []


def _reach(plan: Plan, roots: Iterable[int]) -> set[int]:
    """The nodes that are needed for the roots, and these."""
    needed: set[int] = set()
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node not in needed:
            needed.add(node)
            todo.extend(plan.graph.ops[node].args)
    return needed


class _Facts:
    """What the shapes of the columns say of the nodes that are facts."""

    def __init__(self, plan: Plan, shapes: Mapping[int, Shape]):
        self._graph = plan.graph
        self._shapes = {f"x{place}": shape for place, shape in shapes.items()}
        paths = {place: path for path, place in plan.inputs.slots.items()}
        self._items: dict[str, Shape] = {}
        self._lists: dict[str, Shape] = {}
        for place, shape in shapes.items():
            if shape.items or shape.longest:
                self._list(plan, paths[place], shape)

    def _list(self, plan: Plan, path: str, shape: Shape) -> None:
        """Note the shapes of the fields of a list's items by their paths; lists in it likewise."""
        self._lists[path] = shape
        for name, place in plan.inputs.items.get(f"{path}[]", {}).items():
            inner = shape.items[place]
            self._items[f"{path}[].{name}"] = inner
            if f"{path}[].{name}[]" in plan.inputs.items:
                self._list(plan, f"{path}[].{name}", inner)

    def _shape(self, op: Op) -> Shape | None:
        if op.name == "input":
            return self._shapes.get(fact(op))
        if op.name == "var":
            assert isinstance(op.imm, tuple)
            return self._items.get(op.imm[2])
        return None

    def has_gaps(self, op: Op) -> bool:
        """Whether a fact may be unknown."""
        shape = self._shape(op)
        return shape is None or shape.gaps

    def bounds(self, needed: Iterable[int]) -> dict[int, Interval]:
        """The bounds of the facts that are numbers."""
        found: dict[int, Interval] = {}
        for node in needed:
            shape = self._shape(self._graph.ops[node])
            if shape is not None and shape.bounds is not None:
                found[node] = shape.bounds
        return found

    def lengths(self, needed: Iterable[int]) -> dict[int, int]:
        """For each fold the length of the longest of its lists."""
        found: dict[int, int] = {}
        for node in needed:
            op = self._graph.ops[node]
            if op.name == "fold":
                shape = self._shape(self._graph.ops[op.args[0]])
                if shape is not None:
                    found[node] = shape.longest
        return found
