"""Lists of records as columns: the items of all rows one after the other.

Lists that came as columns of records are read field by field, all items at once, with the readers of
`convert`. What is out of the ordinary in a column sends all of it to the evaluator of one transaction, list
by list: an item that is no record, a field under two of its names, a name that may be a slip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from salesctrl.batch.convert import CellProblem, absent, as_series, python_facts, read_cells, read_fact
from salesctrl.batch.readers import Way
from salesctrl.diagnostics import suggest
from salesctrl.errors import FactProblem, FactsError
from salesctrl.evaluate.facts import Value
from salesctrl.evaluate.layout import Leaf, Record, all_leaves
from salesctrl.tables.cells import DayOrder
from salesctrl.tables.columns import folded

_NO_VALUES: Mapping[str, str | bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of lists in canonical form.

    ``lengths``: how many items the list of each row has, null where the list is unknown; ``items``: by place
    in the item the values of all items, those of the first row first.
    """

    lengths: pl.Series
    items: tuple[pl.Series | ListColumn, ...]


Lists = tuple[ListColumn, tuple[CellProblem, ...], tuple[int, ...]]
"""The lists of all rows, what is wrong in them, and the rows in which noise of floats was rounded away."""

Fields = Mapping[str, "pl.Series | Fields"]
"""The fields of many records by their names: a column each, or those of a record inside."""


def read_list(
    leaf: Leaf,
    column: pl.Series,
    *,
    tolerance: Decimal | None = None,
    nan_is_null: bool = False,
    order: DayOrder = "year/month/day",
    values: Mapping[str, str | bool] = _NO_VALUES,
) -> Lists:
    """Read a column of lists: of records, of texts that are JSON, or of Python's own lists.

    Args:
        leaf: The list, with the layout of its items.
        column: The cells; null and blank texts hold nothing.
        tolerance: As for `read_column`.
        nan_is_null: A cell that is NaN holds nothing. Inside of lists NaN is refused, whoever wrote it.
        order: As for `read_column`; it does not count inside of lists, whose texts are facts and no cells.
        values: What texts mean in place of lists.

    Returns:
        The lists; problems with the path of what is wrong (`order.lines[2].quantity`), in the order of the
        rows; the rows in which noise was rounded away.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import DAYS, list_of_kind
    >>> from salesctrl.policy.vocabulary import Field
    >>> title = LocalText(en="…")
    >>> term = Leaf("order.lines[].term", Field("line", "term", DAYS, title, (), 0, 99, 2), 0)
    >>> items = Record("order.lines[]", (term,), {}, {"term": ("term",)}, 1, frozenset({"term"}))
    >>> field = Field("order", "lines", list_of_kind("line"), title, (), length=10)
    >>> leaf = Leaf("order.lines", field, 0, items)
    >>> lists, problems, _ = read_list(leaf, pl.Series([[{"term": 30}, {"term": -1}], [], None]))
    >>> lists.lengths.to_list(), lists.items[0].to_list()
    ([2, 0, None], [30, None])
    >>> print(problems[0].problem)
    order.lines[1].term: expected a value from 0 to 99 but got `-1` [F_RANGE]
    """
    return _read(leaf, column, leaf.path, Way(tolerance, nan_is_null, order, values))


