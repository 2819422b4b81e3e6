"""Columns of any type brought into canonical form, as the evaluator of one transaction would read each cell.

What `readers` can read at once is read at once. Every other cell goes, by itself, the way of a fact: through
`cell_value` if it is a text, and through `read_value`, which gives its value or says what is wrong. So there
is one specification of what a fact may be, and the readers only make it fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import polars as pl

from salesctrl.batch.readers import (
    DAY,
    FIRST_MICROSECOND,
    INT64_LEAST,
    INT64_MOST,
    LAST_MICROSECOND,
    MICROSECONDS,
    Taken,
    Way,
    read_at_once,
)
from salesctrl.errors import FactProblem
from salesctrl.evaluate.facts import Reading, Value, read_value
from salesctrl.evaluate.layout import Leaf
from salesctrl.policy.literals import BadLiteral
from salesctrl.policy.types import Base
from salesctrl.tables.cells import DayOrder, cell_value

_NO_VALUES: Mapping[str, str | bool] = MappingProxyType({})
_ABSENT_TYPES = frozenset({"NAType", "NaTType"})  # of pandas, which may not be there to ask


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One refused cell: the ``row``, counted from 0, and what is wrong.

    The path of the ``problem`` is that of the field.
    """

    row: int
    problem: FactProblem


@dataclass(frozen=True, slots=True)
class Cells:
    """A column in canonical form, as long as the column was.

    ``values`` are Int64 (Int128 if one of them needs it), Boolean or String; null is unknown. Defaults are
    filled in where a cell holds nothing; a refused cell is unknown. ``rounded`` are the rows of floats whose
    noise was rounded away.
    """

    values: pl.Series
    problems: tuple[CellProblem, ...] = ()
    rounded: tuple[int, ...] = ()


def read_column(
    leaf: Leaf,
    column: pl.Series,
    *,
    tolerance: Decimal | None = None,
    nan_is_null: bool = False,
    order: DayOrder = "year/month/day",
    values: Mapping[str, str | bool] = _NO_VALUES,
) -> Cells:
    """Read a column as the fact that every one of its rows has at a leaf.

    Args:
        leaf: The fact; not a list, for which there is `read_list`.
        column: The cells, of any type; blank texts count as null.
        tolerance: How far floats may be from a number, with the noise of binary arithmetic; left out,
            they have to be the nearest double of one.
        nan_is_null: NaN stands for nothing, as pandas has it; otherwise it is refused.
        order: How dates in texts are written, where the year does not come first.
        values: What texts mean, by the text without spaces around it.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import money
    >>> from salesctrl.policy.vocabulary import Field
    >>> field = Field("order", "amount", money("CNY"), LocalText(en="…"), ("amount",), 0, 99999, 5)
    >>> cells = read_column(Leaf("order.amount", field, 0), pl.Series(["1.5", None, "-2"]))
    >>> cells.values.to_list()
    [150, None, None]
    >>> [(problem.row, problem.problem.code) for problem in cells.problems]
    [(2, 'F_RANGE')]
    """
    assert leaf.items is None
    return read_cells(leaf, column, leaf.path, Way(tolerance, nan_is_null, order, values))


def read_cells(leaf: Leaf, column: pl.Series, where: str, way: Way) -> Cells:
    """What `read_column` does; ``where`` is the path that problems name."""
    taken = read_at_once(leaf, column, way)
    if taken is None:
        taken = Taken(_nothing(leaf, len(column)), column.is_not_null())
    cells = Cells(taken.values, (), taken.rounded)
    if taken.left is not None:
        cells = _with_rest(leaf, column, where, way, taken, taken.left.arg_true())
    return _with_default(leaf, cells)


def absent(leaf: Leaf, count: int) -> pl.Series:
    """The values of a fact that no column holds: its default, or unknown.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import BOOLEAN
    >>> from salesctrl.policy.vocabulary import Field
    >>> absent(Leaf("order.gift", Field("order", "gift", BOOLEAN, LocalText(en="…"), ()), 0), 2).to_list()
    [None, None]
    """
    return _with_default(leaf, Cells(_nothing(leaf, count))).values


