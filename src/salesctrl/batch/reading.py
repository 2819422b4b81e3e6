"""A frame read: the facts of its rows by path, the dates, the evidence, and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

import polars as pl

from salesctrl.batch.arrow_columns import longest_word, same_texts
from salesctrl.batch.asked import Asked, AskedByAll
from salesctrl.batch.children import Children, children_of
from salesctrl.batch.coded import are_facts
from salesctrl.batch.codes import Codes, of_one_type
from salesctrl.batch.convert import Cells, absent, read_column
from salesctrl.batch.evidence import read_evidence_columns
from salesctrl.batch.frames import ROWS_AT_ONCE, Frame, names_of, on_threads, open_frame
from salesctrl.batch.given import Given, taken
from salesctrl.batch.header import Header, resolve
from salesctrl.batch.lists import ListColumn, read_list
from salesctrl.batch.readers import Way
from salesctrl.batch.records import open_structs, read_records, record_path, records_in
from salesctrl.calendar import FIRST_DAY, LAST_DAY
from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.layout import Leaf, Record, all_leaves
from salesctrl.evaluate.point import PlanEvaluator
from salesctrl.evidence.given import Evidence
from salesctrl.policy.documents import LocalText
from salesctrl.policy.types import DATE, Base
from salesctrl.policy.vocabulary import Field
from salesctrl.tables.chosen import Chosen, Target, listed
from salesctrl.tables.columns import AS_OF, Columns

_NOTHING_ASKED = AskedByAll()
_DATE = Leaf(
    AS_OF, Field("", AS_OF, DATE, LocalText(en="date of the decision"), (AS_OF,), FIRST_DAY, LAST_DAY), 0
)
_NO_DATE = FactProblem(
    AS_OF,
    "F_AS_OF",
    "expected the date of the decision",
    "pass `as_of=date(2026, 3, 1)`, or give each row an `as_of`",
)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a fact of one row, the rows counted from 0."""

    row: int
    problem: FactProblem


@dataclass(frozen=True, slots=True)
class Options:
    """How a frame is read.

    ``columns``: which columns hold which facts, where their names do not say it; ``lists``: frames with the
    items of lists, by the names of these, which refer to the rows by the columns ``key``; ``tolerance``: how
    much noise of binary arithmetic is rounded away; ``slips_are_wrong``: whether a column is refused that is
    nearly named like a fact that nothing holds.
    """

    columns: Chosen | Mapping[str, str | Sequence[str]] | None = None
    lists: Mapping[str, object] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    tolerance: Decimal | None = None
    slips_are_wrong: bool = True

    @property
    def mapped(self) -> frozenset[str]:
        """The columns that the caller says something of."""
        by_column = self.columns.by_column if isinstance(self.columns, Chosen) else self.columns
        return frozenset(by_column or ())


Source = tuple[str, str | pl.Series, Target | None]
"""The path of a fact, the name of the column that holds it, or its cells, and how texts are read."""