def child_lists(
    leaf: Leaf,
    rows: pl.DataFrame,
    parents: pl.Series,
    count: int,
    column_of: Mapping[str, str] | None = None,
    *,
    tolerance: Decimal | None = None,
    nan_is_null: bool = False,
    order: DayOrder = "year/month/day",
    values: Mapping[str, str | bool] = _NO_VALUES,
) -> Lists:
    """Read lists whose items are the rows of a table of their own; who has none there has an empty list.

    Args:
        leaf: The list, with the layout of its items.
        rows: The items of all lists.
        parents: For each item the row that it belongs to, counted from 0; items keep their order.
        count: How many rows there are that have a list.
        column_of: The columns of fields, by the path of the field or its name in the item, where the names
            of the columns do not say it.
        tolerance: As for `read_column`; the others likewise.
        nan_is_null: NaN stands for nothing.
        order: How dates in texts are written, where the year does not come first.
        values: What texts mean.

    Raises:
        FactsError: Two columns hold one field, or a column is nearly named like a field that no column holds.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import DAYS, list_of_kind
    >>> from salesctrl.policy.vocabulary import Field
    >>> title = LocalText(en="…")
    >>> term = Leaf("order.lines[].term", Field("line", "term", DAYS, title, (), 0, 99, 2), 0)
    >>> items = Record("order.lines[]", (term,), {}, {"term": ("term",)}, 1, frozenset({"term"}))
    >>> field = Field("order", "lines", list_of_kind("line"), title, (), length=10)
    >>> rows = pl.DataFrame({"Term": ["30 days", "60"]})
    >>> lists, _, _ = child_lists(Leaf("order.lines", field, 0, items), rows, pl.Series([1, 1]), 2)
    >>> lists.lengths.to_list(), lists.items[0].to_list()
    ([0, 2], [30, 60])
    """
    items = leaf.items
    assert items is not None
    way = Way(tolerance, nan_is_null, order, values)
    own = parents.to_numpy().astype(np.int64)
    if not parents.is_sorted():
        by_parent = np.argsort(own, kind="stable")
        rows, own = rows[by_parent], own[by_parent]
    counts = np.bincount(own, minlength=count)
    lengths, problems = _within_length(leaf, pl.Series(counts), leaf.path)
    if problems:
        kept = np.isin(own, lengths.is_null().arg_true().to_numpy(), invert=True)
        rows = rows.filter(pl.Series(kept))
    fields = _ChildColumns(leaf, items, rows, column_of or {}).fields
    found = _read_items(items, fields, lengths, leaf.path, way)
    return _in_order(found, problems)


# --- at once --------------------------------------------------------------------------------------


class _Irregular(Exception):
    """Something that only the evaluator of one transaction has the words for."""


def _read(leaf: Leaf, column: pl.Series, where: str, way: Way) -> Lists:
    if isinstance(column.dtype, pl.Array):
        column = column.arr.to_list()
    if column.null_count() == len(column):
        return _absent(leaf, len(column)), (), ()
    if isinstance(column.dtype, pl.List) and isinstance(column.dtype.inner, pl.Struct):
        try:
            return _read_records(leaf, column, where, way)
        except _Irregular:
            pass
    return _read_one_by_one(leaf, column, where, way)


def _absent(leaf: Leaf, count: int) -> ListColumn:
    """Lists that nothing holds: empty where that is the default, else unknown."""
    length = None if leaf.field.default is None else 0
    return _columns(leaf, [None if length is None else ()] * count)


def _within_length(leaf: Leaf, lengths: pl.Series, where: str) -> tuple[pl.Series, list[CellProblem]]:
    """The lengths, null where a list is too long; and what is said of that."""
    lengths = lengths.cast(pl.Int64)
    longest = lengths.max()
    assert longest is None or isinstance(longest, int)
    if longest is None or longest <= leaf.field.length:
        return lengths, []
    problems = []
    for row in (lengths > leaf.field.length).arg_true():
        as_long = [None] * lengths[row]
        problems += [CellProblem(row, one) for one in read_fact(leaf, as_long, where, Way()).problems]
    return lengths.scatter([one.row for one in problems], None), problems


def _read_records(leaf: Leaf, column: pl.Series, where: str, way: Way) -> Lists:
    assert leaf.items is not None
    unknown = column.is_null()
    lengths, problems = _within_length(leaf, column.list.len(), where)
    records = column.filter((lengths > 0).fill_null(False)).explode()
    if records.null_count():
        raise _Irregular
    if leaf.field.default is not None and unknown.any():
        lengths = lengths.scatter(unknown.arg_true(), 0)
    found = _read_items(leaf.items, _fields(records), lengths, where, replace(way, cells=False))
    return _in_order(found, problems)


def _fields(records: pl.Series) -> Fields:
    """The fields of records; of a record that is not there they are null."""
    fields = {field.name: field for field in records.struct.unnest()}
    if not records.null_count():
        return fields
    there = records.is_not_null()
    return {name: pl.select(pl.when(there).then(pl.lit(field))).to_series() for name, field in fields.items()}