def as_series(leaf: Leaf, values: Sequence[Value]) -> pl.Series:
    """Values in canonical form as a series of the type that holds them.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import DAYS
    >>> from salesctrl.policy.vocabulary import Field
    >>> leaf = Leaf("order.term", Field("order", "term", DAYS, LocalText(en="…"), ()), 0)
    >>> as_series(leaf, [30, None]).dtype, as_series(leaf, [10**20]).dtype
    (Int64, Int128)
    """
    dtype = _dtype(leaf)
    if dtype == pl.Int64 and any(isinstance(n, int) and not INT64_LEAST <= n <= INT64_MOST for n in values):
        dtype = pl.Int128()
    return pl.Series(values, dtype=dtype)


def _dtype(leaf: Leaf) -> pl.DataType:
    match leaf.field.type.base:
        case Base.BOOLEAN:
            return pl.Boolean()
        case Base.TEXT | Base.CHOICE:
            return pl.String()
        case _:
            return pl.Int64()


def _nothing(leaf: Leaf, count: int) -> pl.Series:
    return pl.repeat(None, count, dtype=_dtype(leaf), eager=True)


def _with_default(leaf: Leaf, cells: Cells) -> Cells:
    """The default where a cell held nothing; where it was refused, it stays unknown."""
    default, refused = leaf.field.default, {one.row for one in cells.problems}
    if default is None or cells.values.null_count() == len(refused):
        return cells
    assert not isinstance(default, tuple)
    values, filling = _alike(cells.values, as_series(leaf, [default]))
    values = pl.select(pl.lit(values).fill_null(pl.lit(filling).first())).to_series()
    if refused:
        values = values.scatter(sorted(refused), None)
    return Cells(values, cells.problems, cells.rounded)


# --- one by one -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unheld:
    """A cell that Python has no value for."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Answer:
    """What the evaluator of one transaction makes of a cell: its value, what is wrong, paths of noise."""

    value: Value = None
    problems: Sequence[FactProblem] = ()
    rounded: Sequence[str] = ()


_UNKNOWN = Answer()


def _with_rest(leaf: Leaf, column: pl.Series, where: str, way: Way, taken: Taken, rows: pl.Series) -> Cells:
    """What was taken at once, and the cells in ``rows`` read one by one; equal ones once."""
    facts, groups = _distinct(column.gather(rows), rows)
    answers = [read_fact(leaf, fact, where, way) for fact in facts]
    problems: list[CellProblem] = []
    rounded = list(taken.rounded)
    for k, answer in enumerate(answers):
        if answer.problems or answer.rounded:
            same = groups[k].to_list()
            problems += [CellProblem(row, problem) for row in same for problem in answer.problems]
            rounded += same if answer.rounded else []
    problems.sort(key=lambda one: one.row)
    values = as_series(leaf, [answer.value for answer in answers])
    if values.null_count() < len(values):
        values = _placed(taken.values, groups, values)
    else:
        values = taken.values
    return Cells(values, tuple(problems), tuple(sorted(rounded)))


def _placed(values: pl.Series, groups: pl.Series, new: pl.Series) -> pl.Series:
    """The values with one other for each group of rows."""
    rows, times = groups.explode().to_numpy(), groups.list.len().to_numpy()
    place = np.zeros(len(values), np.uint32)
    place[rows] = np.repeat(np.arange(1, len(new) + 1, dtype=np.uint32), times)
    values, new = _alike(values, new)
    read = pl.concat([pl.Series([None], dtype=new.dtype), new]).gather(pl.Series(place))
    return pl.select(pl.coalesce(values, read)).to_series()


def _alike(one: pl.Series, other: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Two series of canonical values, both wide if one is."""
    if pl.Int128 in (one.dtype, other.dtype):
        return one.cast(pl.Int128), other.cast(pl.Int128)
    return one, other


