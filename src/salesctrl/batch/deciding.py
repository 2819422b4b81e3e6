"""The decisions of one plan on many rows: in columns where that can be done, row by row where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from salesctrl.batch.asked import asked_by
from salesctrl.batch.bits import word_count, word_type
from salesctrl.batch.coded import Equalities
from salesctrl.batch.compiled import OUTCOME, Compiled, is_text
from salesctrl.batch.frames import ROWS_AT_ONCE
from salesctrl.batch.given import Given, Shape, shape_of
from salesctrl.batch.lists import ListColumn
from salesctrl.batch.printer import NotColumnar, column
from salesctrl.batch.program import Judge, Scope
from salesctrl.batch.widths import INTERVALS, TooWide
from salesctrl.compile.plan import Plan
from salesctrl.decision.model import Decision
from salesctrl.evaluate.point import PlanEvaluator
from salesctrl.evidence.judgement import is_met
from salesctrl.policy.organisation import Organisation
from salesctrl.policy.types import Base

BYTES_AT_ONCE = 2**28
"""So much memory may what is computed take, about; where it would be more, fewer rows are decided at once."""
MAX_SHAPES = 64
"""So many compiled programs are kept for a plan; then it begins anew."""
_BOUNDS = tuple(10**digits for digits in (15, 12, 9))
"""Where the largest numbers of a table make it too wide, rows beyond the first of these that is enough are
decided by themselves."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions on rows, as :class:`Compiled` gives them, and how many were decided by themselves.

    ``implied`` are requirements that are open wherever their rule is pending, with the number of the rule.
    """

    columns: pl.DataFrame
    implied: tuple[tuple[int, int], ...] = ()
    alone: int = 0


class BatchPlan:
    """One plan, ready to decide tables. Safe to share between threads."""

    def __init__(self, evaluator: PlanEvaluator, organisation: Organisation):
        self.evaluator = evaluator
        self.plan = evaluator.plan
        self._organisation = organisation
        self.asked = asked_by(self.plan)
        self._measured = wide_facts(self.plan)
        self._equalities = Equalities(self.plan)
        self._compiled: dict[object, Compiled | None] = {}

    def decide(self, given: Given) -> Decided:
        """Decide every row, in order."""
        given = self._equalities.plain(given)
        shapes = self._shapes(given)
        compiled = self._program(shapes, given)
        if compiled is not None:
            return self._in_columns(given, compiled)
        for bound in _BOUNDS:
            narrowed = {place: _within(shape, bound) for place, shape in shapes.items()}
            if narrowed == shapes:
                continue
            compiled = self._program(narrowed, given)
            if compiled is not None:
                return self._apart(given, compiled, bound)
        return Decided(self._row_by_row(given), (), given.rows)

    def _in_columns(self, given: Given, compiled: Compiled) -> Decided:
        """Decide rows that fit a program, in slices that fit the memory."""
        step = max(1, min(ROWS_AT_ONCE, int(BYTES_AT_ONCE / (compiled.row_bytes + 1))))
        parts = [
            compiled.decide(*self._scope(given.sliced(start, step)))
            for start in range(0, max(given.rows, 1), step)
        ]
        return Decided(parts[0] if len(parts) == 1 else pl.concat(parts), compiled.implied)

    def _shapes(self, given: Given) -> dict[int, Shape]:
        """The shapes of the columns; measured where the declared digits alone would ask for wide integers."""
        facts = given.facts.items()
        shapes = {place: shape_of(values, measured=place in self._measured) for place, values in facts}
        ops = self.plan.graph.ops
        compared = [ops[arg].imm for node in given.answers for arg in ops[node].args]
        return shapes | {place: Shape(gaps=False) for place in compared if isinstance(place, int)}

    def _program(self, shapes: Mapping[int, Shape], given: Given) -> Compiled | None:
        """The program for tables of a shape; ``None`` where there can be none."""
        evidence, answers = given.evidence is not None, tuple(sorted(given.answers))
        key = (tuple(sorted(shapes.items())), evidence, answers)
        try:
            return self._compiled[key]  # in one step: another thread may clear it
        except KeyError:
            pass
        try:
            made: Compiled | None = Compiled(
                self.plan, self._organisation.calendar, shapes, evidence=evidence, answers=answers
            )
        except (TooWide, NotColumnar):
            made = None
        if len(self._compiled) >= MAX_SHAPES:
            self._compiled.clear()
        self._compiled[key] = made
        return made

    def _scope(self, given: Given) -> tuple[Scope, Judge | None]:
        columns: list[pl.Series] = []
        lists: dict[str, ListColumn] = {}
        named = {f"x{place}": values for place, values in given.facts.items()}
        named |= {column(node): found for node, found in given.answers.items()}
        for name, values in named.items():
            if isinstance(values, ListColumn):
                lists[name] = values
                values = values.lengths
            columns.append(values.alias(name))
        if not columns:  # a frame without columns would have no rows
            columns.append(pl.repeat(None, given.rows, dtype=pl.Null, eager=True).alias("rows"))
        judge = None if given.evidence is None else self._judge(given)
        return Scope(pl.DataFrame(columns), lists), judge

    def _judge(self, given: Given) -> Judge:
        """Asks the evidence of the rows that have some, and those of the others that owe nothing."""
        evidence, days = given.evidence, given.facts[0]
        assert evidence is not None
        assert isinstance(days, pl.Series)
        needs = [judge.requirement.need for judge in self.plan.judges]

        def judge(number: int, figures: pl.Series | None, matters: pl.Series) -> pl.Series:
            need, organisation = needs[number], self._organisation
            met = [False] * len(matters)
            for row in matters.arg_true():
                figure = None if figures is None else figures[row]
                met[row] = is_met(need, evidence[row], organisation, days[row], figure)
            return pl.Series(met, dtype=pl.Boolean)

        return judge

    # -- rows by themselves ------------------------------------------------------------------------

    def _apart(self, given: Given, compiled: Compiled, bound: int) -> Decided:
        """Rows with numbers beyond the bound by themselves, the others in columns."""
        beyond = pl.repeat(False, given.rows, eager=True)
        for values in given.facts.values():
            if isinstance(values, pl.Series) and values.dtype.is_integer():
                beyond |= ((values < -bound) | (values > bound)).fill_null(False)
        alone, others = beyond.arg_true(), (~beyond).arg_true()
        parts = [
            self._in_columns(given.taken(others), compiled).columns.with_columns(others.alias("row")),
            self._row_by_row(given.taken(alone), compiled.implied).with_columns(alone.alias("row")),
        ]
        merged = pl.concat(parts, how="diagonal_relaxed").sort("row").drop("row")
        return Decided(merged, compiled.implied, len(alone))

    def _row_by_row(self, given: Given, implied: Sequence[tuple[int, int]] = ()) -> pl.DataFrame:
        """The same columns, made by the evaluator of one transaction; without bits that are implied."""
        rows: dict[str, list[object]] = {OUTCOME: []}
        schema: dict[str, pl.DataType | type[pl.DataType] | None] = {OUTCOME: pl.UInt8}
        self._bit_columns(schema)
        for i, values in enumerate(given.values()):
            evidence = None if given.evidence is None else given.evidence[i]
            decision = self.evaluator.decision_of(values, evidence)
            for name, value in self._cells(decision, implied):
                rows.setdefault(name, [None] * i).append(value)
            for cells in rows.values():
                if len(cells) == i:
                    cells.append(None)
        return pl.DataFrame(
            [
                pl.Series(name, cells, dtype=schema.get(name) or _held_in(cells))
                for name, cells in rows.items()
            ]
        )

    def _bit_columns(self, schema: dict[str, pl.DataType | type[pl.DataType] | None]) -> None:
        for names, count in (("fup", len(self.plan.rules)), ("j", len(self.plan.judges))):
            dtype = word_type(count)[1]
            schema |= {f"{name}{word}": dtype for name in names for word in range(word_count(count))}

    def _cells(
        self, decision: Decision, implied: Sequence[tuple[int, int]] = ()
    ) -> Iterator[tuple[str, object]]:
        """What a decision holds, as cells of the columns that a program makes."""
        kept = decision._kept
        yield OUTCOME, kept[8]
        count = len(self.plan.rules)
        for name, bits in zip("fup", kept[3:6], strict=True):
            yield from _words(name, bits, count)
        own = self._open(decision) & ~sum(1 << judge for judge, _ in implied)
        yield from _words("j", own, len(self.plan.judges))
        for number, (output, raw) in enumerate(zip(self.plan.outputs, kept[7], strict=True)):
            keys = output.type.keys if output.type.base is Base.MAP else (None,)
            parts = raw if isinstance(raw, tuple) and output.type.base is Base.MAP else (raw,)
            for i, part in enumerate(parts if raw is not None else (None,) * len(keys)):
                text = part is not None and is_text(self.plan, number)
                yield f"o{number}.{i}", str(part) if text else part

    def _open(self, decision: Decision) -> int:
        """The bits of the requirements that are open."""
        pending = decision._kept[5]
        if not pending:
            return 0
        unmet = {result.need.id for result in decision.requirements if not result.satisfied}
        numbers = {k for i, rule in enumerate(self.plan.rules) if pending >> i & 1 for k in rule.judges}
        return sum(1 << k for k in numbers if self.plan.judges[k].requirement.need.id in unmet)


def wide_facts(plan: Plan) -> frozenset[int]:
    """The places of the facts whose declared digits make something too wide for 64 bits."""
    graph = plan.graph
    low, high = INTERVALS[64]
    reached = bytearray(len(graph))
    found: set[int] = set()
    for node in reversed(range(len(graph))):
        op = graph.ops[node]
        if op.low < low or op.high > high:
            reached[node] = True
        if not reached[node]:
            continue
        for arg in op.args:
            reached[arg] = True
        if op.name == "input":
            assert isinstance(op.imm, int)
            found.add(op.imm)
        elif op.name == "var":
            assert isinstance(op.imm, tuple)
            found.add(plan.inputs.slots[op.imm[2].split("[]")[0]])
    return frozenset(found)


def _words(name: str, bits: int, count: int) -> Iterator[tuple[str, object]]:
    size = word_type(count)[0]
    for word in range(word_count(count)):
        yield f"{name}{word}", bits >> word * size & (1 << size) - 1


def _held_in(values: Sequence[object]) -> type[pl.DataType] | None:
    """The type for integers of any size; ``None`` for what is none, which says its type itself."""
    low, high = INTERVALS[64]
    numbers = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    if not numbers:
        return None
    return pl.Int64 if low <= min(numbers) and max(numbers) <= high else pl.Int128


def _within(shape: Shape, bound: int) -> Shape:
    """The shape of what is left of a column without the numbers beyond a bound."""
    if shape.bounds is None:
        return shape
    return replace(shape, bounds=(max(shape.bounds[0], -bound), min(shape.bounds[1], bound)))