def _in_order(found: Lists, problems: Sequence[CellProblem]) -> Lists:
    """What was found, with more problems, in the order of the rows."""
    lists, others, rounded = found
    return lists, tuple(sorted((*problems, *others), key=lambda one: one.row)), rounded


def _read_items(record: Record, fields: Fields, lengths: pl.Series, where: str, way: Way) -> Lists:
    """Read the items of all lists, whose lengths say whose they are."""
    counts = lengths.fill_null(0).to_numpy()
    reader = _ItemReader(record.width, int(counts.sum()))
    reader.read(record, fields, "", way)
    lists = ListColumn(lengths, tuple(reader.parts))
    if not reader.problems and not reader.rounded:
        return lists, (), ()
    parents = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    problems: list[CellProblem] = []
    for one in sorted(reader.problems, key=lambda one: one.row):
        row = int(parents[one.row])
        path = f"{where}[{one.row - int(starts[row])}].{one.problem.path}"
        problems.append(CellProblem(row, replace(one.problem, path=path)))
    rounded = _rows(parents, reader.rounded)
    return lists, tuple(problems), rounded


def _rows(parents: npt.NDArray[np.int64], items: Sequence[int]) -> tuple[int, ...]:
    """The rows whose items these are."""
    return tuple(np.unique(parents[np.array(items, np.int64)]).tolist())


class _ItemReader:
    """Reads the fields of records, many records at once.

    ``parts`` are the values by place; ``problems`` and ``rounded`` count the records, and name paths inside
    them. The fields come in the order in which the evaluator of one transaction takes them, so that problems
    sorted by record are in its order.
    """

    def __init__(self, width: int, count: int):
        self.parts: list[pl.Series | ListColumn] = [pl.Series()] * width
        self.problems: list[CellProblem] = []
        self.rounded: list[int] = []
        self._count = count

    def read(self, record: Record, fields: Fields, prefix: str, way: Way) -> None:
        """Read the records inside a record, and its leaves."""
        for name, inner in record.records.items():
            child = self._child(record, fields, name)
            where = f"{prefix}{name}."
            if isinstance(child, pl.Series):  # its texts are facts, even in a table
                self.read(inner, _opened(child), where, replace(way, cells=False))
            else:
                self.read(inner, child or {}, where, way)
        for leaf in record.leaves:
            name = leaf.field.name
            child = self._child(record, fields, name)
            if child is None:
                self.parts[leaf.place] = _unknown(leaf, self._count)
            else:
                assert isinstance(child, pl.Series)
                self.parts[leaf.place] = self._leaf(leaf, child, f"{prefix}{name}", way)

    def _leaf(self, leaf: Leaf, column: pl.Series, where: str, way: Way) -> pl.Series | ListColumn:
        if leaf.items is not None:
            lists, problems, rounded = _read(leaf, column, where, way)
            self.problems += problems
            self.rounded += rounded
            return lists
        cells = read_cells(leaf, column, where, way)
        self.problems += cells.problems
        self.rounded += cells.rounded
        return cells.values

    def _child(self, record: Record, fields: Fields, name: str) -> pl.Series | Fields | None:
        """A field by any of its names."""
        found = [fields[one] for one in record.names[name] if one in fields]
        if len(found) > 1:
            raise _Irregular
        full = bool(found) and (not isinstance(found[0], pl.Series) or not found[0].null_count())
        if (
            not full
            and len(name) > 2
            and suggest(name, [one for one in fields if one not in record.declared])
        ):
            raise _Irregular
        return found[0] if found else None


def _opened(records: pl.Series) -> Fields:
    """The fields of a column that should hold records."""
    if records.null_count() == len(records):
        return {}
    if not isinstance(records.dtype, pl.Struct):
        raise _Irregular
    return _fields(records)


def _unknown(leaf: Leaf, count: int) -> pl.Series | ListColumn:
    return absent(leaf, count) if leaf.items is None else _absent(leaf, count)


# --- one by one -----------------------------------------------------------------------------------


def _read_one_by_one(leaf: Leaf, column: pl.Series, where: str, way: Way) -> Lists:
    lists: list[Value] = []
    problems: list[CellProblem] = []
    rounded: list[int] = []
    for row, fact in enumerate(python_facts(column)):
        answer = read_fact(leaf, fact, where, way)
        nothing = answer.value is None and not answer.problems
        lists.append(leaf.field.default if nothing else answer.value)
        problems += [CellProblem(row, problem) for problem in answer.problems]
        if answer.rounded:
            rounded.append(row)
    return _columns(leaf, lists), tuple(problems), tuple(rounded)