class FrameReading:
    """A frame as the facts of transactions.

    Attributes:
        frame: The frame as it was taken.
        header: What its columns hold.
        day: The date of all decisions, an ordinal; ``None`` where each row has its own.
        problems: All that is wrong with facts.
        rounded: For each fact the rows in which noise was rounded away.

    Raises:
        FactsError: What is wrong with the frame as a whole: its columns, or that there is no date.
    """

    def __init__(
        self, frame: object, day: int | None, columns: Columns, root: Record, options: Options,
        asked: AskedByAll = _NOTHING_ASKED,
    ):  # fmt: skip
        self._columns, self._root, self._options = columns, root, options
        self._asked = asked
        self._names = names = names_of(frame)
        wanted = [n for n in names if n in options.mapped or n in options.key or self._may_hold(n)]
        self._untaken = open_frame(frame, wanted)
        self.frame: Frame = self._untaken.with_columns(pl.DataFrame())
        self._way: dict[str, Any] = {"tolerance": options.tolerance, "nan_is_null": self.frame.nan_is_null}
        self._given = self._opened()
        there = list(dict.fromkeys((*self._given, *names)))
        if problems := [_no_key(name, there) for name in options.key if name not in self._given]:
            raise FactsError(problems)
        looked_into = [series for series in self._given.values() if series is not None]
        unread = [name for name in names if name not in wanted]
        self.header: Header = resolve(
            [*self._given, *unread], columns, options.columns, lists=tuple(options.lists),
            records=records_in(looked_into, columns), slips_are_wrong=options.slips_are_wrong,
        )  # fmt: skip
        if day is None and self.header.as_of is None:
            raise FactsError([_NO_DATE])
        self.rows = self.frame.rows
        self.problems: list[RowProblem] = []
        self.rounded: dict[str, tuple[int, ...]] = {}
        self._leaves = {leaf.path: leaf for leaf in all_leaves(root)}
        self._facts: dict[str, pl.Series] = {}
        """By path; lists as they came."""
        self._later: dict[str, str] = {}
        """The columns of facts that are taken when they are to be shown, by path."""
        self._same: dict[frozenset[str], pl.Series] = {}
        """Where two facts are the same, by their paths."""
        self._read()
        self.day = day
        self._own_days = None if day is not None else self._dates()
        self._evidence = self._read_evidence()
        self._children = self._tables()

    def _opened(self) -> dict[str, pl.Series | None]:
        """The columns by name, with those that are named for a record; the others are not taken yet.

        Raises:
            FactsError: A field of a struct has the name of another column.
        """
        vocabulary, mapped = self._columns.vocabulary, self._options.mapped
        done: dict[str, pl.Series | None] = {}
        twice: list[str] = []
        for name in self._untaken.names:
            inner: dict[str, pl.Series | None] = {name: None}
            if name not in mapped and record_path(name, vocabulary) is not None:
                inner = {one.name: one for one in open_structs(self._untaken.column(name), vocabulary)}
            twice += [one for one in inner if one in done]
            done |= inner
        if twice:
            message, help = "given in a record, and in a column of this name", "leave one of them out"
            raise FactsError([FactProblem(name, "F_COLUMN", message, help) for name in dict.fromkeys(twice)])
        return done

    def _column(self, name: str) -> pl.Series:
        """A column, taken when it is first asked for."""
        series = self._given[name]
        if series is None:
            series = self._given[name] = self._untaken.column(name)
        return series

    def _may_hold(self, name: str) -> bool:
        """Whether a column of that name could hold anything that is looked at."""
        is_record = record_path(name, self._columns.vocabulary) is not None
        return is_record or bool(self._columns.find(name).paths) or self._columns.is_key(name)

    @cached_property
    def days(self) -> pl.Series:
        """The date of the decision of each row, an ordinal; null where it could not be read."""
        if self._own_days is not None:
            return self._own_days
        return pl.repeat(self.day, self.rows, dtype=pl.Int64, eager=True)

    @cached_property
    def keys(self) -> dict[str, pl.Series]:
        """The columns that say which transaction a row is, as they came."""
        column_of = self.header.column_of
        own = [column_of[path] for path in self._columns.subject if path in column_of]
        own = own or [*self._options.key] or [name for name in self._names if self._columns.is_key(name)]
        return {name: self._column(name) for name in own if name in self._given}

    # -- reading -----------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read every fact that is no list; large columns on as many threads as Polars has.

        Each is taken by the thread that reads it: so one thread takes texts while another reads numbers.
        """
        sources = {source[0]: source for source in self._sources() if source[0] in self._leaves}
        self._codes, self._words = of_one_type(self._coded(list(sources.values())), self._asked.texts)
        todo = list(self._together(sources))
        read = on_threads(self._read_some, todo, self.rows, lambda some: any(map(self._is_slow, some)))
        parts_of = {
            source[0]: parts
            for some, found in zip(todo, read, strict=True)
            for source, parts in zip(some, found, strict=True)
        }
        for path in sources:
            for first, cells in parts_of[path]:
                self.problems += [RowProblem(first + p.row, p.problem) for p in cells.problems]
                if cells.rounded:
                    rounded = tuple(first + row for row in cells.rounded)
                    self.rounded[path] = (*self.rounded.get(path, ()), *rounded)
            if parts_of[path]:
                self._facts[path] = _joined([cells.values for _, cells in parts_of[path]])

    def _together(self, sources: Mapping[str, Source]) -> Iterator[list[Source]]:
        """The facts that are read together: pairs that are compared with nothing else; others alone."""
        left = dict(sources)
        for pair in self._asked.pairs:
            if all(path in left for path in pair):
                yield [left.pop(path) for path in pair]
        yield from ([source] for source in left.values())

    def _is_slow(self, source: Source) -> bool:
        return isinstance(source[1], str) and source[1] in self._untaken.slow

    def _read_some(self, sources: Sequence[Source]) -> list[list[tuple[int, Cells]]]:
        """Facts: of each the cells in parts, with the first row of each; none if it stays as it came."""
        texts = [self._standing(source) for source in sources]
        if any(array is None for array in texts):
            return [self._read_one(source) for source in sources]
        if len(texts) > 1:
            self._same[frozenset(path for path, _, _ in sources)] = same_texts(*texts)
        self._later |= {path: str(name) for path, name, _ in sources}
        return [[] for _ in sources]

    def _read_one(self, source: Source) -> list[tuple[int, Cells]]:
        path, given, target = source
        leaf = self._leaves[path]
        if leaf.items is not None:
            self._facts[path] = self._column(given) if isinstance(given, str) else given
            return []
        if path in self._codes:
            return [(0, Cells(self._codes[path].among(self._words)))]
        # Parts of a long column fit into memory that is there from the part before.
        column = self._column(given) if isinstance(given, str) else given
        way = {**self._way, **_texts(target)}
        return [(first, read_column(leaf, part, **way)) for first, part in _parts(column)]

    def _standing(self, source: Source) -> Any:
        """The array of texts that may stay as it is: it is seen at a glance that each text is a fact."""
        path, name, target = source
        leaf = self._leaves[path]
        if path not in self._asked.later or path in self._codes or leaf.field.type.base is not Base.TEXT:
            return None
        if not isinstance(name, str) or name not in self._untaken.names:
            return None
        texts = None if target is not None and target.values else self._untaken.texts(name)
        longest = None if texts is None else longest_word(texts)
        return texts if longest is not None and longest <= leaf.field.length else None

    def _coded(self, sources: Sequence[Source]) -> dict[str, Codes]:
        """The facts, by their paths, that columns of few words hold."""
        found: dict[str, Codes] = {}
        for path, given, target in sources:
            if isinstance(given, str) and given in self._untaken.names:
                codes = self._untaken.coded(given)
                way = Way(**self._way, **_texts(target))
                if codes is not None and are_facts(self._leaves[path], codes.words, way):
                    found[path] = codes
        return found

    def _sources(self) -> Iterator[Source]:
        """The paths of the facts, with the cells that hold them and how texts are read."""
        for path, name in self.header.column_of.items():
            yield path, name, self.header.target_of.get(path)
        for path, value in self.header.constants.items():
            yield path, pl.Series([value] * self.rows, dtype=pl.Object), None
        for name, path in self.header.records.items():
            nearest = self._options.tolerance is not None
            cells = read_records(self._root, self._column(name), path, nearest=nearest)
            self.problems += [RowProblem(row, problem) for row, problem in cells.problems]
            for inner, series in cells.values.items():
                yield inner, series, None

    def _dates(self) -> pl.Series:
        assert self.header.as_of is not None
        target = self.header.target_of.get(AS_OF)
        cells = read_column(_DATE, self._column(self.header.as_of), **self._way, **_texts(target))
        wrong = {p.row: p.problem for p in cells.problems}
        for row in cells.values.is_null().arg_true():
            found = wrong.get(row)
            said = (
                _NO_DATE if found is None else replace(found, code="F_AS_OF", help="write it as `YYYY-MM-DD`")
            )
            self.problems.append(RowProblem(row, said))
        return cells.values

    def _read_evidence(self) -> list[Evidence | None] | None:
        parts = {part: self._column(name) for part, name in self.header.evidence.items()}
        if not parts:
            return None
        found, problems = read_evidence_columns(parts, self.rows)
        self.problems += [RowProblem(row, problem) for row, problem in problems]
        return found

    def _tables(self) -> dict[str, Children]:
        """The frames of items, by the paths of their lists."""
        if not self._options.lists:
            return {}
        keys = [self._column(name) for name in self._options.key]
        return {
            path: children_of(path, frame, keys, self._options.key)
            for path, frame in zip(self.header.lists, self._options.lists.values(), strict=True)
        }

    # -- what a plan reads -------------------------------------------------------------------------

    def given(self, evaluator: PlanEvaluator, rows: pl.Series | None, asked: Asked) -> Given:
        """What a plan reads of these rows; of all, where no numbers are given."""
        count = self.rows if rows is None else len(rows)
        answers: dict[int, pl.Series] = {}
        needless = set(asked.shown)
        for node, pair in asked.pairs.items():
            same = self._same.get(frozenset((pair.one, pair.other)))
            if same is not None:
                same = same if rows is None else same[rows]
                answers[node] = ~same if pair.differs else same
                needless |= {pair.one, pair.other}
        facts: dict[int, pl.Series | ListColumn] = {}
        shown: list[Leaf] = []
        for leaf in all_leaves(evaluator.root):
            if leaf.items is not None:
                listed = self._list(leaf)
                facts[leaf.place] = listed if rows is None else taken(listed, rows)
            elif leaf.path in needless:
                shown.append(leaf)
            else:
                facts[leaf.place] = self._picked(leaf, rows, count)
        evidence = self._evidence if evaluator.plan.judges else None
        if evidence is not None and rows is not None:
            evidence = [evidence[i] for i in rows]
        if evidence is not None and not any(one is not None for one in evidence):
            evidence = None
        is_asked = asked.is_dated or evidence is not None

        def days() -> pl.Series:
            return self.days if rows is None else self.days[rows]

        @cache
        def rest() -> dict[int, pl.Series | ListColumn]:
            those: dict[int, pl.Series | ListColumn] = {} if is_asked else {0: days()}
            return those | {leaf.place: self._picked(leaf, rows, count) for leaf in shown}

        return Given(count, {0: days(), **facts} if is_asked else facts, evidence, rest, answers)

    def _picked(self, leaf: Leaf, rows: pl.Series | None, count: int) -> pl.Series:
        """A fact of some rows, or of all."""
        if leaf.path in self._later:
            values = self._column(self._later[leaf.path])
        elif leaf.path in self._facts:
            values = self._facts[leaf.path]
        else:
            return absent(leaf, count)
        return values if rows is None else values[rows]

    def _list(self, leaf: Leaf) -> ListColumn:
        if leaf.path in self._children:
            found = self._children[leaf.path].read(leaf, self.rows, self._way)
        else:
            nothing = pl.Series([None] * self.rows, dtype=pl.Null)
            found = read_list(leaf, self._facts.get(leaf.path, nothing), **self._way)
        listed, problems, rounded = found
        known = {(p.row, p.problem) for p in self.problems}
        new = [RowProblem(p.row, p.problem) for p in problems if (p.row, p.problem) not in known]
        self.problems += new  # several plans may have read it
        if rounded:
            self.rounded[leaf.path] = tuple(rounded)
        return listed


def _no_key(name: str, names: Sequence[str]) -> FactProblem:
    near = suggest(name, names)
    help = f"did you mean `{near}`?" if near else f"the columns are {listed(names)}"
    return FactProblem("", "F_COLUMN", f"the rows have no column `{name}` for the key", help)


def _texts(target: Target | None) -> dict[str, Any]:
    """How the texts of a column are read."""
    return {} if target is None else {"order": target.order, "values": target.values}


def _parts(column: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    """A column in parts, each with the number of its first row; Polars cannot part one of objects."""
    if len(column) <= ROWS_AT_ONCE or column.dtype == pl.Object:
        yield 0, column
        return
    for first in range(0, len(column), ROWS_AT_ONCE):
        yield first, column.slice(first, ROWS_AT_ONCE)


def _joined(parts: Sequence[pl.Series]) -> pl.Series:
    """The parts of a column as one; whole numbers are as wide as the widest of them."""
    if len(parts) == 1:
        return parts[0]
    if any(part.dtype == pl.Int128 for part in parts):
        parts = [part.cast(pl.Int128) if part.dtype == pl.Int64 else part for part in parts]
    return pl.concat(parts, rechunk=False)