def _distinct(cells: pl.Series, rows: pl.Series) -> tuple[list[object], pl.Series]:
    """The different facts among cells, and for each the rows that hold it."""
    if cells.dtype in (pl.Categorical, pl.Enum):
        cells = cells.cast(pl.String)
    if cells.dtype.is_nested() or cells.dtype in (pl.Object, pl.Binary):
        return python_facts(cells), rows.reshape((len(rows), 1)).arr.to_list()
    keys = [pl.col("cell")]
    if cells.dtype.is_float():  # 0.0 and -0.0 are equal, and not the same in words
        keys.append((1 / pl.col("cell") < 0).alias("negative"))
    groups = pl.DataFrame({"cell": cells, "row": rows}).group_by(keys).agg("row")
    return python_facts(groups["cell"]), groups["row"]


def python_facts(cells: pl.Series) -> list[object]:
    """Cells as Python has them, for `read_fact`, which knows what it has not.

    >>> python_facts(pl.Series(["1.5", None]))
    ['1.5', None]
    """
    if isinstance(cells.dtype, pl.Date | pl.Datetime | pl.Duration):
        return _times(cells)
    try:
        return cells.to_list()
    except Exception:  # a time inside a record, say
        return [_fact(cells, i) for i in range(len(cells))]


def _times(cells: pl.Series) -> list[object]:
    """Times; Python has only those of the years 1 to 9999, and no parts of microseconds."""
    up, down = MICROSECONDS.get(getattr(cells.dtype, "time_unit", ""), (DAY, 1))
    facts: list[object] = []
    for i, unit in enumerate(cells.to_physical().to_list()):
        if unit is not None and unit * up % down:
            shown = f"{unit // 10**9} s and {unit % 10**9} ns since 1970"
            facts.append(_Unheld(BadLiteral(f"expected a time in whole microseconds but got {shown}")))
        elif unit is not None and not FIRST_MICROSECOND - DAY <= unit * up // down <= LAST_MICROSECOND + DAY:
            facts.append(_Unheld(ValueError("it is not within the years 1 to 9999")))
        else:
            facts.append(_fact(cells, i))
    return facts


def _fact(cells: pl.Series, i: int) -> object:
    try:
        fact: object = cells[i]
    except Exception as error:
        return _Unheld(error)
    return fact


def read_fact(leaf: Leaf, fact: object, where: str, way: Way) -> Answer:
    """Read one cell as the evaluator of one transaction does.

    >>> from salesctrl.policy.documents import LocalText
    >>> from salesctrl.policy.types import BOOLEAN
    >>> from salesctrl.policy.vocabulary import Field
    >>> leaf = Leaf("order.gift", Field("order", "gift", BOOLEAN, LocalText(en="…"), ()), 0)
    >>> read_fact(leaf, "是", "order.gift", Way()).value
    True
    """
    if fact is None or (way.nan_is_null and _is_nan(fact)):
        return _UNKNOWN
    if isinstance(fact, _Unheld):
        if isinstance(fact.error, BadLiteral):
            return Answer(None, [FactProblem(where, "F_FORMAT", str(fact.error))])
        return Answer(None, [FactProblem.unreadable(where, fact.error)])
    if isinstance(fact, str) and way.cells:
        text = fact.strip()
        if not text:
            return _UNKNOWN
        fact = way.values.get(text, fact)
        if isinstance(fact, str):
            fact = cell_value(fact, leaf.field.type, order=way.order, nearest=way.tolerance is not None)
    reading = Reading([], tolerance=way.tolerance)
    value = read_value(leaf, fact, where, reading)
    return Answer(value, reading.problems, reading.rounded)


def _is_nan(fact: object) -> bool:
    """Whether it is what pandas writes for nothing: a NaN, ``NaT`` or ``NA``."""
    if type(fact).__name__ in _ABSENT_TYPES:
        return True
    try:
        return bool(fact != fact)
    except Exception:  # an array, or an object that cannot be compared
        return False