def _columns(leaf: Leaf, lists: Sequence[object]) -> ListColumn:
    """Lists as the evaluator of one transaction has them, as columns."""
    assert leaf.items is not None
    lengths = [len(one) if isinstance(one, tuple) else None for one in lists]
    items = [item for one in lists if isinstance(one, tuple) for item in one]
    parts: list[pl.Series | ListColumn] = [pl.Series()] * leaf.items.width
    for inner in all_leaves(leaf.items):
        values = [item[inner.place] for item in items]
        parts[inner.place] = as_series(inner, values) if inner.items is None else _columns(inner, values)
    return ListColumn(pl.Series(lengths, dtype=pl.Int64), tuple(parts))


# --- the columns of a table of items --------------------------------------------------------------


class _ChildColumns:
    """The fields of items by the names of columns: ``quantity``, ``place.city``, or a whole record ``place``.

    As for other tables, case, width and the difference of ``_`` and spaces do not count.
    """

    def __init__(self, leaf: Leaf, items: Record, rows: pl.DataFrame, column_of: Mapping[str, str]):
        self._leaf = leaf
        self._rows = rows
        self._column_of = column_of
        self._by_name: dict[str, list[str]] = {}
        for name in rows.columns:
            self._by_name.setdefault(folded(name), []).append(name)
        self._used: set[str] = set()
        self._absent: list[tuple[Record, str, str]] = []
        self._problems: list[FactProblem] = []
        self.fields = self._of(items, [()], "")
        self._check_spelling()
        if self._problems:
            raise FactsError(self._problems)

    def _of(self, record: Record, above: Sequence[tuple[str, ...]], prefix: str) -> Fields:
        fields: dict[str, pl.Series | Fields] = {}
        titles = {leaf.field.name: leaf.field.title for leaf in record.leaves}
        for name in [*record.records, *titles]:
            title = titles.get(name)
            own = [*record.names[name], *([title.en, title.zh] if title is not None else [])]
            ways = [(*before, folded(one)) for before, one in product(above, own) if one]
            path = f"{prefix}{name}"
            column = self._column(path, ways)
            inner = self._of(record.records[name], ways, f"{path}.") if name in record.records else {}
            if column is not None and inner:
                self._both([column, f"{path}.…"], path)
            if column is not None:
                fields[name] = self._rows[column]
            elif inner:
                fields[name] = inner
            elif name not in record.records:
                self._absent.append((record, name, path))
        return fields

    def _column(self, path: str, ways: Sequence[tuple[str, ...]]) -> str | None:
        for said in (path, f"{self._leaf.path}[].{path}"):
            if said in self._column_of:
                self._used.add(self._column_of[said])
                return self._column_of[said]
        mapped = set(self._column_of.values())
        names = dict.fromkeys(".".join(way) for way in ways)
        found = [one for name in names for one in self._by_name.get(name, ()) if one not in mapped]
        self._used.update(found)
        if len(found) > 1:
            self._both(found, path)
        return found[0] if found else None

    def _both(self, names: Sequence[str], path: str) -> None:
        shown = " and ".join(f"`{name}`" for name in names[:2])
        where = f"{self._leaf.path}[].{path}"
        message = f"the columns {shown} both hold `{path}`"
        self._problems.append(FactProblem(where, "F_COLUMN", message, "rename or remove one of them"))

    def _check_spelling(self) -> None:
        """A column that nearly is an absent field is a slip, and must not pass as an absent field."""
        for record, name, path in self._absent:
            known = {folded(one) for one in record.declared}
            free = [
                one
                for one in self._rows.columns
                if one not in self._used and folded(one) not in known and one.count(".") == path.count(".")
            ]
            near = suggest(path, free) if len(name) > 2 else None
            if near is not None:
                where = f"{self._leaf.path}[].{path}"
                message = f"absent, but there is a column `{near}`"
                self._problems.append(FactProblem(where, "F_NAME", message, f"name it `{path}`"))
